//! Rules that take all the memory there is, or nest values without end: in a process of their own, and one after another.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bylaws::facts::{Commit, CommitParts, NoStore, People};
use bylaws::patterns::PathPatterns;
use bylaws::policy::{
    Binding, Context, Limits, Origin, RuleBook, RunMeter, Script, ScriptKind, Subject, with_stack,
};
use bylaws::verdict::{Finding, Level, State};

/// What the rule whose handler has this body says of a commit.
fn judged(body: &str, limits: Limits) -> Vec<Finding> {
    let text = format!("rule(\"r\", #{{ title: \"t\", why: \"w\", commit: |commit| {{\n{body}\n}} }});");
    let script =
        Script { name: "r.rhai".to_owned(), text, origin: Origin::Repository, kind: ScriptKind::Rules };
    with_stack(|| {
        let book = RuleBook::compile(&[script], limits).unwrap();
        let binding = Binding {
            rule: 0,
            level: Level::HardMandatory,
            params: BTreeMap::new(),
            paths: None,
            except: PathPatterns::default(),
            baseline: None,
        };
        let policy = book.bind(vec![binding], Arc::new(People::default()));
        let commit = Arc::new(Commit::new(CommitParts::default(), Arc::new(NoStore)));
        let mut findings = Vec::new();
        let meter = RunMeter::new(&limits, 1);
        policy.judge(Subject::Commit(&commit), &Context::default(), &meter, &mut findings);
        findings
    })
    .unwrap()
}

fn stops(bodies: &[&str], limits: Limits) {
    for body in bodies {
        let start = Instant::now();
        let findings = judged(body, limits);
        let took = start.elapsed();
        let [finding] = findings.as_slice() else { unreachable!("{body}: {findings:?}") };
        assert_eq!(finding.state, State::Error, "{body}");
        assert!(finding.place.as_ref().is_some_and(|place| place.line > 1), "{body}: {:?}", finding.place);
        assert!(took < Duration::from_secs(10), "{body}: {took:?}");
    }
}

/// One test: they would take each other's memory.
#[test]
fn the_process_survives_and_the_rule_is_in_error() {
    // Nested without end: dropped recursively, and measured so at each step, which takes time before it takes stack.
    let short = Limits { wall: Duration::from_millis(500), ..Limits::default() };
    stops(
        &[
            "let a = [];\nloop { a = [a]; }",
            "let a = #{};\nloop { a = #{ a: a }; }",
            "let a = [];\nloop { let b = [];\nb.push(a);\na = b; }",
            "let m = #{};\nloop { m.a = #{ b: m }; }",
        ],
        short,
    );
    // Closures in closures: no limit of Rhai's sees those, and all operations of a call can be spent on them.
    stops(
        &[
            "let f = || 0;\nloop { let g = f; f = || g; }",
            "let f = || 0;\nloop { let g = [f]; f = || g; }",
            "let f = || 0;\nloop { let g = #{ a: [[[[f]]]] }; f = || g; }",
        ],
        Limits { wall: Duration::from_secs(8), ..Limits::default() },
    );
    // Large texts in many places.
    stops(
        &[
            "let m = #{};\nlet s = repeat(\"x\", 20000000);\nlet n = 0;\nloop { n += 1; m[`${n}`] = s + \"x\"; }",
            "let a = [];\nlet s = repeat(\"x\", 20000000);\nfor n in 0..1000 { a.push(()); }\nfor n in 0..1000 { a[n] = s + \"x\"; }",
            "let f = || 0;\nlet s = repeat(\"x\", 20000000);\nloop { let t = [f, s + \"x\"]; f = || t; }",
        ],
        Limits::default(),
    );
}

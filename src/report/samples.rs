//! Findings and verdicts for the tests of the formats.

use std::time::Duration;

use super::{Outcome, Report};
use crate::facts::Oid;
use crate::policy::{Limits, Origin, RuleBook, Script, ScriptKind};
use crate::verdict::{About, Decision, Finding, Level, PolicyName, State, Summary, Verdict};

/// Text that would break out of any format.
pub(super) const HOSTILE: &str = "a\r\n::error::b[c](https://d.example)</failure>]]>%0A,: \"'\\&\u{0}\u{1b}[31m\u{202e}\u{85}\u{fffe}\u{ffff}\u{1f600}";

pub(super) fn finding() -> Finding {
    Finding {
        rule: "no-secrets".into(),
        level: Level::HardMandatory,
        state: State::Violated,
        message: "an AWS access key is added".into(),
        fix: Some("take it out, rotate the key, and read it from the environment".into()),
        why: Some("whoever can read the repository can use the key".into()),
        commit: Oid::from_hex(b"3f9c1e2000000000000000000000000000000000"),
        reference: None,
        path: Some("config/store.toml".into()),
        line: Some(14),
        place: None,
        about: Some(
            About {
                author: "Ada Lovelace".into(),
                subject: "Add the \u{1b}[31msettings of the store".into(),
                is_draft: false,
            }
            .into(),
        ),
    }
}

/// One of each kind: in a file, on a message, advice, waived, and a rule that cannot run.
pub(super) fn of_each_kind() -> Vec<Finding> {
    let message = Finding {
        rule: "subject-length".into(),
        level: Level::SoftMandatory,
        message: "subject has 80 characters, 72 at most".into(),
        path: None,
        line: None,
        ..finding()
    };
    let place = crate::diagnostic::Place { file: ".bylaws/rules/own.rhai".into(), line: 4, column: 9 };
    vec![
        finding(),
        message.clone(),
        Finding { level: Level::Advisory, ..message.clone() },
        Finding { state: State::Overridden, fix: Some("waived: moves in Q1".into()), ..finding() },
        Finding {
            rule: "own".into(),
            state: State::Error,
            message: "rule 'own' cannot run".into(),
            place: Some(place),
            ..message
        },
    ]
}

/// The same text wherever text can come from a repository.
pub(super) fn hostile() -> Vec<Finding> {
    let text = || HOSTILE.to_owned();
    let about = About { author: text(), subject: text(), is_draft: false };
    let everywhere = Finding {
        rule: text(),
        message: text(),
        fix: Some(text()),
        why: Some(text()),
        path: Some(text()),
        about: Some(about.into()),
        ..finding()
    };
    vec![everywhere.clone(), Finding { path: None, line: None, ..everywhere }]
}

pub(super) fn verdict(findings: Vec<Finding>) -> Verdict {
    let count = |state| findings.iter().filter(|finding| finding.state == state).count();
    let summary = Summary {
        commits: 12,
        files: 40,
        rules: 9,
        violated: count(State::Violated),
        overridden: count(State::Overridden),
        errors: count(State::Error),
    };
    let policy = PolicyName { source: ".bylaws".into(), digest: "sha256:00".into() };
    let decision = Decision::of(&findings);
    Verdict { version: 1, decision, policy, changes: vec![], findings, summary }
}

/// What a format writes of these, with three rules in force.
pub(super) fn written(findings: Vec<Finding>, report: &dyn Report) -> String {
    let rule = |id: &str| {
        format!(
            "rule(\"{id}\", #{{ title: \"The title\", why: \"the why\", controls: [\"SOC2:CC8.1\"], commit: |c| () }});"
        )
    };
    let script = Script {
        name: ".bylaws/rules/own.rhai".into(),
        text: ["no-secrets", "subject-length", "quiet"].map(rule).join("\n"),
        origin: Origin::Repository,
        kind: ScriptKind::Rules,
    };
    let book = RuleBook::compile(&[script], Limits::default()).unwrap();
    let bindings = (0..3).map(|rule| crate::policy::Binding {
        rule,
        level: Level::HardMandatory,
        params: Default::default(),
        paths: None,
        except: Default::default(),
        baseline: None,
    });
    let policy = book.bind(bindings.collect(), Default::default());
    let rules: Vec<_> = policy.rules().collect();
    let verdict = verdict(findings);
    let mut out = Vec::new();
    let outcome = Outcome { verdict: &verdict, rules: &rules, took: Duration::from_millis(4) };
    report.write(outcome, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

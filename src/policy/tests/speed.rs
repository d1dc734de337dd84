//! What a call costs; `cargo test --release --lib policy::tests::speed -- --ignored --nocapture`.

use super::*;

/// Nanoseconds that this thread has run: other work on the machine does not count.
pub(in crate::policy) fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    stat.split(' ').next().unwrap().parse().unwrap()
}

fn measure(name: &str, script_text: &str) {
    let policy = policy(&[script("r", script_text)]);
    let commit =
        commit("Add the parser to the store\n\nIt parses.\n\nSigned-off-by: Ada <ada@example.org>\n");
    let meter = RunMeter::new(&Limits::default(), 10_000_000);
    let mut findings = Vec::new();
    let context = Context::default();
    let calls = 200_000;
    let start = cpu();
    for _ in 0..calls {
        policy.judge(Subject::Commit(&commit), &context, &meter, &mut findings);
    }
    println!("{name}: {:.0} ns a commit, {} findings", (cpu() - start) / f64::from(calls), findings.len());
}

#[test]
#[ignore = "measures"]
fn of_a_commit() {
    let rule = |id: &str, top: &str, params: &str, body: &str| {
        format!(
            "{top}\nrule(\"{id}\", #{{ title: \"t\", why: \"w\", {params} commit: |commit{}| {{ {body} }} }});",
            if params.is_empty() { "" } else { ", params" }
        )
    };
    let empty = rule("empty", "", "", "");
    let unit = rule("unit", "", "", "()");
    let length = rule(
        "length",
        "",
        "params: #{ max: 72 },",
        "if commit.subject.len > params.max { finding(`${commit.subject.len}`) }",
    );
    let regex = rule(
        "regex",
        "let re = regex(\"^[A-Z][a-z]+ \");",
        "",
        "if !re.is_match(commit.subject) { finding(\"x\") }",
    );
    measure("empty", &empty);
    measure("unit", &unit);
    measure("length", &length);
    measure("regex", &regex);
    measure("two rules", &format!("{length}\n{regex}"));
    measure("loop 100", &rule("loop", "", "", "let n = 0; for i in 0..100 { n += i; }"));
    let scripts = std::thread::available_parallelism().map_or(2, usize::from);
    let policy = policy(&[script("r", &format!("{length}\n{regex}"))]);
    std::thread::scope(|scope| {
        for _ in 0..scripts {
            scope.spawn(|| {
                let commit = commit("Add the parser");
                let meter = RunMeter::new(&Limits::default(), 10_000_000);
                let start = cpu();
                for _ in 0..200_000 {
                    policy.judge(Subject::Commit(&commit), &Context::default(), &meter, &mut Vec::new());
                }
                println!(
                    "two rules on one of {scripts} threads: {:.0} ns a commit",
                    (cpu() - start) / 200_000.0
                );
            });
        }
    });
}

#[test]
#[ignore = "measures"]
fn of_loading() {
    let text = rule_of("if commit.subject.len > 72 { finding(\"x\") }");
    let start = cpu();
    for _ in 0..100 {
        drop(compile(std::slice::from_ref(&text)).unwrap());
    }
    println!("engine and one rule: {:.0} us", (cpu() - start) / 100_000.0);
}

//! What rules cost, for each commit and each file they look at.

mod common;

use bylaws::policy::{Context, Limits, Policy, RuleBook, RunMeter, Script, Subject};
use bylaws::verdict::Finding;
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

const EMPTY: &str = r#"rule("empty", #{ title: "t", why: "w", commit: |commit| {}, file: |file| {} });"#;

const ONE_REGEX: &str = r##"
    let word = regex(#"^[A-Z][a-z]+ "#);
    rule("one-regex", #{ title: "t", why: "w",
        commit: |commit| if !word.is_match(commit.subject) { finding("subject does not begin with a word") } });
"##;

const TWO_RULES: &str = r##"
    let reviewed = regex(#"(?m)^Reviewed-by: .+ <.+@.+>$"#);
    rule("subject", #{ title: "t", why: "w", params: #{ max: 72 },
        commit: |commit, params| if commit.subject.len > params.max { finding("subject is too long") } });
    rule("reviewed", #{ title: "t", why: "w",
        commit: |commit| if !commit.is_merge && !reviewed.is_match(commit.message) { finding("nobody reviewed it") } });
"##;

/// On a thread with the stack that scripts need.
fn judge(bencher: Bencher<'_, '_>, scripts: &[Script], what: fn(&Policy, &RunMeter, &mut Vec<Finding>)) {
    let policy = common::policy(scripts);
    let meter = RunMeter::new(&Limits::default(), 1_000_000_000);
    bylaws::policy::with_stack(|| {
        bencher.bench_local(|| {
            let mut findings = Vec::new();
            what(&policy, &meter, &mut findings);
            black_box(findings)
        });
    });
}

fn a_commit(policy: &Policy, meter: &RunMeter, findings: &mut Vec<Finding>) {
    thread_local! { static SUBJECT: (std::sync::Arc<bylaws::facts::Commit>, std::sync::Arc<bylaws::facts::File>) = common::commit(); }
    SUBJECT.with(|(commit, _)| policy.judge(Subject::Commit(commit), &Context::default(), meter, findings));
}

/// With its lines compared anew each time.
fn a_file(policy: &Policy, meter: &RunMeter, findings: &mut Vec<Finding>) {
    thread_local! { static SUBJECT: (std::sync::Arc<bylaws::facts::Commit>, std::sync::Arc<bylaws::facts::File>) = common::commit(); }
    SUBJECT.with(|(commit, file)| {
        file.release();
        policy.judge(Subject::File(commit, file), &Context::default(), meter, findings);
    });
}

#[divan::bench]
fn commit_empty_handler(bencher: Bencher<'_, '_>) {
    judge(bencher, &[common::script(EMPTY)], a_commit);
}

#[divan::bench]
fn commit_one_regex(bencher: Bencher<'_, '_>) {
    judge(bencher, &[common::script(ONE_REGEX)], a_commit);
}

#[divan::bench]
fn commit_two_rules(bencher: Bencher<'_, '_>) {
    judge(bencher, &[common::script(TWO_RULES)], a_commit);
}

#[divan::bench]
fn commit_recommended(bencher: Bencher<'_, '_>) {
    judge(bencher, &common::recommended(), a_commit);
}

#[divan::bench]
fn file_empty_handler(bencher: Bencher<'_, '_>) {
    judge(bencher, &[common::script(EMPTY)], a_file);
}

#[divan::bench]
fn file_recommended(bencher: Bencher<'_, '_>) {
    judge(bencher, &common::recommended(), a_file);
}

/// What a hook pays once: the engine, and the whole set compiled.
#[divan::bench]
fn load_recommended(bencher: Bencher<'_, '_>) {
    let scripts = common::recommended();
    bylaws::policy::with_stack(|| {
        bencher.bench_local(|| RuleBook::compile(black_box(&scripts), Limits::default()).map(drop))
    });
}

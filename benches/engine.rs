//! What rules cost, for each commit and each file they look at.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a bench that cannot run says so and ends"
)]
#![allow(missing_docs, reason = "benches are named by their functions")]

mod common;

use std::sync::Arc;

use bylaws::facts::{Commit, File};
use bylaws::policy::{Context, Limits, Policy, RuleBook, RunMeter, Script, Subject};
use bylaws::verdict::Finding;
use divan::{Bencher, black_box};

/// On a thread with the stack that scripts need.
fn main() {
    bylaws::policy::with_stack(divan::main).unwrap_or_else(|mistake| panic!("{mistake}"));
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

fn judge(bencher: Bencher<'_, '_>, scripts: &[Script], what: fn(&Policy, &RunMeter, &mut Vec<Finding>)) {
    let policy = common::policy(scripts);
    let meter = RunMeter::new(&Limits::default(), 1_000_000_000);
    bencher.bench_local(|| {
        let mut findings = Vec::new();
        what(&policy, &meter, &mut findings);
        black_box(findings)
    });
}

thread_local! {
    static SUBJECT: (Arc<Commit>, Arc<File>) = common::commit();
}

fn a_commit(policy: &Policy, meter: &RunMeter, findings: &mut Vec<Finding>) {
    SUBJECT.with(|(commit, _)| policy.judge(Subject::Commit(commit), &Context::default(), meter, findings));
}

/// With its lines compared anew each time.
fn a_file(policy: &Policy, meter: &RunMeter, findings: &mut Vec<Finding>) {
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
    bencher.bench_local(|| RuleBook::compile(black_box(&scripts), Limits::default()).map(drop));
}

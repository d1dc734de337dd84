//! The `recommended` rules: their own tests, on the engine that judges with them, and real histories.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::process::Command;

use bylaws::config::set_scripts;
use bylaws::policy::{Limits, RuleBook, Script, ScriptKind, testing};

fn book(scripts: &[Script]) -> RuleBook {
    RuleBook::compile(scripts, Limits::default()).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

#[test]
fn every_test_of_the_set_passes() {
    let scripts = set_scripts("recommended").expect("the set is embedded");
    let outcomes =
        testing::run(&book(&scripts), &scripts, None).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let failed: Vec<String> = outcomes
        .iter()
        .filter_map(|outcome| outcome.failure.as_ref().map(|failure| (outcome, failure)))
        .map(|(outcome, failure)| {
            format!(
                "{}: {}: {}\n    {}",
                failure.place,
                outcome.name,
                failure.message,
                failure.said.join("\n    ")
            )
        })
        .collect();
    assert!(failed.is_empty(), "{} of {} failed:\n{}", failed.len(), outcomes.len(), failed.join("\n"));
}

#[test]
fn every_rule_is_shown_satisfied_and_violated() {
    let scripts = set_scripts("recommended").expect("the set is embedded");
    let book = book(&scripts);
    let outcomes = testing::run(&book, &scripts, None).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    for rule in book.rules() {
        for state in ["satisfied", "violated"] {
            let shown = outcomes.iter().flat_map(|outcome| &outcome.asserted);
            assert!(
                shown.into_iter().any(|one| one.rule == rule.id && one.state == state),
                "no test shows `{}` {state}",
                rule.id
            );
        }
    }
}

#[test]
fn every_rule_stands_in_a_file_of_its_name_and_says_its_level() {
    let scripts = set_scripts("recommended").expect("the set is embedded");
    let files: Vec<&str> =
        scripts.iter().filter(|s| s.kind == ScriptKind::Rules).map(|s| s.name.as_str()).collect();
    let book = book(&scripts);
    assert_eq!(files.len(), book.rules().len(), "one rule a file");
    for rule in book.rules() {
        let file = format!("<recommended>/{}.rhai", rule.id);
        assert!(files.contains(&file.as_str()), "{file}");
        assert!(rule.level.is_some(), "`{}` says no level", rule.id);
        let tests = format!("<recommended>/tests/{}.rhai", rule.id);
        assert!(scripts.iter().any(|script| script.name == tests), "{tests}");
    }
}

/// Most of a healthy project's commits must pass: `BYLAWS_TEST_REPOSITORY` names one. Prints what was found.
#[test]
#[ignore = "needs a repository that is not ours"]
#[expect(clippy::disallowed_methods, reason = "a test is asked through its environment")]
fn a_real_project_mostly_passes() {
    let repository =
        std::env::var("BYLAWS_TEST_REPOSITORY").expect("BYLAWS_TEST_REPOSITORY names a repository");
    let newest = Command::new("git")
        .args(["-C", &repository, "rev-list", "--max-count=300", "--first-parent", "HEAD"])
        .output()
        .expect("git runs");
    let newest = String::from_utf8(newest.stdout).expect("ids");
    let checked = Command::new(env!("CARGO_BIN_EXE_bylaws"))
        .args(["-C", &repository, "check", "--format", "json"])
        .args(newest.lines())
        .output()
        .expect("bylaws runs");
    let verdict: serde_json::Value = serde_json::from_slice(&checked.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&checked.stderr)));
    assert_eq!(verdict["summary"]["errors"], 0, "a rule could not decide: {verdict}");
    let commits = verdict["summary"]["commits"].as_u64().expect("a number");
    let mut denied: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in verdict["findings"].as_array().expect("findings") {
        if finding["level"] != "advisory" {
            *denied.entry(finding["rule"].as_str().expect("a rule")).or_default() += 1;
        }
    }
    println!("{commits} commits: {denied:?}");
    let share = denied.values().sum::<usize>() as u64 * 100 / commits.max(1);
    assert!(share <= 5, "{share} findings that deny in 100 commits: {denied:?}");
}

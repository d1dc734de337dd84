//! The `recommended` rules: their own tests, on the engine that judges with them.

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

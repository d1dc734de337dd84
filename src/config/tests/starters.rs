//! What `bylaws init` writes.

use std::sync::Arc;

use super::NOW;
use crate::config::{LoadedPolicy, PolicySource, load, starter};
use crate::diagnostic::Diagnostics;
use crate::facts::{Commit, CommitParts, NoStore};
use crate::policy::{Context, Limits, RunMeter, Subject, testing};
use crate::verdict::{Finding, Level};

fn loaded(files: Vec<(String, String)>) -> Result<LoadedPolicy, Diagnostics> {
    let files = files.into_iter().map(|(path, text)| (path, text.into_bytes())).collect();
    load(PolicySource::Files(files, ".bylaws".to_owned()), NOW)
}

#[test]
fn it_loads_as_it_stands() {
    let loaded = loaded(starter(&[]).unwrap()).unwrap();
    let own = loaded.policy.rules().find(|(rule, _)| rule.id == "revert-says-why").unwrap();
    assert_eq!(own.1.level, Level::Advisory);
    assert!(loaded.policy.rules().count() > 1, "the recommended rules are in force too");
    assert!(loaded.config.environments.is_empty() && loaded.notices.is_empty());
    assert_eq!(loaded.tests.len(), 1);
}

/// Lines that are commented out without a space behind the `#`.
fn with_examples(text: &str) -> String {
    let used = text.lines().map(|line| match line.strip_prefix('#') {
        Some(example) if !example.starts_with(' ') => example,
        _ => line,
    });
    used.map(|line| format!("{line}\n")).collect()
}

#[test]
fn every_example_in_it_is_right() {
    let mut files = starter(&[]).unwrap();
    for (path, text) in files.iter_mut().filter(|(path, _)| path.ends_with(".toml")) {
        *text = with_examples(text);
        // One rule has several examples, of which TOML allows one.
        let mut seen = 0;
        let lines = text.lines().filter(|line| {
            let again = path == "bylaws.toml" && line.starts_with("revert-says-why");
            seen += usize::from(again);
            !again || seen == 1
        });
        *text = lines.map(|line| format!("{line}\n")).collect();
    }
    let loaded = loaded(files).unwrap();
    assert_eq!(loaded.config.environments.len(), 1);
    assert_eq!(loaded.config.classify.len(), 2);
    assert_eq!(loaded.config.waivers.len(), 1);
    assert_eq!(loaded.config.owners.len(), 1);
    assert!(loaded.config.break_glass.is_some());
    assert_eq!(loaded.people.iter().count(), 3);
}

#[test]
fn each_example_of_a_rule_is_right() {
    let files = starter(&[]).unwrap();
    let examples: Vec<String> = with_examples(&files[0].1)
        .lines()
        .filter(|line| line.starts_with("revert-says-why"))
        .map(str::to_owned)
        .collect();
    assert_eq!(examples.len(), 3);
    for example in examples {
        let mut files = files.clone();
        files[0].1 = files[0].1.replace("[rules]\n", &format!("[rules]\n{example}\n"));
        assert!(loaded(files).is_ok(), "{example}");
    }
}

#[test]
fn sets_are_named_and_checked() {
    let named = starter(&["recommended".to_owned(), "recommended".to_owned()]).unwrap();
    assert!(named[0].1.contains("\nextends = [\"recommended\"]\n"));
    let unknown = starter(&["recomended".to_owned()]).unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "error: unknown rule set `recomended`\n  = help: did you mean `recommended`?"
    );
}

#[test]
fn its_tests_pass() {
    let loaded = loaded(starter(&[]).unwrap()).unwrap();
    let outcomes = testing::run(loaded.policy.book(), &loaded.tests, None).unwrap();
    assert_eq!(outcomes.len(), 4);
    let failed: Vec<_> = outcomes.iter().filter(|one| !one.passed()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn its_rule_does_what_it_says() {
    let found = |subject: &str, body: &str| -> Vec<Finding> {
        let mut files = starter(&[]).unwrap();
        files[0].1 = files[0].1.replace("\"recommended\"", "");
        let policy = loaded(files).unwrap().policy;
        let message = format!("{subject}\n\n{body}\n");
        let commit = Commit::new(CommitParts { message, ..CommitParts::default() }, Arc::new(NoStore));
        let mut findings = Vec::new();
        let meter = RunMeter::new(&Limits::default(), 1);
        policy.judge(Subject::Commit(&Arc::new(commit)), &Context::default(), &meter, &mut findings);
        findings
    };
    let by_git = "This reverts commit 0123456789abcdef0123456789abcdef01234567.";
    assert_eq!(found("Revert \"x\"", by_git).len(), 1);
    assert!(found("Revert \"x\"", &format!("{by_git}\n\nIt broke the build.")).is_empty());
    assert!(
        found("Revert \"x\"", "").iter().all(|one| one.message.starts_with("the message does not say why"))
    );
    assert!(found("Add x", "").is_empty());
}

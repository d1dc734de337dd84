use super::super::samples::{HOSTILE, finding, hostile, of_each_kind, verdict};
use super::*;
use crate::facts::{Oid, RefName, Urgency};
use crate::verdict::{About, JudgedChange, Level};

const RECORD: &str = "01806451200123456789-000000-4711-0123456789abcdef";

fn change(name: &str) -> JudgedChange {
    JudgedChange {
        reference: RefName::new(name).unwrap(),
        old: None,
        new: None,
        environment: None,
        impact: None,
        urgency: Urgency::Normal,
    }
}

fn answered(findings: Vec<Finding>, is_let_in: bool, notes: &[&str]) -> String {
    let mut verdict = verdict(findings);
    verdict.changes = vec![change("refs/heads/main")];
    let notes: Vec<String> = notes.iter().map(|note| (*note).to_owned()).collect();
    let took = Duration::from_millis(4);
    let screen = Answer { verdict: &verdict, is_let_in, notes: &notes, record: Some(RECORD), took }.screen();
    assert!(screen.lines().count() <= LINES, "{screen}");
    assert!(screen.lines().all(|line| display_width(line) <= COLUMNS), "{screen}");
    assert!(!screen.chars().any(|c| c != '\n' && c.is_control()), "{screen:?}");
    screen
}

fn in_rule(rule: &str, n: usize) -> Finding {
    Finding {
        rule: rule.into(),
        path: Some(format!("src/file{n}.rs")),
        line: Some(1),
        commit: Oid::from_hex(format!("{n:07x}{}", "0".repeat(33)).as_bytes()),
        about: None,
        ..finding()
    }
}

#[test]
fn a_refused_push() {
    insta::assert_snapshot!(answered(vec![finding()], false, &[]), @r#"
    error[no-secrets]: an AWS access key is added
      --> 3f9c1e2 config/store.toml:14 "Add the [31msettings of the store"
       = why: whoever can read the repository can use the key
       = fix: take it out, rotate the key, and read it from the
         environment

    denied: 1 violation in 12 commits, 40 files, 9 rules (4 ms)
    recorded as 01806451200123456789-000000-4711-0123456789abcdef
    "#);
}

#[test]
fn one_of_each_kind() {
    insta::assert_snapshot!(answered(of_each_kind(), false, &[]), @r#"
    error[own]: rule 'own' cannot run
      --> 3f9c1e2 "Add the [31msettings of the store"
      --> .bylaws/rules/own.rhai:4:9
       = why: whoever can read the repository can use the key
       = fix: take it out, rotate the key, and read it from the
         environment
    error[no-secrets]: an AWS access key is added
      --> 3f9c1e2 config/store.toml:14 "Add the [31msettings of the store"
       = why: whoever can read the repository can use the key
       = fix: take it out, rotate the key, and read it from the
         environment
    error[subject-length]: subject has 80 characters, 72 at most
      --> 3f9c1e2 "Add the [31msettings of the store"
       = fix: take it out, rotate the key, and read it from the
         environment
    warning[subject-length]: subject has 80 characters, 72 at most
      --> 3f9c1e2 "Add the [31msettings of the store"
       = fix: take it out, rotate the key, and read it from the
         environment
    could not decide: 1 error, 3 violations, 1 overridden in 12 commits,
      40 files, 9 rules (4 ms)
    recorded as 01806451200123456789-000000-4711-0123456789abcdef
    "#);
}

#[test]
fn a_push_that_would_be_refused_says_that_it_was_let_in() {
    let found = Finding {
        commit: None,
        path: None,
        line: None,
        about: None,
        reference: RefName::new("refs/heads/Main"),
        ..finding()
    };
    insta::assert_snapshot!(answered(vec![found], true, &[]), @r#"
    error[no-secrets]: an AWS access key is added
      --> Main
       = why: whoever can read the repository can use the key
       = fix: take it out, rotate the key, and read it from the
         environment

    note: let in, since this server does not enforce its policy yet; it
          would have been refused
    would deny: 1 violation in 12 commits, 40 files, 9 rules (4 ms)
    recorded as 01806451200123456789-000000-4711-0123456789abcdef
    "#);
}

#[test]
fn a_thousand_findings_of_one_rule_are_one_block() {
    let many = (0..1_000).map(|n| in_rule("no-secrets", n)).collect();
    insta::assert_snapshot!(answered(many, false, &[]), @r#"
    error[no-secrets]: an AWS access key is added
      --> 0000000 src/file0.rs:1
      --> 0000001 src/file1.rs:1
      --> 0000002 src/file2.rs:1
      --> 0000003 src/file3.rs:1
      --> 0000004 src/file4.rs:1
      --> 0000005 src/file5.rs:1
      --> and 994 more
       = why: whoever can read the repository can use the key
       = fix: take it out, rotate the key, and read it from the
         environment

    denied: 1000 violations in 12 commits, 40 files, 9 rules (4 ms)
    recorded as 01806451200123456789-000000-4711-0123456789abcdef
    "#);
}

#[test]
fn many_rules_are_counted_where_they_find_no_room() {
    let advice = Finding { level: Level::Advisory, ..in_rule("advice", 1) };
    let many = [advice].into_iter().chain((0..60).map(|n| in_rule(&format!("rule-{}", n % 12), n))).collect();
    insta::assert_snapshot!(answered(many, false, &[]), @r#"
    error[rule-0]: an AWS access key is added
      --> 0000000 src/file0.rs:1
      --> 000000c src/file12.rs:1
      --> and 3 more
       = why: whoever can read the repository can use the key
       = fix: take it out, rotate the key, and read it from the
         environment
    error[rule-1]: an AWS access key is added
      --> 0000001 src/file1.rs:1
      --> and 4 more
       = why: whoever can read the repository can use the key
       = fix: take it out, rotate the key, and read it from the
         environment
    error[rule-2]: an AWS access key is added
      --> 0000002 src/file2.rs:1
      --> and 4 more
       = why: whoever can read the repository can use the key
       = fix: take it out, rotate the key, and read it from the
         environment
    and 46 more in 10 rules
    denied: 61 violations in 12 commits, 40 files, 9 rules (4 ms)
    recorded as 01806451200123456789-000000-4711-0123456789abcdef
    "#);
}

#[test]
fn findings_of_one_rule_each_say_their_own() {
    let long = |n: usize| Finding {
        message: format!("subject has {} characters, 72 at most", 72 + n),
        ..in_rule("subject-length", n)
    };
    insta::assert_snapshot!(answered(vec![long(1), long(2)], false, &[]), @r#"
    error[subject-length]: subject has 73 characters, 72 at most
      --> 0000001 src/file1.rs:1
      --> 0000002 src/file2.rs:1: subject has 74 characters, 72 at most
       = why: whoever can read the repository can use the key
       = fix: take it out, rotate the key, and read it from the
         environment

    denied: 2 violations in 12 commits, 40 files, 9 rules (4 ms)
    recorded as 01806451200123456789-000000-4711-0123456789abcdef
    "#);
}

#[test]
fn silence_where_there_is_nothing_to_say() {
    assert_eq!(answered(vec![], false, &[]), "");
    let waived = Finding { state: State::Overridden, ..finding() };
    assert_eq!(answered(vec![waived], false, &[]), "");
}

#[test]
fn advice_and_notes_are_told_to_those_let_in() {
    let advice = Finding { level: Level::Advisory, ..finding() };
    insta::assert_snapshot!(answered(vec![advice], false, &["the first policy of this repository is in force from now on; everybody is judged by it"]), @r#"
    warning[no-secrets]: an AWS access key is added
      --> 3f9c1e2 config/store.toml:14 "Add the [31msettings of the store"
       = why: whoever can read the repository can use the key
       = fix: take it out, rotate the key, and read it from the
         environment

    note: the first policy of this repository is in force from now on;
          everybody is judged by it
    allowed: 1 violation in 12 commits, 40 files, 9 rules (4 ms)
    "#);
}

#[test]
fn a_push_of_several_refs_says_which() {
    let mut verdict = verdict(vec![Finding { reference: RefName::new("refs/heads/main"), ..finding() }]);
    verdict.changes = vec![change("refs/heads/main"), change("refs/heads/other")];
    let answer =
        Answer { verdict: &verdict, is_let_in: false, notes: &[], record: None, took: Duration::ZERO };
    assert!(answer.screen().contains("--> main 3f9c1e2 config/store.toml:14"), "{}", answer.screen());
    assert!(!answer.screen().contains("recorded as"));
}

#[test]
fn nothing_of_others_breaks_the_screen() {
    answered(hostile(), false, &[HOSTILE]);
    let screen = answered(vec![finding()], true, &["note ".repeat(200).as_str(); 40]);
    assert!(screen.contains("let in, since") && screen.contains("would deny: 1 violation"), "{screen}");
    assert!(screen.contains("error[no-secrets]"), "{screen}");
    let endless = |text: &str| Finding {
        message: text.repeat(400),
        fix: Some(text.repeat(400)),
        why: Some(text.repeat(400)),
        path: Some(text.repeat(400)),
        rule: text.repeat(40),
        about: Some(About { author: text.repeat(400), subject: text.repeat(400), is_draft: false }.into()),
        ..finding()
    };
    for text in ["x", "x ", "日本", "e\u{301}", "👩\u{200d}💻 "] {
        let screen = answered(
            (0..30).map(|n| Finding { rule: format!("{text}{n}"), ..endless(text) }).collect(),
            false,
            &[&text.repeat(900)],
        );
        assert!(screen.contains("denied: 30 violations"), "{screen}");
        answered(vec![endless(text)], true, &[]);
    }
}

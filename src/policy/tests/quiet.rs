//! What is told without calling a handler is what the call says.

use std::sync::Arc;

use rhai::Dynamic;

use super::{commit, judge, policy, script};

use crate::facts::{Commit, CommitParts, EntryMode, File, FileParts, FileStatus, NoStore, Oid, Person};
use crate::policy::Subject;

const UNDERSTOOD: [&str; 8] = [
    "file.is_symlink",
    "!file.is_symlink || file.status == \"deleted\"",
    "file.status != \"added\" && file.status != \"renamed\" && file.status != \"copied\"",
    "file.mode == file.old_mode",
    "file.mode != file.old_mode",
    "!(file.is_executable && file.status == \"modified\")",
    "file.is_submodule",
    "!!file.is_executable",
];

fn rule_with(body: &str) -> String {
    format!("rule(\"r\", #{{ title: \"t\", why: \"w\", file: |file| {{ {body} }} }});")
}

fn files() -> Vec<Arc<File>> {
    let statuses = [
        FileStatus::Added,
        FileStatus::Modified,
        FileStatus::Deleted,
        FileStatus::Renamed,
        FileStatus::Copied,
    ];
    let modes = [0o100_644, 0o100_755, 0o120_000, 0o160_000].map(EntryMode);
    let olds = || std::iter::once(None).chain(modes.into_iter().map(Some));
    let each = statuses.into_iter().flat_map(|status| {
        modes.into_iter().flat_map(move |mode| olds().map(move |old_mode| (status, mode, old_mode)))
    });
    each.map(|(status, mode, old_mode)| {
        let parts =
            FileParts { path: "a".into(), old_path: None, status, mode, old_mode, id: None, old_id: None };
        Arc::new(File::new(parts, Arc::new(NoStore)))
    })
    .collect()
}

#[test]
fn what_is_told_of_a_file_without_a_call_is_what_the_call_says() {
    for condition in UNDERSTOOD {
        for body in [
            format!("if {condition} {{ return; }} file.finding(\"m\")"),
            format!("if {condition} {{ return 1; }}"),
            format!("if {condition} {{ file.finding(\"m\"); return; }}"),
            format!("if {condition} {{ throw \"m\"; }}"),
            format!("if {condition} {{ return; }} if file.is_executable {{ file.finding(\"m\") }}"),
        ] {
            let quiet = policy(&[script("r", &rule_with(&body))]);
            let called = policy(&[script("r", &rule_with(&format!("let n = 0; {body}")))]);
            for file in files() {
                let commit = commit("subject");
                let subject = Subject::File(&commit, &file);
                let found = |policy| judge(policy, subject).len();
                assert_eq!(found(&quiet), found(&called), "{body}: {file:?}");
            }
        }
    }
}

fn quiet(body: &str) -> Option<bool> {
    let policy = policy(&[script("r", &rule_with(body))]);
    let rule = policy.book().rules.first().unwrap();
    let (commit, file) = (commit("x"), files().swap_remove(0));
    let handler = rule.handlers.file.as_ref().unwrap();
    handler.quiet().map(|quiet| quiet.holds(Subject::File(&commit, &file), &Dynamic::UNIT))
}

#[test]
fn a_condition_of_facts_at_hand_is_understood() {
    for condition in UNDERSTOOD {
        assert!(quiet(&format!("if {condition} {{ return; }} 1")).is_some(), "{condition}");
    }
    assert_eq!(quiet("if file.status == \"added\" { return; } 1"), Some(true));
    assert_eq!(quiet("if file.status != \"added\" { return; } 1"), Some(false));
    assert_eq!(quiet("if file.status != \"added\" { return; }"), Some(true));
}

/// Bodies of handlers of commits that are gone through to the end without a call, where nothing is found.
const OF_COMMITS: [&str; 16] = [
    "if word.is_match(commit.message) { finding(\"m\") }",
    "if WORD.is_match(commit.body) { finding(\"m\") }",
    "if !word.is_match(commit.subject) || commit.is_merge { return; } if commit.is_draft { finding(\"m\") }",
    "let subject = commit.subject; if subject.starts_with(\"fix\") { finding(subject) }",
    "let subject = commit.subject; let same = subject; if same.len > params.max { finding(same) }",
    "if commit.subject.ends_with(\".\") && !commit.subject.ends_with(\"..\") { return finding(\"m\"); }",
    "if commit.body.contains(\"é\") { finding(\"m\"); }",
    "if commit.conventional == () && !commit.is_merge { finding(\"m\") }",
    "if commit.conventional != () { \"m\" }",
    "if commit.author.email != commit.committer.email { finding(\"m\") }",
    "if commit.author.name == \"Ada\" { return; } if commit.committer.name == \"Bob\" { finding(\"m\") }",
    "if commit.subject.len == 3 { finding(\"3\") } if 4 <= commit.body.len { finding(\"4\") }",
    "if commit.subject.len < 5 || commit.subject.len >= 20 { finding(\"m\") } if params.max != 8 { finding(\"p\") }",
    "let commit = commit.subject; if commit == \"fix\" { finding(\"m\") }",
    "const s = commit.subject; if s == \"\" { return; } if s > 3 { } if s.len > 12 { finding(s) }",
    "let word = commit.subject; if word == \"fix\" { finding(word) } ;",
];

fn rule_of_commits(body: &str) -> String {
    format!(
        "let word = regex(\"[a-z]{{4}}\"); const WORD = regex(\"(?m)^é\"); rule(\"r\", #{{ title: \"t\", why: \"w\", \
         params: #{{ max: 8 }}, commit: |commit, params| {{ {body} }} }});"
    )
}

fn commits() -> Vec<Arc<Commit>> {
    let person = |name: &str| {
        Arc::new(Person { name: name.into(), email: format!("{name}@x.org"), ..Default::default() })
    };
    let messages = [
        "",
        "fix",
        "fix: it.",
        "feat(a)!: add it..",
        "éééé",
        "word\n\nbody\n",
        "x.\n\né body",
        "a\nb",
        "Merge it\n",
    ];
    let ids = || (1..=2).map(|n: u8| Oid::from_bytes(&[n; 20]).unwrap());
    let each = messages.into_iter().flat_map(|message| {
        [("Ada", "Ada", 1), ("Ada", "Bob", 2), ("Bob", "Bob", 1)].map(|(author, committer, parents)| {
            let parts = CommitParts {
                id: ids().next().filter(|_| author == "Ada"),
                parents: ids().take(parents).collect(),
                author: person(author),
                committer: person(committer),
                message: message.to_owned(),
                ..CommitParts::default()
            };
            Arc::new(Commit::new(parts, Arc::new(NoStore)))
        })
    });
    each.collect()
}

#[test]
fn what_is_told_of_a_commit_without_a_call_is_what_the_call_says() {
    for body in OF_COMMITS {
        let quiet = policy(&[script("r", &rule_of_commits(body))]);
        let called = policy(&[script("r", &rule_of_commits(&format!("let n = 0; {body}")))]);
        let (mut silent, mut told) = (0, 0);
        for commit in commits() {
            let subject = Subject::Commit(&commit);
            let said = |policy| judge(policy, subject).into_iter().map(|f| f.message).collect::<Vec<_>>();
            let (quiet_said, called_said) = (said(&quiet), said(&called));
            assert_eq!(quiet_said, called_said, "{body}: {commit:?}");
            silent += usize::from(called_said.is_empty());
            told += usize::from(is_quiet(body, &commit));
        }
        // Only where the script says something, or cannot be gone through, is it called.
        let is_whole = !body.contains("> 3");
        assert!(if is_whole { told == silent } else { told < silent }, "{body}: {told} of {silent}");
        let any = silent > 0 && silent < commits().len();
        assert!(any || body.contains("params.max !="), "{body} tells commits apart: {silent}");
    }
}

fn is_quiet(body: &str, commit: &Arc<Commit>) -> bool {
    let policy = policy(&[script("r", &rule_of_commits(body))]);
    let handler = policy.book().rules.first().unwrap().handlers.commit.as_ref().unwrap();
    let mut params = rhai::Map::new();
    params.insert("max".into(), Dynamic::from(8_i64));
    handler.quiet().is_some_and(|quiet| quiet.holds(Subject::Commit(commit), &Dynamic::from(params)))
}

#[test]
fn a_function_of_the_script_hides_a_method() {
    for (function, body) in [
        ("fn is_match(text) { true }", "if word.is_match(commit.message) { finding(\"m\") }"),
        ("fn starts_with(part) { true }", "if commit.subject.starts_with(\"fix\") { finding(\"m\") }"),
    ] {
        let script_of = |before: &str| {
            script("r", &format!("{function}\n{}", rule_of_commits(&format!("{before} {body}"))))
        };
        let (quiet, called) = (policy(&[script_of("")]), policy(&[script_of("let n = 0;")]));
        for commit in commits() {
            let subject = Subject::Commit(&commit);
            assert_eq!(judge(&quiet, subject).len(), judge(&called, subject).len(), "{function}");
        }
        let handler = quiet.book().rules.first().unwrap().handlers.commit.as_ref().unwrap();
        assert!(handler.quiet().is_none(), "{function}");
    }
}

#[test]
fn what_only_the_script_can_tell_is_left_to_it() {
    let commit = commit("fix");
    for body in [
        "if params.mox > 3 { finding(\"m\") }",
        "if params.max > commit.subject { finding(\"m\") }",
        "if commit.subjct == \"x\" { finding(\"m\") }",
        "if commit?.subject == \"x\" { finding(\"m\") }",
        "if word.is_match(commit.subject, 1) { finding(\"m\") }",
        "if word.find(commit.subject) == \"x\" { finding(\"m\") }",
        "let s = commit.subject; s += \"x\"; if s == \"fixx\" { finding(\"m\") }",
        "let s = commit.subject; s.trim(); if s == \"x\" { finding(\"m\") }",
        "if commit.is_merge { finding(\"m\") } else { finding(\"n\") }",
        "if commit.subject == \"x\" { finding(\"m\") } commit.subject",
        "if commit.subject { finding(\"m\") }",
    ] {
        assert!(!is_quiet(body, &commit), "{body}");
    }
}

#[test]
fn what_is_not_understood_is_left_to_the_script() {
    for body in [
        "if file.is_symlink { return; } else { 1 }",
        "if file.is_symlink && file.size > 0 { return; }",
        "if file.status == \"moved\" { return; }",
        "if file.is_binary { return; }",
        "if file.old_mode == () { return; }",
        "let file = #{ is_symlink: true }; if file.is_symlink { return; }",
    ] {
        assert_eq!(quiet(body), None, "{body}");
    }
}

//! A repository's policy under the operator's: what it may add, and that nothing it writes weakens what is required.

use std::sync::Arc;

use super::NOW;
use super::impact::file;
use crate::config::{
    LoadedPolicy, Movement, PolicyFile, PolicySource, Purpose, Skippable, load, load_governed,
};
use crate::diagnostic::Diagnostics;
use crate::facts::{File, GitPath, Impact, NoStore, RefName};
use crate::verdict::Level;

const RULE: &str = "rule(\"no-todo\", #{ title: \"t\", why: \"w\", level: \"hard-mandatory\", \
                    environments: [\"production\"], commit: |commit| { if commit.subject == \"todo\" { \"todo\" } } });";

/// The operator's `people.toml`.
const PEOPLE: &str = r#"
seniority = ["engineer", "senior"]
[people.ada]
name = "Ada Lovelace"
emails = ["ada@example.org"]
logins = ["ada"]
seniority = "senior"
teams = ["sre"]
keys = [{ gpg = "0123456789ABCDEF0123456789ABCDEF01234567" }]
[people.grace]
emails = ["grace@example.org"]
seniority = "senior"
[people.alan]
seniority = "senior"
[services.ci]
tests = ["ci"]
"#;

/// The operator's `bylaws.toml`.
const BYLAWS: &str = r#"
extends = []
[environments.production]
refs = ["main"]
[requirements.production]
major = { approvals = 2, seniority = "senior" }
minor = { approvals = 1, tests = ["ci"] }
trivial = {}
[[classify]]
paths = ["*.tf"]
impact = "major"
[[classify]]
paths = ["*.md"]
impact = "trivial"
[break-glass]
seniority = "senior"
may-skip = ["approvals", "tests"]
review-within = "72h"
"#;

fn files(files: &[(&str, &str)]) -> Vec<PolicyFile> {
    files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
}

fn source(given: &[(&str, &str)], shown: &str) -> PolicySource<'static> {
    PolicySource::Files(files(given), shown.to_owned())
}

fn required() -> PolicySource<'static> {
    source(&[("bylaws.toml", BYLAWS), ("people.toml", PEOPLE), ("rules/no-todo.rhai", RULE)], "required")
}

fn under(own: &[(&str, &str)]) -> Result<LoadedPolicy, Diagnostics> {
    let own = Some(source(own, ".bylaws"));
    load_governed(own, Some(required()), NOW, Purpose::All).map(Option::unwrap)
}

/// With nothing but a `bylaws.toml`.
fn bylaws(text: &str) -> LoadedPolicy {
    under(&[("bylaws.toml", text)]).unwrap()
}

/// What is said of a `people.toml`.
fn people(text: &str) -> String {
    match under(&[("bylaws.toml", "extends = []\n"), ("people.toml", text)]) {
        Ok(loaded) => format!("{} people", loaded.people.iter().count()),
        Err(mistakes) => mistakes.to_string(),
    }
}

/// The operator's rule, as it is in force.
fn no_todo(loaded: &LoadedPolicy) -> (Level, bool, bool, bool) {
    let required = loaded.required.as_ref().unwrap();
    let (_, binding) = required.policy.rules().find(|(rule, _)| rule.id == "no-todo").unwrap();
    let path = GitPath::from("src/a.rs");
    let narrowed = binding.paths.is_some() || binding.except.matches(&path) || binding.baseline.is_some();
    let waived = required.config.waives("no-todo", Some(&path), None, NOW).is_some();
    (binding.level, narrowed, waived, loaded.config.except.matches(&path))
}

fn main() -> RefName {
    RefName::new("refs/heads/main").unwrap()
}

fn impact(loaded: &LoadedPolicy, path: &str) -> Impact {
    let file = Arc::new(File::new(file(path), Arc::new(NoStore)));
    loaded.config.classify(&[file], Movement::default()).impact
}

#[test]
fn without_a_policy_of_its_own_the_operators_alone_judges() {
    let alone = load_governed(None, Some(required()), NOW, Purpose::All).unwrap().unwrap();
    assert_eq!(alone.name.source, "required");
    assert_eq!(alone.in_force().len(), 1);
    assert_eq!(alone.policy.rules().count(), 0);
    assert!(alone.sets.is_empty(), "{:?}", alone.sets);
    assert_eq!(alone.config.environments_of(&main()).count(), 1);
    assert!(load_governed(None, None, NOW, Purpose::All).unwrap().is_none());
}

#[test]
fn no_word_of_the_repository_reaches_a_rule_of_the_operator() {
    let waiver = "[[waiver]]\nrule = \"no-todo\"\npaths = [\"**\"]\nuntil = 2027-01-01\nreason = \"no\"\n";
    let own_rule =
        RULE.replace("\"hard-mandatory\"", "\"advisory\"").replace("[\"production\"]", "[\"own\"]");
    let own = "[environments.own]\nrefs = [\"own\"]\n[requirements.own]\nmajor = {}\n";
    for rules in [
        "no-todo = \"off\"".to_owned(),
        "no-todo = \"advisory\"".to_owned(),
        "no-todo = { level = \"off\", paths = [\"none\"] }".to_owned(),
        "no-todo = { except = [\"**\"] }".to_owned(),
        format!("no-todo = {{ baseline = \"{}\" }}", "a".repeat(40)),
        format!("no-todo = \"off\"\n{waiver}"),
    ] {
        // Of its own rule of this name it may say so.
        let text = format!("extends = []\nexcept = [\"**\"]\n[rules]\n{rules}\n{own}");
        let loaded = under(&[("bylaws.toml", &text), ("rules/no-todo.rhai", &own_rule)]).unwrap();
        assert_eq!(no_todo(&loaded), (Level::HardMandatory, false, false, true), "{rules}");
        let in_force = loaded.in_force();
        assert!(in_force.iter().any(|(rule, binding)| {
            rule.place.file == "required/rules/no-todo.rhai" && binding.level == Level::HardMandatory
        }));
        // The operator's rule is none of its own to speak of.
        let said = under(&[("bylaws.toml", &text)]).unwrap_err().to_string();
        assert!(said.starts_with("error: unknown rule `no-todo`\n  --> .bylaws/bylaws.toml:4:1"), "{said}");
    }
    assert_eq!(no_todo(&bylaws("extends = []\n")).0, Level::HardMandatory);
}

#[test]
fn people_add_up_and_are_one_to_both() {
    let more = "[people.kurt]\nemails = [\"kurt@example.org\"]\nseniority = \"senior\"\n";
    let own = "extends = []\n[requirements.production]\nmajor = { approvals = 3, seniority = \"senior\" }\n";
    let loaded = under(&[("bylaws.toml", own), ("people.toml", more)]).unwrap();
    assert_eq!(loaded.people.iter().count(), 5);
    assert!(loaded.required.as_ref().unwrap().people.by_email("kurt@example.org").is_some());
    // Without the fourth they are too few.
    let said = under(&[("bylaws.toml", own)]).unwrap_err().to_string();
    assert!(
        said.contains("names too few people of seniority `senior` or above: 3\n  --> .bylaws/"),
        "{said}"
    );
}

#[test]
fn the_operators_people_cannot_be_redefined() {
    let key = "keys = [{ gpg = \"FEDCBA9876543210FEDCBA9876543210FEDCBA98\" }]";
    for (text, message) in [
        (
            format!("[people.ada]\n{key}\n"),
            "error: `ada` is the operator's: keys cannot be another here\n  --> .bylaws/people.toml:1:9",
        ),
        ("[people.ada]\nlogins = [\"mallory\"]\n".to_owned(), "`ada` is the operator's: logins cannot"),
        (
            "[people.ada]\nemails = [\"mallory@example.org\"]\n".to_owned(),
            "`ada` is the operator's: emails cannot",
        ),
        ("[people.ada]\nteams = [\"sre\", \"board\"]\n".to_owned(), "`ada` is the operator's: teams cannot"),
        ("[people.ada]\nname = \"Mallory\"\n".to_owned(), "`ada` is the operator's: name cannot"),
        ("[people.ada]\nseniority = \"engineer\"\n".to_owned(), "`ada` is the operator's: seniority cannot"),
        ("[services.ada]\n".to_owned(), "`ada` is the operator's: kind cannot"),
        ("[services.ci]\ntests = [\"ci\", \"e2e\"]\n".to_owned(), "`ci` is the operator's: tests cannot"),
        (
            "[people.mallory]\nlogins = [\"ada\"]\n".to_owned(),
            "error: this login of `mallory` is already one of the operator's `ada`\n  --> .bylaws/people.toml:2:11",
        ),
        (
            "[people.mallory]\nemails = [\"ADA@example.org\"]\n".to_owned(),
            "this e-mail address of `mallory` is already one of the operator's `ada`",
        ),
        (
            "[people.mallory]\nkeys = [{ gpg = \"0123456789abcdef0123456789abcdef01234567\" }]\n".to_owned(),
            "this key of `mallory` is already one of the operator's `ada`",
        ),
        (
            "seniority = [\"senior\", \"engineer\"]\n".to_owned(),
            "the order of seniority is the operator's, and another\n  --> .bylaws/people.toml:1:14\n  = help: leave it out, or write it so: [\"engineer\", \"senior\"]",
        ),
        ("[people.mallory]\nseniority = \"god\"\n".to_owned(), "unknown seniority `god`"),
    ] {
        let said = people(&text);
        assert!(said.contains(message), "{text}:\n{said}");
    }
}

#[test]
fn what_the_operator_says_too_may_be_said_again() {
    let same = PEOPLE.replace("name = \"Ada Lovelace\"\n", "");
    assert_eq!(people(&same), "4 people");
    assert_eq!(people("[people.ada]\nemails = [\"ada@example.org\"]\n[people.kurt]\n"), "5 people");
}

#[test]
fn requirements_and_permissions_of_both_hold() {
    let loaded = bylaws(
        "extends = []\n[environments.production]\nrefs = [\"main\", \"release\"]\nallow = [\"force-push\", \"delete\"]\n\
         [environments.aaa]\nrefs = [\"main\"]\nallow = [\"delete\"]\nrequirements = \"production\"\n\
         [requirements.production]\nmajor = {}\nminor = { approvals = 2 }\n",
    );
    let release = RefName::new("refs/heads/release").unwrap();
    let approvals = |name: &RefName, impact| {
        let of = loaded.config.requirements_of(name, impact);
        of.iter().map(|one| (one.approvals, one.seniority.is_some())).collect::<Vec<_>>()
    };
    for name in [main(), release] {
        assert_eq!(approvals(&name, Impact::Major), [(2, true), (0, false)], "{name}");
        assert_eq!(approvals(&name, Impact::Minor), [(1, false), (2, false)], "{name}");
    }
    assert_eq!(loaded.config.allow(&main()), Some(Default::default()));
    // Whoever puts another name before it does not hide it.
    assert_eq!(loaded.config.environment_of(&main()).unwrap().name, "production");
    assert_eq!(loaded.config.environments_of(&main()).count(), 3);
    // What the repository adds to an environment does not count as held by the operator's.
    assert_eq!(loaded.config.environments[0].refs.patterns(), ["main"]);
}

#[test]
fn words_of_the_operator_can_be_named() {
    let shared =
        "extends = []\n[environments.staging]\nrefs = [\"staging\"]\nrequirements = \"production\"\n";
    let staging = RefName::new("refs/heads/staging").unwrap();
    let loaded = bylaws(shared);
    assert_eq!(loaded.config.requirements_of(&staging, Impact::Major)[0].approvals, 2);
    let said = under(&[("bylaws.toml", &shared.replace("\"production\"", "\"prodction\""))]).unwrap_err();
    assert!(said.to_string().contains("did you mean `production`?"), "{said}");
    let deploys = "[services.cd]\ndeploys = [\"production\"]\n";
    assert_eq!(people(deploys), "5 people");
    let own_rule = RULE.replace("no-todo", "own");
    assert!(under(&[("bylaws.toml", "extends = []\n"), ("rules/own.rhai", &own_rule)]).is_ok());
}

#[test]
fn the_higher_impact_holds() {
    let trivial = "extends = []\n[[classify]]\npaths = [\"**\"]\nimpact = \"trivial\"\n";
    let loaded = bylaws(trivial);
    assert_eq!(impact(&loaded, "a.tf"), Impact::Major);
    // What the operator does not name is minor to them.
    assert_eq!(impact(&loaded, "a.rs"), Impact::Minor);
    assert_eq!(impact(&loaded, "a.md"), Impact::Trivial);
    let major = bylaws(&trivial.replace("trivial", "major"));
    assert_eq!(impact(&major, "a.md"), Impact::Major);
    // Saying nothing is no answer.
    assert_eq!(impact(&bylaws("extends = []\n"), "a.md"), Impact::Trivial);
}

#[test]
fn the_glass_is_no_wider_than_the_operators() {
    let glass = |rest: &str| bylaws(&format!("extends = []\n{rest}")).config.break_glass.unwrap();
    let wide = glass(
        "[break-glass]\nseniority = \"engineer\"\nmay-skip = [\"tests\", \"signed-commits\"]\nreview-within = \"4w\"\n",
    );
    assert_eq!((wide.seniority.rank, wide.may_skip), (1, vec![Skippable::Tests]));
    assert_eq!(wide.review_within, 72 * 3_600);
    assert_eq!(glass("").may_skip.len(), 2);
}

#[test]
fn one_digest_names_both() {
    let digests = [
        load(source(&[("bylaws.toml", "")], ".bylaws"), NOW).unwrap().name.digest,
        bylaws("").name.digest,
        bylaws("extends = []\n").name.digest,
        load_governed(None, Some(required()), NOW, Purpose::All).unwrap().unwrap().name.digest,
        load(required(), NOW).unwrap().name.digest,
    ];
    for (n, one) in digests.iter().enumerate() {
        assert!(!digests[n + 1..].contains(one), "{n}");
    }
    assert_eq!(bylaws("").name.source, ".bylaws and required");
}

#[test]
fn what_is_required_and_not_there_or_broken_is_an_error() {
    let own = || Some(source(&[("bylaws.toml", "")], ".bylaws"));
    let said = |required| load_governed(own(), Some(required), NOW, Purpose::All).unwrap_err().to_string();
    let nowhere = std::path::Path::new("/nonexistent/required");
    let missing = said(PolicySource::Folder(nowhere, "/etc/bylaws/org".to_owned()));
    assert!(
        missing.starts_with("error: the operator's policy is not there\n  --> /etc/bylaws/org"),
        "{missing}"
    );
    let broken = said(source(&[("bylaws.toml", "extnds = []\n")], "required"));
    assert!(broken.contains("--> required/bylaws.toml:1:1"), "{broken}");
}

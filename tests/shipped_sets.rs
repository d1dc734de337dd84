//! The shipped rule sets: their own tests, on the engine that judges with them, and real histories.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use bylaws::config::{self, PolicySource, Purpose, load, load_for, set_scripts, sets};
use bylaws::policy::testing::{self, TestOutcome};
use bylaws::policy::{Limits, Origin, RuleBook, Script, ScriptKind};

mod common;
#[path = "common/mutants/mod.rs"]
mod mutants;

use mutants::Mutant;

/// 2026-07-01T00:00:00Z.
const NOW: i64 = 1_782_864_000;

/// A shipped set as it lies in the source: whoever writes a rule need not build to try it.
struct Set {
    name: String,
    scripts: Vec<Script>,
}

impl Set {
    fn all() -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policy-examples");
        let mut all: Vec<Self> = folders(&folder).iter().map(|folder| Self::read(folder)).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    fn read(folder: &Path) -> Self {
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        let mut scripts = Vec::new();
        for (below, file) in rhai_files(folder) {
            let kind = match below.split_once('/') {
                None => ScriptKind::Rules,
                Some(("lib", file)) => ScriptKind::Library(file.trim_end_matches(".rhai").to_owned()),
                Some(("tests", _)) => ScriptKind::Tests,
                Some(_) => panic!("{} belongs to nothing", file.display()),
            };
            let text = fs::read_to_string(&file).expect("text");
            let (name, origin) = (format!("<{name}>/{below}"), Origin::Set(name.clone()));
            scripts.push(Script { name, text, origin, kind });
        }
        scripts.sort_by(|a, b| a.name.cmp(&b.name));
        Self { name, scripts }
    }

    fn book(&self) -> RuleBook {
        RuleBook::compile(&self.scripts, Limits::default()).unwrap_or_else(|mistakes| panic!("{mistakes}"))
    }

    fn run(&self) -> (RuleBook, Vec<TestOutcome>) {
        let book = self.book();
        let outcomes = testing::run(&book, &self.scripts, None);
        (book, outcomes.unwrap_or_else(|mistakes| panic!("{mistakes}")))
    }

    fn of_kind(&self, kind: &ScriptKind) -> impl Iterator<Item = &Script> {
        self.scripts.iter().filter(move |script| script.kind == *kind)
    }

    /// Where a rule is, and where its tests are.
    fn paths_of(&self, rule: &str) -> (String, String) {
        (format!("<{}>/{rule}.rhai", self.name), format!("<{}>/tests/{rule}.rhai", self.name))
    }
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(of).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.filter(|path| path.is_dir()).collect()
}

/// The scripts of a set: paths below it, and where they are.
fn rhai_files(folder: &Path) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    for inner in std::iter::once(folder.to_owned()).chain(folders(folder)) {
        for entry in fs::read_dir(&inner).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|extension| extension == "rhai") {
                let below = path.strip_prefix(folder).expect("below").to_string_lossy().replace('\\', "/");
                found.push((below, path));
            }
        }
    }
    found
}

#[test]
fn every_set_is_embedded_as_it_lies_in_the_source() {
    let on_disk = Set::all();
    assert!(on_disk.len() >= 6, "the sets were not found");
    assert_eq!(on_disk.iter().map(|set| set.name.as_str()).collect::<Vec<_>>(), sets());
    for set in on_disk {
        let embedded = set_scripts(&set.name).expect("the set is embedded");
        assert_eq!(set.scripts.len(), embedded.len(), "{}", set.name);
        for (one, other) in set.scripts.iter().zip(&embedded) {
            assert_eq!((&one.name, &one.text, &one.kind), (&other.name, &other.text, &other.kind));
        }
    }
}

#[test]
fn every_test_of_every_set_passes() {
    for set in Set::all() {
        let (_, outcomes) = set.run();
        let failed: Vec<String> = outcomes
            .iter()
            .filter_map(|outcome| outcome.failure.as_ref().map(|failure| (outcome, failure)))
            .map(|(outcome, failure)| {
                let said = failure.said.join("\n    ");
                format!("{}: {}: {}\n    {said}", failure.place, outcome.name, failure.message)
            })
            .collect();
        assert!(failed.is_empty(), "{} of {} failed:\n{}", failed.len(), outcomes.len(), failed.join("\n"));
        assert!(!outcomes.is_empty(), "{} has no tests", set.name);
    }
}

/// Those of a shipped script are read when they are first used; those of a repository's own when it is loaded.
#[test]
fn every_expression_of_every_set_is_good() {
    let broken = |origin| Script {
        name: "<broken>/broken.rhai".into(),
        text:
            "const CLOSED = regex(\"(\");\nrule(\"x\", #{ title: \"X\", why: \"It is\", commit: |c| {} });\n"
                .into(),
        origin,
        kind: ScriptKind::Rules,
    };
    let loads = |scripts: &[Script]| RuleBook::compile(scripts, Limits::default()).map(|_| ());
    assert!(loads(&[broken(Origin::Set("broken".into()))]).is_ok());
    assert!(loads(&[broken(Origin::Repository)]).is_err());
    for set in Set::all() {
        let own = |script: &Script| Script { origin: Origin::Repository, ..script.clone() };
        let scripts: Vec<Script> = set.scripts.iter().map(own).collect();
        loads(&scripts).unwrap_or_else(|mistakes| panic!("{}: {mistakes}", set.name));
    }
}

#[test]
fn every_rule_is_shown_satisfied_and_violated_by_tests_of_its_own() {
    for set in Set::all() {
        let (book, outcomes) = set.run();
        for rule in book.rules() {
            let (_, tests) = set.paths_of(&rule.id);
            for state in ["satisfied", "violated"] {
                let own = outcomes.iter().filter(|outcome| outcome.place.file == tests);
                let mut shown = own.flat_map(|outcome| &outcome.asserted);
                assert!(
                    shown.any(|one| one.rule == rule.id && one.state == state),
                    "no test in {tests} shows `{}` {state}",
                    rule.id
                );
            }
        }
    }
}

#[test]
fn every_rule_stands_in_a_file_of_its_name_and_says_what_and_why() {
    for set in Set::all() {
        let book = set.book();
        assert_eq!(set.of_kind(&ScriptKind::Rules).count(), book.rules().len(), "one rule a file");
        for rule in book.rules() {
            let (file, tests) = set.paths_of(&rule.id);
            for file in [&file, &tests] {
                assert!(set.scripts.iter().any(|script| script.name == *file), "{file} is missing");
            }
            assert!(rule.level.is_some(), "{file} says no level");
            assert!(rule.title.len() <= 72 && !rule.title.ends_with('.'), "{file}: `{}`", rule.title);
            assert!(rule.why.ends_with('.'), "{file}: why is a sentence: `{}`", rule.why);
            // `SOC2:CC8.1`, `CWE-78`
            let parts = |control: &String| control.split([':', '-']).filter(|part| !part.is_empty()).count();
            let reference = |control: &String| parts(control) > 1;
            assert!(rule.controls.iter().all(reference), "{file}: {:?}", rule.controls);
            // Some rules of taste serve no control; those of the other sets are there to serve one.
            assert!(set.name == "recommended" || !rule.controls.is_empty(), "{file} serves no control");
        }
    }
}

#[test]
fn no_two_sets_share_a_rule_or_a_library() {
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for set in Set::all() {
        for script in set.scripts.iter().filter(|script| script.kind != ScriptKind::Tests) {
            let name = script.name.rsplit('/').next().expect("a name").to_owned();
            if let Some(other) = seen.insert(name, script.name.clone()) {
                panic!("{other} and {} cannot be in force together", script.name);
            }
        }
    }
}

/// A hook reads only the scripts whose handlers it asks, told by a line that begins with the handler's name.
#[test]
fn a_hook_misses_no_rule_of_any_set() {
    let everything = config::starter(&sets().iter().map(|set| (*set).to_owned()).collect::<Vec<_>>());
    let files: Vec<_> =
        everything.expect("a starter").into_iter().map(|(p, text)| (p, text.into_bytes())).collect();
    let source = || PolicySource::Files(files.clone(), ".bylaws".to_owned());
    let all = load(source(), NOW).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    for purpose in [Purpose::Files, Purpose::Commits] {
        let some = load_for(source(), NOW, purpose).expect("it loads").expect("it is there");
        let asked = |loaded: &config::LoadedPolicy| -> Vec<String> {
            let rules = loaded.policy.rules().map(|(rule, _)| rule);
            let rules = rules.filter(|rule| match purpose {
                Purpose::Files => rule.handles.file,
                _ => rule.handles.commit,
            });
            rules.map(|rule| rule.id.clone()).collect()
        };
        assert!(asked(&all).len() > 10);
        assert_eq!(asked(&some), asked(&all));
    }
}

/// What `bylaws init --set NAME` writes, as a team would find it: it loads, and what it judges is judged.
#[test]
fn every_set_can_be_begun_with() {
    for set in sets() {
        let files = config::starter(&[set.to_owned()]).expect("a starter");
        let files = files.into_iter().map(|(path, text)| (path, text.into_bytes())).collect();
        let loaded = load(PolicySource::Files(files, ".bylaws".to_owned()), NOW);
        let loaded = loaded.unwrap_or_else(|mistakes| panic!("{set}: {mistakes}"));
        let of_set = |origin: &Origin| *origin == Origin::Set(set.to_owned());
        assert!(loaded.policy.rules().any(|(rule, _)| of_set(&rule.origin)), "{set}");
        let outcomes = testing::run(loaded.policy.book(), &loaded.tests, None).expect("tests");
        assert!(outcomes.iter().all(TestOutcome::passed), "{set}");
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

/// Runs the program; what it says, and how it ends.
fn bylaws(repo: &common::Repo, words: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bylaws"));
    let output =
        command.args(words).current_dir(repo.path()).env_clear().envs(common::environment()).output();
    let output = output.expect("bylaws runs");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&text).into_owned())
}

/// The same by hand, as a new user would: `init`, `lint`, `test`, a commit and `check`.
#[test]
fn every_set_works_from_the_first_minute() {
    for set in sets() {
        let repo = common::Repo::new();
        for words in [&["init", "--set", set][..], &["lint"], &["test"], &["test", "--set", set], &["rules"]]
        {
            let (code, text) = bylaws(&repo, words);
            assert_eq!(code, 0, "{set}: {words:?}: {text}");
        }
        repo.git(&["add", "."]);
        repo.git(&["commit", "-q", "-m", "feat: begin\n\nSigned-off-by: A <a@example.org>"]);
        let (code, text) = bylaws(&repo, &["check", "HEAD"]);
        assert!(code < 2 && !text.contains("cannot run"), "{set}: {code}: {text}");
    }
}

/// Mutants that no test can tell from the rule they were made of, each with the reason.
#[derive(serde::Deserialize)]
struct Equivalent {
    script: String,
    line: String,
    change: String,
    why: String,
}

fn equivalents() -> Vec<Equivalent> {
    #[derive(serde::Deserialize)]
    struct File {
        mutant: Vec<Equivalent>,
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/equivalent-mutants.toml");
    let file: File = toml::from_str(&fs::read_to_string(path).expect("the list")).expect("a list");
    file.mutant
}

impl Equivalent {
    fn is(&self, script: &str, mutant: &Mutant) -> bool {
        self.script == script && self.line == mutant.was && self.change == mutant.change
    }
}

/// What is judged with a mutant: the script, and the scripts and tests that use it.
struct Experiment {
    script: Script,
    others: Vec<Script>,
}

impl Experiment {
    fn all() -> Vec<Self> {
        Set::all().iter().flat_map(Self::of).collect()
    }

    fn of(set: &Set) -> Vec<Self> {
        let is_own = |script: &Script, one: &Script| {
            let (rule, tests) = (&script.name, &one.name);
            one.kind == ScriptKind::Tests && tests.replace("/tests/", "/") == *rule
        };
        let libraries = || set.scripts.iter().filter(|one| matches!(one.kind, ScriptKind::Library(_)));
        let mut all = Vec::new();
        for script in &set.scripts {
            let others: Vec<Script> = match &script.kind {
                ScriptKind::Tests => continue,
                ScriptKind::Rules => {
                    libraries().chain(set.scripts.iter().filter(|one| is_own(script, one))).cloned().collect()
                }
                ScriptKind::Library(name) => {
                    let uses = |one: &&Script| one.text.contains(&format!("{name}::"));
                    let rules: Vec<&Script> = set.of_kind(&ScriptKind::Rules).filter(uses).collect();
                    let tests = set.scripts.iter().filter(|one| rules.iter().any(|rule| is_own(rule, one)));
                    let rest = libraries().filter(|one| one.name != script.name);
                    rest.chain(rules.iter().copied()).chain(tests).cloned().collect()
                }
            };
            all.push(Self { script: script.clone(), others });
        }
        all
    }

    /// `None`: it does not even load. Else: does a test fail?
    fn is_caught(&self, text: &str) -> Option<bool> {
        // Loops without an end are cut short; that of a rule is far below.
        let limits = Limits { operations: 300_000, wall: Duration::from_secs(120), ..Limits::default() };
        let script = Script { text: text.to_owned(), ..self.script.clone() };
        let scripts: Vec<Script> = self.others.iter().cloned().chain([script]).collect();
        let book = RuleBook::compile(&scripts, limits).ok()?;
        let outcomes = testing::run(&book, &scripts, None).ok()?;
        Some(!outcomes.iter().all(TestOutcome::passed))
    }
}

/// Runs every `step`-th mutant; the number that were run, and those that no test caught.
fn survivors(step: usize, filter: &str) -> (usize, Vec<String>) {
    let known = equivalents();
    let (mut number, mut run, mut alive) = (0, 0, Vec::new());
    for experiment in Experiment::all() {
        let name = &experiment.script.name;
        assert_eq!(experiment.is_caught(&experiment.script.text), Some(false), "{name} fails as it is");
        for mutant in mutants::of(&experiment.script.text) {
            number += 1;
            if number % step != 0 || !name.contains(filter) {
                continue;
            }
            let is_known = known.iter().any(|one| one.is(name, &mutant));
            match experiment.is_caught(&mutant.text) {
                None => continue,
                Some(false) if !is_known => {
                    alive.push(format!("{name}:{}: {}\n    {}", mutant.line, mutant.change, mutant.was));
                }
                Some(true) if is_known => {
                    alive.push(format!(
                        "{name}:{}: {} is called equivalent, and is caught",
                        mutant.line, mutant.change
                    ));
                }
                Some(_) => {}
            }
            run += 1;
        }
    }
    (run, alive)
}

/// The changes of one line of a script.
fn changes(script: &str, line: usize) -> Vec<String> {
    mutants::of(script).into_iter().filter(|one| one.line == line).map(|one| one.change).collect()
}

#[test]
fn mutants_are_what_a_person_gets_wrong() {
    let rule = r##"rule("r", #{
    title: "t", why: "w", level: "advisory",
    files: ["*.a", "*.b"],
    params: #{ max: 1, strict: true, word: "x" },
    commit: |commit, params| {
        if commit.subject.len >= params.max && !commit.is_merge || commit.body == `${1 > 0}` {
            let found = regex(#"^(?i)a|[b-d]+\.$"#).find(commit.subject);
            commit.finding("no < 1").at("path", 3).fix("do");
        }
    },
});"##;
    assert_eq!(changes(rule, 2), [] as [&str; 0]);
    assert_eq!(
        changes(rule, 3),
        ["filter `files` dropped", "\"*.a\" taken out of the list", "\"*.b\" taken out of the list"]
    );
    assert_eq!(changes(rule, 4), ["1 -> 2", "1 -> 0", "true -> false", "\"x\" -> another text"]);
    assert_eq!(
        changes(rule, 6),
        ["condition inverted", ">= -> >", "&& -> ||", "! -> nothing", "|| -> &&", "== -> !="]
    );
    assert_eq!(
        changes(rule, 7),
        [
            "^ dropped",
            "i dropped",
            "[b-d] -> (?s:.)",
            "+ -> *",
            "$ dropped",
            "^(?i)a| dropped",
            "|[b-d]+\\.$ dropped"
        ]
    );
    assert_eq!(changes(rule, 8), ["finding removed", "\"path\" -> another text", "3 -> 4", "3 -> 2"]);
    let mutant = mutants::of(rule).into_iter().find(|one| one.change == "finding removed").expect("one");
    assert!(mutant.text.contains("\n            ();\n"), "{}", mutant.text);
}

#[test]
fn a_test_that_does_not_look_lets_mutants_live() {
    let script = |name: &str, text: &str, kind| Script {
        name: name.to_owned(),
        text: text.to_owned(),
        origin: Origin::Repository,
        kind,
    };
    let rule =
        r#"rule("r", #{ title: "t", why: "w", commit: |c| { if c.subject.len > 2 { finding("long") } } });"#;
    let weak = r#"test("t", || { assert_violated("r", commit(#{ subject: "abcd" })); });"#;
    let strong = r#"test("t", || {
        assert_violated("r", commit(#{ subject: "abc" }));
        assert_satisfied("r", commit(#{ subject: "ab" }));
    });"#;
    let alive = |tests: &str| {
        let experiment = Experiment {
            script: script("r.rhai", rule, ScriptKind::Rules),
            others: vec![script("t.rhai", tests, ScriptKind::Tests)],
        };
        let mutants = mutants::of(rule);
        mutants.iter().filter(|mutant| experiment.is_caught(&mutant.text) == Some(false)).count()
    };
    assert_eq!((alive(weak), alive(strong)), (3, 0));
}

#[test]
fn a_sample_of_mutants_is_caught_by_the_rules_own_tests() {
    let (run, alive) = survivors(11, "");
    assert!(run > 100, "{run} mutants");
    assert!(alive.is_empty(), "{} of {run} live:\n{}", alive.len(), alive.join("\n"));
}

/// All of them, for minutes. `BYLAWS_TEST_MUTANTS` names a part of the scripts: a set, a rule.
#[test]
#[ignore = "takes minutes"]
#[expect(clippy::disallowed_methods, reason = "a test is asked through its environment")]
fn every_mutant_is_caught_by_the_rules_own_tests() {
    let filter = std::env::var("BYLAWS_TEST_MUTANTS").unwrap_or_default();
    let (run, alive) = survivors(1, &filter);
    println!("{run} mutants");
    assert!(alive.is_empty(), "{} of {run} live:\n{}", alive.len(), alive.join("\n"));
}

#[test]
fn every_equivalent_mutant_is_one_and_has_a_reason() {
    let experiments = Experiment::all();
    for one in equivalents() {
        let script = experiments.iter().find(|experiment| experiment.script.name == one.script);
        let script = script.unwrap_or_else(|| panic!("there is no {}", one.script));
        let mutants = mutants::of(&script.script.text);
        assert!(
            mutants.iter().any(|mutant| one.is(&one.script, mutant)),
            "{}: {} is gone",
            one.script,
            one.change
        );
        assert!(one.why.len() > 10, "{}: {}", one.script, one.change);
    }
}

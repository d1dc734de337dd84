//! The rule author's workshop: `bylaws test` and `bylaws replay`, as whole commands.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::process::{Command, Stdio};

use common::{Repo, environment};
use serde_json::Value;

struct Answer {
    status: i32,
    out: String,
    err: String,
}

fn bylaws(repo: &Repo, words: &[&str]) -> Answer {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bylaws"));
    command.args(words).current_dir(repo.path()).env_clear().envs(environment()).stdin(Stdio::null());
    let output = command.output().unwrap();
    Answer {
        status: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Status, both streams, and `TIME` for every time.
fn told(repo: &Repo, words: &[&str]) -> String {
    let Answer { status, out, err } = bylaws(repo, words);
    let time = regex::Regex::new(r"\d+(\.\d)? m?s\b").unwrap();
    time.replace_all(&format!("{err}{out}exit {status}"), "TIME").into_owned()
}

fn json(repo: &Repo, words: &[&str]) -> Value {
    let answer = bylaws(repo, &[words, &["--format", "json"]].concat());
    serde_json::from_str(&answer.out).unwrap_or_else(|_| panic!("no JSON: {} {}", answer.out, answer.err))
}

const RULE: &str = r#"rule("short", #{
    title:  "The subject is short",
    why:    "lists are read by subject",
    params: #{ max: 20 },
    commit: |commit, params| {
        if commit.is_merge {
            return;
        }
        if commit.subject.len > params.max {
            finding(`subject has ${commit.subject.len} characters`)
        }
    },
});
"#;

/// A repository with one rule and these tests of it.
fn with_tests(rule: &str, tests: &str) -> Repo {
    let repo = Repo::new();
    repo.write(".bylaws/bylaws.toml", "extends = []\n");
    repo.write(".bylaws/rules/short.rhai", rule);
    repo.write(".bylaws/tests/short.rhai", tests);
    repo
}

#[test]
fn what_init_writes_passes_its_tests_and_is_covered() {
    let repo = Repo::new();
    bylaws(&repo, &["init"]);
    insta::assert_snapshot!(told(&repo, &["test", "--coverage"]), @r#"
    coverage: 100 % (9 of 9 statements in 1 rule)
    passed: 4 tests (TIME)
    exit 0
    "#);
    insta::assert_snapshot!(told(&repo, &["test", "-q"]), @"exit 0");
}

#[test]
fn a_quiet_init_writes_the_same_and_says_only_what_went_wrong() {
    let (loud, quiet) = (Repo::new(), Repo::new());
    let said = told(&loud, &["init"]);
    assert!(said.starts_with("wrote .bylaws/") && said.contains("next: "), "{said}");
    assert_eq!(told(&quiet, &["init", "-q"]), "exit 0");
    assert_eq!(told(&quiet, &["init", "--quiet", "--force"]), "exit 0");
    for line in said.lines() {
        let Some(file) = line.strip_prefix("wrote ") else { continue };
        let [one, other] = [&loud, &quiet].map(|repo| std::fs::read(repo.path().join(file)).unwrap());
        assert_eq!(one, other, "{file}");
    }
    let refused = bylaws(&quiet, &["init", "-q"]);
    assert_eq!((refused.status, refused.out.as_str()), (2, ""));
    assert!(refused.err.contains("is there already"), "{}", refused.err);
}

#[test]
fn whatever_is_written_quietly_is_written_without_a_word() {
    let repo = Repo::new();
    for command in [
        ["install", "-q"].as_slice(),
        &["schema", "-q", "--output", "schemas"],
        &["definitions", "-q", "--output", "."],
        &["docs", "-q", "--output", "policy.md"],
        &["uninstall", "-q"],
        &["uninstall", "-q"],
    ] {
        assert_eq!(told(&repo, command), "exit 0", "{command:?}");
    }
    assert!(repo.path().join("schemas").is_dir() && repo.path().join("policy.md").is_file());
}

#[test]
fn a_failed_assertion_says_where_what_was_expected_judged_and_said() {
    let repo = with_tests(
        RULE,
        r#"test("twenty fit", || {
    assert_satisfied("short", commit(#{ subject: repeat("x", 20) }));
});

test("a long subject may be allowed", || {
    let c = commit(#{ subject: "Add the sum of the whole cart", files: [#{ path: "cart.c", text: "int sum;\n" }] });
    assert_satisfied("short", c, #{ max: 25 });
});

test("a short one is refused", || {
    assert_violated("short", commit(#{ subject: "Add it" }));
});

test("another message", || {
    assert_message("short", commit(#{ subject: repeat("x", 30) }), "31 characters");
});

test("sums", || {
    assert_eq([1, "a"], [1, "b"]);
});
"#,
    );
    insta::assert_snapshot!(told(&repo, &["test"]), @r#"
    failed: a long subject may be allowed
      --> .bylaws/tests/short.rhai:7:5
       |
     7 |     assert_satisfied("short", c, #{ max: 25 });
       |     ^
       = expected: rule `short` is satisfied; it is violated
       = judged: commit: "Add the sum of the whole cart" by Ada Lovelace <ada@example.org>
                 file cart.c: added, mode 100644, 9 bytes
                 text: "int sum;\n"
                 params: max = 25
       = said: violated: subject has 29 characters

    failed: a short one is refused
       --> .bylaws/tests/short.rhai:11:5
        |
     11 |     assert_violated("short", commit(#{ subject: "Add it" }));
        |     ^
       = expected: rule `short` is violated; it is satisfied
       = judged: commit: "Add it" by Ada Lovelace <ada@example.org>
                 params: max = 20
       = said: nothing

    failed: another message
       --> .bylaws/tests/short.rhai:15:5
        |
     15 |     assert_message("short", commit(#{ subject: repeat("x", 30) }), "31 characters");
        |     ^
       = expected: rule `short` is violated with a message that holds `31 characters`; it says something else
       = judged: commit: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" by Ada Lovelace <ada@example.org>
                 params: max = 20
       = said: violated: subject has 30 characters

    failed: sums
       --> .bylaws/tests/short.rhai:19:5
        |
     19 |     assert_eq([1, "a"], [1, "b"]);
        |     ^
       = expected: [1, "b"]; it is [1, "a"]

    failed: 4 of 5 tests (TIME)
    exit 1
    "#);
    assert_eq!(told(&repo, &["test"]), told(&repo, &["test"]), "the order is fixed");
    insta::assert_snapshot!(told(&repo, &["test", "-v", "fit"]), @r#"
    passed: twenty fit
    passed: 1 test (TIME)
    exit 0
    "#);
}

#[test]
fn a_test_that_is_wrong_fails_and_says_how_it_is_meant() {
    let cases = [
        ("", "it asserts nothing"),
        ("commit(#{ subject: \"x\" });", "it asserts nothing"),
        ("assert_violated(\"shrt\", commit(#{}));", "unknown rule `shrt`\n   = help: did you mean `short`?"),
        (
            "assert_violated(\"short\", commit(#{ sbject: \"x\" }));",
            "unknown property `sbject` of commit\n   = help: did you mean `subject`?",
        ),
        (
            "assert_violated(\"short\", commit(#{}), #{ mx: 1 });",
            "unknown parameter `mx` of rule `short`\n   = help: did you mean `max`?",
        ),
        ("assert_violated(\"short\", change(#{}));", "does not look at such a subject: it has `commit`"),
        ("assert_violated(\"short\", \"x\");", "this is no subject"),
        ("asert(true);", "unknown function `asert` of (bool)\n   = help: did you mean `assert`?"),
        ("loop { }", "it takes more than 5000000 operations"),
        ("let s = \"x\"; loop { s += s; }", "a value grows too large: length of string"),
        ("fn_that_calls_itself(1);", "its functions call each other too deeply"),
        ("throw \"out\";", "it throws `out`"),
        ("commit_at(\"no-such-revision\");", "`no-such-revision` names no commit"),
    ];
    for (body, said) in cases {
        let tests = format!(
            "fn fn_that_calls_itself(n) {{ fn_that_calls_itself(n + 1) }}\ntest(\"it\", || {{\n    {body}\n}});\n"
        );
        let repo = with_tests(RULE, &tests);
        let answer = bylaws(&repo, &["test"]);
        assert_eq!(answer.status, 1, "{body}: {}{}", answer.out, answer.err);
        assert!(answer.out.contains(said), "{body}: {}", answer.out);
        // Where the test as a whole is at fault, or an empty loop that has no place of its own, the test's.
        let line = if body == "loop { }" || said == "it asserts nothing" { 2 } else { 3 };
        let place = format!("--> .bylaws/tests/short.rhai:{line}:");
        assert!(answer.out.contains(&place), "{body}: {}", answer.out);
        assert!(answer.out.contains("failed: 1 of 1 test ("), "{}", answer.out);
    }
}

#[test]
fn what_cannot_be_run_exits_with_2_and_says_why() {
    let nested = format!("test(\"x\", || {{ let a = {}1{}; }});", "(".repeat(5_000), ")".repeat(5_000));
    let tests: [(&str, &[&str]); 6] = [
        ("test(\"x\", || {", &["error: ", "--> .bylaws/tests/short.rhai:1:"]),
        (&nested, &["error: ", "--> .bylaws/tests/short.rhai:1:"]),
        ("loop { }", &["it takes more than", "--> .bylaws/tests/short.rhai"]),
        ("let a = 1;\n", &["there is nothing to test: `.bylaws` has no tests"]),
        ("test(\"x\", |a| { });\n", &["test `x` must be a function without parameters", ":1:1"]),
        ("test(\"x\", || { });\ntest(\"x\", || { });\n", &["test `x` is declared twice", ":2:1"]),
    ];
    for (text, parts) in tests {
        let answer = bylaws(&with_tests(RULE, text), &["test"]);
        assert_eq!(answer.status, 2, "{text}: {}{}", answer.out, answer.err);
        assert_eq!(answer.out, "", "{text}");
        for part in parts {
            assert!(answer.err.contains(part), "{text}: {part} is missing in {}", answer.err);
        }
    }
}

#[test]
fn what_is_typed_wrong_exits_with_2_and_names_the_nearest() {
    let repo = with_tests(RULE, "test(\"a subject of twenty\", || { assert(true) });\n");
    let cases: [(&[&str], &str); 6] = [
        (
            &["test", "sbject"],
            "no test has `sbject` in its name\n  = help: the nearest: `a subject of twenty`",
        ),
        (&["test", "zzz"], "help: there are 1 tests; `bylaws test -v` names them"),
        (
            &["test", "--set", "recomended"],
            "unknown rule set `recomended`\n  = help: did you mean `recommended`?",
        ),
        (&["test", "--policy", "nowhere"], "`--policy nowhere` is neither a folder nor REV:PATH"),
        (&["test", "--coverage-min", "101"], "101 is not in 0..=100"),
        (&["test", "--set", "recommended", "--policy", ".bylaws"], "cannot be used with"),
    ];
    for (words, part) in cases {
        let answer = bylaws(&repo, words);
        assert_eq!(answer.status, 2, "{words:?}: {}{}", answer.out, answer.err);
        assert!(answer.err.contains(part), "{words:?}: {}", answer.err);
        assert_eq!(answer.out, "", "{words:?}");
    }
    repo.write(".bylaws/bylaws.toml", "extends = []\n[rules]\nshort = \"off\"\n");
    let answer = bylaws(&repo, &["test"]);
    assert!(answer.status == 2 && answer.err.contains("no rule is in force"), "{}", answer.err);
    repo.write(".bylaws/rules/short.rhai", "rule(\"short\", #{");
    assert_eq!(bylaws(&repo, &["test"]).status, 2);
}

#[test]
fn a_repository_without_a_policy_has_nothing_to_test() {
    let repo = Repo::new();
    let answer = bylaws(&repo, &["test"]);
    assert_eq!(answer.status, 2, "{}", answer.out);
    assert!(answer.err.contains("there is nothing to test: `recommended` has no tests"), "{}", answer.err);
}

#[test]
fn shipped_sets_are_tested_when_they_are_asked_for() {
    let repo = with_tests(RULE, "test(\"own\", || { assert_satisfied(\"short\", commit(#{})) });\n");
    repo.write(".bylaws/bylaws.toml", "extends = [\"recommended\"]\n");
    let count = |words: &[&str]| json(&repo, words)["passed"].as_u64().unwrap();
    let of_set = count(&["test", "--set", "recommended"]);
    assert!(of_set > 100, "{of_set}");
    assert_eq!(count(&["test"]), 1);
    assert_eq!(count(&["test", "--sets"]), of_set + 1);
    assert_eq!(json(&repo, &["test", "--set", "recommended", "--coverage"])["coverage"]["percent"], 100);
}

#[test]
fn a_folder_of_rules_is_tested_outside_of_any_repository() {
    let folder = Repo::empty_folder();
    folder.write("policy/bylaws.toml", "extends = []\n").write("policy/rules/short.rhai", RULE);
    folder.write("policy/tests/t.rhai", "test(\"own\", || { assert_satisfied(\"short\", commit(#{})) });\n");
    assert_eq!(bylaws(&folder, &["test", "--policy", "policy"]).status, 0);
    assert_eq!(bylaws(&folder, &["test", "--set", "recommended"]).status, 0);
    folder.write("policy/tests/u.rhai", "test(\"real\", || { commit_at(\"HEAD\") });\n");
    let answer = bylaws(&folder, &["test", "--policy", "policy"]);
    assert!(answer.status == 1 && answer.out.contains("the tests are run in none"), "{}", answer.out);
    let answer = bylaws(&folder, &["test"]);
    assert!(answer.status == 2 && answer.err.contains("not in a git repository"), "{}", answer.err);
}

#[test]
fn real_commits_are_facts_of_tests() {
    let repo = with_tests(
        RULE,
        r#"test("the first commit", || {
    let first = commit_at("HEAD~1");
    assert_violated("short", first);
    assert_eq(first.files.len, 3);
    assert_satisfied("short", commit_at("main"));
});
"#,
    );
    repo.commit("Add a rule and what it is tested by");
    repo.write("a", "a");
    repo.commit("Add a");
    assert_eq!(told(&repo, &["test"]), "passed: 1 test (TIME)\nexit 0");
}

/// A handler with everything in which statements hide, a named function, a library, and closures.
const HIDING: &str = r#"const LIMIT = 10;
fn is_long(text) {
    if text.len > global::LIMIT {
        return true;
    }
    false
}
let of_merges = |commit| { if commit.is_merge { finding("merge") } };
rule("hiding", #{
    title: "t", why: "w",
    commit: |commit| {
        let large = commit.files.filter(|file| { file.size > 10 });
        switch commit.subject {
            "a" => finding("a"),
            "b" => { finding("b"); }
            _ => is_long(commit.subject)
        };
        if words::tidy(commit.subject) == "x" {
            finding("x")
        } else if commit.subject.len == 3 {
            finding("three")
        }
        let word = if commit.subject == "c" { "see" } else { "other" };
        for file in large {
            if file.path == "z" {
                break;
            }
        }
        of_merges.call(commit);
    },
    file: |file| if file.size > 100 { finding("big") },
});
rule("lonely", #{ title: "t", why: "w", commit: |commit| () });
fn nobody_calls_this() { 1 }
"#;

const WORDS: &str = "fn tidy(text) {
    if text == \"\" { return \"nothing\"; }
    text.trim();
    text
}
fn nobody_calls_this_either(x) { x }
";

#[test]
fn coverage_names_every_statement_that_no_test_enters() {
    let tests = "test(\"one\", || {
    assert_satisfied(\"hiding\", commit(#{ subject: \"hello\" }));
});
";
    let repo = with_tests(HIDING, tests);
    repo.write(".bylaws/rules/lib/words.rhai", WORDS);
    insta::assert_snapshot!(told(&repo, &["test", "--coverage"]), @r#"
    coverage[hiding]: 13 statements not entered; no test shows it violated
      --> .bylaws/rules/lib/words.rhai:2:21: if text == "" { return "nothing"; } (in words::tidy)
      --> .bylaws/rules/short.rhai:4:9: return true; (in is_long)
      --> .bylaws/rules/short.rhai:8:49: let of_merges = |commit| { if commit.is_merge { finding("merge") } };
      --> .bylaws/rules/short.rhai:12:50: let large = commit.files.filter(|file| { file.size > 10 });
      --> .bylaws/rules/short.rhai:14:20: "a" => finding("a"),
      --> .bylaws/rules/short.rhai:15:22: "b" => { finding("b"); }
      --> .bylaws/rules/short.rhai:19:13: finding("x")
      --> .bylaws/rules/short.rhai:21:13: finding("three")
      --> .bylaws/rules/short.rhai:23:47: let word = if commit.subject == "c" { "see" } else { "other" };
      --> .bylaws/rules/short.rhai:25:13: if file.path == "z" {
      --> .bylaws/rules/short.rhai:26:17: break;
      --> .bylaws/rules/short.rhai:31:18: file: |file| if file.size > 100 { finding("big") },

    coverage[lonely]: 1 statement not entered; no test shows it satisfied or violated
      --> .bylaws/rules/short.rhai:33:58: rule("lonely", #{ title: "t", why: "w", commit: |commit| () });

    coverage: 53 % (16 of 30 statements in 2 rules)
    passed: 1 test (TIME)
    exit 0
    "#);
    let tests = "test(\"all\", || {
    for subject in [\"a\", \"b\", \"x\", \"abc\", \"\"] { assert_violated(\"hiding\", commit(#{ subject: subject, is_merge: true })); }
    assert_satisfied(\"hiding\", commit(#{ subject: \"c\" }));
    assert_satisfied(\"hiding\", commit(#{ subject: repeat(\"x\", 11) }));
    let large = [#{ path: \"a\", text: repeat(\"x\", 50) }, #{ path: \"z\", text: repeat(\"x\", 500) }];
    assert_violated(\"hiding\", commit(#{ subject: \"hello\", files: large }));
    assert_satisfied(\"lonely\", commit(#{}));
});
";
    repo.write(".bylaws/tests/short.rhai", tests);
    insta::assert_snapshot!(told(&repo, &["test", "--coverage"]), @r#"
    coverage[lonely]: no test shows it violated
      --> .bylaws/rules/short.rhai:33:1

    coverage: 100 % (30 of 30 statements in 2 rules)
    passed: 1 test (TIME)
    exit 0
    "#);
    let coverage = &json(&repo, &["test", "--coverage"])["coverage"];
    assert_eq!(coverage["percent"], 100);
    assert_eq!(coverage["statements"], coverage["entered"]);
    assert_eq!(coverage["rules"][1]["violated"], false);
}

#[test]
fn coverage_may_be_demanded() {
    let repo = with_tests(RULE, "test(\"short\", || { assert_satisfied(\"short\", commit(#{})) });\n");
    let missed = &json(&repo, &["test", "--coverage"])["coverage"]["rules"][0]["missed"];
    assert_eq!(missed[0]["file"], ".bylaws/rules/short.rhai");
    assert_eq!((&missed[0]["line"], &missed[0]["text"]), (&7.into(), &"return;".into()));
    assert_eq!(bylaws(&repo, &["test", "--coverage"]).status, 0, "it is no failure by itself");
    assert_eq!(bylaws(&repo, &["test", "--coverage-min", "50"]).status, 0);
    let answer = bylaws(&repo, &["test", "--coverage-min", "51"]);
    assert_eq!(answer.status, 1, "{}", answer.out);
    assert!(answer.out.contains("failed: less than 51 % of the statements are entered"), "{}", answer.out);
}

#[test]
fn junit_holds_a_case_for_each_test_and_other_formats_are_refused() {
    let tests = "test(\"fits\", || { assert_satisfied(\"short\", commit(#{})) });
test(\"<is> refused\", || {
    assert_violated(\"short\", commit(#{ subject: \"Add <it>\" }));
});
";
    let repo = with_tests(RULE, tests);
    let answer = bylaws(&repo, &["test", "--format", "junit", "--coverage"]);
    assert_eq!(answer.status, 1, "{}{}", answer.out, answer.err);
    let suite = junit_parser::from_reader(answer.out.as_bytes()).unwrap().suites.remove(0);
    assert_eq!((suite.name.as_str(), suite.tests, suite.failures), ("bylaws test", 2, 1));
    let failed = &suite.cases[1];
    assert_eq!(failed.original_name, "<is> refused");
    assert_eq!((failed.file.as_deref(), failed.line), (Some(".bylaws/tests/short.rhai"), Some(2)));
    assert_eq!(failed.status.failure_as_ref().message, "expected: rule `short` is violated; it is satisfied");
    for format in ["sarif", "github", "gitlab"] {
        let answer = bylaws(&repo, &["test", "--format", format]);
        assert_eq!((answer.status, answer.out.as_str()), (2, ""), "{format}: {}", answer.err);
        assert!(answer.err.contains(&format!("no output in the format `{format}`")), "{}", answer.err);
    }
}

#[test]
fn measuring_coverage_changes_no_result() {
    let repo = Repo::new();
    let plain = json(&repo, &["test", "--set", "recommended"]);
    let mut measured = json(&repo, &["test", "--set", "recommended", "--coverage"]);
    measured.as_object_mut().unwrap().remove("coverage");
    assert_eq!(plain, measured);
}

/// A repository with two rules and a history that they have something to say of.
fn with_history() -> Repo {
    let repo = with_tests(RULE, "");
    repo.write(
        ".bylaws/rules/no-tabs.rhai",
        r#"rule("no-tabs", #{
    title: "No tabs", why: "they look different everywhere", level: "hard-mandatory",
    files: ["*.c"],
    file: |file| for line in file.added_lines {
        if line.text.contains("\t") { file.finding("a tab is added", line.line) }
    },
});
"#,
    );
    repo.commit("Add the rules");
    repo.write("a.c", "int a;\n\tint b;\n\tint c;\n").write("b.c", "\tint d;\n");
    repo.commit("Add two files");
    repo.write("README", "\tread me\n");
    repo.commit("Add a file that is for people to read");
    repo.write("a.c", "int a;\n");
    repo.commit("Take the tabs out");
    repo.write("c.c", "\tint e;\n");
    repo.commit("Add a file with a long subject and a tab");
    repo
}

#[test]
fn replay_counts_shares_and_shows_the_newest() {
    let repo = with_history();
    insta::assert_snapshot!(told(&repo, &["replay"]), @r#"
    no-tabs (hard-mandatory): violated in 2 commits (40.0 %), 3 files (33.3 %)
      --> 7561abb c.c:1: a tab is added
      --> 623fd83 a.c:2: a tab is added

    short (soft-mandatory): violated in 2 commits (40.0 %)
      --> 7561abb "Add a file with a long subject and a tab": subject has 40 characters
      --> cf62847 "Add a file that is for people to read": subject has 37 characters

    would be denied: 3 commits (60.0 %)
    replayed: 5 commits, 9 files, 2 rules (TIME)
    exit 0
    "#);
    insta::assert_snapshot!(told(&repo, &["replay", "HEAD~1"]), @r#"
    found nothing: no-tabs, short

    would be denied: 0 commits (0.0 %)
    replayed: 1 commit, 1 file, 2 rules (TIME)
    exit 0
    "#);
    insta::assert_snapshot!(told(&repo, &["replay", "--rule", "no-tabs", "HEAD~3..HEAD", "-q"]), @r#"
    no-tabs (hard-mandatory): violated in 1 commit (33.3 %), 1 file (33.3 %)

    would be denied: 1 commit (33.3 %)
    replayed: 3 commits, 3 files, 1 rule (TIME)
    exit 0
    "#);
}

#[test]
fn replay_judges_as_a_check_does() {
    let repo = with_history();
    let check = json(&repo, &["check", "--all"]);
    let replay = json(&repo, &["replay", "--all"]);
    for key in ["commits", "files"] {
        assert_eq!(check["summary"][key], replay[key], "{key}");
    }
    for rule in replay["rules"].as_array().unwrap() {
        let found = check["findings"].as_array().unwrap().iter().filter(|one| one["rule"] == rule["rule"]);
        let commits: std::collections::BTreeSet<&str> =
            found.clone().map(|one| one["commit"].as_str().unwrap()).collect();
        assert_eq!(rule["commits"], commits.len(), "{rule}");
        let newest = &rule["examples"][0];
        assert!(found.into_iter().any(|one| one == newest), "{newest}");
    }
    assert_eq!(replay["denied"], 3, "{replay:#}");
    assert_eq!(json(&repo, &["replay"])["rules"][0]["commits"], replay["rules"][0]["commits"]);
}

#[test]
fn formats_of_findings_hold_all_that_a_replay_finds() {
    let repo = with_history();
    let answer = bylaws(&repo, &["replay", "--format", "sarif"]);
    assert_eq!(answer.status, 0, "{}", answer.err);
    let sarif: Value = serde_json::from_str(&answer.out).unwrap();
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), 6, "{sarif:#}");
    for format in ["junit", "github", "gitlab"] {
        let answer = bylaws(&repo, &["replay", "--format", format, "--rule", "no-tabs"]);
        assert_eq!(answer.status, 0, "{}", answer.err);
        assert!(
            answer.out.contains("a tab is added") && !answer.out.contains("subject has"),
            "{}",
            answer.out
        );
    }
    let answer = bylaws(&repo, &["replay", "--format", "sarif", "--compare", "HEAD"]);
    assert_eq!((answer.status, answer.out.as_str()), (2, ""));
    assert!(answer.err.contains("no output in the format `sarif`"), "{}", answer.err);
}

#[test]
fn a_rule_that_is_off_is_replayed_when_it_is_named() {
    let repo = with_history();
    repo.write(".bylaws/bylaws.toml", "extends = []\n[rules]\nno-tabs = \"off\"\n");
    let all = json(&repo, &["replay"]);
    assert_eq!(all["rules"].as_array().unwrap().len(), 1, "{all:#}");
    let named = json(&repo, &["replay", "--rule", "no-tabs"]);
    assert_eq!((&named["rules"][0]["rule"], &named["rules"][0]["commits"]), (&"no-tabs".into(), &2.into()));
    assert_eq!((&named["rules"][0]["level"], &named["denied"]), (&"off".into(), &0.into()));
    let answer = bylaws(&repo, &["replay", "--rule", "no-tbs"]);
    assert_eq!((answer.status, answer.out.as_str()), (2, ""));
    assert!(
        answer.err.contains("unknown rule `no-tbs`\n  = help: did you mean `no-tabs`?"),
        "{}",
        answer.err
    );
}

#[test]
fn waivers_and_baselines_count_as_they_would_be_decided() {
    let repo = with_history();
    let first = repo.git(&["rev-parse", "HEAD~2"]);
    repo.write(
        ".bylaws/bylaws.toml",
        format!(
            "extends = []\n[rules]\nshort = {{ baseline = \"{first}\" }}\n[[waiver]]\nrule = \"no-tabs\"\npaths = [\"c.c\"]\nuntil = 2999-01-01\nreason = \"generated\"\n"
        ),
    );
    insta::assert_snapshot!(told(&repo, &["replay"]), @r#"
    no-tabs (hard-mandatory): violated in 1 commit (20.0 %), 2 files (22.2 %), waived in 1 commit
      --> 7561abb c.c:1: waived: a tab is added
      --> 623fd83 a.c:2: a tab is added

    short (soft-mandatory): violated in 1 commit (20.0 %)
      --> 7561abb "Add a file with a long subject and a tab": subject has 40 characters

    would be denied: 2 commits (40.0 %)
    replayed: 5 commits, 9 files, 2 rules (TIME)
    exit 0
    "#);
}

#[test]
fn a_rule_that_cannot_judge_is_told_and_exits_with_2() {
    let repo = with_history();
    repo.write(
        ".bylaws/rules/short.rhai",
        "rule(\"short\", #{ title: \"t\", why: \"w\", commit: |c| if c.subject.len > 30 { c.sbject } });\n",
    );
    insta::assert_snapshot!(told(&repo, &["replay", "--rule", "short"]), @r#"
    short (soft-mandatory): cannot judge 2 commits (40.0 %)
      --> 7561abb "Add a file with a long subject and a tab": rule 'short' cannot run: unknown property `sbject` of a commit
          at .bylaws/rules/short.rhai:1:78 (did you mean `subject`?)
      --> cf62847 "Add a file that is for people to read": rule 'short' cannot run: unknown property `sbject` of a commit
          at .bylaws/rules/short.rhai:1:78 (did you mean `subject`?)

    would be denied: 0 commits (0.0 %); could not be decided: 2 commits (40.0 %)
    replayed: 5 commits, 0 files, 1 rule (TIME)
    exit 2
    "#);
}

#[test]
fn another_policy_judges_the_same_commits_and_what_differs_is_told() {
    let repo = with_history();
    repo.write(".bylaws/rules/short.rhai", RULE.replace("max: 20", "max: 38"));
    repo.write(".bylaws/bylaws.toml", "extends = []\n[rules]\nno-tabs = \"advisory\"\n");
    repo.write(
        ".bylaws/rules/is-told.rhai",
        "rule(\"is-told\", #{ title: \"t\", why: \"w\", commit: |c| if !c.subject.contains(\" a \") { finding(\"no article\") } });\n",
    );
    insta::assert_snapshot!(told(&repo, &["replay", "--compare", "HEAD"]), @r#"
    is-told (soft-mandatory, before: not in force): newly violated in 3 places, now in 3 commits (60.0 %)
      + 31e9837 "Take the tabs out": no article
      + 623fd83 "Add two files": no article
      + 7ac7032 "Add the rules": no article

    no-tabs (advisory, before: hard-mandatory): violated in 2 commits (40.0 %), 3 files (33.3 %)

    short (soft-mandatory): no longer violated in 1 place, now in 1 commit (20.0 %)
      - cf62847 "Add a file that is for people to read": subject has 37 characters

    would be denied: 4 commits (80.0 %)
    before: 3 commits (60.0 %)
    replayed: 5 commits, 9 files, 3 rules (TIME)
    exit 0
    "#);
    insta::assert_snapshot!(told(&repo, &["replay", "--compare", "HEAD", "--rule", "short"]), @r#"
    short (soft-mandatory): no longer violated in 1 place, now in 1 commit (20.0 %)
      - cf62847 "Add a file that is for people to read": subject has 37 characters

    would be denied: 1 commit (20.0 %)
    before: 2 commits (40.0 %)
    replayed: 5 commits, 0 files, 1 rule (TIME)
    exit 0
    "#);
    let both = json(&repo, &["replay", "--compare", "HEAD"]);
    assert_eq!((&both["rules"][0]["newly"], &both["against"]["denied"]), (&3.into(), &3.into()), "{both:#}");
    repo.commit("Change the rules");
    let same = json(&repo, &["replay", "--compare", "HEAD"]);
    for rule in same["rules"].as_array().unwrap() {
        assert_eq!((&rule["newly"], &rule["no-longer"]), (&0.into(), &0.into()), "{rule}");
    }
}

#[test]
fn people_are_those_of_the_policy_that_judges() {
    let repo = with_tests(
        "rule(\"short\", #{ title: \"t\", why: \"w\", commit: |c| if !c.author.known { finding(\"unknown\") } });\n",
        "",
    );
    repo.commit("Add a rule");
    repo.write(".bylaws/people.toml", "[people.ada]\nname = \"Ada\"\nemails = [\"ada@example.org\"]\n");
    let both = json(&repo, &["replay", "--compare", "HEAD"]);
    assert_eq!(
        (&both["rules"][0]["newly"], &both["rules"][0]["no-longer"]),
        (&0.into(), &1.into()),
        "{both:#}"
    );
}

#[test]
fn a_revision_without_a_policy_is_compared_with_the_built_in_one() {
    let repo = Repo::new();
    repo.write("a", "a\n");
    repo.commit("Add a");
    repo.write(".bylaws/bylaws.toml", "extends = []\n").write(".bylaws/rules/short.rhai", RULE);
    let answer = bylaws(&repo, &["replay", "--compare", "HEAD"]);
    assert_eq!(answer.status, 0, "{}{}", answer.out, answer.err);
    assert!(answer.err.contains("note: `HEAD` has no policy"), "{}", answer.err);
    assert!(answer.out.contains("subject-form (not in force, before: "), "{}", answer.out);
}

#[test]
fn what_cannot_be_replayed_exits_with_2_and_says_why() {
    let repo = with_history();
    let cases: [(&[&str], &str); 5] = [
        (&["replay", "nowhere..HEAD"], "`nowhere`"),
        (&["replay", "--compare", "nowhere"], "`nowhere`"),
        (&["replay", "--all", "HEAD"], "cannot be used with"),
        (&["replay", "--policy", "nowhere"], "nowhere"),
        (&["replay", "--rule"], "a value is required"),
    ];
    for (words, part) in cases {
        let answer = bylaws(&repo, words);
        assert_eq!((answer.status, answer.out.as_str()), (2, ""), "{words:?}: {}", answer.err);
        assert!(answer.err.contains(part), "{words:?}: {}", answer.err);
    }
    let empty = Repo::new();
    let answer = bylaws(&empty, &["replay"]);
    assert_eq!((answer.status, answer.out.as_str()), (0, ""));
    assert!(answer.err.contains("nothing to replay"), "{}", answer.err);
}

#[test]
fn a_long_replay_tells_the_same_whatever_thread_judged_and_keeps_to_the_newest() {
    let repo = Repo::new();
    let mut stream = String::new();
    for n in 1..=10_300 {
        let message = format!("Add number {n}{}", if n % 3 == 0 { "." } else { "" });
        stream += &format!(
            "commit refs/heads/main\ncommitter A <a@b.org> {} +0000\ndata {}\n{message}\nM 100644 inline f{}\ndata 4\nx {} \n",
            1_600_000_000 + n,
            message.len(),
            n % 50,
            n % 10,
        );
    }
    repo.git_with_input(&["fast-import", "--quiet"], stream.as_bytes());
    repo.git(&["reset", "-q", "--hard"]);
    repo.write(".bylaws/bylaws.toml", "extends = []\n").write(".bylaws/rules/short.rhai", RULE);
    repo.write(
        ".bylaws/rules/stops.rhai",
        "rule(\"stops\", #{ title: \"t\", why: \"w\", commit: |c| if c.subject.ends_with(\".\") { finding(c.subject) } });\n",
    );
    let settled = |words: &[&str]| {
        let mut replay = json(&repo, words);
        for rule in replay["rules"].as_array_mut().unwrap() {
            rule.as_object_mut().unwrap().remove("milliseconds");
        }
        replay
    };
    let first = settled(&["replay"]);
    assert_eq!((&first["commits"], &first["rules"][1]["commits"]), (&10_000.into(), &3_333.into()));
    let newest: Vec<&Value> =
        first["rules"][1]["examples"].as_array().unwrap().iter().map(|one| &one["message"]).collect();
    assert_eq!(newest, ["Add number 10299.", "Add number 10296.", "Add number 10293."]);
    for _ in 0..3 {
        assert_eq!(settled(&["replay"]), first);
    }
    assert_eq!(settled(&["replay", "--backend", "git2"]), first);
    assert_eq!(json(&repo, &["replay", "--all"])["commits"], 10_300);
    assert_eq!(json(&repo, &["replay", "HEAD~10100..HEAD"])["commits"], 10_100);
}

#[test]
fn a_mistake_that_no_test_meets_is_told_and_never_passes() {
    let rule =
        RULE.replace("if commit.is_merge {", "if commit.is_merge {\n            print_it(commit.sbject);");
    let repo = with_tests(
        &rule,
        "test(\"long\", || { assert_violated(\"short\", commit(#{ subject: repeat(\"x\", 30) })); });\n",
    );
    let answer = bylaws(&repo, &["test"]);
    assert_eq!(answer.status, 2, "{}{}", answer.out, answer.err);
    assert!(answer.out.contains("passed: 1 test"), "{}", answer.out);
    assert!(answer.err.contains("sbject") && answer.err.contains("did you mean `subject`"), "{}", answer.err);
    assert!(
        answer.err.contains("print_it") && answer.err.contains(".bylaws/rules/short.rhai:"),
        "{}",
        answer.err
    );
}

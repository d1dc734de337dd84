//! `bylaws check` as a whole: the binary on real repositories, its words, its JSON and its exit status.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod common;
#[path = "common/readme.rs"]
mod readme;

use std::process::{Command, Output, Stdio};

use common::{Repo, environment};

struct Answer {
    status: i32,
    out: String,
    err: String,
}

fn bylaws(repo: &Repo, words: &[&str]) -> Answer {
    let output = Command::new(env!("CARGO_BIN_EXE_bylaws"))
        .args(words)
        .current_dir(repo.path())
        .env_clear()
        .envs(environment())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    answer(&output)
}

fn shell(repo: &Repo, script: &str) -> Output {
    let mut command = Command::new("sh");
    command.args(["-c", script]).current_dir(repo.path()).env_clear().envs(environment());
    command.env("BYLAWS", env!("CARGO_BIN_EXE_bylaws")).output().unwrap()
}

fn answer(output: &Output) -> Answer {
    Answer {
        status: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout.clone()).unwrap(),
        err: String::from_utf8(output.stderr.clone()).unwrap(),
    }
}

fn json(repo: &Repo, words: &[&str]) -> serde_json::Value {
    let answer = bylaws(repo, &[words, &["--format", "json"]].concat());
    serde_json::from_str(&answer.out).unwrap_or_else(|_| panic!("no JSON: {} {}", answer.out, answer.err))
}

/// A repository whose policy is one script.
fn with_rule(script: &str) -> Repo {
    let repo = Repo::new();
    repo.write(".bylaws/bylaws.toml", "extends = []\n");
    repo.write(".bylaws/rules/own.rhai", script);
    repo.write("a.txt", "one\ntwo\n");
    repo.commit("Add the first file");
    repo
}

fn commit_rule(id: &str, body: &str) -> String {
    format!(
        "rule(\"{id}\", #{{ title: \"t\", why: \"w\", level: \"hard-mandatory\", commit: |commit| {{ {body} }} }});\n"
    )
}

fn messages(verdict: &serde_json::Value) -> Vec<String> {
    verdict["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["message"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_secret_is_named_by_rule_path_line_why_and_fix_and_never_repeated() {
    let repo = Repo::new();
    let secret = format!("AKIA{}", "Q7".repeat(8));
    repo.write("config/store.toml", format!("region = \"eu\"\nkey = \"{secret}\"\n"));
    repo.commit("Add the settings of the store");
    let answer = bylaws(&repo, &["check", "HEAD"]);
    assert_eq!(answer.status, 1, "{}", answer.out);
    for part in [
        "error[no-secrets]: an AWS access key is added",
        "config/store.toml:2",
        "= why: ",
        "= fix: ",
        "denied: 1 violation in 1 commit",
    ] {
        assert!(answer.out.contains(part), "{part} is missing:\n{}", answer.out);
    }
    assert!(!answer.out.contains(&secret));
    assert!(!bylaws(&repo, &["check", "HEAD", "--format", "json"]).out.contains(&secret));
}

#[test]
fn a_repository_without_a_policy_is_judged_by_the_recommended_rules() {
    let repo = Repo::new();
    repo.write("a.txt", "one\n");
    repo.commit("Add the first file");
    let verdict = json(&repo, &["check", "HEAD"]);
    assert_eq!(verdict["policy"]["source"], "recommended");
    assert_eq!(verdict["decision"], "allow", "{verdict:#}");
    assert!(verdict["summary"]["rules"].as_u64().unwrap() >= 15);
}

#[test]
fn every_finding_counts_returned_or_not() {
    let repo = with_rule(&commit_rule(
        "every-file",
        "for file in commit.files { finding(file.path) }
         if true { finding(\"first\") }
         if true { finding(\"second\") }",
    ));
    let verdict = json(&repo, &["check", "HEAD"]);
    assert_eq!(
        messages(&verdict),
        [".bylaws/bylaws.toml", ".bylaws/rules/own.rhai", "a.txt", "first", "second"]
    );
    assert_eq!(verdict["decision"], "deny");
}

#[test]
fn a_rule_that_cannot_run_is_located_and_blocks() {
    let cases = [
        ("endless-loop", "loop { }", "operations"),
        ("doubles-a-string", "let s = \"x\"; loop { s += s; }", "string"),
        ("recurses", "f(1)", "call"),
        ("misspelt", "commit.sbject", "subject"),
    ];
    for (id, body, word) in cases {
        let script = format!("fn f(n) {{ f(n + 1) }}\n{}", commit_rule(id, body));
        let repo = with_rule(&script);
        let answer = bylaws(&repo, &["check", "HEAD"]);
        assert_eq!(answer.status, 2, "{id}: {}{}", answer.out, answer.err);
        assert!(answer.out.contains(&format!("error[{id}]: rule '{id}' cannot run")), "{}", answer.out);
        assert!(answer.out.contains("--> .bylaws/rules/own.rhai:"), "{}", answer.out);
        assert!(answer.out.contains(word), "{word} is missing: {}", answer.out);
        assert!(answer.out.contains("could not decide: "), "{}", answer.out);
        let verdict = json(&repo, &["check", "HEAD"]);
        assert_eq!(verdict["decision"], "error");
        assert!(verdict["findings"][0]["place"].as_str().unwrap().starts_with(".bylaws/rules/own.rhai:"));
    }
}

#[test]
fn an_advisory_rule_that_cannot_run_is_told_and_does_not_block() {
    let script = commit_rule("advice", "commit.sbject").replace("hard-mandatory", "advisory");
    let answer = bylaws(&with_rule(&script), &["check", "HEAD"]);
    assert_eq!(answer.status, 0, "{}", answer.out);
    assert!(answer.out.contains("warning[advice]: rule 'advice' cannot run"), "{}", answer.out);
}

#[test]
fn what_cannot_be_judged_exits_with_2_and_says_why() {
    let repo = with_rule(&commit_rule("fine", ""));
    let cases: [(&[&str], &str); 6] = [
        (&["check", "no-such-branch..HEAD"], "no-such-branch"),
        (&["check", "HEAD..no-such-branch"], "no-such-branch"),
        (&["check", "--policy", "nowhere"], "nowhere"),
        (&["check", "--policy", "HEAD:nowhere"], "nowhere"),
        (&["check", "--message", "no-such-file"], "no-such-file"),
        (&["check", "--no-such-option"], "--no-such-option"),
    ];
    for (words, part) in cases {
        let answer = bylaws(&repo, words);
        assert_eq!(answer.status, 2, "{words:?}: {}{}", answer.out, answer.err);
        assert!(answer.err.contains(part), "{words:?}: {}", answer.err);
        assert!(!answer.out.contains("allowed"), "{}", answer.out);
    }
}

#[test]
fn a_folder_that_is_no_repository_exits_with_2() {
    let folder = Repo::empty_folder();
    for words in [["check", "HEAD"], ["rules", "-q"], ["doctor", "-q"], ["hook", "pre-commit"]] {
        let answer = bylaws(&folder, &words);
        assert_eq!(answer.status, 2, "{words:?}: {}{}", answer.out, answer.err);
        assert!(answer.err.contains("not in a git repository"), "{}", answer.err);
    }
}

#[test]
fn a_broken_policy_blocks_every_way_in() {
    let broken = [
        (".bylaws/bylaws.toml", "extends = [\n", "bylaws.toml:"),
        (".bylaws/bylaws.toml", "[rulse]\n", "did you mean `rules`?"),
        (".bylaws/bylaws.toml", "[rules]\nno-secret = \"off\"\n", "did you mean `no-secrets`?"),
        (".bylaws/rules/own.rhai", "rule(\"x\", #{", "own.rhai:"),
        (
            ".bylaws/rules/own.rhai",
            "rule(\"x\", #{ title: \"t\", why: \"w\", comit: |c| {} });",
            "did you mean `commit`?",
        ),
        (".bylaws/people.toml", "[people.ada]\nseniority = \"senor\"\n", "people.toml:"),
    ];
    for (path, text, part) in broken {
        let repo = Repo::new();
        repo.write("a.txt", "one\n");
        repo.commit("Add the first file");
        repo.write(path, text);
        repo.write("message", "Add a thing\n");
        for words in [
            &["check", "HEAD"][..],
            &["check", "--all"],
            &["rules"],
            &["hook", "pre-commit"],
            &["hook", "commit-msg", "message"],
        ] {
            let answer = bylaws(&repo, words);
            assert_eq!(answer.status, 2, "{path} {words:?}: {}{}", answer.out, answer.err);
            assert!(
                answer.err.starts_with("error: ") && answer.err.contains(part),
                "{path} {words:?}: {}",
                answer.err
            );
            assert_eq!(answer.out, "");
        }
    }
}

#[test]
fn no_rule_in_force_is_an_error() {
    let repo = Repo::new();
    repo.write(".bylaws/bylaws.toml", "extends = []\n");
    repo.commit("Add an empty policy");
    assert_eq!(bylaws(&repo, &["check", "HEAD"]).status, 2);
}

#[test]
fn nothing_to_check_says_so() {
    let origin = Repo::new();
    origin.write("a.txt", "one\n");
    origin.commit("Add the first file");
    let clone = Repo::clone_of(&origin, &[]);
    let answer = bylaws(&clone, &["check"]);
    assert_eq!((answer.status, answer.out.as_str()), (0, ""));
    assert!(answer.err.contains("nothing to check"), "{}", answer.err);
    clone.write("b.txt", "two\n");
    clone.commit("Add the second file");
    let verdict = json(&clone, &["check"]);
    assert_eq!(verdict["summary"]["commits"], 1);
    assert_eq!(verdict["changes"][0]["old"], origin.head());
    clone.stage("c.txt", "<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n");
    let staged = json(&clone, &["check"]);
    assert_eq!(staged["summary"]["commits"], 0);
    assert_eq!(staged["findings"][0]["path"], "c.txt");
}

#[test]
fn an_empty_repository_has_nothing_to_check_and_no_head() {
    let repo = Repo::new();
    assert_eq!(bylaws(&repo, &["check"]).status, 0);
    assert_eq!(bylaws(&repo, &["check", "--all"]).status, 0);
    assert_eq!(bylaws(&repo, &["check", "HEAD"]).status, 2);
    repo.stage("a.txt", "one  \n");
    let verdict = json(&repo, &["check", "--staged"]);
    assert_eq!(verdict["findings"][0]["rule"], "no-trailing-space", "{verdict:#}");
}

#[test]
fn a_message_is_judged_as_git_will_store_it() {
    let repo = Repo::new();
    repo.write("message", "Mend the sum of the cart\nno blank line\n");
    let answer = bylaws(&repo, &["check", "--message", "message"]);
    assert_eq!(answer.status, 1, "{}", answer.out);
    assert!(answer.out.contains("error[blank-second-line]"), "{}", answer.out);
    repo.write("message", "Mend the sum of the cart\n\n# a comment that an editor leaves\n");
    assert_eq!(bylaws(&repo, &["check", "--message", "message"]).status, 0);
}

#[test]
fn fixup_commits_may_stay_on_a_branch_and_not_enter_a_protected_one() {
    let repo = Repo::new();
    repo.write("a.txt", "one\n");
    repo.commit("Add the first file");
    repo.git(&["switch", "-q", "-c", "topic"]);
    repo.write("a.txt", "one\ntwo\n");
    repo.commit("fixup! Add the first file");
    repo.write("message", "fixup! Add the first file\n");
    assert_eq!(bylaws(&repo, &["check", "--message", "message"]).status, 0);
    assert_eq!(bylaws(&repo, &["check", "HEAD~1..topic"]).status, 0);
    assert_eq!(bylaws(&repo, &["check", "--onto", "main", "--remote", "."]).status, 1);
}

#[test]
fn a_waiver_overrides_and_an_expired_one_does_not() {
    let repo = Repo::new();
    let waiver = |until: &str| {
        format!(
            "[[waiver]]\nrule = \"no-conflict-markers\"\npaths = [\"a.txt\"]\nuntil = {until}\nreason = \"sample\"\n"
        )
    };
    repo.write("a.txt", "<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n");
    repo.write(".bylaws/bylaws.toml", waiver("2999-01-01"));
    repo.commit("Add a sample of a conflict");
    let verdict = json(&repo, &["check", "HEAD"]);
    assert_eq!(verdict["decision"], "allow", "{verdict:#}");
    assert!(verdict["summary"]["overridden"].as_u64().unwrap() >= 1);
    repo.write(".bylaws/bylaws.toml", waiver("2020-01-01"));
    let answer = bylaws(&repo, &["check", "HEAD"]);
    assert_eq!(answer.status, 1, "{}", answer.out);
    assert!(answer.err.contains("warning: "), "an expired waiver is told: {}", answer.err);
}

#[test]
fn a_baseline_frees_what_it_reaches_and_nothing_after() {
    let repo = Repo::new();
    repo.write("a.txt", "one\n");
    let first = repo.commit("old and bad");
    repo.write("a.txt", "two\n");
    repo.commit("new and bad");
    repo.write(
        ".bylaws/bylaws.toml",
        format!("extends = []\n[rules]\nno-bad = {{ level = \"hard-mandatory\", baseline = \"{first}\" }}\n"),
    );
    repo.write(
        ".bylaws/rules/no-bad.rhai",
        "rule(\"no-bad\", #{ title: \"t\", why: \"w\", commit: |c| if c.subject.contains(\"bad\") { finding(c.subject) } });\n",
    );
    assert_eq!(messages(&json(&repo, &["check", "--all"])), ["new and bad"]);
}

#[test]
fn both_ways_of_reading_git_give_the_same_findings() {
    let repo = Repo::new();
    for n in 0..40 {
        repo.write(&format!("dir{}/file{}.txt", n % 3, n % 7), format!("line {n}  \nend {n}"));
        repo.commit(&format!("Add number {n}{}", if n % 5 == 0 { "." } else { "" }));
        if n % 10 == 9 {
            repo.git(&["switch", "-q", "-c", &format!("side{n}"), "HEAD~2"]);
            repo.write(&format!("side{n}.txt"), "<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n");
            repo.commit("WIP on the side");
            repo.git(&["switch", "-q", "main"]);
            repo.merge(&[&format!("side{n}")], "Merge the side");
        }
    }
    let in_process = bylaws(&repo, &["check", "--all", "--format", "json", "--backend", "git2"]);
    let plumbing = bylaws(&repo, &["check", "--all", "--format", "json", "--backend", "git"]);
    assert!(in_process.out.matches("\"rule\"").count() > 40, "{}", in_process.out);
    assert_eq!(in_process.out, plumbing.out);
    assert_eq!(in_process.status, plumbing.status);
}

#[test]
fn a_long_range_gives_the_same_whatever_thread_judged_it() {
    let repo = Repo::new();
    let mut stream = String::new();
    for n in 1..=1200 {
        let message = format!("Add number {n}{}", if n % 3 == 0 { "." } else { "" });
        stream += &format!(
            "commit refs/heads/main\ncommitter A <a@b.org> {} +0000\ndata {}\n{message}\nM 100644 inline f{}\ndata 3\nx {}\n",
            1_600_000_000 + n,
            message.len(),
            n % 50,
            n % 10,
        );
    }
    repo.git_with_input(&["fast-import", "--quiet"], stream.as_bytes());
    repo.git(&["reset", "-q", "--hard"]);
    let first = bylaws(&repo, &["check", "--all", "--format", "json"]);
    assert!(first.out.contains("\"commits\": 1200"), "{}", first.out);
    for _ in 0..3 {
        assert_eq!(bylaws(&repo, &["check", "--all", "--format", "json"]).out, first.out);
    }
    let in_process = bylaws(&repo, &["check", "--all", "--format", "json", "--backend", "git2"]);
    assert_eq!(in_process.out, first.out);
}

#[test]
fn a_message_that_is_no_utf8_is_judged() {
    let repo = Repo::new();
    repo.write("a.txt", "one\n");
    repo.git(&["add", "."]);
    let tree = repo.git(&["write-tree"]).trim().to_owned();
    let raw = [
        format!(
            "tree {tree}\nauthor A <a@b.org> 1600000000 +0000\ncommitter A <a@b.org> 1600000000 +0000\n\n"
        )
        .as_bytes(),
        b"caf\xe9 \xff.\n",
    ]
    .concat();
    let id = repo.object("commit", &raw);
    let verdict = json(&repo, &["check", id.trim()]);
    assert_eq!(verdict["findings"][0]["rule"], "subject-form", "{verdict:#}");
}

#[test]
fn a_closed_pipe_is_no_allowed() {
    let repo = Repo::new();
    repo.write("a.txt", "one\n");
    repo.commit("Add the first file");
    // The reader is gone before anything is written.
    let output = shell(&repo, "exec 3>&1; { sleep 0.3; \"$BYLAWS\" check HEAD; echo $? >&3; } | true");
    assert_eq!(answer(&output).out.trim(), "2");
    if std::path::Path::new("/dev/full").exists() {
        let output = shell(&repo, "\"$BYLAWS\" check HEAD >/dev/full; echo $?");
        assert_eq!(answer(&output).out.trim(), "2");
        assert!(answer(&output).err.contains("error: "));
    }
}

#[test]
fn text_from_a_repository_cannot_paint_the_terminal() {
    let repo = Repo::new();
    repo.write("a.txt", "one\n");
    repo.commit("Add \u{1b}[2Ja screen\u{202e} that is wiped.");
    let answer = bylaws(&repo, &["check", "HEAD"]);
    assert!(answer.out.contains("subject-form"), "{}", answer.out);
    assert!(!answer.out.contains('\u{1b}') && !answer.out.contains('\u{202e}'), "{}", answer.out);
}

#[test]
fn the_policy_of_a_revision_can_judge() {
    let repo = with_rule(&commit_rule("always", "finding(\"always\")"));
    repo.git(&["rm", "-qr", ".bylaws"]);
    repo.commit_staged("Take the policy out");
    assert_eq!(bylaws(&repo, &["check", "HEAD", "--policy", "HEAD~1:.bylaws"]).status, 1);
    assert_eq!(bylaws(&repo, &["check", "HEAD"]).status, 0);
}

#[test]
fn a_classifier_may_raise_the_impact_of_a_change() {
    let repo = with_rule(&format!(
        "{}classify(\"big\", #{{ title: \"t\", why: \"w\", change: |change| if change.commits.len > 1 {{ \"major\" }} }});\n",
        commit_rule("fine", "")
    ));
    for n in 0..2 {
        repo.write("b.txt", format!("{n}\n"));
        repo.commit("Change a thing");
    }
    assert_eq!(json(&repo, &["check", "HEAD~1..main"])["changes"][0]["impact"], "minor");
    assert_eq!(json(&repo, &["check", "HEAD~2..main"])["changes"][0]["impact"], "major");
}

/// What a newcomer copies has to work: the README's rules and its `bylaws.toml`, as written.
#[test]
fn the_examples_of_the_readme_work() {
    let readme = include_str!("../README.md");
    let block = |language: &str, n: usize| {
        let opening = format!("```{language}\n");
        readme.split(opening.as_str()).nth(n + 1).unwrap().split("```").next().unwrap().to_owned()
    };
    let repo = Repo::new();
    repo.write(".bylaws/bylaws.toml", block("toml", 0));
    repo.write(".bylaws/rules/ticket.rhai", block("rhai", 0));
    repo.write(".bylaws/rules/todo.rhai", block("rhai", 1));
    repo.write("src/cart.c", "int sum;\n/* TODO: tax */\n");
    repo.commit("Add the sum of the cart");
    let verdict = json(&repo, &["check", "HEAD"]);
    assert_eq!(messages(&verdict), ["no ticket is named", "a TODO is added"], "{verdict:#}");
    assert_eq!(verdict["findings"][1]["line"], 2);
    repo.write("src/cart.c", "int sum;\n/* TODO: tax */\nint tax;\n");
    repo.commit("SHOP-12 Add the tax");
    assert_eq!(json(&repo, &["check", "HEAD"])["decision"], "allow");
}

/// A branch on top of what the remote has: a secret, a bad subject, advice.
fn branch_with_findings() -> (Repo, String) {
    let origin = Repo::new();
    origin.write("a.txt", "one\n");
    origin.commit("Add the first file");
    let clone = Repo::clone_of(&origin, &[]);
    clone.git(&["switch", "-q", "-c", "topic"]);
    let secret = format!("AKIA{}", "Q7".repeat(8));
    clone.write("store.toml", format!("key = \"{secret}\"\n"));
    clone.commit("Add the settings of the store.");
    (clone, secret)
}

#[test]
fn every_format_tells_of_every_finding_and_of_no_secret() {
    let (repo, secret) = branch_with_findings();
    let parts = [
        ("human", ["no-secrets", "subject-form", "store.toml:1"]),
        ("json", ["no-secrets", "subject-form", "store.toml"]),
        ("sarif", ["no-secrets", "subject-form", "store.toml"]),
        ("junit", ["no-secrets: store.toml:1", "subject-form: commit", "file=\"store.toml\""]),
        ("github", ["title=no-secrets::", "title=subject-form (commit", "::error file=store.toml,line=1,"]),
        ("gitlab", ["no-secrets", "subject-form", "store.toml"]),
    ];
    for (format, parts) in parts {
        let answer = bylaws(&repo, &["check", "origin/main..HEAD", "--format", format]);
        assert_eq!(answer.status, 1, "{format}: {}{}", answer.out, answer.err);
        assert!(!answer.out.contains(&secret), "{format}: {}", answer.out);
        for part in parts {
            assert!(answer.out.contains(part), "{format}: {part} is missing:\n{}", answer.out);
        }
    }
}

#[test]
fn reports_of_a_draft_and_of_what_is_staged_have_every_format() {
    let repo = Repo::new();
    repo.stage("a.txt", "<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n");
    repo.write("message", "Mend the sum of the cart\nno blank line\n");
    for format in ["human", "json", "sarif", "junit", "github", "gitlab"] {
        let staged = bylaws(&repo, &["check", "--staged", "--format", format]);
        assert!(staged.status == 1 && staged.out.contains("a.txt"), "{format}: {}{}", staged.out, staged.err);
        let message = bylaws(&repo, &["check", "--message", "message", "--format", format]);
        assert!(
            message.status == 1 && message.out.contains("blank-second-line"),
            "{format}: {}",
            message.out
        );
    }
}

#[test]
fn a_report_on_nothing_can_be_read_too() {
    let origin = Repo::new();
    origin.write(".bylaws/bylaws.toml", "");
    let first = origin.commit("Add an empty policy");
    let baseline = format!("[rules]\nsubject-form = {{ baseline = \"{first}\" }}\n");
    origin.write(".bylaws/bylaws.toml", baseline);
    origin.commit("Judge from here on");
    let clone = Repo::clone_of(&origin, &[]);
    for backend in ["git2", "git"] {
        for (format, part) in [
            ("json", "\"decision\": \"allow\""),
            ("sarif", "\"results\": []"),
            ("junit", "failures=\"0\""),
            ("github", "allowed: "),
            ("gitlab", "[]"),
        ] {
            let answer = bylaws(&clone, &["check", "--format", format, "--backend", backend]);
            assert_eq!(answer.status, 0, "{format}: {}", answer.err);
            assert!(answer.out.contains(part), "{format}: {}", answer.out);
            assert!(answer.err.contains("nothing to check"), "{}", answer.err);
        }
    }
}

#[test]
fn a_format_that_a_command_does_not_have_is_refused() {
    let repo = Repo::new();
    repo.write("a.txt", "one\n");
    repo.commit("Add the first file");
    let cases: [(&[&str], &str); 6] = [
        (&["rules", "--format", "sarif"], "it has `human` and `json`"),
        (&["doctor", "--format", "junit"], "it has `human` and `json`"),
        (&["init", "--format", "json"], "it has `human`"),
        (&["schema", "--format", "gitlab"], "it has `human`"),
        (&["completions", "bash", "--format", "github"], "it has `human`"),
        (&["check", "--format", "xml"], "possible values: human, json, sarif, junit, github, gitlab"),
    ];
    for (words, help) in cases {
        let answer = bylaws(&repo, words);
        assert_eq!((answer.status, answer.out.as_str()), (2, ""), "{words:?}: {}", answer.err);
        assert!(answer.err.starts_with("error: ") && answer.err.contains(help), "{words:?}: {}", answer.err);
    }
}

#[test]
fn editors_get_schemas_and_definitions() {
    let folder = Repo::empty_folder();
    let bylaws_toml = bylaws(&folder, &["schema"]);
    assert!(bylaws_toml.out.contains("\"title\": \"bylaws.toml\""), "{}", bylaws_toml.err);
    assert!(bylaws(&folder, &["schema", "server"]).out.contains("\"title\": \"server.toml\""));
    assert_eq!(bylaws(&folder, &["schema", "waivers"]).status, 2);
    let wrote = bylaws(&folder, &["schema", "-o", "editor/schema"]);
    assert_eq!(wrote.out.lines().count(), 3, "{}{}", wrote.out, wrote.err);
    let written = std::fs::read_to_string(folder.path().join("editor/schema/bylaws.schema.json")).unwrap();
    assert_eq!(written, bylaws_toml.out);
    let printed = bylaws(&folder, &["definitions"]).out;
    assert!(
        printed.contains("module static;") && printed.contains("fn get subject(commit: commit) -> string;")
    );
    assert_eq!(bylaws(&folder, &["definitions", "-o", "editor"]).status, 0);
    assert_eq!(std::fs::read_to_string(folder.path().join("editor/bylaws.d.rhai")).unwrap(), printed);
    assert_eq!(bylaws(&folder, &["definitions", "-o", "/dev/null/x"]).status, 2);
}

/// The commands of the CI files in the README, as a CI server would run them.
#[test]
fn the_ci_files_of_the_readme_work() {
    let (repo, _) = branch_with_findings();
    let base = repo.git(&["rev-parse", "origin/main"]);
    let bin = std::path::Path::new(env!("CARGO_BIN_EXE_bylaws")).parent().unwrap().display().to_string();
    let run = |command: &str| {
        let prelude = format!(
            "PATH='{bin}':$PATH GITHUB_BASE_REF=main CI_MERGE_REQUEST_DIFF_BASE_SHA={base}; export PATH\nset -e\n"
        );
        answer(&shell(&repo, &(prelude + command)))
    };
    let github = readme::commands(".github/workflows/bylaws.yml");
    let [annotate, scan] = github.as_slice() else { panic!("{github:?}") };
    let annotated = run(annotate);
    assert_eq!(annotated.status, 1, "{}", annotated.err);
    assert!(annotated.out.starts_with("::"), "{}", annotated.out);
    assert!(annotated.out.contains("::error file=store.toml,line=1,"), "{}", annotated.out);
    assert_eq!(run(scan).status, 0, "{}", run(scan).err);
    let gitlab = readme::commands(".gitlab-ci.yml");
    let [quality, junit, last] = gitlab.as_slice() else { panic!("{gitlab:?}") };
    assert_eq!((run(quality).status, run(junit).status, run(last).status), (0, 0, 1));
    for (file, part) in [
        ("bylaws.sarif", "\"executionSuccessful\": true"),
        ("gl-code-quality.json", "\"severity\": \"blocker\""),
        ("bylaws.xml", "<failure "),
    ] {
        let text = std::fs::read_to_string(repo.path().join(file)).unwrap();
        assert!(text.contains(part), "{file}: {text}");
        let shown = [".github/workflows/bylaws.yml", ".gitlab-ci.yml"].map(readme::file).concat();
        assert!(shown.contains(&format!(": {file}\n")), "{file} is not picked up");
    }
}

//! A policy is the same wherever it is read from, and what looks like a part of it is never passed over.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod common;

use std::path::Path;

use bylaws::config::{PolicyFile, PolicySource, REQUIRED_REF, load, load_if_present, required_files};
use bylaws::facts::RefName;
use bylaws::git::{Backend, Repository};
use common::Repo;

/// 2026-07-01T00:00:00Z.
const NOW: i64 = 1_782_864_000;

const RULE: &str = "rule(\"own\", #{ title: \"t\", why: \"w\", commit: |commit| { } });\n";

fn with_policy() -> Repo {
    let repo = Repo::new();
    repo.write(".bylaws/bylaws.toml", "extends = []\n");
    repo.write(".bylaws/people.toml", "[people.ada]\nemails = [\"ada@example.org\"]\n");
    repo.write(".bylaws/rules/own.rhai", RULE);
    repo.write(".bylaws/tests/own.rhai", "// none yet\n");
    repo.write(".bylaws/README.md", "read me\n");
    repo.git(&["add", "-A"]);
    repo.git(&["commit", "-q", "-m", "Govern this"]);
    repo
}

fn open(repo: &Repo, backend: Backend) -> Repository {
    Repository::open(&repo.location(), backend).unwrap()
}

/// Everything that is wrong with the policy at `HEAD`, by both backends.
fn said(repo: &Repo) -> String {
    let said = [Backend::Git2, Backend::Plumbing].map(|backend| {
        let repository = open(repo, backend);
        let head = repository.resolve("HEAD").unwrap();
        let source = PolicySource::Tree(&repository, head, ".bylaws".to_owned(), "HEAD:.bylaws".to_owned());
        match load_if_present(source, NOW) {
            Ok(Some(loaded)) => format!("{} rules", loaded.policy.rules().count()),
            Ok(None) => "none".to_owned(),
            Err(mistakes) => mistakes.to_string(),
        }
    });
    assert_eq!(said[0], said[1]);
    said[0].clone()
}

#[test]
fn a_tree_is_the_same_policy_as_the_folder() {
    let repo = with_policy();
    let folder = repo.path().join(".bylaws");
    let on_disk = load(PolicySource::Folder(&folder, ".bylaws".to_owned()), NOW).unwrap();
    for backend in [Backend::Git2, Backend::Plumbing] {
        let repository = open(&repo, backend);
        let head = repository.resolve("HEAD").unwrap();
        let source = PolicySource::Tree(&repository, head, ".bylaws".to_owned(), "HEAD:.bylaws".to_owned());
        let in_history = load(source, NOW).unwrap();
        assert_eq!(in_history.name.digest, on_disk.name.digest);
        assert_eq!(in_history.name.source, "HEAD:.bylaws");
        assert_eq!(in_history.tests.len(), 1);
        assert!(in_history.people.by_email("Ada@Example.org").is_some());
    }
}

#[test]
fn mistakes_in_history_are_located_too() {
    let repo = with_policy();
    repo.write(".bylaws/bylaws.toml", "extends = []\n[rules]\nonw = \"off\"\n");
    repo.git(&["commit", "-q", "-a", "-m", "Misspell it"]);
    assert_eq!(
        said(&repo),
        "error: unknown rule `onw`\n  --> HEAD:.bylaws/bylaws.toml:3:1\n  = help: did you mean `own`?"
    );
}

#[test]
fn a_commit_without_the_folder_has_no_policy() {
    let repo = Repo::new();
    repo.git(&["commit", "-q", "--allow-empty", "-m", "Begin"]);
    assert_eq!(said(&repo), "none");
    repo.write(".bylaws", "a file in its place\n");
    repo.git(&["add", "-A"]);
    repo.git(&["commit", "-q", "-m", "Put a file there"]);
    assert_eq!(said(&repo), "error: this is no folder\n  --> HEAD:.bylaws");
}

#[cfg(unix)]
#[test]
fn links_in_a_tree_are_no_part_of_a_policy() {
    for name in ["bylaws.toml", "people.toml", "rules", "tests"] {
        let repo = with_policy();
        repo.git(&["rm", "-q", "-r", &format!(".bylaws/{name}")]);
        std::os::unix::fs::symlink("../elsewhere", repo.path().join(".bylaws").join(name)).unwrap();
        repo.git(&["add", "-A"]);
        repo.git(&["commit", "-q", "-m", "Link it"]);
        let expected = format!(
            "error: a symbolic link or submodule cannot be part of a policy\n  --> HEAD:.bylaws/{name}\n  = help: put \
             the file itself here"
        );
        assert!(said(&repo).contains(&expected), "{}", said(&repo));
    }
}

/// What an operator requires of every repository.
const REQUIRED: &[(&str, &str)] = &[
    (
        "bylaws.toml",
        "[rules]\nsubject-length = { level = \"hard-mandatory\", max = 10 }\n\
         [environments.production]\nrefs = [\"main\"]\n[requirements.production]\nmajor = {}\n",
    ),
    (
        "rules/no-todo.rhai",
        "rule(\"no-todo\", #{ title: \"t\", why: \"w\", level: \"hard-mandatory\", environments: [\"production\"],\n    \
         commit: |commit| { if commit.subject == \"todo\" { \"todo\" } } });\n",
    ),
    ("rules/lib/deep.rhai", "fn one() { 1 }\n"),
    ("tests/no-todo.rhai", "// none yet\n"),
    ("README.md", "read me\n"),
];

fn reference() -> RefName {
    RefName::new(REQUIRED_REF).unwrap()
}

fn required_folder(folder: &Path) -> Vec<PolicyFile> {
    for (path, text) in REQUIRED {
        let file = folder.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    required_files(folder, "/etc/bylaws/org").unwrap()
}

fn publish(repo: &Repo, files: &[PolicyFile]) -> bool {
    open(repo, Backend::Auto).publish(&reference(), ".bylaws", files, "Required\n").unwrap()
}

/// A repository with such a policy of its own, on a server with the other.
fn governed(own: &str) -> Repo {
    let repo = Repo::new();
    publish(&repo, &required_folder(&repo.beside("org")));
    repo.write(".bylaws/bylaws.toml", own);
    repo.commit("begin");
    repo
}

/// What the program says in JSON, and its exit status.
fn told(repo: &Repo, words: &[&str]) -> (i32, serde_json::Value) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_bylaws"))
        .args(words)
        .args(["--format", "json"])
        .current_dir(repo.path())
        .env_clear()
        .envs(common::environment())
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let json = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{words:?}: {said}"));
    (output.status.code().unwrap(), json)
}

/// Rule, level and state of what is found.
fn found(told: &serde_json::Value) -> Vec<String> {
    let of = |one: &serde_json::Value| {
        let word = |key: &str| one[key].as_str().unwrap().to_owned();
        format!("{} {} {}", word("rule"), word("level"), word("state"))
    };
    told["findings"].as_array().unwrap().iter().map(of).collect()
}

#[test]
fn what_is_published_is_what_judges_and_the_same_everywhere() {
    let mut ids = Vec::new();
    for words in [&[][..], &["--bare"], &["--object-format=sha256"], &["--ref-format=reftable"]] {
        let repo = Repo::init(words);
        let folder = repo.beside("org");
        let files = required_folder(&folder);
        assert!(publish(&repo, &files));
        assert!(!publish(&repo, &files), "{words:?}: it is there already");
        assert_eq!(repo.git(&["rev-list", "--count", REQUIRED_REF]), "1");
        repo.git(&["fsck", "--strict", "--no-dangling"]);

        let repository = open(&repo, Backend::Auto);
        let commit = repository.reference(&reference()).unwrap().unwrap();
        let source =
            PolicySource::Tree(&repository, commit, ".bylaws".to_owned(), format!("{REQUIRED_REF}:.bylaws"));
        let published = load(source, NOW).unwrap();
        let on_disk = load(PolicySource::Folder(&folder, "org".to_owned()), NOW).unwrap();
        assert_eq!(published.name.digest, on_disk.name.digest);
        assert_eq!(published.tests.len(), 1);
        ids.push(commit.to_string());

        repo.git(&["pack-refs", "--all"]);
        assert!(!publish(&repo, &files), "{words:?}: packed, it is there still");
        assert!(publish(&repo, &files[..2]), "{words:?}: fewer files are others");
        assert!(publish(&repo, &files));
        assert_eq!(repo.git(&["rev-parse", REQUIRED_REF]), ids[ids.len() - 1]);
        assert!(repository.withdraw(&reference()).unwrap());
        assert!(!repository.withdraw(&reference()).unwrap());
        assert_eq!(repository.reference(&reference()).unwrap(), None);
    }
    assert_eq!((&ids[0], &ids[0]), (&ids[1], &ids[3]));
    assert_eq!(ids[2].len(), 64);
}

#[test]
fn many_may_publish_at_once() {
    let repo = Repo::init(&["--bare"]);
    let files = required_folder(&repo.beside("org"));
    let location = repo.location();
    let moved: usize = std::thread::scope(|scope| {
        let publish = || {
            let repository = Repository::open(&location, Backend::Auto).unwrap();
            usize::from(repository.publish(&reference(), ".bylaws", &files, "Required\n").unwrap())
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(publish)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(moved, 1);
    assert_eq!(repo.git(&["for-each-ref", "--format=%(refname)"]), REQUIRED_REF);
}

#[test]
fn only_what_can_be_a_policy_is_published() {
    let repo = Repo::new();
    let folder = repo.beside("org");
    let paths: Vec<String> = required_folder(&folder).into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["bylaws.toml", "rules/lib/deep.rhai", "rules/no-todo.rhai", "tests/no-todo.rhai"]);
    std::fs::write(folder.join("bylaw.toml"), "").unwrap();
    let said = required_files(&folder, "/etc/bylaws/org").unwrap_err().to_string();
    assert!(said.contains("--> /etc/bylaws/org/bylaw.toml\n  = help: did you mean `bylaws.toml`?"), "{said}");
    let said = required_files(&repo.beside("nowhere"), "/etc/bylaws/org").unwrap_err().to_string();
    assert!(said.starts_with("error: the operator's policy is not there\n  --> /etc/bylaws/org"), "{said}");
}

#[test]
fn a_clone_judges_by_what_is_required_whatever_it_says_itself() {
    let waived =
        "[[waiver]]\nrule = \"subject-length\"\npaths = [\"**\"]\nuntil = 2999-01-01\nreason = \"no\"\n";
    for own in [
        "extends = []\n".to_owned(),
        "[rules]\nsubject-length = \"off\"\n".to_owned(),
        "except = [\"**\"]\n[rules]\nsubject-length = { level = \"advisory\", max = 10 }\n".to_owned(),
        format!("[rules]\nsubject-length = {{ level = \"advisory\", max = 10 }}\n{waived}"),
    ] {
        let repo = governed(&own);
        repo.write("a", "1\n").commit("eleven long");
        let (status, verdict) = told(&repo, &["check", "HEAD"]);
        // The same finding of both is told once, as the operator weighs it.
        assert_eq!(found(&verdict), ["subject-length hard-mandatory violated"], "{own}");
        assert_eq!(status, 1);
        assert_eq!(verdict["policy"]["source"], ".bylaws and refs/bylaws/required:.bylaws");
        repo.git(&["pack-refs", "--all"]);
        assert_eq!(told(&repo, &["check", "HEAD"]).0, 1);
        if own.starts_with("extends") {
            // Alone it has no rule.
            continue;
        }
        // Whoever names a policy gets that one alone.
        assert_eq!(told(&repo, &["check", "--policy", "HEAD:.bylaws", "HEAD"]).0, 0);
        repo.git(&["update-ref", "-d", REQUIRED_REF]);
        assert_eq!(told(&repo, &["check", "HEAD"]).0, 0, "{own}");
    }
}

#[test]
fn the_stricter_of_two_levels_stays_and_waivers_are_of_one_policy_alone() {
    let repo = governed("[rules]\nsubject-length = { level = \"hard-mandatory\", max = 10 }\n");
    let mut files = required_folder(&repo.beside("org"));
    let bylaws = "[rules]\nsubject-length = { level = \"advisory\", max = 10 }\n\
         [[waiver]]\nrule = \"subject-length\"\npaths = [\"**\"]\nuntil = 2999-01-01\nreason = \"no\"\n\
         [environments.production]\nrefs = [\"main\"]\n[requirements.production]\nmajor = {}\n";
    files[0].1 = bylaws.as_bytes().to_vec();
    publish(&repo, &files);
    repo.write("a", "1\n").commit("eleven long");
    let (status, verdict) = told(&repo, &["check", "HEAD"]);
    assert_eq!(found(&verdict), ["subject-length hard-mandatory violated"]);
    assert_eq!(status, 1);
}

#[test]
fn an_environment_of_another_name_hides_nothing() {
    let repo = governed("[environments.aaa]\nrefs = [\"main\"]\n[requirements.aaa]\nmajor = {}\n");
    repo.write("a", "1\n").commit("todo");
    let (_, verdict) = told(&repo, &["check", "HEAD~1..HEAD"]);
    assert_eq!(found(&verdict), ["no-todo hard-mandatory violated"]);
    assert_eq!(verdict["changes"][0]["environment"], "production");
}

#[test]
fn without_a_policy_of_its_own_a_clone_is_judged_by_what_is_required() {
    let repo = governed("extends = []\n");
    repo.remove(".bylaws/bylaws.toml").commit("eleven long");
    std::fs::remove_dir_all(repo.path().join(".bylaws")).ok();
    let (_, verdict) = told(&repo, &["check", "HEAD"]);
    assert_eq!(found(&verdict), ["subject-length hard-mandatory violated"]);
    assert_eq!(verdict["policy"]["source"], "refs/bylaws/required:.bylaws");
}

#[test]
fn each_rule_says_whose_it_is() {
    let repo = governed("[rules]\nsubject-length = \"off\"\n");
    let (_, listed) = told(&repo, &["rules"]);
    let of = |required: bool| {
        let rules = listed["rules"].as_array().unwrap().iter();
        let ids = rules.filter(|one| one["required"] == required).map(|one| one["id"].as_str().unwrap());
        ids.map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(of(true).contains(&"no-todo".to_owned()) && of(true).contains(&"subject-length".to_owned()));
    assert!(!of(false).is_empty() && !of(false).contains(&"subject-length".to_owned()));
    let (_, one) = told(&repo, &["rules", "subject-length"]);
    let rules = one["rules"].as_array().unwrap();
    assert_eq!(
        rules.iter().map(|one| one["level"].as_str().unwrap()).collect::<Vec<_>>(),
        ["hard-mandatory", "off"]
    );
}

#[test]
fn hooks_judge_by_it_too() {
    let repo = governed("extends = []\n");
    repo.write("message", "eleven long\n");
    let hook = |words: &[&str], input: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_bylaws"));
        command.arg("hook").args(words).current_dir(repo.path()).env_clear().envs(common::environment());
        let mut child =
            command.stdin(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (status, said) = hook(&["commit-msg", "message"], "");
    assert!(status == 1 && said.contains("subject-length"), "{said}");
    let new = repo.write("a", "1\n").commit("eleven long");
    let line = format!("refs/heads/main {new} refs/heads/main {}\n", "0".repeat(40));
    let (status, said) = hook(&["pre-push", "origin", "url"], &line);
    assert!(status == 1 && said.contains("subject-length"), "{said}");
    // A policy that cannot be read blocks, though the repository's own can.
    let mut files = required_folder(&repo.beside("org"));
    files[0].1 = b"extnds = []\n".to_vec();
    publish(&repo, &files);
    let (status, said) = hook(&["commit-msg", "message"], "");
    assert!(status == 2 && said.contains("--> refs/bylaws/required:.bylaws/bylaws.toml:1:1"), "{said}");
}

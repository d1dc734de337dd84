//! A policy is the same wherever it is read from, and what looks like a part of it is never passed over.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use bylaws::config::{PolicySource, load, load_if_present};
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

//! `bylaws install` and `uninstall` on repositories of every shape.

mod sandbox;

use std::fs;
use std::path::Path;

use bylaws::install::{Hook, Options, hook, install};
use sandbox::{Sandbox, snapshot};

#[test]
fn hooks_go_into_an_empty_folder_and_out_again() {
    let machine = Sandbox::new();
    let repository = machine.repository("repository");
    let before = snapshot(&repository.join(".git"));

    let installed = machine.install(&repository);
    assert!(installed.changed && installed.others.is_empty());
    assert_eq!(installed.folder, repository.join(".git/hooks"));
    machine.commit(&repository).ok();
    assert_eq!(
        machine.log(),
        "bylaws <hook> <pre-commit>\nbylaws <hook> <commit-msg> <.git/COMMIT_EDITMSG>\n"
    );

    machine.script(&machine.path("refuse"), "");
    machine.commit(&repository).refused();
    machine.uninstall(&repository);
    machine.commit(&repository).ok();
    assert_eq!(snapshot(&repository.join(".git")), before);
}

#[test]
fn a_second_installation_changes_nothing() {
    let machine = Sandbox::new();
    let repository = machine.repository("repository");
    machine.script(&repository.join(".git/hooks/post-merge"), "#!/bin/sh\n");
    for others in [false, true] {
        if others {
            machine.script(&repository.join(".git/hooks/pre-commit"), "#!/bin/sh\n");
            machine.uninstall(&repository);
        }
        assert!(machine.install(&repository).changed);
        let once = snapshot(&repository.join(".git"));
        let again = machine.install(&repository);
        assert!(!again.changed);
        assert_eq!(again.others.len(), if others { 2 } else { 0 });
        assert_eq!(snapshot(&repository.join(".git")), once);
    }
}

#[test]
fn hooks_of_others_stay_where_they_are() {
    let machine = Sandbox::new();
    let repository = machine.repository("repository");
    let theirs = "#!/bin/sh\necho \"theirs $0\"\n";
    machine.script(&repository.join(".git/hooks/pre-commit"), theirs);
    machine.script(&repository.join(".git/hooks/post-commit"), theirs);
    let before = snapshot(&repository.join(".git"));

    let installed = machine.install(&repository);
    assert_eq!(installed.others, ["post-commit", "pre-commit"]);
    let after = snapshot(&repository.join(".git"));
    for (path, what) in &before {
        assert!(path == Path::new("config") || after.get(path) == Some(what), "{path:?} was touched");
    }
    let target = machine.target(&repository);
    let previous = hook::previous(&target, "pre-commit").unwrap().unwrap();
    assert_eq!(previous, repository.join(".git/hooks/pre-commit"));
    assert_eq!(hook::previous(&target, "commit-msg").unwrap(), None);

    let said = machine.commit(&repository).ok();
    assert!(
        said.contains(&format!("theirs {}\n", repository.join(".git/hooks/post-commit").display())),
        "{said}"
    );
    assert!(machine.log().contains("<pre-commit>"));

    let tree = machine.path("linked tree");
    machine.git(&repository, &["worktree", "add", "-q", "-b", "linked", tree.to_str().unwrap()]).ok();
    machine.log();
    assert!(machine.commit(&tree).ok().contains("post-commit"));
    assert!(machine.log().contains("<pre-commit>"));
    machine.git(&repository, &["worktree", "remove", "-f", tree.to_str().unwrap()]).ok();

    machine.uninstall(&repository);
    let mut left = snapshot(&repository.join(".git"));
    left.remove(Path::new("worktrees"));
    assert_eq!(left, before);
}

#[test]
fn a_configured_folder_is_put_back() {
    let machine = Sandbox::new();
    let repository = machine.repository("repository");
    machine.script(&repository.join(".husky/_/pre-commit"), "#!/bin/sh\n");
    machine.script(&repository.join(".husky/_/post-commit"), "#!/bin/sh\necho \"theirs $0\"\n");
    machine.git(&repository, &["config", "core.hooksPath", ".husky/_"]).ok();
    let before = snapshot(&repository);

    machine.install(&repository);
    let target = machine.target(&repository);
    let previous = hook::previous(&target, "pre-commit").unwrap().unwrap();
    assert_eq!(previous, repository.join(".husky/_/pre-commit"));
    assert!(machine.commit(&repository).ok().contains("theirs .husky/_/post-commit\n"));
    assert!(machine.log().contains("<commit-msg>"));

    // Somebody changes the configuration in between: only our lines go.
    machine.git(&repository, &["config", "user.name", "Grace"]).ok();
    machine.uninstall(&repository);
    assert_eq!(machine.git(&repository, &["config", "core.hooksPath"]).ok(), ".husky/_\n");
    machine.git(&repository, &["config", "--unset", "user.name"]).ok();
    fs::write(repository.join("file"), "one\n").unwrap();
    assert_eq!(snapshot(&repository), before);
}

#[test]
fn a_subset_of_the_hooks_is_installed() {
    let machine = Sandbox::new();
    let repository = machine.repository("repository");
    machine.install(&repository);
    let options = Options { hooks: vec![Hook::CommitMsg], ..machine.options() };
    install(&machine.target(&repository), &options).unwrap();
    machine.commit(&repository).ok();
    assert_eq!(machine.log(), "bylaws <hook> <commit-msg> <.git/COMMIT_EDITMSG>\n");
}

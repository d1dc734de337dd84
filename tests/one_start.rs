//! A commit that opens no editor starts the program once for pre-commit and commit-msg, and leaves nothing unasked.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "this is a test")]

#[path = "common/sandbox.rs"]
mod sandbox;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use bylaws::install::{Hook, Options, install};
use sandbox::Sandbox;

/// What a commit without an editor asks, and one with an editor.
const ONE_START: &str = "bylaws <hook> <--also> <pre-commit> <commit-msg> <.git/COMMIT_EDITMSG>\n";
const TWO_STARTS: &str = "bylaws <hook> <pre-commit>\nbylaws <hook> <commit-msg> <.git/COMMIT_EDITMSG>\n";

#[test]
fn the_program_is_started_once_a_commit_where_no_editor_comes_between() {
    let machine = Sandbox::new();
    let repository = machine.repository("it's a \"repository\"");
    machine.install(&repository);
    let commit = |words: &[&str]| {
        let all = [&["commit", "-q", "--allow-empty"], words].concat();
        machine.run_with(&repository, "git", &all, &[("GIT_EDITOR", "echo More >")]).ok();
        machine.log()
    };
    assert_eq!(commit(&["-m", "More"]), ONE_START);
    assert_eq!(commit(&["--amend", "--no-edit"]), ONE_START);
    assert_eq!(commit(&["-F", "file"]), ONE_START);
    assert_eq!(commit(&[]), TWO_STARTS);
    assert_eq!(commit(&["-m", "More", "-e"]), TWO_STARTS);
    assert_eq!(commit(&["-m", "More", "--no-verify"]), "");
    // Whoever has an editor that does nothing is spared a start too: git runs both hooks all the same.
    machine
        .run_with(&repository, "git", &["commit", "-q", "--amend", "--allow-empty"], &[("GIT_EDITOR", ":")])
        .ok();
    assert_eq!(machine.log(), ONE_START);
    // Where the program is looked for elsewhere, it is asked the same.
    let local = machine.path("home/.local/bin/bylaws");
    fs::create_dir_all(local.parent().unwrap()).unwrap();
    fs::rename(machine.binary(), &local).unwrap();
    assert_eq!(commit(&["-m", "More"]), ONE_START);
    fs::remove_file(&local).unwrap();
    let run = machine.git(&repository, &["commit", "-q", "--allow-empty", "-m", "More"]);
    assert!(run.refused().contains("the commit-msg hook cannot check anything"));
}

#[test]
fn pre_commit_leaves_nothing_to_a_hook_that_does_not_take_it() {
    let machine = Sandbox::new();
    let repository = machine.repository("repository");
    let asked = || {
        machine.commit(&repository).ok();
        machine.log()
    };
    let [pre_commit, commit_msg] =
        ["pre-commit", "commit-msg"].map(|name| repository.join(".git/hooks").join(name));
    let alone = "bylaws <hook> <pre-commit>\n";
    machine.install(&repository);
    assert_eq!(asked(), ONE_START);
    let ours = fs::read_to_string(&commit_msg).unwrap();

    // Another tool writes over it, as one does when its own is copied there.
    for theirs in [
        "#!/bin/sh\nexit 0\n".to_owned(),
        "#!/bin/sh\n".to_owned(),
        "#!/bin/sh\n# bylaws shim 1\nexit 0\n".to_owned(),
        ours.replace("pair='pre-commit'", "pair=''").replace("'commit-msg'", "'nothing'"),
    ] {
        machine.script(&commit_msg, &theirs);
        assert!(asked().starts_with(alone), "{theirs}");
    }
    machine.script(&commit_msg, &ours);
    assert_eq!(asked(), ONE_START);
    // It may not be executed, so git ignores it.
    fs::set_permissions(&commit_msg, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(asked(), alone);
    fs::remove_file(&commit_msg).unwrap();
    assert_eq!(asked(), alone);

    // Moved aside by a tool that goes on running it: what is beside it counts.
    machine.script(&commit_msg, &ours);
    let legacy = repository.join(".git/hooks/pre-commit.legacy");
    fs::rename(&pre_commit, &legacy).unwrap();
    machine.script(&pre_commit, "#!/bin/sh\nexec \"$0.legacy\"\n");
    assert_eq!(asked(), ONE_START);
    machine.script(&commit_msg, "#!/bin/sh\nexit 0\n");
    assert_eq!(asked(), alone);
}

#[test]
fn a_hook_that_was_wanted_alone_answers_for_itself() {
    for (wanted, asked) in [
        (Hook::PreCommit, "bylaws <hook> <pre-commit>\n"),
        (Hook::CommitMsg, "bylaws <hook> <commit-msg> <.git/COMMIT_EDITMSG>\n"),
    ] {
        let machine = Sandbox::new();
        let repository = machine.repository("repository");
        machine.install(&repository);
        let options = Options { hooks: vec![wanted], ..machine.options() };
        install(&machine.target(&repository), &options).unwrap();
        machine.commit(&repository).ok();
        assert_eq!(machine.log(), asked);
    }
}

#[test]
fn beside_hooks_of_others_each_runs_when_git_runs_it() {
    let machine = Sandbox::new();
    let repository = machine.repository("repository");
    machine.script(&repository.join(".git/hooks/post-merge"), "#!/bin/sh\n");
    machine.install(&repository);
    machine.commit(&repository).ok();
    assert_eq!(machine.log(), ONE_START, "git's own folder has room for both");
    machine.uninstall(&repository);
    machine.script(&repository.join(".git/hooks/prepare-commit-msg"), "#!/bin/sh\n");
    machine.script(&repository.join(".git/hooks/pre-commit"), "#!/bin/sh\n");
    machine.install(&repository);
    machine.commit(&repository).ok();
    assert_eq!(machine.log(), TWO_STARTS);
}

//! `bylaws install` and `uninstall` on repositories of every shape.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "this is a test")]

#[path = "common/sandbox.rs"]
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
    assert_eq!(machine.log(), "bylaws <hook> <--also> <pre-commit> <commit-msg> <.git/COMMIT_EDITMSG>\n");

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
    let previous = hook::previous(&target, "pre-commit", None).unwrap().unwrap();
    assert_eq!(previous, repository.join(".git/hooks/pre-commit"));
    assert_eq!(hook::previous(&target, "commit-msg", None).unwrap(), None);

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
    let previous = hook::previous(&target, "pre-commit", None).unwrap().unwrap();
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

#[test]
fn paths_may_hold_spaces_quotes_and_line_feeds() {
    let machine = Sandbox::new();
    let repository = machine.repository("it's \"a\"\n$(touch oops) b");
    let global = machine.path("home/their 'hooks'");
    machine.script(&global.join("post-commit"), "#!/bin/sh\necho \"theirs $0\"\n");
    machine.git(&repository, &["config", "--global", "core.hooksPath", "~/their 'hooks'"]).ok();
    let before = snapshot(&repository.join(".git"));

    machine.install(&repository);
    let said = machine.commit(&repository).ok();
    assert!(said.contains(&format!("theirs {}\n", global.join("post-commit").display())), "{said}");
    assert!(machine.log().contains("<pre-commit>"));
    machine.uninstall(&repository);
    assert_eq!(snapshot(&repository.join(".git")), before);
}

#[test]
fn a_bare_repository_is_refused() {
    let machine = Sandbox::new();
    let bare = machine.path("bare.git");
    machine.git(&machine.path(""), &["init", "-q", "--bare", "bare.git"]).ok();
    let before = snapshot(&bare);
    let error = install(&machine.target(&bare), &machine.options()).unwrap_err();
    assert!(error.message.contains("is a bare repository"), "{error}");
    assert!(error.hint.is_some());
    assert_eq!(snapshot(&bare), before);
}

#[test]
fn a_work_tree_of_a_bare_repository_is_fine() {
    let machine = Sandbox::new();
    let source = machine.repository("source");
    machine.git(&machine.path(""), &["clone", "-q", "--bare", source.to_str().unwrap(), "bare.git"]).ok();
    let tree = machine.path("tree");
    machine.git(&machine.path("bare.git"), &["worktree", "add", "-q", tree.to_str().unwrap(), "main"]).ok();
    machine.install(&tree);
    machine.commit(&tree).ok();
    assert!(machine.log().contains("<pre-commit>"));
    assert!(machine.doctor(&tree).iter().all(|check| check.ok));
}

#[test]
fn a_failed_installation_leaves_nothing() {
    let machine = Sandbox::new();
    let repository = machine.repository("repository");
    let git = repository.join(".git");
    // Not a folder, so that this fails for root too.
    fs::remove_dir_all(git.join("hooks")).unwrap();
    fs::write(git.join("hooks"), "").unwrap();
    let before = snapshot(&git);
    let error = install(&machine.target(&repository), &machine.options()).unwrap_err();
    assert!(error.message.contains("hooks"), "{error}");
    assert_eq!(snapshot(&git), before);

    fs::remove_file(git.join("hooks")).unwrap();
    machine.script(&git.join("hooks/pre-commit"), "#!/bin/sh\n");
    fs::write(git.join("config.lock"), "").unwrap();
    let before = snapshot(&git);
    let error = install(&machine.target(&repository), &machine.options()).unwrap_err();
    assert!(error.message.contains("cannot lock") && error.hint.unwrap().contains("config.lock"));
    assert_eq!(snapshot(&git), before);
}

#[test]
fn a_hook_folder_that_is_a_link_is_somebody_elses() {
    let machine = Sandbox::new();
    let repository = machine.repository("repository");
    let git = repository.join(".git");
    fs::remove_dir_all(git.join("hooks")).unwrap();
    fs::create_dir(repository.join("scripts")).unwrap();
    std::os::unix::fs::symlink("../scripts", git.join("hooks")).unwrap();
    let before = snapshot(&repository);
    machine.install(&repository);
    assert_eq!(fs::read_dir(repository.join("scripts")).unwrap().count(), 0);
    machine.commit(&repository).ok();
    assert!(machine.log().contains("<pre-commit>"));
    machine.uninstall(&repository);
    fs::write(repository.join("file"), "one\n").unwrap();
    assert_eq!(snapshot(&repository), before);
}

#[test]
fn a_missing_hook_folder_is_made_and_removed() {
    let machine = Sandbox::new();
    let repository = machine.repository("repository");
    fs::remove_dir_all(repository.join(".git/hooks")).unwrap();
    let before = snapshot(&repository.join(".git"));
    machine.install(&repository);
    assert!(machine.install(&repository).folder.is_dir());
    machine.commit(&repository).ok();
    assert!(machine.log().contains("<pre-commit>"));
    machine.uninstall(&repository);
    assert_eq!(snapshot(&repository.join(".git")), before);
}

#[test]
fn a_work_tree_with_its_own_hooks_path_keeps_its_hooks() {
    let machine = Sandbox::new();
    let repository = machine.repository("repository");
    let tree = machine.path("tree");
    machine.git(&repository, &["worktree", "add", "-q", "-b", "linked", tree.to_str().unwrap()]).ok();
    machine.git(&repository, &["config", "extensions.worktreeConfig", "true"]).ok();
    for (folder, name) in [(&tree, "linked"), (&repository, "main")] {
        machine.git(folder, &["config", "--worktree", "core.hooksPath", "own"]).ok();
        machine.script(&folder.join("own/pre-commit"), "#!/bin/sh\n");
        machine.script(&folder.join("own/post-commit"), &format!("#!/bin/sh\necho theirs of {name}\n"));
    }
    let before = snapshot(&repository.join(".git"));

    let installed = machine.install(&repository);
    assert_eq!(installed.notes.len(), 2, "{:?}", installed.notes);
    for (folder, name) in [(&tree, "linked"), (&repository, "main")] {
        assert!(machine.commit(folder).ok().contains(&format!("theirs of {name}")));
        assert!(machine.log().contains("<pre-commit>"));
        let previous = hook::previous(&machine.target(folder), "pre-commit", None).unwrap();
        assert_eq!(previous, Some(folder.join("own/pre-commit")));
        let checks = machine.doctor(folder);
        assert!(checks.iter().all(|check| check.ok), "{checks:?}");
    }
    assert!(!machine.install(&tree).changed);
    machine.uninstall(&tree);
    assert_eq!(snapshot(&repository.join(".git")), before);
}

#[test]
fn an_included_file_does_not_shadow_ours() {
    let machine = Sandbox::new();
    let repository = machine.repository("repository");
    fs::write(repository.join("team.gitconfig"), "[core]\n\thooksPath = team-hooks\n").unwrap();
    machine.script(&repository.join("team-hooks/post-commit"), "#!/bin/sh\necho theirs\n");
    machine.git(&repository, &["config", "include.path", "../team.gitconfig"]).ok();
    let before = snapshot(&repository.join(".git"));
    machine.install(&repository);
    assert!(machine.commit(&repository).ok().contains("theirs"));
    assert!(machine.log().contains("<pre-commit>"));
    assert!(!machine.install(&repository).changed);
    machine.uninstall(&repository);
    assert_eq!(snapshot(&repository.join(".git")), before);
}

#[test]
fn a_tool_that_comes_later_is_taken_in_by_installing_again() {
    let machine = Sandbox::new();
    let repository = machine.repository("repository");
    machine.install(&repository);
    // As husky does.
    machine.git(&repository, &["config", "core.hooksPath", ".husky/_"]).ok();
    machine.script(&repository.join(".husky/_/commit-msg"), "#!/bin/sh\n");
    machine.commit(&repository).ok();
    assert_eq!(machine.log(), "");
    assert!(machine.doctor(&repository).iter().any(|check| !check.ok && check.message.contains(".husky/_")));

    machine.install(&repository);
    assert!(!repository.join(".git/hooks/pre-commit").exists());
    machine.commit(&repository).ok();
    assert!(machine.log().contains("<pre-commit>"));
    let previous = hook::previous(&machine.target(&repository), "commit-msg", None).unwrap();
    assert_eq!(previous, Some(repository.join(".husky/_/commit-msg")));
    // And once more over ours.
    machine.git(&repository, &["config", "core.hooksPath", ".husky/_"]).ok();
    machine.install(&repository);
    machine.commit(&repository).ok();
    assert!(machine.log().contains("<pre-commit>"));
    machine.uninstall(&repository);
    assert_eq!(machine.git(&repository, &["config", "--get-all", "core.hooksPath"]).ok(), ".husky/_\n");
    assert!(!repository.join(".git/bylaws").exists());
}

#[test]
fn a_shim_that_another_tool_moved_aside_is_not_left_behind() {
    let machine = Sandbox::new();
    let repository = machine.repository("repository");
    machine.install(&repository);
    // As pre-commit does.
    let hooks = repository.join(".git/hooks");
    fs::rename(hooks.join("pre-commit"), hooks.join("pre-commit.legacy")).unwrap();
    machine.script(&hooks.join("pre-commit"), "#!/bin/sh\nexec \"$0.legacy\"\n");
    assert!(
        machine.doctor(&repository).iter().any(|check| !check.ok && check.message.contains("was changed"))
    );

    let report = machine.uninstall(&repository);
    assert_eq!(report.kept, [hooks.join("pre-commit")]);
    assert!(!hooks.join("pre-commit.legacy").exists() && !hooks.join("commit-msg").exists());
    assert!(hooks.join("pre-commit").exists());
}

#[test]
fn a_tool_that_writes_into_our_folder_loses_nothing() {
    let machine = Sandbox::new();
    let repository = machine.repository("repository");
    machine.script(&repository.join(".git/hooks/pre-commit"), "#!/bin/sh\n");
    machine.install(&repository);
    // As `lefthook install --force` does.
    let ours = repository.join(".git/bylaws/hooks");
    fs::rename(ours.join("commit-msg"), ours.join("commit-msg.old")).unwrap();
    machine.script(&ours.join("commit-msg"), "#!/bin/sh\necho theirs\n");
    machine.script(&ours.join("post-merge"), "#!/bin/sh\necho theirs\n");

    let report = machine.uninstall(&repository);
    assert_eq!(report.kept, [ours.join("commit-msg"), ours.join("post-merge")]);
    assert!(!ours.join("commit-msg.old").exists() && !ours.join("pre-commit").exists());
}

#[test]
fn a_repository_may_be_moved() {
    let machine = Sandbox::new();
    let repository = machine.repository("repository");
    machine.script(&repository.join(".git/hooks/pre-commit"), "#!/bin/sh\n");
    let before = snapshot(&repository.join(".git"));
    machine.install(&repository);
    let moved = machine.path("moved");
    fs::rename(&repository, &moved).unwrap();
    let checks = machine.doctor(&moved);
    assert!(checks.iter().any(|check| !check.ok && check.message.contains("was moved")), "{checks:?}");
    machine.install(&moved);
    machine.commit(&moved).ok();
    assert!(machine.log().contains("<pre-commit>"));
    machine.uninstall(&moved);
    assert_eq!(snapshot(&moved.join(".git")), before);
}

#[test]
fn a_lost_journal_does_not_stand_in_the_way() {
    let machine = Sandbox::new();
    for others in [false, true] {
        let repository = machine.repository(if others { "others" } else { "plain" });
        if others {
            machine.script(&repository.join(".git/hooks/pre-commit"), "#!/bin/sh\n");
        }
        let before = snapshot(&repository.join(".git"));
        machine.install(&repository);
        fs::remove_dir_all(repository.join(".git/bylaws")).unwrap();
        machine.install(&repository);
        machine.commit(&repository).ok();
        assert!(machine.log().contains("<pre-commit>"));
        machine.uninstall(&repository);
        assert_eq!(snapshot(&repository.join(".git")), before);
    }
}

#[test]
fn an_interrupted_installation_is_completed_or_taken_out() {
    let machine = Sandbox::new();
    for step in 0..4 {
        let repository = machine.repository(&format!("repository-{step}"));
        let git = repository.join(".git");
        machine.script(&git.join("hooks/pre-commit"), "#!/bin/sh\n");
        let before = snapshot(&git);
        machine.install(&repository);
        let whole = snapshot(&git);
        let interrupt = || {
            // What comes last is undone first: the configuration, the scripts, the folder.
            fs::write(git.join("config"), &before[Path::new("config")].1).unwrap();
            if step > 0 {
                fs::remove_file(git.join("bylaws/hooks/commit-msg")).unwrap();
            }
            if step > 1 {
                fs::remove_dir_all(git.join("bylaws/hooks")).unwrap();
            }
            if step > 2 {
                fs::remove_file(git.join("bylaws/install.toml")).unwrap();
            }
        };
        interrupt();
        machine.install(&repository);
        assert_eq!(snapshot(&git), whole);
        interrupt();
        machine.uninstall(&repository);
        assert_eq!(snapshot(&git), before);
    }
}

#[test]
fn a_submodule_has_hooks_of_its_own() {
    let machine = Sandbox::new();
    let library = machine.repository("library");
    let outer = machine.repository("outer");
    let add =
        ["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", library.to_str().unwrap(), "lib"];
    machine.git(&outer, &add).ok();
    let inner = outer.join("lib");
    assert!(inner.join(".git").is_file());
    let installed = machine.install(&inner);
    assert_eq!(installed.folder, outer.join(".git/modules/lib/hooks"));
    machine.commit(&inner).ok();
    assert!(machine.log().contains("<pre-commit>"));
    machine.commit(&outer).ok();
    assert_eq!(machine.log(), "");
}

#[test]
fn the_shim_finds_the_program_without_a_path_or_blocks() {
    let machine = Sandbox::new();
    let repository = machine.repository("repository");
    machine.install(&repository);
    let hook = repository.join(".git/hooks/pre-push");
    let bare = |home: &Path| {
        let words =
            ["-i".into(), format!("HOME={}", home.display()), hook.display().to_string(), "origin".into()];
        machine.run(&repository, "/usr/bin/env", &words)
    };
    bare(&machine.path("nowhere")).ok();
    assert_eq!(machine.log(), "bylaws <hook> <pre-push> <origin>\n");

    let home = machine.path("home");
    let local = home.join(".local/bin/bylaws");
    fs::create_dir_all(local.parent().unwrap()).unwrap();
    fs::rename(machine.binary(), &local).unwrap();
    bare(&home).ok();
    assert_eq!(machine.log(), "bylaws <hook> <pre-push> <origin>\n");

    // A program in the repository is never taken, whatever PATH says.
    fs::rename(&local, repository.join("bylaws")).unwrap();
    let words = ["-i", "PATH=.:", hook.to_str().unwrap()];
    let run = machine.run(&repository, "/usr/bin/env", &words);
    assert_eq!(run.code, 1);
    assert_eq!(machine.log(), "");
    let text = run.refused().replace(machine.binary().to_str().unwrap(), "BINARY");
    let text = text.replace(hook.to_str().unwrap(), "HOOK");
    insta::assert_snapshot!(text, @r"
    error: the pre-push hook cannot check anything: the program bylaws is missing
      --> BINARY
      = also looked at: PATH, ~/.local/bin, ~/.cargo/bin, /usr/local/bin, /opt/homebrew/bin
      = help: install bylaws again (./install.sh in its source folder), then run: bylaws install
      = help: or take the hook out of this repository: rm HOOK
      = help: or go on once, with nothing checked here: git push --no-verify
    ");
}

#[test]
fn refs_of_bylaws_are_fetched_from_one_remote() {
    let machine = Sandbox::new();
    let server = machine.path("server.git");
    machine.git(&machine.path(""), &["init", "-q", "--bare", "server.git"]).ok();
    let repository = machine.repository("repository");
    let fetches = |remote: &str| {
        let key = format!("remote.{remote}.fetch");
        machine
            .git(&repository, &["config", "--get-all", &key])
            .text
            .contains("refs/bylaws/*:refs/bylaws/*\n")
    };
    assert_eq!(machine.install(&repository).remote, None);
    for remote in ["one", "two"] {
        machine.git(&repository, &["remote", "add", remote, server.to_str().unwrap()]).ok();
    }
    let installed = machine.install(&repository);
    assert!(installed.remote.is_none() && installed.notes[0].contains("one, two"), "{:?}", installed.notes);
    machine.git(&repository, &["remote", "remove", "two"]).ok();
    assert_eq!(machine.install(&repository).remote.as_deref(), Some("one"));
    assert!(fetches("one"));
    // Then `origin` turns up, and is the one.
    machine.git(&repository, &["remote", "add", "origin", server.to_str().unwrap()]).ok();
    assert_eq!(machine.install(&repository).remote.as_deref(), Some("origin"));
    assert!(fetches("origin") && !fetches("one"));

    // A server without such refs is fetched from as ever; one with them gives them, and a rewritten one is refused.
    machine.git(&repository, &["push", "-q", "--no-verify", "origin", "main"]).ok();
    machine.git(&repository, &["fetch", "--prune", "origin"]).ok();
    machine.git(&server, &["update-ref", "refs/bylaws/ledger", "main"]).ok();
    machine.git(&repository, &["fetch", "--prune", "origin"]).ok();
    machine.git(&repository, &["rev-parse", "--verify", "refs/bylaws/ledger"]).ok();
    let other = machine.git(&server, &["commit-tree", "-m", "other", "main^{tree}"]).ok();
    machine.git(&server, &["update-ref", "refs/bylaws/ledger", other.trim()]).ok();
    assert!(machine.git(&repository, &["fetch", "origin"]).refused().contains("rejected"));

    machine.git(&repository, &["remote", "rename", "origin", "upstream"]).ok();
    assert!(fetches("upstream"));
    machine.uninstall(&repository);
    assert!(!fetches("upstream"));
}

#[test]
fn a_mirror_and_a_remote_without_refspecs_are_left_alone() {
    let machine = Sandbox::new();
    let repository = machine.repository("repository");
    machine.git(&repository, &["config", "remote.origin.url", "/nowhere"]).ok();
    let config = repository.join(".git/config");
    let before = fs::read(&config).unwrap();
    machine.install(&repository);
    assert_eq!(fs::read(&config).unwrap(), before);
    machine.git(&repository, &["config", "remote.origin.fetch", "+refs/*:refs/*"]).ok();
    let before = fs::read(&config).unwrap();
    machine.install(&repository);
    assert_eq!(fs::read(&config).unwrap(), before);
}

#[test]
fn doctor_sees_what_is_not_enforced() {
    let machine = Sandbox::new();
    let repository = machine.repository("repository");
    let git = repository.join(".git");
    machine.script(&git.join("hooks/post-commit"), "#!/bin/sh\n");
    machine.script(&git.join("hooks/pre-commit"), "#!/bin/sh\n");
    let complaints = || -> Vec<String> {
        machine.doctor(&repository).into_iter().filter(|check| !check.ok).map(|check| check.message).collect()
    };
    assert_eq!(complaints(), ["bylaws is not installed in this repository"]);
    machine.install(&repository);
    assert_eq!(complaints(), [""; 0]);
    let expect = |what: &str| {
        let found = complaints();
        assert!(found.len() == 1 && found[0].contains(what), "{found:?}");
        machine.install(&repository);
        assert_eq!(complaints(), [""; 0]);
    };

    fs::remove_file(git.join("bylaws/hooks/commit-msg")).unwrap();
    expect("is gone");
    fs::set_permissions(
        git.join("bylaws/hooks/pre-push"),
        std::os::unix::fs::PermissionsExt::from_mode(0o644),
    )
    .unwrap();
    expect("may not be executed");
    fs::write(git.join("bylaws/hooks/pre-commit"), "#!/bin/sh\n").unwrap();
    expect("was changed");
    fs::remove_file(git.join("bylaws/hooks/post-commit")).unwrap();
    expect("which runs the hook of another tool, is gone");
    machine.script(&git.join("hooks/post-merge"), "#!/bin/sh\n");
    expect("post-merge that git no longer finds");
    machine.git(&repository, &["config", "core.hooksPath", "/dev/null"]).ok();
    expect("so no hook runs");
    machine.git(&repository, &["remote", "add", "origin", "/nowhere"]).ok();
    expect("refs/bylaws/* is not fetched from `origin`");

    machine.git(&repository, &["config", "hook.commit-msg.enabled", "off"]).ok();
    assert!(complaints()[0].contains("hook.commit-msg.enabled"));
    machine.git(&repository, &["config", "--unset", "hook.commit-msg.enabled"]).ok();
    fs::write(repository.join("package.json"), r#"{ "scripts": { "prepare": "husky" } }"#).unwrap();
    let npm = machine.doctor(&repository).pop().unwrap();
    assert!(npm.ok && npm.help.unwrap().contains("husky && bylaws install"));
    fs::rename(machine.binary(), machine.path("elsewhere")).unwrap();
    assert!(complaints()[0].contains("there is no program"));
}

#[test]
fn the_commands_say_what_was_done_and_what_to_do() {
    let machine = Sandbox::new();
    let repository = machine.repository("repository");
    machine.script(&repository.join(".git/hooks/pre-commit"), "#!/bin/sh\n");
    machine.git(&repository, &["remote", "add", "origin", "/nowhere"]).ok();
    let said = |words: &[&str], code: i32| {
        let run = machine.bylaws(&repository, words);
        assert_eq!(run.code, code, "{}", run.text);
        // The last line of doctor is about the policy, which is not ours to test.
        let text = run.text.split("ok: policy").next().unwrap();
        text.replace(machine.path("").to_str().unwrap(), "/").replace(env!("CARGO_BIN_EXE_bylaws"), "BYLAWS")
    };
    insta::assert_snapshot!(said(&["doctor"], 1), @r"
    not enforced: installation: bylaws is not installed in this repository
      = help: run `bylaws install`
    ");
    insta::assert_snapshot!(said(&["install", "--hook", "precommit"], 2), @r"
    error: `precommit` is not a hook that bylaws installs
      = help: did you mean `pre-commit`?
    ");
    insta::assert_snapshot!(said(&["install"], 0), @r"
    installed pre-commit, commit-msg, pre-push in /repository/.git/bylaws/hooks
    the hooks in /repository/.git/hooks (pre-commit) go on running
    `git fetch origin` gets refs/bylaws/* too from now on
    note: to set up another tool's hooks again, run `bylaws uninstall`, then that tool, then `bylaws install`
    next: `bylaws check` judges what is staged or not yet pushed, `bylaws rules` lists the rules
    ");
    insta::assert_snapshot!(said(&["install"], 0), @r"
    already installed: pre-commit, commit-msg, pre-push in /repository/.git/bylaws/hooks
    the hooks in /repository/.git/hooks (pre-commit) go on running
    `git fetch origin` gets refs/bylaws/* too from now on
    note: to set up another tool's hooks again, run `bylaws uninstall`, then that tool, then `bylaws install`
    next: `bylaws check` judges what is staged or not yet pushed, `bylaws rules` lists the rules
    ");
    insta::assert_snapshot!(said(&["doctor"], 0), @r"
    ok: program: the hooks run `BYLAWS`; they need no PATH, so graphical clients run it too
    ok: hook folder of `/repository`: git looks for hooks in `/repository/.git/bylaws/hooks`
    ok: pre-commit: runs from `/repository/.git/bylaws/hooks/pre-commit`
    ok: commit-msg: runs from `/repository/.git/bylaws/hooks/commit-msg`
    ok: pre-push: runs from `/repository/.git/bylaws/hooks/pre-push`
    ok: hooks of other tools: pre-commit in `/repository/.git/hooks` go on running
      = help: to set up another tool's hooks again, run `bylaws uninstall`, then that tool, then `bylaws install`
    ok: fetch: refs/bylaws/* is fetched from `origin`
    ");
    insta::assert_snapshot!(said(&["uninstall"], 0), @r"
    removed /repository/.git/bylaws/hooks/pre-commit
    removed /repository/.git/bylaws/hooks/commit-msg
    removed /repository/.git/bylaws/hooks/pre-push
    restored /repository/.git/config
    ");
    insta::assert_snapshot!(said(&["uninstall"], 0), @r"nothing of bylaws is installed here");
}

#[test]
fn many_installations_at_once_do_no_harm() {
    let machine = Sandbox::new();
    let repository = machine.repository("repository");
    machine.script(&repository.join(".git/hooks/pre-commit"), "#!/bin/sh\n");
    let before = snapshot(&repository.join(".git"));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| machine.bylaws(&repository, &["install"]).ok());
        }
    });
    machine.bylaws(&repository, &["doctor"]).ok();
    machine.bylaws(&repository, &["uninstall"]).ok();
    assert_eq!(snapshot(&repository.join(".git")), before);
}

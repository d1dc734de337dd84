//! The hooks themselves: where they go, that they run, and that the hooks of others go on running.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::PathBuf;

use bylaws::install::server::{Layout, Options, chained};

use crate::host::{Host, NOTE, ran, without_ours};
use crate::sandbox::snapshot;

#[test]
fn hooks_go_into_every_kind_of_repository_and_out_again() {
    let host = Host::new();
    for (name, words) in [
        ("a 'b\" $HOME\nc.git", &[][..]),
        ("sha256.git", &["--object-format=sha256"]),
        ("reftable.git", &["--ref-format=reftable"]),
        ("both.git", &["--ref-format=reftable", "--object-format=sha256"]),
    ] {
        let repository = host.bare_with(name, words);
        let before = snapshot(&repository);
        let installed = host.install(&repository);
        assert!(installed.changed && installed.layout == Layout::Plain, "{installed:?}");
        assert_eq!(installed.folder, repository.join("hooks"));
        let once = snapshot(&repository);
        assert!(!host.install(&repository).changed);
        assert_eq!(snapshot(&repository), once, "{name}");
        let text = fs::read_to_string(repository.join("bylaws/server.toml")).unwrap();
        assert!(
            text.contains("\npolicy-ref = \"refs/heads/main\"\n") && text.contains("\nidentity = \"ssh\"\n")
        );
        assert!(host.uninstall(&repository));
        assert_eq!(without_ours(&repository), before, "{name}");
        let left = fs::read_dir(repository.join("bylaws")).unwrap();
        let mut left: Vec<_> = left.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        left.sort();
        assert_eq!(left, ["ledger_ed25519", "ledger_ed25519.pub", "repository-id", "server.toml", "spool"]);
        assert!(!host.uninstall(&repository));
    }
}

#[test]
fn a_push_runs_the_program_and_its_word_holds() {
    let host = Host::new();
    let repository = host.bare("one.git");
    host.install(&repository);
    host.push(&repository, "a").ok();
    let settings = host.path("host.toml");
    let line = |hook: &str| format!("bylaws <hook> <--host-settings> <{}> <{hook}>\n", settings.display());
    assert_eq!(host.machine.log(), [line("pre-receive"), line("post-receive")].concat());
    host.script(&host.machine.path("refuse"), "");
    assert!(host.push(&repository, "b").refused().contains("pre-receive hook declined"));
    fs::remove_file(host.machine.binary()).unwrap();
    let said = host.push(&repository, "c").refused();
    for words in ["the server cannot check anything now", "push again later", "operator: ", "bin/bylaws"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(
        host.machine.git(&repository, &["for-each-ref", "--format=%(refname)"]).ok(),
        "refs/heads/a\n"
    );
    // Where the host's settings are in their usual place, nothing names them.
    let other = host.bare("two.git");
    let options = Options { host_settings: None, ..host.options() };
    host.try_install(&other, &options).result.unwrap();
    let text = fs::read_to_string(other.join("hooks/pre-receive")).unwrap();
    assert!(text.contains("\nsettings=''\n"));
}

#[test]
fn the_hooks_of_others_stay_as_they_are_and_run_under_their_own_names() {
    let host = Host::new();
    let repository = host.bare("one.git");
    for name in ["pre-receive", "post-receive", "update"] {
        host.script(&repository.join("hooks").join(name), NOTE);
    }
    let before = snapshot(&repository);
    let inode = |name: &str| {
        let found = fs::metadata(repository.join("hooks").join(name)).unwrap();
        (found.ino(), found.mtime_nsec())
    };
    let stamps = ["pre-receive", "post-receive", "update"].map(inode);
    let installed = host.install(&repository);
    assert_eq!(installed.folder, repository.join("bylaws/server-hooks"));
    assert!(!host.install(&repository).changed);
    assert_eq!(["pre-receive", "post-receive", "update"].map(inode), stamps);
    host.push(&repository, "a").ok();
    // The program runs the two that it has to decide before; git runs the rest through a forwarder.
    assert_eq!(ran(&repository), "hooks/update\n");
    assert_eq!(chained(&repository, "pre-receive").unwrap(), Some(PathBuf::from("hooks/pre-receive")));
    assert_eq!(chained(&repository, "post-receive").unwrap(), Some(PathBuf::from("hooks/post-receive")));
    fs::remove_file(repository.join("hooks/post-receive")).unwrap();
    assert_eq!(chained(&repository, "post-receive").unwrap(), None);
    host.script(&repository.join("hooks/post-receive"), NOTE);
    // A repository that is moved is judged all the same.
    let moved = host.path("srv").join("moved.git");
    fs::rename(&repository, &moved).unwrap();
    host.machine.log();
    host.push(&moved, "b").ok();
    assert!(host.machine.log().contains("<pre-receive>") && ran(&moved) == "hooks/update\n");
    assert!(host.uninstall(&moved));
    assert_eq!(without_ours(&moved), before);
    fs::write(moved.join("bylaws/install-server.toml"), "broken").unwrap();
    assert!(chained(&moved, "pre-receive").is_err());
}

#[test]
fn a_folder_of_hooks_that_others_share_is_left_alone() {
    let host = Host::new();
    let (one, two) = (host.bare("one.git"), host.bare("two.git"));
    let shared = host.path("shared");
    fs::create_dir(&shared).unwrap();
    host.script(&shared.join("update"), NOTE);
    for repository in [&one, &two] {
        fs::remove_dir_all(repository.join("hooks")).unwrap();
        symlink(&shared, repository.join("hooks")).unwrap();
    }
    let before = (snapshot(&shared), snapshot(&one));
    host.install(&one);
    assert_eq!(snapshot(&shared), before.0);
    host.push(&one, "a").ok();
    assert!(host.machine.log().contains("<pre-receive>"));
    assert_eq!(ran(&one), "hooks/update\n");
    host.push(&two, "a").ok();
    assert_eq!(host.machine.log(), "");
    host.uninstall(&one);
    assert_eq!((snapshot(&shared), without_ours(&one)), before);
}

#[test]
fn a_hooks_path_of_any_scope_does_not_hide_ours() {
    let host = Host::new();
    let elsewhere = host.path("elsewhere");
    host.script(&elsewhere.join("pre-receive"), NOTE);
    host.script(&elsewhere.join("update"), NOTE);
    let config = host.machine.path("home/.gitconfig");
    let value = elsewhere.to_str().unwrap();
    for scope in ["global", "local", "included"] {
        let repository = host.bare(&format!("{scope}.git"));
        fs::remove_file(&config).unwrap_or_default();
        match scope {
            "global" => host.machine.git(&repository, &["config", "--global", "core.hooksPath", value]),
            "local" => host.machine.git(&repository, &["config", "core.hooksPath", value]),
            _ => {
                let file = host.path("extra.config");
                fs::write(&file, format!("[core]\n\thooksPath = {value}\n")).unwrap();
                host.machine.git(&repository, &["config", "include.path", file.to_str().unwrap()])
            }
        }
        .ok();
        let before = snapshot(&repository);
        host.install(&repository);
        let once = snapshot(&repository);
        assert!(!host.install(&repository).changed, "{scope}");
        assert_eq!(snapshot(&repository), once, "{scope}");
        host.push(&repository, "a").ok();
        assert!(host.machine.log().contains("<pre-receive>"), "{scope}");
        assert_eq!(ran(&repository), format!("{value}/update\n"), "{scope}");
        assert_eq!(
            chained(&repository, "pre-receive").unwrap(),
            Some(elsewhere.join("pre-receive")),
            "{scope}"
        );
        host.uninstall(&repository);
        assert_eq!(without_ours(&repository), before, "{scope}");
    }
    fs::remove_file(&config).unwrap_or_default();
    let off = host.bare("off.git");
    host.machine.git(&off, &["config", "core.hooksPath", "/dev/null"]).ok();
    host.install(&off);
    host.push(&off, "a").ok();
    assert!(host.machine.log().contains("<pre-receive>"));
    let own = host.bare("worktree.git");
    host.machine.git(&own, &["config", "extensions.worktreeConfig", "true"]).ok();
    host.machine.git(&own, &["config", "--worktree", "core.hooksPath", "/dev/null"]).ok();
    let before = snapshot(&own);
    let refused = host.try_install(&own, &host.options()).result.unwrap_err();
    assert!(refused.message.contains("config.worktree"), "{refused}");
    assert_eq!(snapshot(&own), before);
}

//! What the doctor sees: in the repository, on the machine, and between two repositories.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use bylaws::install::server::doctor;

use crate::host::{Host, complaints};

/// A repository with a policy in force, in which nothing is amiss.
fn healthy(host: &Host, name: &str) -> PathBuf {
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHq0wVwPjs5tOUZWFSLGdSRDBwe2CLt+UGRDMRbrTgqV";
    fs::write(host.path("host.toml"), format!("operators = [{{ login = \"ada\", ssh = \"{key}\" }}]\n"))
        .unwrap();
    let repository = host.bare(name);
    let source = host.machine.governed(&format!("of-{name}"));
    host.machine.git(&source, &["push", "-q", repository.to_str().unwrap(), "main"]).ok();
    host.script(&host.machine.binary(), "#!/bin/sh\necho 'bylaws 1.0.0'\n");
    host.install(&repository);
    assert_eq!(host.complaints(&repository), Vec::<String>::new());
    repository
}

#[test]
fn the_doctor_sees_what_is_not_enforced() {
    let host = Host::new();
    type Break<'a> = &'a dyn Fn(&Path);
    let config = |repository: &Path, key: &str, value: &str| {
        host.machine.git(repository, &["config", key, value]).ok();
    };
    let settings = |repository: &Path, text: &str| {
        let path = repository.join("bylaws/server.toml");
        let old = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{}{text}", old.replace("\nidentity = \"ssh\"\n", "\n"))).unwrap();
    };
    let cases: &[(&str, Break<'_>, &str)] = &[
        ("gone", &|r| fs::remove_file(r.join("hooks/pre-receive")).unwrap(), "pre-receive: `"),
        ("changed", &|r| fs::write(r.join("hooks/post-receive"), "#!/bin/sh\n").unwrap(), "another's hook"),
        (
            "mode",
            &|r| fs::set_permissions(r.join("hooks/pre-receive"), fs::Permissions::from_mode(0o644)).unwrap(),
            "may not be executed, so git ignores it",
        ),
        (
            "writable",
            &|r| fs::set_permissions(r.join("hooks/pre-receive"), fs::Permissions::from_mode(0o757)).unwrap(),
            "everybody may change",
        ),
        (
            "path",
            &|r| config(r, "core.hooksPath", "/dev/null"),
            "hook folder: core.hooksPath is `/dev/null` in `",
        ),
        (
            "worktree",
            &|r| {
                config(r, "extensions.worktreeConfig", "true");
                host.machine.git(r, &["config", "--worktree", "core.hooksPath", "/tmp"]).ok();
            },
            "config.worktree`, so the hooks",
        ),
        (
            "switch",
            &|r| config(r, "hook.pre-receive.enabled", "false"),
            "`hook.pre-receive.enabled` is `false`",
        ),
        ("options", &|r| config(r, "receive.advertisePushOptions", "false"), "push options: "),
        ("fsck", &|r| config(r, "receive.fsckObjects", "false"), "objects: receive.fsckObjects is not true"),
        (
            "no-settings",
            &|r| fs::write(r.join("bylaws/server.toml"), "").unwrap(),
            "`policy-ref` is set neither",
        ),
        ("bad-settings", &|r| settings(r, "enforces = true\n"), "unknown key `enforces`"),
        ("rollout", &|r| settings(r, "identity = \"ssh\"\nenforce = false\n"), "recorded as would-deny"),
        ("mismatch", &|r| settings(r, "identity = \"gitolite\"\n"), "`gitolite` cannot tell who pushes here"),
        ("certificate", &|r| settings(r, "identity = \"push-cert\"\n"), "receive.certNonceSeed is not set"),
        (
            "trust",
            &|r| settings(r, "identity = \"unix\"\ntrust-shell = true\n"),
            "without the hook; `trust-shell`",
        ),
        (
            "mirror",
            &|r| config(r, "remote.up.fetch", "+refs/*:refs/*"),
            "mirror: `git fetch up` moves branches",
        ),
        ("shallow", &|r| fs::write(r.join("shallow"), "").unwrap(), "history: the repository is shallow"),
        ("no-ref", &|r| settings(r, "identity = \"ssh\"\n#"), ""),
        (
            "no-policy",
            &|r| {
                host.machine.git(r, &["update-ref", "-d", "refs/heads/main"]).ok();
            },
            "policy: `refs/heads/main` does not exist yet",
        ),
        (
            "broken-policy",
            &|r| {
                let source = host.machine.path("of-broken-policy.git");
                fs::write(source.join(".bylaws/rules/no-keys.rhai"), "rule(").unwrap();
                host.machine.git(&source, &["commit", "-q", "-a", "-m", "Break it"]).ok();
                fs::rename(r.join("hooks"), r.join("hooks.off")).unwrap();
                host.machine.git(&source, &["push", "-q", r.to_str().unwrap(), "main"]).ok();
                fs::rename(r.join("hooks.off"), r.join("hooks")).unwrap();
            },
            "policy: the policy does not load",
        ),
        ("id", &|r| fs::write(r.join("bylaws/repository-id"), "abc\n").unwrap(), "64 hexadecimal digits"),
        ("key", &|r| fs::remove_file(r.join("bylaws/ledger_ed25519")).unwrap(), "ledger key: `"),
        (
            "key-mode",
            &|r| {
                fs::set_permissions(r.join("bylaws/ledger_ed25519"), fs::Permissions::from_mode(0o644))
                    .unwrap()
            },
            "has mode 0644: others can sign",
        ),
        ("spool", &|r| fs::remove_dir(r.join("bylaws/spool")).unwrap(), "spool: `"),
    ];
    for (name, act, words) in cases {
        let repository = healthy(&host, &format!("{name}.git"));
        act(&repository);
        let said = host.complaints(&repository);
        assert!(
            if words.is_empty() { said.is_empty() } else { said.iter().any(|line| line.contains(words)) },
            "{name}: {said:#?}"
        );
        if !words.is_empty() {
            assert_eq!(
                said.len(),
                if *name == "no-policy" || *name == "no-settings" { said.len() } else { 1 },
                "{name}: {said:#?}"
            );
        }
    }
}

#[test]
fn the_doctor_sees_what_the_machine_lets_through() {
    let host = Host::new();
    let repository = healthy(&host, "one.git");
    for (file, text, words) in [
        ("sshd_config", "AcceptEnv LANG GIT_*\n", "lets who pushes set variables of git"),
        (
            "sshd_config",
            "Match User git\n  PermitUserEnvironment yes\n",
            "lets who pushes set variables of git",
        ),
        ("mounts", "/dev/sda / ext4 rw 0 0\nfiler:/x /tmp nfs4 rw 0 0\n", "it is on nfs4: two machines"),
        ("mounts", "none / tmpfs rw 0 0\n", "it is on tmpfs, which is gone"),
    ] {
        let path = host.path(file);
        let before = fs::read_to_string(&path).unwrap();
        let text = text.replace("/tmp", host.path("srv").parent().unwrap().to_str().unwrap());
        fs::write(&path, text).unwrap();
        let said = host.complaints(&repository);
        assert!(said.len() == 1 && said[0].contains(words), "{said:#?}");
        fs::write(&path, before).unwrap();
    }
    let passwd = host.path("passwd");
    let text = fs::read_to_string(&passwd).unwrap().replace("git-shell", "bash");
    fs::write(&passwd, text).unwrap();
    let report = host.doctor(&repository);
    let shell = report.checks.iter().find(|check| check.name == "shell access").unwrap();
    assert!(report.is_enforced() && shell.help.is_some());
    fs::remove_file(host.machine.binary()).unwrap();
    assert!(host.complaints(&repository)[0].starts_with("program: there is no program at"));
}

#[test]
fn one_id_in_two_repositories_is_seen() {
    let host = Host::new();
    let one = healthy(&host, "one.git");
    let copied = host.path("srv").join("copy.git");
    Command::new("cp").arg("-r").arg(&one).arg(&copied).status().unwrap();
    let outcomes = doctor(&[host.path("srv")], &host.question());
    assert_eq!(outcomes.len(), 2);
    for outcome in outcomes {
        let said = complaints(&outcome.result.unwrap().checks);
        assert!(said.iter().any(|line| line.starts_with("repository id: ")), "{said:?}");
    }
}

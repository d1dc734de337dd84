//! `bylaws install --server`, `uninstall --server` and `doctor --server` on bare repositories of every layout.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "this is a test")]
#![allow(clippy::disallowed_methods, reason = "it shields the tests from the environment")]

#[path = "common/sandbox.rs"]
mod sandbox;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use bylaws::config::IdentitySource;
use bylaws::git::Location;
use bylaws::install::Check;
use bylaws::install::server::{
    Installed, Layout, Machine, Options, Outcome, Question, Report, chained, doctor, install, uninstall,
};
use sandbox::{Run, Sandbox, snapshot};

/// A server in a folder, with a stand-in for the program.
struct Host {
    machine: Sandbox,
}

impl Host {
    fn new() -> Self {
        let machine = Sandbox::new();
        fs::create_dir_all(machine.path("srv")).unwrap();
        Self { machine }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.machine
            .path(name)
            .parent()
            .unwrap()
            .canonicalize()
            .unwrap()
            .join(Path::new(name).file_name().unwrap())
    }

    /// A bare repository below `srv`.
    fn bare(&self, name: &str) -> PathBuf {
        self.bare_with(name, &[])
    }

    fn bare_with(&self, name: &str, words: &[&str]) -> PathBuf {
        let path = self.machine.path("srv").join(name);
        fs::create_dir_all(&path).unwrap();
        let words = [&["init", "-q", "--bare", "-b", "main"], words, &["."]].concat();
        self.machine.git(&path, &words).ok();
        path.canonicalize().unwrap()
    }

    fn location(&self) -> Location {
        Location {
            environment: self.machine.environment(),
            user_config: vec![("GIT_CONFIG_NOSYSTEM".into(), "1".into())],
            ..Location::at(self.machine.path("srv"))
        }
    }

    fn options(&self) -> Options {
        Options {
            binary: self.machine.binary(),
            version: "1.0.0".into(),
            identity: Some(IdentitySource::Ssh),
            host_settings: Some(self.path("host.toml")),
            location: self.location(),
        }
    }

    fn try_install(&self, path: &Path, options: &Options) -> Outcome<Installed> {
        let mut outcomes = install(&[path.to_owned()], options);
        assert_eq!(outcomes.len(), 1, "{outcomes:?}");
        outcomes.remove(0)
    }

    #[track_caller]
    fn install(&self, path: &Path) -> Installed {
        self.try_install(path, &self.options()).result.unwrap()
    }

    #[track_caller]
    fn install_as(&self, path: &Path, identity: Option<IdentitySource>) -> Installed {
        self.try_install(path, &Options { identity, ..self.options() }).result.unwrap()
    }

    #[track_caller]
    fn uninstall(&self, path: &Path) -> bool {
        let outcomes = uninstall(&[path.to_owned()], &self.location());
        outcomes.into_iter().fold(false, |changed, outcome| changed | outcome.result.unwrap().changed)
    }

    /// Pushes a new branch `name` to a repository by its path.
    fn push(&self, to: &Path, name: &str) -> Run {
        let clone = self.machine.path("clone");
        if !clone.is_dir() {
            self.machine.repository("clone");
        }
        self.machine.git(&clone, &["push", "-q", to.to_str().unwrap(), &format!("main:refs/heads/{name}")])
    }

    fn question(&self) -> Question {
        let file = |name: &str, text: &str| {
            let path = self.path(name);
            if !path.exists() {
                fs::write(&path, text).unwrap();
            }
            path
        };
        let owner = fs::metadata(self.machine.path("srv")).unwrap().uid();
        Question {
            binary: self.machine.binary(),
            version: "1.0.0".into(),
            now: 1_800_000_000,
            location: self.location(),
            machine: Machine {
                passwd: file("passwd", &format!("git:x:{owner}:{owner}::/srv:/usr/bin/git-shell\n")),
                sshd_config: file("sshd_config", "AcceptEnv LANG LC_* GIT_PROTOCOL\n"),
                mounts: file("mounts", "/dev/sda / ext4 rw 0 0\n"),
            },
        }
    }

    #[track_caller]
    fn doctor(&self, path: &Path) -> Report {
        let mut outcomes = doctor(&[path.to_owned()], &self.question());
        assert_eq!(outcomes.len(), 1, "{outcomes:?}");
        outcomes.remove(0).result.unwrap()
    }

    /// What is not enforced, a line each.
    #[track_caller]
    fn complaints(&self, path: &Path) -> Vec<String> {
        complaints(&self.doctor(path).checks)
    }

    fn script(&self, path: &Path, text: &str) {
        self.machine.script(path, text);
    }
}

fn complaints(checks: &[Check]) -> Vec<String> {
    let bad = checks.iter().filter(|check| !check.ok);
    bad.map(|check| format!("{}: {}", check.name, check.message)).collect()
}

/// All of a repository but `bylaws/`, which stays.
fn without_ours(repository: &Path) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    let mut all = snapshot(repository);
    all.retain(|path, _| !path.starts_with("bylaws"));
    all
}

const NOTE: &str = "#!/bin/sh\necho \"$0\" >>ran\n";

/// What the hooks noted since the last look.
fn ran(repository: &Path) -> String {
    let path = repository.join("ran");
    let text = fs::read_to_string(&path).unwrap_or_default();
    fs::remove_file(path).unwrap_or_default();
    text
}

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

/// As Gitea 1.22 and Forgejo write it.
const DELEGATOR: &str = r#"#!/usr/bin/env bash
# AUTO GENERATED BY GITEA, DO NOT MODIFY
data=$(cat)
exitcodes=""
hookname=$(basename $0)
GIT_DIR=${GIT_DIR:-$(dirname $0)/..}

for hook in ${GIT_DIR}/hooks/${hookname}.d/*; do
  test -x "${hook}" && test -f "${hook}" || continue
  echo "${data}" | "${hook}"
  exitcodes="${exitcodes} $?"
done

for i in ${exitcodes}; do
  [ ${i} -eq 0 ] || exit ${i}
done
"#;

fn gitea(host: &Host, name: &str) -> PathBuf {
    let repository = host.bare(name);
    for hook in ["pre-receive", "post-receive"] {
        host.script(&repository.join("hooks").join(hook), DELEGATOR);
        host.script(&repository.join(format!("hooks/{hook}.d/gitea")), NOTE);
    }
    repository
}

#[test]
fn a_forge_s_hooks_run_ours_beside_its_own() {
    let host = Host::new();
    let repository = gitea(&host, "one.git");
    let before = snapshot(&repository);
    let installed = host.install_as(&repository, None);
    assert_eq!(installed.layout, Layout::Gitea);
    let text = fs::read_to_string(repository.join("bylaws/server.toml")).unwrap();
    assert!(text.contains("\nidentity = \"gitea\"\n"));
    assert!(!host.install_as(&repository, None).changed);
    host.push(&repository, "a").ok();
    assert_eq!(host.machine.log().matches("bylaws <hook>").count(), 2);
    assert_eq!(ran(&repository), "./hooks/pre-receive.d/gitea\n./hooks/post-receive.d/gitea\n");
    host.script(&host.machine.path("refuse"), "");
    host.push(&repository, "b").refused();
    host.uninstall(&repository);
    ran(&repository);
    assert_eq!(without_ours(&repository), before);
    // A file of that name which is somebody else's is not replaced.
    host.script(&repository.join("hooks/pre-receive.d/bylaws"), NOTE);
    assert!(host.try_install(&repository, &host.options()).result.is_err());
    let plain = host.bare("plain.git");
    let as_gitea = Options { identity: Some(IdentitySource::Gitea), ..host.options() };
    let refused = host.try_install(&plain, &as_gitea).result.unwrap_err();
    assert!(refused.hint.unwrap().contains("regenerate hooks"));
}

#[test]
fn gitaly_finds_ours_among_the_custom_hooks() {
    let host = Host::new();
    let hashed = host.bare("@hashed/6b/86/6b86.git");
    let named = host.bare("named.git");
    let with_hooks = host.bare("custom.git");
    host.script(&with_hooks.join("custom_hooks/pre-receive.d/theirs"), NOTE);
    for (repository, identity) in [(hashed, None), (named, Some(IdentitySource::Gitlab)), (with_hooks, None)]
    {
        let before = snapshot(&repository);
        let installed = host.install_as(&repository, identity);
        assert_eq!(installed.layout, Layout::Gitlab);
        for hook in ["pre-receive", "post-receive"] {
            let mode = fs::metadata(repository.join(format!("custom_hooks/{hook}.d/bylaws"))).unwrap().mode();
            assert_eq!(mode & 0o777, 0o755);
        }
        assert!(!host.install_as(&repository, None).changed);
        assert!(complaints(&host.doctor(&repository).checks).iter().all(|line| !line.contains("receive.d")));
        host.uninstall(&repository);
        assert_eq!(without_ours(&repository), before);
    }
}

/// A home with the real gitolite in it.
struct Gitolite {
    host: Host,
    home: PathBuf,
}

impl Gitolite {
    fn new() -> Option<Self> {
        if !sandbox::search_path().any(|folder| folder.join("gitolite").is_file()) {
            sandbox::not_tested("gitolite is missing", "apt-get install gitolite3");
            return None;
        }
        let host = Host::new();
        let home = host.path("gitolite");
        fs::create_dir(&home).unwrap();
        let new = Self { host, home };
        new.gitolite(&["setup", "-a", "admin"]);
        Some(new)
    }

    fn gitolite(&self, words: &[&str]) {
        let home = self.home.to_str().unwrap();
        self.host.machine.run_with(&self.home, "gitolite", words, &[("HOME", home), ("USER", "git")]).ok();
    }

    fn repository(&self, name: &str) -> PathBuf {
        self.home.join("repositories").join(name)
    }

    /// Pushes past gitolite's own check, which is not what is asked here.
    fn push(&self, to: &Path, name: &str) -> Run {
        let clone = self.host.machine.path("clone");
        if !clone.is_dir() {
            self.host.machine.repository("clone");
        }
        let words = ["push", "-q", to.to_str().unwrap(), &format!("main:refs/heads/{name}")];
        self.host.machine.run_with(
            &clone,
            "git",
            &words,
            &[
                ("HOME", self.home.to_str().unwrap()),
                ("GL_BYPASS_ACCESS_CHECKS", "1"),
                ("GL_LIBDIR", "/usr/share/gitolite3/lib"),
            ],
        )
    }

    fn install(&self, path: &Path) -> Vec<Outcome<Installed>> {
        install(&[path.to_owned()], &Options { identity: None, ..self.host.options() })
    }
}

#[test]
fn gitolite_s_common_hooks_cover_repositories_that_are_made_later() {
    let Some(server) = Gitolite::new() else { return };
    let before = snapshot(&server.home);
    for path in [server.home.clone(), server.home.join(".gitolite")] {
        let outcomes = server.install(&path);
        assert_eq!(outcomes.len(), 2);
        for outcome in outcomes {
            assert_eq!(outcome.result.unwrap().layout, Layout::Gitolite);
        }
    }
    let once = snapshot(&server.home);
    server.gitolite(&["setup", "--hooks-only"]);
    assert_eq!(snapshot(&server.home), once, "gitolite makes the same links");
    let testing = server.repository("testing.git");
    assert!(fs::read_link(testing.join("hooks/pre-receive")).unwrap().ends_with("hooks/common/pre-receive"));
    server.push(&testing, "a").ok();
    assert_eq!(server.host.machine.log().matches("bylaws <hook>").count(), 2);
    assert!(server.host.complaints(&testing).iter().all(|line| !line.contains("hook")));

    let conf = server.home.join(".gitolite/conf/gitolite.conf");
    let mut text = fs::read_to_string(&conf).unwrap();
    text.push_str("\nrepo later\n    RW+ = @all\n");
    fs::write(&conf, text).unwrap();
    server.gitolite(&["compile"]);
    let later = server.repository("later.git");
    server.push(&later, "a").ok();
    assert!(server.host.machine.log().contains("<pre-receive>"));
    assert_eq!(
        server.install(&server.home).iter().filter(|one| one.result.as_ref().unwrap().changed).count(),
        1
    );

    assert!(server.host.uninstall(&server.home));
    assert!(!later.join("hooks/pre-receive").is_symlink());
    let mut after = snapshot(&server.home);
    let made_since = |path: &Path| {
        path.components().any(|part| part.as_os_str() == "bylaws")
            || path.starts_with("repositories/later.git")
            || path.starts_with(".gitolite/conf")
            || path.starts_with("projects.list")
    };
    after.retain(|path, _| !made_since(path));
    let mut before = before;
    before.retain(|path, _| !made_since(path));
    assert_eq!(after, before);
}

#[test]
fn one_repository_of_gitolite_keeps_ours_whatever_gitolite_links() {
    let Some(server) = Gitolite::new() else { return };
    let testing = server.repository("testing.git");
    let admin = snapshot(&server.repository("gitolite-admin.git"));
    let before = snapshot(&testing);
    assert_eq!(server.install(&testing).remove(0).result.unwrap().layout, Layout::Gitolite);
    assert_eq!(snapshot(&server.repository("gitolite-admin.git")), admin);
    // A common hook that comes later is linked into the repository, and goes on running after ours.
    server.host.script(&server.home.join(".gitolite/hooks/common/pre-receive"), NOTE);
    server.gitolite(&["setup", "--hooks-only"]);
    server.push(&testing, "a").ok();
    assert!(server.host.machine.log().contains("<pre-receive>"));
    assert_eq!(chained(&testing, "pre-receive").unwrap(), Some(PathBuf::from("hooks/pre-receive")));
    // gitolite's own `update` hook refuses who is nobody to it.
    let clone = server.host.machine.path("clone");
    let to = testing.to_str().unwrap();
    server.host.machine.git(&clone, &["push", "-q", to, "main:refs/heads/b"]).refused();
    fs::remove_file(server.home.join(".gitolite/hooks/common/pre-receive")).unwrap();
    fs::remove_file(testing.join("hooks/pre-receive")).unwrap();
    assert!(server.host.uninstall(&testing));
    assert_eq!(without_ours(&testing), before);
}

#[test]
fn a_common_hook_of_gitolite_s_operator_is_not_put_aside() {
    let Some(server) = Gitolite::new() else { return };
    let common = server.home.join(".gitolite/hooks/common/pre-receive");
    server.host.script(&common, NOTE);
    server.gitolite(&["setup", "--hooks-only"]);
    let before = snapshot(&server.home);
    for outcome in server.install(&server.home) {
        assert!(outcome.result.unwrap().folder.ends_with("bylaws/server-hooks"));
    }
    assert_eq!(fs::read_to_string(&common).unwrap(), NOTE);
    let testing = server.repository("testing.git");
    assert_eq!(chained(&testing, "pre-receive").unwrap(), Some(PathBuf::from("hooks/pre-receive")));
    assert!(server.host.uninstall(&server.home));
    let mut after = snapshot(&server.home);
    after.retain(|path, _| !path.components().any(|part| part.as_os_str() == "bylaws"));
    assert_eq!(after, before);
}

#[test]
fn folders_are_walked_and_nothing_is_left_out_unsaid() {
    let host = Host::new();
    let (one, two) = (host.bare("one.git"), host.bare("group/two.git"));
    fs::create_dir_all(one.join("objects/inner.git/refs")).unwrap();
    fs::create_dir_all(one.join("objects/inner.git/objects")).unwrap();
    fs::write(one.join("objects/inner.git/HEAD"), "ref: refs/heads/main\n").unwrap();
    host.machine.repository("srv/work");
    let outside = host.bare("../outside.git");
    let srv = host.path("srv");
    symlink(&outside, srv.join("link.git")).unwrap();
    symlink(&two, srv.join("inside.git")).unwrap();
    let outcomes = install(&[srv.clone(), one.clone(), host.path("absent")], &host.options());
    let mut said: Vec<String> = outcomes
        .iter()
        .map(|outcome| {
            let path = outcome.path.strip_prefix(host.path("srv").parent().unwrap()).unwrap();
            let how = match &outcome.result {
                Ok(_) => "installed".to_owned(),
                Err(error) if outcome.left_out => format!("left out: {error}"),
                Err(error) => error.to_string().split('`').next().unwrap().to_owned(),
            };
            format!("{}: {how}", path.display())
        })
        .collect();
    said.sort();
    assert_eq!(
        said,
        [
            "absent: cannot find ",
            "srv/group/two.git: installed",
            "srv/link.git: it is a link out of here, to ",
            "srv/one.git: installed",
            "srv/work/.git: left out: it is no bare repository: who works in it can move its refs without any hook",
        ]
    );
    host.install(&outside);
    assert!(install(&[srv], &host.options()).iter().all(|one| one.left_out || one.result.is_ok()));
    let empty = host.path("empty");
    fs::create_dir(&empty).unwrap();
    let none = host.try_install(&empty, &host.options()).result.unwrap_err();
    assert!(none.message.contains("no bare repository"));
    let named = host.try_install(&host.path("srv/work"), &host.options());
    assert!(named.result.is_err() && !named.left_out);
}

#[test]
fn what_cannot_be_installed_is_left_as_it_was() {
    let host = Host::new();
    type Of<'a> = &'a dyn Fn(&Path) -> Options;
    let cases: [(&str, Of<'_>, &str); 5] = [
        ("nobody.git", &|_| Options { identity: None, ..host.options() }, "nothing here tells who pushes"),
        (
            "detached.git",
            &|path| {
                fs::write(path.join("HEAD"), format!("{}\n", "1".repeat(40))).unwrap();
                host.options()
            },
            "`HEAD` names no branch",
        ),
        (
            "broken-host.git",
            &|_| {
                let file = host.path("broken.toml");
                fs::write(&file, "identity = \"gitole\"\n").unwrap();
                Options { host_settings: Some(file), ..host.options() }
            },
            "unknown identity source `gitole`",
        ),
        (
            "linked.git",
            &|path| {
                fs::create_dir_all(host.path("other")).unwrap();
                symlink(host.path("other"), path.join("bylaws")).unwrap();
                host.options()
            },
            "is a link",
        ),
        (
            "relative.git",
            &|_| Options { binary: PathBuf::from("bylaws"), ..host.options() },
            "is not an absolute path",
        ),
    ];
    for (name, prepare, words) in cases {
        let repository = host.bare(name);
        let options = prepare(&repository);
        let before = snapshot(&repository);
        let refused = host.try_install(&repository, &options).result.unwrap_err();
        assert!(refused.message.contains(words), "{name}: {refused}");
        assert_eq!(snapshot(&repository), before, "{name}");
    }
}

#[test]
fn what_the_host_says_is_not_said_again() {
    let host = Host::new();
    let key = host.path("key");
    fs::write(
        host.path("host.toml"),
        format!(
            "policy-ref = \"refs/heads/policy\"\nidentity = \"http\"\nsigning-key = \"{}\"\n",
            key.display()
        ),
    )
    .unwrap();
    let repository = host.bare("one.git");
    let installed = host.install(&repository);
    assert!(installed.notes.iter().any(|note| note.contains("`identity = \"http\"`, which holds")));
    assert!(!repository.join("bylaws/ledger_ed25519").exists());
    let text = fs::read_to_string(repository.join("bylaws/server.toml")).unwrap();
    assert!(text.lines().all(|line| line.is_empty() || line.starts_with('#')), "{text}");
    let settings = host.doctor(&repository).settings;
    let policy_ref = settings.iter().find(|one| one.key == "policy-ref").unwrap();
    assert_eq!(policy_ref.value, "refs/heads/policy");
    assert_eq!(policy_ref.from, host.path("host.toml").display().to_string());
    // Run again without the option it keeps to the file that it was told of.
    let options = Options { host_settings: None, ..host.options() };
    assert!(!host.try_install(&repository, &options).result.unwrap().changed);
}

#[test]
fn the_key_and_the_id_are_made_once_and_are_the_account_s_alone() {
    let host = Host::new();
    let repository = host.bare("one.git");
    host.install(&repository);
    let ours = |name: &str| repository.join("bylaws").join(name);
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode(ours("")), mode(ours("ledger_ed25519")), mode(ours("spool"))), (0o700, 0o600, 0o700));
    let key = ssh_key::PrivateKey::read_openssh_file(&ours("ledger_ed25519")).unwrap();
    let public = fs::read_to_string(ours("ledger_ed25519.pub")).unwrap();
    assert_eq!(public.trim_end(), key.public_key().to_openssh().unwrap());
    let id = fs::read_to_string(ours("repository-id")).unwrap();
    assert!(
        id.len() == 65 && id.ends_with('\n') && id.trim_end().bytes().all(|byte| byte.is_ascii_hexdigit())
    );
    let other = host.bare("two.git");
    host.install(&other);
    assert_ne!(fs::read_to_string(other.join("bylaws/repository-id")).unwrap(), id);
    host.uninstall(&repository);
    host.install(&repository);
    assert_eq!(fs::read_to_string(ours("repository-id")).unwrap(), id);
    assert_eq!(fs::read_to_string(ours("ledger_ed25519.pub")).unwrap(), public);
    let shared = host.bare_with("shared.git", &["--shared=group"]);
    host.install(&shared);
    assert_eq!(mode(shared.join("bylaws")), 0o2770);
    assert_eq!(mode(shared.join("bylaws/ledger_ed25519")), 0o640);
}

#[test]
fn all_that_root_writes_is_the_repository_s_owner_s() {
    let host = Host::new();
    let repository = host.bare("one.git");
    let owned = Command::new("chown").args(["-R", "12345:12346"]).arg(&repository).status().unwrap();
    if !owned.success() {
        sandbox::not_tested("files of another account cannot be made", "run this as root");
        return;
    }
    let before = snapshot(&repository);
    let owners = |wanted: &str| {
        for entry in walkdir::WalkDir::new(&repository) {
            let entry = entry.unwrap();
            let found = fs::symlink_metadata(entry.path()).unwrap();
            assert_eq!((found.uid(), found.gid()), (12345, 12346), "{wanted}: {}", entry.path().display());
        }
    };
    host.install(&repository);
    owners("installed");
    // A program in root's home is closed to everybody else.
    fs::set_permissions(host.machine.path("home"), fs::Permissions::from_mode(0o700)).unwrap();
    let program = host.doctor(&repository).checks.into_iter().find(|check| check.name == "program").unwrap();
    assert!(!program.ok && program.message.contains("may not run"), "{program:?}");
    host.uninstall(&repository);
    owners("uninstalled");
    assert_eq!(without_ours(&repository), before);
}

#[test]
fn git_s_configuration_is_extended_and_put_back() {
    let host = Host::new();
    let repository = host.bare("one.git");
    let get = |key: &str| host.machine.git(&repository, &["config", "--get", key]).text.trim_end().to_owned();
    let config = repository.join("config");
    let mut text = fs::read_to_string(&config).unwrap();
    text.push_str("[receive] fsckObjects = false ; why\n[core]\n\tpackedRefsTimeout = -1\n");
    fs::write(&config, &text).unwrap();
    let listed = host.machine.git(&repository, &["config", "--local", "--list"]).ok();
    host.install_as(&repository, Some(IdentitySource::PushCert));
    for (key, value) in [
        ("receive.advertisePushOptions", "true"),
        ("receive.fsckObjects", "true"),
        ("core.filesRefLockTimeout", "10000"),
        ("core.packedRefsTimeout", "-1"),
        ("receive.certNonceSlop", "300"),
    ] {
        assert_eq!(get(key), value, "{key}");
    }
    let seed = get("receive.certNonceSeed");
    assert_eq!(seed.len(), 64);
    assert!(!host.install_as(&repository, None).changed);
    assert_eq!(get("receive.certNonceSeed"), seed);
    // What somebody sets in the meantime stays, also where all of ours goes.
    host.machine.git(&repository, &["config", "core.logAllRefUpdates", "always"]).ok();
    assert!(host.install_as(&repository, None).changed);
    assert_eq!(get("receive.certNonceSeed"), seed);
    host.uninstall(&repository);
    assert_eq!((get("core.logAllRefUpdates"), get("receive.fsckObjects")), ("always".into(), "false".into()));
    assert_eq!(
        (get("receive.certNonceSeed"), get("receive.advertisePushOptions")),
        (String::new(), String::new())
    );
    host.machine.git(&repository, &["config", "--unset", "core.logAllRefUpdates"]).ok();
    assert_eq!(host.machine.git(&repository, &["config", "--local", "--list"]).ok(), listed);
    // Where nobody has changed it, every byte is put back.
    fs::write(&config, &text).unwrap();
    host.install_as(&repository, Some(IdentitySource::PushCert));
    host.uninstall(&repository);
    assert_eq!(fs::read_to_string(&config).unwrap(), text);
}

/// Starts an installation and kills it as soon as `is_so`.
fn kill_when(host: &Host, repository: &Path, is_so: impl Fn() -> bool) -> bool {
    let settings = host.path("host.toml").display().to_string();
    let mut child = Command::new(env!("CARGO_BIN_EXE_bylaws"))
        .args(["install", "--identity", "ssh", "--host-settings", &settings, "--server"])
        .arg(repository)
        .env_clear()
        .envs(host.machine.environment())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !is_so() && child.try_wait().unwrap().is_none() {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    let killed = !child.wait().unwrap().success();
    // Git's own commands that it had started may still be at work; a lock that was left behind is waited for otherwise.
    std::thread::sleep(Duration::from_millis(30));
    if let Ok(lock) = fs::File::options().write(true).open(repository.join("bylaws.lock")) {
        lock.set_modified(std::time::SystemTime::now() - Duration::from_secs(60)).unwrap();
    }
    fs::remove_file(repository.join("config.lock")).unwrap_or_default();
    killed
}

#[test]
fn an_installation_that_is_killed_anywhere_can_be_taken_out_or_completed() {
    let host = Host::new();
    let holds = |path: &str, words: &str| {
        let (path, words) = (path.to_owned(), words.to_owned());
        move |repository: &Path| {
            fs::read_to_string(repository.join(&path)).is_ok_and(|text| text.contains(&words))
        }
    };
    let after = |milliseconds| {
        let start = std::time::Instant::now();
        move |_: &Path| start.elapsed() > Duration::from_millis(milliseconds)
    };
    type When = Box<dyn Fn(&Path) -> bool>;
    let mut killed = 0;
    for round in 0..24_u64 {
        let repository = host.bare(&format!("{round}.git"));
        let foreign = round % 2 == 0;
        if foreign {
            host.script(&repository.join("hooks/pre-receive"), NOTE);
        }
        let folder = if foreign { "bylaws/server-hooks" } else { "hooks" };
        let when: When = match round % 12 {
            0 | 1 => Box::new(holds("bylaws/repository-id", "")),
            2 | 3 => Box::new(holds("bylaws/install-server.toml", "")),
            4 | 5 => Box::new(holds(&format!("{folder}/pre-receive"), "bylaws server shim")),
            6..=9 => Box::new(holds("config", "advertisePushOptions")),
            _ => Box::new(after(round * 5)),
        };
        let before = snapshot(&repository);
        killed += usize::from(kill_when(&host, &repository, || when(&repository)));
        if round % 3 == 0 {
            host.install(&repository);
            host.push(&repository, "a").ok();
            assert!(host.machine.log().contains("<pre-receive>"), "round {round}");
        }
        host.uninstall(&repository);
        assert_eq!(without_ours(&repository), before, "round {round}");
    }
    assert!(killed > 12, "hardly any was killed: {killed}");
}

#[test]
fn installations_at_once_do_not_undo_each_other() {
    let host = Host::new();
    let repository = host.bare("one.git");
    let before = snapshot(&repository);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| host.install(&repository));
        }
    });
    assert!(!host.install(&repository).changed);
    host.uninstall(&repository);
    assert_eq!(without_ours(&repository), before);
}

#[test]
fn a_lost_journal_leaves_nothing_behind() {
    let host = Host::new();
    for foreign in [false, true] {
        let repository = host.bare(if foreign { "one.git" } else { "two.git" });
        if foreign {
            host.script(&repository.join("hooks/pre-receive"), NOTE);
        }
        let before = snapshot(&repository);
        host.install(&repository);
        fs::remove_file(repository.join("bylaws/install-server.toml")).unwrap();
        assert!(!host.doctor(&repository).is_enforced());
        assert!(host.install(&repository).changed);
        host.push(&repository, "a").ok();
        assert!(host.machine.log().contains("<pre-receive>"));
        fs::remove_file(repository.join("bylaws/install-server.toml")).unwrap();
        host.uninstall(&repository);
        let hooks = |all: BTreeMap<PathBuf, (u32, Vec<u8>)>| -> Vec<PathBuf> {
            all.into_keys().filter(|path| path.starts_with("hooks")).collect()
        };
        assert_eq!(hooks(snapshot(&repository)), hooks(before));
        assert_eq!(host.machine.git(&repository, &["config", "core.hooksPath"]).text, "");
    }
}

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

#[test]
fn the_command_line_says_a_line_a_repository_and_ends_as_documented() {
    let host = Host::new();
    let repository = host.bare("one.git");
    host.machine.repository("srv/work");
    let srv = host.path("srv");
    let bylaws = |words: &[&str]| host.machine.bylaws(&srv, words);
    let settings = host.path("host.toml").display().to_string();
    let run = bylaws(&["install", "--server", "one.git"]);
    assert_eq!(run.code, 2);
    assert!(run.text.contains("nothing here tells who pushes"), "{}", run.text);
    let install = ["install", "--identity", "ssh", "--host-settings", &settings, "--server", "."];
    let text = bylaws(&install).ok();
    assert!(text.starts_with(&format!("installed: {} (plain git; ", repository.display())), "{text}");
    assert!(text.contains("left out: `"), "{text}");
    assert!(bylaws(&install).ok().starts_with("already installed: "));
    assert_eq!(bylaws(&["install", "--server", "absent", "one.git", "--identity", "ssh"]).code, 2);
    assert_eq!(bylaws(&["install", "--identity", "ssh"]).code, 2);
    assert_eq!(bylaws(&["install", "--server", "one.git", "--hook", "pre-push"]).code, 2);
    let run = bylaws(&["doctor", "--server", "one.git"]);
    assert_eq!(run.code, 1);
    for words in ["not enforced: policy: ", "ok: pre-receive: ", "setting: identity = ssh ("] {
        assert!(run.text.contains(words), "{words}: {}", run.text);
    }
    assert_eq!(bylaws(&["doctor", "--server", "absent"]).code, 2);
    let json: serde_json::Value =
        serde_json::from_str(&bylaws(&["doctor", "--format", "json", "--server", "one.git"]).text).unwrap();
    assert_eq!((json["version"].as_u64(), json["enforced"].as_bool()), (Some(1), Some(false)));
    let first = &json["repositories"][0];
    assert_eq!((first["layout"].as_str(), first["enforced"].as_bool()), (Some("plain"), Some(false)));
    assert!(
        first["checks"]
            .as_array()
            .unwrap()
            .iter()
            .any(|check| check["name"] == "policy" && check["ok"] == false)
    );
    assert!(
        first["settings"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["key"] == "enforce" && one["from"] == "default")
    );
    let text = bylaws(&["uninstall", "--server", "one.git"]).ok();
    assert!(text.starts_with("taken out: ") && text.contains("stays"), "{text}");
    assert!(bylaws(&["uninstall", "--server", "one.git"]).ok().starts_with("nothing is installed: "));
    assert_eq!(bylaws(&["doctor", "--server", "one.git"]).code, 1);
}

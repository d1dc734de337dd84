//! Gitolite, the real one: its common hooks, and one of its repositories alone.

use std::fs;
use std::path::{Path, PathBuf};

use bylaws::install::server::{Installed, Layout, Options, Outcome, chained, install};

use crate::host::{Host, NOTE, without_ours};
use crate::sandbox::{self, Run, snapshot};

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

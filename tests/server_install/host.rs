//! A server on which the tests install, ask the doctor and push.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use bylaws::config::IdentitySource;
use bylaws::git::Location;
use bylaws::install::Check;
use bylaws::install::server::{
    Installed, Machine, Options, Outcome, Question, Report, doctor, install, uninstall,
};

use crate::sandbox::{Run, Sandbox, snapshot};

/// A server in a folder, with a stand-in for the program.
pub(crate) struct Host {
    pub(crate) machine: Sandbox,
}

impl Host {
    pub(crate) fn new() -> Self {
        let machine = Sandbox::new();
        fs::create_dir_all(machine.path("srv")).unwrap();
        Self { machine }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.machine
            .path(name)
            .parent()
            .unwrap()
            .canonicalize()
            .unwrap()
            .join(Path::new(name).file_name().unwrap())
    }

    /// A bare repository below `srv`.
    pub(crate) fn bare(&self, name: &str) -> PathBuf {
        self.bare_with(name, &[])
    }

    pub(crate) fn bare_with(&self, name: &str, words: &[&str]) -> PathBuf {
        let path = self.machine.path("srv").join(name);
        fs::create_dir_all(&path).unwrap();
        let words = [&["init", "-q", "--bare", "-b", "main"], words, &["."]].concat();
        self.machine.git(&path, &words).ok();
        path.canonicalize().unwrap()
    }

    pub(crate) fn location(&self) -> Location {
        Location {
            environment: self.machine.environment(),
            user_config: vec![("GIT_CONFIG_NOSYSTEM".into(), "1".into())],
            ..Location::at(self.machine.path("srv"))
        }
    }

    pub(crate) fn options(&self) -> Options {
        Options {
            binary: self.machine.binary(),
            version: "1.0.0".into(),
            identity: Some(IdentitySource::Ssh),
            host_settings: Some(self.path("host.toml")),
            location: self.location(),
        }
    }

    pub(crate) fn try_install(&self, path: &Path, options: &Options) -> Outcome<Installed> {
        let mut outcomes = install(&[path.to_owned()], options);
        assert_eq!(outcomes.len(), 1, "{outcomes:?}");
        outcomes.remove(0)
    }

    #[track_caller]
    pub(crate) fn install(&self, path: &Path) -> Installed {
        self.try_install(path, &self.options()).result.unwrap()
    }

    #[track_caller]
    pub(crate) fn install_as(&self, path: &Path, identity: Option<IdentitySource>) -> Installed {
        self.try_install(path, &Options { identity, ..self.options() }).result.unwrap()
    }

    #[track_caller]
    pub(crate) fn uninstall(&self, path: &Path) -> bool {
        let outcomes = uninstall(&[path.to_owned()], &self.location());
        outcomes.into_iter().fold(false, |changed, outcome| changed | outcome.result.unwrap().changed)
    }

    /// Pushes a new branch `name` to a repository by its path.
    pub(crate) fn push(&self, to: &Path, name: &str) -> Run {
        let clone = self.machine.path("clone");
        if !clone.is_dir() {
            self.machine.repository("clone");
        }
        self.machine.git(&clone, &["push", "-q", to.to_str().unwrap(), &format!("main:refs/heads/{name}")])
    }

    pub(crate) fn question(&self) -> Question {
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
    pub(crate) fn doctor(&self, path: &Path) -> Report {
        let mut outcomes = doctor(&[path.to_owned()], &self.question());
        assert_eq!(outcomes.len(), 1, "{outcomes:?}");
        outcomes.remove(0).result.unwrap()
    }

    /// What is not enforced, a line each.
    #[track_caller]
    pub(crate) fn complaints(&self, path: &Path) -> Vec<String> {
        complaints(&self.doctor(path).checks)
    }

    pub(crate) fn script(&self, path: &Path, text: &str) {
        self.machine.script(path, text);
    }
}

pub(crate) fn complaints(checks: &[Check]) -> Vec<String> {
    let bad = checks.iter().filter(|check| !check.ok);
    bad.map(|check| format!("{}: {}", check.name, check.message)).collect()
}

/// All of a repository but `bylaws/`, which stays.
pub(crate) fn without_ours(repository: &Path) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    let mut all = snapshot(repository);
    all.retain(|path, _| !path.starts_with("bylaws"));
    all
}

/// A hook that notes that it ran.
pub(crate) const NOTE: &str = "#!/bin/sh\necho \"$0\" >>ran\n";

/// What the hooks noted since the last look.
pub(crate) fn ran(repository: &Path) -> String {
    let path = repository.join("ran");
    let text = fs::read_to_string(&path).unwrap_or_default();
    fs::remove_file(path).unwrap_or_default();
    text
}

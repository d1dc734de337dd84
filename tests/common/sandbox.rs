//! A machine in a folder: a home, a `PATH` and repositories, with real git and nothing of the user's own.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "this is part of the tests")]
#![allow(clippy::disallowed_methods, reason = "it shields the tests from the environment")]

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

#[path = "executable.rs"]
mod executable;

pub(crate) use executable::executable;

use bylaws::git::Location;
use bylaws::install::{Check, Installed, Options, Target, Uninstalled, doctor, install, uninstall};

/// What a command did.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    /// Standard output, then standard error.
    pub text: String,
}

impl Run {
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.code, 0, "it failed:\n{}", self.text);
        self.text
    }

    #[track_caller]
    pub fn refused(self) -> String {
        assert_ne!(self.code, 0, "it went through:\n{}", self.text);
        self.text
    }
}

pub struct Sandbox {
    folder: tempfile::TempDir,
}

impl Sandbox {
    /// With a stand-in for the program, which notes every call in `log` and refuses if there is a file `refuse`.
    pub fn new() -> Self {
        let sandbox = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir_all(sandbox.path("home")).unwrap();
        sandbox.script(
            &sandbox.binary(),
            &format!(
                "#!/bin/sh\n{{ printf 'bylaws'; printf ' <%s>' \"$@\"; printf '\\n'; }} >>{log}\n\
                 case $2 in pre-push) cat >>{log} ;; esac\n[ ! -e {refuse} ]\n",
                log = quoted(&sandbox.path("log")),
                refuse = quoted(&sandbox.path("refuse")),
            ),
        );
        sandbox
    }

    /// Runs the real program.
    pub fn bylaws(&self, folder: &Path, words: &[&str]) -> Run {
        self.run(folder, env!("CARGO_BIN_EXE_bylaws"), words)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where the program is installed: a path that has to be quoted.
    pub fn binary(&self) -> PathBuf {
        self.path("home/it's \"my\" $HOME/bin/bylaws")
    }

    pub fn script(&self, path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        executable(path, text);
    }

    /// Runs a command in `folder`.
    pub fn run<S: AsRef<OsStr>>(&self, folder: &Path, program: &str, words: &[S]) -> Run {
        self.run_with(folder, program, words, &[])
    }

    pub fn run_with<S: AsRef<OsStr>>(
        &self,
        folder: &Path,
        program: &str,
        words: &[S],
        variables: &[(&str, &str)],
    ) -> Run {
        let mut command = Command::new(program);
        command.args(words).current_dir(folder).stdin(Stdio::null());
        command.env_clear().envs(self.environment()).envs(variables.iter().copied());
        let output = command.output().unwrap();
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        Run { code: output.status.code().unwrap_or(-1), text }
    }

    /// What every process gets, and nothing else.
    pub fn environment(&self) -> Vec<(OsString, OsString)> {
        let home = self.path("home");
        let pairs = [
            ("PATH", std::env::var_os("PATH").unwrap()),
            ("HOME", home.into_os_string()),
            ("GIT_CONFIG_NOSYSTEM", "1".into()),
            ("GIT_AUTHOR_NAME", "Ada".into()),
            ("GIT_AUTHOR_EMAIL", "ada@lovelace.dev".into()),
            ("GIT_COMMITTER_NAME", "Ada".into()),
            ("GIT_COMMITTER_EMAIL", "ada@lovelace.dev".into()),
        ];
        pairs.into_iter().map(|(name, value)| (name.into(), value)).collect()
    }

    pub fn git(&self, folder: &Path, words: &[&str]) -> Run {
        self.run(folder, "git", words)
    }

    /// A new repository with one commit.
    pub fn repository(&self, name: &str) -> PathBuf {
        let folder = self.path(name);
        fs::create_dir_all(&folder).unwrap();
        self.git(&folder, &["init", "-q", "-b", "main"]).ok();
        fs::write(folder.join("file"), "one\n").unwrap();
        self.git(&folder, &["add", "file"]).ok();
        self.git(&folder, &["commit", "-q", "-m", "First"]).ok();
        folder
    }

    /// The same, governed by a policy of one rule, `no-keys`, so that these tests hang on no other.
    pub fn governed(&self, name: &str) -> PathBuf {
        let folder = self.repository(name);
        fs::create_dir_all(folder.join(".bylaws/rules")).unwrap();
        fs::write(folder.join(".bylaws/bylaws.toml"), "extends = []\n").unwrap();
        let rule = r#"rule("no-keys", #{
    title: "No file holds a key",
    why: "whoever reads the repository can use it",
    level: "hard-mandatory",
    file: |file| {
        for line in file.added_lines {
            if line.text.contains("KEY" + "-") { file.finding("a key is added", line.line).fix("take it out") }
        }
    },
});
"#;
        fs::write(folder.join(".bylaws/rules/no-keys.rhai"), rule).unwrap();
        self.git(&folder, &["add", "."]).ok();
        self.git(&folder, &["commit", "-q", "-m", "Set the rules"]).ok();
        folder
    }

    /// Changes a file and commits with hooks.
    pub fn commit(&self, folder: &Path) -> Run {
        let file = folder.join("file");
        let mut text = fs::read_to_string(&file).unwrap_or_default();
        text.push_str("more\n");
        fs::write(&file, text).unwrap();
        self.git(folder, &["commit", "-q", "-a", "-m", "More"])
    }

    /// The calls noted since the last look.
    pub fn log(&self) -> String {
        let log = self.path("log");
        let text = fs::read_to_string(&log).unwrap_or_default();
        fs::remove_file(&log).unwrap_or_default();
        text
    }

    pub fn target(&self, folder: &Path) -> Target {
        let ask = |what: &str| {
            let text = self.git(folder, &["rev-parse", "--path-format=absolute", what]).ok();
            PathBuf::from(text.strip_suffix('\n').unwrap())
        };
        let bare = self.git(folder, &["rev-parse", "--is-bare-repository"]).ok() == "true\n";
        Target {
            git_dir: ask("--git-dir"),
            common_dir: ask("--git-common-dir"),
            work_tree: (!bare).then(|| ask("--show-toplevel")),
            location: Location {
                environment: self.environment(),
                user_config: vec![("GIT_CONFIG_NOSYSTEM".into(), "1".into())],
                ..Location::at(folder)
            },
        }
    }

    pub fn options(&self) -> Options {
        Options { hooks: Vec::new(), binary: self.binary(), version: "0.1.0".into() }
    }

    #[track_caller]
    pub fn install(&self, folder: &Path) -> Installed {
        install(&self.target(folder), &self.options()).unwrap()
    }

    pub fn doctor(&self, folder: &Path) -> Vec<Check> {
        doctor(&self.target(folder), &self.options()).unwrap()
    }

    #[track_caller]
    pub fn uninstall(&self, folder: &Path) -> Uninstalled {
        uninstall(&self.target(folder)).unwrap()
    }
}

/// The folders of `PATH`.
pub fn search_path() -> impl Iterator<Item = PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH").unwrap()).collect::<Vec<_>>().into_iter()
}

/// A line that the rule `no-keys` refuses.
pub fn secret() -> String {
    "key = \"KEY-17\"\n".to_owned()
}

/// Says aloud that a test was left out; `.ci/run` fails on it. Past the test runner, which swallows what passing tests
/// print.
pub fn not_tested(what: &str, help: &str) {
    use std::io::Write as _;
    std::io::stderr().write_all(format!("NOT TESTED: {what}: {help}\n").as_bytes()).unwrap();
}

pub fn quoted(path: &Path) -> String {
    format!("'{}'", path.to_str().unwrap().replace('\'', "'\\''"))
}

/// Every file below a folder: its mode, and its bytes or where it links to. Object and index files, which every
/// commit changes, left out.
pub fn snapshot(folder: &Path) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    let mut found = BTreeMap::new();
    for entry in walkdir::WalkDir::new(folder) {
        let entry = entry.unwrap();
        let path = entry.path().strip_prefix(folder).unwrap().to_owned();
        let changing =
            ["objects", "logs", "refs", "index", "COMMIT_EDITMSG", "ORIG_HEAD", "HEAD", "FETCH_HEAD"];
        if path.components().any(|part| changing.iter().any(|name| part.as_os_str() == *name)) {
            continue;
        }
        let meta = fs::symlink_metadata(entry.path()).unwrap();
        let bytes = if meta.is_symlink() {
            fs::read_link(entry.path()).unwrap().into_os_string().into_encoded_bytes()
        } else if meta.is_dir() {
            Vec::new()
        } else {
            fs::read(entry.path()).unwrap()
        };
        found.insert(path, (meta.permissions().mode(), bytes));
    }
    found
}

/// The `PATH` of a daemon: what tests have, and where Debian puts daemons.
pub fn daemon_path() -> OsString {
    let mut folders: Vec<PathBuf> = search_path().collect();
    folders.extend(["/usr/sbin", "/sbin"].map(PathBuf::from));
    std::env::join_paths(folders).unwrap()
}

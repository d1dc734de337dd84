//! Repositories made by real git, with nothing of the user's: fixed names, dates and configuration.

#![allow(dead_code, unreachable_pub, reason = "a module of every test file, each of which uses a part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "for tests alone"
)]
#![allow(clippy::disallowed_methods, reason = "real git is looked for on the PATH")]

pub mod story;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicI64, Ordering};

use bylaws::git::Location;
use tempfile::TempDir;

/// The time of the first commit, 2026-01-01T00:00:00Z; each one after it is a minute later.
pub const EPOCH: i64 = 1_767_225_600;

/// A repository in a folder of its own that goes when this does.
pub struct Repo {
    folder: TempDir,
    root: PathBuf,
    clock: AtomicI64,
}

impl Repo {
    /// A new repository on branch `main`.
    pub fn new() -> Self {
        Self::init(&[])
    }

    /// A new repository, with more words for `git init`.
    pub fn init(words: &[&str]) -> Self {
        let repo = Self::empty_folder();
        let args: Vec<&str> = ["init", "-q", "-b", "main"].iter().chain(words).copied().collect();
        repo.git(&args);
        repo
    }

    /// A folder that is no repository yet: for clones.
    pub fn empty_folder() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap().join("repo");
        std::fs::create_dir(&root).unwrap();
        Self { folder, root, clock: AtomicI64::new(EPOCH) }
    }

    /// A clone of `from`, with more words for `git clone`.
    pub fn clone_of(from: &Self, words: &[&str]) -> Self {
        let repo = Self::empty_folder();
        let url = format!("file://{}", from.path().display());
        let args: Vec<&str> =
            ["clone", "-q"].iter().chain(words).copied().chain([url.as_str(), "."]).collect();
        repo.git(&args);
        repo
    }

    /// The top of its work tree; the repository itself if it is bare.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// A folder beside the work tree, for other worktrees and clones.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.root.parent().unwrap().join(name)
    }

    /// `git ARGS` in the work tree, hermetic.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("git");
        let now = self.clock.load(Ordering::Relaxed);
        command.env_clear().envs(environment()).args(args).current_dir(&self.root);
        command
            .env("GIT_AUTHOR_DATE", format!("{now} +0000"))
            .env("GIT_COMMITTER_DATE", format!("{now} +0000"));
        command
    }

    /// Runs `git ARGS`, which must succeed; what it prints, without the last line feed.
    pub fn git(&self, args: &[&str]) -> String {
        let output = self.command(args).output().unwrap();
        succeeded(args, &output)
    }

    /// Runs `git ARGS` with something on its standard input.
    pub fn git_with_input(&self, args: &[&str], input: &[u8]) -> String {
        use std::io::Write as _;
        let mut command = self.command(args);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        succeeded(args, &child.wait_with_output().unwrap())
    }

    /// Writes a file into the work tree.
    pub fn write(&self, path: &str, contents: impl AsRef<[u8]>) -> &Self {
        let file = self.root.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, contents).unwrap();
        self
    }

    /// Removes a file from the work tree.
    pub fn remove(&self, path: &str) -> &Self {
        std::fs::remove_file(self.root.join(path)).unwrap();
        self
    }

    /// Writes a file and stages it.
    pub fn stage(&self, path: &str, contents: impl AsRef<[u8]>) -> &Self {
        self.write(path, contents);
        self.git(&["add", "--", path]);
        self
    }

    /// Commits everything in the work tree, a minute after the commit before; its id.
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.commit_staged(message)
    }

    /// Commits what is staged; its id.
    pub fn commit_staged(&self, message: &str) -> String {
        self.git_with_input(
            &["commit", "-q", "--allow-empty", "--cleanup=verbatim", "-F", "-"],
            message.as_bytes(),
        );
        self.tick();
        self.head()
    }

    /// Merges; its id.
    pub fn merge(&self, others: &[&str], message: &str) -> String {
        let args: Vec<&str> =
            ["merge", "-q", "--no-ff", "-m", message].iter().chain(others).copied().collect();
        self.git(&args);
        self.tick();
        self.head()
    }

    /// Stores an object as it is; its id.
    pub fn object(&self, kind: &str, bytes: &[u8]) -> String {
        self.git_with_input(&["hash-object", "-t", kind, "-w", "--literally", "--stdin"], bytes)
    }

    /// Lets a minute go by.
    pub fn tick(&self) {
        self.clock.fetch_add(60, Ordering::Relaxed);
    }

    /// The id of `HEAD`.
    pub fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"])
    }

    /// Where this repository is, as the command line would say it.
    pub fn location(&self) -> Location {
        Self::location_of(&self.root)
    }

    /// Where a repository around `start` is.
    pub fn location_of(start: &Path) -> Location {
        let config = |(name, _): &(OsString, OsString)| name.to_string_lossy().starts_with("GIT_CONFIG");
        let (user_config, environment) = environment().into_iter().partition(config);
        Location { user_config, environment, ..Location::at(start) }
    }
}

fn succeeded(args: &[&str], output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {}: {said}", args.join(" "));
    let text = String::from_utf8_lossy(&output.stdout);
    text.strip_suffix('\n').unwrap_or(&text).to_owned()
}

/// What every process of a test sees: `PATH` alone is the machine's.
pub fn environment() -> Vec<(OsString, OsString)> {
    let fixed = [
        ("HOME", "/nonexistent"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_AUTHOR_NAME", "Ada Lovelace"),
        ("GIT_AUTHOR_EMAIL", "ada@example.org"),
        ("GIT_COMMITTER_NAME", "Ada Lovelace"),
        ("GIT_COMMITTER_EMAIL", "ada@example.org"),
        ("GIT_EDITOR", "true"),
        ("LC_ALL", "C"),
        ("TZ", "UTC"),
    ];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let fixed = fixed.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    fixed.chain([("PATH".into(), path)]).collect()
}

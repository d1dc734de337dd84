//! The one way to run git.
//!
//! A child sees no `GIT_*` variable of ours, so that nobody steers it through the environment (a hook inherits what git
//! set for itself, a server what a client sent). Then the repository is named explicitly, and replace refs and grafts,
//! which show another history than the one that is served, are off. Shallow boundaries stay: without them a shallow
//! clone cannot be walked.

use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::GitError;
use super::location::{Location, Place};
use crate::facts::Oid;

/// Runs git in one repository.
#[derive(Debug, Clone)]
pub(super) struct Git {
    pub(super) place: Arc<Place>,
}

impl Git {
    /// `git ARGS`, in this repository.
    pub(super) fn command(&self, args: &[&str]) -> Command {
        let place = &self.place;
        let mut command = bare_command(&place.location);
        command.current_dir(&place.git_dir).env("GIT_DIR", &place.git_dir);
        if place.location.common_dir.is_some() {
            command.env("GIT_COMMON_DIR", &place.common_dir);
        }
        if place.location.index_file.is_some() {
            command.env("GIT_INDEX_FILE", place.index_file());
        }
        if let Some(objects) = &place.location.object_directory {
            command.env("GIT_OBJECT_DIRECTORY", place.location.absolute(objects));
        }
        if let Some(alternates) = &place.location.alternate_object_directories {
            command.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", alternates);
        }
        command.args(args);
        command
    }

    /// Runs it to its end; any exit status but those in `fine` is an error with git's own words.
    pub(super) fn run(&self, args: &[&str], fine: &[i32]) -> Result<Output, GitError> {
        finish(self.command(args), args, fine)
    }

    /// Starts a process that is talked to.
    pub(super) fn talk(&self, args: &[&str]) -> Result<(Conversation, ChildStdout), GitError> {
        self.talk_with(args, &[])
    }

    /// The same, with more variables.
    pub(super) fn talk_with(
        &self,
        args: &[&str],
        variables: &[(&str, &str)],
    ) -> Result<(Conversation, ChildStdout), GitError> {
        let mut command = self.command(args);
        command.envs(variables.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| cannot_start(&error))?;
        let (Some(input), Some(output), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(GitError::new("cannot talk to git: it has no pipes"));
        };
        widen(&output);
        let words = Words::of(stderr)?;
        let name = subcommand(args).to_owned();
        Ok((Conversation { name, child, input: Some(input), words }, output))
    }

    /// The commit that a revision names.
    pub(super) fn resolve(&self, revision: &str) -> Result<Oid, GitError> {
        let unknown = || GitError::new(format!("`{revision}` names no commit"));
        if revision.starts_with('-') {
            return Err(unknown());
        }
        let parse = |word: &str| {
            let output = self.run(&["rev-parse", "--verify", "-q", word], &[0, 1, 128])?;
            Ok::<_, GitError>(Oid::from_hex(output.stdout.trim_ascii_end()))
        };
        // In two steps: behind `:/text` a suffix would be text.
        let named = parse(revision)?.ok_or_else(unknown)?;
        parse(&format!("{named}^{{commit}}"))?.ok_or_else(unknown)
    }

    /// The first `length` bytes of a blob: the rest is never read, nor held in memory by git.
    pub(super) fn head_of(&self, id: Oid, length: usize) -> Result<Vec<u8>, GitError> {
        let id = id.to_string();
        let (mut conversation, output) =
            self.talk(&["-c", "core.bigFileThreshold=1m", "cat-file", "blob", &id])?;
        let mut head = Vec::with_capacity(length);
        match output.take(length as u64).read_to_end(&mut head) {
            Ok(count) if count == length => Ok(head),
            Ok(_) => conversation.end().map(|()| head),
            Err(error) => Err(conversation.broken(&error.to_string())),
        }
    }
}

/// Lets more wait in a pipe than the usual 64 KiB, so that git works on while we judge. As much as anybody may have; where
/// that is refused it is only slower.
#[cfg(target_os = "linux")]
fn widen(pipe: &ChildStdout) {
    let _ = rustix::pipe::fcntl_setpipe_size(pipe, 1 << 20);
}

#[cfg(not(target_os = "linux"))]
fn widen(_: &ChildStdout) {}

/// What a child says on its standard error: a thread drains it, so that the child never waits for us, and keeps the end.
struct Words {
    kept: Arc<Mutex<Vec<u8>>>,
    thread: JoinHandle<()>,
}

impl Words {
    const KEPT: usize = 4 << 10;

    fn of(mut stderr: impl Read + Send + 'static) -> Result<Self, GitError> {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&kept);
        let drain = move || {
            let mut piece = [0; 1 << 10];
            while let Ok(count @ 1..) = stderr.read(&mut piece) {
                let mut kept = keep.lock().unwrap_or_else(PoisonError::into_inner);
                kept.extend_from_slice(piece.get(..count).unwrap_or_default());
                if kept.len() > 2 * Self::KEPT {
                    let much = kept.len() - Self::KEPT;
                    kept.drain(..much);
                }
            }
        };
        let thread =
            std::thread::Builder::new().name("git-stderr".to_owned()).stack_size(128 << 10).spawn(drain);
        let thread = thread.map_err(|error| GitError::new(format!("cannot start a thread: {error}")))?;
        Ok(Self { kept, thread })
    }

    /// All of it, once the child has ended. What the child started may live on and hold the pipe: nobody waits for that.
    fn all(&self) -> Vec<u8> {
        wait_a_moment(|| self.thread.is_finished());
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Until it is so, a tenth of a second at most.
fn wait_a_moment(mut is_so: impl FnMut() -> bool) {
    for _ in 0..50 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// `git` with the caller's environment minus every `GIT_*`, for when no repository is known yet.
pub(super) fn bare_command(location: &Location) -> Command {
    let mut command = Command::new("git");
    command.env_clear().envs(location.inherited());
    let config = |name: &OsStr| name.as_encoded_bytes().starts_with(b"GIT_CONFIG_");
    command.envs(location.user_config.iter().filter(|(n, _)| config(n)).map(|(n, v)| (n, v)));
    command
        .env("GIT_NO_REPLACE_OBJECTS", "1")
        .env("GIT_GRAFT_FILE", "/dev/null")
        .env("GIT_OPTIONAL_LOCKS", "0")
        // Else rev-list and diff-tree write into a pipe after every line: a fifth of all the time of a long range.
        .env("GIT_FLUSH", "0")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .stdin(Stdio::null());
    if location.no_lazy_fetch {
        command.env("GIT_NO_LAZY_FETCH", "1");
    }
    command
}

/// What git prints when it runs to its end in `folder`, with the git directory `git_dir`: for configuration files rather than objects.
pub(crate) fn run_in(
    location: &Location,
    folder: &Path,
    git_dir: &Path,
    args: &[&str],
    fine: &[i32],
) -> Result<Vec<u8>, GitError> {
    let mut command = bare_command(location);
    command.current_dir(folder).env("GIT_DIR", git_dir).args(args);
    Ok(finish(command, args, fine)?.stdout)
}

/// Runs a command of git's to its end.
pub(super) fn finish(mut command: Command, args: &[&str], fine: &[i32]) -> Result<Output, GitError> {
    let output = command.output().map_err(|error| cannot_start(&error))?;
    match output.status.code() {
        Some(code) if fine.contains(&code) => Ok(output),
        _ => Err(failed(subcommand(args), &output.stderr, &output.status.to_string())),
    }
}

pub(super) fn cannot_start(error: &std::io::Error) -> GitError {
    if error.kind() == std::io::ErrorKind::NotFound {
        return GitError::new("`git` was not found").hint("install git, or put it on the PATH");
    }
    GitError::new(format!("cannot run `git`: {error}"))
}

/// What a person knows a command by.
fn subcommand<'a>(args: &[&'a str]) -> &'a str {
    let mut words = args.iter().copied();
    while let Some(word) = words.next() {
        match word {
            "-c" => drop(words.next()),
            word if word.starts_with('-') => {}
            word => return word,
        }
    }
    ""
}

/// git's own words: what follows `fatal: `, and the rest of what it said as the hint.
fn failed(what: &str, stderr: &[u8], status: &str) -> GitError {
    let text = String::from_utf8_lossy(stderr);
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let Some(first) = lines.next() else {
        return GitError::new(format!("`git {what}` failed with {status} and said nothing"));
    };
    let said = first.strip_prefix("fatal: ").or_else(|| first.strip_prefix("error: ")).unwrap_or(first);
    let error = GitError::new(format!("`git {what}`: {said}"));
    if said.contains("unknown option") {
        return error.hint("git 2.36 or newer is needed");
    }
    let rest: Vec<&str> = lines.collect();
    if rest.is_empty() { error } else { error.hint(rest.join(" ")) }
}

/// A long-lived process of git's that answers on its standard output.
pub(super) struct Conversation {
    name: String,
    child: Child,
    pub(super) input: Option<ChildStdin>,
    words: Words,
}

impl Conversation {
    /// The error for a process that broke off or talks nonsense: it is ended, and its last words are the reason.
    pub(super) fn broken(&mut self, what: &str) -> GitError {
        drop(self.input.take());
        // One that is on its way out by itself has an exit status and words worth waiting for.
        wait_a_moment(|| !matches!(self.child.try_wait(), Ok(None)));
        let status = self.stop();
        let said = self.words.all();
        if said.trim_ascii().is_empty() {
            return GitError::new(format!("`git {}` broke off: {what} ({status})", self.name));
        }
        failed(&self.name, &said, &status)
    }

    /// Waits for its end after the last answer was read; an error if it failed.
    pub(super) fn end(&mut self) -> Result<(), GitError> {
        drop(self.input.take());
        let status = self.child.wait().map_err(|error| GitError::new(error.to_string()))?;
        if status.success() {
            return Ok(());
        }
        Err(failed(&self.name, &self.words.all(), &status.to_string()))
    }

    fn stop(&mut self) -> String {
        let status = match self.child.try_wait() {
            Ok(Some(status)) => Ok(status),
            _ => self.child.kill().and_then(|()| self.child.wait()),
        };
        status.map_or_else(|error| error.to_string(), |status| status.to_string())
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        // A reader that leaves early does not wait for the rest, and leaves no zombie.
        drop(self.input.take());
        drop(self.stop());
    }
}

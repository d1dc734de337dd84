//! The hooks that `bylaws` installs, and the hook of another tool that has to run before ours.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::str::FromStr;

use super::Target;
use super::error::InstallError;
use super::state::{Chain, State};
use super::{files, shim};

/// A hook that `bylaws` installs. The names are git's: <https://git-scm.com/docs/githooks>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hook {
    /// Judges what is staged.
    PreCommit,
    /// Judges the draft commit with its message.
    CommitMsg,
    /// Judges every ref that is pushed.
    PrePush,
}

impl Hook {
    /// All of them, in the order in which git runs them.
    pub const ALL: [Self; 3] = [Self::PreCommit, Self::CommitMsg, Self::PrePush];

    /// The name of its file in a hook folder.
    pub fn name(self) -> &'static str {
        match self {
            Self::PreCommit => "pre-commit",
            Self::CommitMsg => "commit-msg",
            Self::PrePush => "pre-push",
        }
    }

    /// The hook that git runs right after or before this one where it opens no editor.
    pub(crate) fn pair(self) -> Option<Self> {
        match self {
            Self::PreCommit => Some(Self::CommitMsg),
            Self::CommitMsg => Some(Self::PreCommit),
            Self::PrePush => None,
        }
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Hook {
    type Err = InstallError;

    fn from_str(name: &str) -> Result<Self, InstallError> {
        Self::ALL.into_iter().find(|hook| hook.name() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::name);
            let failed = InstallError::new(format!("`{name}` is not a hook that bylaws installs"));
            match crate::diagnostic::nearest(name, names) {
                Some(near) => failed.hint(format!("did you mean `{near}`?")),
                None => failed.hint(format!("there are {}", names.join(", "))),
            }
        })
    }
}

/// Set for a hook of another tool while it runs, so that ours, if that hook calls it again, does not call it again:
/// some tools move the hooks that they find and go on running them. What ours checks, it checks all the same.
pub const NESTED: &str = "BYLAWS_NESTED_HOOK";

/// The hook of another tool that git would run as `name` if `bylaws` were not installed, in this work tree, now.
///
/// It has to run first, with [`run`]. Looked up when it is needed, so that hooks which come and go after
/// `bylaws install` are heeded. Costs one small file to read. `nested` is the value of [`NESTED`] in our environment.
///
/// # Errors
///
/// If the state of the installation cannot be read: then nobody knows what should run, and the hook must block.
pub fn previous(
    target: &Target,
    name: &str,
    nested: Option<&OsStr>,
) -> Result<Option<PathBuf>, InstallError> {
    let Some(state) = State::of_work_tree(target)? else { return Ok(None) };
    let Some(folder) = chained_folder(target, state.chain.as_ref()) else { return Ok(None) };
    let hook = folder.join(name);
    let ours = || files::read(&hook).is_ok_and(|bytes| bytes.is_some_and(|bytes| shim::is_ours(&bytes)));
    let called_again = nested == Some(hook.as_os_str());
    Ok((!called_again && files::is_executable(&hook) && !ours()).then_some(hook))
}

/// Runs the hook of another tool as git would have: in the same folder, with the same arguments and environment, and
/// with `input` as its standard input. Its exit status; as in a shell, 128 and the number of a signal that ended it.
///
/// # Errors
///
/// If it cannot be run.
pub fn run(hook: &Path, arguments: &[OsString], input: &[u8]) -> Result<u8, InstallError> {
    let failed = |error: std::io::Error| InstallError::io("run the hook", hook, &error);
    let start =
        |command: &mut Command| command.args(arguments).env(NESTED, hook).stdin(Stdio::piped()).spawn();
    let mut child = match start(&mut Command::new(hook)) {
        // No interpreter is named in it: git then leaves it to the shell.
        Err(error) if is_no_program(&error) => start(Command::new("sh").arg(hook)),
        started => started,
    }
    .map_err(failed)?;
    if let Some(mut pipe) = child.stdin.take() {
        match pipe.write_all(input) {
            // A hook may leave its input unread.
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => return Err(failed(error)),
            _ => {}
        }
    }
    Ok(status(child.wait().map_err(failed)?))
}

/// `ENOEXEC`.
fn is_no_program(error: &std::io::Error) -> bool {
    error.raw_os_error() == Some(8)
}

#[cfg(unix)]
fn status(status: std::process::ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt as _;
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

#[cfg(not(unix))]
fn status(status: std::process::ExitStatus) -> u8 {
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

/// The folder in which other tools have their hooks, for the work tree of `target`.
pub(crate) fn chained_folder(target: &Target, chain: Option<&Chain>) -> Option<PathBuf> {
    match chain? {
        Chain::Default => Some(target.common_dir.join("hooks")),
        // As git does, a relative folder belongs to the work tree at hand.
        Chain::Folder(folder) => Some(target.top().join(folder)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn script(folder: &Path, text: &str) -> PathBuf {
        let path = folder.join("pre-push");
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[test]
    fn a_hook_gets_arguments_and_input_and_its_status_counts() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let text = format!("#!/bin/sh\n{{ echo \"$0 $1\"; cat; }} >{}\nexit 7\n", out.display());
        let hook = script(folder.path(), &text);
        assert_eq!(run(&hook, &["a b".into()], b"line\n").unwrap(), 7);
        let said = std::fs::read_to_string(&out).unwrap();
        assert_eq!(said, format!("{} a b\nline\n", hook.display()));
    }

    #[test]
    fn a_hook_without_an_interpreter_is_the_shells() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(run(&script(folder.path(), "exit 3\n"), &[], b"").unwrap(), 3);
        assert_eq!(run(&script(folder.path(), "kill -TERM $$\n"), &[], b"").unwrap(), 143);
    }

    #[test]
    fn input_that_is_not_read_is_no_failure() {
        let folder = tempfile::tempdir().unwrap();
        let hook = script(folder.path(), "#!/bin/sh\nexit 0\n");
        assert_eq!(run(&hook, &[], &vec![b'x'; 1 << 20]).unwrap(), 0);
        assert!(run(&folder.path().join("absent"), &[], b"").is_err());
    }
}

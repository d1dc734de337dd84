//! The hooks that `bylaws` installs, and the hook of another tool that has to run before ours.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::Target;
use super::error::InstallError;
use super::files;
use super::state::{Chain, State};

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

/// The hook of another tool that git would run as `name` if `bylaws` were not installed, in this work tree, now.
///
/// It has to run first, at this very path, with the arguments, standard input and environment of ours; its failure
/// blocks with its own exit status. Looked up when it is needed, so that hooks which come and go after
/// `bylaws install` are heeded. Costs one small file to read.
///
/// # Errors
///
/// If the state of the installation cannot be read: then nobody knows what should run, and the hook must block.
pub fn previous(target: &Target, name: &str) -> Result<Option<PathBuf>, InstallError> {
    let Some(state) = State::of_work_tree(target)? else { return Ok(None) };
    let Some(folder) = chained_folder(target, state.chain.as_ref()) else { return Ok(None) };
    let hook = folder.join(name);
    Ok(files::is_executable(&hook).then_some(hook))
}

/// The folder in which other tools have their hooks, for the work tree of `target`.
pub(crate) fn chained_folder(target: &Target, chain: Option<&Chain>) -> Option<PathBuf> {
    match chain? {
        Chain::Default => Some(target.common_dir.join("hooks")),
        // As git does, a relative folder belongs to the work tree at hand.
        Chain::Folder(folder) => Some(target.top().join(folder)),
    }
}

/// [`previous`], but not one of ours again: other tools move hooks that they find and go on running them.
pub(crate) fn is_shim(path: &Path) -> bool {
    std::fs::read(path).is_ok_and(|bytes| super::shim::is_ours(&bytes))
}

//! The one error of this layer: what went wrong, and what to do.

use std::path::Path;

use crate::git::GitError;

/// Why hooks could not be installed, taken out or looked up. The message is lower case without a full stop.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct InstallError {
    /// What went wrong, with the path or key in backticks.
    pub message: String,
    /// What to do about it, where that is known.
    pub hint: Option<String>,
}

impl From<GitError> for InstallError {
    fn from(error: GitError) -> Self {
        Self { message: error.message, hint: error.hint }
    }
}

impl InstallError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A file operation that failed: "cannot `what` `path`: why", with the usual remedy for the usual reasons.
    pub(crate) fn io(what: &str, path: &Path, error: &std::io::Error) -> Self {
        use std::io::ErrorKind as Kind;
        let failed = Self::new(format!("cannot {what} `{}`: {error}", path.display()));
        match error.kind() {
            Kind::PermissionDenied => failed.hint("make it writable for you, or run this as its owner"),
            Kind::ReadOnlyFilesystem => failed.hint("it is on a file system that is mounted read-only"),
            Kind::StorageFull => failed.hint("the disk is full; make room and run this again"),
            _ => failed,
        }
    }
}

//! The one error of this layer.

use crate::facts::StoreError;

/// Something could not be read from a repository. It blocks: nothing is skipped because of one.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct GitError {
    /// What failed, lower-case and without a full stop; git's own words where it has some.
    pub message: String,
    /// What to do, if that is known.
    pub hint: Option<String>,
}

impl GitError {
    /// An error without a hint.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<GitError> for StoreError {
    fn from(error: GitError) -> Self {
        match error.hint {
            None => Self(error.message),
            Some(hint) => Self(format!("{}; {hint}", error.message)),
        }
    }
}

//! Whether a commit's signature is good.

use super::GitError;
use super::store::Judging;
use crate::facts::Signature;

/// Checks the signature in a raw commit.
pub(super) fn check(raw: &[u8], _judging: &Judging) -> Result<Signature, GitError> {
    if memchr::memmem::find(raw, b"\ngpgsig").is_none() {
        return Ok(Signature::none());
    }
    Err(GitError::new("signatures cannot be checked yet"))
}

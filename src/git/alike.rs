//! Paths that differ in upper and lower case only: on many machines they are one file.
//!
//! Of a commit the trees on the way are read and no others. Of a draft, what its first parent holds and what is staged
//! are taken together, so that no hook has to look at the whole of a large index.

use super::GitError;
use super::objects::Side;
use super::store::Reader;
use super::tree;
use crate::facts::{Commit, EntryMode, FileStatus, GitPath, Oid, StoreError};

/// Folds the case of a name. What is not UTF-8 has none.
fn folded(name: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(name) {
        Ok(text) => text.to_lowercase().into_bytes(),
        Err(_) => name.to_vec(),
    }
}

/// Different, but for case the same.
fn are_alike(one: &[u8], other: &[u8]) -> bool {
    if one == other {
        return false;
    }
    if one.is_ascii() && other.is_ascii() {
        return one.eq_ignore_ascii_case(other);
    }
    folded(one) == folded(other)
}

fn parts(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|byte| *byte == b'/')
}

fn joined(folder: &[u8], name: &[u8]) -> Vec<u8> {
    if folder.is_empty() { name.to_vec() } else { [folder, b"/", name].concat() }
}

/// In the tree `root`: every path that is alike to `path` or to a folder above it.
fn in_tree(reader: &mut Reader, root: Oid, path: &[u8]) -> Result<Vec<(Vec<u8>, Side)>, GitError> {
    let mut found = Vec::new();
    let (mut at, mut above) = (Some(root), Vec::new());
    for name in parts(path) {
        let Some(id) = at.take() else { break };
        for entry in tree::entries(&reader.tree(id)?, id.as_bytes().len()) {
            let entry = entry?;
            if are_alike(entry.name, name) {
                found.push((joined(&above, entry.name), Side { mode: entry.mode, id: entry.id }));
            } else if entry.name == name && tree::is_folder(entry.mode) {
                at = Some(entry.id);
            }
        }
        above = joined(&above, name);
    }
    Ok(found)
}

/// Where `other` first differs from `path` in case only: that much of `other`.
fn alike_to(path: &[u8], other: &[u8]) -> Option<Vec<u8>> {
    let mut above = Vec::new();
    for (one, theirs) in parts(path).zip(parts(other)) {
        if are_alike(one, theirs) {
            return Some(joined(&above, theirs));
        }
        if one != theirs {
            return None;
        }
        above = joined(&above, one);
    }
    None
}

/// Every path in a commit that is alike to `path` or to a folder above it, in the order of their bytes.
pub(super) fn paths(reader: &mut Reader, commit: &Commit, path: &[u8]) -> Result<Vec<GitPath>, StoreError> {
    let mut found = match (commit.parts().tree, commit.parts().parents.first()) {
        (Some(root), _) => in_tree(reader, root, path)?.into_iter().map(|(path, _)| path).collect(),
        (None, None) => Vec::new(),
        (None, Some(parent)) => {
            let root = reader.tree_of(*parent)?;
            let gone = gone(commit)?;
            let mut left = Vec::new();
            for (path, side) in in_tree(reader, root, path)? {
                if stays(reader, &path, side, &gone)? {
                    left.push(path);
                }
            }
            left
        }
    };
    if commit.is_draft() {
        found.extend(staged(commit)?.iter().filter_map(|staged| alike_to(path, staged)));
    }
    found.sort();
    found.dedup();
    Ok(found.into_iter().map(GitPath::new).collect())
}

/// Is there a folder at `path` of a draft: with something staged below it, or in its first parent?
pub(super) fn drafted_folder(
    reader: &mut Reader,
    commit: &Commit,
    path: &[u8],
) -> Result<Option<Side>, StoreError> {
    let parent = match commit.parts().parents.first() {
        Some(parent) => {
            let root = reader.tree_of(*parent)?;
            reader.entry(root, path)?.filter(|side| tree::is_folder(side.mode))
        }
        None => None,
    };
    if let Some(side) = parent
        && stays(reader, path, side, &gone(commit)?)?
    {
        return Ok(Some(side));
    }
    let below = joined(path, b"");
    let is_new = staged(commit)?.iter().any(|staged| staged.starts_with(&below));
    // The tree of a folder that is only staged is not written yet.
    let id = commit.parts().parents.first().map_or(20, |id| id.as_bytes().len());
    let none = Oid::from_bytes(&vec![0; id]);
    Ok(none.filter(|_| is_new).map(|id| Side { mode: EntryMode(0o040_000), id }))
}

/// Paths that a draft adds or changes.
fn staged(commit: &Commit) -> Result<Vec<Vec<u8>>, StoreError> {
    let there = commit.files()?.iter().filter(|file| file.parts().status != FileStatus::Deleted);
    Ok(there.map(|file| file.path().as_bytes().to_vec()).collect())
}

/// Paths that a draft takes away.
fn gone(commit: &Commit) -> Result<Vec<Vec<u8>>, StoreError> {
    let paths = commit.files()?.iter().filter_map(|file| match file.parts().status {
        FileStatus::Deleted => Some(file.path().as_bytes().to_vec()),
        FileStatus::Renamed => file.parts().old_path.as_ref().map(|path| path.as_bytes().to_vec()),
        _ => None,
    });
    Ok(paths.collect())
}

/// Is something of `path` left when `gone` are away?
fn stays(reader: &mut Reader, path: &[u8], side: Side, gone: &[Vec<u8>]) -> Result<bool, GitError> {
    if !tree::is_folder(side.mode) {
        return Ok(!gone.iter().any(|gone| gone == path));
    }
    let below = joined(path, b"");
    if !gone.iter().any(|gone| gone.starts_with(&below)) {
        return Ok(true);
    }
    let held = reader.objects.between(None, Some(side.id))?;
    Ok(held.iter().any(|change| {
        let full = joined(path, change.path.as_bytes());
        !gone.contains(&full)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_case_may_differ() {
        assert!(are_alike(b"README", b"readme"));
        assert!(are_alike("Äpfel".as_bytes(), "äpfel".as_bytes()));
        assert!(!are_alike(b"same", b"same"));
        assert!(!are_alike(b"a", b"ab"));
        assert!(!are_alike(b"\xff", b"\xfe"));
    }

    #[test]
    fn the_first_part_that_differs_in_case_is_named() {
        assert_eq!(alike_to(b"src/b.c", b"Src/a.c"), Some(b"Src".to_vec()));
        assert_eq!(alike_to(b"src/b.c", b"src/B.c"), Some(b"src/B.c".to_vec()));
        assert_eq!(alike_to(b"src/b.c", b"src/c.c"), None);
        assert_eq!(alike_to(b"src/b.c", b"src/b.c"), None);
    }
}

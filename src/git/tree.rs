//! Trees as git stores them, and what differs between two of them.
//!
//! Used where trees are read one by one: always in process, and for single look-ups with the plumbing, which compares
//! trees itself.

use std::cmp::Ordering;
use std::sync::Arc;

use super::GitError;
use super::objects::{RawChange, Side};
use crate::facts::{EntryMode, GitPath, Oid};

const FOLDER: u32 = 0o040_000;

/// Deeper trees are refused: nobody works in them, and recursion has an end. git's own limit is `core.maxTreeDepth`, 2048.
pub(super) const MAX_DEPTH: usize = 2048;

/// Is it the mode of a folder?
pub(super) fn is_folder(mode: EntryMode) -> bool {
    mode.0 == FOLDER
}

/// One entry of a tree object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    pub(super) mode: EntryMode,
    pub(super) name: &'a [u8],
    pub(super) id: Oid,
}

impl Entry<'_> {
    fn is_folder(&self) -> bool {
        is_folder(self.mode)
    }

    /// git orders a folder as if its name ended with a slash.
    fn order(&self, other: &Self) -> Ordering {
        let key = |entry: &Self| if entry.is_folder() { Some(&b'/') } else { None };
        self.name.iter().chain(key(self)).cmp(other.name.iter().chain(key(other)))
    }
}

/// The entries of a tree object whose ids have `width` bytes.
pub(super) fn entries(bytes: &[u8], width: usize) -> impl Iterator<Item = Result<Entry<'_>, GitError>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let entry = split_entry(rest, width);
        rest = entry.map_or(&[], |(_, rest)| rest);
        Some(
            entry
                .map(|(entry, _)| entry)
                .ok_or_else(|| GitError::new("a tree object is malformed").hint("run `git fsck`")),
        )
    })
}

fn split_entry(bytes: &[u8], width: usize) -> Option<(Entry<'_>, &[u8])> {
    let space = memchr::memchr(b' ', bytes)?;
    let mode = u32::from_str_radix(std::str::from_utf8(bytes.get(..space)?).ok()?, 8).ok()?;
    let nul = space + memchr::memchr(0, bytes.get(space..)?)?;
    let end = nul + 1 + width;
    let id = Oid::from_bytes(bytes.get(nul + 1..end)?)?;
    Some((Entry { mode: canonical(mode), name: bytes.get(space + 1..nul)?, id }, bytes.get(end..)?))
}

/// As git shows modes: old trees hold others (`canon_mode` in cache.h of git).
fn canonical(mode: u32) -> EntryMode {
    EntryMode(match mode & 0o170_000 {
        0o100_000 if mode & 0o100 != 0 => 0o100_755,
        0o100_000 => 0o100_644,
        0o120_000 => 0o120_000,
        FOLDER => FOLDER,
        _ => 0o160_000,
    })
}

/// Reads the bytes of a tree.
pub(super) type ReadTree<'r> = dyn FnMut(Oid) -> Result<Arc<[u8]>, GitError> + 'r;

/// What differs between two trees, files only, by path; `None` is the empty tree.
pub(super) fn compare(
    old: Option<Oid>,
    new: Option<Oid>,
    read: &mut ReadTree<'_>,
) -> Result<Vec<RawChange>, GitError> {
    let mut comparison = Comparison { read, path: Vec::new(), changes: Vec::new(), depth: 0 };
    if old != new {
        comparison.trees(old, new)?;
    }
    let mut changes = comparison.changes;
    // Already in order, unless a tree is malformed.
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(changes)
}

struct Comparison<'r, 'f> {
    read: &'r mut ReadTree<'f>,
    path: Vec<u8>,
    changes: Vec<RawChange>,
    depth: usize,
}

impl Comparison<'_, '_> {
    fn trees(&mut self, old: Option<Oid>, new: Option<Oid>) -> Result<(), GitError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(GitError::new(format!("a tree is more than {MAX_DEPTH} folders deep")));
        }
        let (old_bytes, old_width) = self.bytes_of(old)?;
        let (new_bytes, new_width) = self.bytes_of(new)?;
        let mut olds = entries(&old_bytes, old_width).peekable();
        let mut news = entries(&new_bytes, new_width).peekable();
        loop {
            let order = match (olds.peek(), news.peek()) {
                (None, None) => break,
                (Some(Err(error)), _) | (_, Some(Err(error))) => return Err(error.clone()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(Ok(old)), Some(Ok(new))) => old.order(new),
            };
            let old = if order == Ordering::Greater { None } else { olds.next().transpose()? };
            let new = if order == Ordering::Less { None } else { news.next().transpose()? };
            self.pair(old, new)?;
        }
        self.depth -= 1;
        Ok(())
    }

    fn bytes_of(&mut self, id: Option<Oid>) -> Result<(Arc<[u8]>, usize), GitError> {
        id.map_or(Ok((Arc::default(), 20)), |id| Ok(((self.read)(id)?, id.as_bytes().len())))
    }

    fn pair(&mut self, old: Option<Entry<'_>>, new: Option<Entry<'_>>) -> Result<(), GitError> {
        if let (Some(old), Some(new)) = (&old, &new)
            && old.id == new.id
            && old.mode == new.mode
        {
            return Ok(());
        }
        let Some(name) = old.or(new).map(|entry| entry.name) else { return Ok(()) };
        let before = self.path.len();
        if before > 0 {
            self.path.push(b'/');
        }
        self.path.extend_from_slice(name);
        let folder = |entry: Option<Entry<'_>>| entry.filter(Entry::is_folder).map(|entry| entry.id);
        let file = |entry: Option<Entry<'_>>| {
            entry.filter(|entry| !entry.is_folder()).map(|entry| Side { mode: entry.mode, id: entry.id })
        };
        let (old_file, new_file) = (file(old), file(new));
        if old_file.is_some() || new_file.is_some() {
            let path = GitPath::new(self.path.as_slice());
            self.changes.push(RawChange { path, old: old_file, new: new_file });
        }
        if folder(old).is_some() || folder(new).is_some() {
            self.trees(folder(old), folder(new))?;
        }
        self.path.truncate(before);
        Ok(())
    }
}

/// Keeps of a merge's changes against its first parent those that are changes against every other parent too.
pub(super) fn only_in_all(mut first: Vec<RawChange>, others: &[Vec<RawChange>]) -> Vec<RawChange> {
    let in_all = |change: &RawChange| {
        others.iter().all(|changes| changes.binary_search_by(|other| other.path.cmp(&change.path)).is_ok())
    };
    first.retain(in_all);
    first
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn id(n: u8) -> Oid {
        Oid::from_bytes(&[n; 20]).unwrap()
    }

    fn tree(list: &[(&str, &str, u8)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (mode, name, n) in list {
            bytes.extend_from_slice(format!("{mode} {name}\0").as_bytes());
            bytes.extend_from_slice(&[*n; 20]);
        }
        bytes
    }

    fn diff(trees: &[(u8, Vec<u8>)], old: Option<u8>, new: Option<u8>) -> Vec<String> {
        let trees: HashMap<Oid, Vec<u8>> = trees.iter().map(|(n, bytes)| (id(*n), bytes.clone())).collect();
        let mut read = |id: Oid| Ok(trees[&id].as_slice().into());
        let changes = compare(old.map(id), new.map(id), &mut read).unwrap();
        changes.iter().map(|c| format!("{} {}", c.status().unwrap().as_str(), c.path)).collect()
    }

    #[test]
    fn only_what_differs_is_looked_into() {
        let trees = [
            (1, tree(&[("100644", "a", 10), ("40000", "d", 11), ("40000", "same", 99)])),
            (2, tree(&[("100755", "a", 10), ("40000", "d", 12), ("40000", "same", 99), ("120000", "z", 13)])),
            (11, tree(&[("100644", "x", 20), ("100644", "y", 21)])),
            (12, tree(&[("100644", "y", 22)])),
        ];
        assert_eq!(diff(&trees, Some(1), Some(2)), ["modified a", "deleted d/x", "modified d/y", "added z"]);
    }

    #[test]
    fn a_folder_in_place_of_a_file_is_a_deletion_and_additions() {
        let trees = [
            (1, tree(&[("100644", "a", 10), ("100644", "a.c", 15)])),
            (2, tree(&[("100644", "a.c", 15), ("40000", "a", 11)])),
            (11, tree(&[("100644", "x", 20)])),
        ];
        assert_eq!(diff(&trees, Some(1), Some(2)), ["deleted a", "added a/x"]);
        assert_eq!(diff(&trees, Some(2), Some(1)), ["added a", "deleted a/x"]);
    }

    #[test]
    fn a_root_adds_everything() {
        let trees = [(1, tree(&[("100664", "a", 10), ("160000", "m", 12)]))];
        assert_eq!(diff(&trees, None, Some(1)), ["added a", "added m"]);
    }

    #[test]
    fn a_malformed_tree_is_an_error() {
        let mut read = |_| Ok(b"100644 a\0short".as_slice().into());
        assert!(compare(None, Some(id(1)), &mut read).is_err());
    }
}

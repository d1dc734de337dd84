//! The index, gitformat-index(5), read in process.
//!
//! libgit2 reads one too, but does not give away its cache-tree, without which every tree of `HEAD` must be read to see what
//! is staged: most of a hook's time in a repository of some thousand files.

use std::path::Path;
use std::sync::Arc;

use super::GitError;
use super::objects::{RawChange, Side, unmerged};
use super::tree::{self, Entry, ReadTree};
use crate::facts::{EntryMode, GitPath, Oid};

/// Some forty thousand files. git itself compares a larger index in less memory.
const MAX_BYTES: u64 = 4 << 20;

/// Bytes of an object id: SHA-256 repositories are git's.
const WIDTH: usize = 20;

/// An index in memory.
#[derive(Debug, Default)]
pub(super) struct IndexFile {
    entries: Vec<IndexEntry>,
    /// The trees that are known to be what is staged, by path: `a/b`, and the empty path for all of it.
    trees: Vec<(Box<[u8]>, Oid)>,
}

#[derive(Debug)]
struct IndexEntry {
    path: Box<[u8]>,
    side: Side,
    stage: u16,
}

impl IndexFile {
    /// Reads one; `None` if it is too large or of a form that only git knows. No file is an index without entries.
    pub(super) fn read(file: &Path) -> Result<Option<Self>, GitError> {
        let failed = |error| GitError::new(format!("cannot read the index `{}`: {error}", file.display()));
        match file.metadata() {
            Ok(metadata) if metadata.len() > MAX_BYTES => return Ok(None),
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Some(Self::default())),
            Err(error) => return Err(failed(error)),
        }
        Ok(parse(&std::fs::read(file).map_err(failed)?))
    }

    /// The entry at a path, if there is one without conflict.
    pub(super) fn entry(&self, path: &[u8]) -> Option<Side> {
        let at = self.entries.binary_search_by(|entry| (&*entry.path, entry.stage).cmp(&(path, 0))).ok()?;
        self.entries.get(at).map(|entry| entry.side)
    }

    /// What differs between a tree and this index, by path.
    pub(super) fn changes(
        &self,
        tree: Option<Oid>,
        read: &mut ReadTree<'_>,
    ) -> Result<Vec<RawChange>, GitError> {
        if let Some(entry) = self.entries.iter().find(|entry| entry.stage > 0) {
            return Err(unmerged(&entry.path));
        }
        let mut comparison = Comparison { index: self, read, changes: Vec::new() };
        comparison.folder(tree, &[], &self.entries)?;
        let mut changes = comparison.changes;
        changes.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(changes)
    }

    fn is_tree(&self, path: &[u8], id: Oid) -> bool {
        let found = self.trees.binary_search_by(|(known, _)| (**known).cmp(path));
        found.ok().and_then(|at| self.trees.get(at)).is_some_and(|(_, known)| *known == id)
    }
}

struct Comparison<'i, 'r, 'f> {
    index: &'i IndexFile,
    read: &'r mut ReadTree<'f>,
    changes: Vec<RawChange>,
}

impl Comparison<'_, '_, '_> {
    /// `entries` are all those below `path`, which ends with a slash unless it is the top.
    fn folder(&mut self, tree: Option<Oid>, path: &[u8], entries: &[IndexEntry]) -> Result<(), GitError> {
        let Some(tree) = tree else {
            self.changes.extend(entries.iter().map(|entry| change(&entry.path, None, Some(entry.side))));
            return Ok(());
        };
        if self.index.is_tree(path.strip_suffix(b"/").unwrap_or(path), tree) {
            return Ok(());
        }
        let bytes: Arc<[u8]> = (self.read)(tree)?;
        let mut left = entries;
        for entry in tree::entries(&bytes, tree.as_bytes().len()) {
            left = self.entry(&entry?, path, left)?;
        }
        self.changes.extend(left.iter().map(|entry| change(&entry.path, None, Some(entry.side))));
        Ok(())
    }

    /// One entry of a tree beside those of the index: what comes before it in the index is added. Gives what is left.
    fn entry<'e>(
        &mut self,
        entry: &Entry<'_>,
        path: &[u8],
        entries: &'e [IndexEntry],
    ) -> Result<&'e [IndexEntry], GitError> {
        let is_folder = tree::is_folder(entry.mode);
        let mut own = [path, entry.name].concat();
        if is_folder {
            own.push(b'/');
        }
        let (before, rest) = split(entries, |other| *other.path < *own);
        self.changes.extend(before.iter().map(|entry| change(&entry.path, None, Some(entry.side))));
        if is_folder {
            let (below, rest) = split(rest, |other| other.path.starts_with(&own));
            if below.is_empty() {
                let gone = tree::compare(Some(entry.id), None, self.read)?;
                self.changes.extend(gone.into_iter().map(|gone| RawChange {
                    path: GitPath::new([&own, gone.path.as_bytes()].concat()),
                    ..gone
                }));
            } else {
                self.folder(Some(entry.id), &own, below)?;
            }
            return Ok(rest);
        }
        let old = Side { mode: entry.mode, id: entry.id };
        let (same, rest) = split(rest, |other| *other.path == *own);
        match same.first() {
            Some(other) if other.side == old => {}
            other => self.changes.push(change(&own, Some(old), other.map(|other| other.side))),
        }
        Ok(rest)
    }
}

fn split(entries: &[IndexEntry], first: impl Fn(&IndexEntry) -> bool) -> (&[IndexEntry], &[IndexEntry]) {
    entries.split_at_checked(entries.partition_point(first)).unwrap_or((entries, &[]))
}

fn change(path: &[u8], old: Option<Side>, new: Option<Side>) -> RawChange {
    RawChange { path: GitPath::new(path), old, new }
}

/// `None` for what is not understood: whoever asks leaves it to git, which knows, or says what is wrong.
fn parse(bytes: &[u8]) -> Option<IndexFile> {
    let (head, rest) = bytes.split_first_chunk::<12>()?;
    let version = u32::from_be_bytes(*head.get(4..8)?.first_chunk()?);
    let count = u32::from_be_bytes(*head.get(8..12)?.first_chunk()?);
    if !head.starts_with(b"DIRC") || !(2..=4).contains(&version) {
        return None;
    }
    let mut input = Input { rest: rest.get(..rest.len().checked_sub(WIDTH)?)? };
    let mut index = IndexFile {
        entries: Vec::with_capacity(usize::try_from(count).ok()?.min(1 << 17)),
        ..IndexFile::default()
    };
    let mut path = Vec::new();
    for _ in 0..count {
        let (entry, is_intended) = input.entry(version, &mut path)?;
        if index.entries.last().is_some_and(|last| (&last.path, last.stage) >= (&entry.path, entry.stage)) {
            return None;
        }
        if !is_intended {
            index.entries.push(entry);
        }
    }
    while !input.rest.is_empty() {
        let (name, content) = input.extension()?;
        match name {
            b"TREE" => {
                let mut tree = Input { rest: content };
                tree.cache_tree(&mut Vec::new(), &mut index.trees, 0)?;
                index.trees.sort();
            }
            // What begins with a capital may be left aside. The others (`link`, `sdir`) change what the entries mean.
            [b'A'..=b'Z', ..] => {}
            _ => return None,
        }
    }
    Some(index)
}

/// What is not read yet.
struct Input<'b> {
    rest: &'b [u8],
}

impl<'b> Input<'b> {
    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    fn until(&mut self, end: u8) -> Option<&'b [u8]> {
        let taken = self.take(memchr::memchr(end, self.rest)?)?;
        self.take(1)?;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2)?.first_chunk().map(|bytes| u16::from_be_bytes(*bytes))
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
    }

    /// An entry, and whether it is only intended to be added. `path` is the one before, from which version 4 makes the next.
    fn entry(&mut self, version: u32, path: &mut Vec<u8>) -> Option<(IndexEntry, bool)> {
        const EXTENDED: u16 = 1 << 14;
        const INTENDED: u16 = 1 << 13;
        let before = self.rest.len();
        // Times, device and inode; then the mode; then user, group and size.
        self.take(24)?;
        let mode = EntryMode(self.u32()?);
        self.take(12)?;
        let id = Oid::from_bytes(self.take(WIDTH)?)?;
        let flags = self.u16()?;
        let more = if flags & EXTENDED != 0 { self.u16()? } else { 0 };
        if version == 4 {
            let kept = path.len().checked_sub(self.offset()?)?;
            path.truncate(kept);
            path.extend_from_slice(self.until(0)?);
        } else {
            path.clear();
            path.extend_from_slice(self.until(0)?);
            // At least one NUL, up to a multiple of eight.
            let length = before - self.rest.len();
            self.take(length.next_multiple_of(8) - length)?;
        }
        let entry =
            IndexEntry { path: path.as_slice().into(), side: Side { mode, id }, stage: (flags >> 12) & 3 };
        Some((entry, more & INTENDED != 0))
    }

    /// The variable-width number of OFS_DELTA, gitformat-pack(5).
    fn offset(&mut self) -> Option<usize> {
        let mut byte = *self.take(1)?.first()?;
        let mut value = usize::from(byte & 0x7f);
        while byte & 0x80 != 0 {
            byte = *self.take(1)?.first()?;
            value = value.checked_add(1)?.checked_mul(128)? + usize::from(byte & 0x7f);
        }
        Some(value)
    }

    fn extension(&mut self) -> Option<(&'b [u8], &'b [u8])> {
        let name = self.take(4)?;
        let size = usize::try_from(self.u32()?).ok()?;
        Some((name, self.take(size)?))
    }

    /// One tree and those below it; only those that are valid have an id.
    fn cache_tree(
        &mut self,
        path: &mut Vec<u8>,
        trees: &mut Vec<(Box<[u8]>, Oid)>,
        depth: usize,
    ) -> Option<()> {
        let number = |digits: &[u8]| std::str::from_utf8(digits).ok()?.parse::<i64>().ok();
        let name = self.until(0)?;
        let length = path.len();
        if depth > 0 {
            if length > 0 {
                path.push(b'/');
            }
            path.extend_from_slice(name);
        }
        let entries = number(self.until(b' ')?)?;
        let below = number(self.until(b'\n')?)?;
        if entries >= 0 {
            trees.push((path.as_slice().into(), Oid::from_bytes(self.take(WIDTH)?)?));
        }
        for _ in 0..below {
            (depth < tree::MAX_DEPTH).then_some(())?;
            self.cache_tree(path, trees, depth + 1)?;
        }
        path.truncate(length);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rubbish_is_left_to_git() {
        for bytes in [&b""[..], b"DIRC", b"DIRC\0\0\0\x02\0\0\0\x01", &[0; 100]] {
            assert!(parse(bytes).is_none());
        }
        let mut empty = b"DIRC\0\0\0\x02\0\0\0\0".to_vec();
        empty.extend_from_slice(&[0; 20]);
        assert!(parse(&empty).is_some_and(|index| index.entries.is_empty()));
        let mut with_link = b"DIRC\0\0\0\x02\0\0\0\0link\0\0\0\0".to_vec();
        with_link.extend_from_slice(&[0; 20]);
        assert!(parse(&with_link).is_none());
    }
}

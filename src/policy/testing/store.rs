//! Where made-up facts have their contents.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::facts::{
    Blob, Commit, EntryMode, File, GitPath, MAX_BLOB, Oid, Signature, Store, StoreError, TreeEntry,
};

/// Blobs of one made-up file, or the tree of a made-up commit.
#[derive(Default)]
pub(super) struct MadeUp {
    pub(super) blobs: HashMap<Oid, Blob>,
    /// What the commit changes.
    pub(super) files: Vec<Arc<File>>,
    /// What else is in its tree.
    pub(super) others: Vec<(GitPath, TreeEntry)>,
}

impl MadeUp {
    fn find(&self, id: Oid) -> Result<&Blob, StoreError> {
        self.blobs.get(&id).ok_or_else(|| StoreError(format!("blob {id} was not made up")))
    }

    /// Every file, link and submodule of the tree.
    fn tree(&self) -> impl Iterator<Item = (&GitPath, TreeEntry)> {
        let changed = self.files.iter().filter_map(|file| {
            let parts = file.parts();
            Some((file.path(), TreeEntry { mode: parts.mode, id: parts.id? }))
        });
        changed.chain(self.others.iter().map(|(path, entry)| (path, *entry)))
    }
}

impl Store for MadeUp {
    fn blob(&self, id: Oid) -> Result<Blob, StoreError> {
        self.find(id).cloned()
    }

    fn size(&self, id: Oid) -> Result<u64, StoreError> {
        Ok(self.find(id)?.size())
    }

    fn files(&self, _: &Commit) -> Result<Vec<Arc<File>>, StoreError> {
        Ok(self.files.clone())
    }

    fn entry(&self, _: &Commit, path: &[u8]) -> Result<Option<TreeEntry>, StoreError> {
        let below =
            |other: &GitPath| other.as_bytes().strip_prefix(path).is_some_and(|rest| rest.starts_with(b"/"));
        let exact = self.tree().find(|(other, _)| other.as_bytes() == path).map(|(_, entry)| entry);
        let folder = || {
            let inside = self.tree().find(|(other, _)| below(other));
            inside.map(|(_, entry)| TreeEntry { mode: EntryMode(0o040_000), ..entry })
        };
        Ok(exact.or_else(folder))
    }

    fn paths_like(&self, _: &Commit, path: &[u8]) -> Result<Vec<GitPath>, StoreError> {
        let folded = |path: &[u8]| String::from_utf8_lossy(path).to_lowercase();
        let wanted: Vec<&[u8]> = prefixes(path).collect();
        let mut like = BTreeSet::new();
        for (other, _) in self.tree() {
            // Below a folder that differs everything does; the folder is what is named.
            let differs = prefixes(other.as_bytes())
                .zip(&wanted)
                .take_while(|(theirs, ours)| folded(theirs) == folded(ours))
                .find(|(theirs, ours)| theirs != *ours);
            like.extend(differs.map(|(theirs, _)| GitPath::new(theirs)));
        }
        Ok(like.into_iter().collect())
    }

    fn signature(&self, _: &Commit) -> Result<Signature, StoreError> {
        Ok(Signature::none())
    }
}

/// `a`, `a/b`, `a/b/c`.
fn prefixes(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
    ends.chain([path.len()]).filter_map(|end| path.get(..end))
}

/// A blob with these bytes.
pub(super) fn whole(bytes: impl Into<Arc<[u8]>>) -> Blob {
    Blob::Whole(bytes.into())
}

/// A text of so many bytes; a large one is not made, it is only said to be so large.
pub(super) fn of_size(size: usize) -> Blob {
    let text = |size: usize| {
        let mut text = format!("{}\n", "x".repeat(79)).into_bytes().repeat(size / 80 + 1);
        text.truncate(size);
        text
    };
    if size as u64 > MAX_BLOB {
        return Blob::TooLarge { size: size as u64, head: text(8_000).into() };
    }
    whole(text(size))
}

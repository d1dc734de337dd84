//! What one worker reads facts with: an implementation behind a lock, and a bounded memory of blobs.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use super::cache::BlobCache;
use super::commit_object::CommitObject;
use super::objects::{Kind, Objects, RawChange, RawCommit, Side};
use super::shallow::Shallow;
use super::{GitError, Needs, renames, signatures, tree};
use crate::facts::{
    Blob, Commit, File, FileParts, FileStatus, MAX_BLOB, Oid, People, Signature, Store, StoreError, TreeEntry,
};

/// Bytes of blobs that one handle keeps.
const CACHE: usize = 32 << 20;
/// Bytes of blobs that are read ahead at once: the rest of the cache is for what is used again.
const AHEAD: usize = 20 << 20;
/// How much of a blob git looks at to tell binary from text.
const HEAD: usize = 8000;

/// By whom and when facts are judged.
#[derive(Debug, Clone, Default)]
pub(super) struct Judging {
    pub(super) people: Arc<People>,
    pub(super) now: i64,
}

/// One worker's way into a repository.
pub(super) struct Handle {
    reader: Mutex<Reader>,
    shallow: Shallow,
    judging: RwLock<Judging>,
}

/// What is behind the lock.
pub(super) struct Reader {
    pub(super) objects: Box<dyn Objects>,
    cache: BlobCache,
    /// Blobs that will be asked for, in that order.
    ahead: VecDeque<Oid>,
}

impl Handle {
    pub(super) fn new(objects: Box<dyn Objects>, judging: Judging) -> Result<Self, GitError> {
        let shallow = Shallow::read(objects.common_dir())?;
        let reader = Reader { objects, cache: BlobCache::new(CACHE), ahead: VecDeque::new() };
        Ok(Self { reader: Mutex::new(reader), shallow, judging: RwLock::new(judging) })
    }

    pub(super) fn reader(&self) -> MutexGuard<'_, Reader> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_shallow(&self) -> bool {
        !self.shallow.is_empty()
    }

    pub(super) fn judging(&self) -> Judging {
        self.judging.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn judge_by(&self, judging: Judging) {
        *self.judging.write().unwrap_or_else(PoisonError::into_inner) = judging;
    }

    /// Commits in the order asked; of what `needs` names, as much is read beforehand as the cache holds.
    pub(super) fn commits(self: &Arc<Self>, ids: &[Oid], needs: Needs) -> Result<Vec<Arc<Commit>>, GitError> {
        let with_files = needs.files || needs.contents || needs.old_contents;
        let judging = self.judging();
        let mut reader = self.reader();
        let mut raw = reader.objects.commits(ids, with_files)?;
        let merges =
            raw.iter().zip(ids).map(|(raw, id)| self.is_merge(*id, raw)).collect::<Result<Vec<_>, _>>()?;
        let mut files = Vec::with_capacity(raw.len());
        for (raw, merge) in raw.iter_mut().zip(merges) {
            let changes = raw.changes.take();
            files.push(changes.map(|changes| reader.parts(changes, merge)).transpose()?);
        }
        if needs.contents || needs.old_contents {
            reader.read_ahead(files.iter().flatten().flatten(), needs)?;
        }
        drop(reader);
        ids.iter()
            .zip(raw)
            .zip(files)
            .map(|((id, raw), files)| self.commit(*id, raw, files, &judging))
            .collect()
    }

    fn is_merge(&self, id: Oid, raw: &RawCommit) -> Result<bool, GitError> {
        Ok(self.shallow.cut(id, CommitObject::new(&raw.bytes).links(id)?).parents.len() > 1)
    }

    fn commit(
        self: &Arc<Self>,
        id: Oid,
        raw: RawCommit,
        files: Option<Vec<FileParts>>,
        judging: &Judging,
    ) -> Result<Arc<Commit>, GitError> {
        let bytes: Arc<[u8]> = raw.bytes.into();
        let object = CommitObject::new(&bytes);
        let links = self.shallow.cut(id, object.links(id)?);
        let parts = object.parts(id, links, Arc::clone(&bytes), &judging.people);
        let commit = Commit::new(parts, self.store());
        Ok(Arc::new(match files {
            Some(files) => commit.with_files(self.files(files)),
            None => commit,
        }))
    }

    pub(super) fn store(self: &Arc<Self>) -> Arc<dyn Store> {
        let store: Arc<Self> = Arc::clone(self);
        store
    }

    pub(super) fn files(self: &Arc<Self>, parts: Vec<FileParts>) -> Vec<Arc<File>> {
        files_with(parts, &self.store())
    }
}

fn files_with(parts: Vec<FileParts>, store: &Arc<dyn Store>) -> Vec<Arc<File>> {
    parts.into_iter().map(|parts| Arc::new(File::new(parts, Arc::clone(store)))).collect()
}

impl Reader {
    /// Turns raw changes into files: with renames, except in merges, of which only what differs from all parents is known.
    pub(super) fn parts(&mut self, changes: Vec<RawChange>, merge: bool) -> Result<Vec<FileParts>, GitError> {
        if merge {
            return Ok(renames::plain(changes));
        }
        renames::detect(changes, self)
    }

    /// A blob, or as much of it as is read.
    pub(super) fn blob(&mut self, id: Oid) -> Result<Blob, GitError> {
        if let Some(bytes) = self.cache.get(id) {
            return Ok(Blob::Whole(bytes));
        }
        if let Some(place) = self.ahead.iter().position(|ahead| *ahead == id) {
            self.ahead.drain(..place);
            self.fill()?;
            if let Some(bytes) = self.cache.get(id) {
                return Ok(Blob::Whole(bytes));
            }
        }
        let size = self.size(id)?;
        if size > MAX_BLOB {
            let head = self.objects.head_of(id, HEAD)?;
            return Ok(Blob::TooLarge { size, head: head.into() });
        }
        let bytes: Arc<[u8]> = self.objects.read(id)?.bytes.into();
        self.cache.put(id, Arc::clone(&bytes));
        Ok(Blob::Whole(bytes))
    }

    pub(super) fn size(&mut self, id: Oid) -> Result<u64, GitError> {
        if let Some(bytes) = self.cache.get(id) {
            return Ok(bytes.len() as u64);
        }
        match self.objects.info(id)? {
            Some((Kind::Blob, size)) => Ok(size),
            Some((kind, _)) => Err(GitError::new(format!("object {id} is a {}, not a blob", kind.name()))),
            None => Err(GitError::new(format!("blob {id} is missing")).hint("run `git fsck`")),
        }
    }

    /// Notes which blobs will be asked for, in that order, and reads the first of them.
    fn read_ahead<'f>(
        &mut self,
        files: impl Iterator<Item = &'f FileParts>,
        needs: Needs,
    ) -> Result<(), GitError> {
        let side = |id: Option<Oid>, submodule: bool| id.filter(|_| !submodule);
        let ids = files.flat_map(|file| {
            let old = side(file.old_id, file.old_mode.unwrap_or(file.mode).is_submodule());
            let new = side(file.id, file.mode.is_submodule());
            [old.filter(|_| needs.old_contents), new.filter(|_| needs.contents)]
        });
        let ids: Vec<Oid> = ids.flatten().collect();
        self.prefetch(&ids)
    }

    pub(super) fn prefetch(&mut self, ids: &[Oid]) -> Result<(), GitError> {
        self.ahead.clear();
        self.ahead.extend(ids);
        self.fill()
    }

    fn fill(&mut self) -> Result<(), GitError> {
        let mut wanted = Vec::new();
        let mut known = std::collections::HashSet::new();
        wanted.extend(self.ahead.iter().filter(|id| !self.cache.contains(**id) && known.insert(**id)));
        let (cache, mut bytes, mut last) = (&mut self.cache, 0, None);
        let budget = AHEAD.min(cache.limit());
        self.objects.blobs(&wanted, MAX_BLOB, &mut |id, blob| {
            bytes += blob.len();
            cache.put(id, blob.into());
            last = Some(id);
            bytes < budget
        })?;
        let read = last.and_then(|last| self.ahead.iter().position(|id| *id == last));
        match read {
            Some(place) if bytes >= budget => drop(self.ahead.drain(..=place)),
            _ => self.ahead.clear(),
        }
        Ok(())
    }

    /// What is at `path` below a tree.
    pub(super) fn entry(&mut self, root: Oid, path: &[u8]) -> Result<Option<Side>, GitError> {
        let mut at = Side { mode: crate::facts::EntryMode(0o040_000), id: root };
        for name in path.split(|byte| *byte == b'/') {
            if at.mode.0 != 0o040_000 {
                return Ok(None);
            }
            let bytes = self.tree(at.id)?;
            let mut found = None;
            for entry in tree::entries(&bytes, at.id.as_bytes().len()) {
                let entry = entry?;
                if entry.name == name {
                    found = Some(Side { mode: entry.mode, id: entry.id });
                }
            }
            match found {
                Some(side) => at = side,
                None => return Ok(None),
            }
        }
        Ok(Some(at))
    }

    pub(super) fn tree(&mut self, id: Oid) -> Result<Vec<u8>, GitError> {
        let object = self.objects.read(id)?;
        if object.kind != Kind::Tree {
            return Err(GitError::new(format!("object {id} is a {}, not a tree", object.kind.name())));
        }
        Ok(object.bytes)
    }

    /// The tree of a commit.
    pub(super) fn tree_of(&mut self, commit: Oid) -> Result<Oid, GitError> {
        let object = self.objects.read(commit)?;
        if object.kind != Kind::Commit {
            return Err(GitError::new(format!("object {commit} is a {}, not a commit", object.kind.name())));
        }
        Ok(CommitObject::new(&object.bytes).links(commit)?.tree)
    }
}

impl Store for Handle {
    fn blob(&self, id: Oid) -> Result<Blob, StoreError> {
        Ok(self.reader().blob(id)?)
    }

    fn size(&self, id: Oid) -> Result<u64, StoreError> {
        Ok(self.reader().size(id)?)
    }

    fn files(&self, commit: &Commit) -> Result<Vec<Arc<File>>, StoreError> {
        let Some(id) = commit.id() else { return Ok(Vec::new()) };
        let mut reader = self.reader();
        let raw = reader.objects.commits(&[id], true)?;
        let changes = raw.into_iter().next().and_then(|raw| raw.changes).unwrap_or_default();
        let parts = reader.parts(changes, commit.is_merge())?;
        Ok(files_with(parts, commit.store()))
    }

    fn entry(&self, commit: &Commit, path: &[u8]) -> Result<Option<TreeEntry>, StoreError> {
        let mut reader = self.reader();
        let found = match commit.parts().tree {
            Some(tree) => reader.entry(tree, path)?,
            // The draft of a commit: what is staged is what it will hold.
            None => reader.objects.staged_entry(path)?,
        };
        let is_file = |side: &Side| side.mode.0 != 0o040_000;
        Ok(found.filter(is_file).map(|side| TreeEntry { mode: side.mode, id: side.id }))
    }

    fn signature(&self, commit: &Commit) -> Result<Signature, StoreError> {
        Ok(signatures::check(&commit.parts().raw, &self.judging())?)
    }
}

/// The facts' status of a raw change, for those that are on either side.
pub(super) fn file_parts(change: RawChange) -> Option<FileParts> {
    let status = change.status()?;
    let mode = change.new.or(change.old)?.mode;
    Some(FileParts {
        path: change.path,
        old_path: None,
        status,
        mode,
        old_mode: change.old.map(|side| side.mode),
        id: change.new.map(|side| side.id).filter(|_| status != FileStatus::Deleted),
        old_id: change.old.map(|side| side.id),
    })
}

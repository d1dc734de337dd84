//! What one worker reads facts with: an implementation behind a lock, and a bounded memory of blobs.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use super::cache::BlobCache;
use super::commit_object::{CommitObject, Links};
use super::location::Place;
use super::objects::{Kind, Objects, RawChange, RawCommit, Side, missing, wrong_kind};
use super::renames::{self, Search};
use super::shallow::Shallow;
use super::similarity::Pieces;
use super::{GitError, Needs, alike, signatures, tree};
use crate::facts::{
    Blob, Commit, File, FileParts, GitPath, MAX_BLOB, Oid, People, Signature, Store, StoreError, TreeEntry,
};

/// Bytes of blobs that all handles of a repository keep together: what one read another need not.
const BLOBS: usize = 32 << 20;
/// So much less for each further handle, whose thread takes memory too, but never less than half.
const LESS: usize = 2 << 20;
/// Bytes of trees that are kept: of the many files that one commit adds, each asks for the same folders.
const TREES: usize = 4 << 20;
/// Bytes of blobs that are compared together for renames, unless one commit needs more.
const COMPARED: u64 = 4 << 20;
/// Blobs that are read ahead in one go: about as much as waits in a pipe while git reads the next.
const TOGETHER: usize = 128;
/// Their bytes.
const AHEAD: u64 = 1 << 20;
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
    place: Arc<Place>,
    shallow: Shallow,
    judging: RwLock<Judging>,
}

/// What the handles of a repository remember together.
struct Memory {
    blobs: Mutex<BlobCache>,
    trees: Mutex<BlobCache>,
}

impl Memory {
    fn blobs(&self) -> MutexGuard<'_, BlobCache> {
        self.blobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn trees(&self) -> MutexGuard<'_, BlobCache> {
        self.trees.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is behind the lock.
pub(super) struct Reader {
    pub(super) objects: Box<dyn Objects>,
    memory: Arc<Memory>,
    /// Blobs that will be asked for, in that order.
    ahead: VecDeque<Oid>,
    /// The first of them, which git was told to read, and their sizes.
    coming: Vec<(Oid, u64)>,
    /// What is known of the blobs that were read ahead of.
    sizes: HashMap<Oid, u64>,
}

impl Handle {
    pub(super) fn new(
        objects: Box<dyn Objects>,
        place: Arc<Place>,
        judging: Judging,
    ) -> Result<Self, GitError> {
        let memory =
            Memory { blobs: Mutex::new(BlobCache::new(BLOBS)), trees: Mutex::new(BlobCache::new(TREES)) };
        let shallow = Shallow::read(&place.common_dir)?;
        Ok(Self::with(objects, place, shallow, judging, Arc::new(memory)))
    }

    /// Another handle on the same repository.
    pub(super) fn sibling(&self, objects: Box<dyn Objects>) -> Self {
        let memory = Arc::clone(&self.reader().memory);
        memory.blobs().limit_to(BLOBS.saturating_sub(LESS * Arc::strong_count(&memory)).max(BLOBS / 2));
        Self::with(objects, Arc::clone(&self.place), self.shallow.clone(), self.judging(), memory)
    }

    fn with(
        objects: Box<dyn Objects>,
        place: Arc<Place>,
        shallow: Shallow,
        judging: Judging,
        memory: Arc<Memory>,
    ) -> Self {
        let reader =
            Reader { objects, memory, ahead: VecDeque::new(), coming: Vec::new(), sizes: HashMap::new() };
        Self { reader: Mutex::new(reader), place, shallow, judging: RwLock::new(judging) }
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

    /// Commits in the order asked; of what `needs` names, as much is read beforehand as may be.
    pub(super) fn commits(self: &Arc<Self>, ids: &[Oid], needs: Needs) -> Result<Vec<Arc<Commit>>, GitError> {
        let with_files = needs.files || needs.contents || needs.old_contents;
        let judging = self.judging();
        let mut reader = self.reader();
        let mut raw = reader.objects.commits(ids, with_files)?;
        let links =
            raw.iter().zip(ids).map(|(raw, id)| self.links(*id, raw)).collect::<Result<Vec<_>, _>>()?;
        let changes = raw
            .iter_mut()
            .zip(&links)
            .map(|(raw, links)| raw.changes.take().map(|changes| (changes, links.parents.len() > 1)))
            .collect();
        let files = reader.parts(changes)?;
        if needs.contents || needs.old_contents {
            reader.read_ahead(files.iter().flatten().flatten(), needs)?;
        }
        drop(reader);
        let commits = ids.iter().zip(raw).zip(links).zip(files);
        Ok(commits.map(|(((id, raw), links), files)| self.commit(*id, raw, links, files, &judging)).collect())
    }

    fn links(&self, id: Oid, raw: &RawCommit) -> Result<Links, GitError> {
        Ok(self.shallow.cut(id, CommitObject::new(&raw.bytes).links(id)?))
    }

    fn commit(
        self: &Arc<Self>,
        id: Oid,
        raw: RawCommit,
        links: Links,
        files: Option<Vec<FileParts>>,
        judging: &Judging,
    ) -> Arc<Commit> {
        let object = CommitObject::new(&raw.bytes);
        let parts = object.parts(id, links, Arc::clone(&raw.bytes), &judging.people);
        let commit = Commit::new(parts, self.store());
        Arc::new(match files {
            Some(files) => commit.with_files(self.files(files)),
            None => commit,
        })
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
    /// Turns raw changes into files, for many commits at once: with renames, except in merges, of which only what differs
    /// from all parents is known.
    fn parts(
        &mut self,
        changes: Vec<Option<(Vec<RawChange>, bool)>>,
    ) -> Result<Vec<Option<Vec<FileParts>>>, GitError> {
        let mut searches: Vec<Option<Search>> = Vec::with_capacity(changes.len());
        let mut plain = Vec::with_capacity(changes.len());
        for changes in changes {
            let (search, files) = match changes {
                Some((changes, false)) => (Some(Search::new(changes)), None),
                Some((changes, true)) => (None, Some(renames::plain(changes))),
                None => (None, None),
            };
            searches.push(search);
            plain.push(files);
        }
        self.find_alike(searches.iter_mut().flatten().collect())?;
        Ok(searches
            .into_iter()
            .zip(plain)
            .map(|(search, plain)| search.map(Search::finish).or(plain))
            .collect())
    }

    /// The files of one set of changes.
    pub(super) fn parts_of(
        &mut self,
        changes: Vec<RawChange>,
        merge: bool,
    ) -> Result<Vec<FileParts>, GitError> {
        Ok(self.parts(vec![Some((changes, merge))])?.into_iter().flatten().flatten().collect())
    }

    /// Reads what the searches compare: as few questions as possible, and no more bytes at once than one search may need.
    fn find_alike(&mut self, searches: Vec<&mut Search>) -> Result<(), GitError> {
        let candidates: Vec<Oid> = searches.iter().flat_map(|search| search.candidates()).collect();
        let sizes: HashMap<Oid, u64> = candidates.iter().copied().zip(self.ask_sizes(&candidates)?).collect();
        let (mut group, mut bytes, mut wanted) = (Vec::new(), 0, Vec::new());
        for search in searches {
            let more = search.wanted(&sizes);
            let size: u64 = more.iter().map(|(_, size)| size).sum();
            if size == 0 {
                continue;
            }
            if bytes + size > COMPARED {
                self.compare(&std::mem::take(&mut wanted), &mut std::mem::take(&mut group))?;
                bytes = 0;
            }
            bytes += size;
            wanted.extend(more);
            group.push(search);
        }
        self.compare(&wanted, &mut group)
    }

    fn compare(&mut self, wanted: &[(Oid, u64)], searches: &mut [&mut Search]) -> Result<(), GitError> {
        let mut pieces = HashMap::new();
        self.objects.blobs(wanted, &mut |id, bytes| drop(pieces.insert(id, Pieces::of(&bytes))))?;
        for search in searches {
            search.find_alike(&pieces);
        }
        Ok(())
    }

    /// Bytes that this handle may read ahead: of half the memory, the other half is for what is used again.
    fn share(&self) -> u64 {
        (self.memory.blobs().limit() / 2 / Arc::strong_count(&self.memory).max(1)) as u64
    }

    /// A blob, or as much of it as is read.
    pub(super) fn blob(&mut self, id: Oid) -> Result<Blob, GitError> {
        if let Some(bytes) = self.memory.blobs().get(id) {
            return Ok(Blob::Whole(bytes));
        }
        while self.comes(id) {
            self.fill()?;
            if let Some(bytes) = self.memory.blobs().get(id) {
                return Ok(Blob::Whole(bytes));
            }
        }
        let size = self.size(id)?;
        if size > MAX_BLOB {
            let head = self.objects.head_of(id, HEAD)?;
            return Ok(Blob::TooLarge { size, head: head.into() });
        }
        let bytes = self.objects.read(id)?.bytes;
        self.memory.blobs().put(id, Arc::clone(&bytes));
        Ok(Blob::Whole(bytes))
    }

    pub(super) fn size(&mut self, id: Oid) -> Result<u64, GitError> {
        if let Some(size) = self.sizes.get(&id) {
            return Ok(*size);
        }
        if let Some(size) = self.memory.blobs().size(id) {
            return Ok(size);
        }
        Ok(self.ask_sizes(&[id])?.into_iter().next().unwrap_or_default())
    }

    /// The sizes of blobs, in order; an error if one is missing or something else.
    fn ask_sizes(&mut self, ids: &[Oid]) -> Result<Vec<u64>, GitError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let infos = self.objects.infos(ids)?;
        let size = |(info, id): (Option<(Kind, u64)>, &Oid)| match info {
            Some((Kind::Blob, size)) => Ok(size),
            Some((kind, _)) => Err(wrong_kind(*id, kind, Kind::Blob)),
            // Reading it gives the reason in the implementation's own words.
            None => Err(match self.objects.read(*id) {
                Err(error) => error,
                Ok(_) => missing(*id, "blob"),
            }),
        };
        infos.into_iter().zip(ids).map(size).collect()
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
        self.coming.clear();
        self.sizes.clear();
        self.learn_sizes(ids)?;
        self.fill()
    }

    /// Is a blob among those that are read ahead? What was to come before it is not waited for.
    fn comes(&mut self, id: Oid) -> bool {
        if self.coming.iter().any(|(coming, _)| *coming == id) {
            return true;
        }
        let place = self.ahead.iter().position(|ahead| *ahead == id);
        place.is_some_and(|place| {
            self.ahead.drain(..place);
            true
        })
    }

    /// Reads what is coming, and has git begin with what comes next.
    fn fill(&mut self) -> Result<(), GitError> {
        if self.coming.is_empty() {
            self.coming = self.choose();
        }
        let (coming, memory) = (std::mem::take(&mut self.coming), &self.memory);
        self.objects.blobs(&coming, &mut |id, blob| memory.blobs().put(id, blob))?;
        self.coming = self.choose();
        self.objects.expect_blobs(&self.coming)
    }

    /// Takes from what is ahead the blobs to read together, with their sizes. What is there already is to stay until it is
    /// used.
    fn choose(&mut self) -> Vec<(Oid, u64)> {
        let (mut bytes, mut chosen, mut known) = (0, Vec::new(), HashSet::new());
        let most = self.share().min(AHEAD);
        let mut blobs = self.memory.blobs();
        while bytes < most
            && chosen.len() < TOGETHER
            && let Some(id) = self.ahead.pop_front()
        {
            let size = self.sizes.get(&id).copied().unwrap_or(u64::MAX);
            if size <= MAX_BLOB && known.insert(id) && !blobs.touch(id) {
                bytes += size;
                chosen.push((id, size));
            }
        }
        chosen
    }

    /// Notes how large blobs are, of those that are not in memory by asking.
    fn learn_sizes(&mut self, ids: &[Oid]) -> Result<(), GitError> {
        let (mut unknown, mut fresh) = (Vec::new(), HashSet::new());
        let blobs = self.memory.blobs();
        for id in ids {
            if self.sizes.contains_key(id) {
                continue;
            }
            match blobs.size(*id) {
                Some(size) => drop(self.sizes.insert(*id, size)),
                None if fresh.insert(*id) => unknown.push(*id),
                None => {}
            }
        }
        drop(blobs);
        let sizes = self.ask_sizes(&unknown)?;
        self.sizes.extend(unknown.into_iter().zip(sizes));
        Ok(())
    }

    /// What is at `path` below a tree.
    pub(super) fn entry(&mut self, root: Oid, path: &[u8]) -> Result<Option<Side>, GitError> {
        let mut at = Side { mode: crate::facts::EntryMode(0o040_000), id: root };
        for name in path.split(|byte| *byte == b'/') {
            if !tree::is_folder(at.mode) {
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

    pub(super) fn tree(&mut self, id: Oid) -> Result<Arc<[u8]>, GitError> {
        if let Some(bytes) = self.memory.trees().get(id) {
            return Ok(bytes);
        }
        let object = self.objects.read(id)?;
        if object.kind != Kind::Tree {
            return Err(wrong_kind(id, object.kind, Kind::Tree));
        }
        self.memory.trees().put(id, Arc::clone(&object.bytes));
        Ok(object.bytes)
    }

    /// The tree of a commit.
    pub(super) fn tree_of(&mut self, commit: Oid) -> Result<Oid, GitError> {
        let object = self.objects.read(commit)?;
        if object.kind != Kind::Commit {
            return Err(wrong_kind(commit, object.kind, Kind::Commit));
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
        let parts = reader.parts_of(changes, commit.is_merge())?;
        Ok(files_with(parts, commit.store()))
    }

    fn entry(&self, commit: &Commit, path: &[u8]) -> Result<Option<TreeEntry>, StoreError> {
        let mut reader = self.reader();
        let found = match commit.parts().tree {
            Some(tree) => reader.entry(tree, path)?,
            // The draft of a commit: what is staged is what it will hold.
            None => match reader.objects.staged_entry(path)? {
                Some(side) => Some(side),
                None => alike::drafted_folder(&mut reader, commit, path)?,
            },
        };
        Ok(found.map(|side| TreeEntry { mode: side.mode, id: side.id }))
    }

    fn paths_like(&self, commit: &Commit, path: &[u8]) -> Result<Vec<GitPath>, StoreError> {
        alike::paths(&mut self.reader(), commit, path)
    }

    fn signature(&self, commit: &Commit) -> Result<Signature, StoreError> {
        let width = commit.id().map_or(20, |id| id.as_bytes().len());
        Ok(signatures::check(&commit.parts().raw, width, &self.judging(), &self.place.location)?)
    }
}

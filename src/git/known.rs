//! What the handles of a repository in process keep of what they read: whoever judges a range need not read it anew.
//!
//! libgit2 has a memory of its own, one a handle; it is switched off, for it keeps every commit that is read a second time and
//! no tree of more than 4 KiB, which are the dear ones.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::GitError;
use super::cache::BlobCache;
use crate::facts::Oid;

/// Commits that are kept, ids of a walk, and up to which size a commit is: a few megabytes.
const MOST: usize = 8_192;
const LARGEST: usize = 4 << 10;
/// Bytes of trees.
const TREES: usize = 8 << 20;

/// Shared by all handles.
#[derive(Debug)]
pub(super) struct Known {
    commits: Mutex<HashMap<Oid, Arc<[u8]>>>,
    trees: Mutex<BlobCache>,
    walk: Mutex<Option<Walked>>,
}

/// A walk, and what it found. Objects never change, so it finds the same again.
#[derive(Debug)]
struct Walked {
    include: Vec<Oid>,
    exclude: Vec<Oid>,
    found: Vec<Oid>,
}

impl Default for Known {
    fn default() -> Self {
        Self { commits: Mutex::default(), trees: Mutex::new(BlobCache::new(TREES)), walk: Mutex::default() }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Known {
    pub(super) fn commit(&self, id: Oid) -> Option<Arc<[u8]>> {
        lock(&self.commits).get(&id).cloned()
    }

    pub(super) fn keep_commit(&self, id: Oid, bytes: &Arc<[u8]>) {
        let mut commits = lock(&self.commits);
        if commits.len() < MOST && bytes.len() <= LARGEST {
            commits.insert(id, Arc::clone(bytes));
        }
    }

    pub(super) fn tree(&self, id: Oid) -> Option<Arc<[u8]>> {
        lock(&self.trees).get(id)
    }

    pub(super) fn keep_tree(&self, id: Oid, bytes: &Arc<[u8]>) {
        lock(&self.trees).put(id, Arc::clone(bytes));
    }

    /// What the last walk found, if it was this one and came to its end.
    pub(super) fn walk(&self, include: &[Oid], exclude: &[Oid]) -> Option<Vec<Oid>> {
        let walk = lock(&self.walk);
        let same = walk.as_ref().filter(|walk| walk.include == include && walk.exclude == exclude);
        same.map(|walk| walk.found.clone())
    }

    /// Hands a walk through and keeps it when it comes to its end, unless it is long.
    pub(super) fn keep_walk<W: Iterator<Item = Result<Oid, GitError>>>(
        this: &Arc<Self>,
        include: &[Oid],
        exclude: &[Oid],
        mut walk: W,
    ) -> impl Iterator<Item = Result<Oid, GitError>> + use<W> {
        let (this, include, exclude) = (Arc::clone(this), include.to_vec(), exclude.to_vec());
        let mut found = Some(Vec::new());
        std::iter::from_fn(move || {
            let next = walk.next();
            match &next {
                Some(Ok(id)) => {
                    found = found.take().filter(|found| found.len() < MOST);
                    found.iter_mut().for_each(|found| found.push(*id));
                }
                Some(Err(_)) => found = None,
                None => {
                    if let Some(found) = found.take() {
                        let (include, exclude) = (include.clone(), exclude.clone());
                        *lock(&this.walk) = Some(Walked { include, exclude, found });
                    }
                }
            }
            next
        })
    }
}

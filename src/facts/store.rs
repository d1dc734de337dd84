//! Where facts that are dear to read come from when a rule asks for them.

use std::sync::Arc;

use super::{Commit, EntryMode, File, GitPath, Oid, Signature};

/// A fact could not be read: the object is missing or corrupt, or git failed. It blocks, like everything undecided.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(pub String);

/// A blob as far as it is read.
#[derive(Debug, Clone)]
pub enum Blob {
    /// All of it.
    Whole(Arc<[u8]>),
    /// Larger than [`super::MAX_BLOB`]: its size in bytes, and its first 8,000 bytes, by which git tells binary from text.
    TooLarge {
        /// In bytes.
        size: u64,
        /// The first 8,000 bytes.
        head: Arc<[u8]>,
    },
}

impl Blob {
    /// In bytes.
    pub fn size(&self) -> u64 {
        match self {
            Self::Whole(bytes) => bytes.len() as u64,
            Self::TooLarge { size, .. } => *size,
        }
    }

    /// A NUL in the first 8,000 bytes, as git decides it (`buffer_is_binary` in xdiff-interface.c).
    pub fn is_binary(&self) -> bool {
        let head = match self {
            Self::Whole(bytes) => bytes.get(..8000).unwrap_or(bytes),
            Self::TooLarge { head, .. } => head,
        };
        memchr::memchr(0, head).is_some()
    }
}

/// An entry found in a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeEntry {
    /// Its mode.
    pub mode: EntryMode,
    /// The blob, or the commit of a submodule.
    pub id: Oid,
}

/// What reads facts on demand; a repository is one, tests of rules have [`NoStore`].
pub trait Store: Send + Sync {
    /// A blob, or as much of it as is read.
    ///
    /// # Errors
    /// When the object is missing, corrupt, or no blob.
    fn blob(&self, id: Oid) -> Result<Blob, StoreError>;

    /// A blob's size in bytes, without reading it.
    ///
    /// # Errors
    /// When the object is missing, corrupt, or no blob.
    fn size(&self, id: Oid) -> Result<u64, StoreError>;

    /// The files of a commit against its first parent; of a merge, those that differ from every parent. In the order of
    /// their paths.
    ///
    /// # Errors
    /// When an object is missing or corrupt.
    fn files(&self, commit: &Commit) -> Result<Vec<Arc<File>>, StoreError>;

    /// The file, submodule or folder at `path` in a commit's tree; of a draft, in the index.
    ///
    /// # Errors
    /// When an object is missing or corrupt.
    fn entry(&self, commit: &Commit, path: &[u8]) -> Result<Option<TreeEntry>, StoreError>;

    /// Paths of files and folders in a commit's tree (of a draft: in the index) that differ from `path`, or from a folder
    /// above it, in upper and lower case only. Reads the trees on the way and no others.
    ///
    /// # Errors
    /// When an object is missing or corrupt.
    fn paths_like(&self, commit: &Commit, path: &[u8]) -> Result<Vec<GitPath>, StoreError> {
        let _ = (commit, path);
        Err(StoreError("paths that differ in case only cannot be told here".to_owned()))
    }

    /// Checks a commit's signature against the people in force.
    ///
    /// # Errors
    /// When it cannot be told, for example because `gpg` is not there.
    fn signature(&self, commit: &Commit) -> Result<Signature, StoreError>;
}

/// The store of facts that were made by hand: it has nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoStore;

impl NoStore {
    fn none<T>(what: &str) -> Result<T, StoreError> {
        Err(StoreError(format!("{what} cannot be read: these facts come from no repository")))
    }
}

impl Store for NoStore {
    fn blob(&self, id: Oid) -> Result<Blob, StoreError> {
        Self::none(&format!("blob {id}"))
    }

    fn size(&self, id: Oid) -> Result<u64, StoreError> {
        Self::none(&format!("blob {id}"))
    }

    fn files(&self, _: &Commit) -> Result<Vec<Arc<File>>, StoreError> {
        Ok(Vec::new())
    }

    fn entry(&self, _: &Commit, _: &[u8]) -> Result<Option<TreeEntry>, StoreError> {
        Ok(None)
    }

    fn signature(&self, _: &Commit) -> Result<Signature, StoreError> {
        Ok(Signature::none())
    }
}

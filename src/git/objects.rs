//! The one small trait behind which both implementations stand.
//!
//! It speaks of raw objects, raw tree deltas, refs and the index. Everything a fact is made of (parsing commits, finding
//! renames, trailers, signatures, lines) is common code above it, so that both implementations give the same facts.

use std::sync::Arc;

use super::{Backend, GitError};
use crate::facts::{EntryMode, FileStatus, GitPath, MAX_BLOB, Oid, RefName};

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A commit.
    Commit,
    /// A folder.
    Tree,
    /// The contents of a file.
    Blob,
    /// An annotated tag.
    Tag,
}

impl Kind {
    pub(super) fn from_name(name: &[u8]) -> Option<Self> {
        match name {
            b"commit" => Some(Self::Commit),
            b"tree" => Some(Self::Tree),
            b"blob" => Some(Self::Blob),
            b"tag" => Some(Self::Tag),
            _ => None,
        }
    }

    /// git's word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tree => "tree",
            Self::Blob => "blob",
            Self::Tag => "tag",
        }
    }
}

/// An object is another than it is taken for.
pub(super) fn wrong_kind(id: Oid, is: Kind, wanted: Kind) -> GitError {
    GitError::new(format!("object {id} is a {}, not a {}", is.name(), wanted.name()))
}

/// No commit, tag or blob that is read whole is larger than [`MAX_BLOB`], and no tree larger than four times that: whoever
/// makes one wants us out of memory.
pub(super) fn bounded(id: Oid, kind: Kind, size: u64) -> Result<(), GitError> {
    let limit = if kind == Kind::Tree { 4 * MAX_BLOB } else { MAX_BLOB };
    if size > limit {
        return Err(GitError::new(format!("{} {id} has {size} bytes, too many to read", kind.name())));
    }
    Ok(())
}

/// An object is not there.
pub(super) fn missing(id: Oid, what: &str) -> GitError {
    GitError::new(format!("{what} {id} is missing")).hint("run `git fsck`, or fetch what is missing")
}

/// A path of the index has no one content yet. git refuses to commit these too.
pub(super) fn unmerged(path: &[u8]) -> GitError {
    GitError::new(format!("`{}` is unmerged", String::from_utf8_lossy(path)))
        .hint("resolve the conflict and `git add` the file")
}

/// A whole object, without its header line.
#[derive(Debug, Clone)]
pub(super) struct Object {
    pub(super) kind: Kind,
    pub(super) bytes: Arc<[u8]>,
}

/// One side of a changed path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Side {
    pub(super) mode: EntryMode,
    pub(super) id: Oid,
}

/// A path that differs, before renames are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RawChange {
    pub(super) path: GitPath,
    pub(super) old: Option<Side>,
    pub(super) new: Option<Side>,
}

impl RawChange {
    /// What became of it; `None` if it is on neither side.
    pub(super) fn status(&self) -> Option<FileStatus> {
        match (self.old, self.new) {
            (None, None) => None,
            (None, Some(_)) => Some(FileStatus::Added),
            (Some(_), None) => Some(FileStatus::Deleted),
            (Some(old), Some(new)) if old.mode.same_kind(new.mode) => Some(FileStatus::Modified),
            (Some(_), Some(_)) => Some(FileStatus::TypeChanged),
        }
    }
}

/// A commit as it is stored, and what it changes if that was asked for.
#[derive(Debug, Clone)]
pub(super) struct RawCommit {
    pub(super) bytes: Arc<[u8]>,
    /// Against the first parent, or nothing for a root; of a merge, what differs from every parent. By path.
    pub(super) changes: Option<Vec<RawChange>>,
}

/// What a ref holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    Id(Oid),
    Symbolic(String),
}

/// A ref as a list of them shows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// Its full name.
    pub name: RefName,
    /// What it holds, symbolic refs followed: a commit, or what a tag or another ref may hold.
    pub id: Oid,
    /// The ref that it stands for, if it is symbolic.
    pub target: Option<RefName>,
}

/// Commits, newest first.
pub(super) type Ids = Box<dyn Iterator<Item = Result<Oid, GitError>> + Send>;

/// Reads a repository.
pub(super) trait Objects: Send {
    /// Which implementation this is.
    fn backend(&self) -> Backend;

    /// An independent reader of the same repository, for another thread.
    fn again(&self) -> Result<Box<dyn Objects>, GitError>;

    /// Kinds and sizes, in the order asked; `None` if there is no such object.
    fn infos(&mut self, ids: &[Oid]) -> Result<Vec<Option<(Kind, u64)>>, GitError>;

    /// A whole object. What may be large is asked for by [`Objects::infos`] first.
    fn read(&mut self, id: Oid) -> Result<Object, GitError>;

    /// Whole blobs in the order asked, of the sizes that are given.
    fn blobs(&mut self, wanted: &[(Oid, u64)], take: &mut dyn FnMut(Oid, Arc<[u8]>)) -> Result<(), GitError>;

    /// Says what [`Objects::blobs`] will be asked for next, so that reading it may begin.
    fn expect_blobs(&mut self, _wanted: &[(Oid, u64)]) -> Result<(), GitError> {
        Ok(())
    }

    /// Commits in the order asked, with what they change if `changes`.
    fn commits(&mut self, ids: &[Oid], changes: bool) -> Result<Vec<RawCommit>, GitError>;

    /// What differs between two trees; `None` is the empty one. By path.
    fn between(&mut self, old: Option<Oid>, new: Option<Oid>) -> Result<Vec<RawChange>, GitError>;

    /// What differs between a tree and the index, without intent-to-add entries. By path.
    fn staged(&mut self, tree: Option<Oid>) -> Result<Vec<RawChange>, GitError>;

    /// The entry of the index at `path`.
    fn staged_entry(&mut self, path: &[u8]) -> Result<Option<Side>, GitError>;

    /// What is reachable from `include` and not from `exclude`, in the default order of git-rev-list(1).
    fn walk(&mut self, include: &[Oid], exclude: &[Oid]) -> Result<Ids, GitError>;

    /// Is `ancestor` reachable from `of`, or the same?
    fn is_ancestor(&mut self, ancestor: Oid, of: Oid) -> Result<bool, GitError>;

    /// All the best common ancestors of two commits.
    fn merge_bases(&mut self, one: Oid, two: Oid) -> Result<Vec<Oid>, GitError>;

    /// Those of these names, which [`references`](Self::references) does not list, that may be symbolic refs to nothing.
    fn perhaps_dangling(&mut self, names: &[RefName]) -> Result<Vec<RefName>, GitError>;

    /// What a symbolic ref names; `None` if it is not symbolic or not there.
    fn symbolic(&mut self, name: &RefName) -> Result<Option<String>, GitError> {
        Ok(self.reference(name)?.and_then(|target| match target {
            Target::Symbolic(name) => Some(name),
            Target::Id(_) => None,
        }))
    }

    /// One ref, as it is.
    fn reference(&mut self, name: &RefName) -> Result<Option<Target>, GitError>;

    /// All refs whose names begin with `prefix`, resolved to what they hold, by name.
    fn references(&mut self, prefix: &str) -> Result<Vec<Reference>, GitError>;

    /// The commit that a revision names, gitrevisions(7).
    fn resolve(&mut self, revision: &str) -> Result<Oid, GitError>;

    /// One configuration value, the last of all scopes.
    fn config(&mut self, key: &str) -> Result<Option<String>, GitError>;

    /// The first `length` bytes of a blob, however large it is.
    fn head_of(&mut self, id: Oid, length: usize) -> Result<Vec<u8>, GitError>;
}

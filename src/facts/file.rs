//! A file that a commit, or the index, changes.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::{Blob, GitPath, LineDiff, Oid, Store, StoreError};

/// Larger blobs are not read as text: 16 MiB. A rule that asks for the text of one is in error, which blocks.
pub const MAX_BLOB: u64 = 16 << 20;

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileStatus {
    /// New.
    Added,
    /// Other contents, or another mode of the same kind.
    Modified,
    /// Gone.
    Deleted,
    /// Moved here from `old_path`, perhaps with changes.
    Renamed,
    /// Made from `old_path`, which is still there.
    Copied,
    /// A file became a symlink or a submodule, or the other way round.
    TypeChanged,
}

impl FileStatus {
    /// All words, in the order of the statuses.
    pub const WORDS: [&'static str; 6] =
        ["added", "modified", "deleted", "renamed", "copied", "type-changed"];

    /// The word in rules and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Modified => "modified",
            Self::Deleted => "deleted",
            Self::Renamed => "renamed",
            Self::Copied => "copied",
            Self::TypeChanged => "type-changed",
        }
    }
}

/// The mode of a tree entry, as in git-fast-import(1): `0o100644`, `0o100755`, `0o120000`, `0o160000`, `0o040000`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryMode(pub u32);

impl EntryMode {
    const KIND: u32 = 0o170_000;

    /// A symbolic link.
    pub fn is_symlink(self) -> bool {
        self.0 & Self::KIND == 0o120_000
    }

    /// A commit of another repository.
    pub fn is_submodule(self) -> bool {
        self.0 & Self::KIND == 0o160_000
    }

    /// A folder.
    pub fn is_folder(self) -> bool {
        self.0 & Self::KIND == 0o040_000
    }

    /// A regular file.
    pub fn is_file(self) -> bool {
        self.0 & Self::KIND == 0o100_000
    }

    /// A regular file with the executable bit.
    pub fn is_executable(self) -> bool {
        self.is_file() && self.0 & 0o111 != 0
    }

    /// Are both of the same kind (file, symlink, submodule)?
    pub fn same_kind(self, other: Self) -> bool {
        self.0 & Self::KIND == other.0 & Self::KIND
    }

    /// Six octal digits.
    pub fn octal(self) -> String {
        format!("{:06o}", self.0)
    }
}

/// What a [`File`] is made from.
#[derive(Debug, Clone)]
pub struct FileParts {
    /// Where it is now; of a deleted file, where it was.
    pub path: GitPath,
    /// Where it came from, if it was renamed or copied.
    pub old_path: Option<GitPath>,
    /// What became of it.
    pub status: FileStatus,
    /// The mode now; of a deleted file, the mode it had.
    pub mode: EntryMode,
    /// The mode before, if it was there.
    pub old_mode: Option<EntryMode>,
    /// The blob now (of a submodule, its commit); `None` if deleted.
    pub id: Option<Oid>,
    /// The blob before (of a submodule, its commit); `None` if added.
    pub old_id: Option<Oid>,
}

/// A changed file. What is derived from contents is computed once and kept until [`File::release`].
pub struct File {
    parts: FileParts,
    store: Arc<dyn Store>,
    lines: Mutex<Option<LineDiff>>,
    size: OnceLock<u64>,
}

impl File {
    /// A file whose contents `store` reads.
    pub fn new(parts: FileParts, store: Arc<dyn Store>) -> Self {
        Self { parts, store, lines: Mutex::new(None), size: OnceLock::new() }
    }

    /// Where it is now; of a deleted file, where it was.
    pub fn path(&self) -> &GitPath {
        &self.parts.path
    }

    /// All the parts that are known without reading anything.
    pub fn parts(&self) -> &FileParts {
        &self.parts
    }

    /// The contents now: of a symlink, its target; `None` for deleted files and submodules.
    ///
    /// # Errors
    /// When the object is missing or corrupt.
    pub fn blob(&self) -> Result<Option<Blob>, StoreError> {
        self.side(self.parts.id, self.parts.mode)
    }

    /// The contents before; `None` for added files and submodules.
    ///
    /// # Errors
    /// When the object is missing or corrupt.
    pub fn old_blob(&self) -> Result<Option<Blob>, StoreError> {
        self.side(self.parts.old_id, self.parts.old_mode.unwrap_or(self.parts.mode))
    }

    fn side(&self, id: Option<Oid>, mode: EntryMode) -> Result<Option<Blob>, StoreError> {
        match id {
            Some(id) if !mode.is_submodule() => self.store.blob(id).map(Some),
            _ => Ok(None),
        }
    }

    /// In bytes; 0 for deleted files and submodules.
    ///
    /// # Errors
    /// When the object is missing or corrupt.
    pub fn size(&self) -> Result<u64, StoreError> {
        let Some(id) = self.parts.id.filter(|_| !self.parts.mode.is_submodule()) else { return Ok(0) };
        if let Some(size) = self.size.get() {
            return Ok(*size);
        }
        let size = self.store.size(id)?;
        Ok(*self.size.get_or_init(|| size))
    }

    /// In bytes, before; 0 for added files and submodules.
    ///
    /// # Errors
    /// When the object is missing or corrupt.
    pub fn old_size(&self) -> Result<u64, StoreError> {
        let mode = self.parts.old_mode.unwrap_or(self.parts.mode);
        match self.parts.old_id.filter(|_| !mode.is_submodule()) {
            Some(id) => self.store.size(id),
            None => Ok(0),
        }
    }

    /// Is either side binary, by git's test? Symlinks and submodules are not.
    ///
    /// # Errors
    /// When an object is missing or corrupt.
    pub fn is_binary(&self) -> Result<bool, StoreError> {
        let binary = |blob: Option<Blob>| blob.is_some_and(|blob| blob.is_binary());
        Ok(binary(self.blob()?) || binary(self.old_blob()?))
    }

    /// The lines that differ; none for binary files, symlinks and submodules.
    ///
    /// # Errors
    /// When an object is missing or corrupt, or a text is larger than [`MAX_BLOB`].
    pub fn lines(&self) -> Result<LineDiff, StoreError> {
        let mut kept = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lines) = kept.as_ref() {
            return Ok(lines.clone());
        }
        let lines = self.compare()?;
        Ok(kept.insert(lines).clone())
    }

    fn compare(&self) -> Result<LineDiff, StoreError> {
        let (old, new) = (self.old_blob()?, self.blob()?);
        let either = |test: fn(&Blob) -> bool| [&old, &new].into_iter().flatten().any(test);
        if either(Blob::is_binary) || !self.parts.mode.is_file() {
            return Ok(LineDiff::between(None, None));
        }
        Ok(LineDiff::between(self.whole(old)?, self.whole(new)?))
    }

    fn whole(&self, blob: Option<Blob>) -> Result<Option<Arc<[u8]>>, StoreError> {
        match blob {
            None => Ok(None),
            Some(Blob::Whole(bytes)) => Ok(Some(bytes)),
            Some(Blob::TooLarge { size, .. }) => Err(StoreError(format!(
                "`{}` is a text of {size} bytes, and texts over {MAX_BLOB} are not read",
                self.parts.path
            ))),
        }
    }

    /// The whole text; `None` for deleted and binary files and submodules. U+FFFD for what is not UTF-8.
    ///
    /// # Errors
    /// When the object is missing or corrupt, or the text larger than [`MAX_BLOB`].
    pub fn text(&self) -> Result<Option<String>, StoreError> {
        self.text_of(self.blob()?)
    }

    /// The whole text before; `None` where there was none.
    ///
    /// # Errors
    /// As for [`File::text`].
    pub fn old_text(&self) -> Result<Option<String>, StoreError> {
        self.text_of(self.old_blob()?)
    }

    fn text_of(&self, blob: Option<Blob>) -> Result<Option<String>, StoreError> {
        let blob = blob.filter(|blob| !blob.is_binary());
        Ok(self.whole(blob)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Forgets what was derived from contents: whoever walks many files calls it when done with each.
    pub fn release(&self) {
        *self.lines.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(&self.parts, f)
    }
}

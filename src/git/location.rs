//! Which repository, and what its files are.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::GitError;
use crate::facts::RefName;

/// What the caller's environment says of the repository; made by `cli::Environment`. Nothing else of the `GIT_*`
/// variables reaches a repository or a process of git.
///
/// Relative paths count from `start`.
#[derive(Debug, Clone, Default)]
pub struct Location {
    /// Where the search for a repository begins; an absolute path.
    pub start: PathBuf,
    /// `GIT_DIR`: no search.
    pub git_dir: Option<PathBuf>,
    /// `GIT_WORK_TREE`.
    pub work_tree: Option<PathBuf>,
    /// `GIT_INDEX_FILE`: git sets it in hooks of `git commit FILE`, `-a` and `-p`.
    pub index_file: Option<PathBuf>,
    /// `GIT_OBJECT_DIRECTORY`: a push's quarantine.
    pub object_directory: Option<PathBuf>,
    /// `GIT_ALTERNATE_OBJECT_DIRECTORIES`, as it is.
    pub alternate_object_directories: Option<OsString>,
    /// `GIT_COMMON_DIR`.
    pub common_dir: Option<PathBuf>,
    /// `GIT_CONFIG_GLOBAL`, `GIT_CONFIG_SYSTEM` and `GIT_CONFIG_NOSYSTEM`, as they are: where the user's configuration is.
    /// A server leaves them out.
    pub user_config: Vec<(OsString, OsString)>,
    /// The environment that child processes get (`PATH`, `HOME`, ...); `GIT_*` in it are dropped.
    pub environment: Vec<(OsString, OsString)>,
    /// Never fetch objects that a partial clone lacks; for servers.
    pub no_lazy_fetch: bool,
}

impl Location {
    /// The repository around `start`, an absolute path, with nothing else said.
    pub fn at(start: impl Into<PathBuf>) -> Self {
        Self { start: start.into(), ..Self::default() }
    }

    /// What child processes get of the environment.
    pub(super) fn inherited(&self) -> impl Iterator<Item = (&OsString, &OsString)> {
        let is_git = |name: &OsString| name.as_encoded_bytes().starts_with(b"GIT_");
        self.environment.iter().filter(move |(name, _)| !is_git(name)).map(|(name, value)| (name, value))
    }

    /// Where temporary files go.
    pub(super) fn temporary(&self) -> &Path {
        let given = self.environment.iter().find(|(name, _)| name == "TMPDIR");
        given.map_or(Path::new("/tmp"), |(_, path)| Path::new(path))
    }

    /// `path` as an absolute one without symbolic links, if it is there.
    pub(super) fn real(&self, path: &Path) -> PathBuf {
        let absolute = self.absolute(path);
        absolute.canonicalize().unwrap_or(absolute)
    }

    /// `path` as an absolute one.
    pub(super) fn absolute(&self, path: &Path) -> PathBuf {
        self.start.join(path)
    }
}

/// A repository that was found: its folders, all absolute.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) location: Location,
    pub(super) git_dir: PathBuf,
    pub(super) common_dir: PathBuf,
    pub(super) work_tree: Option<PathBuf>,
    pub(super) hash: Hash,
}

/// What objects are named by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Sha1,
    Sha256,
}

impl Hash {
    /// The tree without entries; git knows it without storing it.
    pub(super) fn empty_tree(self) -> &'static str {
        match self {
            Self::Sha1 => "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
            Self::Sha256 => "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
        }
    }
}

/// The error of a search that found nothing.
pub(super) fn no_repository(location: &Location) -> GitError {
    GitError::new(format!("`{}` is not in a git repository", location.start.display()))
        .hint("run it inside one, or name one with `-C DIR`")
}

impl Place {
    /// Those of these refs that are files of their own, as symbolic ones are: packed ones are not.
    pub(super) fn loose(&self, names: &[RefName]) -> Vec<RefName> {
        let is_loose = |name: &&RefName| self.common_dir.join(name.as_str()).symlink_metadata().is_ok();
        names.iter().filter(is_loose).cloned().collect()
    }

    /// The index to read.
    pub(super) fn index_file(&self) -> PathBuf {
        match &self.location.index_file {
            Some(file) => self.location.absolute(file),
            None => self.git_dir.join("index"),
        }
    }

    /// Is it sure that there is no such ref? Asked only of our own, which every hook looks for and few repositories have: a
    /// glance at the files (gitrepository-layout(5)) costs less than asking git. Loose ones first: packing writes the other
    /// file before it removes them.
    pub(super) fn has_no(&self, name: &RefName) -> bool {
        if !name.as_str().starts_with("refs/bylaws/") || self.common_dir.join("reftable").exists() {
            return false;
        }
        let gone = |error: std::io::Error| error.kind() == std::io::ErrorKind::NotFound;
        if !self.common_dir.join(name.as_str()).symlink_metadata().is_err_and(gone) {
            return false;
        }
        match std::fs::read(self.common_dir.join("packed-refs")) {
            Ok(packed) => memchr::memmem::find(&packed, name.as_str().as_bytes()).is_none(),
            Err(error) => error.kind() == std::io::ErrorKind::NotFound,
        }
    }

    /// The ids listed in a file of the git directory, one a line; none where there is no such file.
    pub(super) fn ids_in(file: &Path) -> Result<Vec<crate::facts::Oid>, GitError> {
        let text = match std::fs::read(file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(GitError::new(format!("cannot read `{}`: {error}", file.display()))),
        };
        text.split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| {
                crate::facts::Oid::from_hex(line.trim_ascii()).ok_or_else(|| {
                    GitError::new(format!("`{}` holds a line that is no object id", file.display()))
                })
            })
            .collect()
    }
}

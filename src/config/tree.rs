//! The files of a `.bylaws/` in a commit's tree.

use super::files::PolicyFile;
use crate::diagnostic::{Diagnostic, Place};
use crate::facts::{EntryMode, Oid, StoreError};
use crate::git::{GitError, Needs, Repository};

/// Entries that [`Repository::folder`] leaves out where they are no files, and without which a policy is another.
const ENTRIES: [&str; 5] = ["bylaws.toml", "people.toml", "rules", "rules/lib", "tests"];

/// Reads the folder `path` of a commit. `None` if there is none. What cannot be a part of a policy goes to `mistakes`.
pub(super) fn read(
    repository: &Repository,
    commit: Oid,
    path: &str,
    shown: &str,
    mistakes: &mut Vec<Diagnostic>,
) -> Result<Option<Vec<PolicyFile>>, Diagnostic> {
    let failed = |error: GitError| {
        let mistake = Diagnostic::at(Place::file(shown), format!("this cannot be read: {}", error.message));
        error.hint.into_iter().fold(mistake, Diagnostic::help)
    };
    let entries = Entries { repository, commit, path };
    if entries.mode("").map_err(failed)?.is_some_and(|mode| !mode.is_folder()) {
        return Err(Diagnostic::at(Place::file(shown), "this is no folder"));
    }
    for below in ENTRIES {
        if entries.mode(below).map_err(failed)?.is_some_and(|mode| mode.is_symlink() || mode.is_submodule()) {
            let message = "a symbolic link or submodule cannot be part of a policy";
            mistakes.push(
                Diagnostic::at(Place::file(format!("{shown}/{below}")), message)
                    .help("put the file itself here"),
            );
        }
    }
    repository.folder(commit, path).map_err(failed)
}

struct Entries<'a> {
    repository: &'a Repository,
    commit: Oid,
    path: &'a str,
}

impl Entries<'_> {
    /// What is at a path below the folder, or for the empty path in its place.
    fn mode(&self, below: &str) -> Result<Option<EntryMode>, GitError> {
        let path = format!("{}/{below}", self.path.trim_matches('/'));
        let commits = self.repository.commits(&[self.commit], Needs::default())?;
        let commit = commits.first().ok_or_else(|| GitError::new(format!("{} is not there", self.commit)))?;
        let entry = commit.entry(path.trim_matches('/').as_bytes());
        Ok(entry.map_err(|StoreError(message)| GitError::new(message))?.map(|entry| entry.mode))
    }
}

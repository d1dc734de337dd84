//! A commit that is about to be made, as `commit-msg` sees it.

use std::sync::Arc;

use crate::facts::{Commit, CommitParts, File, Oid, People, Person};
use crate::git::{GitError, Repository};

/// What is known of a commit before it is made.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// As git will store it: cleaned.
    pub message: String,
    /// Who writes it; filled in from `people.toml`.
    pub author: Person,
    /// Who commits it.
    pub committer: Person,
}

impl Draft {
    pub(super) fn into_commit(
        self,
        repository: &Repository,
        people: &People,
        files: Vec<Arc<File>>,
    ) -> Result<Arc<Commit>, GitError> {
        let head = repository.head()?.id;
        let parents: Vec<Oid> = head.into_iter().chain(repository.merge_heads()?).collect();
        let known =
            |person: Person| Arc::new(Person { identity: people.by_email(&person.email).cloned(), ..person });
        let parts = CommitParts {
            parents,
            author: known(self.author),
            committer: known(self.committer),
            message: self.message,
            ..CommitParts::default()
        };
        Ok(Arc::new(Commit::new(parts, repository.store()).with_files(files)))
    }
}

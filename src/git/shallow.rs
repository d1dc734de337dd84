//! The boundary of a shallow clone.

use std::collections::HashSet;
use std::path::Path;

use super::GitError;
use super::commit_object::Links;
use super::location::Place;
use crate::facts::Oid;

/// The commits whose parents a shallow clone lacks, gitformat-pack(5) and shallow.txt of git's technical documentation. As
/// for git itself they are roots: everything in them is added.
#[derive(Debug, Clone, Default)]
pub(super) struct Shallow(HashSet<Oid>);

impl Shallow {
    pub(super) fn read(common_dir: &Path) -> Result<Self, GitError> {
        Ok(Self(Place::ids_in(&common_dir.join("shallow"))?.into_iter().collect()))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A commit's links as git sees them.
    pub(super) fn cut(&self, id: Oid, mut links: Links) -> Links {
        if self.0.contains(&id) {
            links.parents.clear();
        }
        links
    }
}

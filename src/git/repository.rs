//! The front of this layer.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::folder::{self, Folder};
use super::libgit2::{Libgit2, Refusal};
use super::location::{Location, Place};
use super::objects::{Ids, Kind, Objects, Reference, Target};
use super::plumbing::Plumbing;
use super::signatures;
use super::store::{Handle, Judging};
use super::{GitError, Revisions};
use super::{revisions, tags};
use crate::facts::{Commit, File, KeyMaterial, Oid, People, RefName, SignatureStatus, Store};

/// What reads a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// libgit2 where it can, else git's plumbing.
    Auto,
    /// libgit2, in process.
    Git2,
    /// git's plumbing, in batch processes.
    Plumbing,
}

/// What will be asked of commits: hints for reading ahead. Facts are right without them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Needs {
    /// Which files change.
    pub files: bool,
    /// The contents of changed files.
    pub contents: bool,
    /// Their contents before.
    pub old_contents: bool,
}

/// What `HEAD` is. Unborn and detached are normal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The current branch; `None` if detached.
    pub reference: Option<RefName>,
    /// The current commit; `None` if unborn.
    pub id: Option<Oid>,
}

/// Commits, newest first, in the default order of git-rev-list(1).
pub struct Walk(Ids);

impl Iterator for Walk {
    type Item = Result<Oid, GitError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

/// An open repository. One serves one thread at a time; [`Repository::sibling`] makes another.
pub struct Repository {
    place: Arc<Place>,
    handle: Arc<Handle>,
}

impl Repository {
    /// Finds and opens the repository that `location` names, as git does.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn open(location: &Location, backend: Backend) -> Result<Self, GitError> {
        let (place, objects) = match backend {
            Backend::Plumbing => Self::plumbing(location)?,
            Backend::Auto | Backend::Git2 => match Libgit2::open(location) {
                Ok(opened) => (Arc::clone(opened.place()), Box::new(opened) as Box<dyn Objects>),
                Err(Refusal::NotFound(error) | Refusal::Unsupported(error)) if backend == Backend::Git2 => {
                    return Err(error);
                }
                // git finds no less, and says in its own words why not.
                Err(Refusal::NotFound(error)) => Self::plumbing(location).map_err(|_| error)?,
                Err(Refusal::Unsupported(_)) => Self::plumbing(location)?,
            },
        };
        let handle = Handle::new(objects, Arc::clone(&place), Judging::default())?;
        Ok(Self { place, handle: Arc::new(handle) })
    }

    fn plumbing(location: &Location) -> Result<(Arc<Place>, Box<dyn Objects>), GitError> {
        let opened = Plumbing::open(location)?;
        Ok((Arc::clone(opened.place()), Box::new(opened)))
    }

    /// Sets who the people are, and the time (seconds UTC) at which signatures are judged.
    #[must_use]
    pub fn with_people(self, people: Arc<People>, now: i64) -> Self {
        self.handle.judge_by(Judging { people, now });
        self
    }

    /// An independent handle on the same repository, for another thread.
    ///
    /// # Errors
    /// When it cannot be opened again.
    pub fn sibling(&self) -> Result<Self, GitError> {
        let objects = self.handle.reader().objects.again()?;
        Ok(Self { place: Arc::clone(&self.place), handle: Arc::new(self.handle.sibling(objects)) })
    }

    /// What reads this repository: never [`Backend::Auto`].
    pub fn backend(&self) -> Backend {
        self.handle.reader().objects.backend()
    }

    /// Where it is, for the rest of this layer.
    pub(super) fn place(&self) -> &Arc<Place> {
        &self.place
    }

    /// Where it was looked for, and with which environment.
    pub fn location(&self) -> &Location {
        &self.place.location
    }

    /// The repository's folder: `.git`, or the one of a linked worktree in it. Absolute.
    pub fn git_dir(&self) -> &Path {
        &self.place.git_dir
    }

    /// The folder that all worktrees share. Absolute.
    pub fn common_dir(&self) -> &Path {
        &self.place.common_dir
    }

    /// The top of the work tree, absolute; `None` in a bare repository.
    pub fn work_tree(&self) -> Option<&Path> {
        self.place.work_tree.as_deref()
    }

    /// Is history cut off here? Then the boundary commits are roots, which add all their files.
    pub fn is_shallow(&self) -> bool {
        self.handle.is_shallow()
    }

    /// What `HEAD` is.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn head(&self) -> Result<Head, GitError> {
        // Bound first: a lock taken in the head of a `match` is held through its arms.
        let target = self.handle.reader().objects.reference(&head_name()?)?;
        match target {
            None => Ok(Head { reference: None, id: None }),
            Some(Target::Id(id)) => Ok(Head { reference: None, id: Some(id) }),
            Some(Target::Symbolic(name)) => {
                let reference = RefName::new(name);
                let id = reference.as_ref().map(|name| self.reference(name)).transpose()?.flatten();
                Ok(Head { reference, id })
            }
        }
    }

    /// What some words on the command line mean: `A..B`, `A...B`, `^A`, `REV`.
    ///
    /// # Errors
    /// When one of them names no commit.
    pub fn revisions(&self, words: &[String]) -> Result<Revisions, GitError> {
        revisions::parse(words, self.handle.reader().objects.as_mut())
    }

    /// The commit that a revision names, gitrevisions(7).
    ///
    /// # Errors
    /// When it names none.
    pub fn resolve(&self, revision: &str) -> Result<Oid, GitError> {
        self.handle.reader().objects.resolve(revision)
    }

    /// What a ref holds, symbolic ones followed; `None` if there is no such ref.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn reference(&self, name: &RefName) -> Result<Option<Oid>, GitError> {
        if self.place.has_no(name) {
            return Ok(None);
        }
        // git follows five (refs/files-backend.c).
        let (mut name, mut reader) = (name.clone(), self.handle.reader());
        for _ in 0..=5 {
            match reader.objects.reference(&name)? {
                None => return Ok(None),
                Some(Target::Id(id)) => return Ok(Some(id)),
                Some(Target::Symbolic(next)) => match RefName::new(next) {
                    Some(next) => name = next,
                    None => return Ok(None),
                },
            }
        }
        Err(GitError::new(format!("the symbolic ref `{name}` leads nowhere")))
    }

    /// All refs whose names begin with `prefix`, and what they hold, by name. Names that are not UTF-8 are left out.
    ///
    /// # Errors
    /// When refs cannot be read.
    pub fn references(&self, prefix: &str) -> Result<Vec<Reference>, GitError> {
        self.handle.reader().objects.references(prefix)
    }

    /// The ref that a symbolic ref names; `None` if it is not symbolic or not there.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn symbolic(&self, name: &RefName) -> Result<Option<RefName>, GitError> {
        Ok(self.handle.reader().objects.symbolic(name)?.and_then(RefName::new))
    }

    /// What symbolic refs to nothing name, of those among `names` and of those that they name: [`references`](Self::references)
    /// lists none of them, and what is written to one makes the ref at its end.
    ///
    /// # Errors
    /// When refs cannot be read.
    pub fn dangling(&self, mut names: Vec<RefName>) -> Result<HashMap<RefName, RefName>, GitError> {
        let mut found = HashMap::new();
        while !names.is_empty() {
            let suspects = self.handle.reader().objects.perhaps_dangling(&names)?;
            names.clear();
            for name in suspects {
                if let Some(target) = self.symbolic(&name)? {
                    names.extend(Some(&target).filter(|target| !found.contains_key(*target)).cloned());
                    found.insert(name, target);
                }
            }
        }
        Ok(found)
    }

    /// Is `ancestor` reachable from `of`, or the same commit?
    ///
    /// # Errors
    /// When a commit cannot be read.
    pub fn is_ancestor(&self, ancestor: Oid, of: Oid) -> Result<bool, GitError> {
        self.handle.reader().objects.is_ancestor(ancestor, of)
    }

    /// Is there such an object?
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn exists(&self, id: Oid) -> Result<bool, GitError> {
        Ok(self.handle.reader().objects.infos(&[id])?.into_iter().any(|info| info.is_some()))
    }

    /// What objects are behind all annotated tags, in the order asked: kind and id; `None` where an object is missing.
    ///
    /// # Errors
    /// When a tag cannot be read, or tags are nested deeper than anybody nests them.
    pub fn peel(&self, ids: &[Oid]) -> Result<Vec<Option<(Kind, Oid)>>, GitError> {
        tags::peel(self.handle.reader().objects.as_mut(), ids)
    }

    /// The id of what is at `path` in a commit's tree; `None` if nothing is.
    ///
    /// # Errors
    /// When an object is missing or corrupt.
    pub fn id_at(&self, commit: Oid, path: &str) -> Result<Option<Oid>, GitError> {
        let mut reader = self.handle.reader();
        let root = reader.tree_of(commit)?;
        Ok(reader.entry(root, path.as_bytes())?.map(|side| side.id))
    }

    /// What is reachable from `include` and not from `exclude`, newest first, as it is found.
    ///
    /// # Errors
    /// When it cannot begin; what goes wrong later is an item.
    pub fn walk(&self, include: &[Oid], exclude: &[Oid]) -> Result<Walk, GitError> {
        self.handle.reader().objects.walk(include, exclude).map(Walk)
    }

    /// Commits, in the order asked. Ask for some hundreds at a time: with the plumbing all answers of one call are read in
    /// one go.
    ///
    /// # Errors
    /// When one of them is missing, corrupt, or no commit.
    pub fn commits(&self, ids: &[Oid], needs: Needs) -> Result<Vec<Arc<Commit>>, GitError> {
        self.handle.commits(ids, needs)
    }

    /// Says which blobs will be asked for, in that order: as many as the cache holds are read beforehand.
    ///
    /// # Errors
    /// When one is missing or corrupt.
    pub fn prefetch(&self, ids: &[Oid]) -> Result<(), GitError> {
        self.handle.reader().prefetch(ids)
    }

    /// What is staged: the index against `HEAD`, or against nothing if that is unborn. In a merge only files that differ
    /// from every parent. Intent-to-add entries are not staged.
    ///
    /// # Errors
    /// When the index cannot be read, or a path is unmerged.
    pub fn staged(&self) -> Result<Vec<Arc<File>>, GitError> {
        let (head, others) = (self.head()?.id, self.merge_heads()?);
        let mut reader = self.handle.reader();
        let tree = head.map(|head| reader.tree_of(head)).transpose()?;
        let mut changes = reader.objects.staged(tree)?;
        for other in &others {
            let tree = reader.tree_of(*other)?;
            changes = super::tree::only_in_all(changes, &[reader.objects.staged(Some(tree))?]);
        }
        let parts = reader.parts_of(changes, !others.is_empty())?;
        drop(reader);
        Ok(self.handle.files(parts))
    }

    /// The other parents of a merge that is not committed yet.
    ///
    /// # Errors
    /// When `MERGE_HEAD` cannot be read.
    pub fn merge_heads(&self) -> Result<Vec<Oid>, GitError> {
        Place::ids_in(&self.place.git_dir.join("MERGE_HEAD"))
    }

    /// What differs between two commits' trees, with renames; `None` is the empty tree.
    ///
    /// # Errors
    /// When an object is missing or corrupt.
    pub fn net_files(&self, old: Option<Oid>, new: Option<Oid>) -> Result<Vec<Arc<File>>, GitError> {
        let mut reader = self.handle.reader();
        let old = old.map(|commit| reader.tree_of(commit)).transpose()?;
        let new = new.map(|commit| reader.tree_of(commit)).transpose()?;
        let changes = reader.objects.between(old, new)?;
        let parts = reader.parts_of(changes, false)?;
        drop(reader);
        Ok(self.handle.files(parts))
    }

    /// All files below `path` in a commit's tree, by name relative to it; `None` if there is no such folder. Symbolic links
    /// and submodules are left out.
    ///
    /// # Errors
    /// When an object is missing or corrupt, a name is not UTF-8, or a file is larger than [`crate::facts::MAX_BLOB`].
    pub fn folder(&self, commit: Oid, path: &str) -> Result<Option<Folder>, GitError> {
        folder::read(&mut self.handle.reader(), commit, path)
    }

    /// Where the one signature in `text`, a push certificate, begins (`parse_signed_buffer` in gpg-interface.c); `None` if
    /// there is none, or more than one.
    pub fn signature_in(text: &[u8]) -> Option<usize> {
        signatures::begins_at(text)
    }

    /// Whether a detached signature over `payload` is good, and which of `keys` made it; OpenPGP's own times are judged at
    /// `now`, seconds UTC.
    ///
    /// # Errors
    /// When `gpg` is needed and cannot tell.
    pub fn signed_by(
        &self,
        payload: &[u8],
        signature: &[u8],
        keys: &[KeyMaterial],
        now: i64,
    ) -> Result<(SignatureStatus, Option<KeyMaterial>), GitError> {
        signatures::check_by(payload, signature, keys, now, self.location())
    }

    /// One configuration value, as `git config --get` gives it: all scopes, the last one.
    ///
    /// # Errors
    /// When a configuration file cannot be read.
    pub fn config(&self, key: &str) -> Result<Option<String>, GitError> {
        self.handle.reader().objects.config(key)
    }

    /// What reads facts on demand.
    pub fn store(&self) -> Arc<dyn Store> {
        self.handle.store()
    }
}

fn head_name() -> Result<RefName, GitError> {
    RefName::new("HEAD").ok_or_else(|| GitError::new("`HEAD` is no ref"))
}

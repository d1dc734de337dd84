//! The implementation in process: libgit2, for hooks, which must not pay for a process of git's.
//!
//! libgit2's own diff, revision walk and commit parser stay unused: they are slower or differ from git's in details. Objects
//! come out of its object database with their hashes verified: here, since its own way looks for collisions too, which git
//! did when the object came in, and takes a fifth of the time of reading a commit.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use git2::{ErrorCode, ObjectType, RepositoryOpenFlags};
use sha1::{Digest as _, Sha1};

use super::commit_object::CommitObject;
use super::config::Configuration;
use super::index_file::IndexFile;
use super::known::Known;
use super::location::{Hash, Location, Place, no_repository};
use super::objects::{
    Ids, Kind, Object, Objects, RawChange, RawCommit, Reference, Side, Target, bounded, missing, wrong_kind,
};
use super::process::Git;
use super::shallow::Shallow;
use super::walk::Walker;
use super::{Backend, GitError, tree};
use crate::facts::{Oid, RefName};

/// A repository that libgit2 opened.
pub(super) struct Libgit2 {
    repository: git2::Repository,
    shallow: Shallow,
    git: Git,
    config: Option<Configuration>,
    known: Arc<Known>,
}

/// Why libgit2 cannot be used, and whether git's plumbing may do better.
pub(super) enum Refusal {
    /// There is no repository here.
    NotFound(GitError),
    /// There is one, with something that libgit2 does not know.
    Unsupported(GitError),
}

impl Libgit2 {
    /// Opens the repository that `location` names.
    pub(super) fn open(location: &Location) -> Result<Self, Refusal> {
        git2::opts::strict_hash_verification(false);
        git2::opts::enable_caching(false);
        let none: [&std::ffi::OsStr; 0] = [];
        let opened = match &location.git_dir {
            Some(dir) => git2::Repository::open_ext(
                location.absolute(dir),
                RepositoryOpenFlags::NO_SEARCH | RepositoryOpenFlags::NO_DOTGIT,
                none,
            ),
            None => git2::Repository::open_ext(&location.start, RepositoryOpenFlags::empty(), none),
        };
        let repository = opened.map_err(|error| refusal(location, &error))?;
        let place = Arc::new(place(location, &repository).map_err(Refusal::Unsupported)?);
        Self::with(repository, place, Arc::default()).map_err(Refusal::Unsupported)
    }

    /// A further handle on a repository that is open already.
    fn reopen(place: Arc<Place>, known: Arc<Known>) -> Result<Self, GitError> {
        let flags = RepositoryOpenFlags::NO_SEARCH | RepositoryOpenFlags::NO_DOTGIT;
        let none: [&std::ffi::OsStr; 0] = [];
        let repository = git2::Repository::open_ext(&place.git_dir, flags, none).map_err(|e| error(&e))?;
        Self::with(repository, place, known)
    }

    fn with(repository: git2::Repository, place: Arc<Place>, known: Arc<Known>) -> Result<Self, GitError> {
        use_object_directories(&repository, &place.location)?;
        refuse_promisors(&repository)?;
        let shallow = Shallow::read(&place.common_dir)?;
        Ok(Self { repository, shallow, git: Git { place }, config: None, known })
    }

    pub(super) fn place(&self) -> &Arc<Place> {
        &self.git.place
    }

    fn configuration(&self) -> Result<Configuration, GitError> {
        let known = Configuration::in_process(&self.repository, &self.place().location);
        known.map_err(|e| error(&e))?.map_or_else(|| self.git.configuration(), Ok)
    }

    fn read_tree(&self, id: Oid) -> Result<Arc<[u8]>, GitError> {
        if let Some(known) = self.known.tree(id) {
            return Ok(known);
        }
        let bytes = self.expect(id, Kind::Tree)?;
        self.known.keep_tree(id, &bytes);
        Ok(bytes)
    }

    fn expect(&self, id: Oid, kind: Kind) -> Result<Arc<[u8]>, GitError> {
        let object = self.whole(id, kind.name())?;
        if object.kind == kind { Ok(object.bytes) } else { Err(wrong_kind(id, object.kind, kind)) }
    }

    /// A commit's text. Its size is looked at when it was read: git itself reads them whole.
    fn commit(&self, id: Oid) -> Result<Arc<[u8]>, GitError> {
        if let Some(known) = self.known.commit(id) {
            return Ok(known);
        }
        let odb = self.repository.odb().map_err(|e| error(&e))?;
        let object = odb.read(native(id)?).map_err(|e| unreadable(id, "commit", &e))?;
        match kind_of(object.kind()) {
            Some(Kind::Commit) => bounded(id, Kind::Commit, object.len() as u64)?,
            Some(kind) => return Err(wrong_kind(id, kind, Kind::Commit)),
            None => return Err(GitError::new(format!("object {id} is of no known kind"))),
        }
        verify(id, Kind::Commit, object.data())?;
        Ok(object.data().into())
    }

    /// The first parent of the first parent, so many times; the commits are kept, since the range they bound is read next.
    fn ancestor(&self, of: Oid, generations: usize) -> Result<Option<Oid>, GitError> {
        let mut id = of;
        for _ in 0..generations {
            let bytes = self.commit(id)?;
            self.known.keep_commit(id, &bytes);
            let links = self.shallow.cut(id, CommitObject::new(&bytes).links(id)?);
            let Some(parent) = links.parents.first() else { return Ok(None) };
            id = *parent;
        }
        Ok(Some(id))
    }

    fn whole(&self, id: Oid, what: &str) -> Result<Object, GitError> {
        let odb = self.repository.odb().map_err(|e| error(&e))?;
        let unreadable = |e: git2::Error| unreadable(id, what, &e);
        let unknown = || GitError::new(format!("object {id} is of no known kind"));
        let (size, kind) = odb.read_header(native(id)?).map_err(unreadable)?;
        bounded(id, kind_of(kind).ok_or_else(unknown)?, size as u64)?;
        let object = odb.read(native(id)?).map_err(unreadable)?;
        let kind = kind_of(object.kind()).ok_or_else(unknown)?;
        verify(id, kind, object.data())?;
        Ok(Object { kind, bytes: object.data().into() })
    }

    fn changes(&self, id: Oid, bytes: &[u8]) -> Result<Vec<RawChange>, GitError> {
        let links = self.shallow.cut(id, CommitObject::new(bytes).links(id)?);
        let mut read = |id| self.read_tree(id);
        let mut against = Vec::new();
        for parent in &links.parents {
            let bytes = self.commit(*parent)?;
            let parent = CommitObject::new(&bytes).links(*parent)?;
            against.push(tree::compare(Some(parent.tree), Some(links.tree), &mut read)?);
            if against.last().is_some_and(Vec::is_empty) {
                return Ok(Vec::new());
            }
        }
        let mut against = against.into_iter();
        match against.next() {
            None => tree::compare(None, Some(links.tree), &mut read),
            Some(first) => Ok(tree::only_in_all(first, &against.collect::<Vec<_>>())),
        }
    }
}

/// Are these the contents that an id is of?
fn verify(id: Oid, kind: Kind, bytes: &[u8]) -> Result<(), GitError> {
    let hash = Sha1::new().chain_update(format!("{} {}\0", kind.name(), bytes.len())).chain_update(bytes);
    if hash.finalize().as_slice() == id.as_bytes() {
        return Ok(());
    }
    Err(GitError::new(format!("{} {id} is corrupt: it has another hash", kind.name())).hint("run `git fsck`"))
}

/// Where the repository is; git's rules for the work tree when `GIT_DIR` is given.
fn place(location: &Location, repository: &git2::Repository) -> Result<Place, GitError> {
    let absolute = |path: &Path| std::path::absolute(path).map_err(|e| GitError::new(e.to_string()));
    let given = location.work_tree.as_ref().map(|path| location.real(path));
    let work_tree = match (given, repository.workdir()) {
        (Some(given), _) => Some(given),
        (None, Some(_)) if location.git_dir.is_some() && !names_work_tree(repository) => {
            Some(location.start.clone())
        }
        (None, found) => found.map(Path::to_owned),
    };
    let clean = |path: PathBuf| absolute(path.components().as_path());
    Ok(Place {
        location: location.clone(),
        git_dir: clean(repository.path().to_owned())?,
        common_dir: match &location.common_dir {
            Some(dir) => location.real(dir),
            None => clean(repository.commondir().to_owned())?,
        },
        work_tree: work_tree.map(clean).transpose()?,
        hash: Hash::Sha1,
    })
}

/// With `GIT_DIR` and nothing else said, the work tree is the current folder, except where the repository itself names one.
fn names_work_tree(repository: &git2::Repository) -> bool {
    let named = |config: git2::Config| config.get_entry("core.worktree").is_ok();
    repository.is_worktree() || repository.config().is_ok_and(named)
}

/// libgit2's open looks at no environment, so a push's quarantine is added here.
fn use_object_directories(repository: &git2::Repository, location: &Location) -> Result<(), GitError> {
    let odb = repository.odb().map_err(|e| error(&e))?;
    let own = location.object_directory.as_ref().map(|path| location.absolute(path));
    for path in own.into_iter().chain(alternates(location)?) {
        let text = path.to_str().ok_or_else(|| {
            GitError::new(format!("the object directory `{}` is not UTF-8", path.display()))
        })?;
        odb.add_disk_alternate(text).map_err(|e| error(&e))?;
    }
    Ok(())
}

/// `GIT_ALTERNATE_OBJECT_DIRECTORIES`, git(1): paths with colons between them. git quotes odd ones; it can read those itself.
fn alternates(location: &Location) -> Result<Vec<PathBuf>, GitError> {
    let Some(given) = &location.alternate_object_directories else { return Ok(Vec::new()) };
    let text = given.to_str().filter(|text| !text.contains('"'));
    let text =
        text.ok_or_else(|| GitError::new("libgit2 cannot read quoted alternate object directories"))?;
    Ok(text
        .split(':')
        .filter(|path| !path.is_empty())
        .map(|path| location.absolute(Path::new(path)))
        .collect())
}

/// A partial clone of repository format 0 opens, and would then lack objects that git fetches when it needs them.
fn refuse_promisors(repository: &git2::Repository) -> Result<(), GitError> {
    let config = repository.config().map_err(|e| error(&e))?;
    let mut promises = false;
    let is_promisor = |name: &[u8]| name.starts_with(b"remote.") && name.ends_with(b".promisor");
    let entries = config.entries(None).map_err(|e| error(&e))?;
    entries.for_each(|entry| promises |= is_promisor(entry.name_bytes())).map_err(|e| error(&e))?;
    if promises {
        return Err(GitError::new("libgit2 cannot read a partial clone"));
    }
    Ok(())
}

impl Objects for Libgit2 {
    fn backend(&self) -> Backend {
        Backend::Git2
    }

    fn again(&self) -> Result<Box<dyn Objects>, GitError> {
        Ok(Box::new(Self::reopen(Arc::clone(self.place()), Arc::clone(&self.known))?))
    }

    fn infos(&mut self, ids: &[Oid]) -> Result<Vec<Option<(Kind, u64)>>, GitError> {
        let odb = self.repository.odb().map_err(|e| error(&e))?;
        let info = |id: &Oid| match odb.read_header(native(*id)?) {
            Ok((size, kind)) => Ok(kind_of(kind).map(|kind| (kind, size as u64))),
            Err(e) if e.code() == ErrorCode::NotFound => Ok(None),
            Err(e) => Err(unreadable(*id, "object", &e)),
        };
        ids.iter().map(info).collect()
    }

    fn read(&mut self, id: Oid) -> Result<Object, GitError> {
        self.whole(id, "object")
    }

    fn blobs(&mut self, wanted: &[(Oid, u64)], take: &mut dyn FnMut(Oid, Arc<[u8]>)) -> Result<(), GitError> {
        for (id, _) in wanted {
            take(*id, self.expect(*id, Kind::Blob)?);
        }
        Ok(())
    }

    fn commits(&mut self, ids: &[Oid], changes: bool) -> Result<Vec<RawCommit>, GitError> {
        let one = |id: &Oid| {
            let bytes = self.commit(*id)?;
            let changes = changes.then(|| self.changes(*id, &bytes)).transpose()?;
            Ok(RawCommit { bytes, changes })
        };
        ids.iter().map(one).collect()
    }

    fn between(&mut self, old: Option<Oid>, new: Option<Oid>) -> Result<Vec<RawChange>, GitError> {
        tree::compare(old, new, &mut |id| self.read_tree(id))
    }

    fn staged(&mut self, tree: Option<Oid>) -> Result<Vec<RawChange>, GitError> {
        match IndexFile::read(&self.place().index_file())? {
            Some(index) => index.changes(tree, &mut |id| self.read_tree(id)),
            None => self.git.staged(tree),
        }
    }

    fn staged_entry(&mut self, path: &[u8]) -> Result<Option<Side>, GitError> {
        match IndexFile::read(&self.place().index_file())? {
            Some(index) => Ok(index.entry(path)),
            None => self.git.staged_entry(path),
        }
    }

    fn walk(&mut self, include: &[Oid], exclude: &[Oid]) -> Result<Ids, GitError> {
        if let Some(known) = self.known.walk(include, exclude) {
            return Ok(Box::new(known.into_iter().map(Ok)));
        }
        let (place, known, shallow) =
            (Arc::clone(self.place()), Arc::clone(&self.known), self.shallow.clone());
        // Most ranges were read when their ends were resolved.
        let mut own = None;
        let links = move |id| {
            let bytes = match known.commit(id) {
                Some(bytes) => bytes,
                None => {
                    let own = match &mut own {
                        Some(own) => own,
                        None => own.insert(Self::reopen(Arc::clone(&place), Arc::clone(&known))?),
                    };
                    let bytes = own.commit(id)?;
                    known.keep_commit(id, &bytes);
                    bytes
                }
            };
            Ok(shallow.cut(id, CommitObject::new(&bytes).links(id)?))
        };
        let walker = Walker::new(links, include, exclude)?;
        Ok(Box::new(Known::keep_walk(&self.known, include, exclude, walker)))
    }

    fn is_ancestor(&mut self, ancestor: Oid, of: Oid) -> Result<bool, GitError> {
        if ancestor == of {
            return self.commit(of).map(|_| true);
        }
        self.repository.graph_descendant_of(native(of)?, native(ancestor)?).map_err(|e| error(&e))
    }

    fn merge_bases(&mut self, one: Oid, two: Oid) -> Result<Vec<Oid>, GitError> {
        match self.repository.merge_bases(native(one)?, native(two)?) {
            Ok(bases) => Ok(bases.iter().filter_map(|id| Oid::from_bytes(id.as_bytes())).collect()),
            Err(e) if e.code() == ErrorCode::NotFound => Ok(Vec::new()),
            Err(e) => Err(error(&e)),
        }
    }

    fn perhaps_dangling(&mut self, names: &[RefName]) -> Result<Vec<RefName>, GitError> {
        Ok(self.git.place.loose(names))
    }

    fn reference(&mut self, name: &RefName) -> Result<Option<Target>, GitError> {
        let reference = match self.repository.find_reference(name.as_str()) {
            Ok(reference) => reference,
            Err(e) if e.code() == ErrorCode::NotFound => return Ok(None),
            Err(e) => return Err(error(&e)),
        };
        if let Some(id) = reference.target() {
            return Ok(Oid::from_bytes(id.as_bytes()).map(Target::Id));
        }
        let target = reference.symbolic_target_bytes().map(String::from_utf8_lossy);
        Ok(target.map(|name| Target::Symbolic(name.into_owned())))
    }

    fn references(&mut self, prefix: &str) -> Result<Vec<Reference>, GitError> {
        let mut found = Vec::new();
        for reference in self.repository.references().map_err(|e| error(&e))? {
            let reference = reference.map_err(|e| error(&e))?;
            let Ok(name) = reference.name() else { continue };
            if !name.starts_with(prefix) {
                continue;
            }
            let Some(name) = RefName::new(name) else { continue };
            // A symbolic ref to nothing, such as origin/HEAD of a branch that was pruned, holds nothing.
            let Ok(resolved) = reference.resolve() else { continue };
            if let Some(id) = resolved.target().and_then(|id| Oid::from_bytes(id.as_bytes())) {
                let target = reference.symbolic_target().ok().flatten().and_then(RefName::new);
                found.push(Reference { name, id, target });
            }
        }
        found.sort();
        Ok(found)
    }

    fn resolve(&mut self, revision: &str) -> Result<Oid, GitError> {
        if let Some((of, generations)) = ancestor(revision) {
            return match self.resolve(of).and_then(|of| self.ancestor(of, generations)) {
                Ok(Some(found)) => Ok(found),
                // git says best what is wrong.
                Ok(None) | Err(_) => self.git.resolve(revision),
            };
        }
        let found =
            self.repository.revparse_single(revision).and_then(|object| object.peel(ObjectType::Commit));
        match found.ok().and_then(|object| Oid::from_bytes(object.id().as_bytes())) {
            Some(id) => Ok(id),
            // git knows more forms, and says better what is wrong with the rest.
            None => self.git.resolve(revision),
        }
    }

    fn config(&mut self, key: &str) -> Result<Option<String>, GitError> {
        let all = match self.config.take() {
            Some(all) => all,
            None => self.configuration()?,
        };
        Ok(self.config.insert(all).get(key))
    }

    fn head_of(&mut self, id: Oid, length: usize) -> Result<Vec<u8>, GitError> {
        self.git.head_of(id, length)
    }
}

/// `REV~N`, gitrevisions(7).
fn ancestor(revision: &str) -> Option<(&str, usize)> {
    let (of, generations) = revision.rsplit_once('~')?;
    let is_number = !generations.is_empty() && generations.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && !of.is_empty() && !of.starts_with(':')).then_some((of, generations.parse().ok()?))
}

fn native(id: Oid) -> Result<git2::Oid, GitError> {
    git2::Oid::from_bytes(id.as_bytes())
        .map_err(|_| GitError::new(format!("{id} is no object id of this repository")))
}

fn kind_of(kind: ObjectType) -> Option<Kind> {
    match kind {
        ObjectType::Commit => Some(Kind::Commit),
        ObjectType::Tree => Some(Kind::Tree),
        ObjectType::Blob => Some(Kind::Blob),
        ObjectType::Tag => Some(Kind::Tag),
        ObjectType::Any => None,
    }
}

fn unreadable(id: Oid, kind: &str, e: &git2::Error) -> GitError {
    match e.code() {
        ErrorCode::NotFound => missing(id, kind),
        _ => GitError::new(format!("{kind} {id} cannot be read: {}", e.message())).hint("run `git fsck`"),
    }
}

fn error(e: &git2::Error) -> GitError {
    GitError::new(e.message())
}

fn refusal(location: &Location, e: &git2::Error) -> Refusal {
    match e.code() {
        ErrorCode::NotFound => Refusal::NotFound(no_repository(location)),
        _ => Refusal::Unsupported(GitError::new(format!(
            "libgit2 cannot open this repository: {}",
            e.message()
        ))),
    }
}

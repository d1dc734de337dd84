//! The implementation over git's own plumbing, in processes that live as long as it is used.

mod cat_file;
mod dangling;
mod diff_tree;
mod index;
mod open;
mod rev_list;

use std::sync::Arc;

use self::cat_file::CatFile;
use self::diff_tree::DiffTree;
use super::config::Configuration;
use super::location::{Location, Place};
use super::objects::{
    Ids, Kind, Object, Objects, RawChange, RawCommit, Reference, Side, Target, missing, wrong_kind,
};
use super::process::Git;
use super::{Backend, GitError};
use crate::facts::{Oid, RefName};

/// Bytes of blobs asked for in one go: all of them are read before anything else is.
const TOGETHER: u64 = 4 << 20;

pub(super) struct Plumbing {
    git: Git,
    cat_file: Option<CatFile>,
    diff_tree: Option<DiffTree>,
    config: Option<Configuration>,
}

impl Plumbing {
    pub(super) fn open(location: &Location) -> Result<Self, GitError> {
        Ok(Self::at(&Arc::new(open::discover(location)?)))
    }

    /// A handle on a repository whose place is known.
    pub(super) fn at(place: &Arc<Place>) -> Self {
        let git = Git { place: Arc::clone(place) };
        Self { git, cat_file: None, diff_tree: None, config: None }
    }

    pub(super) fn place(&self) -> &Arc<Place> {
        &self.git.place
    }

    /// Talks to `cat-file`; a conversation that failed is not gone on with.
    fn cat_file<T>(&mut self, talk: impl FnOnce(&mut CatFile) -> Result<T, GitError>) -> Result<T, GitError> {
        let mut process = match self.cat_file.take() {
            Some(process) => process,
            None => CatFile::start(&self.git)?,
        };
        let said = talk(&mut process)?;
        self.cat_file = Some(process);
        Ok(said)
    }

    /// Why an object cannot be had, in git's own words where it has more than "missing".
    fn absent(&self, id: Oid, kind: &str) -> GitError {
        match self.git.run(&["cat-file", "-e", &id.to_string()], &[0, 1]) {
            Err(error) => error.hint("run `git fsck`"),
            Ok(_) => missing(id, kind),
        }
    }
}

impl Objects for Plumbing {
    fn backend(&self) -> Backend {
        Backend::Plumbing
    }

    fn again(&self) -> Result<Box<dyn Objects>, GitError> {
        Ok(Box::new(Self::at(self.place())))
    }

    fn infos(&mut self, ids: &[Oid]) -> Result<Vec<Option<(Kind, u64)>>, GitError> {
        self.cat_file(|process| process.info(ids))
    }

    fn read(&mut self, id: Oid) -> Result<Object, GitError> {
        let mut read = None;
        self.cat_file(|process| process.contents(&[id], |_, object| read = object))?;
        read.ok_or_else(|| self.absent(id, "object"))
    }

    fn blobs(&mut self, wanted: &[(Oid, u64)], take: &mut dyn FnMut(Oid, Arc<[u8]>)) -> Result<(), GitError> {
        let mut absent = None;
        for ids in together(wanted) {
            self.cat_file(|process| {
                process.contents(&ids, |id, object| match object {
                    Some(Object { kind: Kind::Blob, bytes }) => take(id, bytes),
                    _ => absent = absent.or(Some(id)),
                })
            })?;
        }
        absent.map_or(Ok(()), |id| Err(self.absent(id, "blob")))
    }

    fn expect_blobs(&mut self, wanted: &[(Oid, u64)]) -> Result<(), GitError> {
        match together(wanted).next() {
            Some(ids) => self.cat_file(|process| process.expect(&ids)),
            None => Ok(()),
        }
    }

    fn commits(&mut self, ids: &[Oid], changes: bool) -> Result<Vec<RawCommit>, GitError> {
        let mut all = Vec::with_capacity(ids.len());
        for ids in ids.chunks(diff_tree::BATCH) {
            let mut comparing = match (changes, self.diff_tree.take()) {
                (false, process) => {
                    self.diff_tree = process;
                    None
                }
                (true, Some(process)) => Some(process),
                (true, None) => Some(DiffTree::start(&self.git)?),
            };
            if let Some(process) = &mut comparing {
                process.ask(ids)?;
            }
            let first = all.len();
            self.read_commits(ids, &mut all)?;
            if let Some(mut process) = comparing {
                let answers = process.answers(ids)?;
                self.diff_tree = Some(process);
                for (commit, changes) in all.iter_mut().skip(first).zip(answers) {
                    commit.changes = Some(changes);
                }
            }
        }
        Ok(all)
    }

    fn between(&mut self, old: Option<Oid>, new: Option<Oid>) -> Result<Vec<RawChange>, GitError> {
        let (old, new) = (self.git.tree_name(old), self.git.tree_name(new));
        let args = [
            "diff-tree",
            "-r",
            "-z",
            "--raw",
            "--no-abbrev",
            "--no-renames",
            "--no-relative",
            "--ignore-submodules=none",
            &old,
            &new,
        ];
        diff_tree::parse_all(&self.git.run(&args, &[0])?.stdout)
    }

    fn staged(&mut self, tree: Option<Oid>) -> Result<Vec<RawChange>, GitError> {
        self.git.staged(tree)
    }

    fn staged_entry(&mut self, path: &[u8]) -> Result<Option<Side>, GitError> {
        self.git.staged_entry(path)
    }

    fn walk(&mut self, include: &[Oid], exclude: &[Oid]) -> Result<Ids, GitError> {
        rev_list::walk(&self.git, include, exclude)
    }

    fn is_ancestor(&mut self, ancestor: Oid, of: Oid) -> Result<bool, GitError> {
        let args = ["merge-base", "--is-ancestor", &ancestor.to_string(), &of.to_string()];
        Ok(self.git.run(&args, &[0, 1])?.status.success())
    }

    fn merge_bases(&mut self, one: Oid, two: Oid) -> Result<Vec<Oid>, GitError> {
        let output = self.git.run(&["merge-base", "--all", &one.to_string(), &two.to_string()], &[0, 1])?;
        let lines = output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines
            .map(|hex| Oid::from_hex(hex).ok_or_else(|| GitError::new("git merge-base gave no id")))
            .collect()
    }

    fn perhaps_dangling(&mut self, names: &[RefName]) -> Result<Vec<RefName>, GitError> {
        if self.git.place.common_dir.join("reftable").exists() {
            return dangling::suspects(&self.git, names);
        }
        Ok(self.git.place.loose(names))
    }

    fn symbolic(&mut self, name: &RefName) -> Result<Option<String>, GitError> {
        let output = self.git.run(&["symbolic-ref", "-q", name.as_str()], &[0, 1])?;
        let target = String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned();
        Ok(output.status.success().then_some(target))
    }

    fn reference(&mut self, name: &RefName) -> Result<Option<Target>, GitError> {
        if let Some(target) = self.symbolic(name)? {
            return Ok(Some(Target::Symbolic(target)));
        }
        // Not rev-parse, which would also find `refs/heads/refs/heads/main`.
        let args = ["show-ref", "--verify", "--hash", name.as_str()];
        let output = self.git.run(&args, &[0, 1, 128])?;
        let hex = output.stdout.trim_ascii_end();
        if output.status.success() {
            return Oid::from_hex(hex)
                .map(|id| Some(Target::Id(id)))
                .ok_or_else(|| nonsense("show-ref", hex));
        }
        match String::from_utf8_lossy(&output.stderr) {
            words if words.contains("not a valid ref") => Ok(None),
            words => Err(GitError::new(format!("`git show-ref`: {}", words.trim()))),
        }
    }

    fn references(&mut self, prefix: &str) -> Result<Vec<Reference>, GitError> {
        let mut args = vec!["for-each-ref", "--format=%(objectname) %(refname) %(symref)"];
        // What ends with a slash is a pattern that it knows; it reads no more than that.
        args.extend(Some(prefix).filter(|prefix| prefix.ends_with('/')));
        let output = self.git.run(&args, &[0])?;
        let mut found = Vec::new();
        for line in output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            // No name of a ref holds a space.
            let mut words = line.split(|byte| *byte == b' ');
            let (Some(hex), Some(name), Some(target)) = (words.next(), words.next(), words.next()) else {
                return Err(nonsense("for-each-ref", line));
            };
            let id = Oid::from_hex(hex).ok_or_else(|| nonsense("for-each-ref", line))?;
            let Ok(name) = std::str::from_utf8(name) else { continue };
            if name.starts_with(prefix) {
                let target = std::str::from_utf8(target).ok().and_then(RefName::new);
                found.extend(RefName::new(name).map(|name| Reference { name, id, target }));
            }
        }
        found.sort();
        Ok(found)
    }

    fn resolve(&mut self, revision: &str) -> Result<Oid, GitError> {
        self.git.resolve(revision)
    }

    fn config(&mut self, key: &str) -> Result<Option<String>, GitError> {
        let all = match self.config.take() {
            Some(all) => all,
            None => self.git.configuration()?,
        };
        Ok(self.config.insert(all).get(key))
    }

    fn head_of(&mut self, id: Oid, length: usize) -> Result<Vec<u8>, GitError> {
        self.git.head_of(id, length)
    }
}

impl Plumbing {
    fn read_commits(&mut self, ids: &[Oid], into: &mut Vec<RawCommit>) -> Result<(), GitError> {
        let mut absent = None;
        self.cat_file(|process| {
            process.contents(ids, |id, object| match object {
                Some(Object { kind: Kind::Commit, bytes }) => into.push(RawCommit { bytes, changes: None }),
                Some(other) => absent = absent.or(Some((id, Some(other.kind)))),
                None => absent = absent.or(Some((id, None))),
            })
        })?;
        match absent {
            None => Ok(()),
            Some((id, None)) => Err(self.absent(id, "commit")),
            Some((id, Some(kind))) => Err(wrong_kind(id, kind, Kind::Commit)),
        }
    }
}

/// An answer that cannot be one.
fn nonsense(command: &str, said: &[u8]) -> GitError {
    GitError::new(format!("`git {command}` said `{}`", String::from_utf8_lossy(said)))
}

/// Splits requests so that the answers to one are of bounded size.
fn together(wanted: &[(Oid, u64)]) -> impl Iterator<Item = Vec<Oid>> {
    let mut left = wanted;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = left.iter().take_while(|(_, size)| {
            let first = bytes == 0;
            bytes += size + 1;
            first || bytes <= TOGETHER
        });
        let count = fits.count();
        let (now, later) = left.split_at_checked(count)?;
        left = later;
        (!now.is_empty()).then(|| now.iter().map(|(id, _)| *id).collect())
    })
}

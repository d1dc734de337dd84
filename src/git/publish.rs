//! Puts files on a ref of their own, for others to fetch: one commit without parents, whose author, dates and message are fixed,
//! so that the same files are the same commit in every repository and whenever they are published.
//!
//! Objects come first and the ref last, by compare-and-swap: whoever is killed on the way leaves nothing but objects that
//! git collects, and of two at once each finds the other's work done.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::sync::Arc;

use super::process::Git;
use super::{GitError, Repository};
use crate::facts::{Oid, RefName};

/// Who the commit is said to be by, and when.
const AUTHOR: [(&str, &str); 6] = [
    ("GIT_AUTHOR_NAME", "bylaws"),
    ("GIT_AUTHOR_EMAIL", "bylaws@localhost"),
    ("GIT_AUTHOR_DATE", "@0 +0000"),
    ("GIT_COMMITTER_NAME", "bylaws"),
    ("GIT_COMMITTER_EMAIL", "bylaws@localhost"),
    ("GIT_COMMITTER_DATE", "@0 +0000"),
];

/// How often the ref is tried to be moved, while others move it.
const ATTEMPTS: usize = 5;

/// The files of one folder: those in it by name, and the folders in it.
#[derive(Default)]
struct Level<'f> {
    files: BTreeMap<&'f str, &'f [u8]>,
    folders: BTreeMap<&'f str, Level<'f>>,
}

impl<'f> Level<'f> {
    fn put(&mut self, path: &'f str, contents: &'f [u8]) {
        match path.split_once('/') {
            Some((folder, rest)) => self.folders.entry(folder).or_default().put(rest, contents),
            None => drop(self.files.insert(path, contents)),
        }
    }
}

impl Repository {
    /// Makes `reference` hold `files`, given by their paths below `folder` (with `/`), and nothing else. Did that change
    /// anything?
    ///
    /// # Errors
    /// When an object or the ref cannot be read or written.
    pub fn publish(
        &self,
        reference: &RefName,
        folder: &str,
        files: &[(String, Vec<u8>)],
        message: &str,
    ) -> Result<bool, GitError> {
        let git = Git { place: Arc::clone(self.place()) };
        let mut commit = None;
        let mut failed = GitError::new(format!("`{reference}` cannot be moved"));
        for _ in 0..ATTEMPTS {
            let before = self.reference(reference)?;
            if before.is_some_and(|before| self.holds(before, folder, files)) {
                return Ok(false);
            }
            let new = match commit {
                Some(new) => new,
                None => *commit.insert(write(&git, folder, files, message)?),
            };
            match git.move_ref(reference, new, before) {
                Ok(()) => return Ok(true),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    /// Takes away a ref that was published. Was there one?
    ///
    /// # Errors
    /// When it cannot be read or removed.
    pub fn withdraw(&self, reference: &RefName) -> Result<bool, GitError> {
        if self.reference(reference)?.is_none() {
            return Ok(false);
        }
        let git = Git { place: Arc::clone(self.place()) };
        git.run(&["update-ref", "--no-deref", "-d", reference.as_str()], &[0])?;
        Ok(true)
    }

    /// Are these the files of that commit? What cannot be read is not.
    fn holds(&self, commit: Oid, folder: &str, files: &[(String, Vec<u8>)]) -> bool {
        let Ok(Some(mut there)) = self.folder(commit, folder) else { return false };
        let mut wanted: Vec<&(String, Vec<u8>)> = files.iter().collect();
        there.sort();
        wanted.sort();
        there.iter().eq(wanted)
    }
}

/// All objects of the commit; its id.
fn write(git: &Git, folder: &str, files: &[(String, Vec<u8>)], message: &str) -> Result<Oid, GitError> {
    let mut below = Level::default();
    files.iter().for_each(|(path, contents)| below.put(path, contents));
    let root = Level { folders: [(folder, below)].into(), ..Level::default() };
    let tree = git.write_tree(&root)?.to_string();
    git.asked(&["-c", "i18n.commitEncoding=UTF-8", "commit-tree", &tree], message.as_bytes())
}

impl Git {
    fn write_tree(&self, level: &Level<'_>) -> Result<Oid, GitError> {
        let mut entries = Vec::new();
        for (name, contents) in &level.files {
            let id = self.asked(&["hash-object", "-w", "-t", "blob", "--stdin"], contents)?;
            entries.extend(format!("100644 blob {id}\t{name}\0").into_bytes());
        }
        for (name, folder) in &level.folders {
            let id = self.write_tree(folder)?;
            entries.extend(format!("040000 tree {id}\t{name}\0").into_bytes());
        }
        self.asked(&["mktree", "-z"], &entries)
    }

    /// Moves a ref that holds `old`, or is not there.
    fn move_ref(&self, reference: &RefName, new: Oid, old: Option<Oid>) -> Result<(), GitError> {
        let zero = || "0".repeat(new.to_string().len());
        let (old, new) = (old.map_or_else(zero, |old| old.to_string()), new.to_string());
        self.run(&["update-ref", "--no-deref", reference.as_str(), &new, &old], &[0]).map(drop)
    }

    /// The id with which a command answers what it is given.
    fn asked(&self, args: &[&str], input: &[u8]) -> Result<Oid, GitError> {
        let (mut conversation, mut output) = self.talk_with(args, &AUTHOR)?;
        let written = conversation.input.take().map_or(Ok(()), |mut pipe| pipe.write_all(input));
        let mut answer = Vec::new();
        let read = written.and_then(|()| output.read_to_end(&mut answer));
        if let Err(error) = read {
            return Err(conversation.broken(&error.to_string()));
        }
        conversation.end()?;
        Oid::from_hex(answer.trim_ascii_end())
            .ok_or_else(|| GitError::new(format!("`git {}` answered no object id", args.join(" "))))
    }
}

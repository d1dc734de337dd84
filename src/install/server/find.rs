//! Which bare repositories are at or below the paths that were named.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::{Outcome, journal, repository};
use crate::install::error::InstallError;

/// A repository that was found.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// Without links.
    pub path: PathBuf,
    /// gitolite's home, if that was named: its common hooks are ours to use.
    pub gitolite_home: Option<PathBuf>,
    /// Whether it was named itself.
    pub named: bool,
}

/// A path that is none of ours to install in, or cannot be looked at.
#[derive(Debug)]
pub(super) struct Missed {
    path: PathBuf,
    why: InstallError,
}

impl Missed {
    fn new(path: &Path, why: InstallError) -> Self {
        Self { path: path.to_owned(), why }
    }

    pub(super) fn outcome<T>(self) -> Outcome<T> {
        Outcome { path: self.path, result: Err(self.why), left_out: false }
    }
}

/// Every repository once, in the order of the paths and of their names.
pub(super) fn find(paths: &[PathBuf]) -> Vec<Result<Found, Missed>> {
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for path in paths {
        for one in below(path) {
            if one.as_ref().map_or(true, |found| seen.insert(found.path.clone())) {
                all.push(one);
            }
        }
    }
    all
}

/// What one path leads to.
fn below(path: &Path) -> Vec<Result<Found, Missed>> {
    let real = match path.canonicalize() {
        Ok(real) => real,
        Err(error) => return vec![Err(Missed::new(path, InstallError::io("find", path, &error)))],
    };
    let home = gitolite_home(&real);
    let start = match &home {
        Some(home) => home.join("repositories"),
        None => real.clone(),
    };
    let mut found = walk(&start, home.as_deref());
    if found.is_empty() {
        let why = InstallError::new("there is no bare repository at or below it")
            .hint("name a bare repository (`git init --bare`), or a folder that has some");
        found.push(Err(Missed::new(&real, why)));
    }
    found
}

/// gitolite's home, if this is it or its `.gitolite`.
pub(super) fn gitolite_home(path: &Path) -> Option<PathBuf> {
    let home = if path.file_name()? == ".gitolite" { path.parent()? } else { path };
    let is_home = home.join(".gitolite/hooks/common").is_dir() && home.join("repositories").is_dir();
    is_home.then(|| home.to_owned())
}

/// Walks a folder. A repository is not looked into, and links are not followed: what they lead to is somebody else's, or
/// is found where it is.
fn walk(start: &Path, home: Option<&Path>) -> Vec<Result<Found, Missed>> {
    let mut all = Vec::new();
    let mut entries = WalkDir::new(start).sort_by_file_name().into_iter();
    while let Some(entry) = entries.next() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let path = error.path().unwrap_or(start).to_owned();
                let why = InstallError::new(format!("it cannot be looked into: {error}"))
                    .hint("run this as root, or as the account that owns the repositories");
                all.push(Err(Missed::new(&path, why)));
                continue;
            }
        };
        let path = entry.path();
        if entry.path_is_symlink() && entry.depth() > 0 {
            all.extend(outside(path, start).map(Err));
        } else if !entry.file_type().is_dir() && entry.depth() > 0 {
            continue;
        } else if is_git_directory(path) {
            entries.skip_current_dir();
            let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
            let named = entry.depth() == 0;
            all.push(Ok(Found { path, gitolite_home: home.map(Path::to_owned), named }));
        } else if path.join(".git").exists() && entry.depth() == 0 {
            all.push(Err(Missed::new(path, has_work_tree())));
            break;
        }
    }
    all
}

/// A link to a repository outside: nobody shall think that it was taken.
fn outside(link: &Path, start: &Path) -> Option<Missed> {
    let target = link.canonicalize().ok()?;
    let is_inside = || start.canonicalize().is_ok_and(|start| target.starts_with(start));
    let is_installed = || journal::path(&repository::folder(&target)).is_file();
    if !is_git_directory(&target) || is_inside() || is_installed() {
        return None;
    }
    let why = InstallError::new(format!("it is a link out of here, to `{}`", target.display()))
        .hint("name that repository itself if it is to be governed");
    Some(Missed::new(link, why))
}

/// By the same three signs by which git knows one.
pub(super) fn is_git_directory(path: &Path) -> bool {
    path.join("HEAD").symlink_metadata().is_ok()
        && path.join("objects").is_dir()
        && path.join("refs").is_dir()
}

/// Why a repository with a work tree is left out.
pub(super) fn has_work_tree() -> InstallError {
    InstallError::new("it is no bare repository: who works in it can move its refs without any hook").hint(
        "push to a bare one (`git clone --bare`) and govern that; for hooks of your own work: `bylaws install`",
    )
}

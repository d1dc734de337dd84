//! Puts a plan in place, and takes an installation out.

use std::path::{Path, PathBuf};

use super::config;
use super::journal::{self, Journal, Written};
use super::plan::{Content, OWN_FOLDER, Plan};
use super::repository::Repository;
use super::{HOOKS, Uninstalled};
use crate::install::error::InstallError;
use crate::install::files;
use crate::install::lock::Lock;
use crate::install::shim;

/// Puts a plan in place; true if anything had to be changed.
///
/// The journal comes first, with all that an older one speaks of, so that at any moment it names what is there. The
/// configuration comes last: with it git begins to look where the hooks are by then.
pub(crate) fn apply(
    repository: &Repository,
    plan: &Plan,
    old: Option<&Journal>,
) -> Result<bool, InstallError> {
    let folder = repository.folder();
    let mut changed = repository.write(&journal::saved_config(&folder), &plan.config.before, 0o600)?;
    let obsolete = obsolete(old, plan);
    if old != Some(&plan.journal) {
        let mut journal = plan.journal.clone();
        journal.files.extend(obsolete.iter().map(|written| (*written).clone()));
        journal.write(repository)?;
        changed = true;
    }
    for made in &plan.journal.made {
        let path = repository.path.join(made);
        if files::make_folder(&path)? {
            repository.give(&path)?;
            files::set_mode(&path, 0o755)
                .map_err(|error| InstallError::io("set the mode of", &path, &error))?;
            changed = true;
        }
    }
    for (path, content) in &plan.files {
        changed |= put(repository, &repository.path.join(path), content)?;
    }
    changed |= put_config(repository, &plan.config.now, &plan.config.after)?;
    if let (Some(old), false) = (old, obsolete.is_empty()) {
        for written in obsolete {
            remove(repository, written)?;
        }
        remove_folders(repository, old.made.iter().filter(|made| !plan.journal.made.contains(made)));
        plan.journal.write(repository)?;
    }
    Ok(changed)
}

/// What an earlier installation wrote and this one does not have.
fn obsolete<'a>(old: Option<&'a Journal>, plan: &Plan) -> Vec<&'a Written> {
    let stays = |written: &&Written| !plan.files.iter().any(|(path, _)| *path == written.path);
    old.map(|old| old.files.iter().filter(stays).collect()).unwrap_or_default()
}

/// The folders that have to be made for these files, or were made by an earlier installation; outer ones first.
pub(crate) fn made(
    repository: &Repository,
    files: &[(String, Content)],
    old: Option<&Journal>,
) -> Vec<String> {
    let mut made: Vec<String> = Vec::new();
    for (path, _) in files {
        let above: Vec<&Path> = Path::new(path).ancestors().skip(1).collect();
        for folder in above.into_iter().rev().filter_map(Path::to_str) {
            let before =
                folder == OWN_FOLDER || old.is_some_and(|old| old.made.iter().any(|made| made == folder));
            let ours = before || !repository.path.join(folder).is_dir();
            if !folder.is_empty() && folder != "bylaws" && ours && !made.iter().any(|made| made == folder) {
                made.push(folder.to_owned());
            }
        }
    }
    made
}

/// Whether nothing is at a place, or what we wrote.
pub(crate) fn may_write(
    repository: &Repository,
    path: &str,
    old: Option<&Journal>,
) -> Result<bool, InstallError> {
    let place = repository.path.join(path);
    let Ok(found) = place.symlink_metadata() else { return Ok(true) };
    if !found.is_file() {
        return Ok(false);
    }
    let bytes = files::read(&place)?.unwrap_or_default();
    let digest = files::digest(&bytes);
    let written = old
        .is_some_and(|old| old.files.iter().any(|written| written.path == path && written.digest == digest));
    Ok(written || shim::is_servers(&bytes))
}

fn put(repository: &Repository, path: &Path, content: &Content) -> Result<bool, InstallError> {
    match content {
        Content::Script(bytes) => repository.write(path, bytes, 0o755),
        Content::Link(target) => {
            if std::fs::read_link(path).is_ok_and(|there| there == *target) {
                return Ok(false);
            }
            link(repository, target, path)?;
            Ok(true)
        }
    }
}

/// Puts a link in the place of whatever of ours is there, in one step.
fn link(repository: &Repository, target: &Path, path: &Path) -> Result<(), InstallError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let half = repository.folder().join(format!(".half-{name}"));
    files::remove(&half)?;
    let failed = |error: std::io::Error| InstallError::io("write the link", path, &error);
    symlink(target, &half).map_err(failed)?;
    repository.give(&half)?;
    std::fs::rename(&half, path).map_err(failed)
}

#[cfg(unix)]
fn symlink(target: &Path, path: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

#[cfg(not(unix))]
fn symlink(_: &Path, _: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// Replaces git's configuration file, which was `now` when it was read; true if it had to be.
fn put_config(repository: &Repository, now: &[u8], new: &[u8]) -> Result<bool, InstallError> {
    if now == new {
        return Ok(false);
    }
    let path = repository.config_file();
    if files::replace_config(&path, now, new)? {
        return Ok(true);
    }
    Err(InstallError::new(format!("`{}` was changed by somebody else in the meantime", path.display()))
        .hint("run this again"))
}

/// Takes the installation out of one repository.
pub(super) fn uninstall(repository: &Repository) -> Result<Uninstalled, InstallError> {
    let _lock = Lock::take(&repository.path)?;
    let mut done = undo(repository)?;
    if done.changed && repository.folder().is_dir() {
        done.notes.push(format!(
            "`{}` stays: the settings, the repository's id, the ledger's key and what is recorded",
            repository.folder().display()
        ));
    }
    Ok(done)
}

/// The same under the caller's lock. The configuration goes first, so that git never looks where no hook is any more.
pub(super) fn undo(repository: &Repository) -> Result<Uninstalled, InstallError> {
    let mut done = Uninstalled::default();
    let folder = repository.folder();
    let old = Journal::read(&folder)?;
    let (without, now) = config::without_us(repository, old.as_ref())?;
    done.changed |= put_config(repository, &now, &without)?;
    for written in old.iter().flat_map(|old| &old.files) {
        match remove(repository, written)? {
            Removed::Ours => done.changed = true,
            Removed::Gone => {}
            Removed::Kept(path) => {
                done.notes.push(format!("kept, since it was changed: `{}`", path.display()));
            }
        }
    }
    done.changed |= sweep(repository)?;
    if let Some(old) = &old {
        remove_folders(repository, old.made.iter());
        done.changed = true;
    }
    files::remove(&journal::saved_config(&folder))?;
    files::remove(&journal::path(&folder))?;
    files::remove_folder_if_empty(&folder);
    Ok(done)
}

/// Removes hooks of ours that no journal tells of: links that gitolite made, and what outlived a lost journal.
fn sweep(repository: &Repository) -> Result<bool, InstallError> {
    let at = |path: &str| repository.path.join(path);
    let mut places: Vec<PathBuf> = HOOKS.map(|name| at(&format!("custom_hooks/{name}.d/bylaws"))).into();
    if !at("hooks").is_symlink() {
        places.extend(HOOKS.map(|name| at(&format!("hooks/{name}"))));
        places.extend(HOOKS.map(|name| at(&format!("hooks/{name}.d/bylaws"))));
    }
    let own = at(OWN_FOLDER);
    places.extend(files::executables(&own)?.into_iter().map(|name| own.join(name)));
    let mut changed = false;
    for path in places {
        let is_ours =
            |bytes: Vec<u8>| shim::is_servers(&bytes) || path.starts_with(&own) && shim::is_ours(&bytes);
        if files::read(&path)?.is_some_and(is_ours) {
            files::remove(&path)?;
            changed = true;
        }
    }
    files::remove_folder_if_empty(&own);
    Ok(changed)
}

enum Removed {
    Ours,
    Gone,
    Kept(PathBuf),
}

/// Removes what is as we wrote it; anything else is somebody's work by now.
fn remove(repository: &Repository, written: &Written) -> Result<Removed, InstallError> {
    let path = repository.path.join(&written.path);
    let Ok(found) = path.symlink_metadata() else { return Ok(Removed::Gone) };
    let ours = if found.is_symlink() {
        let target = std::fs::read_link(&path).map_err(|error| InstallError::io("read", &path, &error))?;
        let leads_to_ours =
            || files::read(&path).is_ok_and(|bytes| bytes.is_none_or(|bytes| shim::is_servers(&bytes)));
        written.link
            && (files::digest(target.as_os_str().as_encoded_bytes()) == written.digest || leads_to_ours())
    } else if found.is_file() {
        let bytes = files::read(&path)?.unwrap_or_default();
        files::digest(&bytes) == written.digest || shim::is_servers(&bytes)
    } else {
        false
    };
    if !ours {
        return Ok(Removed::Kept(path));
    }
    files::remove(&path)?;
    Ok(Removed::Ours)
}

/// Removes folders that we made, inner ones first, where nothing else has been put into them.
fn remove_folders<'a>(repository: &Repository, made: impl DoubleEndedIterator<Item = &'a String>) {
    for folder in made.rev() {
        files::remove_folder_if_empty(&repository.path.join(folder));
    }
}

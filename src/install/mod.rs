//! Hooks into a repository, and out again to the last byte.
//!
//! There are two ways in, chosen by what is there:
//!
//! - **Nothing is in the way** (no `core.hooksPath`, none of our hooks' names taken): the shims are written into git's
//!   own hook folder. Nothing else changes, the repository may be moved, and other tools see what they expect. Where git
//!   opens no editor between pre-commit and commit-msg, the first leaves what is staged to the second, so that the program
//!   is started once; if commit-msg is no longer ours, it is not.
//! - **Other hooks are there**: their folder is left untouched to the last byte. Our shims stand in a folder of our
//!   own, beside forwarders for every other hook in theirs, and `core.hooksPath` names it. Ours runs theirs first, at its
//!   own place, so that `$0` and what lies beside it are what that tool expects (husky finds its scripts by them). To
//!   rename or wrap their files instead is what breaks these tools: lefthook renames a stranger's hook and never
//!   runs it again, pre-commit takes any file that is not its own for a legacy hook.
//!
//! That path is absolute, since a relative one counts from the work tree and would lead nowhere in a linked one. Its
//! price: a repository that is moved, or mounted elsewhere in a container, has no hooks until `bylaws install` is run
//! again; [`doctor`] says so. Hooks of the three names are looked up when they run, so what comes and goes in the other
//! folder is heeded; other names need a forwarder, and so `bylaws install` again.
//!
//! `core.hooksPath` may also be set for one work tree alone (`extensions.worktreeConfig`), where it would shadow ours.
//! Such a work tree gets an installation of its own, in its own git directory and its own `config.worktree`, which
//! goes when the work tree goes. So a hook of another tool is always looked for where git would have looked.
//!
//! Every installation keeps a journal, `install.toml`, written before anything that it speaks of.

pub(crate) mod doctor;
mod error;
mod fetch;
mod files;
pub mod hook;
mod lock;
mod plan;
pub mod server;
mod settings;
mod shim;
mod site;
mod state;

use std::path::{Path, PathBuf};

pub use doctor::{Check, doctor};
pub use error::InstallError;
pub use hook::Hook;

use crate::git::{Location, Repository};
use lock::Lock;
use site::Site;

/// The repository to work on, as git found it. All paths are absolute.
#[derive(Debug, Clone)]
pub struct Target {
    /// Of the work tree at hand.
    pub git_dir: PathBuf,
    /// Shared by all work trees; the same as `git_dir` in the main one.
    pub common_dir: PathBuf,
    /// The top of the work tree; `None` in a bare repository.
    pub work_tree: Option<PathBuf>,
    /// With which environment git runs.
    pub location: Location,
}

impl Target {
    /// A repository that was opened.
    pub fn of(repository: &Repository) -> Self {
        Self {
            git_dir: repository.git_dir().to_owned(),
            common_dir: repository.common_dir().to_owned(),
            work_tree: repository.work_tree().map(Path::to_owned),
            location: repository.location().clone(),
        }
    }

    /// Where git runs hooks: the top of the work tree.
    fn top(&self) -> &Path {
        self.work_tree.as_deref().unwrap_or(&self.git_dir)
    }
}

/// What to install.
#[derive(Debug, Clone)]
pub struct Options {
    /// The hooks; an empty list means all.
    pub hooks: Vec<Hook>,
    /// The absolute path at which the program stays, also after an update of it: see [`lasting_path`].
    pub binary: PathBuf,
    /// The program's version.
    pub version: String,
}

/// What [`install`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// Our hooks.
    pub hooks: Vec<Hook>,
    /// Where they stand.
    pub folder: PathBuf,
    /// The hooks of other tools that go on running.
    pub others: Vec<String>,
    /// Where those are, if there are any.
    pub others_in: Option<PathBuf>,
    /// The remote from which `refs/bylaws/*` is fetched from now on.
    pub remote: Option<String>,
    /// False: all was in place already.
    pub changed: bool,
    /// What else a person should know.
    pub notes: Vec<String>,
}

/// What [`uninstall`] did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Uninstalled {
    /// The scripts that were removed.
    pub removed: Vec<PathBuf>,
    /// Files that were changed since and were left for a person to look at.
    pub kept: Vec<PathBuf>,
    /// Git's configuration files that hold again what they held before.
    pub restored: Vec<PathBuf>,
    /// False: nothing was installed.
    pub changed: bool,
    /// What else a person should know.
    pub notes: Vec<String>,
}

/// Installs the hooks. Run again it leaves the same, and takes in what other tools have installed since.
///
/// # Errors
///
/// In a bare repository, and where something cannot be read or written: then all is as it was before.
pub fn install(target: &Target, options: &Options) -> Result<Installed, InstallError> {
    if target.work_tree.is_none() {
        return Err(InstallError::new(format!(
            "`{}` is a bare repository: nobody commits in it",
            target.git_dir.display()
        ))
        .hint("run this in a clone of it, or in one of its work trees"));
    }
    if !options.binary.is_absolute() {
        return Err(InstallError::new(format!("`{}` is not an absolute path", options.binary.display())));
    }
    let _lock = Lock::take(&target.common_dir)?;
    let mut installed = plan::install_common(target, options)?;
    for site in Site::work_trees(target)? {
        installed.changed |= plan::install_work_tree(target, &site, options, &mut installed.notes)?;
    }
    // Something that we cannot set right may still have the last word, such as the environment.
    installed.notes.extend(doctor::hook_folders(target)?.into_iter().filter_map(Check::complaint));
    Ok(installed)
}

/// Takes the hooks out again.
///
/// # Errors
///
/// Where something cannot be read or written; run again it goes on where it stopped.
pub fn uninstall(target: &Target) -> Result<Uninstalled, InstallError> {
    let _lock = Lock::take(&target.common_dir)?;
    let mut report = Uninstalled::default();
    for site in Site::work_trees(target)?.iter().chain([&Site::common(target)]) {
        site.uninstall(&mut report)?;
    }
    Ok(report)
}

/// The path at which the running program `exe` stays when it is updated: if one of the folders of `PATH` leads to it
/// through a link (as package managers lay them), the link; else `exe` itself.
pub fn lasting_path(exe: &Path, folders: impl IntoIterator<Item = PathBuf>) -> PathBuf {
    let real = std::fs::canonicalize(exe);
    let name = exe.file_name().unwrap_or_default();
    folders
        .into_iter()
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|found| match (&real, std::fs::canonicalize(found)) {
            (Ok(real), Ok(found)) => *real == found,
            _ => false,
        })
        .unwrap_or_else(|| exe.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_on_the_path_outlasts_the_program_of_one_version() {
        let folder = tempfile::tempdir().unwrap();
        let (version, bin) = (folder.path().join("1.0"), folder.path().join("bin"));
        let exe = version.join("bylaws");
        for folder in [&version, &bin] {
            std::fs::create_dir(folder).unwrap();
        }
        std::fs::write(&exe, "").unwrap();
        std::os::unix::fs::symlink(&exe, bin.join("bylaws")).unwrap();
        let folders = || ["relative".into(), folder.path().to_owned(), bin.clone()];
        assert_eq!(lasting_path(&exe, folders()), bin.join("bylaws"));
        std::fs::remove_file(bin.join("bylaws")).unwrap();
        std::fs::write(bin.join("bylaws"), "another").unwrap();
        assert_eq!(lasting_path(&exe, folders()), exe);
    }
}

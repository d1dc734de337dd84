//! `install.toml`: what was written and what was there before, so that `uninstall` can put back every byte.
//!
//! It is written before anything that it speaks of, and removed last, so that an installation that was interrupted
//! anywhere can be taken out, or completed by installing again.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Target;
use super::error::InstallError;
use super::files;

/// The version of the file's form.
const FORM: u32 = 1;

/// One installation: in the repository as a whole, or in a work tree that has a `core.hooksPath` of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct State {
    /// [`FORM`].
    pub form: u32,
    /// The version of `bylaws` that wrote it.
    pub bylaws: String,
    /// The absolute path of the program that the shims call first.
    pub binary: String,
    /// The folder of the hooks, relative to the git directory of the installation, so that a repository may be moved.
    pub folder: String,
    /// Whether that folder was made by us.
    pub made_folder: bool,
    /// Where other tools have their hooks; absent if there are none to run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chain: Option<Chain>,
    /// What was done to git's configuration file.
    pub config: ConfigChange,
    /// The scripts in `folder`.
    #[serde(default, rename = "script")]
    pub scripts: Vec<Script>,
}

/// Where the hooks of other tools are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Chain {
    /// In git's own folder, `hooks` in the common directory.
    Default,
    /// In what `core.hooksPath` said, with `~` resolved; relative to the top of the work tree at hand.
    Folder(String),
}

/// What was done to a configuration file. Digests are SHA-256; the bytes from before are in `config.before`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct ConfigChange {
    /// The file as it was found.
    pub before: String,
    /// The file as it was left.
    pub after: String,
    /// The `core.hooksPath` that was set to our folder, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hooks_path: Option<String>,
    /// The values of `core.hooksPath` that it replaced in this file, as written there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaced: Vec<String>,
    /// The remote that fetches `refs/bylaws/*` because of us.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fetch: Option<String>,
}

/// One script that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Script {
    pub name: String,
    pub kind: Kind,
    /// SHA-256 of what was written.
    pub digest: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// Calls `bylaws`.
    Shim,
    /// Calls the hook of another tool.
    Forward,
}

impl State {
    pub(crate) fn form() -> u32 {
        FORM
    }

    /// The state in force for the work tree of `target`: its own, else the repository's.
    pub(crate) fn of_work_tree(target: &Target) -> Result<Option<Self>, InstallError> {
        match Self::read(&work_tree_folder(&target.git_dir))? {
            Some(own) => Ok(Some(own)),
            None => Self::read(&common_folder(&target.common_dir)),
        }
    }

    /// The state kept in `folder`, or `None` if nothing is installed from there.
    pub(crate) fn read(folder: &Path) -> Result<Option<Self>, InstallError> {
        let path = path(folder);
        let Some(bytes) = files::read(&path)? else { return Ok(None) };
        let broken = |why: &dyn std::fmt::Display| {
            InstallError::new(format!("`{}` cannot be understood: {why}", path.display()))
                .hint("run `bylaws install` with the version that wrote it, or remove it and install again")
        };
        let text = std::str::from_utf8(&bytes).map_err(|error| broken(&error))?;
        let state: Self = toml::from_str(text).map_err(|error| broken(&error.message()))?;
        if state.form != FORM {
            return Err(broken(&format!("its form is {}, this version knows {FORM}", state.form)));
        }
        Ok(Some(state))
    }

    pub(crate) fn write(&self, folder: &Path) -> Result<(), InstallError> {
        let text = toml::to_string(self)
            .map_err(|error| InstallError::new(format!("the state cannot be written: {error}")))?;
        let text = format!("# What `bylaws install` did here; `bylaws uninstall` needs it.\n{text}");
        files::write(&path(folder), text.as_bytes(), false, folder)
    }
}

fn path(folder: &Path) -> PathBuf {
    folder.join("install.toml")
}

/// Where the repository's installation is kept.
pub(crate) fn common_folder(common_dir: &Path) -> PathBuf {
    common_dir.join("bylaws")
}

/// Where the installation of a work tree with its own `core.hooksPath` is kept: it goes when the work tree goes.
pub(crate) fn work_tree_folder(git_dir: &Path) -> PathBuf {
    git_dir.join("bylaws").join("work-tree")
}

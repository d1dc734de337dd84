//! `install-server.toml`: what was written into a repository and what was there before.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Layout;
use super::repository::Repository;
use crate::install::error::InstallError;
use crate::install::files;

/// The version of the file's form.
const FORM: u32 = 1;

/// One installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Journal {
    /// [`FORM`].
    pub form: u32,
    /// The version of `bylaws` that wrote it.
    pub bylaws: String,
    /// The program that the shims run.
    pub binary: String,
    /// The file of the host's settings that the shims name, where it is not the usual one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_settings: Option<String>,
    /// The layout that was found.
    pub layout: Layout,
    /// The folder of our hooks, relative to the repository.
    pub folder: String,
    /// The folder of the hooks that run after ours; relative to the repository, as git would call them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chain: Option<String>,
    /// Folders that were made, relative to the repository, outer ones first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub made: Vec<String>,
    /// SHA-256 of git's configuration file as it was found; its bytes are in `config.before-server`.
    pub config_before: String,
    /// SHA-256 of it as it was left.
    pub config_after: String,
    /// What was set in it.
    #[serde(default, rename = "set", skip_serializing_if = "Vec::is_empty")]
    pub sets: Vec<Set>,
    /// What stands in the repository because of us.
    #[serde(default, rename = "file")]
    pub files: Vec<Written>,
}

/// A key of git's configuration that was set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Set {
    pub key: String,
    pub value: String,
    /// The values that it replaced in this file, as written there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaced: Vec<String>,
}

/// A file or link that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Written {
    /// Relative to the repository.
    pub path: String,
    /// SHA-256 of the file; of a link, of where it leads.
    pub digest: String,
    /// Whether it is a link.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub link: bool,
}

impl Journal {
    pub(crate) fn form() -> u32 {
        FORM
    }

    /// The journal kept in `folder`, or `None` if nothing is installed from there.
    pub(crate) fn read(folder: &Path) -> Result<Option<Self>, InstallError> {
        let path = path(folder);
        let Some(bytes) = files::read(&path)? else { return Ok(None) };
        let broken = |why: &dyn std::fmt::Display| {
            InstallError::new(format!("`{}` cannot be understood: {why}", path.display()))
                .hint("run `bylaws install --server` with the version that wrote it")
        };
        let text = std::str::from_utf8(&bytes).map_err(|error| broken(&error))?;
        let journal: Self = toml::from_str(text).map_err(|error| broken(&error.message()))?;
        if journal.form != FORM {
            return Err(broken(&format!("its form is {}, this version knows {FORM}", journal.form)));
        }
        Ok(Some(journal))
    }

    pub(crate) fn write(&self, repository: &Repository) -> Result<(), InstallError> {
        let text = toml::to_string(self)
            .map_err(|error| InstallError::new(format!("the journal cannot be written: {error}")))?;
        let text = format!(
            "# What `bylaws install --server` did here; `bylaws uninstall --server` needs it.\n{text}"
        );
        // The hooks of every account that pushes look into it.
        repository.write(&path(&repository.folder()), text.as_bytes(), 0o644)?;
        Ok(())
    }
}

/// The journal's file.
pub(crate) fn path(folder: &Path) -> PathBuf {
    folder.join("install-server.toml")
}

/// Git's configuration file as it was found; not `config.before`, which is that of local hooks.
pub(crate) fn saved_config(folder: &Path) -> PathBuf {
    folder.join("config.before-server")
}

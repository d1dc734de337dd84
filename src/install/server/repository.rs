//! One bare repository on the server, and whose it is.

use std::path::{Path, PathBuf};

use super::accounts;
use crate::git::Location;
use crate::install::error::InstallError;
use crate::install::files::{self, Owner};
use crate::install::settings::Settings;

/// Where our own files of a repository are.
pub(crate) fn folder(common_dir: &Path) -> PathBuf {
    common_dir.join("bylaws")
}

/// A bare repository.
#[derive(Debug, Clone)]
pub(crate) struct Repository {
    /// An absolute path without links.
    pub path: PathBuf,
    /// Whose it is: the account that runs its hooks, unless it is shared.
    pub owner: Owner,
    /// `core.sharedRepository`: several accounts push, and run the hooks.
    pub shared: bool,
    /// With which environment git runs: with the owner's home, where its configuration is.
    pub location: Location,
}

impl Repository {
    /// The repository at `path`; `None` if it is no bare one.
    pub(crate) fn open(path: &Path, location: &Location) -> Result<Option<Self>, InstallError> {
        let owner = files::owner_of(path).map_err(|error| InstallError::io("look at", path, &error))?;
        let location = Location { start: path.to_owned(), ..accounts::as_seen_by(owner, location) };
        let mut repository = Self { path: path.to_owned(), owner, shared: false, location };
        if !repository.is_bare()? {
            return Ok(None);
        }
        let shared = repository.value("core.sharedrepository")?.unwrap_or_default().to_ascii_lowercase();
        repository.shared = !["", "umask", "false", "no", "off", "0"].contains(&shared.as_str());
        Ok(Some(repository))
    }

    fn is_bare(&self) -> Result<bool, InstallError> {
        let bare = self.value("core.bare")?;
        Ok(match bare.as_deref().map(truth) {
            Some(bare) => bare,
            None => self.path.file_name().is_some_and(|name| name != ".git"),
        })
    }

    /// Where our own files are.
    pub(crate) fn folder(&self) -> PathBuf {
        folder(&self.path)
    }

    pub(crate) fn config_file(&self) -> PathBuf {
        self.path.join("config")
    }

    pub(crate) fn settings(&self) -> Settings<'_> {
        Settings::of(&self.path, &self.location)
    }

    /// The value of a key that counts; `key` with its section and variable in lower case.
    pub(crate) fn value(&self, key: &str) -> Result<Option<String>, InstallError> {
        let pattern = format!("^{}$", key.replace('.', r"\."));
        Ok(self.settings().matching(&pattern, false)?.pop().map(|setting| setting.value))
    }

    /// The branch that `HEAD` names, in full, whether it exists or not.
    pub(crate) fn head(&self) -> Result<Option<String>, InstallError> {
        let output = crate::git::run_in(
            &self.location,
            &self.path,
            &self.path,
            &["symbolic-ref", "--quiet", "HEAD"],
            &[0, 1],
        )?;
        let name = String::from_utf8(output).map_err(|_| {
            InstallError::new("`HEAD` names a branch whose name is not UTF-8")
                .hint("let it name another: git symbolic-ref HEAD refs/heads/main")
        })?;
        let name = name.trim_end_matches('\n');
        Ok((!name.is_empty()).then(|| name.to_owned()))
    }

    /// Makes the folder of our own files.
    pub(crate) fn make_folder(&self) -> Result<bool, InstallError> {
        self.make_folder_at(&self.folder())
    }

    /// Makes a folder for the account that runs the hooks alone, or the accounts; true if there was none.
    pub(crate) fn make_folder_at(&self, folder: &Path) -> Result<bool, InstallError> {
        if folder.is_symlink() {
            return Err(InstallError::new(format!("`{}` is a link", folder.display()))
                .hint("put a folder in its place: what is in it has to be this repository's own"));
        }
        let made = files::make_folder(folder)?;
        if made {
            let mode = if self.shared { 0o2770 } else { 0o700 };
            self.give(folder)?;
            files::set_mode(folder, mode).map_err(|error| InstallError::io("protect", folder, &error))?;
        }
        Ok(made)
    }

    /// Makes it the owner's.
    pub(crate) fn give(&self, path: &Path) -> Result<(), InstallError> {
        files::give(path, Some(self.owner)).map_err(|error| {
            InstallError::io("give to the owner of the repository", path, &error)
                .hint("run this as root, or as the account that owns the repository")
        })
    }

    /// Writes a file that is the owner's; true if it had to be.
    pub(crate) fn write(&self, path: &Path, bytes: &[u8], mode: u32) -> Result<bool, InstallError> {
        let same = files::read(path)?.as_deref() == Some(bytes)
            && !path.is_symlink()
            && files::mode_of(path).is_ok_and(|found| found == mode);
        if same {
            return Ok(false);
        }
        files::write_as(path, bytes, mode, Some(self.owner), &self.folder())?;
        Ok(true)
    }
}

/// What git takes for true.
pub(crate) fn truth(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    match value.as_str() {
        "true" | "yes" | "on" => true,
        other => other.parse::<i64>().is_ok_and(|number| number != 0),
    }
}

//! Git's configuration: read with every scope and include as git itself reads it, edited as bytes.
//!
//! An edit takes the bytes of a file and gives new bytes, by `git config --file` on a copy: so the caller can keep the
//! old ones, and put several edits in place as one.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::git::{self, Location};

use super::error::InstallError;

/// Where a value comes from, lowest precedence first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    System,
    Global,
    /// The repository's configuration file and what it includes.
    Local,
    /// `config.worktree` of one work tree.
    WorkTree,
    /// The command line or the environment.
    Command,
}

/// One value of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting {
    pub scope: Scope,
    /// `file:PATH`, or what else git calls it.
    pub origin: String,
    /// With section and variable in lower case.
    pub key: String,
    pub value: String,
}

/// A change to a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Edit<'a> {
    /// Adds a value to those that are there.
    Add(&'a str, &'a str),
    /// Adds a value at the very end, where no `include` of the file can override it.
    Append(&'a str, &'a str),
    /// Removes all values of a key.
    Clear(&'a str),
    /// Removes one value of a key, if it is there.
    Remove(&'a str, &'a str),
}

/// The configuration of one git directory.
pub(crate) struct Settings<'a> {
    git_dir: &'a Path,
    location: &'a Location,
}

impl<'a> Settings<'a> {
    pub(crate) fn of(git_dir: &'a Path, location: &'a Location) -> Self {
        Self { git_dir, location }
    }

    /// All values of the keys that match, in the order in which later ones win; paths have their `~` resolved.
    pub(crate) fn matching(&self, pattern: &str, paths: bool) -> Result<Vec<Setting>, InstallError> {
        let mut words = vec!["config", "-z", "--show-scope", "--show-origin"];
        words.extend(paths.then_some("--type=path"));
        words.extend(["--get-regexp", pattern]);
        let output = self.git(self.git_dir, &words, &[0, 1])?;
        parse(&text(output, "git's configuration")?)
    }

    /// The folder in which git looks for hooks; a relative one counts from where hooks run.
    pub(crate) fn hook_folder(&self) -> Result<PathBuf, InstallError> {
        let output = self.git(self.git_dir, &["rev-parse", "--git-path", "hooks"], &[0])?;
        let path = text(output, "the path of the hook folder")?;
        Ok(PathBuf::from(path.strip_suffix('\n').unwrap_or(&path)))
    }

    /// The values of a key that stand in these bytes of a configuration file itself, as written.
    pub(crate) fn within(
        &self,
        bytes: &[u8],
        scratch: &Path,
        key: &str,
    ) -> Result<Vec<String>, InstallError> {
        let copy = Scratch::new(scratch, bytes)?;
        let output = copy.config(self, &["-z", "--get-all", key])?;
        let values = text(output, key)?;
        Ok(values.split_terminator('\0').map(str::to_owned).collect())
    }

    /// The configuration file `bytes` after the edits. `scratch` is a folder for the copy.
    pub(crate) fn edited(
        &self,
        bytes: &[u8],
        scratch: &Path,
        edits: &[Edit<'_>],
    ) -> Result<Vec<u8>, InstallError> {
        let mut copy = Scratch::new(scratch, bytes)?;
        for edit in edits {
            match edit {
                Edit::Add(key, value) => copy.config(self, &["--add", key, value])?,
                Edit::Clear(key) => copy.config(self, &["--unset-all", key])?,
                Edit::Remove(key, value) => {
                    copy.config(self, &["--fixed-value", "--unset-all", key, value])?
                }
                Edit::Append(key, value) => {
                    let mut whole = copy.read()?;
                    if !whole.ends_with(b"\n") && !whole.is_empty() {
                        whole.push(b'\n');
                    }
                    let section = Scratch::new(scratch, b"")?;
                    let output = section.config(self, &[key, value])?;
                    whole.extend_from_slice(&section.read()?);
                    drop(section);
                    copy = Scratch::new(scratch, &whole)?;
                    output
                }
            };
        }
        copy.read()
    }

    fn git(&self, folder: &Path, words: &[&str], fine: &[i32]) -> Result<Vec<u8>, InstallError> {
        Ok(git::run_in(self.location, folder, self.git_dir, words, fine)?)
    }
}

/// A copy of a configuration file, gone when dropped.
struct Scratch<'a> {
    folder: &'a Path,
    name: String,
}

impl<'a> Scratch<'a> {
    fn new(folder: &'a Path, bytes: &[u8]) -> Result<Self, InstallError> {
        for number in 0..1000 {
            let name = format!(".half-config-{number}");
            let path = folder.join(&name);
            match std::fs::OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(mut file) => {
                    let copy = Self { folder, name };
                    return match file.write_all(bytes) {
                        Ok(()) => Ok(copy),
                        Err(error) => Err(InstallError::io("write", &path, &error)),
                    };
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(InstallError::io("write", &path, &error)),
            }
        }
        Err(InstallError::new(format!("`{}` is full of left-over files `.half-*`", folder.display()))
            .hint("remove them"))
    }

    fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    /// Runs `git config --file` on the copy. Exit 1 and 5: there was nothing to find or remove.
    fn config(&self, settings: &Settings<'_>, rest: &[&str]) -> Result<Vec<u8>, InstallError> {
        let words = [&["config", "--file", &self.name], rest].concat();
        settings.git(self.folder, &words, &[0, 1, 5])
    }

    fn read(&self) -> Result<Vec<u8>, InstallError> {
        std::fs::read(self.path()).map_err(|error| InstallError::io("read", &self.path(), &error))
    }
}

impl Drop for Scratch<'_> {
    fn drop(&mut self) {
        // A copy that cannot be removed does no harm, and there is nobody here to tell.
        std::fs::remove_file(self.path()).unwrap_or_default();
    }
}

fn text(bytes: Vec<u8>, what: &str) -> Result<String, InstallError> {
    String::from_utf8(bytes).map_err(|_| {
        InstallError::new(format!("{what} is not UTF-8"))
            .hint("paths of hooks that are not UTF-8 are not supported; rename the folder")
    })
}

/// `scope NUL origin NUL key LF value NUL`, as `git config -z --show-scope --show-origin --get-regexp` prints it; a key
/// that stands alone has no line feed and means true.
fn parse(listing: &str) -> Result<Vec<Setting>, InstallError> {
    let mut fields = listing.split_terminator('\0');
    let mut settings = Vec::new();
    while let Some(scope) = fields.next() {
        let (Some(origin), Some(pair)) = (fields.next(), fields.next()) else {
            return Err(InstallError::new("git lists its configuration in a form that bylaws does not know"));
        };
        let (key, value) = pair.split_once('\n').unwrap_or((pair, "true"));
        let scope = match scope {
            "system" => Scope::System,
            "global" => Scope::Global,
            "worktree" => Scope::WorkTree,
            "command" => Scope::Command,
            _ => Scope::Local,
        };
        settings.push(Setting { scope, origin: origin.into(), key: key.into(), value: value.into() });
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_listing_is_read_with_line_feeds_in_values() {
        let listing =
            "global\0file:/home/a/.gitconfig\0core.hookspath\n/a\nb\0local\0file:.git/config\0core.bare\0";
        let settings = parse(listing).unwrap();
        assert_eq!(settings.len(), 2);
        assert_eq!((settings[0].scope, settings[0].value.as_str()), (Scope::Global, "/a\nb"));
        assert_eq!((settings[1].key.as_str(), settings[1].value.as_str()), ("core.bare", "true"));
    }

    #[test]
    fn an_edit_and_its_reverse_give_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::at(folder.path());
        let settings = Settings::of(folder.path(), &location);
        let before = b"# mine\n[core]\n\tbare = false ; really\n[remote \"o\"]\n\turl = x\n\tfetch = +a:b\n[include]\n\tpath = y\n";
        let value = "/a 'b\"\nc/hooks";
        for edit in [Edit::Add("core.hooksPath", value), Edit::Append("core.hooksPath", value)] {
            let edits = [edit, Edit::Add("remote.o.fetch", "r/*:r/*")];
            let after = settings.edited(before, folder.path(), &edits).unwrap();
            assert_eq!(settings.within(&after, folder.path(), "core.hooksPath").unwrap(), [value]);
            let back = [Edit::Remove("core.hooksPath", value), Edit::Remove("remote.o.fetch", "r/*:r/*")];
            let undone = settings.edited(&after, folder.path(), &back).unwrap();
            assert_eq!(String::from_utf8_lossy(&undone), String::from_utf8_lossy(before));
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

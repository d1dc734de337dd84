//! Files are replaced whole or not at all: written beside their place, flushed, then renamed over it.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::error::InstallError;

/// SHA-256 in lower-case hexadecimal.
pub(crate) fn digest(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string cannot fail.
        write!(text, "{byte:02x}").unwrap_or_default();
        text
    })
}

/// The file's bytes, or `None` where there is no such file.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, InstallError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(InstallError::io("read", path, &error)),
    }
}

fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}

/// Writes `bytes` to `path` by way of a new file in the folder `scratch`, which is on the same file system. Everybody who
/// may use the repository may read it, and run its hooks, whatever the umask of who installed them.
pub(crate) fn write(path: &Path, bytes: &[u8], executable: bool, scratch: &Path) -> Result<(), InstallError> {
    write_as(path, bytes, if executable { 0o755 } else { 0o644 }, None, scratch)
}

/// An account by its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner {
    pub uid: u32,
    pub gid: u32,
}

/// The same, with a mode and an owner; at no time may more people read it than at the end.
pub(crate) fn write_as(
    path: &Path,
    bytes: &[u8],
    mode: u32,
    owner: Option<Owner>,
    scratch: &Path,
) -> Result<(), InstallError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let half = scratch.join(format!(".half-{name}"));
    // One that was left behind.
    remove(&half)?;
    let written = (|| {
        let mut file = create_private(&half)?;
        file.write_all(bytes)?;
        give(&half, owner)?;
        set_mode(&half, mode)?;
        file.sync_all()?;
        fs::rename(&half, path)
    })();
    written.map_err(|error| {
        // The first error is the one to tell of.
        fs::remove_file(&half).unwrap_or_default();
        InstallError::io("write", path, &error)
    })
}

#[cfg(unix)]
fn create_private(path: &Path) -> std::io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn create_private(path: &Path) -> std::io::Result<fs::File> {
    fs::OpenOptions::new().write(true).create_new(true).open(path)
}

/// Makes `owner` the owner of what stands at `path`, a link itself, if it is somebody else's.
#[cfg(unix)]
pub(crate) fn give(path: &Path, owner: Option<Owner>) -> std::io::Result<()> {
    match owner {
        Some(owner) if owner_of(path)?.uid != owner.uid => {
            std::os::unix::fs::lchown(path, Some(owner.uid), Some(owner.gid))
        }
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
pub(crate) fn give(_: &Path, _: Option<Owner>) -> std::io::Result<()> {
    Ok(())
}

/// Whose it is; of a link, whose the link is.
#[cfg(unix)]
pub(crate) fn owner_of(path: &Path) -> std::io::Result<Owner> {
    use std::os::unix::fs::MetadataExt as _;
    let found = fs::symlink_metadata(path)?;
    Ok(Owner { uid: found.uid(), gid: found.gid() })
}

#[cfg(not(unix))]
pub(crate) fn owner_of(path: &Path) -> std::io::Result<Owner> {
    fs::symlink_metadata(path).map(|_| Owner { uid: 0, gid: 0 })
}

#[cfg(unix)]
pub(crate) fn set_mode(path: &Path, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
pub(crate) fn set_mode(_: &Path, _: u32) -> std::io::Result<()> {
    Ok(())
}

/// The permission bits, as `chmod` counts them.
#[cfg(unix)]
pub(crate) fn mode_of(path: &Path) -> std::io::Result<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs::metadata(path)?.permissions().mode() & 0o7777)
}

#[cfg(not(unix))]
pub(crate) fn mode_of(path: &Path) -> std::io::Result<u32> {
    fs::metadata(path).map(|_| 0o700)
}

/// Whether git would run this file as a hook: a regular file (or a link to one) that may be executed.
#[cfg(unix)]
pub(crate) fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
pub(crate) fn is_executable(path: &Path) -> bool {
    path.is_file()
}

/// Removes a file; one that is gone already is fine.
pub(crate) fn remove(path: &Path) -> Result<(), InstallError> {
    match fs::remove_file(path) {
        Err(error) if !is_absent(&error) => Err(InstallError::io("remove", path, &error)),
        _ => Ok(()),
    }
}

/// Removes a folder if nothing is in it; true if it is gone.
pub(crate) fn remove_folder_if_empty(path: &Path) -> bool {
    fs::remove_dir(path).is_ok() || !path.exists()
}

/// Makes a folder and those above it; true if it was not there.
pub(crate) fn make_folder(path: &Path) -> Result<bool, InstallError> {
    if path.is_dir() {
        return Ok(false);
    }
    fs::create_dir_all(path).map_err(|error| InstallError::io("make the folder", path, &error))?;
    Ok(true)
}

/// The executables of a folder that git could run as hooks, by name; none if there is no such folder.
pub(crate) fn executables(folder: &Path) -> Result<Vec<String>, InstallError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if is_absent(&error) => return Ok(Vec::new()),
        Err(error) => return Err(InstallError::io("read the folder", folder, &error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| InstallError::io("read the folder", folder, &error))?;
        // The names of hooks are ASCII; git never asks for another.
        let Ok(name) = entry.file_name().into_string() else { continue };
        if !name.ends_with(".sample") && is_executable(&entry.path()) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Replaces git's configuration file `path`, if it still holds `expected`, under the lock that git itself takes.
///
/// Links are followed, as git does. `Ok(false)`: somebody else has changed the file in the meantime.
pub(crate) fn replace_config(path: &Path, expected: &[u8], new: &[u8]) -> Result<bool, InstallError> {
    let real = fs::canonicalize(path).map_err(|error| InstallError::io("find", path, &error))?;
    let mut lock_name = real.clone().into_os_string();
    lock_name.push(".lock");
    let lock = PathBuf::from(lock_name);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&lock).map_err(|error| {
        let failed = InstallError::io("lock", path, &error);
        if error.kind() == std::io::ErrorKind::AlreadyExists {
            failed.hint(format!(
                "another git command is changing it; if none is running, remove `{}`",
                lock.display()
            ))
        } else {
            failed
        }
    })?;
    let replaced = (|| {
        if fs::read(&real)? != expected {
            return Ok(false);
        }
        file.write_all(new)?;
        // It stays whose it was, also where root replaces it; who may not give it away leaves it his own, as git does.
        give(&lock, Some(owner_of(&real)?)).or_else(|error| match error.kind() {
            std::io::ErrorKind::PermissionDenied => Ok(()),
            _ => Err(error),
        })?;
        file.set_permissions(fs::metadata(&real)?.permissions())?;
        file.sync_all()?;
        fs::rename(&lock, &real)?;
        Ok(true)
    })();
    if !matches!(replaced, Ok(true)) {
        // The first error is the one to tell of.
        fs::remove_file(&lock).unwrap_or_default();
    }
    replaced.map_err(|error| InstallError::io("write", path, &error))
}

//! Where the repository is, asked of git.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::GitError;
use super::super::location::{Hash, Location, Place, no_repository};
use super::super::process;

/// Finds the repository by asking git, which also checks who owns it (`safe.directory`).
pub(super) fn discover(location: &Location) -> Result<Place, GitError> {
    let args = [
        "rev-parse",
        "--path-format=absolute",
        "--git-dir",
        "--git-common-dir",
        "--is-inside-work-tree",
        "--is-bare-repository",
        "--show-object-format",
    ];
    if !location.start.is_dir() {
        return Err(no_repository(location));
    }
    let output = process::finish(discovering(location, &args), &args, &[0]).map_err(|error| {
        let none = location.git_dir.is_none() && error.message.contains("not a git repository");
        if none { no_repository(location) } else { error }
    })?;
    let lines: Vec<&[u8]> =
        output.stdout.strip_suffix(b"\n").unwrap_or(&output.stdout).split(|byte| *byte == b'\n').collect();
    let [git_dir, common_dir, inside, bare, format] = lines.as_slice() else {
        return Err(GitError::new("a folder of this repository has a line feed in its name"));
    };
    let hash = match *format {
        b"sha1" => Hash::Sha1,
        b"sha256" => Hash::Sha256,
        other => {
            let name = String::from_utf8_lossy(other);
            return Err(GitError::new(format!("the object format `{name}` is not known")));
        }
    };
    let git_dir = path(git_dir);
    let work_tree = match (*inside, *bare) {
        (b"true", _) => {
            let args = ["rev-parse", "--path-format=absolute", "--show-toplevel"];
            let output = process::finish(discovering(location, &args), &args, &[0])?;
            Some(path(output.stdout.strip_suffix(b"\n").unwrap_or(&output.stdout)))
        }
        (_, b"true") => None,
        // Inside `.git`.
        _ if git_dir.file_name().is_some_and(|name| name == ".git") => git_dir.parent().map(Path::to_owned),
        _ => location.work_tree.as_ref().map(|path| location.absolute(path)),
    };
    Ok(Place { location: location.clone(), common_dir: path(common_dir), git_dir, work_tree, hash })
}

fn discovering(location: &Location, args: &[&str]) -> Command {
    let mut command = process::bare_command(location);
    let given = [
        ("GIT_DIR", &location.git_dir),
        ("GIT_WORK_TREE", &location.work_tree),
        ("GIT_COMMON_DIR", &location.common_dir),
    ];
    for (name, path) in given {
        if let Some(path) = path {
            command.env(name, location.absolute(path));
        }
    }
    command.current_dir(&location.start).args(args);
    command
}

#[cfg(unix)]
pub(super) fn path(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

#[cfg(not(unix))]
pub(super) fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}

//! What is asked of git once: where the repository is, and single entries.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::GitError;
use super::super::location::{Location, Place};
use super::super::objects::Side;
use super::super::process::{self, Git};
use crate::facts::Oid;

/// The ids that git gives the tree without entries, by the width of ids; git knows it without storing it.
const EMPTY_TREES: [(&str, &str); 2] = [
    ("sha1", "4b825dc642cb6eb9a060e54bf8d69288fbee4904"),
    ("sha256", "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"),
];

/// Finds the repository by asking git, which also checks who owns it (`safe.directory`).
pub(super) fn discover(location: &Location) -> Result<Place, GitError> {
    let args = [
        "rev-parse",
        "--path-format=absolute",
        "--git-dir",
        "--git-common-dir",
        "--is-inside-work-tree",
        "--is-bare-repository",
    ];
    let output = process::finish(discovering(location, &args), &args, &[0])?;
    let lines: Vec<&[u8]> =
        output.stdout.strip_suffix(b"\n").unwrap_or(&output.stdout).split(|byte| *byte == b'\n').collect();
    let [git_dir, common_dir, inside, bare] = lines.as_slice() else {
        return Err(GitError::new("a folder of this repository has a line feed in its name"));
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
    Ok(Place { location: location.clone(), common_dir: path(common_dir), git_dir, work_tree })
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

/// The tree without entries, by the repository's hash.
pub(super) fn empty_tree(git: &Git) -> Result<&'static str, GitError> {
    let format = git.line(&["rev-parse", "--show-object-format"])?;
    let known = EMPTY_TREES.iter().find(|(name, _)| *name == format);
    known
        .map(|(_, id)| *id)
        .ok_or_else(|| GitError::new(format!("the object format `{format}` is not known")))
}

/// The entry of the index at a path.
pub(super) fn staged_entry(git: &Git, path: &[u8]) -> Result<Option<Side>, GitError> {
    let args = ["ls-files", "--stage", "-z", "--full-name", "--"];
    let mut command = git.command(&args);
    command.env("GIT_LITERAL_PATHSPECS", "1").arg(self::path(path));
    let output = process::finish(command, &args, &[0])?;
    for record in output.stdout.split(|byte| *byte == 0) {
        // `MODE ID STAGE<tab>PATH`
        let Some(tab) = memchr::memchr(b'\t', record) else { continue };
        let mut words = record.get(..tab).unwrap_or_default().split(|byte| *byte == b' ');
        let (mode, id, stage) = (words.next(), words.next(), words.next());
        if record.get(tab + 1..) == Some(path) && stage == Some(b"0") {
            let side = mode.and_then(super::mode).zip(id.and_then(Oid::from_hex));
            return Ok(side.map(|(mode, id)| Side { mode, id }));
        }
    }
    Ok(None)
}

#[cfg(unix)]
fn path(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

#[cfg(not(unix))]
fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}

//! Scripts that are run as soon as they are written.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

/// Writes a script that can be run. Another process writes it: a child that another test starts meanwhile would hold a file
/// of ours open, and what is open for writing cannot be run (ETXTBSY).
pub(crate) fn executable(path: &Path, text: &str) {
    let draft = path.with_extension("draft");
    fs::write(&draft, text).unwrap();
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o755)).unwrap();
    let copied = Command::new("cp").args(["-p", "--remove-destination"]).arg(&draft).arg(path).status();
    assert!(copied.unwrap().success());
    fs::remove_file(&draft).unwrap();
}

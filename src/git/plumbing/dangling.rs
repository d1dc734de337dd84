//! Symbolic refs to nothing, where refs are in tables that only git can read. It lists none of them and tells of one name at a
//! time, but warns of each that it meets while it looks up many. The words of the warning are not relied on: a name that
//! they hold is asked for by itself.

use std::io::Write as _;
use std::process::Stdio;

use crate::facts::RefName;
use crate::git::GitError;
use crate::git::process::{Git, cannot_start};

/// Those of the names that git says something about on its standard error.
pub(super) fn suspects(git: &Git, names: &[RefName]) -> Result<Vec<RefName>, GitError> {
    let args = ["cat-file", "--batch-check", "--buffer"];
    let mut request = Vec::new();
    for name in names {
        request.extend_from_slice(name.as_str().as_bytes());
        request.push(b'\n');
    }
    let mut command = git.command(&args);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| cannot_start(&error))?;
    let input = child.stdin.take();
    // It warns while it is written to.
    let output = std::thread::scope(|scope| {
        scope.spawn(|| input.map(|mut input| input.write_all(&request)));
        child.wait_with_output()
    });
    let output = output.map_err(|error| GitError::new(format!("`git cat-file`: {error}")))?;
    if !output.status.success() {
        return Err(GitError::new(format!("`git cat-file` failed with {}", output.status)));
    }
    let words: std::collections::HashSet<&[u8]> =
        output.stderr.split(|byte| matches!(byte, b'\n' | b' ' | b'\'' | b'"')).collect();
    Ok(names.iter().filter(|name| words.contains(name.as_str().as_bytes())).cloned().collect())
}

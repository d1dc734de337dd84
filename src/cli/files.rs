//! Writing files that people will read.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

/// Whole or not at all: written beside it, then renamed.
pub(super) fn replace(path: &Path, contents: &str) -> io::Result<()> {
    let beside = path.with_extension("bylaws-new");
    let mut file = fs::File::create(&beside)?;
    let written = file.write_all(contents.as_bytes()).and_then(|()| file.sync_all());
    let done = written.and_then(|()| fs::rename(&beside, path));
    if done.is_err() {
        // What failed is told; the half-written file is not left behind.
        drop(fs::remove_file(&beside));
    }
    done
}

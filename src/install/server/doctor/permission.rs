//! What the account that runs the hooks may do, judged by the modes of files: who asks may be root, who may everything.

use std::path::Path;

use crate::install::files::{self, Owner};

/// Read, write and execute as the last digit of a mode has them.
pub(super) const READ: u32 = 4;
pub(super) const WRITE: u32 = 2;
pub(super) const EXECUTE: u32 = 1;

/// Whether an account may do this with a file, and go through the folders above it.
pub(super) fn may(account: Owner, path: &Path, what: u32) -> bool {
    let Ok(real) = path.canonicalize() else { return false };
    may_here(account, &real, what)
        && real.ancestors().skip(1).all(|folder| may_here(account, folder, EXECUTE))
}

fn may_here(account: Owner, path: &Path, what: u32) -> bool {
    let (Ok(owner), Ok(mode)) = (files::owner_of(path), files::mode_of(path)) else { return false };
    if account.uid == 0 {
        // root goes everywhere; it may execute what anybody may.
        return what != EXECUTE || path.is_dir() || mode & 0o111 != 0;
    }
    let digit = if owner.uid == account.uid {
        mode >> 6
    } else if owner.gid == account.gid {
        mode >> 3
    } else {
        mode
    };
    digit & what == what
}

/// Whether somebody else than its owner may change it.
pub(super) fn others_may_write(path: &Path) -> bool {
    files::mode_of(path).is_ok_and(|mode| mode & 0o002 != 0)
}

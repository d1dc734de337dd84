//! One installation at a time: two at once (`npm install` in two work trees, say) would undo each other's halves.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::InstallError;

/// Longer than any installation takes: a lock that is older was left by one that was killed.
const LEFT_BEHIND: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(20);
/// How often to try: for longer than [`LEFT_BEHIND`].
const TRIES: u32 = 1_250;

/// A file that is there while an installation is under way; gone when dropped.
#[derive(Debug)]
pub(crate) struct Lock(PathBuf);

impl Lock {
    /// Waits for its turn.
    pub(crate) fn take(common_dir: &Path) -> Result<Self, InstallError> {
        let path = common_dir.join("bylaws.lock");
        for _ in 0..TRIES {
            match std::fs::OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(_) => return Ok(Self(path)),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(InstallError::io("write", &path, &error)),
            }
            let age =
                std::fs::metadata(&path).and_then(|found| found.modified()).map(|since| since.elapsed());
            if matches!(age, Ok(Ok(age)) if age > LEFT_BEHIND) {
                // Whoever else finds it now takes it instead of us.
                std::fs::remove_file(&path).unwrap_or_default();
            }
            std::thread::sleep(PAUSE);
        }
        Err(InstallError::new("another installation is under way in this repository")
            .hint(format!("if none is, remove `{}`", path.display())))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // It would be taken for left behind soon.
        std::fs::remove_file(&self.0).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_was_left_behind_is_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let file = std::fs::File::create(folder.path().join("bylaws.lock")).unwrap();
        let old = file.metadata().unwrap().modified().unwrap() - 2 * LEFT_BEHIND;
        file.set_modified(old).unwrap();
        drop(Lock::take(folder.path()).unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

//! The accounts of the machine, passwd(5): whose configuration git reads, and who has a shell.

use std::path::{Path, PathBuf};

use crate::git::Location;
use crate::install::files::{self, Owner};

/// The list of accounts.
pub(crate) const PASSWD: &str = "/etc/passwd";

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub name: String,
    pub home: PathBuf,
    pub shell: String,
}

/// The account with this number, if it is in the file.
pub(crate) fn account(uid: u32, passwd: &Path) -> Option<Account> {
    let text = files::read(passwd).ok().flatten()?;
    let text = String::from_utf8_lossy(&text);
    text.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        let &[name, _, number, _, _, home, shell] = fields.as_slice() else { return None };
        (number.parse() == Ok(uid)).then(|| Account {
            name: name.to_owned(),
            home: PathBuf::from(home),
            shell: shell.to_owned(),
        })
    })
}

/// Whether somebody who logs in gets to run what he likes.
pub(crate) fn is_login_shell(shell: &str) -> bool {
    let name = shell.rsplit('/').next().unwrap_or_default();
    // An empty field means `/bin/sh`.
    !["nologin", "false", "true", "git-shell", "sync"].contains(&name)
}

/// The environment of who looks, but for where git finds the owner's configuration: root asks about the hooks of another.
pub(crate) fn as_seen_by(owner: Owner, location: &Location) -> Location {
    let mut location = location.clone();
    let own = files::owner_of(Path::new("/proc/self")).map(|own| own.uid);
    if own.is_ok_and(|own| own != owner.uid)
        && let Some(account) = account(owner.uid, Path::new(PASSWD))
    {
        location.environment.retain(|(name, _)| name != "HOME" && name != "XDG_CONFIG_HOME");
        location.environment.push(("HOME".into(), account.home.into_os_string()));
    }
    location
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_number() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let text = "root:x:0:0:root:/root:/bin/bash\ngit:x:998:998::/srv/git:/usr/bin/git-shell\nbroken\n";
        std::fs::write(file.path(), text).unwrap();
        let git = account(998, file.path()).unwrap();
        assert_eq!((git.name.as_str(), git.home.as_path()), ("git", Path::new("/srv/git")));
        assert!(!is_login_shell(&git.shell) && is_login_shell("/bin/bash") && is_login_shell(""));
        assert_eq!(account(5, file.path()), None);
    }
}

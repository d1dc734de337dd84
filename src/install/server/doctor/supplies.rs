//! The repository's id, the ledger's key and the spool: what a record needs.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::permission::{self, EXECUTE, READ, WRITE};
use super::{INSTALL, Patient};
use crate::install::error::InstallError;
use crate::install::server::supplies::{ID, KEY, SPOOL};
use crate::install::{Check, files};

/// No hook runs for so long.
const LEFT_BEHIND: Duration = Duration::from_secs(60 * 60);

pub(super) fn checks(patient: &Patient<'_>) -> Result<Vec<Check>, InstallError> {
    Ok(vec![id(patient)?, key(patient), spool(patient)])
}

fn id(patient: &Patient<'_>) -> Result<Check, InstallError> {
    let name = "repository id";
    let path = patient.own(ID);
    let bytes = files::read(&path)?.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let id = text.strip_suffix('\n').unwrap_or_default();
    let fine =
        id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    Ok(if fine {
        Check::good(name, id)
    } else if bytes.is_empty() {
        Check::bad(name, format!("`{}` is missing", path.display()), INSTALL)
    } else {
        let message = format!("`{}` does not hold 64 hexadecimal digits and a line feed", path.display());
        Check::bad(name, message, "put it back from a copy; records name it")
    })
}

fn key(patient: &Patient<'_>) -> Check {
    let name = "ledger key";
    let configured = patient.settings.as_ref().ok().and_then(|settings| settings.signing_key.clone());
    let path: PathBuf = configured.unwrap_or_else(|| patient.own(KEY));
    let shown = path.display();
    let bytes = match files::read(&path) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Check::bad(name, format!("`{shown}` is missing"), INSTALL),
        Err(error) => {
            return Check::bad(name, error.message, "make it readable for the account that runs the hooks");
        }
    };
    if let Err(error) = ssh_key::PrivateKey::from_openssh(bytes) {
        let message = format!("`{shown}` is no OpenSSH private key: {error}");
        return Check::bad(name, message, "put it back from a copy; what it signed is checked with it");
    }
    if !permission::may(patient.repository.owner, &path, READ) {
        let message = format!("the account that runs the hooks may not read `{shown}`");
        return Check::bad(name, message, "make it that account's, with mode 0600");
    }
    let mode = files::mode_of(&path).unwrap_or_default();
    let allowed = if patient.repository.shared { 0o660 } else { 0o600 };
    if mode & !allowed & 0o7777 != 0 {
        let message = format!("`{shown}` has mode {mode:04o}: others can sign a ledger with it");
        return Check::bad(name, message, format!("chmod {:04o} {shown}", mode & allowed));
    }
    let check = Check::good(name, format!("`{shown}`, readable by the account that runs the hooks"));
    if patient.repository.shared {
        return check.advise("the repository is shared: every account of its group can sign with it");
    }
    check
}

fn spool(patient: &Patient<'_>) -> Check {
    let name = "spool";
    let folder = patient.own(SPOOL);
    let shown = folder.display();
    if !folder.is_dir() {
        return Check::bad(name, format!("`{shown}` is missing, so every push is refused"), INSTALL);
    }
    if !permission::may(patient.repository.owner, &folder, READ | WRITE | EXECUTE) {
        let message =
            format!("the account that runs the hooks may not write to `{shown}`, so every push is refused");
        return Check::bad(name, message, "make it and all in it that account's");
    }
    let old = left_behind(&folder.join("tmp"));
    if !old.is_empty() {
        let message = format!("{} in `{shown}` were left half written more than an hour ago", old.join(", "));
        return Check::good(name, message)
            .advise("the next push clears away what no process writes any more");
    }
    Check::good(name, format!("the hooks can write to `{shown}`"))
}

/// What is in a folder since more than an hour.
fn left_behind(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let is_old = |time: SystemTime| time.elapsed().is_ok_and(|age| age > LEFT_BEHIND);
    let mut names: Vec<String> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.metadata().and_then(|found| found.modified()).is_ok_and(is_old))
        .map(|entry| format!("`{}`", entry.file_name().to_string_lossy()))
        .collect();
    names.sort();
    names
}

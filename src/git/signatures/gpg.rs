//! OpenPGP signatures, through `gpg`, whose keyring must hold the keys that `people.toml` names. Its answers are in
//! doc/DETAILS of GnuPG, "General status codes".

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::{Signed, judge, signer};
use crate::facts::{KeyMaterial, Signature, SignatureKind, SignatureStatus};
use crate::git::GitError;
use crate::git::location::Location;
use crate::git::store::Judging;

pub(super) fn check(signed: &Signed, judging: &Judging, location: &Location) -> Result<Signature, GitError> {
    let of = |status, signer| Signature { status, kind: Some(SignatureKind::Gpg), signer };
    let keys = judging.people.iter().flat_map(|identity| &identity.keys);
    if !keys.into_iter().any(|key| matches!(key.material, KeyMaterial::Gpg(_))) {
        return Ok(of(SignatureStatus::UnknownKey, None));
    }
    let (status, fingerprint) = answer(signed, judging.now, location)?;
    if status == SignatureStatus::Bad || status == SignatureStatus::UnknownKey {
        return Ok(of(status, None));
    }
    Ok(match judge(judging, |material| is_key(material, fingerprint.as_deref())) {
        None => of(SignatureStatus::UnknownKey, None),
        Some((identity, false)) if status == SignatureStatus::Good => {
            of(SignatureStatus::Expired, signer(identity, judging))
        }
        Some((identity, _)) => of(status, signer(identity, judging)),
    })
}

/// The status of a signature, and the one of `keys` that made it.
pub(super) fn check_by(
    signed: &Signed,
    keys: &[KeyMaterial],
    now: i64,
    location: &Location,
) -> Result<(SignatureStatus, Option<KeyMaterial>), GitError> {
    if !keys.iter().any(|key| matches!(key, KeyMaterial::Gpg(_))) {
        return Ok((SignatureStatus::UnknownKey, None));
    }
    let (status, fingerprint) = answer(signed, now, location)?;
    if status == SignatureStatus::Bad {
        return Ok((status, None));
    }
    Ok(match keys.iter().find(|key| is_key(key, fingerprint.as_deref())) {
        Some(key) => (status, Some(key.clone())),
        None => (SignatureStatus::UnknownKey, None),
    })
}

fn is_key(material: &KeyMaterial, fingerprint: Option<&str>) -> bool {
    match material {
        KeyMaterial::Gpg(known) => Some(known.as_str()) == fingerprint,
        KeyMaterial::Ssh(_) => false,
    }
}

/// What `gpg` finds: the status by itself, and the fingerprint of the primary key.
fn answer(
    signed: &Signed,
    now: i64,
    location: &Location,
) -> Result<(SignatureStatus, Option<String>), GitError> {
    let said = verify(signed, now, location)?;
    parse(&said).ok_or_else(|| {
        GitError::new(format!("`gpg` did not say whether a signature is good: {}", said.trim()))
    })
}

/// What `gpg` says, at the time of the judgement.
fn verify(signed: &Signed, now: i64, location: &Location) -> Result<String, GitError> {
    let failed = |error: std::io::Error| GitError::new(format!("cannot run `gpg`: {error}"));
    let mut file = tempfile::NamedTempFile::new_in(location.temporary()).map_err(failed)?;
    file.write_all(&signed.signature).and_then(|()| file.flush()).map_err(failed)?;
    let mut command = Command::new("gpg");
    command.env_clear().envs(location.inherited()).env("LC_ALL", "C");
    command.args(["--batch", "--no-auto-key-retrieve", "--status-fd=1", "--keyid-format=long"]);
    if now > 0 {
        command.arg(format!("--faked-system-time={now}!"));
    }
    command.arg("--verify").arg(file.path()).arg("-");
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            GitError::new("there is an OpenPGP signature, and `gpg` was not found")
                .hint("install GnuPG, or put it on the PATH")
        }
        _ => failed(error),
    })?;
    // It reads all of it before it says anything, and its answer is short.
    let written = child.stdin.take().map_or(Ok(()), |mut input| input.write_all(&signed.payload));
    let output = child.wait_with_output().map_err(failed)?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    match written {
        // One that ends before it reads has said why.
        Err(error) if said.is_empty() && error.kind() != std::io::ErrorKind::BrokenPipe => Err(failed(error)),
        _ if said.is_empty() => {
            let words = String::from_utf8_lossy(&output.stderr);
            let last = words.lines().rev().find(|line| !line.contains("WARNING"));
            Err(GitError::new(format!("`gpg` failed: {}", last.unwrap_or("it said nothing"))))
        }
        _ => Ok(said),
    }
}

/// The status, and the fingerprint of the primary key where there is one. More than one signature is none that counts.
fn parse(said: &str) -> Option<(SignatureStatus, Option<String>)> {
    let (mut status, mut fingerprint, mut verdicts, mut no_key) = (None, None, 0, false);
    for line in said.lines().filter_map(|line| line.strip_prefix("[GNUPG:] ")) {
        let words: Vec<&str> = line.split(' ').collect();
        let verdict = match words.first().copied() {
            Some("GOODSIG") => SignatureStatus::Good,
            Some("EXPSIG" | "EXPKEYSIG") => SignatureStatus::Expired,
            Some("REVKEYSIG") => SignatureStatus::Revoked,
            Some("BADSIG" | "ERRSIG") => SignatureStatus::Bad,
            Some("NO_PUBKEY") => {
                no_key = true;
                continue;
            }
            Some("NODATA" | "BADARMOR" | "UNEXPECTED") => {
                status = status.or(Some(SignatureStatus::Bad));
                continue;
            }
            Some("VALIDSIG") => {
                fingerprint = words.get(10).or(words.get(1)).map(|hex| hex.to_uppercase());
                continue;
            }
            _ => continue,
        };
        verdicts += 1;
        status = Some(verdict);
    }
    if verdicts > 1 {
        return Some((SignatureStatus::Bad, None));
    }
    let status = if no_key { SignatureStatus::UnknownKey } else { status? };
    Some((status, fingerprint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_primary_key_counts() {
        let said = "[GNUPG:] NEWSIG\n[GNUPG:] GOODSIG AAAA Ada\n\
                    [GNUPG:] VALIDSIG BBBB 2026-01-01 1 0 4 0 22 10 00 cccc\n";
        assert_eq!(parse(said), Some((SignatureStatus::Good, Some("CCCC".to_owned()))));
    }

    #[test]
    fn two_signatures_are_none() {
        let said = "[GNUPG:] GOODSIG A x\n[GNUPG:] VALIDSIG A\n[GNUPG:] GOODSIG B y\n";
        assert_eq!(parse(said), Some((SignatureStatus::Bad, None)));
    }

    #[test]
    fn a_key_that_is_not_there_is_unknown() {
        let said = "[GNUPG:] ERRSIG A 22 10 00 1 9\n[GNUPG:] NO_PUBKEY A\n";
        assert_eq!(parse(said), Some((SignatureStatus::UnknownKey, None)));
        assert_eq!(parse("[GNUPG:] NODATA 4\n"), Some((SignatureStatus::Bad, None)));
        assert_eq!(parse("gpg: nonsense\n"), None);
    }
}

//! Whether a signature is good, gitformat-signature(5): a commit's, or a push certificate's.
//!
//! Keys are those of `people.toml`, judged at the time of the judgement: what the commit says of its date is the signer's
//! claim, and a key that has expired must not sign with a date from when it had not.

mod gpg;
mod ssh;

use super::GitError;
use super::location::Location;
use super::store::Judging;
use crate::facts::{Identity, KeyMaterial, Person, Signature, SignatureKind, SignatureStatus};

/// A signature, and the bytes that were signed.
#[derive(Debug, PartialEq, Eq)]
struct Signed {
    signature: Vec<u8>,
    payload: Vec<u8>,
}

/// Checks the signature in a raw commit. X.509 signatures are not checked, for `people.toml` holds no such keys: they are by
/// unknown keys.
pub(super) fn check(
    raw: &[u8],
    width: usize,
    judging: &Judging,
    location: &Location,
) -> Result<Signature, GitError> {
    let Some(signed) = split(raw, width) else { return Ok(Signature::none()) };
    match kind_of(&signed.signature) {
        Some(SignatureKind::Ssh) => Ok(ssh::check(&signed, judging)),
        Some(SignatureKind::Gpg) => gpg::check(&signed, judging, location),
        kind @ Some(SignatureKind::X509) => {
            Ok(Signature { status: SignatureStatus::UnknownKey, kind, signer: None })
        }
        None => Ok(Signature { status: SignatureStatus::Bad, kind: None, signer: None }),
    }
}

/// Checks a detached signature, a push certificate's, by `keys` alone: the status, and which of them made it.
pub(super) fn check_by(
    payload: &[u8],
    signature: &[u8],
    keys: &[KeyMaterial],
    now: i64,
    location: &Location,
) -> Result<(SignatureStatus, Option<KeyMaterial>), GitError> {
    let signed = Signed { signature: signature.to_vec(), payload: payload.to_vec() };
    match kind_of(signature) {
        Some(SignatureKind::Ssh) => Ok(ssh::check_by(&signed, keys)),
        Some(SignatureKind::Gpg) => gpg::check_by(&signed, keys, now, location),
        Some(SignatureKind::X509) => Ok((SignatureStatus::UnknownKey, None)),
        None => Ok((SignatureStatus::None, None)),
    }
}

/// Where the signature begins that ends `text`, the line after all that was signed; `None` if there is none, or more than one:
/// which of them git would have taken must not matter.
pub(super) fn begins_at(text: &[u8]) -> Option<usize> {
    let mut starts = memchr::memchr_iter(b'\n', text)
        .map(|feed| feed + 1)
        .filter(|start| text.get(*start..).is_some_and(|rest| kind_of(rest).is_some()));
    let first = starts.next()?;
    starts.next().is_none().then_some(first)
}

fn kind_of(signature: &[u8]) -> Option<SignatureKind> {
    let begins = |word: &str| signature.starts_with(format!("-----BEGIN {word}-----").as_bytes());
    if begins("SSH SIGNATURE") {
        Some(SignatureKind::Ssh)
    } else if begins("PGP SIGNATURE") || begins("PGP MESSAGE") {
        Some(SignatureKind::Gpg)
    } else if begins("SIGNED MESSAGE") {
        Some(SignatureKind::X509)
    } else {
        None
    }
}

/// Takes the signature out of a commit (`parse_buffer_signed_by_header` in commit.c). What was signed lacks the signatures
/// for either hash; only the one for this repository's hash, whose ids have `width` bytes, counts.
fn split(raw: &[u8], width: usize) -> Option<Signed> {
    let ours: &[u8] = if width == 20 { b"gpgsig " } else { b"gpgsig-sha256 " };
    let (mut signature, mut payload) = (Vec::new(), Vec::with_capacity(raw.len()));
    let (mut in_ours, mut in_other) = (false, false);
    let mut rest = raw;
    while !rest.is_empty() && !rest.starts_with(b"\n") {
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |feed| feed + 1);
        let (line, after) = rest.split_at_checked(end)?;
        rest = after;
        match line.strip_prefix(b" ") {
            Some(folded) if in_ours => signature.extend_from_slice(folded),
            Some(_) if in_other => {}
            _ => {
                let value = line.strip_prefix(ours);
                in_ours = value.is_some();
                in_other = !in_ours && line.starts_with(b"gpgsig");
                match value {
                    Some(value) => signature.extend_from_slice(value),
                    None if in_other => {}
                    None => payload.extend_from_slice(line),
                }
            }
        }
    }
    payload.extend_from_slice(rest);
    (!signature.is_empty()).then_some(Signed { signature, payload })
}

/// Whose key it is, and whether it is valid now. A key may be listed for several times.
fn judge(judging: &Judging, is_key: impl Fn(&KeyMaterial) -> bool) -> Option<(&Identity, bool)> {
    let valid = |from: Option<i64>, until: Option<i64>| {
        from.is_none_or(|from| from <= judging.now) && until.is_none_or(|until| judging.now < until)
    };
    let mut found = None;
    for identity in judging.people.iter() {
        for key in identity.keys.iter().filter(|key| is_key(&key.material)) {
            let valid = valid(key.from, key.until);
            if valid || found.is_none() {
                found = Some((identity.as_ref(), valid));
            }
        }
    }
    found
}

/// The signer as rules see one.
fn signer(identity: &Identity, judging: &Judging) -> Option<Person> {
    let identity = judging
        .people
        .iter()
        .find(|known| known.id == identity.id && known.is_service == identity.is_service)?;
    Some(Person {
        name: identity.name.clone(),
        email: identity.emails.first().cloned().unwrap_or_default(),
        time: 0,
        login: None,
        identity: Some(identity.clone()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_taken_out_of_the_headers_alone() {
        let raw = b"tree x\ngpgsig -----BEGIN\n a\n \n b\nauthor y\n\ngpgsig no\n more\n";
        let signed = split(raw, 20).unwrap();
        assert_eq!(signed.signature, b"-----BEGIN\na\n\nb\n");
        assert_eq!(signed.payload, b"tree x\nauthor y\n\ngpgsig no\n more\n");
    }

    #[test]
    fn the_signature_for_the_other_hash_is_neither_used_nor_signed() {
        let raw = b"tree x\ngpgsig one\n two\ngpgsig-sha256 three\n four\nauthor y\n\nm\n";
        assert_eq!(split(raw, 20).unwrap().signature, b"one\ntwo\n");
        assert_eq!(split(raw, 32).unwrap().signature, b"three\nfour\n");
        assert_eq!(split(raw, 32).unwrap().payload, b"tree x\nauthor y\n\nm\n");
        assert_eq!(split(b"tree x\ngpgsig-sha256 three\n\nm\n", 20), None);
    }
}

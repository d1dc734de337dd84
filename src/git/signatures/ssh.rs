//! SSH signatures, in process: PROTOCOL.sshsig of OpenSSH.

use ssh_key::{Algorithm, PublicKey, SshSig};

use super::{Signed, judge, signer};
use crate::facts::{KeyMaterial, Signature, SignatureKind, SignatureStatus};
use crate::git::store::Judging;

/// The namespace that git signs in: commits, tags and push certificates.
const NAMESPACE: &str = "git";

pub(super) fn check(signed: &Signed, judging: &Judging) -> Signature {
    let (status, signer) = match verified_key(signed) {
        None => (SignatureStatus::Bad, None),
        Some(key) => match judge(judging, |material| is_same(&key, material)) {
            None => (SignatureStatus::UnknownKey, None),
            Some((identity, true)) => (SignatureStatus::Good, signer(identity, judging)),
            Some((identity, false)) => (SignatureStatus::Expired, signer(identity, judging)),
        },
    };
    Signature { status, kind: Some(SignatureKind::Ssh), signer }
}

/// The status of a signature, and the one of `keys` that made it.
pub(super) fn check_by(signed: &Signed, keys: &[KeyMaterial]) -> (SignatureStatus, Option<KeyMaterial>) {
    let Some(made_it) = verified_key(signed) else { return (SignatureStatus::Bad, None) };
    match keys.iter().find(|key| is_same(&made_it, key)) {
        Some(key) => (SignatureStatus::Good, Some(key.clone())),
        None => (SignatureStatus::UnknownKey, None),
    }
}

/// The key that made the signature, if it fits.
fn verified_key(signed: &Signed) -> Option<PublicKey> {
    let signature = SshSig::from_pem(&signed.signature).ok()?;
    let key = PublicKey::from(signature.public_key().clone());
    key.verify(NAMESPACE, &signed.payload, &signature).ok()?;
    was_touched(&signature).then_some(key)
}

/// A hardware key says in its signature whether somebody touched it; ssh-keygen(1) refuses those that nobody did.
fn was_touched(signature: &SshSig) -> bool {
    match signature.algorithm() {
        Algorithm::SkEd25519 | Algorithm::SkEcdsaSha2NistP256 => {
            // One byte of flags and four of a counter end it.
            signature.signature_bytes().iter().rev().nth(4).is_some_and(|flags| flags & 1 == 1)
        }
        _ => true,
    }
}

/// Kind and base64 are the same; comments are nothing.
fn is_same(key: &PublicKey, material: &KeyMaterial) -> bool {
    let KeyMaterial::Ssh(text) = material else { return false };
    PublicKey::from_openssh(text).is_ok_and(|known| known.key_data() == key.key_data())
}

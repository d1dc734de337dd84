//! Push certificates: `git push --signed` (git-push(1); "Push Certificate" in gitprotocol-pack(5); githooks(5), pre-receive).
//!
//! git tells a hook what it thinks of one in `GIT_PUSH_CERT_STATUS`, and that is not relied on: by its configuration `G` may
//! stand for a key that nobody knows or whose time is over, with an empty signer. So the certificate is read and its signature
//! verified here, by the keys in people.toml that are valid now and those of the operators. The rest is compared with what
//! is pushed: the nonce that this server asked for, the refs, the push options.

use std::collections::HashMap;
use std::sync::Arc;

use super::Variables;
use super::claims::{self, Claim};
use crate::config::Operator;
use crate::diagnostic::Diagnostic;
use crate::facts::{Blob, Identity, KeyMaterial, Oid, People, RefName, SignatureStatus};
use crate::git::Repository;

/// A good certificate, of just this push.
#[derive(Debug, Clone)]
pub(super) struct Certificate {
    /// All of it, with its signature and where the signer meant to push to, for the record.
    pub(super) text: String,
    /// Who signed it.
    pub(super) signer: Signer,
}

/// Who signed: somebody in people.toml whose key is valid, an operator, or one who is both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signer {
    /// The key.
    pub(super) key: KeyMaterial,
    /// Whose it is in people.toml.
    pub(super) identity: Option<Arc<Identity>>,
    /// The login of the operator whose it is.
    pub(super) operator: Option<String>,
}

impl Signer {
    /// As records name the pusher.
    pub(super) fn shown(&self) -> String {
        let known = self.identity.as_ref().map(|identity| identity.id.clone());
        known.or_else(|| self.operator.clone()).unwrap_or_else(|| self.key.fingerprint())
    }
}

/// The push that a certificate has to be for.
pub(super) struct Pushed<'a> {
    /// The hook's environment.
    pub(super) variables: &'a Variables<'a>,
    /// The lines that git gave to the hook.
    pub(super) claims: &'a [Claim],
    /// `git push -o`.
    pub(super) options: &'a [String],
}

/// Those whose keys count.
pub(super) struct Known<'a> {
    /// Everybody in people.toml.
    pub(super) people: &'a People,
    /// The operators of server.toml.
    pub(super) operators: &'a [Operator],
    /// Seconds UTC.
    pub(super) now: i64,
}

/// The push's certificate; `None` if it is not signed.
///
/// # Errors
/// Why it counts for nothing. The message goes on a sentence: "and ...".
pub(super) fn read(
    repository: &Repository,
    pushed: &Pushed<'_>,
    known: &Known<'_>,
) -> Result<Option<Certificate>, Diagnostic> {
    let Some(id) = (pushed.variables)("GIT_PUSH_CERT") else { return Ok(None) };
    let text = text_of(repository, &id)?;
    let parts = Parts::of(&text).ok_or_else(|| {
        Diagnostic::new("the push certificate is not of the form that git makes")
            .help("push with `git push --signed`")
    })?;
    parts.check_nonce(pushed.variables)?;
    parts.check_refs(pushed.claims)?;
    if parts.options != pushed.options {
        let message = "the push certificate has other push options than the push";
        return Err(Diagnostic::new(message).help("push with `git push --signed`"));
    }
    let signer = signer(repository, &parts, known)?;
    Ok(Some(Certificate { signer, text }))
}

fn text_of(repository: &Repository, id: &str) -> Result<String, Diagnostic> {
    let unreadable = |why: &str| Diagnostic::new(format!("the push certificate cannot be read: {why}"));
    let id = Oid::from_hex(id.as_bytes()).ok_or_else(|| unreadable("GIT_PUSH_CERT is no object id"))?;
    match repository.store().blob(id).map_err(|error| unreadable(&error.0))? {
        Blob::Whole(bytes) => {
            String::from_utf8(bytes.to_vec()).map_err(|_| unreadable("it is not UTF-8 text"))
        }
        Blob::TooLarge { .. } => Err(unreadable("it is too large")),
    }
}

/// What a certificate says.
#[derive(Debug, PartialEq, Eq)]
struct Parts<'a> {
    /// What was signed.
    payload: &'a str,
    signature: &'a str,
    nonce: Option<&'a str>,
    options: Vec<&'a str>,
    claims: Vec<Claim>,
}

impl<'a> Parts<'a> {
    /// `None` for what git does not make.
    fn of(text: &'a str) -> Option<Self> {
        let (payload, signature) = text.split_at_checked(Repository::signature_in(text.as_bytes())?)?;
        let (headers, lines) = payload.split_once("\n\n")?;
        let headers = headers.strip_prefix("certificate version 0.1\n")?;
        let (claims, wrong) = claims::parse(lines.as_bytes());
        if !wrong.is_empty() {
            return None;
        }
        let mut parts = Self { payload, signature, nonce: None, options: Vec::new(), claims };
        let (mut pusher, mut pushee) = (None, None);
        for line in headers.split('\n') {
            let (key, value) = line.split_once(' ')?;
            let once = match key {
                "pusher" => &mut pusher,
                "pushee" => &mut pushee,
                "nonce" => &mut parts.nonce,
                "push-option" => {
                    parts.options.push(value);
                    continue;
                }
                _ => return None,
            };
            if once.replace(value).is_some() {
                return None;
            }
        }
        pusher.map(|_| parts)
    }

    /// git compares the nonce with the one that it asked for, and over http, where another process asked, its age with
    /// `receive.certNonceSlop`. What it calls `SLOP` is older than the operator allows.
    fn check_nonce(&self, variables: &Variables<'_>) -> Result<(), Diagnostic> {
        let status = variables("GIT_PUSH_CERT_NONCE_STATUS").unwrap_or_default();
        let asked = variables("GIT_PUSH_CERT_NONCE");
        let (message, help) = match status.as_str() {
            "OK" if asked.is_some() && self.nonce == asked.as_deref() => return Ok(()),
            "SLOP" => (
                "the nonce of the push certificate is stale",
                "push again; over http the operator sets receive.certNonceSlop to the seconds that a push may take",
            ),
            "MISSING" => ("the push certificate has no nonce", "push with `git push --signed`"),
            _ if asked.is_none() => (
                "this server asks for no nonce, so that any push certificate could be used again",
                "the operator sets receive.certNonceSeed to a secret in the repository's configuration",
            ),
            _ => (
                "the nonce of the push certificate is not of this push",
                "push again, with `git push --signed`",
            ),
        };
        Err(Diagnostic::new(message).help(help))
    }

    /// No more and no fewer than those that are pushed, and with the same ids.
    fn check_refs(&self, pushed: &[Claim]) -> Result<(), Diagnostic> {
        let by_name = |claims: &'_ [Claim]| -> HashMap<RefName, Claim> {
            claims.iter().map(|claim| (claim.reference.clone(), claim.clone())).collect()
        };
        if self.claims.len() == pushed.len() && by_name(&self.claims) == by_name(pushed) {
            return Ok(());
        }
        let message = "the push certificate is for other refs than those that are pushed";
        Err(Diagnostic::new(message).help("push with `git push --signed`"))
    }
}

fn signer(repository: &Repository, parts: &Parts<'_>, known: &Known<'_>) -> Result<Signer, Diagnostic> {
    let of_people = known.people.iter().flat_map(|identity| &identity.keys).map(|key| &key.material);
    let of_operators = known.operators.iter().map(|operator| &operator.key);
    let keys: Vec<KeyMaterial> = of_people.chain(of_operators).cloned().collect();
    let (payload, signature) = (parts.payload.as_bytes(), parts.signature.as_bytes());
    let judged = repository.signed_by(payload, signature, &keys, known.now).map_err(|error| {
        let unknown = Diagnostic::new(format!("the push certificate cannot be verified: {}", error.message));
        unknown.help(error.hint.unwrap_or_else(|| "the operator of this server has to look at it".to_owned()))
    })?;
    let key = match judged {
        (SignatureStatus::Good, Some(key)) => key,
        (SignatureStatus::Expired, Some(_)) => return Err(over("has expired")),
        (SignatureStatus::Revoked, Some(_)) => return Err(over("was revoked")),
        (SignatureStatus::UnknownKey, _) => {
            let message = "the push certificate is signed by a key that nobody in people.toml has";
            return Err(Diagnostic::new(message).help("sign with a key of yours in .bylaws/people.toml"));
        }
        _ => return Err(Diagnostic::new("the signature of the push certificate is bad").help("push again")),
    };
    let operator = known.operators.iter().find(|operator| operator.key == key);
    let owner = |is_valid: &dyn Fn(&crate::facts::Key) -> bool| {
        let has =
            |identity: &&Arc<Identity>| identity.keys.iter().any(|one| one.material == key && is_valid(one));
        known.people.iter().find(has).cloned()
    };
    let identity = owner(&|one| one.is_valid_at(known.now));
    if identity.is_none() && operator.is_none() {
        return Err(over("is not valid now"));
    }
    Ok(Signer { operator: operator.map(|one| one.login.clone()), identity, key })
}

fn over(what: &str) -> Diagnostic {
    let help = "sign with a key of yours that is valid, by .bylaws/people.toml";
    Diagnostic::new(format!("the key that signed the push certificate {what}")).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "1111111111111111111111111111111111111111";
    const TWO: &str = "2222222222222222222222222222222222222222";
    const SIGNATURE: &str = "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n";

    fn certificate(headers: &str, lines: &str) -> String {
        format!("certificate version 0.1\n{headers}\n{lines}{SIGNATURE}")
    }

    fn line(name: &str) -> String {
        format!("{ONE} {TWO} {name}\n")
    }

    const HEADERS: &str =
        "pusher ada 1 +0000\npushee /srv/a.git\nnonce 1-abc\npush-option a b\npush-option c\n";

    #[test]
    fn its_parts_are_those_that_git_writes() {
        let text = certificate(HEADERS, &line("refs/heads/main"));
        let parts = Parts::of(&text).unwrap();
        assert_eq!((parts.nonce, parts.options.as_slice()), (Some("1-abc"), &["a b", "c"][..]));
        assert_eq!((parts.signature, parts.claims.len()), (SIGNATURE, 1));
        assert!(parts.payload.ends_with("refs/heads/main\n"));
    }

    #[test]
    fn what_git_does_not_write_is_none() {
        let main = line("refs/heads/main");
        for (headers, lines) in [
            (HEADERS.to_owned(), String::new()),
            (HEADERS.to_owned(), [main.as_str(), &main].concat()),
            (HEADERS.to_owned(), [main.as_str(), "odd\n"].concat()),
            (HEADERS.to_owned(), [main.as_str(), SIGNATURE].concat()),
            (HEADERS.to_owned(), [main.as_str(), "-----BEGIN PGP MESSAGE-----\n"].concat()),
            ([HEADERS, "nonce 2-def\n"].concat(), main.clone()),
            ([HEADERS, "pusher eve 1 +0000\n"].concat(), main.clone()),
            ([HEADERS, "odd header\n"].concat(), main.clone()),
            ([HEADERS, "odd\n"].concat(), main.clone()),
            ([" folded\n", HEADERS].concat(), main.clone()),
            ("nonce 1-abc\n".to_owned(), main.clone()),
        ] {
            assert_eq!(Parts::of(&certificate(&headers, &lines)), None, "{headers}{lines}");
        }
        let good = certificate(HEADERS, &main);
        assert_eq!(Parts::of(&good.replace("version 0.1", "version 0.2")), None);
        assert_eq!(Parts::of(&good.replace(SIGNATURE, "")), None);
        assert_eq!(Parts::of(SIGNATURE), None);
        assert!(Parts::of(&good).is_some());
    }

    fn claims_of(lines: &str) -> Vec<Claim> {
        claims::parse(lines.as_bytes()).0
    }

    #[test]
    fn the_refs_are_those_that_are_pushed_in_any_order() {
        let (main, next) = (line("refs/heads/main"), line("refs/heads/next"));
        let text = certificate(HEADERS, &[main.as_str(), &next].concat());
        let parts = Parts::of(&text).unwrap();
        assert!(parts.check_refs(&claims_of(&[next.as_str(), &main].concat())).is_ok());
        for other in [
            main.clone(),
            [main.as_str(), &next, &line("refs/heads/more")].concat(),
            [main.as_str(), &line("refs/heads/other")].concat(),
            [main.as_str(), &next.replace(TWO, ONE)].concat(),
            [main.as_str(), &next.replace(ONE, TWO)].concat(),
        ] {
            assert!(parts.check_refs(&claims_of(&other)).is_err(), "{other}");
        }
    }

    #[test]
    fn the_nonce_is_ok_by_git_and_by_us() {
        let text = certificate(HEADERS, &line("refs/heads/main"));
        let parts = Parts::of(&text).unwrap();
        let check = |status: &str, nonce: &str| {
            let variables = |name: &str| match name {
                "GIT_PUSH_CERT_NONCE" => Some(nonce.to_owned()).filter(|nonce| !nonce.is_empty()),
                "GIT_PUSH_CERT_NONCE_STATUS" => Some(status.to_owned()).filter(|status| !status.is_empty()),
                _ => None,
            };
            parts.check_nonce(&variables).map_err(|why| why.message)
        };
        assert_eq!(check("OK", "1-abc"), Ok(()));
        for (status, nonce) in [
            ("OK", "1-abd"),
            ("OK", ""),
            ("BAD", "1-abc"),
            ("SLOP", "1-abc"),
            ("MISSING", "1-abc"),
            ("UNSOLICITED", "1-abc"),
            ("", "1-abc"),
            ("ok", "1-abc"),
        ] {
            assert!(check(status, nonce).is_err(), "{status} {nonce}");
        }
    }
}

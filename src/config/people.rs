//! `people.toml` to [`People`]: everybody has addresses, logins and keys of their own.

use std::collections::HashMap;

use toml::value::Datetime;

use super::mistakes::Mistakes;
use super::raw::{RawKey, RawPeople, RawPerson, RawService, Words};
use super::time;
use super::{At, Table};
use crate::facts::{Identity, Key, KeyMaterial, Seniority};

/// What `people.toml` says, as far as it is right.
#[derive(Debug, Clone, Default)]
pub(super) struct Directory {
    /// The words for seniority, lowest first.
    pub(super) seniority: Vec<String>,
    /// Everybody, in the order of the file.
    pub(super) identities: Vec<Identity>,
}

impl Directory {
    /// Reads everybody and records what is wrong. `environments` is `None` when they are not known. With `above`, the operator's,
    /// only those who are not there already: nobody of theirs can be said otherwise, nor what is theirs given to others.
    pub(super) fn read(
        raw: RawPeople,
        environments: Option<&[String]>,
        above: Option<&Self>,
        mistakes: &mut Mistakes<'_>,
    ) -> Self {
        let mut reader = Reader { mistakes, taken: above.map(Self::taken).unwrap_or_default() };
        let seniority = reader.seniority(raw.seniority, above);
        let mut identities = Vec::new();
        for (id, person) in raw.people {
            identities.push((id.clone(), reader.person(id, person.value.0, &seniority)));
        }
        for (id, service) in raw.services {
            if identities.iter().any(|(_, one): &(_, Identity)| one.id == id.value) {
                let message = format!("`{}` is a person already", id.value);
                reader
                    .mistakes
                    .error(reader.mistakes.at(&id, message).help("records name both by this word alone"));
            }
            if let Some(environments) = environments {
                reader.environments(&service.deploys, environments);
            }
            identities.push((id.clone(), reader.service(id, service.value.0)));
        }
        identities.sort_by_key(|(id, _)| id.offset);
        let is_new = |(id, one): &(At<String>, Identity)| {
            let theirs = above.and_then(|above| above.identities.iter().find(|theirs| theirs.id == one.id));
            theirs.inspect(|theirs| reader.said_again(id, one, theirs)).is_none()
        };
        identities.retain(is_new);
        Self { seniority, identities: identities.into_iter().map(|(_, identity)| identity).collect() }
    }

    /// What is somebody's.
    fn taken(&self) -> HashMap<Claim, Owner> {
        let mut taken = HashMap::new();
        for one in &self.identities {
            let emails = one.emails.iter().map(|email| ("e-mail address", email.to_lowercase()));
            let logins = one.logins.iter().map(|login| ("login", login.clone()));
            let keys = one.keys.iter().map(|key| ("key", key.material.text().to_owned()));
            let owner = Owner { id: one.id.clone(), is_above: true };
            taken.extend(emails.chain(logins).chain(keys).map(|claim| (claim, owner.clone())));
        }
        taken
    }

    /// The rank that a word stands for; an unknown one is recorded.
    pub(super) fn rank(&self, word: &At<String>, mistakes: &mut Mistakes<'_>) -> Option<Seniority> {
        rank(word, &self.seniority, mistakes)
    }

    /// The people (no services) who are in `team`, if one is asked for, and of `least` seniority or above.
    pub(super) fn people<'a>(
        &'a self,
        team: Option<&'a str>,
        least: Option<&'a Seniority>,
    ) -> impl Iterator<Item = &'a Identity> {
        self.identities.iter().filter(move |one| {
            let senior =
                least.is_none_or(|least| one.seniority.as_ref().is_some_and(|s| s.rank >= least.rank));
            let member = team.is_none_or(|team| one.teams.iter().any(|of| of == team));
            !one.is_service && senior && member
        })
    }

    /// The teams that anybody is in.
    pub(super) fn teams(&self) -> impl Iterator<Item = &str> {
        self.identities.iter().flat_map(|one| one.teams.iter().map(String::as_str))
    }

    /// The test suites that a service is trusted for.
    pub(super) fn suites(&self) -> impl Iterator<Item = &str> {
        self.identities.iter().flat_map(|one| one.tests.iter().map(String::as_str))
    }
}

fn rank(word: &At<String>, order: &[String], mistakes: &mut Mistakes<'_>) -> Option<Seniority> {
    let rank = order.iter().position(|known| *known == word.value);
    if rank.is_none() && order.is_empty() {
        let mistake = mistakes.at(word, format_args!("unknown seniority `{}`", word.value));
        mistakes.error(mistake.help(
            "`people.toml` names the words for it: seniority = [\"engineer\", \"senior\"], lowest first",
        ));
    } else if rank.is_none() {
        mistakes.unknown("seniority", word, order.iter().map(String::as_str));
    }
    rank.map(|rank| Seniority { rank, word: word.value.clone() })
}

/// What kind of thing belongs to somebody, and its text.
type Claim = (&'static str, String);

/// Who something belongs to.
#[derive(Clone)]
struct Owner {
    id: String,
    /// By the operator's file.
    is_above: bool,
}

struct Reader<'m, 'a> {
    mistakes: &'m mut Mistakes<'a>,
    /// Who has an address, login or key already.
    taken: HashMap<Claim, Owner>,
}

impl Reader<'_, '_> {
    /// The words for it, lowest first: the operator's, where these have any.
    fn seniority(&mut self, words: Words, above: Option<&Directory>) -> Vec<String> {
        if let Some(above) = above.map(|above| &above.seniority).filter(|order| !order.is_empty()) {
            let other = words.iter().map(|word| &word.value).ne(above);
            if let Some(first) = words.first().filter(|_| other) {
                let mistake =
                    self.mistakes.at(first, "the order of seniority is the operator's, and another");
                let order = above.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
                self.mistakes.error(mistake.help(format!("leave it out, or write it so: [{order}]")));
            }
            return above.clone();
        }
        let mut order: Vec<String> = Vec::new();
        for word in words {
            if order.contains(&word.value) {
                let mistake = self.mistakes.at(&word, format_args!("`{}` is named twice", word.value));
                self.mistakes.error(mistake.help("the order of these words is their rank, lowest first"));
            } else {
                order.push(word.value);
            }
        }
        order
    }

    /// Somebody of the operator's: no mistake as long as nothing else is said than there.
    fn said_again(&mut self, id: &At<String>, one: &Identity, theirs: &Identity) {
        let all = |within: bool, what: &'static str| (!within).then_some(what);
        let differs = [
            all(one.is_service == theirs.is_service, "kind"),
            all(one.name == one.id || one.name == theirs.name, "name"),
            all(within(&one.emails, &theirs.emails), "emails"),
            all(within(&one.logins, &theirs.logins), "logins"),
            all(one.seniority.is_none() || one.seniority == theirs.seniority, "seniority"),
            all(within(&one.teams, &theirs.teams), "teams"),
            all(within(&one.keys, &theirs.keys), "keys"),
            all(within(&one.tests, &theirs.tests), "tests"),
            all(within(&one.deploys, &theirs.deploys), "deploys"),
        ];
        let differs: Vec<&str> = differs.into_iter().flatten().collect();
        if !differs.is_empty() {
            let message =
                format!("`{}` is the operator's: {} cannot be another here", id.value, differs.join(", "));
            let help = "leave it out, or say nothing of it that the operator's `people.toml` does not say";
            self.mistakes.error(self.mistakes.at(id, message).help(help));
        }
    }

    fn person(&mut self, id: At<String>, raw: RawPerson, order: &[String]) -> Identity {
        let seniority = raw.seniority.and_then(|word| rank(&word, order, self.mistakes));
        Identity {
            name: raw.name.map_or_else(|| id.value.clone(), |name| name.value),
            emails: self.emails(raw.emails, &id),
            logins: self.logins(raw.logins, &id),
            seniority,
            teams: raw.teams.into_iter().map(|team| team.value).collect(),
            keys: self.keys(raw.keys, &id),
            is_service: false,
            tests: Vec::new(),
            deploys: Vec::new(),
            id: id.value,
        }
    }

    fn service(&mut self, id: At<String>, raw: RawService) -> Identity {
        Identity {
            name: id.value.clone(),
            emails: self.emails(raw.emails, &id),
            logins: self.logins(raw.logins, &id),
            seniority: None,
            teams: Vec::new(),
            keys: self.keys(raw.keys, &id),
            is_service: true,
            tests: raw.tests.into_iter().map(|suite| suite.value).collect(),
            deploys: raw.deploys.into_iter().map(|environment| environment.value).collect(),
            id: id.value,
        }
    }

    fn environments(&mut self, deploys: &[At<String>], environments: &[String]) {
        for name in deploys.iter().filter(|name| !environments.contains(&name.value)) {
            self.mistakes.unknown("environment", name, environments.iter().map(String::as_str));
        }
    }

    fn emails(&mut self, emails: Words, id: &At<String>) -> Vec<String> {
        for email in &emails {
            if !is_email(email) {
                let mistake = self.mistakes.at(email, format_args!("`{}` is no e-mail address", email.value));
                self.mistakes.error(mistake.help("only the address, like ada@example.org"));
            }
            self.claim("e-mail address", email, email.to_lowercase(), id);
        }
        emails.into_iter().map(|email| email.value).collect()
    }

    fn logins(&mut self, logins: Words, id: &At<String>) -> Vec<String> {
        for login in &logins {
            if login.trim().is_empty() {
                let mistake = self.mistakes.at(login, "an empty login is nobody's");
                self.mistakes.error(mistake);
            }
            self.claim("login", login, login.value.clone(), id);
        }
        logins.into_iter().map(|login| login.value).collect()
    }

    /// Records that `id` has this; or the mistake, if somebody has it already: persons compare by identity, so one thing
    /// must not stand for two.
    fn claim<T>(&mut self, kind: &'static str, at: &At<T>, text: String, id: &At<String>) {
        let claimed = Owner { id: id.value.clone(), is_above: false };
        let Some(owner) = self.taken.insert((kind, text), claimed) else { return };
        if owner.is_above && owner.id == id.value {
            return;
        }
        let of = if owner.is_above { "the operator's " } else { "" };
        let message = format!("this {kind} of `{}` is already one of {of}`{}`", id.value, owner.id);
        self.mistakes.error(self.mistakes.at(at, message).help("each belongs to one person or service"));
    }

    fn keys(&mut self, keys: Vec<At<Table<RawKey>>>, id: &At<String>) -> Vec<Key> {
        let mut read: Vec<Key> = Vec::new();
        for raw in keys {
            let bounds = self.bounds(&raw);
            let Some(material) = material(&raw, raw.ssh.as_ref(), raw.gpg.as_ref(), self.mistakes) else {
                continue;
            };
            // One person may have one key for two spans of time.
            if !read.iter().any(|key| key.material == material) {
                self.claim("key", &raw, material.text().to_owned(), id);
            }
            let (from, until) = bounds;
            read.push(Key { material, from, until });
        }
        read
    }

    fn bounds(&mut self, raw: &RawKey) -> (Option<i64>, Option<i64>) {
        let from = raw.from.as_ref().and_then(|at| self.mistakes.date(at, time::from_bound));
        let until = raw.until.as_ref().and_then(|at| self.mistakes.date(at, time::until_bound));
        if let (Some(start), Some(end), Some(at)) = (from, until, &raw.until)
            && start >= end
        {
            let mistake = self.mistakes.at(at, "this key ends before it begins: `until` is not after `from`");
            self.mistakes.error(mistake);
        }
        (from, until)
    }
}

/// The key that is written at `place`: one of the two, and a good one.
pub(super) fn material<T>(
    place: &At<T>,
    ssh: Option<&At<String>>,
    gpg: Option<&At<String>>,
    mistakes: &mut Mistakes<'_>,
) -> Option<KeyMaterial> {
    let read = match (ssh, gpg) {
        (Some(ssh), None) => ssh_key(ssh).map(KeyMaterial::Ssh).map_err(|wrong| (ssh, wrong)),
        (None, Some(gpg)) => gpg_fingerprint(gpg).map(KeyMaterial::Gpg).map_err(|wrong| (gpg, wrong)),
        (ssh, _) => {
            let wrong = if ssh.is_some() { "both `ssh` and `gpg`" } else { "neither `ssh` nor `gpg`" };
            let mistake = mistakes.at(place, format_args!("a key has {wrong}"));
            mistakes.error(mistake.help("each key is one of the two: { ssh = \"ssh-ed25519 AAAA...\" }"));
            return None;
        }
    };
    read.map_err(|(at, (message, help))| mistakes.error(mistakes.at(at, message).help(help))).ok()
}

impl Mistakes<'_> {
    /// A bound in seconds; what has no date is recorded.
    pub(super) fn date(&mut self, at: &At<Datetime>, bound: fn(&Datetime) -> Option<i64>) -> Option<i64> {
        let seconds = bound(at);
        if seconds.is_none() {
            let mistake = self.at(at, format_args!("`{}` has no date", at.value));
            self.error(mistake.help("a day like 2027-03-31, or a moment like 2027-03-31T18:00:00Z"));
        }
        seconds
    }
}

/// Is every one of these among those?
fn within<T: PartialEq>(these: &[T], those: &[T]) -> bool {
    these.iter().all(|one| those.contains(one))
}

fn is_email(text: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control() || "<>,;".contains(c);
    text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
        && !text.contains(odd)
}

/// What is wrong, and what to do.
type Wrong = (&'static str, &'static str);

/// An OpenSSH public key (the format of sshd(8)'s `authorized_keys`, without options) without its comment.
fn ssh_key(text: &str) -> Result<String, Wrong> {
    const HELP: &str = "write one line as in a `.pub` file: ssh-ed25519 AAAA...";
    if text.contains("PRIVATE KEY") {
        return Err((
            "this is a private key",
            "take it out, make a new pair, and write the public half: the `.pub` file",
        ));
    }
    let mut key = ssh_key::PublicKey::from_openssh(text.trim())
        .map_err(|_| ("this is no OpenSSH public key, or it is damaged", HELP))?;
    if !is_supported(&key.algorithm()) {
        return Err(("signatures of this kind of key are not accepted", "use ed25519, ecdsa or rsa"));
    }
    key.set_comment("");
    let line = key.to_openssh().map_err(|_| ("this is no OpenSSH public key, or it is damaged", HELP))?;
    Ok(line.trim_end().to_owned())
}

fn is_supported(algorithm: &ssh_key::Algorithm) -> bool {
    use ssh_key::Algorithm::{Ecdsa, Ed25519, Rsa, SkEcdsaSha2NistP256, SkEd25519};
    matches!(algorithm, Ecdsa { .. } | Ed25519 | Rsa { .. } | SkEcdsaSha2NistP256 | SkEd25519)
}

/// A full fingerprint: 40 hexadecimal digits (version 4) or 64 (version 6, RFC 9580), upper case, without spaces.
fn gpg_fingerprint(text: &str) -> Result<String, Wrong> {
    const HELP: &str = "`gpg --fingerprint` shows all 40 digits of it";
    let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let digits = digits.strip_prefix("0x").unwrap_or(&digits);
    if !digits.chars().all(|c| c.is_ascii_hexdigit()) || digits.is_empty() {
        return Err(("this is no OpenPGP fingerprint", HELP));
    }
    match digits.len() {
        40 | 64 => Ok(digits.to_uppercase()),
        8 | 16 => Err(("this is a short key id, which others can imitate", HELP)),
        _ => Err(("this is no whole OpenPGP fingerprint", HELP)),
    }
}

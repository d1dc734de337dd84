//! Who: a name and address in a commit, and the identity in `people.toml` behind it.

use std::collections::HashMap;
use std::sync::Arc;

/// A rank in the team's own order of seniority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seniority {
    /// 0 is the lowest.
    pub rank: usize,
    /// The team's word for it.
    pub word: String,
}

/// A key that a person or service signs with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// What kind, and the key.
    pub material: KeyMaterial,
    /// Valid from this time (seconds UTC, inclusive); `None` for always.
    pub from: Option<i64>,
    /// Valid before this time (seconds UTC, exclusive); `None` for ever.
    pub until: Option<i64>,
}

impl Key {
    /// Is it valid at `time`, seconds UTC?
    pub fn is_valid_at(&self, time: i64) -> bool {
        self.from.is_none_or(|from| from <= time) && self.until.is_none_or(|until| time < until)
    }
}

/// The public half of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyMaterial {
    /// An OpenSSH public key, `ssh-ed25519 AAAA...`.
    Ssh(String),
    /// The full fingerprint of an OpenPGP primary key, upper-case hexadecimal.
    Gpg(String),
}

impl KeyMaterial {
    /// What a key is known by in records: `SHA256:...` as ssh-keygen(1) shows it, or the OpenPGP fingerprint.
    pub fn fingerprint(&self) -> String {
        match self {
            Self::Gpg(fingerprint) => fingerprint.clone(),
            Self::Ssh(text) => ssh_key::PublicKey::from_openssh(text)
                .map_or_else(|_| text.clone(), |key| key.fingerprint(ssh_key::HashAlg::Sha256).to_string()),
        }
    }

    /// The key, or its fingerprint.
    pub fn text(&self) -> &str {
        match self {
            Self::Ssh(text) | Self::Gpg(text) => text,
        }
    }
}

/// A person or a service in `people.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The table's key: `ada` of `[people.ada]`.
    pub id: String,
    /// The full name; the id where none is given.
    pub name: String,
    /// E-mail addresses, as written.
    pub emails: Vec<String>,
    /// Names the git server knows them by.
    pub logins: Vec<String>,
    /// `None` for services and where it is not given.
    pub seniority: Option<Seniority>,
    /// Teams they belong to.
    pub teams: Vec<String>,
    /// Keys they sign with.
    pub keys: Vec<Key>,
    /// `[services.NAME]`, not `[people.NAME]`.
    pub is_service: bool,
    /// Suites a service's results are trusted for.
    pub tests: Vec<String>,
    /// Environments a service records deployments to.
    pub deploys: Vec<String>,
}

/// Everybody in `people.toml`. The default is nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct People {
    by_email: HashMap<String, Arc<Identity>>,
    by_login: HashMap<String, Arc<Identity>>,
    all: Vec<Arc<Identity>>,
}

impl People {
    /// Indexes identities; that no e-mail, login or key is given to two is the configuration's to check.
    pub fn new(identities: Vec<Identity>) -> Self {
        let mut people = Self::default();
        for identity in identities {
            let identity = Arc::new(identity);
            for email in &identity.emails {
                people.by_email.insert(email.to_lowercase(), Arc::clone(&identity));
            }
            for login in &identity.logins {
                people.by_login.insert(login.clone(), Arc::clone(&identity));
            }
            people.all.push(identity);
        }
        people
    }

    /// Who has this address; upper and lower case are one.
    pub fn by_email(&self, email: &str) -> Option<&Arc<Identity>> {
        if self.all.is_empty() { None } else { self.by_email.get(&email.to_lowercase()) }
    }

    /// Who the server knows by this login.
    pub fn by_login(&self, login: &str) -> Option<&Arc<Identity>> {
        self.by_login.get(login)
    }

    /// Everybody, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Identity>> {
        self.all.iter()
    }
}

/// A person as a subject shows one: what was written, and who that is.
#[derive(Debug, Clone, Default)]
pub struct Person {
    /// As written in the commit, or the identity's.
    pub name: String,
    /// As written in the commit.
    pub email: String,
    /// Seconds UTC; 0 where there is no time.
    pub time: i64,
    /// What the server knows the person by, for a pusher.
    pub login: Option<String>,
    /// Who that is; `None` when nobody in `people.toml` has the address or login.
    pub identity: Option<Arc<Identity>>,
}

impl PartialEq for Person {
    /// Persons compare by identity; strangers by address.
    fn eq(&self, other: &Self) -> bool {
        match (&self.identity, &other.identity) {
            (Some(a), Some(b)) => a.id == b.id && a.is_service == b.is_service,
            (None, None) => self.email.eq_ignore_ascii_case(&other.email) && self.login == other.login,
            _ => false,
        }
    }
}

//! `people.toml`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::value::Datetime;

use super::{At, DATE, Table, Words};

/// Who: names, e-mails, logins, keys, seniority, teams; services such as CI.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "people.toml")]
pub struct RawPeople {
    /// The team's words for seniority, lowest first.
    #[serde(default)]
    pub seniority: Words,
    /// People by a short name of their own.
    #[serde(default)]
    pub people: BTreeMap<At<String>, At<Table<RawPerson>>>,
    /// Machines that sign: CI, deployment.
    #[serde(default)]
    pub services: BTreeMap<At<String>, At<Table<RawService>>>,
}

/// A person.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawPerson {
    /// The full name; absent: the short one.
    pub name: Option<At<String>>,
    /// E-mail addresses in commits; upper and lower case are one.
    #[serde(default)]
    pub emails: Words,
    /// Names the git server knows this person by; `"gitea:17"` pins a forge's numeric id.
    #[serde(default)]
    pub logins: Words,
    /// One of the words of `seniority`.
    pub seniority: Option<At<String>>,
    /// Teams this person belongs to.
    #[serde(default)]
    pub teams: Words,
    /// Keys this person signs with.
    #[serde(default)]
    pub keys: Vec<At<Table<RawKey>>>,
}

/// A service.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawService {
    /// Test suites this service's results are trusted for.
    #[serde(default)]
    pub tests: Words,
    /// Environments this service records deployments to.
    #[serde(default)]
    pub deploys: Words,
    /// Names the git server knows it by.
    #[serde(default)]
    pub logins: Words,
    /// E-mail addresses in its commits.
    #[serde(default)]
    pub emails: Words,
    /// Keys it signs with.
    #[serde(default)]
    pub keys: Vec<At<Table<RawKey>>>,
}

/// A key: either `ssh` or `gpg`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(extend("oneOf" = [{ "required": ["ssh"] }, { "required": ["gpg"] }]))]
pub struct RawKey {
    /// An OpenSSH public key, `ssh-ed25519 AAAA...`.
    pub ssh: Option<At<String>>,
    /// The full fingerprint of an OpenPGP primary key.
    pub gpg: Option<At<String>>,
    /// The first day, UTC, or the moment from which it is valid; absent: always.
    #[schemars(with = "Option<String>", extend("pattern" = DATE))]
    pub from: Option<At<Datetime>>,
    /// The last day, UTC, or the moment at which it ends; absent: never.
    #[schemars(with = "Option<String>", extend("pattern" = DATE))]
    pub until: Option<At<Datetime>>,
}

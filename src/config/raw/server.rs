//! `server.toml`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{DURATION, Words};
use crate::config::server::IdentitySource;
use crate::config::{At, Table};

/// The operator's settings of one repository or, in `/etc/bylaws/`, of a whole host: of both, key by key, the repository's
/// hold; `required`, `operators` and `identity` are the host's alone where it has them.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "server.toml")]
pub struct RawServer {
    /// The full name of the ref whose `.bylaws/` judges, `refs/heads/main`.
    pub policy_ref: Option<At<String>>,
    /// Who says who pushes.
    #[schemars(extend("enum" = IdentitySource::WORDS))]
    pub identity: Option<At<String>>,
    /// Who may make the first policy, repair one that cannot be read, and explain movements that nobody recorded.
    pub operators: Option<Vec<At<Table<RawOperator>>>>,
    /// A `.bylaws/` folder that applies to every repository; they can tighten it and add to it.
    pub required: Option<At<String>>,
    /// `false`: decide, record `would-deny`, and refuse nothing but what endangers the ledger; absent: `true`.
    pub enforce: Option<At<bool>>,
    /// The SSH private key that signs the ledger.
    pub signing_key: Option<At<String>>,
    /// How long a push may be judged: `30s`. Past it nobody could decide, and the push is refused.
    #[schemars(extend("pattern" = DURATION))]
    pub deadline: Option<At<String>>,
    /// Refs that the forge itself moves, without hooks: patterns, where `*` stops at `/` and `**` does not.
    pub unrecorded_refs: Option<Words>,
    /// Do pushers with a shell on the server, who can go round any hook, reach protected refs? Absent: `false`.
    pub trust_shell: Option<At<bool>>,
}

/// An operator: a login, and a key, which is either `ssh` or `gpg`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(extend("oneOf" = [{ "required": ["ssh"] }, { "required": ["gpg"] }]))]
pub struct RawOperator {
    /// The name the identity source gives this person.
    pub login: At<String>,
    /// An OpenSSH public key, `ssh-ed25519 AAAA...`.
    pub ssh: Option<At<String>>,
    /// The full fingerprint of an OpenPGP primary key.
    pub gpg: Option<At<String>>,
}

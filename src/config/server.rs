//! `server.toml`: the operator's settings, each checked by itself. That some may come from two files, and which holds then,
//! is decided where a server reads both.

use std::path::PathBuf;

use super::document;
use super::mistakes::Mistakes;
use super::people;
use super::raw::{RawOperator, RawServer};
use super::{At, Table, time};
use crate::diagnostic::Diagnostics;
use crate::facts::{KeyMaterial, RefName};
use crate::patterns::RefPatterns;

/// Who says who pushes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentitySource {
    /// gitolite's `GL_USER`.
    Gitolite,
    /// Gitea's or Forgejo's `GITEA_PUSHER_*`.
    Gitea,
    /// GitLab's `GL_ID` and `GL_USERNAME`.
    Gitlab,
    /// GitHub Enterprise's `GITHUB_USER_LOGIN`.
    Github,
    /// The web server's `REMOTE_USER`.
    Http,
    /// The LOGIN of `bylaws serve LOGIN`.
    Ssh,
    /// The signer of the push certificate.
    PushCert,
    /// The account that runs the hook.
    Unix,
}

impl IdentitySource {
    /// The words in `identity`.
    pub const WORDS: [&'static str; 8] =
        ["gitolite", "gitea", "gitlab", "github", "http", "ssh", "push-cert", "unix"];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gitolite => "gitolite",
            Self::Gitea => "gitea",
            Self::Gitlab => "gitlab",
            Self::Github => "github",
            Self::Http => "http",
            Self::Ssh => "ssh",
            Self::PushCert => "push-cert",
            Self::Unix => "unix",
        }
    }

    /// The source that a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "gitolite" => Self::Gitolite,
            "gitea" => Self::Gitea,
            "gitlab" => Self::Gitlab,
            "github" => Self::Github,
            "http" => Self::Http,
            "ssh" => Self::Ssh,
            "push-cert" => Self::PushCert,
            "unix" => Self::Unix,
            _ => return None,
        })
    }
}

/// Who may repair what nobody else can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// The name the identity source gives this person.
    pub login: String,
    /// The key this person signs with.
    pub key: KeyMaterial,
}

/// What one `server.toml` says; `None` for what it does not mention.
#[derive(Debug, Clone, Default)]
pub struct Server {
    /// The ref whose `.bylaws/` judges.
    pub policy_ref: Option<RefName>,
    /// Who says who pushes.
    pub identity: Option<IdentitySource>,
    /// Those who may repair.
    pub operators: Option<Vec<Operator>>,
    /// The folder of the policy that applies to every repository.
    pub required: Option<PathBuf>,
    /// Is anything refused?
    pub enforce: Option<bool>,
    /// The file of the ledger's key.
    pub signing_key: Option<PathBuf>,
    /// How long a push may be judged, in seconds.
    pub deadline: Option<i64>,
    /// Refs that the forge moves without hooks.
    pub unrecorded_refs: Option<RefPatterns>,
    /// Do pushers with a shell reach protected refs?
    pub trust_shell: Option<bool>,
}

/// Reads a `server.toml`, which people know as `name`.
///
/// # Errors
/// Everything that is wrong with it, with its place.
pub fn server(name: &str, text: &str) -> Result<Server, Diagnostics> {
    let mut mistakes = Mistakes::new(name, text);
    let raw = document::parse(text, &mut mistakes)
        .and_then(|document| document::read::<RawServer>(document, &mut mistakes));
    let server = raw.map(|raw| Server {
        policy_ref: raw.policy_ref.and_then(|name| policy_ref(&name, &mut mistakes)),
        identity: raw.identity.and_then(|word| identity(&word, &mut mistakes)),
        operators: raw
            .operators
            .map(|all| all.iter().filter_map(|one| operator(one, &mut mistakes)).collect()),
        required: raw.required.and_then(|path| absolute("required", &path, &mut mistakes)),
        enforce: raw.enforce.map(|enforce| enforce.value),
        signing_key: raw.signing_key.and_then(|path| absolute("signing-key", &path, &mut mistakes)),
        deadline: raw.deadline.and_then(|text| deadline(&text, &mut mistakes)),
        unrecorded_refs: raw.unrecorded_refs.map(|patterns| mistakes.refs(&patterns)),
        trust_shell: raw.trust_shell.map(|trust| trust.value),
    });
    match server {
        Some(server) if mistakes.errors.is_empty() => Ok(server),
        _ => Err(super::load::in_order(mistakes.errors)),
    }
}

/// A branch: `refs/bylaws/` is the server's alone, and what the forge moves without hooks must not hold a policy.
fn policy_ref(name: &At<String>, mistakes: &mut Mistakes<'_>) -> Option<RefName> {
    let reference = RefName::new(name.value.clone()).filter(|name| name.as_str().starts_with("refs/"));
    let wrong = match &reference {
        None => "no full name of a ref",
        Some(reference) if reference.branch().is_none() => "no branch",
        Some(_) => return reference,
    };
    let mistake = mistakes.at(name, format_args!("`{}` is {wrong}", name.value));
    mistakes.error(mistake.help("write a branch from `refs/` on: \"refs/heads/main\""));
    None
}

fn identity(word: &At<String>, mistakes: &mut Mistakes<'_>) -> Option<IdentitySource> {
    let source = IdentitySource::from_word(word);
    if source.is_none() {
        mistakes.unknown("identity source", word, IdentitySource::WORDS);
    }
    source
}

fn operator(raw: &At<Table<RawOperator>>, mistakes: &mut Mistakes<'_>) -> Option<Operator> {
    if raw.login.trim().is_empty() {
        mistakes.error(mistakes.at(&raw.login, "an empty login is nobody's"));
    }
    let key = people::material(raw, raw.ssh.as_ref(), raw.gpg.as_ref(), mistakes)?;
    Some(Operator { login: raw.login.value.clone(), key })
}

/// A hook runs in a folder of git's choosing, so a relative path would mean another file each time.
fn absolute(key: &str, path: &At<String>, mistakes: &mut Mistakes<'_>) -> Option<PathBuf> {
    let absolute = PathBuf::from(&path.value);
    if !absolute.is_absolute() {
        let mistake = mistakes.at(path, format_args!("`{key}` must be a whole path, from `/` on"));
        mistakes.error(mistake);
        return None;
    }
    Some(absolute)
}

fn deadline(text: &At<String>, mistakes: &mut Mistakes<'_>) -> Option<i64> {
    let seconds = time::duration(text);
    if seconds.is_none() {
        let mistake = mistakes.at(text, format_args!("`{}` is no duration", text.value));
        mistakes.error(mistake.help("a number and one of s, m, h: 30s"));
    }
    seconds
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHq0wVwPjs5tOUZWFSLGdSRDBwe2CLt+UGRDMRbrTgqV";

    #[test]
    fn the_design_s_example_is_read() {
        let text = format!(
            "policy-ref = \"refs/heads/main\"\nidentity = \"push-cert\"\n\
             operators = [{{ login = \"ada\", ssh = \"{KEY}\" }}]\nrequired = \"/etc/bylaws/org\"\nenforce = false\n\
             signing-key = \"/etc/bylaws/ledger_ed25519\"\ndeadline = \"30s\"\nunrecorded-refs = [\"refs/pull/**\"]\n"
        );
        let server = server("server.toml", &text).unwrap();
        assert_eq!(server.identity, Some(IdentitySource::PushCert));
        assert_eq!((server.deadline, server.enforce, server.trust_shell), (Some(30), Some(false), None));
        assert_eq!(server.operators.unwrap()[0].login, "ada");
        assert!(server.unrecorded_refs.unwrap().matches(&RefName::new("refs/pull/1/head").unwrap()));
    }

    #[test]
    fn every_identity_source_has_a_word() {
        for word in IdentitySource::WORDS {
            assert_eq!(IdentitySource::from_word(word).map(IdentitySource::as_str), Some(word));
        }
    }

    #[test]
    fn a_policy_lies_on_a_branch() {
        for name in ["refs/bylaws/required", "refs/pull/1/head", "refs/tags/v1", "HEAD"] {
            let mistakes =
                server("server.toml", &format!("policy-ref = \"{name}\"")).unwrap_err().to_string();
            assert!(mistakes.contains(&format!("error: `{name}` is no ")), "{mistakes}");
        }
    }

    #[test]
    fn every_mistake_is_said_with_its_place() {
        let text = "policy-ref = \"main\"\nidentity = \"gitole\"\noperators = [{ login = \"\" }]\n\
                    required = \"org\"\ndeadline = \"soon\"\nunrecorded-refs = [\"refs/[\"]\nenforces = true\n";
        let mistakes = server("server.toml", text).unwrap_err().to_string();
        insta::assert_snapshot!(mistakes, @r#"
        error: `main` is no full name of a ref
          --> server.toml:1:14
          = help: write a branch from `refs/` on: "refs/heads/main"

        error: unknown identity source `gitole`
          --> server.toml:2:12
          = help: did you mean `gitolite`?

        error: a key has neither `ssh` nor `gpg`
          --> server.toml:3:14
          = help: each key is one of the two: { ssh = "ssh-ed25519 AAAA..." }

        error: an empty login is nobody's
          --> server.toml:3:24

        error: `required` must be a whole path, from `/` on
          --> server.toml:4:12

        error: `soon` is no duration
          --> server.toml:5:12
          = help: a number and one of s, m, h: 30s

        error: bad ref pattern `refs/[`: unclosed character class; missing ']'
          --> server.toml:6:20

        error: unknown key `enforces`
          --> server.toml:7:1
          = help: did you mean `enforce`?
        "#);
    }
}

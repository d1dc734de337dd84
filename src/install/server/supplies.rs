//! What a governed repository has beside its hooks, made once and never taken away: its id and the ledger's key, by which
//! records are told from another's, and the operator's settings.

use std::path::{Path, PathBuf};

use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::rand_core::{OsRng, RngCore as _};
use ssh_key::{LineEnding, PrivateKey};

use super::repository::Repository;
use super::{Layout, Options};
use crate::config::{self, IdentitySource, Server};
use crate::install::error::InstallError;
use crate::install::files;

/// The operator's settings of a repository.
pub(crate) const SETTINGS: &str = "server.toml";
/// The ledger's key.
pub(crate) const KEY: &str = "ledger_ed25519";
/// The repository's id.
pub(crate) const ID: &str = "repository-id";
/// Where hooks put what they record.
pub(crate) const SPOOL: &str = "spool";

/// What is there, and what is missing.
pub(crate) struct Supplies {
    /// Who says who pushes, once all is in place.
    pub identity: IdentitySource,
    /// The text of the settings, if there are none yet.
    settings: Option<String>,
    /// Whether the ledger's key is the repository's own.
    own_key: bool,
    /// What a person should know.
    pub notes: Vec<String>,
}

impl Supplies {
    /// Looks at what there is; writes nothing.
    pub(crate) fn plan(
        repository: &Repository,
        layout: Layout,
        options: &Options,
    ) -> Result<Self, InstallError> {
        let host_file = options.host_settings.as_deref().unwrap_or(Path::new(super::HOST_SETTINGS));
        let host = read(host_file)?.unwrap_or_default();
        let file = repository.folder().join(SETTINGS);
        let own = read(&file)?;
        let there = own.as_ref().and_then(|own| own.identity);
        let chosen = host.identity.or(there).or(options.identity).or_else(|| layout.identity());
        let Some(identity) = chosen else {
            return Err(InstallError::new("nothing here tells who pushes").hint(format!(
                "name the source of it: `--identity SOURCE`, one of {}",
                IdentitySource::WORDS.join(", ")
            )));
        };
        let mut notes = Vec::new();
        if let Some(asked) = options.identity.filter(|asked| *asked != identity) {
            let origin = if host.identity.is_some() { host_file } else { &file };
            notes.push(format!(
                "`{}` says `identity = \"{}\"`, which holds; `--identity {}` changes no file that is there",
                origin.display(),
                identity.as_str(),
                asked.as_str()
            ));
        }
        let settings = match own {
            Some(_) => None,
            None => Some(written(repository, &host, host_file, identity)?),
        };
        let own_key =
            own.as_ref().and_then(|own| own.signing_key.as_ref()).or(host.signing_key.as_ref()).is_none();
        Ok(Self { identity, settings, own_key, notes })
    }

    /// Writes what is missing; true if anything was. The settings come last: with them the hooks begin to judge.
    pub(crate) fn make(&self, repository: &Repository) -> Result<bool, InstallError> {
        let folder = repository.folder();
        let mut changed = repository.make_folder_at(&folder.join(SPOOL))?;
        let id = folder.join(ID);
        if files::read(&id)?.is_none() {
            changed |= repository.write(&id, format!("{}\n", random_hex()?).as_bytes(), 0o644)?;
        }
        if self.own_key {
            changed |= key(repository, &folder.join(KEY))?;
        }
        if let Some(text) = &self.settings {
            changed |= repository.write(&folder.join(SETTINGS), text.as_bytes(), 0o644)?;
        }
        Ok(changed)
    }
}

/// The settings in a file; `None` if there is no such file.
pub(crate) fn read(file: &Path) -> Result<Option<Server>, InstallError> {
    let Some(bytes) = files::read(file)? else { return Ok(None) };
    let broken = |why: String| {
        InstallError::new(why).hint("mend it first: with a mistake in it every push is refused")
    };
    let text = String::from_utf8(bytes).map_err(|_| broken(format!("`{}` is not UTF-8", file.display())))?;
    let name = file.display().to_string();
    config::server(&name, &text).map(Some).map_err(|mistakes| {
        let shown = mistakes.to_string();
        broken(shown.strip_prefix("error: ").unwrap_or(&shown).to_owned())
    })
}

/// Makes the key if there is none, and its public half.
fn key(repository: &Repository, path: &Path) -> Result<bool, InstallError> {
    let failed = |what: &dyn std::fmt::Display| InstallError::new(format!("`{}`: {what}", path.display()));
    // Several accounts run the hooks of a shared repository, and each has to sign.
    let mode = if repository.shared { 0o640 } else { 0o600 };
    let (key, new) = match files::read(path)? {
        Some(bytes) => {
            let key = PrivateKey::from_openssh(bytes).map_err(|error| {
                failed(&error).hint("put the ledger's key back, from a copy of the repository")
            })?;
            (key, false)
        }
        None => {
            let mut seed = [0; Ed25519Keypair::BYTE_SIZE / 2];
            random(&mut seed)?;
            let pair = KeypairData::Ed25519(Ed25519Keypair::from_seed(&seed));
            let name = repository.path.file_name().unwrap_or_default().to_string_lossy();
            let comment: String = name.chars().filter(|c| !c.is_control()).collect();
            let key = PrivateKey::new(pair, format!("bylaws ledger of {comment}")).map_err(|e| failed(&e))?;
            (key, true)
        }
    };
    let mut changed = false;
    let public: PathBuf = path.with_extension("pub");
    if new || files::read(&public)?.is_none() {
        let text = key.public_key().to_openssh().map_err(|error| failed(&error))?;
        changed |= repository.write(&public, format!("{text}\n").as_bytes(), 0o644)?;
    }
    if new {
        let text = key.to_openssh(LineEnding::LF).map_err(|error| failed(&error))?;
        changed |= repository.write(path, text.as_bytes(), mode)?;
    }
    Ok(changed)
}

/// 32 random bytes in hexadecimal.
pub(crate) fn random_hex() -> Result<String, InstallError> {
    let mut bytes = [0; 32];
    random(&mut bytes)?;
    Ok(bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        use std::fmt::Write as _;
        // Writing to a string cannot fail.
        write!(text, "{byte:02x}").unwrap_or_default();
        text
    }))
}

fn random(bytes: &mut [u8]) -> Result<(), InstallError> {
    OsRng
        .try_fill_bytes(bytes)
        .map_err(|error| InstallError::new(format!("the system gives no random numbers: {error}")))
}

/// The text of a new `server.toml`.
fn written(
    repository: &Repository,
    host: &Server,
    host_file: &Path,
    identity: IdentitySource,
) -> Result<String, InstallError> {
    let policy_ref = match (&host.policy_ref, repository.head()?) {
        (Some(there), _) => format!("# policy-ref = \"{}\"        # the host's file says so", there.as_str()),
        (None, Some(head)) => format!("policy-ref = {}", toml::Value::String(head)),
        (None, None) => {
            return Err(InstallError::new("`HEAD` names no branch, so nothing tells where the policy is")
                .hint("let it name one: git symbolic-ref HEAD refs/heads/main"));
        }
    };
    let identity = match host.identity {
        Some(there) => format!(
            "# identity = \"{}\"        # the host's file says so, and it has the last word",
            there.as_str()
        ),
        None => format!("identity = \"{}\"", identity.as_str()),
    };
    let host_file = host_file.display().to_string().replace(char::is_control, "?");
    Ok(format!(
        r#"# How this repository is governed on this server. What is said here goes before what the host's file says,
#   {host_file}
# but for `required`, `operators` and `identity`, which are its alone where it has them.
# What holds, and from where: bylaws doctor --server PATH. With a mistake in here every push is refused.

# The ref whose .bylaws/ folder judges every push, as it was before that push.
{policy_ref}

# Who says who pushes: {sources}.
{identity}

# Who may push the first policy, and repair one that cannot be read.
# operators = [{{ login = "ada", ssh = "ssh-ed25519 AAAA..." }}]

# A .bylaws/ folder on this host that applies to this repository too; it can be tightened, not weakened.
# required = "/etc/bylaws/org"

# false: decide and record what would have been denied, but refuse nothing but what endangers the ledger.
# enforce = true

# The key that signs the ledger; absent: ledger_ed25519 beside this file.
# signing-key = "/etc/bylaws/ledger_ed25519"

# How long a push may be judged; past it, it is refused.
# deadline = "30s"

# Refs that the forge moves itself, without hooks.
# unrecorded-refs = ["refs/pull/**"]

# With identity = "unix" pushers have a shell here and can go round any hook, so protected refs deny them; true: they do not.
# trust-shell = false
"#,
        sources = IdentitySource::WORDS.join(", "),
    ))
}

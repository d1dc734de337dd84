//! The settings that hold for one repository on a server: its own `server.toml` over the host's, key by key.
//!
//! Whoever administers a repository may set what concerns it alone. Who says who pushes, who may repair, and the policy that
//! applies to everything are the host's where it has them: there the repository's are passed over, and [`Effective::origins`]
//! tells so.

use std::path::{Path, PathBuf};

use super::server::{IdentitySource, Operator, Server, server};
use super::{files, load};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::RefName;
use crate::patterns::RefPatterns;

/// How long a push may be judged, in seconds, where nobody says.
const DEADLINE: i64 = 30;
/// GitHub Enterprise ends a hook after five seconds, whatever anybody says
/// (docs.github.com, "Creating a pre-receive hook script").
const DEADLINE_OF_GITHUB: i64 = 5;

/// What holds for one repository.
#[derive(Debug, Clone)]
pub struct Effective {
    /// The branch whose `.bylaws/` judges.
    pub policy_ref: RefName,
    /// Who says who pushes.
    pub identity: IdentitySource,
    /// Those who may repair; nobody where none are named.
    pub operators: Vec<Operator>,
    /// The folder of the policy that applies to every repository.
    pub required: Option<PathBuf>,
    /// Is anything refused? Where nobody says, yes.
    pub enforce: bool,
    /// The file of the ledger's key; `None` for the one that `install --server` made for the repository.
    pub signing_key: Option<PathBuf>,
    /// How long a push may be judged, in seconds.
    pub deadline: i64,
    /// Refs that the forge moves without hooks.
    pub unrecorded_refs: RefPatterns,
    /// Do pushers with a shell reach protected refs? Where nobody says, no.
    pub trust_shell: bool,
    /// Where each key's value is from, in the order of the documentation.
    pub origins: Vec<SettingOrigin>,
}

/// Where a setting is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingOrigin {
    /// The key in `server.toml`.
    pub key: &'static str,
    /// Its value as people read it; `none` for what is not set and has no default.
    pub value: String,
    /// The file that says so, or `default`.
    pub from: String,
    /// That the repository says another thing, which does not count.
    pub remark: Option<String>,
}

/// Whose value holds where both files have one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holder {
    Repository,
    Host,
}

/// Reads the host's file and the repository's; one of the two may be absent.
///
/// # Errors
/// That neither is there, or neither says what has no default; that one cannot be read; everything that is wrong with them.
pub fn effective(host: &Path, repository: &Path) -> Result<Effective, Diagnostics> {
    let (of_host, of_repository) = match (read(host), read(repository)) {
        (Ok(None), Ok(None)) => return Err(neither(host, repository).into()),
        (Ok(host), Ok(repository)) => (host.unwrap_or_default(), repository.unwrap_or_default()),
        (host, repository) => {
            let mistakes = [host.err(), repository.err()].into_iter().flatten().flat_map(|found| found.0);
            return Err(load::in_order(mistakes.collect()));
        }
    };
    Merge { host, repository, origins: Vec::new(), missing: Vec::new() }.all(of_host, of_repository)
}

fn read(path: &Path) -> Result<Option<Server>, Diagnostics> {
    let Some(text) = files::read_text(path)? else { return Ok(None) };
    server(&path.display().to_string(), &text).map(Some)
}

fn neither(host: &Path, repository: &Path) -> Diagnostic {
    let (host, repository) = (host.display(), repository.display());
    let missing = Diagnostic::new(format!(
        "this repository has no settings: neither `{repository}` nor `{host}` is there"
    ));
    missing.help(
        "`bylaws install --server REPOSITORY` writes them; at least `policy-ref` and `identity` are needed",
    )
}

struct Merge<'a> {
    host: &'a Path,
    repository: &'a Path,
    origins: Vec<SettingOrigin>,
    missing: Vec<Diagnostic>,
}

impl Merge<'_> {
    fn all(mut self, host: Server, own: Server) -> Result<Effective, Diagnostics> {
        use Holder::{Host, Repository};
        let policy_ref = self.pick("policy-ref", host.policy_ref, own.policy_ref, Repository, full);
        self.demand(
            "policy-ref",
            policy_ref.is_some(),
            "\"refs/heads/main\"",
            "the branch whose `.bylaws/` judges",
        );
        let identity = self.pick("identity", host.identity, own.identity, Host, word);
        self.demand(
            "identity",
            identity.is_some(),
            "\"ssh\"",
            &format!("one of {}", IdentitySource::WORDS.join(", ")),
        );
        let operators = self.pick("operators", host.operators, own.operators, Host, |all| logins(all));
        let required = self.pick("required", host.required, own.required, Host, |file| shown_path(file));
        let enforce = self.pick_or("enforce", host.enforce, own.enforce, true, bool::to_string);
        let signing_key =
            self.pick("signing-key", host.signing_key, own.signing_key, Repository, |file| shown_path(file));
        let default = if identity == Some(IdentitySource::Github) { DEADLINE_OF_GITHUB } else { DEADLINE };
        let deadline = self.pick_or("deadline", host.deadline, own.deadline, default, |s| format!("{s}s"));
        let unrecorded_refs =
            self.pick("unrecorded-refs", host.unrecorded_refs, own.unrecorded_refs, Repository, patterns);
        let trust_shell =
            self.pick_or("trust-shell", host.trust_shell, own.trust_shell, false, bool::to_string);
        let (Some(policy_ref), Some(identity)) = (policy_ref, identity) else {
            return Err(Diagnostics(self.missing));
        };
        Ok(Effective {
            policy_ref,
            identity,
            operators: operators.unwrap_or_default(),
            required,
            enforce,
            signing_key,
            deadline,
            unrecorded_refs: unrecorded_refs.unwrap_or_default(),
            trust_shell,
            origins: self.origins,
        })
    }

    /// The value that holds, if there is one, and the note of where it is from.
    fn pick<T: PartialEq>(
        &mut self,
        key: &'static str,
        host: Option<T>,
        own: Option<T>,
        holder: Holder,
        shown: impl Fn(&T) -> String,
    ) -> Option<T> {
        let mut remark = None;
        let (value, from) = match (host, own) {
            (Some(host), Some(own)) if holder == Holder::Host => {
                if host != own {
                    let (file, own) = (self.repository.display(), shown(&own));
                    remark = Some(format!("`{file}` says {own}, which does not count: the host's holds"));
                }
                (Some(host), self.host.display().to_string())
            }
            (_, Some(own)) => (Some(own), self.repository.display().to_string()),
            (Some(host), None) => (Some(host), self.host.display().to_string()),
            (None, None) => (None, DEFAULT.to_owned()),
        };
        let text = value.as_ref().map(shown).filter(|text| !text.is_empty());
        self.origins.push(SettingOrigin {
            key,
            value: text.unwrap_or_else(|| "none".to_owned()),
            from,
            remark,
        });
        value
    }

    /// The same, the repository's over the host's, for a key that has a default.
    fn pick_or<T: PartialEq>(
        &mut self,
        key: &'static str,
        host: Option<T>,
        own: Option<T>,
        default: T,
        shown: impl Fn(&T) -> String,
    ) -> T {
        if host.is_none() && own.is_none() {
            let value = shown(&default);
            self.origins.push(SettingOrigin { key, value, from: DEFAULT.to_owned(), remark: None });
            return default;
        }
        self.pick(key, host, own, Holder::Repository, shown).unwrap_or(default)
    }

    fn demand(&mut self, key: &str, is_there: bool, example: &str, meaning: &str) {
        if !is_there {
            let (host, own) = (self.host.display(), self.repository.display());
            let missing = Diagnostic::new(format!("`{key}` is set neither in `{own}` nor in `{host}`"));
            self.missing.push(missing.help(format!("write `{key} = {example}` into one of them: {meaning}")));
        }
    }
}

/// What [`SettingOrigin::from`] says of a key that no file mentions.
const DEFAULT: &str = "default";

fn full(name: &RefName) -> String {
    name.as_str().to_owned()
}

fn word(source: &IdentitySource) -> String {
    source.as_str().to_owned()
}

fn logins(operators: &[Operator]) -> String {
    operators.iter().map(|one| one.login.as_str()).collect::<Vec<_>>().join(", ")
}

fn shown_path(path: &Path) -> String {
    path.display().to_string()
}

fn patterns(patterns: &RefPatterns) -> String {
    patterns.patterns().join(", ")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const ADA: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHq0wVwPjs5tOUZWFSLGdSRDBwe2CLt+UGRDMRbrTgqV";
    const ENOUGH: &str = "policy-ref = \"refs/heads/main\"\nidentity = \"ssh\"\n";

    /// What holds with these two files; `None` for one that is not there. Paths of the machine are left out of what is said.
    fn of(host: Option<&str>, own: Option<&str>) -> Result<Effective, String> {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: Option<&str>| {
            let path = folder.path().join(name);
            if let Some(text) = text {
                fs::write(&path, text).unwrap();
            }
            path
        };
        let (host, own) = (write("host.toml", host), write("server.toml", own));
        let hidden = format!("{}/", folder.path().display());
        let mut read = effective(&host, &own).map_err(|error| error.to_string().replace(&hidden, ""))?;
        for origin in &mut read.origins {
            origin.from = origin.from.replace(&hidden, "");
            origin.remark = origin.remark.take().map(|remark| remark.replace(&hidden, ""));
        }
        Ok(read)
    }

    fn shown(effective: &Effective) -> String {
        let line = |one: &SettingOrigin| {
            let remark = one.remark.as_ref().map(|remark| format!(" ({remark})")).unwrap_or_default();
            format!("{} = {} <- {}{remark}\n", one.key, one.value, one.from)
        };
        effective.origins.iter().map(line).collect()
    }

    #[test]
    fn one_file_is_enough_and_the_rest_has_defaults() {
        for effective in [of(Some(ENOUGH), None).unwrap(), of(None, Some(ENOUGH)).unwrap()] {
            assert_eq!(effective.policy_ref.as_str(), "refs/heads/main");
            assert_eq!(effective.identity, IdentitySource::Ssh);
            assert!(effective.enforce && !effective.trust_shell && effective.operators.is_empty());
            assert_eq!((effective.deadline, effective.required, effective.signing_key), (30, None, None));
        }
        let github = of(None, Some("policy-ref = \"refs/heads/main\"\nidentity = \"github\"\n")).unwrap();
        assert_eq!(github.deadline, 5);
    }

    #[test]
    fn the_repository_s_holds_but_for_what_is_the_host_s() {
        let host = format!(
            "policy-ref = \"refs/heads/master\"\nidentity = \"gitolite\"\nrequired = \"/etc/bylaws/org\"\n\
             operators = [{{ login = \"ada\", ssh = \"{ADA}\" }}]\nenforce = true\ndeadline = \"20s\"\n\
             unrecorded-refs = [\"refs/pull/**\"]\n"
        );
        let own = format!(
            "policy-ref = \"refs/heads/main\"\nidentity = \"unix\"\nrequired = \"/tmp/lax\"\n\
             operators = [{{ login = \"eve\", ssh = \"{ADA}\" }}]\nenforce = false\ntrust-shell = true\n\
             signing-key = \"/srv/key\"\nunrecorded-refs = [\"refs/changes/**\"]\n"
        );
        let effective = of(Some(&host), Some(&own)).unwrap();
        assert_eq!(effective.identity, IdentitySource::Gitolite);
        assert_eq!(effective.operators[0].login, "ada");
        assert_eq!(effective.required.as_deref(), Some(Path::new("/etc/bylaws/org")));
        assert!(!effective.enforce && effective.trust_shell);
        assert!(effective.unrecorded_refs.matches(&RefName::new("refs/changes/1").unwrap()));
        insta::assert_snapshot!(shown(&effective), @"
        policy-ref = refs/heads/main <- server.toml
        identity = gitolite <- host.toml (`server.toml` says unix, which does not count: the host's holds)
        operators = ada <- host.toml (`server.toml` says eve, which does not count: the host's holds)
        required = /etc/bylaws/org <- host.toml (`server.toml` says /tmp/lax, which does not count: the host's holds)
        enforce = false <- server.toml
        signing-key = /srv/key <- server.toml
        deadline = 20s <- host.toml
        unrecorded-refs = refs/changes/** <- server.toml
        trust-shell = true <- server.toml
        ");
    }

    #[test]
    fn no_operator_at_all_is_the_host_s_word_too() {
        let own = format!("{ENOUGH}operators = [{{ login = \"eve\", ssh = \"{ADA}\" }}]\n");
        let effective = of(Some("operators = []\n"), Some(&own)).unwrap();
        assert!(effective.operators.is_empty());
        assert!(effective.origins.iter().any(|one| one.key == "operators" && one.remark.is_some()));
        assert_eq!(of(None, Some(&own)).unwrap().operators.len(), 1);
    }

    #[test]
    fn what_is_missing_is_told_with_what_to_write() {
        insta::assert_snapshot!(of(None, None).unwrap_err(), @"
        error: this repository has no settings: neither `server.toml` nor `host.toml` is there
          = help: `bylaws install --server REPOSITORY` writes them; at least `policy-ref` and `identity` are needed
        ");
        insta::assert_snapshot!(of(Some("enforce = true\n"), Some("")).unwrap_err(), @r#"
        error: `policy-ref` is set neither in `server.toml` nor in `host.toml`
          = help: write `policy-ref = "refs/heads/main"` into one of them: the branch whose `.bylaws/` judges

        error: `identity` is set neither in `server.toml` nor in `host.toml`
          = help: write `identity = "ssh"` into one of them: one of gitolite, gitea, gitlab, github, http, ssh, push-cert, unix
        "#);
        assert!(of(Some("identity = \"ssh\"\n"), None).unwrap_err().contains("`policy-ref` is set neither"));
        assert!(of(Some("identity = \"ssh\"\n"), Some("policy-ref = \"refs/heads/x\"\n")).is_ok());
    }

    #[test]
    fn the_mistakes_of_both_files_are_told() {
        let error = of(Some("enforce = 1\n"), Some("identity = \"gitole\"\n")).unwrap_err();
        assert!(error.contains("--> host.toml:1:") && error.contains("--> server.toml:1:"), "{error}");
    }

    #[test]
    fn what_cannot_be_read_is_an_error_whatever_the_other_says() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("good"), ENOUGH).unwrap();
        fs::create_dir(at("folder")).unwrap();
        fs::write(at("latin"), b"policy-ref = \"caf\xe9\"").unwrap();
        fs::write(at("large"), vec![b'#'; (1 << 20) + 1]).unwrap();
        std::os::unix::fs::symlink(at("dangling"), at("link")).unwrap();
        std::os::unix::fs::symlink(at("loop"), at("loop")).unwrap();
        std::os::unix::fs::symlink(at("good"), at("linked")).unwrap();
        for (name, said) in [
            ("folder", "this is no file"),
            ("latin", "this file is not UTF-8 text"),
            ("large", "this file is larger than 1024 KiB"),
            ("link", "this cannot be read: "),
            ("loop", "this cannot be read: "),
            ("good/below", "this cannot be read: "),
        ] {
            for result in [effective(&at(name), &at("good")), effective(&at("good"), &at(name))] {
                assert!(result.unwrap_err().to_string().contains(said), "{name}");
            }
        }
        assert!(effective(&at("linked"), &at("absent")).is_ok());
    }
}

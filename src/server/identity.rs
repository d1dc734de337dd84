//! Who pushes, by the one source that the operator configured. No other variable is looked at: what one server sets for its
//! hooks, a client of another may send.
//!
//! | `identity` | who it is | from |
//! |---|---|---|
//! | `gitolite` | `GL_USER`; with `GL_BYPASS_ACCESS_CHECKS` nobody | `main` in src/gitolite-shell; src/commands/push |
//! | `gitea` | `GITEA_PUSHER_NAME`, with the number in `GITEA_PUSHER_ID`; `GITEA_DEPLOY_KEY_ID` before it | modules/repository/env.go, cmd/serv.go |
//! | `gitlab` | `GL_USERNAME` if `GL_ID` is `user-17`; the key if it is `key-12` | docs.gitlab.com, "Git server hooks"; gitlab-shell, accessverifier/client.go |
//! | `github` | `GITHUB_USER_LOGIN` | docs.github.com, "Creating a pre-receive hook script" |
//! | `http` | `REMOTE_USER` | RFC 3875, 4.1.11; git-http-backend(1) |
//! | `ssh` | `BYLAWS_LOGIN` | `bylaws serve LOGIN` |
//! | `push-cert` | who signed the push certificate | githooks(5), pre-receive |
//! | `unix` | the account that runs the hook | getuid(2) |
//!
//! - Gitea and Forgejo name the repository's owner when a deploy key pushes (routers/private/serv.go: "Deploy keys aren't
//!   really the owner"), so that the deploy key is asked for first. Merges on the web are pushed by whoever pressed the button.
//! - GitLab says `key-12` for whatever key comes over ssh, a person's or a deploy key, and in `GL_USERNAME` its owner. The two
//!   cannot be told apart, so a key is nobody until people.toml pins it: `"gitlab:key-12"`.
//! - gitolite's bypass is how somebody on the server itself pushes, or a mirror: nobody that gitolite knows.
//! - `unix` is the real user id, that of whoever started `git push`. `SUDO_USER` and `USER` are anybody's to set; who becomes
//!   another account through sudo or su is that account.

use std::sync::Arc;

use super::Variables;
use super::certificate::{Certificate, Signer};
use crate::config::{IdentitySource, Operator};
use crate::diagnostic::Diagnostic;
use crate::facts::{Identity, People, Person};
use crate::report::clean;

/// A longer login, in bytes, is none.
const MAX_LOGIN: usize = 255;
/// What begins a login in people.toml that is a number or a key rather than a name; no account may be called so.
const PINS: [&str; 4] = ["gitea:", "gitlab:", "github:", DEPLOY_KEY];
const DEPLOY_KEY: &str = "deploy-key:";

/// Who pushes, as the identity source says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Who {
    /// An account.
    Account {
        /// Its name.
        login: String,
        /// Its number as people.toml pins one, `gitea:17`, where the source tells it.
        pin: Option<String>,
    },
    /// A key that the source tells no owner of, as people.toml pins one: `gitlab:key-12`.
    Key(String),
    /// A deploy key, by its number: it is nobody's, whoever owns the repository.
    DeployKey(String),
    /// The signer of the push certificate.
    Signer(Signer),
}

/// Who pushes. `certificate` is what [`super::certificate::read`] found.
///
/// # Errors
/// That the source does not say, or says what cannot be a login. The message goes on a sentence: "and ...".
pub(super) fn who(
    source: IdentitySource,
    variables: &Variables<'_>,
    certificate: &Result<Option<Certificate>, Diagnostic>,
) -> Result<Who, Diagnostic> {
    let account = |login| Who::Account { login, pin: None };
    match source {
        IdentitySource::Gitolite => gitolite(variables),
        IdentitySource::Gitea => gitea(variables),
        IdentitySource::Gitlab => gitlab(variables),
        IdentitySource::Github => {
            login("GITHUB_USER_LOGIN", variables, "push through GitHub Enterprise").map(account)
        }
        IdentitySource::Http => {
            let help = "the operator lets the web server ask for a name before it runs git-http-backend";
            login("REMOTE_USER", variables, help).map(account)
        }
        IdentitySource::Ssh => {
            let help = "the operator puts command=\"bylaws serve LOGIN\" before your key in authorized_keys";
            login("BYLAWS_LOGIN", variables, help).map(account)
        }
        IdentitySource::PushCert => match certificate {
            Ok(Some(certificate)) => Ok(Who::Signer(certificate.signer.clone())),
            Ok(None) => Err(Diagnostic::new("the push is not signed").help("push with `git push --signed`")),
            Err(why) => Err(why.clone()),
        },
        IdentitySource::Unix => unix().map(account),
    }
}

fn gitolite(variables: &Variables<'_>) -> Result<Who, Diagnostic> {
    // Any value that is true to Perl.
    if variables("GL_BYPASS_ACCESS_CHECKS").is_some_and(|value| value != "0") {
        let message = "it was pushed on the server itself, past gitolite: GL_BYPASS_ACCESS_CHECKS is set";
        return Err(Diagnostic::new(message).help("push through gitolite, as anybody does"));
    }
    let login = login("GL_USER", variables, "push through gitolite, not on the server itself")?;
    Ok(Who::Account { login, pin: None })
}

fn gitea(variables: &Variables<'_>) -> Result<Who, Diagnostic> {
    // Before Gitea 1.17 and Forgejo it was a flag beside the number of the key.
    if variables("GITEA_IS_DEPLOY_KEY").is_some_and(|flag| flag == "true") {
        return number("GITEA_KEY_ID", variables).map(|id| Who::DeployKey(id.to_string()));
    }
    if variables("GITEA_DEPLOY_KEY_ID").is_some() {
        let id = number("GITEA_DEPLOY_KEY_ID", variables)?;
        if id != 0 {
            return Ok(Who::DeployKey(id.to_string()));
        }
    }
    let login =
        login("GITEA_PUSHER_NAME", variables, "push through Gitea or Forgejo, not on the server itself")?;
    let id = number("GITEA_PUSHER_ID", variables)?;
    Ok(Who::Account { login, pin: Some(format!("gitea:{id}")) })
}

fn gitlab(variables: &Variables<'_>) -> Result<Who, Diagnostic> {
    let help = "push through GitLab, not on the server itself";
    let Some(id) = variables("GL_ID") else { return Err(missing("GL_ID", help)) };
    let numbered = |prefix: &str| id.strip_prefix(prefix).and_then(|number| number.parse::<u64>().ok());
    if let Some(user) = numbered("user-") {
        let login = login("GL_USERNAME", variables, help)?;
        return Ok(Who::Account { login, pin: Some(format!("gitlab:{user}")) });
    }
    match numbered("key-") {
        Some(key) => Ok(Who::Key(format!("gitlab:key-{key}"))),
        None => {
            Err(Diagnostic::new(format!("nobody says who pushes: GL_ID is `{}`", shortened(&id))).help(help))
        }
    }
}

fn unix() -> Result<String, Diagnostic> {
    let id = nix::unistd::Uid::current();
    let unknown = |why: &str| {
        let help = "the operator gives the account a name, or lets people in another way";
        Diagnostic::new(format!("the account with the number {id} {why}")).help(help)
    };
    match nix::unistd::User::from_uid(id) {
        Ok(Some(user)) if is_login(&user.name) => Ok(user.name),
        Ok(Some(_)) => Err(unknown("has a name that is no login")),
        Ok(None) => Err(unknown("has no name on this server")),
        Err(error) => Err(unknown(&format!("cannot be looked up: {error}"))),
    }
}

fn missing(variable: &str, help: &str) -> Diagnostic {
    Diagnostic::new(format!("nobody says who pushes: {variable} is not set")).help(help)
}

fn login(variable: &str, variables: &Variables<'_>, help: &str) -> Result<String, Diagnostic> {
    let Some(login) = variables(variable) else { return Err(missing(variable, help)) };
    if is_login(&login) {
        return Ok(login);
    }
    let message = format!("{variable} names `{}`, which is no login", shortened(&login));
    Err(Diagnostic::new(message).help("an account's plain name is one"))
}

fn number(variable: &str, variables: &Variables<'_>) -> Result<i64, Diagnostic> {
    let Some(text) = variables(variable) else {
        return Err(missing(variable, "push through Gitea or Forgejo, not on the server itself"));
    };
    let message = || Diagnostic::new(format!("nobody says who pushes: {variable} is `{}`", shortened(&text)));
    text.parse().map_err(|_| message())
}

/// What can stand in a record as it is, and is no pin: else whoever may choose a name could choose another's number.
fn is_login(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_LOGIN
        && text.trim() == text
        && !text.contains(char::REPLACEMENT_CHARACTER)
        && clean(text) == text
        && !PINS.iter().any(|pin| text.starts_with(pin))
}

fn shortened(text: &str) -> String {
    clean(text).chars().take(60).collect()
}

impl Who {
    /// As records name the pusher: `ada`, `deploy-key:12`, `gitlab:key-12`.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Account { login, .. } => login.clone(),
            Self::Key(key) => key.clone(),
            Self::DeployKey(id) => format!("{DEPLOY_KEY}{id}"),
            Self::Signer(signer) => signer.shown(),
        }
    }

    /// The pusher as rules see one, at `now`, seconds UTC: without an identity for whoever is nobody in people.toml.
    pub(super) fn person(&self, people: &People, now: i64) -> Person {
        let identity = self.identity(people).cloned();
        let known = identity.as_deref();
        Person {
            name: known.map_or_else(|| self.shown(), |identity| identity.name.clone()),
            email: known.and_then(|identity| identity.emails.first()).cloned().unwrap_or_default(),
            time: now,
            login: Some(self.shown()),
            identity,
        }
    }

    fn identity<'p>(&'p self, people: &'p People) -> Option<&'p Arc<Identity>> {
        match self {
            Self::Account { login, pin: None } => people.by_login(login),
            Self::Account { login, pin: Some(pin) } => match (people.by_login(pin), people.by_login(login)) {
                // A number that was mistyped would make one person another.
                (Some(pinned), Some(named)) if !Arc::ptr_eq(pinned, named) => None,
                (Some(pinned), _) => Some(pinned),
                // The account was renamed, or its name was given to another since: whoever is pinned is not it.
                (None, named) => named.filter(|named| !has_number_there(named, pin)),
            },
            Self::Key(key) => people.by_login(key),
            // A deploy key may be a service's; a person's it is not.
            Self::DeployKey(_) => people.by_login(&self.shown()).filter(|identity| identity.is_service),
            Self::Signer(signer) => signer.identity.as_ref(),
        }
    }

    /// Is this one of the operators: by the login, or by the number where that is what the operator wrote; by the key for
    /// the signer of a push certificate.
    pub(super) fn is_operator(&self, operators: &[Operator]) -> bool {
        operators.iter().any(|operator| match self {
            Self::Account { login, pin } => operator.login == *login || Some(&operator.login) == pin.as_ref(),
            Self::Key(key) => operator.login == *key,
            Self::DeployKey(_) => false,
            Self::Signer(signer) => operator.key == signer.key,
        })
    }

    /// Why it is nobody in people.toml, and what to write where.
    pub(super) fn unknown(&self, people: &People) -> (String, String) {
        if let Self::Account { login, pin: Some(pin) } = self
            && let (Some(pinned), Some(named)) = (people.by_login(pin), people.by_login(login))
            && !Arc::ptr_eq(pinned, named)
        {
            let message = format!(
                "`{login}` is two people in people.toml: `{}` by the number `{pin}` and `{}` by the name",
                pinned.id, named.id
            );
            let help = format!(
                "take `{pin}` or `{login}` out of the `logins` of the one whose it is not, in .bylaws/people.toml"
            );
            return (message, help);
        }
        (format!("`{}` is nobody in people.toml", self.shown()), self.help())
    }

    fn help(&self) -> String {
        match self {
            Self::DeployKey(_) => {
                format!(
                    "push as a person, or add `{}` to the `logins` of a service in .bylaws/people.toml",
                    self.shown()
                )
            }
            Self::Key(key) => format!(
                "push over https, or add `{key}` to the `logins` of its owner in .bylaws/people.toml: \
                 GitLab does not tell a person's key from a deploy key"
            ),
            Self::Signer(signer) => {
                format!(
                    "add the key {} to the `keys` of its owner in .bylaws/people.toml",
                    signer.key.fingerprint()
                )
            }
            Self::Account { login, .. } => {
                format!("add `{login}` to the `logins` of its owner in .bylaws/people.toml")
            }
        }
    }
}

/// Is an account's number of the same forge as `pin` among the logins?
fn has_number_there(identity: &Identity, pin: &str) -> bool {
    let Some((forge, _)) = pin.split_once(':') else { return false };
    let is_number = |login: &String| {
        let number = login.strip_prefix(forge).and_then(|rest| rest.strip_prefix(':'));
        number.is_some_and(|number| number.parse::<i64>().is_ok())
    };
    identity.logins.iter().any(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::KeyMaterial;

    type Set<'a> = &'a [(&'a str, &'a str)];

    fn asked(source: IdentitySource, set: Set<'_>) -> Result<Who, Diagnostic> {
        let found =
            |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        who(source, &|name: &str| found(name).filter(|value| !value.is_empty()), &Ok(None))
    }

    fn shown(source: IdentitySource, set: Set<'_>) -> String {
        asked(source, set).map_or_else(|why| format!("error: {}", why.message), |who| who.shown())
    }

    fn identity(id: &str, logins: &[&str], is_service: bool) -> Identity {
        Identity {
            id: id.to_owned(),
            name: id.to_owned(),
            emails: vec![format!("{id}@example.org")],
            logins: logins.iter().map(|login| (*login).to_owned()).collect(),
            seniority: None,
            teams: Vec::new(),
            keys: Vec::new(),
            is_service,
            tests: Vec::new(),
            deploys: Vec::new(),
        }
    }

    fn person(source: IdentitySource, set: Set<'_>, people: &People) -> String {
        let person = asked(source, set).unwrap().person(people, 7);
        assert_eq!(person.time, 7);
        person.identity.map_or_else(|| "-".to_owned(), |identity| identity.id.clone())
    }

    #[test]
    fn each_source_has_its_own_variables() {
        use IdentitySource::{Gitea, Github, Gitlab, Gitolite, Http, PushCert, Ssh};
        let all: Set<'_> = &[
            ("GL_USER", "of-gitolite"),
            ("GITEA_PUSHER_NAME", "of-gitea"),
            ("GITEA_PUSHER_ID", "17"),
            ("GITEA_DEPLOY_KEY_ID", "0"),
            ("GL_ID", "user-3"),
            ("GL_USERNAME", "of-gitlab"),
            ("GITHUB_USER_LOGIN", "of-github"),
            ("REMOTE_USER", "of-http"),
            ("BYLAWS_LOGIN", "of-ssh"),
        ];
        for source in [Gitolite, Gitea, Gitlab, Github, Http, Ssh] {
            assert_eq!(shown(source, all), format!("of-{}", source.as_str()));
            let nobody = shown(source, &[]);
            assert!(
                nobody.starts_with("error: nobody says who pushes: ") && nobody.ends_with(" is not set"),
                "{nobody}"
            );
        }
        assert_eq!(shown(PushCert, all), "error: the push is not signed");
    }

    #[test]
    fn past_gitolite_s_checks_it_is_nobody() {
        let of = |bypass| {
            shown(IdentitySource::Gitolite, &[("GL_USER", "ada"), ("GL_BYPASS_ACCESS_CHECKS", bypass)])
        };
        assert_eq!(
            of("1"),
            "error: it was pushed on the server itself, past gitolite: GL_BYPASS_ACCESS_CHECKS is set"
        );
        assert_eq!((of("0"), of("")), ("ada".to_owned(), "ada".to_owned()));
    }

    #[test]
    fn a_deploy_key_is_never_its_owner() {
        let people = People::new(vec![
            identity("ada", &["ada", "gitea:17", "deploy-key:6"], false),
            identity("ci", &["deploy-key:5"], true),
        ]);
        let owner = [("GITEA_PUSHER_NAME", "ada"), ("GITEA_PUSHER_ID", "17")];
        for (more, who, whose) in [
            (vec![("GITEA_DEPLOY_KEY_ID", "5")], "deploy-key:5", "ci"),
            (vec![("GITEA_DEPLOY_KEY_ID", "6")], "deploy-key:6", "-"),
            (vec![("GITEA_IS_DEPLOY_KEY", "true"), ("GITEA_KEY_ID", "9")], "deploy-key:9", "-"),
            (vec![("GITEA_DEPLOY_KEY_ID", "0")], "ada", "ada"),
            (vec![("GITEA_IS_DEPLOY_KEY", "false"), ("GITEA_KEY_ID", "9")], "ada", "ada"),
        ] {
            let set = [&owner[..], &more[..]].concat();
            assert_eq!(shown(IdentitySource::Gitea, &set), who);
            assert_eq!(person(IdentitySource::Gitea, &set, &people), whose, "{who}");
        }
        let odd = [&owner[..], &[("GITEA_DEPLOY_KEY_ID", "5x")][..]].concat();
        assert!(shown(IdentitySource::Gitea, &odd).starts_with("error: "));
        let deploy = Who::DeployKey("5".to_owned());
        assert!(!deploy.is_operator(&[operator("deploy-key:5")]));
    }

    #[test]
    fn a_number_holds_whatever_the_name() {
        let people = People::new(vec![
            identity("ada", &["ada", "gitea:17"], false),
            identity("bob", &["bob"], false),
            identity("eve", &["eve", "gitlab:5"], false),
        ]);
        let of = |name, id| {
            person(IdentitySource::Gitea, &[("GITEA_PUSHER_NAME", name), ("GITEA_PUSHER_ID", id)], &people)
        };
        assert_eq!(of("ada", "17"), "ada");
        assert_eq!(of("renamed", "17"), "ada");
        assert_eq!(of("bob", "17"), "-", "the number says one, the name another");
        assert_eq!(of("ada", "18"), "-", "the name was given to another");
        assert_eq!(of("bob", "18"), "bob");
        assert_eq!(of("eve", "18"), "eve", "a number of another forge");
        assert_eq!(of("stranger", "19"), "-");
        for id in ["", "17x", "seventeen"] {
            assert!(
                asked(IdentitySource::Gitea, &[("GITEA_PUSHER_NAME", "ada"), ("GITEA_PUSHER_ID", id)])
                    .is_err()
            );
        }
    }

    #[test]
    fn a_number_of_one_and_a_name_of_another_are_nobody() {
        let people = People::new(vec![
            identity("ada", &["ada", "gitea:17"], false),
            identity("bob", &["bob"], false),
            identity("eve", &["gitea:19"], false),
        ]);
        let who = |name, id| {
            asked(IdentitySource::Gitea, &[("GITEA_PUSHER_NAME", name), ("GITEA_PUSHER_ID", id)]).unwrap()
        };
        assert_eq!(who("bob", "17").person(&people, 0).identity, None);
        let (message, help) = who("bob", "17").unknown(&people);
        assert_eq!(
            message,
            "`bob` is two people in people.toml: `ada` by the number `gitea:17` and `bob` by the name"
        );
        assert!(help.contains("take `gitea:17` or `bob` out of the `logins`"), "{help}");
        let id = |who: Who| who.person(&people, 0).identity.unwrap().id.clone();
        assert_eq!(
            (id(who("ada", "17")), id(who("renamed", "17")), id(who("bob", "18")), id(who("x", "19"))),
            ("ada".to_owned(), "ada".to_owned(), "bob".to_owned(), "eve".to_owned())
        );
        assert_eq!(who("stranger", "20").unknown(&people).0, "`stranger` is nobody in people.toml");
    }

    #[test]
    fn two_logins_are_one_person() {
        let people = People::new(vec![identity("ada", &["ada", "ada-admin"], false)]);
        let of = |login| asked(IdentitySource::Http, &[("REMOTE_USER", login)]).unwrap().person(&people, 0);
        assert!(of("ada") == of("ada-admin"));
        assert!(of("ada") != of("eve"));
        assert_eq!(of("ada-admin").login.as_deref(), Some("ada-admin"));
        assert_eq!(of("eve").identity, None);
    }

    #[test]
    fn a_key_of_gitlab_s_is_nobody_s_until_it_is_pinned() {
        let people = People::new(vec![identity("ada", &["ada", "gitlab:key-12"], false)]);
        let of = |id| person(IdentitySource::Gitlab, &[("GL_ID", id), ("GL_USERNAME", "ada")], &people);
        assert_eq!(
            (of("key-12"), of("key-13"), of("user-3")),
            ("ada".to_owned(), "-".to_owned(), "ada".to_owned())
        );
        for id in ["key-", "key-x", "user--1", "deploy-token-1", "user-1\n"] {
            let who = shown(IdentitySource::Gitlab, &[("GL_ID", id), ("GL_USERNAME", "ada")]);
            assert!(who.starts_with("error: nobody says who pushes: GL_ID is `"), "{who}");
        }
        assert!(asked(IdentitySource::Gitlab, &[("GL_ID", "user-3")]).is_err());
    }

    #[test]
    fn what_cannot_stand_in_a_record_is_no_login() {
        let long = "a".repeat(256);
        for login in [
            "ada\n",
            "a\u{1b}[2Jda",
            "ada ",
            " ada",
            "\u{202e}ada",
            "ad\u{fffd}",
            "gitea:17",
            "deploy-key:5",
            "gitlab:key-1",
            &long,
        ] {
            let who = shown(IdentitySource::Http, &[("REMOTE_USER", login)]);
            assert!(who.starts_with("error: REMOTE_USER names `") && who.len() < 200, "{who}");
            assert!(!who.contains(['\n', '\u{1b}', '\u{202e}']));
        }
        for login in
            ["ada", "ada@EXAMPLE.ORG", "Ada Lovelace", "EXAMPLE\\ada", "\u{e4}d\u{e4}", &"a".repeat(255)]
        {
            assert_eq!(shown(IdentitySource::Http, &[("REMOTE_USER", login)]), login);
        }
    }

    fn operator(login: &str) -> Operator {
        Operator { login: login.to_owned(), key: KeyMaterial::Gpg("A".repeat(40)) }
    }

    #[test]
    fn an_operator_is_known_by_login_or_number_and_a_signer_by_the_key() {
        let account = |login: &str, pin: Option<&str>| Who::Account {
            login: login.to_owned(),
            pin: pin.map(str::to_owned),
        };
        let operators = [operator("ada"), operator("gitea:17")];
        assert!(account("ada", None).is_operator(&operators));
        assert!(account("bob", Some("gitea:17")).is_operator(&operators));
        assert!(!account("bob", Some("gitea:18")).is_operator(&operators));
        let signer = |key: &str| {
            Who::Signer(Signer {
                key: KeyMaterial::Gpg(key.repeat(40)),
                identity: None,
                operator: Some("ada".to_owned()),
            })
        };
        assert!(signer("A").is_operator(&operators) && !signer("B").is_operator(&operators));
        assert_eq!(
            (signer("A").shown(), signer("B").person(&People::default(), 0).identity),
            ("ada".to_owned(), None)
        );
    }

    #[test]
    fn the_account_is_the_real_one_whatever_variables_say() {
        let set: Set<'_> = &[("USER", "eve"), ("LOGNAME", "eve"), ("SUDO_USER", "eve")];
        let output = std::process::Command::new("id").args(["-r", "-u", "-n"]).output().unwrap();
        assert_eq!(shown(IdentitySource::Unix, set), String::from_utf8(output.stdout).unwrap().trim());
    }
}

//! `bylaws serve LOGIN`: the forced command of a key in `authorized_keys`, by which a plain ssh server knows its pushers.
//!
//! ```text
//! command="/usr/local/bin/bylaws serve ada",restrict ssh-ed25519 AAAA... ada@laptop
//! ```
//!
//! Who has no shell cannot go round the hook, so git's own services are all that is served. git gets an environment made
//! from nothing: a client sends variables with `ssh -o SendEnv` where the server's `AcceptEnv` lets it, and `GIT_*` steers
//! git, `BYLAWS_*` would say who pushes.

mod request;

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::Context as _;

use self::request::Request;
use super::Exit;
use super::arguments;
use super::environment::Environment;
use crate::diagnostic::Diagnostic;
use crate::report::clean;

/// Where git is looked for. Not in the caller's `PATH`, which a client may have sent.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin:/opt/homebrew/bin";

/// Who pushes, for the hook: the identity source `ssh` reads it.
const LOGIN: &str = "BYLAWS_LOGIN";

pub(super) fn run(command: &arguments::Serve, environment: &Environment) -> anyhow::Result<Exit> {
    let login = command.login.as_str();
    if !is_login(login) {
        let message = format!("`{}` is no login", clean(login));
        return Err(Diagnostic::new(message)
            .help("name the key's owner as people.toml does in `logins`")
            .into());
    }
    let Some(asked) = environment.get("SSH_ORIGINAL_COMMAND") else {
        let message = format!("you are `{login}` here; this server has git repositories and no shell");
        return Err(Diagnostic::new(message).help("git clone, git fetch and git push work").into());
    };
    let request = Request::parse(asked.as_encoded_bytes())?;
    let mut git = Command::new("git");
    git.arg(request.service.word()).arg(&request.repository);
    git.env_clear().envs(variables(login, environment));
    // On success this process is git, and its status ours.
    Err(git.exec()).context("cannot run git: it is in none of the folders of this server's PATH")
}

/// A name that can stand in a record and in a list: the operator wrote it, perhaps with a script that did not look.
fn is_login(login: &str) -> bool {
    !login.is_empty() && !login.starts_with('-') && login.trim() == login && clean(login) == login
}

/// All that git and its hooks will see.
fn variables(login: &str, environment: &Environment) -> Vec<(&'static str, OsString)> {
    let mut variables: Vec<(&'static str, OsString)> =
        vec![("PATH", PATH.into()), ("LC_ALL", "C.UTF-8".into()), (LOGIN, login.into())];
    // sshd sets these after all that a client sent.
    for name in ["HOME", "USER", "LOGNAME", "SSH_CONNECTION"] {
        variables.extend(environment.get(name).map(|value| (name, value.to_owned())));
    }
    // Which protocol is spoken is the client's to say, and this is how it says it (gitprotocol-v2(5)).
    let protocol = environment.get("GIT_PROTOCOL").filter(|value| is_protocol(value));
    variables.extend(protocol.map(|value| ("GIT_PROTOCOL", value.to_owned())));
    variables
}

/// `version=2`, or several such keys with colons between them: git(1), `GIT_PROTOCOL`.
fn is_protocol(value: &OsStr) -> bool {
    let word = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    let pair =
        |text: &str| text.split_once('=').map_or_else(|| word(text), |(key, value)| word(key) && word(value));
    value.len() <= 256
        && value.to_str().is_some_and(|text| text.starts_with("version=") && text.split(':').all(pair))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_a_name_and_nothing_else() {
        for good in ["ada", "ada@example.org", "Ada Lovelace", "gitea:17", "ädä"] {
            assert!(is_login(good), "{good}");
        }
        for bad in ["", "-c", " ada", "ada\n", "a\u{1b}[31m", "ada\u{202e}"] {
            assert!(!is_login(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_protocol_is_words_and_no_more() {
        for good in ["version=2", "version=1:foo=bar", "version=2:x"] {
            assert!(is_protocol(OsStr::new(good)), "{good}");
        }
        for bad in ["", "version=", "foo=bar", "version=2:", "version=2 x", "version=$(id)", "version=2\n"] {
            assert!(!is_protocol(OsStr::new(bad)), "{bad:?}");
        }
    }
}

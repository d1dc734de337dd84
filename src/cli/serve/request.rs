//! What a git client asks an ssh server to run: one service, one repository in single quotes.
//!
//! Read as strictly as git-shell(1) does (`shell.c` and `sq_dequote` in git's `quote.c`): the text never meets a shell here,
//! and what is not exactly of this form was not written by a git client.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use crate::diagnostic::Diagnostic;
use crate::report::clean;

/// One of git's services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    /// Takes a push.
    ReceivePack,
    /// Serves a fetch or clone.
    UploadPack,
    /// Serves `git archive --remote`.
    UploadArchive,
}

impl Service {
    const ALL: [Self; 3] = [Self::ReceivePack, Self::UploadPack, Self::UploadArchive];

    /// The subcommand of git.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::ReceivePack => "receive-pack",
            Self::UploadPack => "upload-pack",
            Self::UploadArchive => "upload-archive",
        }
    }
}

/// A service of git on a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) service: Service,
    /// As the client names it: absolute, from the home folder, or `~/...`, which git itself resolves.
    pub(super) repository: OsString,
}

impl Request {
    /// Reads `git-receive-pack 'path'`, or `git receive-pack 'path'`.
    ///
    /// # Errors
    /// For anything else.
    pub(super) fn parse(command: &[u8]) -> Result<Self, Diagnostic> {
        let (service, argument) = service(command).ok_or_else(|| {
            let shown = clean(&String::from_utf8_lossy(command));
            let message = format!("`{}` is not served here", shown.chars().take(80).collect::<String>());
            Diagnostic::new(message).help("git clone, git fetch and git push work; there is no shell")
        })?;
        let repository = unquoted(argument).ok_or_else(|| {
            let message = format!("`git {}` wants one repository in single quotes", service.word());
            Diagnostic::new(message).help("git's own client writes it so")
        })?;
        if repository.is_empty()
            || repository.starts_with(b"-")
            || repository.iter().any(u8::is_ascii_control)
        {
            return Err(
                Diagnostic::new("this is no name of a repository").help("look at the url: git remote -v")
            );
        }
        Ok(Self { service, repository: OsString::from_vec(repository) })
    }
}

/// The service that a command begins with, and what follows it.
fn service(command: &[u8]) -> Option<(Service, &[u8])> {
    let rest = command.strip_prefix(b"git-").or_else(|| command.strip_prefix(b"git "))?;
    Service::ALL.into_iter().find_map(|service| {
        let argument = rest.strip_prefix(service.word().as_bytes())?.strip_prefix(b" ")?;
        Some((service, argument))
    })
}

/// A word out of single quotes, in which `'` and `!` are written `'\''` and `'\!'`. `None` for anything else.
fn unquoted(word: &[u8]) -> Option<Vec<u8>> {
    let mut rest = word.strip_prefix(b"'")?;
    let mut out = Vec::with_capacity(rest.len());
    loop {
        let end = rest.iter().position(|byte| *byte == b'\'')?;
        let (inside, after) = rest.split_at_checked(end)?;
        out.extend_from_slice(inside);
        match after {
            [b'\''] => return Some(out),
            [b'\'', b'\\', escaped @ (b'\'' | b'!'), b'\'', more @ ..] => {
                out.push(*escaped);
                rest = more;
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(command: &str) -> Result<(&'static str, String), String> {
        let request = Request::parse(command.as_bytes()).map_err(|error| error.message)?;
        Ok((request.service.word(), request.repository.into_string().unwrap()))
    }

    #[test]
    fn what_git_clients_write_is_understood() {
        for (command, service, repository) in [
            ("git-receive-pack '/srv/git/shop.git'", "receive-pack", "/srv/git/shop.git"),
            ("git receive-pack 'shop.git'", "receive-pack", "shop.git"),
            ("git-upload-pack '~/shop.git'", "upload-pack", "~/shop.git"),
            ("git-upload-archive '/a b/$(id)`x`;\\'", "upload-archive", "/a b/$(id)`x`;\\"),
            (r"git-upload-pack 'it'\''s'", "upload-pack", "it's"),
            (r"git-upload-pack ''\!'wow'\'''", "upload-pack", "!wow'"),
        ] {
            assert_eq!(parse(command), Ok((service, repository.to_owned())), "{command}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for command in [
            "",
            "bash",
            "git",
            "git-shell",
            "git-receive-pack",
            "git-receive-pack ",
            "git-receive-pack /srv/git/shop.git",
            "git-receive-pack  '/srv/git/shop.git'",
            "git-receive-pack '/srv/git/shop.git' ",
            "git-receive-pack '/a' '/b'",
            "git-receive-pack '/a';id",
            "git-receive-pack '/a''/b'",
            r"git-receive-pack '/a'\'",
            r"git-receive-pack '/a'\''",
            r"git-receive-pack '/a'\x'/b'",
            "git-receive-pack '/a",
            "git-receive-pack ''",
            "git-receive-pack '--help'",
            "git-receive-pack '-c'",
            "git-receive-pack --upload-pack=id '/a'",
            "git-receive-pack \"/a\"",
            "git-receive-pack '/a\n/b'",
            "git-receive-pack\t'/a'",
            "git-receive-packs '/a'",
            "git-upload-pack-x '/a'",
            "git  receive-pack '/a'",
            "git -c core.x=y receive-pack '/a'",
            "/usr/bin/git-receive-pack '/a'",
            "env git-receive-pack '/a'",
            "git-lfs-authenticate '/a' upload",
            "scp -t /tmp",
        ] {
            assert!(parse(command).is_err(), "{command:?} was taken");
        }
    }

    #[test]
    fn a_path_need_not_be_text() {
        let request = Request::parse(b"git-upload-pack '/srv/\xff'").unwrap();
        assert_eq!(request.repository.into_vec(), b"/srv/\xff");
    }
}

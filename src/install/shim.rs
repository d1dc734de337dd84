//! The small scripts that stand in hook folders: shims, which call `bylaws`, and forwarders, which call the hook of
//! another tool at its own place. Their texts are in `hooks/`.
//!
//! A shim knows the program's absolute path, because graphical clients have a bare `PATH`; it starts no process before
//! it becomes `bylaws`, because every commit waits for it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::hook::Hook;

const SHIM: &str = include_str!("../../hooks/shim");
const FORWARD: &str = include_str!("../../hooks/forward");
const SERVER: &str = include_str!("../../hooks/server-shim");

/// The shim of `hook`. `binary` is the program's absolute path; `pair` the hook beside it that is answered for in one start of
/// the program where git opens no editor; `remove` the command that takes the hook out by hand, empty where removing the file
/// does.
pub(crate) fn shim(hook: Hook, pair: Option<Hook>, binary: &Path, remove: &str) -> Vec<u8> {
    fill(SHIM, |mark| match mark {
        "PAIR" => OsStr::new(pair.map_or("", Hook::name)),
        "HOOK" => OsStr::new(hook.name()),
        "BYLAWS" => binary.as_os_str(),
        _ => OsStr::new(remove),
    })
}

/// The forwarder to the hook at `previous`, which is absolute, or relative to where git runs hooks.
pub(crate) fn forward(previous: &Path) -> Vec<u8> {
    fill(FORWARD, |_| previous.as_os_str())
}

/// The shim of a server's hook. `binary` is the program's absolute path; `settings` the file of the host's settings where it
/// is not the usual one.
pub(crate) fn server(hook: &str, binary: &Path, settings: Option<&Path>) -> Vec<u8> {
    fill(SERVER, |mark| match mark {
        "HOOK" => OsStr::new(hook),
        "BYLAWS" => binary.as_os_str(),
        _ => settings.unwrap_or(Path::new("")).as_os_str(),
    })
}

/// Whether these are the bytes of a server's shim, written by any version. [`is_ours`] does not know it: who
/// takes local hooks out leaves the server's.
pub(crate) fn is_servers(bytes: &[u8]) -> bool {
    bytes.starts_with(b"#!/bin/sh\n# bylaws server shim ")
}

/// The file of the host's settings that a server's shim names.
pub(crate) fn settings_of(bytes: &[u8]) -> Option<PathBuf> {
    let mark = b"\nsettings=";
    let start = bytes.windows(mark.len()).position(|window| window == mark)?;
    let word = bytes.get(start + mark.len()..)?;
    let after = skip_quoted(word)?;
    let text = std::str::from_utf8(word.get(1..word.len() - after.len() - 1)?).ok()?;
    (!text.is_empty()).then(|| PathBuf::from(text.replace("'\\''", "'")))
}

/// Whether a server's shim is as this version writes it, for any paths.
pub(crate) fn is_current_servers(bytes: &[u8]) -> bool {
    is_filled(bytes, SERVER).is_some()
}

/// Whether these are the bytes of a shim or forwarder, written by this version for any paths.
pub(crate) fn is_ours(bytes: &[u8]) -> bool {
    [SHIM, FORWARD].iter().any(|template| is_filled(bytes, template).is_some())
}

/// Puts words, each quoted for the shell, in place of a template's marks: `'@MARK@'`.
fn fill<'a>(template: &str, word: impl Fn(&str) -> &'a OsStr) -> Vec<u8> {
    let mut out = Vec::with_capacity(template.len() + 128);
    let mut rest = template;
    while let Some((before, mark, after)) = next_mark(rest) {
        out.extend_from_slice(before.as_bytes());
        out.extend_from_slice(&quote(word(mark)));
        rest = after;
    }
    out.extend_from_slice(rest.as_bytes());
    out
}

/// The text before a template's next mark, its name, and the text after it.
fn next_mark(template: &str) -> Option<(&str, &str, &str)> {
    let (before, tail) = template.split_once("'@")?;
    let (mark, after) = tail.split_once("@'")?;
    Some((before, mark, after))
}

/// `Some` if `bytes` is the template with any quoted words at its marks.
fn is_filled(bytes: &[u8], template: &str) -> Option<()> {
    let (mut bytes, mut rest) = (bytes, template);
    while let Some((before, _, after)) = next_mark(rest) {
        bytes = skip_quoted(bytes.strip_prefix(before.as_bytes())?)?;
        rest = after;
    }
    (bytes == rest.as_bytes()).then_some(())
}

/// A word for a POSIX shell: in single quotes, with `'` as `'\''`.
pub(crate) fn quote(word: &OsStr) -> Vec<u8> {
    let mut out = vec![b'\''];
    for byte in word.as_encoded_bytes() {
        match byte {
            b'\'' => out.extend_from_slice(b"'\\''"),
            other => out.push(*other),
        }
    }
    out.push(b'\'');
    out
}

/// What follows a word as [`quote`] writes it.
fn skip_quoted(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes.strip_prefix(b"'")?;
    loop {
        let end = rest.iter().position(|byte| *byte == b'\'')?;
        rest = rest.get(end + 1..)?;
        match rest.strip_prefix(b"\\''") {
            Some(after) => rest = after,
            None => return Some(rest),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_quotes_spaces_and_newlines_is_one_word() {
        let path = Path::new("/home/o'brien/a b\n$(c)/@REMOVE@/bylaws");
        let script = shim(Hook::PreCommit, Some(Hook::CommitMsg), path, "");
        let line = b"bylaws='/home/o'\\''brien/a b\n$(c)/@REMOVE@/bylaws'\n";
        assert!(script.windows(line.len()).any(|window| window == line));
        assert!(is_ours(&script));
        assert!(script.windows(9).any(|window| window == b"remove=''"));
    }

    #[test]
    fn a_server_s_shim_is_known_and_tells_its_settings() {
        let settings = Path::new("/etc/it's\nhere/server.toml");
        let named = server("pre-receive", Path::new("/usr/bin/bylaws"), Some(settings));
        assert!(is_servers(&named) && is_current_servers(&named) && !is_ours(&named));
        assert_eq!(settings_of(&named).as_deref(), Some(settings));
        assert_eq!(settings_of(&server("pre-receive", Path::new("/usr/bin/bylaws"), None)), None);
    }

    #[test]
    fn only_our_own_scripts_are_ours() {
        assert!(is_ours(&forward(Path::new(".husky/_/post-merge"))));
        let mut changed =
            shim(Hook::PrePush, None, Path::new("/usr/bin/bylaws"), "git config --unset core.hooksPath");
        assert!(is_ours(&changed));
        changed.extend_from_slice(b"echo more\n");
        assert!(!is_ours(&changed));
        assert!(!is_ours(b"#!/bin/sh\nexit 0\n"));
        assert!(!is_ours(b""));
    }
}

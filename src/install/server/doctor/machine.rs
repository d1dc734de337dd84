//! What the machine lets people do around the hooks, and whether its disk keeps what it is given.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Patient;
use crate::config::IdentitySource;
use crate::install::error::InstallError;
use crate::install::server::accounts;
use crate::install::{Check, files};

/// File systems of several machines: what one has written and flushed, another may not see, or not in that order.
const CLUSTERED: [&str; 18] = [
    "nfs",
    "nfs4",
    "ceph",
    "glusterfs",
    "cifs",
    "smb3",
    "smbfs",
    "lustre",
    "gpfs",
    "ocfs2",
    "gfs2",
    "afs",
    "beegfs",
    "orangefs",
    "9p",
    "sshfs",
    "moosefs",
    "juicefs",
];
/// Gone when the machine stops.
const IN_MEMORY: [&str; 2] = ["tmpfs", "ramfs"];
/// Below this many KiB a large push may fill the disk.
const LITTLE: u64 = 512 << 10;

pub(super) fn checks(patient: &Patient<'_>) -> Result<Vec<Check>, InstallError> {
    let mut checks = vec![storage(patient)?];
    checks.extend(space(patient));
    checks.extend(shell(patient));
    checks.extend(ssh(patient)?);
    Ok(checks.into_iter().map(Check::of_machine).collect())
}

/// The file system that holds the repository, by the longest mount point above it.
fn storage(patient: &Patient<'_>) -> Result<Check, InstallError> {
    let name = "storage";
    let text = files::read(&patient.question.machine.mounts)?.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let kind = text
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(' ').skip(1);
            let (point, kind) = (fields.next()?, fields.next()?);
            // proc(5): white space and `\` are octal.
            let point = point
                .replace("\\040", " ")
                .replace("\\011", "\t")
                .replace("\\012", "\n")
                .replace("\\134", "\\");
            patient.repository.path.starts_with(&point).then_some((point.len(), kind))
        })
        // Of two at one place the later one hides the earlier.
        .max_by_key(|(length, _)| *length)
        .map(|(_, kind)| kind);
    let Some(kind) = kind else {
        return Ok(Check::good(name, "which file system it is on cannot be seen"));
    };
    let plain = kind.strip_prefix("fuse.").unwrap_or(kind);
    Ok(if CLUSTERED.contains(&plain) {
        let message = format!(
            "it is on {kind}: two machines may move one ref at once, and a record may be lost in a crash"
        );
        Check::bad(name, message, "keep repositories on a disk of one machine, and replicate from there")
    } else if IN_MEMORY.contains(&plain) {
        let message =
            format!("it is on {kind}, which is gone when the machine stops, with all that is recorded");
        Check::bad(name, message, "keep repositories on a disk")
    } else {
        Check::good(name, format!("it is on {kind}"))
    })
}

/// What `df` says is free, POSIX's form in KiB.
fn space(patient: &Patient<'_>) -> Option<Check> {
    let output = Command::new("df")
        .arg("-Pk")
        .arg("--")
        .arg(&patient.repository.path)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let free: u64 = text.lines().last()?.split_whitespace().rev().nth(2)?.parse().ok()?;
    let message = format!("{} MiB are free", free >> 10);
    (free < LITTLE)
        .then(|| Check::good("space", message).advise("make room: on a full disk every push is refused"))
}

/// Who owns the repository can write to it as he likes.
fn shell(patient: &Patient<'_>) -> Option<Check> {
    let source = patient.settings.as_ref().ok()?.identity;
    let account = accounts::account(patient.repository.owner.uid, &patient.question.machine.passwd)?;
    if source == IdentitySource::Unix || !accounts::is_login_shell(&account.shell) {
        return None;
    }
    let message =
        format!("the account `{}`, whose repository it is, has the shell `{}`", account.name, account.shell);
    Some(Check::good("shell access", message).advise(
        "whoever gets that shell goes round any hook: give each key in authorized_keys a forced command (`bylaws serve`, \
         gitolite, the forge)",
    ))
}

/// Variables that a client may send reach git and the hook.
fn ssh(patient: &Patient<'_>) -> Result<Vec<Check>, InstallError> {
    let mut checks = Vec::new();
    for line in sshd_lines(&patient.question.machine.sshd_config, 0)? {
        let mut words = line.text.split_whitespace().flat_map(|word| word.splitn(2, '='));
        let keyword = words.next().unwrap_or_default().to_ascii_lowercase();
        let values: Vec<&str> =
            words.map(|word| word.trim_matches('"')).filter(|word| !word.is_empty()).collect();
        let dangerous: Vec<&str> = match keyword.as_str() {
            "acceptenv" => values.into_iter().filter(|pattern| reaches_git(pattern)).collect(),
            "permituserenvironment" => values
                .into_iter()
                .filter(|value| *value == "yes" || *value != "no" && reaches_git(value))
                .collect(),
            _ => Vec::new(),
        };
        if !dangerous.is_empty() {
            let message = format!(
                "`{}` in `{}` lets who pushes set variables of git, such as GIT_CONFIG_COUNT, which switch hooks off",
                line.text,
                line.file.display()
            );
            checks.push(Check::bad(
                "ssh",
                message,
                "take it out; `AcceptEnv LANG LC_* GIT_PROTOCOL` is enough",
            ));
        }
    }
    Ok(checks)
}

/// Whether a pattern of sshd_config(5), with `*` and `?`, takes in a variable that git or the hook heeds. The version of
/// git's protocol is meant to be sent.
fn reaches_git(pattern: &str) -> bool {
    let literal: &str = pattern.split(['*', '?']).next().unwrap_or_default();
    ["GIT_", "BYLAWS_", "GL_", "GITEA_", "REMOTE_USER", "LD_"].iter().any(|prefix| {
        if literal.len() == pattern.len() {
            return literal.starts_with(prefix) && literal != "GIT_PROTOCOL";
        }
        literal.starts_with(prefix) || prefix.starts_with(literal)
    })
}

struct Line {
    file: PathBuf,
    text: String,
}

/// The lines of a configuration of sshd and of what it includes.
fn sshd_lines(file: &Path, depth: u8) -> Result<Vec<Line>, InstallError> {
    let Some(bytes) = files::read(file)? else { return Ok(Vec::new()) };
    let mut lines = Vec::new();
    for text in String::from_utf8_lossy(&bytes).lines() {
        let text = text.split('#').next().unwrap_or_default().trim();
        let mut words = text.split_whitespace();
        if depth < 16 && words.next().is_some_and(|word| word.eq_ignore_ascii_case("include")) {
            for pattern in words {
                for included in matching(file, pattern.trim_matches('"')) {
                    lines.extend(sshd_lines(&included, depth + 1)?);
                }
            }
        } else if !text.is_empty() {
            lines.push(Line { file: file.to_owned(), text: text.to_owned() });
        }
    }
    Ok(lines)
}

/// The files that an `Include` names; a relative one is beside the main file, and `*` is in the last part.
fn matching(file: &Path, pattern: &str) -> Vec<PathBuf> {
    let whole = file.parent().unwrap_or(Path::new("/")).join(pattern);
    let (Some(folder), Some(name)) = (whole.parent(), whole.file_name()) else { return Vec::new() };
    let Ok(glob) = globset::Glob::new(&name.to_string_lossy()).map(|glob| glob.compile_matcher()) else {
        return Vec::new();
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut found: Vec<PathBuf> =
        entries.filter(|entry| glob.is_match(entry.file_name())).map(|entry| entry.path()).collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_take_in_git_s_variables_are_known() {
        for bad in
            ["*", "GIT_*", "G*", "?IT_X", "GIT_CONFIG_COUNT", "BYLAWS_*", "GI?_*", "GL_USER", "LD_PRELOAD"]
        {
            assert!(reaches_git(bad), "{bad}");
        }
        for good in ["LANG", "LC_*", "GIT_PROTOCOL", "COLORTERM", "GITHUB", "XMODIFIERS"] {
            assert!(!reaches_git(good), "{good}");
        }
    }

    #[test]
    fn included_files_are_read_in_place() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("d")).unwrap();
        std::fs::write(folder.path().join("main"), "# AcceptEnv *\nInclude d/*.conf\nPort 22\n").unwrap();
        std::fs::write(folder.path().join("d/a.conf"), "AcceptEnv GIT_*  # oh\n").unwrap();
        std::fs::write(folder.path().join("d/b.off"), "AcceptEnv X\n").unwrap();
        let lines = sshd_lines(&folder.path().join("main"), 0).unwrap();
        let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["AcceptEnv GIT_*", "Port 22"]);
    }
}

//! Which process: what tells one that is still at work from one that was killed, and from another that has its number now.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How many processes may stand between receive-pack and us: a shell, a host's own hook that runs others.
const MAX_BETWEEN: usize = 16;
/// Clock ticks in a second, as proc(5) counts them: `USER_HZ`, which is this on all Linux that Rust is built for.
const TICKS: u64 = 100;
/// What the clocks of a process and of a file may differ by.
const SLACK: Duration = Duration::from_secs(60);

/// A process, named so that no later one is taken for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// The name of the machine it runs on.
    pub host: String,
    /// Its number there.
    pub pid: u32,
    /// When it started, in clock ticks since the machine did (field 22 of proc_pid_stat(5)); absent where there is no `/proc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<u64>,
}

impl Process {
    /// This process.
    pub fn own() -> Self {
        Self::numbered(std::process::id())
    }

    /// The process that the hook we are answers: the nearest `git receive-pack` above us, else the one right above.
    pub fn receive_pack() -> Option<Self> {
        let parent = parent()?;
        let mut above = Some(parent);
        for _ in 0..MAX_BETWEEN {
            let Some(pid) = above else { break };
            if is_receive_pack(pid) {
                return Some(Self::numbered(pid));
            }
            above = stat(pid).map(|stat| stat.parent).filter(|pid| *pid > 1);
        }
        Some(Self::numbered(parent))
    }

    /// Is it still at work? `None` where that cannot be told: it runs on another machine.
    pub fn is_alive(&self) -> Option<bool> {
        if self.host != host() {
            return None;
        }
        match (stat(self.pid), self.start) {
            (Some(now), Some(start)) => Some(now.start == start && !now.is_dead),
            (Some(now), None) => Some(!now.is_dead),
            (None, _) => exists(self.pid),
        }
    }

    /// Is this number on this host that of a `git receive-pack` now? `None` if that cannot be told.
    pub fn is_receive_pack_at_work(host_name: &str, pid: u32) -> Option<bool> {
        if host_name != host() {
            return None;
        }
        let is_alive = Self::numbered(pid).is_alive()?;
        // Its number may be another's by now, unless that cannot be seen.
        Some(is_alive && (is_receive_pack(pid) || words(pid).iter().all(Vec::is_empty)))
    }

    /// May some other process still be at work in this folder (a real path) that was there so long ago? Our own ancestors and what
    /// else our receive-pack runs do not count. Whoever cannot be looked at counts if it is a git. `None` where the system does
    /// not tell of its processes.
    pub fn others_in(folder: &Path, so_long: Duration) -> Option<bool> {
        let uptime = std::fs::read_to_string("/proc/uptime").ok()?;
        let uptime: f64 = uptime.split_ascii_whitespace().next()?.parse().ok()?;
        let uptime = Duration::try_from_secs_f64(uptime).ok()?;
        let ours = Self::receive_pack().map(|process| process.pid).into_iter().chain([std::process::id()]);
        let ours: Vec<u32> = ours.collect();
        let above = ancestors(std::process::id());
        for entry in std::fs::read_dir("/proc").ok()?.flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            // It has ended meanwhile.
            let Some(seen) = stat(pid).filter(|seen| !seen.is_dead) else { continue };
            let is_ours = above.contains(&pid) || ancestors(pid).iter().any(|one| ours.contains(one));
            // One that started later than the machine runs is a riddle, and so may be old.
            let age = uptime.checked_sub(Duration::from_millis(seen.start.saturating_mul(1_000 / TICKS)));
            let is_younger = age.is_some_and(|age| age.saturating_add(SLACK) < so_long);
            if !is_ours && !is_younger && may_be_in(pid, folder) {
                return Some(true);
            }
        }
        Some(false)
    }

    fn numbered(pid: u32) -> Self {
        Self { host: host(), pid, start: stat(pid).map(|stat| stat.start) }
    }
}

/// What `/proc` says of a process.
struct Stat {
    /// It has ended and waits for its parent to look.
    is_dead: bool,
    parent: u32,
    start: u64,
}

fn stat(pid: u32) -> Option<Stat> {
    parse_stat(&std::fs::read(format!("/proc/{pid}/stat")).ok()?)
}

/// proc_pid_stat(5). The second field is the program's name in parentheses, which may hold anything.
fn parse_stat(stat: &[u8]) -> Option<Stat> {
    let name_end = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = std::str::from_utf8(stat.get(name_end + 1..)?).ok()?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    // Fields 5 to 21 lie between the parent's number and the start.
    let start = fields.nth(17)?.parse().ok()?;
    Some(Stat { is_dead: matches!(state, "Z" | "X" | "x"), parent, start })
}

/// `git receive-pack`, `git-receive-pack`, with whatever options.
fn is_receive_pack(pid: u32) -> bool {
    let words = words(pid);
    match words.split_first() {
        Some((name, arguments)) => {
            name == b"git-receive-pack"
                || name == b"git" && arguments.iter().any(|argument| argument == b"receive-pack")
        }
        None => false,
    }
}

/// The words of a process's command line, the program without its folder.
fn words(pid: u32) -> Vec<Vec<u8>> {
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let mut words: Vec<Vec<u8>> = line.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect();
    if let Some(program) = words.first_mut() {
        let folder = program.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
        program.drain(..folder);
    }
    words
}

/// The process and those above it, as far as one looks.
fn ancestors(pid: u32) -> Vec<u32> {
    let above = |pid: &u32| stat(*pid).map(|stat| stat.parent).filter(|pid| *pid > 1);
    std::iter::successors(Some(pid), above).take(MAX_BETWEEN * 2).collect()
}

/// Is its current folder this one or below? git goes into the repository that it works in.
fn may_be_in(pid: u32, folder: &Path) -> bool {
    match std::fs::read_link(format!("/proc/{pid}/cwd")) {
        Ok(current) => current.starts_with(folder),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
        Err(_) => words(pid).first().is_some_and(|program| program.starts_with(b"git")),
    }
}

#[cfg(unix)]
fn parent() -> Option<u32> {
    Some(std::os::unix::process::parent_id()).filter(|pid| *pid > 0)
}

#[cfg(unix)]
fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Is there a process of this number, as far as the system tells?
#[cfg(unix)]
fn exists(pid: u32) -> Option<bool> {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).ok()?)?;
    match rustix::process::test_kill_process(pid) {
        // Another's process is one, too.
        Ok(()) | Err(rustix::io::Errno::PERM) => Some(true),
        Err(rustix::io::Errno::SRCH) => Some(false),
        Err(_) => None,
    }
}

#[cfg(not(unix))]
fn parent() -> Option<u32> {
    None
}

#[cfg(not(unix))]
fn host() -> String {
    String::new()
}

#[cfg(not(unix))]
fn exists(_: u32) -> Option<bool> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_s_name_cannot_disguise_it() {
        let line = b"77 (a) Z 1 (b) S 12 77 77 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 987654 10 11";
        let stat = parse_stat(line).unwrap();
        assert_eq!((stat.is_dead, stat.parent, stat.start), (false, 12, 987_654));
        assert!(parse_stat(b"77 (a").is_none());
        assert!(parse_stat(b"77 (a) S 1").is_none());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_lives_until_it_has_ended() {
        let own = Process::own();
        assert!(own.start.is_some());
        assert_eq!(own.is_alive(), Some(true));
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let other = Process::numbered(child.id());
        assert_eq!(other.is_alive(), Some(true));
        child.kill().unwrap();
        // Not yet waited for: it is there, but dead.
        while stat(other.pid).is_some_and(|stat| !stat.is_dead) {
            std::thread::yield_now();
        }
        assert_eq!(other.is_alive(), Some(false));
        child.wait().unwrap();
        assert_eq!(other.is_alive(), Some(false));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn another_with_its_number_is_not_it() {
        let later = Process { start: Some(1), ..Process::own() };
        assert_eq!(later.is_alive(), Some(false));
        let elsewhere = Process { host: "another.example.org".into(), ..Process::own() };
        assert_eq!(elsewhere.is_alive(), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn who_works_in_a_folder_is_seen_unless_it_is_younger_or_ours() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().canonicalize().unwrap();
        assert_eq!(Process::others_in(&real, Duration::ZERO), Some(false));
        // Its parent, the shell, is gone at once, so it is no child of ours.
        let script = "sleep 60 >/dev/null 2>&1 & echo $!";
        let mut shell = std::process::Command::new("sh");
        let told = shell.args(["-c", script]).current_dir(&real).output().unwrap().stdout;
        let pid: i32 = String::from_utf8(told).unwrap().trim().parse().unwrap();
        let seen = Process::others_in(&real, Duration::ZERO);
        let hours_ago = Process::others_in(&real, Duration::from_secs(3_600));
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        assert_eq!((seen, hours_ago), (Some(true), Some(false)));
        let mut child = std::process::Command::new("sleep").arg("60").current_dir(&real).spawn().unwrap();
        let seen = Process::others_in(&real, Duration::ZERO);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(seen, Some(false), "what we run ourselves");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn without_receive_pack_it_is_the_process_above() {
        let above = Process::receive_pack().unwrap();
        assert_eq!(above.is_alive(), Some(true));
        assert_ne!(above.pid, std::process::id());
    }
}

//! The processes of a push, as `/proc` shows them: to kill some, and to wait until all are gone.

use std::collections::HashSet;
use std::fs;
use std::time::{Duration, Instant};

/// A process that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Seen {
    pub(crate) pid: u32,
    parent: u32,
    start: u64,
    /// The words of its command line.
    pub(crate) words: Vec<String>,
}

impl Seen {
    fn of(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        if ["Z", "X"].contains(fields.first()?) {
            return None;
        }
        let (parent, start) = (fields.get(1)?.parse().ok()?, fields.get(19)?.parse().ok()?);
        let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let words = line.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned());
        Some(Self { pid, parent, start, words: words.collect() })
    }

    fn has(&self, word: &str) -> bool {
        self.words.iter().any(|one| one == word)
    }

    pub(crate) fn is_receive_pack(&self) -> bool {
        self.words.first().is_some_and(|word| word == "git" || word.ends_with("git-receive-pack"))
            && self.words.iter().any(|word| word.ends_with("receive-pack"))
    }

    pub(crate) fn is_hook(&self) -> bool {
        self.has("pre-receive") || self.has("post-receive")
    }

    /// Dies by `kill -9`, as if the machine had stopped for it.
    pub(crate) fn kill(&self) {
        let pid = i32::try_from(self.pid).unwrap();
        // It may be gone already, and its number another's.
        if self.is_there() {
            let pid = rustix::process::Pid::from_raw(pid).unwrap();
            rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap_or_default();
        }
    }

    fn is_there(&self) -> bool {
        Self::of(self.pid).is_some_and(|now| now.start == self.start)
    }
}

/// All that run below a process.
pub(crate) fn below(root: u32) -> Vec<Seen> {
    let pids =
        fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let all: Vec<Seen> = pids.filter_map(Seen::of).collect();
    let mut found: Vec<Seen> = Vec::new();
    let mut known = HashSet::from([root]);
    // A child may have a lower number than its parent.
    loop {
        let before = found.len();
        for seen in &all {
            if known.contains(&seen.parent) && known.insert(seen.pid) {
                found.push(seen.clone());
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

/// The server's part of a push: receive-pack and all below it.
pub(crate) fn of_the_server(root: u32) -> Vec<Seen> {
    let all = below(root);
    let Some(receive_pack) = all.iter().find(|seen| seen.is_receive_pack()) else { return Vec::new() };
    let mut server = below(receive_pack.pid);
    server.push(receive_pack.clone());
    server
}

/// Waits until all of them have ended.
#[track_caller]
pub(crate) fn wait_for_the_end(of: &HashSet<Seen>) {
    let started = Instant::now();
    while of.iter().any(Seen::is_there) {
        assert!(started.elapsed() < Duration::from_secs(60), "they go on for ever: {of:?}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

//! A client that pushes what git's own would refuse to send: gitprotocol-pack(5), "Pushing Data To a Server".

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use super::Kind;
use crate::common::Repo;

/// What a server says before anything is sent.
#[derive(Debug, Default, Clone)]
pub struct Advertisement {
    /// Ids and names.
    pub refs: Vec<(String, String)>,
    pub capabilities: Vec<String>,
}

impl Advertisement {
    pub fn has(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|one| one.split('=').next() == Some(capability))
    }
}

/// What is sent.
#[derive(Debug, Default, Clone)]
pub struct Push {
    /// Lines `old SP new SP name`, as they are: nothing is checked.
    pub commands: Vec<Vec<u8>>,
    /// Ids of `shallow` lines.
    pub shallow: Vec<String>,
    /// Push options; the capability is asked for if there are any.
    pub options: Vec<String>,
    /// The pack; without one nothing is sent after the commands.
    pub pack: Option<Vec<u8>>,
    /// Asked for beside `report-status`, `side-band-64k` and `object-format`.
    pub capabilities: Vec<String>,
}

impl Push {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a command.
    #[must_use]
    pub fn command(mut self, old: &str, new: &str, name: impl AsRef<[u8]>) -> Self {
        self.commands.push([old.as_bytes(), b" ", new.as_bytes(), b" ", name.as_ref()].concat());
        self
    }

    /// Adds a pack of `wanted` without what is in `held`: revisions of `work`.
    #[must_use]
    pub fn pack(mut self, work: &Repo, wanted: &[&str], held: &[&str]) -> Self {
        self.pack = Some(pack(work, wanted, held));
        self
    }

    /// Adds a pack with nothing in it: git wants one with every command that deletes nothing.
    #[must_use]
    pub fn empty_pack(self, work: &Repo) -> Self {
        self.pack(work, &[], &[])
    }

    #[must_use]
    pub fn option(mut self, option: &str) -> Self {
        self.options.push(option.to_owned());
        self
    }

    #[must_use]
    pub fn capability(mut self, capability: &str) -> Self {
        self.capabilities.push(capability.to_owned());
        self
    }

    #[must_use]
    pub fn shallow(mut self, id: &str) -> Self {
        self.shallow.push(id.to_owned());
        self
    }

    /// Sends it to the receive-pack that `server` starts.
    pub fn send(&self, kind: Kind, mut server: Command) -> Answer {
        let mut child =
            server.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        let mut output = child.stdout.take().unwrap();
        let advertised = advertisement(&mut output);
        // A server that has hung up is no failure of the client's: the answer tells.
        let sent = input.write_all(&self.bytes(kind)).and_then(|()| input.flush());
        drop(input);
        let mut rest = Vec::new();
        output.read_to_end(&mut rest).unwrap();
        let ended = child.wait_with_output().unwrap();
        let mut answer = Answer { advertised, hung_up: sent.is_err(), ..Answer::default() };
        answer.read(&rest);
        answer.said.push_str(&String::from_utf8_lossy(&ended.stderr));
        answer.status = ended.status.code().unwrap_or(-1);
        answer
    }

    fn bytes(&self, kind: Kind) -> Vec<u8> {
        let mut wanted = vec!["report-status", "side-band-64k", "agent=raw"];
        let format = format!("object-format={}", kind.objects);
        wanted.push(&format);
        if !self.options.is_empty() {
            wanted.push("push-options");
        }
        wanted.extend(self.capabilities.iter().map(String::as_str));
        let mut bytes = Vec::new();
        for id in &self.shallow {
            packet(&mut bytes, format!("shallow {id}").as_bytes());
        }
        for (n, command) in self.commands.iter().enumerate() {
            let mut line = command.clone();
            if n == 0 {
                line.extend_from_slice(b"\0 ");
                line.extend_from_slice(wanted.join(" ").as_bytes());
            }
            packet(&mut bytes, &line);
        }
        bytes.extend_from_slice(b"0000");
        if !self.options.is_empty() {
            for option in &self.options {
                packet(&mut bytes, option.as_bytes());
            }
            bytes.extend_from_slice(b"0000");
        }
        bytes.extend_from_slice(self.pack.as_deref().unwrap_or_default());
        bytes
    }
}

/// A pack of what is reachable from `wanted` and not from `held`.
pub fn pack(work: &Repo, wanted: &[&str], held: &[&str]) -> Vec<u8> {
    let held = held.iter().map(|revision| format!("^{revision}"));
    let lines: Vec<String> = wanted.iter().map(|revision| (*revision).to_owned()).chain(held).collect();
    let mut command = work.command(&["pack-objects", "--revs", "--stdout", "-q"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all((lines.join("\n") + "\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// What came back.
#[derive(Debug, Default)]
pub struct Answer {
    pub advertised: Advertisement,
    /// `ok`, or what went wrong with the pack; empty if nothing came.
    pub unpack: String,
    /// Each ref: why it was refused, `None` if it was moved.
    pub refs: Vec<(String, Option<String>)>,
    /// What hooks and git said to people.
    pub said: String,
    /// The server went away before all was sent.
    pub hung_up: bool,
    pub status: i32,
}

impl Answer {
    /// All of it was done.
    pub fn accepted(&self) -> bool {
        self.unpack == "ok" && !self.refs.is_empty() && self.refs.iter().all(|(_, why)| why.is_none())
    }

    #[track_caller]
    pub fn ok(self) -> Self {
        assert!(self.accepted(), "it was refused: {self:#?}");
        self
    }

    /// Nothing of it was done.
    #[track_caller]
    pub fn refused(self) -> Self {
        assert!(self.refs.iter().all(|(_, why)| why.is_some()), "something went through: {self:#?}");
        self
    }

    fn read(&mut self, mut rest: &[u8]) {
        let mut report = Vec::new();
        while let Some(packet) = next_packet(&mut rest) {
            match packet.as_deref() {
                Some([1, data @ ..]) => report.extend_from_slice(data),
                Some([2 | 3, data @ ..]) => self.said.push_str(&String::from_utf8_lossy(data)),
                Some(data) => self.said.push_str(&String::from_utf8_lossy(data)),
                None => {}
            }
        }
        let mut report = report.as_slice();
        while let Some(line) = next_packet(&mut report) {
            let line = String::from_utf8_lossy(&line.unwrap_or_default()).trim_end_matches('\n').to_owned();
            if let Some(unpack) = line.strip_prefix("unpack ") {
                unpack.clone_into(&mut self.unpack);
            } else if let Some(name) = line.strip_prefix("ok ") {
                self.refs.push((name.to_owned(), None));
            } else if let Some((name, why)) = line.strip_prefix("ng ").and_then(|line| line.split_once(' ')) {
                self.refs.push((name.to_owned(), Some(why.to_owned())));
            }
        }
    }
}

/// A pkt-line: gitprotocol-common(5).
fn packet(bytes: &mut Vec<u8>, data: &[u8]) {
    bytes.extend_from_slice(format!("{:04x}", data.len() + 4).as_bytes());
    bytes.extend_from_slice(data);
}

/// The next pkt-line of what was read; `Some(None)` for a flush.
fn next_packet(rest: &mut &[u8]) -> Option<Option<Vec<u8>>> {
    let (length, after) = rest.split_at_checked(4)?;
    let length = usize::from_str_radix(std::str::from_utf8(length).ok()?, 16).ok()?;
    let Some(length) = length.checked_sub(4) else {
        *rest = after;
        return Some(None);
    };
    let (data, after) = after.split_at_checked(length)?;
    *rest = after;
    Some(Some(data.to_vec()))
}

/// Reads the refs and capabilities, up to the flush; empty if the server has hung up.
fn advertisement(output: &mut impl Read) -> Advertisement {
    let mut found = Advertisement::default();
    loop {
        let mut length = [0; 4];
        if output.read_exact(&mut length).is_err() {
            return found;
        }
        let length = usize::from_str_radix(std::str::from_utf8(&length).unwrap(), 16).unwrap();
        let Some(length) = length.checked_sub(4) else { return found };
        let mut data = vec![0; length];
        output.read_exact(&mut data).unwrap();
        let line = String::from_utf8_lossy(&data).trim_end_matches('\n').to_owned();
        let (line, capabilities) = line.split_once('\0').unwrap_or((line.as_str(), ""));
        found.capabilities.extend(capabilities.split_whitespace().map(str::to_owned));
        if let Some((id, name)) = line.split_once(' ') {
            found.refs.push((id.to_owned(), name.to_owned()));
        }
    }
}

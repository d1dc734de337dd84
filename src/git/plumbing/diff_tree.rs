//! `git diff-tree --stdin`: what commits change, from one process. git-diff-tree(1), "RAW OUTPUT FORMAT".
//!
//! It writes while it reads, so a request must fit into the pipe (64 KiB on Linux) while nothing of an earlier one is
//! unread. A line that is no object id is echoed and flushes what was held back: that ends a batch.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::ChildStdout;

use super::super::GitError;
use super::super::objects::{RawChange, Side, unmerged};
use super::super::process::{Conversation, Git};
use crate::facts::{EntryMode, GitPath, Oid};

/// How many ids one request holds: 256 of 65 bytes are 16 KiB.
pub(super) const BATCH: usize = 256;

/// No object id begins so.
const MARK: &[u8] = b"-\n";

/// `-c` shows of a merge only files that differ from every parent; `--always` answers also for commits that change nothing,
/// so that one that git cannot read is noticed.
const ARGUMENTS: [&str; 12] = [
    "diff-tree",
    "--stdin",
    "--always",
    "-c",
    "-r",
    "-z",
    "--root",
    "--raw",
    "--no-abbrev",
    "--no-renames",
    "--no-relative",
    "--ignore-submodules=none",
];

pub(super) struct DiffTree {
    conversation: Conversation,
    output: BufReader<ChildStdout>,
    request: Vec<u8>,
    record: Vec<u8>,
    path: Vec<u8>,
}

impl DiffTree {
    pub(super) fn start(git: &Git) -> Result<Self, GitError> {
        let (conversation, output) = git.talk(&ARGUMENTS)?;
        let output = BufReader::with_capacity(1 << 16, output);
        Ok(Self { conversation, output, request: Vec::new(), record: Vec::new(), path: Vec::new() })
    }

    /// Asks for at most [`BATCH`] commits.
    pub(super) fn ask(&mut self, ids: &[Oid]) -> Result<(), GitError> {
        self.request.clear();
        for id in ids {
            id.push_hex(&mut self.request);
            self.request.push(b'\n');
        }
        self.request.extend_from_slice(MARK);
        let Some(input) = &mut self.conversation.input else {
            return Err(self.conversation.broken("it is closed"));
        };
        let written = input.write_all(&self.request).and_then(|()| input.flush());
        written.map_err(|error| self.conversation.broken(&error.to_string()))
    }

    /// The answers to [`DiffTree::ask`], in the same order.
    pub(super) fn answers(&mut self, ids: &[Oid]) -> Result<Vec<Vec<RawChange>>, GitError> {
        let mut all: Vec<Vec<RawChange>> = Vec::with_capacity(ids.len());
        loop {
            match self.first()? {
                b':' => {
                    let change = self.change()?;
                    match all.last_mut() {
                        Some(changes) => changes.push(change),
                        None => return Err(self.conversation.broken("a change of no commit")),
                    }
                }
                b'-' => break,
                byte if !byte.is_ascii_hexdigit() => {
                    return Err(self.conversation.broken(&missing(ids.get(all.len()), "something else")));
                }
                _ => {
                    read_until(&mut self.output, 0, &mut self.record, &mut self.conversation)?;
                    let expected = ids.get(all.len());
                    if expected.is_none() || Oid::from_hex(&self.record) != expected.copied() {
                        let said = String::from_utf8_lossy(&self.record).into_owned();
                        return Err(self.conversation.broken(&missing(expected, &said)));
                    }
                    all.push(Vec::new());
                }
            }
        }
        self.output.consume(MARK.len());
        if all.len() < ids.len() {
            return Err(self.conversation.broken(&missing(ids.get(all.len()), "nothing")));
        }
        for changes in &mut all {
            changes.sort_by(|a, b| a.path.cmp(&b.path));
        }
        Ok(all)
    }

    fn first(&mut self) -> Result<u8, GitError> {
        match self.output.fill_buf() {
            Ok(bytes) => match bytes.first() {
                Some(byte) => Ok(*byte),
                None => Err(self.conversation.broken("it ended")),
            },
            Err(error) => Err(self.conversation.broken(&error.to_string())),
        }
    }

    fn change(&mut self) -> Result<RawChange, GitError> {
        read_until(&mut self.output, 0, &mut self.record, &mut self.conversation)?;
        read_until(&mut self.output, 0, &mut self.path, &mut self.conversation)?;
        parse_record(&self.record, &self.path).ok_or_else(|| {
            let said = String::from_utf8_lossy(&self.record).into_owned();
            self.conversation.broken(&format!("it said `{said}`"))
        })
    }
}

fn missing(expected: Option<&Oid>, said: &str) -> String {
    match expected {
        Some(id) => format!("asked what commit {id} changes it said `{said}`"),
        None => format!("asked for nothing more it said `{said}`"),
    }
}

/// Reads up to `end`, which is taken and left out.
fn read_until(
    output: &mut BufReader<ChildStdout>,
    end: u8,
    into: &mut Vec<u8>,
    conversation: &mut Conversation,
) -> Result<(), GitError> {
    into.clear();
    match output.read_until(end, into) {
        Ok(_) if into.pop() == Some(end) => Ok(()),
        Ok(_) => Err(conversation.broken("an answer is cut off")),
        Err(error) => Err(conversation.broken(&error.to_string())),
    }
}

/// `:MODE MODE ID ID STATUS`; with one more colon, mode and id for each further parent of a merge. The result is last.
pub(super) fn parse_record(record: &[u8], path: &[u8]) -> Option<RawChange> {
    let parents = record.iter().take_while(|byte| **byte == b':').count();
    let mut words = record.get(parents..)?.split(|byte| *byte == b' ');
    let old_mode = mode(words.next()?)?;
    let new_mode = mode(words.nth(parents.checked_sub(1)?)?)?;
    let old_id = Oid::from_hex(words.next()?)?;
    let new_id = Oid::from_hex(words.nth(parents - 1)?)?;
    let side = |mode: EntryMode, id| (mode.0 != 0).then_some(Side { mode, id });
    Some(RawChange { path: GitPath::new(path), old: side(old_mode, old_id), new: side(new_mode, new_id) })
}

pub(super) fn mode(octal: &[u8]) -> Option<EntryMode> {
    let digit = |mode: u32, byte: &u8| match byte {
        b'0'..=b'7' => mode.checked_mul(8).map(|mode| mode + u32::from(byte - b'0')),
        _ => None,
    };
    octal.iter().try_fold(0, digit).map(EntryMode)
}

/// All the records of `--raw -z` output without commit ids.
pub(super) fn parse_all(output: &[u8]) -> Result<Vec<RawChange>, GitError> {
    let mut changes = Vec::new();
    let mut parts = output.split(|byte| *byte == 0);
    while let Some(record) = parts.next().filter(|record| !record.is_empty()) {
        let path = parts.next().unwrap_or_default();
        if record.ends_with(b" U") {
            return Err(unmerged(path));
        }
        changes.push(
            parse_record(record, path)
                .ok_or_else(|| GitError::new(format!("git said `{}`", String::from_utf8_lossy(record))))?,
        );
    }
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(changes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::FileStatus;

    #[test]
    fn records_of_one_and_of_several_parents() {
        let (a, b, c) = ("a".repeat(40), "b".repeat(40), "c".repeat(40));
        let plain = parse_record(format!(":100644 100755 {a} {b} M").as_bytes(), b"x").unwrap();
        assert_eq!(plain.new.unwrap().id.to_string(), b);
        let merge =
            parse_record(format!("::000000 100644 100644 {} {b} {c} AM", "0".repeat(40)).as_bytes(), b"x");
        let merge = merge.unwrap();
        assert_eq!(merge.status(), Some(FileStatus::Added));
        assert_eq!(merge.new.unwrap().id.to_string(), c);
        assert_eq!(parse_record(b":100644 x", b"x"), None);
    }
}

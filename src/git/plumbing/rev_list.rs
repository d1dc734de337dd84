//! `git rev-list --stdin`: a walk, from one process, as it is found.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::ChildStdout;

use super::super::GitError;
use super::super::objects::Ids;
use super::super::process::{Conversation, Git};
use crate::facts::Oid;

/// Begins a walk.
pub(super) fn walk(git: &Git, include: &[Oid], exclude: &[Oid]) -> Result<Ids, GitError> {
    if include.is_empty() {
        return Ok(Box::new(std::iter::empty()));
    }
    let (mut conversation, output) = git.talk(&["rev-list", "--stdin"])?;
    let mut request = Vec::new();
    for (sign, ids) in [("", include), ("^", exclude)] {
        for id in ids {
            request.extend_from_slice(sign.as_bytes());
            id.push_hex(&mut request);
            request.push(b'\n');
        }
    }
    // It reads everything before it answers.
    let written = match conversation.input.take() {
        Some(mut input) => input.write_all(&request),
        None => Ok(()),
    };
    written.map_err(|error| conversation.broken(&error.to_string()))?;
    let output = BufReader::with_capacity(1 << 15, output);
    Ok(Box::new(RevList { conversation, output, line: Vec::new(), ended: false }))
}

struct RevList {
    conversation: Conversation,
    output: BufReader<ChildStdout>,
    line: Vec<u8>,
    ended: bool,
}

impl RevList {
    fn step(&mut self) -> Result<Option<Oid>, GitError> {
        self.line.clear();
        let read = self.output.read_until(b'\n', &mut self.line);
        match read {
            Err(error) => Err(self.conversation.broken(&error.to_string())),
            // The end of its output is the end of the walk only if it ended well.
            Ok(0) => self.conversation.end().map(|()| None),
            Ok(_) => match Oid::from_hex(self.line.trim_ascii_end()) {
                Some(id) => Ok(Some(id)),
                None => Err(self.conversation.broken("it gave no id")),
            },
        }
    }
}

impl Iterator for RevList {
    type Item = Result<Oid, GitError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let step = self.step().transpose();
        self.ended = !matches!(step, Some(Ok(_)));
        step
    }
}

//! `git cat-file --batch-command --buffer`: objects by id, from one process.
//!
//! It answers nothing before `flush`, so requests of any length are safe to write, and everything is read before the next
//! request. Contents may be asked for ahead of time: they wait in the pipe, git working meanwhile, until they are wanted or
//! something else is. git-cat-file(1), "BATCH OUTPUT".

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::ChildStdout;
use std::sync::Arc;

use super::super::GitError;
use super::super::objects::{Kind, Object, bounded};
use super::super::process::{Conversation, Git};
use crate::facts::Oid;

/// The header of an answer; `None` for an object that is not there.
pub(super) type Header = Option<(Kind, u64)>;

pub(super) struct CatFile {
    conversation: Conversation,
    output: BufReader<ChildStdout>,
    ahead: Ahead,
    request: Vec<u8>,
    line: Vec<u8>,
}

/// What was asked for ahead of time.
#[derive(Default)]
struct Ahead {
    ids: Vec<Oid>,
    /// The answers; `None` while they are in the pipe.
    read: Option<Vec<Option<Object>>>,
}

impl CatFile {
    pub(super) fn start(git: &Git) -> Result<Self, GitError> {
        let (conversation, output) = git.talk(&["cat-file", "--batch-command", "--buffer"])?;
        let output = BufReader::with_capacity(1 << 16, output);
        Ok(Self { conversation, output, ahead: Ahead::default(), request: Vec::new(), line: Vec::new() })
    }

    /// Whole objects, in order; `None` for one that is not there. One that is larger than anybody makes one is an error.
    pub(super) fn contents(
        &mut self,
        ids: &[Oid],
        mut take: impl FnMut(Oid, Option<Object>),
    ) -> Result<(), GitError> {
        if self.ahead.ids == ids {
            if let Some(read) = std::mem::take(&mut self.ahead).read {
                ids.iter().zip(read).for_each(|(id, object)| take(*id, object));
                return Ok(());
            }
        } else {
            self.ask("contents", ids)?;
        }
        for id in ids {
            take(*id, self.answer(*id)?);
        }
        Ok(())
    }

    /// Asks for what [`CatFile::contents`] will be asked for next.
    pub(super) fn expect(&mut self, ids: &[Oid]) -> Result<(), GitError> {
        self.ask("contents", ids)?;
        self.ahead = Ahead { ids: ids.to_vec(), read: None };
        Ok(())
    }

    /// Empties the pipe.
    fn settle(&mut self) -> Result<(), GitError> {
        if self.ahead.read.is_none() {
            let ids = std::mem::take(&mut self.ahead.ids);
            self.ahead.read = Some(ids.iter().map(|id| self.answer(*id)).collect::<Result<_, _>>()?);
            self.ahead.ids = ids;
        }
        Ok(())
    }

    /// Kind and size of objects, in order.
    pub(super) fn info(&mut self, ids: &[Oid]) -> Result<Vec<Header>, GitError> {
        self.ask("info", ids)?;
        ids.iter().map(|id| self.header(*id)).collect()
    }

    fn ask(&mut self, what: &str, ids: &[Oid]) -> Result<(), GitError> {
        self.settle()?;
        self.request.clear();
        for id in ids {
            self.request.extend_from_slice(what.as_bytes());
            self.request.push(b' ');
            id.push_hex(&mut self.request);
            self.request.push(b'\n');
        }
        self.request.extend_from_slice(b"flush\n");
        let Some(input) = &mut self.conversation.input else {
            return Err(self.conversation.broken("it is closed"));
        };
        let written = input.write_all(&self.request).and_then(|()| input.flush());
        written.map_err(|error| self.conversation.broken(&error.to_string()))
    }

    /// The next whole object.
    fn answer(&mut self, id: Oid) -> Result<Option<Object>, GitError> {
        let Some((kind, size)) = self.header(id)? else { return Ok(None) };
        bounded(id, kind, size)?;
        let size = usize::try_from(size).map_err(|_| GitError::new(format!("object {id} is too large")))?;
        // Read to where it stays: a range of a long history is gigabytes.
        let mut bytes: Arc<[u8]> = std::iter::repeat_n(0, size).collect();
        let mut end = [0];
        let target = Arc::get_mut(&mut bytes).unwrap_or_default();
        match self.output.read_exact(target).and_then(|()| self.output.read_exact(&mut end)) {
            Ok(()) if end == *b"\n" => Ok(Some(Object { kind, bytes })),
            Ok(()) => Err(self.conversation.broken(&format!("object {id} does not end where it should"))),
            Err(error) => Err(self.conversation.broken(&error.to_string())),
        }
    }

    fn header(&mut self, id: Oid) -> Result<Header, GitError> {
        self.line.clear();
        if let Err(error) = self.output.read_until(b'\n', &mut self.line) {
            return Err(self.conversation.broken(&error.to_string()));
        }
        parse_header(&self.line, id).ok_or_else(|| {
            let said = String::from_utf8_lossy(&self.line).trim().to_owned();
            self.conversation.broken(&format!("asked for {id} it said `{said}`"))
        })
    }
}

/// `ID TYPE SIZE` or `ID missing`, for the id that was asked for.
fn parse_header(line: &[u8], id: Oid) -> Option<Header> {
    let mut words = line.strip_suffix(b"\n")?.split(|byte| *byte == b' ');
    if Oid::from_hex(words.next()?)? != id {
        return None;
    }
    let word = words.next()?;
    if word == b"missing" {
        return Some(None);
    }
    let size = std::str::from_utf8(words.next()?).ok()?.parse().ok()?;
    Some(Some((Kind::from_name(word)?, size)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_answer_to_the_question_is_taken() {
        let hex = "1".repeat(40);
        let id = Oid::from_hex(hex.as_bytes()).unwrap();
        assert_eq!(parse_header(format!("{hex} blob 12\n").as_bytes(), id), Some(Some((Kind::Blob, 12))));
        assert_eq!(parse_header(format!("{hex} missing\n").as_bytes(), id), Some(None));
        for odd in [
            format!("{} blob 12\n", "2".repeat(40)),
            format!("{hex} blob 12"),
            format!("{hex} bl\n"),
            "\n".into(),
        ] {
            assert_eq!(parse_header(odd.as_bytes(), id), None, "{odd}");
        }
    }
}

//! A commit object as git stores it, git-commit-tree(1) and gitformat-signature(5).
//!
//! Commits are parsed here and not by either backend: libgit2 and git differ in what they make of odd names, dates and
//! encodings, and the facts must not.

use std::sync::Arc;

use encoding_rs::{Encoding, ISO_2022_JP, UTF_8};

use super::GitError;
use crate::facts::{CommitParts, Oid, People, Person};

/// The header lines and the message of a commit object.
#[derive(Debug, Clone, Copy)]
pub(super) struct CommitObject<'a> {
    headers: &'a [u8],
    message: &'a [u8],
}

/// What links a commit to others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Links {
    pub(super) tree: Oid,
    pub(super) parents: Vec<Oid>,
    /// The committer's time, by which walks are ordered. Unsigned, as for git: a time before 1970 is the newest of all.
    pub(super) time: u64,
}

impl<'a> CommitObject<'a> {
    /// For git a commit ends at its first NUL.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let bytes = memchr::memchr(0, bytes).and_then(|end| bytes.get(..end)).unwrap_or(bytes);
        match memchr::memmem::find(bytes, b"\n\n") {
            Some(end) => Self {
                headers: bytes.get(..=end).unwrap_or_default(),
                message: bytes.get(end + 2..).unwrap_or_default(),
            },
            None => Self { headers: bytes, message: &[] },
        }
    }

    /// Header names and values in order; folded lines are left out, `value` is the first line.
    fn headers(self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let mut rest = self.headers;
        let lines = std::iter::from_fn(move || {
            let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let (line, behind) = rest.split_at_checked(end).filter(|_| !rest.is_empty())?;
            rest = behind.get(1..).unwrap_or_default();
            Some(line)
        });
        lines.filter(|line| !line.starts_with(b" ")).filter_map(|line| {
            let space = memchr::memchr(b' ', line)?;
            Some((line.get(..space)?, line.get(space + 1..)?))
        })
    }

    /// Tree, parents and time: only where git looks for them, one line right behind the other.
    pub(super) fn links(self, id: Oid) -> Result<Links, GitError> {
        let mut headers = self.headers().peekable();
        let tree = match headers.next() {
            Some((b"tree", hex)) => Oid::from_hex(hex),
            _ => None,
        };
        let tree = tree.ok_or_else(|| malformed(id, "it names no tree"))?;
        let mut parents = Vec::new();
        while let Some((_, hex)) = headers.next_if(|(name, _)| *name == b"parent") {
            parents.push(Oid::from_hex(hex).ok_or_else(|| malformed(id, "a parent of it is no object id"))?);
        }
        let author = headers.next_if(|(name, _)| *name == b"author");
        let committer = author.and_then(|_| headers.next_if(|(name, _)| *name == b"committer"));
        Ok(Links { tree, parents, time: committer.map_or(0, |(_, line)| time_of_walk(line)) })
    }

    /// The facts. `links` are this commit's, perhaps without the parents that a shallow clone lacks.
    pub(super) fn parts(self, id: Oid, links: Links, raw: Arc<[u8]>, people: &People) -> CommitParts {
        let (mut author, mut committer, mut encoding) = (None, None, None);
        for (name, value) in self.headers() {
            match name {
                // git shows the last of several.
                b"author" => author = Some(value),
                b"committer" => committer = Some(value),
                b"encoding" => encoding = encoding.or(Some(value)),
                _ => {}
            }
        }
        let encoding = encoding.and_then(encoding_named).unwrap_or(UTF_8);
        let person = |line: Option<&[u8]>| {
            Arc::new(line.map(Signature::parse).unwrap_or_default().person(encoding, people))
        };
        let by_author = person(author);
        // Mostly one person at one time.
        let by_committer = if author == committer { Arc::clone(&by_author) } else { person(committer) };
        CommitParts {
            id: Some(id),
            tree: Some(links.tree),
            parents: links.parents,
            author: by_author,
            committer: by_committer,
            message: decode(self.message, encoding),
            raw,
        }
    }
}

fn malformed(id: Oid, why: &str) -> GitError {
    GitError::new(format!("commit {id} is malformed: {why}")).hint("run `git fsck`")
}

/// An encoding that a commit can be in: its headers are ASCII, so one in which ASCII letters are other letters (UTF-16) is
/// not, and would hide from a rule what people read. In ISO-2022-JP they are themselves until an escape.
fn encoding_named(label: &[u8]) -> Option<&'static Encoding> {
    let named = Encoding::for_label_no_replacement(label)?;
    (named.is_ascii_compatible() || named == ISO_2022_JP).then_some(named)
}

/// As text, by the commit's `encoding` header; U+FFFD for what cannot be.
fn decode(bytes: &[u8], encoding: &'static Encoding) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if encoding.is_ascii_compatible() && (encoding == UTF_8 || text.is_ascii()) => {
            text.to_owned()
        }
        _ => encoding.decode_without_bom_handling(bytes).0.into_owned(),
    }
}

/// `Name <email> seconds zone`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Signature<'a> {
    name: &'a [u8],
    email: &'a [u8],
    time: i64,
}

impl<'a> Signature<'a> {
    /// As git splits an identity (`split_ident_line` in ident.c): the address is between the first `<` and the next `>`, the
    /// time behind the last `>` and before a time zone. What is odd gives empty parts and the time 0, never an error: it is a
    /// fact that rules judge.
    fn parse(line: &'a [u8]) -> Self {
        Self::split(line).unwrap_or_default()
    }

    fn split(line: &'a [u8]) -> Option<Self> {
        let open = memchr::memchr(b'<', line)?;
        let rest = line.get(open + 1..)?;
        let email = rest.get(..memchr::memchr(b'>', rest)?)?;
        let behind = rest.get(memchr::memrchr(b'>', rest)? + 1..)?;
        let time = time_with_zone(behind.trim_ascii_start()).unwrap_or(0);
        Some(Self { name: line.get(..open)?.trim_ascii_end(), email, time })
    }

    fn person(self, encoding: &'static Encoding, people: &People) -> Person {
        let email = decode(self.email, encoding);
        let identity = people.by_email(&email).cloned();
        Person { name: decode(self.name, encoding), email, time: self.time, login: None, identity }
    }
}

fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// Seconds that a zone follows; too many of them are the last there are.
fn time_with_zone(text: &[u8]) -> Option<i64> {
    let (seconds, zone) = text.split_at_checked(digits(text))?;
    let zone = zone.trim_ascii_start();
    let has_zone = matches!(zone.first(), Some(b'+' | b'-')) && digits(zone.get(1..)?) > 0;
    (has_zone && !seconds.is_empty())
        .then(|| std::str::from_utf8(seconds).ok().and_then(|digits| digits.parse().ok()).unwrap_or(i64::MAX))
}

/// What git orders walks by (`parse_commit_date` in commit.c), which asks for no zone.
fn time_of_walk(line: &[u8]) -> u64 {
    let behind = memchr::memrchr(b'>', line).and_then(|close| line.get(close + 1..)).unwrap_or_default();
    let text = behind.trim_ascii_start();
    let (negative, text) = text.strip_prefix(b"-").map_or((false, text), |text| (true, text));
    let seconds = text.get(..digits(text)).unwrap_or_default();
    let seconds = std::str::from_utf8(seconds).unwrap_or_default();
    let seconds = if seconds.is_empty() { 0 } else { seconds.parse().unwrap_or(u64::MAX) };
    if negative { seconds.wrapping_neg() } else { seconds }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n";

    fn id() -> Oid {
        Oid::from_hex("1".repeat(40).as_bytes()).unwrap()
    }

    fn parts(text: &[u8]) -> CommitParts {
        let object = CommitObject::new(text);
        object.parts(id(), object.links(id()).unwrap(), text.into(), &People::default())
    }

    #[test]
    fn a_commit_is_its_headers_and_its_message() {
        let text = format!(
            "{TREE}parent {}\nauthor A B <a@b.c> 12 +0100\ncommitter C <c@d.e> 34 -0100\n\nhello\n\nbody\n",
            "2".repeat(40)
        );
        let parts = parts(text.as_bytes());
        assert_eq!(
            (parts.author.name.as_str(), parts.author.email.as_str(), parts.author.time),
            ("A B", "a@b.c", 12)
        );
        assert_eq!((parts.committer.name.as_str(), parts.committer.time), ("C", 34));
        assert_eq!(parts.parents.len(), 1);
        assert_eq!(parts.message, "hello\n\nbody\n");
    }

    #[test]
    fn an_encoding_that_no_commit_can_have_hides_no_letter() {
        for label in ["utf-16le", "UTF-16BE", "utf-16", "replacement", "iso-2022-kr", "hz-gb-2312", "ibm037"]
        {
            let person = "Jan <jan@x.org> 1 +0000";
            let text = format!("{TREE}author {person}\ncommitter {person}\nencoding {label}\n\nplain\n");
            let parts = parts(text.as_bytes());
            assert_eq!(
                (parts.message.as_str(), parts.author.email.as_str()),
                ("plain\n", "jan@x.org"),
                "{label}"
            );
        }
    }

    #[test]
    fn the_encoding_header_is_heeded_and_rubbish_is_replaced() {
        let text =
            format!("{TREE}author J <j@x> 1 +0000\ncommitter J <j@x> 1 +0000\nencoding ISO-8859-1\n\ncaf_\n");
        let text =
            text.into_bytes().into_iter().map(|b| if b == b'_' { 0xe9 } else { b }).collect::<Vec<_>>();
        assert_eq!(parts(&text).message, "café\n");
        let plain = format!("{TREE}author J <j@x> 1 +0000\ncommitter J <j@x> 1 +0000\n\ncaf_\n");
        let plain =
            plain.into_bytes().into_iter().map(|b| if b == b'_' { 0xe9 } else { b }).collect::<Vec<_>>();
        assert_eq!(parts(&plain).message, "caf\u{fffd}\n");
    }

    #[test]
    fn odd_identities_are_facts_and_no_errors() {
        assert_eq!(Signature::parse(b"nobody"), Signature::default());
        assert_eq!(Signature::parse(b" <> x"), Signature { name: b"", email: b"", time: 0 });
        assert_eq!(Signature::parse(b"A <a@b> -5 +0000").time, 0);
        assert_eq!(Signature::parse(b"A <a@b> 5").time, 0);
        assert_eq!(Signature::parse(b"A <a@b> 5 +0100").time, 5);
        assert_eq!(Signature::parse(b"A <a@b> 99999999999999999999 +0100").time, i64::MAX);
        assert_eq!(
            Signature::parse(b"A <a <b> c> 7 +0000"),
            Signature { name: b"A", email: b"a <b", time: 7 }
        );
    }

    #[test]
    fn a_walk_takes_times_as_git_does() {
        for (line, time) in
            [("A <a> 5", 5), ("A <a> x", 0), ("A 5", 0), ("A <a> -1 +0000", u64::MAX), ("A <a>", 0)]
        {
            assert_eq!(time_of_walk(line.as_bytes()), time, "{line}");
        }
    }

    #[test]
    fn a_message_ends_at_its_first_nul() {
        let text = format!("{TREE}author A <a> 1 +0000\ncommitter A <a> 1 +0000\n\nseen\0unseen");
        assert_eq!(parts(text.as_bytes()).message, "seen");
    }

    #[test]
    fn a_commit_without_a_tree_is_an_error() {
        assert!(CommitObject::new(b"author A <a> 1 +0000\n\nx").links(id()).is_err());
    }

    #[test]
    fn a_parent_in_a_folded_header_or_in_the_message_is_none() {
        let text = format!(
            "{TREE}author A <a> 1 +0000\ncommitter A <a> 1 +0000\ngpgsig x\n parent {0}\n\nparent {0}\n",
            "2".repeat(40)
        );
        assert!(parts(text.as_bytes()).parents.is_empty());
    }
}

//! How much of one file is in another, as diffcore-delta.c of git measures it.

use std::collections::HashMap;

/// The pieces of a file, lines cut after 64 bytes, by hash, with the bytes they make up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pieces {
    /// By hash.
    pieces: Box<[(u32, u32)]>,
    size: u64,
}

impl Pieces {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let head = bytes.get(..8000).unwrap_or(bytes);
        let is_text = memchr::memchr(0, head).is_none();
        let mut pieces: HashMap<u32, u32> = HashMap::new();
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            // git counts a line that ends with CR LF as the same line with LF.
            match line.strip_suffix(b"\r\n").filter(|_| is_text) {
                Some(text) => add(&mut pieces, text, b"\n"),
                None => add(&mut pieces, line, b""),
            }
        }
        let mut pieces: Box<[(u32, u32)]> = pieces.into_iter().collect();
        pieces.sort_unstable();
        Self { pieces, size: bytes.len() as u64 }
    }

    /// How many kinds of pieces: what a comparison costs.
    pub(super) fn len(&self) -> usize {
        self.pieces.len()
    }

    /// From 0 to 10,000: the bytes that `self` and `other` have in common, of the larger one's.
    pub(super) fn likeness(&self, other: &Self) -> u64 {
        let mut others = other.pieces.iter().peekable();
        let mut common = 0;
        for (hash, bytes) in &self.pieces {
            while others.next_if(|(other, _)| other < hash).is_some() {}
            if let Some((_, other)) = others.next_if(|(other, _)| other == hash) {
                common += u64::from(*bytes.min(other));
            }
        }
        let larger = self.size.max(other.size).max(1);
        common * 10_000 / larger
    }
}

fn add(pieces: &mut HashMap<u32, u32>, line: &[u8], end: &[u8]) {
    let mut chunks = line.chunks(64).peekable();
    if chunks.peek().is_none() && !end.is_empty() {
        *pieces.entry(hash(end)).or_default() += 1;
    }
    while let Some(chunk) = chunks.next() {
        let last = chunks.peek().is_none();
        let end = if last { end } else { b"" };
        let length = u32::try_from(chunk.len() + end.len()).unwrap_or(u32::MAX);
        let hash = end.iter().fold(hash(chunk), step);
        let bytes = pieces.entry(hash).or_default();
        *bytes = bytes.saturating_add(length);
    }
}

/// FNV-1a: the same everywhere, always.
fn hash(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, step)
}

fn step(hash: u32, byte: &u8) -> u32 {
    (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn likeness(a: &str, b: &str) -> u64 {
        Pieces::of(a.as_bytes()).likeness(&Pieces::of(b.as_bytes()))
    }

    #[test]
    fn what_is_common_counts_by_bytes() {
        assert_eq!(likeness("a\nb\nc\nd\n", "a\nb\nc\nd\n"), 10_000);
        assert_eq!(likeness("a\nb\nc\nd\n", "a\nb\nx\ny\n"), 5_000);
        assert_eq!(likeness("a\nb\n", "d\nc\nb\na\n"), 5_000);
        assert_eq!(likeness("", "a\n"), 0);
    }

    #[test]
    fn other_line_ends_are_no_difference_in_text() {
        assert!(likeness("one\ntwo\n\n", "one\r\ntwo\r\n\r\n") > 7_000);
        let long = "x".repeat(200);
        assert!(likeness(&format!("{long}\n"), &format!("{long}\r\n")) > 9_900);
    }
}

//! Which lines a change adds and deletes: computed here from two blobs, so that every git backend gives the same ones.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Arc, OnceLock, Weak};

use imara_diff::{Algorithm, Diff, InternedInput};

/// One line of a side of a diff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<'a> {
    /// Counted from 1, in its own side.
    pub number: u32,
    /// Without its line feed; U+FFFD for what is not UTF-8.
    pub text: Cow<'a, str>,
    /// Ends with a line feed; only the last line of a file may not.
    pub newline: bool,
}

/// A text of line feeds has as many lines as bytes, so this is small. Larger texts than 4 GiB are not read.
#[derive(Debug, Clone, Copy)]
struct Span {
    number: u32,
    start: u32,
    end: u32,
}

/// Lines of one blob. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Lines(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    bytes: Arc<[u8]>,
    spans: Vec<Span>,
    joined: OnceLock<Joined>,
}

/// Where lines stand one behind the other.
#[derive(Debug)]
enum Joined {
    /// As they stand in the blob.
    Part(Range<usize>),
    /// Put together.
    Own(Vec<u8>),
}

/// Tells lines from others, and keeps none of their bytes in memory.
#[derive(Debug, Default)]
pub struct LinesId(Weak<Inner>);

impl LinesId {
    /// Is it the id of these lines, or of a clone of them?
    pub fn is_of(&self, lines: &Lines) -> bool {
        std::ptr::eq(self.0.as_ptr(), Arc::as_ptr(&lines.0))
    }
}

impl Lines {
    fn new(bytes: Arc<[u8]>, spans: Vec<Span>) -> Self {
        Self(Arc::new(Inner { bytes, spans, joined: OnceLock::new() }))
    }

    /// No lines.
    pub fn none() -> Self {
        static NONE: OnceLock<Lines> = OnceLock::new();
        NONE.get_or_init(|| Self::new(Arc::from([]), Vec::new())).clone()
    }

    /// Every line of a blob.
    pub fn all(bytes: Arc<[u8]>) -> Self {
        let spans = spans(&bytes);
        Self::new(bytes, spans)
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.spans.len()
    }

    /// None at all?
    pub fn is_empty(&self) -> bool {
        self.0.spans.is_empty()
    }

    /// The `index`-th of these lines, from 0.
    pub fn get(&self, index: usize) -> Option<Line<'_>> {
        self.0.spans.get(index).map(|span| self.line(span))
    }

    /// The number of the `index`-th of these lines in its file.
    pub fn number(&self, index: usize) -> Option<u32> {
        self.0.spans.get(index).map(|span| span.number)
    }

    /// The bytes of the longest, without its line feed.
    pub fn longest(&self) -> usize {
        self.0.spans.iter().map(Span::len).max().unwrap_or_default()
    }

    /// The lines in order.
    pub fn iter(&self) -> impl Iterator<Item = Line<'_>> {
        self.0.spans.iter().map(|span| self.line(span))
    }

    /// The lines one behind the other, each with a line feed, also one that has none in its file: for native helpers that
    /// look at all of them. Put together once.
    pub fn joined(&self) -> &[u8] {
        match self.0.joined.get_or_init(|| self.join()) {
            Joined::Part(range) => self.0.bytes.get(range.clone()).unwrap_or_default(),
            Joined::Own(bytes) => bytes,
        }
    }

    fn join(&self) -> Joined {
        let Inner { bytes, spans, .. } = &*self.0;
        let (Some(first), Some(last)) = (spans.first(), spans.last()) else { return Joined::Part(0..0) };
        let is_one = last.number.checked_sub(first.number).map(|n| n as usize + 1) == Some(spans.len());
        if is_one && last.has_feed(bytes) {
            return Joined::Part(first.start()..last.end() + 1);
        }
        let length = spans.iter().map(|span| span.len() + 1).sum();
        let mut joined = Vec::with_capacity(length);
        for span in spans {
            joined.extend_from_slice(span.raw(bytes));
            joined.push(b'\n');
        }
        Joined::Own(joined)
    }

    /// Those whose raw bytes pass a test; nothing is copied.
    #[must_use]
    pub fn filter(&self, mut test: impl FnMut(&[u8]) -> bool) -> Self {
        let Inner { bytes, spans, .. } = &*self.0;
        let kept: Vec<Span> = spans.iter().filter(|span| test(span.raw(bytes))).copied().collect();
        if kept.is_empty() { Self::none() } else { Self::new(Arc::clone(&self.0.bytes), kept) }
    }

    /// Those with these indices, from 0.
    #[must_use]
    pub fn choose(&self, indices: &[usize]) -> Self {
        if indices.is_empty() {
            return Self::none();
        }
        let chosen = indices.iter().filter_map(|index| self.0.spans.get(*index)).copied();
        Self::new(Arc::clone(&self.0.bytes), chosen.collect())
    }

    /// Tells them from others.
    pub fn id(&self) -> LinesId {
        LinesId(Arc::downgrade(&self.0))
    }

    fn line(&self, span: &Span) -> Line<'_> {
        let bytes = &self.0.bytes;
        Line {
            number: span.number,
            text: String::from_utf8_lossy(span.raw(bytes)),
            newline: span.has_feed(bytes),
        }
    }
}

/// The difference of two blobs by lines.
#[derive(Debug, Clone)]
pub struct LineDiff {
    /// Lines of the new side that the old one lacks.
    pub added: Lines,
    /// Lines of the old side that the new one lacks.
    pub deleted: Lines,
}

impl LineDiff {
    /// Compares two sides; `None` is a side that is not there. Minimal where that is cheap, as git's default is.
    pub fn between(old: Option<Arc<[u8]>>, new: Option<Arc<[u8]>>) -> Self {
        match (old, new) {
            (None, None) => Self { added: Lines::none(), deleted: Lines::none() },
            (None, Some(new)) => Self { added: Lines::all(new), deleted: Lines::none() },
            (Some(old), None) => Self { added: Lines::none(), deleted: Lines::all(old) },
            (Some(old), Some(new)) => Self::of_both(old, new),
        }
    }

    fn of_both(old: Arc<[u8]>, new: Arc<[u8]>) -> Self {
        let head = common_head(&old, &new);
        let tail = common_tail(old.get(head..).unwrap_or_default(), new.get(head..).unwrap_or_default());
        let first = number_of_line_at(&new, head);
        let old_spans = spans_within(&old, head, old.len() - tail, first);
        let new_spans = spans_within(&new, head, new.len() - tail, first);
        if !may_share(&old, &old_spans, &new, &new_spans) {
            return Self { added: Lines::new(new, new_spans), deleted: Lines::new(old, old_spans) };
        }
        let mut input = InternedInput::default();
        input.reserve(count(&old_spans), count(&new_spans));
        input.update_before(old_spans.iter().map(|span| span.token(&old)));
        input.update_after(new_spans.iter().map(|span| span.token(&new)));
        let diff = Diff::compute(Algorithm::Myers, &input);
        let (mut added, mut deleted) = (Vec::new(), Vec::new());
        for hunk in diff.hunks() {
            deleted.extend(old_spans.get(range(&hunk.before)).unwrap_or_default());
            added.extend(new_spans.get(range(&hunk.after)).unwrap_or_default());
        }
        Self { added: Lines::new(new, added), deleted: Lines::new(old, deleted) }
    }
}

fn count(spans: &[Span]) -> u32 {
    u32::try_from(spans.len()).unwrap_or(u32::MAX)
}

/// False if the two sides are seen at a glance to have no line in common, as most small changes do: all of both differs then.
fn may_share(old: &[u8], olds: &[Span], new: &[u8], news: &[Span]) -> bool {
    const PAIRS: usize = 64;
    olds.len().saturating_mul(news.len()) > PAIRS
        || olds.iter().any(|span| {
            let token = span.token(old);
            news.iter().any(|other| other.token(new) == token)
        })
}

fn range(lines: &Range<u32>) -> Range<usize> {
    lines.start as usize..lines.end as usize
}

impl Span {
    fn new(number: u32, start: usize, end: usize) -> Self {
        let small = |place| u32::try_from(place).unwrap_or(u32::MAX);
        Self { number, start: small(start), end: small(end) }
    }

    fn start(&self) -> usize {
        self.start as usize
    }

    fn end(&self) -> usize {
        self.end as usize
    }

    fn len(&self) -> usize {
        self.end().saturating_sub(self.start())
    }

    /// Without its line feed.
    fn raw<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        bytes.get(self.start()..self.end()).unwrap_or_default()
    }

    fn has_feed(&self, bytes: &[u8]) -> bool {
        bytes.get(self.end()) == Some(&b'\n')
    }

    /// A line and the same line without its line feed differ, as they do for git.
    fn token<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        bytes.get(self.start()..self.end() + usize::from(self.has_feed(bytes))).unwrap_or_default()
    }
}

fn spans(bytes: &[u8]) -> Vec<Span> {
    spans_within(bytes, 0, bytes.len(), 1)
}

fn spans_within(bytes: &[u8], from: usize, to: usize, first: u32) -> Vec<Span> {
    // Most lines are longer than this.
    let mut spans = Vec::with_capacity((to.saturating_sub(from) / 24).min(1_000) + 1);
    let (mut start, mut number) = (from, first);
    let window = bytes.get(from..to).unwrap_or_default();
    for feed in memchr::memchr_iter(b'\n', window) {
        spans.push(Span::new(number, start, from + feed));
        start = from + feed + 1;
        number = number.saturating_add(1);
    }
    if start < to {
        spans.push(Span::new(number, start, to));
    }
    spans
}

fn number_of_line_at(bytes: &[u8], offset: usize) -> u32 {
    let before = memchr::memchr_iter(b'\n', bytes.get(..offset).unwrap_or_default()).count();
    u32::try_from(before + 1).unwrap_or(u32::MAX)
}

/// The length of the whole lines that both begin with.
fn common_head(a: &[u8], b: &[u8]) -> usize {
    let same = same_bytes(a, b);
    memchr::memrchr(b'\n', a.get(..same).unwrap_or_default()).map_or(0, |feed| feed + 1)
}

/// The length of the whole lines that both end with.
fn common_tail(a: &[u8], b: &[u8]) -> usize {
    let same = same_bytes_at_end(a, b);
    let tail = a.get(a.len() - same..).unwrap_or_default();
    // A line begins at the tail's start only if both sides have one there.
    let starts = |side: &[u8]| side.len() == same || side.get(side.len() - same - 1) == Some(&b'\n');
    if starts(a) && starts(b) {
        return same;
    }
    memchr::memchr(b'\n', tail).map_or(0, |feed| same - feed - 1)
}

fn same_bytes(a: &[u8], b: &[u8]) -> usize {
    const STEP: usize = 256;
    let steps = a.chunks_exact(STEP).zip(b.chunks_exact(STEP)).take_while(|(x, y)| x == y).count();
    let at = steps * STEP;
    let rest = a.get(at..).unwrap_or_default().iter().zip(b.get(at..).unwrap_or_default());
    at + rest.take_while(|(x, y)| x == y).count()
}

fn same_bytes_at_end(a: &[u8], b: &[u8]) -> usize {
    const STEP: usize = 64;
    let steps = a.rchunks_exact(STEP).zip(b.rchunks_exact(STEP)).take_while(|(x, y)| x == y).count();
    let before = |side: &[u8]| side.len() - steps * STEP;
    let rest = |side| <[u8]>::get(side, ..before(side)).unwrap_or_default();
    steps * STEP + rest(a).iter().rev().zip(rest(b).iter().rev()).take_while(|(x, y)| x == y).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Numbered = Vec<(u32, String)>;

    fn diff(old: &str, new: &str) -> (Numbered, Numbered) {
        let diff = LineDiff::between(Some(old.as_bytes().into()), Some(new.as_bytes().into()));
        let list = |lines: &Lines| lines.iter().map(|l| (l.number, l.text.into_owned())).collect();
        (list(&diff.added), list(&diff.deleted))
    }

    #[test]
    fn lines_count_from_one_in_their_own_side() {
        let (added, deleted) = diff("a\nb\nc\n", "a\nx\ny\nc\n");
        assert_eq!(added, [(2, "x".to_owned()), (3, "y".to_owned())]);
        assert_eq!(deleted, [(2, "b".to_owned())]);
    }

    #[test]
    fn a_missing_final_line_feed_is_a_change_of_that_line() {
        assert_eq!(diff("a\nb\n", "a\nb"), (vec![(2, "b".to_owned())], vec![(2, "b".to_owned())]));
    }

    #[test]
    fn what_is_alike_at_both_ends_is_left_out() {
        let (added, deleted) = diff("one\ntwo\nthree\n", "one\ntwo\ntwo\nthree\n");
        assert_eq!(added.len(), 1);
        assert!(deleted.is_empty());
    }

    #[test]
    fn an_added_file_adds_all_its_lines() {
        let diff = LineDiff::between(None, Some(b"a\nb".as_slice().into()));
        assert_eq!(diff.added.len(), 2);
        assert!(diff.deleted.is_empty());
    }
}

//! Many lines searched as one text, for an expression that is meant for each of them.
//!
//! The expression is rewritten so that it means in the middle of a text what it means in a line alone: the ends of the text
//! become the ends of a line, and nothing matches a line feed. A match then lies within one line, and is there exactly if the
//! line alone matches.

use std::cell::RefCell;

use regex_automata::Input;
use regex_automata::meta;
use regex_automata::nfa::thompson::{self, NFA, WhichCaptures};
use regex_automata::util::syntax;
use regex_syntax::hir::{
    Class, ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Look,
};

use super::super::limits::{self, charge};
use super::Fallible;
use super::pattern::{COMPILED, NESTED, SHORT};

/// Bytes that are searched without a look at the clock.
const STRETCH: usize = 64 << 10;
/// States of the expression times bytes of a stretch: some tens of milliseconds at the very worst.
const PAIRS: usize = 20_000_000;
/// A stretch holds every line that is short enough, with its line feed.
const SHORTEST: usize = SHORT + 1;

/// An expression for many lines at once.
#[derive(Clone)]
pub(super) struct Block {
    regex: meta::Regex,
    stretch: usize,
}

impl Block {
    /// `None` where the expression cannot be rewritten, or is too large.
    pub(super) fn new(pattern: &str) -> Option<Self> {
        let hir = syntax::parse_with(pattern, &syntax::Config::new().nest_limit(NESTED)).ok()?;
        let hir = within_lines(&hir)?;
        let config =
            thompson::Config::new().nfa_size_limit(Some(COMPILED)).which_captures(WhichCaptures::None);
        let nfa: NFA = thompson::Compiler::new().configure(config).build_from_hir(&hir).ok()?;
        let stretch = STRETCH.min(PAIRS / nfa.states().len().max(1));
        let config = meta::Config::new().nfa_size_limit(Some(COMPILED));
        let regex = meta::Regex::builder().configure(config).build_from_hir(&hir).ok()?;
        (stretch >= SHORTEST).then_some(Self { regex, stretch })
    }

    /// Which lines match, by index from 0; `None` if one of them is too long. Every line ends with a line feed.
    pub(super) fn indices(&self, text: &str) -> Fallible<Option<Vec<usize>>> {
        let bytes = text.as_bytes();
        let mut found = Vec::new();
        // Before `at` everything is searched, and so many lines lie before it.
        let (mut at, mut lines) = (0, 0);
        while at < bytes.len() {
            let end = bytes.len().min(at + self.stretch);
            let Some(feed) = memchr::memrchr(b'\n', bytes.get(at..end).unwrap_or_default()) else {
                return Ok(None);
            };
            let end = at + feed + 1;
            charge(1)?;
            while let Some(hit) = self.regex.search_half(&Input::new(text).range(at..end).earliest(true)) {
                // Behind the last line feed nothing is a line.
                if hit.offset() >= end {
                    break;
                }
                lines += feeds(bytes, at, hit.offset());
                limits::room(found.len())?;
                found.push(lines);
                let rest = bytes.get(hit.offset()..end).unwrap_or_default();
                at = hit.offset() + memchr::memchr(b'\n', rest).map_or(rest.len(), |feed| feed + 1);
                lines += 1;
            }
            lines += feeds(bytes, at, end);
            at = end;
        }
        Ok(Some(found))
    }
}

fn feeds(bytes: &[u8], from: usize, to: usize) -> usize {
    memchr::memchr_iter(b'\n', bytes.get(from..to).unwrap_or_default()).count()
}

/// The expression as it is meant for a line, for a text of many. `None` for what knows of line ends of its own.
fn within_lines(hir: &Hir) -> Option<Hir> {
    let all = |list: &[Hir]| list.iter().map(within_lines).collect::<Option<Vec<_>>>();
    Some(match hir.kind() {
        HirKind::Empty => Hir::empty(),
        HirKind::Literal(literal) if literal.0.contains(&b'\n') => Hir::fail(),
        HirKind::Literal(literal) => Hir::literal(literal.0.clone()),
        HirKind::Class(class) => Hir::class(without_line_feed(class)),
        HirKind::Look(look) => Hir::look(match look {
            Look::Start | Look::StartLF => Look::StartLF,
            Look::End | Look::EndLF => Look::EndLF,
            Look::StartCRLF | Look::EndCRLF => return None,
            other => *other,
        }),
        HirKind::Repetition(repetition) => Hir::repetition(repetition.with(within_lines(&repetition.sub)?)),
        // Nobody asks for groups here.
        HirKind::Capture(capture) => within_lines(&capture.sub)?,
        HirKind::Concat(list) => Hir::concat(all(list)?),
        HirKind::Alternation(list) => Hir::alternation(all(list)?),
    })
}

fn without_line_feed(class: &Class) -> Class {
    match class {
        Class::Unicode(class) => {
            let mut class = class.clone();
            class.difference(&ClassUnicode::new([ClassUnicodeRange::new('\n', '\n')]));
            Class::Unicode(class)
        }
        Class::Bytes(class) => {
            let mut class = class.clone();
            class.difference(&ClassBytes::new([ClassBytesRange::new(b'\n', b'\n')]));
            Class::Bytes(class)
        }
    }
}

/// This thread's clones of what threads share, by number.
pub(super) struct Clones<T>(RefCell<Vec<Option<(usize, T)>>>);

impl<T> Default for Clones<T> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<T: Clone> Clones<T> {
    /// Of two numbers that are so far apart one clone is kept.
    const PLACES: usize = 256;

    /// Works with the clone of this number.
    pub(super) fn with<R>(
        &self,
        number: usize,
        original: &T,
        work: impl FnOnce(&T) -> Fallible<R>,
    ) -> Fallible<R> {
        let place = number % Self::PLACES;
        let is_there = |places: &[Option<(usize, T)>]| {
            places.get(place).and_then(Option::as_ref).is_some_and(|(there, _)| *there == number)
        };
        if !is_there(&self.0.borrow()) {
            let mut places = self.0.borrow_mut();
            if places.len() <= place {
                places.resize(place + 1, None);
            }
            if let Some(there) = places.get_mut(place) {
                *there = Some((number, original.clone()));
            }
        }
        match self.0.borrow().get(place) {
            Some(Some((_, clone))) => work(clone),
            _ => work(original),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPRESSIONS: [&str; 24] = [
        "^(?:<{7} |>{7} |={7}\\r?$)",
        "[ \\t\\f\\x0b]+\\r?$",
        "\\r$",
        "",
        "^",
        "$",
        "^$",
        "\\A\\z",
        "\\Aa|b\\z",
        "[^a]b",
        "(?s).b",
        "\\s",
        "\\sb",
        "\\W$",
        "a\\n",
        "a\\nb|b",
        "\\bb\\b",
        "\\B",
        "(?m)^b$",
        "(?i)É",
        "(a|(b))+?$",
        "b{2,}",
        "[\\n]",
        "\\b{start}a|\\b{end-half}c",
    ];
    const TEXTS: [&str; 9] = [
        "\n",
        "\n\n\n",
        "a\nb\n",
        "ab \n\nbb\r\n b\n",
        "<<<<<<< a\n=======\n>>>>>>> b\n",
        "=======\r\n========\n",
        "é\nÉa\nbé\n",
        " \t\n\r\r\na b c\n",
        "x\nab\nba\n\nbbb\ncb\n",
    ];

    #[test]
    fn a_line_is_found_exactly_if_it_matches_alone() {
        for expression in EXPRESSIONS {
            let alone = regex::Regex::new(expression).unwrap();
            let block = Block::new(expression).unwrap();
            for text in TEXTS {
                let lines = text.strip_suffix('\n').unwrap().split('\n').enumerate();
                let expected: Vec<usize> =
                    lines.filter(|(_, line)| alone.is_match(line)).map(|(index, _)| index).collect();
                assert_eq!(block.indices(text).unwrap(), Some(expected), "`{expression}` in {text:?}");
            }
        }
    }

    #[test]
    fn stretches_are_joined_without_a_seam() {
        let text = "xx\nab\n\nax\n".repeat(40_000);
        let block = Block::new("^a.?$").unwrap();
        let expected: Vec<usize> = (0..160_000).filter(|index| index % 2 == 1).collect();
        assert_eq!(block.indices(&text).unwrap(), Some(expected));
    }

    #[test]
    fn what_is_dear_or_knows_line_ends_is_searched_line_by_line() {
        assert!(Block::new("(?R)(?m)a$").is_none());
        assert!(Block::new("(?:a?){5000}").is_none());
        assert_eq!(Block::new("a").unwrap().indices(&"b".repeat(STRETCH)).unwrap(), None);
    }
}

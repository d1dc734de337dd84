//! `secrets(text)`: tokens of the well-known formats, private keys, and assignments of what looks random to something that is
//! called a password.
//!
//! One pass looks for the literals that every format has; only where one stands is looked at closely. Text without any costs
//! next to nothing. The secret itself is never repeated.

mod assignment;
mod formats;

use std::cell::RefCell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use rhai::{Array, Dynamic, EvalAltResult, ImmutableString};

use self::formats::{FORMATS, Format};
use super::api::{Api, Fallible, List, comparable, fail, shown};
use super::limits::charge;
use crate::facts::LinesId;

/// A text with more of them than this is no more telling.
const MOST: usize = 1_000;

/// Bytes that count as one operation.
const BYTES_AN_OPERATION: usize = 1_024;

/// Something that looks like a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Secret {
    /// The format's name, for rules that want to tell: `aws-access-key`.
    pub(super) kind: &'static str,
    /// For people, with its article: `an AWS access key`.
    pub(super) what: &'static str,
    /// A provider's own format, or a key block; not a guess.
    pub(super) is_certain: bool,
    /// Where it begins: counted from 1.
    pub(super) line: u32,
    /// In characters, from 1.
    pub(super) column: u32,
}

/// The literals of all formats, and which format each belongs to.
struct Literals {
    searcher: AhoCorasick,
    formats: Vec<&'static Format>,
}

/// From so many bytes on an automaton has earned what it costs to make.
const SOME: usize = 8 << 10;

/// And from so many on the faster one.
const MANY: usize = 512 << 10;

/// Bytes that were looked at so far, `bytes` included.
fn seen(bytes: usize) -> usize {
    static SEEN: AtomicUsize = AtomicUsize::new(0);
    SEEN.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes)
}

/// Is there none of the literals in a text? Looked for one by one, as is quickest for the few lines of a hook.
fn is_clean(text: &[u8]) -> bool {
    let mut literals = FORMATS.iter().flat_map(|format| format.literals);
    !literals.any(|literal| memchr::memmem::find(text, literal.as_bytes()).is_some())
}

/// The automaton for a process that has seen so many bytes: a hook looks at a few lines and takes the one quickly made.
fn literals(seen: usize) -> Option<&'static Literals> {
    static FEW_BYTES: OnceLock<Option<Literals>> = OnceLock::new();
    static MANY_BYTES: OnceLock<Option<Literals>> = OnceLock::new();
    if seen < MANY {
        FEW_BYTES.get_or_init(|| Literals::new(AhoCorasickKind::NoncontiguousNFA)).as_ref()
    } else {
        MANY_BYTES.get_or_init(|| Literals::new(AhoCorasickKind::DFA)).as_ref()
    }
}

impl Literals {
    fn new(kind: AhoCorasickKind) -> Option<Self> {
        let pairs =
            || FORMATS.iter().flat_map(|format| format.literals.iter().map(move |literal| (literal, format)));
        let searcher = AhoCorasick::builder()
            .kind(Some(kind))
            .match_kind(MatchKind::LeftmostFirst)
            .build(pairs().map(|(literal, _)| literal.as_bytes()))
            .ok()?;
        Some(Self { searcher, formats: pairs().map(|(_, format)| format).collect() })
    }
}

/// Where a secret begins, and of which format it is.
type Hit = (usize, &'static Format);

/// Where secrets begin in a text, by offset; and what [`charge`] is to be told when the same is found again.
///
/// # Errors
/// When the call has no operations or time left.
fn scan(text: &[u8]) -> Fallible<(Vec<Hit>, usize)> {
    let mut operations = text.len() / BYTES_AN_OPERATION;
    charge(operations)?;
    let seen = seen(text.len());
    if seen < SOME && is_clean(text) {
        return Ok((Vec::new(), operations));
    }
    let Some(literals) = literals(seen) else {
        return fail("the formats of secrets cannot be compiled");
    };
    let mut found: Vec<Hit> = Vec::new();
    let mut behind = 0;
    let mut at = 0;
    while let Some(hit) = literals.searcher.find(text.get(at..).unwrap_or_default()) {
        charge(1)?;
        operations += 2;
        let (start, end) = (at + hit.start(), at + hit.end());
        at = end;
        let Some(format) = literals.formats.get(hit.pattern().as_usize()) else { continue };
        if start < behind {
            continue;
        }
        if let Some((from, to)) = format.matches(text, start, end) {
            found.push((from, format));
            behind = to;
            at = at.max(to);
        }
        if found.len() >= MOST {
            break;
        }
    }
    Ok((found, operations))
}

fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Secrets with their places; `line_of` numbers the lines of the text, which count from 0.
fn placed(text: &[u8], found: &[Hit], line_of: impl Fn(usize) -> u32) -> Vec<Secret> {
    let (mut line, mut begin, mut counted) = (0, 0, 0);
    found
        .iter()
        .map(|(at, format)| {
            for feed in memchr::memchr_iter(b'\n', text.get(counted..*at).unwrap_or_default()) {
                line += 1;
                begin = counted + feed + 1;
            }
            counted = (*at).max(counted);
            let before = String::from_utf8_lossy(text.get(begin..*at).unwrap_or_default());
            Secret {
                kind: format.kind,
                what: format.what,
                is_certain: format.is_certain,
                line: line_of(line),
                column: number(before.chars().count() + 1),
            }
        })
        .collect()
}

/// Secrets of a text.
pub(super) fn in_text(text: &str) -> Result<Vec<Secret>, Box<EvalAltResult>> {
    let text = text.as_bytes();
    Ok(placed(text, &scan(text)?.0, |line| number(line + 1)))
}

/// The lines that this thread looked at last, how many operations that took, and what was found: two rules ask for the same.
struct Last {
    lines: LinesId,
    operations: usize,
    secrets: Vec<Secret>,
}

thread_local! {
    static LAST: RefCell<Option<Last>> = const { RefCell::new(None) };
}

/// Secrets of some lines of a file; a key block may span several.
fn in_lines(list: &List) -> Result<Vec<Secret>, Box<EvalAltResult>> {
    let List::Lines(lines) = list else {
        return fail("`secrets` takes a text, or a list of lines such as `file.added_lines`");
    };
    let known = LAST.with_borrow(|last| {
        let last = last.as_ref().filter(|last| last.lines.is_of(lines))?;
        Some((last.operations, last.secrets.clone()))
    });
    if let Some((operations, secrets)) = known {
        return charge(operations).map(|()| secrets);
    }
    let text = lines.joined();
    let (found, operations) = scan(text)?;
    let secrets = placed(text, &found, |line| lines.number(line).unwrap_or(0));
    LAST.set(Some(Last { lines: lines.id(), operations, secrets: secrets.clone() }));
    Ok(secrets)
}

fn values(secrets: Vec<Secret>) -> Array {
    secrets.into_iter().map(Dynamic::from).collect()
}

pub(super) fn register(api: &mut Api<'_>) {
    api.function(
        "secrets",
        "(text: string) -> [secret]",
        "What in a text looks like a secret: tokens of well-known formats, private keys, passwords written out.",
        |text: &str| in_text(text).map(values),
    )
    .function(
        "secrets",
        "(lines: list) -> [secret]",
        "What in a list of lines looks like a secret; lines keep their numbers.",
        |lines: &mut List| -> Fallible<Array> { in_lines(lines).map(values) },
    )
    .function("secrets", "(nothing: ()) -> [secret]", "`()` holds none.", |(): ()| Array::new());
    api.of::<Secret>("secret", "Something that looks like a secret; its text is not told.")
        .property(
            "kind",
            "string",
            "The format: `aws-access-key`, `private-key`, `assignment`, ...",
            |s: &mut Secret| ImmutableString::from(s.kind),
        )
        .property("what", "string", "For people, with its article: `an AWS access key`.", |s: &mut Secret| {
            ImmutableString::from(s.what)
        })
        .property(
            "is_certain",
            "bool",
            "Is it of a provider's own format, or a key block?",
            |s: &mut Secret| s.is_certain,
        )
        .property("line", "int", "Its line, from 1.", |s: &mut Secret| i64::from(s.line))
        .property("column", "int", "Where in the line it begins, from 1.", |s: &mut Secret| {
            i64::from(s.column)
        });
    comparable::<Secret>(api.engine());
    shown::<Secret>(api.engine(), |secret| secret.what.to_owned());
}

#[cfg(test)]
mod tests;

//! Parsed documents: what `json() yaml() toml() hcl()` make of a text.
//!
//! Every value knows its line, so that a finding points to it. Values are shared, never copied: an alias of YAML that is used
//! a thousand times is one value, so a "billion laughs" costs what it takes to write it down. How deep a document is, how many
//! values it holds and how many operations it takes is limited while it is read.

mod hcl;
mod json;
mod read;
mod show;
mod toml;
mod yaml;

use std::sync::Arc;

use indexmap::IndexMap;
use rhai::{EvalAltResult, ImmutableString};

pub(super) use read::{Language, Source, check, of_file, of_text, only, why_not, why_not_file};
pub(super) use show::{equal, shown};

use super::api::Fallible;
use super::limits::charge;

/// Lists in maps in lists.
const MOST_DEEP: usize = 128;

/// Values of one document, each use of a merge key counted.
const MOST_VALUES: usize = 500_000;

/// A value, and the line on which it stands: of a map's entry, the line of its key.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub(super) line: u32,
    pub(super) node: Arc<Node>,
}

/// A value without its place: an anchor's is in many places.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) extra: Option<Box<Extra>>,
}

/// What few values have.
#[derive(Debug, Default)]
pub(super) struct Extra {
    /// `!reference` of YAML.
    pub(super) tag: Option<ImmutableString>,
    /// The labels of an HCL block.
    pub(super) labels: Vec<ImmutableString>,
    /// The blocks in an HCL block or file, in order: their type and themselves.
    pub(super) blocks: Vec<(Arc<str>, Slot)>,
    /// The function that an HCL expression calls.
    pub(super) function: Option<ImmutableString>,
    /// What it is called with.
    pub(super) arguments: Vec<Slot>,
}

#[derive(Debug)]
pub(super) enum Value {
    Scalar(Scalar),
    List(Vec<Slot>),
    Map(Entries),
}

/// In the order of the document.
pub(super) type Entries = IndexMap<Arc<str>, Slot>;

/// A value that holds no others.
#[derive(Debug)]
pub(super) struct Scalar {
    /// As it is written: `1.10` is not `1.1`.
    pub(super) text: ImmutableString,
    pub(super) plain: Plain,
    /// Where each line of the text stands, if it is a block of lines: that of its first one.
    pub(super) block: Option<u32>,
}

/// What a scalar means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Plain {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text,
    /// Of HCL: only Terraform could say what it comes to.
    Expression,
}

impl Scalar {
    fn new(text: &str, plain: Plain) -> Self {
        Self { text: text.into(), plain, block: None }
    }

    /// A number as it is written; a text if it is none.
    fn number(text: &str) -> Self {
        let plain = match (text.parse(), text.parse()) {
            (Ok(int), _) => Plain::Int(int),
            (_, Ok(float)) => Plain::Float(float),
            _ => Plain::Text,
        };
        Self::new(text, plain)
    }
}

impl From<Value> for Node {
    fn from(value: Value) -> Self {
        Self { value, extra: None }
    }
}

impl From<Scalar> for Node {
    fn from(scalar: Scalar) -> Self {
        Value::Scalar(scalar).into()
    }
}

impl Slot {
    fn new(line: u32, node: impl Into<Node>) -> Self {
        Self { line, node: Arc::new(node.into()) }
    }

    pub(super) fn list(line: u32, items: Vec<Self>) -> Self {
        Self::new(line, Value::List(items))
    }

    pub(super) fn scalar(&self) -> Option<&Scalar> {
        match &self.node.value {
            Value::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    pub(super) fn is_null(&self) -> bool {
        self.scalar().is_some_and(|scalar| scalar.plain == Plain::Null)
    }

    /// The value of a key.
    pub(super) fn entry(&self, key: &str) -> Option<(&Arc<str>, &Slot)> {
        match &self.node.value {
            Value::Map(entries) => entries.get_key_value(key),
            _ => None,
        }
    }

    /// How many elements or entries; a scalar is a list of one, and nothing one of none.
    pub(super) fn count(&self) -> usize {
        match &self.node.value {
            Value::List(items) => items.len(),
            Value::Map(entries) => entries.len(),
            Value::Scalar(_) => usize::from(!self.is_null()),
        }
    }

    /// The element or entry at an index.
    pub(super) fn item(&self, index: usize) -> Option<(Option<&Arc<str>>, &Slot)> {
        match &self.node.value {
            Value::List(items) => items.get(index).map(|slot| (None, slot)),
            Value::Map(entries) => entries.get_index(index).map(|(key, slot)| (Some(key), slot)),
            Value::Scalar(_) => (index < self.count()).then_some((None, self)),
        }
    }
}

/// Why a document does not parse, and where: both count from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SyntaxError {
    pub(super) message: String,
    pub(super) line: u32,
    pub(super) column: u32,
}

/// Why reading ends.
#[derive(Debug)]
enum Stop {
    /// It is the document's fault.
    Syntax(SyntaxError),
    /// The rule has used up what it may.
    Limit(Box<EvalAltResult>),
}

impl From<Box<EvalAltResult>> for Stop {
    fn from(error: Box<EvalAltResult>) -> Self {
        Self::Limit(error)
    }
}

impl From<SyntaxError> for Stop {
    fn from(error: SyntaxError) -> Self {
        Self::Syntax(error)
    }
}

type Parsed<T> = Result<T, Stop>;

/// Counts the values of a document.
#[derive(Default)]
struct Counter {
    values: usize,
}

impl Counter {
    fn add(&mut self, values: usize, at: impl FnOnce() -> (u32, u32)) -> Parsed<()> {
        charge(values)?;
        self.values = self.values.saturating_add(values);
        if self.values <= MOST_VALUES { Ok(()) } else { Err(too_many(at()).into()) }
    }
}

fn too_many((line, column): (u32, u32)) -> SyntaxError {
    SyntaxError { message: format!("holds more than {MOST_VALUES} values"), line, column }
}

fn too_deep((line, column): (u32, u32)) -> SyntaxError {
    SyntaxError { message: format!("is nested more than {MOST_DEEP} deep"), line, column }
}

fn twice(key: &str, first: u32, (line, column): (u32, u32)) -> SyntaxError {
    let key: String = key.chars().take(100).collect();
    SyntaxError { message: format!("`{key}` is there twice, first in line {first}"), line, column }
}

/// Some parsers make everything before they give anything back: what they would make is limited by the signs without which
/// there are no values.
fn affordable(text: &str, signs: &[u8]) -> Parsed<()> {
    let count = text.bytes().filter(|byte| signs.contains(byte)).count();
    if count <= MOST_VALUES { Ok(()) } else { Err(too_many((1, 1)).into()) }
}

/// Where the lines of a text begin.
struct Places<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Places<'a> {
    fn of(text: &'a str) -> Self {
        let feeds = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1);
        Self { text, starts: std::iter::once(0).chain(feeds).collect() }
    }

    fn line(&self, offset: usize) -> u32 {
        number(self.starts.partition_point(|start| *start <= offset))
    }

    /// Line and column, which counts characters.
    fn at(&self, offset: usize) -> (u32, u32) {
        let line = self.line(offset);
        let start = usize::try_from(line).ok().and_then(|line| self.starts.get(line - 1)).copied();
        let before = self.text.get(start.unwrap_or(0)..offset.min(self.text.len())).unwrap_or("");
        (line, number(before.chars().count() + 1))
    }
}

fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// What a library says, as we say things: in lower case, in one line, without a full stop.
fn said(message: &str) -> String {
    let message =
        message.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ");
    let mut letters = message.trim_end_matches('.').chars();
    match letters.next() {
        Some(first) if !letters.as_str().starts_with(char::is_uppercase) => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => message,
    }
}

/// Values of a document, charged as they are looked at.
fn visit() -> Fallible<()> {
    charge(1)
}

#[cfg(test)]
mod tests;

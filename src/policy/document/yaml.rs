//! YAML 1.2 with its core schema, from the events of `saphyr-parser`: any number of documents, anchors, aliases, and the merge
//! keys that YAML 1.1 had and everybody uses.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use rhai::ImmutableString;
use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::super::limits::charge;
use super::{
    Counter, Entries, Extra, MOST_DEEP, Node, Parsed, Plain, Scalar, Slot, SyntaxError, Value, number, said,
    too_deep, twice,
};
use crate::policy::api::Fallible;

/// Only the grammar: no value is built, so aliases multiply nothing.
pub(super) fn grammar(text: &str) -> Fallible<Result<(), SyntaxError>> {
    for event in Parser::new_from_str(text) {
        charge(1)?;
        if let Err(error) = event {
            return Ok(Err(wrong(&error)));
        }
    }
    Ok(Ok(()))
}

fn wrong(error: &saphyr_parser::ScanError) -> SyntaxError {
    let (line, column) = (error.marker().line(), error.marker().col() + 1);
    SyntaxError {
        message: said(&error.info().to_lowercase()),
        line: number(line.max(1)),
        column: number(column),
    }
}

/// All documents of a stream.
pub(super) fn read(text: &str) -> Parsed<Vec<Slot>> {
    let mut reader = Reader::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| wrong(&error))?;
        reader.event(event, span)?;
    }
    Ok(reader.documents)
}

/// Line and column.
type Place = (u32, u32);

/// A list or a map that is not complete yet.
struct Open {
    anchor: usize,
    tag: Option<ImmutableString>,
    line: u32,
    value: Opened,
}

/// A key whose value is still to come.
struct Key {
    name: Arc<str>,
    at: Place,
    /// `<<` without quotes or another tag.
    merges: bool,
}

enum Opened {
    List(Vec<Slot>),
    Map { entries: Entries, key: Option<Key>, merges: Vec<(Slot, Place)> },
}

#[derive(Default)]
struct Reader {
    open: Vec<Open>,
    documents: Vec<Slot>,
    /// What an anchor names; nothing as long as that is not complete.
    anchors: HashMap<usize, Slot>,
    counter: Counter,
}

impl Reader {
    fn event(&mut self, event: Event<'_>, span: Span) -> Parsed<()> {
        let at = (number(span.start.line().max(1)), number(span.start.col() + 1));
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.counter.add(1, || at)?;
                let node = scalar(&text, style, tag.as_deref(), at.0);
                self.put(Slot::new(at.0, node), anchor, at, style == ScalarStyle::Plain)
            }
            Event::SequenceStart(anchor, tag) => self.begin(Opened::List(Vec::new()), anchor, tag, at),
            Event::MappingStart(anchor, tag) => {
                let map = Opened::Map { entries: Entries::new(), key: None, merges: Vec::new() };
                self.begin(map, anchor, tag, at)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(at),
            Event::Alias(anchor) => {
                charge(1)?;
                match self.anchors.get(&anchor) {
                    Some(slot) => self.put(Slot { line: at.0, node: Arc::clone(&slot.node) }, 0, at, false),
                    None => Err(mistake("an alias stands inside of what it names", at)),
                }
            }
            Event::DocumentStart(_) => {
                self.anchors.clear();
                Ok(())
            }
            Event::DocumentEnd | Event::StreamStart | Event::StreamEnd | Event::Nothing => Ok(()),
        }
    }

    fn begin(&mut self, value: Opened, anchor: usize, tag: Option<Cow<'_, Tag>>, at: Place) -> Parsed<()> {
        self.counter.add(1, || at)?;
        if self.open.len() >= MOST_DEEP {
            return Err(too_deep(at).into());
        }
        self.open.push(Open { anchor, tag: tag.and_then(|tag| own(&tag)), line: at.0, value });
        Ok(())
    }

    fn end(&mut self, at: Place) -> Parsed<()> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let value = match open.value {
            Opened::List(items) => Value::List(items),
            Opened::Map { mut entries, merges, .. } => {
                for (slot, at) in merges {
                    self.merge(&mut entries, &slot, at)?;
                }
                Value::Map(entries)
            }
        };
        let node = tagged(value, open.tag);
        self.put(Slot::new(open.line, node), open.anchor, at, false)
    }

    /// A complete value goes where it belongs: `is_plain` if it is a scalar without quotes.
    fn put(&mut self, slot: Slot, anchor: usize, at: Place, is_plain: bool) -> Parsed<()> {
        if anchor > 0 {
            self.anchors.insert(anchor, slot.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.documents.push(slot);
            return Ok(());
        };
        match &mut open.value {
            Opened::List(items) => items.push(slot),
            Opened::Map { entries, key: key @ None, .. } => {
                let Some(scalar) = slot.scalar() else {
                    return Err(mistake("a key is a list or a map; keys must be texts", at));
                };
                let name: Arc<str> = scalar.text.as_str().into();
                if let Some(first) = entries.get(&name) {
                    return Err(twice(&name, first.line, at).into());
                }
                let merges = is_plain && &*name == "<<";
                *key = Some(Key { name, at, merges });
            }
            Opened::Map { entries, key: key @ Some(_), merges } => {
                let Some(key) = key.take() else { return Ok(()) };
                if key.merges {
                    merges.push((slot, key.at));
                } else {
                    entries.insert(key.name, Slot { line: key.at.0, ..slot });
                }
            }
        }
        Ok(())
    }

    /// What is written in the map itself stays, then the first of several.
    fn merge(&mut self, entries: &mut Entries, from: &Slot, at: Place) -> Parsed<()> {
        match &from.node.value {
            Value::Map(more) => {
                self.counter.add(more.len(), || at)?;
                for (key, slot) in more {
                    entries.entry(Arc::clone(key)).or_insert_with(|| slot.clone());
                }
                Ok(())
            }
            Value::List(items) if items.iter().all(|item| matches!(item.node.value, Value::Map(_))) => {
                items.iter().try_for_each(|item| self.merge(entries, item, at))
            }
            _ => Err(mistake("`<<` merges a map, or a list of maps", at)),
        }
    }
}

fn mistake(message: &str, (line, column): Place) -> super::Stop {
    SyntaxError { message: message.to_owned(), line, column }.into()
}

/// A tag that is not one of YAML's own.
fn own(tag: &Tag) -> Option<ImmutableString> {
    (!tag.is_yaml_core_schema()).then(|| tag.to_string().into())
}

fn tagged(value: Value, tag: Option<ImmutableString>) -> Node {
    let extra = tag.map(|tag| Box::new(Extra { tag: Some(tag), ..Extra::default() }));
    Node { value, extra }
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>, line: u32) -> Node {
    let core = tag.filter(|tag| tag.is_yaml_core_schema()).map(|tag| tag.suffix.as_str());
    let plain = match (style, core) {
        (_, Some("str")) => Plain::Text,
        (ScalarStyle::Plain, _) | (_, Some("int" | "float" | "bool" | "null")) => meaning(text),
        _ => Plain::Text,
    };
    // The event stands at the first line that is not empty.
    let empty = text.bytes().take_while(|byte| *byte == b'\n').count();
    let block = (style == ScalarStyle::Literal).then(|| line.saturating_sub(number(empty)));
    tagged(Value::Scalar(Scalar { text: text.into(), plain, block }), tag.and_then(own))
}

/// The core schema: <https://yaml.org/spec/1.2.2/#103-core-schema>. `on`, `yes` and `no` are texts.
fn meaning(text: &str) -> Plain {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Plain::Null,
        "true" | "True" | "TRUE" => return Plain::Bool(true),
        "false" | "False" | "FALSE" => return Plain::Bool(false),
        _ => {}
    }
    let radix = |prefix: &str, radix| i64::from_str_radix(text.strip_prefix(prefix)?, radix).ok();
    if let Some(int) = radix("0o", 8).or_else(|| radix("0x", 16)) {
        return Plain::Int(int);
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    match unsigned {
        ".inf" | ".Inf" | ".INF" => {
            return Plain::Float(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY });
        }
        ".nan" | ".NaN" | ".NAN" => return Plain::Float(f64::NAN),
        _ => {}
    }
    // Rust's own grammar of numbers also knows words.
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        || !unsigned.bytes().any(|byte| byte.is_ascii_digit())
    {
        return Plain::Text;
    }
    Scalar::number(text).plain
}

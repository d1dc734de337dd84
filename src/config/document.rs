//! TOML text to raw types, with every mistake located and in our own words.
//!
//! serde stops at the first mistake. To find the others the offending entry is taken out of the parsed document and the
//! document is read again, until it can be read or nothing more can be taken out.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer, Error};

use super::mistakes::Mistakes;
use crate::diagnostic::{Diagnostic, Place, nearest};

/// So many mistakes of one file are shown; who has more has given us something else than a policy.
const MOST: usize = 50;

/// The document, syntactically right.
pub(super) type Document<'a> = Spanned<DeTable<'a>>;

/// Parses TOML. `None` with mistakes recorded if it is none.
pub(super) fn parse<'a>(text: &'a str, mistakes: &mut Mistakes<'_>) -> Option<Document<'a>> {
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in errors.iter().take(MOST) {
        let message = first_lower(error.message());
        let offset = error.span().map_or(0, |span| span.start);
        mistakes.error(Diagnostic::at(mistakes.place(offset), message));
    }
    errors.is_empty().then_some(document)
}

/// The string at a top-level key, read before anything else is: a newer file may hold what this version cannot know.
pub(super) fn top_level_string(document: &Document<'_>, key: &str) -> Option<super::At<String>> {
    let value = document.get_ref().get(key)?;
    let text = value.get_ref().as_str()?.to_owned();
    Some(super::At { offset: value.span().start, value: text })
}

/// Reads the whole document. `None` if more than unknown keys is wrong with its shape; those are taken out, and what is
/// left is good enough to look for more mistakes in.
pub(super) fn read<T: DeserializeOwned>(document: Document<'_>, mistakes: &mut Mistakes<'_>) -> Option<T> {
    let mut document = document;
    let mut taken: Vec<(Wrong, Entry)> = Vec::new();
    for _ in 0..MOST {
        let error = match T::deserialize(Deserializer::from(document.clone())) {
            Ok(read) => {
                let whole = taken.iter().all(|(wrong, _)| matches!(wrong, Wrong::UnknownKey { .. }));
                return whole.then_some(read);
            }
            Err(error) => error,
        };
        let span = error.span().unwrap_or(0..0);
        let wrong = Wrong::of(&error);
        let entry = take(document.get_mut(), &span);
        if !wrong.follows_from(&taken, &span) {
            mistakes.error(wrong.described(entry.as_ref(), mistakes.place(span.start)));
        }
        taken.push((wrong, entry?));
    }
    None
}

/// What serde found wrong.
enum Wrong {
    /// A key that does not exist.
    UnknownKey { key: String, valid: Vec<String> },
    /// A key that must be there.
    MissingKey { key: String },
    /// A value of another type or out of range.
    Type { expected: String, found: String },
    /// Anything else, in its own words.
    Other(String),
}

impl Wrong {
    /// From the words of serde's `de::Error`, which are the only form in which it passes them on.
    fn of(error: &Error) -> Self {
        let message = error.message();
        let mut quoted = message.split('`').skip(1).step_by(2).map(str::to_owned);
        if message.starts_with("unknown field `") {
            let key = quoted.next().unwrap_or_default();
            return Self::UnknownKey { key, valid: quoted.collect() };
        }
        if message.starts_with("missing field `") {
            return Self::MissingKey { key: quoted.next().unwrap_or_default() };
        }
        let typed =
            message.strip_prefix("invalid type: ").or_else(|| message.strip_prefix("invalid value: "));
        match typed.and_then(|rest| rest.rsplit_once(", expected ")) {
            Some((found, expected)) => {
                Self::Type { expected: expected_words(expected), found: found.to_owned() }
            }
            None => Self::Other(first_lower(message)),
        }
    }

    /// Is it only there because of what was taken out of the same table?
    fn follows_from(&self, taken: &[(Self, Entry)], table: &Range<usize>) -> bool {
        let Self::MissingKey { key: missing } = self else { return false };
        taken.iter().filter(|(_, entry)| entry.parent == *table).any(|(wrong, entry)| match wrong {
            Self::UnknownKey { key, valid } => {
                nearest(key, valid.iter().map(String::as_str)) == Some(missing.as_str())
            }
            _ => entry.path.last() == Some(missing),
        })
    }

    fn described(&self, entry: Option<&Entry>, place: Place) -> Diagnostic {
        match self {
            Self::UnknownKey { key, valid } => Diagnostic::at(place, format!("unknown key `{key}`"))
                .nearest(key, valid.iter().map(String::as_str)),
            Self::MissingKey { key } => {
                let of = entry.map_or_else(String::new, |entry| format!(" of `{}`", entry.path.join(".")));
                Diagnostic::at(place, format!("the key `{key}`{of} is missing"))
            }
            Self::Type { expected, found } => {
                let what = entry.map_or_else(|| "this".to_owned(), Entry::shown);
                let found = entry.map_or_else(|| found.clone(), |entry| entry.found.clone());
                let is_single = expected == "an array" && found == "a table";
                let mistake = Diagnostic::at(place, format!("{what} must be {expected}, not {found}"));
                match entry.and_then(|entry| entry.path.last()).filter(|_| is_single) {
                    Some(key) => mistake.help(format!("each of them begins with [[{key}]]")),
                    None => mistake,
                }
            }
            Self::Other(message) => Diagnostic::at(place, message.clone()),
        }
    }
}

/// TOML's words for what serde calls the expected thing.
fn expected_words(serde: &str) -> String {
    match serde {
        "a sequence" => "an array",
        "a map" => "a table",
        "a boolean" => "`true` or `false`",
        "a TOML datetime" => "a date without quotes, like 2027-03-31",
        "u32" => "a whole number, 0 or more",
        other if other.starts_with("struct ") => "a table",
        other => other,
    }
    .to_owned()
}

/// An entry that was taken out of the document.
struct Entry {
    /// The keys that lead to it from the top; of an element of an array, to the array.
    path: Vec<String>,
    /// It was an element of an array.
    is_element: bool,
    /// What was there.
    found: String,
    /// Where the table around it was; empty for the top.
    parent: Range<usize>,
}

impl Entry {
    fn new(path: Vec<String>, value: &DeValue<'_>, parent: &Range<usize>, is_element: bool) -> Self {
        Self { path, is_element, found: found_words(value), parent: parent.clone() }
    }

    fn shown(&self) -> String {
        let key = self.path.last().map_or("", String::as_str);
        if self.is_element { format!("an element of `{key}`") } else { format!("`{key}`") }
    }
}

/// What a value is, in words. A string is not repeated: it may be a key pasted into the wrong place.
fn found_words(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(_) => "a string".to_owned(),
        DeValue::Integer(number) => format!("the number {number}"),
        DeValue::Float(number) => format!("the number {number}"),
        DeValue::Boolean(value) => format!("`{value}`"),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(_) => "an array".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// Takes the innermost entry that begins and ends where the mistake does (its key or its value) out of the document.
fn take(table: &mut DeTable<'_>, span: &Range<usize>) -> Option<Entry> {
    take_from_table(table, span, &(0..0), &mut Vec::new())
}

/// `own` is where the table is, `path` the keys that lead to it.
fn take_from_table(
    table: &mut DeTable<'_>,
    span: &Range<usize>,
    own: &Range<usize>,
    path: &mut Vec<String>,
) -> Option<Entry> {
    for (key, value) in table.iter_mut().filter(|(key, _)| key.span() != *span) {
        path.push(key.get_ref().to_string());
        let at = value.span();
        if let Some(entry) = take_from_value(value.get_mut(), span, &at, path) {
            return Some(entry);
        }
        path.pop();
    }
    let found = table.iter().find(|(key, value)| key.span() == *span || value.span() == *span);
    let name = found.map(|(key, _)| key.get_ref().to_string())?;
    let value = table.remove(name.as_str())?;
    path.push(name);
    Some(Entry::new(std::mem::take(path), value.get_ref(), own, false))
}

fn take_from_value(
    value: &mut DeValue<'_>,
    span: &Range<usize>,
    own: &Range<usize>,
    path: &mut Vec<String>,
) -> Option<Entry> {
    match value {
        DeValue::Table(table) => take_from_table(table, span, own, path),
        DeValue::Array(array) => {
            for element in array.iter_mut() {
                let at = element.span();
                if let Some(entry) = take_from_value(element.get_mut(), span, &at, path) {
                    return Some(entry);
                }
            }
            let found = array.iter().find(|element| element.span() == *span)?;
            let entry = Entry::new(std::mem::take(path), found.get_ref(), own, true);
            let kept = array.iter().filter(|element| element.span() != *span);
            *array = kept.cloned().collect();
            Some(entry)
        }
        _ => None,
    }
}

fn first_lower(message: &str) -> String {
    let mut chars = message.chars();
    let first = chars.next().map(|c| c.to_lowercase().to_string()).unwrap_or_default();
    (first + chars.as_str()).replace('\n', ", ").trim_end_matches('.').to_owned()
}

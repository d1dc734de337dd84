//! From a file or a text to its documents: what five rules ask of a file is read once.

use std::cell::RefCell;
use std::sync::Arc;

use super::super::api::{Failure, Fallible, FileValue, unreadable};
use super::super::limits::{self, charge};
use super::{Parsed, Plain, Scalar, Slot, Stop, SyntaxError, hcl, json, number, toml, yaml};
use crate::diagnostic::{Diagnostic, Place};
use crate::facts::Blob;

/// Bytes that count as one operation.
const BYTES_AN_OPERATION: usize = 256;

/// How many texts a thread remembers what became of.
const KEPT: usize = 16;

/// And how many bytes all of them have; the newest is kept whatever its size.
const KEPT_BYTES: usize = 1 << 20;

/// What a document is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) enum Language {
    Json,
    Yaml,
    Toml,
    Hcl,
}

impl Language {
    /// By the ending of a file's name.
    pub(in crate::policy) fn of(name: &[u8]) -> Option<Self> {
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        match name.rsplit_once('.')?.1 {
            "json" => Some(Self::Json),
            "yaml" | "yml" => Some(Self::Yaml),
            "toml" => Some(Self::Toml),
            "hcl" | "tf" | "tfvars" | "nomad" => Some(Self::Hcl),
            _ => None,
        }
    }

    /// As scripts name it.
    pub(in crate::policy) fn named(word: &str) -> Option<Self> {
        [Self::Json, Self::Yaml, Self::Toml, Self::Hcl]
            .into_iter()
            .find(|language| language.name().eq_ignore_ascii_case(word))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Yaml => "YAML",
            Self::Toml => "TOML",
            Self::Hcl => "HCL",
        }
    }

    fn read(self, text: &str) -> Parsed<Vec<Slot>> {
        match self {
            Self::Json => json::read(text).map(|document| vec![document]),
            Self::Yaml => yaml::read(text),
            Self::Toml => toml::read(text).map(|document| vec![document]),
            Self::Hcl => hcl::read(text).map(|document| vec![document]),
        }
    }

    fn grammar(self, text: &str) -> Fallible<Result<(), SyntaxError>> {
        match self {
            Self::Json => Ok(json::grammar(text)),
            Self::Yaml => yaml::grammar(text),
            Self::Toml => Ok(toml::grammar(text)),
            Self::Hcl => Ok(hcl::grammar(text)),
        }
    }
}

/// The text without a byte order mark. HCL's parser takes a carriage return for a character of its own.
fn plain(text: &str, language: Language) -> std::borrow::Cow<'_, str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if language == Language::Hcl && text.contains('\r') {
        text.replace("\r\n", "\n").into()
    } else {
        text.into()
    }
}

/// Is this a document at all? Nothing is made of it.
pub(in crate::policy) fn check(text: &str, language: Language) -> Fallible<Option<SyntaxError>> {
    Ok(outcome(text, Asked { language, before: 0, values: false })?.err())
}

/// Why a text cannot be read: what its grammar says, and keys that are there twice and limits beside.
pub(in crate::policy) fn why_not(text: &str, language: Language) -> Fallible<Option<SyntaxError>> {
    Ok(outcome(text, Asked { language, before: 0, values: true })?.err())
}

/// All documents of a text, or why there are none.
type Outcome = Result<Arc<[Slot]>, SyntaxError>;

/// What is asked of a text.
#[derive(Clone, Copy, PartialEq)]
struct Asked {
    language: Language,
    /// How many lines stand before the text.
    before: u32,
    /// Its values, or only whether it parses.
    values: bool,
}

impl Asked {
    fn read(self, text: &str) -> Fallible<Outcome> {
        let mut shifted = "\n".repeat(self.before as usize);
        shifted.push_str(&plain(text, self.language));
        if !self.values {
            return Ok(self.language.grammar(&shifted)?.map(|()| Arc::default()));
        }
        match self.language.read(&shifted) {
            Ok(documents) => Ok(Ok(documents.into())),
            Err(Stop::Syntax(error)) => Ok(Err(error)),
            Err(Stop::Limit(error)) => Err(error),
        }
    }
}

/// What became of a text, and what it cost: who comes second pays the same, else a limit would depend on the order.
struct Kept {
    asked: Asked,
    text: Box<str>,
    cost: usize,
    outcome: Outcome,
}

thread_local! {
    static KNOWN: RefCell<Vec<Kept>> = const { RefCell::new(Vec::new()) };
}

fn outcome(text: &str, asked: Asked) -> Fallible<Outcome> {
    let known = KNOWN.with_borrow(|known| {
        let same = |kept: &&Kept| kept.asked == asked && *kept.text == *text;
        known.iter().find(same).map(|kept| (kept.cost, kept.outcome.clone()))
    });
    if let Some((cost, outcome)) = known {
        // The charge itself is an operation.
        charge(cost.saturating_sub(1))?;
        return Ok(outcome);
    }
    let started = limits::used();
    charge((text.len() + asked.before as usize) / BYTES_AN_OPERATION + 1)?;
    let outcome = asked.read(text)?;
    let cost = usize::try_from(limits::used().saturating_sub(started)).unwrap_or(usize::MAX);
    KNOWN.with_borrow_mut(|known| {
        keep(known, Kept { asked, text: text.into(), cost, outcome: outcome.clone() })
    });
    Ok(outcome)
}

/// The newest last; the oldest go.
fn keep(known: &mut Vec<Kept>, newest: Kept) {
    let bytes = |known: &[Kept]| known.iter().map(|kept| kept.text.len()).sum::<usize>();
    while !known.is_empty() && (known.len() >= KEPT || bytes(known) + newest.text.len() > KEPT_BYTES) {
        known.remove(0);
    }
    known.push(newest);
}

/// Where a text comes from, for messages.
pub(in crate::policy) enum Source<'a> {
    /// A file.
    File(&'a str),
    /// A text that a script holds.
    Text,
    /// A value of a document, which stands below so many lines.
    Value(u32),
}

/// The text of a file, or where it is none; `None` if it is deleted, binary, a symlink or a submodule.
fn text_of<R>(
    file: &FileValue,
    look: impl FnOnce(Result<&str, SyntaxError>) -> Fallible<R>,
) -> Fallible<Option<R>> {
    if !file.file.parts().mode.is_file() {
        return Ok(None);
    }
    match file.file.blob().map_err(unreadable)?.filter(|blob| !blob.is_binary()) {
        None => Ok(None),
        Some(Blob::Whole(bytes)) => {
            let text = std::str::from_utf8(&bytes).map_err(|error| {
                let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
                let line = number(memchr::memchr_iter(b'\n', valid).count() + 1);
                SyntaxError { message: "is not UTF-8 here".to_owned(), line, column: 0 }
            });
            look(text).map(Some)
        }
        // Says how large it is.
        Some(Blob::TooLarge { .. }) => file.file.text().map_err(unreadable).map(|_| None),
    }
}

/// The documents of a file; `None` if it has no text.
pub(in crate::policy) fn of_file(file: &FileValue, language: Language) -> Fallible<Option<Arc<[Slot]>>> {
    let path = file.file.path().text();
    text_of(file, |text| match text {
        Ok(text) => of_text(text, language, &Source::File(&path)),
        Err(error) => Err(wrong(&error, language, &Source::File(&path))),
    })
}

/// Why a file cannot be read; `None` if it can, and if it has no text.
pub(in crate::policy) fn why_not_file(file: &FileValue, language: Language) -> Fallible<Option<SyntaxError>> {
    let error = text_of(file, |text| match text {
        Ok(text) => why_not(text, language),
        Err(error) => Ok(Some(error)),
    })?;
    Ok(error.flatten())
}

/// The documents of a text.
pub(in crate::policy) fn of_text(
    text: &str,
    language: Language,
    source: &Source<'_>,
) -> Fallible<Arc<[Slot]>> {
    let before = if let Source::Value(before) = source { *before } else { 0 };
    outcome(text, Asked { language, before, values: true })?.map_err(|error| wrong(&error, language, source))
}

/// The document of a text that is meant to hold one.
pub(in crate::policy) fn only(documents: &[Slot]) -> Result<Slot, usize> {
    let mut filled = documents.iter().filter(|document| !document.is_null());
    match (filled.next(), filled.count()) {
        (Some(document), 0) => Ok(document.clone()),
        (Some(_), more) => Err(more + 1),
        (None, _) => Ok(documents.first().cloned().unwrap_or_else(nothing)),
    }
}

fn nothing() -> Slot {
    Slot::new(1, Scalar::new("", Plain::Null))
}

fn wrong(error: &SyntaxError, language: Language, source: &Source<'_>) -> Box<rhai::EvalAltResult> {
    let place = Place { file: String::new(), line: error.line, column: error.column }.to_string();
    let (what, help) = match source {
        Source::File(path) => {
            (format!("`{path}{place}`"), "`file.syntax_error(\"yaml\")` and its kin ask before")
        }
        Source::Text | Source::Value(_) => (format!("the text, at {}", place.trim_start_matches(':')), ""),
    };
    let mistake = Diagnostic::new(format!("{what} is no {}: {}", language.name(), error.message));
    Failure(if help.is_empty() { mistake } else { mistake.help(help) }).into()
}

//! `file.syntax_error()`: does a JSON, YAML or TOML document parse?
//!
//! Only the grammar is looked at. No value is built, so aliases of YAML multiply nothing.

use rhai::{Dynamic, EvalAltResult, ImmutableString};
use saphyr_parser::Parser;
use serde::de::IgnoredAny;

use super::api::{Api, Fallible, FileValue, shown, unreadable};
use super::limits::charge;

/// Bytes that count as one operation.
const BYTES_AN_OPERATION: usize = 256;

/// Why a document does not parse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SyntaxError {
    message: String,
    /// From 1.
    line: i64,
}

/// What a document is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Language {
    Json,
    Yaml,
    Toml,
}

impl Language {
    fn of(name: &[u8]) -> Option<Self> {
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        match name.rsplit_once('.')?.1 {
            "json" => Some(Self::Json),
            "yaml" | "yml" => Some(Self::Yaml),
            "toml" => Some(Self::Toml),
            _ => None,
        }
    }

    fn check(self, text: &str) -> Fallible<Option<SyntaxError>> {
        charge(text.len() / BYTES_AN_OPERATION)?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match self {
            Self::Json => Ok(json(text)),
            Self::Yaml => yaml(text),
            Self::Toml => Ok(toml(text)),
        }
    }
}

fn json(text: &str) -> Option<SyntaxError> {
    let error = serde_json::from_str::<IgnoredAny>(text).err()?;
    let message = error.to_string();
    // Without the crate's own words for the place.
    let message =
        message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message).to_owned();
    Some(SyntaxError { message, line: line(error.line()) })
}

fn yaml(text: &str) -> Fallible<Option<SyntaxError>> {
    for event in Parser::new_from_str(text) {
        charge(1)?;
        if let Err(error) = event {
            let message = error.info().to_lowercase().trim_end_matches('.').to_owned();
            return Ok(Some(SyntaxError { message, line: line(error.marker().line()) }));
        }
    }
    Ok(None)
}

fn toml(text: &str) -> Option<SyntaxError> {
    let error = toml::from_str::<toml::Table>(text).err()?;
    let at = error.span().map_or(0, |span| span.start.min(text.len()));
    let before = text.as_bytes().get(..at).unwrap_or_default();
    let message = error.message().lines().collect::<Vec<_>>().join("; ").trim_end_matches('.').to_owned();
    Some(SyntaxError { message, line: line(memchr::memchr_iter(b'\n', before).count() + 1) })
}

fn line(n: usize) -> i64 {
    i64::try_from(n.max(1)).unwrap_or(i64::MAX)
}

/// `()` for what parses, for other languages, and for what is no text.
fn syntax_error(file: &mut FileValue) -> Result<Dynamic, Box<EvalAltResult>> {
    let Some(language) = Language::of(file.file.path().name()) else { return Ok(Dynamic::UNIT) };
    if file.file.parts().mode.is_symlink() {
        return Ok(Dynamic::UNIT);
    }
    let Some(text) = file.file.text().map_err(unreadable)? else { return Ok(Dynamic::UNIT) };
    Ok(language.check(&text)?.map_or(Dynamic::UNIT, Dynamic::from))
}

pub(super) fn register(api: &mut Api<'_>) {
    api.more("file").method(
        "syntax_error",
        "() -> syntax_error?",
        "Why a .json, .yaml, .yml or .toml file does not parse; `()` if it does, and for other files.",
        syntax_error,
    );
    api.of::<SyntaxError>("syntax_error", "Why a document does not parse.")
        .property("message", "string", "What the parser says.", |e: &mut SyntaxError| {
            ImmutableString::from(e.message.as_str())
        })
        .property("line", "int", "Where, from 1.", |e: &mut SyntaxError| e.line);
    shown::<SyntaxError>(api.engine(), |error| format!("{} (line {})", error.message, error.line));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(language: Language, text: &str) -> Option<(String, i64)> {
        language.check(text).unwrap().map(|error| (error.message, error.line))
    }

    #[test]
    fn what_parses_has_no_error() {
        for (language, text) in [
            (Language::Json, "\u{feff}{\"a\": [1, 2]}\n"),
            (Language::Yaml, "a: 1\n---\nb: !Ref c\n---\nx: &x [1]\ny: *x\n"),
            (Language::Yaml, ""),
            (Language::Yaml, "# only a comment\n"),
            (Language::Toml, "[a]\nb = 1\n"),
        ] {
            assert_eq!(check(language, text), None, "{text}");
        }
    }

    #[test]
    fn what_does_not_says_why_and_in_which_line() {
        for (language, text, line) in [
            (Language::Json, "{\n  \"a\": 1,,\n}\n", 2),
            (Language::Json, "{}\n{}\n", 2),
            (Language::Yaml, "a: 1\nb: [1\nc: 2\n", 3),
            (Language::Yaml, "a: \"b\n", 1),
            (Language::Toml, "[a]\nb = \n", 2),
        ] {
            let (message, found) = check(language, text).unwrap();
            assert_eq!(found, line, "{text}: {message}");
            assert!(!message.is_empty() && !message.contains(" at line "), "{message}");
        }
    }

    #[test]
    fn billions_of_laughs_are_not_laughed() {
        let mut text = "a0: &a0 [lol, lol]\n".to_owned();
        for n in 1..60 {
            let before = n - 1;
            text.push_str(&format!("a{n}: &a{n} [*a{before}, *a{before}]\n"));
        }
        assert_eq!(check(Language::Yaml, &text), None);
    }

    #[test]
    fn deep_documents_end() {
        for (language, text) in [
            (Language::Json, "[".repeat(100_000)),
            (Language::Yaml, "[".repeat(100_000)),
            (Language::Yaml, "- ".repeat(100_000)),
            (Language::Toml, format!("a = {}", "[".repeat(100_000))),
        ] {
            assert!(check(language, &text).is_some() || language == Language::Yaml);
        }
    }
}

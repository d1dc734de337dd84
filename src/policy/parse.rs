//! `file.syntax_error()`: does a JSON, YAML, TOML or HCL document parse?
//!
//! Only the grammar is looked at. No value is built, so aliases of YAML multiply nothing.

use rhai::{Dynamic, EvalAltResult, ImmutableString};

use super::api::{Api, Fallible, FileValue, fail, shown, unreadable};
use super::document::{Language, SyntaxError, check, why_not, why_not_file};

/// `()` for what parses, for other languages, and for what is no text.
fn syntax_error(file: &mut FileValue) -> Result<Dynamic, Box<EvalAltResult>> {
    let Some(language) = Language::of(file.file.path().name()) else { return Ok(Dynamic::UNIT) };
    if file.file.parts().mode.is_symlink() {
        return Ok(Dynamic::UNIT);
    }
    let Some(text) = file.file.text().map_err(unreadable)? else { return Ok(Dynamic::UNIT) };
    Ok(check(&text, language)?.map_or(Dynamic::UNIT, Dynamic::from))
}

fn named(language: &str) -> Fallible<Language> {
    Language::named(language).map_or_else(
        || fail(format!("`{language}` is no language that is read here; there are json, yaml, toml and hcl")),
        Ok,
    )
}

fn value(error: Option<SyntaxError>) -> Dynamic {
    error.map_or(Dynamic::UNIT, Dynamic::from)
}

pub(super) fn register(api: &mut Api<'_>) {
    api.function(
        "syntax_error",
        "(text: string, language: string) -> syntax_error?",
        "Why a text cannot be read as `json`, `yaml`, `toml` or `hcl`; `()` if it can.",
        |text: &str, language: &str| -> Fallible<Dynamic> { why_not(text, named(language)?).map(value) },
    )
    .function(
        "syntax_error",
        "(nothing: (), language: string) -> ()",
        "`()` is no document.",
        |(): (), _: &str| (),
    );
    api.more("file").method(
        "syntax_error",
        "(language: string) -> syntax_error?",
        "Why the file cannot be read as `json`, `yaml`, `toml` or `hcl`, whatever it is called: also for a key that is there twice.",
        |file: &mut FileValue, language: &str| -> Fallible<Dynamic> {
            why_not_file(file, named(language)?).map(value)
        },
    );
    api.more("file").method(
        "syntax_error",
        "() -> syntax_error?",
        "Why a file named .json, .yaml, .yml, .toml, .hcl, .tf, .tfvars or .nomad does not parse; `()` if it does, and for other files.",
        syntax_error,
    );
    api.of::<SyntaxError>("syntax_error", "Why a document does not parse.")
        .property("message", "string", "What the parser says.", |e: &mut SyntaxError| {
            ImmutableString::from(e.message.as_str())
        })
        .property("line", "int", "Where, from 1.", |e: &mut SyntaxError| i64::from(e.line))
        .property("column", "int", "Where in the line, from 1.", |e: &mut SyntaxError| i64::from(e.column));
    shown::<SyntaxError>(api.engine(), |error| format!("{} (line {})", error.message, error.line));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(language: Language, text: &str) -> Option<(String, u32)> {
        super::check(text, language).unwrap().map(|error| (error.message, error.line))
    }

    #[test]
    fn what_parses_has_no_error() {
        for (language, text) in [
            (Language::Json, "\u{feff}{\"a\": [1, 2]}\n"),
            (Language::Yaml, "a: 1\n---\nb: !Ref c\n---\nx: &x [1]\ny: *x\n"),
            (Language::Yaml, ""),
            (Language::Yaml, "# only a comment\n"),
            (Language::Toml, "[a]\nb = 1\n"),
            (Language::Hcl, "a \"b\" {\n  c = [1, var.d]\n}\n"),
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
            (Language::Hcl, "a {\n  b = \n}\n", 2),
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
            (Language::Hcl, format!("a = {}", "[".repeat(100_000))),
            (Language::Hcl, format!("a = {}", "!".repeat(100_000))),
            (Language::Hcl, "a {".repeat(100_000)),
        ] {
            assert!(check(language, &text).is_some() || language == Language::Yaml);
        }
    }
}

//! One located mistake in something a person wrote (a script, a TOML file, a pattern), and how it is shown.
//!
//! The form is rustc's: what, where, and what to do.
//!
//! ```text
//! error: unknown property `sbject`
//!   --> .bylaws/rules/signed-off.rhai:4:9
//!   = help: did you mean `subject`?
//! ```

use std::fmt;

/// A place in a file that a person wrote. Lines and columns count from 1; 0 means "the whole file" or "the whole line".
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Place {
    /// The file as the user knows it: a path relative to the repository, `REV:PATH`, or `<recommended>/subject-length.rhai`.
    pub file: String,
    /// Counted from 1; 0 where only the file is known.
    pub line: u32,
    /// Counted from 1, in characters; 0 where only the line is known.
    pub column: u32,
}

impl Place {
    /// The place of a whole file.
    pub fn file(file: impl Into<String>) -> Self {
        Self { file: file.into(), line: 0, column: 0 }
    }

    /// The place of the byte `offset` in `text`, the contents of `file`.
    pub fn at_offset(file: impl Into<String>, text: &str, offset: usize) -> Self {
        let before = text.get(..offset.min(text.len())).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Self { file: file.into(), line: saturating(line), column: saturating(column) }
    }
}

impl Place {
    /// Reads back what [`Display`](fmt::Display) shows.
    pub fn from_text(text: &str) -> Self {
        let number = |text: &str| text.parse::<u32>().ok().filter(|n| *n > 0);
        let behind = text.rsplit_once(':').and_then(|(file, n)| Some((file, number(n)?)));
        let Some((file, last)) = behind else { return Self::file(text) };
        match file.rsplit_once(':').and_then(|(file, n)| Some((file, number(n)?))) {
            Some((file, line)) => Self { file: file.to_owned(), line, column: last },
            None => Self { file: file.to_owned(), line: last, column: 0 },
        }
    }
}

fn saturating(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        match (self.line, self.column) {
            (0, _) => Ok(()),
            (line, 0) => write!(f, ":{line}"),
            (line, column) => write!(f, ":{line}:{column}"),
        }
    }
}

/// A mistake: the message is lowercase without a full stop, and quotes user input in backticks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnostic {
    /// Where it is, if it is in a file.
    pub place: Option<Place>,
    /// What is wrong.
    pub message: String,
    /// What to do, mostly the nearest valid word.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A mistake at `place`.
    pub fn at(place: Place, message: impl Into<String>) -> Self {
        Self { place: Some(place), message: message.into(), help: None }
    }

    /// A mistake that has no place in a file.
    pub fn new(message: impl Into<String>) -> Self {
        Self { place: None, message: message.into(), help: None }
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds `did you mean ...?` if one of `valid` is near to `word`; else lists them where they are few.
    #[must_use]
    pub fn nearest<'a>(self, word: &str, valid: impl IntoIterator<Item = &'a str>) -> Self {
        let valid: Vec<&str> = valid.into_iter().collect();
        match nearest(word, valid.iter().copied()) {
            Some(near) => self.help(format!("did you mean `{near}`?")),
            None if valid.is_empty() || valid.len() > 12 => self,
            None => self.help(format!("valid here: {}", valid.join(", "))),
        }
    }
}

impl Diagnostic {
    /// How it is shown where nothing is refused for it.
    pub fn to_warning(&self) -> String {
        format!("warning: {}", self.to_string().trim_start_matches("error: "))
    }
}

impl Diagnostic {
    /// As JSON: `message`, and where they apply `help`, `file`, `line`, `column`.
    pub fn to_json(&self) -> serde_json::Value {
        let mut found = serde_json::Map::new();
        found.insert("message".to_owned(), self.message.as_str().into());
        if let Some(help) = &self.help {
            found.insert("help".to_owned(), help.as_str().into());
        }
        if let Some(place) = &self.place {
            found.insert("file".to_owned(), place.file.as_str().into());
            for (key, number) in [("line", place.line), ("column", place.column)] {
                if number > 0 {
                    found.insert(key.to_owned(), number.into());
                }
            }
        }
        found.into()
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        if let Some(place) = &self.place {
            write!(f, "\n  --> {place}")?;
        }
        if let Some(help) = &self.help {
            write!(f, "\n  = help: {help}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostic {}

/// All the mistakes found at once, in the order of their places. Never empty when it is an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, one) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_str("\n\n")?;
            }
            one.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}

impl From<Diagnostic> for Diagnostics {
    fn from(one: Diagnostic) -> Self {
        Self(vec![one])
    }
}

/// The word among `valid` that `word` was probably meant to be: one much alike, or a slip of the fingers away.
pub fn nearest<'a>(word: &str, valid: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let length = lower.chars().count();
    let score = |candidate: &str| {
        let candidate = candidate.to_lowercase();
        let alike = strsim::jaro_winkler(&lower, &candidate);
        let slips = strsim::damerau_levenshtein(&lower, &candidate);
        let near = alike >= 0.8 || slips == 1 && length >= 2 || slips == 2 && length >= 5;
        near.then_some(alike)
    };
    valid
        .into_iter()
        .filter_map(|candidate| Some((score(candidate)?, candidate)))
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_says_what_where_and_what_to_do() {
        let text = "a = 1\nlevl = 2\n";
        let shown = Diagnostic::at(Place::at_offset("bylaws.toml", text, 6), "unknown key `levl`")
            .nearest("levl", ["level", "paths"])
            .to_string();
        assert_eq!(
            shown,
            "error: unknown key `levl`\n  --> bylaws.toml:2:1\n  = help: did you mean `level`?"
        );
    }

    #[test]
    fn a_place_is_read_back_as_it_is_shown() {
        for (line, column) in [(0, 0), (4, 0), (4, 9)] {
            let place = Place { file: "HEAD:rules/own.rhai".to_owned(), line, column };
            assert_eq!(Place::from_text(&place.to_string()), place);
        }
    }

    #[test]
    fn letters_that_changed_places_are_near() {
        for (word, near) in [("onw", Some("own")), ("cl", Some("ci")), ("zzz", None), ("x", None)] {
            assert_eq!(nearest(word, ["own", "ci"]), near, "{word}");
        }
    }

    #[test]
    fn nothing_near_lists_what_is_valid() {
        let shown = Diagnostic::new("unknown key `zzz`").nearest("zzz", ["level", "paths"]).to_string();
        assert_eq!(shown, "error: unknown key `zzz`\n  = help: valid here: level, paths");
    }
}

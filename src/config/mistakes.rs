//! Collects what is wrong with one file, so that a person reads all of it at once.

use std::fmt::Display;

use super::At;
use crate::diagnostic::{Diagnostic, Place};
use crate::patterns::{PathPatterns, RefPatterns};

/// The mistakes in one file so far.
pub(super) struct Mistakes<'a> {
    file: &'a str,
    text: &'a str,
    /// What makes the file unusable.
    pub(super) errors: Vec<Diagnostic>,
    /// What somebody ought to know: nothing is refused for it.
    pub(super) notices: Vec<Diagnostic>,
}

impl<'a> Mistakes<'a> {
    /// None yet, in `text`, which people know as `file`.
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, text, errors: Vec::new(), notices: Vec::new() }
    }

    /// The place of a byte offset.
    pub(super) fn place(&self, offset: usize) -> Place {
        Place::at_offset(self.file, self.text, offset)
    }

    /// A mistake at a value; not recorded yet, so that help can be added. What a message quotes may be anything: it is
    /// shown on one line, and not for ever.
    pub(super) fn at<T>(&self, value: &At<T>, message: impl Display) -> Diagnostic {
        const MOST: usize = 300;
        let message = message.to_string();
        let mut shown: String = message
            .chars()
            .take(MOST)
            .map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c })
            .collect();
        if shown.len() < message.len() {
            shown.push_str("...");
        }
        Diagnostic::at(self.place(value.offset), shown)
    }

    /// Records a mistake.
    pub(super) fn error(&mut self, mistake: Diagnostic) {
        self.errors.push(mistake);
    }

    /// Records what is no mistake but worth knowing.
    pub(super) fn notice(&mut self, notice: Diagnostic) {
        self.notices.push(notice);
    }

    /// Records that `word`, a `kind`, is none of those that are valid.
    pub(super) fn unknown<'v>(
        &mut self,
        kind: &str,
        word: &At<String>,
        valid: impl IntoIterator<Item = &'v str>,
    ) {
        let mistake = self.at(word, format_args!("unknown {kind} `{}`", word.value));
        self.error(mistake.nearest(word, valid));
    }

    /// Records a list that is empty and must not be.
    pub(super) fn require_some<T>(&mut self, list: &At<Vec<T>>, what: &str, help: &str) {
        if list.value.is_empty() {
            let mistake = self.at(list, what).help(help);
            self.error(mistake);
        }
    }

    /// Path patterns; with a bad one, none.
    pub(super) fn paths(&mut self, patterns: &[At<String>]) -> PathPatterns {
        self.patterns(patterns, PathPatterns::new, "pattern")
    }

    /// Path patterns whose mistakes are recorded elsewhere.
    pub(super) fn paths_once(&self, patterns: &[At<String>]) -> PathPatterns {
        PathPatterns::new(patterns).unwrap_or_default()
    }

    /// Ref patterns; with a bad one, none.
    pub(super) fn refs(&mut self, patterns: &[At<String>]) -> RefPatterns {
        self.patterns(patterns, RefPatterns::new, "ref pattern")
    }

    fn patterns<P: Default>(
        &mut self,
        patterns: &[At<String>],
        compile: impl Fn(&[At<String>]) -> Result<P, (usize, String)>,
        what: &str,
    ) -> P {
        let found = self.errors.len();
        for pattern in patterns {
            if let Err((_, error)) = compile(std::slice::from_ref(pattern)) {
                let mistake = self.at(pattern, format_args!("bad {what} `{}`: {error}", pattern.value));
                self.error(mistake);
            }
        }
        if self.errors.len() > found { P::default() } else { compile(patterns).unwrap_or_default() }
    }
}

//! The checker that Rhai lacks: it compiles unknown functions, wrong numbers of arguments and misspelt properties, and stops
//! at the first mistake. This reads the syntax trees of all scripts against the table of the API, runs nothing, and tells
//! everything at once.
//!
//! Two things make it usable: a value whose type is not known is never complained of, and what is told is a mistake on any
//! input, or (a warning) something that can hardly be meant.

mod calls;
mod checker;
mod compare;
mod declared;
mod expressions;
mod known;
mod literals;
mod natives;
mod of_tests;
mod statements;
mod switch;
mod syntax;
mod types;

use super::{Limits, RuleBook, Script, ScriptKind};
use crate::diagnostic::{Diagnostic, Place};
use checker::Checker;
use known::Known;
use syntax::Parsed;

/// What was found, in the order of the places.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Linted {
    /// Mistakes: with any of these, a rule or test does not do what it says.
    pub errors: Vec<Diagnostic>,
    /// What can hardly be meant.
    pub warnings: Vec<Diagnostic>,
    /// The patterns that rules of the repository's own filter by.
    pub filters: Vec<Filter>,
    /// Scripts that cannot be read whole.
    pub broken: Vec<String>,
    /// The scripts that were looked at.
    pub scripts: Vec<String>,
}

/// A pattern that a rule filters by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Filter {
    /// Where it is written.
    pub place: Place,
    /// It is for refs, not for paths.
    pub is_ref: bool,
    /// The pattern.
    pub pattern: String,
}

impl Linted {
    /// Adds mistakes that were found elsewhere, but for what is told already: anything at the same place, and anything of a
    /// script that cannot be read.
    pub fn add(&mut self, errors: impl IntoIterator<Item = Diagnostic>) {
        for error in errors {
            let is_told = |place: &Place| {
                self.broken.contains(&place.file)
                    || self.errors.iter().any(|known| known.place.as_ref() == Some(place))
            };
            if !error.place.as_ref().is_some_and(is_told) {
                self.errors.push(error);
            }
        }
        self.sort();
    }

    /// In the order of the places, each once.
    pub fn sort(&mut self) {
        for list in [&mut self.errors, &mut self.warnings] {
            list.sort();
            list.dedup();
        }
        self.filters.sort();
        self.filters.dedup();
    }
}

/// Finds mistakes in scripts: rules, libraries and tests together, as they would be loaded. Call it where
/// [`super::with_stack`] has made room.
pub fn lint(scripts: &[Script]) -> Linted {
    lint_some(scripts, true)
}

/// The same for scripts that may not be all: without `is_all`, rules that are not among them may exist.
pub fn lint_some(scripts: &[Script], is_all: bool) -> Linted {
    let (engine, table) = syntax::reader();
    let parsed: Vec<Parsed<'_>> = scripts.iter().map(|script| Parsed::new(&engine, script)).collect();
    let mut known = Known::new(&engine, &table, &parsed);
    known.has_all_rules &= is_all && scripts.iter().any(|script| script.kind == ScriptKind::Rules);
    let errors = known.twice.clone();
    let mut linted = Linted {
        errors,
        scripts: scripts.iter().map(|script| script.name.clone()).collect(),
        ..Linted::default()
    };
    for one in &parsed {
        let found = Checker::check(&known, one);
        linted.errors.extend(one.errors.iter().cloned().chain(found.errors));
        linted.warnings.extend(found.warnings);
        linted.filters.extend(found.filters);
        if !one.errors.is_empty() {
            linted.broken.push(one.script.name.clone());
        }
    }
    // What is wrong with the declarations themselves is told by what loads them: missing words, ids that are taken.
    let judging: Vec<Script> =
        scripts.iter().filter(|script| script.kind != ScriptKind::Tests).cloned().collect();
    let loaded = RuleBook::compile(&judging, Limits::default());
    linted.add(loaded.err().map(|mistakes| mistakes.0).into_iter().flatten());
    linted
}

#[cfg(test)]
mod tests;

//! Which statements of the rules a run of their tests entered, and which rules it never showed satisfied or violated.

mod statements;
mod watched;

use std::collections::BTreeSet;

use rhai::{Dynamic, FnPtr};

pub(super) use watched::Watched;

use super::call::Handler;
use super::testing::TestOutcome;
use super::{Limits, Origin, RuleBook, Script, error};
use crate::diagnostic::{Diagnostics, Place};
use watched::{Call, Function};

/// Rules whose statements say that they were entered. They judge like any other, only slower.
#[derive(Debug)]
pub struct WatchedBook {
    book: RuleBook,
    watched: Watched,
    scripts: Vec<Script>,
}

/// What tests left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    /// Of each rule, in the order of the scripts.
    pub rules: Vec<RuleCoverage>,
    /// Statements of all these rules; what several rules call counts once.
    pub statements: usize,
    /// How many of them were entered.
    pub entered: usize,
}

/// What tests left out of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleCoverage {
    /// Its id.
    pub rule: String,
    /// Where it is written.
    pub place: Place,
    /// Statements of its handlers and of all they call.
    pub statements: usize,
    /// How many of them were entered.
    pub entered: usize,
    /// The others, in the order of their places.
    pub missed: Vec<Missed>,
    /// Some test showed it satisfied.
    pub satisfied: bool,
    /// Some test showed it violated.
    pub violated: bool,
}

/// A statement that no test entered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missed {
    /// Where it begins.
    pub place: Place,
    /// The line it begins in, without the white space around.
    pub text: String,
    /// The function that it is in, if it is not in the handler itself: `NAME::f` in a library.
    pub function: Option<String>,
}

impl RuleCoverage {
    /// Was everything entered and shown?
    pub fn is_complete(&self) -> bool {
        self.missed.is_empty() && self.satisfied && self.violated
    }
}

impl Coverage {
    /// Adds that of other rules.
    pub fn add(&mut self, other: Self) {
        self.rules.extend(other.rules);
        self.statements += other.statements;
        self.entered += other.entered;
    }

    /// Statements entered of a hundred, rounded down: 100 is all of them. All of none is 100.
    pub fn percent(&self) -> usize {
        (self.entered * 100).checked_div(self.statements).unwrap_or(100)
    }
}

impl RuleBook {
    /// As [`RuleBook::compile`], for measuring what tests enter.
    ///
    /// # Errors
    /// As for [`RuleBook::compile`].
    pub fn watched(scripts: &[Script], limits: Limits) -> Result<WatchedBook, Diagnostics> {
        // Noting takes operations too.
        let limits = Limits { operations: limits.operations.saturating_mul(4), ..limits };
        let (book, watched) = Self::compile_watched(scripts, limits)?;
        watched.start();
        Ok(WatchedBook { book, watched, scripts: scripts.to_vec() })
    }
}

impl WatchedBook {
    /// The rules, to run tests with.
    pub fn book(&self) -> &RuleBook {
        &self.book
    }

    /// What the tests that were run with these rules left out of those that come from `origins`.
    pub fn coverage(&self, outcomes: &[TestOutcome], origins: &[Origin]) -> Coverage {
        let mut all = BTreeSet::new();
        let mut rules = Vec::new();
        let wanted = self.book.rules.iter().filter(|rule| origins.contains(&rule.info.origin));
        for rule in wanted {
            let statements = self.statements(rule.handlers.each());
            let (entered, missed): (Vec<_>, Vec<_>) =
                statements.iter().partition(|(number, _)| self.watched.is_entered(*number));
            let mut missed: Vec<Missed> =
                missed.into_iter().filter_map(|(number, function)| self.missed(number, function)).collect();
            missed.sort();
            let shown = |state| {
                let mut asserted = outcomes.iter().flat_map(|outcome| &outcome.asserted);
                asserted.any(|one| one.rule == rule.info.id && one.state == state)
            };
            rules.push(RuleCoverage {
                rule: rule.info.id.clone(),
                place: rule.info.place.clone(),
                statements: statements.len(),
                entered: entered.len(),
                missed,
                satisfied: shown("satisfied"),
                violated: shown("violated"),
            });
            all.extend(statements.into_iter().map(|(number, _)| number));
        }
        let entered = all.iter().filter(|number| self.watched.is_entered(**number)).count();
        Coverage { rules, statements: all.len(), entered }
    }

    /// The statements of handlers and of all they may call, each with the function it is in.
    fn statements<'a>(&self, handlers: impl Iterator<Item = &'a Handler>) -> BTreeSet<(usize, usize)> {
        let mut reached = BTreeSet::new();
        let mut next = Vec::new();
        for handler in handlers {
            let mut pointers = vec![handler.function().to_owned()];
            handler.captured().for_each(|value| pointers_in(value, &mut pointers));
            next.extend(pointers.iter().flat_map(|name| self.pointed(name, handler.source())));
        }
        while let Some(index) = next.pop() {
            let Some(function) = self.watched.functions.get(index) else { continue };
            if reached.insert(index) {
                next.extend(function.calls.iter().flat_map(|call| self.called(call, function)));
            }
        }
        let of = |index: usize| {
            let function = self.watched.functions.get(index);
            function.into_iter().flat_map(|one| &one.statements).map(move |number| (*number, index))
        };
        reached.into_iter().flat_map(of).collect()
    }

    fn called(&self, call: &Call, from: &Function) -> Vec<usize> {
        match call {
            Call::Pointer(name) => self.pointed(name, &from.script),
            Call::Named(library, name, arity) => self.indices(|function| {
                let in_scope = match library {
                    Some(library) => function.library.as_ref() == Some(library),
                    None => function.script == from.script,
                };
                in_scope && function.name == *name && function.arity == *arity
            }),
        }
    }

    /// What a function pointer leads to. Closures have names of their own; the likeliest is the one in the same script.
    fn pointed(&self, name: &str, script: &str) -> Vec<usize> {
        let here = self.indices(|function| function.name == name && function.script == script);
        if here.is_empty() { self.indices(|function| function.name == name) } else { here }
    }

    fn indices(&self, wanted: impl Fn(&Function) -> bool) -> Vec<usize> {
        let functions = self.watched.functions.iter().enumerate();
        functions.filter(|(_, function)| wanted(function)).map(|(index, _)| index).collect()
    }

    fn missed(&self, number: usize, function: usize) -> Option<Missed> {
        let function = self.watched.functions.get(function)?;
        let place = error::place(&function.script, *self.watched.places.get(number)?);
        let script = self.scripts.iter().find(|script| script.name == function.script)?;
        let line = usize::try_from(place.line).ok()?.saturating_sub(1);
        let text = script.text.lines().nth(line).unwrap_or_default().trim().to_owned();
        let library = function.library.as_ref().map(|name| format!("{name}::")).unwrap_or_default();
        let is_named = !function.name.starts_with("anon$");
        Some(Missed { place, text, function: is_named.then(|| format!("{library}{}", function.name)) })
    }
}

/// The closures in a captured value.
fn pointers_in(value: &Dynamic, found: &mut Vec<String>) {
    if let Some(pointer) = value.read_lock::<FnPtr>() {
        found.push(pointer.fn_name().to_owned());
        pointer.curry().iter().for_each(|value| pointers_in(value, found));
    } else if let Ok(array) = value.as_array_ref() {
        array.iter().for_each(|value| pointers_in(value, found));
    } else if let Ok(map) = value.as_map_ref() {
        map.values().for_each(|value| pointers_in(value, found));
    }
}

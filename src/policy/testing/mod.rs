//! Tests of rules: `test(name, || { ... })` with builders for facts and assertions about rules.
//!
//! A test builds facts, lets a rule judge them and says what it expects. It ends at its first failure; one that asserts nothing
//! fails.

mod assert;
mod build;
mod change;
mod commit;
mod describe;
mod fields;
mod file;
mod person;
mod store;

/// What builders take besides the properties of a type.
pub(super) const MORE: [(&str, &[&str]); 2] = [("commit", &commit::MORE), ("file", &file::MORE)];

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::api::Api;
use super::call::{self, Arguments, Handler};
use super::load::{self, Loading};
use super::sources::Sources;
use super::{RuleBook, STACK_SIZE, Script, ScriptKind, error, rule};
use crate::diagnostic::{Diagnostic, Diagnostics, Place};
use crate::facts::Commit;

/// What became of one test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestOutcome {
    /// Its name.
    pub name: String,
    /// Where it is written.
    pub place: Place,
    /// Which rules it asserted something of, and what: for coverage.
    pub asserted: Vec<Asserted>,
    /// Why it failed; `None` if it passed.
    pub failure: Option<Failure>,
    /// How long it took.
    pub took: Duration,
}

/// An assertion that held.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asserted {
    /// Which rule.
    pub rule: String,
    /// `violated`, `satisfied` or `error`.
    pub state: &'static str,
}

/// Why a test failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The place of the assertion, or of what went wrong.
    pub place: Place,
    /// What was expected, or what went wrong.
    pub message: String,
    /// The line of the script at that place.
    pub excerpt: Option<String>,
    /// The values that led there: what the rule judged, and its parameters.
    pub values: Vec<String>,
    /// What the rule said, line by line; empty where it said nothing.
    pub said: Vec<String>,
    /// What to do.
    pub help: Option<String>,
}

impl TestOutcome {
    /// Did it pass?
    pub fn passed(&self) -> bool {
        self.failure.is_none()
    }
}

/// Finds a commit of a real repository, for `commit_at(rev)`; an error says why there is none.
pub type CommitAt = dyn Fn(&str) -> Result<Arc<Commit>, String> + Send + Sync;

/// What tests are run with.
#[derive(Clone, Default)]
pub struct Options<'a> {
    /// Only tests whose names contain this.
    pub filter: Option<&'a str>,
    /// Where `commit_at(rev)` looks; `None` where there is no repository.
    pub commit_at: Option<Arc<CommitAt>>,
}

/// A test that was loaded.
struct Test {
    name: String,
    place: Place,
    handler: Handler,
}

/// Tests that were loaded, ready to run.
pub struct Suite<'a> {
    book: &'a RuleBook,
    sources: Sources,
    tests: Vec<Test>,
    scripts: &'a [Script],
}

/// Runs the tests whose names contain `filter`.
///
/// # Errors
/// As for [`Suite::load`] and [`Suite::run`].
pub fn run(
    book: &RuleBook,
    scripts: &[Script],
    filter: Option<&str>,
) -> Result<Vec<TestOutcome>, Diagnostics> {
    run_with(book, scripts, &Options { filter, ..Options::default() })
}

/// The same, with more options.
///
/// # Errors
/// As for [`Suite::load`] and [`Suite::run`].
pub fn run_with(
    book: &RuleBook,
    scripts: &[Script],
    options: &Options<'_>,
) -> Result<Vec<TestOutcome>, Diagnostics> {
    Suite::load(book, scripts)?.run(options)
}

impl<'a> Suite<'a> {
    /// Loads the tests among `scripts`.
    ///
    /// # Errors
    /// Everything that is wrong in the scripts themselves.
    pub fn load(book: &'a RuleBook, scripts: &'a [Script]) -> Result<Self, Diagnostics> {
        let mut sources = Sources::default();
        let tests = load(book, scripts, &mut sources)?;
        Ok(Self { book, sources, tests, scripts })
    }

    /// The names of all tests, in the order in which they are written.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tests.iter().map(|test| test.name.as_str())
    }

    /// Runs tests on as many threads as there are processors; outcomes are in the order in which the tests are written.
    /// Parameters are the rules' defaults and what an assertion gives instead.
    ///
    /// # Errors
    /// When no thread can be had that is fit for it.
    pub fn run(&self, options: &Options<'_>) -> Result<Vec<TestOutcome>, Diagnostics> {
        let wanted = |test: &&Test| options.filter.is_none_or(|filter| test.name.contains(filter));
        let tests: Vec<&Test> = self.tests.iter().filter(wanted).collect();
        let next = AtomicUsize::new(0);
        let done = Mutex::new(Vec::new());
        let worker = || {
            while let Some((index, test)) = take(&tests, &next) {
                let outcome = self.run_one(test, options);
                done.lock().unwrap_or_else(PoisonError::into_inner).push((index, outcome));
            }
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(tests.len());
        std::thread::scope(|scope| {
            for _ in 0..threads {
                let thread = std::thread::Builder::new().name("tests".to_owned()).stack_size(STACK_SIZE);
                // Whoever gets a thread does the work of those that do not.
                thread.spawn_scoped(scope, worker).map(drop).unwrap_or_else(drop);
            }
        });
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        if done.len() < tests.len() {
            let text = "the tests cannot run: no thread with a large enough stack can be had";
            return Err(Diagnostic::new(text).into());
        }
        done.sort_by_key(|(index, _)| *index);
        Ok(done.into_iter().map(|(_, outcome)| outcome).collect())
    }

    fn run_one(&self, test: &Test, options: &Options<'_>) -> TestOutcome {
        let book = self.book;
        let started = Instant::now();
        let (outcome, state) = assert::with_state(book, options.commit_at.as_ref(), || {
            call::run(&book.limits, &Arc::default(), None, || {
                test.handler.call(&book.engine, Arguments::default())
            })
        });
        let error = match (outcome.used.trip, outcome.result) {
            (Some(trip), _) => Some(trip.error()),
            (None, result) => result.err(),
        };
        let asserts_nothing = state.asserted.is_empty() && state.checked == 0;
        let mistake = match error {
            Some(error) => {
                Some(error::explain(&error, &book.table, &[&self.sources, &book.sources], &test.place))
            }
            None if asserts_nothing => {
                let help = "say what is expected with `assert_violated(\"rule\", subject)` and its kin";
                Some(Diagnostic::at(test.place.clone(), "it asserts nothing").help(help))
            }
            None => None,
        };
        let failure = mistake.map(|Diagnostic { place, message, help }| {
            let place = place.unwrap_or_else(|| test.place.clone());
            let excerpt = self.line_at(&place);
            Failure { place, message, excerpt, values: state.values, said: state.said, help }
        });
        let (name, place) = (test.name.clone(), test.place.clone());
        TestOutcome { name, place, asserted: state.asserted, failure, took: started.elapsed() }
    }

    fn line_at(&self, place: &Place) -> Option<String> {
        let script = self.scripts.iter().find(|script| script.name == place.file)?;
        let line = usize::try_from(place.line).ok()?.checked_sub(1)?;
        script.text.lines().nth(line).map(|line| line.trim_end().to_owned())
    }
}

/// The names that somebody may have meant who looks for `filter`, the nearest first: words of theirs are much like its words.
pub fn nearest_names<'n>(filter: &str, names: &[&'n str]) -> Vec<&'n str> {
    const MOST: usize = 3;
    let filter = filter.to_lowercase();
    let count = filter.split_whitespace().count().max(1);
    let alike = |name: &str| {
        let name = name.to_lowercase();
        let words: Vec<&str> = name.split_whitespace().collect();
        let windows = words.windows(count.min(words.len()).max(1));
        windows.map(|window| strsim::jaro_winkler(&filter, &window.join(" "))).fold(0.0, f64::max)
    };
    let mut scored: Vec<(f64, &str)> = names.iter().map(|name| (alike(name), *name)).collect();
    scored.retain(|(score, _)| *score >= 0.8);
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    scored.into_iter().take(MOST).map(|(_, name)| name).collect()
}

fn take<'a>(tests: &[&'a Test], next: &AtomicUsize) -> Option<(usize, &'a Test)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    tests.get(index).map(|test| (index, *test))
}

fn load(book: &RuleBook, scripts: &[Script], sources: &mut Sources) -> Result<Vec<Test>, Diagnostics> {
    let mut problems = Vec::new();
    let mut loaded = Vec::new();
    for script in scripts.iter().filter(|script| script.kind == ScriptKind::Tests) {
        let with = Loading { engine: &book.engine, table: &book.table, limits: &book.limits };
        let parsed = book.engine.compile(&script.text);
        loaded.extend(load::run(&with, script, parsed, &["test"], sources, &mut problems));
    }
    let mut tests = Vec::new();
    for (declared, constants) in &loaded {
        for one in declared {
            let place = error::place(&one.source, one.position);
            match rule::closure_of(one, sources, Some(constants)) {
                Some(handler) => tests.push(Test { name: one.id.clone(), place, handler }),
                None => problems.push(
                    Diagnostic::at(place, format!("test `{}` must be a function without parameters", one.id))
                        .help("write `test(\"name\", || { ... })`"),
                ),
            }
        }
    }
    for (declared, _) in &loaded {
        problems.extend(load::duplicates(declared.iter()));
    }
    if problems.is_empty() { Ok(tests) } else { Err(Diagnostics(problems)) }
}

pub(super) fn register(api: &mut Api<'_>) {
    build::register(api);
    assert::register(api);
}

/// Outside of tests, the builders and assertions say so.
const NOT_IN_A_TEST: &str = "works in tests only: facts of a real repository are not made up";

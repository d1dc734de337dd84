//! Tests of rules: `test(name, || { ... })` with builders for facts and assertions about rules.
//!
//! A test builds facts, lets a rule judge them and says what it expects. It ends at its first failure; one that asserts nothing
//! fails.

mod assert;
mod build;
mod change;
mod commit;
mod fields;
mod file;
mod person;
mod store;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::api::Api;
use super::call::{self, Handler};
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
    /// What the rule said, line by line.
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

/// Runs the tests whose names contain `filter`.
///
/// # Errors
/// As for [`run_with`].
pub fn run(
    book: &RuleBook,
    scripts: &[Script],
    filter: Option<&str>,
) -> Result<Vec<TestOutcome>, Diagnostics> {
    run_with(book, scripts, &Options { filter, ..Options::default() })
}

/// Runs tests, on as many threads as there are processors; outcomes are in the order in
/// which the tests are written. Parameters are the rules' defaults and what an assertion gives instead.
///
/// # Errors
/// Everything that is wrong in the scripts themselves.
pub fn run_with(
    book: &RuleBook,
    scripts: &[Script],
    options: &Options<'_>,
) -> Result<Vec<TestOutcome>, Diagnostics> {
    let mut sources = Sources::default();
    let mut tests = load(book, scripts, &mut sources)?;
    tests.retain(|test| options.filter.is_none_or(|filter| test.name.contains(filter)));
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let worker = || {
        while let Some((index, test)) = take(&tests, &next) {
            let outcome = run_one(book, &sources, test, options);
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
        return Err(
            Diagnostic::new("the tests cannot run: no thread with a large enough stack can be had").into()
        );
    }
    done.sort_by_key(|(index, _)| *index);
    Ok(done.into_iter().map(|(_, outcome)| outcome).collect())
}

fn take<'a>(tests: &'a [Test], next: &AtomicUsize) -> Option<(usize, &'a Test)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    tests.get(index).map(|test| (index, test))
}

fn load(book: &RuleBook, scripts: &[Script], sources: &mut Sources) -> Result<Vec<Test>, Diagnostics> {
    let mut problems = Vec::new();
    let mut loaded = Vec::new();
    for script in scripts.iter().filter(|script| script.kind == ScriptKind::Tests) {
        let with = Loading { engine: &book.engine, table: &book.table, limits: &book.limits };
        loaded.extend(load::run(
            &with,
            script,
            book.engine.compile(&script.text),
            &["test"],
            sources,
            &mut problems,
        ));
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

fn run_one(book: &RuleBook, sources: &Sources, test: &Test, options: &Options<'_>) -> TestOutcome {
    let (outcome, state) = assert::with_state(book, options.commit_at.as_ref(), || {
        call::run(&book.limits, &Arc::default(), None, || test.handler.call(&book.engine, []))
    });
    let error = match (outcome.used.trip, outcome.result) {
        (Some(trip), _) => Some(trip.error()),
        (None, result) => result.err(),
    };
    let failure = match error {
        Some(error) => {
            let mistake = error::explain(&error, &book.table, &[sources, &book.sources], &test.place);
            Some(Failure {
                place: mistake.place.unwrap_or_else(|| test.place.clone()),
                message: mistake.message,
                said: state.said,
                help: mistake.help,
            })
        }
        None if state.asserted.is_empty() && state.checked == 0 => Some(Failure {
            place: test.place.clone(),
            message: "it asserts nothing".to_owned(),
            said: Vec::new(),
            help: Some(
                "say what is expected with `assert_violated(\"rule\", subject)` and its kin".to_owned(),
            ),
        }),
        None => None,
    };
    TestOutcome { name: test.name.clone(), place: test.place.clone(), asserted: state.asserted, failure }
}

pub(super) fn register(api: &mut Api<'_>) {
    build::register(api);
    assert::register(api);
}

/// Outside of tests, the builders and assertions say so.
const NOT_IN_A_TEST: &str = "works in tests only: facts of a real repository are not made up";

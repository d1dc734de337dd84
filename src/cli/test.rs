//! `bylaws test`: run the tests of rules.

use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;

use super::Exit;
use super::arguments::{self, Common, Format};
use super::environment::Environment;
use super::output;
use super::session;
use crate::config;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::git::{Needs, Repository};
use crate::policy::testing::{self, CommitAt, Options, Suite, TestOutcome};
use crate::policy::{Coverage, Limits, Origin, RuleBook, Script, ScriptKind, lint};
use crate::report::{Tested, TestedHuman, TestedJson, TestedJunit, TestedReport};

/// Rules, and the tests to run on them.
struct Ground {
    /// What people know it as.
    name: String,
    rules: Vec<Script>,
    tests: Vec<Script>,
    book: RuleBook,
    commit_at: Option<Arc<CommitAt>>,
}

pub(super) fn run(
    command: &arguments::Test,
    common: &Common,
    environment: &Environment,
) -> anyhow::Result<Exit> {
    let grounds = if command.sets.is_empty() {
        vec![own(command, common, environment)?]
    } else {
        command.sets.iter().map(|set| shipped(set)).collect::<Result<_, _>>()?
    };
    let suites = suites(&grounds, command.filter.as_deref())?;
    let mut outcomes = Vec::new();
    for (suite, ground) in suites.iter().zip(&grounds) {
        outcomes.extend(suite.run(&ground.options(command))?);
    }
    let wanted = command.coverage || command.coverage_min.is_some();
    let coverage = if wanted { Some(coverage(&grounds, command)?) } else { None };
    let tested = Tested {
        outcomes: &outcomes,
        coverage: coverage.as_ref(),
        least: command.coverage_min.map(usize::from),
        took: environment.started.elapsed(),
    };
    write(tested, common)?;
    if tested.failed() > 0 {
        return Ok(Exit::Denied);
    }
    let mistakes = mistakes(&grounds);
    if !mistakes.is_empty() {
        return Err(Diagnostics(mistakes).into());
    }
    Ok(if tested.lacks_coverage() { Exit::Denied } else { Exit::Allowed })
}

/// What is wrong in the scripts though every test may pass: a misspelt property behind a condition that none of them meets.
fn mistakes(grounds: &[Ground]) -> Vec<Diagnostic> {
    let linted = |ground: &Ground| {
        let scripts: Vec<Script> = ground.rules.iter().chain(&ground.tests).cloned().collect();
        lint::lint(&scripts).errors
    };
    let mut mistakes: Vec<Diagnostic> = grounds.iter().flat_map(linted).collect();
    mistakes.sort();
    mistakes.dedup();
    mistakes
}

impl Ground {
    fn options<'a>(&self, command: &'a arguments::Test) -> Options<'a> {
        Options { filter: command.filter.as_deref(), commit_at: self.commit_at.clone() }
    }
}

/// The policy's own rules and tests.
fn own(command: &arguments::Test, common: &Common, environment: &Environment) -> anyhow::Result<Ground> {
    let (loaded, repository) = match session::open(common, environment) {
        Ok(repository) => {
            let loaded = session::load(common, environment, &repository, config::Purpose::All)?;
            (loaded, Some(repository))
        }
        // A folder of rules can be tested anywhere.
        Err(error) => (session::policy_in_folder(common, environment)?.ok_or(error)?, None),
    };
    output::notices(&loaded, common)?;
    let commit_at = repository
        .map(|repository| commit_at(repository.with_people(Arc::clone(&loaded.people), environment.now)));
    let mut tests = loaded.tests;
    if command.extended {
        for set in &loaded.sets {
            tests.extend(set_scripts(set)?.into_iter().filter(is_test));
        }
    }
    let name = loaded.name.source;
    Ok(Ground { name, rules: loaded.scripts, tests, book: loaded.policy.into_book(), commit_at })
}

/// A shipped set, alone.
fn shipped(set: &str) -> anyhow::Result<Ground> {
    let (tests, rules): (Vec<_>, Vec<_>) = set_scripts(set)?.into_iter().partition(is_test);
    let book = RuleBook::compile(&rules, Limits::default())?;
    Ok(Ground { name: format!("<{set}>"), rules, tests, book, commit_at: None })
}

fn set_scripts(set: &str) -> Result<Vec<Script>, Diagnostic> {
    config::set_scripts(set)
        .ok_or_else(|| Diagnostic::new(format!("unknown rule set `{set}`")).nearest(set, config::sets()))
}

fn is_test(script: &Script) -> bool {
    script.kind == ScriptKind::Tests
}

/// Loads all tests; that there is none to run is an error.
fn suites<'a>(grounds: &'a [Ground], filter: Option<&str>) -> anyhow::Result<Vec<Suite<'a>>> {
    let mut mistakes = Vec::new();
    let mut suites = Vec::new();
    for ground in grounds {
        match Suite::load(&ground.book, &ground.tests) {
            Ok(suite) => suites.push(suite),
            Err(Diagnostics(more)) => mistakes.extend(more),
        }
    }
    if !mistakes.is_empty() {
        return Err(Diagnostics(mistakes).into());
    }
    let names: Vec<&str> = suites.iter().flat_map(Suite::names).collect();
    if let Some((ground, _)) = grounds.iter().zip(&suites).find(|(_, suite)| suite.names().next().is_none()) {
        let nothing = format!("there is nothing to test: `{}` has no tests", ground.name);
        let help = "write `test(\"name\", || { ... })` in .bylaws/tests/NAME.rhai; `--set NAME` runs those of a shipped set";
        return Err(Diagnostic::new(nothing).help(help).into());
    }
    match filter {
        Some(filter) if !names.iter().any(|name| name.contains(filter)) => {
            Err(no_such(filter, &names).into())
        }
        _ => Ok(suites),
    }
}

fn no_such(filter: &str, names: &[&str]) -> Diagnostic {
    let unknown = Diagnostic::new(format!("no test has `{filter}` in its name"));
    let near = testing::nearest_names(filter, names);
    if near.is_empty() {
        return unknown.help(format!("there are {} tests; `bylaws test -v` names them", names.len()));
    }
    let near: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
    unknown.help(format!("the nearest: {}", near.join(", ")))
}

/// Runs the tests once more, on rules that say which statements are entered.
fn coverage(grounds: &[Ground], command: &arguments::Test) -> anyhow::Result<Coverage> {
    let mut all = Coverage::default();
    for ground in grounds {
        let watched = RuleBook::watched(&ground.rules, Limits::default())?;
        let outcomes: Vec<TestOutcome> =
            Suite::load(watched.book(), &ground.tests)?.run(&ground.options(command))?;
        let origins: Vec<Origin> = ground.tests.iter().map(|script| script.origin.clone()).collect();
        all.add(watched.coverage(&outcomes, &origins));
    }
    Ok(all)
}

/// `commit_at(rev)`: tests run on several threads, and a repository is one thread's.
fn commit_at(repository: Repository) -> Arc<CommitAt> {
    let repository = Mutex::new(repository);
    Arc::new(move |revision: &str| {
        let repository = repository.lock().unwrap_or_else(PoisonError::into_inner);
        let id = repository.resolve(revision).map_err(|error| error.to_string())?;
        let needs = Needs { files: true, ..Needs::default() };
        let found = repository.commits(&[id], needs).map_err(|error| error.to_string())?;
        found.into_iter().next().ok_or_else(|| "it is no commit".to_owned())
    })
}

fn write(tested: Tested<'_>, common: &Common) -> anyhow::Result<()> {
    let renderer: Box<dyn TestedReport> = match common.format {
        Format::Human => Box::new(TestedHuman {
            colour: console::colors_enabled(),
            quiet: common.quiet,
            verbose: common.verbose,
        }),
        Format::Junit => Box::new(TestedJunit),
        // Others were refused.
        _ => Box::new(TestedJson),
    };
    let mut out = io::BufWriter::new(io::stdout().lock());
    renderer.write(tested, &mut out).and_then(|()| out.flush()).context("cannot write the report")
}

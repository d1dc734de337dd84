//! `bylaws hook pre-receive` and `post-receive`: a server's hooks.
//!
//! A push must have an answer in time. A second thread watches the clock; whichever of the two is first, the judgement or the
//! deadline, answers for the process, once.

use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::environment::Environment;
use super::{Exit, arguments, output};
use crate::git::Location;
use crate::install;
use crate::install::server::HOST_SETTINGS;
use crate::report;
use crate::server::{self, Outcome, Received, Record};
use crate::verdict::{Finding, Verdict};

/// Until the settings are read.
const FIRST_DEADLINE: Duration = Duration::from_secs(30);
/// How often the watch looks whether the deadline is another one.
const GLANCE: Duration = Duration::from_millis(200);

pub(super) fn pre_receive(command: &arguments::Hook, environment: &Environment) -> anyhow::Result<Exit> {
    let lines: Arc<[u8]> = lines()?.into();
    let answer = Answer {
        is_taken: Arc::default(),
        record: Arc::default(),
        lines: Arc::clone(&lines),
        location: environment.server_location(),
        started: environment.started,
    };
    watch(answer.clone())?;
    let variables = |name: &str| environment.text(name);
    let received = Received {
        lines: &lines,
        location: answer.location.clone(),
        variables: &variables,
        host_settings: host_settings(command),
        now: environment.now,
        started: environment.started,
        record: &answer.record,
    };
    let verdict = received.judge();
    Ok(answer.give(&verdict))
}

/// Nothing can be refused any more: what goes wrong is told, and the next push tries again.
pub(super) fn post_receive(command: &arguments::Hook, environment: &Environment) -> anyhow::Result<Exit> {
    let lines = lines()?;
    let location = environment.server_location();
    if let Err(errors) = server::publish(&location, host_settings(command)) {
        let said = errors.to_string();
        output::note(&format!(
            "{said}\n  = note: the push is in; the operator's policy could not be published"
        ))?;
    }
    if let Some(repository) = &location.git_dir {
        server::sweep(repository, environment.now);
    }
    match chained(&location, "post-receive", &lines)? {
        Some(status) if status != 0 => Ok(Exit::Other(status)),
        _ => Ok(Exit::Allowed),
    }
}

fn host_settings(command: &arguments::Hook) -> &Path {
    command.host_settings.as_deref().unwrap_or(Path::new(HOST_SETTINGS))
}

fn lines() -> anyhow::Result<Vec<u8>> {
    let mut lines = Vec::new();
    io::stdin().lock().read_to_end(&mut lines).context("cannot read what git gave the hook")?;
    Ok(lines)
}

/// Runs the hook that would run here if ours did not, as git would have. Its exit status, if there is one.
fn chained(location: &Location, name: &str, lines: &[u8]) -> anyhow::Result<Option<u8>> {
    let Some(common_dir) = &location.git_dir else { return Ok(None) };
    let Some(hook) = install::server::chained(common_dir, name)? else { return Ok(None) };
    Ok(Some(install::hook::run(&hook, &[], lines)?))
}

/// The one answer of the process.
#[derive(Clone)]
struct Answer {
    is_taken: Arc<AtomicBool>,
    record: Arc<Mutex<Record>>,
    lines: Arc<[u8]>,
    location: Location,
    started: Instant,
}

impl Answer {
    /// Lets the hook of another tool have its say, writes down what was decided, and says it. If the other thread was first this
    /// never returns: that one ends the process.
    fn give(&self, verdict: &Verdict) -> Exit {
        while self.is_taken.swap(true, Ordering::AcqRel) {
            std::thread::park();
        }
        let record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = record.outcome(verdict);
        let theirs = if outcome == Outcome::Refused { Vec::new() } else { self.of_the_next() };
        let mut verdict = verdict.clone().with(theirs);
        let mut outcome = record.outcome(&verdict);
        let names = record.write(&verdict, outcome).unwrap_or_else(|error| {
            verdict = verdict.clone().with(vec![server::unrecorded(&error)]);
            outcome = Outcome::Refused;
            Vec::new()
        });
        let answer = report::Answer {
            verdict: &verdict,
            is_let_in: outcome == Outcome::WouldDeny,
            notes: &[],
            record: names.first().map(String::as_str),
            took: self.started.elapsed(),
        };
        self.say(&answer.screen());
        if outcome == Outcome::Refused { Exit::Denied } else { Exit::Allowed }
    }

    /// What the hook finds that would run here if ours did not.
    fn of_the_next(&self) -> Vec<Finding> {
        match chained(&self.location, "pre-receive", &self.lines) {
            Ok(None | Some(0)) => Vec::new(),
            Ok(Some(status)) => vec![server::refused_by_another(&format!("exit status {status}"))],
            Err(error) => vec![server::refused_by_another(&format!("{error:#}"))],
        }
    }

    /// The pusher may have hung up; the decision stands.
    fn say(&self, text: &str) {
        let _: io::Result<()> = io::stderr().lock().write_all(text.as_bytes());
    }
}

/// Answers when the deadline has passed.
fn watch(answer: Answer) -> anyhow::Result<()> {
    let watching = move || loop {
        let deadline = {
            let record = answer.record.lock().unwrap_or_else(PoisonError::into_inner);
            record.deadline.unwrap_or(FIRST_DEADLINE)
        };
        let left = deadline.saturating_sub(answer.started.elapsed());
        if !left.is_zero() {
            std::thread::sleep(left.min(GLANCE));
            continue;
        }
        let exit = answer.give(&server::too_late(deadline));
        std::process::exit(i32::from(exit == Exit::Denied));
    };
    std::thread::Builder::new()
        .name("deadline".to_owned())
        .spawn(watching)
        .map(drop)
        .context("cannot watch the clock")
}

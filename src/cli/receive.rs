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

use super::Exit;
use super::arguments;
use super::environment::Environment;
use crate::report::{Human, Report as _};
use crate::server::{self, Outcome, Received, Record};
use crate::verdict::Verdict;

/// The host's settings, where the shim names no other file.
pub(super) const HOST_SETTINGS: &str = "/etc/bylaws/server.toml";
/// Until the settings are read.
const FIRST_DEADLINE: Duration = Duration::from_secs(30);
/// How often the watch looks whether the deadline is another one.
const GLANCE: Duration = Duration::from_millis(200);

pub(super) fn pre_receive(command: &arguments::Hook, environment: &Environment) -> anyhow::Result<Exit> {
    let mut lines = Vec::new();
    io::stdin().lock().read_to_end(&mut lines).context("cannot read what git gave the hook")?;
    let record = Arc::new(Mutex::new(Record::default()));
    let answer =
        Answer { is_taken: Arc::default(), record: Arc::clone(&record), started: environment.started };
    watch(answer.clone(), environment.started)?;
    let variables = |name: &str| environment.text(name);
    let received = Received {
        lines: &lines,
        location: environment.server_location(),
        variables: &variables,
        host_settings: command.host_settings.as_deref().unwrap_or(Path::new(HOST_SETTINGS)),
        now: environment.now,
        record: &record,
    };
    let verdict = received.judge();
    Ok(answer.give(&verdict))
}

/// The one answer of the process.
#[derive(Clone)]
struct Answer {
    is_taken: Arc<AtomicBool>,
    record: Arc<Mutex<Record>>,
    started: Instant,
}

impl Answer {
    /// Writes down what was decided and says it. If the other thread was first this never returns: that one ends the process.
    fn give(&self, verdict: &Verdict) -> Exit {
        while self.is_taken.swap(true, Ordering::AcqRel) {
            std::thread::park();
        }
        let record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = record.outcome(verdict);
        if let Err(error) = record.write(verdict, outcome) {
            self.say(&format!(
                "error: this push cannot be recorded, so it is refused: {error}\n  = help: {}",
                error.help()
            ));
            return Exit::Denied;
        }
        self.tell(verdict);
        if outcome == Outcome::Refused { Exit::Denied } else { Exit::Allowed }
    }

    fn tell(&self, verdict: &Verdict) {
        if verdict.findings.is_empty() {
            return;
        }
        let outcome = crate::report::Outcome { verdict, rules: &[], took: self.started.elapsed() };
        let mut text = Vec::new();
        let _: io::Result<()> =
            Human { colour: false, quiet: false, verbose: false }.write(outcome, &mut text);
        self.say(&String::from_utf8_lossy(&text));
    }

    /// The pusher may have hung up; the decision stands.
    fn say(&self, text: &str) {
        let _: io::Result<()> = writeln!(io::stderr().lock(), "{}", text.trim_end());
    }
}

/// Answers when the deadline has passed.
fn watch(answer: Answer, started: Instant) -> anyhow::Result<()> {
    let watching = move || loop {
        let deadline = {
            let record = answer.record.lock().unwrap_or_else(PoisonError::into_inner);
            record.deadline.unwrap_or(FIRST_DEADLINE)
        };
        let left = deadline.saturating_sub(started.elapsed());
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

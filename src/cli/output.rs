//! Verdicts and messages to the standard streams.

use std::io::{self, Write as _};

use super::Exit;
use super::arguments::{Common, Format};
use super::environment::Environment;
use crate::config::LoadedPolicy;
use crate::report::{Github, Gitlab, Human, Json, Junit, Outcome, Report, RuleInForce, Sarif};
use crate::verdict::Verdict;

/// Where a report goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    Out,
    Error,
}

/// Writes the report and says how the run ended. A report that could not be written is an error, never "allowed".
pub(super) fn report(
    verdict: &Verdict,
    loaded: &LoadedPolicy,
    stream: Stream,
    common: &Common,
    environment: &Environment,
) -> anyhow::Result<Exit> {
    let colour = match stream {
        Stream::Out => console::colors_enabled(),
        Stream::Error => console::colors_enabled_stderr(),
    };
    let renderer: Box<dyn Report> = match common.format {
        Format::Human => Box::new(Human { colour, quiet: common.quiet, verbose: common.verbose }),
        Format::Json => Box::new(Json),
        Format::Sarif => Box::new(Sarif),
        Format::Junit => Box::new(Junit),
        Format::Github => Box::new(Github),
        Format::Gitlab => Box::new(Gitlab),
    };
    let rules: Vec<RuleInForce<'_>> = loaded.in_force();
    let outcome = Outcome { verdict, rules: &rules, took: environment.started.elapsed() };
    match stream {
        Stream::Out => {
            let mut out = io::BufWriter::new(io::stdout().lock());
            renderer.write(outcome, &mut out)?;
            out.flush()?;
        }
        Stream::Error => {
            let mut out = io::BufWriter::new(io::stderr().lock());
            renderer.write(outcome, &mut out)?;
            out.flush()?;
        }
    }
    Ok(verdict.decision.into())
}

/// Says to people what is not part of the report.
pub(super) fn notices(loaded: &LoadedPolicy, common: &Common) -> io::Result<()> {
    if common.quiet {
        return Ok(());
    }
    let mut out = io::stderr().lock();
    for notice in &loaded.notices {
        let shown = notice.to_string();
        writeln!(out, "warning{}", shown.strip_prefix("error").unwrap_or(&shown))?;
    }
    Ok(())
}

/// A line on standard output.
pub(super) fn say(line: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{line}")
}

/// A line on what was done, unless nobody wants to know.
pub(super) fn tell(line: &str, common: &Common) -> io::Result<()> {
    if common.quiet { Ok(()) } else { say(line) }
}

/// A line on standard error.
pub(super) fn note(line: &str) -> io::Result<()> {
    writeln!(io::stderr().lock(), "{line}")
}

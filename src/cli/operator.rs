//! `bylaws install`, `uninstall` and `doctor` with `--server`: the hooks of a server's repositories.

use std::path::PathBuf;

use serde_json::json;

use super::Exit;
use super::arguments::{self, Common, Format};
use super::environment::Environment;
use super::install::{binary, check_as_json, notes, say_check, version};
use super::output;
use crate::config::{IdentitySource, SettingOrigin};
use crate::install::server::{self, Machine, Options, Outcome, Question, Report, Shared};
use crate::install::{Check, InstallError};
use crate::report::clean;

pub(super) fn install(
    command: &arguments::Install,
    common: &Common,
    environment: &Environment,
) -> anyhow::Result<Exit> {
    let location = environment.location(common.folder.as_deref());
    let options = Options {
        binary: binary(environment)?,
        version: version(),
        identity: command.identity.as_deref().and_then(IdentitySource::from_word),
        host_settings: command.host_settings.as_ref().map(|file| location.start.join(file)),
        location,
    };
    let outcomes = server::install(&whole(&command.server, &options.location.start), &options);
    for outcome in &outcomes {
        if let Some(done) = said(outcome)? {
            let verb = if done.changed { "installed" } else { "already installed" };
            let hooks = server::HOOKS.join(" and ");
            let (path, folder) = (outcome.path.display(), done.folder.display());
            output::tell(&clean(&format!("{verb}: {path} ({}; {hooks} in {folder})", done.layout)), common)?;
            notes(&done.notes, common)?;
        }
    }
    let exit = exit_of(&outcomes);
    if exit == Exit::Allowed {
        output::tell(
            "next: `bylaws doctor --server PATH...` says what is enforced, what is not and why",
            common,
        )?;
    }
    Ok(exit)
}

pub(super) fn uninstall(
    command: &arguments::OnServer,
    common: &Common,
    environment: &Environment,
) -> anyhow::Result<Exit> {
    let location = environment.location(common.folder.as_deref());
    let outcomes = server::uninstall(&whole(command, &location.start), &location);
    for outcome in &outcomes {
        if let Some(done) = said(outcome)? {
            let verb = if done.changed { "taken out" } else { "nothing is installed" };
            output::tell(&clean(&format!("{verb}: {}", outcome.path.display())), common)?;
            notes(&done.notes, common)?;
        }
    }
    Ok(exit_of(&outcomes))
}

pub(super) fn doctor(
    command: &arguments::OnServer,
    common: &Common,
    environment: &Environment,
) -> anyhow::Result<Exit> {
    let location = environment.location(common.folder.as_deref());
    let paths = whole(command, &location.start);
    let question = Question {
        binary: binary(environment)?,
        version: version(),
        now: environment.now,
        location,
        machine: Machine::default(),
    };
    let outcomes = server::doctor(&paths, &question);
    match common.format {
        Format::Json => output::say(&serde_json::to_string_pretty(&as_json(&outcomes))?)?,
        _ => say_reports(&outcomes, common.quiet)?,
    }
    let enforced = |outcome: &Outcome<Report>| outcome.result.as_ref().is_ok_and(Report::is_enforced);
    Ok(match exit_of(&outcomes) {
        Exit::Allowed if outcomes.iter().all(|one| one.left_out || enforced(one)) => Exit::Allowed,
        Exit::Allowed => Exit::Denied,
        undecided => undecided,
    })
}

/// What is of the whole machine first and once, then what is of each repository.
fn say_reports(outcomes: &[Outcome<Report>], quiet: bool) -> std::io::Result<()> {
    let shared = Shared::of(outcomes);
    if !shared.is_empty() && (!quiet || shared.checks.iter().any(|check| !check.ok)) {
        output::say("this machine (every repository where bylaws is installed)")?;
        say_found(&shared.checks, &shared.settings, quiet)?;
    }
    for outcome in outcomes {
        if let Some(report) = said(outcome)? {
            output::say(&clean(&format!("{} ({})", outcome.path.display(), report.layout)))?;
            let checks = report.checks.iter().filter(|check| !shared.checks.contains(check));
            let settings = report.settings.iter().filter(|setting| !shared.settings.contains(setting));
            say_found(checks, settings, quiet)?;
        }
    }
    Ok(())
}

fn say_found<'a>(
    checks: impl IntoIterator<Item = &'a Check>,
    settings: impl IntoIterator<Item = &'a SettingOrigin>,
    quiet: bool,
) -> std::io::Result<()> {
    checks.into_iter().filter(|check| !quiet || !check.ok).try_for_each(say_check)?;
    for one in settings.into_iter().filter(|_| !quiet) {
        output::say(&clean(&format!("setting: {} = {} ({})", one.key, one.value, one.from)))?;
        one.remark.iter().try_for_each(|remark| output::say(&format!("  = note: {}", clean(remark))))?;
    }
    output::say("")
}

fn as_json(outcomes: &[Outcome<Report>]) -> serde_json::Value {
    let one = |outcome: &Outcome<Report>| {
        let path = outcome.path.display().to_string();
        match &outcome.result {
            Err(error) => json!({
                "path": path, "enforced": false, "left-out": outcome.left_out,
                "error": { "message": error.message, "help": error.hint },
            }),
            Ok(report) => {
                let settings: Vec<_> = report
                    .settings
                    .iter()
                    .map(|one| json!({ "key": one.key, "value": one.value, "from": one.from, "remark": one.remark }))
                    .collect();
                json!({
                    "path": path, "enforced": report.is_enforced(), "layout": report.layout,
                    "settings": settings, "checks": report.checks.iter().map(check_as_json).collect::<Vec<_>>(),
                })
            }
        }
    };
    let all = |outcome: &Outcome<Report>| {
        outcome.left_out || outcome.result.as_ref().is_ok_and(Report::is_enforced)
    };
    json!({
        "version": 1,
        "enforced": outcomes.iter().all(all),
        "repositories": outcomes.iter().map(one).collect::<Vec<_>>(),
    })
}

/// Paths as seen from where the command works.
fn whole(command: &arguments::OnServer, start: &std::path::Path) -> Vec<PathBuf> {
    command.paths.iter().map(|path| start.join(path)).collect()
}

/// Says what failed; else gives what was done.
fn said<T>(outcome: &Outcome<T>) -> std::io::Result<Option<&T>> {
    match &outcome.result {
        Ok(done) => Ok(Some(done)),
        Err(InstallError { message, hint }) => {
            let lines: Vec<String> = message.lines().map(clean).collect();
            let path = clean(&outcome.path.display().to_string());
            let verb = if outcome.left_out { "left out" } else { "error" };
            output::note(&format!("{verb}: `{path}`: {}", lines.join("\n")))?;
            hint.iter().try_for_each(|hint| output::note(&format!("  = help: {}", clean(hint))))?;
            Ok(None)
        }
    }
}

/// One that failed is reason enough to look: it may be enforced nowhere.
fn exit_of<T>(outcomes: &[Outcome<T>]) -> Exit {
    if outcomes.iter().all(|outcome| outcome.left_out || outcome.result.is_ok()) {
        Exit::Allowed
    } else {
        Exit::Undecided
    }
}

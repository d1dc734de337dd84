//! `bylaws install`, `uninstall` and `doctor` with `--server`: the hooks of a server's repositories.

use std::path::PathBuf;

use super::Exit;
use super::arguments::{self, Common};
use super::environment::Environment;
use super::install::{binary, notes, version};
use super::output;
use crate::config::IdentitySource;
use crate::install::InstallError;
use crate::install::server::{self, Options, Outcome};
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
            output::say(&clean(&format!(
                "{verb}: {} ({}; {hooks} in {})",
                outcome.path.display(),
                done.layout,
                done.folder.display()
            )))?;
            notes(&done.notes)?;
        }
    }
    let exit = exit_of(&outcomes);
    if exit == Exit::Allowed {
        output::say("next: `bylaws doctor --server PATH...` says what is enforced, what is not and why")?;
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
            output::say(&clean(&format!("{verb}: {}", outcome.path.display())))?;
            notes(&done.notes)?;
        }
    }
    Ok(exit_of(&outcomes))
}

pub(super) fn doctor(_: &arguments::OnServer, _: &Common, _: &Environment) -> anyhow::Result<Exit> {
    anyhow::bail!("`doctor --server` cannot look at servers yet")
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
            output::note(&format!("error: `{path}`: {}", lines.join("\n")))?;
            hint.iter().try_for_each(|hint| output::note(&format!("  = help: {}", clean(hint))))?;
            Ok(None)
        }
    }
}

/// One that failed is reason enough to look: it may be enforced nowhere.
fn exit_of<T>(outcomes: &[Outcome<T>]) -> Exit {
    if outcomes.iter().all(|outcome| outcome.result.is_ok()) { Exit::Allowed } else { Exit::Undecided }
}

//! `bylaws install`, `uninstall` and `doctor`.

use anyhow::Context as _;

use super::Exit;
use super::arguments::{self, Common, Format};
use super::environment::Environment;
use super::session::Session;
use super::{output, session};
use crate::git::Repository;
use crate::install::{self, Check, Hook, Options, Target};
use crate::report::clean;

pub(super) fn install(
    command: &arguments::Install,
    common: &Common,
    environment: &Environment,
) -> anyhow::Result<Exit> {
    let repository = session::open(common, environment)?;
    let hooks = command.hooks.iter().map(|name| name.parse::<Hook>()).collect::<Result<Vec<_>, _>>()?;
    let options = Options { hooks, binary: binary(environment)?, version: version() };
    let done = install::install(&Target::of(&repository), &options)?;
    let names: Vec<&str> = done.hooks.iter().map(|hook| hook.name()).collect();
    let verb = if done.changed { "installed" } else { "already installed:" };
    output::tell(&format!("{verb} {} in {}", names.join(", "), done.folder.display()), common)?;
    if let Some(folder) = &done.others_in {
        let others =
            if done.others.is_empty() { String::new() } else { format!(" ({})", done.others.join(", ")) };
        output::tell(&format!("the hooks in {}{others} go on running", folder.display()), common)?;
    }
    if let Some(remote) = &done.remote {
        output::tell(&format!("`git fetch {remote}` gets refs/bylaws/* too from now on"), common)?;
    }
    notes(&done.notes, common)?;
    output::tell(
        "next: `bylaws check` judges what is staged or not yet pushed, `bylaws rules` lists the rules",
        common,
    )?;
    Ok(Exit::Allowed)
}

pub(super) fn uninstall(common: &Common, environment: &Environment) -> anyhow::Result<Exit> {
    let repository = session::open(common, environment)?;
    let done = install::uninstall(&Target::of(&repository))?;
    if !done.changed {
        output::tell("nothing of bylaws is installed here", common)?;
    }
    for (verb, paths) in [
        ("removed", &done.removed),
        ("restored", &done.restored),
        ("kept, since it was changed:", &done.kept),
    ] {
        for path in paths {
            output::tell(&format!("{verb} {}", path.display()), common)?;
        }
    }
    notes(&done.notes, common)?;
    Ok(Exit::Allowed)
}

pub(super) fn notes(notes: &[String], common: &Common) -> std::io::Result<()> {
    notes.iter().try_for_each(|text| output::tell(&format!("note: {}", clean(text)), common))
}

pub(super) fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// Where the hooks find this program from now on.
pub(super) fn binary(environment: &Environment) -> anyhow::Result<std::path::PathBuf> {
    let running = std::env::current_exe().context("cannot tell where this program is")?;
    let folders = environment.get("PATH").into_iter().flat_map(std::env::split_paths);
    Ok(install::lasting_path(&running, folders))
}

pub(super) fn doctor(common: &Common, environment: &Environment) -> anyhow::Result<Exit> {
    let repository = session::open(common, environment)?;
    let options = Options { hooks: Vec::new(), binary: binary(environment)?, version: version() };
    let mut checks = install::doctor(&Target::of(&repository), &options)?;
    checks.push(policy_check(common, environment, repository));
    match common.format {
        Format::Json => output::say(&serde_json::to_string_pretty(&as_json(&checks))?)?,
        _ => checks.iter().filter(|check| !common.quiet || !check.ok).try_for_each(say_check)?,
    }
    Ok(if checks.iter().all(|check| check.ok) { Exit::Allowed } else { Exit::Denied })
}

/// Hooks that are in place enforce nothing by a policy that does not load.
fn policy_check(common: &Common, environment: &Environment, repository: Repository) -> Check {
    let name = "policy";
    match Session::new(common, environment, repository) {
        Ok(session) => {
            let rules = session.loaded.in_force().len();
            let message = format!("{rules} rules are in force, from {}", session.loaded.name.source);
            Check::good(name, message)
        }
        Err(error) => {
            let message = format!("the policy does not load\n{}", super::shown(&error));
            Check::bad(name, message, "mend it; until then every commit and push is blocked")
        }
    }
}

pub(super) fn say_check(check: &Check) -> std::io::Result<()> {
    let mark = if check.ok { "ok" } else { "not enforced" };
    let message: Vec<String> = check.message.lines().map(clean).collect();
    output::say(&format!("{mark}: {}: {}", check.name, message.join("\n    ")))?;
    check.help.iter().try_for_each(|help| output::say(&format!("  = help: {}", clean(help))))
}

fn as_json(checks: &[Check]) -> serde_json::Value {
    let enforced = checks.iter().all(|check| check.ok);
    let checks: Vec<serde_json::Value> = checks.iter().map(check_as_json).collect();
    serde_json::json!({ "version": 1, "enforced": enforced, "checks": checks })
}

pub(super) fn check_as_json(check: &Check) -> serde_json::Value {
    serde_json::json!({ "name": check.name, "ok": check.ok, "message": check.message, "help": check.help })
}

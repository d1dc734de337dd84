//! `bylaws install`, `uninstall` and `doctor`.

use std::ffi::OsStr;
use std::path::Path;

use anyhow::Context as _;

use super::Exit;
use super::arguments::{self, Common};
use super::environment::Environment;
use super::{output, session};
use crate::git::Repository;
use crate::install::{self, Hook, Options, Target};
use crate::report::clean;

/// The repository as the installer sees it.
pub(super) fn target_of(repository: &Repository) -> Target {
    Target {
        git_dir: repository.git_dir().to_owned(),
        common_dir: repository.common_dir().to_owned(),
        work_tree: repository.work_tree().map(Path::to_owned),
    }
}

pub(super) fn install(
    command: &arguments::Install,
    common: &Common,
    environment: &Environment,
) -> anyhow::Result<Exit> {
    let repository = session::open(common, environment)?;
    let hooks = command.hooks.iter().map(|name| name.parse::<Hook>()).collect::<Result<Vec<_>, _>>()?;
    let options = Options { hooks, binary: binary(environment)?, version: version() };
    let done = install::install(&target_of(&repository), &options)?;
    let names: Vec<&str> = done.hooks.iter().map(|hook| hook.name()).collect();
    let verb = if done.changed { "installed" } else { "already installed:" };
    output::say(&format!("{verb} {} in {}", names.join(", "), done.folder.display()))?;
    if let Some(folder) = &done.others_in {
        let others = if done.others.is_empty() { String::new() } else { format!(" ({})", done.others.join(", ")) };
        output::say(&format!("the hooks in {}{others} go on running", folder.display()))?;
    }
    if let Some(remote) = &done.remote {
        output::say(&format!("`git fetch {remote}` gets refs/bylaws/* too from now on"))?;
    }
    notes(&done.notes)?;
    output::say("next: `bylaws check` judges what is staged or not yet pushed, `bylaws rules` lists the rules")?;
    Ok(Exit::Allowed)
}

pub(super) fn uninstall(common: &Common, environment: &Environment) -> anyhow::Result<Exit> {
    let repository = session::open(common, environment)?;
    let done = install::uninstall(&target_of(&repository))?;
    if !done.changed {
        output::say("nothing of bylaws is installed here")?;
    }
    for (verb, paths) in [("removed", &done.removed), ("restored", &done.restored), ("kept, since it was changed:", &done.kept)] {
        for path in paths {
            output::say(&format!("{verb} {}", path.display()))?;
        }
    }
    notes(&done.notes)?;
    Ok(Exit::Allowed)
}

fn notes(notes: &[String]) -> std::io::Result<()> {
    notes.iter().try_for_each(|text| output::say(&format!("note: {}", clean(text))))
}

fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// Where the hooks find this program from now on.
fn binary(environment: &Environment) -> anyhow::Result<std::path::PathBuf> {
    let running = std::env::current_exe().context("cannot tell where this program is")?;
    Ok(install::lasting_path(&running, environment.get("PATH").map(OsStr::new)))
}

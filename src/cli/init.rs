//! `bylaws init`: write a commented starter policy.

use std::fs;

use anyhow::Context as _;

use super::Exit;
use super::arguments::{self, Common};
use super::environment::Environment;
use super::{files, output, session};
use crate::config;

pub(super) fn run(
    command: &arguments::Init,
    common: &Common,
    environment: &Environment,
) -> anyhow::Result<Exit> {
    let repository = session::open(common, environment)?;
    let top =
        repository.work_tree().context("a bare repository has no work tree to write `.bylaws/` into")?;
    let folder = top.join(".bylaws");
    let starter = config::starter(&command.sets)?;
    let there: Vec<&str> = starter
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|name| folder.join(name).symlink_metadata().is_ok())
        .collect();
    if !there.is_empty() && !command.force {
        anyhow::bail!(
            "`.bylaws/{}` is there already; `bylaws init --force` replaces it",
            there.join("`, `.bylaws/")
        );
    }
    for (name, contents) in &starter {
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(&folder);
        fs::create_dir_all(parent)
            .with_context(|| format!("cannot make the folder `{}`", parent.display()))?;
        files::replace(&path, contents).with_context(|| format!("cannot write `{}`", path.display()))?;
        output::tell(&format!("wrote .bylaws/{name}"), common)?;
    }
    output::tell("next: read .bylaws/bylaws.toml, run `bylaws check`, then commit the folder", common)?;
    Ok(Exit::Allowed)
}

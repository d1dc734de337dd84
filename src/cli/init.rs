//! `bylaws init`: write a commented starter policy.

use std::fs;
use std::io::Write as _;

use anyhow::Context as _;

use super::Exit;
use super::arguments::{self, Common};
use super::environment::Environment;
use super::{output, session};
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
    let files = config::starter(&command.sets)?;
    let there: Vec<&str> = files
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
    for (name, contents) in &files {
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(&folder);
        fs::create_dir_all(parent)
            .with_context(|| format!("cannot make the folder `{}`", parent.display()))?;
        replace(&path, contents).with_context(|| format!("cannot write `{}`", path.display()))?;
        output::say(&format!("wrote .bylaws/{name}"))?;
    }
    output::say("next: read .bylaws/bylaws.toml, run `bylaws check`, then commit the folder")?;
    Ok(Exit::Allowed)
}

/// Whole or not at all: written beside it, then renamed.
fn replace(path: &std::path::Path, contents: &str) -> std::io::Result<()> {
    let beside = path.with_extension("bylaws-new");
    let mut file = fs::File::create(&beside)?;
    let written = file.write_all(contents.as_bytes()).and_then(|()| file.sync_all());
    let done = written.and_then(|()| fs::rename(&beside, path));
    if done.is_err() {
        // What failed is told; the half-written file is not left behind.
        drop(fs::remove_file(&beside));
    }
    done
}

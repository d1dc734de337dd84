//! `bylaws schema` and `bylaws definitions`: what editors know of our files, printed or written.

use std::path::Path;

use anyhow::Context as _;

use super::arguments::{self, Common};
use super::environment::Environment;
use super::{Exit, files, output};
use crate::config::ConfigFile;
use crate::policy;

pub(super) fn schema(
    command: &arguments::Schema,
    common: &Common,
    environment: &Environment,
) -> anyhow::Result<Exit> {
    let text = |file: ConfigFile| serde_json::to_string_pretty(&file.schema()).map(|text| text + "\n");
    let named = command.file.map(ConfigFile::from);
    match &command.output {
        Some(folder) => {
            for file in ConfigFile::ALL.into_iter().filter(|file| named.is_none_or(|named| named == *file)) {
                write(folder, file.schema_name(), &text(file)?, common, environment)?;
            }
        }
        None => output::say(text(named.unwrap_or(ConfigFile::Bylaws))?.trim_end())?,
    }
    Ok(Exit::Allowed)
}

pub(super) fn definitions(
    command: &arguments::Definitions,
    common: &Common,
    environment: &Environment,
) -> anyhow::Result<Exit> {
    let text = policy::definitions()?;
    match &command.output {
        Some(folder) => write(folder, policy::DEFINITIONS, &text, common, environment)?,
        None => output::say(text.trim_end())?,
    }
    Ok(Exit::Allowed)
}

fn write(
    folder: &Path,
    name: &str,
    text: &str,
    common: &Common,
    environment: &Environment,
) -> anyhow::Result<()> {
    let start = common.folder.as_deref().unwrap_or(Path::new(""));
    let there = environment.folder.join(start).join(folder);
    std::fs::create_dir_all(&there)
        .with_context(|| format!("cannot make the folder `{}`", there.display()))?;
    let path = there.join(name);
    files::replace(&path, text).with_context(|| format!("cannot write `{}`", path.display()))?;
    output::tell(&format!("wrote {}", folder.join(name).display()), common)?;
    Ok(())
}

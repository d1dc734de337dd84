//! `bylaws docs`: the policy in force as a document for people.

use std::path::Path;

use anyhow::Context as _;

use super::arguments::{self, Common};
use super::environment::Environment;
use super::session;
use super::{Exit, files, output};
use crate::config::Purpose;
use crate::report::document::{document, html, markdown};

pub(super) fn run(
    command: &arguments::Docs,
    common: &Common,
    environment: &Environment,
) -> anyhow::Result<Exit> {
    let repository = session::open(common, environment)?;
    let loaded = session::load(common, environment, &repository, Purpose::All)?;
    let document = document(&loaded, environment.now);
    let is_html = |file: &Path| {
        let extension = file.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        matches!(extension.as_str(), "html" | "htm")
    };
    let as_html = command.html || command.output.as_deref().is_some_and(is_html);
    let text = if as_html { html(&document) } else { markdown(&document) };
    match &command.output {
        Some(file) => {
            let start = common.folder.as_deref().unwrap_or(Path::new(""));
            let path = environment.folder.join(start).join(file);
            files::replace(&path, &text).with_context(|| format!("cannot write `{}`", file.display()))?;
            output::tell(&format!("wrote {}", file.display()), common)?;
        }
        None => output::say(text.trim_end())?,
    }
    Ok(Exit::Allowed)
}

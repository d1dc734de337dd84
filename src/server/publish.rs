//! What a server tells clones beside the pushed refs: the operator's policy, so that they judge alike.

use std::path::Path;

use super::receive::own_folder;
use crate::config::{self, effective};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::RefName;
use crate::git::{Backend, GitError, Location, Repository};

/// Brings the ref of the operator's policy up to date with the folder that the settings name, or takes it away if they name none. True if that
/// changed anything. It is never done from within `pre-receive`, where git allows no ref to be moved.
///
/// # Errors
/// When the settings or the folder cannot be read, or the ref cannot be moved.
pub fn publish(location: &Location, host_settings: &Path) -> Result<bool, Diagnostics> {
    let repository = Repository::open(location, Backend::Auto).map_err(of_git)?;
    let settings = effective(host_settings, &own_folder(&repository).join("server.toml"))?;
    let Some(reference) = RefName::new(config::REQUIRED_REF) else { return Ok(false) };
    let Some(folder) = settings.required else { return repository.withdraw(&reference).map_err(of_git) };
    let files = config::required_files(&folder, &folder.display().to_string())?;
    let message = "The operator's policy, which applies to every repository here\n";
    repository.publish(&reference, ".bylaws", &files, message).map_err(of_git)
}

fn of_git(error: GitError) -> Diagnostics {
    Diagnostic { place: None, message: error.message, help: error.hint }.into()
}

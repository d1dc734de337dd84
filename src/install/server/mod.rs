//! Hooks into the bare repositories of a server, and out again to the last byte.
//!
//! Git runs nothing, and says nothing, where it finds no hook. So each host's own way of calling hooks is used, and where
//! another's hook has the place that ours needs, theirs stays as it is:
//!
//! - **plain git**: the shims stand in `hooks/`. Where a hook of somebody else has one of the names, where `hooks/` is shared
//!   with other repositories, or where `core.hooksPath` leads elsewhere, ours stand in `bylaws/server-hooks/` beside
//!   forwarders to every other hook, and `core.hooksPath` names that folder. Theirs is not renamed: much used hooks find
//!   what they run by their own name (`$0.*`, `$(basename $0).d/`), and would silently run nothing under another.
//!   The path is relative to the repository, where git runs the hooks of a bare one, so that it may be moved.
//! - **gitolite**: named by its home folder, the shims stand among its common hooks, and so new repositories have them from
//!   their first push; each repository has the links that `gitolite setup --hooks-only` makes. A single repository gets the
//!   folder of our own, since gitolite puts links over files in `hooks/`. Its own `update` hook goes on running.
//! - **Gitea, Forgejo**: files in `hooks/pre-receive.d/` and `hooks/post-receive.d/`, which their delegators run.
//! - **GitLab**: files in `custom_hooks/pre-receive.d/` and `custom_hooks/post-receive.d/`; Gitaly never looks at `hooks/`.
//!
//! What was done is in a journal, `bylaws/install-server.toml`, written before anything that it speaks of. What has to outlast
//! an uninstallation, since records refer to it, is in no journal: the repository's id, the ledger's key, `server.toml`.

mod accounts;
mod apply;
mod config;
mod doctor;
mod find;
mod gitolite;
mod journal;
mod layout;
mod plan;
mod repository;
mod supplies;

use std::path::{Path, PathBuf};

use super::error::InstallError;
use super::files;
use crate::config::IdentitySource;
use crate::git::Location;
pub use doctor::{Machine, Question, Report, Shared, doctor};
use journal::Journal;
pub use layout::Layout;
use repository::Repository;

/// The hooks that a server runs: what decides, and what records. The names are git's:
/// <https://git-scm.com/docs/githooks>.
pub const HOOKS: [&str; 2] = ["pre-receive", "post-receive"];

/// Where the settings of the whole host are.
pub const HOST_SETTINGS: &str = "/etc/bylaws/server.toml";

/// How to install.
#[derive(Debug, Clone)]
pub struct Options {
    /// The absolute path at which the program stays, also after an update of it.
    pub binary: PathBuf,
    /// The program's version.
    pub version: String,
    /// Who says who pushes, for a `server.toml` that is not there yet; else what the layout tells.
    pub identity: Option<IdentitySource>,
    /// The host's settings, where they are not in [`HOST_SETTINGS`]; an absolute path.
    pub host_settings: Option<PathBuf>,
    /// With which environment git runs.
    pub location: Location,
}

/// What was done to one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// The layout that was found.
    pub layout: Layout,
    /// Where our hooks stand.
    pub folder: PathBuf,
    /// False: all was in place already.
    pub changed: bool,
    /// What else a person should know.
    pub notes: Vec<String>,
}

/// What taking the hooks out of one repository did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Uninstalled {
    /// False: nothing was installed.
    pub changed: bool,
    /// What else a person should know.
    pub notes: Vec<String>,
}

/// How it went with one repository, or with a path at which none was found.
#[derive(Debug)]
pub struct Outcome<T> {
    /// The repository.
    pub path: PathBuf,
    /// What was done, or why not.
    pub result: Result<T, InstallError>,
    /// Whether it may stay as it is: what has a work tree and was only come across.
    pub left_out: bool,
}

/// Installs the hooks in every repository at or below the paths. Run again it takes new ones; what fails in one is no
/// reason to leave out the others.
pub fn install(paths: &[PathBuf], options: &Options) -> Vec<Outcome<Installed>> {
    each(paths, &options.location, |repository, found| plan::install(repository, found, options))
}

/// Takes the hooks out of every repository at or below the paths.
pub fn uninstall(paths: &[PathBuf], location: &Location) -> Vec<Outcome<Uninstalled>> {
    let mut all = each(paths, location, |repository, _| apply::uninstall(repository));
    // Last, since until then they are what the links in the repositories lead to.
    for home in paths.iter().filter_map(|path| find::gitolite_home(&path.canonicalize().ok()?)) {
        match gitolite::uninstall(&home) {
            Ok(false) => {}
            Ok(true) => {
                let notes =
                    vec!["gitolite puts no hooks of bylaws into new repositories any more".to_owned()];
                all.push(Outcome {
                    path: home,
                    result: Ok(Uninstalled { changed: true, notes }),
                    left_out: false,
                });
            }
            Err(error) => all.push(Outcome { path: home, result: Err(error), left_out: false }),
        }
    }
    all
}

fn each<T>(
    paths: &[PathBuf],
    location: &Location,
    act: impl Fn(&Repository, &find::Found) -> Result<T, InstallError>,
) -> Vec<Outcome<T>> {
    let found = find::find(paths);
    let one = |found: Result<find::Found, Outcome<T>>| match found {
        Err(outcome) => outcome,
        Ok(found) => {
            let opened = Repository::open(&found.path, location);
            let left_out = matches!(&opened, Ok(None)) && !found.named;
            let result = opened.and_then(|one| act(&one.ok_or_else(find::has_work_tree)?, &found));
            Outcome { path: found.path, result, left_out }
        }
    };
    found.into_iter().map(|found| one(found.map_err(find::Missed::outcome))).collect()
}

/// The hook of somebody else that git would run as `name` if `bylaws` were not installed in the bare repository
/// `common_dir`: it runs after ours has allowed. Relative to the repository, where it would be so for git: some find what
/// they run by the path they are called by. Costs one small file to read.
///
/// # Errors
///
/// If the journal of the installation cannot be read: then nobody knows what should run, and the push must be refused.
pub fn chained(common_dir: &Path, name: &str) -> Result<Option<PathBuf>, InstallError> {
    let Some(journal) = Journal::read(&repository::folder(common_dir))? else { return Ok(None) };
    let Some(folder) = journal.chain else { return Ok(None) };
    let hook = Path::new(&folder).join(name);
    let place = common_dir.join(&hook);
    let ours = || files::read(&place).is_ok_and(|bytes| bytes.is_some_and(|b| super::shim::is_servers(&b)));
    Ok((files::is_executable(&place) && !ours()).then_some(hook))
}

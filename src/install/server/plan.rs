//! What an installation should look like, from what is there.

use std::path::{Path, PathBuf};

use super::apply;
use super::config::{Config, HOOKS_PATH, Wanted};
use super::find::Found;
use super::gitolite;
use super::journal::{Journal, Written};
use super::layout::Layout;
use super::repository::Repository;
use super::supplies::Supplies;
use super::{HOOKS, Installed, Options};
use crate::install::error::InstallError;
use crate::install::files;
use crate::install::lock::Lock;
use crate::install::settings::Scope;
use crate::install::shim;

/// The folder of our own, relative to the repository; not the one of local hooks, which their uninstallation sweeps.
pub(crate) const OWN_FOLDER: &str = "bylaws/server-hooks";

/// What an operator of gitolite should know.
const ABOUT_GITOLITE: [&str; 2] = [
    "gitolite is administered by pushes to this repository: until it has a policy, only operators can push to it",
    "a new repository has the hooks at once, and refuses pushes until this command was run again: let gitolite run it \
     (POST_CREATE)",
];

/// What stands at a place because of us.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// A script.
    Script(Vec<u8>),
    /// A link that leads there.
    Link(PathBuf),
}

impl Content {
    pub(crate) fn digest(&self) -> String {
        match self {
            Self::Script(bytes) => files::digest(bytes),
            Self::Link(target) => files::digest(target.as_os_str().as_encoded_bytes()),
        }
    }
}

/// Where our hooks go.
struct Placement {
    /// Relative to the repository.
    folder: &'static str,
    /// Paths relative to the repository.
    files: Vec<(String, Content)>,
    /// Where the hooks are that run after ours.
    chain: Option<String>,
    notes: Vec<String>,
}

/// A whole plan.
pub(crate) struct Plan {
    pub journal: Journal,
    pub files: Vec<(String, Content)>,
    pub config: Config,
}

/// Installs into one repository. Where that fails for the first time, its hooks and its configuration are as they were.
pub(super) fn install(
    repository: &Repository,
    found: &Found,
    options: &Options,
) -> Result<Installed, InstallError> {
    if !options.binary.is_absolute() {
        return Err(InstallError::new(format!("`{}` is not an absolute path", options.binary.display())));
    }
    let _lock = Lock::take(&repository.path)?;
    let old = Journal::read(&repository.folder())?;
    let mut options = options.clone();
    if let (None, Some(old)) = (&options.host_settings, &old) {
        options.host_settings = old.host_settings.as_ref().map(PathBuf::from);
    }
    let layout = Layout::of(repository, found, options.identity)?;
    let supplies = Supplies::plan(repository, layout, &options)?;
    let place = placement(repository, layout, found, &options, old.as_ref())?;
    repository.make_folder()?;
    let mut changed = supplies.make(repository)?;
    let mut notes = [supplies.notes, place.notes.clone()].concat();
    if layout == Layout::Gitolite && repository.path.ends_with("gitolite-admin.git") {
        notes.extend(ABOUT_GITOLITE.map(str::to_owned));
    }
    let folder = repository.path.join(place.folder);
    let done = complete(repository, layout, &options, place, supplies.identity, old.as_ref());
    match done.and_then(|plan| apply::apply(repository, &plan, old.as_ref()).map(|changed| (plan, changed))) {
        Ok((plan, applied)) => {
            changed |= applied;
            if old.is_none() {
                let keys: Vec<&str> = plan.journal.sets.iter().map(|set| set.key.as_str()).collect();
                if !keys.is_empty() {
                    notes.push(format!("set in git's configuration: {}", keys.join(", ")));
                }
            }
            Ok(Installed { layout, folder, changed, notes })
        }
        Err(error) => {
            if old.is_none() {
                // The first error is the one to tell of; what cannot be undone is still in the journal.
                apply::undo(repository).map(drop).unwrap_or_default();
            }
            Err(error)
        }
    }
}

fn complete(
    repository: &Repository,
    layout: Layout,
    options: &Options,
    place: Placement,
    identity: crate::config::IdentitySource,
    old: Option<&Journal>,
) -> Result<Plan, InstallError> {
    let hooks_path = (place.folder == OWN_FOLDER).then(|| OWN_FOLDER.to_owned());
    let config = Config::plan(repository, old, &Wanted { hooks_path, identity: Some(identity) })?;
    let text = |path: &Path| {
        path.to_str().map(str::to_owned).ok_or_else(|| {
            InstallError::new(format!("the path `{}` is not UTF-8", path.display()))
                .hint("choose one that is")
        })
    };
    let journal = Journal {
        form: Journal::form(),
        bylaws: options.version.clone(),
        binary: text(&options.binary)?,
        host_settings: options.host_settings.as_deref().map(text).transpose()?,
        layout,
        folder: place.folder.to_owned(),
        chain: place.chain,
        made: apply::made(repository, &place.files, old),
        config_before: files::digest(&config.before),
        config_after: files::digest(&config.after),
        sets: config.sets.clone(),
        files: place
            .files
            .iter()
            .map(|(path, content)| Written {
                path: path.clone(),
                digest: content.digest(),
                link: matches!(content, Content::Link(_)),
            })
            .collect(),
    };
    Ok(Plan { journal, files: place.files, config })
}

fn shim_of(name: &str, options: &Options) -> Content {
    Content::Script(shim::server(name, &options.binary, options.host_settings.as_deref()))
}

/// Where our hooks go in this layout.
fn placement(
    repository: &Repository,
    layout: Layout,
    found: &Found,
    options: &Options,
    old: Option<&Journal>,
) -> Result<Placement, InstallError> {
    let elsewhere = configured_folder(repository, old)?;
    match layout {
        Layout::Gitlab => in_folders_of(repository, "custom_hooks", options, old),
        Layout::Gitea => match elsewhere {
            None => in_folders_of(repository, "hooks", options, old),
            Some(value) => Err(InstallError::new(format!(
                "core.hooksPath is `{value}`, so the hooks of the forge do not run either"
            ))
            .hint("take it out of git's configuration; `git config --show-origin core.hooksPath` says where it is")),
        },
        Layout::Gitolite | Layout::Plain => {
            let common = match &found.gitolite_home {
                Some(home) => gitolite::common(home, options)?,
                None => None,
            };
            let free = elsewhere.is_none() && is_free(repository, common.as_deref())?;
            match (layout, common) {
                (Layout::Gitolite, Some(common)) if free => Ok(linked(&common)),
                (Layout::Plain, _) if free => Ok(in_hooks(options)),
                _ => in_own_folder(repository, elsewhere, options),
            }
        }
    }
}

fn in_hooks(options: &Options) -> Placement {
    let files = HOOKS.map(|name| (format!("hooks/{name}"), shim_of(name, options)));
    Placement { folder: "hooks", files: files.into(), chain: None, notes: Vec::new() }
}

/// As `gitolite setup --hooks-only` does it.
fn linked(common: &Path) -> Placement {
    let files = HOOKS.map(|name| (format!("hooks/{name}"), Content::Link(common.join(name))));
    Placement { folder: "hooks", files: files.into(), chain: None, notes: Vec::new() }
}

/// Files that the host runs itself, beside those of others.
fn in_folders_of(
    repository: &Repository,
    folder: &'static str,
    options: &Options,
    old: Option<&Journal>,
) -> Result<Placement, InstallError> {
    let mut files = Vec::new();
    for name in HOOKS {
        let path = format!("{folder}/{name}.d/bylaws");
        if !apply::may_write(repository, &path, old)? {
            return Err(InstallError::new(format!("there is a `{path}` already, and it is not ours"))
                .hint("give that hook another name; the host runs it all the same"));
        }
        files.push((path, shim_of(name, options)));
    }
    Ok(Placement { folder, files, chain: None, notes: Vec::new() })
}

/// The shims in a folder of our own, beside forwarders to every other hook that there is.
fn in_own_folder(
    repository: &Repository,
    elsewhere: Option<String>,
    options: &Options,
) -> Result<Placement, InstallError> {
    let chain = elsewhere.unwrap_or_else(|| "hooks".to_owned());
    let mut files: Vec<(String, Content)> =
        HOOKS.map(|name| (format!("{OWN_FOLDER}/{name}"), shim_of(name, options))).into();
    let mut others = Vec::new();
    for name in others_in(repository, &chain)? {
        if !HOOKS.contains(&name.as_str()) {
            let forward = shim::forward(&Path::new(&chain).join(&name));
            files.push((format!("{OWN_FOLDER}/{name}"), Content::Script(forward)));
        }
        others.push(name);
    }
    let note = match others.as_slice() {
        [] => format!(
            "git looks for hooks in `{OWN_FOLDER}` now; those in `{chain}` run too, when there are any"
        ),
        some => format!("the hooks in `{chain}` go on running ({})", some.join(", ")),
    };
    Ok(Placement { folder: OWN_FOLDER, files, chain: Some(chain), notes: vec![note] })
}

/// The hooks of others in a folder, which is relative to the repository.
pub(crate) fn others_in(repository: &Repository, chain: &str) -> Result<Vec<String>, InstallError> {
    let folder = repository.path.join(chain);
    let mut names = files::executables(&folder)?;
    let ours = |name: &String| {
        files::read(&folder.join(name)).is_ok_and(|bytes| bytes.is_some_and(|bytes| shim::is_servers(&bytes)))
    };
    // What stands beside hooks under another name is no hook: gitolite's drivers, editors' copies.
    names.retain(|name| !name.contains('.') && !ours(name));
    Ok(names)
}

/// The folder that `core.hooksPath` names but for us, if it is not git's own.
pub(crate) fn configured_folder(
    repository: &Repository,
    old: Option<&Journal>,
) -> Result<Option<String>, InstallError> {
    let mut values = repository.settings().matching(crate::install::plan::HOOKS_PATH, true)?;
    if let Some(value) = values.iter().find(|value| value.scope > Scope::Local) {
        let origin = value.origin.strip_prefix("file:").unwrap_or(&value.origin);
        return Err(InstallError::new(format!("core.hooksPath is `{}` in `{origin}`, which goes before all else", value.value))
            .hint("take it out there, then run this again: what it names goes on running if the repository's `config` names it"));
    }
    let ours = values.iter().any(|value| value.value == OWN_FOLDER);
    values.retain(|value| value.value != OWN_FOLDER);
    let replaced = old
        .and_then(|old| old.sets.iter().find(|set| set.key == HOOKS_PATH))
        .is_some_and(|set| !set.replaced.is_empty());
    let local = values.iter().rfind(|value| value.scope == Scope::Local);
    let chosen = match (local, old) {
        (None, Some(old)) if ours && replaced => old.chain.clone(),
        (Some(local), _) => Some(local.value.clone()),
        _ => values.last().map(|value| value.value.clone()),
    };
    // To git the folder `` is the root.
    let chosen = chosen.map(|value| if value.is_empty() { "/".to_owned() } else { value });
    let gits_own = |value: &String| {
        let real = |path: &str| repository.path.join(path).canonicalize().ok();
        real(value).is_some_and(|found| Some(found) == real("hooks"))
    };
    Ok(chosen.filter(|value| !gits_own(value)))
}

/// Whether `hooks/` is this repository's own, and nobody else's hook has one of our names. A link to gitolite's `common` hook
/// is ours.
fn is_free(repository: &Repository, common: Option<&Path>) -> Result<bool, InstallError> {
    let folder = repository.path.join("hooks");
    if folder.is_symlink() {
        return Ok(false);
    }
    for name in HOOKS {
        let path = folder.join(name);
        let Ok(found) = path.symlink_metadata() else { continue };
        let is_file = found.is_file();
        let is_link = common
            .is_some_and(|common| std::fs::canonicalize(&path).is_ok_and(|real| real == common.join(name)));
        let ours = is_link || is_file && files::read(&path)?.is_some_and(|bytes| shim::is_servers(&bytes));
        if !ours {
            return Ok(false);
        }
    }
    Ok(true)
}

//! What an installation should look like, from what is there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::error::InstallError;
use super::fetch::{self, Fetch};
use super::files;
use super::hook::{self, Hook};
use super::settings::Scope;
use super::shim;
use super::site::{self, Plan, Site};
use super::state::{Chain, Kind, State};
use super::{Installed, Options, Target, Uninstalled};

/// The key that names the hook folder, as a pattern.
pub(crate) const HOOKS_PATH: &str = r"^core\.hookspath$";

/// Tried: pre-commit and lefthook refuse to install where `core.hooksPath` is set, husky sets it to its own.
pub(crate) const SET_UP_AGAIN: &str =
    "to set up another tool's hooks again, run `bylaws uninstall`, then that tool, then `bylaws install`";

/// Installs into the repository as a whole.
pub(crate) fn install_common(target: &Target, options: &Options) -> Result<Installed, InstallError> {
    let site = Site::common(target);
    let old = site.state()?;
    let chain = match configured_folder(&site, old.as_ref(), |scope| scope < Scope::WorkTree)? {
        Some(folder) => Some(Chain::Folder(folder)),
        None if is_free(target, options, old.as_ref())? => None,
        None => Some(Chain::Default),
    };
    let ours = old.as_ref().and_then(|old| old.config.fetch.as_deref());
    let fetch = fetch::find(&site.settings(), ours)?;
    let remote = match &fetch {
        Fetch::Wanted(remote) => Some(remote.as_str()),
        _ => None,
    };
    let mut installed = Installed {
        hooks: wanted(options),
        folder: if chain.is_some() { site.own_folder() } else { target.common_dir.join("hooks") },
        others: Vec::new(),
        others_in: hook::chained_folder(target, chain.as_ref()),
        remote: remote.map(str::to_owned),
        changed: false,
        notes: notes(&fetch, chain.as_ref()),
    };
    installed.changed = put(target, &site, options, chain, remote, old.as_ref(), &mut installed.others)?;
    Ok(installed)
}

/// Installs into a work tree that has a `core.hooksPath` of its own; takes out what was installed if it no longer has.
pub(crate) fn install_work_tree(
    target: &Target,
    site: &Site,
    options: &Options,
    notes: &mut Vec<String>,
) -> Result<bool, InstallError> {
    let old = site.state()?;
    match configured_folder(site, old.as_ref(), |scope| scope == Scope::WorkTree)? {
        Some(folder) => {
            notes.push(format!(
                "a work tree has a `core.hooksPath` of its own, `{folder}` in `{}`: its hooks go on running too",
                site.config.display()
            ));
            let own = Target {
                git_dir: site.git_dir.clone(),
                common_dir: target.common_dir.clone(),
                work_tree: top_of(&site.git_dir).or_else(|| target.work_tree.clone()),
                location: target.location.clone(),
            };
            put(&own, site, options, Some(Chain::Folder(folder)), None, old.as_ref(), &mut Vec::new())
        }
        None if old.is_some() => {
            site.uninstall(&mut Uninstalled::default())?;
            Ok(true)
        }
        None => Ok(false),
    }
}

fn wanted(options: &Options) -> Vec<Hook> {
    Hook::ALL.into_iter().filter(|hook| options.hooks.is_empty() || options.hooks.contains(hook)).collect()
}

fn notes(fetch: &Fetch, chain: Option<&Chain>) -> Vec<String> {
    let mut notes = Vec::new();
    if let Fetch::Unclear(remotes) = fetch {
        notes.push(format!(
            "refs/bylaws/* is not fetched: none of the remotes {} is called `origin`; name the one that enforces the \
             policy: git config --add remote.NAME.fetch '{}'",
            remotes.join(", "),
            fetch::REFSPEC
        ));
    }
    if chain.is_some() {
        notes.push(SET_UP_AGAIN.into());
    }
    if matches!(chain, Some(Chain::Folder(folder)) if Path::new(folder) == Path::new("/dev/null")) {
        notes.push("hooks were switched off here (core.hooksPath=/dev/null); those of bylaws run now".into());
    }
    notes
}

/// The folder that `core.hooksPath` named in one of the scopes before we set it.
fn configured_folder(
    site: &Site,
    old: Option<&State>,
    scopes: impl Fn(Scope) -> bool,
) -> Result<Option<String>, InstallError> {
    let mut values = site.settings().matching(HOOKS_PATH, true)?;
    values.retain(|setting| scopes(setting.scope));
    for setting in values.iter_mut().filter(|setting| setting.value.is_empty()) {
        // To git the folder `` is the root: what it looks for is `/pre-commit`.
        setting.value.push('/');
    }
    let near = |scope| scope == Scope::Local || scope == Scope::WorkTree;
    let is_own = |value: &str| site.is_own_path(value, old);
    let others = || values.iter().filter(|setting| !is_own(&setting.value));
    if let Some(setting) = others().rfind(|setting| near(setting.scope)) {
        return Ok(Some(setting.value.clone()));
    }
    if let Some(old) = old
        && !old.config.replaced.is_empty()
        && values.iter().any(|setting| is_own(&setting.value))
        && let Some(Chain::Folder(folder)) = &old.chain
    {
        return Ok(Some(folder.clone()));
    }
    Ok(others().next_back().map(|setting| setting.value.clone()))
}

/// Whether git's own folder can take our shims without touching what anybody else put there.
fn is_free(target: &Target, options: &Options, old: Option<&State>) -> Result<bool, InstallError> {
    let folder = target.common_dir.join("hooks");
    if folder.is_symlink() {
        return Ok(false);
    }
    for hook in wanted(options) {
        let path = folder.join(hook.name());
        if path.symlink_metadata().is_ok() && !is_ours(&path, hook, old)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_ours(path: &Path, hook: Hook, old: Option<&State>) -> Result<bool, InstallError> {
    if path.is_dir() || path.is_symlink() {
        return Ok(false);
    }
    let bytes = files::read(path)?.unwrap_or_default();
    let digest = files::digest(&bytes);
    let written = old.is_some_and(|old| {
        old.folder == "hooks"
            && old.scripts.iter().any(|script| script.name == hook.name() && script.digest == digest)
    });
    Ok(written || shim::is_ours(&bytes))
}

/// Plans and applies: our shims, and forwarders to all that `chain` has; `others` lists what goes on running. Where
/// that fails for the first time, nothing is left of it.
fn put(
    target: &Target,
    site: &Site,
    options: &Options,
    chain: Option<Chain>,
    remote: Option<&str>,
    old: Option<&State>,
    others: &mut Vec<String>,
) -> Result<bool, InstallError> {
    files::make_folder(&site.journal)?;
    let done =
        plan(target, site, options, chain, remote, old, others).and_then(|plan| site.apply(&plan, old));
    if done.is_err() && old.is_none() {
        // The first error is the one to tell of; what cannot be undone is still in the journal.
        site.uninstall(&mut Uninstalled::default()).unwrap_or_default();
    }
    done
}

fn plan(
    target: &Target,
    site: &Site,
    options: &Options,
    chain: Option<Chain>,
    remote: Option<&str>,
    old: Option<&State>,
    others: &mut Vec<String>,
) -> Result<Plan, InstallError> {
    let (before, now) = site.config_without_us(old)?;
    let folder = if chain.is_some() { site.own_folder() } else { site.git_dir.join("hooks") };
    let own_path = match (&chain, folder.to_str()) {
        (None, _) => None,
        (Some(_), Some(path)) => Some(path),
        (Some(_), None) => {
            return Err(InstallError::new(format!("the path `{}` is not UTF-8", folder.display()))
                .hint("rename the folder of the repository"));
        }
    };
    let (after, config) = site.with_us(&before, own_path, remote)?;
    let remove = own_path.map(|_| way_out(&config.replaced)).unwrap_or_default();
    let hooks = wanted(options);
    // The hook of another tool must run when git runs its own: then each of ours starts the program, which runs that first.
    let pair = |hook: Hook| hook.pair().filter(|pair| chain.is_none() && hooks.contains(pair));
    let script = |hook: Hook| shim::shim(hook, pair(hook), &options.binary, &remove);
    let mut scripts: Vec<(String, Kind, Vec<u8>)> =
        hooks.iter().map(|hook| (hook.name().to_owned(), Kind::Shim, script(*hook))).collect();
    for name in existing(target, chain.as_ref())? {
        if !scripts.iter().any(|(ours, ..)| *ours == name) {
            let previous = forwarded(target, chain.as_ref(), &name);
            scripts.push((name.clone(), Kind::Forward, shim::forward(&previous)));
        }
        others.push(name);
    }
    let state = site.state_of(options, &folder, chain, config, &scripts, old)?;
    let scripts = scripts.into_iter().map(|(name, _, bytes)| (name, bytes)).collect();
    Ok(Plan { state, scripts, config_before: before, config_now: now, config_after: after })
}

/// How a person takes our folder out of the configuration by hand.
fn way_out(replaced: &[String]) -> String {
    match replaced.last() {
        None => "git config --unset core.hooksPath".into(),
        Some(value) => {
            let quoted = shim::quote(std::ffi::OsStr::new(value));
            format!("git config core.hooksPath {}", String::from_utf8_lossy(&quoted))
        }
    }
}

/// The path at which a forwarder calls the hook `name`: relative where git's would be.
fn forwarded(target: &Target, chain: Option<&Chain>, name: &str) -> PathBuf {
    match chain {
        Some(Chain::Folder(folder)) => Path::new(folder).join(name),
        _ => target.common_dir.join("hooks").join(name),
    }
}

/// The hooks of other tools. A relative folder is looked at in every work tree: in the one at hand its tool may not
/// have been set up yet.
pub(crate) fn existing(target: &Target, chain: Option<&Chain>) -> Result<BTreeSet<String>, InstallError> {
    let mut names = BTreeSet::new();
    let mut tops = vec![target.top().to_owned()];
    if chain.is_some_and(|chain| matches!(chain, Chain::Folder(folder) if Path::new(folder).is_relative())) {
        tops.extend(site::git_dirs(target)?.iter().filter_map(|git_dir| top_of(git_dir)));
    }
    for top in tops {
        let at = Target { work_tree: Some(top), ..target.clone() };
        let Some(folder) = hook::chained_folder(&at, chain) else { continue };
        for name in files::executables(&folder)? {
            // A shim of ours that was left behind is nobody else's hook.
            if !files::read(&folder.join(&name))?.is_some_and(|bytes| shim::is_ours(&bytes)) {
                names.insert(name);
            }
        }
    }
    Ok(names)
}

/// The top of the work tree with this git directory: a linked one names it, the main one is usually beside it.
pub(crate) fn top_of(git_dir: &Path) -> Option<PathBuf> {
    match std::fs::read_to_string(git_dir.join("gitdir")) {
        Ok(dot_git) => Path::new(dot_git.trim_end_matches('\n')).parent().map(Path::to_owned),
        Err(_) if git_dir.file_name()? == ".git" => git_dir.parent().map(Path::to_owned),
        Err(_) => None,
    }
}

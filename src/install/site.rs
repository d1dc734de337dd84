//! One installation: a configuration file, a hook folder and the journal of what was done to both.

use std::path::{Path, PathBuf};

use crate::git::Location;

use super::error::InstallError;
use super::files;
use super::settings::{Edit, Settings};
use super::state::{self, Chain, ConfigChange, Kind, Script, State};
use super::{Target, Uninstalled, shim};

/// The key that names the hook folder.
const HOOKS_PATH: &str = "core.hooksPath";

/// Where an installation is, or could be.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    /// The git directory it belongs to; what it writes is below.
    pub git_dir: PathBuf,
    /// Where the journal is.
    pub journal: PathBuf,
    /// The configuration file that it changes.
    pub config: PathBuf,
    /// With which environment git runs.
    pub location: Location,
}

/// What an installation shall look like.
#[derive(Debug)]
pub(crate) struct Plan {
    pub state: State,
    pub scripts: Vec<(String, Vec<u8>)>,
    /// The configuration file as it would be without us, as it was read, and as it shall be.
    pub config_before: Vec<u8>,
    pub config_now: Vec<u8>,
    pub config_after: Vec<u8>,
}

impl Site {
    /// The repository as a whole.
    pub(crate) fn common(target: &Target) -> Self {
        Self {
            git_dir: target.common_dir.clone(),
            journal: state::common_folder(&target.common_dir),
            config: target.common_dir.join("config"),
            location: target.location.clone(),
        }
    }

    /// The work tree with this git directory.
    pub(crate) fn of_work_tree(target: &Target, git_dir: PathBuf) -> Self {
        Self {
            journal: state::work_tree_folder(&git_dir),
            config: git_dir.join("config.worktree"),
            location: target.location.clone(),
            git_dir,
        }
    }

    /// The work trees that have a configuration file of their own.
    pub(crate) fn work_trees(target: &Target) -> Result<Vec<Self>, InstallError> {
        let mut sites: Vec<Self> = git_dirs(target)?
            .into_iter()
            .map(|git_dir| Self::of_work_tree(target, git_dir))
            .filter(|site| site.config.is_file() || site.journal.is_dir())
            .collect();
        sites.sort_by(|a, b| a.git_dir.cmp(&b.git_dir));
        Ok(sites)
    }

    pub(crate) fn state(&self) -> Result<Option<State>, InstallError> {
        State::read(&self.journal)
    }

    /// The folder of our own, used where other hooks are in the way.
    pub(crate) fn own_folder(&self) -> PathBuf {
        self.journal.join("hooks")
    }

    /// Where the scripts of a state are.
    pub(crate) fn folder(&self, state: &State) -> PathBuf {
        self.git_dir.join(&state.folder)
    }

    pub(crate) fn settings(&self) -> Settings<'_> {
        Settings::of(&self.git_dir, &self.location)
    }

    /// Whether a value of `core.hooksPath` is the one that we set, also where the repository has been moved since.
    pub(crate) fn is_own_path(&self, value: &str, old: Option<&State>) -> bool {
        Path::new(value) == self.own_folder()
            || old.is_some_and(|old| old.config.hooks_path.as_deref() == Some(value))
    }

    /// The configuration file as it would be without us, and as it is.
    pub(crate) fn config_without_us(&self, old: Option<&State>) -> Result<(Vec<u8>, Vec<u8>), InstallError> {
        let now = files::read(&self.config)?.unwrap_or_default();
        let Some(old) = old else { return Ok((self.without_orphan(&now)?, now)) };
        let digest = files::digest(&now);
        if digest == old.config.before {
            return Ok((now.clone(), now));
        }
        let saved = files::read(&self.saved_config())?.unwrap_or_default();
        if digest == old.config.after && files::digest(&saved) == old.config.before {
            return Ok((saved, now));
        }
        // Somebody has changed it since: take out what we put in and nothing else.
        Ok((self.undone(&now, old)?, now))
    }

    /// Without a `core.hooksPath` of ours whose journal is gone.
    fn without_orphan(&self, now: &[u8]) -> Result<Vec<u8>, InstallError> {
        let own = self.own_folder();
        let Some(own) = own.to_str() else { return Ok(now.to_vec()) };
        let settings = self.settings();
        if !settings.within(now, &self.journal, HOOKS_PATH)?.iter().any(|value| value == own) {
            return Ok(now.to_vec());
        }
        settings.edited(now, &self.journal, &[Edit::Remove(HOOKS_PATH, own)])
    }

    fn undone(&self, now: &[u8], old: &State) -> Result<Vec<u8>, InstallError> {
        let settings = self.settings();
        let remote = super::fetch::ours(&settings, old.config.fetch.as_deref())?;
        let key = remote.map(|remote| format!("remote.{remote}.fetch"));
        let mut edits = Vec::new();
        if let Some(ours) = &old.config.hooks_path {
            let there = settings.within(now, &self.journal, HOOKS_PATH)?;
            if there.contains(ours) {
                edits.push(Edit::Remove(HOOKS_PATH, ours));
                edits.extend(old.config.replaced.iter().map(|value| Edit::Add(HOOKS_PATH, value)));
            }
        }
        edits.extend(key.as_ref().map(|key| Edit::Remove(key, super::fetch::REFSPEC)));
        settings.edited(now, &self.journal, &edits)
    }

    fn saved_config(&self) -> PathBuf {
        self.journal.join("config.before")
    }

    /// The configuration `before` with what the plan needs.
    pub(crate) fn with_us(
        &self,
        before: &[u8],
        hooks_path: Option<&str>,
        fetch: Option<&str>,
    ) -> Result<(Vec<u8>, ConfigChange), InstallError> {
        let settings = self.settings();
        let mut change = ConfigChange { before: files::digest(before), ..ConfigChange::default() };
        let mut edits = Vec::new();
        if let Some(path) = hooks_path {
            change.hooks_path = Some(path.to_owned());
            change.replaced = settings.within(before, &self.journal, HOOKS_PATH)?;
            edits.push(Edit::Clear(HOOKS_PATH));
            // A file that is included may set it too; the last one wins.
            let includes = before.to_ascii_lowercase().windows(8).any(|window| window == b"[include");
            let add = if includes { Edit::Append } else { Edit::Add };
            edits.push(add(HOOKS_PATH, path));
        }
        let key = fetch.map(|remote| format!("remote.{remote}.fetch"));
        edits.extend(key.as_ref().map(|key| Edit::Add(key, super::fetch::REFSPEC)));
        change.fetch = fetch.map(str::to_owned);
        let after = if edits.is_empty() {
            before.to_vec()
        } else {
            settings.edited(before, &self.journal, &edits)?
        };
        change.after = files::digest(&after);
        Ok((after, change))
    }

    /// Puts a plan in place; true if anything had to be changed.
    pub(crate) fn apply(&self, plan: &Plan, old: Option<&State>) -> Result<bool, InstallError> {
        let mut changed = self.write(&self.saved_config(), &plan.config_before, false)?;
        let obsolete: Vec<&Script> = old.map(|old| self.obsolete(old, plan)).unwrap_or_default();
        if old != Some(&plan.state) {
            plan.state.write(&self.journal)?;
            changed = true;
        }
        let folder = self.folder(&plan.state);
        files::make_folder(&folder)?;
        for (name, bytes) in &plan.scripts {
            changed |= self.write(&folder.join(name), bytes, true)?;
        }
        changed |= self.put_config(&plan.config_now, &plan.config_after)?;
        let stays = |path: &Path| plan.scripts.iter().any(|(name, _)| folder.join(name) == path);
        changed |= !self.sweep(stays)?.is_empty();
        if let Some(old) = old {
            self.remove_scripts(&self.folder(old), &obsolete, &mut Uninstalled::default())?;
            if old.made_folder && old.folder != plan.state.folder {
                files::remove_folder_if_empty(&self.folder(old));
            }
        }
        Ok(changed)
    }

    /// The scripts of an earlier installation that this one does not have.
    fn obsolete<'a>(&self, old: &'a State, plan: &Plan) -> Vec<&'a Script> {
        let stays = |script: &Script| {
            old.folder == plan.state.folder && plan.scripts.iter().any(|(name, _)| *name == script.name)
        };
        old.scripts.iter().filter(|script| !stays(script)).collect()
    }

    fn write(&self, path: &Path, bytes: &[u8], executable: bool) -> Result<bool, InstallError> {
        if files::read(path)?.as_deref() == Some(bytes) && files::is_executable(path) == executable {
            return Ok(false);
        }
        files::write(path, bytes, executable, &self.journal)?;
        Ok(true)
    }

    /// Replaces the configuration file, which was `now` when it was read; true if it had to be.
    fn put_config(&self, now: &[u8], new: &[u8]) -> Result<bool, InstallError> {
        if now == new {
            return Ok(false);
        }
        if files::replace_config(&self.config, now, new)? {
            return Ok(true);
        }
        let message = format!("`{}` was changed by somebody else in the meantime", self.config.display());
        Err(InstallError::new(message).hint("run this again"))
    }

    /// Takes the installation out, if there is one.
    pub(crate) fn uninstall(&self, report: &mut Uninstalled) -> Result<(), InstallError> {
        let Some(old) = self.state()? else {
            let left_behind = self.sweep(|_| false)?;
            report.changed |= !left_behind.is_empty();
            report.removed.extend(left_behind);
            return self.forget();
        };
        report.changed = true;
        let (without, now) = self.config_without_us(Some(&old))?;
        if self.put_config(&now, &without)? {
            report.restored.push(self.config.clone());
        }
        let folder = self.folder(&old);
        self.remove_scripts(&folder, &old.scripts.iter().collect::<Vec<_>>(), report)?;
        report.removed.extend(self.sweep(|_| false)?);
        if old.made_folder || folder == self.own_folder() {
            self.remove_own_folder(&folder, report)?;
        }
        self.forget()
    }

    /// Removes the journal, last of all.
    fn forget(&self) -> Result<(), InstallError> {
        files::remove(&self.saved_config())?;
        files::remove(&self.journal.join("install.toml"))?;
        if files::remove_folder_if_empty(&self.journal)
            && let Some(parent) = self.journal.parent()
            && parent.file_name().is_some_and(|name| name == "bylaws")
        {
            files::remove_folder_if_empty(parent);
        }
        Ok(())
    }

    /// Removes scripts of ours that no journal tells of: left behind, or moved by other tools, which rename the hooks
    /// that they find (`pre-commit.legacy`, `pre-commit.old`).
    fn sweep(&self, stays: impl Fn(&Path) -> bool) -> Result<Vec<PathBuf>, InstallError> {
        let mut folders = vec![self.own_folder()];
        // Of the work trees, the main one shares git's own folder with the repository, the others have none.
        let theirs = self.git_dir.join("hooks");
        if self.journal == state::common_folder(&self.git_dir) && !theirs.is_symlink() {
            folders.push(theirs);
        }
        let mut removed = Vec::new();
        for folder in folders {
            for name in files::executables(&folder)? {
                let path = folder.join(name);
                if !stays(&path) && files::read(&path)?.is_some_and(|bytes| shim::is_ours(&bytes)) {
                    files::remove(&path)?;
                    removed.push(path);
                }
            }
        }
        Ok(removed)
    }

    /// Removes scripts that are as we wrote them; the others are somebody's work by now.
    fn remove_scripts(
        &self,
        folder: &Path,
        scripts: &[&Script],
        report: &mut Uninstalled,
    ) -> Result<(), InstallError> {
        for script in scripts {
            let path = folder.join(&script.name);
            let Some(bytes) = files::read(&path)? else { continue };
            if files::digest(&bytes) == script.digest || shim::is_ours(&bytes) {
                files::remove(&path)?;
                report.removed.push(path);
            } else {
                report.kept.push(path);
            }
        }
        Ok(())
    }

    fn remove_own_folder(&self, folder: &Path, report: &mut Uninstalled) -> Result<(), InstallError> {
        if files::remove_folder_if_empty(folder) || folder != self.own_folder() {
            return Ok(());
        }
        for name in files::executables(folder)? {
            let path = folder.join(name);
            if !report.kept.contains(&path) {
                report.kept.push(path);
            }
        }
        Ok(())
    }

    /// Shims and forwarders with the state that lists them.
    pub(crate) fn state_of(
        &self,
        options: &super::Options,
        folder: &Path,
        chain: Option<Chain>,
        config: ConfigChange,
        scripts: &[(String, Kind, Vec<u8>)],
        old: Option<&State>,
    ) -> Result<State, InstallError> {
        let binary = options.binary.to_str().ok_or_else(|| {
            InstallError::new(format!("the path `{}` is not UTF-8", options.binary.display()))
                .hint("install bylaws in a folder whose name is")
        })?;
        let relative = folder.strip_prefix(&self.git_dir).unwrap_or(folder);
        let relative = relative.to_string_lossy().into_owned();
        let made_before = old.is_some_and(|old| old.made_folder && old.folder == relative);
        Ok(State {
            form: State::form(),
            bylaws: options.version.clone(),
            binary: binary.to_owned(),
            folder: relative,
            made_folder: made_before || !folder.exists(),
            chain,
            config,
            scripts: scripts
                .iter()
                .map(|(name, kind, bytes)| Script {
                    name: name.clone(),
                    kind: *kind,
                    digest: files::digest(bytes),
                })
                .collect(),
        })
    }
}

/// The git directories of all work trees, the main one's first.
pub(crate) fn git_dirs(target: &Target) -> Result<Vec<PathBuf>, InstallError> {
    let mut found = vec![target.common_dir.clone()];
    let folder = target.common_dir.join("worktrees");
    if folder.is_dir() {
        let entries =
            std::fs::read_dir(&folder).map_err(|error| InstallError::io("read", &folder, &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| InstallError::io("read", &folder, &error))?;
            if entry.path().is_dir() {
                found.push(entry.path());
            }
        }
    }
    Ok(found)
}

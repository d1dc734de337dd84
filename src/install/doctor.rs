//! What is enforced in this repository, what is not, and why.
//!
//! Git asks for a hook at the moment it needs one, and a folder, a setting or a file that went missing since is no
//! error to it: it runs nothing. So each of these is looked at as git would find it, in every work tree.

use std::path::{Path, PathBuf};

use super::error::InstallError;
use super::fetch::{self, Fetch};
use super::files;
use super::hook::{self, Hook};
use super::plan;
use super::settings::{Setting, Settings};
use super::shim;
use super::site::{self, Site};
use super::state::{Chain, Kind, State};
use super::{Options, Target};

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What it is about, in a word or two.
    pub name: String,
    /// False: something is not enforced because of it.
    pub ok: bool,
    /// What was found: lower case, without a full stop.
    pub message: String,
    /// What to do; with `ok` it is advice.
    pub help: Option<String>,
    /// It may be of the whole machine, and not of the one repository in which it was found.
    pub of_machine: bool,
}

impl Check {
    pub(crate) fn good(name: &str, message: impl Into<String>) -> Self {
        Self { name: name.into(), ok: true, message: message.into(), help: None, of_machine: false }
    }

    pub(crate) fn bad(name: &str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ok: false,
            message: message.into(),
            help: Some(help.into()),
            of_machine: false,
        }
    }

    /// What is wrong, if anything is.
    pub(crate) fn complaint(self) -> Option<String> {
        (!self.ok).then(|| format!("{}: {}", self.name, self.message))
    }

    #[must_use]
    pub(crate) fn of_machine(self) -> Self {
        Self { of_machine: true, ..self }
    }

    #[must_use]
    pub(crate) fn advise(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

const INSTALL: &str = "run `bylaws install`";

/// Looks at everything. `running` describes the program that asks: its path and version.
///
/// # Errors
///
/// If git's configuration or the state of the installation cannot be read.
pub fn doctor(target: &Target, running: &Options) -> Result<Vec<Check>, InstallError> {
    let site = Site::common(target);
    let Some(state) = site.state()? else {
        return Ok(vec![Check::bad("installation", "bylaws is not installed in this repository", INSTALL)]);
    };
    let mut checks = vec![program(&state, running)];
    checks.extend(hook_folders(target)?);
    let mut installations: Vec<(Site, State)> = vec![(site.clone(), state.clone())];
    for own in Site::work_trees(target)? {
        installations.extend(own.state()?.map(|state| (own, state)));
    }
    for (site, state) in &installations {
        let whole = installations.len() == 1;
        checks.extend(Hook::ALL.map(|hook| script(site, state, hook, whole)));
        checks.push(others(target, site, state)?);
    }
    checks.extend(switches(&site.settings(), &Hook::ALL.map(Hook::name))?);
    checks.push(fetched(&site, &state)?);
    checks.extend(scripts_of_npm(target));
    Ok(checks)
}

/// Whether the shims find the program, and the one that asks.
fn program(state: &State, running: &Options) -> Check {
    let name = "program";
    let path = Path::new(&state.binary);
    if !files::is_executable(path) {
        let message = format!("there is no program at `{}`, where the hooks look for it first", state.binary);
        return Check::bad(name, message, format!("install bylaws again, then {INSTALL}"));
    }
    let same = match (std::fs::canonicalize(path), std::fs::canonicalize(&running.binary)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    };
    if !same {
        match version_of(path) {
            Some(version) if version == running.version => {}
            Some(version) => {
                let message = format!(
                    "the hooks run version {version} at `{}`, this is {}",
                    state.binary, running.version
                );
                return Check::bad(name, message, format!("{INSTALL} with the version that you want"));
            }
            None => {
                let message = format!("`{}` does not tell its version: is it bylaws?", state.binary);
                return Check::bad(name, message, format!("install bylaws again, then {INSTALL}"));
            }
        }
    }
    let message =
        format!("the hooks run `{}`; they need no PATH, so graphical clients run it too", state.binary);
    Check::good(name, message)
}

/// What `PROGRAM --version` says after its name.
pub(crate) fn version_of(program: &Path) -> Option<String> {
    let mut command = std::process::Command::new(program);
    let output = command.arg("--version").stdin(std::process::Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let version = text.strip_prefix("bylaws ")?.split_whitespace().next()?;
    Some(version.to_owned())
}

/// Whether git looks for hooks where they are, in every work tree.
pub(crate) fn hook_folders(target: &Target) -> Result<Vec<Check>, InstallError> {
    let common = Site::common(target);
    let Some(state) = common.state()? else { return Ok(Vec::new()) };
    let mut checks = Vec::new();
    for git_dir in site::git_dirs(target)? {
        let own = Site::of_work_tree(target, git_dir);
        let own_state = own.state()?;
        checks.push(hook_folder(&own, own_state.as_ref().map_or((&common, &state), |state| (&own, state)))?);
    }
    Ok(checks)
}

fn hook_folder(work_tree: &Site, (site, state): (&Site, &State)) -> Result<Check, InstallError> {
    let name = format!("hook folder of {}", shown(work_tree));
    let settings = work_tree.settings();
    // A relative folder counts from the top of the work tree.
    let top = plan::top_of(&work_tree.git_dir).unwrap_or_default();
    let found = top.join(settings.hook_folder()?);
    let wanted = site.folder(state);
    if same_place(&found, &wanted) {
        return Ok(Check::good(&name, format!("git looks for hooks in `{}`", found.display())));
    }
    let culprit = settings.matching(plan::HOOKS_PATH, true)?.pop();
    Ok(match culprit {
        None => Check::bad(
            &name,
            format!(
                "git looks for hooks in `{}`, and those of bylaws are in `{}`",
                found.display(),
                wanted.display()
            ),
            format!("{INSTALL} to set core.hooksPath again"),
        ),
        Some(Setting { value, .. }) if state.config.hooks_path.as_deref() == Some(value.as_str()) => {
            Check::bad(
                &name,
                format!("the repository was moved: core.hooksPath still names `{value}`, so no hook runs"),
                INSTALL,
            )
        }
        Some(Setting { value, origin, .. }) => {
            let origin = origin.strip_prefix("file:").unwrap_or(&origin).to_owned();
            let effect = if value == "/dev/null" { "no hook runs" } else { "the hooks of bylaws do not run" };
            let message = format!("core.hooksPath is `{value}` in `{origin}`, so {effect}");
            Check::bad(&name, message, format!("{INSTALL}: hooks that are there go on running"))
        }
    })
}

fn shown(work_tree: &Site) -> String {
    match plan::top_of(&work_tree.git_dir) {
        Some(top) => format!("`{}`", top.display()),
        None => format!("`{}`", work_tree.git_dir.display()),
    }
}

pub(crate) fn same_place(one: &Path, other: &Path) -> bool {
    match (std::fs::canonicalize(one), std::fs::canonicalize(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// Whether one of our hooks is there and as it was written.
fn script(site: &Site, state: &State, hook: Hook, whole: bool) -> Check {
    let name = if whole { hook.name().to_owned() } else { format!("{hook} for {}", shown(site)) };
    let Some(written) =
        state.scripts.iter().find(|script| script.name == hook.name() && script.kind == Kind::Shim)
    else {
        return Check::good(&name, "left out on purpose: it was not named when bylaws was installed")
            .advise("run `bylaws install` without `--hook` for all hooks");
    };
    let path = site.folder(state).join(hook.name());
    let bytes = match files::read(&path) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Check::bad(&name, format!("`{}` is gone", path.display()), INSTALL),
        Err(error) => return Check::bad(&name, error.message, INSTALL),
    };
    if !files::is_executable(&path) {
        let message = format!("`{}` may not be executed, so git ignores it", path.display());
        return Check::bad(&name, message, INSTALL);
    }
    if files::digest(&bytes) != written.digest {
        let message = format!("`{}` was changed since bylaws wrote it", path.display());
        return Check::bad(&name, message, format!("{INSTALL} to have it as it was"));
    }
    if !shim::is_ours(&bytes) {
        let message = format!("`{}` was written by bylaws {}", path.display(), state.bylaws);
        return Check::bad(&name, message, format!("{INSTALL} to renew it"));
    }
    Check::good(&name, format!("runs from `{}`", path.display()))
}

/// Whether the hooks of other tools go on running.
fn others(target: &Target, site: &Site, state: &State) -> Result<Check, InstallError> {
    let name = "hooks of other tools";
    let Some(folder) = hook::chained_folder(target, state.chain.as_ref()) else {
        return Ok(Check::good(name, "there were none when bylaws was installed"));
    };
    let known = |wanted: &str| state.scripts.iter().any(|script| script.name == wanted);
    let found = plan::existing(target, state.chain.as_ref())?;
    let missed: Vec<&str> = found.iter().map(String::as_str).filter(|name| !known(name)).collect();
    if !missed.is_empty() {
        let message = format!("`{}` has {} that git no longer finds", folder.display(), missed.join(", "));
        return Ok(Check::bad(name, message, format!("{INSTALL} to have them run again")));
    }
    let own = site.folder(state);
    for script in state.scripts.iter().filter(|script| script.kind == Kind::Forward) {
        let path = own.join(&script.name);
        if found.contains(&script.name) && !files::is_executable(&path) {
            let message = format!("`{}`, which runs the hook of another tool, is gone", path.display());
            return Ok(Check::bad(name, message, INSTALL));
        }
    }
    if found.is_empty() {
        return Ok(Check::good(name, format!("there are none left in `{}`", folder.display())));
    }
    let names: Vec<String> = found.into_iter().collect();
    let check = Check::good(name, format!("{} in `{}` go on running", names.join(", "), folder.display()))
        .advise(plan::SET_UP_AGAIN);
    Ok(match &state.chain {
        Some(Chain::Folder(folder)) if Path::new(folder) == Path::new("/dev/null") => {
            Check::good(name, "they were switched off when bylaws was installed")
        }
        _ => check,
    })
}

/// Since git 2.54, `hook.<event>.enabled = false` switches off an event, in any scope.
pub(crate) fn switches(settings: &Settings<'_>, hooks: &[&str]) -> Result<Vec<Check>, InstallError> {
    let settings = settings.matching(r"^hook\..*\.enabled$", false)?;
    let mut checks = Vec::new();
    for hook in hooks {
        let key = format!("hook.{hook}.enabled");
        let Some(last) = settings.iter().rfind(|setting| setting.key == key) else { continue };
        let off = ["false", "no", "off", "0", ""].contains(&last.value.to_ascii_lowercase().as_str());
        if off {
            let origin = last.origin.strip_prefix("file:").unwrap_or(&last.origin);
            checks.push(Check::bad(
                "switches",
                format!(
                    "`{key}` is `{}` in `{origin}`: newer versions of git run no {hook} hook",
                    last.value
                ),
                format!("git config --file {origin} --unset-all {key}"),
            ));
        }
    }
    Ok(checks)
}

/// Whether policy and evidence of the server come with every fetch.
fn fetched(site: &Site, state: &State) -> Result<Check, InstallError> {
    let name = "fetch";
    let add = |remote: &str| format!("git config --add remote.{remote}.fetch '{}'", fetch::REFSPEC);
    Ok(match fetch::find(&site.settings(), None)? {
        Fetch::There(remote) => Check::good(name, format!("refs/bylaws/* is fetched from `{remote}`")),
        Fetch::NoRemote => Check::good(name, "there is no remote to fetch refs/bylaws/* from")
            .advise("run `bylaws install` again when there is one"),
        Fetch::Wanted(remote) if state.config.fetch.is_some() => Check::bad(
            name,
            format!("refs/bylaws/* is no longer fetched from `{remote}`"),
            format!("{INSTALL}, or {}", add(&remote)),
        ),
        Fetch::Wanted(remote) => {
            Check::bad(name, format!("refs/bylaws/* is not fetched from `{remote}`"), INSTALL)
        }
        Fetch::Unclear(remotes) => Check::bad(
            name,
            format!("refs/bylaws/* is fetched from none of the remotes {}", remotes.join(", ")),
            format!("name the one that enforces the policy: {}", add("NAME")),
        ),
    })
}

/// Scripts that npm and its like run at every `npm install`, and that set `core.hooksPath` to another folder.
fn scripts_of_npm(target: &Target) -> Option<Check> {
    let package: PathBuf = target.work_tree.as_ref()?.join("package.json");
    let package: serde_json::Value = serde_json::from_slice(&std::fs::read(package).ok()?).ok()?;
    let scripts = package.get("scripts")?.as_object()?;
    let (name, script) = ["prepare", "preinstall", "install", "postinstall"].iter().find_map(|name| {
        let script = scripts.get(*name)?.as_str()?;
        let resets = script.contains("husky") && !script.contains("bylaws install");
        resets.then_some((*name, script))
    })?;
    let check =
        Check::good("npm", format!("`{name}` in package.json, `{script}`, sets core.hooksPath again"));
    Some(check.advise(format!("add ours after it: \"{name}\": \"{script} && bylaws install\"")))
}

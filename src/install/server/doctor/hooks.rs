//! Whether git, or the forge, finds our hooks and can run them.

use std::path::{Path, PathBuf};

use super::permission::{self, EXECUTE, READ};
use super::{INSTALL, Patient};
use crate::install::doctor::{same_place, switches, version_of};
use crate::install::error::InstallError;
use crate::install::server::plan::{self, OWN_FOLDER};
use crate::install::server::{HOOKS, Layout, layout};
use crate::install::{Check, files, shim};

pub(super) fn checks(patient: &Patient<'_>) -> Result<Vec<Check>, InstallError> {
    let mut checks = vec![program(patient).of_machine()];
    match patient.layout {
        Layout::Gitlab => {}
        Layout::Gitea => checks.extend(delegators(patient)?),
        Layout::Plain | Layout::Gitolite => checks.push(folder(patient)?),
    }
    for name in HOOKS {
        checks.push(script(patient, name));
    }
    checks.extend(others(patient)?);
    if patient.layout != Layout::Gitlab {
        checks.extend(switches(&patient.repository.settings(), &HOOKS)?);
    }
    Ok(checks)
}

/// Whether the hook's account can run the program that the shims name.
fn program(patient: &Patient<'_>) -> Check {
    let name = "program";
    let path = Path::new(&patient.journal.binary);
    let shown = path.display();
    if !path.is_file() {
        let message = format!("there is no program at `{shown}`, so every push is refused");
        return Check::bad(name, message, format!("install bylaws again, then {INSTALL}"));
    }
    if !permission::may(patient.repository.owner, path, READ | EXECUTE) {
        let message = format!(
            "the account that runs the hooks may not run `{shown}`, or not go into a folder above it: every push is refused"
        );
        let help =
            format!("put it where every account may run it: PREFIX=/usr/local ./install.sh; then {INSTALL}");
        return Check::bad(name, message, help);
    }
    if permission::others_may_write(path) {
        return Check::bad(name, format!("everybody may change `{shown}`"), format!("chmod o-w {shown}"));
    }
    if same_place(path, &patient.question.binary) {
        return Check::good(name, format!("the hooks run `{shown}`"));
    }
    match version_of(path) {
        Some(version) if version == patient.question.version => {
            Check::good(name, format!("the hooks run `{shown}`"))
        }
        Some(version) => {
            let message =
                format!("the hooks run version {version} at `{shown}`, this is {}", patient.question.version);
            Check::bad(name, message, format!("with the version that you want, {INSTALL}"))
        }
        None => Check::bad(
            name,
            format!("`{shown}` does not tell its version: is it bylaws?"),
            format!("install bylaws again, then {INSTALL}"),
        ),
    }
}

/// The folder in which git looks for hooks.
fn found_folder(patient: &Patient<'_>) -> Result<PathBuf, InstallError> {
    // Git runs the hooks of a bare repository in it, so from there a relative path counts.
    Ok(patient.repository.path.join(patient.repository.settings().hook_folder()?))
}

fn folder(patient: &Patient<'_>) -> Result<Check, InstallError> {
    let name = "hook folder";
    let found = found_folder(patient)?;
    let wanted = patient.repository.path.join(&patient.journal.folder);
    if same_place(&found, &wanted) {
        return Ok(Check::good(name, format!("git looks for hooks in `{}`", found.display())));
    }
    let culprit = patient.repository.settings().matching(crate::install::plan::HOOKS_PATH, true)?.pop();
    let why = match culprit {
        Some(setting) => {
            let origin = setting.origin.strip_prefix("file:").unwrap_or(&setting.origin);
            format!("core.hooksPath is `{}` in `{origin}`", setting.value)
        }
        None => "core.hooksPath is no longer set".to_owned(),
    };
    let message = format!("{why}, so the hooks in `{}` do not run and nothing is judged", wanted.display());
    Ok(Check::bad(name, message, INSTALL))
}

/// Whether the forge's own hooks are there and run ours.
fn delegators(patient: &Patient<'_>) -> Result<Vec<Check>, InstallError> {
    let path = &patient.repository.path;
    let found = found_folder(patient)?;
    if !same_place(&found, &path.join("hooks")) {
        let message =
            format!("git looks for hooks in `{}`, so neither the forge's run nor ours", found.display());
        return Ok(vec![Check::bad(
            "hook folder",
            message,
            "take core.hooksPath out of git's configuration",
        )]);
    }
    Ok(HOOKS
        .iter()
        .map(|hook| {
            let name = format!("the forge's {hook}");
            if layout::delegates_one(path, hook) {
                return Check::good(&name, format!("runs what is in `hooks/{hook}.d`"));
            }
            let message =
                format!("`hooks/{hook}` does not run what is in `hooks/{hook}.d`, or may not be executed");
            Check::bad(
                &name,
                message,
                "as the forge's account: gitea admin regenerate hooks (or forgejo ...)",
            )
        })
        .collect())
}

/// Where a hook of ours should stand.
fn place(patient: &Patient<'_>, name: &str) -> PathBuf {
    let folder = patient.repository.path.join(&patient.journal.folder);
    match patient.layout {
        Layout::Gitea | Layout::Gitlab => folder.join(format!("{name}.d/bylaws")),
        Layout::Plain | Layout::Gitolite => folder.join(name),
    }
}

fn script(patient: &Patient<'_>, name: &str) -> Check {
    let path = place(patient, name);
    let shown = path.display();
    let bytes = match files::read(&path) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Check::bad(name, format!("`{shown}` is gone, so nothing is judged"), INSTALL),
        Err(error) => return Check::bad(name, error.message, INSTALL),
    };
    if !shim::is_servers(&bytes) {
        return Check::bad(name, format!("`{shown}` is another's hook, which does not run ours"), INSTALL);
    }
    if !files::is_executable(&path) {
        let message = format!("`{shown}` may not be executed, so git ignores it and nothing is judged");
        return Check::bad(name, message, INSTALL);
    }
    let owner = patient.repository.owner;
    if !permission::may(owner, &path, READ | EXECUTE) {
        let message = format!("the account that runs the hooks may not run `{shown}`, so git ignores it");
        return Check::bad(name, message, INSTALL);
    }
    match path.canonicalize().and_then(|real| files::owner_of(&real)) {
        Ok(whose) if whose.uid != owner.uid && whose.uid != 0 => {
            let message = format!("`{shown}` belongs to account {}, who can change it", whose.uid);
            return Check::bad(name, message, "make it root's, or that of the repository's owner");
        }
        _ => {}
    }
    if permission::others_may_write(&path) {
        return Check::bad(name, format!("everybody may change `{shown}`"), INSTALL);
    }
    let settings = patient.journal.host_settings.as_deref().map(Path::new);
    if bytes == shim::server(name, Path::new(&patient.journal.binary), settings) {
        return Check::good(name, format!("runs from `{shown}`"));
    }
    if shim::is_current_servers(&bytes) {
        let message = format!("`{shown}` runs another program, or by other settings, than was installed");
        return Check::bad(name, message, INSTALL);
    }
    if patient.journal.bylaws == patient.question.version {
        return Check::bad(name, format!("`{shown}` was changed since bylaws wrote it"), INSTALL);
    }
    Check::bad(name, format!("`{shown}` was written by bylaws {}", patient.journal.bylaws), INSTALL)
}

/// Whether the hooks of others go on running.
fn others(patient: &Patient<'_>) -> Result<Option<Check>, InstallError> {
    let name = "hooks of others";
    let Some(chain) = &patient.journal.chain else { return Ok(None) };
    let found = plan::others_in(patient.repository, chain)?;
    let own = patient.repository.path.join(OWN_FOLDER);
    let missed: Vec<&str> =
        found.iter().map(String::as_str).filter(|hook| !files::is_executable(&own.join(hook))).collect();
    Ok(Some(if !missed.is_empty() {
        let message = format!("`{chain}` has {} that git no longer finds", missed.join(", "));
        Check::bad(name, message, format!("{INSTALL} to have them run"))
    } else if found.is_empty() {
        Check::good(name, format!("there are none in `{chain}`"))
    } else {
        Check::good(name, format!("{} in `{chain}` go on running", found.join(", ")))
    }))
}

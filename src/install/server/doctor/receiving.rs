//! Git's own settings for taking pushes, and what else moves refs or objects in the repository.

use super::{INSTALL, Patient};
use crate::config::IdentitySource;
use crate::install::Check;
use crate::install::error::InstallError;
use crate::install::server::repository::truth;

pub(super) fn checks(patient: &Patient<'_>) -> Result<Vec<Check>, InstallError> {
    let mut checks = vec![push_options(patient)?, objects(patient)?];
    checks.extend(certificates(patient)?);
    checks.extend(mirrors(patient)?);
    checks.extend(history(patient)?);
    Ok(checks)
}

fn is_set(patient: &Patient<'_>, key: &str) -> Result<Option<bool>, InstallError> {
    Ok(patient.repository.value(key)?.map(|value| truth(&value)))
}

fn push_options(patient: &Patient<'_>) -> Result<Check, InstallError> {
    let name = "push options";
    Ok(match is_set(patient, "receive.advertisepushoptions")? {
        Some(true) => Check::good(name, "advertised: rules see what `git push -o` says, and it is recorded"),
        _ => Check::bad(
            name,
            "receive.advertisePushOptions is not true: `git push -o` fails, and rules see no options",
            INSTALL,
        ),
    })
}

/// `receive.fsckObjects` goes before `transfer.fsckObjects`, git-config(1).
fn objects(patient: &Patient<'_>) -> Result<Check, InstallError> {
    let name = "objects";
    let checked = match is_set(patient, "receive.fsckobjects")? {
        None => is_set(patient, "transfer.fsckobjects")?,
        own => own,
    };
    Ok(match checked {
        Some(true) => Check::good(name, "git checks what is pushed for malformed objects"),
        _ => {
            let message = "receive.fsckObjects is not true: malformed trees and commits are taken, which other programs read \
                           otherwise than the rules do";
            Check::bad(name, message, INSTALL)
        }
    })
}

fn certificates(patient: &Patient<'_>) -> Result<Option<Check>, InstallError> {
    let name = "push certificates";
    let asked = matches!(&patient.settings, Ok(settings) if settings.identity == IdentitySource::PushCert);
    if !asked {
        return Ok(None);
    }
    let seed = patient.repository.value("receive.certnonceseed")?.unwrap_or_default();
    Ok(Some(if seed.is_empty() {
        let message = "receive.certNonceSeed is not set, so git takes no signed push and nobody is known";
        Check::bad(name, message, INSTALL)
    } else {
        Check::good(name, "advertised: `git push --signed` tells who pushes")
    }))
}

/// A repository that is itself a mirror gets its refs by fetching, which runs no hook.
fn mirrors(patient: &Patient<'_>) -> Result<Vec<Check>, InstallError> {
    let settings = patient.repository.settings().matching(r"^remote\..*\.(fetch|mirror)$", false)?;
    let mut names: Vec<String> = settings
        .into_iter()
        .filter(|setting| match setting.key.ends_with(".mirror") {
            true => truth(&setting.value),
            false => {
                let target = setting.value.split(':').nth(1).unwrap_or_default();
                ["refs/*", "refs/heads/*", "refs/tags/*"].contains(&target)
            }
        })
        .filter_map(|setting| Some(setting.key.strip_prefix("remote.")?.rsplit_once('.')?.0.to_owned()))
        .collect();
    names.sort();
    names.dedup();
    Ok(names
        .into_iter()
        .map(|remote| {
            let message = format!("`git fetch {remote}` moves branches here, and a fetch runs no hook");
            Check::bad(
                "mirror",
                message,
                "govern the repository that is pushed to; take this remote out here",
            )
        })
        .collect())
}

fn history(patient: &Patient<'_>) -> Result<Vec<Check>, InstallError> {
    let path = &patient.repository.path;
    let mut checks = Vec::new();
    if path.join("shallow").exists() {
        checks.push(Check::bad(
            "history",
            "the repository is shallow: which commits enter cannot be told",
            "git fetch --unshallow, from where it was cloned",
        ));
    }
    if is_set(patient, "receive.shallowupdate")? == Some(true) {
        checks.push(Check::bad(
            "history",
            "receive.shallowUpdate is true: a push may cut history off",
            "git config --unset receive.shallowUpdate",
        ));
    }
    if path.join("objects/info/alternates").exists() {
        checks.push(
            Check::good(
                "objects of others",
                "some objects are in another repository (`objects/info/alternates`)",
            )
            .advise("never prune there: what is recorded here may need them"),
        );
    }
    Ok(checks)
}

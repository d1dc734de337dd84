//! From which remote `refs/bylaws/*` is fetched.
//!
//! From one remote only, tried with git 2.47: with two, `git fetch --prune` of the one deletes what came from the
//! other, and two repositories with a ledger each (a fork on the same server) make every fetch of one of them fail,
//! rejected as no fast-forward. There is no `+` on purpose: a ledger that was rewritten must not be taken silently.
//! Nothing is added to a remote without any refspec, because git then no longer fetches its `HEAD`. A server without
//! such refs is fetched from as ever.

use super::error::InstallError;
use super::settings::{Setting, Settings};

/// What is fetched.
pub(crate) const REFSPEC: &str = "refs/bylaws/*:refs/bylaws/*";

/// What the remotes fetch.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fetch {
    /// This remote fetches `refs/bylaws/*` already.
    There(String),
    /// This remote should.
    Wanted(String),
    /// There are several and none is called `origin`.
    Unclear(Vec<String>),
    /// There is no remote that fetches anything.
    NoRemote,
}

/// What stands in git's configuration. A line that we added to the remote `added` counts as absent.
pub(crate) fn find(settings: &Settings<'_>, added: Option<&str>) -> Result<Fetch, InstallError> {
    let added = ours(settings, added)?;
    let mut remotes: Vec<String> = Vec::new();
    for (name, refspec) in refspecs(settings)? {
        if covers(&refspec) && !(added.as_ref() == Some(&name) && refspec == REFSPEC) {
            return Ok(Fetch::There(name));
        }
        if !remotes.contains(&name) {
            remotes.push(name);
        }
    }
    Ok(match remotes.as_slice() {
        [] => Fetch::NoRemote,
        [only] => Fetch::Wanted(only.clone()),
        several if several.iter().any(|name| name == "origin") => Fetch::Wanted("origin".into()),
        _ => Fetch::Unclear(remotes),
    })
}

/// What the remote is called now to which we once added a line as `added`: `git remote rename` takes it along.
pub(crate) fn ours(settings: &Settings<'_>, added: Option<&str>) -> Result<Option<String>, InstallError> {
    let Some(added) = added else { return Ok(None) };
    let mut names: Vec<String> = refspecs(settings)?
        .into_iter()
        .filter_map(|(name, refspec)| (refspec == REFSPEC).then_some(name))
        .collect();
    Ok(if names.iter().any(|name| name == added) { Some(added.to_owned()) } else { names.pop() })
}

/// The remotes and what they fetch, a pair for each line.
fn refspecs(settings: &Settings<'_>) -> Result<Vec<(String, String)>, InstallError> {
    let pair = |setting: Setting| {
        let name = setting.key.strip_prefix("remote.")?.strip_suffix(".fetch")?.to_owned();
        Some((name, setting.value))
    };
    Ok(settings.matching(r"^remote\..*\.fetch$", false)?.into_iter().filter_map(pair).collect())
}

/// Whether a refspec brings `refs/bylaws/*` to its own place; `refs/*:refs/*` is what a mirror has.
fn covers(refspec: &str) -> bool {
    let plain = refspec.strip_prefix('+').unwrap_or(refspec);
    plain == REFSPEC || plain == "refs/*:refs/*"
}

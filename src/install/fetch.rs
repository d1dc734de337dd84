//! From which remote `refs/bylaws/*` is fetched.
//!
//! From one remote only, tried with git 2.47: with two, `git fetch --prune` of the one deletes what came from the
//! other, and two repositories with a ledger each (a fork on the same server) make every fetch of one of them fail,
//! rejected as no fast-forward. There is no `+` on purpose: a ledger that was rewritten must not be taken silently.
//! Nothing is added to a remote without any refspec, because git then no longer fetches its `HEAD`. A server without
//! such refs is fetched from as ever.

use super::error::InstallError;
use super::settings::Settings;

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

/// What stands in git's configuration. A line that we added to the remote `ours` counts as absent.
pub(crate) fn find(settings: &Settings<'_>, ours: Option<&str>) -> Result<Fetch, InstallError> {
    let mut remotes: Vec<String> = Vec::new();
    for setting in settings.matching(r"^remote\..*\.fetch$", false)? {
        let Some(name) = setting.key.strip_prefix("remote.").and_then(|rest| rest.strip_suffix(".fetch"))
        else {
            continue;
        };
        if covers(&setting.value) && !(ours == Some(name) && setting.value == REFSPEC) {
            return Ok(Fetch::There(name.to_owned()));
        }
        if !remotes.iter().any(|known| known == name) {
            remotes.push(name.to_owned());
        }
    }
    Ok(match remotes.as_slice() {
        [] => Fetch::NoRemote,
        [only] => Fetch::Wanted(only.clone()),
        several if several.iter().any(|name| name == "origin") => Fetch::Wanted("origin".into()),
        _ => Fetch::Unclear(remotes),
    })
}

/// Whether a refspec brings `refs/bylaws/*` to its own place; `refs/*:refs/*` is what a mirror has.
fn covers(refspec: &str) -> bool {
    let plain = refspec.strip_prefix('+').unwrap_or(refspec);
    plain == REFSPEC || plain == "refs/*:refs/*"
}

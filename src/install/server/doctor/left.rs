//! What killed processes left in the repository. Nothing is enforced less for it, but it may be why pushes are refused.

use std::path::Path;
use std::time::Duration;

use super::Patient;
use super::permission::{self, EXECUTE, WRITE};
use crate::install::Check;
use crate::server::{Leftover, LeftoverKind, leftovers};

pub(super) fn check(patient: &Patient<'_>) -> Option<Check> {
    let top = &patient.repository.path;
    let left = leftovers(top, patient.question.now);
    let oldest = left.iter().max_by_key(|one| one.age)?;
    let count = |kind: LeftoverKind, one: &str, many: &str| match left
        .iter()
        .filter(|left| left.kind == kind)
        .count()
    {
        0 => None,
        1 => Some(format!("1 {one}")),
        number => Some(format!("{number} {many}")),
    };
    let counts = [
        count(LeftoverKind::Lock, "lock", "locks"),
        count(LeftoverKind::Keep, "file that keeps a pack", "files that keep packs"),
        count(LeftoverKind::Quarantine, "quarantine", "quarantines"),
    ];
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    let message = format!(
        "killed processes left {}; the oldest, {} old, is `{}`",
        counts.join(", "),
        shown(oldest.age),
        below(top, oldest)
    );
    let stuck = left.iter().find(|one| !may_remove(patient, one));
    let help = match stuck {
        None => {
            "the next push that is let in removes them; a ref's lock, the next push to that ref".to_owned()
        }
        Some(one) => format!(
            "the account that runs the hooks may not remove `{}`: remove it by hand; the next pushes remove the others",
            below(top, one)
        ),
    };
    Some(Check::good("leftovers", message).advise(help))
}

fn below(top: &Path, one: &Leftover) -> String {
    one.path.strip_prefix(top).unwrap_or(&one.path).display().to_string()
}

fn may_remove(patient: &Patient<'_>, one: &Leftover) -> bool {
    let may_write = |folder: &Path| permission::may(patient.repository.owner, folder, WRITE | EXECUTE);
    one.path.parent().is_some_and(may_write) && (one.kind != LeftoverKind::Quarantine || may_write(&one.path))
}

/// An age as people say it.
fn shown(age: Duration) -> String {
    let minutes = age.as_secs() / 60;
    match minutes {
        0..120 => format!("{minutes} minutes"),
        120..2_880 => format!("{} hours", minutes / 60),
        _ => format!("{} days", minutes / 1_440),
    }
}

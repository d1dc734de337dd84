//! What killed processes left in a repository, and nobody will ever take up again.
//!
//! A receive-pack that dies by `kill -9`, or with its machine, leaves its quarantine, `objects/tmp_objdir-incoming-XXXXXX`, with
//! all that was pushed; git's own `git gc` takes it out when it is two weeks old. If it was just moving a ref it leaves that ref's
//! lock, too, which git never takes out: every push to the ref fails until somebody does.
//!
//! The pack of a push is kept from `git gc` by a file beside it, `pack-ID.keep`, until the ref has moved. Left behind it keeps the
//! pack for ever, and the same push from coming again: git finds that its own such file differs. It holds the number and the
//! host of its maker, so whether that is gone can be told.
//!
//! The others carry no such name. So something is a leftover only if it is old, much older than any push takes with
//! it, and no process of this machine that is as old works in the repository. What is removed wrongly would cost a push: git
//! finds its quarantine or its lock gone, and refuses. Where the system does not tell of its processes nothing is removed.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::check::RefUpdate;
use crate::git::Repository;
use crate::ledger::Process;

/// No lock of a ref is held as long as this: git moves refs in moments.
const OLD_LOCK: Duration = Duration::from_secs(10 * 60);
/// No quarantine is left alone for so long: a push that still comes in writes to it.
const OLD_QUARANTINE: Duration = Duration::from_secs(24 * 60 * 60);
/// What quarantines are named: since git 2.35, and before.
const QUARANTINES: [&str; 2] = ["tmp_objdir-incoming-", "incoming-"];
/// Locks that a push takes beside those of its refs, and the file that is written under one of them.
const COMMON_LOCKS: [&str; 3] = ["HEAD.lock", "packed-refs.lock", "packed-refs.new"];

/// Removes the locks that would keep these refs from moving. What was removed, relative to the repository.
pub(super) fn unlock(repository: &Repository, updates: &[RefUpdate], now: i64) -> Vec<String> {
    let top = repository.common_dir();
    let tables = listed(&top.join("reftable"), |name| name.ends_with(".lock"));
    let refs = updates.iter().map(|update| top.join(format!("{}.lock", update.reference.as_str())));
    let common = COMMON_LOCKS.iter().map(|name| top.join(name));
    let removed = refs.chain(common).chain(tables).filter(|lock| {
        let made = fs::symlink_metadata(lock).ok().filter(|about| about.is_file());
        let age = made.and_then(|about| age(about.modified().ok()?, now));
        age.is_some_and(|age| is_left(top, age, OLD_LOCK)) && fs::remove_file(lock).is_ok()
    });
    removed.map(|lock| lock.strip_prefix(top).unwrap_or(&lock).display().to_string()).collect()
}

/// Removes what would keep the pack in this quarantine from being moved to its place. What was removed, relative to the repository.
pub(super) fn unkeep(repository: &Repository, quarantine: Option<&Path>) -> Vec<String> {
    let top = repository.common_dir();
    let keeps = quarantine.map(|quarantine| listed(&quarantine.join("pack"), is_keep)).unwrap_or_default();
    let names = keeps.iter().filter_map(|keep| keep.file_name());
    let removed = names.map(|name| Path::new("objects/pack").join(name)).filter(|keep| {
        let keep = top.join(keep);
        is_of_the_dead(&keep) && fs::remove_file(keep).is_ok()
    });
    removed.map(|keep| keep.display().to_string()).collect()
}

fn is_keep(name: &str) -> bool {
    name.starts_with("pack-") && name.ends_with(".keep")
}

/// Was it made by a receive-pack that is gone? It says `receive-pack PID on HOST` (`unpack` in builtin/receive-pack.c of git).
fn is_of_the_dead(keep: &Path) -> bool {
    let text = fs::read_to_string(keep).unwrap_or_default();
    let maker = text.trim_end().strip_prefix("receive-pack ").and_then(|maker| maker.split_once(" on "));
    let maker = maker.and_then(|(pid, host)| Some((pid.parse().ok()?, host)));
    maker.is_some_and(|(pid, host)| Process::is_receive_pack_at_work(host, pid) == Some(false))
}

/// Removes quarantines of pushes that ended long ago from a repository, and what keeps their packs from `git gc`.
pub fn sweep(top: &Path, now: i64) {
    for keep in listed(&top.join("objects/pack"), is_keep) {
        let made = fs::symlink_metadata(&keep).and_then(|about| about.modified());
        let age = made.ok().and_then(|made| age(made, now));
        if age.is_some_and(|age| age > OLD_LOCK) && is_of_the_dead(&keep) {
            fs::remove_file(&keep).unwrap_or_default();
        }
    }
    let is_quarantine = |name: &str| QUARANTINES.iter().any(|start| name.starts_with(start));
    for quarantine in listed(&top.join("objects"), is_quarantine) {
        let age = newest(&quarantine).and_then(|time| age(time, now));
        if age.is_some_and(|age| is_left(top, age, OLD_QUARANTINE)) {
            // The next push tries again.
            fs::remove_dir_all(&quarantine).unwrap_or_default();
        }
    }
}

/// Something of this age: has nobody use for it any more?
fn is_left(top: &Path, age: Duration, old: Duration) -> bool {
    let real = top.canonicalize();
    age > old && real.is_ok_and(|real| Process::others_in(&real, age) == Some(false))
}

fn listed(folder: &Path, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let found = fs::read_dir(folder).into_iter().flatten().flatten();
    let wanted = found.filter(|entry| entry.file_name().to_str().is_some_and(&wanted));
    wanted.map(|entry| entry.path()).collect()
}

/// When something in a folder changed last; links are not followed. `None` if that cannot be told.
fn newest(folder: &Path) -> Option<SystemTime> {
    let times =
        walkdir::WalkDir::new(folder).into_iter().map(|entry| entry.ok()?.metadata().ok()?.modified().ok());
    times.collect::<Option<Vec<SystemTime>>>()?.into_iter().max()
}

/// How long ago; `None` if it is to come.
fn age(time: SystemTime, now: i64) -> Option<Duration> {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(now).ok()?);
    now.duration_since(time).ok()
}

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

/// What kind of thing was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftoverKind {
    /// Keeps a ref, or all of them, from moving.
    Lock,
    /// Keeps a pack from `git gc`.
    Keep,
    /// The objects of a push that never ended.
    Quarantine,
}

/// Something that nobody will ever take up again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// What it is.
    pub kind: LeftoverKind,
    /// Where it is, below the repository that was looked at.
    pub path: PathBuf,
    /// How long ago it was touched last.
    pub age: Duration,
}

impl Leftover {
    /// False: it is still there.
    fn remove(&self) -> bool {
        match self.kind {
            LeftoverKind::Quarantine => fs::remove_dir_all(&self.path).is_ok(),
            LeftoverKind::Lock | LeftoverKind::Keep => fs::remove_file(&self.path).is_ok(),
        }
    }
}

/// Finds what pushes to this repository would remove: locks, where they move the refs that are locked, and what [`sweep`] does.
pub fn leftovers(top: &Path, now: i64) -> Vec<Leftover> {
    let files =
        walkdir::WalkDir::new(top.join("refs")).into_iter().flatten().map(walkdir::DirEntry::into_path);
    let of_refs = files.filter(|path| path.extension().is_some_and(|extension| extension == "lock"));
    let locks = of_refs.chain(common_locks(top)).filter_map(|lock| left_lock(top, lock, now));
    locks.chain(swept(top, now)).collect()
}

/// Removes the locks that would keep these refs from moving. What was removed, relative to the repository.
pub(super) fn unlock(repository: &Repository, updates: &[RefUpdate], now: i64) -> Vec<String> {
    let top = repository.common_dir();
    let refs = updates.iter().map(|update| top.join(format!("{}.lock", update.reference.as_str())));
    let left = refs.chain(common_locks(top)).filter_map(|lock| left_lock(top, lock, now));
    let removed = left.filter(Leftover::remove).map(|lock| lock.path);
    removed.map(|lock| lock.strip_prefix(top).unwrap_or(&lock).display().to_string()).collect()
}

/// Where locks may be that are in the way of every push.
fn common_locks(top: &Path) -> impl Iterator<Item = PathBuf> {
    let tables = listed(&top.join("reftable"), |name| name.ends_with(".lock"));
    COMMON_LOCKS.iter().map(|name| top.join(name)).chain(tables)
}

/// The lock, if there is one and nobody has use for it any more.
fn left_lock(top: &Path, path: PathBuf, now: i64) -> Option<Leftover> {
    let made = fs::symlink_metadata(&path).ok().filter(|about| about.is_file())?;
    let age = age(made.modified().ok()?, now)?;
    is_left(top, age, OLD_LOCK).then_some(Leftover { kind: LeftoverKind::Lock, path, age })
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
    for left in swept(top, now) {
        // Where it stays the next push tries again.
        left.remove();
    }
}

/// What [`sweep`] removes.
fn swept(top: &Path, now: i64) -> impl Iterator<Item = Leftover> {
    let keeps = listed(&top.join("objects/pack"), is_keep).into_iter().filter_map(move |path| {
        let age = age(fs::symlink_metadata(&path).ok()?.modified().ok()?, now)?;
        let is_left = age > OLD_LOCK && is_of_the_dead(&path);
        is_left.then_some(Leftover { kind: LeftoverKind::Keep, path, age })
    });
    let is_quarantine = |name: &str| QUARANTINES.iter().any(|start| name.starts_with(start));
    let quarantines = listed(&top.join("objects"), is_quarantine).into_iter().filter_map(move |path| {
        let age = age(newest(&path)?, now)?;
        let is_left = is_left(top, age, OLD_QUARANTINE);
        is_left.then_some(Leftover { kind: LeftoverKind::Quarantine, path, age })
    });
    keeps.chain(quarantines)
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

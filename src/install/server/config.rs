//! What a repository's configuration needs so that pushes can be judged and recorded, and how it gets out again.

use super::journal::{self, Journal, Set};
use super::plan::OWN_FOLDER;
use super::repository::{Repository, truth};
use super::supplies;
use crate::config::IdentitySource;
use crate::install::error::InstallError;
use crate::install::files;
use crate::install::settings::Edit;

/// The key that names the hook folder.
pub(crate) const HOOKS_PATH: &str = "core.hooksPath";

/// Git waits for a lock of one ref for 100 ms, for that of all packed refs for a second, and where refs are in reftables all
/// of them have one lock, for which it waits 100 ms: many pushes at once would fail, although each goes to a ref of its own.
/// Milliseconds.
const LOCK_TIMEOUTS: [(&str, i64); 3] = [
    ("core.filesRefLockTimeout", 10_000),
    ("core.packedRefsTimeout", 20_000),
    ("reftable.lockTimeout", 20_000),
];

/// How old a nonce may be, in seconds: over http the push comes in another request than the one that was given it, after all
/// objects were packed and somebody has touched a hardware key.
const NONCE_SLOP: &str = "300";

/// Git's configuration file with us and without us.
#[derive(Debug)]
pub(crate) struct Config {
    pub now: Vec<u8>,
    pub before: Vec<u8>,
    pub after: Vec<u8>,
    pub sets: Vec<Set>,
}

/// What is to be set.
pub(crate) struct Wanted {
    /// The folder of our own, if git has to look for hooks there.
    pub hooks_path: Option<String>,
    pub identity: Option<IdentitySource>,
}

impl Config {
    /// Plans the edits; what was random stays as it was drawn.
    pub(crate) fn plan(
        repository: &Repository,
        old: Option<&Journal>,
        wanted: &Wanted,
    ) -> Result<Self, InstallError> {
        let (before, now) = without_us(repository, old)?;
        let settings = repository.settings();
        let scratch = repository.folder();
        let mut sets = Vec::new();
        for (key, value) in values(wanted, old)? {
            let there = settings.within(&before, &scratch, key)?;
            if !there.last().is_some_and(|there| is_enough(key, there)) {
                sets.push(Set { key: key.to_owned(), value, replaced: there });
            }
        }
        // A file that is included may set a key too; the last one wins.
        let includes = before.to_ascii_lowercase().windows(8).any(|window| window == b"[include");
        let add = if includes { Edit::Append } else { Edit::Add };
        let edits: Vec<Edit<'_>> =
            sets.iter().flat_map(|set| [Edit::Clear(&set.key), add(&set.key, &set.value)]).collect();
        let after = settings.edited(&before, &scratch, &edits)?;
        Ok(Self { now, before, after, sets })
    }
}

/// The keys and values, in a fixed order.
fn values(wanted: &Wanted, old: Option<&Journal>) -> Result<Vec<(&'static str, String)>, InstallError> {
    let mut values: Vec<(&'static str, String)> = Vec::new();
    values.extend(wanted.hooks_path.clone().map(|path| (HOOKS_PATH, path)));
    values.push(("receive.advertisePushOptions", "true".to_owned()));
    // Else git takes objects that it would refuse to make: what a rule reads of them may not be what others read.
    values.push(("receive.fsckObjects", "true".to_owned()));
    values.extend(LOCK_TIMEOUTS.map(|(key, milliseconds)| (key, milliseconds.to_string())));
    if wanted.identity == Some(IdentitySource::PushCert) {
        let key = "receive.certNonceSeed";
        let drawn = old.and_then(|old| old.sets.iter().find(|set| set.key == key));
        let seed = drawn.map_or_else(supplies::random_hex, |set| Ok(set.value.clone()))?;
        values.push((key, seed));
        values.push(("receive.certNonceSlop", NONCE_SLOP.to_owned()));
    }
    Ok(values)
}

/// Whether what stands there does as well, so that it is left alone.
fn is_enough(key: &str, value: &str) -> bool {
    if let Some((_, least)) = LOCK_TIMEOUTS.iter().find(|(timeout, _)| *timeout == key) {
        // Negative: git waits for ever. What is no plain number is somebody's considered choice.
        return value.parse::<i64>().map_or(true, |there| there < 0 || there >= *least);
    }
    match key {
        HOOKS_PATH => false,
        "receive.certNonceSeed" | "receive.certNonceSlop" => !value.is_empty(),
        _ => truth(value),
    }
}

/// The configuration file as it would be without us, and as it is.
pub(crate) fn without_us(
    repository: &Repository,
    old: Option<&Journal>,
) -> Result<(Vec<u8>, Vec<u8>), InstallError> {
    let now = files::read(&repository.config_file())?.unwrap_or_default();
    let Some(old) = old else {
        let before = without_orphan(repository, &now)?;
        return Ok((before, now));
    };
    let digest = files::digest(&now);
    if digest == old.config_before {
        return Ok((now.clone(), now));
    }
    let saved = files::read(&journal::saved_config(&repository.folder()))?.unwrap_or_default();
    if digest == old.config_after && files::digest(&saved) == old.config_before {
        return Ok((saved, now));
    }
    // Somebody has changed it since: take out what we put in and nothing else.
    let settings = repository.settings();
    let scratch = repository.folder();
    let mut edits = Vec::new();
    for set in &old.sets {
        if settings.within(&now, &scratch, &set.key)?.contains(&set.value) {
            edits.push(Edit::Remove(&set.key, &set.value));
            edits.extend(set.replaced.iter().map(|value| Edit::Add(&set.key, value)));
        }
    }
    Ok((settings.edited(&now, &scratch, &edits)?, now))
}

/// Without a `core.hooksPath` of ours whose journal is gone.
fn without_orphan(repository: &Repository, now: &[u8]) -> Result<Vec<u8>, InstallError> {
    if !now.windows(OWN_FOLDER.len()).any(|window| window == OWN_FOLDER.as_bytes()) {
        return Ok(now.to_vec());
    }
    repository.settings().edited(now, &repository.folder(), &[Edit::Remove(HOOKS_PATH, OWN_FOLDER)])
}

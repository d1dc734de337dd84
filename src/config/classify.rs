//! `[[classify]]`: how far a change reaches, by the paths it touches.

use std::cmp::Ordering;
use std::sync::Arc;

use super::mistakes::Mistakes;
use super::raw::RawClassify;
use super::{At, Table};
use crate::facts::{File, FileStatus, GitPath, Impact};
use crate::patterns::PathPatterns;

/// One `[[classify]]` entry.
#[derive(Debug, Clone)]
pub struct Classify {
    /// The files it is about.
    pub paths: PathPatterns,
    /// Their impact.
    pub impact: Impact,
    /// Why they have it.
    pub why: Option<String>,
}

/// What a ref update does apart from its files. Each of these makes it major.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Movement {
    /// The tip before is not in the history of the tip after.
    pub is_rewind: bool,
    /// The ref goes away.
    pub is_deletion: bool,
    /// The tip after is no commit: a tag, a tree, a blob.
    pub is_no_commit: bool,
}

/// A change's impact, and what gives it that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classification {
    /// How far it reaches.
    pub impact: Impact,
    /// Everything that alone would give it this impact, each reason once, with the first file it is true of.
    pub reasons: Vec<Reason>,
}

impl Classification {
    /// The higher of two answers; of equal ones the reasons of both.
    pub(super) fn or_higher(mut self, other: Self) -> Self {
        match self.impact.cmp(&other.impact) {
            Ordering::Greater => self,
            Ordering::Less => other,
            Ordering::Equal => {
                let known = |reason: &Reason| self.reasons.iter().any(|one| one.why == reason.why);
                let more: Vec<Reason> = other.reasons.into_iter().filter(|one| !known(one)).collect();
                self.reasons.extend(more);
                self
            }
        }
    }
}

/// Why a change has its impact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// In words.
    pub why: String,
    /// The first file it is true of; `None` where it is not about a file.
    pub path: Option<GitPath>,
}

/// Reads the entries.
pub(super) fn entries(raw: &[At<Table<RawClassify>>], mistakes: &mut Mistakes<'_>) -> Vec<Classify> {
    raw.iter().map(|entry| self::entry(entry, mistakes)).collect()
}

fn entry(raw: &At<Table<RawClassify>>, mistakes: &mut Mistakes<'_>) -> Classify {
    mistakes.require_some(&raw.paths, "this entry classifies no paths", "name them: paths = [\"*.tf\"]");
    let impact = raw.impact.parse();
    if impact.is_err() {
        mistakes.unknown("impact", &raw.impact, Impact::WORDS);
    }
    Classify {
        paths: mistakes.paths(&raw.paths),
        impact: impact.unwrap_or_default(),
        why: raw.why.as_ref().map(|why| why.value.clone()),
    }
}

/// Classifies a change: the highest impact of any file wins; a file that nothing matches is minor, and so is a change
/// without files; trivial therefore only if every file is. Of a renamed file both names count. `.bylaws/`, a rewind, a
/// deletion, a submodule bump and a target that is no commit are major whatever the entries say.
pub(super) fn classify(entries: &[Classify], files: &[Arc<File>], movement: Movement) -> Classification {
    let mut tally = Tally { impact: Impact::Trivial, reasons: Vec::new() };
    for (is, why) in [
        (movement.is_rewind, "the ref is rewound"),
        (movement.is_deletion, "the ref is deleted"),
        (movement.is_no_commit, "the ref's new target is no commit"),
    ] {
        if is {
            tally.add(Impact::Major, why, None);
        }
    }
    if files.is_empty() {
        tally.add(Impact::Minor, "no file says otherwise", None);
    }
    files.iter().for_each(|file| tally.file(entries, file));
    Classification { impact: tally.impact, reasons: tally.reasons }
}

/// The highest impact so far, and the reasons for it.
struct Tally {
    impact: Impact,
    reasons: Vec<Reason>,
}

impl Tally {
    fn add(&mut self, impact: Impact, why: &str, path: Option<&GitPath>) {
        if impact > self.impact {
            self.impact = impact;
            self.reasons.clear();
        }
        if impact == self.impact && !self.reasons.iter().any(|reason| reason.why == why) {
            self.reasons.push(Reason { why: why.to_owned(), path: path.cloned() });
        }
    }

    fn file(&mut self, entries: &[Classify], file: &File) {
        let parts = file.parts();
        if parts.mode.is_submodule() || parts.old_mode.is_some_and(|mode| mode.is_submodule()) {
            self.add(Impact::Major, "a submodule moves", Some(&parts.path));
        }
        self.path(entries, &parts.path);
        if let (FileStatus::Renamed, Some(old)) = (parts.status, &parts.old_path) {
            self.path(entries, old);
        }
    }

    fn path(&mut self, entries: &[Classify], path: &GitPath) {
        if is_policy(path) {
            self.add(Impact::Major, "the policy itself changes", Some(path));
        }
        let highest =
            entries.iter().filter(|entry| entry.paths.matches(path)).max_by_key(|entry| entry.impact);
        let Some(entry) = highest else {
            return self.add(Impact::Minor, "nothing classifies it otherwise", Some(path));
        };
        let why =
            entry.why.clone().unwrap_or_else(|| format!("matches {}", entry.paths.patterns().join(" ")));
        self.add(entry.impact, &why, Some(path));
    }
}

/// In `.bylaws/`, or a file or link in its place. In any case: on some disks `.ByLaws/` is the same folder.
fn is_policy(path: &GitPath) -> bool {
    path.as_bytes().split(|byte| *byte == b'/').next().is_some_and(|top| top.eq_ignore_ascii_case(b".bylaws"))
}

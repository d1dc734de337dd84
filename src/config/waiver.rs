//! `[[waiver]]`: time-boxed exceptions.

use super::mistakes::Mistakes;
use super::raw::{RawWaiver, Words};
use super::time;
use super::{At, Table};
use crate::diagnostic::Place;
use crate::facts::{GitPath, Oid};
use crate::patterns::PathPatterns;

/// An exception from one rule until a day.
#[derive(Debug, Clone)]
pub struct Waiver {
    /// The rule's id.
    pub rule: String,
    /// The paths it is for; `None`: any path and none.
    pub paths: Option<PathPatterns>,
    /// The commits it is for; empty: any commit and none.
    pub commits: Vec<Oid>,
    /// The first second, UTC, at which it waives no more.
    pub until: i64,
    /// Why it is justified.
    pub reason: String,
    /// Where it is written.
    pub place: Place,
}

impl Waiver {
    /// Has it ended?
    pub fn is_expired(&self, now: i64) -> bool {
        now >= self.until
    }

    /// Its last day, `2027-03-31`, or the moment when it ends.
    pub fn last_day(&self) -> String {
        time::shown_until(self.until)
    }

    /// Does it waive this rule's finding now? An expired one never does. Where paths are given the finding must be about a
    /// path that matches; a sole `**` also waives findings that are about no path. Where commits are given it must be about
    /// one of them; where both are given, both must match.
    pub fn waives(&self, rule: &str, path: Option<&GitPath>, commit: Option<Oid>, now: i64) -> bool {
        let path_fits = self.paths.as_ref().is_none_or(|paths| match path {
            Some(path) => paths.matches(path),
            None => matches!(paths.patterns(), [sole] if sole == "**"),
        });
        let commit_fits =
            self.commits.is_empty() || commit.is_some_and(|commit| self.commits.contains(&commit));
        self.rule == rule && !self.is_expired(now) && path_fits && commit_fits
    }
}

/// Reads all waivers; those that have ended are kept, and a notice tells of them.
pub(super) fn waivers(raw: &[At<Table<RawWaiver>>], clock: i64, mistakes: &mut Mistakes<'_>) -> Vec<Waiver> {
    raw.iter().filter_map(|entry| waiver(entry, clock, mistakes)).collect()
}

fn waiver(raw: &At<Table<RawWaiver>>, clock: i64, mistakes: &mut Mistakes<'_>) -> Option<Waiver> {
    let some = |list: &Option<At<Words>>| list.as_ref().is_some_and(|list| !list.value.is_empty());
    if !some(&raw.paths) && !some(&raw.commits) {
        let mistake = mistakes
            .at(raw, format_args!("the waiver of `{}` names no paths and no commits", raw.rule.value));
        mistakes.error(mistake.help("paths = [\"**\"] for all"));
    }
    if raw.reason.trim().is_empty() {
        let mistake = mistakes.at(&raw.reason, "a waiver without a reason is not justified");
        mistakes.error(mistake);
    }
    let paths = raw.paths.as_ref().filter(|paths| !paths.value.is_empty()).map(|paths| mistakes.paths(paths));
    let commits = commits(raw.commits.as_ref(), mistakes);
    let until = mistakes.date(&raw.until, time::until_bound)?;
    let waiver = Waiver {
        rule: raw.rule.value.clone(),
        paths,
        commits,
        until,
        reason: raw.reason.value.clone(),
        place: mistakes.place(raw.offset),
    };
    if waiver.is_expired(clock) {
        let message = format!("the waiver of `{}` ended on {}", waiver.rule, raw.until.value);
        let notice = mistakes.at(&raw.until, message).help("it waives nothing any more: remove it");
        mistakes.notice(notice);
    }
    Some(waiver)
}

fn commits(raw: Option<&At<Words>>, mistakes: &mut Mistakes<'_>) -> Vec<Oid> {
    let words = raw.map(|list| list.value.as_slice()).unwrap_or_default();
    words.iter().filter_map(|word| mistakes.full_id(word)).collect()
}

impl Mistakes<'_> {
    /// A full commit id; anything else is recorded. Abbreviations come to mean something else as a repository grows.
    pub(super) fn full_id(&mut self, word: &At<String>) -> Option<Oid> {
        let id = Oid::from_hex(word.as_bytes()).filter(|id| !id.is_zero());
        if id.is_none() {
            let mistake = self.at(word, format_args!("`{}` is no full commit id", word.value));
            self.error(mistake.help("all 40 (or 64) digits, as `git rev-parse` shows them"));
        }
        id
    }
}

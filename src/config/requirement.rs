//! `[requirements]`, `[[owners]]` and `[break-glass]`: what changes need, from whom, and who may do without.
//!
//! Whether the people of `people.toml` can meet a requirement is counted without the author, and anybody may be the author:
//! of those who qualify one may be, so `approvals = 2` by `senior` needs three seniors. Keys are not counted here: they come
//! and go with time, and a policy must not stop loading because a day has passed; who cannot sign now is a notice.

use std::collections::BTreeMap;

use super::mistakes::Mistakes;
use super::people::Directory;
use super::raw::{RawBreakGlass, RawOwners, RawRequirement, RawRequirements, Words};
use super::time;
use super::{At, Table};
use crate::facts::{GitPath, Identity, Impact, Seniority};
use crate::patterns::PathPatterns;

/// What a change of one impact needs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Requirement {
    /// How many people who have no part in the change must approve it.
    pub approvals: u32,
    /// The least seniority of each of them.
    pub seniority: Option<Seniority>,
    /// The suites that must have passed.
    pub tests: Vec<String>,
    /// Must every commit carry a good signature?
    pub signed_commits: bool,
}

/// One `[requirements]` table; missing rows have taken the next higher one's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Requirements {
    /// Of a major change.
    pub major: Requirement,
    /// Of a minor change.
    pub minor: Requirement,
    /// Of a trivial change.
    pub trivial: Requirement,
}

impl Requirements {
    /// The row of an impact.
    pub fn of(&self, impact: Impact) -> &Requirement {
        match impact {
            Impact::Major => &self.major,
            Impact::Minor => &self.minor,
            Impact::Trivial => &self.trivial,
        }
    }
}

/// A team whose approval changes of its paths need.
#[derive(Debug, Clone)]
pub struct Owners {
    /// Which paths.
    pub paths: PathPatterns,
    /// Whose.
    pub team: String,
    /// How many of the team must approve.
    pub approvals: u32,
}

impl Owners {
    /// Is this file theirs?
    pub fn own(&self, path: &GitPath) -> bool {
        self.paths.matches(path)
    }
}

/// What a break-glass can skip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Skippable {
    /// Approvals, the owners' too.
    Approvals,
    /// Test results.
    Tests,
    /// Good signatures of commits.
    SignedCommits,
}

impl Skippable {
    /// The words in `may-skip`.
    pub const WORDS: [&'static str; 3] = ["approvals", "tests", "signed-commits"];

    /// Its word in `may-skip`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approvals => "approvals",
            Self::Tests => "tests",
            Self::SignedCommits => "signed-commits",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        match word {
            "approvals" => Some(Self::Approvals),
            "tests" => Some(Self::Tests),
            "signed-commits" => Some(Self::SignedCommits),
            _ => None,
        }
    }
}

/// The emergency exit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakGlass {
    /// The least seniority of those who may, and of those who review it.
    pub seniority: Seniority,
    /// The requirements that it skips.
    pub may_skip: Vec<Skippable>,
    /// How soon it must be reviewed, in seconds.
    pub review_within: i64,
}

impl BreakGlass {
    /// How soon it must be reviewed, in words: `3 days`.
    pub fn deadline(&self) -> String {
        time::shown_duration(self.review_within)
    }
}

/// Reads what names people. Without `directory` (its file is broken) nothing is looked up in it.
pub(super) struct RequirementReader<'m, 'a> {
    /// Where mistakes go.
    pub(super) mistakes: &'m mut Mistakes<'a>,
    /// Who there is.
    pub(super) directory: Option<&'m Directory>,
    /// Now, in seconds UTC: for notices only.
    pub(super) clock: i64,
}

impl RequirementReader<'_, '_> {
    /// All tables by name.
    pub(super) fn requirements(
        &mut self,
        raw: &BTreeMap<At<String>, At<Table<RawRequirements>>>,
    ) -> BTreeMap<String, Vec<Requirements>> {
        raw.iter().map(|(name, table)| (name.value.clone(), vec![self.table(table)])).collect()
    }

    fn table(&mut self, raw: &RawRequirements) -> Requirements {
        let major = self.row(&raw.major);
        let minor = raw.minor.as_ref().map_or_else(|| major.clone(), |row| self.row(row));
        let trivial = raw.trivial.as_ref().map_or_else(|| minor.clone(), |row| self.row(row));
        Requirements { major, minor, trivial }
    }

    fn row(&mut self, raw: &At<Table<RawRequirement>>) -> Requirement {
        let approvals = raw.approvals.as_ref().map_or(0, |at| at.value);
        if let Some(word) = raw.seniority.as_ref().filter(|_| approvals == 0) {
            let mistake =
                self.mistakes.at(word, "`seniority` says who approves, but no approvals are asked for");
            self.mistakes.error(mistake.help("add approvals = 1"));
        }
        let seniority = raw.seniority.as_ref().and_then(|word| self.rank(word));
        // With an unknown word the count would be of everybody.
        if let Some(at) = &raw.approvals
            && seniority.is_some() == raw.seniority.is_some()
        {
            self.enough(at, None, seniority.as_ref());
        }
        Requirement {
            approvals,
            seniority,
            tests: self.suites(&raw.tests),
            signed_commits: raw.signed_commits,
        }
    }

    fn rank(&mut self, word: &At<String>) -> Option<Seniority> {
        self.directory?.rank(word, self.mistakes)
    }

    fn suites(&mut self, raw: &Words) -> Vec<String> {
        if let Some(directory) = self.directory {
            for suite in raw.iter().filter(|suite| !directory.suites().any(|known| known == suite.value)) {
                let message =
                    format!("no service in `people.toml` is trusted for the test suite `{}`", suite.value);
                let mistake = self.mistakes.at(suite, message).nearest(suite, directory.suites());
                let help = format!("add a service: [services.ci] with tests = [\"{}\"]", suite.value);
                self.mistakes.error(if mistake.help.is_some() { mistake } else { mistake.help(help) });
            }
        }
        raw.iter().map(|suite| suite.value.clone()).collect()
    }

    /// Records it if those who qualify can never be enough when one of them is the author.
    fn enough(&mut self, approvals: &At<u32>, team: Option<&str>, least: Option<&Seniority>) {
        let Some(directory) = self.directory.filter(|_| approvals.value > 0) else { return };
        let qualified: Vec<&Identity> = directory.people(team, least).collect();
        let (named, wanted) = (qualified.len(), approvals.value as usize);
        let needed = format!("for {} {} are needed", count(wanted, "approval"), wanted.saturating_add(1));
        if named <= wanted {
            let mistake = self.mistakes.at(approvals, too_few(team, least, named));
            self.mistakes.error(mistake.help(format!("{needed}, since one of them may be the author")));
            return;
        }
        let signing =
            qualified.iter().filter(|one| one.keys.iter().any(|key| key.is_valid_at(self.clock))).count();
        if signing <= wanted {
            let who = who(team, least);
            let message = format!("only {signing} of {named} {who} can sign an approval today");
            let notice = self.mistakes.at(approvals, message);
            self.mistakes.notice(notice.help(format!("{needed}: add their keys in `people.toml`")));
        }
    }

    /// All entries, in the order of the file.
    pub(super) fn owners(&mut self, raw: &[At<Table<RawOwners>>]) -> Vec<Owners> {
        raw.iter().map(|entry| self.owner(entry)).collect()
    }

    fn owner(&mut self, raw: &At<Table<RawOwners>>) -> Owners {
        self.mistakes.require_some(
            &raw.paths,
            "these owners own no paths",
            "name them: paths = [\"/infra/\"]",
        );
        let approvals = raw.approvals.clone().unwrap_or(At { offset: raw.team.offset, value: 1 });
        if approvals.value == 0 {
            let mistake = self.mistakes.at(&approvals, "owners who need not approve own nothing");
            self.mistakes.error(mistake.help("1 or more"));
        }
        match self.directory {
            Some(directory) if !directory.teams().any(|team| team == raw.team.value) => {
                let message = format!("nobody in `people.toml` is in the team `{}`", raw.team.value);
                let mistake = self.mistakes.at(&raw.team, message).nearest(&raw.team, directory.teams());
                self.mistakes.error(mistake);
            }
            _ => self.enough(&approvals, Some(&raw.team), None),
        }
        Owners {
            paths: self.mistakes.paths(&raw.paths),
            team: raw.team.value.clone(),
            approvals: approvals.value,
        }
    }

    /// The emergency exit, if it is right.
    pub(super) fn break_glass(&mut self, raw: &RawBreakGlass) -> Option<BreakGlass> {
        let seniority = self.rank(&raw.seniority);
        if let (Some(least), Some(directory)) = (&seniority, self.directory)
            && directory.people(None, Some(least)).count() < 2
        {
            let named = directory.people(None, Some(least)).count();
            let mistake = self.mistakes.at(&raw.seniority, too_few(None, Some(least), named));
            self.mistakes.error(mistake.help("2 are needed, since another of them reviews a break-glass"));
        }
        let may_skip = self.skippable(&raw.may_skip);
        let review_within = time::duration(&raw.review_within);
        if review_within.is_none() {
            let message = format!("`{}` is no duration", raw.review_within.value);
            let mistake = self.mistakes.at(&raw.review_within, message);
            self.mistakes.error(mistake.help("a number and one of s, m, h, d, w: \"72h\", \"3d\""));
        }
        Some(BreakGlass { seniority: seniority?, may_skip, review_within: review_within? })
    }

    fn skippable(&mut self, words: &Words) -> Vec<Skippable> {
        let mut skip = Vec::new();
        for word in words {
            match Skippable::from_word(word) {
                Some(one) => skip.push(one),
                None => self.mistakes.unknown("requirement", word, Skippable::WORDS),
            }
        }
        skip.sort_unstable();
        skip.dedup();
        skip
    }
}

fn too_few(team: Option<&str>, least: Option<&Seniority>, named: usize) -> String {
    format!("`people.toml` names too few {}: {named}", who(team, least))
}

/// Those who qualify, in words.
fn who(team: Option<&str>, least: Option<&Seniority>) -> String {
    match (team, least) {
        (Some(team), _) => format!("members of the team `{team}`"),
        (None, Some(least)) => format!("people of seniority `{}` or above", least.word),
        (None, None) => "people".to_owned(),
    }
}

fn count(n: usize, thing: &str) -> String {
    if n == 1 { format!("1 {thing}") } else { format!("{n} {thing}s") }
}

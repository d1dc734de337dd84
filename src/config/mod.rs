//! Configuration: `bylaws.toml`, `people.toml` and `server.toml` become types, and together with the rules' scripts a policy.
//!
//! Each file is read in two steps. First what was typed: [`raw`] holds every key as it is written, with its place. Then what
//! it means: here every word is looked up, every pattern compiled, and what cannot hold together is found. All mistakes of
//! all files are collected, each with its place and the nearest valid word; with any, there is no policy.
//!
//! Nothing here reads the clock or the environment, and only [`load`] of a folder and [`effective`] read files.

mod at;
mod classify;
mod digest;
mod document;
mod effective;
mod environment;
mod files;
mod governed;
mod lint;
mod listing;
mod load;
mod mistakes;
mod people;
pub mod raw;
mod remarks;
mod requirement;
mod requires;
mod rules;
mod schema;
mod server;
mod sets;
mod starter;
mod tree;
mod waiver;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use at::{At, Table};
pub use classify::{Classification, Classify, Movement, Reason};
pub use effective::{Effective, SettingOrigin, effective};
pub use environment::{Allow, Environment};
pub use files::{PolicyFile, required_files};
pub use governed::{REQUIRED_REF, load_governed};
pub use lint::{lint, lint_set, unmatched};
pub use listing::ListedRule;
pub use load::{LoadedPolicy, PolicySource, Purpose, load, load_for, load_if_present};
pub use requirement::{BreakGlass, Owners, Requirement, Requirements, Skippable};
pub use schema::ConfigFile;
pub use server::{IdentitySource, Operator, Server, server};
pub use sets::{RECOMMENDED, set_scripts, sets};
pub use starter::starter;
pub use waiver::Waiver;

use load::Beside;
use mistakes::Mistakes;
use raw::RawBylaws;
use requirement::RequirementReader;

use crate::facts::{File, GitPath, Impact, Oid, RefName};
use crate::patterns::PathPatterns;
use crate::time;

/// What `bylaws.toml` says beside the rules, checked.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Paths that no rule looks at.
    pub except: PathPatterns,
    /// By name, the operator's first. Of two with one name each is an environment of its own, whose requirements are both's.
    pub environments: Vec<Environment>,
    /// In the order of the file.
    pub classify: Vec<Classify>,
    /// The operator's, whose answer is another.
    pub classify_above: Vec<Classify>,
    /// By name, the operator's first; all tables of a name hold. [`Environment::requirements`] says which hold where.
    pub requirements: BTreeMap<String, Vec<Requirements>>,
    /// In the order of the file, the operator's first.
    pub owners: Vec<Owners>,
    /// `None`: nobody may break the glass.
    pub break_glass: Option<BreakGlass>,
    /// In the order of the file; those that have ended too.
    pub waivers: Vec<Waiver>,
    /// The words for seniority, lowest first.
    pub seniority: Vec<String>,
}

impl Config {
    /// Reads and checks everything but the rules. What `beside` does not know (its file is broken) is not looked up.
    fn read(raw: &RawBylaws, beside: &Beside<'_>, clock: i64, mistakes: &mut Mistakes<'_>) -> Self {
        let directory = beside.directory;
        let environments = environment::environments(raw, beside.above, mistakes);
        let except = mistakes.paths_once(&raw.except);
        let classify = classify::entries(&raw.classify, mistakes);
        let waivers = waiver::waivers(&raw.waiver, clock, mistakes);
        let mut reader = RequirementReader { mistakes, directory, clock };
        Self {
            except,
            environments,
            classify,
            classify_above: Vec::new(),
            requirements: reader.requirements(&raw.requirements),
            owners: reader.owners(&raw.owners),
            break_glass: raw.break_glass.as_ref().and_then(|raw| reader.break_glass(raw)),
            waivers,
            seniority: directory.map(|directory| directory.seniority.clone()).unwrap_or_default(),
        }
    }

    /// The environment that a ref is shown under: of several the first by name, the operator's before others. What is
    /// demanded of the ref is demanded by all of [`Config::environments_of`].
    pub fn environment_of(&self, reference: &RefName) -> Option<&Environment> {
        self.environments_of(reference).next()
    }

    /// All environments that a ref leads to, by name, the operator's first.
    pub fn environments_of(&self, reference: &RefName) -> impl Iterator<Item = &Environment> {
        self.environments.iter().filter(|environment| environment.has(reference))
    }

    /// What may happen to a ref: what all of its environments allow. `None` for a ref in none, where anything may.
    pub fn allow(&self, reference: &RefName) -> Option<Allow> {
        self.environments_of(reference).map(|environment| environment.allow).reduce(Allow::and)
    }

    /// The requirements that a change of this impact to this ref must meet, every one of them.
    pub fn requirements_of(&self, reference: &RefName, impact: Impact) -> Vec<&Requirement> {
        let mut names: Vec<&str> = self
            .environments_of(reference)
            .flat_map(|one| one.requirements.iter().map(String::as_str))
            .collect();
        names.sort_unstable();
        names.dedup();
        names
            .iter()
            .filter_map(|name| self.requirements.get(*name))
            .flatten()
            .map(|table| table.of(impact))
            .collect()
    }

    /// How far a change of these files reaches, and why. Major whatever the entries say: what touches `.bylaws/`, moves a
    /// submodule, or does what `movement` tells. Of the repository's answer and the operator's the higher; entries that are
    /// not there answer nothing.
    pub fn classify(&self, files: &[Arc<File>], movement: Movement) -> Classification {
        let answer = |entries: &[Classify]| classify::classify(entries, files, movement);
        match (self.classify.is_empty(), self.classify_above.is_empty()) {
            (_, true) => answer(&self.classify),
            (true, false) => answer(&self.classify_above),
            (false, false) => answer(&self.classify_above).or_higher(answer(&self.classify)),
        }
    }

    /// The first waiver that lets this rule's finding pass now.
    pub fn waives(
        &self,
        rule: &str,
        path: Option<&GitPath>,
        commit: Option<Oid>,
        now: i64,
    ) -> Option<&Waiver> {
        self.waivers.iter().find(|waiver| waiver.waives(rule, path, commit, now))
    }

    /// The teams that own a path, each once.
    pub fn owners_of(&self, path: &GitPath) -> Vec<&str> {
        let mut teams: Vec<&str> =
            self.owners.iter().filter(|owners| owners.own(path)).map(|owners| owners.team.as_str()).collect();
        teams.sort_unstable();
        teams.dedup();
        teams
    }
}

#[cfg(test)]
mod tests;

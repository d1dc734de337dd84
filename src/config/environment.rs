//! `[environments]`: which refs lead where, and what may happen to them.

use std::collections::{BTreeMap, BTreeSet};

use super::mistakes::Mistakes;
use super::raw::{RawBylaws, RawEnvironment};
use super::{At, Table};
use crate::facts::RefName;
use crate::patterns::RefPatterns;

/// What may happen to an environment's refs beside moving forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Allow {
    /// A rewind.
    pub force_push: bool,
    /// Removing the ref.
    pub delete: bool,
}

impl Allow {
    /// The words in `allow`.
    pub const WORDS: [&'static str; 2] = ["force-push", "delete"];

    /// What both allow.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { force_push: self.force_push && other.force_push, delete: self.delete && other.delete }
    }
}

/// Refs that lead to one place, and what holds there.
#[derive(Debug, Clone)]
pub struct Environment {
    /// `production` of `[environments.production]`.
    pub name: String,
    /// The refs that lead there.
    pub refs: RefPatterns,
    /// What may happen to them.
    pub allow: Allow,
    /// The names of the `[requirements]` tables that hold here, all of them: its own, and those it shares. Never empty.
    pub requirements: Vec<String>,
}

impl Environment {
    /// Is this one of its refs?
    pub fn has(&self, reference: &RefName) -> bool {
        self.refs.matches(reference)
    }
}

/// All environments, by name, each with the requirements that hold in it.
pub(super) fn environments(raw: &RawBylaws, mistakes: &mut Mistakes<'_>) -> Vec<Environment> {
    let tables: BTreeSet<&str> = raw.requirements.keys().map(|name| name.value.as_str()).collect();
    let environments = raw
        .environments
        .iter()
        .map(|(name, environment)| Environment {
            name: name.value.clone(),
            refs: refs(name, environment, mistakes),
            allow: allow(environment, mistakes),
            requirements: requirements_of(name, environment, &raw.environments, &tables, mistakes),
        })
        .collect();
    unused_requirements(raw, mistakes);
    environments
}

fn refs(name: &At<String>, raw: &RawEnvironment, mistakes: &mut Mistakes<'_>) -> RefPatterns {
    let what = format!("the environment `{}` has no refs", name.value);
    mistakes.require_some(&raw.refs, &what, "name its branches: refs = [\"main\", \"release/*\"]");
    for pattern in raw.refs.iter().filter(|pattern| never_a_ref(pattern)) {
        let mistake = mistakes.at(pattern, format_args!("no ref can be called `{}`", pattern.value));
        mistakes.error(
            mistake.help("a branch's name, or a ref from `refs/` on; `*` stops at `/`, `**` does not"),
        );
    }
    mistakes.refs(&raw.refs)
}

/// Does the pattern hold what git-check-ref-format(1) allows in no name? Then it would protect nothing.
fn never_a_ref(pattern: &str) -> bool {
    pattern.contains("..")
        || pattern.contains("@{")
        || pattern.contains("//")
        || pattern.starts_with('/')
        || pattern.ends_with('/')
        || pattern.chars().any(|c| c.is_ascii_control() || " ~:".contains(c))
}

fn allow(raw: &RawEnvironment, mistakes: &mut Mistakes<'_>) -> Allow {
    let mut allow = Allow::default();
    for word in &raw.allow {
        match word.value.as_str() {
            "force-push" => allow.force_push = true,
            "delete" => allow.delete = true,
            _ => mistakes.unknown("permission", word, Allow::WORDS),
        }
    }
    allow
}

/// The tables that hold in an environment: its own, and those of the environment (or the table) it names, and so on: who
/// shares the requirements of one that shares another's is held to both.
fn requirements_of(
    name: &At<String>,
    environment: &At<Table<RawEnvironment>>,
    all: &BTreeMap<At<String>, At<Table<RawEnvironment>>>,
    tables: &BTreeSet<&str>,
    mistakes: &mut Mistakes<'_>,
) -> Vec<String> {
    let mut hold: Vec<String> = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    let mut next = Some(name.value.as_str());
    while let Some(one) = next.filter(|one| !seen.contains(one)) {
        seen.push(one);
        if tables.contains(one) {
            hold.push(one.to_owned());
        }
        next = all
            .get(one)
            .and_then(|environment| environment.requirements.as_ref())
            .map(|of| of.value.as_str());
    }
    if let Some(of) = &environment.requirements
        && !tables.contains(of.value.as_str())
        && !all.contains_key(of.value.as_str())
    {
        let valid = tables.iter().copied().chain(all.keys().map(|name| name.value.as_str()));
        mistakes.unknown("requirements", of, valid.collect::<BTreeSet<_>>());
    } else if hold.is_empty() {
        let mistake = mistakes.at(name, format_args!("the environment `{}` has no requirements", name.value));
        let table =
            format!("add [requirements.{}] with a row `major`; `major = {{}}` says: nothing", name.value);
        mistakes.error(mistake.help(table));
    }
    hold
}

/// Requirements that hold nowhere protect nothing, which their author cannot have meant.
fn unused_requirements(raw: &RawBylaws, mistakes: &mut Mistakes<'_>) {
    let shared: BTreeSet<&str> = raw
        .environments
        .values()
        .filter_map(|environment| environment.requirements.as_ref())
        .map(|of| of.value.as_str())
        .collect();
    for name in raw.requirements.keys() {
        if !raw.environments.contains_key(name) && !shared.contains(name.value.as_str()) {
            let mistake =
                mistakes.at(name, format_args!("requirements for no environment: `{}`", name.value));
            let environments = raw.environments.keys().map(|name| name.value.as_str());
            mistakes.error(mistake.nearest(name, environments));
        }
    }
}

//! `[environments]`: which refs lead where, and what may happen to them.

use std::collections::BTreeSet;

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

/// All environments, by name, each with the requirements that hold in it: those of `above`, the operator's, can be named too.
pub(super) fn environments(
    raw: &RawBylaws,
    above: Option<&RawBylaws>,
    mistakes: &mut Mistakes<'_>,
) -> Vec<Environment> {
    let known = Known { all: [Some(raw), above] };
    let environments = raw
        .environments
        .iter()
        .map(|(name, environment)| Environment {
            name: name.value.clone(),
            refs: refs(name, environment, mistakes),
            allow: allow(environment, mistakes),
            requirements: requirements_of(name, environment, &known, mistakes),
        })
        .collect();
    unused_requirements(raw, &known, mistakes);
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

/// The environments and `[requirements]` tables that can be named.
struct Known<'a> {
    all: [Option<&'a RawBylaws>; 2],
}

impl<'a> Known<'a> {
    fn environments(&self) -> impl Iterator<Item = (&'a str, &'a RawEnvironment)> {
        let all = self.all.iter().copied().flatten().flat_map(|raw| &raw.environments);
        all.map(|(name, environment)| (name.value.as_str(), &***environment))
    }

    fn tables(&self) -> impl Iterator<Item = &'a str> {
        let all = self.all.iter().copied().flatten().flat_map(|raw| raw.requirements.keys());
        all.map(|name| name.value.as_str())
    }

    /// Whose requirements the environments share.
    fn shared(&self) -> impl Iterator<Item = &'a str> {
        let of = |(_, environment): (_, &'a RawEnvironment)| environment.requirements.as_ref();
        self.environments().filter_map(of).map(|name| name.value.as_str())
    }

    fn has_table(&self, name: &str) -> bool {
        self.tables().any(|one| one == name)
    }

    fn has_environment(&self, name: &str) -> bool {
        self.environments().any(|(one, _)| one == name)
    }
}

/// The tables that hold in an environment: its own, and those of the environment (or the table) it names, and so on: who
/// shares the requirements of one that shares another's is held to both.
fn requirements_of(
    name: &At<String>,
    environment: &At<Table<RawEnvironment>>,
    known: &Known<'_>,
    mistakes: &mut Mistakes<'_>,
) -> Vec<String> {
    let mut hold: Vec<String> = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    let mut next = vec![name.value.as_str()];
    while let Some(one) = next.pop() {
        if seen.contains(&one) {
            continue;
        }
        seen.push(one);
        if known.has_table(one) {
            hold.push(one.to_owned());
        }
        let named = known.environments().filter(|(name, _)| *name == one);
        next.extend(named.filter_map(|(_, one)| one.requirements.as_ref()).map(|of| of.value.as_str()));
    }
    if let Some(of) = &environment.requirements
        && !known.has_table(of)
        && !known.has_environment(of)
    {
        let valid = known.tables().chain(known.environments().map(|(name, _)| name));
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
fn unused_requirements(raw: &RawBylaws, known: &Known<'_>, mistakes: &mut Mistakes<'_>) {
    for name in raw.requirements.keys() {
        if !known.has_environment(name) && !known.shared().any(|of| of == name.value) {
            let mistake =
                mistakes.at(name, format_args!("requirements for no environment: `{}`", name.value));
            let environments: BTreeSet<&str> = known.environments().map(|(name, _)| name).collect();
            mistakes.error(mistake.nearest(name, environments));
        }
    }
}

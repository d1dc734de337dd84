//! From the files of a policy to the policy: read everything, find everything that is wrong, and only then bind.

use std::path::Path;
use std::sync::Arc;

use super::Config;
use super::document;
use super::files::{self, PolicyFile, PolicyFiles};
use super::governed;
use super::mistakes::Mistakes;
use super::people::Directory;
use super::raw::{RawBylaws, RawPeople, RawRule};
use super::requires;
use super::rules::{self, Known};
use super::sets::{self, RECOMMENDED};
use super::tree;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::{Oid, People};
use crate::git::Repository;
use crate::policy::{Binding, Limits, Origin, Policy, RuleBook, RuleInfo, Script, ScriptKind};
use crate::verdict::PolicyName;

/// Where a policy is read from, and what people know that as: `.bylaws`, `origin/main:.bylaws`.
#[derive(Clone)]
pub enum PolicySource<'a> {
    /// A `.bylaws` folder on disk.
    Folder(&'a Path, String),
    /// A folder in a commit's tree, mostly `.bylaws`.
    Tree(&'a Repository, Oid, String, String),
    /// The files of a `.bylaws` folder that were read elsewhere: paths below it, with `/`, and contents.
    Files(Vec<PolicyFile>, String),
    /// The rule set that is in force where there is no `.bylaws/`.
    BuiltIn,
}

impl PolicySource<'_> {
    /// What people know it as.
    pub fn shown(&self) -> &str {
        match self {
            Self::Folder(_, shown) | Self::Tree(.., shown) | Self::Files(_, shown) => shown,
            Self::BuiltIn => RECOMMENDED,
        }
    }
}

/// A policy, ready to judge.
#[derive(Debug)]
pub struct LoadedPolicy {
    /// The rules in force.
    pub policy: Policy,
    /// Everything else that `bylaws.toml` says. What is about the whole repository (environments, requirements,
    /// classification, owners, break-glass) is the operator's too, where there is one; `except` and `waivers` are not.
    pub config: Config,
    /// Everybody in `people.toml`, the operator's too.
    pub people: Arc<People>,
    /// Where it was read, and its digest: of both, where there is an operator's.
    pub name: PolicyName,
    /// The repository's own tests of its rules.
    pub tests: Vec<Script>,
    /// The scripts of the rules, the shipped sets' first.
    pub scripts: Vec<Script>,
    /// The shipped sets that it extends.
    pub sets: Vec<String>,
    /// What somebody ought to know: a waiver has ended. Nothing is refused for these.
    pub notices: Vec<Diagnostic>,
    /// The operator's, which judges beside this one by rules, `except`, waivers and baselines of its own, so that nothing
    /// that this one says of rules touches it. That has none itself, and its `config` is what it alone says.
    pub required: Option<Box<LoadedPolicy>>,
}

/// Loads a policy. `clock` is now, in seconds UTC. Scripts are run: call it where [`crate::policy::with_stack`] has made
/// room for them.
///
/// # Errors
/// Everything that is wrong with it, in the order of the places; that there is no such folder; or that no rule is in force.
pub fn load(source: PolicySource<'_>, clock: i64) -> Result<LoadedPolicy, Diagnostics> {
    let shown = source.shown().to_owned();
    load_if_present(source, clock)?.ok_or_else(|| {
        let missing = Diagnostic::new(format!("there is no policy at `{shown}`"));
        missing.help("`bylaws init` writes a starter into .bylaws/").into()
    })
}

/// As [`load`]; `None` if a folder does not exist.
///
/// # Errors
/// As for [`load`].
pub fn load_if_present(source: PolicySource<'_>, clock: i64) -> Result<Option<LoadedPolicy>, Diagnostics> {
    load_for(source, clock, Purpose::All)
}

/// As [`load_if_present`], for a run that asks rules of one kind only: a hook does not pay for the others.
///
/// # Errors
/// As for [`load`].
pub fn load_for(
    source: PolicySource<'_>,
    clock: i64,
    purpose: Purpose,
) -> Result<Option<LoadedPolicy>, Diagnostics> {
    governed::load_governed(Some(source), None, clock, purpose)
}

/// The files of a policy, and what people know it as; `None` if a folder does not exist. What cannot be part of a policy goes
/// to `mistakes`.
pub(super) fn read(
    source: PolicySource<'_>,
    mistakes: &mut Vec<Diagnostic>,
) -> Result<Option<Found>, Diagnostics> {
    let (files, shown) = match source {
        PolicySource::Folder(folder, shown) => (files::read_folder(folder, &shown, mistakes)?, shown),
        PolicySource::Tree(repository, commit, path, shown) => {
            (tree::read(repository, commit, &path, &shown, mistakes)?, shown)
        }
        PolicySource::Files(files, shown) => (Some(files), shown),
        PolicySource::BuiltIn => (Some(Vec::new()), RECOMMENDED.to_owned()),
    };
    let Some(files) = files else { return Ok(None) };
    Ok(Some(Found::new(files::sort(files, &shown, mistakes)?, shown)))
}

/// Which rules a run will ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// All of them.
    All,
    /// Those with a `file` handler.
    Files,
    /// Those with a `commit` handler.
    Commits,
    /// Those with either.
    FilesAndCommits,
}

impl Purpose {
    /// May a run for this ask a rule of this script? Shipped scripts have their handlers at the beginning of a line, as a
    /// test makes sure; one that `bylaws.toml` speaks of is always wanted, so that what it says is checked.
    fn wants(self, script: &Script, named: &[&str]) -> bool {
        let handlers: &[&str] = match self {
            Self::All => return true,
            Self::Files => &["file:"],
            Self::Commits => &["commit:"],
            Self::FilesAndCommits => &["file:", "commit:"],
        };
        let begins = |line: &str| handlers.iter().any(|handler| line.starts_with(handler));
        let is_named = named.iter().any(|rule| script.name.ends_with(&format!("/{rule}.rhai")));
        script.kind != ScriptKind::Rules
            || is_named
            || script.text.lines().any(|line| begins(line.trim_start()))
    }
}

/// The files of one policy, read.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) files: PolicyFiles,
    /// What people know it as, and its TOML files.
    pub(super) shown: String,
    bylaws: String,
    people: String,
}

impl Found {
    pub(super) fn new(files: PolicyFiles, shown: String) -> Self {
        let (bylaws, people) = (format!("{shown}/bylaws.toml"), format!("{shown}/people.toml"));
        Self { files, shown, bylaws, people }
    }

    pub(super) fn bylaws_name(&self) -> &str {
        &self.bylaws
    }

    pub(super) fn bylaws_text(&self) -> &str {
        self.files.bylaws.as_deref().unwrap_or_default()
    }
}

/// One policy as far as it can be read alone: a file that is not there is empty, and what is broken is `None`.
pub(super) struct Reading<'f> {
    pub(super) found: &'f Found,
    pub(super) in_bylaws: Mistakes<'f>,
    pub(super) in_people: Mistakes<'f>,
    pub(super) raw: Option<RawBylaws>,
    pub(super) people: Option<RawPeople>,
    pub(super) sets: Vec<String>,
    pub(super) shipped: Vec<ShippedSet>,
    pub(super) scripts: Vec<Script>,
    pub(super) book: Option<RuleBook>,
    /// What is wrong with the scripts.
    of_book: Vec<Diagnostic>,
}

impl<'f> Reading<'f> {
    pub(super) fn of(found: &'f Found, purpose: Purpose) -> Result<Self, Diagnostics> {
        let people = found.files.people.as_deref().unwrap_or_default();
        let mut in_bylaws = Mistakes::new(&found.bylaws, found.bylaws_text());
        let mut in_people = Mistakes::new(&found.people, people);
        let raw = read_bylaws(found.bylaws_text(), &mut in_bylaws)?;
        let people = read_people(people, &mut in_people);
        let sets = extended(raw.as_ref(), &mut in_bylaws);
        let shipped = shipped(&sets);
        let named = raw.as_ref().map(named).unwrap_or_default();
        let scripts = judging(&found.files.scripts, &shipped, |script| purpose.wants(script, &named));
        let (book, of_book) = match RuleBook::compile(&scripts, Limits::default()) {
            Ok(book) => (Some(book), Vec::new()),
            Err(mistakes) => (None, mistakes.0),
        };
        Ok(Self { found, in_bylaws, in_people, raw, people, sets, shipped, scripts, book, of_book })
    }

    /// Everything that is wrong so far.
    pub(super) fn errors(&mut self) -> Vec<Diagnostic> {
        let mut errors = std::mem::take(&mut self.of_book);
        errors.append(&mut self.in_bylaws.errors);
        errors.append(&mut self.in_people.errors);
        errors
    }

    /// What it says beside the rules, and how these are in force. Words are looked up in what `beside` knows.
    pub(super) fn meaning(&mut self, beside: &Beside<'_>, clock: i64) -> Option<(Config, Vec<Binding>)> {
        let raw = self.raw.as_ref()?;
        let config = Config::read(raw, beside, clock, &mut self.in_bylaws);
        let bindings = match &self.book {
            Some(book) => bind(raw, book.rules(), beside, &mut self.in_bylaws),
            None => Vec::new(),
        };
        Some((config, bindings))
    }
}

/// What words of a `bylaws.toml` may name beside what it says itself.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Beside<'a> {
    /// Everybody; `None` where a file is broken: then no word is looked up.
    pub(super) directory: Option<&'a Directory>,
    /// The names of all environments; `None` where a file is broken.
    pub(super) environments: Option<&'a [String]>,
    /// For the repository's, the operator's.
    pub(super) above: Option<&'a RawBylaws>,
}

/// `bylaws.toml` as written. A newer one than this binary can judge by is its own error: what else seems wrong with it
/// may well be right.
pub(super) fn read_bylaws(text: &str, mistakes: &mut Mistakes<'_>) -> Result<Option<RawBylaws>, Diagnostics> {
    let Some(document) = document::parse(text, mistakes) else { return Ok(None) };
    if let Some(requires) = document::top_level_string(&document, "requires")
        && let Some(too_old) = requires::check(&requires, env!("CARGO_PKG_VERSION"), mistakes)
    {
        return Err(too_old.into());
    }
    Ok(document::read(document, mistakes))
}

/// `people.toml` as written.
pub(super) fn read_people(text: &str, mistakes: &mut Mistakes<'_>) -> Option<RawPeople> {
    let document = document::parse(text, mistakes)?;
    document::read(document, mistakes)
}

/// The shipped sets in force, each once, by name.
pub(super) fn extended(raw: Option<&RawBylaws>, mistakes: &mut Mistakes<'_>) -> Vec<String> {
    let Some(extends) = raw.and_then(|raw| raw.extends.as_ref()) else { return vec![RECOMMENDED.to_owned()] };
    let shipped = sets::sets();
    let mut names: Vec<String> = Vec::new();
    for set in extends {
        if shipped.contains(&set.value.as_str()) {
            names.push(set.value.clone());
        } else {
            mistakes.unknown("rule set", set, shipped.iter().copied());
        }
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// A shipped set's name and scripts.
pub(super) type ShippedSet = (String, Vec<Script>);

/// The sets without their tests.
pub(super) fn shipped(names: &[String]) -> Vec<ShippedSet> {
    names.iter().filter_map(|name| Some((name.clone(), sets::judging_scripts(name)?))).collect()
}

/// The rules that `bylaws.toml` speaks of.
fn named(raw: &RawBylaws) -> Vec<&str> {
    let waived = raw.waiver.iter().map(|waiver| waiver.rule.value.as_str());
    raw.rules.keys().map(|id| id.value.as_str()).chain(waived).collect()
}

/// The scripts that make the rules. Shipped ones first: of two rules with one id the message then points at the
/// repository's own, which can be changed.
fn judging(own: &[Script], shipped: &[ShippedSet], wanted: impl Fn(&Script) -> bool) -> Vec<Script> {
    let shipped = shipped.iter().flat_map(|(_, scripts)| scripts).filter(|script| wanted(script));
    shipped.chain(own).filter(|script| script.kind != ScriptKind::Tests).cloned().collect()
}

fn bind(
    raw: &RawBylaws,
    rules: &[RuleInfo],
    beside: &Beside<'_>,
    mistakes: &mut Mistakes<'_>,
) -> Vec<Binding> {
    for rule in rules {
        let hidden = rule.params.keys().filter(|name| RawRule::KEYS.contains(&name.as_str()));
        mistakes.errors.extend(hidden.map(|name| {
            let message = format!("a parameter of `{}` cannot be called `{name}`", rule.id);
            Diagnostic::at(rule.place.clone(), message)
                .help("in [rules] that key means the same for every rule")
        }));
        mistakes.errors.extend(unknown_environments(rule, beside.environments));
    }
    let known: Vec<Known<'_>> =
        rules.iter().map(|rule| Known { id: &rule.id, level: rule.level, params: &rule.params }).collect();
    rules::check_waivers(raw, &known, mistakes);
    rules::bindings(raw, &known, mistakes)
}

/// A rule that is for an environment which does not exist would never be looked at; those of shipped sets are for everybody.
fn unknown_environments(rule: &RuleInfo, environments: Option<&[String]>) -> Vec<Diagnostic> {
    let Some(environments) = environments else { return Vec::new() };
    let named = rule.filters.environments.iter().flatten().filter(|_| rule.origin == Origin::Repository);
    named
        .filter(|name| !environments.contains(name))
        .map(|name| {
            let message = format!("`{}` is for the environment `{name}`, which does not exist", rule.id);
            Diagnostic::at(rule.place.clone(), message).nearest(name, environments.iter().map(String::as_str))
        })
        .collect()
}

/// By place, each mistake once.
pub(super) fn in_order(mut errors: Vec<Diagnostic>) -> Diagnostics {
    errors.sort();
    errors.dedup();
    Diagnostics(errors)
}

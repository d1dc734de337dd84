//! From the files of a policy to the policy: read everything, find everything that is wrong, and only then bind.

use std::path::Path;
use std::sync::Arc;

use super::Config;
use super::digest::{Part, digest};
use super::document;
use super::files::{self, PolicyFile, PolicyFiles};
use super::mistakes::Mistakes;
use super::people::Directory;
use super::raw::{RawBylaws, RawPeople, RawRule};
use super::requires;
use super::rules::{self, Known};
use super::sets::{self, RECOMMENDED};
use super::tree;
use crate::diagnostic::{Diagnostic, Diagnostics, Place};
use crate::facts::{Oid, People};
use crate::git::Repository;
use crate::policy::{Binding, Limits, Origin, Policy, RuleBook, RuleInfo, Script, ScriptKind};
use crate::verdict::{Level, PolicyName};

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

/// A policy, ready to judge.
#[derive(Debug)]
pub struct LoadedPolicy {
    /// The rules in force.
    pub policy: Policy,
    /// Everything else that `bylaws.toml` says.
    pub config: Config,
    /// Everybody in `people.toml`.
    pub people: Arc<People>,
    /// Where it was read, and its digest.
    pub name: PolicyName,
    /// The repository's own tests of its rules.
    pub tests: Vec<Script>,
    /// The scripts of the rules, the shipped sets' first.
    pub scripts: Vec<Script>,
    /// The shipped sets that it extends.
    pub sets: Vec<String>,
    /// What somebody ought to know: a waiver has ended. Nothing is refused for these.
    pub notices: Vec<Diagnostic>,
}

/// Loads a policy. `clock` is now, in seconds UTC. Scripts are run: call it where [`crate::policy::with_stack`] has made
/// room for them.
///
/// # Errors
/// Everything that is wrong with it, in the order of the places; that there is no such folder; or that no rule is in force.
pub fn load(source: PolicySource<'_>, clock: i64) -> Result<LoadedPolicy, Diagnostics> {
    let shown = match &source {
        PolicySource::Folder(_, shown) | PolicySource::Tree(.., shown) | PolicySource::Files(_, shown) => {
            shown.clone()
        }
        PolicySource::BuiltIn => RECOMMENDED.to_owned(),
    };
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
    let mut mistakes = Vec::new();
    let Some((files, shown)) = read(source, &mut mistakes)? else { return Ok(None) };
    let load = |files, purpose| Loader { shown: shown.clone(), clock, purpose }.load(files, mistakes.clone());
    if purpose == Purpose::All {
        return load(files, purpose).map(Some);
    }
    // What is wrong is told as it is when all is loaded: the nearest rule may be one that is left out.
    load(files.clone(), purpose).or_else(|_| load(files, Purpose::All)).map(Some)
}

/// The files of a policy, and what people know it as; `None` if a folder does not exist. What cannot be part of a policy goes
/// to `mistakes`.
pub(super) fn read(
    source: PolicySource<'_>,
    mistakes: &mut Vec<Diagnostic>,
) -> Result<Option<(PolicyFiles, String)>, Diagnostics> {
    let (files, shown) = match source {
        PolicySource::Folder(folder, shown) => (files::read_folder(folder, &shown, mistakes)?, shown),
        PolicySource::Tree(repository, commit, path, shown) => {
            (tree::read(repository, commit, &path, &shown, mistakes)?, shown)
        }
        PolicySource::Files(files, shown) => (Some(files), shown),
        PolicySource::BuiltIn => (Some(Vec::new()), RECOMMENDED.to_owned()),
    };
    let Some(files) = files else { return Ok(None) };
    Ok(Some((files::sort(files, &shown, mistakes)?, shown)))
}

/// A policy whose files were read; `errors` are those that were found before.
pub(super) fn load_files(
    files: PolicyFiles,
    shown: String,
    clock: i64,
    errors: Vec<Diagnostic>,
) -> Result<LoadedPolicy, Diagnostics> {
    Loader { shown, clock, purpose: Purpose::All }.load(files, errors)
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
}

impl Purpose {
    /// May a run for this ask a rule of this script? Shipped scripts have their handlers at the beginning of a line, as a
    /// test makes sure; one that `bylaws.toml` speaks of is always wanted, so that what it says is checked.
    fn wants(self, script: &Script, named: &[&str]) -> bool {
        let handler = match self {
            Self::All => return true,
            Self::Files => "file:",
            Self::Commits => "commit:",
        };
        let is_named = named.iter().any(|rule| script.name.ends_with(&format!("/{rule}.rhai")));
        script.kind != ScriptKind::Rules
            || is_named
            || script.text.lines().any(|line| line.trim_start().starts_with(handler))
    }
}

struct Loader {
    shown: String,
    clock: i64,
    purpose: Purpose,
}

/// One TOML file of the policy: its name and text. One that is not there is empty.
struct Source {
    name: String,
    text: String,
}

impl Loader {
    /// `errors` are those that were found before.
    fn load(self, mut files: PolicyFiles, mut errors: Vec<Diagnostic>) -> Result<LoadedPolicy, Diagnostics> {
        let bylaws = self.source("bylaws.toml", files.bylaws.take());
        let people = self.source("people.toml", files.people.take());
        let mut in_bylaws = Mistakes::new(&bylaws.name, &bylaws.text);
        let mut in_people = Mistakes::new(&people.name, &people.text);

        let raw = read_bylaws(&bylaws.text, &mut in_bylaws)?;
        let directory = read_people(&people.text, raw.as_ref(), &mut in_people);
        let sets = extended(raw.as_ref(), &mut in_bylaws);
        let shipped = shipped(&sets);
        let named = raw.as_ref().map(named).unwrap_or_default();
        let scripts = judging(&files.scripts, &shipped, |script| self.purpose.wants(script, &named));
        let book = RuleBook::compile(&scripts, Limits::default());

        let config =
            raw.as_ref().map(|raw| Config::read(raw, directory.as_ref(), self.clock, &mut in_bylaws));
        let bindings = match (&raw, &book) {
            (Some(raw), Ok(book)) => bind(raw, book.rules(), &mut in_bylaws),
            _ => Vec::new(),
        };

        errors.append(&mut in_bylaws.errors);
        errors.append(&mut in_people.errors);
        let mut notices = in_bylaws.notices;
        notices.append(&mut in_people.notices);
        let book = book.map_err(|mistakes| errors.extend(mistakes.0)).ok();
        let (Some(config), Some(directory), Some(book), true) = (config, directory, book, errors.is_empty())
        else {
            return Err(in_order(errors));
        };
        if self.purpose == Purpose::All && bindings.iter().all(|binding| binding.level == Level::Off) {
            return Err(no_rule(&bylaws.name).into());
        }
        let people = Arc::new(People::new(directory.identities));
        let name = PolicyName { source: self.shown, digest: self::name(&files, &shipped) };
        let tests = files.scripts.into_iter().filter(|script| script.kind == ScriptKind::Tests).collect();
        let owners = config.owners.iter().map(|owners| (owners.paths.clone(), owners.team.clone())).collect();
        let policy = book.bind(bindings, Arc::clone(&people)).with_owners(owners);
        Ok(LoadedPolicy { policy, config, people, name, tests, scripts, sets, notices })
    }

    fn source(&self, file: &str, text: Option<String>) -> Source {
        Source { name: format!("{}/{file}", self.shown), text: text.unwrap_or_default() }
    }
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

/// `people.toml`, looked up against the environments; those of a broken `bylaws.toml` are not known.
pub(super) fn read_people(
    text: &str,
    bylaws: Option<&RawBylaws>,
    mistakes: &mut Mistakes<'_>,
) -> Option<Directory> {
    let document = document::parse(text, mistakes)?;
    let raw: RawPeople = document::read(document, mistakes)?;
    let environments: Option<Vec<&str>> =
        bylaws.map(|bylaws| bylaws.environments.keys().map(|name| name.value.as_str()).collect());
    Some(Directory::read(raw, environments.as_deref(), mistakes))
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

fn bind(raw: &RawBylaws, rules: &[RuleInfo], mistakes: &mut Mistakes<'_>) -> Vec<Binding> {
    for rule in rules {
        let hidden = rule.params.keys().filter(|name| RawRule::KEYS.contains(&name.as_str()));
        mistakes.errors.extend(hidden.map(|name| {
            let message = format!("a parameter of `{}` cannot be called `{name}`", rule.id);
            Diagnostic::at(rule.place.clone(), message)
                .help("in [rules] that key means the same for every rule")
        }));
        mistakes.errors.extend(unknown_environments(rule, raw));
    }
    let known: Vec<Known<'_>> =
        rules.iter().map(|rule| Known { id: &rule.id, level: rule.level, params: &rule.params }).collect();
    rules::check_waivers(raw, &known, mistakes);
    rules::bindings(raw, &known, mistakes)
}

/// A rule of the repository's own that is for an environment which does not exist would never be looked at.
fn unknown_environments(rule: &RuleInfo, raw: &RawBylaws) -> Vec<Diagnostic> {
    let named = rule.filters.environments.iter().flatten().filter(|_| rule.origin == Origin::Repository);
    let unknown = named.filter(|name| !raw.environments.contains_key(name.as_str()));
    let valid = || raw.environments.keys().map(|name| name.value.as_str());
    unknown
        .map(|name| {
            let message = format!("`{}` is for the environment `{name}`, which does not exist", rule.id);
            Diagnostic::at(rule.place.clone(), message).nearest(name, valid())
        })
        .collect()
}

fn no_rule(file: &str) -> Diagnostic {
    Diagnostic::at(Place::file(file), "no rule is in force, so nothing would be checked")
        .help("add a rule in rules/, or extends = [\"recommended\"]; `bylaws rules` lists those in force")
}

/// By place, each mistake once.
pub(super) fn in_order(mut errors: Vec<Diagnostic>) -> Diagnostics {
    errors.sort();
    errors.dedup();
    Diagnostics(errors)
}

/// The digest over everything that judges.
fn name(files: &PolicyFiles, shipped: &[ShippedSet]) -> String {
    let own = files.judging.iter().map(|(path, text)| (path.as_str(), text.as_bytes())).collect();
    let mut parts = vec![
        Part { name: "repository".to_owned(), files: own },
        Part { name: "operator".to_owned(), files: Vec::new() },
    ];
    for (set, scripts) in shipped {
        let files = scripts.iter().map(|script| (script.name.as_str(), script.text.as_bytes())).collect();
        parts.push(Part { name: format!("set {set}"), files });
    }
    digest(&parts)
}

//! The repository's policy under the operator's `required`, which a repository can tighten or add to, never redefine or weaken.
//!
//! That holds by construction, not by comparing the two. Rules are judged side by side: each policy by its own levels,
//! parameters, paths, exceptions, baselines and waivers, so that nothing a repository writes reaches a rule of the operator's.
//! What is about the repository as a whole is common to both, and only ever adds up:
//!
//! - *people*: the operator's and the repository's. Whom the operator names nobody can name otherwise (`people.rs`).
//! - *environments* stand beside each other, also two of one name: what both allow is allowed, the requirements of both hold.
//! - *impact*: the higher of what both say; a policy without `[[classify]]` says nothing.
//! - *owners*: all of both. *break-glass*: no wider than either.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::digest::{Part, digest};
use super::files::PolicyFiles;
use super::load::{self, Beside, Found, LoadedPolicy, PolicySource, Purpose, Reading, ShippedSet, in_order};
use super::people::Directory;
use super::requirement::BreakGlass;
use super::{Config, Owners};
use crate::diagnostic::{Diagnostic, Diagnostics, Place};
use crate::facts::People;
use crate::patterns::PathPatterns;
use crate::policy::{Binding, ScriptKind};
use crate::verdict::{Level, PolicyName};

/// Where a server publishes the operator's policy, so that clones judge alike: the ref's tree holds a `.bylaws/`.
pub const REQUIRED_REF: &str = "refs/bylaws/required";

/// Loads a repository's policy together with the operator's. `None` where there is neither: nothing is `required`, and what
/// `own` names does not exist. Without the repository's the operator's judges alone. A `required` that is named and not there
/// is an error. `clock` is now, in seconds UTC.
///
/// # Errors
/// As for [`load::load`], of both; and where the repository's redefines something of the operator's.
pub fn load_governed(
    own: Option<PolicySource<'_>>,
    required: Option<PolicySource<'_>>,
    clock: i64,
    purpose: Purpose,
) -> Result<Option<LoadedPolicy>, Diagnostics> {
    let mut mistakes = Vec::new();
    let own = own.map(|source| load::read(source, &mut mistakes)).transpose()?.flatten();
    let required = required.map(|source| found_above(source, &mut mistakes)).transpose()?;
    if own.is_none() && required.is_none() {
        return Ok(None);
    }
    let load =
        |purpose| Loader { clock, purpose, errors: mistakes.clone() }.load(own.as_ref(), required.as_ref());
    if purpose == Purpose::All {
        return load(purpose).map(Some);
    }
    // What is wrong is told as it is when all is loaded: the nearest rule may be one that is left out.
    load(purpose).or_else(|_| load(Purpose::All)).map(Some)
}

/// A policy whose files were read; `errors` are those that were found before.
pub(super) fn load_found(
    own: &Found,
    required: Option<&Found>,
    clock: i64,
    errors: Vec<Diagnostic>,
) -> Result<LoadedPolicy, Diagnostics> {
    Loader { clock, purpose: Purpose::All, errors }.load(Some(own), required)
}

/// The files of the operator's policy, which must be there.
pub(super) fn found_above(
    source: PolicySource<'_>,
    mistakes: &mut Vec<Diagnostic>,
) -> Result<Found, Diagnostics> {
    let shown = source.shown().to_owned();
    load::read(source, mistakes)?.ok_or_else(|| {
        let missing = Diagnostic::at(Place::file(shown), "the operator's policy is not there");
        missing.help("it is required here, so nothing can be judged without it").into()
    })
}

struct Loader {
    clock: i64,
    purpose: Purpose,
    /// What was found to be wrong before.
    errors: Vec<Diagnostic>,
}

/// What a policy says, and how its rules are in force.
type Meaning = (Config, Vec<Binding>);

impl Loader {
    fn load(mut self, own: Option<&Found>, required: Option<&Found>) -> Result<LoadedPolicy, Diagnostics> {
        let nothing = nothing();
        let mut above = required.map(|found| Reading::of(found, self.purpose)).transpose()?;
        if let Some(above) = &mut above {
            let wrong = above.errors();
            if !wrong.is_empty() {
                // What the repository's means by words of the operator's is not known.
                self.errors.extend(wrong);
                return Err(in_order(self.errors));
            }
        }
        let mut reading = Reading::of(own.unwrap_or(&nothing), self.purpose)?;
        let environments = environments(&reading, above.as_ref());
        let everybody = Everybody::of(&mut reading, above.as_mut(), environments.as_deref());

        let raw_above = above.as_ref().and_then(|above| above.raw.as_ref());
        let environments = environments.as_deref();
        let beside = Beside { directory: everybody.own.as_ref(), environments, above: raw_above };
        let meaning = reading.meaning(&beside, self.clock);
        let beside = Beside { directory: everybody.above.as_ref(), environments, above: None };
        let meaning_above = above.as_mut().map(|above| above.meaning(&beside, self.clock));

        self.errors.append(&mut reading.errors());
        self.errors.extend(above.iter_mut().flat_map(Reading::errors));
        let (Some(meaning), Some(directory), true) = (meaning, everybody.own, self.errors.is_empty()) else {
            return Err(in_order(self.errors));
        };
        let above = above.zip(meaning_above.flatten());
        let mut bindings = meaning.1.iter().chain(above.iter().flat_map(|(_, (_, bindings))| bindings));
        if self.purpose == Purpose::All && bindings.all(|binding| binding.level == Level::Off) {
            return Err(no_rule(own.or(required).unwrap_or(&nothing).bylaws_name()).into());
        }
        together(reading, meaning, own.is_some(), above, directory).ok_or_else(|| in_order(self.errors))
    }
}

/// Where there is no policy of the repository's, none of its rules are in force.
fn nothing() -> Found {
    let files = PolicyFiles { bylaws: Some("extends = []\n".to_owned()), ..PolicyFiles::default() };
    Found::new(files, ".bylaws".to_owned())
}

/// The names of all environments of both; `None` where a file is broken.
fn environments(own: &Reading<'_>, above: Option<&Reading<'_>>) -> Option<Vec<String>> {
    let mut names = Vec::new();
    for reading in [Some(own), above].into_iter().flatten() {
        names.extend(reading.raw.as_ref()?.environments.keys().map(|name| name.value.clone()));
    }
    names.sort_unstable();
    names.dedup();
    Some(names)
}

/// Everybody in both files, as the words of each policy name them; `None` where a file is broken.
struct Everybody {
    own: Option<Directory>,
    above: Option<Directory>,
}

impl Everybody {
    fn of(own: &mut Reading<'_>, above: Option<&mut Reading<'_>>, environments: Option<&[String]>) -> Self {
        let Some(above) = above else {
            let raw = own.people.take();
            let read = raw.map(|raw| Directory::read(raw, environments, None, &mut own.in_people));
            return Self { own: read, above: None };
        };
        let theirs = above.people.take();
        let theirs = theirs.map(|raw| Directory::read(raw, environments, None, &mut above.in_people));
        let raw = own.people.take();
        let own = raw.map(|raw| Directory::read(raw, environments, theirs.as_ref(), &mut own.in_people));
        let (Some(own), Some(theirs)) = (own, theirs) else { return Self { own: None, above: None } };
        let identities = [theirs.identities, own.identities].concat();
        Self {
            above: Some(Directory { seniority: theirs.seniority, identities: identities.clone() }),
            own: Some(Directory { seniority: own.seniority, identities }),
        }
    }
}

/// The two as one; `None` if the scripts of one are broken.
fn together(
    own: Reading<'_>,
    (config, bindings): Meaning,
    is_there: bool,
    above: Option<(Reading<'_>, Meaning)>,
    directory: Directory,
) -> Option<LoadedPolicy> {
    let people = Arc::new(People::new(directory.identities));
    let above_name = above.as_ref().map(|(reading, _)| reading.found.shown.as_str());
    let source = [Some(own.found.shown.as_str()).filter(|_| is_there), above_name];
    let source = source.into_iter().flatten().collect::<Vec<_>>().join(" and ");
    let name = PolicyName { source, digest: name(Some(&own), above.as_ref().map(|(reading, _)| reading)) };
    let Some((reading, (above, bindings_above))) = above else {
        let owners = owned(&config.owners);
        return bound(own, config, bindings, &people, name, owners);
    };
    let config = under(config, &above);
    let owners = owned(&config.owners);
    let required_name =
        PolicyName { source: reading.found.shown.clone(), digest: self::name(None, Some(&reading)) };
    let required = bound(reading, above, bindings_above, &people, required_name, owners.clone())?;
    let loaded = bound(own, config, bindings, &people, name, owners)?;
    Some(LoadedPolicy { required: Some(Box::new(required)), ..loaded })
}

/// One of them, ready to judge.
fn bound(
    reading: Reading<'_>,
    config: Config,
    bindings: Vec<Binding>,
    people: &Arc<People>,
    name: PolicyName,
    owners: Vec<(PathPatterns, String)>,
) -> Option<LoadedPolicy> {
    let Reading { found, in_bylaws, in_people, sets, scripts, book, .. } = reading;
    let notices = [in_bylaws.notices, in_people.notices].concat();
    let is_test = |script: &&crate::policy::Script| script.kind == ScriptKind::Tests;
    let tests = found.files.scripts.iter().filter(is_test).cloned().collect();
    let policy = book?.bind(bindings, Arc::clone(people)).with_owners(owners);
    let people = Arc::clone(people);
    Some(LoadedPolicy { policy, config, people, name, tests, scripts, sets, notices, required: None })
}

fn owned(owners: &[Owners]) -> Vec<(PathPatterns, String)> {
    owners.iter().map(|owners| (owners.paths.clone(), owners.team.clone())).collect()
}

/// What the repository's says of the whole, with what the operator's says of it.
fn under(own: Config, above: &Config) -> Config {
    let mut requirements = above.requirements.clone();
    for (name, tables) in own.requirements {
        requirements.entry(name).or_default().extend(tables);
    }
    Config {
        // The operator's first: a ref is shown under theirs.
        environments: above.environments.iter().cloned().chain(own.environments).collect(),
        classify_above: above.classify.clone(),
        requirements,
        owners: above.owners.iter().cloned().chain(own.owners).collect(),
        break_glass: narrower(own.break_glass, above.break_glass.as_ref()),
        ..own
    }
}

/// No wider than either; where one says nothing, the other's.
fn narrower(own: Option<BreakGlass>, above: Option<&BreakGlass>) -> Option<BreakGlass> {
    let (Some(own), Some(above)) = (&own, above) else { return own.or_else(|| above.cloned()) };
    let seniority = if own.seniority.rank > above.seniority.rank { &own.seniority } else { &above.seniority };
    Some(BreakGlass {
        seniority: seniority.clone(),
        may_skip: own.may_skip.iter().copied().filter(|one| above.may_skip.contains(one)).collect(),
        review_within: own.review_within.min(above.review_within),
    })
}

fn no_rule(file: &str) -> Diagnostic {
    Diagnostic::at(Place::file(file), "no rule is in force, so nothing would be checked")
        .help("add a rule in rules/, or extends = [\"recommended\"]; `bylaws rules` lists those in force")
}

/// The digest over everything that judges.
fn name(own: Option<&Reading<'_>>, above: Option<&Reading<'_>>) -> String {
    let mut parts = vec![part("repository", own), part("operator", above)];
    let mut sets: BTreeMap<&str, &ShippedSet> = BTreeMap::new();
    for reading in [own, above].into_iter().flatten() {
        sets.extend(reading.shipped.iter().map(|shipped| (shipped.0.as_str(), shipped)));
    }
    for (set, (_, scripts)) in sets {
        let files = scripts.iter().map(|script| (script.name.as_str(), script.text.as_bytes())).collect();
        parts.push(Part { name: format!("set {set}"), files });
    }
    digest(&parts)
}

fn part<'a>(name: &str, reading: Option<&Reading<'a>>) -> Part<'a> {
    let files = reading.map(|reading| reading.found.files.judging.as_slice()).unwrap_or_default();
    let files = files.iter().map(|(path, text)| (path.as_str(), text.as_bytes())).collect();
    Part { name: name.to_owned(), files }
}

//! Mistakes in a whole policy: what is wrong with its scripts, found without running them, and with its TOML files; and
//! patterns that match nothing at present, which is no mistake but worth a look.

use std::path::Path;

use super::load::{self, PolicySource};
use super::mistakes::Mistakes;
use super::raw::{RawBylaws, Words};
use super::{files, governed, sets};
use crate::diagnostic::{Diagnostic, Diagnostics, Place};
use crate::facts::{GitPath, RefName};
use crate::patterns::{PathPatterns, RefPatterns};
use crate::policy::lint::{Filter, Linted, lint_some};
use crate::policy::{Origin, Script};

/// How deep the files of a rule set are: `tests/RULE.rhai`.
const SET_DEPTH: usize = 2;

/// Looks at a policy, under the operator's if there is one; `None` if there is none. `clock` is now, in seconds UTC. What shipped sets hold is known to be right and
/// not told of.
///
/// # Errors
/// When it cannot be looked at: the folder cannot be read or is too large, or `bylaws.toml` wants a newer program.
pub fn lint(
    source: PolicySource<'_>,
    required: Option<PolicySource<'_>>,
    clock: i64,
) -> Result<Option<Linted>, Diagnostics> {
    let mut mistakes = Vec::new();
    let Some(found) = load::read(source, &mut mistakes)? else { return Ok(None) };
    let required = required.map(|source| governed::found_above(source, &mut mistakes)).transpose()?;
    // Its mistakes are told by the loader.
    let mut in_bylaws = Mistakes::new(found.bylaws_name(), found.bylaws_text());
    let raw = load::read_bylaws(found.bylaws_text(), &mut in_bylaws)?;
    let shipped = load::shipped(&load::extended(raw.as_ref(), &mut in_bylaws));
    let own = &found.files.scripts;
    let scripts: Vec<Script> =
        shipped.into_iter().flat_map(|(_, scripts)| scripts).chain(own.iter().cloned()).collect();
    let mut linted = lint_some(&scripts, raw.is_some());
    linted.scripts = own.iter().map(|script| script.name.clone()).collect();
    match governed::load_found(&found, required.as_ref(), clock, mistakes) {
        Ok(loaded) => linted.warnings.extend(loaded.notices),
        Err(mistakes) => linted.add(mistakes.0),
    }
    linted.filters.extend(raw.iter().flat_map(|raw| filters(raw, &in_bylaws)));
    linted.sort();
    Ok(Some(linted))
}

/// Looks at the sources of a rule set: `RULE.rhai`, `lib/NAME.rhai`, `tests/TEST.rhai` in a folder.
///
/// # Errors
/// When the folder cannot be read, or is too large.
pub fn lint_set(folder: &Path, shown: &str) -> Result<Linted, Diagnostics> {
    let mut mistakes = Vec::new();
    let found = files::read_below(folder, shown, SET_DEPTH, &mut mistakes)?.unwrap_or_default();
    let mut scripts = Vec::new();
    for (path, contents) in found {
        let Some(kind) = sets::kind(&path) else { continue };
        let name = if shown.is_empty() { path } else { format!("{shown}/{path}") };
        match files::text(&name, contents) {
            Ok(text) => scripts.push(Script { name, text, origin: Origin::Set(shown.to_owned()), kind }),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    scripts.sort_by(|a, b| a.name.cmp(&b.name));
    let mut linted = lint_some(&scripts, true);
    linted.add(mistakes);
    Ok(linted)
}

/// The patterns of `bylaws.toml`, where they are written.
fn filters(raw: &RawBylaws, at: &Mistakes<'_>) -> Vec<Filter> {
    let mut found = Vec::new();
    let mut add = |is_ref: bool, words: &Words| {
        found.extend(words.iter().map(|word| Filter {
            place: at.place(word.offset),
            is_ref,
            pattern: word.value.clone(),
        }));
    };
    add(false, &raw.except);
    for rule in raw.rules.values() {
        rule.paths.iter().for_each(|paths| add(false, paths));
        add(false, &rule.except);
    }
    raw.waiver.iter().filter_map(|waiver| waiver.paths.as_ref()).for_each(|paths| add(false, paths));
    raw.classify.iter().for_each(|entry| add(false, &entry.paths));
    raw.owners.iter().for_each(|owners| add(false, &owners.paths));
    raw.environments.values().for_each(|environment| add(true, &environment.refs));
    found
}

/// Warnings of patterns that match none of these files and refs. Without any file, or any ref, nothing is said of patterns
/// for them: a repository begins so.
pub fn unmatched(filters: &[Filter], files: &[GitPath], refs: &[RefName]) -> Vec<Diagnostic> {
    let is_unmatched = |filter: &&Filter| {
        let pattern = [filter.pattern.strip_prefix('!').unwrap_or(&filter.pattern)];
        if filter.is_ref {
            let refs_match = |patterns: RefPatterns| refs.iter().any(|name| patterns.matches(name));
            !refs.is_empty() && RefPatterns::new(&pattern).is_ok_and(|patterns| !refs_match(patterns))
        } else {
            let files_match = |patterns: PathPatterns| files.iter().any(|path| patterns.matches(path));
            !files.is_empty() && PathPatterns::new(&pattern).is_ok_and(|patterns| !files_match(patterns))
        }
    };
    let warning = |filter: &Filter| {
        let what = if filter.is_ref { "ref" } else { "tracked file" };
        let place: Place = filter.place.clone();
        Diagnostic::at(place, format!("`{}` matches no {what} at present", filter.pattern))
    };
    filters.iter().filter(is_unmatched).map(warning).collect()
}

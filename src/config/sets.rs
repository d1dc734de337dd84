//! The rule sets that are shipped in the binary: the folders of `policy-examples/`.

use include_dir::{Dir, include_dir};

use crate::policy::{Origin, Script, ScriptKind};

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/policy-examples");

/// The set that is in force where a policy does not name any.
pub const RECOMMENDED: &str = "recommended";

/// The names of all shipped sets, in order.
pub fn sets() -> Vec<&'static str> {
    let mut names: Vec<&str> = EMBEDDED.dirs().filter_map(|dir| dir.path().to_str()).collect();
    names.sort_unstable();
    names
}

/// The scripts of a shipped set in the order of their names, its tests among them; `None` for a set that does not exist.
pub fn set_scripts(set: &str) -> Option<Vec<Script>> {
    scripts_that(set, |_| true)
}

/// The same without its tests.
pub(super) fn judging_scripts(set: &str) -> Option<Vec<Script>> {
    scripts_that(set, |kind| *kind != ScriptKind::Tests)
}

fn scripts_that(set: &str, wanted: fn(&ScriptKind) -> bool) -> Option<Vec<Script>> {
    let dir = EMBEDDED.dirs().find(|dir| dir.path().to_str() == Some(set))?;
    let mut scripts = Vec::new();
    collect(dir, set, wanted, &mut scripts);
    scripts.sort_by(|a, b| a.name.cmp(&b.name));
    Some(scripts)
}

/// The shipped sets that have a rule of this name: each rule has a file of its own, which is called after it.
pub(super) fn sets_with(rule: &str) -> Vec<&'static str> {
    sets().into_iter().filter(|set| EMBEDDED.get_file(format!("{set}/{rule}.rhai")).is_some()).collect()
}

fn collect(dir: &Dir<'_>, set: &str, wanted: fn(&ScriptKind) -> bool, scripts: &mut Vec<Script>) {
    for file in dir.files() {
        let path = file.path().to_str().and_then(|path| path.strip_prefix(set)?.strip_prefix('/'));
        let (Some(path), Some(text)) = (path, file.contents_utf8()) else { continue };
        if let Some(kind) = kind(path).filter(wanted) {
            let (name, origin) = (format!("<{set}>/{path}"), Origin::Set(set.to_owned()));
            scripts.push(Script { name, text: text.to_owned(), origin, kind });
        }
    }
    dir.dirs().for_each(|inner| collect(inner, set, wanted, scripts));
}

/// `RULE.rhai`, `lib/NAME.rhai`, `tests/TEST.rhai`.
pub(super) fn kind(path: &str) -> Option<ScriptKind> {
    let stem = path.strip_suffix(".rhai")?;
    match stem.split_once('/') {
        None => Some(ScriptKind::Rules),
        Some(("lib", name)) if !name.contains('/') => Some(ScriptKind::Library(name.to_owned())),
        Some(("tests", _)) => Some(ScriptKind::Tests),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_script_is_used() {
        assert!(sets().contains(&RECOMMENDED));
        for set in sets() {
            let dir = EMBEDDED.get_dir(set).unwrap();
            let embedded = rhai_files(dir);
            assert_eq!(set_scripts(set).unwrap().len(), embedded, "{set}");
        }
        assert!(set_scripts("no-such-set").is_none());
    }

    #[test]
    fn rules_are_found_by_their_name() {
        assert_eq!(sets_with("subject-length"), [RECOMMENDED]);
        assert!(sets_with("no-such-rule").is_empty());
        assert!(sets_with("../Cargo").is_empty());
    }

    fn rhai_files(dir: &Dir<'_>) -> usize {
        let own = dir.files().filter(|file| file.path().extension().is_some_and(|e| e == "rhai")).count();
        own + dir.dirs().map(rhai_files).sum::<usize>()
    }
}

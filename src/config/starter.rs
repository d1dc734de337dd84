//! What `bylaws init` writes: a policy that loads as it stands, with an example of everything else in comments.

use super::sets::{self, RECOMMENDED};
use crate::diagnostic::Diagnostic;

const BYLAWS: &str = include_str!("starter/bylaws.toml");
const OTHERS: [(&str, &str); 3] = [
    ("people.toml", include_str!("starter/people.toml")),
    ("rules/revert-says-why.rhai", include_str!("starter/rules/revert-says-why.rhai")),
    ("tests/revert-says-why.rhai", include_str!("starter/tests/revert-says-why.rhai")),
];

/// The files of a new policy that extends these sets (none named: `recommended`): paths below `.bylaws/`, and contents.
///
/// # Errors
/// When a set does not exist.
pub fn starter(sets: &[String]) -> Result<Vec<(String, String)>, Diagnostic> {
    let shipped = sets::sets();
    if let Some(unknown) = sets.iter().find(|set| !shipped.contains(&set.as_str())) {
        let mistake = Diagnostic::new(format!("unknown rule set `{unknown}`"));
        return Err(mistake.nearest(unknown, shipped.iter().copied()));
    }
    let mut names: Vec<&str> = sets.iter().map(String::as_str).collect();
    if names.is_empty() {
        names.push(RECOMMENDED);
    }
    names.sort_unstable();
    names.dedup();
    let extends: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    let bylaws = BYLAWS.replace("{requires}", &oldest()).replace("{extends}", &extends.join(", "));
    let others = OTHERS.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    Ok([("bylaws.toml".to_owned(), bylaws)].into_iter().chain(others).collect())
}

/// The oldest bylaws that understands what this one writes: its own version, without the last number.
fn oldest() -> String {
    let version = env!("CARGO_PKG_VERSION");
    version.rsplit_once('.').map_or(version, |(oldest, _)| oldest).to_owned()
}

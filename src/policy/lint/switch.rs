//! The cases of a `switch`. Rhai keeps only the hashes of their values, so words are told by having Rhai hash them again.

use std::collections::{BTreeMap, BTreeSet};

use rhai::{Engine, Position, Stmt, SwitchCasesCollection};

/// Cases that are none of these words: where each is, and its word.
pub(super) fn strangers(
    engine: &Engine,
    cases: &SwitchCasesCollection,
    words: &[&str],
    script: &str,
) -> Vec<(Position, String)> {
    let valid: BTreeSet<u64> = words.iter().filter_map(|word| hash(engine, word)).collect();
    let strange: Vec<_> = cases.cases.iter().filter(|(hash, _)| !valid.contains(hash)).collect();
    if strange.is_empty() || valid.len() != words.len() {
        return Vec::new();
    }
    let literals: BTreeMap<u64, &str> =
        literals(script).filter_map(|word| hash(engine, word).map(|hash| (hash, word))).collect();
    let mut found: Vec<(Position, String)> = strange
        .into_iter()
        .filter_map(|(hash, case)| {
            let block = case.blocks.first().and_then(|index| cases.expressions.get(*index))?;
            // What is no text at all is left alone: its type cannot be told.
            let word = literals.get(hash)?;
            Some((block.rhs.start_position(), (*word).to_owned()))
        })
        .collect();
    found.sort();
    found
}

/// What Rhai makes of a text as a case.
fn hash(engine: &Engine, word: &str) -> Option<u64> {
    let ast = engine.compile(format!("switch 0 {{ {word:?} => 0 }}")).ok()?;
    match ast.statements() {
        [Stmt::Switch(switch, _)] => switch.1.cases.keys().next().copied(),
        _ => None,
    }
}

/// The texts in quotes of a script, read from its characters alone.
fn literals(script: &str) -> impl Iterator<Item = &str> {
    script.lines().flat_map(|line| line.split('"')).filter(|word| word.len() < 100 && !word.contains('\\'))
}

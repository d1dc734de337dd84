//! The cases of a `switch`. Rhai keeps only the hashes of their values, so words are told by having Rhai hash them again.

use std::collections::{BTreeMap, BTreeSet};

use rhai::{Engine, Position, Stmt, SwitchCasesCollection};

/// Cases that are none of these words: where each is, and its word. `literals` are the texts that it may be.
pub(super) fn strangers(
    engine: &Engine,
    cases: &SwitchCasesCollection,
    words: &[&str],
    literals: &BTreeMap<u64, String>,
) -> Vec<(Position, String)> {
    let valid: BTreeSet<u64> = words.iter().filter_map(|word| hash(engine, word)).collect();
    let strange = cases.cases.iter().filter(|(hash, _)| !valid.contains(hash));
    let mut found: Vec<(Position, String)> = strange
        .filter_map(|(hash, case)| {
            let block = case.blocks.first().and_then(|index| cases.expressions.get(*index))?;
            // What is no text at all is left alone: its type cannot be told.
            Some((block.rhs.start_position(), literals.get(hash)?.clone()))
        })
        .collect();
    found.sort();
    found
}

/// The texts in quotes of a script, by what Rhai makes of them as cases.
pub(super) fn literals(engine: &Engine, script: &str) -> BTreeMap<u64, String> {
    let words: BTreeSet<&str> = texts(script).collect();
    words.into_iter().filter_map(|word| Some((hash(engine, word)?, word.to_owned()))).collect()
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
fn texts(script: &str) -> impl Iterator<Item = &str> {
    script.lines().flat_map(|line| line.split('"')).filter(|word| word.len() < 100 && !word.contains('\\'))
}

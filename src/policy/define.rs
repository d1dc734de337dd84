//! `rule(...)`, `classify(...)` and `test(...)`: what a script declares while it is loaded.

use std::cell::RefCell;
use std::collections::BTreeMap;

use rhai::{
    Dynamic, FnPtr, ImmutableString, Locked, Map, Module, NativeCallContext, Position, Scope, Shared,
};

use super::api::{Api, Fallible, fail};
use super::call::Constants;

/// Something that a script declared, not yet checked.
pub(super) struct Declared {
    pub(super) word: &'static str,
    pub(super) id: String,
    pub(super) argument: Dynamic,
    pub(super) position: Position,
    pub(super) source: ImmutableString,
    pub(super) lib: Vec<Shared<Module>>,
    pub(super) constants: Constants,
}

struct Loader {
    allowed: &'static [&'static str],
    declared: Vec<Declared>,
}

thread_local! {
    static LOADER: RefCell<Option<Loader>> = const { RefCell::new(None) };
}

/// Runs a script; what came of it, and what it declared.
pub(super) fn collect<R>(allowed: &'static [&'static str], work: impl FnOnce() -> R) -> (R, Vec<Declared>) {
    let outer = LOADER.replace(Some(Loader { allowed, declared: Vec::new() }));
    let result = work();
    let declared = LOADER.replace(outer).map(|loader| loader.declared).unwrap_or_default();
    (result, declared)
}

/// The constants of a script's top level, for `global::NAME`: also those that stand behind the call of `rule`.
pub(super) fn constants(scope: &Scope<'_>) -> Constants {
    let constants: BTreeMap<ImmutableString, Dynamic> = scope
        .iter_raw()
        .filter(|(_, is_constant, _)| *is_constant)
        .map(|(name, _, value)| (name.into(), value.flatten_clone()))
        .collect();
    (!constants.is_empty()).then(|| Shared::new(Locked::new(constants)))
}

fn declare(context: &NativeCallContext<'_>, word: &'static str, id: &str, argument: Dynamic) -> Fallible<()> {
    let global = context.global_runtime_state();
    LOADER.with_borrow_mut(|loader| match loader {
        Some(loader) if loader.allowed.contains(&word) => {
            loader.declared.push(Declared {
                word,
                id: id.to_owned(),
                argument,
                position: context.call_position(),
                source: global.source.clone().unwrap_or_default(),
                lib: global.lib.to_vec(),
                constants: global.constants.clone(),
            });
            Ok(())
        }
        Some(loader) if loader.allowed.is_empty() => fail(format!("`{word}` has no place in a library")),
        Some(loader) => {
            fail(format!("`{word}` has no place here: this script may call {}", listed(loader.allowed)))
        }
        None => fail(format!("`{word}` has no place in a handler: call it at the top of a script")),
    })
}

fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" and ")
}

pub(super) fn register(api: &mut Api<'_>) {
    api.function(
        "rule",
        "(id: string, rule: map) -> ()",
        "Registers a rule: `title`, `why`, a handler; `controls`, `level`, `params`, `files`, `refs`, `environments`, `impact`.",
        |context: NativeCallContext<'_>, id: &str, rule: Map| declare(&context, "rule", id, Dynamic::from_map(rule)),
    );
    api.function(
        "classify",
        "(id: string, classifier: map) -> ()",
        "Registers a function that may raise a change's impact: `title`, `why`, `change: |change| \"major\"`.",
        |context: NativeCallContext<'_>, id: &str, rule: Map| declare(&context, "classify", id, Dynamic::from_map(rule)),
    );
    api.function(
        "test",
        "(name: string, test: fn) -> ()",
        "Registers a test of rules.",
        |context: NativeCallContext<'_>, name: &str, test: FnPtr| {
            declare(&context, "test", name, Dynamic::from(test))
        },
    );
}

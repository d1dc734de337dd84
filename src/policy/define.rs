//! `rule(...)`, `classify(...)` and `test(...)`: what a script declares while it is loaded.

use std::cell::RefCell;

use rhai::{Dynamic, FnPtr, ImmutableString, Map, Module, NativeCallContext, Position, Shared};

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
    constants: Constants,
}

thread_local! {
    static LOADER: RefCell<Option<Loader>> = const { RefCell::new(None) };
}

/// The function that is run behind a script: it sees the constants of the whole of it. No script can write the name.
pub(super) const END: &str = "end_of_script";

/// Runs a script; what it declared, and the constants of its top level.
pub(super) fn collect<R>(
    allowed: &'static [&'static str],
    work: impl FnOnce() -> R,
) -> (R, Vec<Declared>, Constants) {
    let outer = LOADER.replace(Some(Loader { allowed, declared: Vec::new(), constants: None }));
    let result = work();
    let (declared, constants) = match LOADER.replace(outer) {
        Some(loader) => (loader.declared, loader.constants),
        None => (Vec::new(), None),
    };
    (result, declared, constants)
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
    api.engine().register_fn(END, |context: NativeCallContext<'_>| {
        LOADER.with_borrow_mut(|loader| {
            if let Some(loader) = loader {
                loader.constants.clone_from(&context.global_runtime_state().constants);
            }
        });
    });
}

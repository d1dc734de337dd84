//! Parsing on two threads: half of what a hook does is to parse the rules, and git has nothing to do meanwhile.

use std::sync::atomic::{AtomicUsize, Ordering};

use rhai::{AST, Engine, ParseError};

use super::{Limits, STACK_SIZE, Script, ScriptKind, engine};

/// A script, parsed.
pub(super) type Parsed = Result<AST, ParseError>;

/// Bytes of scripts from which on a second thread is worth what it costs.
const WORTH_A_THREAD: usize = 6 << 10;

/// Does `first` here while another thread begins to parse; what was parsed comes back in the order of the scripts. Nothing is
/// parsed where libraries are, whose names the parser has to know.
pub(super) fn ahead<R>(
    scripts: &[Script],
    limits: &Limits,
    first: impl FnOnce() -> (Engine, R),
) -> ((Engine, R), Vec<Option<Parsed>>) {
    let mut parsed: Vec<Option<Parsed>> = scripts.iter().map(|_| None).collect();
    let bytes: usize = scripts.iter().map(|script| script.text.len()).sum();
    if bytes < WORTH_A_THREAD || scripts.iter().any(|script| script.kind != ScriptKind::Rules) {
        return (first(), parsed);
    }
    let next = AtomicUsize::new(0);
    let work = |engine: &Engine| -> Vec<(usize, Parsed)> {
        let take = || {
            let index = next.fetch_add(1, Ordering::Relaxed);
            scripts.get(index).map(|script| (index, engine.compile(&script.text)))
        };
        std::iter::from_fn(take).collect()
    };
    let made = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("parser".to_owned()).stack_size(STACK_SIZE);
        let other = thread.spawn_scoped(scope, || work(&engine::parser(limits)));
        let made = first();
        let mut done = work(&made.0);
        // What a thread that could not be had, or that failed, did not parse is parsed when it is needed.
        if let Ok(Ok(more)) = other.map(|other| other.join()) {
            done.extend(more);
        }
        for (index, ast) in done {
            if let Some(slot) = parsed.get_mut(index) {
                *slot = Some(ast);
            }
        }
        made
    });
    (made, parsed)
}

//! The sandbox: an engine with our own choice of packages, and nothing to read a clock, a file or a random number with.

use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicFnPackage, BasicIteratorPackage, BasicMapPackage,
    BasicMathPackage, BasicStringPackage, LogicPackage, MoreStringPackage, Package,
};
use rhai::{Engine, OptimizationLevel};

use super::Limits;
use super::api::{self, Table};

/// Words of the language that a rule has no use for, and why; a script that uses one is told so.
pub(super) const ABSENT: [(&str, &str); 15] = [
    ("eval", "a rule is what was reviewed, not what it reads"),
    ("import", "the functions of rules/lib/NAME.rhai are there as `NAME::f()`"),
    ("export", "every function of rules/lib/NAME.rhai is there as `NAME::f()`; mark others `private`"),
    ("print", "rules print nothing; make a `finding(message)`"),
    ("debug", "rules print nothing; make a `finding(message)`"),
    ("try", "an error in a rule blocks; it must not be hidden"),
    ("catch", "an error in a rule blocks; it must not be hidden"),
    ("curry", "a closure captures what it uses"),
    ("exit", "use `return`"),
    ("sleep", "rules do not wait"),
    ("timestamp", "rules have no clock: the same facts must give the same findings"),
    ("blob", "use text or an array"),
    ("rand", "the same facts must give the same findings"),
    ("parse_json", "use `file.json()`"),
    ("sync", "rules share no state"),
];

/// How many of [`ABSENT`] are words of the grammar and must be taken out of it.
const SYMBOLS: usize = 8;

/// The engine that another thread makes, with the limits that everybody uses.
static SPARE: Mutex<Option<JoinHandle<(Engine, Table)>>> = Mutex::new(None);

/// Begins to make an engine on another thread, for whoever will load a policy but has to find it first. Engines are all alike:
/// where no thread can be had, or nobody wants the engine, nothing is lost.
pub fn make_ahead() {
    let thread = std::thread::Builder::new().name("engine".to_owned());
    let spare = thread.spawn(|| make(&Limits::default())).ok();
    *SPARE.lock().unwrap_or_else(PoisonError::into_inner) = spare;
}

/// An engine, and the table of everything that was registered in it.
pub(super) fn build(limits: &Limits) -> (Engine, Table) {
    let spare = || SPARE.lock().unwrap_or_else(PoisonError::into_inner).take();
    let spare = if *limits == Limits::default() { spare() } else { None };
    spare.and_then(|thread| thread.join().ok()).unwrap_or_else(|| make(limits))
}

fn make(limits: &Limits) -> (Engine, Table) {
    let mut engine = Engine::new_raw();
    ArithmeticPackage::new().register_into_engine(&mut engine);
    LogicPackage::new().register_into_engine(&mut engine);
    BasicMathPackage::new().register_into_engine(&mut engine);
    BasicStringPackage::new().register_into_engine(&mut engine);
    MoreStringPackage::new().register_into_engine(&mut engine);
    BasicIteratorPackage::new().register_into_engine(&mut engine);
    BasicArrayPackage::new().register_into_engine(&mut engine);
    BasicMapPackage::new().register_into_engine(&mut engine);
    BasicFnPackage::new().register_into_engine(&mut engine);
    set_grammar(&mut engine, limits);
    engine.set_fail_on_invalid_map_property(true);
    let table = api::register(&mut engine);
    (engine, table)
}

/// An engine that can parse, and nothing else.
pub(super) fn parser(limits: &Limits) -> Engine {
    let mut engine = Engine::new_raw();
    set_grammar(&mut engine, limits);
    engine
}

/// All that decides what can be parsed, and into what.
fn set_grammar(engine: &mut Engine, limits: &Limits) {
    for (word, _) in ABSENT.iter().take(SYMBOLS) {
        engine.disable_symbol(*word);
    }
    engine.set_strict_variables(true);
    // Rules have next to nothing to fold, and a hook compiles them for a few calls.
    engine.set_optimization_level(OptimizationLevel::None);
    limits.apply(engine);
}

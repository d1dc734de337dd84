//! One call of a handler: how it is made, and what is known on its thread meanwhile.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rhai::{
    Caches, Dynamic, Engine, EvalAltResult, EvalContext, Expr, Expression, FnPtr, GlobalRuntimeState,
    ImmutableString, Locked, Module, Scope, Shared,
};

use super::Limits;
use super::api::{Pattern, fail};
use super::finding::Made;
use super::limits::{Metered, Used};
use super::quiet::Quiet;
use super::reads;
use crate::facts::{File, GitPath, People};
use crate::patterns::PathPatterns;

/// What the helpers of every call may ask.
#[derive(Debug, Default)]
pub(super) struct Host {
    pub(super) people: Arc<People>,
    pub(super) owners: Vec<(PathPatterns, String)>,
}

/// What one call has made so far.
pub(super) struct Frame {
    serial: u64,
    host: Arc<Host>,
    /// The file that a plain finding is about.
    file: Option<Arc<File>>,
    pub(super) most: usize,
    pub(super) made: Vec<Made>,
}

thread_local! {
    static FRAME: RefCell<Option<Frame>> = const { RefCell::new(None) };
    static SERIAL: Cell<u64> = const { Cell::new(0) };
}

/// Something to do with the call in progress; `None` outside of one.
pub(super) fn with_frame<R>(work: impl FnOnce(&mut Frame) -> R) -> Option<R> {
    FRAME.with_borrow_mut(|frame| frame.as_mut().map(work))
}

/// Everybody in people.toml.
pub(super) fn people() -> Arc<People> {
    with_frame(|frame| Arc::clone(&frame.host.people)).unwrap_or_default()
}

/// The teams that own a path.
pub(super) fn owners(path: &GitPath) -> Vec<String> {
    with_frame(|frame| {
        let owners = frame.host.owners.iter().filter(|(paths, _)| paths.matches(path));
        let mut teams: Vec<String> = owners.map(|(_, team)| team.clone()).collect();
        teams.dedup();
        teams
    })
    .unwrap_or_default()
}

impl Frame {
    /// Tells this call's findings from another's.
    pub(super) fn serial(&self) -> u64 {
        self.serial
    }

    /// The path that a plain finding is about.
    pub(super) fn path(&self) -> Option<String> {
        self.file.as_ref().map(|file| file.path().text())
    }
}

/// What came of a call.
pub(super) struct Outcome {
    pub(super) result: Result<Dynamic, Box<EvalAltResult>>,
    pub(super) made: Vec<Made>,
    pub(super) serial: u64,
    pub(super) used: Used,
}

/// Calls under the limits, with a fresh collector for findings. Calls nest, when a test judges.
pub(super) fn run(
    limits: &Limits,
    host: &Arc<Host>,
    file: Option<Arc<File>>,
    work: impl FnOnce() -> Result<Dynamic, Box<EvalAltResult>>,
) -> Outcome {
    let serial = SERIAL.replace(SERIAL.get().wrapping_add(1));
    let frame = Frame { serial, host: Arc::clone(host), file, most: limits.findings, made: Vec::new() };
    let outer = Restore(FRAME.replace(Some(frame)));
    let metered = Metered::start(limits);
    // Should Rhai or one of the crates behind our functions panic, that is an error of the rule, which blocks; what the call
    // left behind is not used again.
    let result = std::panic::catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| fail("the rule engine itself failed; this is a defect of bylaws"));
    let used = metered.end();
    let made = with_frame(|frame| std::mem::take(&mut frame.made)).unwrap_or_default();
    drop(outer);
    Outcome { result, made, serial, used }
}

/// Gives the thread back to the call around it, also when a native function panics.
struct Restore(Option<Frame>);

impl Drop for Restore {
    fn drop(&mut self) {
        FRAME.replace(self.0.take());
    }
}

/// The constants of a script's top level, for `global::NAME`.
pub(super) type Constants = Option<Shared<Locked<BTreeMap<ImmutableString, Dynamic>>>>;

/// A closure that a script gave to `rule`, ready to be called from any thread.
///
/// Its body is evaluated as a block, not called as a function: Rhai gives errors of limits the place of the outermost call,
/// which this way lies inside the body.
pub(super) struct Handler {
    function: String,
    body: Expr,
    /// Of what it captured, then of what it is given.
    names: Vec<ImmutableString>,
    captured: Vec<Dynamic>,
    /// Those that a call may change.
    changing: Vec<(ImmutableString, Dynamic)>,
    /// Its second parameter, if it does nothing to it but read.
    read_only: Option<ImmutableString>,
    /// When it would do nothing.
    quiet: Option<Quiet>,
    lib: Vec<Shared<Module>>,
    constants: Constants,
    source: ImmutableString,
    spare: Mutex<Vec<Runtime>>,
}

/// What Rhai keeps between calls: which function a call means; and the variables of the call before, which are given anew
/// unless they are seen to be as they were. Nothing that a script could see.
struct Runtime {
    global: GlobalRuntimeState,
    caches: Caches,
    scope: Scope<'static>,
    /// Whose parameters are in the scope.
    params: Option<Tag>,
}

/// Tells a thing from all others of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag(u64);

impl Tag {
    /// A new one.
    pub(super) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// What a handler is given.
#[derive(Default)]
pub(super) struct Arguments<'a> {
    pub(super) subject: Option<Dynamic>,
    pub(super) params: Option<&'a Dynamic>,
    /// The same for the same parameters; `None` where that is not known.
    pub(super) params_tag: Option<Tag>,
}

impl Handler {
    /// From a closure, with captured values copied out of what they share.
    pub(super) fn new(
        closure: &FnPtr,
        names: Vec<ImmutableString>,
        body: Expr,
        lib: Vec<Shared<Module>>,
        constants: Constants,
        source: ImmutableString,
    ) -> Self {
        let captured: Vec<Dynamic> = closure.curry().iter().map(unshare).collect();
        let changing = names.iter().zip(&captured).filter(|(name, value)| may_change(value, &body, name));
        let changing = changing.map(|(name, value)| (name.clone(), value.clone())).collect();
        Self {
            function: closure.fn_name().to_owned(),
            quiet: Quiet::of(&body, &names, &captured, &lib),
            read_only: names.get(captured.len() + 1).filter(|name| reads::only_read(&body, name)).cloned(),
            body,
            names,
            captured,
            changing,
            lib,
            constants,
            source,
            spare: Mutex::new(Vec::new()),
        }
    }

    /// How many values a call gives.
    pub(super) fn arity(&self) -> usize {
        self.names.len().saturating_sub(self.captured.len())
    }

    /// When it would do nothing, as far as that is told by the facts at hand.
    pub(super) fn quiet(&self) -> Option<&Quiet> {
        self.quiet.as_ref()
    }

    /// The statements.
    pub(super) fn body(&self) -> &Expr {
        &self.body
    }

    /// What Rhai calls the closure.
    pub(super) fn function(&self) -> &str {
        &self.function
    }

    /// The script that it is written in.
    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// The values that the closure brings along.
    pub(super) fn captured(&self) -> impl Iterator<Item = &Dynamic> {
        self.captured.iter()
    }

    /// Calls it.
    pub(super) fn call(
        &self,
        engine: &Engine,
        arguments: Arguments<'_>,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut runtime = spare.unwrap_or_else(|| self.runtime(engine));
        self.give(&mut runtime, arguments);
        let Runtime { global, caches, scope, .. } = &mut runtime;
        let result = EvalContext::new(engine, global, caches, scope, None)
            .eval_expression_tree(&Expression::from(&self.body));
        let value = match result {
            Ok(value) => value,
            Err(error) => match *error {
                EvalAltResult::Return(value, _) => value,
                // What an error left behind is not used again.
                error => return Err(error.into()),
            },
        };
        self.take_back(&mut runtime);
        self.spare.lock().unwrap_or_else(PoisonError::into_inner).push(runtime);
        Ok(value.flatten())
    }

    fn runtime(&self, engine: &Engine) -> Runtime {
        let mut global = engine.new_global_runtime_state();
        global.lib.extend(self.lib.iter().cloned());
        global.constants.clone_from(&self.constants);
        global.source = Some(self.source.clone());
        Runtime { global, caches: Caches::new(), scope: Scope::new(), params: None }
    }

    /// Puts the variables of a call in place. What an earlier call may have changed is copied anew.
    fn give(&self, runtime: &mut Runtime, arguments: Arguments<'_>) {
        let Arguments { subject, params, params_tag } = arguments;
        let scope = &mut runtime.scope;
        if scope.is_empty() {
            let given = subject.into_iter().chain(params.cloned());
            for (name, value) in self.names.iter().zip(self.captured.iter().cloned().chain(given)) {
                scope.push_dynamic(name.clone(), value);
            }
            runtime.params = params_tag;
            return;
        }
        for (name, value) in &self.changing {
            if let Some(there) = scope.get_mut(name) {
                *there = value.clone();
            }
        }
        let mut names = self.names.iter().skip(self.captured.len());
        if let (Some(name), Some(subject)) = (names.next(), subject)
            && let Some(there) = scope.get_mut(name)
        {
            *there = subject;
        }
        let is_there = self.read_only.is_some() && params_tag.is_some() && params_tag == runtime.params;
        if !is_there
            && let (Some(name), Some(params)) = (names.next(), params)
            && let Some(there) = scope.get_mut(name)
        {
            *there = params.clone();
            runtime.params = params_tag;
        }
    }

    /// Lets go of the subject: facts are not kept until the next call.
    fn take_back(&self, runtime: &mut Runtime) {
        runtime.scope.rewind(self.names.len());
        if let Some(there) = self.names.get(self.captured.len()).and_then(|name| runtime.scope.get_mut(name))
        {
            *there = Dynamic::UNIT;
        }
    }
}

/// May a captured value be another one after a call? Constants no script can change, and of an expression there is nothing to
/// change but which one the variable holds.
fn may_change(value: &Dynamic, body: &Expr, name: &str) -> bool {
    !(value.is_read_only() || value.is::<Pattern>() && reads::never_assigned(body, name))
}

impl std::fmt::Debug for Handler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handler")
            .field("source", &self.source)
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

/// A copy that shares nothing: captured variables are shared cells in Rhai, and what one call pushes into an array the next
/// one would see.
pub(super) fn unshare(value: &Dynamic) -> Dynamic {
    let read_only = value.is_read_only();
    let value = value.flatten_clone();
    let copy = if let Ok(array) = value.as_array_ref() {
        Dynamic::from_array(array.iter().map(unshare).collect())
    } else if let Ok(map) = value.as_map_ref() {
        Dynamic::from_map(map.iter().map(|(name, value)| (name.clone(), unshare(value))).collect())
    } else if let Some(closure) = value.read_lock::<FnPtr>() {
        let mut copy = closure.clone();
        copy.set_curry(closure.curry().iter().map(unshare).collect::<Vec<_>>());
        Dynamic::from(copy)
    } else {
        value.clone()
    };
    if read_only { copy.into_read_only() } else { copy }
}

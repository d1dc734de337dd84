//! Scripts whose statements say that they were entered.
//!
//! Rhai's own debugger halves the speed of every run of a program that is built with it, watched or not. So the scripts
//! are changed instead, and only where somebody asks: before each statement of each function goes a call that notes it.
//! Rhai lets nobody put statements into a function; so a function's body becomes one expression of a syntax of our own,
//! which evaluates the changed statements in its place, with the same variables in scope.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use rhai::{
    AST, Dynamic, Engine, EvalContext, Expr, Expression, FnCallExpr, Module, Position, Stmt, StmtBlock,
};

use super::super::sources::Sources;
use super::super::{Script, ScriptKind};
use super::statements::Rewriter;

/// Notes a statement. No script of a person's has this name.
const ENTERED: &str = "bylaws_statement_entered";
/// Stands for a body.
const BODY: &str = "bylaws_function_body";

/// A function of a script.
#[derive(Debug, Clone)]
pub(super) struct Function {
    pub(super) script: String,
    /// The library's name, if it is in one.
    pub(super) library: Option<String>,
    pub(super) name: String,
    pub(super) arity: usize,
    /// Its statements, by their numbers.
    pub(super) statements: Vec<usize>,
    pub(super) calls: Vec<Call>,
}

/// What a function may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Call {
    /// A function by its name: the library, if one is named, and how many values it gives.
    Named(Option<String>, String, usize),
    /// A closure, or a function that is passed on.
    Pointer(String),
}

/// What was entered, by the numbers of the statements.
#[derive(Debug, Default)]
struct Entered(OnceLock<Box<[AtomicBool]>>);

impl Entered {
    fn enter(&self, statement: i64) {
        let noted = usize::try_from(statement).ok().and_then(|n| self.0.get()?.get(n));
        if let Some(noted) = noted {
            noted.store(true, Ordering::Relaxed);
        }
    }
}

/// Changed bodies, by the numbers of the functions.
type Bodies = Arc<RwLock<Vec<Arc<Expr>>>>;

/// All functions that were changed, and what was entered of them.
#[derive(Debug, Default)]
pub(in super::super) struct Watched {
    pub(super) functions: Vec<Function>,
    /// Where each statement is.
    pub(super) places: Vec<Position>,
    entered: Arc<Entered>,
    bodies: Bodies,
}

impl Watched {
    /// Prepares an engine for what [`Watched::change`] makes.
    pub(in super::super) fn new(engine: &mut Engine) -> Self {
        let watched = Self::default();
        let entered = Arc::clone(&watched.entered);
        engine.register_fn(ENTERED, move |statement: i64| entered.enter(statement));
        let bodies = Arc::clone(&watched.bodies);
        let evaluate = move |context: &mut EvalContext<'_, '_, '_, '_, '_, '_>, inputs: &[Expression<'_>]| {
            let number = inputs.first().and_then(Expression::get_literal_value::<i64>);
            let body = number.and_then(|number| {
                let bodies = bodies.read().unwrap_or_else(PoisonError::into_inner);
                bodies.get(usize::try_from(number).ok()?).cloned()
            });
            match body {
                Some(body) => context.eval_expression_tree(&Expression::from(&*body)),
                None => Ok(Dynamic::UNIT),
            }
        };
        let registered = engine.register_custom_syntax([BODY, "$int$"], true, evaluate);
        debug_assert!(registered.is_ok(), "the words of the syntax are good: {:?}", registered.err());
        watched
    }

    /// The script with each function's body changed; as it was if that cannot be.
    pub(in super::super) fn change(&mut self, engine: &Engine, ast: AST, script: &Script) -> AST {
        let mut originals = Sources::default();
        originals.add(&script.name, ast.clone());
        let mut functions: Vec<_> = ast.iter_fn_def().cloned().collect();
        functions.sort_by_key(|function| function.body.start_position());
        let first = self.functions.len();
        let text: String = (first..first + functions.len())
            .map(|number| format!("fn stand_in_{number}() {{ {BODY} {number} }}\n"))
            .collect();
        let (Ok(stand_ins), Some(note)) = (engine.compile(text), note(engine)) else { return ast };
        let mut changed = Module::new();
        for (function, number) in functions.iter().zip(first..) {
            let arity = function.params.len();
            let stand_in = stand_ins.iter_fn_def().find(|one| one.name == format!("stand_in_{number}"));
            let (Some(stand_in), Some(body)) = (stand_in, originals.body(&function.name, arity)) else {
                return ast;
            };
            self.add(script, &function.name, arity, body, &note);
            let mut function = function.as_ref().clone();
            function.body = stand_in.body.clone();
            changed.set_script_fn(function);
        }
        let mut whole = AST::new(ast.statements().iter().cloned(), changed);
        whole.set_source(script.name.as_str());
        whole
    }

    fn add(&mut self, script: &Script, name: &str, arity: usize, mut body: Expr, note: &FnCallExpr) {
        let first = self.places.len();
        let mut rewriter = Rewriter { places: &mut self.places, calls: Vec::new(), note };
        rewriter.expression(&mut body);
        let calls = rewriter.calls;
        let library = match &script.kind {
            ScriptKind::Library(name) => Some(name.clone()),
            ScriptKind::Rules | ScriptKind::Tests => None,
        };
        self.functions.push(Function {
            script: script.name.clone(),
            library,
            name: name.to_owned(),
            arity,
            statements: (first..self.places.len()).collect(),
            calls,
        });
        self.bodies.write().unwrap_or_else(PoisonError::into_inner).push(Arc::new(body));
    }

    /// From now on what is entered counts: what ran while the scripts were loaded did not.
    pub(in super::super) fn start(&self) {
        let all = self.places.iter().map(|_| AtomicBool::new(false)).collect();
        // A second start changes nothing.
        self.entered.0.get_or_init(|| all);
    }

    /// Was this statement entered?
    pub(super) fn is_entered(&self, statement: usize) -> bool {
        let noted = self.entered.0.get().and_then(|all| all.get(statement));
        noted.is_some_and(|noted| noted.load(Ordering::Relaxed))
    }
}

/// The call that notes a statement, to be copied.
fn note(engine: &Engine) -> Option<FnCallExpr> {
    let ast = engine.compile(format!("{ENTERED}(0)")).ok()?;
    match ast.statements().first()? {
        Stmt::FnCall(call, _) => Some(call.as_ref().clone()),
        Stmt::Expr(expression) => match expression.as_ref() {
            Expr::FnCall(call, _) => Some(call.as_ref().clone()),
            _ => None,
        },
        _ => None,
    }
}

/// A block of one expression, which counts as a statement.
pub(super) fn block_of(expression: Expr) -> Expr {
    let position = expression.start_position();
    let statement = Stmt::Expr(Box::new(expression));
    Expr::Stmt(Box::new(StmtBlock::new([statement], position, position)))
}

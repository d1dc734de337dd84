//! The walk through one script: which variables there are, what is known of them, and what was found wrong.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rhai::{ASTNode, Expr, Position, Stmt};

use super::super::{ScriptKind, error};
use super::Linted;
use super::known::{self, Known};
use super::syntax::{self, Closure, Parsed, Step};
use super::types::Type;
use crate::diagnostic::Diagnostic;

/// A function by its name and the number of its parameters.
pub(super) type Key = (String, usize);

/// What is known of the functions of a script from how they are called.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Inferred {
    /// The types of the arguments at all calls.
    pub(super) arguments: HashMap<Key, Vec<Type>>,
    /// What comes back.
    pub(super) results: HashMap<Key, Type>,
    /// Those that are passed around: nobody knows who calls them with what.
    pub(super) escaped: BTreeSet<String>,
}

/// A variable in scope.
pub(super) struct Variable {
    name: String,
    kind: Type,
    /// Where it is declared, if nobody wonders about one that is not used otherwise.
    declared: Option<Position>,
    is_used: bool,
}

/// How the parameters of the rule that is looked at are used.
#[derive(Debug, Default)]
pub(super) struct ParameterUses {
    pub(super) keys: BTreeSet<String>,
    /// They are passed around as a whole.
    pub(super) all: bool,
}

/// Looks at one script.
pub(super) struct Checker<'k> {
    pub(super) known: &'k Known<'k>,
    pub(super) parsed: &'k Parsed<'k>,
    constants: BTreeMap<String, Type>,
    /// Variables that are assigned to somewhere.
    assigned: BTreeSet<String>,
    /// Variables whose contents change somewhere.
    grown: BTreeSet<String>,
    variables: Vec<Variable>,
    /// Where the variables that can be seen begin.
    floor: usize,
    /// What the functions around give back, and where.
    pub(super) results: Vec<Vec<(Type, Position)>>,
    /// From the walk before.
    inferred: Inferred,
    recorded: Inferred,
    called: BTreeSet<String>,
    pub(super) parameter_uses: ParameterUses,
    /// The texts of the script by their hashes, once a `switch` asks for them.
    pub(super) literals: Option<BTreeMap<u64, String>>,
    pub(super) found: Linted,
}

/// More mistakes than these in one script are not looked for.
const MOST: usize = 300;

/// Methods that change what they are called on.
const CHANGING: [&str; 28] = [
    "push",
    "append",
    "insert",
    "pop",
    "shift",
    "remove",
    "reverse",
    "clear",
    "sort",
    "sort_by",
    "sort_desc",
    "dedup",
    "drain",
    "retain",
    "set",
    "mixin",
    "truncate",
    "chop",
    "splice",
    "pad",
    "trim",
    "crop",
    "replace",
    "make_upper",
    "make_lower",
    "for_each",
    "extract",
    "fill_with",
];

/// How often a script is walked before its mistakes are told: what functions give back is known after the first walk, what
/// they give each other after the second.
const WALKS: usize = 3;

impl<'k> Checker<'k> {
    /// Looks at a whole script.
    pub(super) fn check(known: &'k Known<'k>, parsed: &'k Parsed<'k>) -> Linted {
        let mut inferred = Inferred::default();
        let mut found = Linted::default();
        for _ in 0..WALKS {
            let mut checker = Self::new(known, parsed, inferred);
            checker.script();
            found = checker.found;
            inferred = checker.recorded;
        }
        found
    }

    fn new(known: &'k Known<'k>, parsed: &'k Parsed<'k>, inferred: Inferred) -> Self {
        let mut checker = Self {
            known,
            parsed,
            constants: known::constants(&parsed.statements),
            assigned: BTreeSet::new(),
            grown: BTreeSet::new(),
            variables: Vec::new(),
            floor: 0,
            results: Vec::new(),
            inferred,
            recorded: Inferred::default(),
            called: BTreeSet::new(),
            parameter_uses: ParameterUses::default(),
            literals: None,
            found: Linted::default(),
        };
        parsed.walk(&mut |node| checker.changes(node));
        checker
    }

    fn script(&mut self) {
        let parsed = self.parsed;
        self.results.push(Vec::new());
        self.statements(&parsed.statements, false);
        self.results.pop();
        for function in parsed.named() {
            let key = (function.name.clone(), function.params.len());
            let given = self.inferred.arguments.get(&key).filter(|_| !self.is_open(&function.name)).cloned();
            let given = given.unwrap_or_default();
            self.floor = self.variables.len();
            let kinds = (0..function.params.len()).map(|n| given.get(n).cloned().unwrap_or(Type::Any));
            let params: Vec<(String, Type)> = function.params.iter().cloned().zip(kinds).collect();
            let results = self.body(&params, &function.body);
            self.floor = 0;
            self.recorded.results.insert(key, joined(results));
        }
        self.uncalled();
        self.leave(0);
    }

    /// Can others than this script call the function?
    fn is_open(&self, function: &str) -> bool {
        matches!(self.parsed.script.kind, ScriptKind::Library(_)) || self.inferred.escaped.contains(function)
    }

    fn uncalled(&mut self) {
        if matches!(self.parsed.script.kind, ScriptKind::Library(_))
            || !self.parsed.errors.is_empty()
            || self.is_full()
        {
            return;
        }
        let parsed = self.parsed;
        for function in parsed.named() {
            if self.called.contains(&function.name) {
                continue;
            }
            self.warn(function.position, format!("the function `{}` is never called", function.name), None);
        }
    }

    /// The body of a function or closure; what it gives back, and where.
    pub(super) fn body(&mut self, params: &[(String, Type)], body: &'k [Stmt]) -> Vec<(Type, Position)> {
        let depth = self.variables.len();
        for (name, kind) in params {
            self.declare(name, kind.clone(), None);
        }
        self.results.push(Vec::new());
        let tail = self.statements(body, true);
        let at = body.last().map_or(Position::NONE, Stmt::position);
        let mut results = self.results.pop().unwrap_or_default();
        if tail != Type::Never {
            results.push((tail, at));
        }
        self.leave(depth);
        results
    }

    /// A closure that will be given values of these types; what it gives back, and where.
    pub(super) fn closure(&mut self, closure: &Closure, given: &[Type]) -> Vec<(Type, Position)> {
        let parsed = self.parsed;
        let found = parsed.functions(&closure.name).iter().find(|one| one.params.len() >= closure.captured);
        let Some(function) = found else { return vec![(Type::Any, closure.position)] };
        let own = function.params.get(closure.captured..).unwrap_or_default();
        let kind = |n: usize| given.get(n).cloned().unwrap_or(Type::Any);
        let params: Vec<(String, Type)> =
            own.iter().enumerate().map(|(n, name)| (name.clone(), kind(n))).collect();
        self.body(&params, &function.body)
    }

    /// How many parameters a closure has of its own.
    pub(super) fn parameters_of(&self, closure: &Closure) -> Option<usize> {
        let functions = self.parsed.functions(&closure.name);
        functions.iter().find_map(|one| one.params.len().checked_sub(closure.captured))
    }

    // Variables.

    pub(super) fn depth(&self) -> usize {
        self.variables.len()
    }

    pub(super) fn declare(&mut self, name: &str, kind: Type, declared: Option<Position>) {
        let kind = match () {
            () if self.assigned.contains(name) => Type::Any,
            () if self.grown.contains(name) => kind.grown(),
            () => kind,
        };
        self.variables.push(Variable { name: name.to_owned(), kind, declared, is_used: false });
    }

    /// Forgets the variables above a depth, and tells of those that nobody used.
    pub(super) fn leave(&mut self, depth: usize) {
        for variable in self.variables.split_off(depth.min(self.variables.len())) {
            if let Some(position) = variable.declared
                && !variable.is_used
                && !self.is_full()
                && !variable.name.starts_with('_')
            {
                self.warn(position, format!("the variable `{}` is never used", variable.name), None);
            }
        }
    }

    /// The type of a variable that can be seen from here.
    pub(super) fn variable(&mut self, name: &str) -> Option<Type> {
        let floor = self.floor;
        let visible = self.variables.get_mut(floor..).unwrap_or_default();
        let found = visible.iter_mut().rev().find(|variable| variable.name == name)?;
        found.is_used = true;
        Some(found.kind.clone())
    }

    pub(super) fn visible(&self) -> impl Iterator<Item = &str> {
        self.variables.get(self.floor..).unwrap_or_default().iter().map(|variable| variable.name.as_str())
    }

    /// Is it declared at the top level, where a `fn` does not see it?
    pub(super) fn is_hidden(&self, name: &str) -> bool {
        let hidden = self.variables.get(..self.floor).unwrap_or_default();
        self.floor > 0 && hidden.iter().any(|variable| variable.name == name)
    }

    pub(super) fn constant(&mut self, name: &str) -> Option<Type> {
        for variable in self.variables.iter_mut().filter(|variable| variable.name == name) {
            variable.is_used = true;
        }
        self.constants.get(name).cloned()
    }

    /// Which variables an expression or statement changes.
    fn changes(&mut self, node: &ASTNode<'_>) {
        match node {
            ASTNode::Stmt(Stmt::Assignment(assignment)) => match &assignment.1.lhs {
                Expr::Variable(variable, ..) if assignment.0.is_op_assignment() => {
                    self.grown.insert(variable.1.to_string());
                }
                Expr::Variable(variable, ..) => {
                    self.assigned.insert(variable.1.to_string());
                }
                other => self.changes_root(other),
            },
            ASTNode::Expr(expr @ (Expr::Dot(..) | Expr::Index(..))) => {
                let Some((_, steps)) = syntax::chain(expr) else { return };
                let changes = |step: &(Step<'_>, bool)| match step.0 {
                    Step::Method(call, _) => CHANGING.contains(&call.name.as_str()),
                    Step::Property(..) | Step::Index(_) => false,
                };
                if steps.iter().any(changes) {
                    self.changes_root(expr);
                }
            }
            _ => {}
        }
    }

    fn changes_root(&mut self, expr: &Expr) {
        if let Some((Expr::Variable(variable, ..), _)) = syntax::chain(expr) {
            self.grown.insert(variable.1.to_string());
        }
    }

    // Functions of the script.

    /// A function of this script is called; what it gives back.
    pub(super) fn calls(&mut self, name: &str, given: &[Type]) -> Option<Type> {
        self.parsed.function(name, given.len())?;
        self.called.insert(name.to_owned());
        let key = (name.to_owned(), given.len());
        match self.recorded.arguments.get_mut(&key) {
            Some(known) => {
                for (known, given) in known.iter_mut().zip(given) {
                    *known = std::mem::replace(known, Type::Never).or(given.clone());
                }
            }
            None => drop(self.recorded.arguments.insert(key.clone(), given.to_vec())),
        }
        Some(self.inferred.results.get(&key).cloned().unwrap_or(Type::Any))
    }

    /// A function of this script is passed around by its name.
    pub(super) fn escapes(&mut self, name: &str) -> bool {
        if self.parsed.functions(name).is_empty() {
            return false;
        }
        self.called.insert(name.to_owned());
        self.recorded.escaped.insert(name.to_owned());
        true
    }

    // Problems.

    /// Was so much found that nobody wants to know more?
    pub(super) fn is_full(&self) -> bool {
        self.found.errors.len() >= MOST
    }

    /// Something that is wrong.
    pub(super) fn wrong(&mut self, position: Position, message: impl Into<String>) {
        let place = error::place(&self.parsed.script.name, position);
        self.found.errors.push(Diagnostic::at(place, message));
    }

    /// Something that is wrong, and what to do.
    pub(super) fn wrong_because(&mut self, position: Position, message: String, help: impl Into<String>) {
        let place = error::place(&self.parsed.script.name, position);
        self.found.errors.push(Diagnostic::at(place, message).help(help));
    }

    /// Something that is wrong, and the nearest valid word.
    pub(super) fn wrong_word<'v>(
        &mut self,
        position: Position,
        message: String,
        word: &str,
        valid: impl IntoIterator<Item = &'v str>,
    ) {
        let place = error::place(&self.parsed.script.name, position);
        self.found.errors.push(Diagnostic::at(place, message).nearest(word, valid));
    }

    /// Something that is likely not meant.
    pub(super) fn warn(&mut self, position: Position, message: String, help: Option<&str>) {
        let place = error::place(&self.parsed.script.name, position);
        self.found
            .warnings
            .push(Diagnostic { help: help.map(str::to_owned), ..Diagnostic::at(place, message) });
    }
}

/// The type of what a function gives back.
pub(super) fn joined(results: Vec<(Type, Position)>) -> Type {
    results.into_iter().fold(Type::Never, |all, (one, _)| all.or(one))
}

//! Scripts to syntax trees. Rhai stops at the first mistake; here what it cannot read is left out, one declaration at a time,
//! so that every broken one is told of and the others are looked at all the same.

use std::collections::BTreeMap;

use rhai::{AST, ASTNode, Engine, Expr, FnAccess, FnPtr, OptimizationLevel, Position, Stmt};

use super::super::{Limits, Script, error};
use super::super::{api::Table, engine};
use crate::diagnostic::Diagnostic;

/// What a script may begin a line with where a declaration begins.
const BEGINNINGS: [&str; 5] = ["rule(", "classify(", "test(", "fn ", "private fn "];

/// Each is read with the lines above it: reading more than these could take for ever.
const MOST_DECLARATIONS: usize = 300;

/// A function, named or not.
#[derive(Debug)]
pub(super) struct Function {
    /// What Rhai calls it, if it is a closure.
    pub(super) name: String,
    /// Of a closure, first what it captures.
    pub(super) params: Vec<String>,
    pub(super) body: Vec<Stmt>,
    pub(super) is_private: bool,
    /// Where its body begins.
    pub(super) position: Position,
}

/// A script that was read, as far as it can be.
#[derive(Debug)]
pub(super) struct Parsed<'s> {
    pub(super) script: &'s Script,
    pub(super) statements: Vec<Stmt>,
    functions: BTreeMap<String, Vec<Function>>,
    /// Why parts of it cannot be read.
    pub(super) errors: Vec<Diagnostic>,
}

/// What compiles scripts without judging what they name.
pub(super) fn reader() -> (Engine, Table) {
    let (mut engine, table) = engine::build(&Limits::default());
    engine.set_strict_variables(false);
    engine.set_optimization_level(OptimizationLevel::None);
    (engine, table)
}

impl<'s> Parsed<'s> {
    /// Reads a script.
    pub(super) fn new(engine: &Engine, script: &'s Script) -> Self {
        let mut parsed =
            Self { script, statements: Vec::new(), functions: BTreeMap::new(), errors: Vec::new() };
        let whole = match engine.compile(&script.text) {
            Ok(ast) => {
                parsed.add(&ast);
                return parsed;
            }
            Err(error) => error::syntax(&error, script),
        };
        for part in declarations(&script.text) {
            match engine.compile(alone(&script.text, part)) {
                Ok(ast) => parsed.add(&ast),
                Err(error) => parsed.errors.push(error::syntax(&error, script)),
            }
        }
        if parsed.errors.is_empty() {
            parsed.errors.push(whole);
        }
        parsed
    }

    fn add(&mut self, ast: &AST) {
        self.statements.extend_from_slice(ast.statements());
        for found in ast.iter_fn_def() {
            let function = Function {
                name: found.name.to_string(),
                params: found.params.iter().map(ToString::to_string).collect(),
                body: body(ast, &found.name, found.params.len()),
                is_private: matches!(found.access, FnAccess::Private),
                position: found.body.start_position(),
            };
            self.functions.entry(function.name.clone()).or_default().push(function);
        }
    }

    /// The function of a name that takes so many arguments.
    pub(super) fn function(&self, name: &str, count: usize) -> Option<&Function> {
        self.functions.get(name)?.iter().find(|function| function.params.len() == count)
    }

    /// The functions of a name.
    pub(super) fn functions(&self, name: &str) -> &[Function] {
        self.functions.get(name).map_or(&[], Vec::as_slice)
    }

    /// Functions that have a name, by their names.
    pub(super) fn named(&self) -> impl Iterator<Item = &Function> {
        self.functions.values().flatten().filter(|function| !function.name.starts_with("anon$"))
    }

    /// Every statement and expression of the script, those of its functions too.
    pub(super) fn walk(&self, on_node: &mut dyn FnMut(&ASTNode<'_>)) {
        let bodies = self.functions.values().flatten().map(|function| &function.body);
        for statements in [&self.statements].into_iter().chain(bodies) {
            walk(statements, on_node);
        }
    }
}

/// Every statement and expression of a block.
pub(super) fn walk(statements: &[Stmt], on_node: &mut dyn FnMut(&ASTNode<'_>)) {
    for statement in statements {
        statement.walk(&mut Vec::new(), &mut |path: &[ASTNode<'_>]| {
            if let Some(node) = path.last() {
                on_node(node);
            }
            true
        });
    }
}

/// The statements of a function. Rhai shows them to a walk only.
fn body(ast: &AST, function: &str, parameters: usize) -> Vec<Stmt> {
    let mut one = ast.clone();
    one.clear_statements().retain_functions(|_, _, name, count| name == function && count == parameters);
    let mut statements = Vec::new();
    one.walk(&mut |path: &[ASTNode<'_>]| {
        if let [ASTNode::Stmt(statement)] = path {
            statements.push((*statement).clone());
        }
        true
    });
    statements
}

/// Where each declaration begins and ends; none at all if there are more than anybody writes by hand.
fn declarations(text: &str) -> Vec<(usize, usize)> {
    let mut parts: Vec<(usize, usize)> = Vec::new();
    let mut begin = 0;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if at > begin && BEGINNINGS.iter().any(|word| line.starts_with(word)) {
            parts.push((begin, at));
            begin = at;
        }
        at += line.len();
    }
    parts.push((begin, text.len()));
    if parts.len() > MOST_DECLARATIONS { Vec::new() } else { parts }
}

/// A part of a text at its own place, with nothing around it.
fn alone(text: &str, (from, to): (usize, usize)) -> String {
    let lines = text.get(..from).unwrap_or_default().matches('\n').count();
    format!("{}{}", "\n".repeat(lines), text.get(from..to).unwrap_or_default().trim_end())
}

/// A closure where it is written.
pub(super) struct Closure {
    pub(super) name: String,
    /// How many variables it captures.
    pub(super) captured: usize,
    pub(super) position: Position,
}

/// The closure that an expression is, if it is one.
pub(super) fn closure(expr: &Expr) -> Option<Closure> {
    let (pointer, captured) = match expr {
        Expr::Stmt(block) => match block.statements() {
            [Stmt::Share(_), Stmt::Expr(call)] => match &**call {
                Expr::FnCall(call, _) if call.name == "curry" => (call.args.first()?, call.args.len() - 1),
                _ => return None,
            },
            _ => return None,
        },
        other => (other, 0),
    };
    match pointer {
        Expr::DynamicConstant(value, position) => {
            let name = value.read_lock::<FnPtr>()?.fn_name().to_owned();
            Some(Closure { name, captured, position: *position })
        }
        _ => None,
    }
}

/// One step of `a.b.c(d)[e]`.
pub(super) enum Step<'e> {
    Property(&'e str, Position),
    Method(&'e rhai::FnCallExpr, Position),
    Index(&'e Expr),
}

/// What a chain of `.` and `[]` begins with, and its steps; of each, whether it is taken only if there is a value.
pub(super) fn chain(expr: &Expr) -> Option<(&Expr, Vec<(Step<'_>, bool)>)> {
    use rhai::ASTFlags;
    let (Expr::Dot(first, ..) | Expr::Index(first, ..)) = expr else { return None };
    let mut steps = Vec::new();
    let mut link = expr;
    loop {
        let (binary, flags, is_dot) = match link {
            Expr::Dot(binary, flags, _) => (binary, *flags, true),
            Expr::Index(binary, flags, _) => (binary, *flags, false),
            _ => break,
        };
        let goes_on = matches!(binary.rhs, Expr::Dot(..) | Expr::Index(..))
            && (is_dot || !flags.contains(ASTFlags::BREAK));
        let target = match &binary.rhs {
            Expr::Dot(next, ..) | Expr::Index(next, ..) if goes_on => &next.lhs,
            other => other,
        };
        let step = match target {
            Expr::Property(property, position) if is_dot => Step::Property(&property.2, *position),
            Expr::MethodCall(call, position) if is_dot => Step::Method(call, *position),
            index => Step::Index(index),
        };
        steps.push((step, flags.contains(ASTFlags::NEGATED)));
        if !goes_on {
            break;
        }
        link = &binary.rhs;
    }
    Some((&first.lhs, steps))
}

/// What people call the value of an expression: its last property, or its variable.
pub(super) fn last_name(expr: &Expr) -> String {
    let name = match expr {
        Expr::Variable(variable, ..) => Some(variable.1.as_str()),
        _ => chain(expr).and_then(|(_, steps)| match steps.last() {
            Some((Step::Property(name, _), _)) => Some(*name),
            Some((Step::Method(call, _), _)) => Some(call.name.as_str()),
            _ => None,
        }),
    };
    name.map_or_else(|| "this".to_owned(), |name| format!("`{name}`"))
}

#[cfg(test)]
mod tests {
    use super::super::super::{Origin, ScriptKind};
    use super::*;

    fn script(text: &str) -> Script {
        Script {
            name: "x.rhai".to_owned(),
            text: text.to_owned(),
            origin: Origin::Repository,
            kind: ScriptKind::Rules,
        }
    }

    fn places(text: &str) -> Vec<String> {
        let (engine, _) = reader();
        let script = script(text);
        let errors = Parsed::new(&engine, &script).errors;
        errors.iter().map(|error| error.place.as_ref().unwrap().to_string()).collect()
    }

    #[test]
    fn every_broken_declaration_is_told_of_and_the_others_are_read() {
        let text = "let a = 1;\nrule(\"a\", #{ title: });\nrule(\"b\", #{ x: 1 });\nrule(\"c\", #{\n    commit: |c| { if {\n});\n\
                    fn f() { 1 }\nfn g( { }\n";
        assert_eq!(places(text), ["x.rhai:2:21", "x.rhai:5:22", "x.rhai:8:7"]);
        let (engine, _) = reader();
        let script = script(text);
        let parsed = Parsed::new(&engine, &script);
        assert_eq!(parsed.statements.len(), 2);
        assert!(parsed.function("f", 0).is_some());
    }

    #[test]
    fn a_brace_that_is_missing_is_missed_where_its_declaration_ends() {
        assert_eq!(places("fn a() {\n    1\n\nfn b() { 2 }\n"), ["x.rhai:2:6"]);
    }

    #[test]
    fn a_chain_has_its_steps_in_order() {
        let (engine, _) = reader();
        let script = script("let x = #{}; x.a[0].b(1)?.c[d.e].f;");
        let parsed = Parsed::new(&engine, &script);
        let Some(Stmt::Expr(expr)) = parsed.statements.last() else { panic!("no expression") };
        let (root, steps) = chain(expr).unwrap();
        assert!(matches!(root, Expr::Variable(..)));
        let shown: Vec<String> = steps
            .iter()
            .map(|(step, asks)| {
                let mark = if *asks { "?" } else { "" };
                match step {
                    Step::Property(name, _) => format!("{mark}.{name}"),
                    Step::Method(call, _) => format!("{mark}.{}({})", call.name, call.args.len()),
                    Step::Index(Expr::Dot(..)) => format!("{mark}[a chain]"),
                    Step::Index(_) => format!("{mark}[]"),
                }
            })
            .collect();
        assert_eq!(shown, [".a", "[]", ".b(1)", "?.c", "[a chain]", ".f"]);
    }
}

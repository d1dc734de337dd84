//! Statements: what is never reached, and values that nobody gets.

use rhai::{ASTFlags, Expr, FlowControl, Ident, Position, Stmt};

use super::super::ScriptKind;
use super::checker::Checker;
use super::switch;
use super::syntax;
use super::types::Type;

impl<'k> Checker<'k> {
    /// A block; `is_used` says whether somebody gets its value.
    pub(super) fn statements(&mut self, statements: &'k [Stmt], is_used: bool) -> Type {
        let mut kind = Type::Unit;
        let mut is_over = false;
        let mut is_told = false;
        for (n, statement) in statements.iter().enumerate() {
            if is_over && !is_told && !matches!(statement, Stmt::Share(_) | Stmt::Noop(_)) {
                self.wrong(start(statement), "this is never reached");
                is_told = true;
            }
            let is_last = n + 1 == statements.len();
            kind = self.statement(statement, is_last && is_used);
            is_over |= kind == Type::Never;
        }
        if is_over { Type::Never } else { kind }
    }

    /// A block with variables of its own.
    pub(super) fn block(&mut self, statements: &'k [Stmt], is_used: bool) -> Type {
        let depth = self.depth();
        let kind = self.statements(statements, is_used);
        self.leave(depth);
        kind
    }

    fn statement(&mut self, statement: &'k Stmt, is_used: bool) -> Type {
        if self.is_full() {
            return Type::Any;
        }
        match statement {
            Stmt::Var(var, flags, _) => self.declared(&var.0, &var.1, flags.contains(ASTFlags::CONSTANT)),
            Stmt::If(flow, _) => {
                self.condition(&flow.expr);
                let then = self.block(flow.body.statements(), is_used);
                let otherwise = match flow.branch.statements() {
                    [] => Type::Unit,
                    branch => self.block(branch, is_used),
                };
                then.or(otherwise)
            }
            Stmt::Switch(switch, _) => self.switch(&switch.0, &switch.1, is_used),
            Stmt::While(flow, _) => self.repeated(flow),
            Stmt::Do(flow, ..) => self.repeated(flow),
            Stmt::For(each, _) => self.each(&each.0, each.1.as_ref(), &each.2),
            Stmt::Assignment(assignment) => {
                self.target(&assignment.1.lhs, assignment.0.is_op_assignment());
                self.infer(&assignment.1.rhs);
                Type::Unit
            }
            Stmt::FnCall(call, position) => self.call(call, *position),
            Stmt::Block(block) => self.block(block.statements(), is_used),
            Stmt::Expr(expr) => {
                let found = self.found.errors.len();
                let kind = self.infer(expr);
                if !is_used && self.found.errors.len() == found {
                    self.discarded(expr);
                }
                kind
            }
            Stmt::BreakLoop(value, ..) => {
                value.iter().for_each(|value| drop(self.infer(value)));
                Type::Never
            }
            Stmt::Return(value, flags, position) => {
                let kind = value.as_ref().map_or(Type::Unit, |value| self.infer(value));
                let at = value.as_ref().map_or(*position, |value| value.start_position());
                if !flags.contains(ASTFlags::BREAK)
                    && let Some(results) = self.results.last_mut()
                {
                    results.push((kind, at));
                }
                Type::Never
            }
            _ => Type::Unit,
        }
    }

    fn declared(&mut self, name: &Ident, value: &'k Expr, is_constant: bool) -> Type {
        let kind = self.infer(value);
        let kind_of_script = &self.parsed.script.kind;
        let is_shared = is_constant && matches!(kind_of_script, ScriptKind::Library(_));
        // Whoever is made up in a test is known there, and need not be spoken of.
        let is_made_up = *kind_of_script == ScriptKind::Tests && matches!(value, Expr::FnCall(..));
        self.declare(&name.name, kind, (!is_made_up && !is_shared).then_some(name.pos));
        Type::Unit
    }

    fn each(&mut self, item: &Ident, counter: Option<&Ident>, flow: &'k FlowControl) -> Type {
        let over = self.infer(&flow.expr);
        self.iterable(&over, &flow.expr);
        let depth = self.depth();
        self.declare(&item.name, over.element(), None);
        if let Some(counter) = counter {
            self.declare(&counter.name, Type::Int, None);
        }
        self.block(flow.body.statements(), false);
        self.leave(depth);
        Type::Any
    }

    fn repeated(&mut self, flow: &'k FlowControl) -> Type {
        if !matches!(flow.expr, Expr::Unit(_)) {
            self.condition(&flow.expr);
        }
        self.block(flow.body.statements(), false);
        Type::Any
    }

    fn switch(&mut self, on: &'k Expr, cases: &'k rhai::SwitchCasesCollection, is_used: bool) -> Type {
        let kind = self.infer(on);
        if let Type::Text(words) = kind.certain()
            && !words.is_empty()
        {
            let known = self.known;
            let text = &self.parsed.script.text;
            let literals = self.literals.get_or_insert_with(|| switch::literals(known.engine, text));
            for (position, word) in switch::strangers(known.engine, cases, words, literals) {
                let name = syntax::last_name(on);
                self.wrong_word(position, format!("{name} is never `{word}`"), &word, words.iter().copied());
            }
        }
        let mut all = if cases.def_case.is_some() { Type::Never } else { Type::Unit };
        for case in &cases.expressions {
            if !matches!(case.lhs, Expr::BoolConstant(true, _)) {
                self.condition(&case.lhs);
            }
            let kind = match &case.rhs {
                Expr::Stmt(block) if syntax::closure(&case.rhs).is_none() => {
                    self.block(block.statements(), is_used)
                }
                other => self.infer(other),
            };
            all = all.or(kind);
        }
        all
    }

    /// What is asked must be `true` or `false`.
    pub(super) fn condition(&mut self, expr: &'k Expr) {
        let kind = self.infer(expr);
        let is_bool = matches!(kind, Type::Any | Type::Never | Type::Bool)
            || matches!(kind.certain(), Type::Any | Type::Bool)
            || matches!(kind.certain(), Type::Of(_)) && !kind.is_closed();
        if is_bool {
            return;
        }
        let what = kind.certain().article();
        let help = if matches!(kind, Type::Maybe(_)) {
            "ask whether there is one: `x != ()`".to_owned()
        } else {
            "compare it with something".to_owned()
        };
        self.wrong_because(
            expr.start_position(),
            format!("this condition is {what}, not `true` or `false`"),
            help,
        );
    }

    fn iterable(&mut self, over: &Type, expr: &Expr) {
        let help = match over.certain() {
            Type::Text(_) => "a text's characters are `text.chars()`, its lines `text.split(\"\\n\")`",
            Type::Map(_) | Type::Params(_) => "a map's keys are `map.keys()`, its values `map.values()`",
            Type::Int => "the numbers before it are `0..n`",
            Type::Bool | Type::Float | Type::Fn => "`for` runs over lists, arrays and ranges",
            Type::Of(_) if over.is_closed() => "`for` runs over lists, arrays and ranges",
            _ => return,
        };
        let what = over.certain().article();
        self.wrong_because(expr.start_position(), format!("`for` cannot run over {what}"), help);
    }

    /// What is assigned to.
    fn target(&mut self, expr: &'k Expr, is_read: bool) {
        if let Expr::Variable(variable, _, position) = expr {
            if !is_read && variable.2.is_empty() && self.is_declared(&variable.1) {
                return;
            }
            self.name(&variable.1, &variable.2, *position);
            return;
        }
        let Some((root, steps)) = syntax::chain(expr) else {
            self.infer(expr);
            return;
        };
        let mut kind = self.root(root);
        let count = steps.len();
        for (n, (step, _)) in steps.into_iter().enumerate() {
            let is_fact = kind.is_closed() && matches!(kind.certain(), Type::Of(_) | Type::List(_));
            if n + 1 == count
                && is_fact
                && let syntax::Step::Property(name, position) = step
            {
                let message = format!("`{name}` of {} cannot be set: facts do not change", kind.article());
                self.wrong(position, message);
                return;
            }
            if n + 1 == count && matches!(kind.certain(), Type::Map(_) | Type::Params(_)) {
                // A new key.
                if let syntax::Step::Index(index) = step {
                    self.infer(index);
                }
                return;
            }
            kind = self.step(&kind, &step, n == 0);
        }
    }

    /// A value that nobody gets.
    fn discarded(&mut self, expr: &Expr) {
        let position = expr.start_position();
        match expr {
            Expr::StringConstant(..) | Expr::InterpolatedString(..) => {
                let help = "report it with `finding(...)`, or `return` it";
                self.wrong_because(position, "this text goes nowhere".to_owned(), help);
            }
            Expr::FnCall(call, at) if call.op_token.is_some() && call.name == "==" => {
                self.wrong_because(*at, "nobody asks for this comparison".to_owned(), "`=` assigns");
            }
            Expr::FnCall(call, at) if call.op_token.is_some() => {
                self.wrong(*at, "nobody gets the result of this");
            }
            Expr::Dot(..) | Expr::Index(..) => {
                let steps = syntax::chain(expr).map(|(_, steps)| steps).unwrap_or_default();
                if !steps.iter().any(|(step, _)| matches!(step, syntax::Step::Method(..))) {
                    self.wrong(position, "nobody gets the value of this");
                }
            }
            Expr::Variable(..)
            | Expr::Array(..)
            | Expr::Map(..)
            | Expr::IntegerConstant(..)
            | Expr::FloatConstant(..)
            | Expr::BoolConstant(..)
            | Expr::CharConstant(..) => {
                self.wrong(position, "nobody gets the value of this");
            }
            _ if syntax::closure(expr).is_some() => {
                self.wrong(position, "nobody calls this function");
            }
            _ => {}
        }
    }
}

/// Where a statement begins: Rhai's place of one that is an expression may be its operator.
fn start(statement: &Stmt) -> Position {
    match statement {
        Stmt::Assignment(assignment) => assignment.1.lhs.start_position(),
        Stmt::Expr(expr) => leftmost(expr),
        other => other.position(),
    }
}

/// Where an expression begins.
pub(super) fn leftmost(expr: &Expr) -> Position {
    match expr {
        Expr::FnCall(call, position) if call.op_token.is_some() && call.args.len() == 2 => {
            call.args.first().map_or(*position, leftmost)
        }
        other => other.start_position(),
    }
}

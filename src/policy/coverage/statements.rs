//! Puts a call before each statement, however deep it stands in others.

use rhai::{Expr, FlowControl, FnCallExpr, FnPtr, Position, Stmt, StmtBlock};

use super::watched::{Call, block_of};

/// Goes through one function.
pub(super) struct Rewriter<'a> {
    /// Where each statement is: its index is its number.
    pub(super) places: &'a mut Vec<Position>,
    /// What the function may call.
    pub(super) calls: Vec<Call>,
    /// The call that notes a statement.
    pub(super) note: &'a FnCallExpr,
}

impl Rewriter<'_> {
    fn block(&mut self, block: &mut StmtBlock) {
        let statements = std::mem::take(block.statements_mut());
        for mut statement in statements {
            if counts(&statement) {
                let note = self.note_of(&statement);
                block.statements_mut().push(note);
            }
            self.statement(&mut statement);
            block.statements_mut().push(statement);
        }
    }

    fn note_of(&mut self, statement: &Stmt) -> Stmt {
        let position = start(statement);
        let number = i64::try_from(self.places.len()).unwrap_or(i64::MAX);
        self.places.push(position);
        let mut note = Box::new(self.note.clone());
        for argument in &mut note.args {
            *argument = Expr::IntegerConstant(number, position);
        }
        Stmt::FnCall(note, position)
    }

    fn statement(&mut self, statement: &mut Stmt) {
        match statement {
            Stmt::If(flow, _) | Stmt::While(flow, _) | Stmt::Do(flow, ..) | Stmt::TryCatch(flow, _) => {
                self.flow(flow);
            }
            Stmt::For(parts, _) => self.flow(&mut parts.2),
            Stmt::Switch(parts, _) => {
                let (value, cases) = parts.as_mut();
                self.expression(value);
                for case in &mut cases.expressions {
                    self.expression(&mut case.lhs);
                    if !matches!(case.rhs, Expr::Stmt(_) | Expr::Unit(_)) {
                        case.rhs = block_of(std::mem::take(&mut case.rhs));
                    }
                    self.expression(&mut case.rhs);
                }
            }
            Stmt::Var(parts, ..) => self.expression(&mut parts.1),
            Stmt::Assignment(parts) => {
                self.expression(&mut parts.1.lhs);
                self.expression(&mut parts.1.rhs);
            }
            Stmt::FnCall(call, _) => self.call(call),
            Stmt::Block(block) => self.block(block),
            Stmt::Expr(expression) => self.expression(expression),
            Stmt::BreakLoop(Some(value), ..) | Stmt::Return(Some(value), ..) => self.expression(value),
            // Nothing in them, or no word of our scripts.
            _ => {}
        }
    }

    fn flow(&mut self, flow: &mut FlowControl) {
        self.expression(&mut flow.expr);
        self.block(&mut flow.body);
        self.block(&mut flow.branch);
    }

    pub(super) fn expression(&mut self, expression: &mut Expr) {
        match expression {
            Expr::Array(parts, _) => parts.iter_mut().for_each(|part| self.expression(part)),
            Expr::InterpolatedString(parts, _) => parts.iter_mut().for_each(|part| match part {
                // `${...}` is a block to Rhai; to people it is a part of the text.
                Expr::Stmt(block) if block.len() == 1 => {
                    block.statements_mut().iter_mut().for_each(|one| self.statement(one));
                }
                other => self.expression(other),
            }),
            Expr::Map(parts, _) => parts.0.iter_mut().for_each(|(_, value)| self.expression(value)),
            Expr::And(parts, _) | Expr::Or(parts, _) | Expr::Coalesce(parts, _) => {
                parts.iter_mut().for_each(|part| self.expression(part));
            }
            Expr::Index(parts, ..) | Expr::Dot(parts, ..) => {
                self.expression(&mut parts.lhs);
                self.expression(&mut parts.rhs);
            }
            Expr::FnCall(call, _) | Expr::MethodCall(call, _) => self.call(call),
            Expr::Stmt(block) => self.block(block),
            Expr::DynamicConstant(value, _) => {
                let pointer = value.read_lock::<FnPtr>().map(|pointer| pointer.fn_name().to_owned());
                self.calls.extend(pointer.map(Call::Pointer));
            }
            // Nothing in them.
            _ => {}
        }
    }

    fn call(&mut self, call: &mut FnCallExpr) {
        let library = (!call.namespace.is_empty()).then(|| call.namespace.root().to_owned());
        let named = match (call.name.as_str(), call.args.first()) {
            ("Fn", Some(Expr::StringConstant(name, _))) => Call::Pointer(name.to_string()),
            _ => Call::Named(library, call.name.to_string(), call.args.len()),
        };
        if !self.calls.contains(&named) {
            self.calls.push(named);
        }
        for argument in &mut call.args {
            self.expression(argument);
        }
    }
}

/// Is it something that a person wrote and that does something by itself?
fn counts(statement: &Stmt) -> bool {
    match statement {
        Stmt::Noop(_) | Stmt::Share(_) | Stmt::Block(_) => false,
        Stmt::Expr(expression) => !matches!(**expression, Expr::Stmt(_)),
        _ => true,
    }
}

/// Where it begins. Rhai gives an expression the place of its operator.
fn start(statement: &Stmt) -> Position {
    if !matches!(statement, Stmt::Expr(_) | Stmt::FnCall(..) | Stmt::Assignment(_)) {
        return statement.position();
    }
    let mut first = statement.position();
    statement.walk(&mut Vec::new(), &mut |path| {
        let here = path.last().map_or(Position::NONE, rhai::ASTNode::position);
        if !here.is_none() && (first.is_none() || here < first) {
            first = here;
        }
        true
    });
    first
}

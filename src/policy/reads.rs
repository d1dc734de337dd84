//! Does a handler leave a variable as it is? Then it need not be given a new copy at every call.

use rhai::{ASTNode, Expr, Stmt};

/// True if `name` is nowhere assigned to, nor shared with a closure: what cannot change by a call of its methods stays as it is.
pub(super) fn never_assigned(body: &Expr, name: &str) -> bool {
    let mut so_far = true;
    body.walk(&mut Vec::new(), &mut |path: &[ASTNode<'_>]| {
        so_far &= match path.last() {
            Some(ASTNode::Stmt(Stmt::Assignment(assignment))) => {
                !matches!(&assignment.1.lhs, Expr::Variable(found, ..) if found.1 == name)
            }
            Some(ASTNode::Stmt(Stmt::Share(captured))) => {
                captured.iter().all(|(captured, _)| captured.name != name)
            }
            Some(node) => !lends_scope(node),
            None => true,
        };
        so_far
    });
    so_far
}

/// Is it a call that is given all variables, `f!()`?
fn lends_scope(node: &ASTNode<'_>) -> bool {
    match node {
        ASTNode::Expr(Expr::FnCall(call, _)) => call.capture_parent_scope,
        ASTNode::Stmt(Stmt::FnCall(call, _)) => call.capture_parent_scope,
        _ => false,
    }
}

/// True if `name` stands in `body` only as `name.property`, read: nowhere assigned to, called on, passed on or captured.
pub(super) fn only_read(body: &Expr, name: &str) -> bool {
    let mut so_far = true;
    body.walk(&mut Vec::new(), &mut |path: &[ASTNode<'_>]| {
        so_far &= is_harmless(path, name);
        so_far
    });
    so_far
}

/// Is the last node of a path another variable, or this one where it is read?
fn is_harmless(path: &[ASTNode<'_>], name: &str) -> bool {
    let [above @ .., node] = path else { return true };
    match node {
        ASTNode::Expr(variable @ Expr::Variable(found, ..)) => found.1 != name || is_read(above, variable),
        // What a closure captures becomes a cell that both share.
        ASTNode::Stmt(Stmt::Share(captured)) => captured.iter().all(|(captured, _)| captured.name != name),
        node => !lends_scope(node),
    }
}

/// Is it `variable.property`, and that is not part of anything that could change it?
fn is_read(above: &[ASTNode<'_>], variable: &Expr) -> bool {
    let [above @ .., ASTNode::Expr(dot @ Expr::Dot(pair, ..))] = above else { return false };
    if !std::ptr::eq(&raw const pair.lhs, variable) || !matches!(pair.rhs, Expr::Property(..)) {
        return false;
    }
    match above.last() {
        Some(ASTNode::Expr(Expr::Dot(around, ..) | Expr::Index(around, ..))) => {
            !std::ptr::eq(&raw const around.lhs, *dot)
        }
        Some(ASTNode::Stmt(Stmt::Assignment(assignment))) => !std::ptr::eq(&raw const assignment.1.lhs, *dot),
        _ => true,
    }
}

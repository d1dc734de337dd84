//! Every script that was compiled, to find the text of a function and the file of a place by.

use std::collections::{BTreeSet, HashMap};

use rhai::{AST, ASTNode, Expr, Position, Stmt, StmtBlock};

/// What Rhai calls closures.
const ANONYMOUS: &str = "anon$";

/// All scripts.
#[derive(Debug, Default)]
pub(super) struct Sources {
    scripts: Vec<(String, AST)>,
    /// Which script a function is written in. Names of closures are their own; named functions may be in several.
    functions: HashMap<String, Vec<usize>>,
}

impl Sources {
    pub(super) fn add(&mut self, script: &str, ast: AST) {
        let index = self.scripts.len();
        for function in ast.iter_fn_def() {
            self.functions.entry(function.name.to_string()).or_default().push(index);
        }
        self.scripts.push((script.to_owned(), ast));
    }

    /// The script that a closure is written in: Rhai forgets it when a library calls the closure.
    pub(super) fn script_of(&self, function: &str) -> Option<&str> {
        let found = self.functions.get(function).filter(|_| function.starts_with(ANONYMOUS))?;
        found.first().and_then(|index| self.scripts.get(*index)).map(|(script, _)| script.as_str())
    }

    /// A script as it was parsed.
    pub(super) fn ast(&self, script: &str) -> Option<&AST> {
        self.scripts.iter().find(|(name, _)| name == script).map(|(_, ast)| ast)
    }

    /// The names of the functions that scripts define.
    pub(super) fn functions(&self) -> BTreeSet<&str> {
        self.functions.keys().map(String::as_str).filter(|name| !name.starts_with(ANONYMOUS)).collect()
    }

    /// Walks the functions of a name.
    pub(super) fn walk(&self, function: &str, on_node: &mut dyn FnMut(&[ASTNode<'_>]) -> bool) {
        for (_, ast) in
            self.functions.get(function).into_iter().flatten().filter_map(|index| self.scripts.get(*index))
        {
            only(ast, |name, _| name == function).walk(on_node);
        }
    }

    /// The body of a function as a block that can be evaluated by itself.
    pub(super) fn body(&self, function: &str, parameters: usize) -> Option<Expr> {
        let index = self.functions.get(function)?.first()?;
        let (_, ast) = self.scripts.get(*index)?;
        let one = only(ast, |name, count| name == function && count == parameters);
        let (start, end) =
            one.iter_fn_def().next().map(|f| (f.body.start_position(), f.body.end_position()))?;
        let mut statements: Vec<Stmt> = Vec::new();
        one.walk(&mut |path| {
            if let [ASTNode::Stmt(statement)] = path {
                statements.push((*statement).clone());
            }
            true
        });
        Some(Expr::Stmt(Box::new(StmtBlock::new(statements, start, end))))
    }
}

/// The functions that pass a test, alone. (`clone_functions_only_filtered` keeps them all.)
fn only(ast: &AST, wanted: impl Fn(&str, usize) -> bool) -> AST {
    let mut some = ast.clone_functions_only();
    some.retain_functions(|_, _, name, count| wanted(name, count));
    some
}

/// The keys of the map that is the last argument of the call at a position.
pub(super) fn keys(ast: &AST, call: Position) -> HashMap<String, Position> {
    let mut keys = HashMap::new();
    ast.walk(&mut |path| {
        let found = match path.last() {
            Some(
                ASTNode::Expr(Expr::FnCall(found, position)) | ASTNode::Stmt(Stmt::FnCall(found, position)),
            ) if *position == call => found,
            _ => return true,
        };
        if let Some(Expr::Map(map, _)) = found.args.last() {
            keys.extend(map.0.iter().map(|(key, _)| (key.name.to_string(), key.pos)));
        }
        false
    });
    keys
}

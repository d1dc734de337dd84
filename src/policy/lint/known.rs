//! What is known before any script is looked at: the API, the libraries, the rules that are declared, and every key that a
//! map has anywhere.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use rhai::{ASTFlags, ASTNode, Engine, Expr, FnCallExpr, Position, Stmt};

use super::super::api::{Kind, Table};
use super::super::{ScriptKind, error, load};
use super::syntax::Parsed;
use super::types::Type;
use crate::diagnostic::{Diagnostic, Place};

/// A function of a library.
#[derive(Debug)]
pub(super) struct LibraryFunction {
    pub(super) name: String,
    pub(super) count: usize,
    pub(super) is_private: bool,
}

/// The types of a rule's parameters by name; `None` where they are not written down as a map.
pub(super) type Parameters = Option<BTreeMap<String, Type>>;

/// What all scripts together make known.
pub(super) struct Known<'a> {
    pub(super) engine: &'a Engine,
    pub(super) table: &'a Table,
    /// By name; `None` for one that cannot be read.
    pub(super) libraries: BTreeMap<String, Option<Vec<LibraryFunction>>>,
    /// By id.
    pub(super) rules: BTreeMap<String, Parameters>,
    /// Where each rule, classifier and test is declared first, by its word and id and what no two of them may be in.
    declared: BTreeMap<(String, String, String), Place>,
    /// Those that are declared again.
    pub(super) twice: Vec<Diagnostic>,
    /// Are these all the rules there are?
    pub(super) has_all_rules: bool,
    /// What follows a `.` anywhere in reason: properties of any type, and keys of maps.
    names: BTreeSet<String>,
    /// Does a script read documents, whose keys nobody knows?
    reads_documents: bool,
}

impl<'a> Known<'a> {
    pub(super) fn new(engine: &'a Engine, table: &'a Table, scripts: &[Parsed<'_>]) -> Self {
        let mut known = Self {
            engine,
            table,
            libraries: BTreeMap::new(),
            rules: BTreeMap::new(),
            declared: BTreeMap::new(),
            twice: Vec::new(),
            has_all_rules: true,
            names: BTreeSet::new(),
            reads_documents: false,
        };
        for entry in table.entries().iter().filter(|entry| entry.kind == Kind::Property) {
            known.names.insert(entry.name.to_owned());
        }
        for parsed in scripts {
            known.script(parsed);
        }
        known
    }

    fn script(&mut self, parsed: &Parsed<'_>) {
        if let ScriptKind::Library(name) = &parsed.script.kind {
            let function = |found: &super::syntax::Function| LibraryFunction {
                name: found.name.clone(),
                count: found.params.len(),
                is_private: found.is_private,
            };
            let functions = parsed.errors.is_empty().then(|| parsed.named().map(function).collect());
            self.libraries.insert(name.clone(), functions);
        }
        if parsed.script.kind == ScriptKind::Rules && !parsed.errors.is_empty() {
            self.has_all_rules = false;
        }
        parsed.walk(&mut |node| self.node(node, parsed));
        for statement in &parsed.statements {
            let call = match statement {
                Stmt::FnCall(call, position) => Some((call, *position)),
                Stmt::Expr(expr) => match &**expr {
                    Expr::FnCall(call, position) => Some((call, *position)),
                    _ => None,
                },
                _ => None,
            };
            if let Some((call, position)) = call {
                self.declaration(call, parsed, position);
            }
        }
    }

    /// Something may be declared at the top level.
    fn declaration(&mut self, call: &FnCallExpr, parsed: &Parsed<'_>, position: Position) {
        let (word, Some(Expr::StringConstant(id, _))) = (call.name.as_str(), call.args.first()) else {
            return;
        };
        let among = match word {
            "rule" | "classify" => "",
            // Two scripts may call a test the same.
            "test" => parsed.script.name.as_str(),
            _ => return,
        };
        let place = error::place(&parsed.script.name, position);
        match self.declared.entry((word.to_owned(), id.to_string(), among.to_owned())) {
            Entry::Vacant(entry) => drop(entry.insert(place)),
            Entry::Occupied(entry) => self.twice.push(load::declared_twice(word, id, place, entry.get())),
        }
    }

    fn node(&mut self, node: &ASTNode<'_>, parsed: &Parsed<'_>) {
        match node {
            ASTNode::Expr(Expr::Map(map, _)) => {
                self.names.extend(map.0.iter().map(|(key, _)| key.name.to_string()));
            }
            ASTNode::Expr(Expr::StringConstant(text, _)) => {
                self.names.insert(text.to_string());
            }
            ASTNode::Expr(Expr::FnCall(call, _)) | ASTNode::Stmt(Stmt::FnCall(call, _))
                if call.name == "rule" && parsed.script.kind == ScriptKind::Rules =>
            {
                self.rule(call);
            }
            ASTNode::Expr(Expr::MethodCall(call, _)) => {
                self.reads_documents |= matches!(call.name.as_str(), "json" | "yaml" | "toml" | "hcl");
            }
            _ => {}
        }
        if let ASTNode::Expr(Expr::FnCall(call, _)) = node {
            self.reads_documents |= matches!(call.name.as_str(), "json" | "yaml" | "toml" | "hcl");
        }
    }

    fn rule(&mut self, call: &FnCallExpr) {
        let Some(Expr::StringConstant(id, _)) = call.args.first() else {
            self.has_all_rules = false;
            return;
        };
        let declared = call.args.get(1);
        self.rules.insert(id.to_string(), declared.and_then(parameters));
    }

    /// Can this be a property of something that nothing is known of?
    pub(super) fn may_be_property(&self, name: &str) -> bool {
        self.reads_documents || self.names.contains(name) || super::natives::has_property(None, name)
    }
}

/// What the map of a declaration holds at a key.
pub(super) fn value<'e>(map: &'e Expr, key: &str) -> Option<&'e Expr> {
    match map {
        Expr::Map(map, _) => map.0.iter().find(|(name, _)| name.name == key).map(|(_, value)| value),
        _ => None,
    }
}

/// The parameters that a rule declares; none at all if it has no `params`.
pub(super) fn parameters(declaration: &Expr) -> Parameters {
    match (declaration, value(declaration, "params")) {
        (Expr::Map(..), None) => Some(BTreeMap::new()),
        (_, Some(Expr::Map(map, _))) => {
            Some(map.0.iter().map(|(key, value)| (key.name.to_string(), parameter(value))).collect())
        }
        _ => None,
    }
}

/// The type of a parameter with this default: what the configuration may give instead is of the same.
fn parameter(default: &Expr) -> Type {
    match default {
        Expr::Array(elements, _) => Type::Array(Box::new(elements.first().map_or(Type::Any, parameter))),
        Expr::Map(map, _) if !map.0.is_empty() => {
            let keys = map.0.iter().map(|(key, value)| (key.name.to_string(), parameter(value)));
            Type::Map(Some(std::rc::Rc::new(keys.collect())))
        }
        other => literal(other),
    }
}

/// The type of a literal.
pub(super) fn literal(expr: &Expr) -> Type {
    match expr {
        Expr::BoolConstant(..) => Type::Bool,
        Expr::IntegerConstant(..) => Type::Int,
        Expr::FloatConstant(..) => Type::Float,
        Expr::CharConstant(..) => Type::Char,
        Expr::StringConstant(..) | Expr::InterpolatedString(..) => Type::Text(&[]),
        Expr::Unit(_) => Type::Unit,
        Expr::Map(..) => Type::Map(None),
        Expr::Array(..) => Type::Array(Box::new(Type::Any)),
        _ => Type::Any,
    }
}

/// Constants of the top level, with their types.
pub(super) fn constants(statements: &[Stmt]) -> BTreeMap<String, Type> {
    let constant = |statement: &Stmt| match statement {
        Stmt::Var(var, flags, _) if flags.contains(ASTFlags::CONSTANT) => {
            Some((var.0.name.to_string(), literal(&var.1)))
        }
        _ => None,
    };
    statements.iter().filter_map(constant).collect()
}

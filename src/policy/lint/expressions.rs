//! Expressions: the type of each, and the properties that their types have not.

use rhai::{Expr, Namespace, Position};

use super::super::api::{Entry, Kind};
use super::checker::Checker;
use super::known;
use super::natives;
use super::syntax::{self, Step};
use super::types::Type;
use crate::diagnostic::nearest;

impl<'k> Checker<'k> {
    /// The type of an expression; what is wrong in it is told.
    pub(super) fn infer(&mut self, expr: &'k Expr) -> Type {
        if self.is_full() {
            return Type::Any;
        }
        if let Some(closure) = syntax::closure(expr) {
            self.closure(&closure, &[]);
            return Type::Fn;
        }
        match expr {
            Expr::InterpolatedString(parts, _) => {
                parts.iter().for_each(|part| drop(self.infer(part)));
                Type::Text(&[])
            }
            Expr::Array(elements, _) => {
                let element = elements.iter().fold(Type::Never, |all, element| all.or(self.infer(element)));
                Type::Array(Box::new(if element == Type::Never { Type::Any } else { element }))
            }
            Expr::Map(map, _) => {
                let keys = map.0.iter().map(|(key, value)| (key.name.to_string(), self.infer(value)));
                Type::Map(Some(std::rc::Rc::new(keys.collect())))
            }
            Expr::Variable(variable, _, position) => {
                let kind = self.name(&variable.1, &variable.2, *position);
                if matches!(kind, Type::Params(_)) {
                    self.parameter_uses.all = true;
                }
                kind
            }
            Expr::Stmt(block) => self.block(block.statements(), true),
            Expr::FnCall(call, position) => self.call(call, *position),
            Expr::Dot(..) | Expr::Index(..) => self.chain(expr),
            Expr::And(parts, _) | Expr::Or(parts, _) => {
                parts.iter().for_each(|part| self.condition(part));
                Type::Bool
            }
            Expr::Coalesce(parts, _) => {
                // Whatever stands before the last is only taken if there is something.
                parts.iter().fold(Type::Never, |all, part| all.certain().clone().or(self.infer(part)))
            }
            other => known::literal(other),
        }
    }

    /// The type of a name.
    pub(super) fn name(&mut self, name: &str, space: &Namespace, position: Position) -> Type {
        if !space.is_empty() {
            return self.qualified_name(name, space, position);
        }
        if let Some(kind) = self.variable(name) {
            return kind;
        }
        if self.escapes(name) {
            return Type::Fn;
        }
        let message = format!("unknown variable `{name}`");
        if self.is_hidden(name) {
            let help = format!(
                "a `fn` sees its own variables only; a `const` of the script is `global::{name}` there"
            );
            self.wrong_because(position, message, help);
        } else {
            let visible: Vec<String> = self.visible().map(str::to_owned).collect();
            match nearest(name, visible.iter().map(String::as_str)) {
                Some(near) => self.wrong_because(position, message, format!("did you mean `{near}`?")),
                None => self.wrong(position, message),
            }
        }
        Type::Any
    }

    /// Is there a variable of this name? It counts as no use.
    pub(super) fn is_declared(&self, name: &str) -> bool {
        self.visible().any(|visible| visible == name)
    }

    fn qualified_name(&mut self, name: &str, space: &Namespace, position: Position) -> Type {
        let root = space.root().to_owned();
        if root == "global" {
            return match self.constant(name) {
                Some(kind) => kind,
                None => {
                    let help = "only a `const` at the top of the script is";
                    self.wrong_because(position, format!("`{name}` is not `global`"), help);
                    Type::Any
                }
            };
        }
        if self.library(&root, position) {
            let help = format!("a library gives functions: `{root}::{name}()`");
            self.wrong_because(position, format!("the library `{root}` has no variable `{name}`"), help);
        }
        Type::Any
    }

    /// What a chain begins with: parameters are not passed around by it.
    pub(super) fn root(&mut self, root: &'k Expr) -> Type {
        match root {
            Expr::Variable(variable, _, position) => self.name(&variable.1, &variable.2, *position),
            other => self.infer(other),
        }
    }

    fn chain(&mut self, expr: &'k Expr) -> Type {
        let Some((root, steps)) = syntax::chain(expr) else { return Type::Any };
        if let ([(Step::Method(call, position), _)], Expr::Array(..)) = (steps.as_slice(), root)
            && let ("contains", [value]) = (call.name.as_str(), call.args.as_slice())
        {
            self.membership(root, value, *position);
            return Type::Bool;
        }
        let mut kind = self.root(root);
        let mut may_stop = false;
        for (n, (step, asks)) in steps.iter().enumerate() {
            may_stop |= *asks && matches!(kind, Type::Maybe(_) | Type::Any);
            kind = self.step(&kind, step, n == 0);
        }
        if may_stop { kind.maybe() } else { kind }
    }

    /// What one step leads to.
    pub(super) fn step(&mut self, from: &Type, step: &Step<'k>, is_first: bool) -> Type {
        match step {
            Step::Property(name, position) => self.property(from, name, *position),
            Step::Method(call, position) => {
                if is_first && matches!(from, Type::Params(_)) {
                    self.parameter_uses.all = true;
                }
                self.method(from, call, *position)
            }
            Step::Index(index) => {
                let by = self.infer(index);
                self.indexed(from, index, &by)
            }
        }
    }

    fn indexed(&mut self, from: &Type, index: &Expr, by: &Type) -> Type {
        match (from.certain(), index) {
            (Type::Map(Some(_)), Expr::StringConstant(name, position)) => {
                self.property(from, name, *position)
            }
            (Type::Params(_), Expr::StringConstant(name, position)) => self.property(from, name, *position),
            (Type::Params(_), _) => {
                self.parameter_uses.all = true;
                Type::Any
            }
            (Type::Array(element) | Type::List(element), _) if !matches!(by, Type::Range) => {
                (**element).clone()
            }
            (Type::Text(_), _) if matches!(by, Type::Int) => Type::Char,
            _ => Type::Any,
        }
    }

    fn property(&mut self, of: &Type, name: &str, position: Position) -> Type {
        match of.certain() {
            Type::Params(params) => {
                self.parameter_uses.keys.insert(name.to_owned());
                let Some(keys) = &params.keys else { return Type::Any };
                if let Some(kind) = keys.get(name) {
                    return kind.clone();
                }
                let message = format!("the rule `{}` has no parameter `{name}`", params.rule);
                self.wrong_word(position, message, name, keys.keys().map(String::as_str));
                Type::Any
            }
            Type::Map(Some(keys)) => {
                if let Some(kind) = keys.get(name) {
                    return kind.clone();
                }
                let message = format!("unknown key `{name}` of a map");
                self.wrong_word(position, message, name, keys.keys().map(String::as_str));
                Type::Any
            }
            Type::Map(None) | Type::Unit | Type::Never => Type::Any,
            Type::Any => {
                if !self.known.may_be_property(name) {
                    self.nobodys_property(name, position);
                }
                Type::Any
            }
            _ => self.property_of(of.certain(), name, position),
        }
    }

    fn property_of(&mut self, of: &Type, name: &str, position: Position) -> Type {
        let table = self.known.table;
        let owner = of.owner().unwrap_or("");
        let is_property = |entry: &&Entry| entry.kind == Kind::Property;
        if let Some(entry) = table.members(owner).filter(is_property).find(|entry| entry.name == name) {
            return Type::parse(entry.signature, entry.words);
        }
        if !of.is_closed() || natives::has_property(Some(owner), name) {
            return Type::Any;
        }
        let message = format!("unknown property `{name}` of {}", of.article());
        if table.members(owner).any(|entry| entry.name == name && entry.kind == Kind::Method) {
            self.wrong_because(position, message, format!("it is a function: `{name}()`"));
        } else {
            let names = table.members(owner).filter(is_property).map(|entry| entry.name);
            self.wrong_word(position, message, name, names);
        }
        Type::Any
    }

    /// A property that no type has.
    fn nobodys_property(&mut self, name: &str, position: Position) {
        let table = self.known.table;
        let message = format!("unknown property `{name}`: nothing has one of this name");
        if table.named(name).any(|entry| entry.kind == Kind::Method) {
            self.wrong_because(position, message, format!("it is a function: `{name}()`"));
            return;
        }
        let properties = table.entries().iter().filter(|entry| entry.kind == Kind::Property);
        match nearest(name, properties.map(|entry| entry.name)) {
            Some(near) => self.wrong_because(position, message, format!("did you mean `{near}`?")),
            None => self.wrong(position, message),
        }
    }
}

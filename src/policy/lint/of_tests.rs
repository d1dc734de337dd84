//! What only tests have: builders of facts from maps of their properties, and assertions about rules.

use rhai::{ASTNode, Expr, FnCallExpr, FnPtr, Position, Stmt};

use super::super::api::Kind;
use super::super::testing::MORE;
use super::checker::Checker;
use super::known;
use super::syntax;
use super::types::Type;

impl<'k> Checker<'k> {
    /// A call in a test.
    pub(super) fn of_tests(&mut self, call: &'k FnCallExpr, _position: Position) {
        if !self.parsed.functions(&call.name).is_empty() {
            return;
        }
        match (call.name.as_str(), call.args.as_slice()) {
            ("commit" | "file" | "change" | "push" | "person", [map @ Expr::Map(..)]) => {
                self.builder(&call.name, map);
            }
            (
                "assert_violated" | "assert_satisfied" | "assert_error" | "assert_message",
                [id, _, rest @ ..],
            ) => {
                self.assertion(id, rest);
            }
            _ => {}
        }
    }

    fn assertion(&mut self, id: &Expr, rest: &[Expr]) {
        let Expr::StringConstant(id, position) = id else { return };
        let known = self.known;
        match known.rules.get(id.as_str()) {
            None if known.has_all_rules => {
                let ids = known.rules.keys().map(String::as_str);
                self.wrong_word(*position, format!("unknown rule `{id}`"), id, ids);
            }
            Some(Some(params)) => {
                for argument in rest {
                    let Expr::Map(map, _) = argument else { continue };
                    for (key, _) in map.0.iter().filter(|(key, _)| !params.contains_key(key.name.as_str())) {
                        let message = format!("the rule `{id}` has no parameter `{}`", key.name);
                        self.wrong_word(key.pos, message, &key.name, params.keys().map(String::as_str));
                    }
                }
            }
            _ => {}
        }
    }

    /// A map of the properties of something that a builder makes.
    fn builder(&mut self, what: &str, map: &Expr) {
        let Expr::Map(map, _) = map else { return };
        let table = self.known.table;
        let more: Vec<&str> =
            MORE.iter().filter(|(of, _)| *of == what).flat_map(|(_, names)| *names).copied().collect();
        for (key, value) in &map.0 {
            let name = key.name.as_str();
            let property =
                table.members(what).find(|entry| entry.name == name && entry.kind == Kind::Property);
            match property {
                Some(entry) => {
                    let kind = Type::parse(entry.signature, entry.words);
                    self.given(what, name, &kind, value);
                }
                None if more.contains(&name) => {}
                None => {
                    let properties = table.members(what).filter(|entry| entry.kind == Kind::Property);
                    let valid = properties.map(|entry| entry.name).chain(more.iter().copied());
                    self.wrong_word(key.pos, format!("unknown property `{name}` of {what}"), name, valid);
                }
            }
        }
    }

    /// What a property is given.
    fn given(&mut self, what: &str, name: &str, kind: &Type, value: &Expr) {
        match (kind.certain(), value) {
            // An approval may be given as the person.
            (Type::Of("approval"), Expr::Map(map, _))
                if !map.0.iter().any(|(key, _)| key.name == "person") =>
            {
                self.builder("person", value);
            }
            (Type::Of(of), Expr::Map(..)) => self.builder(of, value),
            (Type::Array(element) | Type::List(element), Expr::Array(values, _)) => {
                values.iter().for_each(|value| self.given(what, name, element, value));
            }
            (Type::Text(words), Expr::StringConstant(word, position))
                if !words.is_empty() && !words.contains(&word.as_str()) =>
            {
                let message = format!("`{name}` of {what} cannot be `{word}`");
                self.wrong_word(*position, message, word, words.iter().copied());
            }
            (wanted @ (Type::Bool | Type::Int), value) => {
                let literal = known::literal(value);
                let is_wrong = match wanted {
                    Type::Int => literal == Type::Float || literal.never_equals(wanted),
                    _ => literal.never_equals(wanted),
                };
                if is_wrong && literal != Type::Unit {
                    let message =
                        format!("`{name}` of {what} must be {}, not {}", wanted.article(), literal.article());
                    self.wrong(value.start_position(), message);
                }
            }
            _ => {}
        }
    }

    /// Does a function of this script assert anything, be it through others that it calls?
    pub(super) fn asserts(&self, function: &str) -> bool {
        let mut waiting = vec![function.to_owned()];
        let mut seen: Vec<String> = Vec::new();
        let mut found = false;
        while let Some(name) = waiting.pop().filter(|_| !found) {
            for function in self.parsed.functions(&name) {
                syntax::walk(&function.body, &mut |node| match node {
                    ASTNode::Expr(Expr::FnCall(call, _) | Expr::MethodCall(call, _))
                    | ASTNode::Stmt(Stmt::FnCall(call, _)) => {
                        found |= call.name.starts_with("assert") || !call.namespace.is_empty();
                        waiting.push(call.name.to_string());
                    }
                    ASTNode::Expr(Expr::DynamicConstant(value, _)) => {
                        waiting
                            .extend(value.read_lock::<FnPtr>().map(|closure| closure.fn_name().to_owned()));
                    }
                    ASTNode::Expr(Expr::Variable(variable, ..)) => waiting.push(variable.1.to_string()),
                    _ => {}
                });
            }
            seen.push(name);
            waiting.retain(|name| !seen.contains(name));
        }
        found
    }
}

//! `rule`, `classify` and `test`: what their functions are given, and what they may give back.

use std::rc::Rc;

use rhai::{Expr, FnCallExpr, Position};

use super::super::{Origin, ScriptKind, error, rule};
use super::Filter;
use super::checker::{Checker, ParameterUses};
use super::known;
use super::syntax;
use super::types::{Params, Type};
use crate::facts::Impact;

const SUBJECTS: [&str; 4] = ["commit", "file", "change", "push"];

impl<'k> Checker<'k> {
    /// Does a function of this name declare something here?
    pub(super) fn is_declaration(&self, name: &str) -> bool {
        match self.parsed.script.kind {
            ScriptKind::Rules => matches!(name, "rule" | "classify"),
            ScriptKind::Tests => name == "test",
            ScriptKind::Library(_) => false,
        }
    }

    /// A call of one of them.
    pub(super) fn declaration(&mut self, call: &'k FnCallExpr, position: Position) -> Type {
        let name = call.name.as_str();
        let [id, argument] = call.args.as_slice() else {
            call.args.iter().for_each(|argument| drop(self.infer(argument)));
            let what =
                if name == "test" { "`test(\"name\", || { ... })`" } else { "an id and a map `#{ ... }`" };
            self.wrong_because(
                position,
                format!("`{name}` takes 2 arguments, not {}", call.args.len()),
                what,
            );
            return Type::Unit;
        };
        self.infer(id);
        match (name, argument) {
            ("test", _) => self.test(argument, position),
            (_, Expr::Map(..)) => {
                self.words(name, id, argument, position);
                self.map(name, id, argument);
            }
            _ => drop(self.infer(argument)),
        }
        Type::Unit
    }

    /// What the loader says as well, where it comes so far.
    fn words(&mut self, word: &str, id: &Expr, argument: &Expr, position: Position) {
        let (Expr::StringConstant(id, _), Expr::Map(map, _)) = (id, argument) else { return };
        for key in ["title", "why"].into_iter().filter(|key| known::value(argument, key).is_none()) {
            self.wrong(position, format!("{word} `{id}` has no `{key}`"));
        }
        if SUBJECTS.iter().all(|subject| known::value(argument, subject).is_none()) {
            self.wrong_because(position, format!("{word} `{id}` has no handler"), rule::handler_help(word));
        }
        let valid: &[&str] = if word == "rule" { &rule::RULE_KEYS } else { &rule::CLASSIFY_KEYS };
        for (key, _) in map.0.iter().filter(|(key, _)| !valid.contains(&key.name.as_str())) {
            let message = format!("unknown key `{}` in {word} `{id}`", key.name);
            self.wrong_word(key.pos, message, &key.name, valid.iter().copied());
        }
    }

    fn map(&mut self, word: &str, id: &Expr, argument: &'k Expr) {
        let Expr::Map(map, _) = argument else { return };
        let rule = match id {
            Expr::StringConstant(id, _) => id.to_string(),
            _ => String::new(),
        };
        let keys = known::parameters(argument);
        let params = Type::Params(Rc::new(Params { rule: rule.clone(), keys }));
        self.parameter_uses = ParameterUses::default();
        for (key, value) in &map.0 {
            let Some(subject) = SUBJECTS.into_iter().find(|subject| key.name == *subject) else {
                self.infer(value);
                self.filter(&key.name, value);
                continue;
            };
            let given = [Type::Of(subject), params.clone()];
            let results = match (syntax::closure(value), value) {
                (Some(closure), _) => self.closure(&closure, &given),
                (None, Expr::Variable(variable, _, position)) => self.handler(&variable.1, &given, *position),
                _ => {
                    self.infer(value);
                    Vec::new()
                }
            };
            for (kind, at) in results {
                if word == "rule" { self.result(subject, &kind, at) } else { self.impact(&kind, at) }
            }
        }
        if !matches!(id, Expr::StringConstant(..)) || word != "rule" {
            return;
        }
        self.unused_parameters(&rule, argument);
    }

    /// The patterns of `files` and `refs`.
    fn filter(&mut self, key: &str, value: &Expr) {
        let Expr::Array(patterns, _) = value else { return };
        if !matches!(key, "files" | "refs") || self.parsed.script.origin != Origin::Repository {
            return;
        }
        for pattern in patterns.iter() {
            if let Expr::StringConstant(pattern, position) = pattern {
                let place = error::place(&self.parsed.script.name, *position);
                self.found.filters.push(Filter {
                    place,
                    is_ref: key == "refs",
                    pattern: pattern.to_string(),
                });
            }
        }
    }

    /// A handler that is a function with a name; its body is looked at where it is written.
    fn handler(&mut self, name: &str, given: &[Type; 2], position: Position) -> Vec<(Type, Position)> {
        let taken = [2, 1].into_iter().find(|count| self.parsed.function(name, *count).is_some());
        let Some(count) = taken.filter(|_| !self.is_declared(name)) else {
            self.name(name, &rhai::Namespace::default(), position);
            return Vec::new();
        };
        if count == 2 {
            self.parameter_uses.all = true;
        }
        let kind = self.calls(name, given.get(..count).unwrap_or_default());
        kind.map(|kind| (kind, position)).into_iter().collect()
    }

    /// A handler gives back `()`, a text, a finding, or an array of these.
    fn result(&mut self, subject: &str, kind: &Type, position: Position) {
        fn is_good(kind: &Type) -> bool {
            match kind.certain() {
                Type::Any | Type::Never | Type::Unit | Type::Text(_) | Type::Of("finding") => true,
                Type::Array(element) => is_good(element),
                Type::Of(_) => !kind.is_closed(),
                _ => false,
            }
        }
        if !is_good(kind) {
            let what = kind.certain().article();
            let help = "it gives back nothing, a text, a finding, or an array of these";
            self.wrong_because(position, format!("the `{subject}` handler gives back {what}"), help);
        }
    }

    /// A classifier gives back a word for an impact, or `()`.
    fn impact(&mut self, kind: &Type, position: Position) {
        if !matches!(kind.certain(), Type::Any | Type::Never | Type::Unit | Type::Text(_)) {
            let what = kind.certain().article();
            let help = format!("it gives back one of {}, or nothing", Impact::WORDS.join(", "));
            self.wrong_because(position, format!("the classifier gives back {what}"), help);
        }
    }

    fn unused_parameters(&mut self, rule: &str, argument: &'k Expr) {
        let uses = std::mem::take(&mut self.parameter_uses);
        if self.is_full() {
            return;
        }
        let Some(Expr::Map(params, _)) = known::value(argument, "params") else { return };
        for (key, _) in params.0.iter().filter(|(key, _)| !uses.all && !uses.keys.contains(key.name.as_str()))
        {
            self.warn(
                key.pos,
                format!("the parameter `{}` of the rule `{rule}` is never used", key.name),
                None,
            );
        }
    }

    fn test(&mut self, argument: &'k Expr, position: Position) {
        let Some(closure) = syntax::closure(argument) else {
            self.infer(argument);
            return;
        };
        if let Some(count) = self.parameters_of(&closure).filter(|count| *count > 0) {
            let message = format!("a test takes no arguments, and this one takes {count}");
            self.wrong_because(closure.position, message, "write `test(\"name\", || { ... })`");
        }
        if !self.asserts(&closure.name) {
            let help = "say what is expected with `assert_violated(\"rule\", subject)` and its kin";
            self.wrong_because(position, "this test asserts nothing".to_owned(), help);
        }
        self.closure(&closure, &[]);
    }
}

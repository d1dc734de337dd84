//! Operators, and comparisons that always have the same answer.

use rhai::{Expr, FnCallExpr, Position};

use super::checker::Checker;
use super::syntax;
use super::types::Type;

impl<'k> Checker<'k> {
    /// The type of an operator's result; `None` for what is none.
    pub(super) fn operator(&mut self, call: &'k FnCallExpr, position: Position) -> Option<Type> {
        let name = call.name.as_str();
        if let ("contains", [list, value]) = (name, call.args.as_slice()) {
            self.membership(list, value, position);
            return Some(Type::Bool);
        }
        call.op_token.as_ref()?;
        Some(match (name, call.args.as_slice()) {
            ("==" | "!=" | "<" | "<=" | ">" | ">=", [one, other]) => {
                self.comparison(name, one, other, position);
                Type::Bool
            }
            ("!", [one]) => {
                self.condition(one);
                Type::Bool
            }
            (".." | "..=", _) => {
                call.args.iter().for_each(|argument| drop(self.infer(argument)));
                Type::Range
            }
            (_, [one]) => self.infer(one),
            (_, [one, other]) => {
                let (one, other) = (self.infer(one), self.infer(other));
                combined(name, &one, &other)
            }
            _ => Type::Any,
        })
    }

    fn comparison(&mut self, operator: &str, one: &'k Expr, other: &'k Expr, position: Position) {
        let (left, right) = (self.infer(one), self.infer(other));
        let answer = if operator == "!=" { "always true" } else { "always false" };
        if matches!(operator, "==" | "!=") {
            let told = self.stranger(one, &left, other, answer) || self.stranger(other, &right, one, answer);
            if told {
                return;
            }
        }
        self.differ(&left, &right, position, answer);
    }

    /// Types whose values never are equal.
    fn differ(&mut self, left: &Type, right: &Type, position: Position, answer: &str) {
        if !left.never_equals(right) {
            return;
        }
        let sides = (left.certain(), right.certain());
        let message =
            format!("{} is compared with {}, which is {answer}", sides.0.article(), sides.1.article());
        match sides {
            (Type::Of("person"), Type::Text(_)) | (Type::Text(_), Type::Of("person")) => {
                self.wrong_because(position, message, "compare `.email` or `.login` with a text");
            }
            (Type::Unit, _) | (_, Type::Unit) => {
                self.wrong_because(position, message, "it always has a value");
            }
            (Type::Int, Type::Text(_)) | (Type::Text(_), Type::Int) => {
                self.wrong_because(
                    position,
                    message,
                    "a number is written without quotes; `parse_int(text)` reads one",
                );
            }
            _ => self.wrong(position, message),
        }
    }

    /// Is a text compared with a word that it never is?
    fn stranger(&mut self, expr: &Expr, kind: &Type, with: &Expr, answer: &str) -> bool {
        let (Type::Text(words), Expr::StringConstant(word, position)) = (kind.certain(), with) else {
            return false;
        };
        if words.is_empty() || words.contains(&word.as_str()) {
            return false;
        }
        let message = format!("{} is never `{word}`, so this is {answer}", syntax::last_name(expr));
        self.wrong_word(*position, message, word, words.iter().copied());
        true
    }

    /// `value in list`, `list.contains(value)`
    pub(super) fn membership(&mut self, list: &'k Expr, value: &'k Expr, position: Position) {
        let (of, kind) = (self.infer(list), self.infer(value));
        match (of.certain(), list) {
            (Type::Array(_), Expr::Array(elements, _)) => {
                for element in elements.iter() {
                    self.stranger(value, &kind, element, "of no use");
                }
                self.differ(&kind, &of.element(), position, "always false");
            }
            (Type::Array(_) | Type::List(_), _) => {
                self.differ(&kind, &of.element(), position, "always false")
            }
            (Type::Text(_) | Type::Map(_) | Type::Params(_), _) => {
                let text = Type::Text(&[]);
                self.differ(&kind, &text, position, "always false");
            }
            _ => {}
        }
        if matches!(of, Type::Params(_)) {
            self.parameter_uses.all = true;
        }
    }
}

/// The type of a sum, product, ...
fn combined(operator: &str, one: &Type, other: &Type) -> Type {
    match (operator, one.certain(), other.certain()) {
        ("+", Type::Text(_), _) | ("+", _, Type::Text(_)) => Type::Text(&[]),
        ("+" | "-" | "*" | "/" | "%" | "**", Type::Int, Type::Int) => Type::Int,
        ("+" | "-" | "*" | "/" | "%" | "**", Type::Int | Type::Float, Type::Int | Type::Float) => Type::Float,
        ("+", Type::Array(_), _) => one.clone().grown(),
        ("+" | "-", Type::Map(_), _) => Type::Map(None),
        _ => Type::Any,
    }
}

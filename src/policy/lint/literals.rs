//! Regular expressions and patterns that are written down: whether they are any.

use rhai::{Expr, FnCallExpr};

use super::super::api;
use super::checker::Checker;
use crate::patterns::PathPatterns;

impl<'k> Checker<'k> {
    /// The literals that a call is given.
    pub(super) fn literals(&mut self, call: &FnCallExpr) {
        match (call.name.as_str(), call.args.as_slice()) {
            ("regex", [Expr::StringConstant(pattern, position)]) => {
                if let Some(why) = api::bad_expression(pattern) {
                    self.wrong(*position, why);
                }
            }
            ("glob", [Expr::Array(patterns, _), _]) => {
                patterns.iter().for_each(|pattern| self.pattern(pattern));
            }
            ("glob", [pattern, _]) => self.pattern(pattern),
            _ => {}
        }
    }

    fn pattern(&mut self, pattern: &Expr) {
        let Expr::StringConstant(pattern, position) = pattern else { return };
        if let Err((_, why)) = PathPatterns::new(&[pattern]) {
            self.wrong(*position, format!("bad pattern `{pattern}`: {why}"));
        }
    }
}

//! Rules: Rhai scripts over facts, sandboxed and limited, and the findings they make.
//!
//! [`RuleBook::compile`] runs the scripts once; each `rule(...)` they call becomes a [`RuleInfo`]. [`RuleBook::bind`] adds what
//! the configuration says of them, and [`Policy::judge`] lets them look at one subject. No git, no files and no environment
//! here: the same facts give the same findings, on any machine, today and in an audit years later.

mod api;
mod call;
mod classify;
mod clock;
mod coverage;
mod define;
mod definitions;
mod document;
mod engine;
mod error;
mod finding;
mod judge;
mod limits;
pub mod lint;
mod load;
mod parse;
mod parse_ahead;
mod quiet;
mod reads;
mod rule;
mod run_meter;
mod secrets;
mod sources;
mod stack;
pub mod testing;
mod uses;
mod value;

pub use api::{Entry, Kind, Table, expect_many};
pub use coverage::{Coverage, Missed, RuleCoverage, WatchedBook};
pub use definitions::{DEFINITIONS, definitions};
pub use engine::make_ahead;
pub use judge::{Binding, Context, Policy, Subject};
pub use limits::Limits;
pub use load::RuleBook;
pub use rule::{Filters, Handles, RuleInfo};
pub use run_meter::RunMeter;
pub use stack::{STACK_SIZE, with_stack};
pub use uses::Uses;
pub use value::Value;

/// Where a script comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The repository's own `.bylaws/`.
    Repository,
    /// A rule set that is shipped, by its name.
    Set(String),
}

/// What a script is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScriptKind {
    /// `rules/*.rhai`: calls `rule(...)`.
    Rules,
    /// `rules/lib/NAME.rhai`: its functions are `NAME::f()` everywhere.
    Library(String),
    /// `tests/*.rhai`: calls `test(...)`.
    Tests,
}

/// A script's text.
#[derive(Debug, Clone)]
pub struct Script {
    /// As shown in messages: `.bylaws/rules/x.rhai`, `<recommended>/subject-length.rhai`.
    pub name: String,
    /// The text.
    pub text: String,
    /// Where it comes from.
    pub origin: Origin,
    /// What it is for.
    pub kind: ScriptKind,
}

#[cfg(test)]
mod tests;

//! What scripts can name: every type, property, method and function, registered together with its line of documentation.

mod arrays;
mod block;
pub(super) mod builtins;
mod change;
mod commit;
mod document;
mod file;
mod functional;
mod guard;
mod list;
mod pattern;
mod person;
mod plain;
mod strings;
mod table;
mod text;

pub(super) use change::{ChangeValue, PushValue};
pub(super) use commit::{CommitValue, unreadable};
pub(super) use file::{FileValue, FileView, View};
pub(super) use functional::same;
pub(super) use guard::guard_properties;
pub(super) use list::List;
pub use pattern::expect_many;
pub(super) use pattern::{Pattern, bad_expression, trusting};
pub(super) use person::PersonValue;
pub(super) use table::{Api, comparable, shown};
pub use table::{Entry, Kind, Table};

use crate::diagnostic::Diagnostic;
use rhai::{Dynamic, Engine, EvalAltResult, ImmutableString, Position};

/// What native functions give back.
pub(super) type Fallible<T> = Result<T, Box<EvalAltResult>>;

/// Registers everything.
pub(super) fn register(engine: &mut Engine) -> Table {
    let mut api = Api::new(engine);
    commit::register(&mut api);
    file::register(&mut api);
    person::register(&mut api);
    change::register(&mut api);
    list::register(&mut api);
    document::register(&mut api);
    functional::register(&mut api);
    arrays::register(&mut api);
    text::register(&mut api);
    pattern::register(&mut api);
    strings::register(&mut api);
    super::finding::register(&mut api);
    super::secrets::register(&mut api);
    super::parse::register(&mut api);
    super::define::register(&mut api);
    super::testing::register(&mut api);
    builtins::register(&mut api);
    api.finish()
}

/// A mistake that one of our functions found, as an error of the script.
pub(super) fn fail<T>(message: impl Into<String>) -> Fallible<T> {
    Err(Failure(Diagnostic::new(message)).into())
}

/// Marks errors of our own functions, so that they differ from what a script throws.
#[derive(Debug, Clone)]
pub(super) struct Failure(pub(super) Diagnostic);

impl From<Failure> for Box<EvalAltResult> {
    fn from(failure: Failure) -> Self {
        EvalAltResult::ErrorRuntime(Dynamic::from(failure), Position::NONE).into()
    }
}

/// `()` where there is none.
fn optional<T: Into<Dynamic>>(value: Option<T>) -> Dynamic {
    value.map_or(Dynamic::UNIT, Into::into)
}

/// Text, or `()` where there is none.
pub(super) fn optional_text(value: Option<&str>) -> Dynamic {
    value.map_or(Dynamic::UNIT, |text| ImmutableString::from(text).into())
}

/// A count as the script's integer.
fn int(n: impl TryInto<i64>) -> i64 {
    n.try_into().unwrap_or(i64::MAX)
}

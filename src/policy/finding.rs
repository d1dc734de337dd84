//! `finding(message)`: it counts once made, returned or not.

use std::sync::Arc;

use rhai::{Array, Dynamic, ImmutableString};

use super::api::{Api, Fallible, comparable, fail, shown};
use super::call;
use super::limits::{self, Trip};
use crate::facts::Commit;

/// Longer messages are cut: they come from a script, and end in a report.
const LONGEST: usize = 4_096;

/// A finding as a script made it.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub(super) message: String,
    pub(super) fix: Option<String>,
    pub(super) path: Option<String>,
    pub(super) line: Option<u32>,
    /// The commit it is about, where that is another than the subject.
    pub(super) commit: Option<Arc<Commit>>,
}

/// What a finding is about.
pub(super) enum Place {
    /// The subject.
    Subject,
    /// A file, perhaps a line of it, perhaps of a commit.
    File(String, Option<u32>, Option<Arc<Commit>>),
    /// A commit.
    Commit(Arc<Commit>),
}

/// What a script holds of a finding: which one of the call in progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Handle {
    call: u64,
    index: usize,
}

/// Makes a finding in the call in progress.
pub(super) fn make(message: &str, place: Place) -> Fallible<Handle> {
    let made = call::with_frame(|frame| {
        if frame.made.len() >= frame.most {
            return Err(frame.most);
        }
        let (path, line, commit) = match place {
            Place::Subject => (frame.path(), None, None),
            Place::File(path, line, commit) => (Some(path), line, commit),
            Place::Commit(commit) => (None, None, Some(commit)),
        };
        frame.made.push(Made { message: cut(message), fix: None, path, line, commit });
        Ok(Handle { call: frame.serial(), index: frame.made.len() - 1 })
    });
    match made {
        Some(Ok(handle)) => Ok(handle),
        Some(Err(most)) => Err(limits::trip(Trip::Findings(most))),
        None => fail("`finding` works inside a handler only: at the top of a script there is no subject yet"),
    }
}

/// A line number as scripts give it.
pub(super) fn line(line: i64) -> Fallible<u32> {
    match u32::try_from(line) {
        Ok(line) if line > 0 => Ok(line),
        _ => fail(format!("{line} is no line number: lines count from 1")),
    }
}

fn cut(text: &str) -> String {
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(LONGEST).collect();
    short.push('…');
    short
}

fn change(handle: Handle, change: impl FnOnce(&mut Made)) -> Fallible<Handle> {
    let changed = call::with_frame(|frame| {
        let made = if frame.serial() == handle.call { frame.made.get_mut(handle.index) } else { None };
        made.map(change)
    });
    match changed.flatten() {
        Some(()) => Ok(handle),
        None => fail("this finding belongs to another call"),
    }
}

pub(super) fn register(api: &mut Api<'_>) {
    api.function(
        "finding",
        "(message: string) -> finding",
        "Reports something about the subject.",
        |message: &str| make(message, Place::Subject),
    );
    api.of::<Handle>("finding", "Something that is reported; it counts once made, returned or not.")
        .method(
            "fix",
            "(text: string) -> finding",
            "Says how to mend it.",
            |handle: &mut Handle, text: &str| change(*handle, |made| made.fix = Some(cut(text))),
        )
        .method(
            "at",
            "(path: string) -> finding",
            "Says which file it is about.",
            |handle: &mut Handle, path: &str| change(*handle, |made| made.path = Some(path.to_owned())),
        )
        .method(
            "at",
            "(path: string, line: int) -> finding",
            "Says which line of which file it is about.",
            |handle: &mut Handle, path: &str, number: i64| {
                let number = line(number)?;
                change(*handle, |made| {
                    made.path = Some(path.to_owned());
                    made.line = Some(number);
                })
            },
        );
    comparable::<Handle>(api.engine());
    shown::<Handle>(api.engine(), |_| "finding".to_owned());
}

/// What a handler gave back, added to what it made: `()`, a text, a finding, or an array of these.
///
/// # Errors
/// What else it was.
pub(super) fn take_result(
    value: &Dynamic,
    call: u64,
    path: impl Fn() -> Option<String>,
    made: &mut Vec<Made>,
) -> Result<(), String> {
    if let Ok(array) = value.as_array_ref() {
        let array: &Array = &array;
        return array.iter().try_for_each(|value| take_one(value, call, &path, made));
    }
    take_one(value, call, &path, made)
}

fn take_one(
    value: &Dynamic,
    call: u64,
    path: &impl Fn() -> Option<String>,
    made: &mut Vec<Made>,
) -> Result<(), String> {
    if value.is_unit() {
        return Ok(());
    }
    if let Ok(message) = value.as_immutable_string_ref() {
        let message: &ImmutableString = &message;
        made.push(Made { message: cut(message), fix: None, path: path(), line: None, commit: None });
        return Ok(());
    }
    match value.read_lock::<Handle>() {
        Some(handle) if handle.call == call => Ok(()),
        Some(_) => Err("a finding of another call".to_owned()),
        None => Err(value.type_name().to_owned()),
    }
}

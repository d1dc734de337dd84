//! Lists of facts: what they hold is not copied, and no limit on arrays applies to them.

use std::sync::Arc;

use rhai::{Array, Dynamic, EvalAltResult, ImmutableString, Position};

use super::commit::CommitValue;
use super::file::{FileValue, View};
use super::table::{Api, shown};
use super::{Fallible, int};
use crate::facts::{Commit, File, Line, Lines};

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::policy) struct LineValue {
    pub(in crate::policy) number: u32,
    pub(in crate::policy) text: ImmutableString,
    pub(in crate::policy) newline: bool,
}

impl LineValue {
    pub(in crate::policy) fn of(line: Line<'_>) -> Self {
        Self { number: line.number, text: line.text.into_owned().into(), newline: line.newline }
    }
}

/// Files, commits or lines.
#[derive(Clone)]
pub(in crate::policy) enum List {
    Files(Arc<[Arc<File>]>, Option<Arc<Commit>>),
    FilesOf(Arc<Commit>),
    Commits(Arc<[Arc<Commit>]>, View),
    Lines(Lines),
}

impl List {
    /// Some files, of a commit or of none.
    pub(super) fn files(files: Vec<Arc<File>>, commit: Option<Arc<Commit>>) -> Self {
        Self::Files(files.into(), commit)
    }

    /// The files of a commit, which have been read already.
    pub(super) fn files_of(commit: Arc<Commit>) -> Self {
        Self::FilesOf(commit)
    }

    pub(super) fn lines(lines: Lines) -> Self {
        Self::Lines(lines)
    }

    pub(in crate::policy) fn len(&self) -> usize {
        match self {
            Self::Files(files, _) => files.len(),
            Self::FilesOf(commit) => commit.files().map_or(0, <[_]>::len),
            Self::Commits(commits, _) => commits.len(),
            Self::Lines(lines) => lines.len(),
        }
    }

    pub(in crate::policy) fn get(&self, index: usize) -> Option<Dynamic> {
        match self {
            Self::Files(files, commit) => files.get(index).map(|found| file(found, commit.clone())),
            Self::FilesOf(commit) => {
                commit.files().ok()?.get(index).map(|found| file(found, Some(Arc::clone(commit))))
            }
            Self::Commits(commits, view) => commits
                .get(index)
                .map(|commit| Dynamic::from(CommitValue { commit: Arc::clone(commit), view: view.clone() })),
            Self::Lines(lines) => lines.get(index).map(|line| Dynamic::from(LineValue::of(line))),
        }
    }

    /// An index as Rhai's arrays take them: negative ones count from the end.
    fn at(&mut self, index: i64) -> Fallible<Dynamic> {
        let len = self.len();
        let place = if index < 0 { int(len).checked_add(index) } else { Some(index) };
        let found = place.and_then(|place| usize::try_from(place).ok()).and_then(|place| self.get(place));
        found.ok_or_else(|| EvalAltResult::ErrorArrayBounds(len, index, Position::NONE).into())
    }
}

fn file(file: &Arc<File>, commit: Option<Arc<Commit>>) -> Dynamic {
    Dynamic::from(FileValue { file: Arc::clone(file), commit })
}

/// Walks a list without holding a copy of it.
pub(in crate::policy) struct Iter {
    list: List,
    next: usize,
}

impl Iterator for Iter {
    type Item = Dynamic;

    fn next(&mut self) -> Option<Dynamic> {
        let item = self.list.get(self.next)?;
        self.next += 1;
        Some(item)
    }
}

impl IntoIterator for List {
    type Item = Dynamic;
    type IntoIter = Iter;

    fn into_iter(self) -> Iter {
        Iter { list: self, next: 0 }
    }
}

pub(super) fn register(api: &mut Api<'_>) {
    api.of::<LineValue>("line", "A line of a file.")
        .property("line", "int", "Its number, from 1.", |l: &mut LineValue| i64::from(l.number))
        .property("text", "string", "Its text, without the line feed.", |l: &mut LineValue| l.text.clone())
        .property("newline", "bool", "Does it end with a line feed?", |l: &mut LineValue| l.newline);
    super::table::comparable::<LineValue>(api.engine());
    shown::<LineValue>(api.engine(), |l| l.text.to_string());
    api.of::<List>(
        "list",
        "Files, commits or lines; whatever an array can do without being changed, it can.",
    )
    .property("len", "int", "How many.", |l: &mut List| int(l.len()))
    .method("len", "() -> int", "How many.", |l: &mut List| int(l.len()))
    .property("is_empty", "bool", "None at all?", |l: &mut List| l.len() == 0)
    .method("is_empty", "() -> bool", "None at all?", |l: &mut List| l.len() == 0)
    .method(
        "get",
        "(index: int) -> any?",
        "The element at an index; `()` where there is none.",
        |l: &mut List, index: i64| l.at(index).unwrap_or(Dynamic::UNIT),
    )
    .method("to_array", "() -> [any]", "A copy as an array, which can be changed.", |l: &mut List| {
        l.clone().into_iter().collect::<Array>()
    });
    let engine = api.engine();
    engine.register_iterator::<List>();
    engine.register_indexer_get(List::at);
    shown::<List>(engine, |list| format!("list of {}", list.len()));
}

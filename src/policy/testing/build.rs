//! Builders: `commit`, `file`, `change`, `push` and `person` from maps of their properties; what is not given has a sensible
//! default.

use std::sync::Arc;

use rhai::{Dynamic, Map};

use super::super::api::{Api, CommitValue, Fallible, FileValue, fail};
use super::assert::{State, in_test};
use super::change::{change, push};
use super::commit::commit;
use super::fields::Fields;
use super::file;
use super::person::person;
use crate::facts::{File, Oid};

/// An id that no other made-up thing has.
pub(super) fn new_id(state: &mut State) -> Oid {
    state.made += 1;
    let mut bytes = [0; 20];
    for (byte, count) in bytes.iter_mut().rev().zip(state.made.to_le_bytes()) {
        *byte = count;
    }
    Oid::from_sha1(bytes)
}

pub(super) fn hex(text: &str) -> Option<Oid> {
    Oid::from_hex(text.as_bytes())
}

/// An id, be it cut short.
pub(super) fn id(fields: &Fields, key: &str) -> Fallible<Option<Oid>> {
    fields.read(key, "an id: 40 or 64 hexadecimal digits, or the first of them", |value| {
        let text = value.clone().into_string().ok()?;
        if text.is_empty() { None } else { hex(&format!("{text:0<40}")) }
    })
}

/// Something that is given as a value, or as a map of its properties.
pub(super) fn value_or_map<T: Clone + 'static>(
    value: &Dynamic,
    what: &str,
    make: impl FnOnce(Map) -> Fallible<T>,
) -> Fallible<T> {
    let value = value.flatten_clone();
    if let Some(built) = value.clone().try_cast::<T>() {
        return Ok(built);
    }
    match value.try_cast::<Map>() {
        Some(map) => make(map),
        None => fail(format!("this must be a {what}, or a map of its properties")),
    }
}

pub(super) fn files(state: &mut State, fields: &Fields) -> Fallible<Vec<Arc<File>>> {
    let mut files = Vec::new();
    for value in fields.array("files")?.unwrap_or_default() {
        files.push(file_of(state, &value)?.file);
    }
    files.sort_by(|a: &Arc<File>, b| a.path().cmp(b.path()));
    Ok(files)
}

pub(super) fn file_of(state: &mut State, value: &Dynamic) -> Fallible<FileValue> {
    if let Ok(path) = value.flatten_clone().into_string() {
        return file::build(state, Map::from([("path".into(), path.into())]));
    }
    value_or_map(value, "file, a path", |map| file::build(state, map))
}

/// A commit of the repository that the tests are run in.
fn commit_at(rev: &str) -> Fallible<CommitValue> {
    let resolver = in_test("commit_at", |state| Ok(state.commit_at.clone()))?;
    let Some(resolver) = resolver else {
        return fail("`commit_at` needs a repository, and the tests are run in none");
    };
    match resolver(rev) {
        Ok(commit) => Ok(CommitValue { commit, view: None }),
        Err(why) => fail(format!("`commit_at(\"{rev}\")`: {why}")),
    }
}

pub(super) fn register(api: &mut Api<'_>) {
    let doc = "In tests: one with these properties; what is not given has a sensible default.";
    api.function("commit", "(properties: map) -> commit", doc, |map: Map| {
        in_test("commit", |state| commit(state, map))
    })
    .function("file", "(properties: map) -> file", doc, |map: Map| {
        in_test("file", |state| file::build(state, map))
    })
    .function("change", "(properties: map) -> change", doc, |map: Map| {
        in_test("change", |state| change(state, map))
    })
    .function("push", "(properties: map) -> push", doc, |map: Map| in_test("push", |state| push(state, map)))
    .function("person", "(properties: map) -> person", doc, |map: Map| {
        in_test("person", |state| person(state, map))
    })
    .function(
        "commit_at",
        "(rev: string) -> commit",
        "In tests: a commit of the repository.",
        commit_at,
    );
}

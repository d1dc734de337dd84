//! The properties that a builder is given: read by type, and an unknown one is an error with the nearest valid name.

use rhai::{Array, Dynamic, Map};

use super::super::api::{Failure, Fallible, Table, fail};
use super::super::error::type_name;
use crate::diagnostic::Diagnostic;

/// What a builder was given.
pub(super) struct Fields {
    what: &'static str,
    map: Map,
}

impl Fields {
    /// Every key must be a property of the type, or one of `more`.
    pub(super) fn new(what: &'static str, map: Map, table: &Table, more: &[&'static str]) -> Fallible<Self> {
        let properties = table.members(what).map(|entry| entry.name);
        Self::of(what, map, &properties.chain(more.iter().copied()).collect::<Vec<_>>())
    }

    /// Every key must be one of these.
    pub(super) fn of(what: &'static str, map: Map, valid: &[&'static str]) -> Fallible<Self> {
        match map.keys().find(|key| !valid.contains(&key.as_str())) {
            None => Ok(Self { what, map }),
            Some(key) => {
                let unknown = Diagnostic::new(format!("unknown property `{key}` of {what}"));
                Err(Failure(unknown.nearest(key, valid.iter().copied())).into())
            }
        }
    }

    /// Was it given, and not `()`?
    pub(super) fn get(&self, key: &str) -> Option<&Dynamic> {
        self.map.get(key).filter(|value| !value.is_unit())
    }

    /// Was it given, be it `()`?
    pub(super) fn has(&self, key: &str) -> bool {
        self.map.contains_key(key)
    }

    pub(super) fn text(&self, key: &str) -> Fallible<Option<String>> {
        self.read(key, "a text", |value| value.clone().into_string().ok())
    }

    pub(super) fn int(&self, key: &str) -> Fallible<Option<i64>> {
        self.read(key, "a number", |value| value.as_int().ok())
    }

    /// A number that counts something.
    pub(super) fn count(&self, key: &str) -> Fallible<Option<usize>> {
        self.read(key, "a number from 0", |value| usize::try_from(value.as_int().ok()?).ok())
    }

    pub(super) fn flag(&self, key: &str) -> Fallible<Option<bool>> {
        self.read(key, "`true` or `false`", |value| value.as_bool().ok())
    }

    pub(super) fn array(&self, key: &str) -> Fallible<Option<Array>> {
        self.read(key, "an array", |value| value.clone().into_array().ok())
    }

    pub(super) fn texts(&self, key: &str) -> Fallible<Option<Vec<String>>> {
        self.read(key, "an array of texts", |value| {
            value.clone().into_array().ok()?.into_iter().map(|text| text.into_string().ok()).collect()
        })
    }

    /// One of some words.
    pub(super) fn word<T>(
        &self,
        key: &str,
        words: &[&str],
        parse: impl Fn(&str) -> Option<T>,
    ) -> Fallible<Option<T>> {
        let Some(word) = self.text(key)? else { return Ok(None) };
        match parse(&word) {
            Some(value) => Ok(Some(value)),
            None => {
                let wrong = Diagnostic::new(format!("`{key}` of {} cannot be `{word}`", self.what));
                Err(Failure(wrong.nearest(&word, words.iter().copied())).into())
            }
        }
    }

    /// What a key holds, if it is of the right kind.
    pub(super) fn read<T>(
        &self,
        key: &str,
        kind: &str,
        read: impl FnOnce(&Dynamic) -> Option<T>,
    ) -> Fallible<Option<T>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        match read(&value.flatten_clone()) {
            Some(value) => Ok(Some(value)),
            None => {
                let given =
                    type_name(value.type_name()).rsplit("::").next().unwrap_or("another thing").to_owned();
                fail(format!("`{key}` of {} must be {kind}, and is of type {given}", self.what))
            }
        }
    }

    /// Two things that were given contradict each other.
    pub(super) fn contradiction<T>(&self, why: &str) -> Fallible<T> {
        fail(format!("this {} contradicts itself: {why}", self.what))
    }
}

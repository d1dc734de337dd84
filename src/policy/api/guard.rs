//! Unknown properties of documents and of `()` are errors.
//!
//! Rhai takes a property that a type does not have for an index, if it has an indexer for texts: `doc.steps` would be
//! `doc["steps"]`, and a misspelt `doc.lien` be `()`, which allows. Nothing tells the two apart when they are called, so every
//! name that stands behind a dot in the scripts gets a getter that fails.

use std::collections::BTreeSet;
use std::sync::Arc;

use rhai::{Dynamic, Engine, Variant};

use super::super::error::unknown_property;
use super::document::Doc;
use super::{Failure, Fallible, Kind, Table};

/// Guards the names that these scripts use.
pub(in crate::policy) fn guard_properties<'a>(
    engine: &mut Engine,
    table: &Arc<Table>,
    scripts: impl Iterator<Item = &'a str>,
) {
    let of_documents: BTreeSet<&str> =
        table.members("doc").filter(|entry| entry.kind == Kind::Property).map(|entry| entry.name).collect();
    let names: BTreeSet<&str> = scripts.flat_map(names).collect();
    for name in names {
        guard::<()>(engine, name, "()", table);
        if !of_documents.contains(name) {
            guard::<Doc>(engine, name, "doc", table);
        }
    }
}

/// The words are put together when they are needed: hooks guard a hundred names and need none of them.
fn guard<T: Variant + Clone>(engine: &mut Engine, name: &str, owner: &'static str, table: &Arc<Table>) {
    let (property, table) = (name.to_owned(), Arc::clone(table));
    engine.register_get(name, move |_: &mut T| -> Fallible<Dynamic> {
        Err(Failure(unknown_property(&property, owner, &table)).into())
    });
}

/// Names behind a dot that are not called.
fn names(script: &str) -> impl Iterator<Item = &str> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    script.split('.').skip(1).filter_map(move |rest| {
        let rest = rest.trim_start();
        let name = rest.split(|c| !is_word(c)).next().unwrap_or("");
        let behind = rest.get(name.len()..).unwrap_or("").trim_start();
        (name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && !behind.starts_with('('))
            .then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn what_is_read_is_told_from_what_is_called() {
        let script = "a.b; a.c(1); a?.d.e (2) 1.5 0..x a\n  .f\n a. g[0].h";
        assert_eq!(names(script).collect::<Vec<_>>(), ["b", "d", "x", "f", "g", "h"]);
    }
}

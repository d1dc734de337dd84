//! The table of the API: registration fills it, so nothing can be registered without its line of documentation.

use rhai::{Engine, RhaiNativeFunc, Variant};

use super::Fallible;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `x.name`
    Property,
    /// `x.name(...)`
    Method,
    /// `name(...)`
    Function,
}

/// One thing that scripts can name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The type it belongs to; empty for functions.
    pub owner: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// Of a property, its type; else the parameters and what comes back: `(path: string) -> file?`.
    pub signature: &'static str,
    /// A line of documentation.
    pub doc: &'static str,
    /// The words that a property can be; empty where it can be any text, or is none.
    pub words: &'static [&'static str],
}

/// Everything that scripts can name.
#[derive(Debug, Clone, Default)]
pub struct Table {
    entries: Vec<Entry>,
    types: Vec<(&'static str, &'static str)>,
}

impl Table {
    /// Every entry, in the order of registration.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Types with their line of documentation.
    pub fn types(&self) -> &[(&'static str, &'static str)] {
        &self.types
    }

    /// Names of what a type has.
    pub fn members<'a>(&'a self, owner: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.entries.iter().filter(move |entry| entry.owner == owner)
    }

    /// The entries of a name.
    pub fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.entries.iter().filter(move |entry| entry.name == name)
    }
}

/// Registers and writes down.
pub(in crate::policy) struct Api<'e> {
    engine: &'e mut Engine,
    table: Table,
}

impl<'e> Api<'e> {
    pub(super) fn new(engine: &'e mut Engine) -> Self {
        // Room for all of them: a hook pays for every page that a growing list leaves behind.
        let table = Table { entries: Vec::with_capacity(512), types: Vec::with_capacity(64) };
        Self { engine, table }
    }

    pub(super) fn finish(self) -> Table {
        self.table
    }

    /// What is there without us.
    pub(super) fn write_down(&mut self, entry: Entry) {
        self.table.entries.push(entry);
    }

    /// The engine, for what no script names: operators, iterators.
    pub(in crate::policy) fn engine(&mut self) -> &mut Engine {
        self.engine
    }

    /// A type; its members follow.
    pub(in crate::policy) fn of<T: Variant + Clone>(
        &mut self,
        name: &'static str,
        doc: &'static str,
    ) -> Members<'_, 'e> {
        self.engine.register_type_with_name::<T>(name);
        self.table.types.push((name, doc));
        Members { api: self, owner: name }
    }

    /// More members of a type that has an entry already, or is Rhai's own.
    pub(in crate::policy) fn more(&mut self, owner: &'static str) -> Members<'_, 'e> {
        Members { api: self, owner }
    }

    /// A function.
    pub(in crate::policy) fn function<A: 'static, const N: usize, const X: bool, R, const F: bool>(
        &mut self,
        name: &'static str,
        signature: &'static str,
        doc: &'static str,
        function: impl RhaiNativeFunc<A, N, X, R, F> + Send + Sync + 'static,
    ) -> &mut Self
    where
        R: Variant + Clone,
    {
        self.engine.register_fn(name, function);
        self.table.entries.push(Entry { owner: "", name, kind: Kind::Function, signature, doc, words: &[] });
        self
    }
}

/// Registers the members of one type.
pub(in crate::policy) struct Members<'a, 'e> {
    api: &'a mut Api<'e>,
    owner: &'static str,
}

impl Members<'_, '_> {
    /// `x.name`
    pub(in crate::policy) fn property<T, R>(
        &mut self,
        name: &'static str,
        signature: &'static str,
        doc: &'static str,
        getter: impl Fn(&mut T) -> R + Send + Sync + 'static,
    ) -> &mut Self
    where
        T: Variant + Clone,
        R: Variant + Clone,
    {
        self.api.engine.register_get(name, move |value: &mut T| getter(value));
        self.write_down(name, Kind::Property, signature, doc)
    }

    /// `x.name`, which may fail.
    pub(in crate::policy) fn fallible<T, R>(
        &mut self,
        name: &'static str,
        signature: &'static str,
        doc: &'static str,
        getter: impl Fn(&mut T) -> Fallible<R> + Send + Sync + 'static,
    ) -> &mut Self
    where
        T: Variant + Clone,
        R: Variant + Clone,
    {
        self.api.engine.register_get(name, move |value: &mut T| getter(value));
        self.write_down(name, Kind::Property, signature, doc)
    }

    /// `x.name(...)`
    pub(in crate::policy) fn method<A: 'static, const N: usize, const X: bool, R, const F: bool>(
        &mut self,
        name: &'static str,
        signature: &'static str,
        doc: &'static str,
        method: impl RhaiNativeFunc<A, N, X, R, F> + Send + Sync + 'static,
    ) -> &mut Self
    where
        R: Variant + Clone,
    {
        self.api.engine.register_fn(name, method);
        self.write_down(name, Kind::Method, signature, doc)
    }

    fn write_down(
        &mut self,
        name: &'static str,
        kind: Kind,
        signature: &'static str,
        doc: &'static str,
    ) -> &mut Self {
        self.api.table.entries.push(Entry { owner: self.owner, name, kind, signature, doc, words: &[] });
        self
    }

    /// The member before can be nothing but these words.
    pub(in crate::policy) fn words(&mut self, words: &'static [&'static str]) -> &mut Self {
        if let Some(entry) = self.api.table.entries.last_mut() {
            entry.words = words;
        }
        self
    }
}

/// Lets a type be compared with `==` and `!=`.
pub(in crate::policy) fn comparable<T: Variant + Clone + PartialEq>(engine: &mut Engine) {
    engine.register_fn("==", |a: &mut T, b: T| *a == b);
    engine.register_fn("!=", |a: &mut T, b: T| *a != b);
}

/// How a value of a type reads in a text.
pub(in crate::policy) fn shown<T: Variant + Clone>(engine: &mut Engine, show: fn(&T) -> String) {
    engine.register_fn("to_string", move |value: &mut T| show(value));
    engine.register_fn("to_debug", move |value: &mut T| show(value));
}

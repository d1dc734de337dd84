//! `doc`: a parsed document, or a part of one.
//!
//! Absent is `()` all the way down: `doc["a"]["b"]` is `()` if there is no `a`, `for` over it runs for nothing and `in` finds
//! nothing. Its properties and methods are an error, as those of any `()`: whoever wants the line of something means that it
//! is there.

use std::any::TypeId;
use std::cmp::Ordering;
use std::sync::Arc;

use rhai::{Array, Dynamic, ImmutableString, Module, NativeCallContext};

use super::super::document::{
    Extra, Language, Plain, Scalar, Slot, Source, Value, equal, of_file, of_text, only, shown,
};
use super::super::limits::{self, charge};
use super::file::FileValue;
use super::functional::{self, Items, same};
use super::list::LineValue;
use super::pattern::Pattern;
use super::table::Api;
use super::{Fallible, fail, int, optional};

/// A value of a document as a rule sees it.
#[derive(Debug, Clone)]
pub(in crate::policy) struct Doc {
    slot: Slot,
    /// What it was found under in a map.
    key: Option<Arc<str>>,
}

impl From<Slot> for Doc {
    fn from(slot: Slot) -> Self {
        Self { slot, key: None }
    }
}

impl Doc {
    fn scalar(&self) -> Option<&Scalar> {
        self.slot.scalar()
    }

    fn extra(&self) -> Option<&Extra> {
        self.slot.node.extra.as_deref()
    }

    /// The text of a scalar, as it is written.
    fn text(&self) -> Option<&ImmutableString> {
        self.scalar().filter(|scalar| scalar.plain != Plain::Null).map(|scalar| &scalar.text)
    }

    fn at_key(&self, key: &str) -> Option<Self> {
        let (key, slot) = self.slot.entry(key)?;
        Some(Self { slot: slot.clone(), key: Some(Arc::clone(key)) })
    }

    /// Negative ones count from the end; a map has none.
    fn at_index(&self, index: i64) -> Option<Self> {
        if matches!(self.slot.node.value, Value::Map(_)) {
            return None;
        }
        let place = if index < 0 { int(self.slot.count()).checked_add(index)? } else { index };
        self.nth(usize::try_from(place).ok()?)
    }

    fn nth(&self, index: usize) -> Option<Self> {
        let (key, slot) = self.slot.item(index)?;
        Some(Self { slot: slot.clone(), key: key.cloned() })
    }

    /// `a.b.0`: keys of maps and indices of lists.
    fn at_path(&self, path: &str) -> Fallible<Option<Self>> {
        let mut found = self.clone();
        for step in path.split('.') {
            charge(1)?;
            let next = found.at_key(step).or_else(|| found.at_index(step.parse().ok()?));
            let Some(next) = next else { return Ok(None) };
            found = next;
        }
        Ok(Some(found))
    }

    fn kind(&self) -> &'static str {
        match &self.slot.node.value {
            Value::List(_) => "list",
            Value::Map(_) => "map",
            Value::Scalar(scalar) => match scalar.plain {
                Plain::Null => "null",
                Plain::Bool(_) => "bool",
                Plain::Int(_) => "int",
                Plain::Float(_) => "float",
                Plain::Text => "text",
                Plain::Expression => "expression",
            },
        }
    }

    /// What the language has for a scalar.
    fn value(&self) -> Dynamic {
        match self.scalar().map(|scalar| (scalar.plain, &scalar.text)) {
            None => Dynamic::from(self.clone()),
            Some((Plain::Null, _)) => Dynamic::UNIT,
            Some((Plain::Bool(is), _)) => is.into(),
            Some((Plain::Int(int), _)) => int.into(),
            Some((Plain::Float(float), _)) => float.into(),
            Some((Plain::Text | Plain::Expression, text)) => text.clone().into(),
        }
    }

    /// A boolean, or a word that some reader of such documents takes for one.
    fn truth(&self) -> Option<bool> {
        let scalar = self.scalar()?;
        match scalar.plain {
            Plain::Bool(is) => Some(is),
            Plain::Text => match scalar.text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "y" => Some(true),
                "false" | "no" | "off" | "n" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    fn lines(&self) -> Fallible<Array> {
        let Some(scalar) = self.scalar().filter(|scalar| scalar.plain != Plain::Null) else {
            return Ok(Array::new());
        };
        let mut lines = Array::new();
        for (index, line) in scalar.text.lines().enumerate() {
            charge(1)?;
            limits::room(lines.len())?;
            let below =
                scalar.block.map(|first| first.saturating_add(u32::try_from(index).unwrap_or(u32::MAX)));
            let number = below.unwrap_or(self.slot.line);
            lines.push(Dynamic::from(LineValue { number, text: line.into(), newline: true }));
        }
        Ok(lines)
    }

    fn is_text(&self, text: &str) -> bool {
        self.scalar().is_some_and(|scalar| {
            matches!(scalar.plain, Plain::Text | Plain::Expression) && scalar.text.as_str() == text
        })
    }

    #[expect(clippy::cast_precision_loss, reason = "an order among very large numbers need not be exact")]
    fn number(&self) -> Option<f64> {
        match self.scalar()?.plain {
            Plain::Int(int) => Some(int as f64),
            Plain::Float(float) => Some(float),
            _ => None,
        }
    }

    /// How it compares with a number; what is none does not.
    fn against(&self, other: f64) -> Fallible<Option<Ordering>> {
        match self.number() {
            Some(own) => Ok(own.partial_cmp(&other)),
            None => {
                fail(format!("only numbers have an order, and `{}` is {}", shown(&self.slot), self.article()))
            }
        }
    }

    fn article(&self) -> &'static str {
        match self.kind() {
            "list" => "a list",
            "map" => "a map",
            "null" => "nothing",
            "bool" => "a boolean",
            "expression" => "an expression",
            _ => "a text",
        }
    }

    /// The value of a text as a document of its own; its lines are those of the file.
    fn parse(&mut self, language: Language) -> Fallible<Dynamic> {
        let Some(scalar) = self.scalar() else {
            return fail(format!("only a text can be read as a document, and this is {}", self.article()));
        };
        let first = scalar.block.unwrap_or(self.slot.line);
        one(&of_text(&scalar.text, language, &Source::Value(first.saturating_sub(1)))?)
    }

    /// Blocks of a type, in order; of those, the ones with such a first label.
    fn blocks(&self, kind: &str, label: Option<&str>) -> Fallible<Array> {
        let mut found = Array::new();
        for (of, slot) in self.extra().iter().flat_map(|extra| &extra.blocks) {
            charge(1)?;
            let labels = slot.node.extra.as_deref().map_or(&[][..], |extra| &extra.labels);
            let has_label = label.is_none_or(|label| labels.first().is_some_and(|first| first == label));
            if &**of == kind && has_label {
                limits::room(found.len())?;
                found.push(Dynamic::from(Self::from(slot.clone())));
            }
        }
        Ok(found)
    }
}

impl Items for Doc {
    fn count(&self) -> usize {
        self.slot.count()
    }

    fn item(&self, index: usize) -> Option<Dynamic> {
        self.nth(index).map(Dynamic::from)
    }

    /// Documents do not change.
    fn put(&mut self, _: usize, _: Dynamic) {}
}

/// Walks over the elements of a list, the values of a map, or the one scalar.
pub(in crate::policy) struct Iter {
    doc: Doc,
    next: usize,
}

impl Iterator for Iter {
    type Item = Dynamic;

    fn next(&mut self) -> Option<Dynamic> {
        let item = self.doc.item(self.next)?;
        self.next += 1;
        Some(item)
    }
}

impl IntoIterator for Doc {
    type Item = Dynamic;
    type IntoIter = Iter;

    fn into_iter(self) -> Iter {
        Iter { doc: self, next: 0 }
    }
}

/// The one document there should be.
fn one(documents: &[Slot]) -> Fallible<Dynamic> {
    match only(documents) {
        Ok(document) => Ok(Dynamic::from(Doc::from(document))),
        Err(count) => {
            fail(format!("there are {count} documents, and `yaml` reads one; `yaml_all` gives a list of all"))
        }
    }
}

/// `()` for a file that has no text.
fn read(file: &FileValue, language: Language) -> Fallible<Dynamic> {
    of_file(file, language)?.map_or(Ok(Dynamic::UNIT), |documents| one(&documents))
}

fn read_text(text: &str, language: Language) -> Fallible<Dynamic> {
    one(&of_text(text, language, &Source::Text)?)
}

/// All of them as one list.
fn all(documents: &[Slot]) -> Dynamic {
    Dynamic::from(Doc::from(Slot::list(1, documents.to_vec())))
}

pub(super) fn register(api: &mut Api<'_>) {
    readers(api);
    properties(api);
    methods(api);
    absent(api);
    of_regex(api);
    functional::members::<Doc>(api, "doc");
    comparisons(api);
    let engine = api.engine();
    engine.register_iterator::<Doc>();
    engine.register_indexer_get(|doc: &mut Doc, key: &str| optional(doc.at_key(key).map(Dynamic::from)));
    engine.register_indexer_get(|doc: &mut Doc, index: i64| optional(doc.at_index(index).map(Dynamic::from)));
    super::table::shown::<Doc>(engine, |doc| shown(&doc.slot));
}

/// One language: its function, and the methods of files, texts, values and nothing.
macro_rules! language {
    ($api:ident, $name:literal, $language:expr, $what:literal) => {
        $api.more("file").method(
            $name,
            "() -> doc?",
            concat!(
                "The file read as ",
                $what,
                "; `()` for deleted and binary files, symlinks and submodules."
            ),
            |file: &mut FileValue| read(file, $language),
        );
        $api.function(
            $name,
            "(text: string) -> doc",
            concat!("A text read as ", $what, "; lines count in the text."),
            |text: &str| read_text(text, $language),
        );
        $api.function($name, "(nothing: ()) -> ()", "`()` is no document.", |(): ()| ());
        $api.more("doc").method(
            $name,
            "() -> doc",
            concat!("The text of this value read as ", $what, "; lines count in the file."),
            |doc: &mut Doc| doc.parse($language),
        );
    };
}

fn readers(api: &mut Api<'_>) {
    api.of::<Doc>(
        "doc",
        "A parsed document or a part of it: `doc[\"jobs\"][\"test\"]`, `doc[0]`; what is absent is `()` all the way down. `for` \
         runs over lists and the values of maps; a scalar counts as a list of one. Compare it with `==`; before `switch`, take its `.value`.",
    );
    language!(api, "json", Language::Json, "JSON");
    language!(api, "yaml", Language::Yaml, "YAML, which must hold one document");
    language!(api, "toml", Language::Toml, "TOML");
    language!(api, "hcl", Language::Hcl, "HCL: `[type][label][label]` is a list of blocks");
    api.more("file").method(
        "yaml_all",
        "() -> doc?",
        "All documents of a YAML file, as a list; `()` for a file that has no text.",
        |file: &mut FileValue| -> Fallible<Dynamic> {
            Ok(optional(of_file(file, Language::Yaml)?.map(|documents| all(&documents))))
        },
    );
    api.function(
        "yaml_all",
        "(text: string) -> doc",
        "All documents of a YAML text, as a list.",
        |text: &str| -> Fallible<Dynamic> { Ok(all(&of_text(text, Language::Yaml, &Source::Text)?)) },
    );
    api.function("yaml_all", "(nothing: ()) -> ()", "`()` is no document.", |(): ()| ());
}

fn properties(api: &mut Api<'_>) {
    let mut doc = api.more("doc");
    doc.property("line", "int", "Its line, from 1; of what stands in a map, that of the key.", |d: &mut Doc| {
        i64::from(d.slot.line)
    })
    .property("key", "string?", "What it was found under in a map.", |d: &mut Doc| {
        super::optional_text(d.key.as_deref())
    })
    .fallible("keys", "[string]", "The keys of a map, in order; else none.", |d: &mut Doc| -> Fallible<Array> {
        let Value::Map(entries) = &d.slot.node.value else { return Ok(Array::new()) };
        charge(entries.len())?;
        limits::room(entries.len().saturating_sub(1))?;
        Ok(entries.keys().map(|key| ImmutableString::from(&**key).into()).collect())
    })
    .property(
        "kind",
        "string",
        "`map`, `list`, `text`, `int`, `float`, `bool`, `null`, or `expression`: of HCL, what only Terraform can work out.",
        |d: &mut Doc| ImmutableString::from(d.kind()),
    )
    .property(
        "text",
        "string?",
        "What is written there, also for numbers and expressions; `()` for maps, lists and null.",
        |d: &mut Doc| optional(d.text().cloned()),
    )
    .property(
        "value",
        "any?",
        "A scalar as string, int, float, bool or `()`; a map or a list as it is.",
        |d: &mut Doc| d.value(),
    )
    .fallible("lines", "[line]", "The lines of a text, each with its place in the file.", |d: &mut Doc| d.lines())
    .property("len", "int", "How many elements or entries; of a scalar 1, of null 0.", |d: &mut Doc| {
        int(d.slot.count())
    })
    .property("is_empty", "bool", "Has it none? So of null.", |d: &mut Doc| d.slot.count() == 0)
    .property("is_true", "bool", "`true`, or a text such as `yes` that some readers take for it.", |d: &mut Doc| {
        d.truth() == Some(true)
    })
    .property("is_false", "bool", "`false`, or a text such as `no` that some readers take for it.", |d: &mut Doc| {
        d.truth() == Some(false)
    })
    .property("tag", "string?", "Of YAML, such as `!reference`.", |d: &mut Doc| {
        optional(d.extra().and_then(|extra| extra.tag.clone()))
    })
    .property("labels", "[string]", "Of an HCL block.", |d: &mut Doc| {
        let labels = d.extra().map_or(&[][..], |extra| &extra.labels);
        labels.iter().map(|label| Dynamic::from(label.clone())).collect::<Array>()
    })
    .property("function", "string?", "Which function an HCL expression calls.", |d: &mut Doc| {
        optional(d.extra().and_then(|extra| extra.function.clone()))
    })
    .property("arguments", "[doc]", "What an HCL expression calls its function with.", |d: &mut Doc| {
        let arguments = d.extra().map_or(&[][..], |extra| &extra.arguments);
        arguments.iter().map(|slot| Dynamic::from(Doc::from(slot.clone()))).collect::<Array>()
    });
}

fn methods(api: &mut Api<'_>) {
    api.more("doc")
        .method(
            "get",
            "(path: string) -> doc?",
            "What a path such as `jobs.test.steps.0` leads to.",
            |d: &mut Doc, path: &str| -> Fallible<Dynamic> {
                Ok(optional(d.at_path(path)?.map(Dynamic::from)))
            },
        )
        .method("get", "(index: int) -> doc?", "An element of a list.", |d: &mut Doc, index: i64| {
            optional(d.at_index(index).map(Dynamic::from))
        })
        .method(
            "len",
            "() -> int",
            "How many elements or entries; of a scalar 1, of null 0.",
            |d: &mut Doc| int(d.slot.count()),
        )
        .method("is_empty", "() -> bool", "Has it none? So of null.", |d: &mut Doc| d.slot.count() == 0)
        .method(
            "contains",
            "(key_or_value: any) -> bool",
            "Of a map: has it such a key? Else: is there such an element? Also `x in doc`.",
            |context: NativeCallContext<'_>, d: &mut Doc, wanted: Dynamic| -> Fallible<bool> {
                if let Value::Map(entries) = &d.slot.node.value {
                    let text = wanted.read_lock::<ImmutableString>().map(|text| text.clone());
                    let text = text.or_else(|| wanted.read_lock::<Doc>()?.text().cloned());
                    return Ok(text.is_some_and(|text| entries.contains_key(text.as_str())));
                }
                for item in d.clone() {
                    charge(1)?;
                    if same(&context, &item, &wanted)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            },
        )
        .method(
            "blocks",
            "(type: string) -> [doc]",
            "The HCL blocks of a type, in order.",
            |d: &mut Doc, kind: &str| d.blocks(kind, None),
        )
        .method(
            "blocks",
            "(type: string, label: string) -> [doc]",
            "The HCL blocks of a type with this first label, in order.",
            |d: &mut Doc, kind: &str, label: &str| d.blocks(kind, Some(label)),
        );
}

/// `()` has no parts either.
fn absent(api: &mut Api<'_>) {
    let engine = api.engine();
    engine.register_indexer_get(|(): &mut (), _: &str| ());
    engine.register_indexer_get(|(): &mut (), _: i64| ());
    engine.register_fn("get", |(): (), _: &str| ());
    engine.register_fn("get", |(): (), _: i64| ());
    engine.register_fn("contains", |(): (), _: Dynamic| false);
    let mut module = Module::new();
    module.set_iter(TypeId::of::<()>(), |_| Box::new(std::iter::empty()));
    engine.register_global_module(module.into());
}

fn of_regex(api: &mut Api<'_>) {
    const SCALAR: &str = "As of the value's text; maps, lists and null have none.";
    api.more("regex")
        .method("is_match", "(value: doc) -> bool", SCALAR, |re: &mut Pattern, doc: Doc| {
            doc.text().map_or(Ok(false), |text| re.is_match(text))
        })
        .method("find", "(value: doc) -> string?", SCALAR, |re: &mut Pattern, doc: Doc| {
            doc.text().map_or(Ok(Dynamic::UNIT), |text| re.find(text))
        })
        .method("find_all", "(value: doc) -> [string]", SCALAR, |re: &mut Pattern, doc: Doc| {
            doc.text().map_or(Ok(Array::new()), |text| re.find_all(text))
        })
        .method("captures", "(value: doc) -> captures?", SCALAR, |re: &mut Pattern, doc: Doc| {
            doc.text().map_or(Ok(Dynamic::UNIT), |text| re.captures(text))
        });
}

/// With a type of the language, from both sides.
macro_rules! compared {
    ($engine:ident, $other:ty, $test:expr) => {
        $engine.register_fn("==", |doc: Doc, other: $other| $test(&doc, other));
        $engine.register_fn("==", |other: $other, doc: Doc| $test(&doc, other));
        $engine.register_fn("!=", |doc: Doc, other: $other| !$test(&doc, other));
        $engine.register_fn("!=", |other: $other, doc: Doc| !$test(&doc, other));
    };
}

/// An order, from both sides.
macro_rules! ordered {
    ($engine:ident, $name:literal, $turned:literal, $is:ident) => {
        let is = |order: Option<Ordering>| order.is_some_and(Ordering::$is);
        #[expect(
            clippy::cast_precision_loss,
            reason = "an order among very large numbers need not be exact"
        )]
        $engine.register_fn($name, move |doc: Doc, other: i64| doc.against(other as f64).map(is));
        $engine.register_fn($name, move |doc: Doc, other: f64| doc.against(other).map(is));
        #[expect(
            clippy::cast_precision_loss,
            reason = "an order among very large numbers need not be exact"
        )]
        $engine.register_fn($turned, move |other: i64, doc: Doc| doc.against(other as f64).map(is));
        $engine.register_fn($turned, move |other: f64, doc: Doc| doc.against(other).map(is));
    };
}

fn comparisons(api: &mut Api<'_>) {
    functional::compared_with_arrays::<Doc>(api);
    let engine = api.engine();
    engine.register_fn("==", |a: Doc, b: Doc| equal(&a.slot, &b.slot));
    engine.register_fn("!=", |a: Doc, b: Doc| equal(&a.slot, &b.slot).map(|is| !is));
    compared!(engine, ImmutableString, |doc: &Doc, other: ImmutableString| doc.is_text(&other));
    compared!(engine, i64, |doc: &Doc, other: i64| match doc.scalar().map(|scalar| scalar.plain) {
        Some(Plain::Int(own)) => own == other,
        #[expect(clippy::cast_precision_loss, reason = "a broken number is near a whole one or it is not")]
        Some(Plain::Float(own)) => own == other as f64,
        _ => false,
    });
    compared!(engine, f64, |doc: &Doc, other: f64| doc.number() == Some(other));
    compared!(engine, bool, |doc: &Doc, other: bool| {
        doc.scalar().is_some_and(|scalar| scalar.plain == Plain::Bool(other))
    });
    compared!(engine, (), |doc: &Doc, (): ()| doc.slot.is_null());
    ordered!(engine, "<", ">", is_lt);
    ordered!(engine, "<=", ">=", is_le);
    ordered!(engine, ">", "<", is_gt);
    ordered!(engine, ">=", "<=", is_ge);
}

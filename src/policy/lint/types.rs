//! What is known of a value without running anything.
//!
//! Types come from the table of the API, whose signatures are read here. What nothing is known of is [`Type::Any`], and no
//! mistake is ever told of that: a checker that cries wolf is switched off.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::super::api::Entry;

/// The type of a value, as far as it is known.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Type {
    /// Nothing is known.
    Any,
    /// No value ever comes from here: `return`, `throw`.
    Never,
    /// `()`
    Unit,
    Bool,
    Int,
    Float,
    Char,
    /// The words it can be; empty where it can be any text.
    Text(&'static [&'static str]),
    Range,
    Fn,
    /// What can be changed, and its elements.
    Array(Box<Type>),
    /// Facts, and its elements.
    List(Box<Type>),
    /// The keys, where all are known.
    Map(Option<Rc<BTreeMap<String, Type>>>),
    /// The parameters of a rule.
    Params(Rc<Params>),
    /// A type of the table.
    Of(&'static str),
    /// That, or `()`.
    Maybe(Box<Type>),
}

/// The parameters of a rule.
#[derive(Debug, PartialEq)]
pub(super) struct Params {
    /// The rule's id.
    pub(super) rule: String,
    /// Their types by name; `None` where they are not written down as a map.
    pub(super) keys: Option<BTreeMap<String, Type>>,
}

/// Types of which the table holds all there is. What others have besides (parsed documents: any key) is not known here.
const CLOSED: [&str; 16] = [
    "commit",
    "file",
    "change",
    "push",
    "person",
    "signature",
    "trailer",
    "conventional",
    "approval",
    "test",
    "required",
    "finding",
    "line",
    "regex",
    "reported",
    "syntax_error",
];

impl Type {
    /// From the table's word for it.
    pub(super) fn parse(text: &'static str, words: &'static [&'static str]) -> Self {
        let text = text.trim();
        if let Some(inner) = text.strip_suffix('?') {
            return Self::Maybe(Box::new(Self::parse(inner, words)));
        }
        if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let element = Box::new(Self::parse(inner, &[]));
            let is_list = matches!(inner, "file" | "commit" | "line");
            return if is_list { Self::List(element) } else { Self::Array(element) };
        }
        match text {
            "()" => Self::Unit,
            "bool" => Self::Bool,
            "int" => Self::Int,
            "float" => Self::Float,
            "char" => Self::Char,
            "string" => Self::Text(words),
            "range" => Self::Range,
            "fn" => Self::Fn,
            "map" => Self::Map(None),
            "list" => Self::List(Box::new(Self::Any)),
            "array" => Self::Array(Box::new(Self::Any)),
            _ if text == "any" || text.contains('|') => Self::Any,
            _ => Self::Of(text),
        }
    }

    /// Without "or `()`".
    pub(super) fn certain(&self) -> &Self {
        match self {
            Self::Maybe(inner) => inner.certain(),
            other => other,
        }
    }

    /// The same, or `()`.
    pub(super) fn maybe(self) -> Self {
        match self {
            Self::Any | Self::Unit | Self::Maybe(_) => self,
            Self::Never => Self::Unit,
            other => Self::Maybe(Box::new(other)),
        }
    }

    /// The type of a value that is of one or the other.
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Never, one) | (one, Self::Never) => one,
            (one, other) if one == other => one,
            (Self::Unit, one) | (one, Self::Unit) => one.maybe(),
            (Self::Maybe(one), other) | (other, Self::Maybe(one)) => match one.or(other) {
                Self::Any => Self::Any,
                both => both.maybe(),
            },
            (Self::Text(_), Self::Text(_)) => Self::Text(&[]),
            (Self::Array(one), Self::Array(other)) => Self::Array(Box::new(one.or(*other))),
            (Self::List(one), Self::List(other)) => Self::List(Box::new(one.or(*other))),
            (Self::Map(_), Self::Map(_)) => Self::Map(None),
            _ => Self::Any,
        }
    }

    /// As whoever holds it in a variable that grows may find it.
    pub(super) fn grown(self) -> Self {
        match self {
            Self::Array(_) => Self::Array(Box::new(Self::Any)),
            Self::Map(_) => Self::Map(None),
            Self::Text(_) => Self::Text(&[]),
            // Facts do not change.
            Self::Int | Self::Of(_) | Self::List(_) | Self::Params(_) => self,
            _ => Self::Any,
        }
    }

    /// The elements of an array or list.
    pub(super) fn element(&self) -> Self {
        match self.certain() {
            Self::Array(element) | Self::List(element) => (**element).clone(),
            _ => Self::Any,
        }
    }

    /// Whose members it has, in the table's words; `None` where that is not known.
    pub(super) fn owner(&self) -> Option<&'static str> {
        Some(match self.certain() {
            Self::Any | Self::Never | Self::Maybe(_) => return None,
            Self::Unit => "()",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Float => "float",
            Self::Char => "char",
            Self::Text(_) => "string",
            Self::Range => "range",
            Self::Fn => "fn",
            Self::Array(_) => "array",
            Self::List(_) => "list",
            Self::Map(_) | Self::Params(_) => "map",
            Self::Of(name) => name,
        })
    }

    /// Is everything that it has in the table?
    pub(super) fn is_closed(&self) -> bool {
        match self.certain() {
            Self::Any | Self::Never | Self::Unit => false,
            Self::Of(name) => CLOSED.contains(name),
            _ => true,
        }
    }

    /// What people call it.
    pub(super) fn article(&self) -> String {
        let name = self.owner().unwrap_or("value");
        match name {
            "string" => "a text".to_owned(),
            "()" => "`()`".to_owned(),
            "bool" => "`true` or `false`".to_owned(),
            "int" => "a whole number".to_owned(),
            "float" => "a number".to_owned(),
            "fn" => "a function".to_owned(),
            _ if name.starts_with(['a', 'e', 'i', 'o', 'u']) => format!("an {name}"),
            _ => format!("a {name}"),
        }
    }

    /// Can a value of the one never equal a value of the other?
    pub(super) fn never_equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any | Self::Never, _) | (_, Self::Any | Self::Never) => false,
            (Self::Maybe(_), Self::Maybe(_) | Self::Unit) | (Self::Unit, Self::Maybe(_)) => false,
            (Self::Maybe(one), other) | (other, Self::Maybe(one)) => one.never_equals(other),
            (Self::Of(one), _) | (_, Self::Of(one)) if !CLOSED.contains(one) => false,
            (one, other) => one.family() != other.family(),
        }
    }

    /// Types whose values can be equal have the same.
    fn family(&self) -> &'static str {
        match self {
            Self::Int | Self::Float => "number",
            Self::Text(_) | Self::Char => "text",
            Self::Array(_) | Self::List(_) => "list",
            other => other.owner().unwrap_or(""),
        }
    }
}

/// What a function takes and gives back.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Signature {
    /// The types of the parameters, in the table's words.
    pub(super) params: Vec<&'static str>,
    /// Any number of further ones may follow.
    pub(super) is_open: bool,
    /// What comes back.
    pub(super) result: Type,
}

impl Signature {
    /// From an entry of the table: `(path: string) -> file?`.
    pub(super) fn of(entry: &Entry) -> Self {
        let (params, result) = entry.signature.rsplit_once("->").unwrap_or((entry.signature, "any"));
        let params = params.trim();
        let params = params.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(params);
        let all: Vec<&'static str> = params.split(", ").map(str::trim).filter(|p| !p.is_empty()).collect();
        let is_open = all.contains(&"...");
        let named = all.into_iter().filter(|param| *param != "...");
        let params = named.map(|param| param.split_once(": ").map_or(param, |(_, kind)| kind)).collect();
        Self { params, is_open, result: Type::parse(result, entry.words) }
    }

    /// Can it be given so many?
    pub(super) fn takes(&self, count: usize) -> bool {
        count == self.params.len() || self.is_open && count >= self.params.len()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{Kind, Limits, engine};
    use super::*;

    #[test]
    fn every_signature_of_the_table_can_be_read() {
        let (_, table) = engine::build(&Limits::default());
        let known = |kind: &Type| match kind.certain() {
            Type::Of(name) => table.types().iter().any(|(known, _)| known == name),
            _ => true,
        };
        for entry in table.entries() {
            let shown = format!("{}.{}: {}", entry.owner, entry.name, entry.signature);
            if entry.kind == Kind::Property {
                let kind = Type::parse(entry.signature, entry.words);
                assert!(known(&kind) && known(&kind.element()), "{shown}");
                continue;
            }
            let signature = Signature::of(entry);
            assert!(entry.signature.starts_with('(') && entry.signature.contains(") -> "), "{shown}");
            let result = &signature.result;
            assert!(known(result) && known(&result.element()), "{shown}");
            for param in signature.params {
                assert!(known(&Type::parse(param, &[])), "{shown}");
            }
        }
    }

    #[test]
    fn types_that_differ_are_told_from_those_that_may_be_one() {
        let text = || Type::Text(&[]);
        let list = |of: Type| Type::List(Box::new(of));
        for (one, other, differ) in [
            (text(), Type::Int, true),
            (text(), Type::Char, false),
            (Type::Int, Type::Float, false),
            (text(), Type::Unit, true),
            (text().maybe(), Type::Unit, false),
            (text().maybe(), Type::Int, true),
            (text().maybe(), Type::Int.maybe(), false),
            (Type::Any, Type::Int, false),
            (list(Type::Any), Type::Array(Box::new(Type::Int)), false),
            (Type::Of("person"), text(), true),
            (Type::Of("person"), Type::Of("commit"), true),
            (Type::Of("document"), text(), false),
        ] {
            assert_eq!(one.never_equals(&other), differ, "{one:?} {other:?}");
            assert_eq!(other.never_equals(&one), differ, "{other:?} {one:?}");
        }
    }

    #[test]
    fn a_value_of_either_type() {
        let text = || Type::Text(&[]);
        for (one, other, both) in [
            (text(), text(), text()),
            (text(), Type::Unit, text().maybe()),
            (text().maybe(), text(), text().maybe()),
            (text().maybe(), Type::Int, Type::Any),
            (Type::Never, Type::Int, Type::Int),
            (Type::Text(&["a"]), Type::Text(&["b"]), text()),
            (Type::Any, Type::Unit, Type::Any),
        ] {
            assert_eq!(one.clone().or(other.clone()), both, "{one:?} {other:?}");
            assert_eq!(other.clone().or(one.clone()), both, "{other:?} {one:?}");
        }
    }
}

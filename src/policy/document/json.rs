//! JSON: `serde_json` says whether it is, `jsonc-parser` where everything stands.

use std::sync::Arc;

use jsonc_parser::ast::{Object, Value as Ast};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde::de::IgnoredAny;

use super::{
    Counter, Entries, Parsed, Places, Plain, Scalar, Slot, SyntaxError, Value, affordable, number, said,
    twice,
};

/// Only the grammar, as every reader of JSON has it.
pub(super) fn grammar(text: &str) -> Result<(), SyntaxError> {
    let Err(error) = serde_json::from_str::<IgnoredAny>(text) else { return Ok(()) };
    let message = error.to_string();
    // Without the crate's own words for the place.
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    Err(SyntaxError {
        message: said(message),
        line: number(error.line().max(1)),
        column: number(error.column().max(1)),
    })
}

pub(super) fn read(text: &str) -> Parsed<Slot> {
    affordable(text, b",[{")?;
    grammar(text)?;
    let options = ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let mut reader = Reader { places: Places::of(text), counter: Counter::default() };
    let parsed = parse_to_ast(text, &CollectOptions::default(), &options).map_err(|error| {
        let (line, column) = reader.places.at(error.range().start);
        SyntaxError { message: said(&error.kind().to_string()), line, column }
    })?;
    match parsed.value {
        Some(value) => reader.value(value),
        None => Ok(Slot::new(1, Scalar::new("null", Plain::Null))),
    }
}

struct Reader<'a> {
    places: Places<'a>,
    counter: Counter,
}

impl Reader<'_> {
    /// Recurses as deep as the grammar allowed: 128.
    fn value(&mut self, value: Ast<'_>) -> Parsed<Slot> {
        let offset = value.start();
        self.counter.add(1, || self.places.at(offset))?;
        let line = self.places.line(offset);
        Ok(match value {
            Ast::NullKeyword(_) => Slot::new(line, Scalar::new("null", Plain::Null)),
            Ast::BooleanLit(literal) => {
                let text = if literal.value { "true" } else { "false" };
                Slot::new(line, Scalar::new(text, Plain::Bool(literal.value)))
            }
            Ast::NumberLit(literal) => Slot::new(line, Scalar::number(literal.value)),
            Ast::StringLit(literal) => Slot::new(line, Scalar::new(&literal.value, Plain::Text)),
            Ast::Array(array) => {
                let items = array.elements.into_iter().map(|item| self.value(item));
                Slot::new(line, Value::List(items.collect::<Parsed<_>>()?))
            }
            Ast::Object(object) => Slot::new(line, Value::Map(self.entries(object)?)),
        })
    }

    fn entries(&mut self, object: Object<'_>) -> Parsed<Entries> {
        let mut entries = Entries::with_capacity(object.properties.len());
        for property in object.properties {
            let offset = property.start();
            let value = self.value(property.value)?;
            let slot = Slot { line: self.places.line(offset), ..value };
            let key: Arc<str> = property.name.as_str().into();
            if let Some(first) = entries.get(&key) {
                return Err(twice(&key, first.line, self.places.at(offset)).into());
            }
            entries.insert(key, slot);
        }
        Ok(entries)
    }
}

//! TOML, through the `toml` crate's values with their spans. Its own limit of nesting is 80.

use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue};

use super::{Counter, Entries, Parsed, Places, Plain, Scalar, Slot, SyntaxError, Value, affordable, said};

/// Only the grammar, which in TOML says that no key is there twice.
pub(super) fn grammar(text: &str) -> Result<(), SyntaxError> {
    parse(text).map(drop)
}

fn parse(text: &str) -> Result<Spanned<DeTable<'_>>, SyntaxError> {
    DeTable::parse(text).map_err(|error| {
        let (line, column) = Places::of(text).at(error.span().map_or(0, |span| span.start));
        SyntaxError { message: said(error.message()), line, column }
    })
}

pub(super) fn read(text: &str) -> Parsed<Slot> {
    affordable(text, b",[{=.")?;
    let mut reader = Reader { places: Places::of(text), counter: Counter::default() };
    let table = parse(text)?.into_inner();
    Ok(Slot::new(1, Value::Map(reader.table(table)?)))
}

struct Reader<'a> {
    places: Places<'a>,
    counter: Counter,
}

impl Reader<'_> {
    fn value(&mut self, value: Spanned<DeValue<'_>>) -> Parsed<Slot> {
        let offset = value.span().start;
        self.counter.add(1, || self.places.at(offset))?;
        let line = self.places.line(offset);
        let scalar = match value.into_inner() {
            DeValue::Array(items) => {
                let items = items.into_iter().map(|item| self.value(item));
                return Ok(Slot::new(line, Value::List(items.collect::<Parsed<_>>()?)));
            }
            DeValue::Table(table) => return Ok(Slot::new(line, Value::Map(self.table(table)?))),
            DeValue::String(text) => Scalar::new(&text, Plain::Text),
            DeValue::Boolean(is) => Scalar::new(if is { "true" } else { "false" }, Plain::Bool(is)),
            DeValue::Integer(int) => {
                let plain = i64::from_str_radix(int.as_str(), int.radix()).map_or(Plain::Text, Plain::Int);
                Scalar::new(&int.to_string(), plain)
            }
            DeValue::Float(float) => {
                let plain = float.as_str().parse().map_or(Plain::Text, Plain::Float);
                Scalar::new(float.as_str(), plain)
            }
            DeValue::Datetime(time) => Scalar::new(&time.to_string(), Plain::Text),
        };
        Ok(Slot::new(line, scalar))
    }

    /// In the order of the file, which the crate does not keep.
    fn table(&mut self, table: DeTable<'_>) -> Parsed<Entries> {
        let mut pairs: Vec<_> = table.into_iter().collect();
        pairs.sort_by_key(|(key, _)| key.span().start);
        let mut entries = Entries::with_capacity(pairs.len());
        for (key, value) in pairs {
            let line = self.places.line(key.span().start);
            let value = self.value(value)?;
            entries.insert(key.into_inner().into(), Slot { line, ..value });
        }
        Ok(entries)
    }
}

//! HCL, through `hcl-edit`: blocks by type and labels, literals as values, everything else as the text of the expression. Its
//! own limit of nesting is 64.

use std::sync::Arc;

use hcl_edit::Span;
use hcl_edit::expr::{Expression, FuncCall, Object, ObjectKey};
use hcl_edit::parser::parse_body;
use hcl_edit::structure::{Block, Body, Structure};
use hcl_edit::template::{Element, HeredocTemplate, Template};
use indexmap::IndexMap;
use rhai::ImmutableString;

use super::{
    Counter, Entries, Extra, Node, Parsed, Places, Plain, Scalar, Slot, SyntaxError, Value, affordable, said,
    twice,
};

/// Values of this crate are large, and HCL is written by people.
const MOST_BYTES: usize = 4 << 20;

pub(super) fn grammar(text: &str) -> Result<(), SyntaxError> {
    parse(text).map(drop)
}

fn parse(text: &str) -> Result<Body, SyntaxError> {
    if text.len() > MOST_BYTES {
        let message = format!("is larger than {} MiB", MOST_BYTES >> 20);
        return Err(SyntaxError { message, line: 1, column: 1 });
    }
    parse_body(text).map_err(|error| SyntaxError {
        message: said(error.message()),
        line: super::number(error.location().line()),
        column: super::number(error.location().column()),
    })
}

pub(super) fn read(text: &str) -> Parsed<Slot> {
    affordable(text, b",[{(=.")?;
    let mut reader = Reader { text, places: Places::of(text), counter: Counter::default() };
    let body = parse(text)?;
    Ok(Slot::new(1, reader.body(&body, Vec::new())?))
}

/// What a name stands for while a body is read.
enum Named {
    Attribute(Slot),
    /// Blocks by their next label, and the line of the first.
    Labels(u32, IndexMap<Arc<str>, Named>),
    Blocks(u32, Vec<Slot>),
}

struct Reader<'a> {
    text: &'a str,
    places: Places<'a>,
    counter: Counter,
}

impl Reader<'_> {
    fn offset(item: &impl Span) -> usize {
        item.span().map_or(0, |span| span.start)
    }

    fn body(&mut self, body: &Body, labels: Vec<ImmutableString>) -> Parsed<Node> {
        let mut names = IndexMap::new();
        let mut blocks = Vec::new();
        for structure in body {
            let offset = Self::offset(structure);
            let at = self.places.at(offset);
            match structure {
                Structure::Attribute(attribute) => {
                    let key: Arc<str> = attribute.key.as_str().into();
                    let value = self.value(&attribute.value)?;
                    let slot = Slot { line: at.0, ..value };
                    if let Some(first) = names.insert(Arc::clone(&key), Named::Attribute(slot)) {
                        return Err(twice(&key, first.line(), at).into());
                    }
                }
                Structure::Block(block) => {
                    let slot = self.block(block, at)?;
                    file(&mut names, block, slot.clone(), at)?;
                    blocks.push((block.ident.as_str().into(), slot));
                }
            }
        }
        let entries = names.into_iter().map(|(name, named)| (name, named.slot())).collect();
        let extra = Some(Box::new(Extra { labels, blocks, ..Extra::default() }));
        Ok(Node { value: Value::Map(entries), extra })
    }

    fn block(&mut self, block: &Block, at: (u32, u32)) -> Parsed<Slot> {
        self.counter.add(1 + block.labels.len(), || at)?;
        let labels = block.labels.iter().map(|label| label.as_str().into()).collect();
        Ok(Slot::new(at.0, self.body(&block.body, labels)?))
    }

    fn source(&self, item: &impl Span) -> &str {
        item.span().and_then(|span| self.text.get(span)).unwrap_or_default().trim()
    }

    fn value(&mut self, value: &Expression) -> Parsed<Slot> {
        let offset = Self::offset(value);
        self.counter.add(1, || self.places.at(offset))?;
        let line = self.places.line(offset);
        let source = self.source(value);
        let scalar = match value {
            Expression::Null(_) => Scalar::new("null", Plain::Null),
            Expression::Bool(is) => Scalar::new(source, Plain::Bool(*is.as_ref())),
            // With its sign.
            Expression::Number(_) => Scalar::number(&source.replace(char::is_whitespace, "")),
            Expression::String(text) => Scalar::new(text.as_str(), Plain::Text),
            Expression::Array(items) => {
                let items = items.iter().map(|item| self.value(item)).collect::<Parsed<_>>()?;
                return Ok(Slot::new(line, Value::List(items)));
            }
            Expression::Object(object) => return Ok(Slot::new(line, Value::Map(self.object(object)?))),
            Expression::Parenthesis(inner) => return self.value(inner.inner()),
            Expression::HeredocTemplate(heredoc) => self.heredoc(heredoc, line),
            Expression::StringTemplate(_) => {
                let inner = source.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
                Scalar::new(inner.unwrap_or(source), Plain::Expression)
            }
            Expression::FuncCall(call) => {
                return self.call(call, line, Scalar::new(source, Plain::Expression));
            }
            _ => Scalar::new(source, Plain::Expression),
        };
        Ok(Slot::new(line, scalar))
    }

    /// Its lines stand below its mark; what is in `${}` stays as it is written.
    fn heredoc(&self, heredoc: &HeredocTemplate, line: u32) -> Scalar {
        let (text, is_literal) = self.template(&heredoc.template);
        let plain = if is_literal { Plain::Text } else { Plain::Expression };
        Scalar { block: Some(line.saturating_add(1)), ..Scalar::new(&text, plain) }
    }

    fn template(&self, template: &Template) -> (String, bool) {
        let (mut text, mut is_literal) = (String::new(), true);
        for element in template {
            if let Element::Literal(literal) = element {
                text.push_str(literal);
            } else {
                text.push_str(element.span().and_then(|span| self.text.get(span)).unwrap_or_default());
                is_literal = false;
            }
        }
        (text, is_literal)
    }

    fn call(&mut self, call: &FuncCall, line: u32, scalar: Scalar) -> Parsed<Slot> {
        let arguments = call.args.iter().map(|argument| self.value(argument)).collect::<Parsed<_>>()?;
        let function = Some(call.name.name.as_str().into());
        let extra = Some(Box::new(Extra { function, arguments, ..Extra::default() }));
        Ok(Slot::new(line, Node { value: Value::Scalar(scalar), extra }))
    }

    fn object(&mut self, object: &Object) -> Parsed<Entries> {
        let mut entries = Entries::with_capacity(object.len());
        for (key, value) in object {
            let (name, offset): (Arc<str>, usize) = match key {
                ObjectKey::Ident(name) => (name.as_str().into(), Self::offset(name)),
                ObjectKey::Expression(Expression::String(name)) => (name.as_str().into(), Self::offset(name)),
                ObjectKey::Expression(other) => (self.source(other).into(), Self::offset(other)),
            };
            let slot = self.value(value.expr())?;
            entries.insert(name, Slot { line: self.places.line(offset), ..slot });
        }
        Ok(entries)
    }
}

impl Named {
    fn line(&self) -> u32 {
        match self {
            Self::Attribute(slot) => slot.line,
            Self::Labels(line, _) | Self::Blocks(line, _) => *line,
        }
    }

    fn slot(self) -> Slot {
        match self {
            Self::Attribute(slot) => slot,
            Self::Labels(line, names) => {
                let entries = names.into_iter().map(|(name, named)| (name, named.slot())).collect();
                Slot::new(line, Value::Map(entries))
            }
            Self::Blocks(line, blocks) => Slot::new(line, Value::List(blocks)),
        }
    }
}

/// Puts a block under its type and labels.
fn file(names: &mut IndexMap<Arc<str>, Named>, block: &Block, slot: Slot, at: (u32, u32)) -> Parsed<()> {
    let mut labels = block.labels.iter().map(|label| label.as_str()).peekable();
    let mut name = block.ident.as_str();
    let mut names = names;
    loop {
        let is_last = labels.peek().is_none();
        let empty =
            || if is_last { Named::Blocks(at.0, Vec::new()) } else { Named::Labels(at.0, IndexMap::new()) };
        let named = names.entry(name.into()).or_insert_with(empty);
        match (named, labels.next()) {
            (Named::Blocks(_, blocks), None) => {
                blocks.push(slot);
                return Ok(());
            }
            (Named::Labels(_, below), Some(label)) => {
                name = label;
                names = below;
            }
            (other, _) => {
                let message = format!("`{name}` is something else in line {}", other.line());
                return Err(SyntaxError { message, line: at.0, column: at.1 }.into());
            }
        }
    }
}

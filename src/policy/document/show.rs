//! How documents compare, and how they read in a text: what is shared is visited each time, so both count what they look at.

use super::super::api::Fallible;
use super::{Plain, Scalar, Slot, Value, visit};

/// Longer ones are cut: a document in a message is there by mistake.
const LONGEST: usize = 200;

/// Do both mean the same? Places and spellings do not matter, nor does the order of a map.
pub(in crate::policy) fn equal(a: &Slot, b: &Slot) -> Fallible<bool> {
    visit()?;
    match (&a.node.value, &b.node.value) {
        (Value::Scalar(a), Value::Scalar(b)) => Ok(same(a, b)),
        (Value::List(a), Value::List(b)) => {
            if a.len() != b.len() {
                return Ok(false);
            }
            for (a, b) in a.iter().zip(b) {
                if !equal(a, b)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Value::Map(a), Value::Map(b)) => {
            if a.len() != b.len() {
                return Ok(false);
            }
            for (key, a) in a {
                match b.get(key) {
                    Some(b) if equal(a, b)? => {}
                    _ => return Ok(false),
                }
            }
            Ok(true)
        }
        _ => Ok(false),
    }
}

fn same(a: &Scalar, b: &Scalar) -> bool {
    match (a.plain, b.plain) {
        (Plain::Text, Plain::Text) | (Plain::Expression, Plain::Expression) => a.text == b.text,
        (a, b) => a == b,
    }
}

/// A scalar as it is written, anything else in short.
pub(in crate::policy) fn shown(slot: &Slot) -> String {
    if let Some(scalar) = slot.scalar() {
        return scalar.text.to_string();
    }
    let mut text = String::new();
    write(slot, &mut text);
    text
}

/// Ends when the text is long enough, so it does not matter how much there is.
fn write(slot: &Slot, text: &mut String) {
    if text.len() > LONGEST {
        if !text.ends_with('…') {
            text.push('…');
        }
        return;
    }
    match &slot.node.value {
        Value::Scalar(scalar) => {
            let quotes = if scalar.plain == Plain::Text { "\"" } else { "" };
            text.push_str(quotes);
            text.extend(scalar.text.chars().take(LONGEST));
            text.push_str(quotes);
        }
        Value::List(items) => {
            text.push('[');
            for (index, item) in items.iter().take(LONGEST).enumerate() {
                text.push_str(if index > 0 { ", " } else { "" });
                write(item, text);
            }
            text.push(']');
        }
        Value::Map(entries) => {
            text.push('{');
            for (index, (key, value)) in entries.iter().take(LONGEST).enumerate() {
                text.push_str(if index > 0 { ", " } else { "" });
                text.extend(key.chars().take(LONGEST));
                text.push_str(": ");
                write(value, text);
            }
            text.push('}');
        }
    }
}

//! Functions of texts that can make far more than they are given: Rhai looks at what they made when the memory is used up;
//! these look before.

use rhai::{Array, Dynamic, ImmutableString};

use super::super::limits::{self, charge};
use super::Fallible;
use super::table::Api;

/// Bytes that count as one operation.
const BYTES_AN_OPERATION: usize = 1_024;

fn replaced(text: &ImmutableString, old: &str, new: &str) -> Fallible<ImmutableString> {
    charge(text.len() / BYTES_AN_OPERATION)?;
    if new.len() > old.len() {
        let more = text.matches(old).count().saturating_mul(new.len() - old.len());
        limits::text(text.len().saturating_add(more))?;
    }
    Ok(text.replace(old, new).into())
}

/// Parts of a text, as many as an array may hold.
fn parts<'a>(text: &str, parts: impl Iterator<Item = &'a str>) -> Fallible<Array> {
    charge(text.len() / BYTES_AN_OPERATION)?;
    let mut array = Array::new();
    for part in parts {
        limits::room(array.len())?;
        array.push(ImmutableString::from(part).into());
    }
    Ok(array)
}

/// How many parts somebody wants; 0 and less are one.
fn count(parts: i64) -> usize {
    usize::try_from(parts).unwrap_or(0).max(1)
}

pub(super) fn register(api: &mut Api<'_>) {
    replacing(api);
    splitting(api);
}

fn replacing(api: &mut Api<'_>) {
    const DOC: &str = "Replaces in place all that equals the first by the second.";
    api.more("string")
        .method(
            "replace",
            "(old: string, new: string) -> ()",
            DOC,
            |text: &mut ImmutableString, old: &str, new: &str| -> Fallible<()> {
                *text = replaced(text, old, new)?;
                Ok(())
            },
        )
        .method(
            "replace",
            "(old: string, new: char) -> ()",
            DOC,
            |text: &mut ImmutableString, old: &str, new: char| -> Fallible<()> {
                *text = replaced(text, old, new.encode_utf8(&mut [0; 4]))?;
                Ok(())
            },
        )
        .method(
            "replace",
            "(old: char, new: string) -> ()",
            DOC,
            |text: &mut ImmutableString, old: char, new: &str| -> Fallible<()> {
                *text = replaced(text, old.encode_utf8(&mut [0; 4]), new)?;
                Ok(())
            },
        )
        .method(
            "replace",
            "(old: char, new: char) -> ()",
            DOC,
            |text: &mut ImmutableString, old: char, new: char| -> Fallible<()> {
                *text = replaced(text, old.encode_utf8(&mut [0; 4]), new.encode_utf8(&mut [0; 4]))?;
                Ok(())
            },
        );
}

fn splitting(api: &mut Api<'_>) {
    const DOC: &str = "The parts between separators.";
    const SOME: &str = "The parts between separators, at most so many; the last holds the rest.";
    const BACK: &str = "The parts between separators, the last first.";
    api.more("string")
        .method(
            "to_chars",
            "() -> [char]",
            "Its characters.",
            |text: &mut ImmutableString| -> Fallible<Array> {
                limits::room(text.chars().count().saturating_sub(1))?;
                Ok(text.chars().map(Dynamic::from).collect())
            },
        )
        .method("split", "() -> [string]", "The parts between white space.", |text: &mut ImmutableString| {
            parts(text, text.split_whitespace())
        })
        .method("split", "(by: string) -> [string]", DOC, |text: &mut ImmutableString, by: &str| {
            parts(text, text.split(by))
        })
        .method("split", "(by: char) -> [string]", DOC, |text: &mut ImmutableString, by: char| {
            parts(text, text.split(by))
        })
        .method(
            "split",
            "(by: string, most: int) -> [string]",
            SOME,
            |text: &mut ImmutableString, by: &str, most: i64| parts(text, text.splitn(count(most), by)),
        )
        .method(
            "split",
            "(by: char, most: int) -> [string]",
            SOME,
            |text: &mut ImmutableString, by: char, most: i64| parts(text, text.splitn(count(most), by)),
        )
        .method("split_rev", "(by: string) -> [string]", BACK, |text: &mut ImmutableString, by: &str| {
            parts(text, text.rsplit(by))
        })
        .method("split_rev", "(by: char) -> [string]", BACK, |text: &mut ImmutableString, by: char| {
            parts(text, text.rsplit(by))
        })
        .method(
            "split_rev",
            "(by: string, most: int) -> [string]",
            BACK,
            |text: &mut ImmutableString, by: &str, most: i64| parts(text, text.rsplitn(count(most), by)),
        )
        .method(
            "split_rev",
            "(by: char, most: int) -> [string]",
            BACK,
            |text: &mut ImmutableString, by: char, most: i64| parts(text, text.rsplitn(count(most), by)),
        );
}

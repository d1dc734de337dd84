//! Helpers for text and paths: `glob`, `repeat`.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use rhai::{Array, Dynamic, ImmutableString};

use super::super::limits::{self, charge};
use super::table::Api;
use super::{Fallible, fail};
use crate::facts::GitPath;
use crate::patterns::PathPatterns;

/// How many patterns a thread keeps compiled; a script that makes up more compiles them anew.
const KEPT: usize = 256;

thread_local! {
    static GLOBS: RefCell<HashMap<Vec<ImmutableString>, Arc<PathPatterns>>> = RefCell::default();
}

/// Made once for each key; all are forgotten when there are too many.
pub(super) fn kept<K, V>(
    cache: &RefCell<HashMap<K, Arc<V>>>,
    key: K,
    make: impl FnOnce(&K) -> Fallible<V>,
) -> Fallible<Arc<V>>
where
    K: std::hash::Hash + Eq,
{
    if let Some(value) = cache.borrow().get(&key) {
        return Ok(Arc::clone(value));
    }
    let value = Arc::new(make(&key)?);
    let mut cache = cache.borrow_mut();
    if cache.len() >= KEPT {
        cache.clear();
    }
    cache.insert(key, Arc::clone(&value));
    Ok(value)
}

fn glob_one(pattern: ImmutableString, path: &str) -> Fallible<bool> {
    matches(vec![pattern], path)
}

fn glob_any(patterns: Array, path: &str) -> Fallible<bool> {
    let patterns: Result<Vec<ImmutableString>, _> =
        patterns.into_iter().map(Dynamic::into_immutable_string).collect();
    match patterns {
        Ok(patterns) => matches(patterns, path),
        Err(kind) => {
            fail(format!("`glob` takes a pattern or an array of patterns, and this array holds {kind}"))
        }
    }
}

fn matches(patterns: Vec<ImmutableString>, path: &str) -> Fallible<bool> {
    let compile = |patterns: &Vec<ImmutableString>| {
        charge(100)?;
        PathPatterns::new(patterns).or_else(|(index, why)| {
            let pattern = patterns.get(index).map_or("", ImmutableString::as_str);
            fail(format!("bad pattern `{pattern}`: {why}"))
        })
    };
    Ok(GLOBS.with(|cache| kept(cache, patterns, compile))?.matches(&GitPath::from(path)))
}

fn repeat(text: &str, times: i64) -> Fallible<ImmutableString> {
    let times = usize::try_from(times).unwrap_or(0);
    limits::text(text.len().saturating_mul(times))?;
    Ok(text.repeat(times).into())
}

pub(super) fn register(api: &mut Api<'_>) {
    api.function(
        "glob",
        "(pattern: string, path: string) -> bool",
        "Does a path match a pattern, as in .gitignore?",
        glob_one,
    )
    .function(
        "glob",
        "(patterns: [string], path: string) -> bool",
        "Does a path match any of these patterns, as in .gitignore?",
        glob_any,
    )
    .function("repeat", "(text: string, times: int) -> string", "A text so many times.", repeat);
}

//! Helpers for text and paths: `glob`, `regex`, `repeat`.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use regex::{Regex, RegexBuilder};
use rhai::{Array, Dynamic, ImmutableString};

use super::super::limits::{self, charge};
use super::list::List;
use super::table::{Api, shown};
use super::{Fallible, fail, int, optional_text};
use crate::facts::GitPath;
use crate::patterns::PathPatterns;

/// How many patterns a thread keeps compiled; a script that makes up more compiles them anew.
const KEPT: usize = 256;

/// What a compiled expression may take, in bytes: generous for people, too little for a bomb.
const COMPILED: usize = 1 << 20;

/// Bytes of text that count as one operation when an expression looks at them.
const BYTES_AN_OPERATION: usize = 256;

/// A regular expression, compiled once; its time is linear in the text.
#[derive(Debug, Clone)]
pub(in crate::policy) struct Pattern(Arc<Expression>);

/// Its syntax is checked when it is made, but it is compiled when it is first used: most hooks use few of the expressions
/// that the rules in force name, and compiling one takes longer than compiling the script around it.
#[derive(Debug)]
struct Expression {
    text: String,
    compiled: OnceLock<Result<Regex, String>>,
}

impl Expression {
    fn new(text: &str) -> Fallible<Self> {
        // Compiling costs as much as thousands of operations.
        charge(1_000)?;
        match regex_syntax::ParserBuilder::new().nest_limit(64).build().parse(text) {
            Ok(_) => Ok(Self { text: text.to_owned(), compiled: OnceLock::new() }),
            Err(error) => fail(bad(text, &error.to_string())),
        }
    }

    fn get(&self) -> Fallible<&Regex> {
        let compile = || {
            let builder = &mut RegexBuilder::new(&self.text);
            let built = builder.size_limit(COMPILED).dfa_size_limit(COMPILED).nest_limit(64).build();
            built.map_err(|error| bad(&self.text, &error.to_string()))
        };
        self.compiled.get_or_init(compile).as_ref().or_else(|error| fail(error.clone()))
    }
}

fn bad(pattern: &str, error: &str) -> String {
    let why = error.lines().last().unwrap_or(error).trim_start_matches("error: ");
    format!("bad regular expression `{pattern}`: {}", why.trim_end_matches('.').to_lowercase())
}

thread_local! {
    static REGEXES: RefCell<HashMap<String, Arc<Expression>>> = RefCell::default();
    static GLOBS: RefCell<HashMap<Vec<ImmutableString>, Arc<PathPatterns>>> = RefCell::default();
}

/// Made once for each key; all are forgotten when there are too many.
fn kept<K, V>(
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

fn regex(pattern: &str) -> Fallible<Pattern> {
    if let Some(known) = REGEXES.with_borrow(|cache| cache.get(pattern).map(Arc::clone)) {
        return Ok(Pattern(known));
    }
    REGEXES.with(|cache| kept(cache, pattern.to_owned(), |pattern| Expression::new(pattern))).map(Pattern)
}

/// What the groups of an expression matched.
#[derive(Debug, Clone)]
pub(in crate::policy) struct Groups {
    pattern: Arc<Expression>,
    texts: Arc<[Option<ImmutableString>]>,
}

impl Groups {
    fn index(&mut self, index: i64) -> Fallible<Dynamic> {
        let text = usize::try_from(index).ok().and_then(|index| self.texts.get(index));
        match text {
            Some(text) => Ok(optional_text(text.as_deref())),
            None => fail(format!("there is no group {index}: the expression has {}", self.texts.len() - 1)),
        }
    }

    fn name(&mut self, name: &str) -> Fallible<Dynamic> {
        match self.pattern.get()?.capture_names().position(|known| known == Some(name)) {
            Some(index) => self.index(int(index)),
            None => fail(format!("the expression has no group named `{name}`")),
        }
    }
}

impl Pattern {
    fn looks_at(text: &str) -> Fallible<()> {
        charge(text.len() / BYTES_AN_OPERATION)
    }

    fn is_match(&mut self, text: &str) -> Fallible<bool> {
        Self::looks_at(text)?;
        Ok(self.0.get()?.is_match(text))
    }

    fn find(&mut self, text: &str) -> Fallible<Dynamic> {
        Self::looks_at(text)?;
        Ok(optional_text(self.0.get()?.find(text).map(|found| found.as_str())))
    }

    fn find_all(&mut self, text: &str) -> Fallible<Array> {
        Self::looks_at(text)?;
        let mut all = Array::new();
        for found in self.0.get()?.find_iter(text) {
            charge(1)?;
            limits::room(all.len())?;
            all.push(ImmutableString::from(found.as_str()).into());
        }
        Ok(all)
    }

    fn captures(&mut self, text: &str) -> Fallible<Dynamic> {
        Self::looks_at(text)?;
        Ok(self.0.get()?.captures(text).map_or(Dynamic::UNIT, |found| {
            let text =
                |group: Option<regex::Match<'_>>| group.map(|group| ImmutableString::from(group.as_str()));
            Dynamic::from(Groups { pattern: Arc::clone(&self.0), texts: found.iter().map(text).collect() })
        }))
    }

    /// The lines that match, without making a value of each line that does not.
    fn lines(&mut self, list: List) -> Fallible<List> {
        let List::Lines(lines) = list else {
            return fail("`lines` takes a list of lines, such as `file.added_lines`");
        };
        let expression = self.0.get()?;
        let mut looked = 0;
        let mut spent = Ok(());
        let found = lines.filter(|line| {
            looked += line.len() + 16;
            if looked > BYTES_AN_OPERATION {
                spent =
                    std::mem::replace(&mut spent, Ok(())).and_then(|()| charge(looked / BYTES_AN_OPERATION));
                looked = 0;
            }
            spent.is_ok() && expression.is_match(&String::from_utf8_lossy(line))
        });
        spent?;
        Ok(List::Lines(found))
    }
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
    .function("regex", "(pattern: string) -> regex", "A regular expression, compiled once.", regex)
    .function("repeat", "(text: string, times: int) -> string", "A text so many times.", repeat);
    api.of::<Pattern>("regex", "A regular expression; its time is linear in the text.")
        .method("is_match", "(text: string) -> bool", "Does it match anywhere?", Pattern::is_match)
        .method("find", "(text: string) -> string?", "The first match.", Pattern::find)
        .method("find_all", "(text: string) -> [string]", "All matches.", Pattern::find_all)
        .method(
            "captures",
            "(text: string) -> captures?",
            "The groups of the first match: `[0]` is all of it.",
            Pattern::captures,
        )
        .method("is_match", "(nothing: ()) -> bool", "`()` matches nothing.", |_: &mut Pattern, (): ()| false)
        .method("find", "(nothing: ()) -> ()", "`()` matches nothing.", |_: &mut Pattern, (): ()| ())
        .method(
            "find_all",
            "(nothing: ()) -> [string]",
            "`()` matches nothing.",
            |_: &mut Pattern, (): ()| Array::new(),
        )
        .method("captures", "(nothing: ()) -> ()", "`()` matches nothing.", |_: &mut Pattern, (): ()| ())
        .method(
            "lines",
            "(lines: list) -> list",
            "Those of a list of lines that match; fast.",
            Pattern::lines,
        );
    api.of::<Groups>(
        "captures",
        "What the groups of a regular expression matched: `found[1]`, `found[\"name\"]`.",
    )
    .property("len", "int", "How many groups, the whole match included.", |g: &mut Groups| {
        int(g.texts.len())
    });
    let engine = api.engine();
    engine.register_indexer_get(Groups::index);
    engine.register_indexer_get(Groups::name);
    shown::<Pattern>(engine, |pattern| pattern.0.text.clone());
    shown::<Groups>(engine, |groups| groups.texts.first().cloned().flatten().unwrap_or_default().to_string());
}

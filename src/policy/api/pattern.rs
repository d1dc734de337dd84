//! `regex(pattern)`: regular expressions whose time is bounded as well as linear.
//!
//! Linear hides a factor, the size of the expression: with counted repetitions it is tens of thousands, and a megabyte then
//! takes minutes, in one call that nothing can interrupt. So long texts are searched by an automaton that gives up when it
//! does not pay, which is an error; a search of a text never depends on searches before it.
//!
//! Lists of lines are searched as one text (`block`), and each thread has its own clone of an automaton: the memory that a
//! search needs would else be passed from thread to thread at every call.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use regex::{Regex, RegexBuilder};
use regex_automata::hybrid::{dfa, regex as lazy};
use regex_automata::meta;
use regex_automata::nfa::thompson;
use regex_automata::util::iter::Searcher;
use regex_automata::util::syntax;
use regex_automata::{Input, Match, MatchErrorKind};
use regex_syntax::hir::Hir;
use rhai::{Array, Dynamic, ImmutableString};

use super::super::limits::{self, charge};
use super::block::{Block, Clones};
use super::list::List;
use super::plain::plain;
use super::table::{Api, shown};
use super::text::kept;
use super::{Fallible, fail, int, optional_text};
use crate::facts::Lines;

/// What a compiled expression may take, in bytes: generous for people, too little for a bomb.
pub(super) const COMPILED: usize = 1 << 20;

/// Parentheses within parentheses.
pub(super) const NESTED: u32 = 64;

/// Bytes of text that count as one operation when an expression looks at them.
const BYTES_AN_OPERATION: usize = 256;

/// Whatever the expression, a text up to here takes milliseconds.
pub(super) const SHORT: usize = 4 << 10;

/// Bytes of texts after which the automata for short texts are made.
const QUICK: usize = 6 << 10;

/// Are many texts to come?
static MANY: AtomicBool = AtomicBool::new(false);

/// Says that many subjects are to come, so that what is made for a few is not made at all. What is found is the same.
pub fn expect_many() {
    MANY.store(true, Ordering::Relaxed);
}

/// States of the expression times bytes of a text, where each of both is looked at with each of the other.
const PAIRS: usize = 400_000_000;

/// An expression. Its syntax is checked when it is made, but it is compiled when it is first used: most hooks use few of the
/// expressions that the rules in force name, and compiling one takes longer than compiling the script around it. In a shipped
/// script even the check is left until then.
struct Compiled {
    pattern: String,
    read: OnceLock<Result<Hir, String>>,
    /// Counted through, to find this thread's clone by.
    number: usize,
    /// For the first texts: quickly made and slow to search.
    quick: OnceLock<Option<meta::Regex>>,
    /// Bytes that were searched with it.
    seen: AtomicUsize,
    short: OnceLock<Result<Regex, String>>,
    long: OnceLock<Option<lazy::Regex>>,
    block: OnceLock<Option<Block>>,
}

/// A regular expression, compiled once.
#[derive(Clone)]
pub(in crate::policy) struct Pattern(Arc<Compiled>);

impl std::fmt::Debug for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Pattern").field(&self.0.pattern).finish()
    }
}

thread_local! {
    static SHORT_CLONES: Clones<Regex> = Clones::default();
    static BLOCK_CLONES: Clones<Block> = Clones::default();
    static EXPRESSIONS: RefCell<HashMap<String, Arc<Compiled>>> = RefCell::default();
    static TRUSTED: Cell<bool> = const { Cell::new(false) };
}

/// Does `work` with expressions that are known to be good, where `trusted`.
pub(in crate::policy) fn trusting<R>(trusted: bool, work: impl FnOnce() -> R) -> R {
    let before = TRUSTED.replace(trusted);
    let done = work();
    TRUSTED.set(before);
    done
}

fn regex(pattern: &str) -> Fallible<Pattern> {
    let compiled = match EXPRESSIONS.with_borrow(|cache| cache.get(pattern).map(Arc::clone)) {
        Some(known) => known,
        None => {
            EXPRESSIONS.with(|cache| kept(cache, pattern.to_owned(), |pattern| Compiled::new(pattern)))?
        }
    };
    if !TRUSTED.get() {
        compiled.read()?;
    }
    Ok(Pattern(compiled))
}

fn bad(pattern: &str, error: &str) -> String {
    let why = error.lines().last().unwrap_or(error).trim_start_matches("error: ").trim_end_matches('.');
    let shown: String = pattern.chars().take(100).collect();
    format!("bad regular expression `{shown}`: {}", why.to_lowercase())
}

/// What is wrong with an expression, if anything; it is compiled here and now.
pub(in crate::policy) fn bad_expression(pattern: &str) -> Option<String> {
    whole(pattern).err().map(|error| bad(pattern, &error.to_string()))
}

fn whole(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).size_limit(COMPILED).dfa_size_limit(COMPILED).nest_limit(NESTED).build()
}

/// The same expression without what makes it fast: no automata but the one it is read into, and no literals, which take the
/// longest to find.
fn quick(read: &Hir) -> Option<meta::Regex> {
    let config = meta::Config::new()
        .auto_prefilter(false)
        .hybrid(false)
        .dfa(false)
        .onepass(false)
        .nfa_size_limit(Some(COMPILED));
    meta::Regex::builder().configure(config).build_from_hir(&plain(read)).ok()
}

/// The automaton for long texts: it gives up when it makes states for a few bytes each.
fn lazy(pattern: &str) -> Option<lazy::Regex> {
    let config = dfa::Config::new()
        .cache_capacity(2 << 20)
        .skip_cache_capacity_check(true)
        .unicode_word_boundary(true)
        .minimum_cache_clear_count(Some(3))
        .minimum_bytes_per_state(Some(10));
    lazy::Regex::builder()
        .syntax(syntax::Config::new().nest_limit(NESTED))
        .thompson(thompson::Config::new().nfa_size_limit(Some(COMPILED)))
        .dfa(config)
        .build(pattern)
        .ok()
}

/// A search of a long text.
struct Search<'a> {
    compiled: &'a Compiled,
    lazy: &'a lazy::Regex,
    cache: lazy::Cache,
}

impl Search<'_> {
    fn find(&mut self, input: &Input<'_>) -> Fallible<Option<(usize, usize)>> {
        let error = match self.lazy.try_search(&mut self.cache, input) {
            Ok(found) => return Ok(found.map(|found| (found.start(), found.end()))),
            Err(error) => error,
        };
        if !matches!(error.kind(), MatchErrorKind::Quit { .. }) {
            return fail(
                "this expression is too dear for a text of this length; look at the text line by line",
            );
        }
        // `\b` next to a letter that is not ASCII is beyond the automaton; what is not, takes longer.
        let Ok(text) = std::str::from_utf8(input.haystack()) else { return Ok(None) };
        self.affords(text.len(), "`\\b` is too dear for a text of this length; write `(?-u:\\b)`")?;
        let found = self.compiled.short()?.find_at(text, input.start());
        Ok(found.map(|found| (found.start(), found.end())))
    }

    fn affords(&self, bytes: usize, else_says: &str) -> Fallible<()> {
        let states = self.lazy.forward().get_nfa().states().len();
        if states.saturating_mul(bytes) > PAIRS { fail(else_says) } else { Ok(()) }
    }
}

impl Compiled {
    fn new(pattern: &str) -> Fallible<Self> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        // Compiling costs as much as thousands of operations.
        charge(1_000)?;
        Ok(Self {
            pattern: pattern.to_owned(),
            read: OnceLock::new(),
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            quick: OnceLock::new(),
            seen: AtomicUsize::new(0),
            short: OnceLock::new(),
            long: OnceLock::new(),
            block: OnceLock::new(),
        })
    }

    fn read(&self) -> Fallible<&Hir> {
        let config = syntax::Config::new().nest_limit(NESTED);
        let read = || {
            syntax::parse_with(&self.pattern, &config).map_err(|error| bad(&self.pattern, &error.to_string()))
        };
        self.read.get_or_init(read).as_ref().or_else(|error| fail(error.clone()))
    }

    /// A hook judges one message: whole automata for it would take longer to make than to use. `None` once enough was
    /// searched for them to pay.
    fn quick(&self, text: &str) -> Option<&meta::Regex> {
        if MANY.load(Ordering::Relaxed) || self.short.get().is_some() {
            return None;
        }
        let seen = self.seen.fetch_add(text.len() + 32, Ordering::Relaxed);
        if seen > QUICK { None } else { self.quick.get_or_init(|| quick(self.read().ok()?)).as_ref() }
    }

    fn short(&self) -> Fallible<&Regex> {
        let compile = || whole(&self.pattern).map_err(|error| bad(&self.pattern, &error.to_string()));
        self.short.get_or_init(compile).as_ref().or_else(|error| fail(error.clone()))
    }

    /// Which of some lines match, by index; `None` where they must be looked at one by one: texts that are few, long, or not
    /// UTF-8, and expressions that are dear.
    fn indices(&self, lines: &Lines) -> Fallible<Option<Vec<usize>>> {
        let joined = lines.joined();
        // While all is little, the quick automaton is the better one.
        if self.seen.load(Ordering::Relaxed).max(joined.len()) <= QUICK || lines.longest() > SHORT {
            return Ok(None);
        }
        self.short()?;
        let Ok(text) = std::str::from_utf8(joined) else { return Ok(None) };
        let Some(block) = self.block.get_or_init(|| Block::new(&self.pattern)) else { return Ok(None) };
        BLOCK_CLONES.with(|clones| clones.with(self.number, block, |block| block.indices(text)))
    }

    fn search(&self) -> Fallible<Search<'_>> {
        match self.long.get_or_init(|| lazy(&self.pattern)) {
            Some(lazy) => Ok(Search { compiled: self, lazy, cache: lazy.create_cache() }),
            None => fail("this expression is too large for a text of this length"),
        }
    }

    fn is_match(&self, text: &str) -> Fallible<bool> {
        if text.len() <= SHORT {
            if let Some(quick) = self.quick(text) {
                return Ok(quick.is_match(text));
            }
            return SHORT_CLONES
                .with(|clones| clones.with(self.number, self.short()?, |short| Ok(short.is_match(text))));
        }
        Ok(self.search()?.find(&Input::new(text).earliest(true))?.is_some())
    }

    fn find(&self, text: &str) -> Fallible<Option<(usize, usize)>> {
        if text.len() <= SHORT {
            if let Some(quick) = self.quick(text) {
                return Ok(quick.find(text).map(|found| (found.start(), found.end())));
            }
            let span = |short: &Regex| Ok(short.find(text).map(|found| (found.start(), found.end())));
            return SHORT_CLONES.with(|clones| clones.with(self.number, self.short()?, span));
        }
        self.search()?.find(&Input::new(text))
    }

    fn find_all<'t>(&self, text: &'t str) -> Fallible<Vec<&'t str>> {
        let mut all = Vec::new();
        let mut add = |found: &'t str| -> Fallible<()> {
            charge(1)?;
            limits::room(all.len())?;
            all.push(found);
            Ok(())
        };
        if text.len() <= SHORT {
            self.short()?.find_iter(text).try_for_each(|found| add(found.as_str()))?;
            return Ok(all);
        }
        let mut search = self.search()?;
        let mut searcher = Searcher::new(Input::new(text));
        let mut failed = None;
        loop {
            // Each search may look at all that is left, so the clock is asked between them.
            let next = searcher.try_advance(|input| match search.find(input) {
                Ok(found) => Ok(found.map(|(start, end)| Match::must(0, start..end))),
                Err(error) => {
                    failed = Some(error);
                    Ok(None)
                }
            });
            match (failed.take(), next) {
                (Some(error), _) => return Err(error),
                (None, Ok(Some(found))) => add(text.get(found.range()).unwrap_or_default())?,
                (None, _) => return Ok(all),
            }
        }
    }

    fn captures<'t>(&self, text: &'t str) -> Fallible<Option<regex::Captures<'t>>> {
        let Some((start, end)) = self.find(text)? else { return Ok(None) };
        if text.len() > SHORT {
            self.search()?.affords(
                end - start,
                "the groups of this expression are too dear for a match of this length",
            )?;
        }
        Ok(self.short()?.captures_at(text, start))
    }
}

/// What the groups of an expression matched.
#[derive(Clone)]
pub(in crate::policy) struct Groups {
    pattern: Arc<Compiled>,
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
        match self.pattern.short()?.capture_names().position(|known| known == Some(name)) {
            Some(index) => self.index(int(index)),
            None => fail(format!("the expression has no group named `{name}`")),
        }
    }
}

impl Pattern {
    /// Compiles it for texts of which there will be many.
    pub(in crate::policy) fn prepare(&self) {
        // What is wrong with it is told when it is used.
        drop(self.0.short());
    }

    /// Does it match? `None` where that is too dear to tell.
    pub(in crate::policy) fn matches(&self, text: &str) -> Option<bool> {
        self.0.is_match(text).ok()
    }

    fn looks_at(text: &str) -> Fallible<()> {
        charge(text.len() / BYTES_AN_OPERATION)
    }

    pub(super) fn is_match(&mut self, text: &str) -> Fallible<bool> {
        Self::looks_at(text)?;
        self.0.is_match(text)
    }

    pub(super) fn find(&mut self, text: &str) -> Fallible<Dynamic> {
        Self::looks_at(text)?;
        Ok(optional_text(self.0.find(text)?.and_then(|(start, end)| text.get(start..end))))
    }

    pub(super) fn find_all(&mut self, text: &str) -> Fallible<Array> {
        Self::looks_at(text)?;
        Ok(self.0.find_all(text)?.into_iter().map(|found| ImmutableString::from(found).into()).collect())
    }

    pub(super) fn captures(&mut self, text: &str) -> Fallible<Dynamic> {
        Self::looks_at(text)?;
        Ok(self.0.captures(text)?.map_or(Dynamic::UNIT, |found| {
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
        if lines.is_empty() {
            return Ok(List::Lines(lines));
        }
        charge((lines.joined().len() + 15 * lines.len()) / BYTES_AN_OPERATION)?;
        if let Some(indices) = self.0.indices(&lines)? {
            return Ok(List::Lines(lines.choose(&indices)));
        }
        let mut failed = None;
        let found = lines.filter(|line| {
            failed.is_none()
                && self.0.is_match(&String::from_utf8_lossy(line)).unwrap_or_else(|error| {
                    failed = Some(error);
                    false
                })
        });
        failed.map_or(Ok(List::Lines(found)), Err)
    }
}

pub(super) fn register(api: &mut Api<'_>) {
    const NOTHING: &str = "`()` matches nothing: a file without text is no error.";
    api.function("regex", "(pattern: string) -> regex", "A regular expression, compiled once.", regex);
    api.of::<Pattern>("regex", "A regular expression; its time is linear in the text.")
        .method("is_match", "(text: string) -> bool", "Does it match anywhere?", Pattern::is_match)
        .method("find", "(text: string) -> string?", "The first match.", Pattern::find)
        .method("find_all", "(text: string) -> [string]", "All matches.", Pattern::find_all)
        .method(
            "captures",
            "(text: string) -> captures?",
            "The groups of the first match: `[0]` is all of it, `[1]` or `[\"name\"]` a group.",
            Pattern::captures,
        )
        .method("is_match", "(nothing: ()) -> bool", NOTHING, |_: &mut Pattern, (): ()| false)
        .method("find", "(nothing: ()) -> ()", NOTHING, |_: &mut Pattern, (): ()| ())
        .method("find_all", "(nothing: ()) -> [string]", NOTHING, |_: &mut Pattern, (): ()| Array::new())
        .method("captures", "(nothing: ()) -> ()", NOTHING, |_: &mut Pattern, (): ()| ())
        .method(
            "lines",
            "(lines: [line]) -> [line]",
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
    shown::<Pattern>(engine, |pattern| pattern.0.pattern.clone());
    shown::<Groups>(engine, |groups| groups.texts.first().cloned().flatten().unwrap_or_default().to_string());
}

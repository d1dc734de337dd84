//! One rule: what `rule(id, #{...})` was given, checked.

use std::collections::{BTreeMap, HashMap};

use rhai::{Dynamic, FnPtr, Map, Position};

use super::call::{Constants, Handler};
use super::define::Declared;
use super::error;
use super::sources::Sources;
use super::{Origin, Uses, Value, value};
use crate::diagnostic::{Diagnostic, Place};
use crate::facts::Impact;
use crate::patterns::{PathPatterns, RefPatterns};
use crate::verdict::Level;

/// What a rule is.
#[derive(Debug, Clone)]
pub struct RuleInfo {
    /// Its name.
    pub id: String,
    /// What it demands.
    pub title: String,
    /// Why it exists.
    pub why: String,
    /// References to outside standards.
    pub controls: Vec<String>,
    /// Its level where the configuration gives none.
    pub level: Option<Level>,
    /// Its parameters with their defaults.
    pub params: BTreeMap<String, Value>,
    /// The subjects it looks at.
    pub handles: Handles,
    /// What it looks at of them.
    pub filters: Filters,
    /// Where it is written.
    pub place: Place,
    /// Where its script comes from.
    pub origin: Origin,
    /// Which facts it uses.
    pub uses: Uses,
}

/// Which subjects a rule has a handler for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Handles {
    /// Each commit that enters.
    pub commit: bool,
    /// Each file of each.
    pub file: bool,
    /// Each change as a whole.
    pub change: bool,
    /// The push as a whole.
    pub push: bool,
}

impl Handles {
    /// Both.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            commit: self.commit || other.commit,
            file: self.file || other.file,
            change: self.change || other.change,
            push: self.push || other.push,
        }
    }
}

/// What a rule wants to look at; `None` for everything.
#[derive(Debug, Clone, Default)]
pub struct Filters {
    /// Paths.
    pub files: Option<PathPatterns>,
    /// Refs.
    pub refs: Option<RefPatterns>,
    /// Environments.
    pub environments: Option<Vec<String>>,
    /// Impacts.
    pub impact: Option<Vec<Impact>>,
}

/// The handlers of a rule.
#[derive(Debug, Default)]
pub(super) struct Handlers {
    pub(super) commit: Option<Handler>,
    pub(super) file: Option<Handler>,
    pub(super) change: Option<Handler>,
    pub(super) push: Option<Handler>,
}

impl Handlers {
    pub(super) fn all(&mut self) -> impl Iterator<Item = &mut Handler> {
        [&mut self.commit, &mut self.file, &mut self.change, &mut self.push].into_iter().flatten()
    }

    pub(super) fn each(&self) -> impl Iterator<Item = &Handler> {
        [&self.commit, &self.file, &self.change, &self.push].into_iter().flatten()
    }
}

/// A rule that can be called.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) info: RuleInfo,
    pub(super) handlers: Handlers,
}

/// The keys of the map that `rule` is given.
pub(super) const RULE_KEYS: [&str; 13] = [
    "title",
    "why",
    "controls",
    "level",
    "params",
    "commit",
    "file",
    "change",
    "push",
    "files",
    "refs",
    "environments",
    "impact",
];
/// The keys of the map that `classify` is given.
pub(super) const CLASSIFY_KEYS: [&str; 3] = ["title", "why", "change"];

/// Checks what a script declared; everything wrong with it is added to `problems`.
pub(super) fn check(
    declared: &Declared,
    origin: &Origin,
    constants: Option<&Constants>,
    sources: &Sources,
    keys: HashMap<String, Position>,
    problems: &mut Vec<Diagnostic>,
) -> Option<Rule> {
    let before = problems.len();
    let map = declared.argument.as_map_ref().ok()?;
    let mut reader = Reader { declared, map: &map, keys, constants, sources, problems };
    let rule = reader.rule(origin);
    (problems.len() == before).then_some(rule)
}

/// What to do about a rule or classifier that looks at nothing.
pub(super) fn handler_help(word: &str) -> String {
    let (needs, example) = match word {
        "rule" => ("one of `commit`, `file`, `change`, `push`", "commit: |commit|"),
        _ => ("`change`", "change: |change|"),
    };
    format!("it needs {needs}: `{example} {{ ... }}`")
}

struct Reader<'a> {
    declared: &'a Declared,
    map: &'a Map,
    keys: HashMap<String, Position>,
    constants: Option<&'a Constants>,
    sources: &'a Sources,
    problems: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn rule(&mut self, origin: &Origin) -> Rule {
        let valid: &[&str] = if self.declared.word == "rule" { &RULE_KEYS } else { &CLASSIFY_KEYS };
        self.id();
        self.unknown_keys(valid);
        let (title, why) = (self.required("title"), self.required("why"));
        let mut handlers = Handlers {
            commit: self.handler("commit"),
            file: self.handler("file"),
            change: self.handler("change"),
            push: self.handler("push"),
        };
        if !["commit", "file", "change", "push"].iter().any(|name| self.map.contains_key(*name)) {
            let mistake = self.mistake(None, "has no handler");
            self.problems.push(mistake.help(handler_help(self.declared.word)));
        }
        let mut uses = Uses::default();
        for handler in handlers.all() {
            uses = uses.or(Uses::of(handler.body(), self.sources));
        }
        let handles = Handles {
            commit: handlers.commit.is_some(),
            file: handlers.file.is_some(),
            change: handlers.change.is_some(),
            push: handlers.push.is_some(),
        };
        uses.commit_rules = handles.commit;
        uses.file_rules = handles.file;
        uses.change_rules = handles.change;
        uses.push_rules = handles.push;
        let filters = self.filters();
        uses.change_files = filters.impact.is_some() || uses.change_files && (handles.change || handles.push);
        let info = RuleInfo {
            id: self.declared.id.clone(),
            title,
            why,
            controls: self.texts("controls").unwrap_or_default(),
            level: self.level(),
            params: self.params(),
            handles,
            filters,
            place: error::place(&self.declared.source, self.declared.position),
            origin: origin.clone(),
            uses,
        };
        Rule { info, handlers }
    }

    fn mistake(&self, key: Option<&str>, what: &str) -> Diagnostic {
        let position = key.and_then(|key| self.keys.get(key)).copied().unwrap_or(self.declared.position);
        let subject = match key {
            Some(key) => format!("`{key}` of {} `{}` ", self.declared.word, self.declared.id),
            None => format!("{} `{}` ", self.declared.word, self.declared.id),
        };
        Diagnostic::at(error::place(&self.declared.source, position), format!("{subject}{what}"))
    }

    fn id(&mut self) {
        let id = self.declared.id.as_str();
        let good = id.starts_with(|c: char| c.is_ascii_lowercase())
            && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if !good {
            let mistake = self.mistake(None, "has a bad id");
            self.problems.push(mistake.help("an id is lower-case letters, digits and `-`: `subject-length`"));
        }
    }

    fn unknown_keys(&mut self, valid: &[&'static str]) {
        for key in self.map.keys().filter(|key| !valid.contains(&key.as_str())) {
            let position = self.keys.get(key.as_str()).copied().unwrap_or(self.declared.position);
            let place = error::place(&self.declared.source, position);
            let text = format!("unknown key `{key}` in {} `{}`", self.declared.word, self.declared.id);
            self.problems.push(Diagnostic::at(place, text).nearest(key, valid.iter().copied()));
        }
    }

    fn required(&mut self, key: &str) -> String {
        match self.map.get(key).map(|value| value.flatten_clone().into_string()) {
            Some(Ok(text)) if !text.trim().is_empty() => text,
            Some(Ok(_)) => self.wrong(key, "is empty"),
            Some(Err(_)) => self.wrong(key, "is no text"),
            None => {
                let mistake = self.mistake(None, &format!("has no `{key}`"));
                self.problems.push(mistake);
                String::new()
            }
        }
    }

    fn wrong<T: Default>(&mut self, key: &str, what: &str) -> T {
        let mistake = self.mistake(Some(key), what);
        self.problems.push(mistake);
        T::default()
    }

    fn texts(&mut self, key: &str) -> Option<Vec<String>> {
        let value = self.map.get(key)?;
        let list = value.as_array_ref().ok().and_then(|array| {
            array.iter().map(|value| value.flatten_clone().into_string().ok()).collect::<Option<Vec<_>>>()
        });
        if list.is_none() {
            return self.wrong(key, "is no array of texts");
        }
        list
    }

    fn level(&mut self) -> Option<Level> {
        let word = match self.map.get("level")?.flatten_clone().into_string() {
            Ok(word) => word,
            Err(_) => return self.wrong("level", "is no text"),
        };
        let level = word.parse::<Level>().ok();
        if level.is_none() {
            let mistake = self.mistake(Some("level"), &format!("is `{word}`, which is no level"));
            self.problems.push(mistake.nearest(&word, Level::WORDS));
        }
        level
    }

    fn params(&mut self) -> BTreeMap<String, Value> {
        let Some(given) = self.map.get("params") else { return BTreeMap::new() };
        match given.as_map_ref().map(|map| value::from_map(&map)) {
            Ok(Some(params)) => params,
            Ok(None) => self.wrong(
                "params",
                "holds what no configuration can: use texts, numbers, booleans, arrays and maps",
            ),
            Err(_) => self.wrong("params", "is no map"),
        }
    }

    fn filters(&mut self) -> Filters {
        let files = self.texts("files").and_then(|patterns| {
            PathPatterns::new(&patterns).map_err(|(at, why)| self.pattern("files", &patterns, at, &why)).ok()
        });
        let refs = self.texts("refs").and_then(|patterns| {
            RefPatterns::new(&patterns).map_err(|(at, why)| self.pattern("refs", &patterns, at, &why)).ok()
        });
        let environments = self.texts("environments");
        let impact = self.texts("impact").map(|words| {
            let mut impacts = Vec::new();
            for word in words {
                match word.parse::<Impact>() {
                    Ok(impact) => impacts.push(impact),
                    Err(()) => {
                        let mistake =
                            self.mistake(Some("impact"), &format!("holds `{word}`, which is no impact"));
                        self.problems.push(mistake.nearest(&word, Impact::WORDS));
                    }
                }
            }
            impacts
        });
        Filters { files, refs, environments, impact }
    }

    fn pattern(&mut self, key: &str, patterns: &[String], at: usize, why: &str) {
        let pattern = patterns.get(at).map_or("", String::as_str);
        let mistake = self.mistake(Some(key), &format!("holds the bad pattern `{pattern}`: {why}"));
        self.problems.push(mistake);
    }

    fn handler(&mut self, name: &str) -> Option<Handler> {
        let value = self.map.get(name)?;
        let Some(closure) = value.flatten_clone().try_cast::<FnPtr>() else {
            return self.wrong(name, &format!("is no function: write `{name}: |{name}| {{ ... }}`"));
        };
        let handler = self.closure(&closure, &[1, 2]);
        if handler.is_none() {
            return self.wrong(name, &format!("must take `{name}`, or `{name}` and `params`"));
        }
        handler
    }

    /// A closure or named function with one of these arities.
    fn closure(&self, closure: &FnPtr, arities: &[usize]) -> Option<Handler> {
        let captured = closure.curry().len();
        let found = arities.iter().rev().find_map(|arity| {
            self.declared
                .lib
                .iter()
                .rev()
                .find_map(|lib| lib.get_script_fn(closure.fn_name(), captured + arity))
        })?;
        let body = self.sources.body(&found.name, found.params.len())?;
        let at_top = self.declared.lib.len() == 1;
        let constants = self.constants.filter(|_| at_top).unwrap_or(&self.declared.constants);
        let source =
            self.sources.script_of(&found.name).map_or_else(|| self.declared.source.clone(), Into::into);
        let names = found.params.iter().cloned().collect();
        Some(Handler::new(closure, names, body, self.declared.lib.clone(), constants.clone(), source))
    }
}

/// For tests, which are closures of no parameters.
pub(super) fn closure_of(
    declared: &Declared,
    sources: &Sources,
    constants: Option<&Constants>,
) -> Option<Handler> {
    let closure = declared.argument.flatten_clone().try_cast::<FnPtr>()?;
    let map = Map::new();
    let mut problems = Vec::new();
    let keys = HashMap::new();
    Reader { declared, map: &map, keys, constants, sources, problems: &mut problems }.closure(&closure, &[0])
}

/// What `params` is in a call: the defaults with what the configuration says instead.
pub(super) fn params(defaults: &BTreeMap<String, Value>, given: &BTreeMap<String, Value>) -> Dynamic {
    let mut all = defaults.clone();
    all.extend(given.iter().map(|(name, value)| (name.clone(), value.clone())));
    Dynamic::from_map(value::to_map(&all))
}

//! Scripts to rules: every script is compiled and run once, and everything wrong in any of them is reported at once.

use std::collections::HashMap;
use std::sync::Arc;

use rhai::{AST, Dynamic, Engine, Module, ParseErrorType, Scope};

use super::api::Table;
use super::call::{self, Constants, Host};
use super::coverage::Watched;
use super::define::{self, Declared};
use super::parse_ahead::{self, Parsed};
use super::rule::{self, Rule};
use super::sources::Sources;
use super::{Limits, Origin, RuleInfo, Script, ScriptKind, api, engine, error, sources};
use crate::diagnostic::{Diagnostic, Diagnostics, Place};

/// Rules that were loaded and not yet configured.
pub struct RuleBook {
    pub(super) engine: Engine,
    pub(super) table: Arc<Table>,
    pub(super) sources: Arc<Sources>,
    pub(super) limits: Limits,
    pub(super) rules: Arc<[Rule]>,
    pub(super) classifiers: Vec<Rule>,
    infos: Vec<RuleInfo>,
}

impl std::fmt::Debug for RuleBook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RuleBook").field("rules", &self.infos).finish_non_exhaustive()
    }
}

impl RuleBook {
    /// Loads libraries and rules; scripts of tests are left alone.
    ///
    /// # Errors
    /// Everything that is wrong in any of the scripts: what does not compile, what fails when it is run, and rules that are
    /// not declared as they must be.
    pub fn compile(scripts: &[Script], limits: Limits) -> Result<Self, Diagnostics> {
        let ((engine, table), parsed) = parse_ahead::ahead(scripts, &limits, || guarded(scripts, &limits));
        Self::load(scripts, parsed, Loader::new(engine, table, limits)).map(|(book, _)| book)
    }

    /// The same, with statements that say when they are entered.
    pub(super) fn compile_watched(
        scripts: &[Script],
        limits: Limits,
    ) -> Result<(Self, Watched), Diagnostics> {
        let ((mut engine, table), parsed) =
            parse_ahead::ahead(scripts, &limits, || guarded(scripts, &limits));
        let watched = Watched::new(&mut engine);
        let loader = Loader { watched: Some(watched), ..Loader::new(engine, table, limits) };
        let (book, watched) = Self::load(scripts, parsed, loader)?;
        Ok((book, watched.unwrap_or_default()))
    }

    fn load(
        scripts: &[Script],
        parsed: Vec<Option<Parsed>>,
        mut loader: Loader,
    ) -> Result<(Self, Option<Watched>), Diagnostics> {
        loader.libraries(scripts);
        let mut declared = Vec::new();
        for (script, parsed) in scripts.iter().zip(parsed) {
            if script.kind == ScriptKind::Rules {
                declared.extend(loader.script(script, parsed).map(|found| (script, found)));
            }
        }
        let (mut rules, mut classifiers) = (Vec::new(), Vec::new());
        for (script, (found, constants)) in &declared {
            for one in found {
                let rule = loader.check(script, one, constants);
                if one.word == "rule" { &mut rules } else { &mut classifiers }.extend(rule);
            }
        }
        loader.duplicates(declared.iter().flat_map(|(_, (found, _))| found));
        let Loader { engine, table, limits, sources, mut problems, watched } = loader;
        if problems.is_empty() {
            let infos = rules.iter().map(|rule: &Rule| rule.info.clone()).collect();
            let (sources, rules) = (Arc::new(sources), rules.into());
            return Ok((Self { engine, table, sources, limits, rules, classifiers, infos }, watched));
        }
        problems.sort();
        problems.dedup();
        Err(Diagnostics(problems))
    }

    /// The rules, in the order of their scripts.
    pub fn rules(&self) -> &[RuleInfo] {
        &self.infos
    }

    /// Everything that scripts can name.
    pub fn table(&self) -> &Table {
        &self.table
    }
}

/// An engine that knows which names these scripts write behind a dot.
fn guarded(scripts: &[Script], limits: &Limits) -> (Engine, Arc<Table>) {
    let (mut engine, table) = engine::build(limits);
    let table = Arc::new(table);
    api::guard_properties(&mut engine, &table, scripts.iter().map(|script| script.text.as_str()));
    (engine, table)
}

/// What loads scripts.
pub(super) struct Loader {
    pub(super) engine: Engine,
    pub(super) table: Arc<Table>,
    pub(super) limits: Limits,
    pub(super) sources: Sources,
    pub(super) problems: Vec<Diagnostic>,
    watched: Option<Watched>,
}

impl Loader {
    fn new(engine: Engine, table: Arc<Table>, limits: Limits) -> Self {
        let (sources, problems) = (Sources::default(), Vec::new());
        Self { engine, table, limits, sources, problems, watched: None }
    }

    /// Libraries may use each other: whichever waits for another is tried again behind it.
    fn libraries(&mut self, scripts: &[Script]) {
        let library = |script: &'_ Script| match &script.kind {
            ScriptKind::Library(name) => Some(name.clone()),
            _ => None,
        };
        let mut waiting: Vec<(&Script, String)> =
            scripts.iter().filter_map(|script| library(script).map(|name| (script, name))).collect();
        loop {
            let names: Vec<String> = waiting.iter().map(|(_, name)| name.clone()).collect();
            let mut later = Vec::new();
            let mut missing = Vec::new();
            for (script, name) in std::mem::take(&mut waiting) {
                match self.engine.compile(&script.text) {
                    Ok(ast) => {
                        let ast = match &mut self.watched {
                            Some(watched) => watched.change(&self.engine, ast, script),
                            None => ast,
                        };
                        self.library(script, &name, ast);
                    }
                    Err(error) => match error.err_type() {
                        ParseErrorType::ModuleUndefined(other) if names.contains(other) && *other != name => {
                            missing.push(error::syntax(&error, script));
                            later.push((script, name));
                        }
                        _ => self.problems.push(error::syntax(&error, script)),
                    },
                }
            }
            if later.len() == names.len() {
                let circle =
                    missing.into_iter().map(|one| one.help("these libraries use each other in a circle"));
                self.problems.extend(circle);
                return;
            }
            waiting = later;
        }
    }

    fn library(&mut self, script: &Script, name: &str, mut ast: AST) {
        ast.set_source(&script.name);
        self.sources.add(&script.name, ast.clone());
        let mut module = None;
        let (outcome, _) = define::collect(&[], || {
            call::run(&self.limits, &Arc::new(Host::default()), None, || {
                module = Some(Module::eval_ast_as_new(Scope::new(), &ast, &self.engine)?);
                Ok(Dynamic::UNIT)
            })
        });
        match (outcome.result, module) {
            (Ok(_), Some(module)) => {
                self.engine.register_static_module(name, module.into());
            }
            (Err(error), _) => self.failed(&error, &script.name),
            (Ok(_), None) => {}
        }
    }

    fn script(&mut self, script: &Script, parsed: Option<Parsed>) -> Option<(Vec<Declared>, Constants)> {
        let Self { engine, table, limits, sources, problems, watched } = self;
        let parsed = parsed.unwrap_or_else(|| engine.compile(&script.text));
        let parsed = match watched {
            Some(watched) => parsed.map(|ast| watched.change(engine, ast, script)),
            None => parsed,
        };
        let loading = Loading { engine, table, limits };
        let run = || run(&loading, script, parsed, &["rule", "classify"], sources, problems);
        // A test reads the expressions of all that is shipped.
        api::trusting(matches!(script.origin, Origin::Set(_)), run)
    }

    fn check(&mut self, script: &Script, declared: &Declared, constants: &Constants) -> Option<Rule> {
        let before = self.problems.len();
        let (origin, constants) = (&script.origin, Some(constants));
        let keys = HashMap::new();
        let rule = rule::check(declared, origin, constants, &self.sources, keys, &mut self.problems);
        if rule.is_some() || *declared.source != *script.name {
            return rule;
        }
        // Once more, with the places of the keys.
        let keys = sources::keys(self.sources.ast(&script.name)?, declared.position);
        self.problems.truncate(before);
        rule::check(declared, origin, constants, &self.sources, keys, &mut self.problems)
    }

    fn failed(&mut self, error: &rhai::EvalAltResult, script: &str) {
        let around = Place::file(script);
        self.problems.push(error::explain(error, &self.table, &[&self.sources], &around));
    }

    fn duplicates<'a>(&mut self, declared: impl Iterator<Item = &'a Declared>) {
        self.problems.extend(duplicates(declared));
    }
}

/// What a script is loaded with.
pub(super) struct Loading<'a> {
    pub(super) engine: &'a Engine,
    pub(super) table: &'a Table,
    pub(super) limits: &'a Limits,
}

/// Runs a script that was parsed; what it declared, and its constants.
pub(super) fn run(
    with: &Loading<'_>,
    script: &Script,
    parsed: Parsed,
    allowed: &'static [&'static str],
    sources: &mut Sources,
    problems: &mut Vec<Diagnostic>,
) -> Option<(Vec<Declared>, Constants)> {
    let mut ast = match parsed {
        Ok(ast) => ast,
        Err(error) => {
            problems.push(error::syntax(&error, script));
            return None;
        }
    };
    ast.set_source(&script.name);
    let mut scope = Scope::new();
    let (outcome, declared) = define::collect(allowed, || {
        call::run(with.limits, &Arc::new(Host::default()), None, || {
            with.engine.run_ast_with_scope(&mut scope, &ast)?;
            Ok(Dynamic::UNIT)
        })
    });
    let constants = define::constants(&scope);
    sources.add(&script.name, ast);
    let failed = match (outcome.used.trip, outcome.result) {
        (Some(trip), _) => Some(trip.error()),
        (None, result) => result.err(),
    };
    let around = Place::file(&script.name);
    problems.extend(failed.map(|error| error::explain(&error, with.table, &[sources], &around)));
    Some((declared, constants))
}

/// Something is declared once more.
pub(super) fn declared_twice(word: &str, id: &str, here: Place, other: &Place) -> Diagnostic {
    Diagnostic::at(here, format!("{word} `{id}` is declared twice"))
        .help(format!("the other one is at {other}"))
}

/// What is declared more than once.
pub(super) fn duplicates<'a>(declared: impl Iterator<Item = &'a Declared>) -> Vec<Diagnostic> {
    let mut first: HashMap<(&str, &str), &Declared> = HashMap::new();
    let mut problems = Vec::new();
    for one in declared {
        match first.get(&(one.word, one.id.as_str())) {
            None => {
                first.insert((one.word, &one.id), one);
            }
            Some(other) => {
                let place = |of: &Declared| error::place(&of.source, of.position);
                problems.push(declared_twice(one.word, &one.id, place(one), &place(other)));
            }
        }
    }
    problems
}

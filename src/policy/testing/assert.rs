//! Assertions: a rule judges made-up facts, and says what was expected of it.

use std::cell::RefCell;
use std::sync::Arc;

use rhai::{Array, Dynamic, ImmutableString, Map, NativeCallContext};

use super::super::api::{
    Api, ChangeValue, CommitValue, Failure, Fallible, FileValue, PushValue, Table, fail, optional_text, same,
    shown,
};
use super::super::call::Host;
use super::super::finding::Made;
use super::super::judge::{self, Question};
use super::super::load::Loading;
use super::super::rule::{self, Rule};
use super::super::sources::Sources;
use super::super::{Context, Limits, RuleBook, Subject, value};
use super::{Asserted, CommitAt, NOT_IN_A_TEST, describe};
use crate::diagnostic::Diagnostic;
use crate::facts::{Change, Commit, File, Identity, People, Push};
use crate::patterns::PathPatterns;

/// What is known while a test runs.
pub(super) struct State {
    rules: Arc<[Rule]>,
    table: Arc<Table>,
    sources: Arc<Sources>,
    limits: Limits,
    /// What held so far.
    pub(super) asserted: Vec<Asserted>,
    /// How many assertions held that are about no rule.
    pub(super) checked: usize,
    /// What the rule said that an assertion did not expect.
    pub(super) said: Vec<String>,
    /// What it judged, with which parameters.
    pub(super) values: Vec<String>,
    /// Persons that were made up, for `person(email)` in rules.
    pub(super) people: Vec<Identity>,
    /// Owners that were made up, for `file.owners`.
    pub(super) owners: Vec<(PathPatterns, String)>,
    /// For ids that differ.
    pub(super) made: u64,
    /// Where real commits are.
    pub(super) commit_at: Option<Arc<CommitAt>>,
}

impl State {
    /// Everything that scripts can name.
    pub(super) fn table(&self) -> &Table {
        &self.table
    }
}

thread_local! {
    static STATE: RefCell<Option<State>> = const { RefCell::new(None) };
}

/// Runs a test.
pub(super) fn with_state<R>(
    book: &RuleBook,
    commit_at: Option<&Arc<CommitAt>>,
    work: impl FnOnce() -> R,
) -> (R, State) {
    let fresh = || State {
        rules: Arc::clone(&book.rules),
        table: Arc::clone(&book.table),
        sources: Arc::clone(&book.sources),
        limits: book.limits,
        asserted: Vec::new(),
        checked: 0,
        said: Vec::new(),
        values: Vec::new(),
        people: Vec::new(),
        owners: Vec::new(),
        made: 0,
        commit_at: commit_at.cloned(),
    };
    let outer = STATE.replace(Some(fresh()));
    let result = work();
    (result, STATE.replace(outer).unwrap_or_else(fresh))
}

/// Something to do with the test in progress.
pub(super) fn in_test<R>(name: &str, work: impl FnOnce(&mut State) -> Fallible<R>) -> Fallible<R> {
    STATE.with_borrow_mut(|state| match state {
        Some(state) => work(state),
        None => fail(format!("`{name}` {NOT_IN_A_TEST}")),
    })
}

/// A finding as a test sees it.
#[derive(Clone)]
pub(super) struct Reported {
    made: Made,
    commit: Option<Arc<Commit>>,
}

impl Reported {
    fn shown(&self) -> String {
        let line = self.made.line.map(|line| format!(":{line}")).unwrap_or_default();
        let path = self.made.path.as_ref().map(|path| format!(" ({path}{line})")).unwrap_or_default();
        format!("{}{path}", self.made.message)
    }
}

/// What a rule said of a subject.
#[derive(Default)]
struct Said {
    findings: Vec<Reported>,
    errors: Vec<Diagnostic>,
    applied: bool,
    subject: Dynamic,
    params: Dynamic,
}

impl Said {
    fn state(&self) -> &'static str {
        match (self.errors.is_empty(), self.findings.is_empty()) {
            (false, _) => "error",
            (true, false) => "violated",
            (true, true) => "satisfied",
        }
    }

    /// Findings, or the messages of errors, for the test to look at.
    fn values(&self) -> Array {
        let errors = self.errors.iter().map(|mistake| mistake.message.as_str().into());
        errors.chain(self.findings.iter().cloned().map(Dynamic::from)).collect()
    }

    fn lines(&self) -> Vec<String> {
        let errors = self.errors.iter().map(|mistake| {
            let place = mistake.place.as_ref().map(|place| format!(" (at {place})")).unwrap_or_default();
            format!("error: {}{place}", mistake.message)
        });
        let findings = self.findings.iter().map(|found| format!("violated: {}", found.shown()));
        errors.chain(findings).collect()
    }
}

/// A rule judging in a test: its handlers see all that the subject brings along, as in a real run.
struct Trial<'a> {
    question: Question<'a>,
    said: Said,
}

impl Trial<'_> {
    fn ask(&mut self, subject: Subject<'_>, context: &Context) {
        let rule = self.question.rule;
        let Some(handler) = judge::handler_for(rule, subject) else { return };
        self.said.applied = true;
        let view = judge::view_of(&rule.info, None, &PathPatterns::default());
        if !judge::is_for(&rule.info, &view, subject, context) {
            return;
        }
        let answer = self.question.ask(handler, subject, &view);
        self.said.errors.extend(answer.failed);
        let of_subject = match subject {
            Subject::Commit(commit) | Subject::File(commit, _) => Some(Arc::clone(commit)),
            Subject::Change(_) | Subject::Push(_) => None,
        };
        let reported = answer.made.into_iter().map(|made| {
            let commit = made.commit.clone().or_else(|| of_subject.clone());
            Reported { commit, made }
        });
        self.said.findings.extend(reported);
    }

    fn file(&mut self, commit: &Arc<Commit>, file: &Arc<File>, context: &Context) {
        self.ask(Subject::File(commit, file), context);
    }

    fn commit(&mut self, commit: &Arc<Commit>, context: &Context) {
        self.ask(Subject::Commit(commit), context);
        for file in commit.files().unwrap_or_default() {
            self.file(commit, file, context);
        }
    }

    fn change(&mut self, change: &Arc<Change>) {
        let context = Context {
            reference: Some(change.reference.clone()),
            environment: change.environment.clone(),
            impact: Some(change.impact),
            ..Context::default()
        };
        self.ask(Subject::Change(change), &context);
        for commit in &change.commits {
            self.commit(commit, &context);
        }
    }

    fn push(&mut self, push: &Arc<Push>) {
        self.ask(Subject::Push(push), &Context::default());
        for change in &push.changes {
            self.change(change);
        }
    }

    fn subject(&mut self, subject: &Dynamic) -> Fallible<()> {
        let subject = subject.flatten_clone();
        if let Some(commit) = subject.read_lock::<CommitValue>() {
            self.commit(&commit.commit, &Context::default());
        } else if let Some(file) = subject.read_lock::<FileValue>() {
            let commit = Arc::new(Commit::new(Default::default(), Arc::new(crate::facts::NoStore)));
            self.file(&commit, &file.file, &Context::default());
        } else if let Some(change) = subject.read_lock::<ChangeValue>() {
            self.change(&change.change);
        } else if let Some(push) = subject.read_lock::<PushValue>() {
            self.push(&push.push);
        } else {
            return fail("this is no subject: build one with `commit`, `file`, `change` or `push`");
        }
        if self.said.applied { Ok(()) } else { fail(self.no_handler()) }
    }

    fn no_handler(&self) -> String {
        let handles = self.question.rule.info.handles;
        let all = [
            (handles.commit, "commit"),
            (handles.file, "file"),
            (handles.change, "change"),
            (handles.push, "push"),
        ];
        let has: Vec<String> =
            all.iter().filter(|(has, _)| *has).map(|(_, name)| format!("`{name}`")).collect();
        format!(
            "rule `{}` does not look at such a subject: it has {}",
            self.question.rule.info.id,
            has.join(", ")
        )
    }
}

fn judge(context: &NativeCallContext<'_>, id: &str, subject: &Dynamic, given: Map) -> Fallible<Said> {
    // The rule must not find the builders: in a real run there are none.
    let Some(state) = STATE.replace(None) else {
        return fail(format!("`{}` {NOT_IN_A_TEST}", context.fn_name()));
    };
    let said = trial(context, &state, id, subject, given);
    STATE.replace(Some(state));
    said
}

fn trial(
    context: &NativeCallContext<'_>,
    state: &State,
    id: &str,
    subject: &Dynamic,
    given: Map,
) -> Fallible<Said> {
    let Some(rule) = state.rules.iter().find(|rule| rule.info.id == id) else {
        let unknown = Diagnostic::new(format!("unknown rule `{id}`"));
        let ids = state.rules.iter().map(|rule| rule.info.id.as_str());
        return Err(Failure(unknown.nearest(id, ids)).into());
    };
    let host =
        Arc::new(Host { people: Arc::new(People::new(state.people.clone())), owners: state.owners.clone() });
    let question = Question {
        with: Loading { engine: context.engine(), table: &state.table, limits: &state.limits },
        sources: &state.sources,
        host: &host,
        rule,
        params: &params(rule, given)?,
        params_tag: None,
    };
    let mut trial = Trial { question, said: Said::default() };
    trial.subject(subject)?;
    trial.said.subject = subject.clone();
    trial.said.params.clone_from(trial.question.params);
    Ok(trial.said)
}

fn params(rule: &Rule, given: Map) -> Fallible<Dynamic> {
    let defaults = &rule.info.params;
    if let Some(unknown) = given.keys().find(|name| !defaults.contains_key(name.as_str())) {
        let mistake = Diagnostic::new(format!("unknown parameter `{unknown}` of rule `{}`", rule.info.id));
        return Err(Failure(mistake.nearest(unknown, defaults.keys().map(String::as_str))).into());
    }
    match value::from_map(&given) {
        Some(given) => Ok(rule::params(defaults, &given)),
        None => fail("parameters are texts, numbers, booleans, arrays and maps"),
    }
}

/// Writes down what held, or fails with what was said instead.
fn expect(id: &str, said: &Said, state: &'static str, text: Option<&str>) -> Fallible<Array> {
    let texts: Vec<&str> = match state {
        "error" => said.errors.iter().map(|mistake| mistake.message.as_str()).collect(),
        _ => said.findings.iter().map(|found| found.made.message.as_str()).collect(),
    };
    let holds = said.state() == state && text.is_none_or(|text| texts.iter().any(|one| one.contains(text)));
    in_test("assert", |test| {
        if holds {
            test.asserted.push(Asserted { rule: id.to_owned(), state });
            return Ok(said.values());
        }
        test.said = said.lines();
        test.values = describe::values(&said.subject, &said.params);
        let wanted = if state == "error" { "cannot run" } else { state };
        let with = text.map(|text| format!(" with a message that holds `{text}`")).unwrap_or_default();
        let is = if said.state() == state { "says something else" } else { said_word(said.state()) };
        fail(format!("expected: rule `{id}` {}{with}; it {is}", expected_word(wanted)))
    })
}

fn expected_word(state: &str) -> String {
    if state == "cannot run" { "cannot run".to_owned() } else { format!("is {state}") }
}

fn said_word(state: &str) -> &'static str {
    match state {
        "error" => "cannot run",
        "violated" => "is violated",
        _ => "is satisfied",
    }
}

fn check(holds: bool, message: impl FnOnce() -> String) -> Fallible<()> {
    in_test("assert", |test| {
        test.checked += 1;
        if holds { Ok(()) } else { fail(message()) }
    })
}

/// A value as a failure shows it: texts in quotes.
fn quoted(context: &NativeCallContext<'_>, value: &Dynamic) -> String {
    let shown = context.call_native_fn_raw("to_debug", false, &mut [&mut value.clone()]);
    shown.ok().and_then(|shown| shown.into_string().ok()).unwrap_or_else(|| value.to_string())
}

fn values(api: &mut Api<'_>) {
    api.function(
        "assert",
        "(condition: bool) -> ()",
        "Fails unless the condition is true.",
        |holds: bool| check(holds, || "expected: the condition is true; it is false".to_owned()),
    )
    .function(
        "assert",
        "(condition: bool, message: string) -> ()",
        "Fails with a message unless the condition is true.",
        |holds: bool, message: &str| check(holds, || message.to_owned()),
    )
    .function(
        "assert_eq",
        "(is: any, expected: any) -> ()",
        "Fails unless two values are equal.",
        |context: NativeCallContext<'_>, is: Dynamic, expected: Dynamic| {
            let equal = same(&context, &is, &expected)?;
            check(equal, || {
                format!("expected: {}; it is {}", quoted(&context, &expected), quoted(&context, &is))
            })
        },
    );
    api.of::<Reported>("reported", "A finding as `assert_violated` gives it back.")
        .property("message", "string", "What was found.", |r: &mut Reported| {
            ImmutableString::from(r.made.message.as_str())
        })
        .property("fix", "string?", "How to mend it.", |r: &mut Reported| {
            optional_text(r.made.fix.as_deref())
        })
        .property("path", "string?", "The file it is about.", |r: &mut Reported| {
            optional_text(r.made.path.as_deref())
        })
        .property("line", "int?", "The line it is about.", |r: &mut Reported| {
            r.made.line.map_or(Dynamic::UNIT, |line| i64::from(line).into())
        })
        .property("commit", "commit?", "The commit it is about.", |r: &mut Reported| {
            let commit = r.commit.clone();
            commit.map_or(Dynamic::UNIT, |commit| Dynamic::from(CommitValue { commit, view: None }))
        });
    shown::<Reported>(api.engine(), Reported::shown);
}

pub(super) fn register(api: &mut Api<'_>) {
    values(api);
    states(api, "assert_violated", "violated", "Fails unless the rule finds something in the subject.");
    states(
        api,
        "assert_satisfied",
        "satisfied",
        "Fails if the rule finds something in the subject, or cannot run.",
    );
    states(api, "assert_error", "error", "Fails unless the rule cannot run on the subject.");
    messages(api, "assert_message", "violated", "Fails unless a finding's message holds the text.");
    messages(
        api,
        "assert_error",
        "error",
        "Fails unless the rule cannot run and the message holds the text.",
    );
}

fn states(api: &mut Api<'_>, name: &'static str, state: &'static str, doc: &'static str) {
    api.function(
        name,
        "(rule: string, subject: any) -> [reported]",
        doc,
        move |context: NativeCallContext<'_>, id: &str, subject: Dynamic| {
            expect(id, &judge(&context, id, &subject, Map::new())?, state, None)
        },
    )
    .function(
        name,
        "(rule: string, subject: any, params: map) -> [reported]",
        doc,
        move |context: NativeCallContext<'_>, id: &str, subject: Dynamic, params: Map| {
            expect(id, &judge(&context, id, &subject, params)?, state, None)
        },
    );
}

fn messages(api: &mut Api<'_>, name: &'static str, state: &'static str, doc: &'static str) {
    api.function(
        name,
        "(rule: string, subject: any, text: string) -> [reported]",
        doc,
        move |context: NativeCallContext<'_>, id: &str, subject: Dynamic, text: &str| {
            expect(id, &judge(&context, id, &subject, Map::new())?, state, Some(text))
        },
    )
    .function(
        name,
        "(rule: string, subject: any, text: string, params: map) -> [reported]",
        doc,
        move |context: NativeCallContext<'_>, id: &str, subject: Dynamic, text: &str, params: Map| {
            expect(id, &judge(&context, id, &subject, params)?, state, Some(text))
        },
    );
}

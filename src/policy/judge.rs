//! Rules in force looking at subjects.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use rhai::Dynamic;

use super::api::{ChangeValue, CommitValue, FileValue, FileView, Pattern, PushValue, View};
use super::call::{self, Arguments, Handler, Host, Tag};
use super::error;
use super::finding::{self, Made};
use super::limits::Used;
use super::load::Loading;
use super::rule::{self, Rule};
use super::sources::Sources;
use super::{RuleBook, RuleInfo, RunMeter, Uses, Value};
use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::facts::{Change, Commit, File, GitPath, Impact, Oid, People, Push, RefName};
use crate::patterns::PathPatterns;
use crate::verdict::{About, Finding, Level, State};

/// What the configuration says of a rule.
#[derive(Debug, Clone)]
pub struct Binding {
    /// Which rule: its index in [`RuleBook::rules`].
    pub rule: usize,
    /// The level in force.
    pub level: Level,
    /// Parameters given instead of the defaults, checked against them.
    pub params: BTreeMap<String, Value>,
    /// Paths it is for; `None` for all.
    pub paths: Option<PathPatterns>,
    /// Paths it is not for: everybody's and its own.
    pub except: PathPatterns,
    /// Not for commits reachable from this one.
    pub baseline: Option<Oid>,
}

/// What is judged.
#[derive(Clone, Copy)]
pub enum Subject<'a> {
    /// A commit, or a draft.
    Commit(&'a Arc<Commit>),
    /// A file of a commit, or of what is staged.
    File(&'a Arc<Commit>, &'a Arc<File>),
    /// A ref update.
    Change(&'a Arc<Change>),
    /// A push.
    Push(&'a Arc<Push>),
}

/// What is known beside the subject.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// The ref that the subject is on its way to.
    pub reference: Option<RefName>,
    /// The environment that this is shown under.
    pub environment: Option<String>,
    /// The others that it leads to.
    pub more_environments: Vec<String>,
    /// How far the change reaches.
    pub impact: Option<Impact>,
    /// By binding: the rule is not for this commit, which its baseline holds. May be empty.
    pub baselined: Vec<bool>,
}

/// Rules in force.
pub struct Policy {
    book: RuleBook,
    bound: Vec<Bound>,
    /// Those that are off.
    idle: Vec<Bound>,
    host: Arc<Host>,
    tag: Tag,
}

/// By path, which bindings are for it: a history has the same paths again and again, and matching one against the patterns of
/// every rule takes longer than most rules do.
struct Admitted {
    /// Whose bindings.
    policy: Tag,
    paths: HashMap<GitPath, Rc<[bool]>>,
}

impl Admitted {
    /// With more paths all are forgotten.
    const MOST: usize = 8_192;
    /// Policies that judge side by side: a repository's and its operator's, and those that a replay compares them with.
    const POLICIES: usize = 4;
}

thread_local! {
    static ADMITTED: RefCell<Vec<Admitted>> = const { RefCell::new(Vec::new()) };
}

impl std::fmt::Debug for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Policy").field("book", &self.book).finish_non_exhaustive()
    }
}

struct Bound {
    binding: Binding,
    params: Dynamic,
    params_tag: Tag,
    view: View,
}

impl RuleBook {
    /// Puts rules in force; those without a binding are not, nor those whose level is `off`.
    pub fn bind(self, bindings: Vec<Binding>, people: Arc<People>) -> Policy {
        let (bound, idle) = bindings
            .into_iter()
            .filter_map(|binding| {
                let info = &self.rules.get(binding.rule)?.info;
                let view = view_of(info, binding.paths.as_ref(), &binding.except);
                let params = rule::params(&info.params, &binding.params);
                Some(Bound { params, params_tag: Tag::new(), view, binding })
            })
            .partition(|bound: &Bound| bound.binding.level != Level::Off);
        let host = Arc::new(Host { people, owners: Vec::new() });
        Policy { book: self, bound, idle, host, tag: Tag::new() }
    }
}

impl Policy {
    /// The teams that own paths, for `file.owners`.
    #[must_use]
    pub fn with_owners(mut self, owners: Vec<(PathPatterns, String)>) -> Self {
        self.host = Arc::new(Host { people: Arc::clone(&self.host.people), owners });
        self
    }

    /// With these rules in force alone, by their ids; those that are `off` too.
    pub fn keep_only(&mut self, ids: &[String]) {
        let all = std::mem::take(&mut self.bound).into_iter().chain(std::mem::take(&mut self.idle));
        let wanted = |bound: &Bound| {
            let rule = self.book.rules.get(bound.binding.rule);
            rule.is_some_and(|rule| ids.contains(&rule.info.id))
        };
        (self.bound, self.idle) = all.partition(wanted);
        self.bound.sort_by_key(|bound| bound.binding.rule);
    }

    /// The rules in force.
    pub fn rules(&self) -> impl Iterator<Item = (&RuleInfo, &Binding)> {
        self.bound.iter().filter_map(|bound| Some((&self.rule(bound)?.info, &bound.binding)))
    }

    /// Makes beforehand what judging would make when it is first needed, as long as `has_time`.
    pub fn prepare(&self, has_time: impl Fn() -> bool) {
        let handlers =
            self.bound.iter().filter_map(|bound| self.rule(bound)).flat_map(|rule| rule.handlers.each());
        for value in handlers.flat_map(Handler::captured) {
            if !has_time() {
                return;
            }
            if let Some(pattern) = value.read_lock::<Pattern>() {
                pattern.prepare();
            }
        }
    }

    /// The rules that were loaded, for asking them otherwise.
    pub fn into_book(self) -> RuleBook {
        self.book
    }

    /// All rules that were loaded.
    pub fn book(&self) -> &RuleBook {
        &self.book
    }

    /// Which facts the rules in force look at.
    pub fn needs(&self) -> Uses {
        self.rules().fold(Uses::default(), |uses, (info, _)| uses.or(info.uses))
    }

    fn rule(&self, bound: &Bound) -> Option<&Rule> {
        self.book.rules.get(bound.binding.rule)
    }

    /// Lets every rule in force that is for such a subject look at it; what they find is added to `findings`, rule by rule
    /// in the order of the bindings.
    pub fn judge(
        &self,
        subject: Subject<'_>,
        context: &Context,
        meter: &RunMeter,
        findings: &mut Vec<Finding>,
    ) {
        let admitted = match subject {
            Subject::File(_, file) => self.admitted(file.path()),
            _ => None,
        };
        for (index, bound) in self.bound.iter().enumerate() {
            let Some(rule) = self.rule(bound) else { continue };
            let Some(handler) = handler_for(rule, subject) else { continue };
            if context.baselined.get(index) == Some(&true)
                || admitted.as_ref().is_some_and(|admitted| admitted.get(index) == Some(&false))
                || !is_here(&rule.info, subject, context)
            {
                continue;
            }
            if meter.is_spent() {
                if meter.tell(index) {
                    findings.push(self.spent(rule, bound));
                }
                continue;
            }
            if handler.quiet().is_some_and(|quiet| quiet.holds(subject, &bound.params)) {
                continue;
            }
            let report = Report { rule, bound, subject, context };
            let used = self.call(handler, &report, findings);
            meter.add_of(index, &used);
        }
    }

    /// Which bindings are for a path; `None` if all are for every path.
    fn admitted(&self, path: &GitPath) -> Option<Rc<[bool]>> {
        if self.bound.iter().all(|bound| bound.view.is_none()) {
            return None;
        }
        ADMITTED.with_borrow_mut(|all| {
            let at = all.iter().position(|one| one.policy == self.tag).unwrap_or_else(|| {
                if all.len() >= Admitted::POLICIES {
                    all.remove(0);
                }
                all.push(Admitted { policy: self.tag, paths: HashMap::new() });
                all.len() - 1
            });
            let known = all.get_mut(at)?;
            if known.paths.len() >= Admitted::MOST {
                known.paths.clear();
            }
            if let Some(admitted) = known.paths.get(path) {
                return Some(Rc::clone(admitted));
            }
            let admits = |bound: &Bound| bound.view.as_ref().is_none_or(|view| view.admits(path));
            let admitted: Rc<[bool]> = self.bound.iter().map(admits).collect();
            known.paths.insert(path.clone(), Rc::clone(&admitted));
            Some(admitted)
        })
    }

    fn call(&self, handler: &Handler, report: &Report<'_>, findings: &mut Vec<Finding>) -> Used {
        let Bound { params, params_tag, .. } = report.bound;
        let question = Question { params_tag: Some(*params_tag), ..self.question(report.rule, params) };
        let answer = question.ask(handler, report.subject, &report.bound.view);
        findings.extend(answer.made.into_iter().map(|made| report.violated(made)));
        findings.extend(answer.failed.map(|mistake| report.error(&mistake)));
        answer.used
    }

    pub(super) fn question<'a>(&'a self, rule: &'a Rule, params: &'a Dynamic) -> Question<'a> {
        let book = &self.book;
        let with = Loading { engine: &book.engine, table: &book.table, limits: &book.limits };
        Question { with, sources: &book.sources, host: &self.host, rule, params, params_tag: None }
    }

    fn spent(&self, rule: &Rule, bound: &Bound) -> Finding {
        let text = "the run has used up the operations and time of all its rules together; from here on it is not judged";
        Finding {
            rule: rule.info.id.clone(),
            level: bound.binding.level,
            state: State::Error,
            message: format!("rule '{}' cannot run: {text}", rule.info.id),
            fix: Some("check fewer commits at once, or make the rules cheaper".to_owned()),
            why: Some(rule.info.why.clone()),
            commit: None,
            reference: None,
            path: None,
            line: None,
            about: None,
            place: Some(rule.info.place.clone()),
        }
    }
}

/// A rule with its parameters, and what it takes to call it.
pub(super) struct Question<'a> {
    pub(super) with: Loading<'a>,
    pub(super) sources: &'a Sources,
    pub(super) host: &'a Arc<Host>,
    pub(super) rule: &'a Rule,
    pub(super) params: &'a Dynamic,
    pub(super) params_tag: Option<Tag>,
}

/// What a handler said.
pub(super) struct Answer {
    pub(super) made: Vec<Made>,
    pub(super) failed: Option<Diagnostic>,
    pub(super) used: Used,
}

impl Question<'_> {
    /// Calls a handler of the rule.
    pub(super) fn call(&self, handler: &Handler, subject: Subject<'_>, view: &View) -> call::Outcome {
        let arguments = Arguments {
            subject: Some(value_of(subject, view)),
            params: (handler.arity() == 2).then_some(self.params),
            params_tag: self.params_tag,
        };
        let file = match subject {
            Subject::File(_, file) => Some(Arc::clone(file)),
            _ => None,
        };
        call::run(self.with.limits, self.host, file, || handler.call(self.with.engine, arguments))
    }

    /// Calls a handler of the rule and reads what it made and gave back.
    pub(super) fn ask(&self, handler: &Handler, subject: Subject<'_>, view: &View) -> Answer {
        let call::Outcome { result, mut made, serial, used } = self.call(handler, subject, view);
        let failed = match (result, used.trip) {
            (Err(error), _) => Some(self.explain(&error)),
            (Ok(_), Some(trip)) => Some(self.explain(&trip.error())),
            (Ok(value), None) => {
                let taken = finding::take_result(&value, serial, || path_of(subject), &mut made);
                taken.err().map(|kind| self.useless(&kind))
            }
        };
        Answer { made, failed, used }
    }

    pub(super) fn explain(&self, error: &rhai::EvalAltResult) -> Diagnostic {
        let mistake = error::explain(error, self.with.table, &[self.sources], &self.rule.info.place);
        // Of all maps the one with the parameters is the likeliest.
        match error::unknown_key(error)
            .and_then(|key| nearest(key, self.rule.info.params.keys().map(String::as_str)))
        {
            Some(near) => mistake.help(format!("did you mean `{near}`?")),
            None => mistake,
        }
    }

    fn useless(&self, kind: &str) -> Diagnostic {
        let kind = error::type_name(self.with.engine.map_type_name(kind));
        let text = format!("its handler gives back a value of type `{kind}`");
        Diagnostic::at(self.rule.info.place.clone(), text)
            .help("a handler gives back `()`, a text, a finding, or an array of these; its last value counts, also with a `;` behind it")
    }
}

pub(super) fn handler_for<'a>(rule: &'a Rule, subject: Subject<'_>) -> Option<&'a Handler> {
    match subject {
        Subject::Commit(_) => rule.handlers.commit.as_ref(),
        Subject::File(..) => rule.handlers.file.as_ref(),
        Subject::Change(_) => rule.handlers.change.as_ref(),
        Subject::Push(_) => rule.handlers.push.as_ref(),
    }
}

/// The files that a rule looks at.
pub(super) fn view_of(info: &RuleInfo, paths: Option<&PathPatterns>, except: &PathPatterns) -> View {
    let only: Vec<PathPatterns> = info.filters.files.iter().chain(paths).cloned().collect();
    let narrow = !only.is_empty() || !except.is_empty();
    narrow.then(|| Arc::new(FileView { only, except: except.clone() }))
}

/// The filters that need no script.
pub(super) fn is_for(info: &RuleInfo, view: &View, subject: Subject<'_>, context: &Context) -> bool {
    is_here(info, subject, context) && admits(view, subject)
}

/// Those but the paths.
fn is_here(info: &RuleInfo, subject: Subject<'_>, context: &Context) -> bool {
    let (reference, environment, impact) = match subject {
        Subject::Change(change) => {
            (Some(&change.reference), change.environment.as_ref(), Some(change.impact))
        }
        _ => (context.reference.as_ref(), context.environment.as_ref(), context.impact),
    };
    // Who hides an environment behind another one gets round no rule that is for it.
    let environments = environment.into_iter().chain(&context.more_environments);
    let filters = &info.filters;
    let of_push = matches!(subject, Subject::Push(_));
    let refs =
        filters.refs.as_ref().is_none_or(|refs| of_push || reference.is_some_and(|name| refs.matches(name)));
    let environments = filters
        .environments
        .as_ref()
        .is_none_or(|wanted| of_push || environments.clone().any(|name| wanted.contains(name)));
    let impacts = filters
        .impact
        .as_ref()
        .is_none_or(|wanted| of_push || impact.is_some_and(|impact| wanted.contains(&impact)));
    refs && environments && impacts
}

fn admits(view: &View, subject: Subject<'_>) -> bool {
    match subject {
        Subject::File(_, file) => view.as_ref().is_none_or(|view| view.admits(file.path())),
        _ => true,
    }
}

fn path_of(subject: Subject<'_>) -> Option<String> {
    match subject {
        Subject::File(_, file) => Some(file.path().text()),
        _ => None,
    }
}

fn value_of(subject: Subject<'_>, view: &View) -> Dynamic {
    let view = view.clone();
    match subject {
        Subject::Commit(commit) => Dynamic::from(CommitValue { commit: Arc::clone(commit), view }),
        Subject::File(commit, file) => {
            Dynamic::from(FileValue { file: Arc::clone(file), commit: Some(Arc::clone(commit)) })
        }
        Subject::Change(change) => Dynamic::from(ChangeValue { change: Arc::clone(change), view }),
        Subject::Push(push) => Dynamic::from(PushValue { push: Arc::clone(push), view }),
    }
}

fn about(commit: &Commit) -> About {
    About {
        author: commit.parts().author.name.clone(),
        subject: commit.subject().to_owned(),
        is_draft: commit.is_draft(),
    }
}

struct Report<'a> {
    rule: &'a Rule,
    bound: &'a Bound,
    subject: Subject<'a>,
    context: &'a Context,
}

impl Report<'_> {
    fn violated(&self, made: Made) -> Finding {
        let of_subject = self.finding(State::Violated, String::new());
        let (commit, about) = match &made.commit {
            Some(commit) => (commit.id(), Some(Arc::new(about(commit)))),
            None => (of_subject.commit, of_subject.about.clone()),
        };
        let Made { message, fix, path, line, .. } = made;
        Finding { message, fix, path, line, commit, about, ..of_subject }
    }

    fn error(&self, mistake: &Diagnostic) -> Finding {
        let message = format!("rule '{}' cannot run: {}", self.rule.info.id, mistake.message);
        let path = path_of(self.subject);
        let place: Option<Place> = mistake.place.clone();
        Finding { fix: mistake.help.clone(), path, place, ..self.finding(State::Error, message) }
    }

    fn finding(&self, state: State, message: String) -> Finding {
        let commit = match self.subject {
            Subject::Commit(commit) | Subject::File(commit, _) => Some(commit),
            Subject::Change(_) | Subject::Push(_) => None,
        };
        let reference = match self.subject {
            Subject::Change(change) => Some(change.reference.clone()),
            _ => self.context.reference.clone(),
        };
        Finding {
            rule: self.rule.info.id.clone(),
            level: self.bound.binding.level,
            state,
            message,
            fix: None,
            why: Some(self.rule.info.why.clone()),
            commit: commit.and_then(|commit| commit.id()),
            reference,
            path: None,
            line: None,
            about: commit.map(|commit| Arc::new(about(commit))),
            place: None,
        }
    }
}

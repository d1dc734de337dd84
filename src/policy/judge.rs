//! Rules in force looking at subjects.

use std::collections::BTreeMap;
use std::sync::Arc;

use rhai::Dynamic;

use super::api::{ChangeValue, CommitValue, FileValue, FileView, PushValue, View};
use super::call::{self, Handler, Host};
use super::error;
use super::finding::{self, Made};
use super::rule::{self, Rule};
use super::{RuleBook, RuleInfo, RunMeter, Uses, Value};
use crate::diagnostic::Place;
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
    /// Its environment.
    pub environment: Option<String>,
    /// How far the change reaches.
    pub impact: Option<Impact>,
    /// By binding: the rule is not for this commit, which its baseline holds. May be empty.
    pub baselined: Vec<bool>,
}

/// Rules in force.
pub struct Policy {
    book: RuleBook,
    bound: Vec<Bound>,
    host: Arc<Host>,
}

impl std::fmt::Debug for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Policy").field("book", &self.book).finish_non_exhaustive()
    }
}

struct Bound {
    binding: Binding,
    params: Dynamic,
    view: View,
    needs_view: bool,
}

impl RuleBook {
    /// Puts rules in force; those without a binding are not.
    pub fn bind(self, bindings: Vec<Binding>, people: Arc<People>) -> Policy {
        let bound = bindings
            .into_iter()
            .filter(|binding| binding.level != Level::Off)
            .filter_map(|binding| {
                let info = &self.rules.get(binding.rule)?.info;
                let only: Vec<PathPatterns> =
                    info.filters.files.iter().chain(&binding.paths).cloned().collect();
                let narrow = !only.is_empty() || !binding.except.is_empty();
                let view = narrow.then(|| Arc::new(FileView { only, except: binding.except.clone() }));
                let params = rule::params(&info.params, &binding.params);
                Some(Bound { params, view, needs_view: narrow, binding })
            })
            .collect();
        Policy { book: self, bound, host: Arc::new(Host { people, owners: Vec::new() }) }
    }
}

impl Policy {
    /// The teams that own paths, for `file.owners`.
    #[must_use]
    pub fn with_owners(mut self, owners: Vec<(PathPatterns, String)>) -> Self {
        self.host = Arc::new(Host { people: Arc::clone(&self.host.people), owners });
        self
    }

    /// The rules in force.
    pub fn rules(&self) -> impl Iterator<Item = (&RuleInfo, &Binding)> {
        self.bound.iter().filter_map(|bound| Some((&self.rule(bound)?.info, &bound.binding)))
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
        for (index, bound) in self.bound.iter().enumerate() {
            let Some(rule) = self.rule(bound) else { continue };
            let Some(handler) = handler_for(rule, subject) else { continue };
            if context.baselined.get(index) == Some(&true) || !is_for(&rule.info, bound, subject, context) {
                continue;
            }
            if meter.is_spent() {
                if meter.tell(index) {
                    findings.push(self.spent(rule, bound));
                }
                continue;
            }
            let report = Report { rule, bound, subject, context };
            self.call(handler, &report, meter, findings);
        }
    }

    fn call(&self, handler: &Handler, report: &Report<'_>, meter: &RunMeter, findings: &mut Vec<Finding>) {
        let path = match report.subject {
            Subject::File(_, file) => Some(file.path().text()),
            _ => None,
        };
        let value = value_of(report.subject, &report.bound.view);
        let params = (handler.arity() == 2).then(|| report.bound.params.clone());
        let outcome = call::run(&self.book.limits, &self.host, path.clone(), || {
            handler.call(&self.book.engine, [value].into_iter().chain(params))
        });
        meter.add(&outcome.used);
        let mut made = outcome.made;
        let failed = match (outcome.result, outcome.used.trip) {
            (Err(error), _) => Some(self.explain(&error, report.rule)),
            (Ok(_), Some(trip)) => Some(self.explain(&trip.error(), report.rule)),
            (Ok(value), None) => {
                finding::take_result(&value, outcome.serial, path.as_deref(), &mut made).err().map(|what| {
                    let what = error::type_name(self.book.engine.map_type_name(&what)).to_owned();
                    let text = format!("its handler gives back a value of type `{what}`");
                    crate::diagnostic::Diagnostic::at(report.rule.info.place.clone(), text)
                        .help("a handler gives back `()`, a text, a finding, or an array of these")
                })
            }
        };
        findings.extend(made.into_iter().map(|made| report.violated(made)));
        findings.extend(failed.map(|mistake| report.error(&mistake)));
    }

    fn explain(&self, error: &rhai::EvalAltResult, rule: &Rule) -> crate::diagnostic::Diagnostic {
        error::explain(error, &self.book.table, &self.book.sources, &rule.info.place)
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

fn handler_for<'a>(rule: &'a Rule, subject: Subject<'_>) -> Option<&'a Handler> {
    match subject {
        Subject::Commit(_) => rule.handlers.commit.as_ref(),
        Subject::File(..) => rule.handlers.file.as_ref(),
        Subject::Change(_) => rule.handlers.change.as_ref(),
        Subject::Push(_) => rule.handlers.push.as_ref(),
    }
}

/// The filters that need no script.
fn is_for(info: &RuleInfo, bound: &Bound, subject: Subject<'_>, context: &Context) -> bool {
    let (reference, environment, impact) = match subject {
        Subject::Change(change) => {
            (Some(&change.reference), change.environment.as_ref(), Some(change.impact))
        }
        _ => (context.reference.as_ref(), context.environment.as_ref(), context.impact),
    };
    let filters = &info.filters;
    let of_push = matches!(subject, Subject::Push(_));
    let refs =
        filters.refs.as_ref().is_none_or(|refs| of_push || reference.is_some_and(|name| refs.matches(name)));
    let environments = filters
        .environments
        .as_ref()
        .is_none_or(|wanted| of_push || environment.is_some_and(|name| wanted.contains(name)));
    let impacts = filters
        .impact
        .as_ref()
        .is_none_or(|wanted| of_push || impact.is_some_and(|impact| wanted.contains(&impact)));
    refs && environments && impacts && admits(bound, subject)
}

fn admits(bound: &Bound, subject: Subject<'_>) -> bool {
    let path: &GitPath = match subject {
        Subject::File(_, file) => file.path(),
        _ => return true,
    };
    !bound.needs_view || bound.view.as_ref().is_none_or(|view| view.admits(path))
}

fn value_of(subject: Subject<'_>, view: &View) -> Dynamic {
    let view = view.clone();
    match subject {
        Subject::Commit(commit) => Dynamic::from(CommitValue { commit: Arc::clone(commit), view }),
        Subject::File(_, file) => Dynamic::from(FileValue { file: Arc::clone(file) }),
        Subject::Change(change) => Dynamic::from(ChangeValue { change: Arc::clone(change), view }),
        Subject::Push(push) => Dynamic::from(PushValue { push: Arc::clone(push), view }),
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
        Finding {
            message: made.message,
            fix: made.fix,
            path: made.path,
            line: made.line,
            ..self.finding(State::Violated, String::new())
        }
    }

    fn error(&self, mistake: &crate::diagnostic::Diagnostic) -> Finding {
        let message = format!("rule '{}' cannot run: {}", self.rule.info.id, mistake.message);
        let path = match self.subject {
            Subject::File(_, file) => Some(file.path().text()),
            _ => None,
        };
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
            about: commit.map(|commit| About {
                author: commit.parts().author.name.clone(),
                subject: commit.subject().to_owned(),
                is_draft: commit.is_draft(),
            }),
            place: None,
        }
    }
}

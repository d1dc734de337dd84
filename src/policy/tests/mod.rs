//! Tests of the engine, by what a rule author would try.

mod basics;
mod documents;
mod hostile;
mod of_rules;
mod quiet;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::diagnostic::Diagnostics;
use crate::facts::*;
use crate::patterns::PathPatterns;
use crate::verdict::{Finding, Level, State};

pub(super) fn script(name: &str, text: &str) -> Script {
    let kind = match name.strip_prefix("lib/") {
        Some(lib) => ScriptKind::Library(lib.to_owned()),
        None => ScriptKind::Rules,
    };
    Script { name: format!("{name}.rhai"), text: text.to_owned(), origin: Origin::Repository, kind }
}

pub(super) fn compile(scripts: &[Script]) -> Result<RuleBook, Diagnostics> {
    RuleBook::compile(scripts, Limits::default())
}

pub(super) fn problems(text: &str) -> String {
    compile(&[script("r", text)]).map(drop).unwrap_err().to_string()
}

pub(super) fn binding(rule: usize) -> Binding {
    Binding {
        rule,
        level: Level::SoftMandatory,
        params: BTreeMap::new(),
        paths: None,
        except: PathPatterns::default(),
        baseline: None,
    }
}

pub(super) fn policy(scripts: &[Script]) -> Policy {
    let book = compile(scripts).unwrap_or_else(|problems| panic!("{problems}"));
    let bindings = (0..book.rules().len()).map(binding).collect();
    book.bind(bindings, Arc::new(People::default()))
}

/// A rule whose `commit` handler has this body.
pub(super) fn rule_of(body: &str) -> Script {
    script("r", &format!("rule(\"r\", #{{ title: \"t\", why: \"w\", commit: |commit| {{\n{body}\n}} }});"))
}

pub(super) fn commit(message: &str) -> Arc<Commit> {
    let person = Person { name: "Ada".into(), email: "ada@example.org".into(), ..Person::default() };
    let person = Arc::new(person);
    Arc::new(Commit::new(
        CommitParts {
            id: Oid::from_hex("1234567890123456789012345678901234567890".as_bytes()),
            author: person.clone(),
            committer: person,
            message: message.to_owned(),
            ..CommitParts::default()
        },
        Arc::new(NoStore),
    ))
}

pub(super) fn judge(policy: &Policy, subject: Subject<'_>) -> Vec<Finding> {
    judge_in(policy, subject, &Context::default())
}

pub(super) fn judge_in(policy: &Policy, subject: Subject<'_>, context: &Context) -> Vec<Finding> {
    let mut findings = Vec::new();
    policy.judge(subject, context, &RunMeter::new(&Limits::default(), 1), &mut findings);
    findings
}

/// What the rule of this body says of a commit with this message.
pub(super) fn said(body: &str, message: &str) -> Vec<String> {
    let policy = policy(&[rule_of(body)]);
    let findings = judge(&policy, Subject::Commit(&commit(message)));
    findings
        .into_iter()
        .map(|f| if f.state == State::Error { format!("ERROR {}", f.message) } else { f.message })
        .collect()
}

/// The one error of the rule of this body: message, place, help.
pub(super) fn error_of(body: &str) -> (String, String, Option<String>) {
    let policy = policy(&[rule_of(body)]);
    let mut findings = judge(&policy, Subject::Commit(&commit("subject\n\nbody\n")));
    let last = findings.pop().expect("a finding");
    assert_eq!(last.state, State::Error, "{}", last.message);
    (last.message, last.place.expect("a place").to_string(), last.fix)
}

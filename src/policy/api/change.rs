//! `change` and `push`.

use std::sync::Arc;

use rhai::{Array, Dynamic, ImmutableString};

use super::file::{FileValue, View};
use super::list::List;
use super::person::PersonValue;
use super::table::{Api, comparable, shown};
use super::{optional, optional_text};
use crate::facts::{Approval, Change, Impact, Oid, Person, Push, Required, TestResult, Urgency};

/// A change as one rule sees it.
#[derive(Clone)]
pub(in crate::policy) struct ChangeValue {
    pub(in crate::policy) change: Arc<Change>,
    pub(in crate::policy) view: View,
}

impl PartialEq for ChangeValue {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.change, &other.change)
            || (self.change.reference == other.change.reference && self.change.new == other.change.new)
    }
}

impl ChangeValue {
    fn files(&mut self) -> List {
        let files = self.change.files.iter();
        List::files(
            match &self.view {
                None => files.map(Arc::clone).collect(),
                Some(view) => files.filter(|file| view.admits(file.path())).map(Arc::clone).collect(),
            },
            None,
        )
    }

    fn file(&mut self, path: &str) -> Dynamic {
        let found = self.change.files.iter().find(|file| file.path().as_bytes() == path.as_bytes());
        optional(found.map(|file| Dynamic::from(FileValue { file: Arc::clone(file), commit: None })))
    }
}

/// A push as one rule sees it.
#[derive(Clone)]
pub(in crate::policy) struct PushValue {
    pub(in crate::policy) push: Arc<Push>,
    pub(in crate::policy) view: View,
}

fn hex(id: Option<Oid>) -> Dynamic {
    optional(id.map(|id| id.to_string()))
}

fn person(person: &Person) -> PersonValue {
    PersonValue(Arc::new(person.clone()))
}

/// The newest result of a suite; of two at the same time, the one that failed.
fn test(change: &mut ChangeValue, suite: &str) -> Dynamic {
    let of_suite = change.change.evidence.tests.iter().filter(|test| test.suite == suite);
    optional(of_suite.max_by_key(|test| (test.time, !test.passed)).cloned().map(Dynamic::from))
}

pub(super) fn register(api: &mut Api<'_>) {
    change(api);
    evidence(api);
    push(api);
    comparable::<ChangeValue>(api.engine());
    shown::<ChangeValue>(api.engine(), |c| c.change.reference.to_string());
}

fn change(api: &mut Api<'_>) {
    api.of::<ChangeValue>("change", "One ref update as a whole.")
        .property("ref", "string", "The full name of the ref.", |c: &mut ChangeValue| {
            ImmutableString::from(c.change.reference.as_str())
        })
        .property("branch", "string?", "The branch; `()` for other refs.", |c: &mut ChangeValue| {
            optional_text(c.change.reference.branch())
        })
        .property("old_id", "string?", "The tip before; `()` for a new ref.", |c: &mut ChangeValue| {
            hex(c.change.old)
        })
        .property("new_id", "string?", "The tip after; `()` for a deletion.", |c: &mut ChangeValue| {
            hex(c.change.new)
        })
        .property("is_new", "bool", "Was the ref not there before?", |c: &mut ChangeValue| {
            c.change.old.is_none()
        })
        .property("is_deletion", "bool", "Is the ref deleted?", |c: &mut ChangeValue| c.change.new.is_none())
        .property("is_force", "bool", "Does it rewind the ref?", |c: &mut ChangeValue| c.change.is_force)
        .property("environment", "string?", "The environment whose ref it is.", |c: &mut ChangeValue| {
            optional_text(c.change.environment.as_deref())
        })
        .property("impact", "string", "`trivial`, `minor` or `major`.", |c: &mut ChangeValue| {
            ImmutableString::from(c.change.impact.as_str())
        })
        .words(&Impact::WORDS)
        .property("urgency", "string", "`normal` or `urgent`.", |c: &mut ChangeValue| {
            ImmutableString::from(c.change.urgency.as_str())
        })
        .words(&Urgency::WORDS)
        .property("pusher", "person", "Who pushes.", |c: &mut ChangeValue| {
            PersonValue(Arc::new(c.change.pusher.clone()))
        })
        .property("commits", "[commit]", "The commits that enter, newest first.", |c: &mut ChangeValue| {
            List::Commits(c.change.commits.clone().into(), c.view.clone())
        })
        .property(
            "files",
            "[file]",
            "The net difference of the trees joined with the files of the commits that enter.",
            ChangeValue::files,
        )
        .method("file", "(path: string) -> file?", "The file of this change at a path.", ChangeValue::file);
}

fn evidence(api: &mut Api<'_>) {
    api.more("change")
        .property("approvals", "[approval]", "Who approved it.", |c: &mut ChangeValue| {
            c.change.evidence.approvals.iter().cloned().map(Dynamic::from).collect::<Array>()
        })
        .property("tests", "[test]", "Results of tests.", |c: &mut ChangeValue| {
            c.change.evidence.tests.iter().cloned().map(Dynamic::from).collect::<Array>()
        })
        .method("test", "(suite: string) -> test?", "The newest result of a suite.", test)
        .property("break_glass", "string?", "Why the glass was broken.", |c: &mut ChangeValue| {
            optional_text(c.change.evidence.break_glass.as_deref())
        })
        .property("required", "required?", "What a change like this needs.", |c: &mut ChangeValue| {
            optional(c.change.evidence.required.clone().map(Dynamic::from))
        });
    api.of::<Approval>("approval", "Somebody approved a change.")
        .property("person", "person", "Who.", |a: &mut Approval| person(&a.person))
        .property("time", "int", "When it was received, in seconds UTC.", |a: &mut Approval| a.time);
    api.of::<TestResult>("test", "How a suite of tests went.")
        .property("suite", "string", "Which suite.", |t: &mut TestResult| {
            ImmutableString::from(t.suite.as_str())
        })
        .property("result", "string", "`passed` or `failed`.", |t: &mut TestResult| {
            ImmutableString::from(if t.passed { "passed" } else { "failed" })
        })
        .words(&["passed", "failed"])
        .property("service", "person", "Which service says so.", |t: &mut TestResult| person(&t.service))
        .property("time", "int", "When it was received, in seconds UTC.", |t: &mut TestResult| t.time);
    api.of::<Required>("required", "What a change needs.")
        .property("approvals", "int", "How many approvals.", |r: &mut Required| i64::from(r.approvals))
        .property("seniority", "string?", "One of them by somebody of this rank.", |r: &mut Required| {
            optional_text(r.seniority.as_deref())
        })
        .property("tests", "[string]", "Suites that must have passed.", |r: &mut Required| {
            r.tests.iter().map(|suite| suite.as_str().into()).collect::<Array>()
        })
        .property(
            "signed_commits",
            "bool",
            "Must every commit be signed by a known person?",
            |r: &mut Required| r.signed_commits,
        );
    comparable::<Approval>(api.engine());
    comparable::<TestResult>(api.engine());
    comparable::<Required>(api.engine());
}

fn push(api: &mut Api<'_>) {
    api.of::<PushValue>("push", "All that one `git push` updates.")
        .property("pusher", "person", "Who pushes.", |p: &mut PushValue| {
            PersonValue(Arc::new(p.push.pusher.clone()))
        })
        .property("changes", "[change]", "The ref updates.", |p: &mut PushValue| {
            let change =
                |change| Dynamic::from(ChangeValue { change: Arc::clone(change), view: p.view.clone() });
            p.push.changes.iter().map(change).collect::<Array>()
        })
        .property("options", "[string]", "`git push -o`.", |p: &mut PushValue| {
            p.push.options.iter().map(|option| option.as_str().into()).collect::<Array>()
        })
        .property("is_signed", "bool", "Has it a good push certificate?", |p: &mut PushValue| {
            p.push.is_signed
        })
        .property("time", "int", "When it was received, in seconds UTC.", |p: &mut PushValue| p.push.time);
}

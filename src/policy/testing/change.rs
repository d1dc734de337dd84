//! The builders of changes and pushes.

use std::sync::Arc;

use rhai::{Dynamic, Map};

use super::super::api::{ChangeValue, Fallible, PushValue, fail};
use super::assert::State;
use super::build::{files, id, new_id, value_or_map};
use super::commit::commit;
use super::fields::Fields;
use super::person::{anybody, person_of, someone, stranger};
use crate::facts::{
    Approval, Change, Commit, Evidence, File, Impact, NoStore, Person, Push, RefName, Required, TestResult,
    Urgency,
};

pub(super) fn change(state: &mut State, map: Map) -> Fallible<ChangeValue> {
    let fields = Fields::new("change", map, state.table(), &[])?;
    let mut commits = Vec::new();
    for value in fields.array("commits")?.unwrap_or_default() {
        commits.push(value_or_map(&value, "commit", |map| commit(state, map))?.commit);
    }
    let files = if fields.get("files").is_some() { files(state, &fields)? } else { files_of(&commits) };
    let (is_new, is_deletion) = (ends(&fields, "is_new", "old_id")?, ends(&fields, "is_deletion", "new_id")?);
    let tip = commits.first().and_then(|commit| commit.id());
    let pusher = someone(state, &fields, "pusher")?.map_or_else(|| anybody(state), Ok)?;
    Ok(ChangeValue {
        change: Arc::new(Change {
            reference: reference(&fields)?,
            old: if is_new { None } else { Some(id(&fields, "old_id")?.unwrap_or_else(|| new_id(state))) },
            new: if is_deletion {
                None
            } else {
                Some(id(&fields, "new_id")?.or(tip).unwrap_or_else(|| new_id(state)))
            },
            is_force: fields.flag("is_force")?.unwrap_or(false),
            environment: fields.text("environment")?,
            impact: fields.word("impact", &Impact::WORDS, |word| word.parse().ok())?.unwrap_or_default(),
            urgency: fields
                .word("urgency", &["normal", "urgent"], |word| match word {
                    "normal" => Some(Urgency::Normal),
                    "urgent" => Some(Urgency::Urgent),
                    _ => None,
                })?
                .unwrap_or_default(),
            commits,
            files,
            pusher,
            evidence: evidence(state, &fields)?,
            store: Arc::new(NoStore),
        }),
        view: None,
    })
}

/// Said outright, or by an id that is `()`.
fn ends(fields: &Fields, flag: &str, id: &str) -> Fallible<bool> {
    let by_id = fields.has(id) && fields.get(id).is_none();
    let said = fields.flag(flag)?;
    if said.is_some_and(|said| said == fields.get(id).is_some() && fields.has(id)) {
        return fields.contradiction(&format!("`{flag}` says one thing and `{id}` another"));
    }
    Ok(said.unwrap_or(by_id))
}

fn reference(fields: &Fields) -> Fallible<RefName> {
    let (name, branch) = (fields.text("ref")?, fields.text("branch")?);
    let word = match (name, branch) {
        (Some(_), Some(_)) => return fields.contradiction("give `ref`, or `branch`"),
        (Some(name), None) => name,
        (None, branch) => format!("refs/heads/{}", branch.as_deref().unwrap_or("main")),
    };
    match RefName::from_short(&word) {
        Some(name) => Ok(name),
        None => fail(format!("`{word}` is no name that git allows for a ref")),
    }
}

fn files_of(commits: &[Arc<Commit>]) -> Vec<Arc<File>> {
    let mut files: Vec<Arc<File>> = Vec::new();
    for file in commits.iter().flat_map(|commit| commit.files().unwrap_or_default()) {
        if files.iter().all(|known| known.path() != file.path()) {
            files.push(Arc::clone(file));
        }
    }
    files.sort_by(|a, b| a.path().cmp(b.path()));
    files
}

fn evidence(state: &mut State, fields: &Fields) -> Fallible<Evidence> {
    let mut evidence = Evidence { break_glass: fields.text("break_glass")?, ..Evidence::default() };
    for value in fields.array("approvals")?.unwrap_or_default() {
        evidence.approvals.push(approval(state, &value)?);
    }
    for value in fields.array("tests")?.unwrap_or_default() {
        evidence.tests.push(test_result(state, &value)?);
    }
    let required = fields.read("required", "a map", |value| value.clone().try_cast::<Map>())?;
    evidence.required = required.map(self::required).transpose()?;
    Ok(evidence)
}

/// A person, or `#{ person, time }`.
fn approval(state: &mut State, value: &Dynamic) -> Fallible<Approval> {
    let map = value.as_map_ref().map(|map| map.clone()).ok().filter(|map| map.contains_key("person"));
    let Some(map) = map else {
        return Ok(Approval { person: Person::clone(&person_of(state, value)?.0), time: 0 });
    };
    let fields = Fields::of("approval", map, &["person", "time"])?;
    let person = someone(state, &fields, "person")?.map_or_else(|| anybody(state), Ok)?;
    Ok(Approval { person, time: fields.int("time")?.unwrap_or(0) })
}

/// A suite that passed, or `#{ suite, result, service, time }`.
fn test_result(state: &mut State, value: &Dynamic) -> Fallible<TestResult> {
    let map = match value.flatten_clone().into_string() {
        Ok(suite) => Map::from([("suite".into(), suite.into())]),
        Err(_) => match value.flatten_clone().try_cast::<Map>() {
            Some(map) => map,
            None => return fail("a test result is a suite, or a map of its properties"),
        },
    };
    let fields = Fields::of("test", map, &["suite", "result", "service", "time"])?;
    let passed = fields.word("result", &["passed", "failed"], |word| match word {
        "passed" => Some(true),
        "failed" => Some(false),
        _ => None,
    })?;
    Ok(TestResult {
        suite: fields.text("suite")?.unwrap_or_else(|| "ci".to_owned()),
        passed: passed.unwrap_or(true),
        service: someone(state, &fields, "service")?.unwrap_or_else(|| stranger("ci <ci@example.org>")),
        time: fields.int("time")?.unwrap_or(0),
    })
}

fn required(map: Map) -> Fallible<Required> {
    let fields = Fields::of("required", map, &["approvals", "seniority", "tests", "signed_commits"])?;
    Ok(Required {
        approvals: u32::try_from(fields.count("approvals")?.unwrap_or(0)).unwrap_or(u32::MAX),
        seniority: fields.text("seniority")?,
        tests: fields.texts("tests")?.unwrap_or_default(),
        signed_commits: fields.flag("signed_commits")?.unwrap_or(false),
    })
}

pub(super) fn push(state: &mut State, map: Map) -> Fallible<PushValue> {
    let fields = Fields::new("push", map, state.table(), &[])?;
    let mut changes = Vec::new();
    for value in fields.array("changes")?.unwrap_or_default() {
        changes.push(value_or_map(&value, "change", |map| change(state, map))?.change);
    }
    Ok(PushValue {
        push: Arc::new(Push {
            pusher: someone(state, &fields, "pusher")?.map_or_else(|| anybody(state), Ok)?,
            changes,
            options: fields.texts("options")?.unwrap_or_default(),
            is_signed: fields.flag("is_signed")?.unwrap_or(false),
            time: fields.int("time")?.unwrap_or(0),
        }),
        view: None,
    })
}

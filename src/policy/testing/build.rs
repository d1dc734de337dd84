//! Builders: `commit`, `file`, `change`, `push` and `person` from maps of their properties; what is not given has a sensible
//! default.

use std::sync::Arc;

use rhai::{Dynamic, Map};

use super::super::api::{Api, ChangeValue, CommitValue, Fallible, FileValue, PersonValue, PushValue, fail};
use super::assert::{State, in_test};
use super::fields::Fields;
use super::file;
use super::store::MadeUp;
use crate::facts::{
    Approval, Change, Commit, CommitParts, EntryMode, Evidence, File, GitPath, Identity, Impact, NoStore,
    Oid, Person, Push, RefName, Required, Seniority, Signature, SignatureKind, SignatureStatus, TestResult,
    TreeEntry, Urgency,
};

/// An id that no other made-up thing has.
pub(super) fn new_id(state: &mut State) -> Oid {
    state.made += 1;
    let mut bytes = [0; 20];
    for (byte, count) in bytes.iter_mut().rev().zip(state.made.to_le_bytes()) {
        *byte = count;
    }
    Oid::from_sha1(bytes)
}

fn hex(text: &str) -> Option<Oid> {
    Oid::from_hex(text.as_bytes())
}

/// An id, be it cut short.
fn id(fields: &Fields, key: &str) -> Fallible<Option<Oid>> {
    fields.read(key, "an id: 40 or 64 hexadecimal digits, or the first of them", |value| {
        let text = value.clone().into_string().ok()?;
        if text.is_empty() { None } else { hex(&format!("{text:0<40}")) }
    })
}

/// Something that is given as a value, or as a map of its properties.
fn value_or_map<T: Clone + 'static>(
    value: &Dynamic,
    what: &str,
    make: impl FnOnce(Map) -> Fallible<T>,
) -> Fallible<T> {
    let value = value.flatten_clone();
    if let Some(built) = value.clone().try_cast::<T>() {
        return Ok(built);
    }
    match value.try_cast::<Map>() {
        Some(map) => make(map),
        None => fail(format!("this must be a {what}, or a map of its properties")),
    }
}

fn person_of(state: &mut State, value: &Dynamic) -> Fallible<PersonValue> {
    if let Ok(text) = value.flatten_clone().into_string() {
        return Ok(PersonValue(Arc::new(stranger(&text))));
    }
    value_or_map(value, "person, `Name <address>`", |map| person(state, map))
}

/// `Name <address>`, or an address.
fn stranger(text: &str) -> Person {
    let (name, email) = match text.split_once('<') {
        Some((name, email)) => (name.trim(), email.trim_end_matches('>')),
        None => ("", text),
    };
    Person { name: name.to_owned(), email: email.to_owned(), ..Person::default() }
}

fn person(state: &mut State, map: Map) -> Fallible<PersonValue> {
    let fields = Fields::new("person", map, state.table(), &[])?;
    let name = fields.text("name")?.unwrap_or_else(|| "Ada Lovelace".to_owned());
    let email = fields.text("email")?.unwrap_or_else(|| "ada@example.org".to_owned());
    let login = fields.text("login")?;
    let known = fields.flag("known")?.unwrap_or(true);
    let identity = known.then(|| -> Fallible<_> {
        Ok(Identity {
            id: login.clone().unwrap_or_else(|| email.clone()),
            name: name.clone(),
            emails: vec![email.clone()],
            logins: login.iter().cloned().collect(),
            seniority: fields.text("seniority")?.map(|word| Seniority { rank: 0, word }),
            teams: fields.texts("teams")?.unwrap_or_default(),
            keys: Vec::new(),
            is_service: false,
            tests: Vec::new(),
            deploys: Vec::new(),
        })
    });
    let identity = identity.transpose()?;
    if identity.is_none() && (fields.get("seniority").is_some() || fields.get("teams").is_some()) {
        return fields.contradiction("somebody who is not known has no seniority and no teams");
    }
    state.people.extend(identity.clone());
    let time = fields.int("time")?.unwrap_or(0);
    Ok(PersonValue(Arc::new(Person { name, email, time, login, identity: identity.map(Arc::new) })))
}

fn someone(state: &mut State, fields: &Fields, key: &str) -> Fallible<Option<Person>> {
    let Some(value) = fields.get(key).cloned() else { return Ok(None) };
    Ok(Some(Person::clone(&person_of(state, &value)?.0)))
}

fn anybody(state: &mut State) -> Fallible<Person> {
    Ok(Person::clone(&person(state, Map::new())?.0))
}

fn commit(state: &mut State, map: Map) -> Fallible<CommitValue> {
    let fields = Fields::new("commit", map, state.table(), &["paths", "links"])?;
    let is_draft = fields.flag("is_draft")?.unwrap_or(fields.has("id") && fields.get("id").is_none());
    let given = if fields.get("id").is_some() { id(&fields, "id")? } else { id(&fields, "short")? };
    if is_draft && given.is_some() {
        return fields.contradiction("a draft has no id");
    }
    let author = someone(state, &fields, "author")?.map_or_else(|| anybody(state), Ok)?;
    let parts = CommitParts {
        id: if is_draft { None } else { Some(given.unwrap_or_else(|| new_id(state))) },
        tree: if is_draft { None } else { Some(id(&fields, "tree")?.unwrap_or_else(|| new_id(state))) },
        parents: parents(state, &fields)?,
        committer: someone(state, &fields, "committer")?.unwrap_or_else(|| author.clone()),
        author,
        message: message(&fields)?,
        raw: Arc::from([]),
    };
    let mut files = files(state, &fields)?;
    files.extend(file::counted(state, &fields)?);
    let store = MadeUp { files: files.clone(), others: others(state, &fields)?, ..MadeUp::default() };
    let made = Commit::new(parts, Arc::new(store)).with_files(files);
    let made = match signature(state, &fields)? {
        Some(signature) => made.with_signature(signature),
        None => made,
    };
    Ok(CommitValue { commit: Arc::new(made), view: None })
}

/// What the commit's tree holds besides the files it changes.
fn others(state: &mut State, fields: &Fields) -> Fallible<Vec<(GitPath, TreeEntry)>> {
    let mut entry = |mode: u32| TreeEntry { mode: EntryMode(mode), id: new_id(state) };
    let paths = fields.texts("paths")?.unwrap_or_default();
    let mut others: Vec<_> =
        paths.iter().map(|path| (GitPath::from(path.as_str()), entry(0o100_644))).collect();
    let links = fields.read("links", "a map of targets by path", |value| value.clone().try_cast::<Map>())?;
    for path in links.unwrap_or_default().keys() {
        others.push((GitPath::from(path.as_str()), entry(0o120_000)));
    }
    Ok(others)
}

fn parents(state: &mut State, fields: &Fields) -> Fallible<Vec<Oid>> {
    let is_merge = fields.flag("is_merge")?;
    let given = fields.read("parents", "an array of ids", |value| {
        let ids = value.clone().into_array().ok()?;
        ids.into_iter()
            .map(|one| hex(&format!("{:0<40}", one.into_string().ok()?)))
            .collect::<Option<Vec<_>>>()
    })?;
    match (given, is_merge) {
        (Some(parents), Some(is_merge)) if is_merge != (parents.len() > 1) => {
            fields.contradiction("a merge has more than one parent, any other commit has not")
        }
        (Some(parents), _) => Ok(parents),
        (None, is_merge) => {
            Ok((0..if is_merge == Some(true) { 2 } else { 1 }).map(|_| new_id(state)).collect())
        }
    }
}

fn message(fields: &Fields) -> Fallible<String> {
    let (message, subject, body) = (fields.text("message")?, fields.text("subject")?, fields.text("body")?);
    let conventional = conventional(fields)?;
    let parts =
        subject.is_some() || body.is_some() || conventional.is_some() || fields.get("trailers").is_some();
    if message.is_some() && parts {
        return fields.contradiction("give `message`, or `subject`, `body` and `trailers`");
    }
    if let Some(message) = message {
        return Ok(message);
    }
    if subject.is_some() && conventional.is_some() {
        return fields.contradiction("give `subject`, or `conventional`");
    }
    let mut message = subject.or(conventional).unwrap_or_else(|| "Add a thing".to_owned());
    message.push('\n');
    for paragraph in [body.unwrap_or_default(), trailers(fields)?.join("\n")] {
        if !paragraph.is_empty() {
            message.push('\n');
            message.push_str(&paragraph);
            message.push('\n');
        }
    }
    Ok(message)
}

fn conventional(fields: &Fields) -> Fallible<Option<String>> {
    let Some(map) = fields.read("conventional", "a map", |value| value.clone().try_cast::<Map>())? else {
        return Ok(None);
    };
    let fields = Fields::of("conventional", map, &["type", "scope", "breaking", "description"])?;
    let scope = fields.text("scope")?.map(|scope| format!("({scope})")).unwrap_or_default();
    let mark = if fields.flag("breaking")?.unwrap_or(false) { "!" } else { "" };
    let kind = fields.text("type")?.unwrap_or_else(|| "feat".to_owned());
    let description = fields.text("description")?.unwrap_or_else(|| "add a thing".to_owned());
    Ok(Some(format!("{kind}{scope}{mark}: {description}")))
}

/// `#{ "Key": "value" }`, `#{ "Key": ["one", "two"] }`, or `[#{ key: "Key", value: "value" }]`.
fn trailers(fields: &Fields) -> Fallible<Vec<String>> {
    let Some(value) = fields.get("trailers") else { return Ok(Vec::new()) };
    let value = value.flatten_clone();
    let mut lines = Vec::new();
    if let Ok(map) = value.as_map_ref() {
        for (key, value) in map.iter() {
            let values =
                value.as_array_ref().map(|values| values.clone()).unwrap_or_else(|_| vec![value.clone()]);
            lines.extend(values.iter().map(|value| format!("{key}: {value}")));
        }
        return Ok(lines);
    }
    for one in fields.array("trailers")?.unwrap_or_default() {
        let Some(map) = one.try_cast::<Map>() else {
            return fail("a trailer is `#{ key: \"Key\", value: \"value\" }`");
        };
        let one = Fields::of("trailer", map, &["key", "value"])?;
        lines.push(format!(
            "{}: {}",
            one.text("key")?.unwrap_or_default(),
            one.text("value")?.unwrap_or_default()
        ));
    }
    Ok(lines)
}

const STATUSES: [SignatureStatus; 6] = [
    SignatureStatus::Good,
    SignatureStatus::Bad,
    SignatureStatus::UnknownKey,
    SignatureStatus::Expired,
    SignatureStatus::Revoked,
    SignatureStatus::None,
];
const KINDS: [SignatureKind; 3] = [SignatureKind::Ssh, SignatureKind::Gpg, SignatureKind::X509];

fn signature(state: &mut State, fields: &Fields) -> Fallible<Option<Signature>> {
    let Some(value) = fields.get("signature") else { return Ok(None) };
    let value = value.flatten_clone();
    let map = match value.clone().into_string() {
        Ok(word) => Map::from([("status".into(), word.into())]),
        Err(_) => match value.try_cast::<Map>() {
            Some(map) => map,
            None => return fail("`signature` of commit must be a status, or a map of its properties"),
        },
    };
    let fields = Fields::of("signature", map, &["status", "kind", "signer"])?;
    let status = fields.word("status", &STATUSES.map(SignatureStatus::as_str), |word| {
        STATUSES.into_iter().find(|status| status.as_str() == word)
    })?;
    let status = status.unwrap_or(SignatureStatus::Good);
    let kind = fields.word("kind", &KINDS.map(SignatureKind::as_str), |word| {
        KINDS.into_iter().find(|kind| kind.as_str() == word)
    })?;
    let kind = kind.or((status != SignatureStatus::None).then_some(SignatureKind::Ssh));
    let signer = match someone(state, &fields, "signer")? {
        None if status == SignatureStatus::Good => Some(anybody(state)?),
        signer => signer,
    };
    Ok(Some(Signature { status, kind, signer }))
}

fn files(state: &mut State, fields: &Fields) -> Fallible<Vec<Arc<File>>> {
    let mut files = Vec::new();
    for value in fields.array("files")?.unwrap_or_default() {
        files.push(file_of(state, &value)?.file);
    }
    files.sort_by(|a: &Arc<File>, b| a.path().cmp(b.path()));
    Ok(files)
}

fn file_of(state: &mut State, value: &Dynamic) -> Fallible<FileValue> {
    if let Ok(path) = value.flatten_clone().into_string() {
        return file::build(state, Map::from([("path".into(), path.into())]));
    }
    value_or_map(value, "file, a path", |map| file::build(state, map))
}

fn change(state: &mut State, map: Map) -> Fallible<ChangeValue> {
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

fn push(state: &mut State, map: Map) -> Fallible<PushValue> {
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

pub(super) fn register(api: &mut Api<'_>) {
    let doc = "In tests: one with these properties; what is not given has a sensible default.";
    api.function("commit", "(properties: map) -> commit", doc, |map: Map| {
        in_test("commit", |state| commit(state, map))
    })
    .function("file", "(properties: map) -> file", doc, |map: Map| {
        in_test("file", |state| file::build(state, map))
    })
    .function("change", "(properties: map) -> change", doc, |map: Map| {
        in_test("change", |state| change(state, map))
    })
    .function("push", "(properties: map) -> push", doc, |map: Map| in_test("push", |state| push(state, map)))
    .function("person", "(properties: map) -> person", doc, |map: Map| {
        in_test("person", |state| person(state, map))
    });
}

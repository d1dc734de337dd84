//! The builder of commits: from a subject, a body and trailers follows a message, and from a message the others.

use std::sync::Arc;

use rhai::Map;

use super::super::api::{CommitValue, Fallible, fail};
use super::assert::State;
use super::build::{files, hex, id, new_id};
use super::fields::Fields;
use super::file;
use super::person::{anybody, someone};
use super::store::{MadeUp, whole};
use crate::facts::{
    Commit, CommitParts, EntryMode, GitPath, Oid, Signature, SignatureKind, SignatureStatus, TreeEntry,
};

/// What a commit is built from besides its properties.
pub(super) const MORE: [&str; 2] = ["paths", "links"];

pub(super) fn commit(state: &mut State, map: Map) -> Fallible<CommitValue> {
    let fields = Fields::new("commit", map, state.table(), &MORE)?;
    let is_draft = fields.flag("is_draft")?.unwrap_or(fields.has("id") && fields.get("id").is_none());
    let given = if fields.get("id").is_some() { id(&fields, "id")? } else { id(&fields, "short")? };
    if is_draft && given.is_some() {
        return fields.contradiction("a draft has no id");
    }
    let author = Arc::new(someone(state, &fields, "author")?.map_or_else(|| anybody(state), Ok)?);
    let committer = someone(state, &fields, "committer")?.map_or_else(|| Arc::clone(&author), Arc::new);
    let parts = CommitParts {
        id: if is_draft { None } else { Some(given.unwrap_or_else(|| new_id(state))) },
        tree: if is_draft { None } else { Some(id(&fields, "tree")?.unwrap_or_else(|| new_id(state))) },
        parents: parents(state, &fields)?,
        author,
        committer,
        message: message(&fields)?,
        raw: Arc::from([]),
    };
    let mut files = files(state, &fields)?;
    files.extend(file::counted(state, &fields)?);
    let mut store = MadeUp { files: files.clone(), ..MadeUp::default() };
    others(state, &fields, &mut store)?;
    let made = Commit::new(parts, Arc::new(store)).with_files(files);
    let made = match signature(state, &fields)? {
        Some(signature) => made.with_signature(signature),
        None => made,
    };
    Ok(CommitValue { commit: Arc::new(made), view: None })
}

/// What the commit's tree holds besides the files it changes: `paths` are names, or names with texts.
fn others(state: &mut State, fields: &Fields, store: &mut MadeUp) -> Fallible<()> {
    let texts = fields.get("paths").and_then(|value| value.flatten_clone().try_cast::<Map>());
    let paths = if texts.is_some() { Vec::new() } else { fields.texts("paths")?.unwrap_or_default() };
    let links = fields.read("links", "a map of targets by path", |value| value.clone().try_cast::<Map>())?;
    let mut add = |path: &str, mode: u32, text: Option<String>| {
        let entry = TreeEntry { mode: EntryMode(mode), id: new_id(state) };
        store.blobs.extend(text.map(|text| (entry.id, whole(text.into_bytes()))));
        store.others.push((GitPath::from(path), entry));
    };
    for path in paths {
        add(&path, 0o100_644, None);
    }
    for (path, text) in texts.unwrap_or_default() {
        match text.into_string() {
            Ok(text) => add(&path, 0o100_644, Some(text)),
            Err(_) => return fail(format!("`paths` of commit must hold a text for `{path}`")),
        }
    }
    for path in links.unwrap_or_default().keys() {
        add(path, 0o120_000, None);
    }
    Ok(())
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

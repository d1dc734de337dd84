//! What a test's assertion was about, in a few lines for whoever reads its failure.

use rhai::Dynamic;

use super::super::api::{ChangeValue, CommitValue, FileValue, PushValue};
use crate::facts::{Change, Commit, File, Person, Push};

/// Longer texts are cut in the middle: what is wrong is mostly at one end.
const LONGEST: usize = 160;
/// Of more files or commits than this only the number is told.
const MOST: usize = 8;

/// The subject that was judged, and the parameters, if the rule has any.
pub(super) fn values(subject: &Dynamic, params: &Dynamic) -> Vec<String> {
    let mut lines = Vec::new();
    let subject = subject.flatten_clone();
    if let Some(value) = subject.read_lock::<CommitValue>() {
        commit(&value.commit, &mut lines);
    } else if let Some(value) = subject.read_lock::<FileValue>() {
        file(&value.file, &mut lines);
    } else if let Some(value) = subject.read_lock::<ChangeValue>() {
        change(&value.change, &mut lines);
    } else if let Some(value) = subject.read_lock::<PushValue>() {
        push(&value.push, &mut lines);
    }
    if let Ok(params) = params.as_map_ref()
        && !params.is_empty()
    {
        let shown: Vec<String> = params.iter().map(|(name, value)| format!("{name} = {value:?}")).collect();
        lines.push(format!("params: {}", cut(&shown.join(", "))));
    }
    lines
}

fn commit(commit: &Commit, lines: &mut Vec<String>) {
    let parts = commit.parts();
    let name = if commit.is_draft() { "draft" } else { "commit" };
    let merge = if commit.is_merge() { ", a merge" } else { "" };
    lines.push(format!("{name}: {} by {}{merge}", quoted(commit.subject()), person(&parts.author)));
    let rest = parts.message.strip_prefix(commit.subject()).unwrap_or(&parts.message).trim_start();
    if !rest.is_empty() {
        lines.push(format!("message: {}", quoted(&parts.message)));
    }
    if parts.committer.email != parts.author.email {
        lines.push(format!("committer: {}", person(&parts.committer)));
    }
    // A made-up commit never fails to know its files; of a real one that cannot be read the rule's own error tells.
    let files = commit.files().unwrap_or_default();
    several(files.len(), "files", lines, |lines| files.iter().for_each(|one| file(one, lines)));
}

fn file(file: &File, lines: &mut Vec<String>) {
    let parts = file.parts();
    let from = parts.old_path.as_ref().filter(|old| **old != parts.path);
    let from = from.map(|old| format!(" from {}", old.text())).unwrap_or_default();
    let size = file.size().map(|size| format!(", {size} bytes")).unwrap_or_default();
    let mode = parts.mode.octal();
    lines.push(format!("file {}: {}{from}, mode {mode}{size}", parts.path.text(), parts.status.as_str()));
    if let Ok(Some(text)) = file.text()
        && !text.is_empty()
    {
        lines.push(format!("text: {}", quoted(&text)));
    }
}

fn change(change: &Change, lines: &mut Vec<String>) {
    let environment = change.environment.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
    let force = if change.is_force { ", forced" } else { "" };
    lines.push(format!(
        "change of {}{environment}: impact {}, urgency {}{force}, pushed by {}",
        change.reference,
        change.impact.as_str(),
        change.urgency.as_str(),
        person(&change.pusher)
    ));
    let commits = &change.commits;
    several(commits.len(), "commits", lines, |lines| commits.iter().for_each(|one| commit(one, lines)));
    let files = &change.files;
    several(files.len(), "files", lines, |lines| files.iter().for_each(|one| file(one, lines)));
}

fn push(push: &Push, lines: &mut Vec<String>) {
    lines.push(format!("push by {}", person(&push.pusher)));
    let changes = &push.changes;
    several(changes.len(), "changes", lines, |lines| changes.iter().for_each(|one| change(one, lines)));
}

fn several(count: usize, what: &str, lines: &mut Vec<String>, tell: impl FnOnce(&mut Vec<String>)) {
    if count > MOST {
        lines.push(format!("{count} {what}"));
    } else {
        tell(lines);
    }
}

fn person(person: &Person) -> String {
    format!("{} <{}>", person.name, person.email)
}

fn quoted(text: &str) -> String {
    cut(&format!("{text:?}"))
}

fn cut(text: &str) -> String {
    let count = text.chars().count();
    if count <= LONGEST {
        return text.to_owned();
    }
    let half = LONGEST / 2;
    let (start, end): (String, String) =
        (text.chars().take(half).collect(), text.chars().skip(count - half).collect());
    format!("{start} ... {end}")
}

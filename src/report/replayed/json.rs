//! As one JSON object. But for the times it is the same for the same commits and rules.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Replayed, ReplayedReport};
use crate::check::{ReplayedRule, Side};

/// The JSON format.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReplayedJson;

impl ReplayedReport for ReplayedJson {
    fn write(&self, replayed: Replayed<'_>, to: &mut dyn Write) -> io::Result<()> {
        let replay = replayed.replay;
        let compared = replay.against.is_some();
        let mut document = json!({
            "version": 1,
            "policy": replay.tried.policy,
            "commits": replay.commits,
            "files": replay.files,
            "denied": replay.tried.denied,
            "undecided": replay.tried.undecided,
            "complete": is_complete(&replay.tried) && replay.against.as_ref().is_none_or(is_complete),
            "rules": replay.rules.iter().map(|one| rule(one, compared)).collect::<Vec<_>>(),
        });
        if let (Some(side), Some(fields)) = (&replay.against, document.as_object_mut()) {
            let side = json!({ "policy": side.policy, "denied": side.denied, "undecided": side.undecided });
            fields.insert("against".to_owned(), side);
        }
        serde_json::to_writer_pretty(&mut *to, &document)?;
        writeln!(to)
    }
}

fn is_complete(side: &Side) -> bool {
    !side.is_spent
}

fn rule(rule: &ReplayedRule, compared: bool) -> Value {
    let mut document = json!({
        "rule": rule.id,
        "level": rule.level,
        "replayed": rule.is_replayed,
        "commits": rule.commits,
        "files": rule.files,
        "overridden": rule.overridden,
        "errors": rule.errors,
        "operations": rule.operations,
        "milliseconds": u64::try_from(rule.took.as_millis()).unwrap_or(u64::MAX),
        "examples": rule.examples,
    });
    if let (true, Some(fields)) = (compared, document.as_object_mut()) {
        let difference = &rule.difference;
        fields.insert("level-before".to_owned(), json!(rule.level_before));
        fields.insert("newly".to_owned(), json!(difference.newly));
        fields.insert("newly-examples".to_owned(), json!(difference.newly_examples));
        fields.insert("no-longer".to_owned(), json!(difference.no_longer));
        fields.insert("no-longer-examples".to_owned(), json!(difference.no_longer_examples));
    }
    document
}

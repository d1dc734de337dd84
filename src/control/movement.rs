//! How a ref moves: rewinding and deleting want leave, and a branch holds commits.

use super::finding;
use crate::config::Config;
use crate::facts::{Change, RefName};
use crate::verdict::{Finding, State};

pub(super) fn findings(config: &Config, policy_ref: Option<&RefName>, change: &Change) -> Vec<Finding> {
    let name = &change.reference;
    let is_policy = policy_ref == Some(name);
    let allow = match (config.allow(name), is_policy) {
        (Some(allow), _) => allow,
        (None, true) => crate::config::Allow::default(),
        (None, false) => return Vec::new(),
    };
    let of = change.environment.as_ref().map_or_else(
        || "it holds the policy".to_owned(),
        |environment| format!("it leads to `{environment}`"),
    );
    let violated = |id, message: String, fix: String| finding(id, State::Violated, Some(name), message, fix);
    if change.new.is_none() && is_policy {
        let fix = "no setting allows it: the policy of this repository is read there".to_owned();
        return vec![violated("deletion", format!("`{name}` cannot be deleted: it holds the policy"), fix)];
    }
    if change.new.is_none() && !allow.delete {
        let fix = allowed_by(change, "delete");
        return vec![violated("deletion", format!("`{name}` is deleted, and {of}"), fix)];
    }
    if change.is_force && !allow.force_push {
        let message = if name.as_str().starts_with("refs/tags/") {
            format!("the tag `{name}` is moved, and {of}")
        } else {
            format!("`{name}` is rewound, and {of}: commits that it holds would be lost")
        };
        return vec![violated("force-push", message, allowed_by(change, "force-push"))];
    }
    Vec::new()
}

fn allowed_by(change: &Change, word: &str) -> String {
    match &change.environment {
        Some(environment) => format!(
            "push a commit on top (`git revert` takes one back); or the policy allows it: \
             allow = [\"{word}\"] in [environments.{environment}]"
        ),
        None => "push a commit on top (`git revert` takes one back)".to_owned(),
    }
}

//! Change control: what may happen to a protected ref, and what a change of it needs. Pure: facts and configuration in,
//! findings out.
//!
//! These findings are not of a rule that somebody wrote, so their ids are ones that no script can have: they begin with
//! `bylaws/`. All are hard-mandatory.

mod movement;
mod requirements;

use crate::config::Config;
use crate::facts::{Change, RefName, StoreError};
use crate::verdict::{Finding, Level, State};

/// What control finds in a change: how its ref moves, and what it lacks of its requirements. `policy_ref` is the ref whose
/// `.bylaws/` judges, which is protected whatever the environments say.
///
/// # Errors
/// When a fact cannot be read.
pub fn findings(
    config: &Config,
    policy_ref: Option<&RefName>,
    change: &Change,
) -> Result<Vec<Finding>, StoreError> {
    let mut found = movement::findings(config, policy_ref, change);
    // What is not to happen at all needs nobody's approval.
    if found.is_empty() {
        found = requirements::findings(config, change)?;
    }
    Ok(found)
}

/// A built-in finding about a ref.
pub fn finding(
    id: &'static str,
    state: State,
    reference: Option<&RefName>,
    message: impl Into<String>,
    fix: impl Into<String>,
) -> Finding {
    Finding {
        rule: format!("bylaws/{id}"),
        level: Level::HardMandatory,
        state,
        message: message.into(),
        fix: Some(fix.into()),
        why: None,
        commit: None,
        reference: reference.cloned(),
        path: None,
        line: None,
        place: None,
        about: None,
    }
}

//! What is found in a push on either side of it, beside what rules and control find: a pusher is told before the push what the
//! server would say.

use super::guard;
use super::policy::Policies;
use crate::check::{Destination, RefUpdate};
use crate::config::{Environment, LoadedPolicy, PolicySource};
use crate::git::{GitError, Repository};
use crate::patterns::RefPatterns;
use crate::verdict::Finding;

/// Names that deceive, and a policy that must not come into force. `loaded` is the policy in force at the destination, `required`
/// the operator's; `now` is seconds UTC.
///
/// # Errors
/// When an object cannot be read.
pub fn names_and_policy(
    repository: &Repository,
    updates: &[RefUpdate],
    destination: &Destination,
    loaded: &LoadedPolicy,
    required: Option<PolicySource<'_>>,
    now: i64,
) -> Result<Vec<Finding>, GitError> {
    let mut found = names(updates, destination, &loaded.config.environments);
    if let Some(policy_ref) = &destination.policy_ref {
        let tip = destination.refs.iter().find(|one| one.name == *policy_ref).map(|one| one.id);
        let policies = Policies { repository, policy_ref, required, now };
        found.extend(policies.proposed_by(updates, tip)?);
    }
    Ok(found)
}

/// Names that deceive.
pub(super) fn names(
    updates: &[RefUpdate],
    destination: &Destination,
    environments: &[Environment],
) -> Vec<Finding> {
    let of_policy = destination.policy_ref.as_ref().map(RefPatterns::exactly);
    let protected: Vec<&RefPatterns> =
        environments.iter().map(|environment| &environment.refs).chain(&of_policy).collect();
    guard::names(updates, destination.refs.iter().map(|one| &one.name), &protected)
}

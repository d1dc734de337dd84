//! What a change needs before it enters: approvals, test results, signatures.
//!
//! Signatures are in the commits themselves and are judged here. Approvals and test results are signed statements, which this
//! version cannot take: what asks for them cannot be decided, and blocks.

use super::finding;
use crate::config::{Config, Requirement};
use crate::facts::{Change, Commit, SignatureStatus, StoreError};
use crate::verdict::{Finding, State};

pub(super) fn findings(config: &Config, change: &Change) -> Result<Vec<Finding>, StoreError> {
    let mut found = Vec::new();
    let requirements = config.requirements_of(&change.reference, change.impact);
    let is_protected = config.environments_of(&change.reference).next().is_some();
    let lacking = lacking(&requirements, config, change, is_protected);
    if !lacking.is_empty() {
        let message = format!(
            "a {} change of `{}` needs {}, which this version of bylaws cannot take yet",
            change.impact.as_str(),
            change.reference,
            lacking.join(" and "),
        );
        let fix =
            "until it can, the policy must not ask for them on a server: {} in [requirements] says: nothing";
        found.push(finding("requirements", State::Error, Some(&change.reference), message, fix));
    }
    if requirements.iter().any(|requirement| requirement.signed_commits) {
        for commit in &change.commits {
            found.extend(unsigned(change, commit)?);
        }
    }
    Ok(found)
}

/// What is asked for and cannot be given, each once.
fn lacking(
    requirements: &[&Requirement],
    config: &Config,
    change: &Change,
    is_protected: bool,
) -> Vec<String> {
    let mut lacking = Vec::new();
    if let Some(most) = requirements.iter().max_by_key(|one| one.approvals).filter(|one| one.approvals > 0) {
        let by = most.seniority.as_ref().map(|least| format!(" by `{}`", least.word)).unwrap_or_default();
        let plural = if most.approvals == 1 { "" } else { "s" };
        lacking.push(format!("{} approval{plural}{by}", most.approvals));
    }
    let owners = config.owners.iter().filter(|owners| is_protected && owners.approvals > 0);
    for owners in owners.filter(|owners| change.files.iter().any(|file| owners.own(file.path()))) {
        lacking.push(format!("the approval of the team `{}`", owners.team));
    }
    let mut tests: Vec<&str> = requirements.iter().flat_map(|one| &one.tests).map(String::as_str).collect();
    tests.sort_unstable();
    tests.dedup();
    lacking.extend(tests.iter().map(|suite| format!("the tests `{suite}`")));
    lacking
}

/// A commit without a good signature of a known person, where every one needs it.
fn unsigned(change: &Change, commit: &Commit) -> Result<Option<Finding>, StoreError> {
    let signature = commit.signature()?;
    let why = match signature.status {
        SignatureStatus::Good if signature.signer.is_some() => return Ok(None),
        SignatureStatus::None => "is not signed",
        SignatureStatus::Bad => "has a signature that is not good",
        SignatureStatus::Expired => "is signed with a key that is not valid now",
        SignatureStatus::Revoked => "is signed with a key that was revoked",
        SignatureStatus::UnknownKey | SignatureStatus::Good => {
            "is signed with a key that people.toml does not have"
        }
    };
    let id = commit.id();
    let name = id.map_or_else(|| "the commit".to_owned(), |id| id.short());
    let message =
        format!("{name} {why}, and a {} change of `{}` needs it", change.impact.as_str(), change.reference);
    let fix =
        "sign it with a key that people.toml names: `git rebase --exec 'git commit --amend --no-edit -S'`";
    let unsigned = finding("requirements", State::Violated, Some(&change.reference), message, fix);
    Ok(Some(Finding { commit: id, ..unsigned }))
}

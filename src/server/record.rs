//! What is written down of a push: an entry for each ref that it names.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use super::claims::Claim;
use crate::check::RefUpdate;
use crate::control::finding;
use crate::facts::RefName;
use crate::ledger::{Entry, Facts, Kind, Process, Pusher, Spool, SpoolError, Tip, unique_id};
use crate::verdict::{Decision, Finding, JudgedChange, State, Verdict};

/// What is known of a push so far. It is filled in as the push is judged, so that one that takes too long is recorded with
/// what was found out by then.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// How long it may be judged; `None` until the settings were read.
    pub deadline: Option<Duration>,
    /// Where entries go; `None` until the repository was found.
    pub spool: Option<PathBuf>,
    /// When it was received, seconds UTC.
    pub time: i64,
    /// Its lines.
    pub claims: Vec<Claim>,
    /// What they come to.
    pub updates: Vec<RefUpdate>,
    /// Who pushes.
    pub pusher: Option<Pusher>,
    /// Who said so.
    pub identity: Option<String>,
    /// Does an operator act as such?
    pub operator: bool,
    /// `false`: refusals are recorded and not made. `None` until the settings were read.
    pub enforce: Option<bool>,
    /// Is it refused whatever is enforced, by its lines alone: whether or not it is judged to the end?
    pub endangers: bool,
    /// The digest of the policy in force.
    pub policy: Option<String>,
    /// `git push -o`.
    pub options: Vec<String>,
    /// The push certificate, as it was sent.
    pub certificate: Option<String>,
    /// The tips that bound what enters.
    pub tips: Vec<Tip>,
    /// What people should know of it.
    pub notes: Vec<String>,
}

/// What becomes of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is let in.
    Accepted,
    /// It is refused.
    Refused,
    /// It is let in, and would be refused if anything were.
    WouldDeny,
}

impl Record {
    /// What becomes of the push by this verdict. What was found out of order in the push itself, or about our own refs, is
    /// refused also where nothing is enforced yet: the ledger could not be trusted from then on.
    pub fn outcome(&self, verdict: &Verdict) -> Outcome {
        let enforce = self.enforce.unwrap_or(true) || self.endangers;
        match verdict.decision {
            Decision::Allow => Outcome::Accepted,
            Decision::Deny | Decision::Error if enforce || verdict.findings.iter().any(is_always_refused) => {
                Outcome::Refused
            }
            Decision::Deny | Decision::Error => Outcome::WouldDeny,
        }
    }

    /// Writes it down; when this returns it is safe, and git may move refs.
    ///
    /// # Errors
    /// When it cannot be written: then the push must be refused.
    pub fn write(&self, verdict: &Verdict, outcome: Outcome) -> Result<Vec<String>, SpoolError> {
        let Some(folder) = &self.spool else { return Ok(Vec::new()) };
        Spool::at(folder).write(&self.entries(verdict, outcome))
    }

    fn entries(&self, verdict: &Verdict, outcome: Outcome) -> Vec<Entry> {
        let facts = Facts {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            push: Some(unique_id()),
            process: Process::receive_pack(),
            operator: self.operator,
            tips: self.tips.clone(),
            options: self.options.clone(),
            certificate: self.certificate.clone(),
            notes: self.notes.clone(),
            ..Facts::default()
        };
        let kind = match outcome {
            Outcome::Accepted => Kind::Accepted,
            Outcome::Refused => Kind::Denied,
            Outcome::WouldDeny => Kind::WouldDeny,
        };
        let common = Entry {
            pusher: self.pusher.clone(),
            identity: self.identity.clone(),
            policy: self.policy.clone(),
            facts,
            ..Entry::new(self.time, kind)
        };
        let mut by_ref: HashMap<Option<&RefName>, Vec<&Finding>> = HashMap::new();
        for finding in &verdict.findings {
            by_ref.entry(finding.reference.as_ref()).or_default().push(finding);
        }
        let changes: HashMap<&RefName, &JudgedChange> =
            verdict.changes.iter().map(|change| (&change.reference, change)).collect();
        let of_all = by_ref.remove(&None).unwrap_or_default();
        let found = |name: Option<&RefName>| -> Vec<Finding> {
            let of_ref = name.and_then(|name| by_ref.get(&Some(name))).into_iter().flatten();
            of_ref.chain(&of_all).map(|finding| Finding::clone(finding)).collect()
        };
        let entry = |update: &RefUpdate| {
            let change = changes.get(&update.reference);
            let findings = found(Some(&update.reference));
            Entry {
                reference: Some(update.reference.as_str().to_owned()),
                old: update.old,
                new: update.new,
                decision: Some(Decision::of(&findings)),
                environment: change.and_then(|change| change.environment.clone()),
                impact: change.and_then(|change| change.impact),
                urgency: change.map(|change| change.urgency),
                findings,
                ..common.clone()
            }
        };
        if self.updates.is_empty() {
            return self.unjudged(&common, verdict);
        }
        only_once(self.updates.iter().map(entry).collect())
    }

    /// Nothing was judged: what was claimed is written down, or, where even that could not be read, one entry without a ref.
    fn unjudged(&self, common: &Entry, verdict: &Verdict) -> Vec<Entry> {
        let findings = verdict.findings.clone();
        let common = Entry { decision: Some(verdict.decision), findings, ..common.clone() };
        if self.claims.is_empty() {
            return vec![common];
        }
        let entry = |claim: &Claim| Entry {
            reference: Some(claim.reference.as_str().to_owned()),
            old: claim.old,
            new: claim.new,
            ..common.clone()
        };
        only_once(self.claims.iter().map(entry).collect())
    }
}

/// A certificate is for the whole push: its first entry has it.
fn only_once(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.iter_mut().skip(1).for_each(|entry| entry.facts.certificate = None);
    entries
}

/// Is it refused whether anything is enforced yet or not: what the ledger could not be trusted after, and what is not ours to
/// let in?
fn is_always_refused(finding: &Finding) -> bool {
    ["bylaws/claims", "bylaws/own-refs", "bylaws/another-hook"].contains(&finding.rule.as_str())
}

/// The finding that the hook of another tool, which runs after ours, refuses the push.
pub fn refused_by_another(how: &str) -> Finding {
    let message = format!("another hook of this server refuses the push ({how})");
    finding("another-hook", State::Violated, None, message, "what it said is above; it is not one of bylaws")
}

/// The finding that nothing can be written down, without which no ref may move.
pub fn unrecorded(error: &SpoolError) -> Finding {
    let message = format!("this push cannot be recorded, so it is refused: {error}");
    finding("record", State::Error, None, message, error.help())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_endangers_the_ledger_is_refused_though_it_could_not_be_judged_to_the_end() {
        let late = crate::server::too_late(Duration::from_secs(1));
        let rolling_out = Record { enforce: Some(false), ..Record::default() };
        assert_eq!(rolling_out.outcome(&late), Outcome::WouldDeny);
        assert_eq!(Record { endangers: true, ..rolling_out }.outcome(&late), Outcome::Refused);
        assert_eq!(Record::default().outcome(&late), Outcome::Refused);
    }
}

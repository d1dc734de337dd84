//! The repository's policy and the operator's look at a subject, side by side.
//!
//! Each judges by its own rules and lets pass what its own waivers name. What both find alike is told once, as it weighs most.
//! Where there is no operator's policy, nothing of this costs anything.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

use super::{Check, CheckError};
use crate::config::{Config, LoadedPolicy};
use crate::facts::{Change, Impact, Oid};
use crate::policy::{Context, Limits, RunMeter, Subject};
use crate::verdict::{Finding, State};

/// What is known beside a subject, for each of the policies: they differ in which commits a baseline holds.
#[derive(Clone, Copy)]
pub(super) struct Contexts<'a> {
    pub(super) own: &'a Context,
    pub(super) required: &'a Context,
}

impl<'a> From<&'a Context> for Contexts<'a> {
    fn from(context: &'a Context) -> Self {
        Self { own: context, required: context }
    }
}

/// The limits of a run, for each of the policies: rules of the repository cannot use up what those of the operator need.
#[derive(Debug)]
pub(super) struct Meters {
    pub(super) own: RunMeter,
    pub(super) required: Option<RunMeter>,
}

impl Meters {
    /// Counts for each rule, too.
    #[must_use]
    pub(super) fn of_each(self, loaded: &LoadedPolicy) -> Self {
        let each = |meter: RunMeter, loaded: &LoadedPolicy| meter.of_each(loaded.policy.rules().count());
        let required = self.required.zip(loaded.required.as_deref());
        Self {
            own: each(self.own, loaded),
            required: required.map(|(meter, required)| each(meter, required)),
        }
    }

    /// Raises the limits for more subjects.
    pub(super) fn add_subjects(&self, subjects: usize) {
        self.all().for_each(|meter| meter.add_subjects(subjects));
    }

    /// The operator's first.
    pub(super) fn all(&self) -> impl Iterator<Item = &RunMeter> {
        self.required.iter().chain([&self.own])
    }
}

impl Check<'_> {
    /// The limits of a run over so many subjects.
    pub(super) fn meter(&self, subjects: usize) -> Meters {
        let until = self.destination.and_then(|destination| destination.until);
        let meter = || RunMeter::new(&Limits::default(), subjects).until(until);
        Meters { own: meter(), required: self.loaded.required.as_ref().map(|_| meter()) }
    }

    /// Lets all rules in force look at a subject.
    pub(super) fn judge(
        &self,
        subject: Subject<'_>,
        contexts: Contexts<'_>,
        meters: &Meters,
        findings: &mut Vec<Finding>,
    ) {
        let mut own = Vec::new();
        let (Some(required), Some(meter)) = (self.loaded.required.as_deref(), &meters.required) else {
            self.loaded.policy.judge(subject, contexts.own, &meters.own, &mut own);
            findings.extend(own.into_iter().map(|finding| self.waived(finding, &self.loaded.config)));
            return;
        };
        let mut theirs = Vec::new();
        required.policy.judge(subject, contexts.required, meter, &mut theirs);
        self.loaded.policy.judge(subject, contexts.own, &meters.own, &mut own);
        let made = theirs.clone();
        let mut found: Vec<Finding> =
            theirs.into_iter().map(|finding| self.waived(finding, &required.config)).collect();
        for finding in own {
            let alike = made.iter().position(|one| is_alike(one, &finding));
            let finding = self.waived(finding, &self.loaded.config);
            match alike.and_then(|at| found.get_mut(at)) {
                Some(other) if weight(&finding, other).is_gt() => *other = finding,
                Some(_) => {}
                None => found.push(finding),
            }
        }
        findings.extend(found);
    }

    /// What the classifiers of both make of a change: the highest impact that is above its own.
    pub(super) fn classify(
        &self,
        change: &Arc<Change>,
        meters: &Meters,
        findings: &mut Vec<Finding>,
    ) -> Option<Impact> {
        let raised = self.loaded.all().zip(meters.all()).filter_map(|(loaded, meter)| {
            let mut failed = Vec::new();
            let raised = loaded.policy.classify(change, meter, &mut failed);
            failed.retain(|one| !findings.contains(one));
            findings.extend(failed);
            raised.map(|(impact, _)| impact)
        });
        raised.max()
    }

    /// A waiver lets a violation pass; an error it cannot, for nobody knows what is being let pass.
    fn waived(&self, finding: Finding, config: &Config) -> Finding {
        if finding.state != State::Violated {
            return finding;
        }
        let path = finding.path.as_deref().map(Into::into);
        match config.waives(&finding.rule, path.as_ref(), finding.commit, self.now) {
            Some(waiver) => {
                let fix = Some(format!("waived: {}", waiver.reason));
                Finding { state: State::Overridden, fix, ..finding }
            }
            None => finding,
        }
    }

    /// For each rule with a baseline, the commits that it is for: those that the baseline does not reach.
    pub(super) fn baselines(&self, include: &[Oid], exclude: &[Oid]) -> Result<Baselines, CheckError> {
        let required = self.loaded.required.as_deref();
        Ok(Baselines {
            own: self.sets(self.loaded, include, exclude)?,
            required: required.map(|required| self.sets(required, include, exclude)).transpose()?,
        })
    }

    fn sets(&self, loaded: &LoadedPolicy, include: &[Oid], exclude: &[Oid]) -> Result<Sets, CheckError> {
        let mut sets = Vec::new();
        for (_, binding) in loaded.policy.rules() {
            let Some(baseline) = binding.baseline else {
                sets.push(None);
                continue;
            };
            let hidden: Vec<Oid> = exclude.iter().copied().chain([baseline]).collect();
            let fresh = self.repository.walk(include, &hidden)?.collect::<Result<HashSet<_>, _>>()?;
            sets.push(Some(fresh));
        }
        Ok(Sets(sets))
    }
}

/// Do two say the same, be it at other levels?
fn is_alike(one: &Finding, other: &Finding) -> bool {
    *one == Finding { level: one.level, ..other.clone() }
}

/// What blocks weighs more than what was let pass, then by level.
fn weight(one: &Finding, other: &Finding) -> Ordering {
    let of = |finding: &Finding| (finding.state != State::Overridden, finding.level);
    of(one).cmp(&of(other))
}

/// Which commits the rules of each policy are for.
#[derive(Debug, Default)]
pub(super) struct Baselines {
    own: Sets,
    required: Option<Sets>,
}

impl Baselines {
    /// The context of a commit: with the rules that are not for it; the operator's where there is one.
    pub(super) fn of_commit(&self, id: Option<Oid>, context: &Context) -> (Context, Option<Context>) {
        let with = |sets: &Sets| Context { baselined: sets.baselined(id), ..context.clone() };
        (with(&self.own), self.required.as_ref().map(with))
    }
}

/// By rule in force: `None` where it has no baseline, else the commits it is for.
#[derive(Debug, Default)]
struct Sets(Vec<Option<HashSet<Oid>>>);

impl Sets {
    /// Which rules are not for this commit; empty where every rule is.
    fn baselined(&self, id: Option<Oid>) -> Vec<bool> {
        let Some(id) = id.filter(|_| self.0.iter().any(Option::is_some)) else { return Vec::new() };
        self.0.iter().map(|fresh| fresh.as_ref().is_some_and(|fresh| !fresh.contains(&id))).collect()
    }
}

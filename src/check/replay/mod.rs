//! What rules would have decided for commits that were made without them.
//!
//! The same machinery judges as in a check, but of millions of findings only counts and the newest examples are kept. With
//! a second policy each commit is judged by both, and what differs is kept in the same way.

mod count;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::policies::{Baselines, Meters};
use super::shards::{Ids, fold_chunks};
use super::{Check, CheckError};
use crate::facts::{Commit, Oid, RefName};
use crate::git::{Needs, Repository, Revisions};
use crate::policy::{Context, Handles, RunMeter};
use crate::verdict::{Finding, Level, PolicyName, Verdict};
use count::{Counts, Differences, Keyed};

/// Examples that are kept of each kind.
const EXAMPLES: usize = 3;

/// What would have been decided.
#[derive(Debug, Clone)]
pub struct Replay {
    /// Commits looked at.
    pub commits: usize,
    /// Files of theirs that were looked at.
    pub files: usize,
    /// By the policy that is tried.
    pub tried: Side,
    /// By the policy that it is compared with.
    pub against: Option<Side>,
    /// Of each rule of either policy, those of the first one first.
    pub rules: Vec<ReplayedRule>,
}

/// What one policy would have decided.
#[derive(Debug, Clone)]
pub struct Side {
    /// Which policy.
    pub policy: PolicyName,
    /// Commits that it would have denied.
    pub denied: usize,
    /// Commits that it could not have decided on.
    pub undecided: usize,
    /// The rules together used up what a run may use: from some commit on nothing was judged.
    pub is_spent: bool,
}

/// What one rule would have found.
#[derive(Debug, Clone)]
pub struct ReplayedRule {
    /// Its id.
    pub id: String,
    /// Its level; `None` where the policy that is tried does not have it.
    pub level: Option<Level>,
    /// Its level in the policy that it is compared with, if that has it in force.
    pub level_before: Option<Level>,
    /// It looks at commits or files: changes and pushes as a whole are not in a history.
    pub is_replayed: bool,
    /// Commits that it, or a file of which it, would have found something in.
    pub commits: usize,
    /// Files of commits that it would have found something in.
    pub files: usize,
    /// Commits of whose findings a waiver would have let at least one pass.
    pub overridden: usize,
    /// Commits that it could not have judged.
    pub errors: usize,
    /// The newest, one a commit: what was found, or why it could not be judged.
    pub examples: Vec<Finding>,
    /// What its calls cost, in operations.
    pub operations: u64,
    /// How long they took, summed over the threads.
    pub took: Duration,
    /// What differs from the other policy; nothing where there is none.
    pub difference: Difference,
}

/// Where two policies differ on a rule. A place is a commit, or a file of a commit.
#[derive(Debug, Clone, Default)]
pub struct Difference {
    /// Places where it is violated and was not.
    pub newly: usize,
    /// The newest of these.
    pub newly_examples: Vec<Finding>,
    /// Places where it was violated and is not.
    pub no_longer: usize,
    /// The newest of these.
    pub no_longer_examples: Vec<Finding>,
}

impl ReplayedRule {
    /// Did it find nothing, and judge everything?
    pub fn is_satisfied(&self) -> bool {
        self.commits == 0 && self.overridden == 0 && self.errors == 0
    }

    /// Does the other policy come to something else?
    pub fn differs(&self) -> bool {
        self.difference.newly > 0 || self.difference.no_longer > 0 || self.level != self.level_before
    }
}

/// One policy at work.
struct Judge<'a> {
    check: &'a Check<'a>,
    context: Context,
    baselines: Baselines,
    meter: Meters,
    /// By the index among its rules, the index among the rules of both.
    ids: Arc<BTreeMap<String, usize>>,
}

/// What a worker has so far.
struct Worker {
    tried: Counts,
    /// With a handle of its own, where that policy knows other people.
    against: Option<(Option<Repository>, Counts)>,
    differences: Differences,
}

impl Check<'_> {
    /// Judges commits and keeps counts and examples: the newest so many, or all. `against` judges the same commits.
    ///
    /// # Errors
    /// When a commit or an object cannot be read.
    pub fn replay(
        &self,
        against: Option<&Check<'_>>,
        revisions: &Revisions,
        newest: Option<usize>,
        reference: Option<RefName>,
    ) -> Result<Replay, CheckError> {
        let ids = Arc::new(indices(self, against));
        let tried = Judge::new(self, revisions, reference.clone(), &ids)?;
        let against = against.map(|check| Judge::new(check, revisions, reference, &ids)).transpose()?;
        let start = || Worker::new(&tried, against.as_ref());
        let work = |worker: &mut Worker, handle: &Repository, chunk: usize, ids: &[Oid]| {
            worker.judge(&tried, against.as_ref(), handle, chunk, ids)
        };
        let workers =
            self.each(revisions, newest, &mut |ids| fold_chunks(self.repository, ids, start, work))?;
        let mut all: Option<Worker> = None;
        for worker in workers {
            match &mut all {
                Some(all) => all.add(worker),
                None => all = Some(worker),
            }
        }
        let all = all.map_or_else(|| Worker::new(&tried, against.as_ref()), Ok)?;
        Ok(all.finish(&tried, against.as_ref()))
    }

    /// The same commits, with all that is found kept, as a check gives it.
    ///
    /// # Errors
    /// As for [`Check::replay`].
    pub fn replay_whole(
        &self,
        revisions: &Revisions,
        newest: Option<usize>,
        reference: Option<RefName>,
    ) -> Result<Verdict, CheckError> {
        let context = self.context(reference);
        let exclude: &[Oid] = if revisions.single { &[] } else { &revisions.exclude };
        let baselines = self.baselines(&revisions.include, exclude)?;
        let tally = self.each(revisions, newest, &mut |ids| self.judge_all(ids, &context, &baselines))?;
        Ok(self.verdict(tally, Vec::new()))
    }

    /// Gives the ids to `work`, the newest first.
    fn each<R>(
        &self,
        revisions: &Revisions,
        newest: Option<usize>,
        work: &mut dyn FnMut(&mut Ids<'_>) -> Result<R, CheckError>,
    ) -> Result<R, CheckError> {
        let most = newest.unwrap_or(usize::MAX);
        if revisions.single {
            return work(&mut revisions.include.iter().copied().map(Ok).take(most));
        }
        let mut walk = self.repository.walk(&revisions.include, &revisions.exclude)?.take(most);
        work(&mut walk)
    }
}

/// The rules of both policies, each with its index.
fn indices(tried: &Check<'_>, against: Option<&Check<'_>>) -> BTreeMap<String, usize> {
    let mut ids = BTreeMap::new();
    for check in [Some(tried), against].into_iter().flatten() {
        for (rule, _) in check.loaded.in_force() {
            let next = ids.len();
            ids.entry(rule.id.clone()).or_insert(next);
        }
    }
    ids
}

impl<'a> Judge<'a> {
    fn new(
        check: &'a Check<'a>,
        revisions: &Revisions,
        reference: Option<RefName>,
        ids: &Arc<BTreeMap<String, usize>>,
    ) -> Result<Self, CheckError> {
        let exclude: &[Oid] = if revisions.single { &[] } else { &revisions.exclude };
        Ok(Self {
            check,
            context: check.context(reference),
            baselines: check.baselines(&revisions.include, exclude)?,
            meter: check.meter(0).of_each(check.loaded),
            ids: Arc::clone(ids),
        })
    }

    fn judge(
        &self,
        handle: &Repository,
        chunk: usize,
        commits: &[Arc<Commit>],
        counts: &mut Counts,
    ) -> Result<Vec<Keyed>, CheckError> {
        let mut sink = counts.sink(chunk);
        self.check.judge_chunk(handle, commits, &self.context, &self.baselines, &self.meter, &mut sink)?;
        Ok(sink.recorded())
    }

    fn side(&self, counts: &Counts) -> Side {
        Side {
            policy: self.check.loaded.name.clone(),
            denied: counts.denied,
            undecided: counts.undecided,
            is_spent: self.meter.all().any(RunMeter::is_spent),
        }
    }

    /// Level, subjects, operations and time of a rule in force; of two with this id, of both together.
    fn of_rule(&self, id: &str) -> Option<(Level, Handles, u64, Duration)> {
        let mut found: Option<(Level, Handles, u64, Duration)> = None;
        for (loaded, meter) in self.check.loaded.all().zip(self.meter.all()) {
            let mut rules = loaded.policy.rules().enumerate();
            let Some((index, (rule, binding))) = rules.find(|(_, (rule, _))| rule.id == id) else { continue };
            let (operations, took) = meter.of_rule(index);
            let before = found.unwrap_or((Level::Off, Handles::default(), 0, Duration::ZERO));
            let level = before.0.max(binding.level);
            found = Some((level, before.1.or(rule.handles), before.2 + operations, before.3 + took));
        }
        found
    }
}

impl Worker {
    fn new(tried: &Judge<'_>, against: Option<&Judge<'_>>) -> Result<Self, CheckError> {
        let counts = || Counts::new(Arc::clone(&tried.ids), against.is_some());
        let other = |judge: &Judge<'_>| {
            // Who people are is a fact of a commit: where both policies know the same, they judge the same facts.
            let same = judge.check.loaded.people == tried.check.loaded.people;
            let handle = if same { None } else { Some(judge.check.repository.sibling()?) };
            Ok::<_, CheckError>((handle, counts()))
        };
        Ok(Self {
            tried: counts(),
            against: against.map(other).transpose()?,
            differences: Differences::new(tried.ids.len()),
        })
    }

    fn judge(
        &mut self,
        tried: &Judge<'_>,
        against: Option<&Judge<'_>>,
        handle: &Repository,
        chunk: usize,
        ids: &[Oid],
    ) -> Result<(), CheckError> {
        let files = tried.check.needs().files || against.is_some_and(|judge| judge.check.needs().files);
        let commits = handle.commits(ids, Needs { files, ..Needs::default() })?;
        let found = tried.judge(handle, chunk, &commits, &mut self.tried)?;
        if let (Some(judge), Some((other, counts))) = (against, &mut self.against) {
            let before = match other {
                Some(other) => {
                    let commits = other.commits(ids, judge.check.needs())?;
                    judge.judge(other, chunk, &commits, counts)?
                }
                None => judge.judge(handle, chunk, &commits, counts)?,
            };
            self.differences.compare(chunk, found, before);
        }
        Ok(())
    }

    fn add(&mut self, other: Self) {
        self.tried.add(other.tried);
        if let (Some((_, counts)), Some((_, more))) = (&mut self.against, other.against) {
            counts.add(more);
        }
        self.differences.add(other.differences);
    }

    fn finish(self, tried: &Judge<'_>, against: Option<&Judge<'_>>) -> Replay {
        let mut ids: Vec<(&String, &usize)> = tried.ids.iter().collect();
        ids.sort_by_key(|(_, index)| **index);
        let (commits, files) = (self.tried.commits, self.tried.files);
        let sides = (tried.side(&self.tried), against.zip(self.against.as_ref()));
        let against_side = sides.1.map(|(judge, (_, counts))| judge.side(counts));
        let parts = self.tried.rules.into_iter().zip(self.differences.finish());
        let rules = ids.into_iter().zip(parts).map(|((id, _), (count, difference))| {
            let now = tried.of_rule(id);
            let before = against.and_then(|judge| judge.of_rule(id));
            let handles = now.or(before).map_or_else(Handles::default, |(_, handles, ..)| handles);
            let (operations, took) =
                now.map_or((0, Duration::ZERO), |(.., operations, took)| (operations, took));
            ReplayedRule {
                id: id.clone(),
                level: now.map(|(level, ..)| level),
                level_before: before.map(|(level, ..)| level),
                is_replayed: handles.commit || handles.file,
                commits: count.commits,
                files: count.files,
                overridden: count.overridden,
                errors: count.errors,
                examples: count.examples.finish(),
                operations,
                took,
                difference,
            }
        });
        Replay { commits, files, tried: sides.0, against: against_side, rules: rules.collect() }
    }
}

//! Ref updates, judged as a push of them would be.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::entering::Entering;
use super::policies::Baselines;
use super::shards::{CHUNK, Ids, map_chunks};
use super::{Check, CheckError, Tally};
use crate::config::Movement;
use crate::control;
use crate::facts::{Change, Commit, Evidence, File, Oid, Push, RefName, Urgency};
use crate::git::Needs;
use crate::policy::{Context, Subject};
use crate::verdict::JudgedChange;

/// A ref, and where it would move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefUpdate {
    /// Which ref, on the other side.
    pub reference: RefName,
    /// What it holds there: a commit, a tag, or what else a ref may hold; `None` for a new ref.
    pub old: Option<Oid>,
    /// What it is to hold; `None` for a deletion.
    pub new: Option<Oid>,
    /// Commits that the other side is known to hold already, with all they reach; a [`Destination`](super::Destination) that
    /// is known better says so itself.
    pub held: Vec<Oid>,
}

impl Check<'_> {
    pub(super) fn as_judged(&self, change: &Change) -> JudgedChange {
        JudgedChange {
            reference: change.reference.clone(),
            old: change.old,
            new: change.new,
            environment: change.environment.clone(),
            impact: self.needs_impact(change.environment.is_some()).then_some(change.impact),
            urgency: change.urgency,
        }
    }

    /// Does anything hang on the files of a change as a whole? To gather them is to compare the trees of all its commits.
    fn needs_impact(&self, has_environment: bool) -> bool {
        let classified = self.loaded.all().any(|loaded| loaded.policy.classifiers().next().is_some());
        let asked = self.loaded.needs().change_files || classified;
        asked || has_environment || self.tells_impact
    }

    /// Judges one update: its commits, their files, and the change as a whole.
    pub(super) fn judge_update(
        &self,
        entering: &Entering<'_>,
        tally: &mut Tally,
    ) -> Result<Arc<Change>, CheckError> {
        let context = self.context(Some(entering.update.reference.clone()));
        let baselines = self.baselines(&entering.include(), &entering.exclude)?;
        let mut ids = entering.commits(self.repository)?;
        let change = if self.needs_impact(context.environment.is_some()) {
            self.judge_classified(entering, &mut ids, &context, &baselines, tally)?
        } else {
            self.judge_passing(entering, &mut ids, &context, &baselines, tally)?
        };
        if let Some(destination) = self.destination {
            let found = control::findings(&self.loaded.config, destination.policy_ref.as_ref(), &change)?;
            tally.findings.extend(found);
        }
        if self.loaded.needs().change_rules {
            let context = Context { impact: Some(change.impact), ..context };
            let meter = self.meter(1);
            self.judge(Subject::Change(&change), (&context).into(), &meter, &mut tally.findings);
        }
        Ok(change)
    }

    /// In two passes: the rules of a commit may ask for the impact of the whole change.
    fn judge_classified(
        &self,
        entering: &Entering<'_>,
        ids: &mut Ids<'_>,
        context: &Context,
        baselines: &Baselines,
        tally: &mut Tally,
    ) -> Result<Arc<Change>, CheckError> {
        let needs = Needs { files: true, ..self.needs() };
        let chunks = map_chunks(self.repository, ids, |handle, ids| Ok(handle.commits(ids, needs)?))?;
        let commits: Vec<Arc<Commit>> = chunks.into_iter().flatten().collect();
        let meter = self.meter(1);
        let files = self.files_of(entering, &commits)?;
        let mut change = Arc::new(self.change_of(entering, commits, files)?);
        if let Some(impact) = self.classify(&change, &meter, &mut tally.findings) {
            change = Arc::new(Change { impact, ..Change::clone(&change) });
        }
        let context = Context { impact: Some(change.impact), ..context.clone() };
        let judged = entering.judged(self.repository)?;
        let is_judged = |commit: &&Arc<Commit>| judged.has(commit);
        if change.commits.len() < CHUNK {
            let commits: Vec<_> = change.commits.iter().filter(is_judged).cloned().collect();
            self.judge_chunk(self.repository, &commits, &context, baselines, &meter, tally)?;
        } else {
            // Gathered anew, a chunk at a time and on every core: the contents of so many are not to be held at once.
            let mut ids = change.commits.iter().filter(is_judged).filter_map(|commit| commit.id()).map(Ok);
            tally.add(self.judge_all(&mut ids, &context, baselines)?);
        }
        Ok(change)
    }

    /// In one pass, where nothing hangs on how far the change reaches: its files are then left out of it.
    fn judge_passing(
        &self,
        entering: &Entering<'_>,
        ids: &mut Ids<'_>,
        context: &Context,
        baselines: &Baselines,
        tally: &mut Tally,
    ) -> Result<Arc<Change>, CheckError> {
        let (meter, needs, store) = (self.meter(0), self.needs(), self.repository.store());
        let judged = entering.judged(self.repository)?;
        let chunks = map_chunks(self.repository, ids, |handle, ids| {
            let commits = handle.commits(ids, needs)?;
            let mut tally = Tally::default();
            let chosen: Vec<_> = commits.iter().filter(|commit| judged.has(commit)).cloned().collect();
            self.judge_chunk(handle, &chosen, context, baselines, &meter, &mut tally)?;
            // What was gathered of their files goes with the worker.
            let bare =
                |commit: &Arc<Commit>| Arc::new(Commit::new(commit.parts().clone(), Arc::clone(&store)));
            let commits = if needs.files { commits.iter().map(bare).collect::<Vec<_>>() } else { commits };
            Ok((commits, tally))
        })?;
        let (commits, tallies): (Vec<_>, Vec<_>) = chunks.into_iter().unzip();
        tally.add(Tally::sum(tallies));
        let commits = commits.into_iter().flatten().collect();
        Ok(Arc::new(self.change_of(entering, commits, Vec::new())?))
    }

    pub(super) fn judge_push(&self, changes: &[Arc<Change>], tally: &mut Tally) {
        if !self.loaded.needs().push_rules || changes.is_empty() {
            return;
        }
        let push = Arc::new(Push {
            pusher: self.pusher.clone(),
            changes: changes.to_vec(),
            options: self.destination.map(|there| there.options.clone()).unwrap_or_default(),
            is_signed: self.destination.is_some_and(|there| there.is_signed),
            time: self.now,
        });
        let context = Context::default();
        self.judge(Subject::Push(&push), (&context).into(), &self.meter(1), &mut tally.findings);
    }

    fn change_of(
        &self,
        entering: &Entering<'_>,
        commits: Vec<Arc<Commit>>,
        files: Vec<Arc<File>>,
    ) -> Result<Change, CheckError> {
        let update = entering.update;
        let is_force = self.is_force(entering, &commits)?;
        let config = &self.loaded.config;
        let movement = Movement {
            is_rewind: is_force,
            is_deletion: update.new.is_none(),
            is_no_commit: entering.is_no_commit(),
        };
        Ok(Change {
            reference: update.reference.clone(),
            old: update.old,
            new: update.new,
            is_force,
            environment: config.environment_of(&update.reference).map(|e| e.name.clone()),
            impact: config.classify(&files, movement).impact,
            urgency: Urgency::Normal,
            commits,
            files,
            pusher: self.pusher.clone(),
            evidence: Evidence::default(),
            store: self.repository.store(),
        })
    }

    /// Is what the ref held no longer in the history of what it will hold? A tag does not move at all, so any other value is
    /// force; so is what is no commit, which has no history.
    fn is_force(&self, entering: &Entering<'_>, commits: &[Arc<Commit>]) -> Result<bool, CheckError> {
        let update = entering.update;
        if update.old.is_none() || update.new.is_none() || update.old == update.new {
            return Ok(false);
        }
        let (Some(old), Some(new)) = (entering.from, entering.to) else { return Ok(true) };
        if update.reference.as_str().starts_with("refs/tags/") {
            return Ok(true);
        }
        if commits.iter().any(|commit| commit.parts().parents.contains(&old)) {
            return Ok(false);
        }
        Ok(!self.repository.is_ancestor(old, new)?)
    }

    /// The net difference joined with the files of the commits on the way, so that nothing hides in a commit and its revert.
    fn files_of(
        &self,
        entering: &Entering<'_>,
        commits: &[Arc<Commit>],
    ) -> Result<Vec<Arc<File>>, CheckError> {
        let base = if entering.to.is_some() { entering.from } else { None };
        let mut files = BTreeMap::new();
        for file in self.repository.net_files(base, entering.to.or(base))? {
            files.insert(file.path().clone(), file);
        }
        for commit in commits {
            for file in commit.files()? {
                files.entry(file.path().clone()).or_insert_with(|| Arc::clone(file));
            }
        }
        Ok(files.into_values().collect())
    }
}

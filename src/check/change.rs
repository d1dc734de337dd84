//! Ref updates, judged as a push of them would be.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::shards::{CHUNK, Ids, map_chunks};
use super::{Baselines, Check, CheckError, Tally};
use crate::config::Movement;
use crate::facts::{Change, Commit, Evidence, File, Oid, Push, RefName, Urgency};
use crate::git::Needs;
use crate::policy::{Context, Subject};
use crate::verdict::JudgedChange;

/// A ref, and where it would move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefUpdate {
    /// Which ref, on the other side.
    pub reference: RefName,
    /// The commit it points at there; `None` for a new ref.
    pub old: Option<Oid>,
    /// The commit it is to point at; `None` for a deletion.
    pub new: Option<Oid>,
    /// Commits that the other side is known to hold already, with all they reach.
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
        let policy = &self.loaded.policy;
        let asked = policy.needs().change_files || policy.classifiers().next().is_some();
        asked || has_environment || self.tells_impact
    }

    /// Judges one update: its commits, their files, and the change as a whole.
    pub(super) fn judge_update(
        &self,
        update: &RefUpdate,
        tally: &mut Tally,
    ) -> Result<Arc<Change>, CheckError> {
        let include: Vec<Oid> = update.new.into_iter().collect();
        let exclude: Vec<Oid> = update.old.into_iter().chain(update.held.iter().copied()).collect();
        let context = self.context(Some(update.reference.clone()));
        let baselines = self.baselines(&include, &exclude)?;
        let mut walk = self.repository.walk(&include, &exclude)?;
        let change = if self.needs_impact(context.environment.is_some()) {
            self.judge_classified(update, &mut walk, &context, &baselines, tally)?
        } else {
            self.judge_passing(update, &mut walk, &context, &baselines, tally)?
        };
        if self.loaded.policy.needs().change_rules {
            let context = Context { impact: Some(change.impact), ..context };
            let meter = self.meter(1);
            self.loaded.policy.judge(Subject::Change(&change), &context, &meter, &mut tally.findings);
        }
        Ok(change)
    }

    /// In two passes: the rules of a commit may ask for the impact of the whole change.
    fn judge_classified(
        &self,
        update: &RefUpdate,
        ids: &mut Ids<'_>,
        context: &Context,
        baselines: &Baselines,
        tally: &mut Tally,
    ) -> Result<Arc<Change>, CheckError> {
        let needs = Needs { files: true, ..self.needs() };
        let chunks = map_chunks(self.repository, ids, |handle, ids| Ok(handle.commits(ids, needs)?))?;
        let commits: Vec<Arc<Commit>> = chunks.into_iter().flatten().collect();
        let meter = self.meter(1);
        let files = self.files_of(update, &commits)?;
        let mut change = Arc::new(self.change_of(update, commits, files)?);
        let raised =
            self.loaded.policy.classify(&change, &meter, &mut tally.findings).map(|(impact, _)| impact);
        if let Some(impact) = raised {
            change = Arc::new(Change { impact, ..Change::clone(&change) });
        }
        let context = Context { impact: Some(change.impact), ..context.clone() };
        if change.commits.len() < CHUNK {
            self.judge_chunk(self.repository, &change.commits, &context, baselines, &meter, tally)?;
        } else {
            // Gathered anew, a chunk at a time and on every core: the contents of so many are not to be held at once.
            let mut ids = change.commits.iter().filter_map(|commit| commit.id()).map(Ok);
            tally.add(self.judge_all(&mut ids, &context, baselines)?);
        }
        Ok(change)
    }

    /// In one pass, where nothing hangs on how far the change reaches: its files are then left out of it.
    fn judge_passing(
        &self,
        update: &RefUpdate,
        ids: &mut Ids<'_>,
        context: &Context,
        baselines: &Baselines,
        tally: &mut Tally,
    ) -> Result<Arc<Change>, CheckError> {
        let (meter, needs, store) = (self.meter(0), self.needs(), self.repository.store());
        let chunks = map_chunks(self.repository, ids, |handle, ids| {
            let commits = handle.commits(ids, needs)?;
            let mut tally = Tally::default();
            self.judge_chunk(handle, &commits, context, baselines, &meter, &mut tally)?;
            // What was gathered of their files goes with the worker.
            let bare =
                |commit: &Arc<Commit>| Arc::new(Commit::new(commit.parts().clone(), Arc::clone(&store)));
            Ok((commits.iter().map(bare).collect::<Vec<_>>(), tally))
        })?;
        let (commits, tallies): (Vec<_>, Vec<_>) = chunks.into_iter().unzip();
        tally.add(Tally::sum(tallies));
        let commits = commits.into_iter().flatten().collect();
        Ok(Arc::new(self.change_of(update, commits, Vec::new())?))
    }

    pub(super) fn judge_push(&self, changes: &[Arc<Change>], tally: &mut Tally) {
        if !self.loaded.policy.needs().push_rules || changes.is_empty() {
            return;
        }
        let push = Arc::new(Push {
            pusher: self.pusher.clone(),
            changes: changes.to_vec(),
            options: Vec::new(),
            is_signed: false,
            time: self.now,
        });
        self.loaded.policy.judge(
            Subject::Push(&push),
            &Context::default(),
            &self.meter(1),
            &mut tally.findings,
        );
    }

    fn change_of(
        &self,
        update: &RefUpdate,
        commits: Vec<Arc<Commit>>,
        files: Vec<Arc<File>>,
    ) -> Result<Change, CheckError> {
        let is_force = self.is_force(update, &commits)?;
        let config = &self.loaded.config;
        let movement =
            Movement { is_rewind: is_force, is_deletion: update.new.is_none(), is_no_commit: false };
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

    /// Is the tip before not in the history of the tip after? It is, if a commit that enters descends from it directly.
    fn is_force(&self, update: &RefUpdate, commits: &[Arc<Commit>]) -> Result<bool, CheckError> {
        let (Some(old), Some(new)) = (update.old, update.new) else { return Ok(false) };
        if commits.iter().any(|commit| commit.parts().parents.contains(&old)) {
            return Ok(false);
        }
        Ok(!self.repository.is_ancestor(old, new)?)
    }

    /// The net difference joined with the files of the commits on the way, so that nothing hides in a commit and its revert.
    fn files_of(&self, update: &RefUpdate, commits: &[Arc<Commit>]) -> Result<Vec<Arc<File>>, CheckError> {
        let base = if update.new.is_some() { update.old } else { None };
        let mut files = BTreeMap::new();
        for file in self.repository.net_files(base, update.new.or(base))? {
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

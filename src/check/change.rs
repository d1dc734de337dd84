//! Ref updates, judged as a push of them would be.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::shards::{CHUNK, map_chunks};
use super::{Check, CheckError, Tally};
use crate::config::Movement;
use crate::facts::{Change, Commit, Evidence, File, Oid, Push, RefName, Urgency};
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

pub(super) fn as_judged(change: &Change) -> JudgedChange {
    JudgedChange {
        reference: change.reference.clone(),
        old: change.old,
        new: change.new,
        environment: change.environment.clone(),
        impact: change.impact,
        urgency: change.urgency,
    }
}

impl Check<'_> {
    /// Judges one update: its commits, their files, and the change as a whole.
    pub(super) fn judge_update(
        &self,
        update: &RefUpdate,
        tally: &mut Tally,
    ) -> Result<Arc<Change>, CheckError> {
        let include: Vec<Oid> = update.new.into_iter().collect();
        let exclude: Vec<Oid> = update.old.into_iter().chain(update.held.iter().copied()).collect();
        let needs = self.needs();
        let mut walk = self.repository.walk(&include, &exclude)?;
        let chunks = map_chunks(self.repository, &mut walk, |handle, ids| Ok(handle.commits(ids, needs)?))?;
        let commits: Vec<Arc<Commit>> = chunks.into_iter().flatten().collect();
        let meter = self.meter(1);
        let mut change = Arc::new(self.change_of(update, commits)?);
        let raised =
            self.loaded.policy.classify(&change, &meter, &mut tally.findings).map(|(impact, _)| impact);
        if let Some(impact) = raised {
            change = Arc::new(Change { impact, ..Change::clone(&change) });
        }
        let context = Context { impact: Some(change.impact), ..self.context(Some(change.reference.clone())) };
        let baselines = self.baselines(&include, &exclude)?;
        if change.commits.len() < CHUNK {
            self.judge_chunk(self.repository, &change.commits, &context, &baselines, &meter, tally)?;
        } else {
            // Gathered anew, a chunk at a time and on every core: the contents of so many are not to be held at once.
            let mut ids = change.commits.iter().filter_map(|commit| commit.id()).map(Ok);
            tally.add(self.judge_all(&mut ids, &context, &baselines)?);
        }
        if self.loaded.policy.needs().change_rules {
            self.loaded.policy.judge(Subject::Change(&change), &context, &meter, &mut tally.findings);
        }
        Ok(change)
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

    fn change_of(&self, update: &RefUpdate, commits: Vec<Arc<Commit>>) -> Result<Change, CheckError> {
        let is_force = match (update.old, update.new) {
            (Some(old), Some(new)) => !self.repository.is_ancestor(old, new)?,
            _ => false,
        };
        let config = &self.loaded.config;
        let files = self.files_of(update, &commits)?;
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

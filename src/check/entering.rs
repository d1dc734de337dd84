//! Which commits a ref update brings, and which of them are judged one by one.
//!
//! A commit that is on some other branch of the server has not thereby been let into production. So for a protected ref only
//! what that ref itself holds is known, or, for a new one, what refs of the same environments hold. Rules on commits and files
//! skip what the environments hold already; rules on changes and requirements never do. For other refs it is enough that any
//! ref holds a commit: then it was judged when it came.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use super::shards::Ids;
use super::{CheckError, RefUpdate};
use crate::config::Config;
use crate::facts::{Commit, Oid, RefName};
use crate::git::{GitError, Kind, Needs, Reference, Repository};

/// Refs that hold our own records; no commit counts as known because of one.
const OWN: &str = "refs/bylaws/";

/// The repository that a push goes to, as far as it is known.
#[derive(Debug, Clone, Default)]
pub struct Destination {
    /// Its refs as they are, by the names that they have there.
    pub refs: Vec<Reference>,
    /// The ref whose `.bylaws/` judges there; always protected.
    pub policy_ref: Option<RefName>,
    /// `git push -o`.
    pub options: Vec<String>,
    /// Is the push signed, with a certificate that is good?
    pub is_signed: bool,
    /// When an answer must be in sight: rules that are not done by then are in error.
    pub until: Option<Instant>,
}

impl Destination {
    /// Is it a ref that needs more than others: of an environment, the policy-ref, or one of our own?
    pub fn is_protected(&self, name: &RefName, config: &Config) -> bool {
        config.environments_of(name).next().is_some()
            || self.policy_ref.as_ref() == Some(name)
            || name.as_str().starts_with(OWN)
    }

    /// Says what each update brings, in the order of the updates.
    pub(super) fn enter<'u>(
        &self,
        repository: &Repository,
        config: &Config,
        updates: &'u [RefUpdate],
    ) -> Result<Vec<Entering<'u>>, CheckError> {
        let tips = self.tips(repository)?;
        let mut entering = Vec::with_capacity(updates.len());
        // What clients send to our own refs are no changes to be judged.
        for update in updates.iter().filter(|update| !update.reference.as_str().starts_with(OWN)) {
            let mut one = Entering::of(repository, update)?;
            if self.is_protected(&update.reference, config) {
                let same = same_environments(config, &update.reference, &tips);
                if one.from.is_some() {
                    one.known = same;
                    one.exclude.extend(one.from);
                } else {
                    one.exclude.extend(same);
                }
            } else {
                one.listed = Some(Vec::new());
            }
            entering.push(one);
        }
        share_out(repository, &tips, &mut entering)?;
        Ok(entering)
    }

    /// The commits that its refs hold, ours left out.
    fn tips(&self, repository: &Repository) -> Result<Vec<(&RefName, Oid)>, CheckError> {
        let refs: Vec<&Reference> =
            self.refs.iter().filter(|one| !one.name.as_str().starts_with(OWN)).collect();
        let ids: Vec<Oid> = refs.iter().map(|one| one.id).collect();
        let behind = repository.peel(&ids)?;
        let tips = refs.into_iter().zip(behind).filter_map(|(one, behind)| match behind {
            Some((Kind::Commit, id)) => Some((&one.name, id)),
            _ => None,
        });
        Ok(tips.collect())
    }
}

/// What the other refs of all the environments of `reference` hold: a commit that only one of two environments has is new to
/// the other.
fn same_environments(config: &Config, reference: &RefName, tips: &[(&RefName, Oid)]) -> Vec<Oid> {
    let environments: Vec<_> = config.environments_of(reference).collect();
    if environments.is_empty() {
        return Vec::new();
    }
    let is_same = |name: &RefName| name != reference && environments.iter().all(|one| one.has(name));
    let mut ids: Vec<Oid> = tips.iter().filter(|(name, _)| is_same(name)).map(|(_, id)| *id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Gives each commit that no ref holds to the first of the unprotected updates that brings it, by one walk for all of them: a
/// push may have ten thousand.
fn share_out(
    repository: &Repository,
    tips: &[(&RefName, Oid)],
    entering: &mut [Entering<'_>],
) -> Result<(), CheckError> {
    let mut include: Vec<Oid> =
        entering.iter().filter(|one| one.listed.is_some()).filter_map(|one| one.to).collect();
    include.sort_unstable();
    include.dedup();
    let held: HashSet<Oid> = tips.iter().map(|(_, id)| *id).collect();
    include.retain(|id| !held.contains(id));
    if include.is_empty() {
        return Ok(());
    }
    let mut held: Vec<Oid> = held.into_iter().collect();
    held.sort_unstable();
    let fresh = repository.walk(&include, &held)?.collect::<Result<Vec<Oid>, GitError>>()?;
    let mut unprotected = entering.iter_mut().filter(|one| one.listed.is_some());
    if include.len() == 1 {
        // The first that brings it; a second one of the same value brings nothing more.
        if let Some(one) = unprotected.find(|one| one.to.is_some_and(|to| include.contains(&to))) {
            one.exclude.clone_from(&held);
            one.listed = Some(fresh);
        }
        return Ok(());
    }
    let mut left = Unclaimed::of(repository, &fresh)?;
    for one in unprotected {
        one.exclude.clone_from(&held);
        one.listed = Some(left.claim(one.to));
    }
    Ok(())
}

/// New commits that no update has claimed yet.
struct Unclaimed {
    order: HashMap<Oid, usize>,
    parents: HashMap<Oid, Vec<Oid>>,
}

impl Unclaimed {
    fn of(repository: &Repository, fresh: &[Oid]) -> Result<Self, CheckError> {
        let mut parents = HashMap::with_capacity(fresh.len());
        for ids in fresh.chunks(super::shards::CHUNK) {
            for commit in repository.commits(ids, Needs::default())? {
                parents.extend(commit.id().map(|id| (id, commit.parts().parents.clone())));
            }
        }
        Ok(Self { order: fresh.iter().enumerate().map(|(at, id)| (*id, at)).collect(), parents })
    }

    /// What `tip` reaches of them, newest first.
    fn claim(&mut self, tip: Option<Oid>) -> Vec<Oid> {
        let (mut next, mut found) = (Vec::from_iter(tip), Vec::new());
        while let Some(id) = next.pop() {
            if let Some(parents) = self.parents.remove(&id) {
                found.push(id);
                next.extend(parents);
            }
        }
        found.sort_by_key(|id| self.order.get(id));
        found
    }
}

/// One update, and the commits that it brings.
#[derive(Debug)]
pub(super) struct Entering<'u> {
    pub(super) update: &'u RefUpdate,
    /// The commit that the ref holds.
    pub(super) from: Option<Oid>,
    /// The commit that it is to hold; `None` also where that is no commit.
    pub(super) to: Option<Oid>,
    /// What bounds the walk.
    pub(super) exclude: Vec<Oid>,
    /// Commits that the change brings and that are not judged one by one: these, with all they reach.
    known: Vec<Oid>,
    /// What it brings, where that was found out for many updates together.
    listed: Option<Vec<Oid>>,
}

impl<'u> Entering<'u> {
    pub(super) fn of(repository: &Repository, update: &'u RefUpdate) -> Result<Self, CheckError> {
        let commit = |id: Option<Oid>| -> Result<Option<Oid>, CheckError> {
            let Some(id) = id else { return Ok(None) };
            match repository.peel(&[id])?.into_iter().next().flatten() {
                Some((Kind::Commit, id)) => Ok(Some(id)),
                Some(_) => Ok(None),
                None => Err(GitError::new(format!("object {id} is missing")).hint("run `git fsck`").into()),
            }
        };
        let (from, to) = (commit(update.old)?, commit(update.new)?);
        Ok(Self { update, from, to, exclude: Vec::new(), known: Vec::new(), listed: None })
    }

    /// With what the update itself says of the other side.
    pub(super) fn alone(repository: &Repository, update: &'u RefUpdate) -> Result<Self, CheckError> {
        let one = Self::of(repository, update)?;
        let exclude = one.from.into_iter().chain(update.held.iter().copied()).collect();
        Ok(Self { exclude, ..one })
    }

    /// Where the walk begins.
    pub(super) fn include(&self) -> Vec<Oid> {
        self.to.into_iter().collect()
    }

    /// Is it to hold something that is no commit: a tag, a tree, a blob?
    pub(super) fn is_no_commit(&self) -> bool {
        self.update.new.is_some() && self.update.new != self.to
    }

    /// The commits that it brings, newest first.
    pub(super) fn commits(&self, repository: &Repository) -> Result<Box<Ids<'_>>, CheckError> {
        Ok(match &self.listed {
            Some(listed) => Box::new(listed.iter().copied().map(Ok)),
            None => Box::new(repository.walk(&self.include(), &self.exclude)?),
        })
    }

    /// Which of them are judged one by one.
    pub(super) fn judged(&self, repository: &Repository) -> Result<Judged, CheckError> {
        if self.known.is_empty() {
            return Ok(Judged(None));
        }
        let exclude: Vec<Oid> = self.exclude.iter().chain(&self.known).copied().collect();
        let fresh = repository.walk(&self.include(), &exclude)?.collect::<Result<_, GitError>>()?;
        Ok(Judged(Some(fresh)))
    }
}

/// The commits that are judged one by one; `None`: all.
#[derive(Debug)]
pub(super) struct Judged(Option<HashSet<Oid>>);

impl Judged {
    pub(super) fn has(&self, commit: &Arc<Commit>) -> bool {
        let Some(judged) = &self.0 else { return true };
        commit.id().is_none_or(|id| judged.contains(&id))
    }
}

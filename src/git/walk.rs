//! The order in which git-rev-list(1) lists commits, for the implementation that has no git to ask.
//!
//! Newest committer date first; of equal dates the one found first. With exclusions everything is found before the first is
//! given, and the search goes on a little (`SLOP`) after only excluded commits are left, as git's does, so that clocks that
//! ran wrong rarely matter. Both implementations list the same commits in the same order.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};

use super::GitError;
use super::commit_object::Links;
use crate::facts::Oid;

/// git's own number (revision.c).
const SLOP: u32 = 5;

#[derive(Debug, Default)]
struct Node {
    excluded: bool,
    /// Was ever queued.
    seen: bool,
    /// Is in the queue now.
    waiting: bool,
    /// Known once it was read.
    links: Option<(u64, Vec<Oid>)>,
}

/// An iterator over commits; `read` gives the links of one.
pub(super) struct Walker<R> {
    read: R,
    nodes: HashMap<Oid, Node>,
    queue: BinaryHeap<(u64, Reverse<u64>, Oid)>,
    queued: u64,
    /// How many in the queue are not excluded.
    wanted: usize,
    /// What was found in a search with exclusions.
    found: Option<VecDeque<Oid>>,
    failed: bool,
}

impl<R: FnMut(Oid) -> Result<Links, GitError>> Walker<R> {
    pub(super) fn new(read: R, include: &[Oid], exclude: &[Oid]) -> Result<Self, GitError> {
        let mut walker = Self {
            read,
            nodes: HashMap::new(),
            queue: BinaryHeap::new(),
            queued: 0,
            wanted: 0,
            found: None,
            failed: false,
        };
        for (ids, excluded) in [(include, false), (exclude, true)] {
            for id in ids {
                walker.enqueue(*id)?;
                if excluded {
                    walker.exclude(*id);
                    walker.exclude_parents(*id);
                }
            }
        }
        if !exclude.is_empty() {
            walker.search()?;
        }
        Ok(walker)
    }

    fn enqueue(&mut self, id: Oid) -> Result<(), GitError> {
        let node = self.nodes.entry(id).or_default();
        if node.seen {
            return Ok(());
        }
        (node.seen, node.waiting) = (true, true);
        let excluded = node.excluded;
        let links = (self.read)(id)?;
        let time = links.time;
        if let Some(node) = self.nodes.get_mut(&id) {
            node.links = Some((links.time, links.parents));
        }
        self.queue.push((time, Reverse(self.queued), id));
        self.queued += 1;
        self.wanted += usize::from(!excluded);
        Ok(())
    }

    /// Marks one commit; true if it was not marked before.
    fn exclude(&mut self, id: Oid) -> bool {
        let node = self.nodes.entry(id).or_default();
        if node.excluded {
            return false;
        }
        node.excluded = true;
        if node.waiting {
            self.wanted = self.wanted.saturating_sub(1);
        }
        true
    }

    /// Marks what is known of the history below.
    fn exclude_parents(&mut self, id: Oid) {
        let mut left = vec![id];
        while let Some(id) = left.pop() {
            for parent in self.parents(id) {
                if self.exclude(parent) {
                    left.push(parent);
                }
            }
        }
    }

    fn parents(&self, id: Oid) -> Vec<Oid> {
        self.nodes.get(&id).and_then(|node| node.links.as_ref()).map(|(_, p)| p.clone()).unwrap_or_default()
    }

    fn is_excluded(&self, id: Oid) -> bool {
        self.nodes.get(&id).is_some_and(|node| node.excluded)
    }

    /// The next of the queue, its parents queued.
    fn pop(&mut self) -> Result<Option<(u64, Oid)>, GitError> {
        let Some((time, _, id)) = self.queue.pop() else { return Ok(None) };
        let excluded = self.is_excluded(id);
        self.wanted = self.wanted.saturating_sub(usize::from(!excluded));
        if let Some(node) = self.nodes.get_mut(&id) {
            node.waiting = false;
        }
        for parent in self.parents(id) {
            if excluded {
                self.exclude(parent);
            }
            self.enqueue(parent)?;
            if excluded {
                self.exclude_parents(parent);
            }
        }
        Ok(Some((time, id)))
    }

    fn search(&mut self) -> Result<(), GitError> {
        let (mut found, mut slop, mut oldest) = (VecDeque::new(), SLOP, u64::MAX);
        while let Some((time, id)) = self.pop()? {
            if !self.is_excluded(id) {
                oldest = time;
                found.push_back(id);
                continue;
            }
            self.exclude_parents(id);
            slop = match self.queue.peek() {
                None => 0,
                Some((next, _, _)) if oldest <= *next || self.wanted > 0 => SLOP,
                Some(_) => slop - 1,
            };
            if slop == 0 {
                break;
            }
        }
        found.retain(|id| !self.is_excluded(*id));
        self.nodes.clear();
        self.found = Some(found);
        Ok(())
    }
}

impl<R: FnMut(Oid) -> Result<Links, GitError>> Iterator for Walker<R> {
    type Item = Result<Oid, GitError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(found) = &mut self.found {
            return found.pop_front().map(Ok);
        }
        if self.failed {
            return None;
        }
        let popped = self.pop();
        self.failed = popped.is_err();
        let popped = popped.transpose()?;
        if let Ok((_, id)) = popped
            && let Some(node) = self.nodes.get_mut(&id)
        {
            // Nothing is excluded here, so nobody asks for its parents again.
            node.links = None;
        }
        Some(popped.map(|(_, id)| id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u8) -> Oid {
        Oid::from_bytes(&[n; 20]).unwrap()
    }

    /// Commits as (number, time, parents).
    fn walk(commits: &[(u8, u64, &[u8])], include: &[u8], exclude: &[u8]) -> Vec<u8> {
        let read = |wanted: Oid| {
            let (_, time, parents) = commits
                .iter()
                .find(|(n, ..)| id(*n) == wanted)
                .ok_or_else(|| GitError::new(format!("commit {wanted} is missing")))?;
            Ok(Links { tree: id(0), parents: parents.iter().map(|n| id(*n)).collect(), time: *time })
        };
        let ids = |list: &[u8]| list.iter().map(|n| id(*n)).collect::<Vec<_>>();
        let walker = Walker::new(read, &ids(include), &ids(exclude)).unwrap();
        walker.map(|id| id.unwrap().as_bytes()[0]).collect()
    }

    #[test]
    fn newest_first_and_of_equals_the_one_found_first() {
        let history: &[(u8, u64, &[u8])] = &[(5, 50, &[3, 4]), (4, 30, &[1]), (3, 30, &[1]), (1, 10, &[])];
        assert_eq!(walk(history, &[5], &[]), [5, 3, 4, 1]);
        assert_eq!(walk(history, &[4, 3], &[]), [4, 3, 1]);
    }

    #[test]
    fn what_is_excluded_takes_its_history_with_it() {
        let history: &[(u8, u64, &[u8])] =
            &[(6, 60, &[5]), (5, 50, &[4, 3]), (4, 40, &[2]), (3, 30, &[2]), (2, 20, &[1]), (1, 10, &[])];
        assert_eq!(walk(history, &[6], &[4]), [6, 5, 3]);
        assert_eq!(walk(history, &[4], &[6]), [] as [u8; 0]);
        assert_eq!(walk(history, &[6, 6], &[]), [6, 5, 4, 3, 2, 1]);
    }

    #[test]
    fn a_clock_that_ran_wrong_hides_nothing() {
        // 3 is excluded and claims to be ages old; what it descends from is newer.
        let history: &[(u8, u64, &[u8])] = &[(4, 40, &[2]), (3, 1, &[2]), (2, 20, &[1]), (1, 10, &[])];
        assert_eq!(walk(history, &[4], &[3]), [4]);
    }
}

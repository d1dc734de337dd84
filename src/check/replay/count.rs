//! Counts and examples: what is kept of findings.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::super::Sink;
use super::{Difference, EXAMPLES};
use crate::facts::Commit;
use crate::verdict::{Finding, State};

/// Where in the history something is: the chunk, and the place in it. Smaller is newer.
type Age = (usize, usize);

/// The newest few.
#[derive(Debug, Clone, Default)]
pub(super) struct Newest(Vec<(Age, Finding)>);

impl Newest {
    fn wants(&self, age: Age) -> bool {
        self.0.len() < EXAMPLES || self.0.last().is_some_and(|(oldest, _)| age < *oldest)
    }

    fn put(&mut self, age: Age, finding: Finding) {
        self.0.push((age, finding));
        self.0.sort_by_key(|(age, _)| *age);
        self.0.truncate(EXAMPLES);
    }

    fn add(&mut self, other: Self) {
        other.0.into_iter().for_each(|(age, finding)| self.put(age, finding));
    }

    pub(super) fn finish(self) -> Vec<Finding> {
        self.0.into_iter().map(|(_, finding)| finding).collect()
    }
}

/// What one rule found.
#[derive(Debug, Clone, Default)]
pub(super) struct Count {
    pub(super) commits: usize,
    pub(super) files: usize,
    pub(super) overridden: usize,
    pub(super) errors: usize,
    pub(super) examples: Newest,
    /// What it has done to the commit at hand.
    now: Now,
}

#[derive(Debug, Clone, Copy, Default)]
struct Now {
    violated: bool,
    overridden: bool,
    failed: bool,
    shown: bool,
}

impl Count {
    fn add(&mut self, other: Self) {
        self.commits += other.commits;
        self.files += other.files;
        self.overridden += other.overridden;
        self.errors += other.errors;
        self.examples.add(other.examples);
    }
}

/// What one policy found.
#[derive(Debug)]
pub(super) struct Counts {
    ids: Arc<BTreeMap<String, usize>>,
    pub(super) commits: usize,
    pub(super) files: usize,
    pub(super) denied: usize,
    pub(super) undecided: usize,
    /// By index.
    pub(super) rules: Vec<Count>,
    /// Keep what is violated where, for a comparison.
    records: bool,
}

/// What is violated in a commit: by rule and path, one finding each.
pub(super) type Keyed = BTreeMap<(usize, Option<String>), Finding>;

impl Counts {
    pub(super) fn new(ids: Arc<BTreeMap<String, usize>>, records: bool) -> Self {
        let rules = vec![Count::default(); ids.len()];
        Self { ids, commits: 0, files: 0, denied: 0, undecided: 0, rules, records }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.commits += other.commits;
        self.files += other.files;
        self.denied += other.denied;
        self.undecided += other.undecided;
        for (count, more) in self.rules.iter_mut().zip(other.rules) {
            count.add(more);
        }
    }

    /// Where the findings of a chunk go.
    pub(super) fn sink(&mut self, chunk: usize) -> Counting<'_> {
        Counting {
            counts: self,
            chunk,
            at: 0,
            found: Vec::new(),
            touched: Vec::new(),
            paths: HashSet::new(),
            denies: false,
            blocks: false,
            recorded: Vec::new(),
        }
    }
}

/// Counts the findings of a chunk as they come.
pub(super) struct Counting<'a> {
    counts: &'a mut Counts,
    chunk: usize,
    at: usize,
    found: Vec<Finding>,
    /// The rules that say something of the commit at hand.
    touched: Vec<usize>,
    /// And of which of its files.
    paths: HashSet<(usize, String)>,
    denies: bool,
    blocks: bool,
    recorded: Vec<Keyed>,
}

impl Counting<'_> {
    /// What is violated in each commit of the chunk, if that is kept.
    pub(super) fn recorded(self) -> Vec<Keyed> {
        self.recorded
    }

    fn drain(&mut self) {
        for finding in std::mem::take(&mut self.found) {
            self.count(finding);
        }
    }

    fn count(&mut self, finding: Finding) {
        let Some(index) = self.counts.ids.get(&finding.rule).copied() else { return };
        let Some(count) = self.counts.rules.get_mut(index) else { return };
        self.touched.push(index);
        match finding.state {
            State::Violated => {
                count.now.violated = true;
                self.denies |= finding.level.is_mandatory();
                if let Some(path) = &finding.path
                    && self.paths.insert((index, path.clone()))
                {
                    count.files += 1;
                }
            }
            State::Overridden => count.now.overridden = true,
            State::Error => {
                count.now.failed = true;
                self.blocks |= finding.level.is_mandatory();
            }
        }
        let age = (self.chunk, self.at);
        if !count.now.shown && count.examples.wants(age) {
            count.examples.put(age, finding.clone());
        }
        count.now.shown = true;
        if self.counts.records
            && finding.state == State::Violated
            && let Some(recorded) = self.recorded.last_mut()
        {
            recorded.entry((index, finding.path.clone())).or_insert(finding);
        }
    }
}

impl Sink for Counting<'_> {
    fn begin(&mut self, _: &Arc<Commit>) {
        self.counts.commits += 1;
        if self.counts.records {
            self.recorded.push(Keyed::new());
        }
    }

    fn file(&mut self) {
        self.counts.files += 1;
        self.drain();
    }

    fn findings(&mut self) -> &mut Vec<Finding> {
        &mut self.found
    }

    fn end(&mut self, _: &Arc<Commit>) {
        self.drain();
        for index in std::mem::take(&mut self.touched) {
            let Some(count) = self.counts.rules.get_mut(index) else { continue };
            let now = std::mem::take(&mut count.now);
            count.commits += usize::from(now.violated);
            count.overridden += usize::from(now.overridden);
            count.errors += usize::from(now.failed);
        }
        self.counts.undecided += usize::from(self.blocks);
        self.counts.denied += usize::from(self.denies && !self.blocks);
        (self.denies, self.blocks) = (false, false);
        self.paths.clear();
        self.at += 1;
    }
}

/// Where two policies differ.
#[derive(Debug)]
pub(super) struct Differences(Vec<Two>);

#[derive(Debug, Clone, Default)]
struct Two {
    newly: (usize, Newest),
    no_longer: (usize, Newest),
}

impl Differences {
    pub(super) fn new(rules: usize) -> Self {
        Self(vec![Two::default(); rules])
    }

    /// Compares what both found in the commits of a chunk.
    pub(super) fn compare(&mut self, chunk: usize, found: Vec<Keyed>, before: Vec<Keyed>) {
        for (at, (found, before)) in found.into_iter().zip(before).enumerate() {
            let age = (chunk, at);
            let known: HashSet<_> = found.keys().cloned().collect();
            for (key, finding) in found {
                if !before.contains_key(&key) {
                    self.note(key.0, |two| &mut two.newly, age, finding);
                }
            }
            for (key, finding) in before {
                if !known.contains(&key) {
                    self.note(key.0, |two| &mut two.no_longer, age, finding);
                }
            }
        }
    }

    fn note(
        &mut self,
        rule: usize,
        of: impl FnOnce(&mut Two) -> &mut (usize, Newest),
        age: Age,
        finding: Finding,
    ) {
        let Some(two) = self.0.get_mut(rule) else { return };
        let (count, newest) = of(two);
        *count += 1;
        if newest.wants(age) {
            newest.put(age, finding);
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        for (two, more) in self.0.iter_mut().zip(other.0) {
            two.newly.0 += more.newly.0;
            two.newly.1.add(more.newly.1);
            two.no_longer.0 += more.no_longer.0;
            two.no_longer.1.add(more.no_longer.1);
        }
    }

    pub(super) fn finish(self) -> impl Iterator<Item = Difference> {
        self.0.into_iter().map(|two| Difference {
            newly: two.newly.0,
            newly_examples: two.newly.1.finish(),
            no_longer: two.no_longer.0,
            no_longer_examples: two.no_longer.1.finish(),
        })
    }
}

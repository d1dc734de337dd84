//! The limits of a whole run: many rules that each stay just under every limit of a call are too much together.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Limits;
use super::clock::milliseconds;
use super::limits::Used;

/// The limits of a whole run over all its calls, shared by its threads.
#[derive(Debug)]
pub struct RunMeter {
    operations: AtomicU64,
    milliseconds: AtomicU64,
    most_operations: AtomicU64,
    most_milliseconds: AtomicU64,
    of_subject: (u64, u64),
    spent: AtomicBool,
    until: Option<Instant>,
    told: Mutex<Vec<usize>>,
    of_rules: Box<[OfRule]>,
}

/// What the calls of one rule used.
#[derive(Debug, Default)]
struct OfRule {
    operations: AtomicU64,
    milliseconds: AtomicU64,
}

impl RunMeter {
    /// For a run over so many subjects (commits, files, changes).
    pub fn new(limits: &Limits, subjects: usize) -> Self {
        let meter = Self {
            operations: AtomicU64::new(0),
            milliseconds: AtomicU64::new(0),
            most_operations: AtomicU64::new(limits.run_operations),
            most_milliseconds: AtomicU64::new(milliseconds(limits.run_wall)),
            of_subject: (limits.subject_operations, milliseconds(limits.subject_wall).max(1)),
            spent: AtomicBool::new(false),
            until: None,
            told: Mutex::new(Vec::new()),
            of_rules: Box::default(),
        };
        meter.add_subjects(subjects);
        meter
    }

    /// Counts for each of so many rules, too.
    #[must_use]
    pub fn of_each(self, rules: usize) -> Self {
        Self { of_rules: (0..rules).map(|_| OfRule::default()).collect(), ..self }
    }

    /// Ends at this moment at the latest.
    #[must_use]
    pub fn until(self, moment: Option<Instant>) -> Self {
        Self { until: moment, ..self }
    }

    /// Operations and time that a rule has used so far, by its index among those in force, where each is counted. A call
    /// shorter than a tick of the clock counts for nothing or for a whole one, by chance; over a long run the sum is right.
    pub fn of_rule(&self, index: usize) -> (u64, Duration) {
        let used = self.of_rules.get(index).map_or((0, 0), |used| {
            (used.operations.load(Ordering::Relaxed), used.milliseconds.load(Ordering::Relaxed))
        });
        (used.0, Duration::from_millis(used.1))
    }

    /// Raises the limits for more subjects: a long range is not counted before it is walked.
    pub fn add_subjects(&self, subjects: usize) {
        let subjects = subjects as u64;
        let (operations, wall) = self.of_subject;
        self.most_operations.fetch_add(operations.saturating_mul(subjects), Ordering::Relaxed);
        self.most_milliseconds.fetch_add(wall.saturating_mul(subjects), Ordering::Relaxed);
    }

    /// Adds what a call of a rule used, by its index among those in force.
    pub(super) fn add_of(&self, index: usize, used: &Used) {
        if let Some(of_rule) = self.of_rules.get(index) {
            of_rule.operations.fetch_add(used.operations, Ordering::Relaxed);
            if used.milliseconds > 0 {
                of_rule.milliseconds.fetch_add(used.milliseconds, Ordering::Relaxed);
            }
        }
        self.add(used);
    }

    pub(super) fn add(&self, used: &Used) {
        let operations = self.operations.fetch_add(used.operations, Ordering::Relaxed) + used.operations;
        // A call shorter than a tick counts for nothing or for a whole one, by chance; the sum is right.
        let spent = self.milliseconds.fetch_add(used.milliseconds, Ordering::Relaxed) + used.milliseconds;
        let over = |used: u64, most: &AtomicU64| used > most.load(Ordering::Relaxed);
        if over(operations, &self.most_operations) || over(spent, &self.most_milliseconds) {
            self.spent.store(true, Ordering::Relaxed);
        }
    }

    /// Is nothing left?
    pub fn is_spent(&self) -> bool {
        self.spent.load(Ordering::Relaxed) || self.until.is_some_and(|moment| Instant::now() >= moment)
    }

    /// Operations counted so far.
    pub fn operations(&self) -> u64 {
        self.operations.load(Ordering::Relaxed)
    }

    /// Each rule says once that it is not judged any more.
    pub(super) fn tell(&self, rule: usize) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let new = !told.contains(&rule);
        if new {
            told.push(rule);
        }
        new
    }
}

//! The limits of a whole run: many rules that each stay just under every limit of a call are too much together.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

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
    told: Mutex<Vec<usize>>,
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
            told: Mutex::new(Vec::new()),
        };
        meter.add_subjects(subjects);
        meter
    }

    /// Raises the limits for more subjects: a long range is not counted before it is walked.
    pub fn add_subjects(&self, subjects: usize) {
        let subjects = subjects as u64;
        let (operations, wall) = self.of_subject;
        self.most_operations.fetch_add(operations.saturating_mul(subjects), Ordering::Relaxed);
        self.most_milliseconds.fetch_add(wall.saturating_mul(subjects), Ordering::Relaxed);
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
        self.spent.load(Ordering::Relaxed)
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

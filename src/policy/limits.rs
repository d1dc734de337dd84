//! What a script may use up: one handler call, and a whole run.
//!
//! Rhai counts operations for each call of its own, and loses those of closures that a native function calls; so they are
//! counted here, on the thread, from `on_progress`. One ticking thread tells the time: reading a clock at every operation
//! would cost a third of the speed, reading an atomic costs nothing that can be measured. A limit once hit stays hit for the
//! rest of the call: a native function that swallows the error changes nothing.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rhai::{Dynamic, Engine, EvalAltResult, Position};

use crate::facts::MAX_BLOB;

/// The stack that scripts need: a script can nest values (arrays, closures in closures) as deep as it has operations, and they
/// are dropped recursively. Only what is touched costs memory.
pub const STACK_SIZE: usize = if cfg!(target_pointer_width = "64") { 512 << 20 } else { 64 << 20 };

/// The least stack that is worth trying, where no more can be had.
const LEAST_STACK: usize = 8 << 20;

/// How often the clock thread looks at the clock.
const TICK: Duration = Duration::from_millis(4);

/// Milliseconds since the clock thread began; late by a tick, and by what a busy machine adds. With [`CROWDED`] no deadline
/// is kept.
static NOW: AtomicU64 = AtomicU64::new(0);

/// The process has more memory than rules may make it take.
const CROWDED: u64 = 1 << 63;

/// What the process may have, all its threads together; texts are at most 16 MiB, and honest rules hold a few of them.
const MOST_MEMORY: usize = 1 << 30;

fn now() -> u64 {
    NOW.load(Ordering::Relaxed) & !CROWDED
}

/// What one call and a whole run may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Operations of one call.
    pub operations: u64,
    /// Wall time of one call.
    pub wall: Duration,
    /// Functions that call each other.
    pub call_depth: usize,
    /// Expressions inside expressions.
    pub expression_depth: usize,
    /// Bytes of a string, and of all strings in one array or map.
    pub string: usize,
    /// Elements of an array, those of arrays in it included.
    pub array: usize,
    /// Entries of a map, those of maps in it included.
    pub map: usize,
    /// Variables alive at once.
    pub variables: usize,
    /// Functions in a script.
    pub functions: usize,
    /// Findings of one call.
    pub findings: usize,
    /// Operations of a run, whatever its size.
    pub run_operations: u64,
    /// And as many for each subject.
    pub subject_operations: u64,
    /// Wall time of a run, summed over its threads, whatever its size.
    pub run_wall: Duration,
    /// And as much for each subject.
    pub subject_wall: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            operations: 5_000_000,
            wall: Duration::from_secs(2),
            call_depth: 32,
            expression_depth: 64,
            string: usize::try_from(MAX_BLOB).unwrap_or(usize::MAX) / 2 * 3,
            array: 100_000,
            map: 100_000,
            variables: 1_000,
            functions: 1_000,
            findings: 10_000,
            run_operations: 200_000_000,
            subject_operations: 500_000,
            run_wall: Duration::from_secs(60),
            subject_wall: Duration::from_millis(20),
        }
    }
}

impl Limits {
    /// Sets what Rhai itself looks after.
    pub(super) fn apply(&self, engine: &mut Engine) {
        engine.set_max_operations(0);
        engine.set_max_call_levels(self.call_depth);
        engine.set_max_expr_depths(self.expression_depth, self.expression_depth);
        engine.set_max_string_size(self.string);
        engine.set_max_array_size(self.array);
        engine.set_max_map_size(self.map);
        engine.set_max_variables(self.variables);
        engine.set_max_functions(self.functions);
        engine.set_max_modules(0);
        engine.set_max_strings_interned(0);
        engine.on_progress(|_| METER.with(Meter::step));
    }
}

/// Which limit was hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trip {
    /// Of one call.
    Operations(u64),
    /// Of one call.
    Wall(Duration),
    /// Of the process.
    Memory(usize),
    /// Of one call.
    Findings(usize),
}

impl Trip {
    /// For people.
    pub(super) fn message(self) -> String {
        match self {
            Self::Operations(most) => format!("it takes more than {most} operations"),
            Self::Wall(most) => format!("it takes longer than {} ms", most.as_millis()),
            Self::Memory(most) => {
                format!("it takes memory until the process has more than {} MiB", most >> 20)
            }
            Self::Findings(most) => format!("it makes more than {most} findings"),
        }
    }

    /// As Rhai's error, which no script can catch.
    pub(super) fn error(self) -> Box<EvalAltResult> {
        EvalAltResult::ErrorTerminated(Dynamic::from(self.message()), Position::NONE).into()
    }
}

struct Meter {
    operations: Cell<u64>,
    most: Cell<u64>,
    deadline: Cell<u64>,
    limits: Cell<(u64, Duration)>,
    sizes: Cell<(usize, usize)>,
    trip: Cell<Option<Trip>>,
}

thread_local! {
    static METER: Meter = const {
        Meter {
            operations: Cell::new(0),
            most: Cell::new(u64::MAX),
            deadline: Cell::new(u64::MAX),
            limits: Cell::new((u64::MAX, Duration::MAX)),
            sizes: Cell::new((usize::MAX, usize::MAX)),
            trip: Cell::new(None),
        }
    };
}

impl Meter {
    fn step(&self) -> Option<Dynamic> {
        let operations = self.operations.get().wrapping_add(1);
        self.operations.set(operations);
        if operations <= self.most.get() && NOW.load(Ordering::Relaxed) <= self.deadline.get() {
            return None;
        }
        Some(Dynamic::from(self.tripped().message()))
    }

    /// Which limit it was; from now on every step fails.
    fn tripped(&self) -> Trip {
        let (operations, wall) = self.limits.get();
        let trip = self.trip.get().unwrap_or_else(|| {
            if self.operations.get() > self.most.get() {
                Trip::Operations(operations)
            } else if NOW.load(Ordering::Relaxed) & CROWDED != 0 {
                Trip::Memory(MOST_MEMORY)
            } else {
                Trip::Wall(wall)
            }
        });
        self.trip(trip);
        trip
    }

    fn trip(&self, trip: Trip) {
        self.trip.set(Some(self.trip.get().unwrap_or(trip)));
        self.most.set(0);
    }
}

/// Counts work that a native function does as operations.
///
/// # Errors
/// When the call has none left.
pub(super) fn charge(operations: usize) -> Result<(), Box<EvalAltResult>> {
    METER.with(|meter| {
        let used = meter.operations.get().saturating_add(operations as u64);
        meter.operations.set(used);
        match meter.step() {
            None => Ok(()),
            Some(_) => Err(meter.tripped().error()),
        }
    })
}

/// Is there room for one more element in an array? Asked before it is made: Rhai looks when all is done.
///
/// # Errors
/// When there is not.
pub(super) fn room(elements: usize) -> Result<(), Box<EvalAltResult>> {
    let (array, _) = METER.with(|meter| meter.sizes.get());
    within(elements < array, "size of array")
}

/// May a text be so many bytes long?
///
/// # Errors
/// When it may not.
pub(super) fn text(bytes: usize) -> Result<(), Box<EvalAltResult>> {
    let (_, string) = METER.with(|meter| meter.sizes.get());
    within(bytes <= string, "length of string")
}

fn within(fits: bool, what: &str) -> Result<(), Box<EvalAltResult>> {
    if fits { Ok(()) } else { Err(EvalAltResult::ErrorDataTooLarge(what.to_owned(), Position::NONE).into()) }
}

/// Ends the call for a limit that is not counted in operations.
pub(super) fn trip(trip: Trip) -> Box<EvalAltResult> {
    METER.with(|meter| meter.trip(trip));
    trip.error()
}

/// One call under limits; calls nest when a test of a rule judges.
pub(super) struct Metered {
    outer: (u64, u64, u64, (u64, Duration), Option<Trip>),
    started: u64,
}

/// What a call used.
pub(super) struct Used {
    pub(super) operations: u64,
    pub(super) milliseconds: u64,
    pub(super) trip: Option<Trip>,
}

impl Metered {
    pub(super) fn start(limits: &Limits) -> Self {
        start_clock();
        let now = now();
        let outer = METER.with(|meter| {
            let limit = (limits.operations, limits.wall);
            meter.sizes.set((limits.array, limits.string));
            let deadline = now.saturating_add(milliseconds(limits.wall));
            (
                meter.operations.replace(0),
                meter.most.replace(limits.operations),
                meter.deadline.replace(deadline),
                meter.limits.replace(limit),
                meter.trip.replace(None),
            )
        });
        Self { outer, started: now }
    }

    /// Ends it and gives the thread back to the call around it.
    pub(super) fn end(self) -> Used {
        METER.with(|meter| Used {
            operations: meter.operations.get(),
            milliseconds: now().saturating_sub(self.started),
            trip: meter.trip.get(),
        })
    }
}

impl Drop for Metered {
    fn drop(&mut self) {
        METER.with(|meter| {
            let (operations, most, deadline, limits, trip) = self.outer;
            meter.operations.set(operations);
            meter.most.set(most);
            meter.deadline.set(deadline);
            meter.limits.set(limits);
            meter.trip.set(trip);
        });
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The thread that tells the time. Without one (no thread can be had) operations alone limit a call.
fn start_clock() {
    static CLOCK: OnceLock<bool> = OnceLock::new();
    CLOCK.get_or_init(|| {
        let clock = std::thread::Builder::new().name("clock".to_owned()).stack_size(64 << 10);
        clock
            .spawn(|| {
                let start = Instant::now();
                loop {
                    std::thread::sleep(TICK);
                    let memory = memory_stats::memory_stats().map_or(0, |stats| stats.physical_mem);
                    let crowded = if memory > MOST_MEMORY { CROWDED } else { 0 };
                    NOW.store(milliseconds(start.elapsed()) | crowded, Ordering::Relaxed);
                }
            })
            .is_ok()
    });
}

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
        let (operations, milliseconds) = self.of_subject;
        self.most_operations.fetch_add(operations.saturating_mul(subjects), Ordering::Relaxed);
        self.most_milliseconds.fetch_add(milliseconds.saturating_mul(subjects), Ordering::Relaxed);
    }

    pub(super) fn add(&self, used: &Used) {
        let operations = self.operations.fetch_add(used.operations, Ordering::Relaxed) + used.operations;
        let milliseconds =
            self.milliseconds.fetch_add(used.milliseconds, Ordering::Relaxed) + used.milliseconds;
        let over = |used: u64, most: &AtomicU64| used > most.load(Ordering::Relaxed);
        if over(operations, &self.most_operations) || over(milliseconds, &self.most_milliseconds) {
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

/// Runs `work` on a thread whose stack is large enough for scripts; where that much cannot be had, on the largest there is.
///
/// # Errors
/// When no thread can be had.
pub fn with_stack<R: Send>(work: impl FnOnce() -> R + Send) -> std::io::Result<R> {
    // Where a thread cannot be had its closure is lost, but not what it would have taken from here.
    let work = Mutex::new(Some(work));
    let take = || work.lock().unwrap_or_else(PoisonError::into_inner).take();
    std::thread::scope(|scope| {
        let mut stack = STACK_SIZE;
        let handle = loop {
            let thread = std::thread::Builder::new().name("rules".to_owned()).stack_size(stack);
            match thread.spawn_scoped(scope, || take().map(|work| work())) {
                Ok(handle) => break handle,
                Err(_) if stack > LEAST_STACK => stack /= 2,
                Err(error) => return Err(error),
            }
        };
        match handle.join() {
            Ok(Some(result)) => Ok(result),
            Ok(None) => Err(std::io::Error::other("the work was done already")),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

//! What a script may use up: one handler call, and a whole run.
//!
//! Rhai counts operations for each call of its own, and loses those of closures that a native function calls; so they are
//! counted here, on the thread, from `on_progress`. One ticking thread tells the time: reading a clock at every operation
//! would cost a third of the speed, reading an atomic costs nothing that can be measured. A limit once hit stays hit for the
//! rest of the call: a native function that swallows the error changes nothing.

use std::cell::Cell;
use std::time::Duration;

use rhai::{Dynamic, Engine, EvalAltResult, Position};

use super::clock;
use crate::facts::MAX_BLOB;

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

/// Operations of the script's own that a call may use before the clock is started, where it is not running yet: a hook's
/// calls are over by then, and a thread is a twentieth of what a hook costs. Too few to fill the memory in, doubling texts.
const EARLY: u64 = 128;

struct Meter {
    operations: Cell<u64>,
    most: Cell<u64>,
    is_early: Cell<bool>,
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
            is_early: Cell::new(false),
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
        if operations <= self.most.get() && !clock::is_past(self.deadline.get()) {
            return None;
        }
        if self.starts_clock(operations) {
            return None;
        }
        Some(Dynamic::from(self.tripped().message()))
    }

    /// The first call that is not over at once is what the clock is started for.
    fn starts_clock(&self, operations: u64) -> bool {
        let (most, wall) = self.limits.get();
        if !self.is_early.replace(false) || operations > most || self.trip.get().is_some() {
            return false;
        }
        clock::start();
        self.most.set(most);
        self.deadline.set(clock::deadline(wall));
        true
    }

    /// Which limit it was; from now on every step fails.
    fn tripped(&self) -> Trip {
        let (operations, wall) = self.limits.get();
        let trip = self.trip.get().unwrap_or_else(|| {
            if self.operations.get() > self.most.get() {
                Trip::Operations(operations)
            } else if clock::is_crowded() {
                Trip::Memory(clock::MOST_MEMORY)
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
        let operations = operations as u64;
        meter.operations.set(meter.operations.get().saturating_add(operations));
        if meter.is_early.get() {
            let (most, _) = meter.limits.get();
            meter.most.set(meter.most.get().saturating_add(operations).min(most));
        }
        match meter.step() {
            None => Ok(()),
            Some(_) => Err(meter.tripped().error()),
        }
    })
}

/// Operations of the call so far.
pub(super) fn used() -> u64 {
    METER.with(|meter| meter.operations.get())
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

/// What the meter of the call around it was set to: operations, most and whether it is early, deadline, limits, trip.
type Outer = (u64, (u64, bool), u64, (u64, Duration), Option<Trip>);

/// One call under limits; calls nest when a test of a rule judges.
pub(super) struct Metered {
    outer: Outer,
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
        let outer = METER.with(|meter| {
            let limit = (limits.operations, limits.wall);
            meter.sizes.set((limits.array, limits.string));
            let is_early = !clock::is_running();
            let most = if is_early { limits.operations.min(EARLY) } else { limits.operations };
            (
                meter.operations.replace(0),
                (meter.most.replace(most), meter.is_early.replace(is_early)),
                meter.deadline.replace(clock::deadline(limits.wall)),
                meter.limits.replace(limit),
                meter.trip.replace(None),
            )
        });
        Self { outer, started: clock::now() }
    }

    /// Ends it and gives the thread back to the call around it.
    pub(super) fn end(self) -> Used {
        METER.with(|meter| Used {
            operations: meter.operations.get(),
            milliseconds: clock::now().saturating_sub(self.started),
            trip: meter.trip.get(),
        })
    }
}

impl Drop for Metered {
    fn drop(&mut self) {
        METER.with(|meter| {
            let (operations, (most, is_early), deadline, limits, trip) = self.outer;
            meter.operations.set(operations);
            meter.most.set(most);
            meter.is_early.set(is_early);
            meter.deadline.set(deadline);
            meter.limits.set(limits);
            meter.trip.set(trip);
        });
    }
}

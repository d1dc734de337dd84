//! What time it is and how much memory is left, told by one thread: reading a clock at every operation would cost a third of
//! the speed, reading an atomic costs nothing that can be measured.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How often the clock thread looks at the clock.
const TICK: Duration = Duration::from_millis(4);

/// Milliseconds since the clock thread began; late by a tick, and by what a busy machine adds. With [`CROWDED`] no deadline
/// is kept.
static NOW: AtomicU64 = AtomicU64::new(0);

/// The process has more memory than rules may make it take.
const CROWDED: u64 = 1 << 63;

/// What the process may have, all its threads together; texts are at most 16 MiB, and honest rules hold a few of them.
pub(super) const MOST_MEMORY: usize = 1 << 30;

/// Milliseconds since the clock began.
pub(super) fn now() -> u64 {
    NOW.load(Ordering::Relaxed) & !CROWDED
}

/// Is it later than this, or is the process crowded?
pub(super) fn is_past(deadline: u64) -> bool {
    NOW.load(Ordering::Relaxed) > deadline
}

/// Has the process more memory than rules may make it take?
pub(super) fn is_crowded() -> bool {
    NOW.load(Ordering::Relaxed) & CROWDED != 0
}

/// As the clock counts.
pub(super) fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// So much later than now.
pub(super) fn deadline(wall: Duration) -> u64 {
    now().saturating_add(milliseconds(wall))
}

static CLOCK: OnceLock<bool> = OnceLock::new();

/// Was it started?
pub(super) fn is_running() -> bool {
    CLOCK.get().is_some()
}

/// The thread that tells the time. Without one (no thread can be had) operations alone limit a call.
pub(super) fn start() {
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

//! Progress of long runs, on standard error when that is a terminal.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::check::Progress;

/// How often it is looked at.
const TICK: Duration = Duration::from_millis(100);
/// Shorter runs show nothing.
const PATIENCE: Duration = Duration::from_millis(500);

/// Runs `work` and shows how far it has come.
pub(super) fn shown<T>(quiet: bool, work: impl FnOnce(&Progress) -> T) -> T {
    let progress = Progress::default();
    if quiet || !console::Term::stderr().is_term() {
        return work(&progress);
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| watch(&progress, &done));
        let result = work(&progress);
        done.store(true, Ordering::Relaxed);
        thread.thread().unpark();
        result
    })
}

fn watch(progress: &Progress, done: &AtomicBool) {
    std::thread::park_timeout(PATIENCE);
    if done.load(Ordering::Relaxed) {
        return;
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {pos} commits checked ({per_sec}, {elapsed})")
    {
        bar.set_style(style);
    }
    while !done.load(Ordering::Relaxed) {
        bar.set_position(u64::try_from(progress.commits()).unwrap_or(u64::MAX));
        std::thread::park_timeout(TICK);
    }
    bar.finish_and_clear();
}

//! Threads with a stack for scripts.

use std::sync::{Mutex, PoisonError};

/// The stack that scripts need: a script can nest values (arrays, closures in closures) as deep as it has operations, and they
/// are dropped recursively. Only what is touched costs memory.
pub const STACK_SIZE: usize = if cfg!(target_pointer_width = "64") { 512 << 20 } else { 64 << 20 };

/// The least stack that is worth trying, where no more can be had.
const LEAST_STACK: usize = 8 << 20;

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

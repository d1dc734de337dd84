//! Parse, run, exit.

use std::convert::Infallible;
use std::io::Write as _;
use std::process::{self, ExitCode};
use std::time::Instant;

use bylaws::cli::{self, Exit};
use bylaws::policy::with_stack;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let started = Instant::now();
    // The thread with a stack for scripts ends the process itself: to wait for it, and to give its stack back before everything
    // else, would be time that a hook takes for nothing.
    let failed = with_stack(|| -> Infallible { process::exit(run(started).status().into()) });
    let Err(error) = failed;
    tell(&format!("error: no thread for scripts can be had: {error}"));
    Exit::Undecided.into()
}

fn run(started: Instant) -> Exit {
    // A panic is a defect, but a gate must close on it: 101 means nothing to whoever reads exit statuses.
    match std::panic::catch_unwind(|| cli::run(std::env::args_os(), started)) {
        Ok(Ok(exit)) => exit,
        Ok(Err(error)) => {
            tell(&cli::shown(&error));
            Exit::Undecided
        }
        Err(_) => Exit::Undecided,
    }
}

/// Where even this cannot be written, the exit status still tells.
fn tell(error: &str) {
    drop(writeln!(std::io::stderr(), "{error}"));
}

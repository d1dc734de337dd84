//! Parse, run, exit.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Instant;

use bylaws::cli::{self, Exit};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let started = Instant::now();
    // A panic is a defect, but a gate must close on it: 101 means nothing to whoever reads exit statuses.
    let exit = match std::panic::catch_unwind(|| cli::run(std::env::args_os(), started)) {
        Ok(Ok(exit)) => exit,
        Ok(Err(error)) => {
            // Where even this cannot be written, the exit status still tells.
            drop(writeln!(std::io::stderr(), "{}", cli::shown(&error)));
            Exit::Undecided
        }
        Err(_) => Exit::Undecided,
    };
    exit.into()
}

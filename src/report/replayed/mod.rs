//! What rules would have decided, rendered: one file a format.

mod human;
mod json;

use std::io::{self, Write};
use std::time::Duration;

pub use human::ReplayedHuman;
pub use json::ReplayedJson;

use crate::check::Replay;

/// A replay.
#[derive(Debug, Clone, Copy)]
pub struct Replayed<'a> {
    /// What would have been decided.
    pub replay: &'a Replay,
    /// How long it took.
    pub took: Duration,
}

/// A format.
pub trait ReplayedReport {
    /// Writes the whole report.
    ///
    /// # Errors
    /// When it cannot be written.
    fn write(&self, replayed: Replayed<'_>, to: &mut dyn Write) -> io::Result<()>;
}

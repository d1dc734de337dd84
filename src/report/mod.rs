//! A verdict, rendered: one file a format. Renderers are values; none of them prints by itself.

mod human;
mod json;
mod replayed;
mod sanitize;
mod tested;

use std::io::{self, Write};
use std::time::Duration;

pub use human::Human;
pub use json::Json;
pub use replayed::{Replayed, ReplayedHuman, ReplayedJson, ReplayedReport};
pub use sanitize::clean;
pub use tested::{Tested, TestedHuman, TestedJson, TestedReport};

use crate::verdict::Verdict;

/// What a report is made of.
#[derive(Debug, Clone, Copy)]
pub struct Outcome<'a> {
    /// What was decided.
    pub verdict: &'a Verdict,
    /// How long it took, for people.
    pub took: Duration,
}

/// A format.
pub trait Report {
    /// Writes the whole report.
    ///
    /// # Errors
    /// When it cannot be written: a full disk, a closed pipe. The caller must not then say "allowed".
    fn write(&self, outcome: Outcome<'_>, to: &mut dyn Write) -> io::Result<()>;
}

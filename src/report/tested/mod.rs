//! What became of tests of rules, rendered: one file a format.

mod human;
mod json;
mod junit;

use std::io::{self, Write};
use std::time::Duration;

pub use human::TestedHuman;
pub use json::TestedJson;
pub use junit::TestedJunit;

use crate::policy::Coverage;
use crate::policy::testing::TestOutcome;

/// A run of tests.
#[derive(Debug, Clone, Copy)]
pub struct Tested<'a> {
    /// In the order in which they are written.
    pub outcomes: &'a [TestOutcome],
    /// What they left out, where that was asked for.
    pub coverage: Option<&'a Coverage>,
    /// The least coverage, of a hundred, that is demanded.
    pub least: Option<usize>,
    /// How long it took.
    pub took: Duration,
}

impl Tested<'_> {
    /// How many failed.
    pub fn failed(&self) -> usize {
        self.outcomes.iter().filter(|outcome| !outcome.passed()).count()
    }

    /// Is there less coverage than is demanded?
    pub fn lacks_coverage(&self) -> bool {
        self.least.zip(self.coverage).is_some_and(|(least, coverage)| coverage.percent() < least)
    }
}

/// A format.
pub trait TestedReport {
    /// Writes the whole report.
    ///
    /// # Errors
    /// When it cannot be written. The caller must not then say "passed".
    fn write(&self, tested: Tested<'_>, to: &mut dyn Write) -> io::Result<()>;
}

//! A verdict, rendered: one file a format. Renderers are values; none of them prints by itself.

pub mod document;
mod fingerprint;
mod github;
mod gitlab;
mod human;
mod json;
pub mod junit;
mod replayed;
#[cfg(test)]
mod samples;
mod sanitize;
mod sarif;
mod screen;
mod tested;
mod words;

use std::io::{self, Write};
use std::time::Duration;

pub use github::Github;
pub use gitlab::Gitlab;
pub use human::Human;
pub use json::Json;
pub use junit::Junit;
pub use replayed::{Replayed, ReplayedHuman, ReplayedJson, ReplayedReport};
pub use sanitize::clean;
pub use sarif::Sarif;
pub use screen::Answer;
pub use tested::{Tested, TestedHuman, TestedJson, TestedJunit, TestedReport};

use crate::policy::{Binding, RuleInfo};
use crate::verdict::Verdict;

/// A rule in force, with its level and parameters.
pub type RuleInForce<'a> = (&'a RuleInfo, &'a Binding);

/// What a report is made of.
#[derive(Debug, Clone, Copy)]
pub struct Outcome<'a> {
    /// What was decided.
    pub verdict: &'a Verdict,
    /// The rules in force, for formats that name those that found nothing, too.
    pub rules: &'a [RuleInForce<'a>],
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

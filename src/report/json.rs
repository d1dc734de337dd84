//! One JSON object, DESIGN.md section 5: for programs.

use std::io::{self, Write};

use super::{Outcome, Report};

/// The JSON format, version 1.
#[derive(Debug, Clone, Copy, Default)]
pub struct Json;

impl Report for Json {
    fn write(&self, outcome: Outcome<'_>, to: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *to, outcome.verdict)?;
        writeln!(to)
    }
}

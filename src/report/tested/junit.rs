//! JUnit's XML: one case a test, as CI servers read it.

use std::io::{self, Write};

use super::super::junit::{self, Case, CaseResult, Suite};
use super::{Tested, TestedReport};
use crate::policy::testing::{Failure, TestOutcome};

/// The JUnit format.
#[derive(Debug, Clone, Copy, Default)]
pub struct TestedJunit;

impl TestedReport for TestedJunit {
    fn write(&self, tested: Tested<'_>, to: &mut dyn Write) -> io::Result<()> {
        let coverage =
            tested.coverage.map(|coverage| ("coverage".to_owned(), coverage.percent().to_string()));
        let suite = Suite {
            name: "bylaws test".to_owned(),
            took: tested.took,
            properties: coverage.into_iter().collect(),
            cases: tested.outcomes.iter().map(case).collect(),
        };
        junit::write(suite, to)
    }
}

fn case(outcome: &TestOutcome) -> Case {
    let line = Some(outcome.place.line).filter(|line| *line > 0);
    Case {
        name: outcome.name.clone(),
        group: outcome.place.file.clone(),
        place: Some((outcome.place.file.clone(), line)),
        took: Some(outcome.took),
        result: outcome.failure.as_ref().map_or(CaseResult::Passed, result),
    }
}

fn result(failure: &Failure) -> CaseResult {
    let mut lines = vec![format!("at {}", failure.place)];
    let parts = [("judged", &failure.values), ("said", &failure.said)];
    for (word, told) in parts {
        lines.extend(told.iter().map(|line| format!("{word}: {line}")));
    }
    lines.extend(failure.help.iter().map(|help| format!("help: {help}")));
    CaseResult::Failed(failure.message.clone(), lines)
}

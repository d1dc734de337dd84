//! For people: failures with their place, what was expected, what was judged and what the rule said.

use std::io::{self, Write};

use console::Style;

use super::super::human::{counted, lasting, paint};
use super::{Tested, TestedReport};
use crate::policy::testing::{Failure, TestOutcome};
use crate::policy::{Coverage, RuleCoverage};
use crate::report::clean;

/// The human format.
#[derive(Debug, Clone, Copy, Default)]
pub struct TestedHuman {
    /// Colours: only for a terminal.
    pub colour: bool,
    /// Only failures, and no last line where there is none.
    pub quiet: bool,
    /// Name the tests that passed, too.
    pub verbose: bool,
}

impl TestedReport for TestedHuman {
    fn write(&self, tested: Tested<'_>, to: &mut dyn Write) -> io::Result<()> {
        for outcome in tested.outcomes {
            match &outcome.failure {
                Some(failure) => self.failure(outcome, failure, to)?,
                None if self.verbose => {
                    writeln!(to, "{} {}", self.green("passed:"), clean(&outcome.name))?;
                }
                None => {}
            }
        }
        if let Some(coverage) = tested.coverage {
            self.coverage(coverage, to)?;
            if tested.lacks_coverage() {
                let least = tested.least.unwrap_or_default();
                writeln!(to, "{} less than {least} % of the statements are entered", self.red("failed:"))?;
            }
        }
        let (failed, all) = (tested.failed(), counted(tested.outcomes.len(), "test"));
        let took = lasting(tested.took);
        match failed {
            0 if self.quiet => Ok(()),
            0 => writeln!(to, "{} {all} ({took})", self.green("passed:")),
            _ => writeln!(to, "{} {failed} of {all} ({took})", self.red("failed:")),
        }
    }
}

impl TestedHuman {
    fn failure(&self, outcome: &TestOutcome, failure: &Failure, to: &mut dyn Write) -> io::Result<()> {
        let name = paint(self.colour, &Style::new().bold(), &clean(&outcome.name));
        writeln!(to, "{} {name}", self.red("failed:"))?;
        self.excerpt(failure, to)?;
        match failure.message.strip_prefix("expected: ") {
            Some(expected) => self.lines("expected", &[clean(expected)], to)?,
            None => self.lines("error", &[clean(&failure.message)], to)?,
        }
        self.lines("judged", &cleaned(&failure.values), to)?;
        let nothing = failure.said.is_empty() && !failure.values.is_empty();
        let said = if nothing { vec!["nothing".to_owned()] } else { cleaned(&failure.said) };
        self.lines("said", &said, to)?;
        self.lines("help", &failure.help.iter().map(|help| clean(help)).collect::<Vec<_>>(), to)?;
        writeln!(to)
    }

    fn excerpt(&self, failure: &Failure, to: &mut dyn Write) -> io::Result<()> {
        let place = &failure.place;
        let number = place.line.to_string();
        let margin = " ".repeat(number.len());
        writeln!(to, "{margin} {} {}", self.blue("-->"), clean(&place.to_string()))?;
        let Some(line) = &failure.excerpt else { return Ok(()) };
        let bar = self.blue("|");
        writeln!(to, "{margin}  {bar}")?;
        writeln!(to, " {} {bar} {}", self.blue(&number), clean(line))?;
        let before = usize::try_from(place.column).unwrap_or(0).saturating_sub(1);
        writeln!(to, "{margin}  {bar} {}{}", " ".repeat(before), self.red("^"))?;
        Ok(())
    }

    /// What a word says, in one line or several.
    fn lines(&self, word: &str, lines: &[String], to: &mut dyn Write) -> io::Result<()> {
        for (n, line) in lines.iter().enumerate() {
            let head =
                if n == 0 { format!("{} {word}: ", self.blue("=")) } else { " ".repeat(word.len() + 4) };
            writeln!(to, "   {head}{line}")?;
        }
        Ok(())
    }

    fn coverage(&self, coverage: &Coverage, to: &mut dyn Write) -> io::Result<()> {
        let incomplete = coverage.rules.iter().filter(|rule| !rule.is_complete());
        for rule in incomplete {
            self.rule(rule, to)?;
        }
        let all = counted(coverage.statements, "statement");
        let rules = counted(coverage.rules.len(), "rule");
        writeln!(to, "coverage: {} % ({} of {all} in {rules})", coverage.percent(), coverage.entered)
    }

    fn rule(&self, rule: &RuleCoverage, to: &mut dyn Write) -> io::Result<()> {
        let lacking: Vec<&str> = [(rule.satisfied, "satisfied"), (rule.violated, "violated")]
            .into_iter()
            .filter_map(|(shown, state)| (!shown).then_some(state))
            .collect();
        let mut parts = Vec::new();
        if !rule.missed.is_empty() {
            parts.push(format!("{} not entered", counted(rule.missed.len(), "statement")));
        }
        if !lacking.is_empty() {
            parts.push(format!("no test shows it {}", lacking.join(" or ")));
        }
        let yellow = Style::new().yellow().bold();
        let head = paint(self.colour, &yellow, &format!("coverage[{}]:", rule.rule));
        writeln!(to, "{head} {}", parts.join("; "))?;
        if rule.missed.is_empty() {
            writeln!(to, "  {} {}", self.blue("-->"), clean(&rule.place.to_string()))?;
        }
        let mut before = None;
        for missed in &rule.missed {
            // One statement tells for those that stand in the same line behind it.
            let line = (&missed.place.file, missed.place.line);
            if before.replace(line) == Some(line) {
                continue;
            }
            let within = missed.function.as_ref().map(|name| format!(" (in {name})")).unwrap_or_default();
            let place = clean(&missed.place.to_string());
            writeln!(to, "  {} {place}: {}{}", self.blue("-->"), clean(&missed.text), clean(&within))?;
        }
        writeln!(to)
    }

    fn red(&self, text: &str) -> String {
        paint(self.colour, &Style::new().red().bold(), text)
    }

    fn green(&self, text: &str) -> String {
        paint(self.colour, &Style::new().green().bold(), text)
    }

    fn blue(&self, text: &str) -> String {
        paint(self.colour, &Style::new().blue().bold(), text)
    }
}

fn cleaned(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| clean(line)).collect()
}

//! For people: each rule with its counts and newest examples, those that found nothing in one line.

use std::io::{self, Write};
use std::time::Duration;

use console::Style;

use super::super::human::{counted, lasting, paint};
use super::{Replayed, ReplayedReport};
use crate::check::{Difference, Replay, ReplayedRule, Side};
use crate::report::clean;
use crate::verdict::{Finding, State};

/// Of a rule that took longer, it is told: it is what others wait for.
const SLOW: Duration = Duration::from_secs(1);

/// The human format.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReplayedHuman {
    /// Colours: only for a terminal.
    pub colour: bool,
    /// No examples.
    pub quiet: bool,
    /// Say which policy judged, and how long each rule took.
    pub verbose: bool,
}

impl ReplayedReport for ReplayedHuman {
    fn write(&self, replayed: Replayed<'_>, to: &mut dyn Write) -> io::Result<()> {
        let replay = replayed.replay;
        let compared = replay.against.is_some();
        let (judged, others): (Vec<_>, Vec<_>) = replay.rules.iter().partition(|rule| rule.is_replayed);
        let (silent, telling): (Vec<_>, Vec<_>) = judged.into_iter().partition(|rule| {
            if compared { !rule.differs() && rule.errors == 0 } else { rule.is_satisfied() }
        });
        for rule in telling {
            self.rule(rule, replay, to)?;
        }
        self.names(if compared { "unchanged" } else { "found nothing" }, &silent, to)?;
        self.names("not replayed, for they look at changes or pushes as a whole", &others, to)?;
        if self.verbose {
            for side in [Some(&replay.tried), replay.against.as_ref()].into_iter().flatten() {
                writeln!(to, "policy: {} ({})", clean(&side.policy.source), side.policy.digest)?;
            }
        }
        self.last_lines(replay, replayed.took, to)
    }
}

impl ReplayedHuman {
    fn rule(&self, rule: &ReplayedRule, replay: &Replay, to: &mut dyn Write) -> io::Result<()> {
        let style = match rule.level {
            Some(level) if level.is_mandatory() => Style::new().red(),
            _ => Style::new().yellow(),
        };
        let head = paint(self.colour, &style.bold(), &clean(&rule.id));
        writeln!(to, "{head} ({}): {}", levels(rule, replay.against.is_some()), self.counts(rule, replay))?;
        if !self.quiet {
            let difference = &rule.difference;
            if replay.against.is_some() {
                self.examples("+", &Style::new().red(), &difference.newly_examples, to)?;
                self.examples("-", &Style::new().green(), &difference.no_longer_examples, to)?;
                let failed: Vec<Finding> =
                    rule.examples.iter().filter(|one| one.state == State::Error).cloned().collect();
                self.examples("-->", &Style::new().blue(), &failed, to)?;
            } else {
                self.examples("-->", &Style::new().blue(), &rule.examples, to)?;
            }
        }
        writeln!(to)
    }

    fn counts(&self, rule: &ReplayedRule, replay: &Replay) -> String {
        let mut parts = Vec::new();
        if replay.against.is_some() {
            let Difference { newly, no_longer, .. } = rule.difference;
            let both = [(newly, "newly violated in"), (no_longer, "no longer violated in")];
            let some = both.iter().filter(|(n, _)| *n > 0);
            parts.extend(some.map(|(n, words)| format!("{words} {}", counted(*n, "place"))));
        }
        if rule.commits > 0 {
            let so_far = if parts.is_empty() { "violated in" } else { "now in" };
            parts.push(format!("{so_far} {}", share(rule.commits, replay.commits, "commit")));
        }
        if rule.files > 0 {
            parts.push(share(rule.files, replay.files, "file"));
        }
        if rule.overridden > 0 {
            parts.push(format!("waived in {}", counted(rule.overridden, "commit")));
        }
        if rule.errors > 0 {
            parts.push(format!("cannot judge {}", share(rule.errors, replay.commits, "commit")));
        }
        if self.verbose || rule.took >= SLOW {
            parts.push(format!("took {}", lasting(rule.took)));
        }
        if parts.is_empty() {
            parts.push("violated nowhere".to_owned());
        }
        parts.join(", ")
    }

    fn examples(
        &self,
        sign: &str,
        style: &Style,
        examples: &[Finding],
        to: &mut dyn Write,
    ) -> io::Result<()> {
        let sign = paint(self.colour, &style.clone().bold(), sign);
        for finding in examples {
            let waived = if finding.state == State::Overridden { "waived: " } else { "" };
            let message = clean(&finding.message);
            writeln!(to, "  {sign} {}: {waived}{message}", subject(finding))?;
            if let Some(place) = &finding.place {
                let help = finding.fix.as_ref().map(|help| format!(" ({})", clean(help))).unwrap_or_default();
                writeln!(to, "      at {}{help}", clean(&place.to_string()))?;
            }
        }
        Ok(())
    }

    fn names(&self, what: &str, rules: &[&ReplayedRule], to: &mut dyn Write) -> io::Result<()> {
        if rules.is_empty() || self.quiet {
            return Ok(());
        }
        let names: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
        writeln!(to, "{what}: {}\n", clean(&names.join(", ")))
    }

    fn last_lines(&self, replay: &Replay, took: Duration, to: &mut dyn Write) -> io::Result<()> {
        let seen = [
            counted(replay.commits, "commit"),
            counted(replay.files, "file"),
            counted(replay.rules.iter().filter(|rule| rule.level.is_some()).count(), "rule"),
        ];
        let sides = [Some(&replay.tried), replay.against.as_ref()];
        for (side, word) in sides.into_iter().zip(["would be denied", "before"]) {
            if let Some(side) = side {
                writeln!(to, "{}: {}", self.bold(word), decided(side, replay.commits))?;
            }
        }
        writeln!(to, "{}: {} ({})", self.bold("replayed"), seen.join(", "), lasting(took))?;
        if sides.into_iter().flatten().any(|side| side.is_spent) {
            let red = Style::new().red().bold();
            let text =
                "the rules used up what a run may use, and did not judge all of it; replay fewer commits";
            writeln!(to, "{} {text}", paint(self.colour, &red, "error:"))?;
        }
        Ok(())
    }

    fn bold(&self, text: &str) -> String {
        paint(self.colour, &Style::new().bold(), text)
    }
}

/// What an example is about, in a few words.
fn subject(finding: &Finding) -> String {
    let commit = finding.commit.map(|id| id.short()).unwrap_or_default();
    let line = finding.line.map(|line| format!(":{line}")).unwrap_or_default();
    match (&finding.path, &finding.about) {
        (Some(path), _) => format!("{commit} {}{line}", clean(path)),
        (None, Some(about)) => format!("{commit} \"{}\"", clean(&about.subject)),
        (None, None) => commit,
    }
}

fn levels(rule: &ReplayedRule, compared: bool) -> String {
    let word =
        |level: Option<crate::verdict::Level>, none: &'static str| level.map_or(none, |one| one.as_str());
    let now = word(rule.level, "not in force");
    if compared && rule.level != rule.level_before {
        return format!("{now}, before: {}", word(rule.level_before, "not in force"));
    }
    now.to_owned()
}

fn decided(side: &Side, commits: usize) -> String {
    let denied = share(side.denied, commits, "commit");
    match side.undecided {
        0 => denied,
        n => format!("{denied}; could not be decided: {}", share(n, commits, "commit")),
    }
}

/// How many, and of a hundred how many that is.
fn share(n: usize, all: usize, what: &str) -> String {
    format!("{} ({})", counted(n, what), percent(n, all))
}

/// With one decimal; what is not nothing is never shown as nothing, nor what is not all as all.
fn percent(n: usize, all: usize) -> String {
    let tenths = (n * 1000 + all / 2).checked_div(all).unwrap_or(0);
    match tenths {
        0 if n > 0 => "under 0.1 %".to_owned(),
        1000 if n < all => "over 99.9 %".to_owned(),
        _ => format!("{}.{} %", tenths / 10, tenths % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn a_share_is_rounded_and_never_to_none_or_all() {
        let shown =
            [(0, 9), (1, 3), (1, 10_000), (9_999, 10_000), (7, 7), (0, 0)].map(|(n, all)| percent(n, all));
        assert_eq!(shown, ["0.0 %", "33.3 %", "under 0.1 %", "over 99.9 %", "100.0 %", "0.0 %"]);
    }
}

//! For people, modelled on rustc's messages.

use std::io::{self, Write};
use std::time::Duration;

use console::Style;

use super::{Outcome, Report, clean};
use crate::verdict::{Decision, Finding, State, Summary};

/// The human format.
#[derive(Debug, Clone, Copy, Default)]
pub struct Human {
    /// Colours: only for a terminal.
    pub colour: bool,
    /// Only the findings at mandatory levels, and no last line where all is well.
    pub quiet: bool,
    /// Say which rules and which policy judged.
    pub verbose: bool,
}

impl Report for Human {
    fn write(&self, outcome: Outcome<'_>, to: &mut dyn Write) -> io::Result<()> {
        let verdict = outcome.verdict;
        let shown = verdict.findings.iter().filter(|f| !self.quiet || f.level.is_mandatory());
        for finding in shown {
            self.finding(finding, to)?;
        }
        if self.verbose {
            writeln!(to, "policy: {} ({})", clean(&verdict.policy.source), verdict.policy.digest)?;
        }
        if self.quiet && verdict.decision == Decision::Allow {
            return Ok(());
        }
        self.last_line(outcome, to)
    }
}

impl Human {
    fn finding(&self, finding: &Finding, to: &mut dyn Write) -> io::Result<()> {
        let (word, style) = heading(finding);
        let head = self.paint(&style.bold(), &format!("{word}[{}]", clean(&finding.rule)));
        writeln!(
            to,
            "{head}{}",
            self.paint(&Style::new().bold(), &format!(": {}", clean(&finding.message)))
        )?;
        let arrow = self.paint(&Style::new().blue().bold(), "-->");
        for line in places(finding) {
            writeln!(to, "  {arrow} {line}")?;
        }
        for (key, text) in [("why", &finding.why), ("fix", &finding.fix)] {
            if let Some(text) = text {
                let sign = self.paint(&Style::new().blue().bold(), "=");
                writeln!(to, "   {sign} {key}: {}", clean(text))?;
            }
        }
        writeln!(to)
    }

    /// What was decided and how much was looked at.
    pub(super) fn last_line(&self, outcome: Outcome<'_>, to: &mut dyn Write) -> io::Result<()> {
        let (word, style) = match outcome.verdict.decision {
            Decision::Allow => ("allowed", Style::new().green()),
            Decision::Deny => ("denied", Style::new().red()),
            Decision::Error => ("could not decide", Style::new().red()),
        };
        let summed = summed(outcome.verdict.summary, outcome.took);
        writeln!(to, "{}: {summed}", self.paint(&style.bold(), word))
    }

    fn paint(&self, style: &Style, text: &str) -> String {
        paint(self.colour, style, text)
    }
}

/// What was found and how much was looked at: `1 violation in 12 commits, 40 files, 9 rules (4 ms)`.
pub(super) fn summed(summary: Summary, took: Duration) -> String {
    let mut found = vec![counted(summary.violated, "violation")];
    if summary.errors > 0 {
        found.insert(0, counted(summary.errors, "error"));
    }
    if summary.overridden > 0 {
        found.push(format!("{} overridden", summary.overridden));
    }
    // A hook looks at files without a commit, or at a message without files; a server may know no rules yet.
    let seen: Vec<String> = [(summary.commits, "commit"), (summary.files, "file"), (summary.rules, "rule")]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| counted(n, what))
        .collect();
    let seen = if seen.is_empty() { String::new() } else { format!(" in {}", seen.join(", ")) };
    format!("{}{seen} ({})", found.join(", "), lasting(took))
}

/// Text in a style, where there are colours.
pub(super) fn paint(colour: bool, style: &Style, text: &str) -> String {
    style.clone().force_styling(colour).apply_to(text).to_string()
}

fn heading(finding: &Finding) -> (&'static str, Style) {
    match finding.state {
        State::Overridden => ("overridden", Style::new().cyan()),
        _ if finding.level.is_mandatory() => ("error", Style::new().red()),
        _ => ("warning", Style::new().yellow()),
    }
}

/// Where it is: commit, path and line, by whom; then, if the rule itself is at fault, where in the script.
fn places(finding: &Finding) -> Vec<String> {
    let mut parts = Vec::new();
    match (&finding.commit, &finding.reference) {
        (Some(id), _) => parts.push(id.short()),
        (None, Some(reference)) if finding.about.is_none() => parts.push(clean(&reference.to_string())),
        _ => {}
    }
    if let Some(path) = &finding.path {
        let line = finding.line.map(|line| format!(":{line}")).unwrap_or_default();
        parts.push(format!("{}{line}", clean(path)));
    }
    if let Some(about) = &finding.about {
        match (about.is_draft, finding.path.is_some()) {
            (true, true) => parts.push("(staged)".to_owned()),
            (true, false) => parts.push(format!("commit message: \"{}\"", clean(&about.subject))),
            (false, _) => parts.push(format!("by {}: \"{}\"", clean(&about.author), clean(&about.subject))),
        }
    }
    let subject = (!parts.is_empty()).then(|| parts.join(" "));
    subject.into_iter().chain(finding.place.as_ref().map(|place| clean(&place.to_string()))).collect()
}

pub(super) fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

pub(super) fn lasting(took: Duration) -> String {
    if took.as_secs() >= 10 {
        format!("{:.1} s", took.as_secs_f64())
    } else {
        format!("{} ms", took.as_millis())
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{finding, written};
    use super::*;
    use crate::verdict::Level;

    fn shown(findings: Vec<Finding>, human: Human) -> String {
        written(findings, &human)
    }

    #[test]
    fn a_finding_says_what_where_why_and_how_to_mend_it() {
        insta::assert_snapshot!(shown(vec![finding()], Human::default()), @r#"
        error[no-secrets]: an AWS access key is added
          --> 3f9c1e2 config/store.toml:14 by Ada Lovelace: "Add the [31msettings of the store"
           = why: whoever can read the repository can use the key
           = fix: take it out, rotate the key, and read it from the environment

        denied: 1 violation in 12 commits, 40 files, 9 rules (4 ms)
        "#);
    }

    #[test]
    fn advice_is_a_warning_and_allows() {
        let advice = Finding { level: Level::Advisory, ..finding() };
        let text = shown(vec![advice], Human::default());
        assert!(text.starts_with("warning[no-secrets]: "), "{text}");
        assert!(text.contains("allowed: 1 violation in"), "{text}");
    }

    #[test]
    fn quiet_keeps_what_denies() {
        let advice = Finding { level: Level::Advisory, ..finding() };
        assert_eq!(shown(vec![advice.clone()], Human { quiet: true, ..Human::default() }), "");
        let both = shown(vec![advice, finding()], Human { quiet: true, ..Human::default() });
        assert!(both.starts_with("error[") && !both.contains("warning["), "{both}");
    }

    #[test]
    fn colour_only_when_asked_for() {
        assert!(!shown(vec![finding()], Human::default()).contains('\u{1b}'));
        assert!(shown(vec![finding()], Human { colour: true, ..Human::default() }).contains("\u{1b}[31m"));
    }
}

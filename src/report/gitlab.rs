//! GitLab's Code Quality report: a JSON array in a subset of Code Climate's format, as GitLab's page "Code Quality"
//! describes it under "Code Quality report format".
//!
//! Every entry needs a path. What is about no file is placed at the policy that demands it, and says in its description
//! which commit or ref it is about: a commit's message has no place in a tree.

use std::io::{self, Write};

use serde::Serialize;

use super::fingerprint::fingerprints;
use super::words::{file_place, subject};
use super::{Outcome, Report, clean};
use crate::verdict::{Finding, Level, State};

/// The Code Quality report of GitLab.
#[derive(Debug, Clone, Copy, Default)]
pub struct Gitlab;

#[derive(Debug, Serialize)]
struct Entry {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Debug, Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Debug, Serialize)]
struct Lines {
    begin: u32,
}

impl Report for Gitlab {
    fn write(&self, outcome: Outcome<'_>, to: &mut dyn Write) -> io::Result<()> {
        let findings = &outcome.verdict.findings;
        let entries: Vec<Entry> = findings
            .iter()
            .zip(fingerprints(findings))
            .map(|(finding, print)| entry(finding, print))
            .collect();
        serde_json::to_writer_pretty(&mut *to, &entries)?;
        writeln!(to)
    }
}

fn entry(finding: &Finding, fingerprint: String) -> Entry {
    let (path, line) = file_place(finding);
    Entry {
        description: description(finding),
        check_name: clean(&finding.rule),
        fingerprint,
        severity: severity(finding),
        location: Location { path: clean(&path), lines: Lines { begin: line.unwrap_or(1) } },
    }
}

/// One line: GitLab shows nothing else of an entry but its place.
fn description(finding: &Finding) -> String {
    let mut text = clean(&finding.message);
    if finding.path.is_none() {
        let about = finding.about.as_ref().map(|about| format!(" \"{}\"", clean(&about.subject)));
        text = format!("{}{}: {text}", subject(finding), about.unwrap_or_default());
    }
    match (&finding.fix, finding.state) {
        (Some(fix), State::Overridden) => format!("{text} ({})", clean(fix)),
        (Some(fix), _) => format!("{text}; fix: {}", clean(fix)),
        (None, _) => text,
    }
}

fn severity(finding: &Finding) -> &'static str {
    match (finding.state, finding.level) {
        (State::Overridden, _) => "info",
        (_, Level::HardMandatory) => "blocker",
        (_, Level::SoftMandatory) => "critical",
        (_, Level::Advisory | Level::Off) => "minor",
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{HOSTILE, hostile, of_each_kind, written};
    use super::*;

    fn entries(findings: Vec<Finding>) -> Vec<serde_json::Value> {
        serde_json::from_str(&written(findings, &Gitlab)).unwrap()
    }

    #[test]
    fn each_kind_of_finding_is_an_entry() {
        let shown: Vec<String> = entries(of_each_kind())
            .iter()
            .map(|entry| {
                let place = &entry["location"];
                let text = |key: &str| entry[key].as_str().unwrap().to_owned();
                format!(
                    "{} {} {}:{}\n  {}\n",
                    text("severity"),
                    text("check_name"),
                    place["path"].as_str().unwrap(),
                    place["lines"]["begin"],
                    text("description")
                )
            })
            .collect();
        insta::assert_snapshot!(shown.concat(), @r#"
        blocker no-secrets config/store.toml:14
          an AWS access key is added; fix: take it out, rotate the key, and read it from the environment
        critical subject-length .bylaws/bylaws.toml:1
          commit 3f9c1e2 "Add the [31msettings of the store": subject has 80 characters, 72 at most; fix: take it out, rotate the key, and read it from the environment
        minor subject-length .bylaws/bylaws.toml:1
          commit 3f9c1e2 "Add the [31msettings of the store": subject has 80 characters, 72 at most; fix: take it out, rotate the key, and read it from the environment
        info no-secrets config/store.toml:14
          an AWS access key is added (waived: moves in Q1)
        critical own .bylaws/rules/own.rhai:4
          commit 3f9c1e2 "Add the [31msettings of the store": rule 'own' cannot run; fix: take it out, rotate the key, and read it from the environment
        "#);
    }

    #[test]
    fn fingerprints_are_each_their_own() {
        let entries = entries(of_each_kind());
        let mut prints: Vec<&str> = entries.iter().map(|e| e["fingerprint"].as_str().unwrap()).collect();
        prints.sort_unstable();
        prints.dedup();
        assert_eq!(prints.len(), entries.len());
    }

    #[test]
    fn hostile_text_is_clean_text() {
        for entry in entries(hostile()) {
            let text = entry["description"].as_str().unwrap();
            assert!(text.contains(&clean(HOSTILE)) && !text.contains(char::is_control), "{text}");
        }
    }
}

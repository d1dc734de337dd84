//! Workflow commands of GitHub Actions: an annotation for each finding, then the last line of the human format.
//!
//! The form is that of "Workflow commands for GitHub Actions", the escapes are those of the toolkit's own `command.ts`. An
//! annotation without a file is shown with the run, so what is about a commit names it in its title.

use std::io::{self, Write};

use super::words::{Gravity, details, script_place, subject};
use super::{Human, Outcome, Report, clean};
use crate::verdict::{Finding, State};

/// The annotations of GitHub Actions.
#[derive(Debug, Clone, Copy, Default)]
pub struct Github;

impl Report for Github {
    fn write(&self, outcome: Outcome<'_>, to: &mut dyn Write) -> io::Result<()> {
        for finding in &outcome.verdict.findings {
            writeln!(to, "{}", command(finding))?;
        }
        Human::default().last_line(outcome, to)
    }
}

fn command(finding: &Finding) -> String {
    let name = match (finding.state, Gravity::of(finding)) {
        (State::Overridden, _) => "notice",
        (_, gravity) => gravity.as_str(),
    };
    let mut properties = Vec::new();
    if let Some(path) = &finding.path {
        properties.push(("file", clean(path)));
        properties.extend(finding.line.map(|line| ("line", line.to_string())));
    } else if let Some(place) = script_place(finding) {
        properties.push(("file", clean(&place.file)));
        properties.extend((place.line > 0).then(|| ("line", place.line.to_string())));
        properties.extend((place.column > 0).then(|| ("col", place.column.to_string())));
    }
    let title = match finding.path {
        Some(_) => clean(&finding.rule),
        None => format!("{} ({})", clean(&finding.rule), subject(finding)),
    };
    properties.push(("title", title));
    let properties: Vec<String> =
        properties.iter().map(|(key, value)| format!("{key}={}", property(value))).collect();
    let mut lines = vec![clean(&finding.message)];
    lines.extend(details(finding));
    format!("::{name} {}::{}", properties.join(","), data(&lines.join("\n")))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::super::samples::{hostile, of_each_kind, written};
    use super::*;

    #[test]
    fn each_kind_of_finding_is_an_annotation() {
        insta::assert_snapshot!(written(of_each_kind(), &Github), @r#"
        ::error file=config/store.toml,line=14,title=no-secrets::an AWS access key is added%0Acommit: 3f9c1e2 by Ada Lovelace: "Add the [31msettings of the store"%0Awhy: whoever can read the repository can use the key%0Afix: take it out, rotate the key, and read it from the environment
        ::error title=subject-length (commit 3f9c1e2)::subject has 80 characters, 72 at most%0Acommit: 3f9c1e2 by Ada Lovelace: "Add the [31msettings of the store"%0Awhy: whoever can read the repository can use the key%0Afix: take it out, rotate the key, and read it from the environment
        ::warning title=subject-length (commit 3f9c1e2)::subject has 80 characters, 72 at most%0Acommit: 3f9c1e2 by Ada Lovelace: "Add the [31msettings of the store"%0Awhy: whoever can read the repository can use the key%0Afix: take it out, rotate the key, and read it from the environment
        ::notice file=config/store.toml,line=14,title=no-secrets::an AWS access key is added%0Acommit: 3f9c1e2 by Ada Lovelace: "Add the [31msettings of the store"%0Awhy: whoever can read the repository can use the key%0Afix: waived: moves in Q1
        ::error file=.bylaws/rules/own.rhai,line=4,col=9,title=own (commit 3f9c1e2)::rule 'own' cannot run%0Acommit: 3f9c1e2 by Ada Lovelace: "Add the [31msettings of the store"%0Arule: .bylaws/rules/own.rhai:4:9%0Awhy: whoever can read the repository can use the key%0Afix: take it out, rotate the key, and read it from the environment
        could not decide: 1 error, 3 violations, 1 overridden in 12 commits, 40 files, 9 rules (4 ms)
        "#);
    }

    #[test]
    fn hostile_text_makes_no_command() {
        let text = written(hostile(), &Github);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert!(lines[0].starts_with(
            "::error file=a%3A%3Aerror%3A%3Ab[c](https%3A//d.example)</failure>]]>%250A%2C%3A \"'\\&[31m"
        ));
        assert!(lines[2].starts_with("denied: "));
        assert!(!text.contains(['\u{1b}', '\r', '\u{202e}', '\u{85}']));
    }
}

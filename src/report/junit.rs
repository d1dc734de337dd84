//! JUnit's XML, as CI servers read it: a test case for each finding, and one for each rule that found nothing.
//!
//! There is no standard. This keeps to what Jenkins, GitLab and the schema of Maven Surefire have in common; `file` and
//! `line` are what GitLab and CircleCI link by. JUnit knows no warnings: what does not deny is a skipped case, which every
//! reader shows with its message and none counts as a failure.

use std::collections::HashMap;
use std::io::{self, Write};
use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, Report as Document, TestCase, TestCaseStatus, TestSuite};

use super::words::{Gravity, details, subject};
use super::{Outcome, Report, clean};
use crate::verdict::{Finding, State};

/// The JUnit format.
#[derive(Debug, Clone, Copy, Default)]
pub struct Junit;

impl Report for Junit {
    fn write(&self, outcome: Outcome<'_>, to: &mut dyn Write) -> io::Result<()> {
        let verdict = outcome.verdict;
        let quiet = |id: &str| !verdict.findings.iter().any(|finding| finding.rule == id);
        let satisfied = outcome
            .rules
            .iter()
            .filter(|(rule, _)| quiet(&rule.id))
            .map(|(rule, _)| Case { name: rule.id.clone(), ..Case::default() });
        let found = verdict.findings.iter().map(Case::of);
        let suite = Suite {
            name: "bylaws check".to_owned(),
            took: outcome.took,
            properties: vec![
                ("policy".to_owned(), verdict.policy.source.clone()),
                ("digest".to_owned(), verdict.policy.digest.clone()),
            ],
            cases: found.chain(satisfied).collect(),
        };
        write(suite, to)
    }
}

/// Cases that ran together.
#[derive(Debug, Clone, Default)]
pub struct Suite {
    /// What ran: `bylaws check`.
    pub name: String,
    /// How long it took.
    pub took: Duration,
    /// What else is known: names and values.
    pub properties: Vec<(String, String)>,
    /// In the order in which they are shown.
    pub cases: Vec<Case>,
}

/// One case.
#[derive(Debug, Clone, Default)]
pub struct Case {
    /// Its name. Readers tell cases apart by it: one that was there already gets a number.
    pub name: String,
    /// What it is grouped under: `classname`; empty for the suite's name.
    pub group: String,
    /// The file it is about, and the line in it, from 1.
    pub place: Option<(String, Option<u32>)>,
    /// How long it took, if that was measured.
    pub took: Option<Duration>,
    /// What became of it.
    pub result: CaseResult,
}

/// What became of a case: a headline, and lines of detail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum CaseResult {
    /// All is well.
    #[default]
    Passed,
    /// It is told, and counts for nothing.
    Skipped(String, Vec<String>),
    /// What was demanded does not hold.
    Failed(String, Vec<String>),
    /// It could not be decided.
    Error(String, Vec<String>),
}

impl Case {
    fn of(finding: &Finding) -> Self {
        let message = clean(&finding.message);
        let details = details(finding);
        let result = match (finding.state, Gravity::of(finding)) {
            (State::Overridden, _) => CaseResult::Skipped(format!("overridden: {message}"), details),
            (_, Gravity::Warning) => CaseResult::Skipped(format!("warning: {message}"), details),
            (State::Violated, Gravity::Error) => CaseResult::Failed(message, details),
            (State::Error, Gravity::Error) => CaseResult::Error(message, details),
        };
        Self {
            name: format!("{}: {}", finding.rule, subject(finding)),
            place: finding.path.as_ref().map(|path| (path.clone(), finding.line)),
            result,
            ..Self::default()
        }
    }

    fn into_test_case(self, suite: &str) -> TestCase {
        let (kind, message, lines) = match self.result {
            CaseResult::Passed => (None, None, Vec::new()),
            CaseResult::Skipped(message, lines) => (None, Some(message), lines),
            CaseResult::Failed(message, lines) => (Some(NonSuccessKind::Failure), Some(message), lines),
            CaseResult::Error(message, lines) => (Some(NonSuccessKind::Error), Some(message), lines),
        };
        let mut status = match (kind, &message) {
            (Some(kind), _) => TestCaseStatus::non_success(kind),
            (None, Some(_)) => TestCaseStatus::skipped(),
            (None, None) => TestCaseStatus::success(),
        };
        if let Some(message) = message {
            let lines: Vec<String> = lines.iter().map(|line| xml(line)).collect();
            // Jenkins shows the body and not the attribute, GitLab the body before the attribute.
            status.set_description([xml(&message)].into_iter().chain(lines).collect::<Vec<_>>().join("\n"));
            status.set_message(xml(&message));
        }
        let mut case = TestCase::new(xml(&self.name), status);
        case.set_classname(xml(if self.group.is_empty() { suite } else { &self.group }));
        if let Some(took) = self.took {
            case.set_time(took);
        }
        if let Some((file, line)) = self.place {
            case.extra.insert("file".into(), xml(&file).into());
            case.extra.extend(line.map(|line| ("line".into(), line.to_string().into())));
        }
        case
    }
}

/// Writes a suite as a whole document.
///
/// # Errors
/// When it cannot be written.
pub fn write(suite: Suite, to: &mut dyn Write) -> io::Result<()> {
    let mut written = TestSuite::new(xml(&suite.name));
    written.set_time(suite.took);
    written.add_properties(suite.properties.iter().map(|(name, value)| Property::new(xml(name), xml(value))));
    let mut seen = HashMap::new();
    for mut case in suite.cases {
        let times: &mut usize = seen.entry((case.group.clone(), case.name.clone())).or_default();
        *times += 1;
        if *times > 1 {
            case.name.push_str(&format!(" ({times})"));
        }
        written.add_test_case(case.into_test_case(&suite.name));
    }
    let mut document = Document::new("bylaws");
    document.set_time(suite.took).add_test_suite(written);
    document.serialize(to).map_err(io::Error::other)
}

/// Without what no XML document may hold: control characters, and the two that Unicode keeps for nothing.
fn xml(text: &str) -> String {
    clean(text).replace(['\u{fffe}', '\u{ffff}'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(suite: Suite) -> Vec<u8> {
        let mut out = Vec::new();
        write(suite, &mut out).unwrap();
        out
    }

    /// As the crate `junit-parser` reads it.
    fn read(suite: Suite) -> junit_parser::TestSuite {
        let out = written(suite);
        let mut suites = junit_parser::from_reader(out.as_slice()).unwrap().suites;
        assert_eq!(suites.len(), 1);
        suites.remove(0)
    }

    fn case(name: &str, result: CaseResult) -> Case {
        Case { name: name.to_owned(), result, ..Case::default() }
    }

    #[test]
    fn every_result_is_read_as_what_it_is() {
        let lines = || vec!["why: w".to_owned()];
        let suite = read(Suite {
            name: "bylaws test".to_owned(),
            took: Duration::from_millis(1500),
            cases: vec![
                case("passed", CaseResult::Passed),
                case("skipped", CaseResult::Skipped("a".to_owned(), lines())),
                case("failed", CaseResult::Failed("b".to_owned(), lines())),
                case("error", CaseResult::Error("c".to_owned(), lines())),
            ],
            ..Suite::default()
        });
        assert_eq!((suite.tests, suite.skipped, suite.failures, suite.errors), (4, 1, 1, 1));
        assert_eq!((suite.name.as_str(), suite.time), ("bylaws test", 1.5));
        let [passed, skipped, failed, error] = suite.cases.as_slice() else { panic!("{suite:#?}") };
        assert!(passed.status.is_success() && skipped.status.is_skipped());
        assert!(failed.status.is_failure() && error.status.is_error());
        assert_eq!((failed.status.failure_as_ref().message.as_str()), "b");
        assert_eq!(failed.status.failure_as_ref().text, "b\nwhy: w");
        assert_eq!(error.classname.as_deref(), Some("bylaws test"));
    }

    #[test]
    fn each_kind_of_finding_is_a_case_and_so_is_a_rule_that_found_nothing() {
        let text = super::super::samples::written(super::super::samples::of_each_kind(), &Junit);
        let suite = junit_parser::from_reader(text.as_bytes()).unwrap().suites.remove(0);
        let shown: Vec<String> = suite
            .cases
            .iter()
            .map(|case| {
                let status = match &case.status {
                    junit_parser::TestStatus::Success => "passed".to_owned(),
                    junit_parser::TestStatus::Skipped(how) => format!("skipped: {}", how.message),
                    junit_parser::TestStatus::Failure(how) => format!("failed: {}", how.message),
                    junit_parser::TestStatus::Error(how) => format!("error: {}", how.message),
                };
                format!("{}\n  {status}", case.original_name)
            })
            .collect();
        insta::assert_snapshot!(shown.join("\n"), @r"
        no-secrets: config/store.toml:14, commit 3f9c1e2
          failed: an AWS access key is added
        subject-length: commit 3f9c1e2
          failed: subject has 80 characters, 72 at most
        subject-length: commit 3f9c1e2 (2)
          skipped: warning: subject has 80 characters, 72 at most
        no-secrets: config/store.toml:14, commit 3f9c1e2 (2)
          skipped: overridden: an AWS access key is added
        own: commit 3f9c1e2
          error: rule 'own' cannot run
        quiet
          passed
        ");
    }

    #[test]
    fn hostile_text_stays_text() {
        let text = "</failure>]]>&amp;<x a=\"'\u{0}\u{1b}[31m\u{fffe}\u{ffff}\u{202e}\u{85}\u{1f600}";
        let suite = Suite {
            name: text.to_owned(),
            properties: vec![(text.to_owned(), text.to_owned())],
            cases: vec![Case {
                group: text.to_owned(),
                place: Some((text.to_owned(), Some(3))),
                ..case(text, CaseResult::Failed(text.to_owned(), vec![text.to_owned()]))
            }],
            ..Suite::default()
        };
        let kept = "</failure>]]>&amp;<x a=\"'[31m\u{1f600}";
        let read = read(suite.clone());
        assert_eq!((read.name.as_str(), read.cases[0].original_name.as_str()), (kept, kept));
        assert_eq!(read.cases[0].status.failure_as_ref().message, kept);
        assert_eq!((read.cases[0].file.as_deref(), read.cases[0].line), (Some(kept), Some(3)));
        // That crate leaves entities out of a text, so the body is read by the other.
        let again = Document::deserialize(written(suite).as_slice()).unwrap();
        let TestCaseStatus::NonSuccess { description, .. } = &again.test_suites[0].test_cases[0].status
        else {
            panic!("{again:#?}")
        };
        assert_eq!(description.as_ref().unwrap().as_str(), format!("{kept}\n{kept}"));
    }

    #[test]
    fn two_cases_of_one_name_are_told_apart() {
        let cases = vec![case("a", CaseResult::Passed), case("a", CaseResult::Passed)];
        let suite = read(Suite { cases, ..Suite::default() });
        let names: Vec<&str> = suite.cases.iter().map(|case| case.original_name.as_str()).collect();
        assert_eq!(names, ["a", "a (2)"]);
    }
}

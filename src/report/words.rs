//! What the formats for machines say of a finding in the same words.

use super::clean;
use crate::diagnostic::Place;
use crate::verdict::{Finding, State};

/// How grave a finding is, in the two words of the human format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gravity {
    /// It denies, or nobody could decide.
    Error,
    /// It is reported only.
    Warning,
}

impl Gravity {
    pub(super) fn of(finding: &Finding) -> Self {
        if finding.level.is_mandatory() { Self::Error } else { Self::Warning }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// Where it is, for formats whose places are paths only: the path and line, else the commit, the draft or the ref.
pub(super) fn subject(finding: &Finding) -> String {
    let mut parts = Vec::new();
    if let Some(path) = &finding.path {
        let line = finding.line.map(|line| format!(":{line}")).unwrap_or_default();
        parts.push(format!("{}{line}", clean(path)));
    }
    if let Some(commit) = &finding.commit {
        parts.push(format!("commit {}", commit.short()));
    } else if finding.about.as_ref().is_some_and(|about| about.is_draft) {
        parts.push(if finding.path.is_some() { "staged" } else { "commit message" }.to_owned());
    } else if let Some(reference) = &finding.reference {
        parts.push(clean(reference.as_str()));
    }
    parts.join(", ")
}

/// The lines after the message: whose commit it is, where the rule failed, why the rule exists, how to mend it.
pub(super) fn details(finding: &Finding) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(about) = &finding.about
        && !about.is_draft
        && let Some(commit) = &finding.commit
    {
        let (author, subject) = (clean(&about.author), clean(&about.subject));
        lines.push(format!("commit: {} by {author}: \"{subject}\"", commit.short()));
    }
    if let (State::Error, Some(place)) = (finding.state, &finding.place) {
        lines.push(format!("rule: {}", clean(&place.to_string())));
    }
    for (key, text) in [("why", &finding.why), ("fix", &finding.fix)] {
        lines.extend(text.as_ref().map(|text| format!("{key}: {}", clean(text))));
    }
    lines
}

/// Of a rule that cannot run: where in its script, if that is a file of the repository.
pub(super) fn script_place(finding: &Finding) -> Option<&Place> {
    let place = finding.place.as_ref().filter(|_| finding.state == State::Error)?;
    place.file.starts_with(".bylaws/").then_some(place)
}

/// A place in a file, for formats that know no other: the finding's own, else the script that cannot run, else the policy
/// that demands it.
pub(super) fn file_place(finding: &Finding) -> (String, Option<u32>) {
    match (&finding.path, script_place(finding)) {
        (Some(path), _) => (path.clone(), finding.line),
        (None, Some(place)) => (place.file.clone(), (place.line > 0).then_some(place.line)),
        (None, None) => (".bylaws/bylaws.toml".to_owned(), None),
    }
}

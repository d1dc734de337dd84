//! What was judged: levels, states, findings, and the verdict that every report renders and every exit status follows.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::diagnostic::Place;
use crate::facts::{Impact, Oid, RefName, Urgency};

/// How much a rule's violation weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Not evaluated.
    Off,
    /// Reported only.
    Advisory,
    /// Denies; break-glass may override.
    SoftMandatory,
    /// Denies, always.
    HardMandatory,
}

impl Level {
    /// The words for the levels, for messages and suggestions.
    pub const WORDS: [&'static str; 4] = ["off", "advisory", "soft-mandatory", "hard-mandatory"];

    /// The word used in configuration and output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Advisory => "advisory",
            Self::SoftMandatory => "soft-mandatory",
            Self::HardMandatory => "hard-mandatory",
        }
    }

    /// Does a violation at this level deny?
    pub fn is_mandatory(self) -> bool {
        self >= Self::SoftMandatory
    }
}

impl FromStr for Level {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        match word {
            "off" => Ok(Self::Off),
            "advisory" => Ok(Self::Advisory),
            "soft-mandatory" => Ok(Self::SoftMandatory),
            "hard-mandatory" => Ok(Self::HardMandatory),
            _ => Err(()),
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The states of a rule on a subject that are worth reporting; `satisfied` and `not-applicable` leave no finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The rule found something.
    Violated,
    /// It did, and a waiver or a break-glass lets it pass.
    Overridden,
    /// The rule could not decide.
    Error,
}

/// What a rule reports. `None` means the key does not apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule's id.
    pub rule: String,
    /// The level in force.
    pub level: Level,
    /// What became of it.
    pub state: State,
    /// What was found: lowercase, no full stop.
    pub message: String,
    /// How to mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// Why the rule exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The commit it is about; absent for a draft.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<Oid>,
    /// The ref it is about.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<RefName>,
    /// The path it is about, as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The line in that path, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Of an error: where in the rule's script, as `file:line:column`; `path` and `line` stay those of the subject.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_text")]
    #[serde(default, deserialize_with = "from_text")]
    pub place: Option<Place>,
    /// For people: who made the commit and its subject. Not part of the JSON.
    #[serde(skip)]
    pub about: Option<Arc<About>>,
}

fn as_text<S: Serializer>(place: &Option<Place>, serializer: S) -> Result<S::Ok, S::Error> {
    match place {
        Some(place) => serializer.collect_str(place),
        None => serializer.serialize_none(),
    }
}

fn from_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Place>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(|text| Place::from_text(&text)))
}

/// What the human report says of a finding's commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The author's name.
    pub author: String,
    /// The commit's subject.
    pub subject: String,
    /// Not committed yet.
    pub is_draft: bool,
}

/// The answer to "may this be?".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// Nothing mandatory is violated.
    Allow,
    /// Something mandatory is violated.
    Deny,
    /// Could not decide; it blocks like `deny`.
    Error,
}

impl Decision {
    /// The decision that follows from findings. An error outranks a violation: the list of violations is then not known
    /// to be complete.
    pub fn of(findings: &[Finding]) -> Self {
        let blocking = |state| findings.iter().any(|f| f.level.is_mandatory() && f.state == state);
        if blocking(State::Error) {
            Self::Error
        } else if blocking(State::Violated) {
            Self::Deny
        } else {
            Self::Allow
        }
    }
}

/// A judged ref update, as reports show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JudgedChange {
    /// The ref.
    #[serde(rename = "ref")]
    pub reference: RefName,
    /// The tip before; absent for a new ref.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<Oid>,
    /// The tip after; absent for a deletion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<Oid>,
    /// The environment that the ref belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// How far it reaches; absent where nothing hung on it and nobody wanted to know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub impact: Option<Impact>,
    /// How soon it must be.
    pub urgency: Urgency,
}

/// Which policy judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyName {
    /// Where it was read: `.bylaws`, `REV:.bylaws`, or `recommended` for the built-in one.
    pub source: String,
    /// `sha256:` and the hexadecimal digest over every source used.
    pub digest: String,
}

/// Counts for the last line of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Default)]
pub struct Summary {
    /// Commits looked at.
    pub commits: usize,
    /// Files looked at.
    pub files: usize,
    /// Rules in force.
    pub rules: usize,
    /// Findings in state `violated`.
    pub violated: usize,
    /// Findings in state `overridden`.
    pub overridden: usize,
    /// Findings in state `error`.
    pub errors: usize,
}

/// The outcome of one run over any number of subjects; its JSON is DESIGN.md section 5's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The version of this format.
    pub version: u32,
    /// What follows.
    pub decision: Decision,
    /// By which policy.
    pub policy: PolicyName,
    /// The ref updates that were judged.
    pub changes: Vec<JudgedChange>,
    /// Everything violated, overridden or in error, in a fixed order.
    pub findings: Vec<Finding>,
    /// The counts.
    pub summary: Summary,
}

impl Verdict {
    /// One without findings; `summary` counts what was looked at.
    pub fn new(policy: PolicyName, changes: Vec<JudgedChange>, summary: Summary) -> Self {
        Self { version: 1, decision: Decision::Allow, policy, changes, findings: Vec::new(), summary }
    }

    /// With these findings before all others, and what follows from them.
    #[must_use]
    pub fn with(self, mut findings: Vec<Finding>) -> Self {
        findings.extend(self.findings);
        let count = |state| findings.iter().filter(|finding| finding.state == state).count();
        let summary = Summary {
            violated: count(State::Violated),
            overridden: count(State::Overridden),
            errors: count(State::Error),
            ..self.summary
        };
        Self { decision: Decision::of(&findings), findings, summary, ..self }
    }
}

//! A ref update as a whole, and the push that carries it.

use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Commit, File, Oid, Person, RefName, Store};

/// How far a change reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Impact {
    /// Every file of it is of no consequence.
    Trivial,
    /// What nothing says otherwise of.
    #[default]
    Minor,
    /// Infrastructure, the delivery path, the policy itself.
    Major,
}

impl Impact {
    /// The words, lowest first.
    pub const WORDS: [&'static str; 3] = ["trivial", "minor", "major"];

    /// The word in configuration and output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trivial => "trivial",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }
}

impl FromStr for Impact {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        match word {
            "trivial" => Ok(Self::Trivial),
            "minor" => Ok(Self::Minor),
            "major" => Ok(Self::Major),
            _ => Err(()),
        }
    }
}

/// How soon a change must be; `urgent` is ITIL's emergency change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Urgency {
    /// It can wait for what it needs.
    #[default]
    Normal,
    /// It went through the glass.
    Urgent,
}

impl Urgency {
    /// All words.
    pub const WORDS: [&'static str; 2] = ["normal", "urgent"];

    /// The word in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Urgent => "urgent",
        }
    }
}

/// One ref update.
#[derive(Clone)]
pub struct Change {
    /// Which ref.
    pub reference: RefName,
    /// The tip before; `None` for a new ref.
    pub old: Option<Oid>,
    /// The tip after; `None` for a deletion.
    pub new: Option<Oid>,
    /// The tip before is not in the history of the tip after.
    pub is_force: bool,
    /// The environment whose refs this is one of.
    pub environment: Option<String>,
    /// By classification.
    pub impact: Impact,
    /// By break-glass.
    pub urgency: Urgency,
    /// The commits that enter, newest first.
    pub commits: Vec<Arc<Commit>>,
    /// The net difference of the trees joined with the files of the commits that enter, by path.
    pub files: Vec<Arc<File>>,
    /// Who pushes.
    pub pusher: Person,
    /// Approvals, test results and the like that count for it.
    pub evidence: Evidence,
    /// What reads objects on demand.
    pub store: Arc<dyn Store>,
}

/// What speaks for a change. The default is nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Evidence {
    /// Who approved it.
    pub approvals: Vec<Approval>,
    /// Results of tests, the newest last.
    pub tests: Vec<TestResult>,
    /// Why the glass was broken; `None` if it was not.
    pub break_glass: Option<String>,
    /// What a change of its environment and impact needs; `None` if nothing is demanded.
    pub required: Option<Required>,
}

/// Somebody approved a change.
#[derive(Debug, Clone, PartialEq)]
pub struct Approval {
    /// Who.
    pub person: Person,
    /// When it was received, seconds UTC.
    pub time: i64,
}

/// A service says how a suite of tests went.
#[derive(Debug, Clone, PartialEq)]
pub struct TestResult {
    /// Which suite.
    pub suite: String,
    /// `passed` or `failed`.
    pub passed: bool,
    /// Which service.
    pub service: Person,
    /// When it was received, seconds UTC.
    pub time: i64,
}

/// What a change needs: a row of `[requirements.ENVIRONMENT]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Required {
    /// How many approvals.
    pub approvals: u32,
    /// At least one of them by somebody of this rank.
    pub seniority: Option<String>,
    /// Suites that must have passed.
    pub tests: Vec<String>,
    /// Must every commit be signed by a known person?
    pub signed_commits: bool,
}

/// All that one `git push` updates.
#[derive(Clone)]
pub struct Push {
    /// Who pushes.
    pub pusher: Person,
    /// The ref updates.
    pub changes: Vec<Arc<Change>>,
    /// `git push -o`.
    pub options: Vec<String>,
    /// With a good push certificate.
    pub is_signed: bool,
    /// When it was received, seconds UTC.
    pub time: i64,
}

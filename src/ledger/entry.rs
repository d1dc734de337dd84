//! One entry: what was decided about one ref (or otherwise happened), whole enough to be judged again years later.
//!
//! Its form is canonical JSON: RFC 8785 with nothing but ASCII keys and integers, so that the order of keys and the escapes
//! leave no choice and one entry has one digest. Text of unknown origin is escaped as JSON has it; what is not UTF-8 comes in
//! through [`text_of`].

use std::collections::HashMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::Process;
use super::shorten::shorten;
use crate::facts::{Impact, Oid, RefName, Urgency};
use crate::time;
use crate::verdict::{Decision, Finding, State};

/// The most bytes that an entry takes.
pub const MAX_ENTRY: usize = 64 * 1024;

/// What an entry without findings may take of that.
const MAX_FRAME: usize = MAX_ENTRY / 2;

/// What `"findings-cut":NUMBER,` takes at most.
const CUT_MARK: usize = 40;

/// What an entry tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A ref as it was found when the ledger began, or after an import.
    Adopted,
    /// A movement that was let in.
    Accepted,
    /// One that was refused.
    Denied,
    /// One that was let in since nothing is enforced yet.
    WouldDeny,
    /// A movement that a crash had kept from being recorded.
    Recovered,
    /// Decided, but git never moved the ref.
    NotApplied,
    /// A movement that nobody recorded.
    Unexplained,
    /// An operator's explanation of one.
    Explained,
    /// A signed statement was taken.
    Evidence,
    /// The glass was broken.
    BreakGlass,
    /// Such a case was reviewed.
    Review,
    /// A deployment was recorded.
    Deployment,
    /// The policy in force is another one.
    Policy,
    /// The ledger's own key is another one.
    Key,
}

/// One entry, without `seq` and `previous`, which the ledger gives when it takes it. `None` means that the key does not apply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// When it was received, by the server's clock; seconds UTC.
    #[serde(serialize_with = "as_rfc3339", deserialize_with = "of_rfc3339")]
    pub time: i64,
    /// What it tells of.
    pub kind: Kind,
    /// The ref as it was claimed: of a refused push it may be no name that git allows.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Its tip before, by our own reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<Oid>,
    /// Its tip after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<Oid>,
    /// Who pushed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pusher: Option<Pusher>,
    /// The word for the identity source that said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// What was decided. Of `would-deny`: what would have been.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// The environment that the ref belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// How far the change reaches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub impact: Option<Impact>,
    /// How soon it had to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgency: Option<Urgency>,
    /// The digest of the policy that judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Ids of the statements that counted.
    #[serde(default)]
    pub evidence: Vec<String>,
    /// What was found.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// What else the decision hung on.
    pub facts: Facts,
}

/// Who pushed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pusher {
    /// What the server knows the pusher by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// The key in `people.toml` of whoever has that login.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
}

/// A tip that the judgement compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tip {
    /// Which ref.
    #[serde(rename = "ref")]
    pub reference: RefName,
    /// What it pointed at.
    pub id: Oid,
}

/// What a decision hung on beside the objects and the policy. The default is nothing; later versions add keys.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Facts {
    /// The version of bylaws that judged.
    pub version: String,
    /// The same in all entries of one push, see [`unique_id`](super::unique_id).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub push: Option<String>,
    /// The receive-pack that pre-receive answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<Process>,
    /// The pusher acted as an operator.
    #[serde(skip_serializing_if = "is_false")]
    pub operator: bool,
    /// Refs whose commits did not count as entering.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tips: Vec<Tip>,
    /// `git push -o`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// The push certificate as it was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// Limits that the judgement ran into.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<String>,
    /// What people should know of it, a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// How many findings were left out for length. Those of mandatory levels are kept before others.
    #[serde(skip_serializing_if = "is_zero")]
    pub findings_cut: usize,
    /// The keys whose values were shortened for length.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cut: Vec<String>,
    /// Keys of other versions. Whole numbers only, ASCII keys.
    #[serde(flatten)]
    pub more: serde_json::Map<String, Value>,
}

impl Entry {
    /// One that says no more than when and what.
    pub fn new(time: i64, kind: Kind) -> Self {
        Self {
            time,
            kind,
            reference: None,
            old: None,
            new: None,
            pusher: None,
            identity: None,
            decision: None,
            environment: None,
            impact: None,
            urgency: None,
            policy: None,
            evidence: Vec::new(),
            findings: Vec::new(),
            facts: Facts::default(),
        }
    }

    /// The canonical form, at most [`MAX_ENTRY`] bytes. Where it would be longer, long texts and lists are shortened and
    /// findings left out, and `facts` says so (`cut`, `findings-cut`).
    ///
    /// # Errors
    /// When it is too long all the same, which takes thousands of keys in [`Facts::more`].
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let whole = serde_json::to_value(self)?;
        let text = canonical(whole.clone())?;
        if text.len() <= MAX_ENTRY {
            return Ok(text);
        }
        let text = canonical(cut(whole, self)?)?;
        if text.len() > MAX_ENTRY {
            return Err(serde::ser::Error::custom(format!("an entry of {} bytes is too long", text.len())));
        }
        Ok(text)
    }
}

/// Keys sorted, no white space.
fn canonical(mut value: Value) -> Result<String, serde_json::Error> {
    value.sort_all_objects();
    serde_json::to_string(&value)
}

/// First makes the frame small enough, then fills it with findings.
fn cut(mut frame: Value, entry: &Entry) -> Result<Value, serde_json::Error> {
    let findings = match frame.get_mut("findings").map(Value::take) {
        Some(Value::Array(findings)) => findings,
        _ => Vec::new(),
    };
    frame.as_object_mut().map(|frame| frame.insert("findings".to_owned(), Value::Array(Vec::new())));
    shorten(&mut frame, MAX_FRAME)?;
    let mut room = MAX_ENTRY.saturating_sub(serde_json::to_string(&frame)?.len() + CUT_MARK);

    // What denied comes first, and of each rule and state something before more of any: ten thousand findings of one rule hide
    // no other, and not that it was stopped then.
    // Nothing that is too long itself keeps out what follows it.
    let mut counts: HashMap<(&str, State), usize> = HashMap::new();
    let mut order: Vec<(bool, usize, usize, Value)> = Vec::with_capacity(findings.len());
    for (n, (value, found)) in findings.into_iter().zip(&entry.findings).enumerate() {
        let count = counts.entry((&found.rule, found.state)).or_default();
        order.push((!found.level.is_mandatory(), *count, n, value));
        *count += 1;
    }
    order.sort_by_key(|(is_advice, count, n, _)| (*is_advice, *count, *n));
    let all = order.len();
    let mut kept = Vec::new();
    for (_, _, n, finding) in order {
        let length = serde_json::to_string(&finding)?.len() + 1;
        if length <= room {
            room -= length;
            kept.push((n, finding));
        }
    }
    kept.sort_by_key(|(n, _)| *n);
    let left_out = all - kept.len();
    if let Some(frame) = frame.as_object_mut() {
        frame.insert("findings".to_owned(), kept.into_iter().map(|(_, finding)| finding).collect());
        if let (Some(Value::Object(facts)), true) = (frame.get_mut("facts"), left_out > 0) {
            facts.insert("findings-cut".to_owned(), left_out.into());
        }
    }
    Ok(frame)
}

/// Bytes as text: what is not UTF-8 becomes `\xNN`, and a backslash is doubled where that was needed.
pub fn text_of(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.utf8_chunks().fold(String::new(), |mut text, chunk| {
            text.push_str(&chunk.valid().replace('\\', "\\\\"));
            text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
            text
        }),
    }
}

fn as_rfc3339<S: Serializer>(moment: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&time::rfc3339(*moment))
}

fn of_rfc3339<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let text = String::deserialize(deserializer)?;
    time::from_rfc3339(&text).ok_or_else(|| serde::de::Error::custom("no time"))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
fn is_false(yes: &bool) -> bool {
    !yes
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
fn is_zero(n: &usize) -> bool {
    *n == 0
}

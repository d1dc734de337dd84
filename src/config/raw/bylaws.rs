//! `bylaws.toml`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::value::Datetime;

use super::{At, DATE, DURATION, FULL_ID, RawRule, Table, Words, one_of};
use crate::config::requirement::Skippable;
use crate::config::{environment::Allow, sets};
use crate::facts::Impact;

/// Which rules at which level; environments, classification, requirements, break-glass.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "bylaws.toml")]
pub struct RawBylaws {
    /// The oldest bylaws that may judge by this, `"1.0"`; an older one refuses to.
    #[schemars(extend("pattern" = "^[0-9]+(\\.[0-9]+){0,2}(-.+)?$"))]
    pub requires: Option<At<String>>,
    /// The shipped rule sets in force; `[]` for none; absent: `["recommended"]`.
    #[schemars(extend("items" = one_of(&sets::sets())))]
    pub extends: Option<Words>,
    /// Paths that no rule looks at, as in `.gitignore`.
    #[serde(default)]
    pub except: Words,
    /// The level of each rule that is not to have its own, or a table with its level, paths and parameters.
    #[serde(default)]
    pub rules: BTreeMap<At<String>, At<RawRule>>,
    /// Time-boxed exceptions.
    #[serde(default)]
    pub waiver: Vec<At<Table<RawWaiver>>>,
    /// The refs that are protected, by the environment that they lead to.
    #[serde(default)]
    pub environments: BTreeMap<At<String>, At<Table<RawEnvironment>>>,
    /// What decides a change's impact: the highest of any file wins; nothing matched: minor.
    #[serde(default)]
    pub classify: Vec<At<Table<RawClassify>>>,
    /// What a change needs, by environment.
    #[serde(default)]
    pub requirements: BTreeMap<At<String>, At<Table<RawRequirements>>>,
    /// Teams whose approval changes of their paths need.
    #[serde(default)]
    pub owners: Vec<At<Table<RawOwners>>>,
    /// Who may skip requirements in an emergency, and what follows.
    pub break_glass: Option<At<Table<RawBreakGlass>>>,
}

/// A time-boxed exception from one rule.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(extend("anyOf" = [{ "required": ["paths"] }, { "required": ["commits"] }]))]
pub struct RawWaiver {
    /// The rule's id.
    pub rule: At<String>,
    /// The paths it is for, as in `.gitignore`; `["**"]` for all. Paths or commits must be given; of both, both must match.
    pub paths: Option<At<Words>>,
    /// Full ids of the commits it is for.
    #[schemars(extend("items" = { "type": "string", "pattern": FULL_ID }))]
    pub commits: Option<At<Words>>,
    /// The last day, UTC, or the moment when it ends.
    #[schemars(with = "String", extend("pattern" = DATE))]
    pub until: At<Datetime>,
    /// Why it is justified.
    pub reason: At<String>,
}

/// Refs that lead to one place.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawEnvironment {
    /// Patterns; without `refs/` in front, a branch. `*` stops at `/`, `**` does not.
    pub refs: At<Words>,
    /// `force-push` and `delete` are denied unless named here.
    #[serde(default)]
    #[schemars(extend("items" = one_of(&Allow::WORDS)))]
    pub allow: Words,
    /// Another environment whose requirements hold here too.
    pub requirements: Option<At<String>>,
}

/// The impact of changes to certain paths.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawClassify {
    /// As in `.gitignore`.
    pub paths: At<Words>,
    /// `trivial`, `minor` or `major`.
    #[schemars(extend("enum" = Impact::WORDS))]
    pub impact: At<String>,
    /// Why these paths have it.
    pub why: Option<At<String>>,
}

/// What changes need, by impact. A missing row takes the next higher one's; `{}` says: nothing.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawRequirements {
    /// Of a major change.
    pub major: At<Table<RawRequirement>>,
    /// Of a minor change.
    pub minor: Option<At<Table<RawRequirement>>>,
    /// Of a trivial change.
    pub trivial: Option<At<Table<RawRequirement>>>,
}

/// What a change of one impact needs.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawRequirement {
    /// How many people other than its authors must approve; absent: 0.
    pub approvals: Option<At<u32>>,
    /// The least seniority of those who approve.
    pub seniority: Option<At<String>>,
    /// Test suites that must have passed.
    #[serde(default)]
    pub tests: Words,
    /// Must every commit carry a good signature?
    #[serde(default)]
    pub signed_commits: bool,
}

/// A team that approves changes of its paths.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawOwners {
    /// As in `.gitignore`.
    pub paths: At<Words>,
    /// A team of `people.toml`.
    pub team: At<String>,
    /// How many of the team must approve; absent: 1.
    pub approvals: Option<At<u32>>,
}

/// The emergency exit.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawBreakGlass {
    /// The least seniority of those who may break the glass, and of those who review it.
    pub seniority: At<String>,
    /// The requirements that it skips: `approvals`, `tests`, `signed-commits`.
    #[serde(default)]
    #[schemars(extend("items" = one_of(&Skippable::WORDS)))]
    pub may_skip: Words,
    /// How soon it must be reviewed: `72h`, `3d`.
    #[schemars(extend("pattern" = DURATION))]
    pub review_within: At<String>,
}

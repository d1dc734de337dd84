//! A value of `[rules]`: a level, or a table that also holds the rule's own parameters. Which parameters there are only
//! the rule knows, so this reads what serde's derived code cannot without losing the places.

use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, json_schema};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{At, FULL_ID, Words};
use crate::verdict::Level;

/// How one rule is in force.
#[derive(Debug, Clone, Default, JsonSchema)]
#[schemars(transform = or_a_level)]
pub struct RawRule {
    /// `off`, `advisory`, `soft-mandatory` or `hard-mandatory`; absent: the rule's own, else `soft-mandatory`.
    #[schemars(extend("enum" = Level::WORDS))]
    pub level: Option<At<String>>,
    /// The only paths it looks at; absent: all.
    pub paths: Option<At<Words>>,
    /// Paths it does not look at, beside those of the whole policy.
    #[schemars(default)]
    pub except: Words,
    /// A full commit id: the rule is not for commits reachable from it.
    #[schemars(extend("pattern" = FULL_ID))]
    pub baseline: Option<At<String>>,
    /// All other keys: the rule's parameters.
    #[schemars(flatten, with = "BTreeMap<String, serde_json::Value>")]
    pub params: BTreeMap<At<String>, At<toml::Value>>,
}

impl RawRule {
    /// The keys that mean the same for every rule.
    pub const KEYS: [&'static str; 4] = ["level", "paths", "except", "baseline"];
}

/// A level alone will do for a table that holds nothing else.
fn or_a_level(table: &mut Schema) {
    let level = table.pointer("/properties/level").cloned().unwrap_or_default();
    let description = table.get("description").cloned().unwrap_or_default();
    *table = json_schema!({ "description": description, "anyOf": [level, table.clone()] });
}

impl<'de> Deserialize<'de> for RawRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RuleVisitor)
    }
}

struct RuleVisitor;

impl<'de> Visitor<'de> for RuleVisitor {
    type Value = RawRule;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a level or a table")
    }

    fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<RawRule, E> {
        // The value is the level, so the rule's own place is the level's.
        Ok(RawRule { level: Some(At { offset: AT_THE_RULE, value: word.to_owned() }), ..RawRule::default() })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawRule, A::Error> {
        let mut rule = RawRule::default();
        // A date comes as a table too, whose only key has no place.
        let key_or_date = |_| A::Error::custom("invalid type: date, expected a level or a table");
        while let Some(key) = map.next_key::<At<String>>().map_err(key_or_date)? {
            match key.value.as_str() {
                "level" => rule.level = Some(map.next_value()?),
                "paths" => rule.paths = Some(map.next_value()?),
                "except" => rule.except = map.next_value()?,
                "baseline" => rule.baseline = Some(map.next_value()?),
                _ => {
                    rule.params.insert(key, map.next_value()?);
                }
            }
        }
        Ok(rule)
    }
}

/// Stands for "where the rule is", until the reader of the whole table puts that in.
const AT_THE_RULE: usize = usize::MAX;

impl At<RawRule> {
    /// The level with its true place, if one is given.
    pub fn level(&self) -> Option<At<String>> {
        let level = self.value.level.clone()?;
        Some(if level.offset == AT_THE_RULE { At { offset: self.offset, ..level } } else { level })
    }
}

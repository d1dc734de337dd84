//! Values that configuration gives to rules as parameters.

use std::collections::BTreeMap;

use rhai::{Array, Dynamic, Map};
use serde::Serialize;

/// A parameter's value.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction.
    Float(f64),
    /// Text.
    Text(String),
    /// Several values.
    List(Vec<Value>),
    /// Values by name.
    Map(BTreeMap<String, Value>),
}

impl std::fmt::Display for Value {
    /// As JSON, which is near enough to TOML for people.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| std::fmt::Error)?)
    }
}

impl Value {
    /// What kind of value this is, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Bool(_) => "boolean",
            Self::Int(_) => "integer",
            Self::Float(_) => "float",
            Self::Text(_) => "string",
            Self::List(_) => "array",
            Self::Map(_) => "table",
        }
    }

    /// As a script sees it.
    pub(super) fn to_dynamic(&self) -> Dynamic {
        match self {
            Self::Bool(value) => (*value).into(),
            Self::Int(value) => (*value).into(),
            Self::Float(value) => (*value).into(),
            Self::Text(value) => value.clone().into(),
            Self::List(values) => Dynamic::from_array(values.iter().map(Self::to_dynamic).collect::<Array>()),
            Self::Map(values) => Dynamic::from_map(to_map(values)),
        }
    }

    /// From a script; `None` for what no configuration can hold: functions, facts, `()`.
    pub(super) fn from_dynamic(value: &Dynamic) -> Option<Self> {
        let value = value.flatten_clone();
        if let Ok(value) = value.as_bool() {
            return Some(Self::Bool(value));
        }
        if let Ok(value) = value.as_int() {
            return Some(Self::Int(value));
        }
        if let Ok(value) = value.as_float() {
            return Some(Self::Float(value));
        }
        if let Ok(value) = value.as_char() {
            return Some(Self::Text(value.to_string()));
        }
        if let Ok(value) = value.as_immutable_string_ref() {
            return Some(Self::Text(value.to_string()));
        }
        if let Ok(values) = value.as_array_ref() {
            return values.iter().map(Self::from_dynamic).collect::<Option<_>>().map(Self::List);
        }
        if let Ok(values) = value.as_map_ref() {
            return from_map(&values).map(Self::Map);
        }
        None
    }
}

/// Parameters as a script sees them.
pub(super) fn to_map(values: &BTreeMap<String, Value>) -> Map {
    values.iter().map(|(name, value)| (name.as_str().into(), value.to_dynamic())).collect()
}

/// A map of a script as parameters.
pub(super) fn from_map(values: &Map) -> Option<BTreeMap<String, Value>> {
    values.iter().map(|(name, value)| Some((name.to_string(), Value::from_dynamic(value)?))).collect()
}

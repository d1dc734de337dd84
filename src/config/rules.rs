//! `[rules]`: at which level and with which parameters the rules are in force.

use std::collections::BTreeMap;

use super::At;
use super::mistakes::Mistakes;
use super::raw::{RawBylaws, RawRule, Words};
use super::sets;
use crate::diagnostic::nearest;
use crate::policy::{Binding, Value};
use crate::verdict::Level;

/// What is known of a rule before it is bound: enough to check `[rules]` by, so that this needs no script.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    /// Its id.
    pub(super) id: &'a str,
    /// The level it gives itself.
    pub(super) level: Option<Level>,
    /// Its parameters and their defaults.
    pub(super) params: &'a BTreeMap<String, Value>,
}

/// A binding for each rule that is known, in their order. A rule that is not mentioned has its own level, else
/// soft-mandatory; one that is mentioned and does not exist is recorded.
pub(super) fn bindings(raw: &RawBylaws, rules: &[Known<'_>], mistakes: &mut Mistakes<'_>) -> Vec<Binding> {
    for id in raw.rules.keys().filter(|id| !rules.iter().any(|rule| rule.id == id.value)) {
        unknown_rule(id, rules, mistakes);
    }
    mistakes.paths(&raw.except);
    let bound = rules.iter().enumerate().map(|(index, rule)| {
        let own = raw.rules.get(rule.id);
        binding(index, rule, own, &raw.except, mistakes)
    });
    bound.collect()
}

/// Waivers of rules that do not exist waive nothing.
pub(super) fn check_waivers(raw: &RawBylaws, rules: &[Known<'_>], mistakes: &mut Mistakes<'_>) {
    for waiver in raw.waiver.iter().filter(|waiver| !rules.iter().any(|rule| rule.id == waiver.rule.value)) {
        unknown_rule(&waiver.rule, rules, mistakes);
    }
}

/// The rule may be one of a shipped set that is not in force.
fn unknown_rule(id: &At<String>, rules: &[Known<'_>], mistakes: &mut Mistakes<'_>) {
    match sets::sets_with(id).first() {
        Some(set) => {
            let mistake = mistakes.at(id, format_args!("the rule `{}` is not loaded", id.value));
            mistakes
                .error(mistake.help(format!("it is one of the rule set `{set}`: name that in `extends`")));
        }
        None => mistakes.unknown("rule", id, rules.iter().map(|rule| rule.id)),
    }
}

fn binding(
    rule: usize,
    known: &Known<'_>,
    own: Option<&At<RawRule>>,
    except: &Words,
    mistakes: &mut Mistakes<'_>,
) -> Binding {
    let written = own.and_then(At::<RawRule>::level).and_then(|word| level(&word, mistakes));
    let level = written.or(known.level).unwrap_or(Level::SoftMandatory);
    let Some(own) = own else {
        let except = mistakes.paths_once(except);
        return Binding { rule, level, params: BTreeMap::new(), paths: None, except, baseline: None };
    };
    if let Some(paths) = own.paths.as_ref().filter(|paths| paths.value.is_empty()) {
        let mistake = mistakes.at(paths, format_args!("`{}` would look at no path", known.id));
        mistakes.error(mistake.help("level = \"off\" says so; without `paths` it looks at all"));
    }
    mistakes.paths(&own.except);
    let except: Words = except.iter().chain(&own.except).cloned().collect();
    Binding {
        rule,
        level,
        params: params(known, own, mistakes),
        paths: own.paths.as_ref().map(|paths| mistakes.paths(paths)),
        except: mistakes.paths_once(&except),
        baseline: own.baseline.as_ref().and_then(|id| mistakes.full_id(id)),
    }
}

fn level(word: &At<String>, mistakes: &mut Mistakes<'_>) -> Option<Level> {
    let level = word.parse().ok();
    if level.is_none() {
        mistakes.unknown("level", word, Level::WORDS);
    }
    level
}

/// The parameters that are overridden, each of the type of its default.
fn params(known: &Known<'_>, own: &RawRule, mistakes: &mut Mistakes<'_>) -> BTreeMap<String, Value> {
    let mut overrides = BTreeMap::new();
    for (name, value) in &own.params {
        match known.params.get(&name.value) {
            Some(default) => match typed(&value.value, default) {
                Ok(value) => drop(overrides.insert(name.value.clone(), value)),
                Err(Mismatch { path, expected, found }) => {
                    let message =
                        format!("`{}{path}` of `{}` must be {expected}, not {found}", name.value, known.id);
                    let mistake = mistakes.at(value, message);
                    mistakes.error(mistake.help(format!("its default is {}", shown(default))));
                }
            },
            None => unknown_parameter(known, name, mistakes),
        }
    }
    overrides
}

/// The key may be meant for one of the rule's parameters, or for one of the keys that every rule has.
fn unknown_parameter(known: &Known<'_>, name: &At<String>, mistakes: &mut Mistakes<'_>) {
    let mistake = mistakes.at(name, format_args!("`{}` has no parameter `{}`", known.id, name.value));
    let valid = || known.params.keys().map(String::as_str).chain(RawRule::KEYS);
    let mistake = match nearest(name, valid()) {
        Some(near) => mistake.help(format!("did you mean `{near}`?")),
        None if known.params.is_empty() => {
            mistake.help("it has none; every rule has level, paths, except, baseline")
        }
        None => {
            let own: Vec<&str> = known.params.keys().map(String::as_str).collect();
            mistake.help(format!("it has {}; every rule has level, paths, except, baseline", own.join(", ")))
        }
    };
    mistakes.error(mistake);
}

/// Why a value cannot stand for a default.
struct Mismatch {
    /// From the parameter down: `.limits.max`, `[2]`.
    path: String,
    expected: &'static str,
    found: &'static str,
}

/// A value as the default's type: a whole number will do for a float; every element of an array is of the type of the
/// default's first; of a table with defaults only known keys can be given, and those that are not keep their defaults.
fn typed(value: &toml::Value, default: &Value) -> Result<Value, Mismatch> {
    match (value, default) {
        (toml::Value::Boolean(value), Value::Bool(_)) => Ok(Value::Bool(*value)),
        (toml::Value::Integer(value), Value::Int(_)) => Ok(Value::Int(*value)),
        #[expect(
            clippy::cast_precision_loss,
            reason = "whoever writes a whole number for a float means the nearest"
        )]
        (toml::Value::Integer(value), Value::Float(_)) => Ok(Value::Float(*value as f64)),
        (toml::Value::Float(value), Value::Float(_)) if !value.is_nan() => Ok(Value::Float(*value)),
        (toml::Value::String(value), Value::Text(_)) => Ok(Value::Text(value.clone())),
        (toml::Value::Array(values), Value::List(defaults)) => {
            let element = |(n, value)| match defaults.first() {
                Some(first) => typed(value, first).map_err(|wrong| wrong.within(&format!("[{n}]"))),
                None => free(value).map_err(|wrong| wrong.within(&format!("[{n}]"))),
            };
            values.iter().enumerate().map(element).collect::<Result<_, _>>().map(Value::List)
        }
        (toml::Value::Table(values), Value::Map(defaults)) => table(values, defaults).map(Value::Map),
        _ => Err(Mismatch { path: String::new(), expected: article(default), found: found(value) }),
    }
}

fn table(
    values: &toml::Table,
    defaults: &BTreeMap<String, Value>,
) -> Result<BTreeMap<String, Value>, Mismatch> {
    let mut merged = defaults.clone();
    for (key, value) in values {
        let typed = match defaults.get(key) {
            Some(default) => typed(value, default),
            None if defaults.is_empty() => free(value),
            None => {
                Err(Mismatch { path: String::new(), expected: "one of the keys it has", found: "a new one" })
            }
        };
        merged.insert(key.clone(), typed.map_err(|wrong| wrong.within(&format!(".{key}")))?);
    }
    Ok(merged)
}

/// A value where nothing is known of its type.
fn free(value: &toml::Value) -> Result<Value, Mismatch> {
    match value {
        toml::Value::Boolean(value) => Ok(Value::Bool(*value)),
        toml::Value::Integer(value) => Ok(Value::Int(*value)),
        toml::Value::Float(value) if !value.is_nan() => Ok(Value::Float(*value)),
        // Whatever a rule compares it with, the answer is no.
        toml::Value::Float(_) => {
            Err(Mismatch { path: String::new(), expected: "a number", found: "`nan`, which is none" })
        }
        toml::Value::String(value) => Ok(Value::Text(value.clone())),
        toml::Value::Array(values) => values.iter().map(free).collect::<Result<_, _>>().map(Value::List),
        toml::Value::Table(values) => table(values, &BTreeMap::new()).map(Value::Map),
        toml::Value::Datetime(_) => Err(Mismatch {
            path: String::new(),
            expected: "a date in quotes, a string",
            found: "a bare date",
        }),
    }
}

impl Mismatch {
    fn within(self, outer: &str) -> Self {
        Self { path: format!("{outer}{}", self.path), ..self }
    }
}

fn article(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "`true` or `false`",
        Value::Int(_) => "a whole number",
        Value::Float(_) => "a number",
        Value::Text(_) => "a string",
        Value::List(_) => "an array",
        Value::Map(_) => "a table",
    }
}

fn found(value: &toml::Value) -> &'static str {
    match value {
        toml::Value::Boolean(_) => "a boolean",
        toml::Value::Integer(_) => "a whole number",
        toml::Value::Float(value) if value.is_nan() => "`nan`, which is none",
        toml::Value::Float(_) => "a number with a fraction",
        toml::Value::String(_) => "a string",
        toml::Value::Array(_) => "an array",
        toml::Value::Table(_) => "a table",
        toml::Value::Datetime(_) => "a date",
    }
}

/// A value as it is written in TOML.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => toml::Value::Float(*value).to_string(),
        Value::Text(value) => toml::Value::String(value.clone()).to_string(),
        Value::List(values) => format!("[{}]", values.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Value::Map(values) if values.is_empty() => "{}".to_owned(),
        Value::Map(values) => {
            let entries: Vec<_> =
                values.iter().map(|(key, value)| format!("{key} = {}", shown(value))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
    }
}

//! What people see when they have written something wrong: whole messages, by kind of mistake.

mod any_input;
mod broken;
mod folders;
mod governed;
mod impact;
mod meaning;
mod purpose;
mod schema;
mod starters;

use std::collections::BTreeMap;

use super::load::Beside;
use super::mistakes::Mistakes;
use super::people::Directory;
use super::raw::RawBylaws;
use super::rules::{self, Known};
use super::{Config, load};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::policy::{Binding, Value};
use crate::verdict::Level;

/// 2026-07-01T00:00:00Z.
const NOW: i64 = 1_782_864_000;

/// Everything that the two files say.
struct Read {
    config: Config,
    bindings: Vec<Binding>,
    notices: Vec<Diagnostic>,
}

/// Reads both files against a few rules that are made up here, without a script.
fn read(bylaws: &str, people: &str) -> Result<Read, Diagnostics> {
    let mut in_bylaws = Mistakes::new("bylaws.toml", bylaws);
    let mut in_people = Mistakes::new("people.toml", people);
    let raw = load::read_bylaws(bylaws, &mut in_bylaws)?;
    let names = |raw: &RawBylaws| raw.environments.keys().map(|name| name.value.clone()).collect();
    let environments: Option<Vec<String>> = raw.as_ref().map(names);
    let directory = load::read_people(people, &mut in_people)
        .map(|people| Directory::read(people, environments.as_deref(), None, &mut in_people));
    load::extended(raw.as_ref(), &mut in_bylaws);
    let params = params();
    let known = params.iter().map(|(id, level, params)| Known { id, level: *level, params });
    let known: Vec<Known<'_>> = known.collect();
    let read = raw.map(|raw| {
        let beside = Beside { directory: directory.as_ref(), ..Beside::default() };
        let config = Config::read(&raw, &beside, NOW, &mut in_bylaws);
        rules::check_waivers(&raw, &known, &mut in_bylaws);
        (config, rules::bindings(&raw, &known, &mut in_bylaws))
    });
    let errors = load::in_order([in_bylaws.errors, in_people.errors].concat());
    match read {
        Some((config, bindings)) if errors.0.is_empty() => {
            Ok(Read { config, bindings, notices: [in_bylaws.notices, in_people.notices].concat() })
        }
        _ => Err(errors),
    }
}

type Rule = (&'static str, Option<Level>, BTreeMap<String, Value>);

fn params() -> Vec<Rule> {
    let limits = [("lines".to_owned(), Value::Int(500)), ("names".to_owned(), Value::List(Vec::new()))];
    let all = [
        ("max", Value::Int(72)),
        ("share", Value::Float(0.5)),
        ("word", Value::Text("fix".to_owned())),
        ("types", Value::List(vec![Value::Text("feat".to_owned())])),
        ("strict", Value::Bool(true)),
        ("limits", Value::Map(limits.into())),
    ];
    let all = all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    vec![
        ("subject-length", Some(Level::Advisory), [("max".to_owned(), Value::Int(72))].into()),
        ("no-secrets", None, BTreeMap::new()),
        ("every-parameter", None, all),
    ]
}

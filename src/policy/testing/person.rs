//! The builder of persons.

use std::sync::Arc;

use rhai::{Dynamic, Map};

use super::super::api::{Fallible, PersonValue};
use super::assert::State;
use super::build::value_or_map;
use super::fields::Fields;
use crate::facts::{Identity, Person, Seniority};

pub(super) fn person_of(state: &mut State, value: &Dynamic) -> Fallible<PersonValue> {
    if let Ok(text) = value.flatten_clone().into_string() {
        return Ok(PersonValue(Arc::new(stranger(&text))));
    }
    value_or_map(value, "person, `Name <address>`", |map| person(state, map))
}

/// `Name <address>`, or an address.
pub(super) fn stranger(text: &str) -> Person {
    let (name, email) = match text.split_once('<') {
        Some((name, email)) => (name.trim(), email.trim_end_matches('>')),
        None => ("", text),
    };
    Person { name: name.to_owned(), email: email.to_owned(), ..Person::default() }
}

pub(super) fn person(state: &mut State, map: Map) -> Fallible<PersonValue> {
    let fields = Fields::new("person", map, state.table(), &[])?;
    let name = fields.text("name")?.unwrap_or_else(|| "Ada Lovelace".to_owned());
    let email = fields.text("email")?.unwrap_or_else(|| "ada@example.org".to_owned());
    let login = fields.text("login")?;
    let known = fields.flag("known")?.unwrap_or(true);
    let identity = known.then(|| -> Fallible<_> {
        Ok(Identity {
            id: login.clone().unwrap_or_else(|| email.clone()),
            name: name.clone(),
            emails: vec![email.clone()],
            logins: login.iter().cloned().collect(),
            seniority: fields.text("seniority")?.map(|word| Seniority { rank: 0, word }),
            teams: fields.texts("teams")?.unwrap_or_default(),
            keys: Vec::new(),
            is_service: false,
            tests: Vec::new(),
            deploys: Vec::new(),
        })
    });
    let identity = identity.transpose()?;
    if identity.is_none() && (fields.get("seniority").is_some() || fields.get("teams").is_some()) {
        return fields.contradiction("somebody who is not known has no seniority and no teams");
    }
    state.people.extend(identity.clone());
    let time = fields.int("time")?.unwrap_or(0);
    Ok(PersonValue(Arc::new(Person { name, email, time, login, identity: identity.map(Arc::new) })))
}

pub(super) fn someone(state: &mut State, fields: &Fields, key: &str) -> Fallible<Option<Person>> {
    let Some(value) = fields.get(key).cloned() else { return Ok(None) };
    Ok(Some(Person::clone(&person_of(state, &value)?.0)))
}

pub(super) fn anybody(state: &mut State) -> Fallible<Person> {
    Ok(Person::clone(&person(state, Map::new())?.0))
}

//! Persons: who wrote, committed, signed, pushed.

use std::sync::Arc;

use rhai::{Array, Dynamic, ImmutableString};

use super::super::call;
use super::table::{Api, comparable, shown};
use super::{fail, optional, optional_text};
use crate::facts::Person;

/// A person; persons compare by identity.
#[derive(Clone, PartialEq)]
pub(in crate::policy) struct PersonValue(pub(in crate::policy) Arc<Person>);

/// The person behind an address: known or not.
fn person(email: &str) -> PersonValue {
    let identity = call::people().by_email(email).cloned();
    PersonValue(Arc::new(Person {
        name: identity.as_ref().map(|identity| identity.name.clone()).unwrap_or_default(),
        email: email.to_owned(),
        identity,
        ..Person::default()
    }))
}

fn login(person: &Person) -> Dynamic {
    let known = person.identity.as_ref().and_then(|identity| identity.logins.first());
    optional_text(person.login.as_deref().or(known.map(String::as_str)))
}

pub(super) fn register(api: &mut Api<'_>) {
    api.of::<PersonValue>("person", "Somebody; two are equal if they are the same identity of people.toml.")
        .property("name", "string", "The name as written.", |p: &mut PersonValue| {
            ImmutableString::from(p.0.name.as_str())
        })
        .property("email", "string", "The address as written.", |p: &mut PersonValue| {
            ImmutableString::from(p.0.email.as_str())
        })
        .property(
            "time",
            "int",
            "When they did it, in seconds UTC; 0 where there is no time.",
            |p: &mut PersonValue| p.0.time,
        )
        .property("login", "string?", "What the git server knows them by.", |p: &mut PersonValue| login(&p.0))
        .property("seniority", "string?", "The team's word for their rank.", |p: &mut PersonValue| {
            optional(
                p.0.identity
                    .as_ref()
                    .and_then(|identity| identity.seniority.as_ref())
                    .map(|s| s.word.clone()),
            )
        })
        .property("teams", "[string]", "The teams they belong to.", |p: &mut PersonValue| {
            let teams = p.0.identity.iter().flat_map(|identity| &identity.teams);
            teams.map(|team| team.as_str().into()).collect::<Array>()
        })
        .property("known", "bool", "Are they in people.toml?", |p: &mut PersonValue| p.0.identity.is_some());
    api.function("person", "(email: string) -> person", "Who has this address.", person);
    comparable::<PersonValue>(api.engine());
    for operator in ["==", "!="] {
        // Always false, or always true: nobody means that.
        let wrong =
            || fail::<bool>("a person is compared with a person; compare `.email` or `.login` with a text");
        api.engine().register_fn(operator, move |_: &mut PersonValue, _: ImmutableString| wrong());
        api.engine().register_fn(operator, move |_: ImmutableString, _: PersonValue| wrong());
    }
    shown::<PersonValue>(api.engine(), |p| format!("{} <{}>", p.0.name, p.0.email));
}

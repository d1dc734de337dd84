//! `bylaws.toml`, `people.toml` and `server.toml` as they are written: every key, its type and what it means, and nothing more. What the
//! values mean together is checked where they become a [`super::Config`], [`crate::facts::People`] and [`super::Server`]. The
//! JSON Schemas are made of these types: what they say of a key is what editors show, and `extend` adds what the type alone
//! does not tell.

mod bylaws;
mod people;
mod rule;
mod server;

pub use bylaws::{
    RawBreakGlass, RawBylaws, RawClassify, RawEnvironment, RawOwners, RawRequirement, RawRequirements,
    RawWaiver,
};
pub use people::{RawKey, RawPeople, RawPerson, RawService};
pub use rule::RawRule;
pub use server::{RawOperator, RawServer};

use super::{At, Table};

/// Words or patterns, each with its place.
pub type Words = Vec<At<String>>;

/// The form of `72h`, for the schema.
const DURATION: &str = "^[0-9]+[smhdw]$";
/// The form of a date with or without a time, which editors see as text, for the schema.
const DATE: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}";
/// The form of a full id of either width, for the schema.
const FULL_ID: &str = "^([0-9a-fA-F]{40}|[0-9a-fA-F]{64})$";

/// The elements of a list of certain words, for the schema.
fn one_of(words: &[&str]) -> serde_json::Value {
    serde_json::json!({ "type": "string", "enum": words })
}

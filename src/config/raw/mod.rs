//! `bylaws.toml` and `people.toml` as they are written: every key, its type and what it means, and nothing more. What the
//! values mean together is checked where they become a [`super::Config`] and [`crate::facts::People`].

mod bylaws;
mod people;
mod rule;

pub use bylaws::{
    RawBreakGlass, RawBylaws, RawClassify, RawEnvironment, RawOwners, RawRequirement, RawRequirements,
    RawWaiver,
};
pub use people::{RawKey, RawPeople, RawPerson, RawService};
pub use rule::RawRule;

use super::{At, Table};

/// Words or patterns, each with its place.
pub type Words = Vec<At<String>>;

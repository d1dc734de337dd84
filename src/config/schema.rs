//! JSON Schemas of the files that people write, for their editors: made from the types that read them, so that neither can
//! know a key that the other does not.
//!
//! They are of draft 7, which taplo and every editor behind SchemaStore read whole, and hold no references: editors show
//! the description of a key, and one behind a reference they show half the time. What a schema cannot say (that a team has
//! enough people, that a rule exists) `bylaws` says when it reads the file.

use schemars::generate::SchemaSettings;
use schemars::transform::transform_subschemas;
use schemars::{JsonSchema, Schema};

use super::raw::{RawBylaws, RawPeople, RawServer};

/// A file that people write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigFile {
    /// `bylaws.toml`
    Bylaws,
    /// `people.toml`
    People,
    /// `server.toml`
    Server,
}

impl ConfigFile {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Bylaws, Self::People, Self::Server];

    /// The name of the file with its schema.
    pub fn schema_name(self) -> &'static str {
        match self {
            Self::Bylaws => "bylaws.schema.json",
            Self::People => "people.schema.json",
            Self::Server => "server.schema.json",
        }
    }

    /// Its schema, as JSON.
    pub fn schema(self) -> serde_json::Value {
        let schema = match self {
            Self::Bylaws => of::<RawBylaws>(),
            Self::People => of::<RawPeople>(),
            Self::Server => of::<RawServer>(),
        };
        schema.to_value()
    }
}

fn of<T: JsonSchema>() -> Schema {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    settings.with_transform(as_toml).into_generator().into_root_schema_for::<T>()
}

/// TOML has no null and no widths of numbers.
fn as_toml(schema: &mut Schema) {
    if let Some(types) = schema.get_mut("type").and_then(|types| types.as_array_mut()) {
        types.retain(|one| one != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    let is_null = |one: &serde_json::Value| one.get("type").is_some_and(|of| of == "null");
    if let Some(any) = schema.get_mut("anyOf").and_then(|any| any.as_array_mut()) {
        any.retain(|one| !is_null(one));
    }
    if schema.get("format").and_then(|format| format.as_str()).is_some_and(|format| format.contains("int")) {
        schema.remove("format");
    }
    transform_subschemas(&mut as_toml, schema);
}

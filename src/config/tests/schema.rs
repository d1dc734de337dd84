//! The schemas: the committed ones are those that the types give, and judge files as the program does, as far as a schema
//! can.

use std::path::Path;

use serde_json::Value;

use crate::config::{ConfigFile, starter};

/// What is wrong with a file by its schema.
fn wrong(file: ConfigFile, text: &str) -> Vec<String> {
    let toml: toml::Table = text.parse().unwrap_or_else(|error| panic!("{error}\n{text}"));
    let validator = jsonschema::validator_for(&file.schema()).unwrap();
    let json = as_editors_see(toml::Value::Table(toml));
    validator.iter_errors(&json).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// Dates as text: so taplo does it.
fn as_editors_see(value: toml::Value) -> Value {
    match value {
        toml::Value::Datetime(date) => date.to_string().into(),
        toml::Value::Array(values) => values.into_iter().map(as_editors_see).collect(),
        toml::Value::Table(table) => {
            table.into_iter().map(|(key, value)| (key, as_editors_see(value))).collect()
        }
        other => serde_json::to_value(other).unwrap(),
    }
}

#[test]
fn the_committed_schemas_are_those_of_the_types() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema");
    for file in ConfigFile::ALL {
        let path = folder.join(file.schema_name());
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        let made = serde_json::to_string_pretty(&file.schema()).unwrap() + "\n";
        assert!(committed == made, "{} is old: run `bylaws schema -o docs/schema`", path.display());
    }
}

#[test]
fn the_schemas_are_schemas_of_draft_7_without_references() {
    for file in ConfigFile::ALL {
        let schema = file.schema();
        assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
        assert!(jsonschema::draft7::meta::is_valid(&schema));
        let text = schema.to_string();
        assert!(!text.contains("$ref") && !text.contains("\"null\""), "{text}");
        every_key_is_described(&schema, file.schema_name());
    }
}

fn every_key_is_described(schema: &Value, place: &str) {
    for (key, property) in schema["properties"].as_object().into_iter().flatten() {
        let place = format!("{place} {key}");
        assert!(property["description"].is_string(), "{place} has no description");
        every_key_is_described(property, &place);
        every_key_is_described(&property["items"], &place);
        every_key_is_described(&property["additionalProperties"], &place);
    }
}

#[test]
fn what_is_right_is_valid() {
    for set in crate::config::sets() {
        for (name, text) in starter(&[set.to_owned()]).unwrap() {
            match name.as_str() {
                "bylaws.toml" => assert_eq!(wrong(ConfigFile::Bylaws, &text), [""; 0]),
                "people.toml" => assert_eq!(wrong(ConfigFile::People, &text), [""; 0]),
                _ => {}
            }
        }
    }
    assert_eq!(wrong(ConfigFile::Bylaws, include_str!("samples/bylaws.toml")), [""; 0]);
    assert_eq!(wrong(ConfigFile::People, include_str!("samples/people.toml")), [""; 0]);
    assert_eq!(wrong(ConfigFile::Server, include_str!("samples/server.toml")), [""; 0]);
    let own = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(".bylaws/bylaws.toml"));
    assert_eq!(wrong(ConfigFile::Bylaws, &own.unwrap()), [""; 0]);
}

#[test]
fn what_is_wrong_is_not() {
    let cases = [
        (ConfigFile::Bylaws, "extend = []"),
        (ConfigFile::Bylaws, "extends = \"recommended\""),
        (ConfigFile::Bylaws, "extends = [\"no-such-set\"]"),
        (ConfigFile::Bylaws, "requires = \"one\""),
        (ConfigFile::Bylaws, "[rules]\na = \"strict\""),
        (ConfigFile::Bylaws, "[rules]\na = { level = \"strict\" }"),
        (ConfigFile::Bylaws, "[rules]\na = { paths = \"src\" }"),
        (ConfigFile::Bylaws, "[rules]\na = { baseline = \"HEAD\" }"),
        (ConfigFile::Bylaws, "[rules]\na = 1"),
        (ConfigFile::Bylaws, "[[waiver]]\nrule = \"a\"\npaths = [\"**\"]\nreason = \"r\""),
        (ConfigFile::Bylaws, "[[waiver]]\nrule = \"a\"\nuntil = 2027-03-31\nreason = \"r\""),
        (ConfigFile::Bylaws, "[[waiver]]\nrule = \"a\"\npaths = [\"**\"]\nuntil = 12:00:00\nreason = \"r\""),
        (ConfigFile::Bylaws, "[environments.production]\nrefs = [\"main\"]\nallow = [\"rewind\"]"),
        (ConfigFile::Bylaws, "[[classify]]\npaths = [\"a\"]\nimpact = \"huge\""),
        (ConfigFile::Bylaws, "[requirements.production]\nminor = {}"),
        (ConfigFile::Bylaws, "[requirements.production]\nmajor = { approvals = -1 }"),
        (ConfigFile::Bylaws, "[[owners]]\npaths = [\"a\"]"),
        (ConfigFile::Bylaws, "[break-glass]\nseniority = \"senior\"\nreview-within = \"soon\""),
        (
            ConfigFile::Bylaws,
            "[break-glass]\nseniority = \"s\"\nreview-within = \"3d\"\nmay-skip = [\"rules\"]",
        ),
        (ConfigFile::People, "[people.ada]\nemail = \"ada@example.org\""),
        (ConfigFile::People, "[people.ada]\nkeys = [{ }]"),
        (ConfigFile::People, "[people.ada]\nkeys = [{ ssh = \"a\", gpg = \"b\" }]"),
        (ConfigFile::People, "[services.ci]\nteams = [\"sre\"]"),
        (ConfigFile::Server, "identity = \"gitole\""),
        (ConfigFile::Server, "operators = [{ login = \"ada\" }]"),
        (ConfigFile::Server, "enforce = \"yes\""),
        (ConfigFile::Server, "deadline = 30"),
    ];
    for (file, text) in cases {
        assert!(!wrong(file, text).is_empty(), "{} takes {text}", file.schema_name());
    }
}

#[test]
fn parameters_of_rules_are_keys_of_their_own() {
    let text = "[rules]\nsubject-length = { level = \"advisory\", max = 72, words = [\"a\"], limits = { lines = 5 } }";
    assert_eq!(wrong(ConfigFile::Bylaws, text), [""; 0]);
}

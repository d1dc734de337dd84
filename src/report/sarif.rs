//! SARIF 2.1.0, the OASIS standard for the results of static analysis; sections below are those of its text.
//!
//! GitHub's code scanning turns down a result without a physical location. What is about no file therefore has its true
//! place as a logical location, and the policy that demands it as the physical one. There is no `versionControlProvenance`:
//! it demands the repository's address, and an address may hold a password.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::fingerprint::fingerprints;
use super::words::{Gravity, details, file_place, script_place, subject};
use super::{Outcome, Report, RuleInForce, clean};
use crate::verdict::{Decision, Finding, State, Verdict};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// What stays as it is in the path of a relative reference (RFC 3986, section 3.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_').remove(b'~');
/// Where the repository's files are; whoever shows the report knows it.
const ROOT: &str = "%SRCROOT%";

/// The SARIF format.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sarif;

impl Report for Sarif {
    fn write(&self, outcome: Outcome<'_>, to: &mut dyn Write) -> io::Result<()> {
        let verdict = outcome.verdict;
        let rules = Rules::of(outcome.rules, &verdict.findings);
        let results: Vec<Value> = verdict
            .findings
            .iter()
            .zip(fingerprints(&verdict.findings))
            .map(|(finding, print)| result(finding, &rules, &print))
            .collect();
        let log = json!({
            "$schema": SCHEMA,
            "version": "2.1.0",
            "runs": [{
                "tool": { "driver": {
                    "name": "bylaws",
                    "version": env!("CARGO_PKG_VERSION"),
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "rules": rules.described,
                } },
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": { ROOT: { "description": { "text": "the top of the work tree" } } },
                "invocations": [invocation(verdict, &rules)],
                "results": results,
                "properties": {
                    "decision": verdict.decision,
                    "policy": {
                        "source": clean(&verdict.policy.source), "digest": clean(&verdict.policy.digest)
                    },
                    "changes": verdict.changes,
                    "summary": verdict.summary,
                },
            }],
        });
        serde_json::to_writer_pretty(&mut *to, &log)?;
        writeln!(to)
    }
}

/// The rules as the report describes them, and at which index.
struct Rules {
    described: Vec<Value>,
    index: HashMap<String, usize>,
}

impl Rules {
    /// Those in force, then those that only findings name.
    fn of(in_force: &[RuleInForce<'_>], findings: &[Finding]) -> Self {
        let mut rules = Self { described: Vec::new(), index: HashMap::new() };
        for rule in in_force {
            let fix = findings.iter().find(|f| f.rule == rule.0.id && f.state == State::Violated);
            rules.add(&rule.0.id, described(rule, fix.and_then(|finding| finding.fix.as_deref())));
        }
        for finding in findings {
            if !rules.index.contains_key(&finding.rule) {
                rules.add(&finding.rule, json!({ "id": clean(&finding.rule) }));
            }
        }
        rules
    }

    fn add(&mut self, id: &str, described: Value) {
        self.index.insert(id.to_owned(), self.described.len());
        self.described.push(described);
    }

    fn index(&self, finding: &Finding) -> Option<usize> {
        self.index.get(&finding.rule).copied()
    }
}

/// A `reportingDescriptor`, section 3.49. How to mend something is known of findings alone, so the first one's is told.
fn described((rule, binding): &RuleInForce<'_>, fix: Option<&str>) -> Value {
    let (title, why) = (clean(&rule.title), clean(&rule.why));
    let controls: Vec<String> = rule.controls.iter().map(|control| clean(control)).collect();
    let mut plain = why.clone();
    let mut markdown = format!("**{}**\n\n{}", escaped(&title), escaped(&why));
    for (key, text) in [("Fix", fix.map(clean)), ("Controls", Some(controls.join(", ")))] {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            // Writing to a string cannot fail.
            write!(plain, "\n{key}: {text}").unwrap_or_default();
            write!(markdown, "\n\n{key}: {}", escaped(&text)).unwrap_or_default();
        }
    }
    let level = if binding.level.is_mandatory() { "error" } else { "warning" };
    json!({
        "id": clean(&rule.id),
        "shortDescription": { "text": title },
        "fullDescription": { "text": why },
        "help": { "text": plain, "markdown": markdown },
        "defaultConfiguration": { "level": level },
        "properties": {
            "level": binding.level, "controls": controls, "tags": controls,
            "source": clean(&rule.place.to_string()),
        },
    })
}

/// Text that Markdown leaves alone.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_punctuation() {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Section 3.20: how the run went, and which rules could not be run.
fn invocation(verdict: &Verdict, rules: &Rules) -> Value {
    let failed = verdict.findings.iter().filter(|finding| finding.state == State::Error);
    let notifications: Vec<Value> = failed
        .map(|finding| {
            json!({
                "level": Gravity::of(finding).as_str(),
                "message": message(finding),
                "associatedRule": { "id": clean(&finding.rule), "index": rules.index(finding) },
            })
        })
        .collect();
    let exit = match verdict.decision {
        Decision::Allow => 0,
        Decision::Deny => 1,
        Decision::Error => 2,
    };
    json!({
        "executionSuccessful": verdict.decision != Decision::Error,
        "exitCode": exit,
        "toolExecutionNotifications": notifications,
    })
}

/// Section 3.11. What could be one of its links (3.11.6) is text of somebody's.
fn message(finding: &Finding) -> Value {
    let mut lines = vec![clean(&finding.message)];
    lines.extend(details(finding));
    json!({ "text": lines.join("\n").replace("](", "] (") })
}

/// Section 3.27.
fn result(finding: &Finding, rules: &Rules, fingerprint: &str) -> Value {
    let mut properties = json!({ "level": finding.level, "state": finding.state });
    if let Some(properties) = properties.as_object_mut() {
        properties.extend(finding.commit.map(|id| ("commit".to_owned(), json!(id))));
        properties.extend(finding.reference.as_ref().map(|name| ("ref".to_owned(), json!(name))));
    }
    json!({
        "ruleId": clean(&finding.rule),
        "ruleIndex": rules.index(finding),
        "level": Gravity::of(finding).as_str(),
        "message": message(finding),
        "locations": [location(finding)],
        "suppressions": suppressions(finding),
        // The first is ours; GitHub knows the second, and would else make it of the line's text.
        "partialFingerprints": { "bylaws/v1": fingerprint, "primaryLocationLineHash": fingerprint },
        "properties": properties,
    })
}

/// Section 3.28. GitHub shows nothing of a result without a line.
fn location(finding: &Finding) -> Value {
    let (path, line) = file_place(finding);
    let mut region = serde_json::Map::from_iter([("startLine".to_owned(), json!(line.unwrap_or(1)))]);
    // A column is known of scripts alone.
    let script = script_place(finding).filter(|_| finding.path.is_none());
    let column = script.filter(|place| place.line > 0 && place.column > 0).map(|place| place.column);
    region.extend(column.map(|column| ("startColumn".to_owned(), json!(column))));
    json!({
        "physicalLocation": {
            "artifactLocation": {
                "uri": utf8_percent_encode(&path, ENCODED).to_string(), "uriBaseId": ROOT
            },
            "region": region,
        },
        "logicalLocations": logical_locations(finding),
    })
}

/// Section 3.33: the commit or the ref that is the true place of what is about no file.
fn logical_locations(finding: &Finding) -> Vec<Value> {
    let name = subject(finding);
    if finding.path.is_some() || name.is_empty() {
        return Vec::new();
    }
    let kind = if finding.commit.is_none() && finding.about.is_none() { "ref" } else { "commit" };
    vec![json!({ "fullyQualifiedName": name, "kind": kind })]
}

/// Section 3.27.23: of a run all results have them, or none.
fn suppressions(finding: &Finding) -> Value {
    match (finding.state, &finding.fix) {
        (State::Overridden, Some(why)) => {
            json!([{ "kind": "external", "status": "accepted", "justification": clean(why) }])
        }
        (State::Overridden, None) => json!([{ "kind": "external", "status": "accepted" }]),
        _ => json!([]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{HOSTILE, hostile, of_each_kind, verdict, written};
    use super::*;
    use crate::verdict::Level;

    /// What it writes, after the published schema has found nothing wrong with it.
    fn valid(findings: Vec<Finding>) -> Value {
        let schema = include_str!("../../tests/data/sarif-schema-2.1.0.json");
        let schema: Value = serde_json::from_str(schema).unwrap();
        let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
        let log: Value = serde_json::from_str(&written(findings, &Sarif)).unwrap();
        let wrong: Vec<String> =
            validator.iter_errors(&log).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        log
    }

    #[test]
    fn each_kind_of_finding_is_a_valid_result() {
        let log = valid(of_each_kind());
        let shown: Vec<String> = log["runs"][0]["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|result| {
                let location = &result["locations"][0];
                let physical = &location["physicalLocation"];
                format!(
                    "{} {} {}:{} {} {}\n{}\n",
                    result["level"],
                    result["ruleId"],
                    physical["artifactLocation"]["uri"],
                    physical["region"]["startLine"],
                    location["logicalLocations"][0]["fullyQualifiedName"],
                    result["suppressions"],
                    result["message"]["text"].as_str().unwrap(),
                )
            })
            .collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
        "error" "no-secrets" "config/store.toml":14 null []
        an AWS access key is added
        commit: 3f9c1e2 by Ada Lovelace: "Add the [31msettings of the store"
        why: whoever can read the repository can use the key
        fix: take it out, rotate the key, and read it from the environment

        "error" "subject-length" ".bylaws/bylaws.toml":1 "commit 3f9c1e2" []
        subject has 80 characters, 72 at most
        commit: 3f9c1e2 by Ada Lovelace: "Add the [31msettings of the store"
        why: whoever can read the repository can use the key
        fix: take it out, rotate the key, and read it from the environment

        "warning" "subject-length" ".bylaws/bylaws.toml":1 "commit 3f9c1e2" []
        subject has 80 characters, 72 at most
        commit: 3f9c1e2 by Ada Lovelace: "Add the [31msettings of the store"
        why: whoever can read the repository can use the key
        fix: take it out, rotate the key, and read it from the environment

        "error" "no-secrets" "config/store.toml":14 null [{"justification":"waived: moves in Q1","kind":"external","status":"accepted"}]
        an AWS access key is added
        commit: 3f9c1e2 by Ada Lovelace: "Add the [31msettings of the store"
        why: whoever can read the repository can use the key
        fix: waived: moves in Q1

        "error" "own" ".bylaws/rules/own.rhai":4 "commit 3f9c1e2" []
        rule 'own' cannot run
        commit: 3f9c1e2 by Ada Lovelace: "Add the [31msettings of the store"
        rule: .bylaws/rules/own.rhai:4:9
        why: whoever can read the repository can use the key
        fix: take it out, rotate the key, and read it from the environment
        "#);
    }

    #[test]
    fn rules_are_described_and_found_by_their_index() {
        let log = valid(of_each_kind());
        let run = &log["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        let ids: Vec<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
        assert_eq!(ids, ["no-secrets", "subject-length", "quiet", "own"]);
        assert_eq!(rules[0]["shortDescription"]["text"], "The title");
        assert_eq!(rules[0]["fullDescription"]["text"], "the why");
        assert!(rules[0]["help"]["text"].as_str().unwrap().contains("Fix: take it out"));
        assert_eq!(rules[0]["properties"]["controls"][0], "SOC2:CC8.1");
        for result in run["results"].as_array().unwrap() {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(result["ruleId"], rules[index]["id"]);
        }
    }

    #[test]
    fn a_run_that_could_not_decide_was_no_success() {
        let how = |findings: Vec<Finding>| {
            let log = valid(findings);
            let invocation = &log["runs"][0]["invocations"][0];
            (invocation["executionSuccessful"].as_bool().unwrap(), invocation["exitCode"].as_u64().unwrap())
        };
        assert_eq!(how(vec![]), (true, 0));
        assert_eq!(how(vec![of_each_kind().remove(0)]), (true, 1));
        assert_eq!(how(of_each_kind()), (false, 2));
    }

    #[test]
    fn hostile_text_is_clean_text_and_paths_are_references() {
        let log = valid(hostile());
        let result = &log["runs"][0]["results"][0];
        let text = result["message"]["text"].as_str().unwrap();
        assert!(text.starts_with(&clean(HOSTILE).replace("](", "] (")) && !text.contains("]("), "{text}");
        let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
        assert!(
            uri.starts_with("a%0D%0A%3A%3Aerror%3A%3Ab%5Bc%5D%28https%3A//d.example%29%3C/failure%3E"),
            "{uri}"
        );
    }

    #[test]
    fn the_schema_does_find_mistakes() {
        let levels: Vec<Level> = verdict(of_each_kind()).findings.iter().map(|f| f.level).collect();
        assert!(levels.contains(&Level::Advisory));
        let schema: Value =
            serde_json::from_str(include_str!("../../tests/data/sarif-schema-2.1.0.json")).unwrap();
        let mut log: Value = serde_json::from_str(&written(of_each_kind(), &Sarif)).unwrap();
        log["runs"][0]["results"][0]["level"] = "grave".into();
        assert!(!jsonschema::validator_for(&schema).unwrap().is_valid(&log));
    }
}

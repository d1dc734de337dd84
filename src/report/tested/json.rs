//! As one JSON object. It holds no times: the same tests give the same text.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Tested, TestedReport};
use crate::diagnostic::Place;
use crate::policy::testing::{Asserted, Failure, TestOutcome};
use crate::policy::{Coverage, Missed, RuleCoverage};

/// The JSON format.
#[derive(Debug, Clone, Copy, Default)]
pub struct TestedJson;

impl TestedReport for TestedJson {
    fn write(&self, tested: Tested<'_>, to: &mut dyn Write) -> io::Result<()> {
        let failed = tested.failed();
        let mut document = json!({
            "version": 1,
            "passed": tested.outcomes.len() - failed,
            "failed": failed,
            "tests": tested.outcomes.iter().map(test).collect::<Vec<_>>(),
        });
        if let (Some(coverage), Some(fields)) = (tested.coverage, document.as_object_mut()) {
            fields.insert("coverage".to_owned(), self::coverage(coverage));
        }
        serde_json::to_writer_pretty(&mut *to, &document)?;
        writeln!(to)
    }
}

fn test(outcome: &TestOutcome) -> Value {
    let asserted = |one: &Asserted| json!({ "rule": one.rule, "state": one.state });
    let mut fields = located(&outcome.place);
    fields.insert("name".to_owned(), json!(outcome.name));
    fields.insert("result".to_owned(), json!(if outcome.passed() { "passed" } else { "failed" }));
    fields.insert("asserted".to_owned(), outcome.asserted.iter().map(asserted).collect());
    fields.extend(outcome.failure.as_ref().map(|failure| ("failure".to_owned(), self::failure(failure))));
    Value::Object(fields)
}

fn failure(failure: &Failure) -> Value {
    let mut fields = located(&failure.place);
    fields.insert("message".to_owned(), json!(failure.message));
    fields.insert("judged".to_owned(), json!(failure.values));
    fields.insert("said".to_owned(), json!(failure.said));
    fields.extend(failure.excerpt.as_ref().map(|line| ("text".to_owned(), json!(line.trim()))));
    fields.extend(failure.help.as_ref().map(|help| ("help".to_owned(), json!(help))));
    Value::Object(fields)
}

fn coverage(coverage: &Coverage) -> Value {
    json!({
        "percent": coverage.percent(),
        "statements": coverage.statements,
        "entered": coverage.entered,
        "rules": coverage.rules.iter().map(rule).collect::<Vec<_>>(),
    })
}

fn rule(rule: &RuleCoverage) -> Value {
    let mut fields = located(&rule.place);
    fields.insert("rule".to_owned(), json!(rule.rule));
    fields.insert("statements".to_owned(), json!(rule.statements));
    fields.insert("entered".to_owned(), json!(rule.entered));
    fields.insert("satisfied".to_owned(), json!(rule.satisfied));
    fields.insert("violated".to_owned(), json!(rule.violated));
    fields.insert("missed".to_owned(), rule.missed.iter().map(missed).collect());
    Value::Object(fields)
}

fn missed(missed: &Missed) -> Value {
    let mut fields = located(&missed.place);
    fields.insert("text".to_owned(), json!(missed.text));
    fields.extend(missed.function.as_ref().map(|name| ("function".to_owned(), json!(name))));
    Value::Object(fields)
}

fn located(place: &Place) -> serde_json::Map<String, Value> {
    let parts = [("file", json!(place.file)), ("line", json!(place.line)), ("column", json!(place.column))];
    parts.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

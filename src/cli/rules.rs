//! `bylaws rules`: the rules in force, or one of them whole.

use super::Exit;
use super::arguments::{self, Common, Format};
use super::environment::Environment;
use super::output;
use super::session::{self, Session};
use crate::diagnostic::Diagnostic;
use crate::policy::{Binding, RuleInfo};
use crate::report::clean;

pub(super) fn run(
    command: &arguments::Rules,
    common: &Common,
    environment: &Environment,
) -> anyhow::Result<Exit> {
    let repository = session::open(common, environment)?;
    let session = Session::new(common, environment, repository)?;
    output::notices(&session.loaded, common)?;
    let rules: Vec<(&RuleInfo, &Binding)> = session.loaded.policy.rules().collect();
    let chosen = match &command.rule {
        None => rules,
        Some(id) => vec![one(id, &rules)?],
    };
    let text = match (common.format, command.rule.is_some()) {
        (Format::Json, _) => json(&session, &chosen)?,
        (_, false) => list(&session, &chosen),
        (_, true) => chosen.iter().map(|(rule, binding)| whole(rule, binding)).collect(),
    };
    output::say(text.trim_end())?;
    Ok(Exit::Allowed)
}

fn one<'a>(id: &str, rules: &[(&'a RuleInfo, &'a Binding)]) -> anyhow::Result<(&'a RuleInfo, &'a Binding)> {
    let found = rules.iter().find(|(rule, _)| rule.id == id);
    Ok(*found.ok_or_else(|| {
        Diagnostic::new(format!("no rule `{id}` is in force"))
            .nearest(id, rules.iter().map(|(rule, _)| rule.id.as_str()))
    })?)
}

fn list(session: &Session<'_>, rules: &[(&RuleInfo, &Binding)]) -> String {
    let wide = rules.iter().map(|(rule, _)| rule.id.len()).max().unwrap_or(0);
    let mut text =
        format!("policy {} ({})\n\n", clean(&session.loaded.name.source), session.loaded.name.digest);
    for (rule, binding) in rules {
        let place = clean(&rule.place.to_string());
        let line =
            format!("{:wide$}  {:14}  {}  {place}", rule.id, binding.level.as_str(), clean(&rule.title));
        text.push_str(&line);
        text.push('\n');
    }
    text
}

fn whole(rule: &RuleInfo, binding: &Binding) -> String {
    let mut text = format!("{}: {}\n", rule.id, clean(&rule.title));
    let mut line = |key: &str, value: &str| {
        if !value.is_empty() {
            text.push_str(&format!("  {key:9} {value}\n"));
        }
    };
    line("why", &clean(&rule.why));
    line("level", binding.level.as_str());
    line("from", &clean(&rule.place.to_string()));
    line("controls", &clean(&rule.controls.join(", ")));
    for (name, default) in &rule.params {
        let shown = match binding.params.get(name) {
            Some(value) => format!("{name} = {value} (default {default})"),
            None => format!("{name} = {default}"),
        };
        line("parameter", &clean(&shown));
    }
    if let Some(paths) = &binding.paths {
        line("paths", &clean(&paths.patterns().join(", ")));
    }
    line("except", &clean(&binding.except.patterns().join(", ")));
    if let Some(baseline) = binding.baseline {
        line("baseline", &baseline.to_string());
    }
    text.push('\n');
    text
}

fn json(session: &Session<'_>, rules: &[(&RuleInfo, &Binding)]) -> serde_json::Result<String> {
    let rules: Vec<serde_json::Value> = rules
        .iter()
        .map(|(rule, binding)| {
            let params: serde_json::Map<String, serde_json::Value> = rule
                .params
                .iter()
                .map(|(name, default)| {
                    let value = binding.params.get(name).unwrap_or(default);
                    (name.clone(), serde_json::json!({ "value": value, "default": default }))
                })
                .collect();
            serde_json::json!({
                "id": rule.id, "title": rule.title, "why": rule.why, "controls": rule.controls,
                "level": binding.level, "params": params,
                "file": rule.place.file, "line": rule.place.line,
                "paths": binding.paths.as_ref().map(|paths| paths.patterns()),
                "except": binding.except.patterns(),
                "baseline": binding.baseline,
            })
        })
        .collect();
    serde_json::to_string_pretty(&serde_json::json!({
        "version": 1, "policy": session.loaded.name, "rules": rules,
    }))
}

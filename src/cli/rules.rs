//! `bylaws rules`: the rules in force, or one of them whole.

use super::Exit;
use super::arguments::{self, Common, Format};
use super::environment::Environment;
use super::output;
use super::session;
use crate::config::{ListedRule, LoadedPolicy, Purpose, Waiver};
use crate::diagnostic::Diagnostic;
use crate::policy::{Filters, Handles, Origin, RuleInfo};
use crate::report::clean;
use crate::verdict::Level;

pub(super) fn run(
    command: &arguments::Rules,
    common: &Common,
    environment: &Environment,
) -> anyhow::Result<Exit> {
    let repository = session::open(common, environment)?;
    let loaded = session::load(common, environment, &repository, Purpose::All)?;
    let remarks = loaded.remarks(environment.now, &session::tracked(&repository)?);
    let shown = Shown { loaded: &loaded, rules: loaded.rules(), remarks, now: environment.now };
    let text = match (&command.rule, common.format) {
        (None, Format::Json) => json(&shown.list_json())?,
        (None, _) => shown.list(common.quiet),
        (Some(id), Format::Json) => json(&shown.some_json(&shown.find(id)?))?,
        (Some(id), _) => {
            shown.find(id)?.into_iter().map(|one| shown.whole(one)).collect::<Vec<_>>().join("\n")
        }
    };
    output::say(text.trim_end())?;
    Ok(Exit::Allowed)
}

fn json(value: &serde_json::Value) -> serde_json::Result<String> {
    serde_json::to_string_pretty(value)
}

/// What is shown.
struct Shown<'a> {
    loaded: &'a LoadedPolicy,
    rules: Vec<ListedRule<'a>>,
    remarks: Vec<Diagnostic>,
    now: i64,
}

impl<'a> Shown<'a> {
    fn in_force(&self) -> impl Iterator<Item = &ListedRule<'a>> {
        self.rules.iter().filter(|one| one.level() != Level::Off)
    }

    fn off(&self) -> impl Iterator<Item = &ListedRule<'a>> {
        self.rules.iter().filter(|one| one.level() == Level::Off)
    }

    /// A rule by its id, be it off; the operator's and the repository's, where both have one.
    fn find(&self, id: &str) -> Result<Vec<&ListedRule<'a>>, Diagnostic> {
        let found: Vec<_> = self.rules.iter().filter(|one| one.rule.id == id).collect();
        if found.is_empty() {
            return Err(Diagnostic::new(format!("no rule `{id}` is loaded"))
                .nearest(id, self.rules.iter().map(|one| one.rule.id.as_str())));
        }
        Ok(found)
    }

    fn waivers(&self, one: &ListedRule<'a>) -> impl Iterator<Item = &'a Waiver> + use<'a> {
        let rule = one.rule;
        one.of.config.waivers.iter().filter(move |waiver| waiver.rule == rule.id)
    }

    fn list(&self, quiet: bool) -> String {
        let wide = self.in_force().map(|one| one.rule.id.len()).max().unwrap_or(0);
        let name = &self.loaded.name;
        let mut text = format!("policy {} ({})\n\n", clean(&name.source), name.digest);
        for one in self.in_force() {
            let place = clean(&one.rule.place.to_string());
            let title = clean(&one.rule.title);
            let required = if one.is_required { "  (required)" } else { "" };
            let (id, level) = (&one.rule.id, one.level().as_str());
            text.push_str(&format!("{id:wide$}  {level:14}  {title}  {place}{required}\n"));
            for (name, default, given) in one.params() {
                if let Some(given) = given.filter(|given| *given != default) {
                    let shown = clean(&format!("{name} = {given} (default {default})"));
                    text.push_str(&format!("{:wide$}  {:14}  {shown}\n", "", ""));
                }
            }
        }
        let off: Vec<&str> = self.off().map(|one| one.rule.id.as_str()).collect();
        if !off.is_empty() {
            text.push_str(&format!("\noff: {}\n", off.join(", ")));
        }
        for remark in self.remarks.iter().filter(|_| !quiet) {
            let lines: Vec<String> = remark.to_warning().lines().map(clean).collect();
            text.push_str(&format!("\n{}\n", lines.join("\n")));
        }
        text
    }

    fn whole(&self, one: &ListedRule<'a>) -> String {
        let rule = one.rule;
        let mut text = format!("{}: {}\n", rule.id, clean(&rule.title));
        let mut line = |key: &str, value: &str| {
            if !value.is_empty() {
                text.push_str(&format!("  {key:12} {}\n", clean(value)));
            }
        };
        line("why", &rule.why);
        line("level", one.level().as_str());
        line("from", &from(rule));
        if one.is_required {
            line("required", "by the operator: what this repository says of rules does not reach it");
        }
        line("controls", &rule.controls.join(", "));
        line("looks at", &handlers(rule.handles).join(", "));
        for (key, values) in filters(&rule.filters) {
            line(key, &values.join(", "));
        }
        for (name, default, given) in one.params() {
            let shown = match given.filter(|given| *given != default) {
                Some(value) => format!("{name} = {value} (default {default})"),
                None => format!("{name} = {default}"),
            };
            line("parameter", &shown);
        }
        if let Some(binding) = one.binding {
            let paths = binding.paths.as_ref().map(|paths| paths.patterns().join(", "));
            line("paths", &paths.unwrap_or_default());
            line("except", &binding.except.patterns().join(", "));
            line("baseline", &binding.baseline.map(|id| id.to_string()).unwrap_or_default());
        }
        for waiver in self.waivers(one) {
            let until = if waiver.is_expired(self.now) { "ended on" } else { "until" };
            let shown = format!(
                "{until} {}, for {}: {}",
                waiver.last_day(),
                covers(waiver).join(", "),
                waiver.reason
            );
            line("waiver", &shown);
        }
        if let Some(source) = source(one) {
            text.push('\n');
            for line in source.trim_end().lines() {
                // Tabs are for the terminal to show.
                let line: Vec<String> = line.split('\t').map(clean).collect();
                text.push_str(format!("    {}", line.join("\t")).trim_end());
                text.push('\n');
            }
        }
        text
    }

    fn list_json(&self) -> serde_json::Value {
        let off: Vec<&str> = self.off().map(|one| one.rule.id.as_str()).collect();
        let rules: Vec<serde_json::Value> = self.in_force().map(|one| self.rule_json(one)).collect();
        let remarks: Vec<serde_json::Value> = self.remarks.iter().map(Diagnostic::to_json).collect();
        serde_json::json!({
            "version": 1, "policy": self.loaded.name, "rules": rules, "off": off, "remarks": remarks,
        })
    }

    fn some_json(&self, some: &[&ListedRule<'a>]) -> serde_json::Value {
        let with_source = |one: &&ListedRule<'a>| {
            let mut rule = self.rule_json(one);
            if let Some(object) = rule.as_object_mut() {
                object.insert("source".to_owned(), source(one).into());
            }
            rule
        };
        let rules: Vec<serde_json::Value> = some.iter().map(with_source).collect();
        serde_json::json!({ "version": 1, "policy": self.loaded.name, "rules": rules })
    }

    fn rule_json(&self, one: &ListedRule<'a>) -> serde_json::Value {
        let rule = one.rule;
        let params: serde_json::Map<String, serde_json::Value> = one
            .params()
            .map(|(name, default, given)| {
                let value = given.unwrap_or(default);
                (name.to_owned(), serde_json::json!({ "value": value, "default": default }))
            })
            .collect();
        let waivers: Vec<serde_json::Value> = self
            .waivers(one)
            .map(|waiver| {
                serde_json::json!({
                    "until": waiver.last_day(), "ended": waiver.is_expired(self.now), "reason": waiver.reason,
                    "paths": waiver.paths.as_ref().map(|paths| paths.patterns()), "commits": waiver.commits,
                    "file": waiver.place.file, "line": waiver.place.line,
                })
            })
            .collect();
        let set = match &rule.origin {
            Origin::Set(set) => Some(set),
            Origin::Repository => None,
        };
        let filters: serde_json::Map<String, serde_json::Value> =
            filters(&rule.filters).into_iter().map(|(key, values)| (key.to_owned(), values.into())).collect();
        let binding = one.binding;
        serde_json::json!({
            "id": rule.id, "title": rule.title, "why": rule.why, "controls": rule.controls,
            "level": one.level(), "required": one.is_required, "params": params,
            "set": set, "file": rule.place.file, "line": rule.place.line,
            "handlers": handlers(rule.handles), "filters": filters,
            "paths": binding.and_then(|binding| binding.paths.as_ref()).map(|paths| paths.patterns()),
            "except": binding.map(|binding| binding.except.patterns()).unwrap_or_default(),
            "baseline": binding.and_then(|binding| binding.baseline),
            "waivers": waivers,
        })
    }
}

/// The text of the script that a rule is written in.
fn source(one: &ListedRule<'_>) -> Option<String> {
    let scripts = &one.of.scripts;
    Some(scripts.iter().find(|script| script.name == one.rule.place.file)?.text.clone())
}

fn from(rule: &RuleInfo) -> String {
    match &rule.origin {
        Origin::Repository => rule.place.to_string(),
        Origin::Set(set) => format!("{}, of the rule set `{set}`", rule.place),
    }
}

fn handlers(handles: Handles) -> Vec<&'static str> {
    let all = [
        (handles.commit, "commit"),
        (handles.file, "file"),
        (handles.change, "change"),
        (handles.push, "push"),
    ];
    all.into_iter().filter(|(has, _)| *has).map(|(_, name)| name).collect()
}

/// What the rule itself looks at only; those that look at everything are left out.
fn filters(filters: &Filters) -> Vec<(&'static str, Vec<String>)> {
    let files = filters.files.as_ref().map(|paths| paths.patterns().to_vec());
    let refs = filters.refs.as_ref().map(|refs| refs.patterns().to_vec());
    let impact = filters.impact.as_ref();
    let impact = impact.map(|all| all.iter().map(|impact| impact.as_str().to_owned()).collect());
    let all = [
        ("files", files),
        ("refs", refs),
        ("environments", filters.environments.clone()),
        ("impact", impact),
    ];
    all.into_iter().filter_map(|(key, values)| Some((key, values?))).collect()
}

/// What a waiver is for.
fn covers(waiver: &Waiver) -> Vec<String> {
    let paths = waiver.paths.iter().flat_map(|paths| paths.patterns().iter().cloned());
    paths.chain(waiver.commits.iter().map(|id| id.short())).collect()
}

//! The rules, and what their levels mean.

use super::super::{Block, Card, Inline, Section, codes, listed, prose, text};
use super::{Writer, counted, section};
use crate::config::ListedRule;
use crate::policy::{Handles, Origin, Value};
use crate::verdict::Level;

/// The order of the rules: what weighs most first.
const LEVELS: [Level; 3] = [Level::HardMandatory, Level::SoftMandatory, Level::Advisory];

/// What a level means, in words.
fn meaning(level: Level) -> &'static str {
    match level {
        Level::HardMandatory => {
            "A violation denies the change, always. Not even breaking the glass lets it pass."
        }
        Level::SoftMandatory => {
            "A violation denies the change. In an emergency, breaking the glass lets it pass and leaves a record."
        }
        Level::Advisory => "A violation is reported. It denies nothing.",
        Level::Off => "Nobody looks.",
    }
}

/// The same in a few words.
fn consequence(level: Level) -> &'static str {
    match level {
        Level::HardMandatory => "denies the change, always",
        Level::SoftMandatory => "denies the change, unless the glass is broken",
        Level::Advisory => "is reported",
        Level::Off => "is not looked for",
    }
}

impl<'a> Writer<'a> {
    fn of_level(&self, level: Level) -> impl Iterator<Item = &ListedRule<'a>> {
        self.rules.iter().filter(move |rule| rule.level() == level)
    }

    pub(super) fn levels(&self) -> Option<Section> {
        let row = |level: Level| {
            let count = self.of_level(level).count();
            vec![vec![Inline::Level(level)], vec![text(meaning(level))], vec![text(counted(count, "rule"))]]
        };
        let table = Block::Table(vec!["Level", "What it means", "Here"], LEVELS.map(row).to_vec());
        section("levels", "What a rule weighs", vec![table])
    }

    pub(super) fn rules(&self) -> Option<Section> {
        let mut blocks = Vec::new();
        let except = self.loaded.config.except.patterns();
        if !except.is_empty() {
            let mut words = prose("No rule looks at these paths: ");
            words.extend(codes(except));
            blocks.push(Block::Paragraph(words));
        }
        for level in LEVELS {
            blocks.extend(self.of_level(level).map(|rule| Block::Card(self.rule(rule))));
        }
        let off: Vec<Inline> =
            self.of_level(Level::Off).map(|rule| Inline::Code(rule.rule.id.clone())).collect();
        if !off.is_empty() {
            let mut words = prose("Switched off: ");
            words.extend(listed(off));
            blocks.push(Block::Paragraph(words));
        }
        section("rules", "The rules", blocks)
    }

    fn rule(&self, listed_rule: &ListedRule<'a>) -> Card {
        let rule = listed_rule.rule;
        let mut facts: Vec<(&'static str, Vec<Inline>)> = vec![
            ("A violation", vec![text(consequence(listed_rule.level()))]),
            ("Looks at", vec![text(joined(&looks_at(rule.handles)))]),
        ];
        let mut fact = |name: &'static str, value: Vec<Inline>| {
            if !value.is_empty() {
                facts.push((name, value));
            }
        };
        let filters = &rule.filters;
        let patterns = filters.files.as_ref().map(|paths| codes(paths.patterns()));
        fact("Files", patterns.unwrap_or_default());
        if let Some(binding) = listed_rule.binding {
            fact("Only in", binding.paths.as_ref().map(|paths| codes(paths.patterns())).unwrap_or_default());
            let shared = listed_rule.of.config.except.patterns().len();
            fact("Not in", codes(binding.except.patterns().iter().skip(shared)));
        }
        fact("Refs", filters.refs.as_ref().map(|refs| codes(refs.patterns())).unwrap_or_default());
        fact("Environments", filters.environments.as_ref().map(codes).unwrap_or_default());
        let impacts = filters.impact.iter().flatten().map(|impact| text(impact.as_str()));
        fact("Impact", listed(impacts));
        for (name, default, given) in listed_rule.params() {
            let mut words = vec![Inline::Code(name.to_owned()), text(" is ")];
            words.extend(value(given.unwrap_or(default)));
            if given.is_some_and(|given| given != default) {
                words.push(text("; by default "));
                words.extend(value(default));
            }
            fact("Setting", words);
        }
        if let Some(baseline) = listed_rule.binding.and_then(|binding| binding.baseline) {
            fact("Not for", vec![text("the history up to commit "), Inline::Code(baseline.short())]);
        }
        for waiver in listed_rule.of.config.waivers.iter().filter(|waiver| waiver.rule == rule.id) {
            fact("Waived", self.waived(waiver));
        }
        fact("Serves", listed(rule.controls.iter().map(|control| text(control.clone()))));
        let from = match &rule.origin {
            Origin::Repository => vec![Inline::Code(rule.place.to_string())],
            Origin::Set(set) => vec![text("the shipped rule set "), Inline::Code(set.clone())],
        };
        fact("Comes from", from);
        if listed_rule.is_required {
            fact("Required", vec![text("by the operator of the server, in all repositories")]);
        }
        // The operator's may have the same id as one of the repository's own.
        let first = self.in_force().find(|one| one.rule.id == rule.id);
        let is_second = first.is_some_and(|one| one.is_required != listed_rule.is_required);
        Card {
            anchor: format!("rule-{}{}", rule.id, if is_second { "-2" } else { "" }),
            name: rule.id.clone(),
            title: prose(&rule.title),
            level: Some(listed_rule.level()),
            text: prose(&rule.why),
            facts,
        }
    }
}

/// A parameter's value: a list is told one by one.
fn value(value: &Value) -> Vec<Inline> {
    match value {
        Value::List(values) if values.is_empty() => vec![text("an empty list")],
        Value::List(values) => listed(values.iter().flat_map(self::value)),
        Value::Text(word) if !word.is_empty() => vec![Inline::Code(word.clone())],
        other => vec![Inline::Code(other.to_string())],
    }
}

fn looks_at(handles: Handles) -> Vec<String> {
    [
        (handles.commit, "each commit"),
        (handles.file, "each file of each commit"),
        (handles.change, "each change of a branch as a whole"),
        (handles.push, "each push as a whole"),
    ]
    .into_iter()
    .filter(|(is, _)| *is)
    .map(|(_, words)| words.to_owned())
    .collect()
}

/// `a`, `a and b`, `a, b and c`
fn joined(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

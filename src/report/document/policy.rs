//! What is to be said of a policy.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::{Block, Card, Document, Inline, Section, codes, listed, prose, text};
use crate::config::{Environment, ListedRule, LoadedPolicy, Requirement, Requirements, Waiver};
use crate::facts::Impact;
use crate::policy::{Handles, Origin, Value};
use crate::verdict::Level;

/// The document of a policy; `now` decides which waivers have ended.
pub fn document(loaded: &LoadedPolicy, now: i64) -> Document {
    let rules = loaded.rules();
    let writer = Writer { loaded, now, rules };
    let sections = [
        writer.levels(),
        writer.rules(),
        writer.environments(),
        writer.classification(),
        writer.requirements(),
        writer.owners(),
        writer.break_glass(),
        writer.waivers(),
        writer.people(),
        writer.controls(),
        writer.origin(),
    ];
    Document {
        title: "The policy in force".to_owned(),
        summary: writer.summary(),
        sections: sections.into_iter().flatten().collect(),
    }
}

struct Writer<'a> {
    loaded: &'a LoadedPolicy,
    now: i64,
    rules: Vec<ListedRule<'a>>,
}

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

fn section(anchor: &str, title: &str, blocks: Vec<Block>) -> Option<Section> {
    Some(Section { anchor: anchor.to_owned(), title: title.to_owned(), blocks })
}

fn paragraph(words: &str) -> Block {
    Block::Paragraph(prose(words))
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// `a`, `a and b`, `a, b and c`
fn joined(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

impl<'a> Writer<'a> {
    fn in_force(&self) -> impl Iterator<Item = &ListedRule<'a>> {
        self.rules.iter().filter(|rule| rule.level() != Level::Off)
    }

    /// To a rule; one that is off has no place here.
    fn link(&self, rule: &str) -> Inline {
        if self.in_force().any(|one| one.rule.id == rule) {
            Inline::Link(rule.to_owned(), format!("rule-{rule}"))
        } else {
            Inline::Code(rule.to_owned())
        }
    }

    fn of_level(&self, level: Level) -> impl Iterator<Item = &ListedRule<'a>> {
        self.rules.iter().filter(move |rule| rule.level() == level)
    }

    fn summary(&self) -> Vec<Inline> {
        let count = self.in_force().count();
        let denying = self.in_force().filter(|rule| rule.level().is_mandatory()).count();
        let how = format!(
            "This is what every change to this repository is judged by: {}, of which {denying} can deny a change. ",
            counted(count, "rule")
        );
        let same =
            "The same rules run when somebody commits, in continuous integration and on the git server.";
        vec![text(how), text(same)]
    }

    fn levels(&self) -> Option<Section> {
        let row = |level: Level| {
            let count = self.of_level(level).count();
            vec![vec![Inline::Level(level)], vec![text(meaning(level))], vec![text(counted(count, "rule"))]]
        };
        let table = Block::Table(vec!["Level", "What it means", "Here"], LEVELS.map(row).to_vec());
        section("levels", "What a rule weighs", vec![table])
    }

    fn rules(&self) -> Option<Section> {
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

    fn environments(&self) -> Option<Section> {
        let environments = &self.loaded.config.environments;
        if environments.is_empty() {
            let words = "None is declared: no branch is protected by this policy.";
            return section("environments", "Environments", vec![paragraph(words)]);
        }
        let words = "A change to one of these branches or tags leads to that environment. Rewinding or deleting one of them is \
                     denied unless it is allowed here. Of several requirements the stricter hold.";
        let row = |environment: &Environment| {
            let allow = environment.allow;
            let allowed: Vec<Inline> = [(allow.force_push, "force-push"), (allow.delete, "delete")]
                .into_iter()
                .filter(|(is, _)| *is)
                .map(|(_, word)| Inline::Code(word.to_owned()))
                .collect();
            let needs = environment
                .requirements
                .iter()
                .map(|name| Inline::Link(name.clone(), format!("requirements-{name}")));
            vec![
                vec![Inline::Code(environment.name.clone())],
                codes(environment.refs.patterns()),
                if allowed.is_empty() { vec![text("nothing")] } else { listed(allowed) },
                listed(needs),
            ]
        };
        let head = vec!["Environment", "Branches and refs", "Allowed", "Meets the requirements of"];
        let table = Block::Table(head, environments.iter().map(row).collect());
        section("environments", "Environments", vec![paragraph(words), table])
    }

    fn classification(&self) -> Option<Section> {
        let words = "Each change is trivial, minor or major. The highest impact of any of its files decides; a file that nothing \
                     below names is minor, so that a change is trivial only if all of its files are.";
        let mut rows: Vec<Vec<Vec<Inline>>> = Vec::new();
        let config = &self.loaded.config;
        for entry in config.classify_above.iter().chain(&config.classify) {
            let why = entry.why.as_deref().map(prose).unwrap_or_default();
            rows.push(vec![codes(entry.paths.patterns()), vec![text(entry.impact.as_str())], why]);
        }
        for classifier in self.loaded.all().flat_map(|loaded| loaded.policy.classifiers()) {
            let mut what = vec![Inline::Code(classifier.id.clone()), text(": ")];
            what.extend(prose(&classifier.title));
            rows.push(vec![what, vec![text("may raise it")], prose(&classifier.why)]);
        }
        rows.push(vec![
            vec![Inline::Code(".bylaws/".to_owned())],
            vec![text(Impact::Major.as_str())],
            vec![text("the policy itself")],
        ]);
        rows.push(vec![
            vec![text("a rewind, a deletion, a submodule, a target that is no commit")],
            vec![text(Impact::Major.as_str())],
            vec![text("history or the code of others is replaced")],
        ]);
        let table = Block::Table(vec!["What", "Impact", "Why"], rows);
        section("classification", "How far a change reaches", vec![paragraph(words), table])
    }

    fn requirements(&self) -> Option<Section> {
        let tables = &self.loaded.config.requirements;
        if tables.is_empty() {
            return section(
                "requirements",
                "What a change needs",
                vec![paragraph("Nothing beyond the rules.")],
            );
        }
        let words = "Who approves has no part in the change: neither its authors nor who pushes it counts.";
        let mut blocks = vec![paragraph(words)];
        let cards = tables.iter().flat_map(|(name, tables)| {
            tables.iter().enumerate().map(|(n, table)| Block::Card(requirements(name, n, table)))
        });
        blocks.extend(cards);
        section("requirements", "What a change needs", blocks)
    }

    fn owners(&self) -> Option<Section> {
        let owners = &self.loaded.config.owners;
        if owners.is_empty() {
            return None;
        }
        let words = "A change of these paths also needs the approval of the team they belong to, of every entry that matches.";
        let rows = owners
            .iter()
            .map(|one| {
                let count = counted(usize::try_from(one.approvals).unwrap_or(usize::MAX), "approval");
                vec![codes(one.paths.patterns()), vec![text(one.team.clone())], vec![text(count)]]
            })
            .collect();
        let table = Block::Table(vec!["Paths", "Team", "Needs"], rows);
        section("owners", "Owners", vec![paragraph(words), table])
    }

    fn break_glass(&self) -> Option<Section> {
        let Some(glass) = &self.loaded.config.break_glass else {
            let words = "Nobody may break the glass: there is no way past the rules in an emergency.";
            return section("break-glass", "Emergencies", vec![paragraph(words)]);
        };
        let mut skips: Vec<Inline> = Vec::new();
        for word in &glass.may_skip {
            skips.push(Inline::Code(word.as_str().to_owned()));
        }
        let mut may_skip = vec![text("It may skip: ")];
        if skips.is_empty() {
            may_skip.push(text("findings of soft-mandatory rules alone"));
        } else {
            may_skip.extend(listed(skips));
            may_skip.push(text(", and findings of soft-mandatory rules"));
        }
        let items = vec![
            vec![
                text("Who may: people of the rank "),
                Inline::Code(glass.seniority.word.clone()),
                text(" or above, with "),
                Inline::Code("git push -o break-glass=\"REASON\"".to_owned()),
            ],
            may_skip,
            vec![text(format!(
                "Afterwards: another person of that rank reviews it within {}; until then it stands as a debt",
                glass.deadline()
            ))],
            vec![text(
                "Never skipped: hard-mandatory rules, who pushes, the record, and changes of this policy",
            )],
        ];
        section("break-glass", "Emergencies", vec![Block::List(items)])
    }

    fn waivers(&self) -> Option<Section> {
        let waivers: Vec<&Waiver> = self.loaded.all().flat_map(|loaded| &loaded.config.waivers).collect();
        if waivers.is_empty() {
            return section("waivers", "Exceptions", vec![paragraph("There are none.")]);
        }
        let rows = waivers
            .iter()
            .map(|waiver| {
                let mut until = vec![text(waiver.last_day())];
                if waiver.is_expired(self.now) {
                    until.push(text(" (ended)"));
                }
                vec![vec![self.link(&waiver.rule)], covers(waiver), until, prose(&waiver.reason)]
            })
            .collect();
        let table = Block::Table(vec!["Rule", "For", "Until", "Reason"], rows);
        section("waivers", "Exceptions", vec![paragraph("Each ends by itself on its date."), table])
    }

    fn waived(&self, waiver: &Waiver) -> Vec<Inline> {
        let mut words = covers(waiver);
        let until = if waiver.is_expired(self.now) { "ended on" } else { "until" };
        words.push(text(format!(" {until} {}: ", waiver.last_day())));
        words.extend(prose(&waiver.reason));
        words
    }

    fn people(&self) -> Option<Section> {
        let seniority = &self.loaded.config.seniority;
        let (services, people): (Vec<_>, Vec<_>) = self.loaded.people.iter().partition(|one| one.is_service);
        if services.is_empty() && people.is_empty() {
            return None;
        }
        let mut blocks = Vec::new();
        if !seniority.is_empty() {
            blocks.push(paragraph(&format!("Ranks, the lowest first: {}.", seniority.join(", "))));
        }
        let mut people = people;
        people.sort_by_key(|one| {
            (std::cmp::Reverse(one.seniority.as_ref().map(|rank| rank.rank)), one.name.clone())
        });
        if !people.is_empty() {
            let row = |one: &&std::sync::Arc<crate::facts::Identity>| {
                let rank = one.seniority.as_ref().map(|rank| rank.word.clone()).unwrap_or_default();
                vec![vec![text(one.name.clone())], vec![text(rank)], vec![text(one.teams.join(", "))]]
            };
            blocks.push(Block::Table(vec!["Name", "Rank", "Teams"], people.iter().map(row).collect()));
        }
        if !services.is_empty() {
            let row = |one: &&std::sync::Arc<crate::facts::Identity>| {
                vec![vec![text(one.name.clone())], codes(&one.tests), codes(&one.deploys)]
            };
            let head = vec!["Service", "Trusted for the tests", "Records deployments to"];
            blocks.push(Block::Table(head, services.iter().map(row).collect()));
        }
        section("people", "People and services", blocks)
    }

    fn controls(&self) -> Option<Section> {
        let mut serving: BTreeMap<&str, Vec<&ListedRule<'a>>> = BTreeMap::new();
        for rule in self.in_force() {
            for control in &rule.rule.controls {
                serving.entry(control).or_default().push(rule);
            }
        }
        if serving.is_empty() {
            let words = "No rule names a control of an outside standard.";
            return section("controls", "Controls", vec![paragraph(words)]);
        }
        let mut rows: Vec<(&str, Vec<&ListedRule<'a>>)> = serving.into_iter().collect();
        rows.sort_by(|a, b| naturally(a.0, b.0));
        let rows = rows
            .into_iter()
            .map(|(control, rules)| {
                let links = listed(rules.iter().map(|rule| self.link(&rule.rule.id)));
                vec![vec![text(control)], links]
            })
            .collect();
        let words = "Which rules serve which control of an outside standard.";
        let table = Block::Table(vec!["Control", "Rules"], rows);
        section("controls", "Controls", vec![paragraph(words), table])
    }

    fn origin(&self) -> Option<Section> {
        let mut items = vec![
            vec![text("Read from "), Inline::Code(self.loaded.name.source.clone())],
            vec![text("Digest of everything that judges: "), Inline::Code(self.loaded.name.digest.clone())],
        ];
        if !self.loaded.sets.is_empty() {
            let mut words = vec![text("Rule sets that come with the program: ")];
            words.extend(codes(&self.loaded.sets));
            items.push(words);
        }
        items.push(vec![
            text("Written by "),
            Inline::Code(format!("bylaws {}", env!("CARGO_PKG_VERSION"))),
            text(" from the rules themselves"),
        ]);
        section("origin", "Where this comes from", vec![Block::List(items)])
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

/// What a waiver is for.
fn covers(waiver: &Waiver) -> Vec<Inline> {
    let mut words = match &waiver.paths {
        Some(paths) if matches!(paths.patterns(), [sole] if sole == "**") => vec![text("everything")],
        Some(paths) => codes(paths.patterns()),
        None => Vec::new(),
    };
    if !waiver.commits.is_empty() {
        words.push(text(if words.is_empty() { "the commits " } else { " in the commits " }));
        words.extend(listed(waiver.commits.iter().map(|id| Inline::Code(id.short()))));
    }
    words
}

/// The `n`-th of those with this name.
fn requirements(name: &str, n: usize, table: &Requirements) -> Card {
    let row = |requirement: &Requirement| needs(requirement);
    let more = if n == 0 { String::new() } else { format!("-{}", n + 1) };
    Card {
        anchor: format!("requirements-{name}{more}"),
        name: name.to_owned(),
        title: vec![text("Requirements of "), Inline::Code(name.to_owned())],
        level: None,
        text: Vec::new(),
        facts: vec![
            ("A major change", row(&table.major)),
            ("A minor change", row(&table.minor)),
            ("A trivial change", row(&table.trivial)),
        ],
    }
}

/// A requirement in words.
fn needs(requirement: &Requirement) -> Vec<Inline> {
    let mut parts: Vec<Vec<Inline>> = Vec::new();
    if requirement.approvals > 0 {
        let count = usize::try_from(requirement.approvals).unwrap_or(usize::MAX);
        let mut words = vec![text(counted(count, "approval"))];
        if let Some(rank) = &requirement.seniority {
            words.extend([
                text(" by people of the rank "),
                Inline::Code(rank.word.clone()),
                text(" or above"),
            ]);
        }
        parts.push(words);
    }
    if !requirement.tests.is_empty() {
        let mut words = vec![text("passed tests: ")];
        words.extend(codes(&requirement.tests));
        parts.push(words);
    }
    if requirement.signed_commits {
        parts.push(vec![text("a good signature on every commit")]);
    }
    if parts.is_empty() {
        return vec![text("nothing beyond the rules")];
    }
    let mut words = Vec::new();
    for (n, part) in parts.into_iter().enumerate() {
        if n > 0 {
            words.push(text("; "));
        }
        words.extend(part);
    }
    words
}

/// `A.8.4` before `A.8.32`: numbers by their value.
fn naturally(a: &str, b: &str) -> Ordering {
    let parts = |text: &str| -> Vec<(u64, String)> {
        let mut parts: Vec<(u64, String)> = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (number, behind) = rest.split_at(digits);
            let words = behind.find(|c: char| c.is_ascii_digit()).unwrap_or(behind.len());
            let (word, next) = behind.split_at(words);
            parts.push((number.parse().unwrap_or(0), word.to_owned()));
            rest = next;
        }
        parts
    };
    parts(a).cmp(&parts(b)).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_controls_have_their_order() {
        let mut all = ["SOC2:CC8.1", "ISO27001:A.8.32", "ISO27001:A.8.4", "NIST:CM-3", "CC10", "CC9"];
        all.sort_by(|a, b| naturally(a, b));
        assert_eq!(all, ["CC9", "CC10", "ISO27001:A.8.4", "ISO27001:A.8.32", "NIST:CM-3", "SOC2:CC8.1"]);
    }
}

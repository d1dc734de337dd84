//! What becomes of a change: where it leads, how far it reaches and what it needs besides the rules.

use super::super::{Block, Card, Inline, Section, codes, listed, prose, text};
use super::{Writer, counted, paragraph, section};
use crate::config::{Environment, Requirement, Requirements};
use crate::facts::Impact;

impl Writer<'_> {
    pub(super) fn environments(&self) -> Option<Section> {
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

    pub(super) fn classification(&self) -> Option<Section> {
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

    pub(super) fn requirements(&self) -> Option<Section> {
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

    pub(super) fn owners(&self) -> Option<Section> {
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

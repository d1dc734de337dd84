//! What is to be said of a policy: a `Writer` has a section for each part of it, and each module writes those of one story.

mod changes;
mod controls;
mod exceptions;
mod people;
mod rules;

use super::{Block, Document, Inline, Section, codes, prose, text};
use crate::config::{ListedRule, LoadedPolicy};
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

fn section(anchor: &str, title: &str, blocks: Vec<Block>) -> Option<Section> {
    Some(Section { anchor: anchor.to_owned(), title: title.to_owned(), blocks })
}

fn paragraph(words: &str) -> Block {
    Block::Paragraph(prose(words))
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

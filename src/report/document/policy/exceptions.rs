//! Ways past the rules: in an emergency, and for what is waived.

use super::super::{Block, Inline, Section, codes, listed, prose, text};
use super::{Writer, paragraph, section};
use crate::config::Waiver;

impl Writer<'_> {
    pub(super) fn break_glass(&self) -> Option<Section> {
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

    pub(super) fn waivers(&self) -> Option<Section> {
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

    pub(super) fn waived(&self, waiver: &Waiver) -> Vec<Inline> {
        let mut words = covers(waiver);
        let until = if waiver.is_expired(self.now) { "ended on" } else { "until" };
        words.push(text(format!(" {until} {}: ", waiver.last_day())));
        words.extend(prose(&waiver.reason));
        words
    }
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

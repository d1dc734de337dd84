//! The controls of outside standards that the rules serve.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::super::{Block, Section, listed, text};
use super::{Writer, paragraph, section};
use crate::config::ListedRule;

impl<'a> Writer<'a> {
    pub(super) fn controls(&self) -> Option<Section> {
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

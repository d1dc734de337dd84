//! The people and services that the policy knows.

use super::super::{Block, Section, codes, text};
use super::{Writer, paragraph, section};

impl Writer<'_> {
    pub(super) fn people(&self) -> Option<Section> {
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
}

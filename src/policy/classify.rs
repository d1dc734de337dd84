//! `classify("id", #{ ... })`: a function of the change that may raise its impact, never lower it.

use std::sync::Arc;

use rhai::Dynamic;

use super::call::Handler;
use super::judge::{Policy, Subject};
use super::rule::Rule;
use super::{RuleInfo, RunMeter};
use crate::diagnostic::Diagnostic;
use crate::facts::{Change, Impact};
use crate::verdict::{Finding, Level, State};

impl Policy {
    /// The classifiers of the scripts.
    pub fn classifiers(&self) -> impl Iterator<Item = &RuleInfo> {
        self.book().classifiers.iter().map(|rule| &rule.info)
    }

    /// What the scripts' classifiers say of a change: the highest impact that is above its own, and who says so. One that
    /// cannot run is an error that blocks, whatever the level of rules.
    pub fn classify(
        &self,
        change: &Arc<Change>,
        meter: &RunMeter,
        findings: &mut Vec<Finding>,
    ) -> Option<(Impact, &RuleInfo)> {
        let mut raised = None;
        for rule in &self.book().classifiers {
            let Some(handler) = &rule.handlers.change else { continue };
            match self.impact(rule, handler, change, meter) {
                Ok(impact) => {
                    let above = raised.map_or(change.impact, |(impact, _)| impact);
                    raised = if impact.is_some_and(|impact| impact > above) {
                        impact.map(|impact| (impact, &rule.info))
                    } else {
                        raised
                    };
                }
                Err(mistake) => findings.push(error(rule, change, mistake)),
            }
        }
        raised
    }

    fn impact(
        &self,
        rule: &Rule,
        handler: &Handler,
        change: &Arc<Change>,
        meter: &RunMeter,
    ) -> Result<Option<Impact>, Diagnostic> {
        let params = Dynamic::UNIT;
        let question = self.question(rule, &params);
        let outcome = question.call(handler, Subject::Change(change), &None);
        meter.add(&outcome.used);
        let value = match (outcome.used.trip, outcome.result) {
            (Some(trip), _) => return Err(question.explain(&trip.error())),
            (None, Err(error)) => return Err(question.explain(&error)),
            (None, Ok(value)) => value,
        };
        if value.is_unit() {
            return Ok(None);
        }
        let word = value.clone().into_string().unwrap_or_else(|kind| format!("a value of type {kind}"));
        word.parse().map(Some).map_err(|()| {
            Diagnostic::at(rule.info.place.clone(), format!("it gives back `{word}`, which is no impact"))
                .nearest(&word, Impact::WORDS)
        })
    }
}

fn error(rule: &Rule, change: &Change, mistake: Diagnostic) -> Finding {
    Finding {
        rule: rule.info.id.clone(),
        level: Level::HardMandatory,
        state: State::Error,
        message: format!("classifier '{}' cannot run: {}", rule.info.id, mistake.message),
        fix: mistake.help,
        why: Some(rule.info.why.clone()),
        commit: None,
        reference: Some(change.reference.clone()),
        path: None,
        line: None,
        place: mistake.place,
        about: None,
    }
}

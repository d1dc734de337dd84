//! What somebody who looks at the rules in force ought to know, beside what is wrong: waivers that end soon or waive nothing,
//! rules that are not what their ids suggest.

use std::collections::BTreeMap;

use super::{LoadedPolicy, sets};
use crate::diagnostic::Diagnostic;
use crate::facts::GitPath;
use crate::patterns::PathPatterns;
use crate::policy::Origin;
use crate::verdict::Level;

/// How many days before its last one a waiver is spoken of.
const SOON: i64 = 30;
/// In seconds.
const DAY: i64 = 86_400;

impl LoadedPolicy {
    /// What ought to be known of these rules at `now`; `files` are those that are tracked, where that is known. The notices of
    /// loading are among them.
    pub fn remarks(&self, now: i64, files: &[GitPath]) -> Vec<Diagnostic> {
        let mut remarks = self.notices.clone();
        let levels: BTreeMap<String, Level> =
            self.listed(false).iter().map(|listed| (listed.rule.id.clone(), listed.level())).collect();
        self.waivers(now, files, &levels, &mut remarks);
        self.shadowed(&mut remarks);
        remarks.sort();
        remarks.dedup();
        remarks
    }

    fn waivers(
        &self,
        now: i64,
        files: &[GitPath],
        levels: &BTreeMap<String, Level>,
        remarks: &mut Vec<Diagnostic>,
    ) {
        for waiver in self.config.waivers.iter().filter(|waiver| !waiver.is_expired(now)) {
            let of = format!("the waiver of `{}`", waiver.rule);
            let mut remark = |text: String, help: &str| {
                remarks.push(Diagnostic::at(waiver.place.clone(), text).help(help));
            };
            if levels.get(&waiver.rule) == Some(&Level::Off) {
                remark(format!("{of} waives nothing: the rule is off"), "remove it");
                continue;
            }
            let days = (waiver.until - 1).div_euclid(DAY) - now.div_euclid(DAY);
            if days <= SOON {
                let left = match days {
                    0 => "today".to_owned(),
                    1 => "tomorrow".to_owned(),
                    _ => format!("in {days} days"),
                };
                remark(format!("{of} ends {left}, on {}", waiver.last_day()), "then the rule holds again");
            }
            let matches = |paths: &PathPatterns| files.iter().any(|path| paths.matches(path));
            if !files.is_empty() && waiver.paths.as_ref().is_some_and(|paths| !matches(paths)) {
                remark(
                    format!("{of} waives nothing at present: no tracked file matches its paths"),
                    "is it still needed?",
                );
            }
        }
    }

    /// Rules and sets that others stand before.
    fn shadowed(&self, remarks: &mut Vec<Diagnostic>) {
        let mut of_sets: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        let listed = self.listed(false);
        for one in &listed {
            match &one.rule.origin {
                Origin::Set(set) => {
                    let (all, off) = of_sets.entry(set).or_default();
                    *all += 1;
                    *off += usize::from(one.level() == Level::Off);
                }
                Origin::Repository => {
                    if let Some(set) = sets::sets_with(&one.rule.id).first() {
                        let text = format!("`{}` is this repository's own rule", one.rule.id);
                        let help = format!("the set `{set}` has another of the same id, which is not loaded");
                        remarks.push(Diagnostic::at(one.rule.place.clone(), text).help(help));
                    }
                }
            }
        }
        for (set, _) in of_sets.into_iter().filter(|(_, (all, off))| all == off) {
            let text = format!("no rule of the set `{set}` is in force: all are off");
            remarks.push(Diagnostic::new(text).help("leave the set out of `extends`"));
        }
    }
}

//! What `bylaws rules` lists: every rule that was loaded, in force or not.

use super::LoadedPolicy;
use crate::policy::{Binding, RuleInfo, Uses, Value};
use crate::verdict::Level;

/// A rule and what the configuration says of it.
#[derive(Debug, Clone, Copy)]
pub struct ListedRule<'a> {
    /// The rule: its title, why, controls, and where it comes from.
    pub rule: &'a RuleInfo,
    /// What is said of it; `None` if it is off.
    pub binding: Option<&'a Binding>,
    /// The policy that it is of: this one, or the operator's.
    pub of: &'a LoadedPolicy,
    /// It is the operator's.
    pub is_required: bool,
}

impl<'a> ListedRule<'a> {
    /// The level in force.
    pub fn level(&self) -> Level {
        self.binding.map_or(Level::Off, |binding| binding.level)
    }

    /// Name, default and override of each parameter.
    pub fn params(&self) -> impl Iterator<Item = (&'a str, &'a Value, Option<&'a Value>)> + use<'a> {
        let binding = self.binding;
        let given = move |name: &String| binding.and_then(|binding| binding.params.get(name));
        self.rule.params.iter().map(move |(name, default)| (name.as_str(), default, given(name)))
    }
}

impl LoadedPolicy {
    /// Everything that judges: the operator's policy, where there is one, and this.
    pub fn all(&self) -> impl Iterator<Item = &Self> {
        self.required.as_deref().into_iter().chain([self])
    }

    /// Which facts the rules in force look at.
    pub fn needs(&self) -> Uses {
        self.all().fold(Uses::default(), |uses, one| uses.or(one.policy.needs()))
    }

    /// With these rules in force alone, by their ids; those that are `off` too.
    pub fn only(&mut self, ids: &[String]) {
        self.policy.keep_only(ids);
        if let Some(required) = &mut self.required {
            required.policy.keep_only(ids);
        }
    }

    /// The rules in force, the operator's first, each id once: of two the one that weighs more.
    pub fn in_force(&self) -> Vec<(&RuleInfo, &Binding)> {
        let mut all: Vec<(&RuleInfo, &Binding)> =
            self.required.iter().flat_map(|required| required.policy.rules()).collect();
        let theirs = all.len();
        for (rule, binding) in self.policy.rules() {
            match all.iter_mut().take(theirs).find(|(one, _)| one.id == rule.id) {
                Some(one) if one.1.level < binding.level => *one = (rule, binding),
                Some(_) => {}
                None => all.push((rule, binding)),
            }
        }
        all
    }

    /// Every rule that was loaded, the operator's first, in the order of the scripts; those that are off too.
    pub fn rules(&self) -> Vec<ListedRule<'_>> {
        let required = self.required.iter().flat_map(|required| required.listed(true));
        required.chain(self.listed(false)).collect()
    }

    /// Those of this policy alone.
    pub(super) fn listed(&self, is_required: bool) -> Vec<ListedRule<'_>> {
        let rules = self.policy.book().rules().iter();
        let mut listed: Vec<ListedRule<'_>> =
            rules.map(|rule| ListedRule { rule, binding: None, of: self, is_required }).collect();
        for (_, binding) in self.policy.rules() {
            if let Some(one) = listed.get_mut(binding.rule) {
                one.binding = Some(binding);
            }
        }
        listed
    }
}

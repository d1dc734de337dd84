//! A hook loads only what it asks.

use super::super::{LoadedPolicy, PolicySource, Purpose, load, load_for};
use crate::policy::RuleInfo;

type Handler = fn(&RuleInfo) -> bool;

/// Rules in force that have such a handler.
fn with(loaded: &LoadedPolicy, handler: Handler) -> Vec<&str> {
    let rules = loaded.policy.rules().map(|(rule, _)| rule).filter(|rule| handler(rule));
    rules.map(|rule| rule.id.as_str()).collect()
}

/// Shipped scripts are told by a line that begins with the handler's name: none may be missed by that.
#[test]
fn a_hook_misses_no_rule_of_the_shipped_ones() {
    let all = load(PolicySource::BuiltIn, 0).unwrap();
    let cases: [(Purpose, Handler); 3] = [
        (Purpose::Files, |rule| rule.uses.file_rules),
        (Purpose::Commits, |rule| rule.uses.commit_rules),
        (Purpose::FilesAndCommits, |rule| rule.uses.file_rules || rule.uses.commit_rules),
    ];
    for (purpose, handler) in cases {
        let some = load_for(PolicySource::BuiltIn, 0, purpose).unwrap().unwrap();
        assert!(!with(&all, handler).is_empty());
        assert_eq!(with(&some, handler), with(&all, handler));
        assert!(some.policy.rules().count() < all.policy.rules().count());
        assert_eq!(some.name, all.name);
    }
}

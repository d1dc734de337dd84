//! This repository's own `.bylaws/`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::path::Path;

use bylaws::config::{PolicySource, load};
use bylaws::policy::testing;

/// 2026-07-01T00:00:00Z.
const NOW: i64 = 1_782_864_000;

#[test]
fn it_loads_and_its_tests_pass() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(".bylaws");
    let loaded = load(PolicySource::Folder(&folder, ".bylaws".to_owned()), NOW);
    let loaded = loaded.unwrap_or_else(|mistakes| panic!("{mistakes}"));
    assert!(loaded.notices.is_empty());
    let outcomes = testing::run(loaded.policy.book(), &loaded.tests, None);
    let outcomes = outcomes.unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let failed: Vec<_> = outcomes.iter().filter(|one| !one.passed()).collect();
    assert!(failed.is_empty() && outcomes.len() > 5, "{failed:#?}");
}

//! What right files mean.

use super::{NOW, read};
use crate::config::{Allow, PolicySource, Skippable, load};
use crate::facts::{GitPath, Impact, Oid, RefName};
use crate::policy::Value;
use crate::verdict::Level;

/// The example of the design, with enough people to meet it.
pub(super) const BYLAWS: &str = r#"
requires = "0.1"
extends = ["recommended"]
except = ["vendor/**"]

[rules]
subject-length = { level = "soft-mandatory", max = 80 }
no-secrets     = { level = "hard-mandatory", except = ["tests/fixtures/**"] }
every-parameter = { baseline = "0123456789abcdef0123456789abcdef01234567", share = 1, limits = { lines = 3 } }

[[waiver]]
rule = "no-secrets"
paths = ["assets/logo.psd"]
until = 2027-03-31
reason = "moves to the asset store in Q1"

[environments.production]
refs = ["main", "release/*"]
allow = []
[environments.staging]
refs = ["staging", "release/*"]
allow = ["force-push"]
requirements = "production"

[[classify]]
paths = ["*.tf", "/.github/", "Dockerfile"]
impact = "major"
why = "infrastructure, and the delivery path itself"
[[classify]]
paths = ["/docs/", "*.md"]
impact = "trivial"
why = "documentation"

[requirements.production]
major   = { approvals = 2, seniority = "senior", tests = ["ci"], signed-commits = true }
minor   = { approvals = 1, tests = ["ci"] }
[requirements.staging]
major   = {}

[[owners]]
paths = ["/infra/"]
team = "sre"
approvals = 1

[break-glass]
seniority = "senior"
may-skip = ["tests", "approvals", "tests"]
review-within = "72h"
"#;

pub(super) const PEOPLE: &str = r#"
seniority = ["junior", "engineer", "senior", "principal"]

[people.cem]
emails = ["cem@example.org"]
seniority = "principal"
[people.ada]
name = "Ada Lovelace"
emails = ["ada@example.org"]
logins = ["ada", "gitea:17"]
seniority = "senior"
teams = ["sre"]
keys = [
  { ssh = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM1ZPI7BUyT/3cDztr7ogzaoHwvR3s41DZxhL3jtD5d7 ada", from = 2026-01-01, until = 2028-01-01 },
  { gpg = "0123 4567 89ab cdef 0123 4567 89ab cdef 0123 4567" },
]
[people.bob]
seniority = "senior"
teams = ["sre"]

[services.ci]
tests = ["ci"]
deploys = ["production"]
logins = ["ci-bot"]
emails = ["ci@example.org"]
"#;

fn branch(name: &str) -> RefName {
    RefName::from_short(name).unwrap()
}

#[test]
fn the_example_of_the_design_is_right() {
    let config = read(BYLAWS, PEOPLE).unwrap().config;
    let names: Vec<&str> = config.environments.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["production", "staging"]);
    assert_eq!(config.environment_of(&branch("main")).unwrap().name, "production");
    assert_eq!(config.environment_of(&branch("staging")).unwrap().name, "staging");
    assert!(config.environment_of(&branch("feature")).is_none());
    assert_eq!(config.owners_of(&GitPath::from("infra/a.tf")), ["sre"]);
    assert!(config.owners_of(&GitPath::from("src/infra/a.tf")).is_empty());
    let glass = config.break_glass.unwrap();
    assert_eq!((glass.seniority.rank, glass.review_within), (2, 259_200));
    assert_eq!(glass.may_skip, [Skippable::Approvals, Skippable::Tests]);
}

#[test]
fn a_ref_in_two_environments_is_held_to_both() {
    let config = read(BYLAWS, PEOPLE).unwrap().config;
    let both = branch("release/1");
    assert_eq!(config.environment_of(&both).unwrap().name, "production");
    assert_eq!(config.environments_of(&both).count(), 2);
    assert_eq!(config.allow(&both), Some(Allow { force_push: false, delete: false }));
    assert_eq!(config.allow(&branch("staging")), Some(Allow { force_push: true, delete: false }));
    assert_eq!(config.allow(&branch("feature")), None);
}

#[test]
fn shared_requirements_hold_beside_its_own() {
    let config = read(BYLAWS, PEOPLE).unwrap().config;
    assert_eq!(config.environments[1].requirements, ["staging", "production"]);
    let hold = config.requirements_of(&branch("staging"), Impact::Major);
    assert_eq!(hold.iter().map(|row| row.approvals).collect::<Vec<_>>(), [2, 0]);
}

#[test]
fn a_missing_row_takes_the_next_higher_ones() {
    let config = read(BYLAWS, PEOPLE).unwrap().config;
    let production = &config.requirements["production"][0];
    assert_eq!(production.of(Impact::Major).approvals, 2);
    assert_eq!(production.of(Impact::Minor).approvals, 1);
    assert_eq!(production.of(Impact::Trivial), production.of(Impact::Minor));
    assert_eq!(config.requirements["staging"][0].of(Impact::Trivial), &Default::default());
}

#[test]
fn requirements_are_shared_down_the_line() {
    let bylaws = "[environments.a]\nrefs = ['a']\nrequirements = 'b'\n[environments.b]\nrefs = ['b']\n\
                  requirements = 'c'\n[environments.c]\nrefs = ['c']\nrequirements = 'a'\n[requirements.c]\nmajor = {}\n";
    let config = read(bylaws, "").unwrap().config;
    assert!(config.environments.iter().all(|one| one.requirements == ["c"]));
}

#[test]
fn rules_have_their_level_and_their_parameters() {
    let bindings = read(BYLAWS, PEOPLE).unwrap().bindings;
    assert_eq!(bindings[0].level, Level::SoftMandatory);
    assert_eq!(bindings[0].params["max"], Value::Int(80));
    assert_eq!(bindings[1].level, Level::HardMandatory);
    assert!(bindings[1].except.matches(&"vendor/x".into()));
    assert!(bindings[1].except.matches(&"tests/fixtures/x".into()));
    assert!(!bindings[0].except.matches(&"tests/fixtures/x".into()));
    assert_eq!(bindings[2].level, Level::SoftMandatory);
    assert_eq!(bindings[2].params["share"], Value::Float(1.0));
    let Value::Map(limits) = &bindings[2].params["limits"] else { panic!("no map") };
    assert_eq!(limits["lines"], Value::Int(3));
    assert_eq!(limits["names"], Value::List(Vec::new()), "what is not given keeps its default");
    assert_eq!(bindings[2].baseline, Oid::from_hex(b"0123456789abcdef0123456789abcdef01234567"));

    let bare = read("", "").unwrap().bindings;
    let levels: Vec<Level> = bare.iter().map(|binding| binding.level).collect();
    assert_eq!(levels, [Level::Advisory, Level::SoftMandatory, Level::SoftMandatory]);
}

#[test]
fn a_waiver_lasts_through_its_last_day() {
    let read = read(BYLAWS, PEOPLE).unwrap();
    let logo = GitPath::from("assets/logo.psd");
    let waived = |path: Option<&GitPath>, now| read.config.waives("no-secrets", path, None, now).is_some();
    assert!(waived(Some(&logo), NOW));
    assert!(waived(Some(&logo), 1_806_537_599), "the last second of 2027-03-31");
    assert!(!waived(Some(&logo), 1_806_537_600));
    assert!(!waived(Some(&GitPath::from("other")), NOW));
    assert!(!waived(None, NOW), "a finding about no path");
    assert!(read.config.waives("subject-length", Some(&logo), None, NOW).is_none());
}

#[test]
fn a_waiver_of_all_paths_waives_findings_about_none() {
    let id = "0123456789abcdef0123456789abcdef01234567";
    let bylaws = format!(
        "[[waiver]]\nrule = 'no-secrets'\npaths = ['**']\nuntil = 2027-01-01\nreason = 'r'\n\
         [[waiver]]\nrule = 'subject-length'\ncommits = ['{id}']\nuntil = 2027-01-01\nreason = 'r'\n\
         [[waiver]]\nrule = 'every-parameter'\npaths = ['a']\ncommits = ['{id}']\nuntil = 2027-01-01\nreason = 'r'\n"
    );
    let config = read(&bylaws, "").unwrap().config;
    let (id, a, b) = (Oid::from_hex(id.as_bytes()), GitPath::from("a"), GitPath::from("b"));
    assert!(config.waives("no-secrets", None, None, NOW).is_some());
    assert!(config.waives("no-secrets", Some(&b), id, NOW).is_some());
    assert!(config.waives("subject-length", None, id, NOW).is_some());
    assert!(config.waives("subject-length", Some(&a), None, NOW).is_none());
    assert!(config.waives("every-parameter", Some(&a), id, NOW).is_some());
    assert!(config.waives("every-parameter", Some(&b), id, NOW).is_none());
    assert!(config.waives("every-parameter", Some(&a), None, NOW).is_none());
}

#[test]
fn a_waiver_that_ended_is_told_and_waives_nothing() {
    let bylaws = "[[waiver]]\nrule = 'no-secrets'\npaths = ['**']\nuntil = 2026-06-30\nreason = 'r'\n";
    let read = read(bylaws, "").unwrap();
    assert_eq!(
        read.notices[0].to_warning(),
        "warning: the waiver of `no-secrets` ended on 2026-06-30\n  --> bylaws.toml:4:9\n  = help: it waives nothing any more: \
         remove it"
    );
    assert!(read.config.waives("no-secrets", None, None, NOW).is_none());
    let today = bylaws.replace("06-30", "07-01");
    assert!(super::read(&today, "").unwrap().notices.is_empty());
}

#[test]
fn people_who_cannot_sign_today_are_a_notice() {
    let notices = read(BYLAWS, PEOPLE).unwrap().notices;
    let said: Vec<&str> = notices.iter().map(|notice| notice.message.as_str()).collect();
    assert_eq!(
        said,
        [
            "only 1 of 3 people of seniority `senior` or above can sign an approval today",
            "only 1 of 3 people can sign an approval today",
            "only 1 of 2 members of the team `sre` can sign an approval today",
        ]
    );
}

#[test]
fn the_built_in_policy_loads() {
    let loaded = load(PolicySource::BuiltIn, NOW).unwrap();
    assert_eq!(loaded.name.source, "recommended");
    assert!(loaded.policy.rules().count() > 0);
}

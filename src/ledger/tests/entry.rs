use super::super::*;
use crate::diagnostic::Place;
use crate::facts::{Impact, Oid, RefName, Urgency};
use crate::verdict::{Decision, Finding, Level, State};

fn finding(message: &str, level: Level) -> Finding {
    Finding {
        rule: "no-secrets".into(),
        level,
        state: State::Violated,
        message: message.into(),
        fix: Some("take it out".into()),
        why: None,
        commit: Oid::from_hex(b"3f9c1e2000000000000000000000000000000000"),
        reference: RefName::new("refs/heads/main"),
        path: Some("config/store.toml".into()),
        line: Some(14),
        place: Some(Place { file: ".bylaws/rules/own.rhai".into(), line: 4, column: 9 }),
        about: None,
    }
}

fn entry() -> Entry {
    Entry {
        reference: Some("refs/heads/main".into()),
        old: Oid::from_hex(&[b'a'; 40]),
        new: Oid::from_hex(&[b'b'; 64]),
        pusher: Some(Pusher { login: Some("ada".into()), person: Some("ada".into()) }),
        identity: Some("gitolite".into()),
        decision: Some(Decision::Deny),
        environment: Some("production".into()),
        impact: Some(Impact::Major),
        urgency: Some(Urgency::Normal),
        policy: Some("sha256:00".into()),
        findings: vec![finding("a key is added", Level::HardMandatory)],
        facts: Facts {
            version: "1.0.0".into(),
            push: Some("0123456789abcdef".into()),
            process: Some(Process { host: "git1".into(), pid: 77, start: Some(987_654) }),
            operator: true,
            tips: vec![Tip {
                reference: RefName::new("refs/heads/main").unwrap(),
                id: Oid::from_hex(&[b'a'; 40]).unwrap(),
            }],
            options: vec!["ci.skip".into()],
            ..Facts::default()
        },
        ..Entry::new(1_806_451_200, Kind::Denied)
    }
}

#[test]
fn the_form_is_canonical() {
    insta::assert_snapshot!(entry().to_json().unwrap(), @r#"{"decision":"deny","environment":"production","evidence":[],"facts":{"operator":true,"options":["ci.skip"],"process":{"host":"git1","pid":77,"start":987654},"push":"0123456789abcdef","tips":[{"id":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","ref":"refs/heads/main"}],"version":"1.0.0"},"findings":[{"commit":"3f9c1e2000000000000000000000000000000000","fix":"take it out","level":"hard-mandatory","line":14,"message":"a key is added","path":"config/store.toml","place":".bylaws/rules/own.rhai:4:9","ref":"refs/heads/main","rule":"no-secrets","state":"violated"}],"identity":"gitolite","impact":"major","kind":"denied","new":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","old":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","policy":"sha256:00","pusher":{"login":"ada","person":"ada"},"ref":"refs/heads/main","time":"2027-03-31T00:00:00Z","urgency":"normal"}"#);
}

#[test]
fn it_comes_back_as_it_went_out() {
    for entry in [entry(), Entry::new(0, Kind::NotApplied)] {
        let text = entry.to_json().unwrap();
        assert_eq!(serde_json::from_str::<Entry>(&text).unwrap(), entry);
    }
}

#[test]
fn every_kind_has_the_word_of_the_design() {
    use Kind::*;
    let kinds = [
        Adopted,
        Accepted,
        Denied,
        WouldDeny,
        Recovered,
        NotApplied,
        Unexplained,
        Explained,
        Evidence,
        BreakGlass,
        Review,
        Deployment,
        Policy,
        Key,
    ];
    let words: Vec<String> = kinds.iter().map(|kind| serde_json::to_string(kind).unwrap()).collect();
    assert_eq!(
        words.join(" ").replace('"', ""),
        "adopted accepted denied would-deny recovered not-applied unexplained explained evidence break-glass \
         review deployment policy key"
    );
}

#[test]
fn keys_of_later_versions_are_kept() {
    let mut text = entry().to_json().unwrap();
    text = text.replace("\"version\":", "\"merge\":{\"tree\":\"x\"},\"version\":");
    let entry: Entry = serde_json::from_str(&text).unwrap();
    assert!(entry.facts.more.contains_key("merge"));
    assert!(entry.to_json().unwrap().contains("\"merge\":{\"tree\":\"x\"}"));
}

#[test]
fn any_text_makes_valid_json() {
    let hostile = text_of(b"refs/heads/\x00\x1b[31m\"\\\n\xff\xfe\xe2\x80\xae");
    let text = Entry { reference: Some(hostile.clone()), ..entry() }.to_json().unwrap();
    assert!(!text.contains('\n') && !text.contains('\u{1b}'));
    assert_eq!(serde_json::from_str::<Entry>(&text).unwrap().reference, Some(hostile));
}

#[test]
fn bytes_that_are_no_text_stay_apart() {
    assert_eq!(text_of(b"caf\xe9/x"), "caf\\xe9/x");
    assert_eq!(text_of("café\\x".as_bytes()), "café\\x");
    assert_ne!(text_of(b"\xe9\\xe9"), text_of(b"\xe9\xe9"));
}

#[test]
fn many_findings_of_one_rule_hide_no_other() {
    let many = (0..10_000).map(|n| finding(&format!("flood {n}"), Level::HardMandatory));
    let other = Finding { rule: "z-last".into(), ..finding("what matters", Level::HardMandatory) };
    let entry = Entry { findings: many.chain([other.clone()]).collect(), ..entry() };
    let text = entry.to_json().unwrap();
    assert!(text.len() <= MAX_ENTRY);
    let back: Entry = serde_json::from_str(&text).unwrap();
    assert_eq!(back.findings.last(), Some(&other));
    assert_eq!(back.facts.findings_cut + back.findings.len(), 10_001);
}

#[test]
fn findings_are_cut_to_64_kib_and_those_that_denied_stay() {
    let advice = (0..2_000).map(|n| finding(&format!("advice {n}"), Level::Advisory));
    let denied = finding("the one that denied", Level::HardMandatory);
    let entry = Entry { findings: advice.chain([denied.clone()]).collect(), ..entry() };
    let text = entry.to_json().unwrap();
    assert!(text.len() <= MAX_ENTRY && text.len() > MAX_ENTRY - 1_000, "{}", text.len());
    let back: Entry = serde_json::from_str(&text).unwrap();
    assert_eq!(back.facts.findings_cut + back.findings.len(), 2_001);
    assert_eq!(back.findings.last(), Some(&denied));
    assert_eq!(back.findings.first().unwrap().message, "advice 0");
    assert_eq!(back.facts.cut, Vec::<String>::new());
    // Canonical again.
    assert_eq!(back.to_json().unwrap(), text);
}

#[test]
fn one_endless_finding_does_not_keep_out_the_others() {
    let endless = finding(&"x".repeat(MAX_ENTRY), Level::HardMandatory);
    let entry = Entry { findings: vec![endless, finding("short", Level::Advisory)], ..entry() };
    let back: Entry = serde_json::from_str(&entry.to_json().unwrap()).unwrap();
    assert_eq!((back.findings.len(), back.facts.findings_cut), (1, 1));
}

#[test]
fn what_others_sent_is_shortened_where_it_is_endless() {
    let facts = Facts {
        options: (0..5_000).map(|n| format!("option={n}")).collect(),
        certificate: Some("c\u{0}".repeat(100_000)),
        ..entry().facts
    };
    let entry = Entry { reference: Some("é".repeat(60_000)), facts, ..entry() };
    let text = entry.to_json().unwrap();
    assert!(text.len() <= MAX_ENTRY);
    let back: Entry = serde_json::from_str(&text).unwrap();
    assert_eq!(back.facts.cut, ["certificate", "options", "ref"]);
    assert_eq!((back.old, back.new, back.policy), (entry.old, entry.new, entry.policy));
    assert_eq!(back.findings, entry.findings, "the findings have their own share of the room");
}

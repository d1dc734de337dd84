//! What a finding is known by from run to run, so that a CI server tells new ones from old ones.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};

use crate::verdict::Finding;

/// A fingerprint for each finding, in their order. It hangs on the rule, the message and the path, else on the commit's
/// subject or the ref: neither on the line nor on the commit's id, so that an edit above it and a rebase change nothing. Of
/// equal ones each but the first says which it is.
pub(super) fn fingerprints(findings: &[Finding]) -> Vec<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut numbered = |finding: &Finding| {
        let known_by = known_by(finding);
        let times = seen.entry(known_by.clone()).or_default();
        *times += 1;
        format!("{:x}", Sha256::digest(format!("{known_by}\0{times}")))
    };
    findings.iter().map(&mut numbered).collect()
}

fn known_by(finding: &Finding) -> String {
    let subject = match (&finding.path, &finding.about, &finding.commit, &finding.reference) {
        (Some(path), ..) => format!("path\0{path}"),
        (None, Some(about), ..) => format!("commit\0{}\0{}", about.author, about.subject),
        (None, None, Some(commit), _) => format!("commit\0{commit}"),
        (None, None, None, Some(reference)) => format!("ref\0{}", reference.as_str()),
        (None, None, None, None) => String::new(),
    };
    format!("{}\0{subject}\0{}", finding.rule, finding.message)
}

#[cfg(test)]
mod tests {
    use super::super::samples::finding;
    use super::*;
    use crate::facts::Oid;

    #[test]
    fn a_fingerprint_outlives_an_edit_above_and_a_rebase() {
        let before = finding();
        let after = Finding { line: Some(99), commit: Oid::from_hex(&[b'1'; 40]), ..finding() };
        assert_eq!(fingerprints(&[before]), fingerprints(&[after]));
    }

    #[test]
    fn findings_that_differ_are_told_apart() {
        let others = [
            finding(),
            finding(),
            Finding { path: Some("b".into()), ..finding() },
            Finding { rule: "other".into(), ..finding() },
            Finding { message: "other".into(), ..finding() },
            Finding { path: None, ..finding() },
            Finding { path: None, about: None, ..finding() },
            Finding { path: None, about: None, commit: None, ..finding() },
        ];
        let mut prints = fingerprints(&others);
        prints.sort_unstable();
        prints.dedup();
        assert_eq!(prints.len(), others.len());
    }
}

//! The formats, each with the literals that betray it. Sources: the providers' documentation on the formats of their tokens,
//! and the rules of gitleaks and of GitHub's secret scanning.

use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder};

use super::assignment;

/// How a candidate is looked at.
pub(super) enum Test {
    /// The token begins with the literal: what follows the literal, anchored.
    Behind(&'static str),
    /// The literal is within what the expression matches, which is looked for around it: bytes before, bytes behind.
    Around(&'static str, usize, usize),
    /// An assignment to the name that holds the literal.
    Assignment,
    /// The password in an address: `://name:password@`.
    Address,
}

/// One format.
pub(super) struct Format {
    pub(super) kind: &'static str,
    pub(super) what: &'static str,
    pub(super) is_certain: bool,
    pub(super) literals: &'static [&'static str],
    pub(super) test: Test,
    compiled: OnceLock<Option<Regex>>,
}

const fn certain(
    kind: &'static str,
    what: &'static str,
    literals: &'static [&'static str],
    behind: &'static str,
) -> Format {
    Format { kind, what, is_certain: true, literals, test: Test::Behind(behind), compiled: OnceLock::new() }
}

const fn around(
    kind: &'static str,
    what: &'static str,
    literals: &'static [&'static str],
    pattern: &'static str,
    (before, behind): (usize, usize),
) -> Format {
    let test = Test::Around(pattern, before, behind);
    Format { kind, what, is_certain: true, literals, test, compiled: OnceLock::new() }
}

const fn likely(
    kind: &'static str,
    what: &'static str,
    literals: &'static [&'static str],
    test: Test,
) -> Format {
    Format { kind, what, is_certain: false, literals, test, compiled: OnceLock::new() }
}

/// All formats. Of two that match at one place the first counts.
pub(super) static FORMATS: [Format; 38] = [
    certain("aws-access-key", "an AWS access key", &["AKIA", "ASIA", "ABIA", "ACCA"], "[A-Z0-9]{16}"),
    around(
        "aws-secret-key",
        "an AWS secret key",
        &["aws_secret", "AWS_SECRET", "awsSecret", "aws-secret"],
        r#"(?i)aws[_-]?secret[_-]?(?:access[_-]?)?key["']?\s{0,20}(?:=>|:=|[=:,])\s{0,20}["']?[A-Za-z0-9/+]{40}(?:[^A-Za-z0-9/+]|$)"#,
        (0, 160),
    ),
    certain(
        "github-token",
        "a GitHub token",
        &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"],
        "[A-Za-z0-9]{36,255}",
    ),
    certain("github-token", "a GitHub token", &["github_pat_"], "[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    certain(
        "gitlab-token",
        "a GitLab token",
        &["glpat-", "gldt-", "glrt-", "glptt-", "glsoat-"],
        "[A-Za-z0-9_-]{20,300}",
    ),
    certain(
        "slack-token",
        "a Slack token",
        &["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxe-"],
        "[0-9]+-[0-9A-Za-z-]{10,250}",
    ),
    certain("slack-token", "a Slack token", &["xapp-"], "[0-9]-[A-Z0-9]+-[0-9]+-[a-z0-9]{20,250}"),
    certain(
        "slack-webhook",
        "a Slack webhook",
        &["hooks.slack.com/services/"],
        "T[A-Z0-9]{7,12}/B[A-Z0-9]{7,12}/[A-Za-z0-9]{20,32}",
    ),
    certain("stripe-key", "a Stripe key", &["sk_live_", "rk_live_"], "[0-9A-Za-z]{16,255}"),
    certain("google-api-key", "a Google API key", &["AIza"], "[0-9A-Za-z_-]{35}"),
    certain("google-oauth", "a Google OAuth secret", &["GOCSPX-"], "[A-Za-z0-9_-]{28}"),
    certain("azure-storage-key", "an Azure storage key", &["AccountKey="], "[A-Za-z0-9+/]{86}=="),
    certain("npm-token", "an npm token", &["npm_"], "[A-Za-z0-9]{36}"),
    certain("pypi-token", "a PyPI token", &["pypi-AgE"], "[A-Za-z0-9_-]{50,1000}"),
    certain("sendgrid-key", "a SendGrid key", &["SG."], r"[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
    around(
        "twilio-key",
        "a Twilio key",
        &["wilio", "WILIO"],
        r"(?i)twilio[^\n]{0,60}[^0-9a-z](?:SK)?[0-9a-f]{32}(?:[^0-9a-z]|$)",
        (1, 110),
    ),
    around(
        "openai-key",
        "an OpenAI key",
        &["T3BlbkFJ"],
        "sk-[A-Za-z0-9_-]{20,200}T3BlbkFJ[A-Za-z0-9_-]{20,200}",
        (210, 210),
    ),
    certain("anthropic-key", "an Anthropic key", &["sk-ant-"], "[a-z0-9]{3,10}-[A-Za-z0-9_-]{80,200}"),
    certain("digitalocean-token", "a DigitalOcean token", &["dop_v1_", "doo_v1_", "dor_v1_"], "[a-f0-9]{64}"),
    certain("vault-token", "a HashiCorp Vault token", &["hvs.", "hvb."], "[A-Za-z0-9_-]{24,300}"),
    around(
        "terraform-token",
        "a Terraform token",
        &[".atlasv1."],
        r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,80}",
        (14, 90),
    ),
    certain("shopify-token", "a Shopify token", &["shpat_", "shpca_", "shppa_", "shpss_"], "[a-fA-F0-9]{32}"),
    certain("docker-token", "a Docker Hub token", &["dckr_pat_"], "[A-Za-z0-9_-]{27}"),
    certain("databricks-token", "a Databricks token", &["dapi"], "[a-f0-9]{32}(?:-[0-9])?"),
    certain("huggingface-token", "a Hugging Face token", &["hf_"], "[A-Za-z]{34}"),
    certain("grafana-token", "a Grafana token", &["glsa_"], "[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}"),
    certain("linear-key", "a Linear key", &["lin_api_"], "[A-Za-z0-9]{40}"),
    certain("postman-key", "a Postman key", &["PMAK-"], "[a-f0-9]{24}-[a-f0-9]{34}"),
    certain("rubygems-key", "a RubyGems key", &["rubygems_"], "[a-f0-9]{48}"),
    certain("pulumi-token", "a Pulumi token", &["pul-"], "[a-f0-9]{40}"),
    certain("newrelic-key", "a New Relic key", &["NRAK-"], "[A-Z0-9]{27}"),
    certain("atlassian-token", "an Atlassian token", &["ATATT3"], "[A-Za-z0-9_=-]{180,250}"),
    certain("age-key", "an age secret key", &["AGE-SECRET-KEY-1"], "[02-9AC-HJ-NP-Z]{58}"),
    certain(
        "discord-webhook",
        "a Discord webhook",
        &["discord.com/api/webhooks/", "discordapp.com/api/webhooks/"],
        "[0-9]{16,20}/[A-Za-z0-9_-]{60,80}",
    ),
    around(
        "private-key",
        "a private key",
        &["PRIVATE KEY-----", "PRIVATE KEY BLOCK-----"],
        r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----(?:[^-]|-[^-]){0,300}?[A-Za-z0-9+/]{40}",
        (40, 420),
    ),
    likely(
        "jwt",
        "a signed web token",
        &["eyJ"],
        Test::Behind(r"[A-Za-z0-9_-]{12,2000}\.eyJ[A-Za-z0-9_-]{12,4000}\.[A-Za-z0-9_-]{30,700}"),
    ),
    likely("address", "a password in an address", &["://"], Test::Address),
    likely(
        "assignment",
        "a value that looks like a secret",
        &[
            "assword",
            "ASSWORD",
            "asswd",
            "ASSWD",
            "ecret",
            "ECRET",
            "oken",
            "OKEN",
            "pi_key",
            "PI_KEY",
            "pikey",
            "piKey",
            "APIKEY",
            "piKEY",
            "pi-key",
            "PI-KEY",
            "ccess_key",
            "CCESS_KEY",
            "ccessKey",
            "redential",
            "REDENTIAL",
        ],
        Test::Assignment,
    ),
];

impl Format {
    /// Where the secret begins and ends, if the candidate at `start..end` is one.
    pub(super) fn matches(&self, text: &[u8], start: usize, end: usize) -> Option<(usize, usize)> {
        match &self.test {
            Test::Behind(pattern) => self.behind(pattern, text, start, end),
            Test::Around(pattern, before, behind) => {
                let from = start.saturating_sub(*before);
                let window = text.get(from..text.len().min(end + behind))?;
                let found = self.regex(pattern)?.find(window)?;
                (found.start() + from <= start && !is_placeholder(found.as_bytes()))
                    .then_some((from + found.start(), from + found.end()))
            }
            Test::Assignment => assignment::of_name(text, start, end),
            Test::Address => assignment::in_address(text, start, end),
        }
    }

    fn behind(&self, pattern: &str, text: &[u8], start: usize, end: usize) -> Option<(usize, usize)> {
        if start.checked_sub(1).and_then(|before| text.get(before)).is_some_and(|before| is_word(*before)) {
            return None;
        }
        let rest = text.get(end..text.len().min(end + 8_192))?;
        let found = self.regex(pattern)?.find(rest)?;
        let to = end + found.end();
        let ends = text.get(to).is_none_or(|next| !is_word(*next));
        let token = text.get(start..to)?;
        (ends && !is_placeholder(token)).then_some((start, to))
    }

    fn regex(&self, pattern: &str) -> Option<&Regex> {
        let compile = || {
            let anchored = match self.test {
                Test::Behind(_) => format!("^(?:{pattern})"),
                _ => pattern.to_owned(),
            };
            // Bytes, not letters of any script: tokens are ASCII.
            RegexBuilder::new(&anchored).unicode(false).build().ok()
        };
        self.compiled.get_or_init(compile).as_ref()
    }
}

/// A letter or digit that would make the token part of a longer one.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'+'
}

/// Providers' documented examples, and what somebody put in the place of a token.
fn is_placeholder(token: &[u8]) -> bool {
    let text = String::from_utf8_lossy(token);
    if text.contains("EXAMPLE") {
        return true;
    }
    if let Some(id) = text.get(4..).filter(|id| id.len() == 16 && text.starts_with('A')) {
        // An AWS id is short and without structure; whatever else it spells, it is taken for one.
        return id.chars().all(|c| id.starts_with(c));
    }
    if text.to_lowercase().contains("xxxxx") {
        return true;
    }
    // A token in which few characters occur was typed, not drawn.
    let tail: Vec<char> = text.chars().rev().take(20).collect();
    let mut kinds = tail.clone();
    kinds.sort_unstable();
    kinds.dedup();
    kinds.len() < 5 || assignment::is_sequence(tail.iter().rev())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_compiles_and_is_told_by_literals_of_three_bytes_at_least() {
        for format in &FORMATS {
            assert!(format.literals.iter().all(|literal| literal.len() >= 3), "{}", format.kind);
            if let Test::Behind(pattern) | Test::Around(pattern, ..) = format.test {
                assert!(format.regex(pattern).is_some(), "{}", format.kind);
            }
        }
    }
}

//! `bylaws lint`, `bylaws rules` and `bylaws docs`: the binary on real repositories, every word of what it says.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::path::Path;
use std::process::{Command, Stdio};

use bylaws::config::{PolicySource, lint, lint_set, load, sets, starter};
use bylaws::diagnostic::Diagnostic;
use bylaws::policy::lint::Linted;
use bylaws::report::document::{document, html, markdown};
use common::{Repo, environment};

/// 2026-07-01T00:00:00Z.
const NOW: i64 = 1_782_864_000;

struct Answer {
    status: i32,
    out: String,
    err: String,
}

fn bylaws(repo: &Repo, words: &[&str]) -> Answer {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bylaws"));
    command.args(words).current_dir(repo.path()).env_clear().envs(environment()).stdin(Stdio::null());
    let output = command.output().unwrap();
    Answer {
        status: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[track_caller]
fn said(repo: &Repo, words: &[&str], status: i32) -> String {
    let answer = bylaws(repo, words);
    assert_eq!(answer.status, status, "{words:?}: {}{}", answer.out, answer.err);
    format!("{}{}", answer.out, answer.err)
}

/// Without what is another with every change of the shipped rules and every release.
fn masked(text: &str) -> String {
    let mask = |text: &str, pattern: &str, with: &str| {
        regex::Regex::new(pattern).unwrap().replace_all(text, with).into_owned()
    };
    mask(&mask(text, "sha256:[0-9a-f]{64}", "sha256:..."), r"bylaws \d+\.\d+\.\d+", "bylaws VERSION")
}

const RULE: &str = r#"rule("ticket", #{
    title: "A change names its ticket",
    why: "Whoever asks <why> later finds the answer there.",
    controls: ["SOC2:CC8.1", "ISO27001:A.8.32", "ISO27001:A.8.4", "PCI DSS 6.5", "NIST CM-3"],
    level: "advisory",
    params: #{ pattern: "[A-Z]+-[0-9]+", skip: ["a|b", "c`d"] },
    files: ["*.rs"],
    commit: |commit, params| {
        if params.skip.len == 0 || !regex(params.pattern).is_match(commit.message) {
            finding("no ticket is named").fix("name one: `ABC-1`")
        }
    },
});
"#;

const TEST: &str = r#"test("a ticket is named", || {
    assert_satisfied("ticket", commit(#{ subject: "Do it for ABC-1" }));
});
"#;

const BYLAWS: &str = r#"extends = []
except = ["vendor/**"]

[rules]
ticket = { level = "soft-mandatory", pattern = "X-[0-9]+", except = ["docs/"] }
unloved = "off"

[[waiver]]
rule = "ticket"
paths = ["**"]
until = 2100-03-31
reason = "until the tracker | is there"

[environments.production]
refs = ["main", "release/*"]
[environments.staging]
refs = ["staging"]
allow = ["force-push"]
requirements = "production"

[[classify]]
paths = ["*.tf"]
impact = "major"
why = "infrastructure"

[requirements.production]
major = { approvals = 1, seniority = "senior", tests = ["ci"], signed-commits = true }
minor = { tests = ["ci"] }
trivial = {}

[break-glass]
seniority = "senior"
may-skip = ["approvals", "tests"]
review-within = "72h"
"#;

const PEOPLE: &str = r#"seniority = ["engineer", "senior"]
[people.ada]
name = "Ada <b>Lovelace</b>"
emails = ["ada@example.org"]
seniority = "senior"
teams = ["sre"]
[people.bob]
name = "Bob"
emails = ["bob@example.org"]
seniority = "senior"
[services.ci]
emails = ["ci@example.org"]
tests = ["ci"]
deploys = ["production"]
"#;

/// A repository with a policy of its own.
fn governed() -> Repo {
    let repo = Repo::new();
    repo.write(".bylaws/bylaws.toml", BYLAWS);
    repo.write(".bylaws/people.toml", PEOPLE);
    repo.write(".bylaws/rules/ticket.rhai", RULE);
    repo.write(
        ".bylaws/rules/unloved.rhai",
        "rule(\"unloved\", #{ title: \"t\", why: \"w\", file: |file| file.path });\n",
    );
    repo.write(".bylaws/tests/ticket.rhai", TEST);
    repo.write("main.rs", "fn main() {}\n");
    repo.write("main.tf", "\n");
    repo.commit("Set the rules");
    repo
}

#[test]
fn everything_is_told_at_once_with_its_place() {
    let repo = Repo::new();
    repo.write(
        ".bylaws/bylaws.toml",
        "extends = []\n[rules]\nsubject = { level = \"advisry\" }\n[environments.production]\nrefs = [\"main\"]\n",
    );
    repo.write(
        ".bylaws/rules/subject.rhai",
        "let unused = 1;\nrule(\"subject\", #{\n    title: \"t\",\n    params: #{ max: 72 },\n    commit: |commit, params| {\n        \
         if commit.sbject.len > params.mx { \"too long\" }\n        for f in commit.files {\n            \
         if f.status == \"remove\" { f.finding(\"x\", 1, 2); }\n        }\n    },\n});\n",
    );
    repo.write(
        ".bylaws/rules/broken.rhai",
        "rule(\"a\", #{ title: });\nrule(\"b\", #{ why: \"w\" \"x\" });\n",
    );
    repo.write(
        ".bylaws/tests/subject.rhai",
        "test(\"x\", || { assert_violated(\"subject\", commit(#{ subjet: \"x\" })); });\n",
    );
    insta::assert_snapshot!(said(&repo, &["lint"], 1), @r##"
    error: the environment `production` has no requirements
      --> .bylaws/bylaws.toml:4:15
      = help: add [requirements.production] with a row `major`; `major = {}` says: nothing

    error: unexpected `}`
      --> .bylaws/rules/broken.rhai:1:21

    error: expecting `}` to end this object map literal
      --> .bylaws/rules/broken.rhai:2:23

    warning: the variable `unused` is never used
      --> .bylaws/rules/subject.rhai:1:5

    error: rule `subject` has no `why`
      --> .bylaws/rules/subject.rhai:2:1

    warning: the parameter `max` of the rule `subject` is never used
      --> .bylaws/rules/subject.rhai:4:16

    error: unknown property `sbject` of a commit
      --> .bylaws/rules/subject.rhai:6:19
      = help: did you mean `subject`?

    error: the rule `subject` has no parameter `mx`
      --> .bylaws/rules/subject.rhai:6:39
      = help: did you mean `max`?

    error: this text goes nowhere
      --> .bylaws/rules/subject.rhai:6:44
      = help: report it with `finding(...)`, or `return` it

    error: `status` is never `remove`, so this is always false
      --> .bylaws/rules/subject.rhai:8:28
      = help: valid here: added, modified, deleted, renamed, copied, type-changed

    error: `finding` takes 1 or 2 arguments, not 3
      --> .bylaws/rules/subject.rhai:8:41
      = help: there is `file.finding(message: string) -> finding`, `file.finding(message: string, line: int) -> finding`

    error: unknown property `subjet` of commit
      --> .bylaws/tests/subject.rhai:1:53
      = help: did you mean `subject`?

    10 errors, 2 warnings in 3 scripts
    "##);
    let json: serde_json::Value =
        serde_json::from_str(&said(&repo, &["lint", "--format", "json"], 1)).unwrap();
    assert_eq!(json["version"], 1);
    assert_eq!(
        json["mistakes"].as_array().unwrap().len() as u64,
        json["errors"].as_u64().unwrap() + json["warnings"].as_u64().unwrap()
    );
    insta::assert_snapshot!(serde_json::to_string_pretty(&json["mistakes"][0]).unwrap(), @r##"
    {
      "column": 15,
      "file": ".bylaws/bylaws.toml",
      "help": "add [requirements.production] with a row `major`; `major = {}` says: nothing",
      "line": 4,
      "message": "the environment `production` has no requirements",
      "severity": "error"
    }
    "##);
    assert!(!said(&repo, &["lint", "-q"], 1).contains("warning"));
}

#[test]
fn what_is_only_worth_a_look_is_a_warning() {
    let repo = governed();
    repo.write("docs/a.md", "\n");
    insta::assert_snapshot!(said(&repo, &["lint"], 0), @r##"
    warning: `vendor/**` matches no tracked file at present
      --> .bylaws/bylaws.toml:2:11

    warning: `docs/` matches no tracked file at present
      --> .bylaws/bylaws.toml:5:70

    warning: `release/*` matches no ref at present
      --> .bylaws/bylaws.toml:15:17

    warning: `staging` matches no ref at present
      --> .bylaws/bylaws.toml:17:9

    warning: only 0 of 2 people of seniority `senior` or above can sign an approval today
      --> .bylaws/bylaws.toml:27:23
      = help: for 1 approval 2 are needed: add their keys in `people.toml`

    0 errors, 5 warnings in 3 scripts
    "##);
    // What is staged is tracked.
    repo.write("vendor/x", "\n");
    repo.git(&["add", "-A"]);
    repo.git(&["branch", "release/1"]);
    repo.git(&["update-ref", "refs/remotes/origin/staging", "HEAD"]);
    let now = said(&repo, &["lint"], 0);
    assert!(!now.contains("matches no"), "{now}");
    assert_eq!(said(&repo, &["lint", "-q"], 0), "");
}

#[test]
fn paths_can_be_named() {
    let repo = governed();
    repo.write("sets/one/first.rhai", RULE);
    repo.write("sets/one/tests/first.rhai", TEST.replace("ticket\"", "tickt\""));
    repo.write(
        "sets/two/second.rhai",
        RULE.replace("ticket", "second").replace("commit.message", "commit.mesage"),
    );
    repo.write("empty/README.md", "nothing\n");
    repo.write("only/tests/a.rhai", TEST);
    repo.write(".bylaws/rules/wrong.rhai", "let x = frob();\nfinding(x);\n");
    for (words, status, part) in [
        (&["lint", "sets"][..], 1, "sets/one/tests/first.rhai:2:22"),
        (&["lint", "sets"], 1, "sets/two/second.rhai:9:75"),
        (&["lint", "sets/two/"], 1, "  --> sets/two/second.rhai:9:75"),
        (&["lint", "sets/one/first.rhai"], 0, "no mistakes found in 1 script"),
        (&["lint", "sets/one/tests/first.rhai"], 1, "did you mean `ticket`?"),
        (&["lint", ".bylaws"], 1, ".bylaws/rules/wrong.rhai:1:9"),
        (&["lint", "."], 1, "./.bylaws/rules/wrong.rhai:1:9"),
        (
            &["lint", ".bylaws/rules/ticket.rhai", ".bylaws/tests/ticket.rhai"],
            0,
            "no mistakes found in 2 scripts",
        ),
        (&["lint", ".bylaws/rules/wrong.rhai"], 1, "unknown function `frob`"),
        (&["lint", "--policy", "HEAD:.bylaws"], 0, "warning"),
        (&["lint", "nowhere"], 2, "there is no file or folder `nowhere`"),
        (&["lint", "main.rs"], 2, "is neither a .rhai nor a .toml file"),
        (&["lint", "sets/one/tests"], 1, "unknown rule"),
        (&["lint", "empty"], 2, "there are no rules in `empty`"),
        (&["lint", "only"], 0, "no mistakes found in 1 script"),
        (&["lint", ".bylaws/tests"], 0, "no mistakes found in 1 script"),
        (&["lint", ".bylaws/rules"], 1, "unknown function `frob`"),
    ] {
        let text = said(&repo, words, status);
        assert!(text.contains(part), "{words:?}: {text}");
    }
    let empty = Repo::empty_folder();
    assert!(said(&empty, &["lint"], 2).contains("not in a git repository"));
    empty.write("x.rhai", "rule(\"x\", #{});\n");
    assert!(said(&empty, &["lint", "x.rhai"], 1).contains("rule `x` has no `title`\n  --> x.rhai:1:1"));
    let bare = Repo::new();
    bare.write("a", "x");
    bare.commit("Begin");
    assert!(said(&bare, &["lint"], 2).contains("there is no policy at `.bylaws`"));
}

#[track_caller]
fn assert_clean(what: &str, linted: &Linted) {
    let shown: Vec<String> = linted.errors.iter().chain(&linted.warnings).map(ToString::to_string).collect();
    assert!(shown.is_empty(), "{what}:\n{}", shown.join("\n"));
    assert!(!linted.scripts.is_empty(), "{what}: nothing was looked at");
}

#[test]
fn what_is_shipped_is_clean() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = PolicySource::Folder(&top.join(".bylaws"), ".bylaws".to_owned());
    assert_clean("our own policy", &lint(own, None, NOW).unwrap().unwrap());
    for set in sets() {
        let folder = top.join("policy-examples").join(set);
        assert_clean(set, &lint_set(&folder, set).unwrap());
        let files = starter(&[set.to_owned()]).unwrap();
        let files = files.into_iter().map(|(path, text)| (path, text.into_bytes())).collect();
        assert_clean(
            "the starter",
            &lint(PolicySource::Files(files, ".bylaws".to_owned()), None, NOW).unwrap().unwrap(),
        );
    }
}

#[test]
fn the_rules_in_force_are_listed() {
    let repo = governed();
    let text = said(&repo, &["rules"], 0);
    insta::assert_snapshot!(masked(&text), @r##"
    policy .bylaws (sha256:...)

    ticket  soft-mandatory  A change names its ticket  .bylaws/rules/ticket.rhai:1:1
                            pattern = "X-[0-9]+" (default "[A-Z]+-[0-9]+")

    off: unloved

    warning: only 0 of 2 people of seniority `senior` or above can sign an approval today
      --> .bylaws/bylaws.toml:27:23
      = help: for 1 approval 2 are needed: add their keys in `people.toml`
    "##);
    insta::assert_snapshot!(masked(&said(&repo, &["rules", "ticket"], 0)), @r##"
    ticket: A change names its ticket
      why          Whoever asks <why> later finds the answer there.
      level        soft-mandatory
      from         .bylaws/rules/ticket.rhai:1:1
      controls     SOC2:CC8.1, ISO27001:A.8.32, ISO27001:A.8.4, PCI DSS 6.5, NIST CM-3
      looks at     commit
      files        *.rs
      parameter    pattern = "X-[0-9]+" (default "[A-Z]+-[0-9]+")
      parameter    skip = ["a|b","c`d"]
      except       vendor/**, docs/
      waiver       until 2100-03-31, for **: until the tracker | is there

        rule("ticket", #{
            title: "A change names its ticket",
            why: "Whoever asks <why> later finds the answer there.",
            controls: ["SOC2:CC8.1", "ISO27001:A.8.32", "ISO27001:A.8.4", "PCI DSS 6.5", "NIST CM-3"],
            level: "advisory",
            params: #{ pattern: "[A-Z]+-[0-9]+", skip: ["a|b", "c`d"] },
            files: ["*.rs"],
            commit: |commit, params| {
                if params.skip.len == 0 || !regex(params.pattern).is_match(commit.message) {
                    finding("no ticket is named").fix("name one: `ABC-1`")
                }
            },
        });
    "##);
    assert!(said(&repo, &["rules", "unloved"], 0).contains("  level        off\n"));
    let error = said(&repo, &["rules", "tiket"], 2);
    assert_eq!(error, "error: no rule `tiket` is loaded\n  = help: did you mean `ticket`?\n");
    let json: serde_json::Value =
        serde_json::from_str(&said(&repo, &["rules", "--format", "json"], 0)).unwrap();
    let rule = &json["rules"][0];
    assert_eq!((&json["version"], &json["off"]), (&1.into(), &serde_json::json!(["unloved"])));
    assert_eq!(
        rule["params"]["pattern"],
        serde_json::json!({ "value": "X-[0-9]+", "default": "[A-Z]+-[0-9]+" })
    );
    assert_eq!(rule["waivers"][0]["until"], "2100-03-31");
    assert_eq!(rule["filters"], serde_json::json!({ "files": ["*.rs"] }));
    let json: serde_json::Value =
        serde_json::from_str(&said(&repo, &["rules", "ticket", "--format", "json"], 0)).unwrap();
    assert_eq!(json["rules"][0]["source"], RULE);
}

#[test]
fn what_ought_to_be_known_of_the_rules_is_pointed_out() {
    let of = |more: &str, rules: &[(&str, String)]| {
        let mut files = vec![("bylaws.toml".to_owned(), more.as_bytes().to_vec())];
        files.extend(rules.iter().map(|(path, text)| ((*path).to_owned(), text.clone().into_bytes())));
        let loaded = load(PolicySource::Files(files, ".bylaws".to_owned()), NOW).unwrap();
        let tracked = ["a.txt".into()];
        let remarks: Vec<String> = loaded.remarks(NOW, &tracked).iter().map(Diagnostic::to_warning).collect();
        remarks.join("\n")
    };
    let own = |id: &str| (format!("rules/{id}.rhai"), RULE.replace("\"ticket\"", &format!("{id:?}")));
    let (path, text) = own("subject-length");
    insta::assert_snapshot!(of("extends = []\n", &[(&path, text)]), @r##"
    warning: `subject-length` is this repository's own rule
      --> .bylaws/rules/subject-length.rhai:1:1
      = help: the set `recommended` has another of the same id, which is not loaded
    "##);
    let waiver = |rule: &str, path: &str, until: &str| {
        format!("[[waiver]]\nrule = {rule:?}\npaths = [{path:?}]\nuntil = {until}\nreason = \"r\"\n")
    };
    let (path, text) = own("ticket");
    let config = [
        "[rules]\nfile-size = \"off\"\n".to_owned(),
        waiver("ticket", "**", "2026-07-10"),
        waiver("ticket", "a.txt", "2026-06-30"),
        waiver("ticket", "b.txt", "2027-06-30"),
        waiver("ticket", "*.txt", "2027-06-30"),
        waiver("file-size", "**", "2027-06-30"),
        waiver("ticket", "a.txt", "2026-07-01"),
        waiver("ticket", "a.txt", "2026-07-31"),
        waiver("ticket", "a.txt", "2026-08-01"),
    ];
    insta::assert_snapshot!(of(&config.concat(), &[(&path, text)]), @r##"
    warning: the waiver of `ticket` ends in 9 days, on 2026-07-10
      --> .bylaws/bylaws.toml:3:1
      = help: then the rule holds again
    warning: the waiver of `ticket` ended on 2026-06-30
      --> .bylaws/bylaws.toml:11:9
      = help: it waives nothing any more: remove it
    warning: the waiver of `ticket` waives nothing at present: no tracked file matches its paths
      --> .bylaws/bylaws.toml:13:1
      = help: is it still needed?
    warning: the waiver of `file-size` waives nothing: the rule is off
      --> .bylaws/bylaws.toml:23:1
      = help: remove it
    warning: the waiver of `ticket` ends today, on 2026-07-01
      --> .bylaws/bylaws.toml:28:1
      = help: then the rule holds again
    warning: the waiver of `ticket` ends in 30 days, on 2026-07-31
      --> .bylaws/bylaws.toml:33:1
      = help: then the rule holds again
    "##);
}

#[test]
fn the_policy_is_a_document_for_people() {
    let repo = governed();
    insta::assert_snapshot!(masked(&said(&repo, &["docs"], 0)), @r##"
    # The policy in force

    This is what every change to this repository is judged by: 1 rule, of which 1 can deny a change. The same rules run when somebody commits, in continuous integration and on the git server.

    - [What a rule weighs](#levels)
    - [The rules](#rules)
    - [Environments](#environments)
    - [How far a change reaches](#classification)
    - [What a change needs](#requirements)
    - [Emergencies](#break-glass)
    - [Exceptions](#waivers)
    - [People and services](#people)
    - [Controls](#controls)
    - [Where this comes from](#origin)

    <a id="levels"></a>

    ## What a rule weighs

    | Level | What it means | Here |
    | --- | --- | --- |
    | **hard-mandatory** | A violation denies the change, always. Not even breaking the glass lets it pass. | 0 rules |
    | **soft-mandatory** | A violation denies the change. In an emergency, breaking the glass lets it pass and leaves a record. | 1 rule |
    | **advisory** | A violation is reported. It denies nothing. | 0 rules |

    <a id="rules"></a>

    ## The rules

    No rule looks at these paths: `vendor/**`

    <a id="rule-ticket"></a>

    ### ticket: A change names its ticket

    **soft-mandatory**: Whoever asks \<why\> later finds the answer there.

    - A violation: denies the change, unless the glass is broken
    - Looks at: each commit
    - Files: `*.rs`
    - Not in: `docs/`
    - Setting: `pattern` is `X-[0-9]+`; by default `[A-Z]+-[0-9]+`
    - Setting: `skip` is `a\|b`, ``c`d``
    - Waived: everything until 2100-03-31: until the tracker \| is there
    - Serves: SOC2:CC8.1, ISO27001:A.8.32, ISO27001:A.8.4, PCI DSS 6.5, NIST CM-3
    - Comes from: `.bylaws/rules/ticket.rhai:1:1`

    Switched off: `unloved`

    <a id="environments"></a>

    ## Environments

    A change to one of these branches or tags leads to that environment. Rewinding or deleting one of them is denied unless it is allowed here. Of several requirements the stricter hold.

    | Environment | Branches and refs | Allowed | Meets the requirements of |
    | --- | --- | --- | --- |
    | `production` | `main`, `release/*` | nothing | [production](#requirements-production) |
    | `staging` | `staging` | `force-push` | [production](#requirements-production) |

    <a id="classification"></a>

    ## How far a change reaches

    Each change is trivial, minor or major. The highest impact of any of its files decides; a file that nothing below names is minor, so that a change is trivial only if all of its files are.

    | What | Impact | Why |
    | --- | --- | --- |
    | `*.tf` | major | infrastructure |
    | `.bylaws/` | major | the policy itself |
    | a rewind, a deletion, a submodule, a target that is no commit | major | history or the code of others is replaced |

    <a id="requirements"></a>

    ## What a change needs

    Who approves has no part in the change: neither its authors nor who pushes it counts.

    <a id="requirements-production"></a>

    ### Requirements of `production`

    - A major change: 1 approval by people of the rank `senior` or above; passed tests: `ci`; a good signature on every commit
    - A minor change: passed tests: `ci`
    - A trivial change: nothing beyond the rules

    <a id="break-glass"></a>

    ## Emergencies

    - Who may: people of the rank `senior` or above, with `git push -o break-glass="REASON"`
    - It may skip: `approvals`, `tests`, and findings of soft-mandatory rules
    - Afterwards: another person of that rank reviews it within 3 days; until then it stands as a debt
    - Never skipped: hard-mandatory rules, who pushes, the record, and changes of this policy

    <a id="waivers"></a>

    ## Exceptions

    Each ends by itself on its date.

    | Rule | For | Until | Reason |
    | --- | --- | --- | --- |
    | [ticket](#rule-ticket) | everything | 2100-03-31 | until the tracker \| is there |

    <a id="people"></a>

    ## People and services

    Ranks, the lowest first: engineer, senior.

    | Name | Rank | Teams |
    | --- | --- | --- |
    | Ada \<b\>Lovelace\</b\> | senior | sre |
    | Bob | senior |  |

    | Service | Trusted for the tests | Records deployments to |
    | --- | --- | --- |
    | ci | `ci` | `production` |

    <a id="controls"></a>

    ## Controls

    Which rules serve which control of an outside standard.

    | Control | Rules |
    | --- | --- |
    | ISO27001:A.8.4 | [ticket](#rule-ticket) |
    | ISO27001:A.8.32 | [ticket](#rule-ticket) |
    | NIST CM-3 | [ticket](#rule-ticket) |
    | PCI DSS 6.5 | [ticket](#rule-ticket) |
    | SOC2:CC8.1 | [ticket](#rule-ticket) |

    <a id="origin"></a>

    ## Where this comes from

    - Read from `.bylaws`
    - Digest of everything that judges: `sha256:...`
    - Written by `bylaws VERSION` from the rules themselves
    "##);
    assert_eq!(said(&repo, &["docs", "-o", "policy.html"], 0), "wrote policy.html\n");
    assert_eq!(said(&repo, &["docs", "-q", "-o", "policy.md"], 0), "");
    let read = |name: &str| std::fs::read_to_string(repo.path().join(name)).unwrap();
    assert_eq!(read("policy.md").trim_end(), said(&repo, &["docs"], 0).trim_end());
    let page = read("policy.html");
    assert_eq!(page.trim_end(), said(&repo, &["docs", "--html"], 0).trim_end());
    for part in [
        "Ada &lt;b&gt;Lovelace&lt;/b&gt;",
        "Whoever asks &lt;why&gt; later",
        "<code>a|b</code>, <code>c`d</code>",
        "ISO27001:A.8.4",
    ] {
        assert!(page.contains(part), "{part}");
    }
    for absent in ["<b>", "<script", "http://", "https://", "ada@example.org", "src="] {
        assert!(!page.contains(absent), "{absent}");
    }
    assert!(said(&repo, &["docs", "-o", "no/such/folder.md"], 2).contains("cannot write"));
}

#[test]
fn links_lead_somewhere_and_tags_are_closed() {
    let loaded = load(PolicySource::BuiltIn, NOW).unwrap();
    let document = document(&loaded, NOW);
    let (page, text) = (html(&document), markdown(&document));
    for (whole, mark, end, target) in [(&page, "href=\"#", '"', "id=\""), (&text, "](#", ')', "<a id=\"")] {
        let mut links = 0;
        for rest in whole.split(mark).skip(1) {
            let anchor = rest.split(end).next().unwrap();
            assert_eq!(whole.matches(&format!("{target}{anchor}\"")).count(), 1, "{anchor}");
            links += 1;
        }
        assert!(links > 10);
    }
    for tag in [
        "article", "section", "table", "tr", "td", "ul", "li", "dl", "dt", "dd", "code", "p", "div", "span",
        "a",
    ] {
        let opened = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
    }
}

//! The same rules give the same findings on both sides of a push: in `bylaws check --onto`, in the local `pre-push`, and on the
//! server. Compared byte for byte as canonical JSON; no finding holds a time.
//!
//! What only the server knows is left out: who pushes by its own account, and that a claim is stale.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod common;
#[path = "common/sandbox.rs"]
mod sandbox;
#[path = "common/server/mod.rs"]
mod server;

use std::io::Write as _;
use std::process::{Command, Stdio};

use common::{Repo, environment};
use serde_json::Value;
use server::{Kind, Server, bylaws};

const POLICY: &[(&str, &str)] = &[
    (
        ".bylaws/bylaws.toml",
        r#"extends = []

[rules]
advice = "advisory"

[[waiver]]
rule = "no-tabs"
paths = ["Makefile"]
until = 2999-01-01
reason = "make wants them"

[environments.production]
refs = ["main", "release/*"]
[environments.staging]
refs = ["staging"]
allow = ["force-push"]
requirements = "production"

[[classify]]
paths = ["*.md"]
impact = "trivial"
why = "words"
[[classify]]
paths = ["/infra/"]
impact = "major"
why = "the ground we stand on"

[requirements.production]
major = { approvals = 1, tests = ["ci"], signed-commits = true }
minor = {}
trivial = {}
"#,
    ),
    (
        ".bylaws/people.toml",
        "seniority = [\"engineer\", \"senior\"]\n\
         [people.ada]\nemails = [\"ada@example.org\"]\nlogins = [\"ada\"]\nseniority = \"senior\"\n\
         [people.bob]\nemails = [\"bob@example.org\"]\nlogins = [\"bob\"]\nseniority = \"senior\"\n\
         [people.cy]\nemails = [\"cy@example.org\"]\nlogins = [\"cy\"]\nseniority = \"senior\"\n\
         [services.ci]\ntests = [\"ci\"]\nlogins = [\"ci\"]\nemails = [\"ci@example.org\"]\n",
    ),
    (
        ".bylaws/rules/all.rhai",
        r#"
rule("no-bad", #{
    title: "No commit is bad", why: "so that there is something to find", level: "hard-mandatory",
    commit: |commit| if commit.subject.contains("bad") { finding(`${commit.short} is bad`).fix("make it good") },
});
rule("no-tabs", #{
    title: "No tabs", why: "so that files are looked at", level: "soft-mandatory",
    file: |file| for line in file.added_lines { if line.text.contains("\t") { file.finding("a tab", line.line); } },
});
rule("advice", #{
    title: "Short files", why: "so that something is only said", level: "advisory",
    file: |file| if file.size > 200 { file.finding(`${file.path} has ${file.size} bytes`, 1) },
});
rule("tells-all", #{
    title: "What a change is", why: "so that its facts are compared", level: "advisory",
    change: |change| {
        let files = "";
        for file in change.files { files += ` ${file.status}:${file.path}`; }
        finding(`${change.ref} ${change.environment} ${change.impact} new:${change.is_new} gone:${change.is_deletion} force:${change.is_force} commits:${change.commits.len}${files}`)
    },
});
rule("fails", #{
    title: "A rule with a mistake", why: "so that an error is compared", level: "advisory",
    commit: |commit| if commit.subject.contains("throw") { throw "no" },
});
"#,
    ),
];

/// One push: what is done in the clone before, and the ref that it goes to.
struct Case {
    name: &'static str,
    /// In the clone, on a branch `work` at `origin/main`.
    act: fn(&Repo),
    /// The full name of the ref.
    onto: &'static str,
}

const CASES: &[Case] = &[
    Case {
        name: "nothing wrong",
        act: |work| commit(work, "a.txt", "fine\n", "Add a file"),
        onto: "refs/heads/main",
    },
    Case {
        name: "two bad commits, a tab, a waived tab",
        act: |work| {
            commit(work, "a.txt", "a\tb\n", "Add a bad file");
            commit(work, "Makefile", "all:\n\techo\n", "Add a bad Makefile");
        },
        onto: "refs/heads/main",
    },
    Case {
        name: "an error of a rule, and advice",
        act: |work| commit(work, "long.txt", &"x".repeat(300), "Make it throw"),
        onto: "refs/heads/main",
    },
    Case {
        name: "trivial",
        act: |work| commit(work, "README.md", "words\n", "Say more"),
        onto: "refs/heads/main",
    },
    Case {
        name: "major: approvals, tests and signatures are wanting",
        act: |work| commit(work, "infra/net.tf", "x\n", "Dig a trench"),
        onto: "refs/heads/main",
    },
    Case {
        name: "a rewind",
        act: |work| {
            work.git(&["reset", "-q", "--hard", "HEAD~1"]);
            commit(work, "b.txt", "b\n", "Begin again");
        },
        onto: "refs/heads/main",
    },
    Case {
        name: "an allowed rewind",
        act: |work| {
            work.git(&["reset", "-q", "--hard", "origin/staging"]);
            work.git(&["reset", "-q", "--hard", "HEAD~1"]);
            commit(work, "b.txt", "b\n", "Begin again");
        },
        onto: "refs/heads/staging",
    },
    Case {
        name: "a new protected branch",
        act: |work| commit(work, "c.txt", "c\t\n", "Release a bad thing"),
        onto: "refs/heads/release/1.0",
    },
    Case {
        name: "sideways: what an unprotected branch holds already",
        act: |work| work.git(&["reset", "-q", "--hard", "origin/feature"]).clear_text(),
        onto: "refs/heads/main",
    },
    Case {
        name: "an unprotected branch",
        act: |work| commit(work, "d.txt", "d\td\n", "Draft something bad"),
        onto: "refs/heads/feature-2",
    },
    Case {
        name: "what looks like a protected branch",
        act: |work| commit(work, "e.txt", "e\n", "Add a file"),
        onto: "refs/heads/Main",
    },
    Case {
        name: "a policy that does not load",
        act: |work| commit(work, ".bylaws/bylaws.toml", "extends = []\nexcep = []\n", "Loosen the policy"),
        onto: "refs/heads/main",
    },
    Case {
        name: "an evil merge",
        act: |work| {
            work.git(&["merge", "-q", "--no-ff", "--no-commit", "origin/side"]);
            commit(work, "evil.txt", "a\tb\n", "Merge the side");
        },
        onto: "refs/heads/main",
    },
];

trait ClearText {
    fn clear_text(self);
}

impl ClearText for String {
    /// What git said is of no interest.
    fn clear_text(self) {}
}

fn commit(work: &Repo, path: &str, text: &str, message: &str) {
    work.write(path, text);
    work.commit(message);
}

/// A server whose `main`, `staging`, `feature` and `side` differ, and a clone of it whose user is ada.
fn ground(kind: Kind) -> (Server, Repo) {
    let server = Server::governed(kind, POLICY, &server::settings("ssh"));
    let work = server.clone();
    let there = server.repository();
    let there = there.to_str().unwrap();
    let seed = |branch: &str, path: &str, text: &str, message: &str| {
        work.git(&["checkout", "-q", "-B", "seed", "origin/main"]);
        commit(&work, path, text, message);
        let objects = server.git(&["rev-parse", "refs/heads/main"]);
        assert!(!objects.is_empty());
        // Past the hooks, as the administrator does.
        work.git(&[
            "push",
            "-q",
            "--receive-pack",
            "git -c core.hooksPath=/dev/null receive-pack",
            there,
            &format!("HEAD:refs/heads/{branch}"),
        ]);
    };
    seed("feature", "f.txt", "f\tf\n", "Try something bad");
    seed("side", "side.txt", "s\n", "Step aside");
    seed("staging", "stage.txt", "s\n", "Set the stage");
    seed("main", "m.txt", "m\n", "Go on");
    work.git(&["remote", "add", "origin", &server.url("ada")]);
    work.git(&["fetch", "-q", "origin"]);
    work.git(&["config", "user.email", "ada@example.org"]);
    (server, work)
}

/// The findings in a report, as canonical JSON.
fn canonical(findings: &Value) -> String {
    fn sorted(value: &Value) -> Value {
        match value {
            Value::Object(map) => {
                let mut keys: Vec<_> = map.iter().collect();
                keys.sort_by(|a, b| a.0.cmp(b.0));
                Value::Object(keys.into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect())
            }
            Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
            other => other.clone(),
        }
    }
    serde_json::to_string(&sorted(findings)).unwrap()
}

fn report(work: &Repo, words: &[&str], input: &str) -> Value {
    let mut command = Command::new(bylaws());
    command.args(["--format", "json"]).args(words).current_dir(work.path());
    command
        .env_clear()
        .envs(environment())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = if output.stdout.is_empty() { &output.stderr } else { &output.stdout };
    if said.is_empty() {
        return serde_json::json!({ "findings": [], "decision": "allow" });
    }
    // What is no part of the report comes first, on lines of its own.
    let text = String::from_utf8_lossy(said);
    let start = text.find("\n{").map_or(0, |at| at + 1);
    serde_json::from_str(text.get(start..).unwrap())
        .unwrap_or_else(|error| panic!("{words:?}: {error}\n{text}"))
}

#[test]
fn check_onto_pre_push_and_a_real_push_find_the_same() {
    Kind::each(|kind| {
        let (server, work) = ground(kind);
        let mut differ = Vec::new();
        for case in CASES {
            work.git(&["checkout", "-q", "-f", "-B", "work", "origin/main"]);
            (case.act)(&work);
            let onto = report(&work, &["check", "--onto", case.onto], "");
            let (new, old) = (work.head(), server.tip(case.onto).unwrap_or_else(|| kind.zero()));
            let line = format!("refs/heads/work {new} {} {old}\n", case.onto);
            let before = report(&work, &["hook", "pre-push", "origin", &server.url("ada")], &line);
            let entries = server.entries().len();
            let refspec = format!("+HEAD:{}", case.onto);
            let pushed = server.push("ada", &work, &["--no-verify", &refspec]);
            let entry = server.entries().into_iter().nth(entries).expect("the push was recorded");
            let there = (canonical(&entry["findings"]), pushed.accepted);
            let here = |report: &Value| (canonical(&report["findings"]), report["decision"] == "allow");
            for (side, report) in [("check --onto", &onto), ("pre-push", &before)] {
                if here(report) != there {
                    differ.push(format!(
                        "{kind}, {}:\n{side}: {:?}\nserver: {there:?}",
                        case.name,
                        here(report)
                    ));
                }
            }
            // The server is as it was, for the next case.
            let back = if old == kind.zero() {
                vec!["update-ref", "-d", case.onto]
            } else {
                vec!["update-ref", case.onto, old.as_str()]
            };
            server.git(&back);
        }
        assert!(differ.is_empty(), "{}", differ.join("\n\n"));
    });
}

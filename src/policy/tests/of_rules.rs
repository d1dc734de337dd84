//! Tests of tests of rules.

use super::testing::TestOutcome;
use super::*;

const RULES: &str = r#"
rule("subject-length", #{ title: "t", why: "w", params: #{ max: 72 }, commit: |commit, params| {
    if commit.subject.len > params.max { finding(`subject has ${commit.subject.len} characters`) }
} });
rule("no-big", #{ title: "t", why: "w", params: #{ most: 1000 }, files: ["*.bin"], file: |file, params| {
    if file.size > params.most { file.finding("too big", 1) }
} });
rule("broken", #{ title: "t", why: "w", change: |change| { change.nonsense } });
"#;

fn run(tests: &str) -> Result<Vec<TestOutcome>, Diagnostics> {
    let book = compile(&[script("rules", RULES)]).unwrap();
    let tests = Script { kind: ScriptKind::Tests, ..script("tests", tests) };
    testing::run(&book, &[tests], None)
}

/// Why the one test with this body failed; empty if it passed.
fn failure(body: &str) -> String {
    let outcomes =
        run(&format!("test(\"one\", || {{\n{body}\n}});")).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(outcomes.len(), 1);
    outcomes[0].failure.as_ref().map_or(String::new(), |failure| {
        let help = failure.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
        format!(
            "{} at {}{}{help}",
            failure.message,
            failure.place,
            failure.said.iter().map(|line| format!("\n{line}")).collect::<String>()
        )
    })
}

#[test]
fn the_example_of_the_design_passes() {
    let body = r#"
        let c = commit(#{ subject: repeat("x", 80) });
        assert_violated("subject-length", c);
        assert_satisfied("subject-length", c, #{ max: 100 });
        assert_message("subject-length", c, "80 characters");
        assert_message("subject-length", c, "80", #{ max: 79 });
        assert_error("broken", change(#{}));
        assert_error("broken", change(#{}), "nonsense");
        assert_violated("no-big", file(#{ path: "a.bin", size: 5000 }));
        assert_satisfied("no-big", file(#{ path: "a.txt", size: 5000 }));
        assert_violated("no-big", commit(#{ files: [#{ path: "a.bin", size: 20000000 }] }));
        assert_violated("no-big", change(#{ commits: [#{ files: [#{ path: "a.bin", size: 5000 }] }] }));
    "#;
    assert_eq!(failure(body), "");
}

#[test]
fn a_failure_says_where_what_was_expected_and_what_was_said() {
    assert_eq!(
        failure("let c = commit(#{ subject: \"x\" });\nassert_violated(\"subject-length\", c);"),
        "expected: rule `subject-length` is violated; it is satisfied at tests.rhai:3:1"
    );
    assert_eq!(
        failure("  assert_satisfied(\"subject-length\", commit(#{}), #{ max: 3 });"),
        "expected: rule `subject-length` is satisfied; it is violated at tests.rhai:2:3\nviolated: subject has 11 characters"
    );
    assert_eq!(
        failure("assert_satisfied(\"broken\", change(#{}));"),
        "expected: rule `broken` is satisfied; it cannot run at tests.rhai:2:1\nerror: unknown property `nonsense` of a change (at rules.rhai:8:67)"
    );
    assert_eq!(
        failure("assert_message(\"subject-length\", commit(#{}), \"what\", #{ max: 3 });"),
        "expected: rule `subject-length` is violated with a message that holds `what`; it says something else at tests.rhai:2:1\nviolated: subject has 11 characters"
    );
}

#[test]
fn a_test_that_asserts_nothing_fails() {
    assert!(failure("let c = commit(#{});").starts_with("it asserts nothing at tests.rhai:1:1"));
    assert!(
        failure("if false { assert_violated(\"subject-length\", commit(#{})); }")
            .starts_with("it asserts nothing")
    );
}

#[test]
fn mistakes_of_the_author_are_located() {
    let cases = [
        (
            "commit(#{ sbject: \"x\" });",
            "unknown property `sbject` of commit at tests.rhai:2:1\nhelp: did you mean `subject`?",
        ),
        (
            "file(#{ txt: \"x\" });",
            "unknown property `txt` of file at tests.rhai:2:1\nhelp: did you mean `text`?",
        ),
        (
            "commit(#{ subject: 3 });",
            "`subject` of commit must be a text, and is of type int at tests.rhai:2:1",
        ),
        (
            "commit(#{ signature: \"god\" });",
            "`status` of signature cannot be `god` at tests.rhai:2:1\nhelp: did you mean `good`?",
        ),
        (
            "assert_violated(\"subjct-length\", commit(#{}));",
            "unknown rule `subjct-length` at tests.rhai:2:1\nhelp: did you mean `subject-length`?",
        ),
        (
            "assert_violated(\"subject-length\", commit(#{}), #{ mx: 1 });",
            "unknown parameter `mx` of rule `subject-length` at tests.rhai:2:1",
        ),
        (
            "assert_violated(\"subject-length\", file(#{}));",
            "rule `subject-length` does not look at such a subject: it has `commit` at tests.rhai:2:1",
        ),
        ("commit(#{ parents: [], is_merge: true });", "this commit contradicts itself"),
        ("file(#{ text: \"abc\", size: 4 });", "this file contradicts itself: its text has 3 bytes"),
        (
            "file(#{ text: \"a\\nb\\n\", additions: 3 });",
            "this file contradicts itself: by its texts it has 2 additions",
        ),
        ("loop {}", "it takes more than 5000000 operations"),
        ("let c = commit(#{}); c.nonsense", "unknown property `nonsense` of a commit at tests.rhai:2:24"),
    ];
    for (body, expected) in cases {
        let found = failure(body);
        assert!(found.starts_with(expected), "{body}\n{found}");
    }
}

#[test]
fn a_script_that_cannot_be_loaded_is_an_error() {
    for (tests, expected) in [
        ("test(\"a\", || {", "--> tests.rhai:1:15"),
        ("test(\"a\", |x| {});", "must be a function without parameters\n  --> tests.rhai:1:1"),
        ("test(\"a\", || 1); test(\"a\", || 2);", "test `a` is declared twice"),
        ("rule(\"a\", #{});", "`rule` has no place here: this script may call `test`"),
        ("commit(#{});", "`commit` works in tests only"),
    ] {
        let shown = run(tests).unwrap_err().to_string();
        assert!(shown.contains(expected), "{tests}\n{shown}");
    }
}

#[test]
fn builders_take_every_property() {
    let body = r#"
        let ada = person(#{ name: "Ada", email: "ada@x.org", login: "ada", seniority: "senior", teams: ["sre"], time: 7 });
        let c = commit(#{ id: "abc", tree: "def", parents: ["1", "2"], subject: "s", body: "b\nc", author: ada,
            committer: "Bob <bob@x.org>", trailers: #{ "Signed-off-by": ["a", "b"] }, signature: #{ status: "expired", kind: "gpg", signer: ada },
            files: ["a.txt", #{ path: "d/b.sh", old_text: "a\nb\n", text: "a\nc\n", is_executable: true, owners: ["sre"] },
                    #{ path: "gone", old_text: "x\n" }, #{ path: "n", old_path: "o", text: "x" }] });
        let got = [
            c.short, c.is_merge, c.is_draft, c.subject, c.author.teams, c.author == ada, c.author.known, c.committer.known,
            c.signature.status, c.signature.kind, c.signature.signer == ada, c.files.len, c.files.map(|f| f.status),
            c.additions, c.deletions, c.file("d/b.sh").mode, c.files[1].dir, c.files[-1].old_path, c.file("gone"),
        ];
        throw `${got}`;
    "#;
    assert_eq!(
        failure(body).split(" at ").next().unwrap(),
        "it throws `[\"abc0000\", true, false, \"s\", [\"sre\"], true, true, false, \"expired\", \"gpg\", true, 4, \
         [\"added\", \"modified\", \"deleted\", \"renamed\"], 2, 2, \"100755\", \"d\", \"o\", ()]`"
    );
    let body = r#"
        let f = file(#{ added_lines: [#{ line: 3, text: "three" }, "four"], deletions: 1 });
        let g = change(#{ branch: "x", is_new: true, new_id: (), impact: "major", approvals: ["a@b"], tests: ["ci", #{ suite: "e2e", result: "failed" }],
            break_glass: "INC", required: #{ approvals: 2 }, environment: "production" });
        let p = push(#{ changes: [g], options: ["a=b"], is_signed: true, time: 5 });
        let d = commit(#{ is_draft: true, conventional: #{ type: "fix", scope: "x", breaking: true } });
        throw `${f.added_lines.map(|l| [l.line, l.text])} ${f.deletions} ${g.ref} ${g.old_id} ${g.is_deletion} ${g.impact} ${g.approvals[0].person.email} ` +
            `${g.test("e2e").result} ${g.test("ci").result} ${g.test("no")} ${g.break_glass} ${g.required.approvals} ${p.changes[0].environment} ${p.options} ${d.id} ${d.subject}`;
    "#;
    assert_eq!(
        failure(body).split(" at ").next().unwrap(),
        "it throws `[[3, \"three\"], [4, \"four\"]] 1 refs/heads/x  true major a@b failed passed  INC 2 production [\"a=b\"]  fix(x)!: add a thing`"
    );
}

#[test]
fn a_rule_does_not_find_the_builders() {
    let rules = "rule(\"r\", #{ title: \"t\", why: \"w\", commit: |c| { commit(#{}) } });";
    let book = compile(&[script("rules", rules)]).unwrap();
    let text = "test(\"a\", || assert_error(\"r\", commit(#{}), \"works in tests only\"));";
    let tests = Script { kind: ScriptKind::Tests, ..script("tests", text) };
    let outcomes = testing::run(&book, &[tests], None).unwrap();
    assert!(outcomes[0].passed(), "{outcomes:?}");
}

#[test]
fn a_real_commit_can_be_asked_for() {
    let book = compile(&[script("rules", RULES)]).unwrap();
    let text = "test(\"a\", || assert_satisfied(\"subject-length\", commit_at(\"HEAD\"))); test(\"b\", || commit_at(\"nope\"));";
    let tests = [Script { kind: ScriptKind::Tests, ..script("tests", text) }];
    let outcomes = testing::run(&book, &tests, None).unwrap();
    assert!(
        outcomes.iter().all(|outcome| outcome
            .failure
            .as_ref()
            .unwrap()
            .message
            .contains("needs a repository"))
    );
    let commit_at: Arc<testing::CommitAt> =
        Arc::new(
            |rev| if rev == "HEAD" { Ok(commit("x")) } else { Err("there is no such commit".to_owned()) },
        );
    let options = testing::Options { commit_at: Some(commit_at), filter: None };
    let outcomes = testing::run_with(&book, &tests, &options).unwrap();
    assert!(outcomes[0].passed());
    assert_eq!(
        outcomes[1].failure.as_ref().unwrap().message,
        "`commit_at(\"nope\")`: there is no such commit"
    );
}

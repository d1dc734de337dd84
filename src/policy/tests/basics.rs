use super::*;

#[test]
fn a_rule_judges_a_commit() {
    let text = r#"rule("subject-length", #{
        title: "t", why: "w", params: #{ max: 10 },
        commit: |commit, params| {
            let n = commit.subject.len;
            if n > params.max { finding(`subject has ${n} characters, ${params.max} at most`).fix("shorten it") }
        },
    });"#;
    let policy = policy(&[script("r", text)]);
    assert!(judge(&policy, Subject::Commit(&commit("short"))).is_empty());
    let findings = judge(&policy, Subject::Commit(&commit("a long subject")));
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].message, "subject has 14 characters, 10 at most");
    assert_eq!(findings[0].fix.as_deref(), Some("shorten it"));
    assert_eq!(findings[0].why.as_deref(), Some("w"));
    assert_eq!(findings[0].state, State::Violated);
}

#[test]
fn a_finding_counts_once_made_returned_or_not() {
    assert_eq!(said("for n in 0..3 { finding(`f${n}`) }", "x"), ["f0", "f1", "f2"]);
    assert_eq!(said("if true { finding(\"a\") } if true { finding(\"b\") }", "x"), ["a", "b"]);
    assert_eq!(said("let f = finding(\"a\"); [f, \"b\", ()]", "x"), ["a", "b"]);
    assert_eq!(said("finding(\"a\"); return finding(\"b\");", "x"), ["a", "b"]);
    assert_eq!(said("\"text\"", "x"), ["text"]);
    assert!(said("()", "x").is_empty());
}

#[test]
fn any_other_value_is_an_error() {
    for body in ["true", "1", "#{}", "[[\"x\"]]", "commit", "|| 1"] {
        let (message, place, help) = error_of(body);
        assert!(message.contains("gives back"), "{body}: {message}");
        assert_eq!(place, "r.rhai:1:1");
        assert!(help.is_some());
    }
}

#[test]
fn constants_helpers_and_libraries_work_in_handlers() {
    let rules = r#"
        const LIMIT = 3;
        fn too_long(text) { text.len > global::LIMIT && other(text) }
        fn other(text) { text != "" }
        let words = ["a", "b"];
        rule("r", #{ title: "t", why: "w", commit: |commit| {
            if too_long(commit.subject) { finding("too long") }
            if global::LATER == 1 { finding("later") }
            if LIMIT == 3 { finding("captured") }
            if util::twice(2) == 4 { finding("library") }
            if words.len == 2 { finding("words") }
        } });
        const LATER = 1;
    "#;
    let lib =
        "const TWO = 2; fn twice(n) { times(n) } private fn times(n) { n * global::TWO + base::zero() }";
    let base = "fn zero() { 0 }";
    let policy = policy(&[script("r", rules), script("lib/util", lib), script("lib/base", base)]);
    let said: Vec<String> =
        judge(&policy, Subject::Commit(&commit("abcd"))).into_iter().map(|f| f.message).collect();
    assert_eq!(said, ["too long", "later", "captured", "library", "words"]);
}

#[test]
fn no_state_survives_a_call() {
    let text = r#"
        let seen = [];
        let nested = #{ list: [[]] };
        let count = || seen.len;
        rule("r", #{ title: "t", why: "w", commit: |commit| {
            finding(`${seen.len} ${nested.list[0].len} ${call(count)}`);
            seen.push(1);
            nested.list[0].push(1);
        } });
    "#;
    let policy = policy(&[script("r", text)]);
    for _ in 0..3 {
        let findings = judge(&policy, Subject::Commit(&commit("x")));
        assert_eq!(findings[0].message, "0 0 0");
    }
}

#[test]
fn whatever_a_call_does_to_what_it_is_given_the_next_is_given_the_same() {
    let tampering = [
        "params.n = 5;",
        "params.n += 1;",
        "params[\"n\"] = 7;",
        "params.map.inner = 8;",
        "params.list.push(1);",
        "(params.list).push(1);",
        "push(params.list, 1);",
        "params.text.trim();",
        "params.remove(\"n\");",
        "params = #{};",
        "let p = params; p.n = 9;",
        "let change = || { params.n = 3; }; change.call();",
        "for x in params.list { x += 1; }",
        "marker = 5;",
        "marker = regex(\"b\");",
        "let change = || { marker = regex(\"b\"); }; change.call();",
        "let read = || marker.is_match(\"b\"); read.call();",
        "text += \"y\";",
        "list.push(1);",
        "limit += 1;",
    ];
    for change in tampering {
        let text = format!(
            r#"let marker = regex("a");
            let text = "x";
            let list = [];
            let limit = 1;
            const FIXED = regex("c");
            rule("r", #{{ title: "t", why: "w",
                params: #{{ n: 0, text: " t ", list: [0], map: #{{ inner: 1 }} }},
                commit: |commit, params| {{
                    finding(`${{params.n}} ${{params.list}} ${{params.text}} ${{params.map.inner}}`);
                    finding(`${{marker.is_match("a")}} ${{text}} ${{list}} ${{limit}} ${{global::FIXED.is_match("c")}}`);
                    {change}
                    ()
                }} }});"#
        );
        let policy = policy(&[script("r", &text)]);
        for _ in 0..3 {
            let findings = judge(&policy, Subject::Commit(&commit("x")));
            let said: Vec<&str> = findings.iter().map(|finding| finding.message.as_str()).collect();
            assert_eq!(said, ["0 [0]  t  1", "true x [] 1 true"], "after `{change}`");
        }
    }
}

#[test]
fn a_misspelt_name_is_located_and_the_nearest_is_named() {
    let (message, place, help) = error_of("if commit.sbject == \"\" { finding(\"x\") }");
    assert_eq!(message, "rule 'r' cannot run: unknown property `sbject` of a commit");
    assert_eq!(place, "r.rhai:2:11");
    assert_eq!(help.as_deref(), Some("did you mean `subject`?"));

    let (message, place, help) = error_of("let x = 1;\n  commit.author.nam.len");
    assert_eq!(message, "rule 'r' cannot run: unknown property `nam` of a person");
    assert_eq!(place, "r.rhai:3:17");
    assert_eq!(help.as_deref(), Some("did you mean `name`?"));

    let (message, place, help) = error_of("findin(\"x\")");
    assert_eq!(message, "rule 'r' cannot run: unknown function `findin` of (string)");
    assert_eq!(place, "r.rhai:2:1");
    assert_eq!(help.as_deref(), Some("did you mean `finding`?"));
}

#[test]
fn a_place_in_a_library_is_in_the_library() {
    let rules = "rule(\"r\", #{ title: \"t\", why: \"w\", commit: |commit| { util::f(commit) } });";
    let policy =
        policy(&[script("r", rules), script("lib/util", "fn f(c) {\n  g(c)\n}\nfn g(c) {\n    c.foo\n}")]);
    let findings = judge(&policy, Subject::Commit(&commit("x")));
    assert_eq!(findings[0].place.as_ref().unwrap().to_string(), "lib/util.rhai:5:7");
}

#[test]
fn a_place_in_a_closure_that_a_library_calls_is_in_the_rule() {
    let rules =
        "rule(\"r\", #{ title: \"t\", why: \"w\", commit: |commit| {\n util::each([1], |x| commit.foo) } });";
    let policy = policy(&[
        script("r", rules),
        script("lib/util", "\n\n\nfn each(list, f) { for x in list { f.call(x); } }"),
    ]);
    let findings = judge(&policy, Subject::Commit(&commit("x")));
    assert_eq!(findings[0].place.as_ref().unwrap().to_string(), "r.rhai:2:29");
}

#[test]
fn everything_wrong_is_reported_at_once() {
    let scripts = [
        script(
            "a",
            "rule(\"a\", #{ titel: \"t\", why: \"w\", level: \"soft\", commit: |c| {} });\nrule(\"b\", #{ title: \"t\", why: \"w\" });",
        ),
        script("b", "let x = ;"),
        script(
            "c",
            "rule(\"a\", #{ title: \"t\", why: \"w\", commit: || {}, params: 3 });\nrule(\"X\", #{ title: 3, why: \"\", commit: 3 });",
        ),
        script("d", "nonsense(1);"),
    ];
    let shown = compile(&scripts).map(drop).unwrap_err().to_string();
    for expected in [
        "unknown key `titel` in rule `a`\n  --> a.rhai:1:14\n  = help: did you mean `title`?",
        "rule `a` has no `title`\n  --> a.rhai:1:1",
        "`level` of rule `a` is `soft`, which is no level\n  --> a.rhai:1:36\n  = help: did you mean `soft-mandatory`?",
        "rule `b` has no handler\n  --> a.rhai:2:1",
        "--> b.rhai:1:9",
        "rule `a` is declared twice",
        "`commit` of rule `a` must take `commit`, or `commit` and `params`\n  --> c.rhai:1:",
        "`params` of rule `a` is no map",
        "rule `X` has a bad id",
        "`title` of rule `X` is no text",
        "`why` of rule `X` is empty",
        "`commit` of rule `X` is no function",
        "unknown function `nonsense` of (int)\n  --> d.rhai:1:1",
    ] {
        assert!(shown.contains(expected), "{expected}\n in \n{shown}");
    }
}

fn change() -> Change {
    Change {
        reference: RefName::new("refs/heads/main").unwrap(),
        old: None,
        new: None,
        is_force: false,
        environment: Some("production".to_owned()),
        impact: Impact::Minor,
        urgency: Urgency::Normal,
        commits: vec![commit("one"), commit("two")],
        files: Vec::new(),
        pusher: Person::default(),
        evidence: Evidence::default(),
        store: Arc::new(NoStore),
    }
}

#[test]
fn a_classifier_raises_and_never_lowers() {
    let classifier = |id: &str, body: &str| {
        format!("classify(\"{id}\", #{{ title: \"t\", why: \"w\", change: |change| {{ {body} }} }});")
    };
    let change = Arc::new(change());
    let classify = |text: String| {
        let policy = policy(&[script("c", &text)]);
        let mut findings = Vec::new();
        let meter = RunMeter::new(&Limits::default(), 1);
        let raised =
            policy.classify(&change, &meter, &mut findings).map(|(impact, info)| (impact, info.id.clone()));
        (raised, findings)
    };
    let (raised, _) = classify(classifier("a", "\"trivial\"") + classifier("b", "()").as_str());
    assert_eq!(raised, None);
    let (raised, _) = classify(
        classifier("a", "\"trivial\"") + classifier("b", "if change.commits.len == 2 { \"major\" }").as_str(),
    );
    assert_eq!(raised, Some((Impact::Major, "b".to_owned())));
    let (raised, findings) = classify(classifier("a", "\"majr\"") + classifier("b", "\"major\"").as_str());
    assert_eq!(raised.unwrap().0, Impact::Major);
    assert_eq!(findings[0].message, "classifier 'a' cannot run: it gives back `majr`, which is no impact");
    assert_eq!(findings[0].level, Level::HardMandatory);
}

#[test]
fn filters_run_before_the_script() {
    let rule = |filter: &str| {
        let text = format!(
            "rule(\"r\", #{{ title: \"t\", why: \"w\", {filter}, commit: |c| \"x\", change: |c| \"x\" }});"
        );
        policy(&[script("r", &text)])
    };
    let there = Context {
        reference: RefName::new("refs/heads/main"),
        environment: Some("production".to_owned()),
        more_environments: vec!["archive".to_owned()],
        impact: Some(Impact::Minor),
        ..Context::default()
    };
    let change = Arc::new(change());
    for (filter, expected) in [
        ("refs: [\"main\"]", 1),
        ("refs: [\"release/*\"]", 0),
        ("environments: [\"production\"]", 1),
        ("environments: [\"staging\"]", 0),
        ("environments: [\"staging\", \"archive\"]", 1),
        ("impact: [\"major\", \"minor\"]", 1),
        ("impact: [\"major\"]", 0),
    ] {
        let policy = rule(filter);
        assert_eq!(judge_in(&policy, Subject::Commit(&commit("x")), &there).len(), expected, "{filter}");
        assert_eq!(judge(&policy, Subject::Commit(&commit("x"))).len(), 0, "{filter}");
        assert_eq!(judge_in(&policy, Subject::Change(&change), &there).len(), expected, "{filter}");
    }
}

#[test]
fn files_of_the_subject_are_narrowed() {
    let text = "rule(\"r\", #{ title: \"t\", why: \"w\", files: [\"*.tf\"],
        commit: |c| { for f in c.files { finding(f.path) } }, file: |f| { finding(`file ${f.name}`) } });";
    let book = compile(&[script("r", text)]).unwrap();
    let only = Binding {
        paths: Some(PathPatterns::new(&["/a/"]).unwrap()),
        except: PathPatterns::new(&["skip.tf"]).unwrap(),
        ..binding(0)
    };
    let policy = book.bind(vec![only], Arc::new(People::default()));
    let file = |path: &str| {
        let parts = FileParts {
            path: path.into(),
            old_path: None,
            status: FileStatus::Added,
            mode: EntryMode(0o100_644),
            old_mode: None,
            id: None,
            old_id: None,
        };
        Arc::new(File::new(parts, Arc::new(NoStore)))
    };
    let files: Vec<Arc<File>> = ["a/x.tf", "a/skip.tf", "a/x.md", "b/x.tf"].map(file).to_vec();
    let made = Arc::new(Commit::new(CommitParts::default(), Arc::new(NoStore)).with_files(files.clone()));
    let mut findings = judge(&policy, Subject::Commit(&made));
    for file in &files {
        findings.extend(judge(&policy, Subject::File(&made, file)));
    }
    let said: Vec<_> = findings.iter().map(|f| (f.message.as_str(), f.path.as_deref())).collect();
    assert_eq!(said, [("a/x.tf", None), ("file x.tf", Some("a/x.tf"))]);
}

#[test]
fn every_builtin_that_is_written_down_is_there() {
    for (name, example) in api::builtins::examples() {
        let body = format!("{example}; ()");
        assert_eq!(said(&body, "x"), Vec::<String>::new(), "{name}: {example}");
    }
}

#[test]
fn the_table_has_no_entry_twice_and_none_without_documentation() {
    let book = compile(&[]).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for entry in book.table().entries() {
        assert!(!entry.doc.is_empty() && entry.doc.ends_with(['.', '?', '`']), "{entry:?}");
        assert!(seen.insert((entry.owner, entry.name, entry.signature)), "{entry:?}");
        let known = ["", "string", "array", "map", "int", "float", "char", "fn"];
        let types: Vec<&str> = book.table().types().iter().map(|(name, _)| *name).collect();
        assert!(known.contains(&entry.owner) || types.contains(&entry.owner), "{entry:?}");
    }
}

#[test]
fn functions_that_are_not_the_same_everywhere_are_absent() {
    for name in ["sin", "ln", "exp"] {
        assert!(error_of(&format!("(1.0).{name}()")).0.contains("on every machine"));
    }
}

#[test]
fn persons_compare_by_identity_and_with_nothing_else() {
    assert_eq!(said("if commit.author == commit.committer { \"same\" }", "x"), ["same"]);
    let (message, _, _) = error_of("commit.author == \"ada@example.org\"");
    assert!(message.contains("a person is compared with a person"), "{message}");
}

#[test]
fn a_list_does_what_an_array_does_without_being_changed() {
    let body = "
        let l = commit.files;
        let empty = [];
        `${l.len} ${l.is_empty} ${l == empty} ${empty == l} ${l != [1]} ${l.map(|f| f)} ${l.filter(|f| true)} ${l.some(|f| true)} ${l.all(|f| false)} \
${l.find(|f| true)} ${l.first()} ${l.last()} ${l.index_of(|f| true)} ${l.reduce(|s, f| s + 1, 0)} ${1 in l} ${l.to_array()} ${l.get(0)}`";
    assert_eq!(
        said(&body.replace("\\\n", ""), "x"),
        ["0 true true true true [] [] false true    -1 0 false [] "]
    );
    assert!(error_of("commit.files[0]").0.contains("out of bounds"));
    assert!(error_of("commit.files[-1]").0.contains("out of bounds"));
}

#[test]
fn what_cannot_be_read_is_an_error_with_its_place() {
    let text = "rule(\"r\", #{ title: \"t\", why: \"w\", file: |file| {\n file.text() } });";
    let policy = policy(&[script("r", text)]);
    let parts = FileParts {
        path: "a".into(),
        old_path: None,
        status: FileStatus::Added,
        mode: EntryMode(0o100_644),
        old_mode: None,
        id: Some(Oid::from_sha1([1; 20])),
        old_id: None,
    };
    let file = Arc::new(File::new(parts, Arc::new(NoStore)));
    let findings = judge(&policy, Subject::File(&commit("x"), &file));
    assert_eq!(findings[0].state, State::Error);
    assert!(findings[0].message.contains("cannot be read"), "{}", findings[0].message);
    assert_eq!(findings[0].place.as_ref().unwrap().to_string(), "r.rhai:2:7");
    assert_eq!(findings[0].path.as_deref(), Some("a"));
}

#[test]
fn a_rule_cannot_be_declared_while_another_judges() {
    let (message, place, _) = error_of("rule(\"x\", #{})");
    assert!(message.contains("`rule` has no place in a handler"), "{message}");
    assert_eq!(place, "r.rhai:2:1");
    let lib = compile(&[script("lib/x", "rule(\"x\", #{});")]).map(drop).unwrap_err().to_string();
    assert!(lib.contains("`rule` has no place in a library\n  --> lib/x.rhai:1:1"), "{lib}");
}

#[test]
fn a_misspelt_parameter_or_variable_has_a_nearest_one() {
    let text = "rule(\"r\", #{ title: \"t\", why: \"w\", params: #{ max: 1 }, commit: |commit, params| params.mx });";
    let findings = judge(&policy(&[script("r", text)]), Subject::Commit(&commit("x")));
    assert_eq!(findings[0].message, "rule 'r' cannot run: unknown key `mx` of a map");
    assert_eq!(findings[0].fix.as_deref(), Some("did you mean `max`?"));
    assert_eq!(
        problems(
            "let words = [];\nrule(\"r\", #{ title: \"t\", why: \"w\", commit: |commit| { comit.id + wrds } });"
        ),
        "error: unknown variable `comit`\n  --> r.rhai:2:55\n  = help: did you mean `commit`?"
    );
    let shown = problems("const MAX = 1;\nfn f() { MAX }");
    assert!(shown.contains("`global::MAX` there"), "{shown}");
}

#[test]
fn a_policy_says_which_facts_it_uses() {
    let uses = |body: &str| {
        let text = format!(
            "fn deep(f) {{ f.added_lines }} rule(\"r\", #{{ title: \"t\", why: \"w\", commit: |commit| {{ {body} }} }});"
        );
        policy(&[script("r", &text), script("lib/l", "fn sig(c) { c.signature }")]).needs()
    };
    let none = Uses { commit_rules: true, ..Uses::default() };
    assert_eq!(uses("commit.subject"), none);
    assert_eq!(uses("for f in commit.files { f.path }"), Uses { files: true, ..none });
    assert_eq!(uses("commit.files.map(|f| f.text())"), Uses { files: true, contents: true, ..none });
    assert_eq!(uses("l::sig(commit)"), Uses { signature: true, ..none });
    assert_eq!(
        uses("commit.files.map(|f| deep(f))"),
        Uses { files: true, contents: true, old_contents: true, ..none }
    );
}

#[test]
fn many_rules_under_every_limit_are_too_much_together() {
    let rule = |id: &str| {
        format!(
            "rule(\"{id}\", #{{ title: \"t\", why: \"w\", commit: |c| {{ let x = 0; for n in 0..1000 {{ x += n; }} }} }});"
        )
    };
    let policy = policy(&[script("r", &(rule("a") + rule("b").as_str()))]);
    let limits = Limits { run_operations: 10_000, subject_operations: 0, ..Limits::default() };
    let meter = RunMeter::new(&limits, 100);
    let mut findings = Vec::new();
    for _ in 0..100 {
        policy.judge(Subject::Commit(&commit("x")), &Context::default(), &meter, &mut findings);
    }
    assert!(meter.is_spent());
    let told: Vec<(&str, State)> = findings.iter().map(|f| (f.rule.as_str(), f.state)).collect();
    assert_eq!(told.len(), 2, "each rule says once that it is not judged any more: {findings:?}");
    assert!(told.contains(&("a", State::Error)) && told.contains(&("b", State::Error)));
}

#[test]
fn the_same_facts_give_the_same_findings_on_every_thread() {
    let body = "for t in commit.trailers { finding(t.key) } for w in commit.message.split() { finding(w) }";
    let policy = policy(&[rule_of(body)]);
    let message = "One two\n\nthree four\n\nSigned-off-by: x\n";
    let first = judge(&policy, Subject::Commit(&commit(message)));
    assert!(first.len() > 4);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    assert_eq!(judge(&policy, Subject::Commit(&commit(message))), first);
                }
            });
        }
    });
}

#[test]
fn the_place_of_an_error_is_in_the_json() {
    let findings = judge(&policy(&[rule_of("commit.sbject")]), Subject::Commit(&commit("x")));
    let json = serde_json::to_value(&findings[0]).unwrap();
    assert_eq!(json["place"], "r.rhai:2:8");
    assert_eq!(json["state"], "error");
    assert_eq!(json["fix"], "did you mean `subject`?");
    let violated = judge(&policy(&[rule_of("\"x\"")]), Subject::Commit(&commit("x")));
    assert!(serde_json::to_value(&violated[0]).unwrap().get("place").is_none());
}

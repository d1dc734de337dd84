//! Scripts that want to take the server down with them. One kind of repository is enough for all of these: a script never
//! sees how objects or refs are stored.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::Repo;
use crate::server::{Kind, POLICY, Pushed, Server, settings};

/// What a handler may try: a name, and the body of a `commit` handler.
const HOSTILE: &[(&str, &str)] = &[
    ("endless", "loop { }"),
    ("endless-in-a-closure", "let f = || { loop { } };\nf.call();"),
    ("doubling", "let s = \"x\";\nloop { s += s; }"),
    ("padding", "let s = \"x\";\ns.pad(2000000000, \"y\");"),
    ("recursion", "fn_of(1);"),
    ("huge-array", "let a = [];\nloop { a.push(a.len); }"),
    ("array-of-arrays", "let a = [1];\nloop { a = [a, a]; }"),
    ("growing-map", "let m = #{};\nlet n = 0;\nloop { n += 1; m[`k${n}`] = n; }"),
    ("million-findings", "for n in 0..1000000 { finding(\"x\"); }"),
    (
        "million-matches",
        "let s = repeat(\"a\", 1000000);\nfor n in 0..100 { let all = regex(\"a\").find_all(s); }",
    ),
    ("index-of", "let s = repeat(\"a\", 1000000);\nfor n in 0..20000 { s.index_of(\"b\"); }"),
    ("monster-regex", "regex(\"(a{1000}){1000}{100}\");"),
    ("nested-regex", "regex(repeat(\"(\", 10000) + repeat(\")\", 10000));"),
    ("comparator", "let a = [3, 1, 2];\na.sort(|x, y| { loop { } });"),
    ("throwing-comparator", "let a = [3, 1, 2];\na.sort(|x, y| throw \"no\");"),
    ("throw", "throw \"I will not\";"),
    ("no-such-thing", "commit.sbject;"),
    ("overflow", "let n = 9223372036854775807;\nn += 1;"),
    ("divide", "1 / (commit.parents.len - commit.parents.len);"),
];

/// What does not even load.
const FORBIDDEN: &[(&str, &str)] = &[
    ("eval", "eval(\"1\");"),
    ("import", "import \"/etc/passwd\" as p;"),
    ("import-above", "import \"../other\" as p;"),
    ("sleep", "sleep(100);"),
    ("catching", "try { loop { } } catch { }"),
    ("print", "print(\"x\");"),
    ("clock", "timestamp();"),
];

fn rule(name: &str, body: &str) -> String {
    format!(
        "fn fn_of(n) {{ fn_of(n + 1) }}\nrule(\"{name}\", #{{\n    title: \"Hostile\",\n    why: \"so that it is stopped\",\n    \
         level: \"hard-mandatory\",\n    commit: |commit| {{\n{body}\n}},\n}});\n"
    )
}

/// [`POLICY`] with these files more.
fn with(files: &[(String, String)]) -> Vec<(&str, &str)> {
    let more = files.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    POLICY.iter().copied().chain(more).collect()
}

fn rules(hostile: &[(&str, &str)]) -> Vec<(String, String)> {
    hostile.iter().map(|(name, body)| (format!(".bylaws/rules/{name}.rhai"), rule(name, body))).collect()
}

/// One screen of 70 columns behind git's `remote: `.
#[track_caller]
fn is_one_screen(pushed: &Pushed) {
    let lines: Vec<&str> = pushed.said.lines().filter_map(|line| line.strip_prefix("remote: ")).collect();
    assert!(lines.len() <= 22, "{} lines:\n{}", lines.len(), pushed.said);
    let widest = lines.iter().map(|line| line.trim_end().chars().count()).max();
    assert!(widest <= Some(70), "{widest:?} columns:\n{}", pushed.said);
}

fn push(server: &Server, login: &str, work: &Repo) -> (Pushed, Duration) {
    let started = Instant::now();
    let pushed = server.push(login, work, &["main"]);
    (pushed, started.elapsed())
}

/// They are in force: each ends in an error that names its place, and the push is refused and recorded.
#[test]
fn trap_12_hostile_rules_in_force() {
    let files = rules(HOSTILE);
    let server = Server::governed(Kind::USUAL, &with(&files), &settings("ssh"));
    let work = server.clone();
    work.write("goods", "tea\n");
    work.commit("Sell tea");
    let (pushed, took) = push(&server, "bob", &work);
    assert!(!pushed.accepted, "{}", pushed.said);
    assert!(took < Duration::from_secs(28), "{took:?}");
    is_one_screen(&pushed);
    let told = server.entries().pop().unwrap();
    assert_eq!((&told["kind"], &told["decision"]), (&"denied".into(), &"error".into()), "{told:#}");
    for (name, _) in HOSTILE {
        let errors: Vec<&Value> =
            found(&told, name).into_iter().filter(|finding| finding["state"] == "error").collect();
        assert_eq!(errors.len(), 1, "{name}: {errors:#?}\n{}", pushed.said);
        let text = errors[0].to_string();
        assert!(text.contains(&format!("rules/{name}.rhai:")), "no place: {text}");
    }
}

fn found<'v>(entry: &'v Value, rule: &str) -> Vec<&'v Value> {
    entry["findings"].as_array().unwrap().iter().filter(|finding| finding["rule"] == *rule).collect()
}

/// They come by a push to the policy-ref: as rules that cannot load, as tests that do not end, at the top of a file.
#[test]
fn trap_12_hostile_policies_pushed() {
    let server = Server::new(Kind::USUAL);
    let mut proposals: Vec<(String, String)> =
        FORBIDDEN.iter().map(|(name, body)| (format!("rules/{name}.rhai"), rule(name, body))).collect();
    for (name, body) in HOSTILE.iter().filter(|(name, _)| *name != "no-such-thing") {
        let body = body.replace("commit.", "commit(#{}).");
        let test = format!("fn fn_of(n) {{ fn_of(n + 1) }}\ntest(\"{name}\", || {{\n{body}\n}});\n");
        proposals.push((format!("tests/{name}.rhai"), test));
    }
    proposals.push(("rules/top.rhai".into(), "loop { }\n".into()));
    proposals.push(("rules/nested.rhai".into(), "(".repeat(100_000)));
    proposals.push((
        "rules/lib/deep.rhai".into(),
        format!("fn f() {{ {}1{} }}", "[".repeat(5_000), "]".repeat(5_000)),
    ));
    proposals.push(("rules/monster.rhai".into(), rule("monster", &"let a = 1;\n".repeat(300_000))));
    let (url, policy) = (server.url("bob"), server.tip("refs/heads/main"));
    std::thread::scope(|scope| {
        for part in proposals.chunks(proposals.len().div_ceil(2)) {
            let (server, url) = (&server, &url);
            scope.spawn(move || {
                let work = server.clone();
                for (path, text) in part {
                    work.git(&["checkout", "-q", "-B", "main", "origin/main"]);
                    work.write(&format!(".bylaws/{path}"), text);
                    work.commit("Propose");
                    let started = Instant::now();
                    let pushed = crate::server::push(&work, url, &["main"]);
                    let took = started.elapsed();
                    assert!(!pushed.accepted, "{path} went through:\n{}", pushed.said);
                    assert!(took < Duration::from_secs(28), "{path}: {took:?}");
                    is_one_screen(&pushed);
                    assert!(pushed.said.contains("pushed policy"), "{path}:\n{}", pushed.said);
                    // The lines are wrapped, be it within the name.
                    let said = pushed.said.replace("remote: ", "").split_whitespace().collect::<String>();
                    let name = path.rsplit('/').next().unwrap();
                    assert!(said.contains(&format!("{name}:")), "{path} has no place:\n{}", pushed.said);
                }
            });
        }
    });
    assert_eq!(server.tip("refs/heads/main"), policy);
    let told = server.entries();
    assert_eq!(told.len(), proposals.len());
    assert!(told.iter().all(|entry| entry["kind"] == "denied"));
}

/// Each stays under every limit of one call; together they are stopped by those of a run.
#[test]
fn trap_12_many_rules_that_each_stay_just_below() {
    let names: Vec<String> = (0..60).map(|n| format!("long-{n}")).collect();
    let body = "let n = 0;\nwhile n < 1200000 { n += 1; }";
    let hostile: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), body)).collect();
    let files = rules(&hostile);
    let server = Server::governed(Kind::USUAL, &with(&files), &(settings("ssh") + "deadline = \"20s\"\n"));
    let work = server.clone();
    work.write("goods", "tea\n");
    work.commit("Sell tea");
    let (pushed, took) = push(&server, "bob", &work);
    assert!(!pushed.accepted, "{}", pushed.said);
    assert!(took < Duration::from_secs(25), "{took:?}");
    is_one_screen(&pushed);
    let told = server.entries().pop().unwrap();
    assert_eq!((&told["kind"], &told["decision"]), (&"denied".into(), &"error".into()), "{told:#}");
    assert!(told["findings"][0].to_string().contains(".rhai:"), "no place: {:#}", told["findings"]);
}

/// The same push gives the same findings, in the same order.
#[test]
fn trap_12_output_that_is_always_the_same() {
    let body =
        "let m = #{};\nfor n in 0..50 { m[`k${n * 7919 % 50}`] = n; }\nfor key in m.keys() { finding(key); }";
    let files = rules(&[("ordered", body)]);
    let server = Server::governed(Kind::USUAL, &with(&files), &settings("ssh"));
    let work = server.clone();
    for n in 0..20 {
        work.git(&["commit", "-q", "--allow-empty", "-m", &format!("Sell goods {n}")]);
    }
    let mut told: Vec<Value> = Vec::new();
    for _ in 0..3 {
        server.push("bob", &work, &["main"]).refused();
        told.push(server.entries().pop().unwrap()["findings"].take());
    }
    assert!(told[0].as_array().unwrap().len() > 100);
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0], told[2]);
}

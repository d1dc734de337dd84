use std::time::{Duration, Instant};

use super::*;

/// The one error of the first rule, on a stack as rules have it, and in time.
fn hostile_script(text: &str) -> (String, String) {
    let start = Instant::now();
    let found = with_stack(|| {
        let limits = Limits { operations: 1_000_000, wall: Duration::from_secs(1), ..Limits::default() };
        let book =
            RuleBook::compile(&[script("r", text)], limits).unwrap_or_else(|problems| panic!("{problems}"));
        let policy = book.bind(vec![binding(0)], Arc::new(People::default()));
        let mut findings = judge(&policy, Subject::Commit(&commit("subject\n\nbody\n")));
        let last = findings.pop().expect("a finding");
        assert_eq!(last.state, State::Error, "{}", last.message);
        (last.message, last.place.expect("a place").to_string())
    })
    .unwrap();
    assert!(start.elapsed() < Duration::from_secs(8), "{text}: {:?}", start.elapsed());
    found
}

fn hostile(body: &str) -> (String, String) {
    hostile_script(&rule_of(body).text)
}

#[test]
fn an_endless_loop_ends() {
    let (message, place) = hostile("let x = 0;\nloop { x += 1; }");
    assert!(message.starts_with("rule 'r' cannot run: it takes "), "{message}");
    assert!(place.starts_with("r.rhai:3:"), "{place}");
}

#[test]
fn a_doubling_string_ends() {
    let (message, place) = hostile("let x = \"x\";\nloop { x += x; }");
    assert!(message.contains("grows too large"), "{message}");
    assert!(place.starts_with("r.rhai:3:"), "{place}");
}

#[test]
fn words_of_the_language_that_are_absent_say_so() {
    for (script, word) in [
        ("eval(\"1\")", "eval"),
        ("import \"x\" as y", "import"),
        ("print(1)", "print"),
        ("debug(1)", "debug"),
        ("try { 1 } catch { 2 }", "try"),
    ] {
        let shown = problems(script);
        assert!(shown.contains(&format!("there is no `{word}` in rules")), "{script}: {shown}");
        assert!(shown.contains("--> r.rhai:1:1") && shown.contains("= help"), "{script}: {shown}");
    }
    for (body, word) in [
        ("sleep(1)", "sleep"),
        ("exit()", "exit"),
        ("timestamp()", "timestamp"),
        ("blob(10)", "blob"),
        ("rand()", "rand"),
    ] {
        let (message, place, help) = error_of(body);
        assert_eq!(message, format!("rule 'r' cannot run: there is no `{word}` in rules"), "{body}");
        assert_eq!(place, "r.rhai:2:1");
        assert!(help.is_some());
    }
}

/// Many ways to take too much; each is named with its place.
#[track_caller]
fn stops(body: &str, why: &str) {
    let (message, place) = hostile(body);
    assert!(message.contains(why), "{body}: {message}");
    assert!(place.starts_with("r.rhai:"), "{body}: {place}");
    assert_ne!(place, "r.rhai:1:1", "{body}");
}

#[test]
fn recursion_ends() {
    let rule = "rule(\"r\", #{ title: \"t\", why: \"w\", commit: |commit| {\n f(1) } });";
    for helper in [
        "fn f(n) { f(n + 1) }",
        "fn f(n) { 1 + g([n]) } fn g(n) { f(n) - 1 }",
        "fn f(n) { [n].map(|x| f(x)) }",
        "fn f(n) { [3, 2, 1].sort(|a, b| f(a)) }",
        "fn f(n) { switch n { _ => if true { for x in [1] { while true { return [[[#{ a: f(n) }]]]; } } } } }",
    ] {
        let (message, place) = hostile_script(&format!("{helper}\n{rule}"));
        assert!(message.contains("too deeply"), "{helper}: {message}");
        assert!(place.starts_with("r.rhai:"), "{helper}: {place}");
    }
    stops("let f = |g| g.call(g);\nf.call(f)", "too deeply");
}

#[test]
fn an_error_in_a_comparison_is_not_swallowed() {
    stops("let a = [3, 1, 2];\na.sort(|x, y| x.nonsense);", "unknown property");
    stops("let a = [3, 1, 2];\na.sort(|x, y| throw \"no\");", "it throws `no`");
    stops("let a = [3, 1, 2];\na.sort(|x, y| { loop {} });", "it takes");
    stops("let a = [3, 1, 2];\na.order_by(|x, y| \"x\");", "must give back a number");
    stops("let a = [3, 3, 2];\na.dedup(|x, y| throw \"no\");", "it throws `no`");
    stops("let a = [3, \"x\"];\na.sort();", "without a comparison");
}

#[test]
fn a_predicate_that_gives_no_boolean_is_an_error() {
    for call in ["filter", "some", "all", "find", "index_of", "drain", "retain"] {
        stops(&format!("let a = [3, 1, 2];\na.{call}(|x| x);"), "must say `true` or `false`");
        stops(&format!("let a = [3, 1, 2];\na.{call}(|x| {{ loop {{}} }});"), "it takes");
    }
    for call in ["filter", "drain", "retain"] {
        stops(&format!("let a = #{{ a: 1 }};\na.{call}(|k, v| v);"), "must say `true` or `false`");
    }
}

#[test]
fn functions_that_work_without_bound_end_in_time() {
    stops("let t = repeat(\"x\", 16000000);\nfor n in 0..20000 { t.index_of(\"y\"); }", "ms");
    stops("let t = repeat(\"x\", 16000000);\nloop { t.to_upper(); }", "ms");
    stops("let t = [];\nt.pad(1000000000, 1);", "too large");
    stops("let t = \"\";\nt.pad(1000000000, \"x\");", "too large");
    stops("let t = repeat(\"a\", 1000000);\nt.replace(\"a\", t);", "too large");
    stops("let t = repeat(\"a\", 10000000);\nt.to_chars();", "too large");
    stops("let t = repeat(\"a \", 5000000);\nt.split(\" \");", "too large");
    stops("let t = repeat(\"a \", 5000000);\nt.split();", "too large");
    stops("repeat(\"x\", 100000000)", "too large");
    stops("for x in 0..1000000000000 { commit.id; }", "it takes");
}

#[test]
fn findings_without_end_end() {
    let (message, _) = hostile("loop { finding(\"x\"); }");
    assert!(message.contains("more than 10000 findings"), "{message}");
}

#[test]
fn expressions_that_explode_are_refused_or_end() {
    stops("regex(\"(((a{100}){100}){100}){100}\").is_match(\"a\")", "bad regular expression");
    stops("regex(\"[\")", "bad regular expression");
    stops("regex(`${repeat(\"(\", 1000)}${repeat(\")\", 1000)}`)", "bad regular expression");
    stops(
        "let t = repeat(\"ab\", 500000);\nloop { regex(\"(a|b)*c|(?:[ab]{0,50}){0,20}d\").is_match(t); }",
        "it takes",
    );
    stops("for n in 0..100000 { regex(`${n}`); }", "it takes");
}

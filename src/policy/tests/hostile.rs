use std::time::{Duration, Instant};

use super::*;

/// On a stack as rules have it, and in time.
fn hostile(body: &str) -> (String, String, Option<String>) {
    let start = Instant::now();
    let found = with_stack(|| error_of(body)).unwrap();
    assert!(start.elapsed() < Duration::from_secs(4), "{body}: {:?}", start.elapsed());
    found
}

#[test]
fn an_endless_loop_ends() {
    let (message, place, _) = hostile("let x = 0;\nloop { x += 1; }");
    assert_eq!(message, "rule 'r' cannot run: it takes more than 5000000 operations");
    assert!(place.starts_with("r.rhai:3:"), "{place}");
}

#[test]
fn a_doubling_string_ends() {
    let (message, place, _) = hostile("let x = \"x\";\nloop { x += x; }");
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

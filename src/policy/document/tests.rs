use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::*;
use crate::policy::{Limits, call, with_stack};

fn documents(text: &str, language: Language) -> Result<Arc<[Slot]>, String> {
    of_text(text, language, &Source::Text).map_err(|error| match &*error {
        rhai::EvalAltResult::ErrorRuntime(value, _) => {
            value.read_lock::<crate::policy::api::Failure>().unwrap().0.message.clone()
        }
        other => other.to_string(),
    })
}

fn document(text: &str, language: Language) -> Slot {
    let documents = documents(text, language).unwrap_or_else(|error| panic!("{text}: {error}"));
    only(&documents).unwrap()
}

fn error(text: &str, language: Language) -> String {
    documents(text, language).map(|_| text).unwrap_err()
}

/// `a.b.0` of a document: how it reads, and its line.
fn at(document: &Slot, path: &str) -> (String, u32) {
    let mut found = document.clone();
    for step in path.split('.') {
        let next = found.entry(step).map(|(_, slot)| slot.clone());
        found = next.or_else(|| Some(found.item(step.parse().ok()?)?.1.clone())).expect(path);
    }
    (shown(&found), found.line)
}

fn plain(text: &str) -> Plain {
    document(text, Language::Yaml).scalar().unwrap().plain
}

#[test]
fn each_language_gives_the_same_values_with_their_lines() {
    for (language, text, lines) in [
        (Language::Json, "{\n \"a\": {\n  \"b\": [1,\n 2.50, true, \"x\"]}}", [2, 3, 3, 4]),
        (Language::Yaml, "# c\na:\n  b:\n  - 1\n  - 2.50\n  - true\n  - x\n", [2, 3, 4, 5]),
        (Language::Toml, "\n[a]\nb = [1,\n2.50, true, 'x']\n", [2, 3, 3, 4]),
        (Language::Hcl, "a = {\n  b = [\n 1,\n 2.50, true, \"x\"]\n}\n", [1, 2, 3, 4]),
    ] {
        for text in [text.to_owned(), text.replace('\n', "\r\n"), format!("\u{feff}{text}")] {
            let document = document(&text, language);
            assert_eq!(at(&document, "a").1, lines[0], "{language:?}");
            assert_eq!(at(&document, "a.b").1, lines[1], "{language:?}");
            assert_eq!(at(&document, "a.b.0"), ("1".to_owned(), lines[2]), "{language:?}");
            assert_eq!(at(&document, "a.b.1"), ("2.50".to_owned(), lines[3]), "{language:?}");
            assert_eq!(at(&document, "a.b").0, "[1, 2.50, true, \"x\"]");
            let list = document.entry("a").unwrap().1.entry("b").unwrap().1;
            let plain: Vec<Plain> = (0..4).map(|n| list.item(n).unwrap().1.scalar().unwrap().plain).collect();
            assert_eq!(
                plain,
                [Plain::Int(1), Plain::Float(2.5), Plain::Bool(true), Plain::Text],
                "{language:?}"
            );
        }
    }
}

#[test]
fn scalars_of_yaml_mean_what_the_core_schema_says() {
    for text in ["~", "null", "Null", ""] {
        assert_eq!(plain(text), Plain::Null, "{text}");
    }
    for (text, wanted) in [
        ("12", Plain::Int(12)),
        ("-12", Plain::Int(-12)),
        ("+12", Plain::Int(12)),
        ("0o17", Plain::Int(15)),
        ("0xff", Plain::Int(255)),
        ("0123", Plain::Int(123)),
        ("1e3", Plain::Float(1000.0)),
        (".5", Plain::Float(0.5)),
        ("-.inf", Plain::Float(f64::NEG_INFINITY)),
        ("True", Plain::Bool(true)),
        ("FALSE", Plain::Bool(false)),
        ("!!str 12", Plain::Text),
        ("!!int \"12\"", Plain::Int(12)),
    ] {
        assert_eq!(plain(text), wanted, "{text}");
    }
    for text in [
        "on",
        "yes",
        "no",
        "'12'",
        "\"true\"",
        "1.2.3",
        "inf",
        "nan",
        "infinity",
        ".",
        "e3",
        "0x",
        "1_000",
        "12h",
        "99999999999999999999x",
    ] {
        assert_eq!(plain(text), Plain::Text, "{text}");
    }
    assert_eq!(plain("99999999999999999999"), Plain::Float(1e20));
}

#[test]
fn blocks_of_lines_know_where_each_line_stands() {
    for (text, first) in [
        ("a: |\n  x\n  y\n", 2),
        ("a: |\n\n  x\n", 2),
        ("\n\na: |-\n   x\n", 4),
        ("- |\n  x\n", 2),
        ("a: |2\n    x\n", 2),
    ] {
        let document = document(text, Language::Yaml);
        assert_eq!(document.item(0).unwrap().1.scalar().unwrap().block, Some(first), "{text}");
    }
    for text in ["a: >\n  x\n", "a: x\n", "a: \"x\\ny\"\n"] {
        assert_eq!(document(text, Language::Yaml).item(0).unwrap().1.scalar().unwrap().block, None, "{text}");
    }
}

#[test]
fn aliases_and_merge_keys_are_resolved() {
    let text = "base: &b\n  x: 1\n  y: 1\nother: &o {y: 2, z: 2}\none:\n  <<: *b\n  x: 3\ntwo:\n  <<: [*b, *o]\nthree: *b\nfour: {'<<': 1}\n";
    let document = document(text, Language::Yaml);
    assert_eq!(at(&document, "one.x"), ("3".to_owned(), 7));
    assert_eq!(at(&document, "one.y"), ("1".to_owned(), 3));
    assert_eq!(at(&document, "two.y"), ("1".to_owned(), 3));
    assert_eq!(at(&document, "two.z"), ("2".to_owned(), 4));
    assert_eq!(at(&document, "three"), ("{x: 1, y: 1}".to_owned(), 10));
    assert_eq!(at(&document, "four.<<").0, "1");
}

#[test]
fn blocks_of_hcl_stand_under_their_type_and_labels() {
    let text = "terraform {}\nr \"a\" \"b\" {\n  x = var.y\n}\nr \"a\" \"c\" {}\nr \"a\" \"b\" {\n  i {}\n  i {}\n}\n";
    let document = document(text, Language::Hcl);
    assert_eq!(at(&document, "r.a.b.0.x"), ("var.y".to_owned(), 3));
    assert_eq!(at(&document, "r.a.b.1.i"), ("[{}, {}]".to_owned(), 7));
    assert_eq!(at(&document, "r.a.c.0").1, 5);
    assert_eq!(at(&document, "terraform").0, "[{}]");
    let labels = |path: &str| {
        let blocks = &document.node.extra.as_deref().unwrap().blocks;
        blocks.iter().filter(|(kind, _)| &**kind == path).map(|(_, slot)| slot.line).collect::<Vec<_>>()
    };
    assert_eq!(labels("r"), [2, 5, 6]);
    assert!(
        error("a \"b\" {}\na {}\n", Language::Hcl)
            .contains("at 2:1 is no HCL: `a` is something else in line 1")
    );
    assert!(error("a = 1\na {}\n", Language::Hcl).contains("2:1"));
}

#[test]
fn expressions_of_hcl_come_as_they_are_written() {
    for (text, kind, shown) in [
        ("var.x[0]", Plain::Expression, "var.x[0]"),
        ("\"${var.x}-logs\"", Plain::Expression, "${var.x}-logs"),
        ("\"a$${b}\"", Plain::Text, "a${b}"),
        ("(true)", Plain::Bool(true), "true"),
        ("-1", Plain::Int(-1), "-1"),
        ("- 1.5", Plain::Float(-1.5), "-1.5"),
        ("1 + 2", Plain::Expression, "1 + 2"),
        ("f(1, [2])", Plain::Expression, "f(1, [2])"),
        ("null", Plain::Null, "null"),
        ("<<EOF\nx ${y}\nEOF\n", Plain::Expression, "x ${y}\n"),
        ("<<-EOF\n  x\n    y\n  EOF\n", Plain::Text, "x\n  y\n"),
        ("[for x in y : x]", Plain::Expression, "[for x in y : x]"),
    ] {
        let document = document(&format!("a = {text}\n"), Language::Hcl);
        let scalar = document.entry("a").unwrap().1.scalar().unwrap();
        assert_eq!((scalar.plain, scalar.text.as_str()), (kind, shown), "{text}");
    }
    let call = document("a = jsonencode({ b = [\"*\"] })\n", Language::Hcl);
    let extra = call.entry("a").unwrap().1.node.extra.as_deref().unwrap();
    assert_eq!(extra.function.as_deref(), Some("jsonencode"));
    assert_eq!(at(&extra.arguments[0], "b.0").0, "*");
}

#[test]
fn what_does_not_parse_says_where() {
    for (language, text, wanted) in [
        (Language::Json, "{\n  \"a\": 1,,\n}", "the text, at 2:10 is no JSON: "),
        (Language::Json, "{\n  // c\n}", "at 2:3 is no JSON"),
        (Language::Json, "{'a': 1}", "at 1:2"),
        (Language::Json, "[01]", "at 1:3"),
        (Language::Json, "[\"a\tb\"]", "is no JSON"),
        (Language::Json, "", "at 1:1"),
        (
            Language::Json,
            "{\"é\": 1,\n \"a\": 1, \"a\": 2}",
            "at 2:10 is no JSON: `a` is there twice, first in line 2",
        ),
        (Language::Yaml, "a: 1\nb: [1\nc: 2\n", "is no YAML: "),
        (Language::Yaml, "a: 1\nb: 2\na: 3\n", "at 3:1 is no YAML: `a` is there twice, first in line 1"),
        (Language::Yaml, "{a: 1, \"a\": 2}", "at 1:8"),
        (Language::Yaml, "a:\n\t- b\n", "at 2:"),
        (Language::Yaml, "? [a]\n: b\n", "keys must be texts"),
        (Language::Yaml, "a: *b\n", "anchor"),
        (Language::Yaml, "a: &a [1, *a]\n", "an alias stands inside of what it names"),
        (Language::Yaml, "a:\n  <<: 1\n", "at 2:3 is no YAML: `<<` merges a map, or a list of maps"),
        (Language::Toml, "a = 1\na = 2\n", "at 2:1"),
        (Language::Toml, "[a]\nb = \n", "at 2:"),
        (Language::Hcl, "a {\n  b = \n}\n", "at 2:"),
        (Language::Hcl, "a = 1\na = 2\n", "at 2:1"),
        (Language::Hcl, "a = \"x", "at 1:"),
    ] {
        let message = error(text, language);
        assert!(message.contains(wanted), "{text}: {message}");
    }
}

/// Runs under the limits of a rule, on a stack as rules have it, and in time.
fn limited(text: &str, language: Language) -> Result<Arc<[Slot]>, String> {
    let start = Instant::now();
    let outcome = with_stack(|| {
        let mut outcome = None;
        let run = call::run(&Limits::default(), &Arc::default(), None, || {
            outcome = Some(documents(text, language));
            Ok(().into())
        });
        match run.used.trip {
            Some(trip) => Err(trip.message()),
            None => outcome.expect("it ran"),
        }
    });
    let head: String = text.chars().take(20).collect();
    assert!(start.elapsed() < Duration::from_secs(10), "{language:?} {head}: {:?}", start.elapsed());
    outcome.expect("a thread")
}

#[test]
fn bombs_do_not_go_off() {
    let mut laughs = "a0: &a0 [lol, lol]\n".to_owned();
    let mut merges = "a0: &a0 {k0: 1}\n".to_owned();
    for n in 1..60 {
        let before = n - 1;
        writeln!(laughs, "a{n}: &a{n} [*a{before}, *a{before}]").unwrap();
        writeln!(merges, "a{n}: &a{n} {{<<: [*a{before}, *a{before}], k{n}: 1}}").unwrap();
    }
    let laughs = limited(&laughs, Language::Yaml).unwrap();
    assert!(shown(&laughs[0]).len() < 2_000);
    limited(&merges, Language::Yaml).unwrap();
    // A wide map, merged again and again.
    let keys: String = (0..2_000).map(|n| format!("k{n}: 1, ")).collect();
    let uses: String = (0..2_000).map(|n| format!("b{n}: {{<<: *a}}\n")).collect();
    assert!(
        limited(&format!("a: &a {{{keys}}}\n{uses}"), Language::Yaml).unwrap_err().contains("500000 values")
    );
}

#[test]
fn laughs_that_are_compared_are_counted() {
    let bomb = |end: &str| {
        let mut text = format!("a0: &a0 [{end}]\n");
        for n in 1..60 {
            let before = n - 1;
            writeln!(text, "a{n}: &a{n} [*a{before}, *a{before}]").unwrap();
        }
        documents(&text, Language::Yaml).unwrap()[0].clone()
    };
    let run = call::run(&Limits::default(), &Arc::default(), None, || {
        equal(&bomb("1"), &bomb("1")).map(Into::into)
    });
    assert!(run.used.trip.is_some());
}

#[test]
fn deep_documents_are_refused() {
    for deep in [200, 10_000, 1_000_000] {
        for (language, text) in [
            (Language::Json, "[".repeat(deep)),
            (Language::Json, "{\"a\":".repeat(deep)),
            (Language::Yaml, "[".repeat(deep)),
            (Language::Yaml, "{a: ".repeat(deep)),
            (Language::Yaml, "- ".repeat(deep)),
            (Language::Toml, format!("a = {}", "[".repeat(deep))),
            (Language::Toml, format!("a = {}", "{a = ".repeat(deep))),
            (Language::Toml, format!("{}a = 1", "a.".repeat(deep))),
            (Language::Hcl, format!("a = {}", "[".repeat(deep))),
            (Language::Hcl, format!("a = {}", "(".repeat(deep))),
            (Language::Hcl, format!("a = {}1", "!".repeat(deep))),
            (Language::Hcl, format!("a = {}1", "1+".repeat(deep))),
            (Language::Hcl, format!("a = {}1", "x?1:".repeat(deep))),
            (Language::Hcl, format!("a = {}", "\"${".repeat(deep))),
            (Language::Hcl, "a {\n".repeat(deep)),
        ] {
            let message = limited(&text, language).map(drop).unwrap_err();
            assert!(!message.is_empty(), "{language:?}");
        }
    }
    for (language, text) in [
        (Language::Json, format!("{}{}", "[".repeat(100), "]".repeat(100))),
        (Language::Yaml, format!("{}{}", "[".repeat(100), "]".repeat(100))),
        (Language::Toml, format!("a = {}{}", "[".repeat(70), "]".repeat(70))),
        (Language::Hcl, format!("a = {}{}", "[".repeat(60), "]".repeat(60))),
    ] {
        limited(&text, language).unwrap();
    }
}

#[test]
fn large_documents_end() {
    let size = 16 << 20;
    for (language, text) in [
        (Language::Json, format!("[{}1]", "1,".repeat(size / 2))),
        (Language::Json, format!("\"{}\"", "x".repeat(size))),
        (Language::Yaml, "a: b\n".repeat(size / 5)),
        (Language::Yaml, "- a\n".repeat(size / 4)),
        (Language::Yaml, format!("a: |\n{}", "  x\n".repeat(size / 4))),
        (Language::Toml, format!("a = [{}1]", "1,".repeat(size / 2))),
        (Language::Toml, format!("a = '{}'", "x".repeat(size))),
        (Language::Hcl, format!("a = [{}1]", "1,".repeat(size / 2))),
        (Language::Hcl, format!("a = \"{}\"", "x".repeat(size))),
        (Language::Hcl, "a {}\n".repeat(100_000)),
    ] {
        match limited(&text, language) {
            Ok(documents) => assert!(!documents.is_empty()),
            Err(message) => assert!(!message.is_empty()),
        }
    }
}

#[test]
fn whatever_is_cut_off_ends_without_a_panic() {
    for (language, text) in [
        (Language::Json, "{\"a\": [1, 2.5e3, \"\\u00e9\\ud83d\\ude00\", null], \"é\": {\"b\": true}}"),
        (
            Language::Yaml,
            "%YAML 1.2\n---\na: &x !t [1, 'b', \"c\\n\"]\n? k\n: |+\n  é\n\n--- # c\n<<: {a: *x}\n...\n",
        ),
        (Language::Toml, "a = [1, 0xff, 1979-05-27T07:32:00Z]\n[[b.\"é\"]]\nc = '''x'''\n"),
        (
            Language::Hcl,
            "a \"b\" {\n  c = \"${d[\"é\"]}x\"\n  e = <<-EOF\n  %{ if x }y%{ endif }\n  EOF\n  f = { g = [for h in i : h if j] }\n}\n",
        ),
    ] {
        for end in 0..=text.len() {
            let Some(cut) = text.get(..end) else { continue };
            for text in [
                cut.to_owned(),
                format!("\t{cut}"),
                cut.replace('\n', "\r"),
                format!("{cut}\0"),
                cut.replace(' ', "\u{a0}"),
            ] {
                drop(documents(&text, language));
            }
        }
    }
}

#[test]
fn several_documents_are_told_from_one() {
    let filled = |text: &str| only(&documents(text, Language::Yaml).unwrap()).map(|slot| shown(&slot));
    assert_eq!(filled("---\na: 1\n---\n"), Ok("{a: 1}".to_owned()));
    assert_eq!(filled("# nothing\n"), Ok(String::new()));
    assert_eq!(filled("a: 1\n---\nb: 1\n--- c\n"), Err(3));
    assert_eq!(documents("---\na: 1\n---\n---\nb: 2\n", Language::Yaml).unwrap().len(), 3);
}

#[test]
fn what_is_read_again_costs_as_much() {
    let cost = |text: &str| {
        let run = call::run(&Limits::default(), &Arc::default(), None, || {
            drop(documents(text, Language::Yaml));
            Ok(().into())
        });
        run.used.operations
    };
    let text = format!("x: [{}1]\n", "1, ".repeat(1_000));
    assert_eq!(cost(&text), cost(&text));
    assert!(cost(&text) > 1_000);
    assert_eq!(cost("x: [1"), cost("x: [1"));
}

#[test]
fn values_of_a_document_count_their_lines_in_it() {
    let outer = document("a: 1\nb: |\n  {\n    \"c\": 1}\n", Language::Yaml);
    let text = outer.entry("b").unwrap().1.scalar().unwrap();
    let inner = of_text(&text.text, Language::Json, &Source::Value(text.block.unwrap() - 1)).unwrap();
    assert_eq!(at(&inner[0], "c").1, 4);
}

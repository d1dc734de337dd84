//! Parsed documents, as rules use them.

use super::*;
use crate::facts::Blob;

/// Each line of the body must be true.
#[track_caller]
fn all_true(before: &str, lines: &str) {
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        assert_eq!(said(&format!("{before}\nif ({line}) != true {{ \"no\" }}"), "x"), [""; 0], "{line}");
    }
}

const JSON: &str = r##"let d = json(#"{
  "a": {"b": [1, 2.5, "x", true, null]},
  "on": "push", "yes": "yes" }"#);"##;

#[test]
fn what_is_absent_is_nothing_all_the_way_down() {
    all_true(
        JSON,
        r#"
        d["q"] == ()
        d["q"]["r"][3].get("x").get(1) == ()
        d["a"]["b"]["c"] == ()
        d["on"]["x"] == ()
        d["a"]["b"][9] == ()
        d["a"]["b"][-9] == ()
        d["a"][0] == ()
        d.get("a.q.r") == ()
        d.get("a.b.2") == "x"
        (d["q"] ?? "z") == "z"
        d["q"]?.text == ()
        !("x" in d["q"])
        json(()) == () && yaml(()) == () && toml(()) == () && hcl(()) == () && yaml_all(()) == ()
        "#,
    );
    assert_eq!(said("for x in json(\"{}\")[\"a\"] { finding(\"no\") }", "x"), [""; 0]);
}

#[test]
fn values_compare_with_those_of_the_language_from_both_sides() {
    all_true(
        JSON,
        r#"
        d["a"]["b"][0] == 1 && 1 == d["a"]["b"][0] && d["a"]["b"][0] != 2 && d["a"]["b"][0] != "1" && d["a"]["b"][0] == 1.0
        d["a"]["b"][1] == 2.5 && 2.5 == d["a"]["b"][1] && d["a"]["b"][1] != 2
        d["a"]["b"][2] == "x" && "x" == d["a"]["b"][2] && "y" != d["a"]["b"][2] && d["a"]["b"][2] != true
        d["a"]["b"][3] == true && true == d["a"]["b"][3] && d["a"]["b"][3] != false && d["a"]["b"][3] != ()
        d["a"]["b"][4] == () && () == d["a"]["b"][4] && !(d["a"]["b"][4] != ())
        d["a"]["b"][0] < 2 && 2 > d["a"]["b"][0] && d["a"]["b"][0] <= 1 && 1 >= d["a"]["b"][0] && d["a"]["b"][1] > 2 && 2 < d["a"]["b"][1]
        d["a"]["b"][1] >= 2.5 && !(d["a"]["b"][1] > 2.5) && 2.5 <= d["a"]["b"][1]
        d["on"] in ["push", "pull"] && !(d["on"] in ["pull"])
        json("[1, \"a\"]") == [1, "a"] && [1, "a"] == json("[1, \"a\"]") && json("[1]") != [2] && json("[1]") != [1, 1]
        json("{\"a\": [1], \"b\": 2}") == yaml("b: 2\na: [1]") && json("[1]") != json("[2]") && json("{\"a\": 1}") != json("{\"b\": 1}")
        "#,
    );
    assert!(
        error_of("json(\"[\\\"x\\\"]\")[0] > 3").0.contains("only numbers have an order, and `x` is a text")
    );
    assert!(error_of("3 > json(\"[[]]\")[0]").0.contains("is a list"));
}

#[test]
fn values_say_what_they_are() {
    all_true(
        JSON,
        r#"
        d.kind == "map" && d["a"]["b"].kind == "list" && d["on"].kind == "text"
        d["a"]["b"].map(|v| v.kind) == ["int", "float", "text", "bool", "null"]
        d["a"]["b"].map(|v| v.value) == [1, 2.5, "x", true, ()]
        d["a"]["b"].map(|v| v.text) == ["1", "2.5", "x", "true", ()]
        d["a"].text == () && type_of(d["a"].value) == "doc" && type_of(d) == "doc"
        d.keys == ["a", "on", "yes"] && d["on"].keys == []
        d["on"].key == "on" && d.key == () && d["a"]["b"][0].key == ()
        d["on"].line == 3 && d["a"]["b"].line == 2 && d.line == 1
        d["a"]["b"].len == 5 && d.len() == 3 && d["on"].len == 1 && d["a"]["b"][4].len == 0 && d["a"]["b"][4].is_empty && !d.is_empty()
        d["yes"].is_true && !d["yes"].is_false && d["a"]["b"][3].is_true && !d["on"].is_true && !d["on"].is_false
        json("[false, \"No\"]").all(|v| v.is_false && !v.is_true)
        d["a"]["b"][-2] == true && d["a"]["b"].get(0) == 1
        `${d["on"]} ${d["a"]["b"][0]}` == "push 1" && "on " + d["on"] == "on push"
        `${d["a"]}` == "{b: [1, 2.5, \"x\", true, null]}"
        yaml("a: !reference [b]")["a"].tag == "!reference" && d.tag == ()
        "#,
    );
}

#[test]
fn a_scalar_is_a_list_of_one() {
    all_true(
        "let one = yaml(\"on: push\")[\"on\"]; let list = yaml(\"on: [push, pull]\")[\"on\"]; let map = yaml(\"on: {push: }\")[\"on\"];",
        r#"
        "push" in one && "push" in list && "push" in map
        !("pu" in one) && !("pu" in list) && !("pu" in map)
        one.some(|x| x == "push") && list.filter(|x| x == "pull").len == 1 && map.map(|x| x.key) == ["push"]
        one[0] == "push" && one.first() == "push" && list.last() == "pull" && list.index_of("pull") == 1
        list[1] in list && list[0] in map
        "#,
    );
    assert_eq!(
        said("for x in yaml(\"a: 1\\nb: [2, 3]\\nc: \") { for y in x { finding(`${y}`) } }", "x"),
        ["1", "2", "3"]
    );
}

#[test]
fn blocks_of_hcl_and_calls_are_found() {
    all_true(
        r##"let d = hcl(#"
resource "aws_s3_bucket" "b" {
  acl    = var.acl
  policy = jsonencode({ Statement = [{ Action = "*" }] })
  text   = <<EOF
{
  "a": 1
}
EOF
  rule {}
  rule {}
}
resource "aws_kms_key" "k" {}"#);
let b = d["resource"]["aws_s3_bucket"]["b"][0];"##,
        r#"
        b.labels == ["aws_s3_bucket", "b"] && b.line == 2 && d.labels == []
        b["acl"].kind == "expression" && b["acl"] == "var.acl" && b["acl"].function == ()
        b["policy"].function == "jsonencode" && b["policy"].arguments[0]["Statement"][0]["Action"] == "*" && b["acl"].arguments == []
        b["text"].json()["a"].line == 7 && b["text"].yaml()["a"] == 1
        b["text"].lines[1].line == 7 && b["text"].lines[1].text == "  \"a\": 1"
        b["rule"].len == 2 && b.blocks("rule").len == 2 && b.blocks("none") == []
        d.blocks("resource").map(|b| b.labels[0]) == ["aws_s3_bucket", "aws_kms_key"]
        d.blocks("resource", "aws_kms_key").len == 1 && d.blocks("resource", "b") == []
        "#,
    );
    assert!(
        error_of("hcl(\"a = [1]\")[\"a\"].json()")
            .0
            .contains("only a text can be read as a document, and this is a list")
    );
}

#[test]
fn lines_of_a_text_are_those_of_the_file() {
    assert_eq!(
        said(
            "for l in yaml(\"run: |\\n  a\\n  b\\nq: \\\"c\\\\nd\\\"\").map(|v| v.lines) { for x in l { finding(`${x.line} ${x.text}`) } }",
            "x"
        ),
        ["2 a", "3 b", "4 c", "4 d"]
    );
    all_true("", "json(\"{}\").lines == [] && yaml(\"~\").lines == []");
}

#[test]
fn expressions_look_at_the_text_of_a_value() {
    all_true(
        JSON,
        r#"
        regex("^p").is_match(d["on"]) && !regex("x").is_match(d["on"]) && !regex("").is_match(d) && !regex("").is_match(d["a"]["b"][4])
        regex("u.").find(d["on"]) == "us" && regex(".").find_all(d["on"]).len == 4 && regex("(u)").captures(d["on"])[1] == "u"
        regex("x").find(d) == () && regex("x").find_all(d) == [] && regex("x").captures(d) == ()
        "#,
    );
}

#[test]
fn a_property_is_not_a_key() {
    let (message, place, help) = error_of("json(\"{\\\"steps\\\": 1}\").steps");
    assert_eq!(message, "rule 'r' cannot run: unknown property `steps` of a doc");
    assert_eq!(help.as_deref(), Some("a key of a document is read with `doc[\"steps\"]`"));
    assert!(place.starts_with("r.rhai:2:"), "{place}");
    assert!(error_of("json(\"{}\")[\"a\"].line").0.contains("`()` has no property `line`"));
    assert!(error_of("json(\"{}\")[\"a\"].kyes").0.contains("`()` has no property `kyes`"));
    assert!(error_of("json(\"{}\").lien").0.contains("unknown property `lien`"));
    assert!(error_of("let d = json(\"{}\"); d[\"a\"] = 1;").1.starts_with("r.rhai:2:"));
}

#[test]
fn a_text_says_whether_it_parses() {
    all_true(
        "",
        r#"
        syntax_error("a: 1\na: 2", "yaml").line == 2 && syntax_error((), "yaml") == ()
        syntax_error("{", "json").line == 1 && syntax_error("{}", "json") == ()
        syntax_error("a {\n", "hcl") != () && syntax_error("a: [", "yaml").message != "" && syntax_error("a = ", "toml").column == 5
        "#,
    );
    assert!(error_of("syntax_error(\"{\", \"xml\")").0.contains("`xml` is no language"));
}

#[test]
fn one_document_is_not_taken_for_several() {
    let (message, _, _) = error_of("yaml(\"a: 1\\n---\\nb: 1\\n\")");
    assert!(
        message.contains("there are 2 documents, and `yaml` reads one; `yaml_all` gives a list of all"),
        "{message}"
    );
    all_true(
        "",
        "yaml_all(\"a: 1\\n---\\nb: 2\\n\")[1][\"b\"].line == 3 && yaml_all(\"a: 1\\n---\\nb: 2\\n\").len == 2",
    );
}

struct OneBlob(Vec<u8>);

impl Store for OneBlob {
    fn blob(&self, _: Oid) -> Result<Blob, StoreError> {
        Ok(Blob::Whole(self.0.clone().into()))
    }
    fn size(&self, _: Oid) -> Result<u64, StoreError> {
        Ok(self.0.len() as u64)
    }
    fn files(&self, _: &Commit) -> Result<Vec<Arc<File>>, StoreError> {
        Ok(Vec::new())
    }
    fn entry(&self, _: &Commit, _: &[u8]) -> Result<Option<TreeEntry>, StoreError> {
        Ok(None)
    }
    fn signature(&self, _: &Commit) -> Result<Signature, StoreError> {
        Ok(Signature::none())
    }
}

/// What a rule with this `file` handler says of a file with these bytes: state, message, line, help.
fn of_file(
    body: &str,
    path: &str,
    mode: u32,
    bytes: &[u8],
) -> Vec<(State, String, Option<u32>, Option<String>)> {
    let text = format!("rule(\"r\", #{{ title: \"t\", why: \"w\", file: |file| {{\n{body} }} }});");
    let policy = policy(&[script("r", &text)]);
    let parts = FileParts {
        path: path.into(),
        old_path: None,
        status: FileStatus::Added,
        mode: EntryMode(mode),
        old_mode: None,
        id: Some(Oid::from_sha1([1; 20])),
        old_id: None,
    };
    let file = Arc::new(File::new(parts, Arc::new(OneBlob(bytes.to_vec()))));
    let findings = judge(&policy, Subject::File(&commit("x"), &file));
    findings.into_iter().map(|found| (found.state, found.message, found.line, found.fix)).collect()
}

#[test]
fn a_file_is_read_and_a_finding_points_to_its_line() {
    let body = "let d = file.yaml(); file.finding(`${d[\"b\"]}`, d[\"b\"].line)";
    assert_eq!(
        of_file(body, "a.yaml", 0o100_644, b"a: 1\nb: 2\n"),
        [(State::Violated, "2".into(), Some(2), None)]
    );
}

#[test]
fn a_file_that_does_not_parse_is_an_error_that_names_the_place() {
    let found = of_file("file.json()", "x/a.json", 0o100_644, b"{\n  \"a\": }\n");
    assert_eq!(found[0].0, State::Error);
    assert_eq!(found[0].1, "rule 'r' cannot run: `x/a.json:2:8` is no JSON: expected value");
    assert_eq!(found[0].3.as_deref(), Some("`file.syntax_error(\"yaml\")` and its kin ask before"));
    let found = of_file("file.yaml_all()", "a.yaml", 0o100_644, b"a: 1\nb: \xff\n");
    assert_eq!(found[0].1, "rule 'r' cannot run: `a.yaml:2` is no YAML: is not UTF-8 here");
}

#[test]
fn a_file_says_whether_it_can_be_read() {
    let body =
        "let e = file.syntax_error(\"yaml\"); if e == () { \"none\" } else { `${e.line} ${e.message}` }";
    for (bytes, wanted) in [
        (&b"a: 1\na: 2\n"[..], "2 `a` is there twice, first in line 1"),
        (b"a: 1\n", "none"),
        (b"\0", "none"),
        (b"\xff", "1 is not UTF-8 here"),
    ] {
        assert_eq!(of_file(body, "a.txt", 0o100_644, bytes)[0].1, wanted);
    }
}

#[test]
fn what_has_no_text_is_no_document() {
    let body = "if [file.json(), file.yaml(), file.toml(), file.hcl(), file.yaml_all()].all(|d| d == ()) { \"none\" }";
    for (mode, bytes) in [(0o120_000, &b"target"[..]), (0o100_644, b"\0"), (0o160_000, b"")] {
        assert_eq!(of_file(body, "a.json", mode, bytes)[0].1, "none");
    }
}

use super::super::Origin;
use super::*;

fn script(name: &str, text: &str, kind: ScriptKind) -> Script {
    Script { name: name.to_owned(), text: text.to_owned(), origin: Origin::Repository, kind }
}

fn rules(text: &str) -> Vec<Script> {
    vec![script("r.rhai", text, ScriptKind::Rules)]
}

/// The messages, with what to do in parentheses; `?` in front of a warning.
fn messages(scripts: &[Script]) -> Vec<String> {
    let linted = lint(scripts);
    let shown = |mark: &'static str| {
        move |one: &Diagnostic| {
            let help = one.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
            format!("{mark}{}{help}", one.message)
        }
    };
    linted.errors.iter().map(shown("")).chain(linted.warnings.iter().map(shown("?"))).collect()
}

/// A rule whose handler has this body, and nothing wrong with it otherwise.
fn rule(subject: &str, body: &str) -> Vec<Script> {
    rules(&format!(
        "rule(\"r\", #{{ title: \"t\", why: \"w\", params: #{{ max: 72, words: [\"a\"] }},\n\
         {subject}: |{subject}, params| {{ if params.max == 1 && params.words.len == 0 {{ return; }}\n{body}\n}} }});\n"
    ))
}

#[track_caller]
fn finds(scripts: &[Script], expected: &[&str]) {
    let texts: Vec<&str> = scripts.iter().map(|script| script.text.as_str()).collect();
    assert_eq!(messages(scripts), expected, "{}", texts.join("\n--\n"));
}

#[test]
fn what_a_type_does_not_have() {
    for (body, message) in [
        ("finding(commit.sbject)", "unknown property `sbject` of a commit (did you mean `subject`?)"),
        ("finding(commit.author.mail)", "unknown property `mail` of a person (did you mean `email`?)"),
        ("finding(commit.subject.lenght)", "unknown property `lenght` of a text (did you mean `len`?)"),
        ("finding(commit.trailer)", "unknown property `trailer` of a commit (it is a function: `trailer()`)"),
        (
            "finding(commit.subject())",
            "unknown function `subject` of a commit (it is a property: `.subject` without parentheses)",
        ),
        (
            "for f in commit.files { finding(f.pth) }",
            "unknown property `pth` of a file (did you mean `path`?)",
        ),
        (
            "for (f, n) in commit.files { finding(f.pth + n) }",
            "unknown property `pth` of a file (did you mean `path`?)",
        ),
        (
            "commit.files.filter(|f| f.nme == \"x\")[0].finding(\"y\")",
            "unknown property `nme` of a file (did you mean `name`?)",
        ),
        (
            "let found = commit.files.find(|f| f.size > 1); if found != () { finding(found.siz) }",
            "unknown property `siz` of a file (did you mean `size`?)",
        ),
        (
            "finding(commit.files[0].added_lines[0].txt)",
            "unknown property `txt` of a line (did you mean `text`?)",
        ),
        (
            "finding(commit.conventional?.scop)",
            "unknown property `scop` of a conventional (did you mean `scope`?)",
        ),
        (
            "let names = commit.files.map(|f| f.name); finding(names[0].size)",
            "unknown property `size` of a text (valid here: len, is_empty, bytes)",
        ),
        ("let m = #{ a: 1 }; finding(`${m.b}`)", "unknown key `b` of a map (valid here: a)"),
        ("finding(`${params.mx}`)", "the rule `r` has no parameter `mx` (did you mean `max`?)"),
        ("finding(`${params[\"mx\"]}`)", "the rule `r` has no parameter `mx` (did you mean `max`?)"),
        ("commit.files.push(1);", "unknown function `push` of a list"),
        ("commit.finding(\"x\").fixx(\"y\");", "unknown function `fixx` of a finding (did you mean `fix`?)"),
        ("commit.subject = \"x\";", "`subject` of a commit cannot be set: facts do not change"),
        ("commit.files[0].path = \"x\";", "`path` of a file cannot be set: facts do not change"),
    ] {
        finds(&rule("commit", body), &[message]);
    }
}

#[test]
fn what_is_known_of_the_other_subjects() {
    finds(
        &rule("file", "file.fnding(\"x\")"),
        &["unknown function `fnding` of a file (did you mean `finding`?)"],
    );
    finds(
        &rule("change", "finding(change.brnch)"),
        &["unknown property `brnch` of a change (did you mean `branch`?)"],
    );
    finds(
        &rule("change", "for c in change.commits { finding(c.athor) }"),
        &["unknown property `athor` of a commit (did you mean `author`?)"],
    );
    finds(
        &rule("push", "for c in push.changes { finding(c.rf) }"),
        &["unknown property `rf` of a change (did you mean `ref`?)"],
    );
    let text =
        "classify(\"c\", #{ title: \"t\", why: \"w\", change: |change| if change.is_nw { \"major\" } });";
    finds(&rules(text), &["unknown property `is_nw` of a change (did you mean `is_new`?)"]);
}

#[test]
fn functions_that_there_are_not() {
    for (body, message) in [
        ("frobnicate(1)", "unknown function `frobnicate`"),
        ("fnding(\"x\")", "unknown function `fnding` (did you mean `finding`?)"),
        ("subject(commit)", "unknown function `subject` (it is a property: `.subject` without parentheses)"),
        ("sleep(1)", "there is no `sleep` in rules (rules do not wait)"),
        (
            "timestamp()",
            "there is no `timestamp` in rules (rules have no clock: the same facts must give the same findings)",
        ),
        ("finding()", "`finding` takes 1 argument, not 0 (there is `finding(message: string) -> finding`)"),
        (
            "finding(\"a\", \"b\")",
            "`finding` takes 1 argument, not 2 (there is `finding(message: string) -> finding`)",
        ),
        (
            "finding(\"a\").at()",
            "`at` takes 1 or 2 arguments, not 0 (there is `finding.at(path: string) -> finding`, `finding.at(path: string, line: int) -> finding`)",
        ),
        ("finding(3)", "no `finding` takes a whole number (there is `finding(message: string) -> finding`)"),
        (
            "finding(commit.subject.starts_with())",
            "`starts_with` takes 1 argument, not 0 (there is `string.starts_with(part: string | char) -> bool`)",
        ),
        (
            "finding(regex(1).find(\"a\"))",
            "no `regex` takes a whole number (there is `regex(pattern: string) -> regex`)",
        ),
        ("lob::f(1)", "unknown library `lob` (libraries are rules/lib/lob.rhai)"),
        (
            "if commit.files.filter(|a, b, c| true).len > 1 { }",
            "the function given to `filter` takes 3 arguments, 2 at most",
        ),
    ] {
        finds(&rule("commit", body), &[message]);
    }
}

#[test]
fn functions_of_scripts() {
    let with = |body: &str, more: &str| {
        let mut scripts = rule("commit", body);
        scripts[0].text.push_str(more);
        scripts
    };
    let helper = "fn helper(c, n) { c.subject.len > n }\n";
    finds(&with("if helper(commit, 3) { finding(\"x\") }", helper), &[]);
    finds(&with("if helper(commit) { finding(\"x\") }", helper), &["`helper` takes 2 arguments, not 1"]);
    finds(
        &with("if helpr(commit, 3) { finding(\"x\") }\nif helper(commit, 3) { }", helper),
        &["unknown function `helpr` (did you mean `helper`?)"],
    );
    finds(&with("", helper), &["?the function `helper` is never called"]);
    let first =
        "fn first(f) { f.path }\nrule(\"r\", #{ title: \"t\", why: \"w\", commit: |c| c.files.map(first) });";
    finds(&rules(first), &[]);
    // What it is given and what it gives back are known from its calls.
    finds(
        &with("if helper(commit) == 3 { finding(\"x\") }", "fn helper(c) { c.sbject }\n"),
        &["unknown property `sbject` of a commit (did you mean `subject`?)"],
    );
    finds(
        &with("finding(name(commit).lenn)", "fn name(c) { if c.is_merge { return \"m\"; } c.author.name }\n"),
        &["unknown property `lenn` of a text (did you mean `len`?)"],
    );
    finds(&with("if helper(commit) || helper(commit.author) { }", "fn helper(c) { c.name == \"x\" }\n"), &[]);
}

#[test]
fn libraries() {
    let library = script(
        "lib/l.rhai",
        "fn f(a, b) { helper(a) == b }\nprivate fn helper(a) { a.subject }\n",
        ScriptKind::Library("l".to_owned()),
    );
    let with = |body: &str| rule("commit", body).into_iter().chain([library.clone()]).collect::<Vec<_>>();
    finds(&with("if l::f(commit, 1) { finding(\"x\") }"), &[]);
    finds(&with("l::f(commit)"), &["`l::f` takes 2 arguments, not 1"]);
    finds(&with("l::g(commit)"), &["the library `l` has no function `g` (valid here: f)"]);
    finds(
        &with("l::helper(commit)"),
        &["the library `l` has no function `helper` (it has one that is `private`)"],
    );
    finds(&with("ll::f(commit, 1)"), &["unknown library `ll` (did you mean `l`?)"]);
    finds(
        &[script("lib/l.rhai", "fn f(a) { a.sbject }", ScriptKind::Library("l".to_owned()))],
        &["unknown property `sbject`: nothing has one of this name (did you mean `subject`?)"],
    );
}

#[test]
fn variables() {
    for (body, message) in [
        (
            "let number = 1; finding(`${nubmer}`); if number == 1 { }",
            "unknown variable `nubmer` (did you mean `number`?)",
        ),
        ("if true { let n = 1; finding(`${n}`) }\nfinding(`${n}`)", "unknown variable `n`"),
        ("commit.files.filter(|f| f.size > mx)[0].path == \"a\" || { return; };", "unknown variable `mx`"),
        ("let n = 1;", "?the variable `n` is never used"),
        ("let _n = 1;", ""),
        ("let f = |a| a > 1; if f.call(2) { }", ""),
        ("nosuch = 1;", "unknown variable `nosuch`"),
    ] {
        let expected: Vec<&str> = Some(message).filter(|message| !message.is_empty()).into_iter().collect();
        let mut found = messages(&rule("commit", body));
        found.retain(|one| !one.starts_with("this condition") && !one.contains("handler gives back"));
        assert_eq!(found, expected, "{body}");
    }
    let text =
        "const MAX = 3;\nlet top = 1;\nfn a() { MAX + global::MAX + global::MX + top }\nlet x = a();\n";
    finds(
        &rules(text),
        &[
            "unknown variable `MAX` (a `fn` sees its own variables only; a `const` of the script is `global::MAX` there)",
            "`MX` is not `global` (only a `const` at the top of the script is)",
            "unknown variable `top` (a `fn` sees its own variables only; a `const` of the script is `global::top` there)",
            "?the variable `top` is never used",
            "?the variable `x` is never used",
        ],
    );
    finds(
        &rules(
            "rule(\"r\", #{ title: \"t\", why: \"w\", params: #{ max: 1, min: 2 }, commit: |c, params| if params.max == c.additions { \"x\" } });",
        ),
        &["?the parameter `min` of the rule `r` is never used"],
    );
    finds(
        &rules(
            "rule(\"r\", #{ title: \"t\", why: \"w\", params: #{ max: 1 }, commit: |c, params| if h(params) { c.subject } });\nfn h(p) { p.max == 1 }",
        ),
        &[],
    );
}

#[test]
fn comparisons_with_one_answer() {
    for (body, message) in [
        (
            "f.size == \"3\"",
            "a whole number is compared with a text, which is always false (a number is written without quotes; `parse_int(text)` reads one)",
        ),
        (
            "f.size > \"3\"",
            "a whole number is compared with a text, which is always false (a number is written without quotes; `parse_int(text)` reads one)",
        ),
        (
            "f.size != \"3\"",
            "a whole number is compared with a text, which is always true (a number is written without quotes; `parse_int(text)` reads one)",
        ),
        ("f.path == ()", "a text is compared with `()`, which is always false (it always has a value)"),
        (
            "f.old_path == 3",
            "a text is compared with a whole number, which is always false (a number is written without quotes; `parse_int(text)` reads one)",
        ),
        ("f.is_binary == \"yes\"", "`true` or `false` is compared with a text, which is always false"),
        (
            "f.status == \"added \"",
            "`status` is never `added `, so this is always false (did you mean `added`?)",
        ),
        (
            "\"remove\" == f.status",
            "`status` is never `remove`, so this is always false (valid here: added, modified, deleted, renamed, copied, type-changed)",
        ),
        (
            "f.status != \"delete\"",
            "`status` is never `delete`, so this is always true (did you mean `deleted`?)",
        ),
        (
            "f.status in [\"added\", \"changed\"]",
            "`status` is never `changed`, so this is of no use (valid here: added, modified, deleted, renamed, copied, type-changed)",
        ),
        (
            "[\"added\", \"new\"].contains(f.status)",
            "`status` is never `new`, so this is of no use (valid here: added, modified, deleted, renamed, copied, type-changed)",
        ),
        (
            "f.size in [\"1\"]",
            "a whole number is compared with a text, which is always false (a number is written without quotes; `parse_int(text)` reads one)",
        ),
        (
            "f.commit?.signature.status == \"goood\"",
            "`status` is never `goood`, so this is always false (did you mean `good`?)",
        ),
        (
            "f.commit?.signature.kind == \"pgp\"",
            "`kind` is never `pgp`, so this is always false (valid here: ssh, gpg, x509)",
        ),
        (
            "f.commit?.author == \"ada\"",
            "a person is compared with a text, which is always false (compare `.email` or `.login` with a text)",
        ),
        ("f.owners == \"sre\"", "an array is compared with a text, which is always false"),
        ("f.path.len > params.words", "a whole number is compared with an array, which is always false"),
        (
            "params.max == \"72\"",
            "a whole number is compared with a text, which is always false (a number is written without quotes; `parse_int(text)` reads one)",
        ),
        // What may be.
        ("f.old_path == ()", ""),
        ("f.old_path != \"x\"", ""),
        ("f.name[0] == 'a' || f.name[0] == \"a\"", ""),
        ("f.size == 1.5", ""),
        ("f.status == \"type-changed\"", ""),
        ("f.text() == f.old_text()", ""),
        ("f.path in params.words && \"a\" in f.path && \"b\" in #{ b: 1 }", ""),
        ("f.owners == [\"sre\"]", ""),
    ] {
        let body = format!("for f in commit.files {{ if {body} {{ finding(\"x\"); }} }}");
        let expected: Vec<&str> = Some(message).filter(|message| !message.is_empty()).into_iter().collect();
        finds(&rule("commit", &body), &expected);
    }
    for (body, message) in [
        (
            "if change.impact == \"high\" { \"x\" }",
            "`impact` is never `high`, so this is always false (valid here: trivial, minor, major)",
        ),
        (
            "if change.urgency == \"emergency\" { \"x\" }",
            "`urgency` is never `emergency`, so this is always false (valid here: normal, urgent)",
        ),
        (
            "if change.test(\"ci\")?.result == \"pass\" { \"x\" }",
            "`result` is never `pass`, so this is always false (did you mean `passed`?)",
        ),
        (
            "let impact = change.impact; if impact == \"mayor\" { \"x\" }",
            "`impact` is never `mayor`, so this is always false (did you mean `major`?)",
        ),
        (
            "switch change.impact { \"major\" => finding(\"a\"), \"huge\" => finding(\"b\"), _ => () }",
            "`impact` is never `huge` (valid here: trivial, minor, major)",
        ),
    ] {
        finds(&rule("change", body), &[message]);
    }
}

#[test]
fn conditions_and_loops() {
    for (body, message) in [
        (
            "if commit.subject { \"x\" }",
            "this condition is a text, not `true` or `false` (compare it with something)",
        ),
        (
            "if commit.trailer(\"x\") { \"x\" }",
            "this condition is a text, not `true` or `false` (ask whether there is one: `x != ()`)",
        ),
        (
            "if !commit.files.len { \"x\" }",
            "this condition is a whole number, not `true` or `false` (compare it with something)",
        ),
        (
            "if commit.is_merge && commit.body { \"x\" }",
            "this condition is a text, not `true` or `false` (compare it with something)",
        ),
        (
            "for c in commit.subject { finding(c) }",
            "`for` cannot run over a text (a text's characters are `text.chars()`, its lines `text.split(\"\\n\")`)",
        ),
        (
            "for n in commit.files.len { finding(n) }",
            "`for` cannot run over a whole number (the numbers before it are `0..n`)",
        ),
        (
            "for f in commit { finding(f) }",
            "`for` cannot run over a commit (`for` runs over lists, arrays and ranges)",
        ),
    ] {
        finds(&rule("commit", body), &[message]);
    }
}

#[test]
fn what_is_never_reached_or_thrown_away() {
    for (body, message) in [
        ("return \"x\"; finding(\"y\");", "this is never reached"),
        ("if commit.is_merge { return; } else { return \"x\"; }\nfinding(\"y\");", "this is never reached"),
        ("for f in commit.files { continue; f.finding(\"x\"); }", "this is never reached"),
        (
            "\"bad subject\";\nif commit.is_merge { finding(\"x\") }",
            "this text goes nowhere (report it with `finding(...)`, or `return` it)",
        ),
        (
            "if commit.is_merge { \"no merges\" }\nif commit.body == \"\" { \"no body\" }",
            "this text goes nowhere (report it with `finding(...)`, or `return` it)",
        ),
        (
            "for f in commit.files { `bad ${f.path}` }",
            "this text goes nowhere (report it with `finding(...)`, or `return` it)",
        ),
        ("let x = 1; x == 2; if x == 1 { }", "nobody asks for this comparison (`=` assigns)"),
        ("commit.subject; ()", "nobody gets the value of this"),
        ("commit.files.len + 1; ()", "nobody gets the result of this"),
        (
            "commit.subject.len < 72",
            "the `commit` handler gives back `true` or `false` (it gives back nothing, a text, a finding, or an array of these)",
        ),
        (
            "if commit.is_merge { return 3; }",
            "the `commit` handler gives back a whole number (it gives back nothing, a text, a finding, or an array of these)",
        ),
        (
            "[commit.additions]",
            "the `commit` handler gives back an array (it gives back nothing, a text, a finding, or an array of these)",
        ),
    ] {
        finds(&rule("commit", body), &[message]);
    }
}

#[test]
fn what_is_right_is_not_complained_of() {
    for body in [
        "if commit.is_merge { \"no merges\" }",
        "return if commit.is_merge { finding(\"x\") } else { () };",
        "let all = []; for f in commit.files { all.push(f.path); } if all.len > 1 { finding(all[0].name) }",
        "let n = (); for f in commit.files { n = f; } if n != () { n.finding(\"x\") }",
        "let last = \"\"; for f in commit.files { if f.path == last { return finding(last); } last = f.path; }",
        "let m = #{}; m.a = 1; m[\"b\"] = 2; if m.a == m.b { finding(\"x\") }",
        "let text = commit.files[0].text(); if text == () { return; } if text.len() > 3 { finding(text) }",
        "commit.files.filter(|f| f.size > params.max).map(|f| f.finding(\"large\"))",
        "commit.files.map(|f| f.path).reduce(|a, b| if a == () { b } else { a + b })",
        "let s = commit.subject; s.trim(); s.make_upper(); if s.is_empty() { finding(s) }",
        "for part in commit.subject.split(' ') { if part.len() == 0 { finding(\"two spaces\") } }",
        "let found = regex(\"(?<year>[0-9]+)\").captures(commit.subject); if found != () { finding(found[\"year\"] + found.year + found[1]) }",
        "let found = regex(\"x\").lines(commit.files[0].added_lines); for line in found { finding(`${line.line}`) }",
        "if commit.subject.len() > 3 { finding(\"a\").fix(\"b\").at(\"c\", 1) }",
        "loop { if commit.is_merge { break; } return finding(\"x\"); }",
        "let words = [\"a\", \"b\"]; if words.some(|w| commit.subject.contains(w)) { finding(\"x\") }",
        "let best = commit.files.reduce(|best, f| if best == () || f.size > best.size { f } else { best }); if best != () { finding(best.path) }",
        "if type_of(commit.id) == \"string\" && commit.id.to_string() != to_debug(1) { finding(\"x\") }",
        "let sorted = commit.files.to_array(); sorted.sort(|a, b| a.size - b.size); finding(sorted[0].path)",
        "for n in 0..3 { for m in range(0, 3) { if n > m { finding(`${n}`) } } }",
        "if commit.conventional != () && commit.conventional.type == \"feat\" { finding(\"x\") }",
        "switch commit.files.len { 0 => finding(\"none\"), 1..5 if commit.is_merge => (), _ => finding(\"many\") }",
        "let count = 0; for f in commit.files { count += f.additions; } if count > params.max { return `${count}`; }",
        "params.words.filter(|word| word in commit.subject)",
        "if commit.author == commit.committer || person(\"a@b\") == commit.author { finding(\"x\") }",
        "let check = |f| f.size > params.max; commit.files.filter(check).map(|f| f.finding(\"x\"))",
        "let x = commit.trailer(\"Issue\") ?? \"\"; if x.len == 0 { finding(\"x\") }",
        "let a = \"abc\"; let b = a.split(\"\").zip([1, 2], |x, y| x); if b.len() > 1 { finding(a) }",
    ] {
        finds(&rule("commit", body), &[]);
    }
    // Where nothing is known.
    finds(
        &rule("commit", "if h(commit, commit.author) { finding(\"x\") }")
            .into_iter()
            .map(|mut one| {
                one.text.push_str("fn h(a, b) { let c = if a.is_merge { a } else { b }; c.name == c.path }");
                one
            })
            .collect::<Vec<_>>(),
        &[],
    );
}

#[test]
fn expressions_and_patterns() {
    finds(
        &rule("commit", "if regex(\"(\").is_match(commit.subject) { \"x\" }"),
        &["bad regular expression `(`: unclosed group"],
    );
    finds(
        &rule("file", "if glob(\"[\", file.path) { \"x\" }"),
        &["bad pattern `[`: unclosed character class; missing ']'"],
    );
    finds(
        &rule("file", "if glob([\"a\", \"{\"], file.path) { \"x\" }"),
        &["bad pattern `{`: unclosed alternate group; missing '}' (maybe escape '{' with '[{]'?)"],
    );
    finds(
        &rules("rule(\"r\", #{ title: \"t\", why: \"w\", files: [\"[\"], file: |file| file.path });"),
        &["`files` of rule `r` holds the bad pattern `[`: unclosed character class; missing ']'"],
    );
}

#[test]
fn declarations() {
    finds(
        &rules("rule(\"r\", #{ titel: \"t\", comit: |c| 1 });"),
        &[
            "rule `r` has no `title`",
            "rule `r` has no `why`",
            "rule `r` has no handler (it needs one of `commit`, `file`, `change`, `push`: `commit: |commit| { ... }`)",
            "unknown key `titel` in rule `r` (did you mean `title`?)",
            "unknown key `comit` in rule `r` (did you mean `commit`?)",
        ],
    );
    let one = "rule(\"r\", #{ title: \"t\", why: \"w\", commit: |c| c.subject });\n";
    finds(&rules(&one.repeat(2)), &["rule `r` is declared twice (the other one is at r.rhai:1:1)"]);
    // Also where the script fails before it comes to them.
    finds(
        &rules(&format!("frobnicate();\n{}", one.repeat(2))),
        &["unknown function `frobnicate`", "rule `r` is declared twice (the other one is at r.rhai:2:1)"],
    );
    finds(&rules("rule(\"r\");"), &["`rule` takes 2 arguments, not 1 (an id and a map `#{ ... }`)"]);
}

#[test]
fn tests_of_rules() {
    let of = |body: &str| {
        let text = format!("test(\"one\", || {{\n{body}\n}});\n");
        rule("commit", "").into_iter().chain([script("t.rhai", &text, ScriptKind::Tests)]).collect::<Vec<_>>()
    };
    let wrap = |what: &str| format!("assert_satisfied(\"r\", {what});");
    for (body, message) in [
        (wrap("commit(#{ subjct: \"x\" })"), "unknown property `subjct` of commit (did you mean `subject`?)"),
        (
            wrap("commit(#{ author: #{ nam: \"x\" } })"),
            "unknown property `nam` of person (did you mean `name`?)",
        ),
        (
            wrap("commit(#{ files: [#{ pth: \"x\" }] })"),
            "unknown property `pth` of file (did you mean `path`?)",
        ),
        (
            wrap("commit(#{ files: [file(#{ status: \"remove\" })] })"),
            "`status` of file cannot be `remove` (valid here: added, modified, deleted, renamed, copied, type-changed)",
        ),
        (
            wrap("commit(#{ signature: #{ status: \"god\" } })"),
            "`status` of signature cannot be `god` (did you mean `good`?)",
        ),
        (
            wrap("commit(#{ is_merge: \"yes\" })"),
            "`is_merge` of commit must be `true` or `false`, not a text",
        ),
        (
            wrap("change(#{ approvals: [#{ person: \"a\", tme: 1 }, #{ nme: \"b\" }] })"),
            "unknown property `tme` of approval (did you mean `time`?)\nunknown property `nme` of person (did you mean `name`?)",
        ),
        ("assert_satisfied(\"rr\", commit(#{}));".to_owned(), "unknown rule `rr` (did you mean `r`?)"),
        (
            "assert_violated(\"r\", commit(#{}), #{ mx: 1 });".to_owned(),
            "the rule `r` has no parameter `mx` (did you mean `max`?)",
        ),
        (
            "assert_message(\"r\", commit(#{}), \"text\", #{ mx: 1 });".to_owned(),
            "the rule `r` has no parameter `mx` (did you mean `max`?)",
        ),
        (
            "assert_eq(assert_violated(\"r\", commit(#{}))[0].mesage, \"x\");".to_owned(),
            "unknown property `mesage` of a reported (did you mean `message`?)",
        ),
        (
            "assert_violatd(\"r\", commit(#{}));".to_owned(),
            "unknown function `assert_violatd` (did you mean `assert_violated`?)",
        ),
        (
            "assert_violated(\"r\");".to_owned(),
            "`assert_violated` takes 2 or 3 arguments, not 1 (there is `assert_violated(rule: string, subject: any) -> [reported]`, `assert_violated(rule: string, subject: any, params: map) -> [reported]`)",
        ),
        (
            "commit(#{});".to_owned(),
            "this test asserts nothing (say what is expected with `assert_violated(\"rule\", subject)` and its kin)",
        ),
    ] {
        finds(&of(&body), &message.split('\n').collect::<Vec<_>>());
    }
    for body in [
        wrap(
            "commit(#{ subject: \"x\", paths: [\"a\"], links: #{ a: \"b\" }, trailers: #{ \"Any-Key\": \"v\" } })",
        ),
        wrap(
            "commit(#{ files: [\"a.txt\", file(#{ path: \"x\", text: \"y\", old_text: () })], author: \"a@b\", id: () })",
        ),
        wrap("commit(#{ signature: \"good\", conventional: #{ type: \"feat\", breaking: true } })"),
        wrap(
            "change(#{ tests: [\"ci\", #{ suite: \"e2e\", result: \"failed\" }], required: #{ approvals: 1 }, impact: \"major\" })",
        ),
        "check(commit(#{}));".to_owned(),
    ] {
        let mut scripts = of(&body);
        if body.starts_with("check") {
            scripts[1]
                .text
                .push_str("fn check(c) { again(c) }\nfn again(c) { assert_satisfied(\"r\", c); }\n");
        }
        finds(&scripts, &[]);
    }
    let twice = "test(\"a\", || { assert(true) });\ntest(\"a\", |x| { assert(x) });\n";
    let again = script("u.rhai", "test(\"a\", || { assert(true) });\n", ScriptKind::Tests);
    finds(
        &[script("t.rhai", twice, ScriptKind::Tests), again],
        &[
            "test `a` is declared twice (the other one is at t.rhai:1:1)",
            "a test takes no arguments, and this one takes 1 (write `test(\"name\", || { ... })`)",
        ],
    );
}

#[test]
fn each_mistake_has_its_place() {
    let text = "rule(\"r\", #{\n    title: \"t\",\n    why: \"w\",\n    commit: |commit| {\n        let n = commit\n            .sbject;\n        \
                if n > 1 && commit.author.nam == \"x\" { finding(\"a\", n) }\n        frob(commit.bdy);\n    },\n});\n";
    let linted = lint(&rules(text));
    let places: Vec<String> =
        linted.errors.iter().map(|one| one.place.as_ref().unwrap().to_string()).collect();
    assert_eq!(places, ["r.rhai:6:14", "r.rhai:7:35", "r.rhai:7:48", "r.rhai:8:9", "r.rhai:8:21"]);
}

#[test]
fn every_broken_script_is_told_of_and_the_others_are_looked_at() {
    let mut scripts = rules(
        "rule(\"a\", #{ title: });\nrule(\"b\", #{ title: \"t\", why: \"w\", commit: |c| c.sbject });\n",
    );
    scripts.push(script("b.rhai", "let = 1;", ScriptKind::Rules));
    scripts.push(script(
        "t.rhai",
        "test(\"x\", || { assert_satisfied(\"a\", commit(#{})) });\n",
        ScriptKind::Tests,
    ));
    let linted = lint(&scripts);
    let shown: Vec<String> =
        linted.errors.iter().map(|one| format!("{} {}", one.place.as_ref().unwrap(), one.message)).collect();
    insta::assert_snapshot!(shown.join("\n"), @"
    b.rhai:1:5 expecting name of a variable
    r.rhai:1:21 unexpected `}`
    r.rhai:2:50 unknown property `sbject` of a commit
    ");
    assert_eq!(linted.broken, ["r.rhai", "b.rhai"]);
}

#[test]
fn filters_are_known_with_their_places() {
    let text = "rule(\"r\", #{ title: \"t\", why: \"w\", files: [\"*.tf\", \"!x\"],\n  refs: [\"main\"], commit: |c| c.subject });\n";
    let filters = lint(&rules(text)).filters;
    let shown: Vec<String> =
        filters.iter().map(|one| format!("{} {} {}", one.place, one.is_ref, one.pattern)).collect();
    assert_eq!(shown, ["r.rhai:1:44 false *.tf", "r.rhai:1:52 false !x", "r.rhai:2:10 true main"]);
}

#[test]
fn what_nobody_writes_by_hand_takes_no_long_time() {
    let many = |one: &dyn Fn(usize) -> String, count: usize| (0..count).map(one).collect::<String>();
    let handler = |body: String| rule("file", &body);
    let unknown = many(&|n| format!("let v{n} = file; finding(w{n});\n"), 3_000);
    let cases = many(&|n| format!("switch file.status {{ \"x{n}\" => 1, _ => 2 }};\n"), 2_000);
    let broken = format!("let x = ;\n{}", many(&|n| format!("fn f{n}() {{ 1 }}\n"), 50_000));
    for (scripts, most) in [(handler(unknown), 300), (handler(cases), 301), (rules(&broken), 1)] {
        let began = std::time::Instant::now();
        let found = lint(&scripts);
        assert!(
            (1..=most).contains(&found.errors.len()) && found.warnings.is_empty(),
            "{}",
            found.errors.len()
        );
        assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
    }
}

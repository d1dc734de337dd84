//! docs/rules.md: what it shows is what happens, and nothing that a rule can name is missing from it. And
//! docs/conventional-commits.md: its tables are whole, and name rules that are there.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

mod common;
#[path = "common/document.rs"]
mod document;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use bylaws::facts::{Commit, CommitParts, NoStore};
use bylaws::policy::testing::{self, Options, TestOutcome};
use bylaws::policy::{Kind, Limits, Origin, RuleBook, Script, ScriptKind};
use common::{Repo, environment};
use document::Block;

const GUIDE: &str = include_str!("../docs/rules.md");

fn blocks() -> Vec<Block> {
    document::blocks(GUIDE)
}

const STORY: &str = "From nothing to a trusted rule";

/// What a box of Rhai holds, by how it begins.
fn kind(block: &Block) -> Option<ScriptKind> {
    let first = block.text.lines().next().unwrap();
    if let Some(library) = first.strip_prefix("// rules/lib/") {
        return Some(ScriptKind::Library(library.trim_end_matches(".rhai").to_owned()));
    }
    let declares = |word: &str| block.text.lines().any(|line| line.starts_with(&format!("{word}(\"")));
    if declares("rule") || declares("classify") {
        return Some(ScriptKind::Rules);
    }
    declares("test").then_some(ScriptKind::Tests)
}

/// The boxes outside of the story as scripts; what is neither rule nor test is the body of a test.
fn scripts() -> Vec<Script> {
    let of_guide = |block: &Block| block.language.starts_with("rhai") && block.section != STORY;
    let script = |block: Block| {
        let (kind, text) = match kind(&block) {
            Some(kind) => (kind, format!("{}{}", "\n".repeat(block.line - 1), block.text)),
            None => (ScriptKind::Tests, as_test(&block)),
        };
        Script { name: format!("docs/rules.md at {}", block.line), text, origin: Origin::Repository, kind }
    };
    blocks().into_iter().filter(of_guide).map(script).collect()
}

/// Functions stay outside, as Rhai has none inside of others.
fn as_test(block: &Block) -> String {
    let (mut functions, mut body, mut inside) = (String::new(), String::new(), false);
    for line in block.text.lines() {
        inside = inside || line.starts_with("fn ");
        let here = if inside { &mut functions } else { &mut body };
        here.push_str(line);
        here.push('\n');
        inside = inside && line != "}";
    }
    // The body begins where it does in the guide.
    let before = block.line.saturating_sub(functions.lines().count() + 2);
    let lines = "\n".repeat(before);
    format!("{lines}{functions}test(\"{}\", || {{\n{body}assert(true);\n}});", block.language)
}

/// What `commit_at` finds in the guide's repository, which is none.
fn commit_at(_: &str) -> Result<Arc<Commit>, String> {
    let parts = CommitParts { message: "Add the parser\n".to_owned(), ..CommitParts::default() };
    Ok(Arc::new(Commit::new(parts, Arc::new(NoStore))))
}

#[test]
fn every_example_does_what_it_says() {
    let scripts = scripts();
    let book = RuleBook::compile(&scripts, Limits::default()).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let options = Options { commit_at: Some(Arc::new(commit_at)), ..Options::default() };
    let outcomes =
        testing::run_with(&book, &scripts, &options).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let (wrong, right): (Vec<_>, Vec<_>) = outcomes.iter().partition(|one| one.name == "rhai error");
    let failed: Vec<_> = right.iter().filter(|one| !one.passed()).map(|one| shown(one)).collect();
    assert!(failed.is_empty(), "{} of {} failed:\n{}", failed.len(), outcomes.len(), failed.join("\n"));
    assert!(right.len() > 30 && book.rules().len() > 10, "the examples were not found");
    assert_eq!(wrong.len(), 1);
    assert!(wrong[0].failure.as_ref().is_some_and(|failure| failure.message.contains("data race detected")));
}

fn shown(outcome: &TestOutcome) -> String {
    let failure = outcome.failure.as_ref().unwrap();
    format!("{}: {}: {} {:?}", failure.place, outcome.name, failure.message, failure.said)
}

/// Examples of a member stand below a heading with the name of its type, those of a function anywhere.
#[test]
fn everything_that_a_rule_can_name_is_in_an_example() {
    let blocks = blocks();
    let examples = |owner: &str| {
        let quoted = format!("`{owner}`");
        let own = blocks.iter().filter(|block| block.language.starts_with("rhai"));
        let own = own.filter(|block| owner.is_empty() || block.section.contains(&quoted));
        own.map(|block| without_comments(&block.text)).collect::<String>()
    };
    let book = RuleBook::compile(&[], Limits::default()).unwrap();
    let mut missing = Vec::new();
    for entry in book.table().entries() {
        let text = examples(entry.owner);
        let pattern = match entry.kind {
            Kind::Property => format!(r"\.{}\b", entry.name),
            Kind::Method => format!(r"\.{}\(", entry.name),
            Kind::Function => format!(r"(?:^|[^.\w]){}\(", entry.name),
        };
        if !regex::Regex::new(&pattern).unwrap().is_match(&text) {
            missing.push(format!("{}.{} {}", entry.owner, entry.name, entry.signature));
        }
    }
    missing.dedup();
    assert!(missing.is_empty(), "{} are missing:\n{}", missing.len(), missing.join("\n"));
    for (name, _) in book.table().types() {
        assert!(GUIDE.contains(&format!("`{name}`")), "the type `{name}` is missing");
    }
}

fn without_comments(code: &str) -> String {
    code.lines().map(|line| format!("{}\n", line.split("//").next().unwrap())).collect()
}

#[test]
fn every_toml_is_toml() {
    let mut seen = 0;
    for block in blocks().iter().filter(|block| block.language == "toml") {
        seen += 1;
        if let Err(error) = toml::from_str::<toml::Table>(&block.text) {
            panic!("line {}: {error}", block.line);
        }
    }
    assert!(seen >= 3);
}

#[test]
fn every_link_within_leads_somewhere() {
    assert_eq!(document::broken_links(GUIDE), [""; 0]);
}

/// A repository with a little history, as a new user has one.
fn shop() -> Repo {
    let repo = Repo::new();
    let commits = [
        ("src/main.c", "int main(void) { return 0; } // TODO speed\n", "Add main"),
        ("src/cart.c", "// FIXME(SHOP-12): leaks\nint cart;\n", "Add the cart"),
        ("src/pay.c", "void pay(void) {}\n// TODO: refunds\n", "Add paying"),
        ("README.md", "# Shop\n", "Describe the shop"),
    ];
    for (path, text, subject) in commits {
        repo.stage(path, text);
        repo.git(&["commit", "-q", "-m", subject]);
    }
    repo
}

/// A folder with nothing but the program in it, to be found by its name.
fn path_with_bylaws(repo: &Repo) -> PathBuf {
    let folder = repo.beside("bin");
    fs::create_dir_all(&folder).unwrap();
    let link = folder.join("bylaws");
    if !link.exists() {
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_bylaws"), link).unwrap();
    }
    folder
}

/// Runs a line as a shell does; both streams, with `TIME` and `ID` for what differs each time.
fn typed(repo: &Repo, line: &str) -> String {
    let variables = environment();
    let path =
        variables.iter().find(|(name, _)| name == "PATH").map(|(_, path)| path.clone()).unwrap_or_default();
    let path = std::env::join_paths([path_with_bylaws(repo)].into_iter().chain(std::env::split_paths(&path)))
        .unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{line} 2>&1")]).current_dir(repo.path()).env_clear().envs(variables);
    let output = command.env("PATH", path).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let text = regex::Regex::new(r"\d+(\.\d)? m?s\b").unwrap().replace_all(&text, "TIME").into_owned();
    regex::Regex::new(r"(?m)^(  --> )[0-9a-f]{7,} ").unwrap().replace_all(&text, "${1}ID ").into_owned()
}

/// The boxes of the story one after another: files are written, commands are typed.
#[test]
fn the_way_from_nothing_to_a_trusted_rule_can_be_gone() {
    let repo = shop();
    let mut commands = 0;
    for block in blocks().into_iter().filter(|block| block.section == STORY) {
        match block.language.as_str() {
            "rhai" => {
                let path = block.text.lines().next().unwrap().strip_prefix("// ").unwrap();
                repo.write(path, &block.text);
            }
            "console" => {
                let mut told = String::new();
                for line in block.text.lines().filter_map(|line| line.strip_prefix("$ ")) {
                    commands += 1;
                    told.push_str(&format!("$ {line}\n{}", typed(&repo, line)));
                }
                assert_eq!(told, block.text, "line {}", block.line);
            }
            "toml" => {
                let config = repo.path().join(".bylaws/bylaws.toml");
                let text = fs::read_to_string(&config).unwrap().replace("[rules]\n", &block.text);
                fs::write(config, text).unwrap();
            }
            other => panic!("line {}: what is {other}?", block.line),
        }
    }
    assert!(commands > 5);
    // What the story ends with: the rule denies what it is about, and the document tells of it.
    repo.stage("src/new.c", "// TODO: all\n");
    let checked = typed(&repo, "bylaws check");
    assert!(checked.contains("error[todo-has-ticket]"), "{checked}");
    let document = fs::read_to_string(repo.path().join("policy.md")).unwrap();
    assert!(document.contains("What is left to do has a ticket"), "{document}");
}

/// The same examples as the files of a policy: the linter, which knows more than the compiler, finds nothing in them.
#[test]
fn every_example_is_clean() {
    let repo = Repo::new();
    repo.write(
        ".bylaws/bylaws.toml",
        "extends = []\n[environments.production]\nrefs = [\"main\"]\n[requirements.production]\nmajor = {}\n",
    );
    for (number, script) in
        scripts().iter().enumerate().filter(|(_, script)| !script.text.contains("rhai error"))
    {
        let path = match &script.kind {
            ScriptKind::Rules => format!("rules/{number}.rhai"),
            ScriptKind::Library(name) => format!("rules/lib/{name}.rhai"),
            ScriptKind::Tests => format!("tests/{number}.rhai"),
        };
        repo.write(&format!(".bylaws/{path}"), &script.text);
    }
    let told = typed(&repo, "bylaws lint");
    assert!(told.starts_with("no mistakes found"), "{told}");
    assert!(Path::new(&repo.path().join(".bylaws/rules/lib/tickets.rhai")).exists());
}

/// The rows of the tables of a document in Markdown whose first cell is a name: their first two cells.
fn rows(document: &str) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    for line in document.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if cells[1].contains('`') {
            rows.push((cells[1].to_owned(), cells[2].to_owned()));
        }
    }
    rows
}

/// What stands between backquotes.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

const COMMITLINT: &str = "body-case body-empty body-full-stop body-leading-blank body-max-length body-max-line-length
    body-min-length breaking-change-exclamation-mark footer-empty footer-leading-blank footer-max-length
    footer-max-line-length footer-min-length header-case header-full-stop header-max-length header-min-length
    header-trim references-empty scope-case scope-delimiter-style scope-empty scope-enum scope-max-length
    scope-min-length signed-off-by subject-case subject-empty subject-exclamation-mark subject-full-stop
    subject-max-length subject-min-length trailer-exists type-case type-empty type-enum type-max-length type-min-length";
const GITLINT: &str = "title-max-length title-trailing-whitespace title-trailing-punctuation title-hard-tab
    title-must-not-contain-word title-leading-whitespace title-match-regex title-min-length body-max-line-length
    body-trailing-whitespace body-hard-tab body-first-line-empty body-min-length body-is-missing
    body-changed-file-mention body-match-regex author-valid-email ignore-by-title ignore-by-body ignore-body-lines
    ignore-by-author-name contrib-title-conventional-commits contrib-body-requires-signed-off-by
    contrib-disallow-cleanup-commits contrib-allowed-authors";

#[test]
fn the_table_of_others_rules_is_whole_and_names_rules_that_are_there() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/conventional-commits.md");
    let document = fs::read_to_string(path).unwrap();
    let (document, gitlint) = document.split_once("\n## gitlint").unwrap();
    let (ours, commitlint) = document.split_once("\n## commitlint").unwrap();
    let scripts = bylaws::config::set_scripts("conventional-commits").unwrap();
    let book = RuleBook::compile(&scripts, Limits::default()).unwrap();
    for (table, names) in [(commitlint, COMMITLINT), (gitlint, GITLINT)] {
        let rows = rows(table);
        let named: Vec<&str> = rows.iter().map(|(theirs, _)| quoted(theirs)[0]).collect();
        assert_eq!(named, names.split_whitespace().collect::<Vec<_>>());
        for (theirs, here) in &rows {
            let Some((id, params)) = quoted(here).split_first().map(|(id, params)| (*id, params.to_vec()))
            else {
                assert_eq!(here, "none", "{theirs}");
                continue;
            };
            let rule = book
                .rules()
                .iter()
                .find(|rule| rule.id == id)
                .unwrap_or_else(|| panic!("{theirs}: no rule `{id}`"));
            for param in params {
                assert!(rule.params.contains_key(param), "{theirs}: `{id}` has no parameter `{param}`");
            }
        }
    }
    let described: Vec<String> = rows(ours).iter().map(|(rule, _)| quoted(rule)[0].to_owned()).collect();
    for rule in book.rules() {
        assert!(described.contains(&rule.id), "`{}` is not described", rule.id);
        // What is said of commitlint's own configuration is that every parameter of ours is there for something.
        for param in rule.params.keys() {
            assert!(
                document.contains(param) || gitlint.contains(param),
                "`{param}` of `{}` is not described",
                rule.id
            );
        }
    }
}

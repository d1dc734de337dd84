//! The walls between the parts, as DESIGN and lib.rs draw them: who may name what.
#![allow(clippy::unwrap_used, reason = "this is a test")]

use std::fs;
use std::path::{Path, PathBuf};

/// Words that only some folders of `src/` may use: the word, and who may.
const WALLS: &[(&str, &[&str])] = &[
    ("git2::", &["git"]),
    ("rhai::", &["policy"]),
    ("std::env", &["cli", "main.rs"]),
    // `install` runs the hooks of other tools; `ledger` asks for its own number, and runs none.
    ("std::process", &["cli", "git", "install", "ledger", "main.rs"]),
    ("std::fs", &["cli", "config", "git", "install", "ledger", "server"]),
    ("rustix::", &["git", "ledger"]),
    ("println!", &[]),
    ("eprintln!", &[]),
    ("io::stdout", &["cli"]),
    ("io::stderr", &["cli", "main.rs"]),
    ("io::stdin", &["cli"]),
    ("SystemTime::now", &["cli"]),
    ("anyhow", &["cli", "main.rs"]),
    ("crate::cli", &["cli", "main.rs"]),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The code of a file without comments and without its unit tests.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]\nmod ").next().unwrap();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn each_part_names_only_what_it_may() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 20, "the sources were not found");
    let mut broken = Vec::new();
    for file in files {
        let below = file.strip_prefix(&root).unwrap();
        let part = below.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
        let code = code(&file);
        for (word, allowed) in WALLS {
            if code.contains(word) && !allowed.contains(&part.as_str()) {
                broken.push(format!("src/{} names `{word}`, which only {allowed:?} may", below.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_test_file_is_run() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    for entry in fs::read_dir(tests).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "common" && name != "data") {
            let root = fs::read_to_string(path.with_extension("rs")).unwrap_or_default();
            for module in fs::read_dir(&path).unwrap() {
                let module = module.unwrap().path();
                let declared = format!("mod {};", module.file_stem().unwrap().to_string_lossy());
                assert!(
                    root.contains(&declared),
                    "{} is a file whose tests cargo does not run",
                    module.display()
                );
            }
        }
    }
}

//! How far a change reaches.

use std::sync::Arc;

use super::read;
use crate::config::{Classification, Movement};
use crate::facts::{EntryMode, File, FileParts, FileStatus, GitPath, Impact, NoStore};

const BYLAWS: &str = r#"
[[classify]]
paths = ["*.tf", "/.github/"]
impact = "major"
why = "infrastructure"
[[classify]]
paths = ["/docs/", "*.md"]
impact = "trivial"
why = "documentation"
[[classify]]
paths = ["/tools/"]
impact = "minor"
"#;

pub(super) fn file(path: &str) -> FileParts {
    FileParts {
        path: path.into(),
        old_path: None,
        status: FileStatus::Modified,
        mode: EntryMode(0o100_644),
        old_mode: Some(EntryMode(0o100_644)),
        id: None,
        old_id: None,
    }
}

fn classify(files: Vec<FileParts>, movement: Movement) -> Classification {
    let files: Vec<Arc<File>> =
        files.into_iter().map(|parts| Arc::new(File::new(parts, Arc::new(NoStore)))).collect();
    read(BYLAWS, "").unwrap().config.classify(&files, movement)
}

fn of(paths: &[&str]) -> Impact {
    classify(paths.iter().map(|path| file(path)).collect(), Movement::default()).impact
}

#[test]
fn the_highest_impact_of_any_file_wins() {
    for (paths, impact) in [
        (&["docs/a.txt"][..], Impact::Trivial),
        (&["docs/a.txt", "src/README.md"], Impact::Trivial),
        (&["docs/a.txt", "src/a.rs"], Impact::Minor),
        (&["docs/a.txt", "tools/a.md"], Impact::Minor),
        (&["docs/a.txt", "docs/a.tf"], Impact::Major),
        (&["src/a.rs"], Impact::Minor),
        (&[".github/workflows/ci.yml", "README.md"], Impact::Major),
        (&["x/.github/a"], Impact::Minor),
        (&[], Impact::Minor),
    ] {
        assert_eq!(of(paths), impact, "{paths:?}");
    }
}

#[test]
fn the_policy_is_major_whatever_the_entries_say() {
    for path in [".bylaws/README.md", ".bylaws/rules/a.rhai", ".bylaws", ".ByLaws/a.md"] {
        assert_eq!(of(&["README.md", path]), Impact::Major, "{path}");
    }
    for path in ["docs/.bylaws/a.md", ".bylaws.md", ".bylawsx/a.md"] {
        assert_eq!(of(&[path]), Impact::Trivial, "{path}");
    }
}

#[test]
fn movements_are_major() {
    for movement in [
        Movement { is_rewind: true, ..Movement::default() },
        Movement { is_deletion: true, ..Movement::default() },
        Movement { is_no_commit: true, ..Movement::default() },
    ] {
        assert_eq!(classify(vec![file("README.md")], movement).impact, Impact::Major, "{movement:?}");
        assert_eq!(classify(Vec::new(), movement).impact, Impact::Major, "{movement:?}");
    }
}

#[test]
fn a_submodule_is_major_when_it_comes_moves_and_goes() {
    let link = EntryMode(0o160_000);
    let moves = FileParts { mode: link, old_mode: Some(link), ..file("docs/lib") };
    let comes = FileParts { mode: link, ..file("docs/lib") };
    let goes = FileParts { old_mode: Some(link), ..file("docs/lib") };
    for parts in [moves, comes, goes] {
        assert_eq!(classify(vec![parts], Movement::default()).impact, Impact::Major);
    }
}

#[test]
fn moving_a_file_out_of_its_folder_does_not_make_it_harmless() {
    let moved = |from: &str, to: &str, status| FileParts { old_path: Some(from.into()), status, ..file(to) };
    let impact = |parts| classify(vec![parts], Movement::default()).impact;
    assert_eq!(impact(moved("main.tf", "docs/main.txt", FileStatus::Renamed)), Impact::Major);
    assert_eq!(impact(moved(".bylaws/rules/a.rhai", "docs/a", FileStatus::Renamed)), Impact::Major);
    assert_eq!(impact(moved("src/a", "docs/a", FileStatus::Renamed)), Impact::Minor);
    assert_eq!(impact(moved("main.tf", "docs/main.txt", FileStatus::Copied)), Impact::Trivial);
}

#[test]
fn the_reasons_are_those_of_the_impact_reached() {
    let files = ["README.md", "b.tf", "a.tf", "src/x"].map(file).to_vec();
    let found = classify(files, Movement { is_rewind: true, ..Movement::default() });
    let reasons: Vec<_> = found.reasons.iter().map(|one| (one.why.as_str(), one.path.clone())).collect();
    assert_eq!(reasons, [("the ref is rewound", None), ("infrastructure", Some(GitPath::from("b.tf")))]);
    let found = classify(vec![file("tools/x")], Movement::default());
    assert_eq!(found.reasons[0].why, "matches /tools/");
}

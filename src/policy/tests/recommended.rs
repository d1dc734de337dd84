//! The shipped rules, with their own tests.

use super::*;

#[test]
fn the_recommended_rules_pass_their_tests() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("policy-examples/recommended");
    let read = |folder: std::path::PathBuf, kind: ScriptKind| {
        let mut scripts: Vec<Script> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "rhai"))
            .map(|path| Script {
                name: path.file_name().unwrap().to_string_lossy().into_owned(),
                text: std::fs::read_to_string(&path).unwrap(),
                origin: Origin::Set("recommended".to_owned()),
                kind: kind.clone(),
            })
            .collect();
        scripts.sort_by(|a, b| a.name.cmp(&b.name));
        scripts
    };
    let book = compile(&read(folder.clone(), ScriptKind::Rules)).unwrap_or_else(|problems| panic!("{problems}"));
    let tests = read(folder.join("tests"), ScriptKind::Tests);
    let outcomes = testing::run(&book, &tests, None).unwrap_or_else(|problems| panic!("{problems}"));
    let failed: Vec<String> = outcomes
        .iter()
        .filter_map(|outcome| outcome.failure.as_ref().map(|failure| format!("{}: {failure:#?}", outcome.name)))
        .collect();
    assert!(failed.is_empty(), "{} of {} failed\n{}", failed.len(), outcomes.len(), failed.join("\n"));
}

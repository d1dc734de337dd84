//! What a `.bylaws/` is made of, and that nothing in it which looks like a policy is passed over.

use std::fs;
use std::path::Path;

use super::NOW;
use crate::config::{LoadedPolicy, PolicyFile, PolicySource, load, load_if_present};
use crate::diagnostic::Diagnostics;
use crate::policy::Value;
use crate::verdict::Level;

const RULE: &str = "rule(\"own\", #{ title: \"t\", why: \"w\", commit: |commit| { } });";

fn files(files: &[(&str, &str)]) -> Vec<PolicyFile> {
    let own = [("bylaws.toml", "extends = []\n"), ("rules/own.rhai", RULE)];
    let given = |path: &str| files.iter().any(|(given, _)| *given == path);
    let own = own.iter().filter(|(path, _)| !given(path));
    own.chain(files).map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
}

fn loaded(given: &[(&str, &str)]) -> Result<LoadedPolicy, Diagnostics> {
    load(PolicySource::Files(files(given), ".bylaws".to_owned()), NOW)
}

fn said(given: &[(&str, &str)]) -> String {
    loaded(given)
        .map(|loaded| format!("{} rules", loaded.policy.rules().count()))
        .unwrap_or_else(|e| e.to_string())
}

#[test]
fn other_files_are_left_alone() {
    let beside = [
        ("README.md", "x"),
        ("rules/README.md", "x"),
        ("rules/.own.rhai.swp", "x"),
        (".#bylaws.toml", "x"),
        ("bylaws.toml~", "x"),
        ("rules/own.rhai.orig", "x"),
        ("tests/.keep", ""),
    ];
    assert_eq!(said(&beside), "1 rules");
}

#[test]
fn what_looks_like_a_policy_and_is_none_is_an_error() {
    for (path, message) in [
        (
            "bylaw.toml",
            "no file of a policy has this name\n  --> .bylaws/bylaw.toml\n  = help: did you mean `bylaws.toml`?",
        ),
        (
            "server.toml",
            "no file of a policy has this name\n  --> .bylaws/server.toml\n  = help: the TOML files of a policy are \
             bylaws.toml and people.toml, directly in it",
        ),
        ("rules/people.toml", "no file of a policy has this name"),
        ("own.rhai", "help: rules are read from rules/, libraries from rules/lib/, tests from tests/"),
        ("rule/own.rhai", "help: did you mean `rules/own.rhai`?"),
        ("test/own.rhai", "help: did you mean `tests/own.rhai`?"),
        (
            "rules/Own.RHAI",
            "its name is not in lower case\n  --> .bylaws/rules/Own.RHAI\n  = help: call it rules/own.rhai",
        ),
        ("rules/lib/my-lib.rhai", "`my-lib` cannot be the name of a library"),
        ("rules/lib/a/b.rhai", "`a/b` cannot be the name of a library"),
        ("rules/lib/_.rhai", "`_` cannot be the name of a library"),
        ("tests", "it is a file or link in place of a folder"),
    ] {
        let said = said(&[(path, "")]);
        assert!(said.starts_with("error: ") && said.contains(message), "{path}:\n{said}");
    }
}

#[test]
fn what_is_not_text_is_an_error() {
    let mut broken = files(&[("people.toml", "")]);
    broken.last_mut().unwrap().1 = b"# caf\xe9\n".to_vec();
    let error = load(PolicySource::Files(broken, ".bylaws".to_owned()), NOW).unwrap_err();
    assert_eq!(error.to_string(), "error: this file is not UTF-8 text\n  --> .bylaws/people.toml:1:6");
}

#[test]
fn what_is_too_large_is_an_error() {
    let large = "#".repeat((1 << 20) + 1);
    assert_eq!(
        said(&[("people.toml", &large)]),
        "error: this file is larger than 1024 KiB\n  --> .bylaws/people.toml"
    );
    let many: Vec<PolicyFile> = (0..10_001).map(|n| (format!("rules/{n}.rhai"), Vec::new())).collect();
    assert!(load(PolicySource::Files(many, ".bylaws".to_owned()), NOW).is_err());
}

#[test]
fn mistakes_of_all_files_are_said_at_once() {
    let said = said(&[
        ("bylaws.toml", "extends = []\nexcpt = []\n"),
        ("people.toml", "[people.ada]\nemails = ['x']\n"),
        ("rules/own.rhai", "rule(\"own\", #{ title: \"t\", why: \"w\", comit: |commit| { } });"),
    ]);
    for part in
        ["--> .bylaws/bylaws.toml:2:1", "--> .bylaws/people.toml:2:11", "--> .bylaws/rules/own.rhai:1:"]
    {
        assert!(said.contains(part), "{part}\n{said}");
    }
}

#[test]
fn rules_of_the_repository_are_checked_against_its_configuration() {
    let rule = RULE.replace("title", "environments: [\"prod\"], params: #{ level: 3 }, title");
    let bylaws =
        "extends = []\n[environments.production]\nrefs = ['main']\n[requirements.production]\nmajor = {}\n";
    assert_eq!(
        said(&[("bylaws.toml", bylaws), ("rules/own.rhai", &rule)]),
        "error: `own` is for the environment `prod`, which does not exist\n  --> .bylaws/rules/own.rhai:1:1\n  = help: did \
         you mean `production`?\n\nerror: a parameter of `own` cannot be called `level`\n  --> .bylaws/rules/own.rhai:1:1\n  \
         = help: in [rules] that key means the same for every rule"
    );
}

#[test]
fn a_rule_of_ones_own_does_not_replace_a_shipped_one() {
    let said = said(&[("bylaws.toml", ""), ("rules/own.rhai", &RULE.replace("own", "subject-length"))]);
    assert!(
        said.contains("`subject-length`") && said.contains("<recommended>/subject-length.rhai"),
        "{said}"
    );
    assert!(said.contains("--> .bylaws/rules/own.rhai:1:"), "{said}");
}

#[test]
fn no_rule_in_force_is_an_error() {
    let expected =
        "error: no rule is in force, so nothing would be checked\n  --> .bylaws/bylaws.toml\n  = help: ";
    assert!(said(&[("bylaws.toml", "extends = []\n[rules]\nown = 'off'\n")]).starts_with(expected));
    let none = vec![("bylaws.toml".to_owned(), b"extends = []".to_vec())];
    let error = load(PolicySource::Files(none, ".bylaws".to_owned()), NOW).unwrap_err();
    assert!(error.to_string().starts_with(expected));
}

#[test]
fn the_digest_is_of_what_judges() {
    let digest = |given: &[(&str, &str)]| loaded(given).unwrap().name.digest;
    let bare = digest(&[]);
    assert_eq!(digest(&[("README.md", "x"), ("tests/own.rhai", "x")]), bare);
    let others = [
        digest(&[("people.toml", "[people.ada]\n")]),
        digest(&[("bylaws.toml", "extends = []\n# x\n")]),
        digest(&[("rules/own.rhai", &format!("{RULE}\n"))]),
        digest(&[("rules/lib/x.rhai", "")]),
    ];
    assert!(!others.contains(&bare));
}

#[test]
fn tests_of_rules_are_kept_and_not_compiled_as_rules() {
    let loaded = loaded(&[("tests/deep/own.rhai", "test(\"x\", || {});")]).unwrap();
    assert_eq!(loaded.tests.len(), 1);
    assert_eq!(loaded.tests[0].name, ".bylaws/tests/deep/own.rhai");
}

#[test]
fn every_rule_is_listed_in_force_or_not() {
    let with_param = RULE.replace("title", "params: #{ max: 1, min: 0 }, title").replace("own", "b");
    let bylaws = "extends = []\n[rules]\nown = 'off'\nb = { level = 'advisory', max = 2 }\n";
    let loaded = loaded(&[("bylaws.toml", bylaws), ("rules/b.rhai", &with_param)]).unwrap();
    let listed: Vec<_> = loaded.rules().iter().map(|one| (one.rule.id.clone(), one.level())).collect();
    assert_eq!(listed, [("b".to_owned(), Level::Advisory), ("own".to_owned(), Level::Off)]);
    let params: Vec<_> = loaded.rules()[0].params().collect();
    assert_eq!(params, [("max", &Value::Int(1), Some(&Value::Int(2))), ("min", &Value::Int(0), None)]);
}

fn write(folder: &Path, files: &[PolicyFile]) {
    for (path, contents) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }
}

fn from_folder(folder: &Path) -> Result<Option<LoadedPolicy>, Diagnostics> {
    load_if_present(PolicySource::Folder(folder, ".bylaws".to_owned()), NOW)
}

#[test]
fn a_folder_is_the_same_policy_as_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let given =
        files(&[("rules/deep/er/b.rhai", &RULE.replace("own", "b")), ("people.toml", "[people.ada]\n")]);
    write(folder.path(), &given);
    let on_disk = from_folder(folder.path()).unwrap().unwrap();
    let elsewhere = load(PolicySource::Files(given, "HEAD:.bylaws".to_owned()), NOW).unwrap();
    assert_eq!(on_disk.name.digest, elsewhere.name.digest);
    assert_eq!(on_disk.policy.rules().count(), 2);
    assert_eq!(on_disk.people.iter().count(), 1);
    assert_eq!((on_disk.name.source.as_str(), elsewhere.name.source.as_str()), (".bylaws", "HEAD:.bylaws"));
}

#[test]
fn no_folder_is_no_policy_and_a_file_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join(".bylaws");
    assert!(from_folder(&missing).unwrap().is_none());
    let error = load(PolicySource::Folder(&missing, ".bylaws".to_owned()), NOW).unwrap_err();
    assert!(error.to_string().starts_with("error: there is no policy at `.bylaws`\n  = help: "));
    fs::write(&missing, "").unwrap();
    assert_eq!(from_folder(&missing).unwrap_err().to_string(), "error: this is no folder\n  --> .bylaws");
}

#[cfg(unix)]
#[test]
fn links_and_pipes_are_no_part_of_a_policy() {
    use std::os::unix::fs::symlink;

    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("x.rhai"), RULE).unwrap();
    for (link, target) in
        [("rules/x.rhai", "x.rhai"), ("rules", "."), ("rules/team", "."), ("people.toml", "nowhere")]
    {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &[("bylaws.toml".to_owned(), Vec::new())]);
        let link_path = folder.path().join(link);
        fs::create_dir_all(link_path.parent().unwrap()).unwrap();
        symlink(outside.path().join(target), &link_path).unwrap();
        let error = from_folder(folder.path()).unwrap_err().to_string();
        let expected = "error: a symbolic link or special file cannot be part of a policy\n  --> .bylaws/";
        assert!(error.starts_with(&format!("{expected}{link}\n")), "{error}");
    }
    // An editor's lock is such a link.
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &files(&[]));
    symlink("nowhere", folder.path().join(".#bylaws.toml")).unwrap();
    assert!(from_folder(folder.path()).unwrap().is_some());
}

#[cfg(unix)]
#[test]
fn a_name_that_is_not_text_is_an_error() {
    use std::os::unix::ffi::OsStrExt as _;

    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &files(&[]));
    fs::write(folder.path().join("rules").join(std::ffi::OsStr::from_bytes(b"caf\xe9.rhai")), RULE).unwrap();
    let error = from_folder(folder.path()).unwrap_err().to_string();
    assert!(error.starts_with("error: the name of this file is not UTF-8 text\n"), "{error}");
}

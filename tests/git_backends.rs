//! Every scenario is read through both implementations, which must give the same facts; and they must be the right ones.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice, reason = "tests")]

mod common;

use bylaws::facts::{Blob, GitPath, MAX_BLOB, RefName};
use bylaws::git::{Needs, Repository};
use common::Repo;
use common::story::{file_text, history, on_both, tell};

#[test]
fn what_becomes_of_files() {
    let repo = Repo::new();
    repo.write("a", "1\n2\n3\n").write("b", "x").write("dir/c", "c\n").commit("root");
    repo.write("a", "1\ntwo\n3\n4\n").remove("b").write("dir/new", "").commit("modify, delete, add");
    repo.commit_staged("nothing at all");
    assert_eq!(
        history(&repo.location()),
        "\"root\" by Ada Lovelace <ada@example.org>, 0 parents\n  \
           added a 100644 6 bytes +3 -0\n  \
           added b 100644 1 bytes +1 -0\n  \
           added dir/c 100644 2 bytes +1 -0\n\
         \"modify, delete, add\" by Ada Lovelace <ada@example.org>\n  \
           modified a 100644 10 bytes +2 -1\n  \
           deleted b 100644 0 bytes +0 -1\n  \
           added dir/new 100644 0 bytes +0 -0\n\
         \"nothing at all\" by Ada Lovelace <ada@example.org>\n"
    );
}

#[test]
fn modes_and_kinds() {
    let repo = Repo::new();
    repo.write("script", "#!/bin/sh\n").write("link", "a\n").write("plain", "p\n").commit("root");
    repo.git(&["update-index", "--chmod=+x", "script"]);
    let target = repo.git_with_input(&["hash-object", "-w", "--stdin"], b"plain");
    repo.git(&["update-index", "--cacheinfo", &format!("120000,{target},link")]);
    let module = repo.head();
    repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{module},module")]);
    repo.commit_staged("executable, symlink, submodule");
    let bumped = repo.head();
    repo.git(&["update-index", "--cacheinfo", &format!("160000,{bumped},module")]);
    repo.commit_staged("bump");
    repo.git(&["rm", "-q", "--cached", "module", "link"]);
    repo.commit_staged("gone");
    let told = history(&repo.location());
    let told = told.split_once("symlink, submodule").unwrap().1;
    assert_eq!(
        told,
        "\" by Ada Lovelace <ada@example.org>\n  \
           type-changed link 100644 -> 120000 5 bytes +0 -0\n  \
           added module 160000 0 bytes +0 -0\n  \
           modified script 100644 -> 100755 10 bytes +0 -0\n\
         \"bump\" by Ada Lovelace <ada@example.org>\n  \
           modified module 160000 0 bytes +0 -0\n\
         \"gone\" by Ada Lovelace <ada@example.org>\n  \
           deleted link 120000 0 bytes +0 -0\n  \
           deleted module 160000 0 bytes +0 -0\n"
    );
}

#[test]
fn a_folder_in_place_of_a_file() {
    let repo = Repo::new();
    repo.write("a", "one\n").write("a.c", "two\n").commit("file");
    repo.remove("a").write("a/b", "other\n").commit("folder");
    let told = history(&repo.location());
    assert!(told.ends_with("  deleted a 100644 0 bytes +0 -1\n  added a/b 100644 6 bytes +1 -0\n"), "{told}");
}

#[test]
fn renames_and_copies() {
    let repo = Repo::new();
    let text: String = (0..40).map(|n| format!("line {n}\n")).collect();
    repo.write("equal", "the same\n")
        .write("alike", &text)
        .write("source", format!("{text}x\n"))
        .commit("root");
    std::fs::rename(repo.path().join("equal"), repo.path().join("moved")).unwrap();
    repo.remove("alike").write("sub/alike", text.replace("line 7\n", "line seven\n"));
    repo.write("copy", format!("{text}x\n")).write("source", "short\n");
    repo.commit("move, edit, copy");
    let told = history(&repo.location());
    assert!(
        told.ends_with(
            "  copied source -> copy 100644 312 bytes +0 -0\n  \
               renamed equal -> moved 100644 9 bytes +0 -0\n  \
               modified source 100644 6 bytes +1 -41\n  \
               renamed alike -> sub/alike 100644 314 bytes +1 -1\n"
        ),
        "{told}"
    );
}

#[test]
fn merges_show_what_differs_from_every_parent() {
    let repo = Repo::new();
    repo.write("a", "1\n2\n3\n4\n5\n6\n7\n8\n9\n").write("b", "b\n").commit("root");
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.write("a", "one\n2\n3\n4\n5\n6\n7\n8\n9\n").write("side", "s\n").commit("on the side");
    repo.git(&["checkout", "-q", "main"]);
    repo.write("a", "1\n2\n3\n4\n5\n6\n7\n8\nnine\n").commit("on main");
    repo.merge(&["side"], "both changed one file");
    repo.git(&["checkout", "-q", "-b", "third", "HEAD~1"]);
    repo.write("third", "t\n").commit("on the third");
    repo.git(&["checkout", "-q", "main"]);
    repo.git(&["merge", "-q", "--no-ff", "--no-commit", "third"]);
    repo.write("evil", "in neither\n").remove("b");
    repo.commit("evil");
    let told = history(&repo.location());
    let (_, merges) = told.split_once("\"both changed").unwrap();
    assert_eq!(
        merges,
        " one file\" by Ada Lovelace <ada@example.org>, 2 parents\n  \
           modified a 100644 23 bytes +1 -1\n\
         \"on the third\" by Ada Lovelace <ada@example.org>\n  \
           added third 100644 2 bytes +1 -0\n\
         \"evil\" by Ada Lovelace <ada@example.org>, 2 parents\n  \
           deleted b 100644 0 bytes +0 -1\n  \
           added evil 100644 11 bytes +1 -0\n"
    );
}

#[test]
fn an_octopus() {
    let repo = Repo::new();
    repo.write("a", "a\n").commit("root");
    for branch in ["x", "y"] {
        repo.git(&["checkout", "-q", "-b", branch, "main"]);
        repo.write(branch, "b\n").commit(branch);
    }
    repo.git(&["checkout", "-q", "main"]);
    repo.write("m", "m\n").commit("main");
    repo.git(&["merge", "-q", "--no-commit", "x", "y"]);
    repo.write("a", "in no parent\n").commit("octopus");
    let told = history(&repo.location());
    assert!(told.ends_with("3 parents\n  modified a 100644 13 bytes +1 -1\n"), "{told}");
}

#[test]
fn binary_files_and_lines_without_an_end() {
    let repo = Repo::new();
    repo.write("bin", b"a\0b\n").write("late", [vec![b'x'; 9000], vec![0]].concat()).commit("root");
    repo.write("bin", "now a text\n").write("end", "no line feed").commit("two");
    let told = history(&repo.location());
    assert!(
        told.contains("added bin 100644 4 bytes +0 -0 binary\n  added late 100644 9001 bytes +1 -0\n"),
        "{told}"
    );
    assert!(told.ends_with("modified bin 100644 11 bytes +0 -0 binary\n  added end 100644 12 bytes +1 -0\n"));
}

#[test]
#[cfg(unix)]
fn paths_and_messages_that_are_no_utf8() {
    use std::os::unix::ffi::OsStrExt as _;
    let repo = Repo::new();
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9 \"\n\x01");
    std::fs::write(repo.path().join(name), "x\n").unwrap();
    repo.git(&["add", "-A"]);
    let tree = repo.git(&["write-tree"]);
    let people = "author J\u{f6}rg <j@x> 1767225600 +0100\ncommitter J\u{f6}rg <j@x> 1767225600 +0100\n";
    let mut raw = format!("tree {tree}\n{people}\nbad ").into_bytes();
    raw.extend_from_slice(b"\xe9\xff\n");
    let bad = repo.object("commit", &raw);
    let latin = format!("tree {tree}\nparent {bad}\n{people}encoding ISO-8859-1\n\nlatin _\n").into_bytes();
    let latin: Vec<u8> = latin.into_iter().map(|byte| if byte == b'_' { 0xe9 } else { byte }).collect();
    let tip = repo.object("commit", &latin);
    repo.git(&["update-ref", "refs/heads/main", &tip]);
    let told = history(&repo.location());
    assert_eq!(
        told,
        "\"bad \u{fffd}\u{fffd}\" by Jörg <j@x>, 0 parents\n  added caf\\xe9 \\\"\\n\\x01 100644 2 bytes +1 -0\n\
         \"latin é\" by JÃ¶rg <j@x>\n"
    );
}

#[test]
fn odd_commits_are_facts_and_no_errors() {
    let repo = Repo::new();
    repo.write("a", "a\n").commit("root");
    let tree = repo.git(&["rev-parse", "HEAD^{tree}"]);
    let odd = [
        format!("tree {tree}\nauthor  <> x\ncommitter C <c> 99999999999999999999 +0000\n\n"),
        format!(
            "tree {tree}\nauthor A <a@b> -1 +9999\ncommitter A <a@b> 5 +0000\nx-header one\n two\n\nmessage\n"
        ),
        format!("tree {tree}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 5 +0000\n"),
    ];
    for raw in odd {
        let id = repo.object("commit", raw.as_bytes());
        repo.git(&["update-ref", "refs/heads/main", &id]);
        history(&repo.location());
    }
}

#[test]
fn a_large_file_never_comes_whole() {
    let repo = Repo::new();
    let size = 64 << 20;
    let file = std::fs::File::create(repo.write("small", "s\n").path().join("zeros")).unwrap();
    file.set_len(size).unwrap();
    let text = vec![b'a'; usize::try_from(MAX_BLOB).unwrap() + 1];
    repo.write("text", text);
    repo.commit("large");
    on_both(&repo.location(), |repository| {
        let head = repository.head().unwrap().id.unwrap();
        let needs = Needs { files: true, contents: true, old_contents: true };
        let commit = repository.commits(&[head], needs).unwrap().remove(0);
        let files = commit.files().unwrap();
        assert_eq!(files[2].size().unwrap(), size);
        assert!(files[2].is_binary().unwrap() && !files[1].is_binary().unwrap());
        let Blob::TooLarge { head, .. } = files[2].blob().unwrap().unwrap() else { panic!("it came whole") };
        assert_eq!(head.len(), 8000);
        files[1].lines().unwrap_err().to_string()
    });
}

#[test]
#[ignore = "takes half a minute"]
fn a_gigabyte_never_comes_whole() {
    let repo = Repo::new();
    let file = std::fs::File::create(repo.path().join("zeros")).unwrap();
    file.set_len(1 << 30).unwrap();
    repo.commit("loose");
    let peak = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap().trim();
        line.trim_end_matches(" kB").parse::<u64>().unwrap()
    };
    for packed in [false, true] {
        if packed {
            repo.git(&["repack", "-adq"]);
        }
        on_both(&repo.location(), |repository| {
            let head = repository.head().unwrap().id.unwrap();
            let needs = Needs { files: true, contents: true, old_contents: true };
            let commit = repository.commits(&[head], needs).unwrap().remove(0);
            file_text(&commit.files().unwrap()[0])
        });
    }
    assert!(peak() < 100 << 10, "{} kB", peak());
}

#[test]
fn more_contents_than_are_kept() {
    let repo = Repo::new();
    for n in 0..12_u8 {
        for name in ["a", "b", "c"] {
            let line = format!("{n}{name}").repeat(512);
            repo.write(name, format!("{line}\n").repeat(1024 + usize::from(n)));
        }
        repo.commit(&format!("number {n}"));
    }
    let told = history(&repo.location());
    assert_eq!(told.matches("modified").count(), 33, "{told}");
}

#[test]
fn entries_as_they_are_in_a_commit() {
    let repo = Repo::new();
    repo.write("dir/deep/file", "f\n").write("top", "t\n").commit("root");
    repo.write("top", "changed\n").commit("two");
    repo.stage("dir/staged", "s\n");
    on_both(&repo.location(), |repository| {
        let head = repository.head().unwrap().id.unwrap();
        let commit = repository.commits(&[head], Needs::default()).unwrap().remove(0);
        let at = |path: &str| commit.entry(path.as_bytes()).unwrap().map(|entry| entry.mode.octal());
        assert_eq!(at("dir/deep/file").as_deref(), Some("100644"));
        assert_eq!(at("dir/deep").as_deref(), Some("040000"));
        for absent in ["dir/none", "top/x", "dir/staged", "", "/top", "dir//deep/file"] {
            assert_eq!(at(absent), None, "{absent}");
        }
        let draft = bylaws::facts::Commit::new(bylaws::facts::CommitParts::default(), repository.store());
        let staged = |path: &str| draft.entry(path.as_bytes()).unwrap().map(|entry| entry.mode.octal());
        assert_eq!(staged("dir/staged").as_deref(), Some("100644"));
        assert_eq!((staged("dir"), staged("none")), (None, None));
        String::new()
    });
}

#[test]
fn folders_of_a_commit() {
    let repo = Repo::new();
    repo.write(".bylaws/rules/x.rhai", "x")
        .write(".bylaws/bylaws.toml", "t")
        .write("other", "o")
        .commit("root");
    on_both(&repo.location(), |repository| {
        let head = repository.head().unwrap().id.unwrap();
        let read = |path: &str| repository.folder(head, path).unwrap();
        let names = |path: &str| read(path).unwrap().into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names(".bylaws"), ["bylaws.toml", "rules/x.rhai"]);
        assert_eq!(names(".bylaws/rules/"), ["x.rhai"]);
        assert_eq!(names("").len(), 3);
        assert_eq!(read(".bylaws").unwrap()[0].1, b"t");
        assert!(read("other").is_none() && read("none").is_none() && read(".bylaws/none").is_none());
        String::new()
    });
}

#[test]
fn the_net_difference_of_two_commits() {
    let repo = Repo::new();
    repo.write("a", "a\n").write("b", "b\n").commit("one");
    repo.write("a", "other\n").commit("two");
    repo.write("a", "a\n").write("c", "c\n").commit("three");
    let told = on_both(&repo.location(), |repository| {
        let [one, three] = ["HEAD~2", "HEAD"].map(|revision| repository.resolve(revision).unwrap());
        let list = |old, new| {
            let files = repository.net_files(old, new).unwrap();
            files.iter().map(|file| file_text(file)).collect::<Vec<_>>().join(", ")
        };
        [list(Some(one), Some(three)), list(None, Some(one)), list(Some(three), None)].join("\n")
    });
    assert_eq!(
        told,
        "added c 100644 2 bytes +1 -0\n\
         added a 100644 2 bytes +1 -0, added b 100644 2 bytes +1 -0\n\
         deleted a 100644 0 bytes +0 -1, deleted b 100644 0 bytes +0 -1, deleted c 100644 0 bytes +0 -1"
    );
}

#[test]
fn replace_refs_and_grafts_show_nothing_else() {
    let repo = Repo::new();
    repo.write("a", "a\n").commit("root");
    let bad = repo.write("secret", "s\n").commit("bad");
    repo.remove("secret").commit("tip");
    let before = history(&repo.location());
    let tree = repo.git(&["rev-parse", "HEAD~2^{tree}"]);
    let good = repo.git(&["commit-tree", "-m", "good", "-p", "HEAD~2", &tree]);
    repo.git(&["replace", &bad, &good]);
    assert!(!repo.git(&["log", "--format=%s"]).contains("bad"));
    assert_eq!(history(&repo.location()), before);
    repo.git(&["replace", "-d", &bad]);
    std::fs::write(repo.path().join(".git/info/grafts"), format!("{}\n", repo.head())).unwrap();
    assert_eq!(history(&repo.location()), before);
}

#[test]
fn configuration_and_attributes_change_no_fact() {
    let repo = Repo::new();
    repo.write("b.txt", "b\n").write("a.txt", "a\n").commit("root");
    repo.write("a.txt", "A\n").write("b.txt", "B\n").write("sub/c.txt", "c\n").commit("two");
    let module = repo.head();
    repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{module},module")]);
    repo.write(".gitmodules", "[submodule \"module\"]\n\tpath = module\n\turl = x\n\tignore = all\n");
    repo.git(&["add", ".gitmodules"]);
    repo.commit_staged("submodule");
    let before = history(&repo.location());
    repo.write("order", "b*\n")
        .write(".git/info/attributes", "*.txt diff=odd -text working-tree-encoding=UTF-16\n");
    for (key, value) in [
        ("diff.orderFile", "order"),
        ("diff.external", "false"),
        ("diff.odd.textconv", "false"),
        ("diff.odd.command", "false"),
        ("diff.renames", "copies"),
        ("diff.noprefix", "true"),
        ("diff.relative", "true"),
        ("diff.ignoreSubmodules", "all"),
        ("log.showSignature", "true"),
        ("log.mailmap", "true"),
        ("i18n.logOutputEncoding", "ISO-8859-1"),
        ("core.quotePath", "false"),
        ("core.abbrev", "4"),
        ("color.ui", "always"),
        ("diff.colorMoved", "zebra"),
        ("core.bigFileThreshold", "1"),
    ] {
        repo.git(&["config", key, value]);
    }
    repo.write(".mailmap", "Somebody Else <else@example.org> <ada@example.org>\n");
    assert_eq!(history(&repo.location()), before);
}

#[test]
fn the_callers_environment_changes_no_fact() {
    let (repo, other) = (Repo::new(), Repo::new());
    repo.write("a", "a\n").commit("here");
    other.write("b", "b\n").commit("elsewhere");
    let mut location = repo.location();
    let elsewhere = other.path().join(".git").into_os_string();
    for (name, value) in [
        ("GIT_DIR", elsewhere.clone()),
        ("GIT_INDEX_FILE", elsewhere.clone()),
        ("GIT_OBJECT_DIRECTORY", elsewhere.clone()),
        ("GIT_NAMESPACE", "x".into()),
        ("GIT_EXTERNAL_DIFF", "false".into()),
        ("GIT_CONFIG_COUNT", "1".into()),
        ("GIT_TRACE", "/nonexistent/x".into()),
        ("GIT_REPLACE_REF_BASE", "refs/heads/".into()),
    ] {
        location.environment.push((name.into(), value));
    }
    assert_eq!(history(&location), history(&repo.location()));
}

#[test]
fn refs_are_what_they_are_called() {
    let repo = Repo::new();
    let one = repo.write("a", "a\n").commit("one");
    let two = repo.write("a", "b\n").commit("two");
    repo.git(&["update-ref", "refs/heads/refs/heads/odd", &one]);
    repo.git(&["tag", "-a", "-m", "t", "v1"]);
    repo.git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/heads/main"]);
    repo.git(&["symbolic-ref", "refs/remotes/origin/gone", "refs/heads/none"]);
    let name = |text: &str| RefName::new(text).unwrap();
    on_both(&repo.location(), |repository| {
        let holds = |text: &str| repository.reference(&name(text)).unwrap().map(|id| id.to_string());
        assert_eq!(holds("refs/heads/main").as_deref(), Some(two.as_str()));
        assert_eq!(holds("refs/heads/odd"), None);
        assert_eq!(holds("refs/heads/refs/heads/odd").as_deref(), Some(one.as_str()));
        assert_eq!(holds("refs/remotes/origin/HEAD").as_deref(), Some(two.as_str()));
        assert_eq!(holds("refs/remotes/origin/gone"), None);
        let symbolic = |text: &str| repository.symbolic(&name(text)).unwrap();
        assert_eq!(symbolic("refs/remotes/origin/HEAD"), Some(name("refs/heads/main")));
        assert_eq!(symbolic("HEAD"), Some(name("refs/heads/main")));
        assert_eq!((symbolic("refs/heads/main"), symbolic("refs/heads/none")), (None, None));
        let tip = repository.resolve("v1").unwrap();
        assert_eq!(tip.to_string(), two, "a tag is peeled");
        let list = repository.references("refs/").unwrap();
        list.iter().map(|one| format!("{} {}\n", one.name.as_str(), one.id)).collect()
    });
}

#[test]
fn what_words_mean() {
    let repo = Repo::new();
    for n in 1..=3 {
        repo.write("a", format!("{n}\n")).commit(&format!("number {n}"));
    }
    repo.git(&["checkout", "-q", "-b", "side", "HEAD~1"]);
    repo.write("b", "b\n").commit("side..way: x");
    let of = |words: &[&str]| {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        on_both(&repo.location(), |repository| match repository.revisions(&words) {
            Ok(found) => format!("+{} -{} {}", found.include.len(), found.exclude.len(), found.single),
            Err(error) => error.message,
        })
    };
    assert_eq!(of(&["main"]), "+1 -0 true");
    assert_eq!(of(&["main", "side~1"]), "+2 -0 true");
    assert_eq!(of(&["main..side"]), "+1 -1 false");
    assert_eq!(of(&["main.."]), "+1 -1 false");
    assert_eq!(of(&["..main"]), "+1 -1 false");
    assert_eq!(of(&["main...side"]), "+2 -1 false");
    assert_eq!(of(&["^main", "side"]), "+1 -1 false");
    assert_eq!(of(&[":/side..way: x"]), "+1 -0 true");
    assert_eq!(of(&["@{u}"]), "`@{u}` names no commit");
    assert_eq!(of(&["none..main"]), "`none` names no commit");
    assert_eq!(of(&["--all"]), "`--all` names no commit");
    assert_eq!(of(&["main^{tree}"]), "`main^{tree}` names no commit");
    assert_eq!(of(&[]), "+0 -0 false");
}

#[test]
fn ancestry() {
    let repo = Repo::new();
    repo.write("a", "1\n").commit("root");
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.write("b", "1\n").commit("side");
    repo.git(&["checkout", "-q", "main"]);
    repo.write("c", "1\n").commit("main");
    repo.git(&["checkout", "-q", "--orphan", "other"]);
    repo.commit("unrelated");
    on_both(&repo.location(), |repository| {
        let id = |revision: &str| repository.resolve(revision).unwrap();
        let is = |ancestor, of| repository.is_ancestor(id(ancestor), id(of)).unwrap();
        assert!(is("main~1", "side") && is("main", "main") && !is("main", "side") && !is("side", "main~1"));
        assert!(!is("other", "main") && !is("main", "other"));
        let words = ["main...other".to_owned()];
        let unrelated = repository.revisions(&words).unwrap();
        assert_eq!((unrelated.include.len(), unrelated.exclude.len()), (2, 0));
        assert!(repository.exists(id("main")).unwrap());
        let none = bylaws::facts::Oid::from_hex("12".repeat(20).as_bytes()).unwrap();
        assert!(!repository.exists(none).unwrap());
        repository.commits(&[none], Needs::default()).unwrap_err().message
    });
}

#[test]
fn a_tag_or_a_tree_is_no_commit() {
    let repo = Repo::new();
    repo.write("a", "1\n").commit("root");
    repo.git(&["tag", "-a", "-m", "t", "v1"]);
    for revision in ["v1", "HEAD^{tree}", "HEAD:a"] {
        let id = repo.git(&["rev-parse", revision]);
        let id = bylaws::facts::Oid::from_hex(id.as_bytes()).unwrap();
        let said = on_both(&repo.location(), |repository| {
            repository.commits(&[id], Needs { files: true, ..Needs::default() }).unwrap_err().message
        });
        assert!(said.ends_with("not a commit"), "{said}");
    }
}

#[test]
fn the_same_commit_twice_and_in_any_order() {
    let repo = Repo::new();
    repo.write("a", "1\n").commit("one");
    repo.commit_staged("empty");
    repo.write("b", "1\n").commit("three");
    on_both(&repo.location(), |repository| {
        let [three, two, one] =
            ["HEAD", "HEAD~1", "HEAD~2"].map(|revision| repository.resolve(revision).unwrap());
        tell(repository, &[one, three, one, two, two, three])
    });
}

#[test]
fn siblings_read_at_the_same_time() {
    let repo = Repo::new();
    for n in 0..20 {
        repo.write("a", format!("{n}\n")).commit(&format!("number {n}"));
    }
    on_both(&repo.location(), |repository| {
        let ids: Vec<_> = {
            let head = repository.head().unwrap().id.unwrap();
            repository.walk(&[head], &[]).unwrap().map(Result::unwrap).collect()
        };
        let siblings: Vec<Repository> = (0..4).map(|_| repository.sibling().unwrap()).collect();
        let told = std::thread::scope(|scope| {
            let ids = &ids;
            let threads: Vec<_> =
                siblings.into_iter().map(|own| scope.spawn(move || tell(&own, ids))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        assert!(told.iter().all(|one| *one == told[0]));
        told[0].clone()
    });
}

#[test]
fn facts_of_a_file_know_their_path() {
    let repo = Repo::new();
    repo.write("dir/a.txt", "1\n").commit("one");
    on_both(&repo.location(), |repository| {
        let head = repository.head().unwrap().id.unwrap();
        let commit = repository.commits(&[head], Needs::default()).unwrap().remove(0);
        let path: &GitPath = commit.files().unwrap()[0].path();
        format!("{} {}", String::from_utf8_lossy(path.dir()), String::from_utf8_lossy(path.name()))
    });
}

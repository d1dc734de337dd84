//! Every kind of repository is read, or it is said clearly why not.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice, reason = "tests")]

mod common;
#[path = "common/executable.rs"]
mod executable;

use bylaws::facts::{Oid, RefName};
use bylaws::git::{Backend, GitError, Location, Needs, Repository};
use common::Repo;
use common::story::{file_text, history, on_both, tell, words};
use executable::executable;

fn places(repository: &Repository) -> String {
    let head = repository.head().unwrap();
    format!(
        "{} | {} | {} | {:?} {:?}",
        repository.git_dir().display(),
        repository.common_dir().display(),
        repository.work_tree().map_or("none".to_owned(), |path| path.display().to_string()),
        head.reference.map(|name| name.to_string()),
        head.id.map(|id| id.to_string()),
    )
}

/// Opens with `Auto`, which must choose `backend`.
fn auto(location: &Location, backend: Backend) -> Repository {
    let repository = Repository::open(location, Backend::Auto).unwrap();
    assert_eq!(repository.backend(), backend);
    repository
}

fn history_of(repository: &Repository) -> String {
    let head = repository.head().unwrap().id.unwrap();
    let ids: Vec<Oid> = repository.walk(&[head], &[]).unwrap().map(Result::unwrap).collect();
    tell(repository, &ids)
}

fn staged(repository: &Repository) -> String {
    match repository.staged() {
        Ok(files) => files.iter().map(|file| format!("{}\n", file_text(file))).collect(),
        Err(error) => words::<()>(Err(error)),
    }
}

#[test]
fn from_anywhere_inside() {
    let repo = Repo::new();
    repo.write("dir/deep/file", "x\n").commit("root");
    let top = on_both(&repo.location(), places);
    assert_eq!(on_both(&Repo::location_of(&repo.path().join("dir/deep")), places), top);
    assert_eq!(on_both(&Repo::location_of(&repo.path().join(".git")), places), top);
    assert_eq!(
        top,
        format!(
            "{0}/.git | {0}/.git | {0} | Some(\"main\") Some(\"{1}\")",
            repo.path().display(),
            repo.head()
        )
    );
}

#[test]
fn as_a_hook_is_told() {
    let repo = Repo::new();
    repo.write("dir/file", "x\n").commit("root");
    let told = |git_dir: &str, work_tree: Option<&str>| Location {
        git_dir: Some(git_dir.into()),
        work_tree: work_tree.map(Into::into),
        ..repo.location()
    };
    let top = on_both(&repo.location(), places);
    assert_eq!(on_both(&told(".git", None), places), top);
    assert_eq!(on_both(&told(".git", Some(".")), places), top);
    let from_below = Location { start: repo.path().join("dir"), ..told("../.git", Some("..")) };
    assert_eq!(on_both(&from_below, places), top);
}

#[test]
fn a_repository_without_commits() {
    let repo = Repo::new();
    let told = on_both(&repo.location(), |repository| {
        assert!(repository.references("refs/").unwrap().is_empty());
        assert!(repository.walk(&[], &[]).unwrap().next().is_none());
        format!("{}\n{}", places(repository), words(repository.resolve("HEAD")))
    });
    assert!(told.ends_with("Some(\"main\") None\n`HEAD` names no commit"), "{told}");
    assert_eq!(on_both(&repo.location(), staged), "");
    repo.stage("a", "x\n");
    assert_eq!(on_both(&repo.location(), staged), "added a 100644 2 bytes +1 -0\n");
}

#[test]
fn no_repository_at_all() {
    let folder = Repo::empty_folder();
    for backend in [Backend::Auto, Backend::Git2, Backend::Plumbing] {
        let said = words(Repository::open(&folder.location(), backend));
        assert!(said.contains("not in a git repository") && said.contains("-C DIR"), "{backend:?}: {said}");
    }
    let gone = Location::at(folder.path().join("none"));
    for backend in [Backend::Auto, Backend::Plumbing] {
        let said = words(Repository::open(&gone, backend));
        assert!(!said.contains("no error"), "{said}");
    }
}

#[test]
fn a_detached_head() {
    let repo = Repo::new();
    repo.write("a", "x\n").commit("root");
    repo.git(&["checkout", "-q", "--detach"]);
    let told = on_both(&repo.location(), places);
    assert!(told.ends_with(&format!("None Some(\"{}\")", repo.head())), "{told}");
}

#[test]
fn a_bare_repository() {
    let repo = Repo::new();
    repo.write("a", "x\n").commit("root");
    let bare = Repo::clone_of(&repo, &["--bare"]);
    let told = on_both(&bare.location(), places);
    assert!(told.starts_with(&format!("{0} | {0} | none |", bare.path().display())), "{told}");
    assert_eq!(history(&bare.location()), history(&repo.location()));
    let as_server = Location { git_dir: Some(".".into()), ..bare.location() };
    assert_eq!(on_both(&as_server, places), told);
}

#[test]
fn a_linked_worktree() {
    let repo = Repo::new();
    repo.write("a", "x\n").commit("root");
    let linked = repo.beside("linked");
    repo.git(&["worktree", "add", "-q", "-b", "other", linked.to_str().unwrap()]);
    std::fs::write(linked.join("b"), "b\n").unwrap();
    repo.git(&["-C", linked.to_str().unwrap(), "add", "b"]);
    let location = Repo::location_of(&linked);
    let told = on_both(&location, places);
    let git = repo.path().join(".git");
    assert!(
        told.starts_with(&format!(
            "{0}/worktrees/linked | {0} | {1} | Some(\"other\")",
            git.display(),
            linked.display()
        )),
        "{told}"
    );
    assert_eq!(on_both(&location, staged), "added b 100644 2 bytes +1 -0\n");
    assert_eq!(on_both(&repo.location(), staged), "");
    let as_a_hook_is_told =
        Location { git_dir: Some(git.join("worktrees/linked")), ..Repo::location_of(&linked) };
    assert_eq!(on_both(&as_a_hook_is_told, places), told);
}

#[test]
fn a_submodule() {
    let (repo, inner) = (Repo::new(), Repo::new());
    inner.write("x", "x\n").commit("inner");
    repo.write("a", "a\n").commit("root");
    let url = inner.path().display().to_string();
    repo.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &url, "sub"]);
    repo.commit("with submodule");
    let told = history(&repo.location());
    assert!(told.contains("added sub 160000 0 bytes"), "{told}");
    let within = on_both(&Repo::location_of(&repo.path().join("sub")), places);
    assert!(within.contains(".git/modules/sub |"), "{within}");
}

#[test]
fn a_shallow_clone_ends_in_roots() {
    let repo = Repo::new();
    repo.write("a", "1\n").commit("one");
    repo.write("a", "2\n").commit("two");
    repo.write("b", "3\n").commit("three");
    let clone = Repo::clone_of(&repo, &["--depth=2"]);
    let told = history(&clone.location());
    assert_eq!(
        told,
        "\"two\" by Ada Lovelace <ada@example.org>, 0 parents\n  added a 100644 2 bytes +1 -0\n\
         \"three\" by Ada Lovelace <ada@example.org>\n  added b 100644 2 bytes +1 -0\n"
    );
    on_both(&clone.location(), |repository| {
        assert!(repository.is_shallow());
        let (two, three) = (repository.resolve("HEAD~1").unwrap(), repository.resolve("HEAD").unwrap());
        assert!(repository.is_ancestor(two, three).unwrap());
        assert!(!repository.is_ancestor(three, two).unwrap());
        words(repository.resolve("HEAD~2"))
    });
    assert!(!Repository::open(&repo.location(), Backend::Auto).unwrap().is_shallow());
}

#[test]
fn sha256() {
    let repo = Repo::init(&["--object-format=sha256"]);
    repo.write("a", "1\n").write("dir/b", "1\n").commit("one");
    repo.write("a", "2\n").commit("two");
    let said = words(Repository::open(&repo.location(), Backend::Git2));
    assert!(said.starts_with("libgit2 cannot open this repository: "), "{said}");
    let repository = auto(&repo.location(), Backend::Plumbing);
    assert!(history_of(&repository).contains("modified a 100644 2 bytes +1 -1"));
    repo.stage("c", "c\n");
    assert_eq!(staged(&repository), "added c 100644 2 bytes +1 -0\n");
    let head = repository.head().unwrap().id.unwrap();
    assert_eq!(head.as_bytes().len(), 32);
    assert_eq!(repository.folder(head, "dir").unwrap().unwrap().len(), 1);
    assert_eq!(repository.net_files(None, Some(head)).unwrap().len(), 2);
    assert_eq!(repository.references("refs/heads/").unwrap().len(), 1);
    let unborn = Repo::init(&["--object-format=sha256"]);
    unborn.stage("a", "1\n");
    assert_eq!(staged(&auto(&unborn.location(), Backend::Plumbing)), "added a 100644 2 bytes +1 -0\n");
}

#[test]
fn reftable() {
    let repo = Repo::init(&["--ref-format=reftable"]);
    repo.write("a", "1\n").commit("one");
    let said = words(Repository::open(&repo.location(), Backend::Git2));
    assert!(said.starts_with("libgit2 cannot open this repository: "), "{said}");
    let repository = auto(&repo.location(), Backend::Plumbing);
    assert!(history_of(&repository).contains("added a"));
    let main = RefName::new("refs/heads/main").unwrap();
    assert_eq!(repository.reference(&main).unwrap(), repository.head().unwrap().id);
    let unborn = Repo::init(&["--ref-format=reftable"]);
    let head = auto(&unborn.location(), Backend::Plumbing).head().unwrap();
    assert_eq!((head.reference, head.id), (Some(main), None));
}

#[test]
fn a_partial_clone_fetches_what_it_lacks_unless_told_not_to() {
    let repo = Repo::new();
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    repo.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    repo.write("a", "1\n").commit("one");
    repo.write("a", "2\n").commit("two");
    let clone = Repo::clone_of(&repo, &["--filter=blob:none", "--no-checkout"]);
    let offline = Location { no_lazy_fetch: true, ..clone.location() };
    let repository = auto(&offline, Backend::Plumbing);
    let head = repository.head().unwrap().id.unwrap();
    let commit = repository.commits(&[head], Needs { files: true, ..Needs::default() }).unwrap().remove(0);
    let said = commit.files().unwrap()[0].lines().unwrap_err().to_string();
    assert!(said.contains("is missing") || said.contains("lazy fetching disabled"), "{said}");
    assert!(
        history_of(&auto(&clone.location(), Backend::Plumbing)).contains("modified a 100644 2 bytes +1 -1")
    );
    clone.git(&["config", "core.repositoryFormatVersion", "1"]);
    clone.git(&["config", "extensions.partialClone", "origin"]);
    auto(&clone.location(), Backend::Plumbing);
}

#[test]
fn an_unknown_extension_is_refused_in_gits_words() {
    let repo = Repo::new();
    repo.git(&["config", "core.repositoryFormatVersion", "1"]);
    repo.git(&["config", "extensions.fromTheFuture", "true"]);
    let said = words(Repository::open(&repo.location(), Backend::Auto));
    assert!(said.to_lowercase().contains("fromthefuture"), "{said}");
}

#[test]
fn what_is_staged() {
    let repo = Repo::new();
    repo.write("a", "1\n").write("dir/b", "1\n").write("gone", "same contents\n").commit("root");
    repo.stage("a", "staged\n").write("a", "not staged\n");
    repo.write("intended", "x\n").git(&["add", "-N", "intended"]);
    repo.write("untracked", "x\n");
    repo.git(&["mv", "gone", "dir/moved"]);
    let expected = "modified a 100644 7 bytes +1 -1\nrenamed gone -> dir/moved 100644 14 bytes +0 -0\n";
    assert_eq!(on_both(&repo.location(), staged), expected);
    for (key, value) in [("core.splitIndex", "true"), ("core.splitIndex", "false"), ("index.version", "4")] {
        repo.git(&["config", key, value]);
        repo.git(&["update-index", "--force-write-index"]);
        let repository = Repository::open(&repo.location(), Backend::Auto).unwrap();
        assert_eq!(staged(&repository), expected, "{key} {value}");
    }
    assert_eq!(on_both(&repo.location(), staged), expected);
}

#[test]
fn a_sparse_index() {
    let repo = Repo::new();
    repo.write("in/a", "1\n").write("out/deep/b", "1\n").commit("root");
    repo.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "in"]);
    repo.stage("in/a", "2\n");
    let repository = Repository::open(&repo.location(), Backend::Auto).unwrap();
    assert_eq!(staged(&repository), "modified in/a 100644 2 bytes +1 -1\n");
}

#[test]
fn an_index_of_many_files() {
    let repo = Repo::new();
    let lines: String = {
        let blob = repo.git_with_input(&["hash-object", "-w", "--stdin"], b"x\n");
        (0..20_000)
            .map(|n| format!("100644 {blob}\tdirectory-{}/a-rather-long-name-{n}\n", n % 100))
            .collect()
    };
    repo.git_with_input(&["update-index", "--index-info"], lines.as_bytes());
    repo.commit_staged("many");
    assert!(repo.path().join(".git/index").metadata().unwrap().len() > 1 << 20);
    repo.stage("one-more", "y\n");
    assert_eq!(on_both(&repo.location(), staged), "added one-more 100644 2 bytes +1 -0\n");
}

#[test]
fn the_index_after_anything() {
    const PATHS: [&str; 10] = ["a", "a.c", "a/b", "a/b/c", "a-b", "a0/x", "b/c", "b/d/e", "b/d/f", "c"];
    let repo = Repo::new();
    let mut seed = 3_u32;
    let mut next = |below: usize| {
        seed = seed.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        usize::try_from(seed >> 16).unwrap() % below
    };
    let blobs: Vec<String> = (0..4)
        .map(|n| repo.git_with_input(&["hash-object", "-w", "--stdin"], n.to_string().as_bytes()))
        .collect();
    repo.commit_staged("nothing yet");
    let mut seen = 0;
    for _ in 0..80 {
        let mut lines = String::new();
        for _ in 0..=next(4) {
            let (path, blob) = (PATHS[next(PATHS.len())], &blobs[next(blobs.len())]);
            match next(3) {
                0 => lines.push_str(&format!("0 {}\t{path}\n", "0".repeat(40))),
                _ => lines.push_str(&format!("100644 {blob}\t{path}\n")),
            }
        }
        // Files in place of folders and the other way round: git makes room with --replace.
        repo.git_with_input(
            &["update-index", "--replace", "--add", "--remove", "--index-info"],
            lines.as_bytes(),
        );
        match next(6) {
            0 => drop(repo.git(&["update-index", "--index-version", ["2", "3", "4"][next(3)]])),
            1 => drop(repo.commit_staged("all of it")),
            // Fills in the cache-tree, by which unchanged folders are passed over.
            2 => drop(repo.git(&["write-tree"])),
            _ => {}
        }
        let told = on_both(&repo.location(), staged);
        seen += told.lines().count();
    }
    assert!(seen > 100, "{seen}: a weak test");
}

#[test]
fn the_index_that_git_names_is_the_one() {
    let repo = Repo::new();
    repo.write("a", "1\n").write("b", "1\n").commit("root");
    repo.stage("a", "2\n");
    let other = repo.path().join(".git/other-index");
    std::fs::copy(repo.path().join(".git/index"), &other).unwrap();
    repo.stage("b", "2\n");
    for named in [".git/other-index".into(), other] {
        let location = Location { index_file: Some(named), ..repo.location() };
        assert_eq!(on_both(&location, staged), "modified a 100644 2 bytes +1 -1\n");
    }
    let none = Location { index_file: Some(".git/none".into()), ..repo.location() };
    assert_eq!(on_both(&none, staged), "deleted a 100644 0 bytes +0 -1\ndeleted b 100644 0 bytes +0 -1\n");
}

#[test]
fn a_merge_that_is_not_committed_yet() {
    let repo = Repo::new();
    repo.write("a", "1\n").write("c", "1\n").commit("root");
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.write("b", "side\n").write("c", "side\n").commit("side");
    repo.git(&["checkout", "-q", "main"]);
    repo.write("a", "main\n").commit("main");
    repo.git(&["merge", "-q", "--no-commit", "--no-ff", "side"]);
    assert_eq!(on_both(&repo.location(), staged), "");
    repo.stage("evil", "e\n");
    assert_eq!(on_both(&repo.location(), staged), "added evil 100644 2 bytes +1 -0\n");
    on_both(&repo.location(), |repository| {
        assert_eq!(repository.merge_heads().unwrap(), [repository.resolve("side").unwrap()]);
        String::new()
    });
}

#[test]
fn unmerged_paths_are_an_error() {
    let repo = Repo::new();
    repo.write("a", "1\n").commit("root");
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.write("a", "side\n").commit("side");
    repo.git(&["checkout", "-q", "main"]);
    repo.write("a", "main\n").commit("main");
    assert!(!repo.command(&["merge", "-q", "side"]).output().unwrap().status.success());
    let said = on_both(&repo.location(), staged);
    assert!(said.starts_with("`a` is unmerged; "), "{said}");
}

#[test]
fn objects_in_quarantine() {
    let repo = Repo::new();
    repo.write("a", "1\n").commit("one");
    let other = Repo::clone_of(&repo, &[]);
    let id = other.write("b", "2\n").commit("two");
    let quarantine = other.path().join(".git/objects");
    let location = Location { object_directory: Some(quarantine.clone()), ..repo.location() };
    let alternates = Some(repo.path().join(".git/objects").into_os_string());
    let as_git_does = Location { alternate_object_directories: alternates, ..location };
    let id = Oid::from_hex(id.as_bytes()).unwrap();
    let told = on_both(&as_git_does, |repository| tell(repository, &[id]));
    assert!(told.contains("added b"), "{told}");
    on_both(&repo.location(), |repository| {
        assert!(!repository.exists(id).unwrap());
        String::new()
    });
}

#[test]
fn alternates() {
    let repo = Repo::new();
    repo.write("a", "1\n").commit("one");
    let clone = Repo::empty_folder();
    clone.git(&["clone", "-q", "--shared", repo.path().to_str().unwrap(), "."]);
    assert_eq!(history(&clone.location()), history(&repo.location()));
}

/// Changes bytes in the middle of a loose object.
fn corrupt(repo: &Repo, id: &str) {
    let file = repo.path().join(".git/objects").join(&id[..2]).join(&id[2..]);
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x55;
    bytes[middle + 1] ^= 0x55;
    std::fs::remove_file(&file).unwrap();
    std::fs::write(&file, bytes).unwrap();
}

#[test]
fn a_corrupt_or_missing_object_is_an_error() {
    for (revision, what) in [
        ("HEAD", "corrupt"),
        ("HEAD^{tree}", "corrupt"),
        ("HEAD:a", "corrupt"),
        ("HEAD", "gone"),
        ("HEAD~1^{tree}", "gone"),
        ("HEAD^{tree}", "gone"),
        ("HEAD:a", "gone"),
        ("HEAD~1", "gone"),
    ] {
        let repo = Repo::new();
        repo.write("a", "1\n".repeat(500)).commit("one");
        repo.write("a", (0..500).map(|n| format!("{n}\n")).collect::<String>()).commit("two");
        let id = repo.git(&["rev-parse", revision]);
        let head = Oid::from_hex(repo.head().as_bytes()).unwrap();
        match what {
            "corrupt" => corrupt(&repo, &id),
            _ => {
                std::fs::remove_file(repo.path().join(".git/objects").join(&id[..2]).join(&id[2..])).unwrap()
            }
        }
        for backend in [Backend::Git2, Backend::Plumbing] {
            let repository = Repository::open(&repo.location(), backend).unwrap();
            for needs in [Needs::default(), Needs { files: true, contents: true, old_contents: true }] {
                let read = || -> Result<(), String> {
                    let commit =
                        repository.commits(&[head], needs).map_err(|e| words::<()>(Err(e)))?.remove(0);
                    for file in commit.files().map_err(|e| e.to_string())? {
                        file.lines().map_err(|e| e.to_string())?;
                    }
                    Ok(())
                };
                let said = read().expect_err(&format!("{backend:?} did not see that {revision} is {what}"));
                assert!(
                    said.contains(&id[..7]) || said.contains("corrupt"),
                    "{backend:?} {revision} {what}: {said}"
                );
                // It is an error again, not an empty answer from a process that has gone.
                assert!(read().is_err());
            }
        }
    }
}

#[test]
fn a_walk_into_a_gap_is_an_error() {
    let repo = Repo::new();
    repo.write("a", "1\n").commit("one");
    repo.write("a", "2\n").commit("two");
    repo.write("a", "3\n").commit("three");
    let id = repo.git(&["rev-parse", "HEAD~1"]);
    std::fs::remove_file(repo.path().join(".git/objects").join(&id[..2]).join(&id[2..])).unwrap();
    for backend in [Backend::Git2, Backend::Plumbing] {
        let repository = Repository::open(&repo.location(), backend).unwrap();
        let head = repository.head().unwrap().id.unwrap();
        let failed = repository.walk(&[head], &[]).and_then(|walk| walk.collect::<Result<Vec<_>, _>>());
        let said = words(failed);
        assert!(said.contains(&id[..7]), "{backend:?}: {said}");
    }
}

#[test]
fn configuration_is_gits() {
    let repo = Repo::new();
    repo.write(".git/included", "[x]\n\ty = included\n");
    repo.git(&["config", "include.path", "included"]);
    repo.git(&["config", "a.b", "one"]);
    repo.git(&["config", "--add", "a.b", "two"]);
    repo.git(&["config", "branch.Odd.Name.remote", "line\nfeed"]);
    let keys = ["a.b", "x.y", "branch.Odd.Name.remote", "none.such", "nonsense", "core.bare"];
    let read =
        |repository: &Repository| keys.map(|key| format!("{:?}", repository.config(key).unwrap())).join(" ");
    let told = on_both(&repo.location(), read);
    assert_eq!(told, r#"Some("two") Some("included") Some("line\nfeed") None None Some("false")"#);
    // With nothing said of where the user's configuration is, libgit2 reads it in process.
    let location = Location { user_config: Vec::new(), ..repo.location() };
    assert_eq!(on_both(&location, read), told);
}

#[test]
fn the_files_that_variables_name_are_gits() {
    let repo = Repo::new();
    repo.git(&["config", "a.own", "repository"]);
    repo.write("more", "[a]\n\tincluded = yes\n");
    repo.write("user", "[a]\n\town = user\n\tuser = user\n\tbare\n[include]\n\tpath = more\n");
    repo.write("system", "[a]\n\town = system\n\tuser = system\n\tsystem = system\n");
    repo.write("here", format!("[includeIf \"gitdir:{}/\"]\n\tpath = more\n", repo.path().display()));
    repo.write("odd", "[a\n");
    let path = |name: &str| repo.path().join(name).display().to_string();
    let (system, global, none) = ("GIT_CONFIG_SYSTEM", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM");
    let read = |repository: &Repository| {
        let keys = ["a.own", "a.user", "a.system", "a.included", "a.bare"];
        keys.map(|key| repository.config(key).unwrap().unwrap_or("-".into())).join(" ")
    };
    for (variables, told) in [
        (vec![(system, path("system")), (global, path("user"))], "repository user system yes "),
        (
            vec![(global, path("user")), (system, path("system")), (none, "0".into())],
            "repository user system yes ",
        ),
        (
            vec![(system, path("system")), (global, path("user")), (none, "1".into())],
            "repository user - yes ",
        ),
        (vec![(system, path("system")), (global, "/dev/null".into())], "repository system system - -"),
        (vec![(system, path("system")), (global, String::new())], "repository system system - -"),
        (vec![(none, "yes".into()), (global, path("none such"))], "repository - - - -"),
        (vec![(none, "1".into()), (global, path("here"))], "repository - - yes -"),
    ] {
        let user_config = variables.iter().map(|(name, value)| (name.into(), value.into())).collect();
        let location = Location { user_config, ..repo.location() };
        assert_eq!(on_both(&location, read), told, "{variables:?}");
    }
    let user_config = vec![(global.into(), path("odd").into())];
    let location = Location { user_config, ..repo.location() };
    for backend in [Backend::Git2, Backend::Plumbing] {
        let repository = Repository::open(&location, backend);
        let read = repository.and_then(|repository| repository.config("a.own"));
        assert!(read.is_err(), "{backend:?}");
    }
}

#[test]
fn the_order_of_git_rev_list() {
    let repo = Repo::new();
    // A history with merges and with dates that are equal or run backwards.
    let mut seed = 7_u32;
    let mut next = |below: usize| {
        seed = seed.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        usize::try_from(seed >> 16).unwrap() % below
    };
    let tree = repo.git_with_input(&["mktree"], b"");
    let mut ids: Vec<String> = Vec::new();
    for n in 0..120_usize {
        let mut raw = format!("tree {tree}\n");
        for _ in 0..next(4).min(n) {
            let parent = &ids[n - 1 - next(n.min(12))];
            if !raw.contains(parent.as_str()) {
                raw.push_str(&format!("parent {parent}\n"));
            }
        }
        let time = common::EPOCH + i64::try_from(n / 3 * 10).unwrap() - if next(10) == 0 { 300 } else { 0 };
        raw.push_str(&format!("author A <a@b> {time} +0000\ncommitter A <a@b> {time} +0000\n\n{n}\n"));
        ids.push(repo.object("commit", raw.as_bytes()));
    }
    for round in 0..60 {
        let mut pick = |count: usize| (0..count).map(|_| ids[next(ids.len())].clone()).collect::<Vec<_>>();
        let (include, exclude) = (pick(1 + round % 3), pick(round % 4));
        let mut args = vec!["rev-list".to_owned()];
        args.extend(include.iter().cloned());
        args.extend(exclude.iter().map(|id| format!("^{id}")));
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let expected = repo.git(&args);
        let told = on_both(&repo.location(), |repository| {
            let oids = |list: &[String]| {
                list.iter().map(|id| Oid::from_hex(id.as_bytes()).unwrap()).collect::<Vec<_>>()
            };
            let walk = repository.walk(&oids(&include), &oids(&exclude)).unwrap();
            walk.map(|id| id.unwrap().to_string()).collect::<Vec<_>>().join("\n")
        });
        assert_eq!(told, expected, "round {round}");
    }
}

/// A `git` that goes before the real one and does something else for one command.
fn impostor(repo: &Repo, command: &str, instead: &str) -> Location {
    let folder = repo.beside(&format!("impostor-{command}"));
    std::fs::create_dir(&folder).unwrap();
    let mut location = repo.location();
    let (_, path) = location.environment.iter_mut().find(|(name, _)| name == "PATH").unwrap();
    let real =
        std::env::split_paths(path).map(|folder| folder.join("git")).find(|file| file.exists()).unwrap();
    let script =
        format!("#!/bin/sh\ncase \"$*\" in *{command}*) {instead} ;; esac\nexec {} \"$@\"\n", real.display());
    executable(&folder.join("git"), &script);
    *path = std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(path))).unwrap();
    location
}

#[test]
fn a_child_that_dies_or_talks_nonsense_is_named() {
    let repo = Repo::new();
    repo.write("a", "1\n").commit("one");
    repo.write("a", "2\n").commit("two");
    let everything = |location: &Location| -> Result<usize, GitError> {
        let repository = Repository::open(location, Backend::Plumbing)?;
        let ids: Vec<Oid> =
            repository.walk(&[repository.resolve("HEAD")?], &[])?.collect::<Result<_, _>>()?;
        let commits = repository.commits(&ids, Needs { files: true, contents: true, old_contents: true })?;
        Ok(commits.len())
    };
    assert_eq!(everything(&repo.location()).unwrap(), 2);
    for (n, command) in ["cat-file", "diff-tree", "rev-list"].into_iter().enumerate() {
        for (m, instead) in [
            "exit 0",
            "exit 3",
            "echo 'fatal: out of luck' >&2; exit 128",
            "echo nonsense; cat >/dev/null",
            "kill -9 $$",
            "echo 0000000000000000000000000000000000000001; exit 0",
            "read x; read y; exit 0",
        ]
        .into_iter()
        .enumerate()
        {
            let outer = Repo::empty_folder();
            let mut location = impostor(&outer, command, instead);
            location.start = repo.path().to_owned();
            let said = words(everything(&location));
            // An impostor that lists no commits at all, or one that is not there, is not found out by rev-list itself.
            let unnoticed = command == "rev-list" && (instead == "exit 0" || instead.starts_with("read"));
            assert!(said.contains(command) || unnoticed || said.contains("missing"), "{n}.{m}: {said}");
            assert!(!instead.contains("luck") || said.contains("out of luck"), "{said}");
        }
    }
    let old =
        impostor(&repo, "batch-command", "echo \"error: unknown option \\`batch-command'\" >&2; exit 129");
    let said = words(everything(&old));
    assert!(said.contains("git 2.36 or newer is needed"), "{said}");
}

#[test]
fn without_git_that_is_said() {
    let repo = Repo::init(&["--object-format=sha256"]);
    let mut location = repo.location();
    location.environment.retain(|(name, _)| name != "PATH");
    location.environment.push(("PATH".into(), "/nonexistent".into()));
    for backend in [Backend::Auto, Backend::Plumbing] {
        let said = words(Repository::open(&location, backend));
        assert_eq!(said, "`git` was not found; install git, or put it on the PATH");
    }
}

#[test]
fn somebody_elses_repository_is_opened_only_as_git_allows() {
    let repo = Repo::new();
    repo.write("a", "1\n").commit("one");
    let chown = |path: &std::path::Path| std::os::unix::fs::chown(path, Some(12_345), None);
    if chown(repo.path()).and_then(|()| chown(&repo.path().join(".git"))).is_err() {
        return; // Only root can give a folder away.
    }
    let said = words(Repository::open(&repo.location(), Backend::Auto));
    assert!(said.contains("dubious ownership") && said.contains("safe.directory"), "{said}");
    let said = words(Repository::open(&repo.location(), Backend::Git2));
    assert!(said.contains("owned by"), "{said}");
    // A hook is told where the repository is, and then git asks no more.
    let told = Location { git_dir: Some(".git".into()), ..repo.location() };
    assert!(history_of(&Repository::open(&told, Backend::Auto).unwrap()).contains("added a"));
}

//! The installed hooks at the ways in which people commit and push.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "this is a test")]

#[path = "common/sandbox.rs"]
mod sandbox;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sandbox::{Run, Sandbox, secret};

struct Scene {
    machine: Sandbox,
    repository: PathBuf,
}

impl Scene {
    fn new() -> Self {
        let machine = Sandbox::new();
        let repository = machine.governed("repository");
        machine.bylaws(&repository, &["install"]).ok();
        Self { machine, repository }
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.repository.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn stage(&self, name: &str, text: &str) {
        self.write(name, text);
        self.git(&["add", name]).ok();
    }

    fn git(&self, words: &[&str]) -> Run {
        self.machine.git(&self.repository, words)
    }

    /// A commit past the hooks.
    fn slip(&self, name: &str, text: &str) {
        self.stage(name, text);
        self.git(&["commit", "-q", "--no-verify", "-m", "Slip something past"]).ok();
    }
}

#[track_caller]
fn refused_for_a_secret(run: Run) {
    assert_eq!(run.code, 1, "{}", run.text);
    let text = run.refused();
    assert!(text.contains("error[no-keys]"), "{text}");
}

#[test]
fn a_refusal_says_what_where_why_and_how_to_mend_it() {
    let scene = Scene::new();
    scene.stage("src/settings.conf", &format!("a = 1\n{}", secret()));
    let text = scene.git(&["commit", "-m", "Add the settings"]).refused();
    for word in ["error[no-keys]", "src/settings.conf:2", "= why: ", "= fix: ", "denied: "] {
        assert!(text.contains(word), "no `{word}` in {text}");
    }
    scene.stage("src/settings.conf", "a = 1\n");
    let text = scene.git(&["commit", "-q", "-m", "Add the settings"]).ok();
    assert_eq!(text, "", "a hook that lets pass says nothing");
}

#[test]
fn commit_all_takes_what_is_in_the_work_tree() {
    let scene = Scene::new();
    scene.write("file", &secret());
    refused_for_a_secret(scene.git(&["commit", "-a", "-m", "Change all"]));
    refused_for_a_secret(scene.git(&["commit", "-m", "Change one", "file"]));
    scene.write("file", "two\n");
    scene.git(&["commit", "-q", "-a", "-m", "Change all"]).ok();
}

#[test]
fn commit_of_a_path_leaves_what_is_staged_beside_it_alone() {
    let scene = Scene::new();
    scene.stage("settings.conf", &secret());
    scene.write("file", "two\n");
    scene.git(&["commit", "-q", "-m", "Change one", "file"]).ok();
    refused_for_a_secret(scene.git(&["commit", "-q", "-m", "Add the settings"]));
}

#[test]
fn only_what_is_staged_counts() {
    let scene = Scene::new();
    scene.stage("file", "two\n");
    scene.write("file", &secret());
    scene.git(&["commit", "-q", "-m", "Change a part"]).ok();
    scene.git(&["add", "file"]).ok();
    scene.write("file", "three\n");
    refused_for_a_secret(scene.git(&["commit", "-q", "-m", "Change a part"]));
    let kept = fs::read_to_string(scene.repository.join("file")).unwrap();
    assert_eq!(kept, "three\n", "the work tree is not touched");
    assert_eq!(scene.git(&["show", ":file"]).ok(), secret(), "the index is not touched");
}

#[test]
fn commit_by_hunks() {
    let scene = Scene::new();
    let middle = "line\n".repeat(30);
    scene.stage("file", &format!("top\n{middle}end\n"));
    scene.git(&["commit", "-q", "-m", "Add lines"]).ok();
    scene.write("file", &format!("TOP\n{middle}{}", secret()));
    let by_hunks = |answers: &str| {
        let mut command = Command::new("git");
        command.args(["commit", "-p", "-m", "Change hunks"]).current_dir(&scene.repository);
        command.env_clear().envs(scene.machine.environment());
        let (output, input) = (Stdio::piped(), Stdio::piped());
        let mut child = command.stdin(input).stdout(output).stderr(Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), answers.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        Run { code: output.status.code().unwrap(), text }
    };
    refused_for_a_secret(by_hunks("n\ny\n"));
    by_hunks("y\nn\n").ok();
    assert!(scene.git(&["show", "HEAD:file"]).ok().starts_with("TOP\n"));
}

#[test]
fn amending() {
    let scene = Scene::new();
    scene.git(&["commit", "-q", "--amend", "-m", "First, better said"]).ok();
    scene.stage("settings.conf", &secret());
    refused_for_a_secret(scene.git(&["commit", "--amend", "--no-edit"]));
}

#[test]
fn a_file_that_is_only_intended_is_not_judged() {
    let scene = Scene::new();
    scene.write("settings.conf", &secret());
    scene.git(&["add", "-N", "settings.conf"]).ok();
    scene.stage("file", "two\n");
    scene.git(&["commit", "-q", "-m", "Change the other"]).ok();
    refused_for_a_secret(scene.git(&["commit", "-a", "-m", "Add the settings"]));
}

#[test]
fn a_merge_answers_for_its_own_doing_only() {
    let scene = Scene::new();
    scene.git(&["switch", "-q", "-c", "side"]).ok();
    scene.slip("settings.conf", &secret());
    scene.stage("file", "side\n");
    scene.git(&["commit", "-q", "-m", "Change on the side"]).ok();
    scene.git(&["switch", "-q", "main"]).ok();
    scene.stage("file", "main\n");
    scene.git(&["commit", "-q", "-m", "Change on main"]).ok();

    scene.git(&["merge", "side"]).refused();
    scene.stage("file", &secret());
    refused_for_a_secret(scene.git(&["commit", "--no-edit"]));
    scene.stage("file", "both\n");
    scene.git(&["commit", "-q", "--no-edit"]).ok();
    assert_eq!(scene.git(&["rev-list", "--count", "--merges", "HEAD"]).ok(), "1\n");
}

#[test]
fn a_merge_without_an_editor_answers_for_its_own_doing_only() {
    let scene = Scene::new();
    scene.git(&["switch", "-q", "-c", "side"]).ok();
    scene.slip("settings.conf", &secret());
    scene.git(&["switch", "-q", "main"]).ok();
    scene.stage("file", "main\n");
    scene.git(&["commit", "-q", "-m", "Change on main"]).ok();
    scene.git(&["merge", "-q", "--no-edit", "side"]).ok();
    assert_eq!(scene.git(&["rev-list", "--count", "--merges", "HEAD"]).ok(), "1\n");
}

#[test]
fn without_an_editor_all_that_is_wrong_is_told_at_once() {
    let scene = Scene::new();
    let rule = r#"rule("short", #{
    title: "The subject is short",
    why: "it is read in lists",
    level: "hard-mandatory",
    commit: |commit| if commit.subject.len > 20 { commit.finding("the subject is long") },
});
"#;
    scene.stage(".bylaws/rules/short.rhai", rule);
    scene.git(&["commit", "-q", "-m", "Add a rule"]).ok();
    scene.stage("settings.conf", &secret());
    let long = "Add the settings that everybody needs";
    let text = scene.git(&["commit", "-m", long]).refused();
    assert!(text.contains("error[no-keys]") && text.contains("error[short]"), "{text}");
    let text = scene.git(&["commit", "-m", "Add the settings"]).refused();
    assert!(text.contains("error[no-keys]") && !text.contains("error[short]"), "{text}");
    // With an editor nobody writes a message for what cannot be committed.
    let editor = |message: &str| {
        let editor = format!("touch edited; echo {message} >");
        scene.machine.run_with(&scene.repository, "git", &["commit"], &[("GIT_EDITOR", editor.as_str())])
    };
    refused_for_a_secret(editor(long));
    assert!(!scene.repository.join("edited").exists());
    scene.stage("settings.conf", "none\n");
    let text = editor(long).refused();
    assert!(text.contains("error[short]") && scene.repository.join("edited").exists(), "{text}");
    let text = scene.git(&["commit", "-m", long]).refused();
    assert!(text.contains("error[short]") && !text.contains("error[no-keys]"), "{text}");
    scene.git(&["commit", "-q", "-m", "Add the settings"]).ok();
}

#[test]
fn a_hook_answers_only_for_the_one_that_leaves_it_something() {
    let scene = Scene::new();
    for words in [["hook", "--also", "pre-push", "commit-msg"], ["hook", "--also", "pre-commit", "pre-push"]]
    {
        let run = scene.machine.bylaws(&scene.repository, &words);
        assert_eq!(run.code, 2, "{}", run.text);
        assert!(run.text.contains("does not answer for"), "{}", run.text);
    }
}

#[test]
fn rebases_cherry_picks_and_fixups_go_on() {
    let scene = Scene::new();
    scene.git(&["switch", "-q", "-c", "side"]).ok();
    scene.stage("file", "side\n");
    scene.git(&["commit", "-q", "-m", "Change on the side"]).ok();
    scene.stage("other", "side\n");
    scene.git(&["commit", "-q", "-m", "Add another"]).ok();
    scene.git(&["switch", "-q", "main"]).ok();
    scene.stage("file", "main\n");
    scene.git(&["commit", "-q", "-m", "Change on main"]).ok();
    scene.git(&["cherry-pick", "side"]).ok();
    scene.git(&["revert", "--no-edit", "HEAD"]).ok();
    scene.git(&["switch", "-q", "side"]).ok();
    scene.git(&["rebase", "main"]).refused();
    // Here a commit by hand asks the hooks; `git rebase --continue` alone asks none, so the push has to (below).
    scene.stage("file", &secret());
    refused_for_a_secret(scene.git(&["commit", "-m", "Change on the side"]));
    let go_on = || {
        scene.machine.run_with(&scene.repository, "git", &["rebase", "--continue"], &[("GIT_EDITOR", "true")])
    };
    go_on().ok();
    let server = scene.machine.path("server.git");
    scene.git(&["init", "-q", "--bare", server.to_str().unwrap()]).ok();
    refused_for_a_secret(scene.git(&["push", server.to_str().unwrap(), "side"]));
    // Autosquash has to work, so a draft may say so.
    scene.stage("file", "fixed\n");
    scene.git(&["commit", "-q", "--fixup", ":/Change on the side"]).ok();
    let squash = ["-c", "sequence.editor=true", "rebase", "-q", "-i", "--autosquash", "main"];
    scene.git(&squash).ok();
    scene.git(&["push", "-q", server.to_str().unwrap(), "side"]).ok();
}

#[test]
fn every_ref_of_a_push_is_judged() {
    let scene = Scene::new();
    let server = scene.machine.path("server.git");
    scene.git(&["init", "-q", "--bare", server.to_str().unwrap()]).ok();
    scene.git(&["remote", "add", "origin", server.to_str().unwrap()]).ok();
    scene.git(&["branch", "good"]).ok();
    scene.git(&["switch", "-q", "-c", "bad"]).ok();
    scene.slip("settings.conf", &secret());
    scene.git(&["tag", "v1"]).ok();
    scene.git(&["switch", "-q", "main"]).ok();

    for bad in [
        &["good", "bad"][..],
        &["bad", "good"],
        &["v1"],
        &["--all"],
        &["bad:refs/heads/other"],
        &["--mirror"],
    ] {
        let words = [&["push", "origin"][..], bad].concat();
        refused_for_a_secret(scene.git(&words));
        assert_eq!(scene.machine.git(&server, &["for-each-ref"]).ok(), "", "{bad:?}");
    }
    scene.git(&["push", "-q", "origin", "good", "main"]).ok();
    scene.git(&["push", "-q", "origin", ":good"]).ok();
    scene.git(&["push", "-q", "origin", "main"]).ok();
}

#[test]
fn graphical_clients_have_a_bare_path() {
    let scene = Scene::new();
    let git = sandbox::search_path().map(|folder| folder.join("git")).find(|git| git.is_file()).unwrap();
    let home = format!("HOME={}", scene.machine.path("home").display());
    let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@lovelace.dev"];
    let bare = |words: &[&str]| {
        let words =
            [&["-i", &home, "PATH=/usr/bin:/bin", git.to_str().unwrap()][..], &identity, words].concat();
        scene.machine.run(&scene.repository, "/usr/bin/env", &words)
    };
    scene.stage("settings.conf", &secret());
    refused_for_a_secret(bare(&["commit", "-m", "Add the settings"]));
    scene.stage("settings.conf", "a = 1\n");
    bare(&["commit", "-q", "-m", "Add the settings"]).ok();
}

#[test]
fn a_hook_finds_its_repository_however_git_was_told_of_it() {
    let scene = Scene::new();
    scene.stage("below/settings.conf", &secret());
    let below = scene.repository.join("below");
    refused_for_a_secret(scene.machine.git(&below, &["commit", "-m", "Add the settings"]));
    let git_dir = scene.repository.join(".git");
    let (git_dir, top) = (git_dir.to_str().unwrap(), scene.repository.to_str().unwrap());
    let elsewhere = scene.machine.path("home");
    let words = ["--git-dir", git_dir, "--work-tree", top, "commit", "-m", "Add the settings"];
    refused_for_a_secret(scene.machine.git(&elsewhere, &words));
    let variables = [("GIT_DIR", git_dir), ("GIT_WORK_TREE", top)];
    let run = scene.machine.run_with(&elsewhere, "git", &["commit", "-m", "Add the settings"], &variables);
    refused_for_a_secret(run);
}

#[test]
fn linked_work_trees_and_submodules_are_judged() {
    let scene = Scene::new();
    let tree = scene.machine.path("tree");
    scene.git(&["worktree", "add", "-q", "-b", "linked", tree.to_str().unwrap()]).ok();
    let judged = |folder: &Path| {
        fs::write(folder.join("settings.conf"), secret()).unwrap();
        scene.machine.git(folder, &["add", "settings.conf"]).ok();
        refused_for_a_secret(scene.machine.git(folder, &["commit", "-m", "Add the settings"]));
    };
    judged(&tree);
    let library = scene.machine.governed("library");
    let add =
        ["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", library.to_str().unwrap(), "lib"];
    scene.git(&add).ok();
    let inner = scene.repository.join("lib");
    scene.machine.bylaws(&inner, &["install"]).ok();
    judged(&inner);
}

#[test]
fn a_broken_policy_lets_nothing_through() {
    let scene = Scene::new();
    scene.write(".bylaws/bylaws.toml", "[rules]\nsubject-lenght = \"advisory\"\n");
    scene.write("file", "two\n");
    let run = scene.git(&["commit", "-a", "-m", "Change all"]);
    assert!(
        run.text.contains("subject-lenght") && run.text.contains(".bylaws/bylaws.toml:2"),
        "{}",
        run.text
    );
    run.refused();
}

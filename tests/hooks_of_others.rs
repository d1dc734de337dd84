//! The real pre-commit, lefthook, husky and Git LFS: what they installed goes on running, and is as it was afterwards.
//!
//! `.ci/tools` gets them; a tool that is not there is said aloud.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "this is a test")]
#![allow(clippy::disallowed_methods, reason = "it shields the tests from the environment")]

#[path = "common/readme.rs"]
mod readme;
#[path = "common/sandbox.rs"]
mod sandbox;

use std::fs;
use std::path::{Path, PathBuf};

use sandbox::{Run, Sandbox, secret, snapshot};

/// A repository in which another tool was set up. Each of its hooks notes its name in the file `ran`.
struct Scene {
    machine: Sandbox,
    repository: PathBuf,
    tool: Option<PathBuf>,
}

impl Scene {
    /// `None`, said aloud, where the tool is not on this machine.
    fn with(tool: &str) -> Option<Self> {
        let Some(tool) = find(tool) else {
            sandbox::not_tested(&format!("{tool} is missing"), "get it with .ci/tools");
            return None;
        };
        let machine = Sandbox::new();
        let repository = machine.governed("repository");
        Some(Self { machine, repository, tool: Some(tool) })
    }

    /// Runs a command with the tool on `PATH`.
    fn run(&self, folder: &Path, program: &str, words: &[&str]) -> Run {
        let bin = self.tool.as_deref().and_then(Path::parent).unwrap_or(Path::new("/"));
        let path = self.machine.environment().into_iter().find(|(name, _)| name == "PATH").unwrap().1;
        let own = self.machine.path("bin");
        let path = format!("{}:{}:{}", own.display(), bin.display(), path.to_str().unwrap());
        self.machine.run_with(
            folder,
            program,
            words,
            &[("PATH", path.as_str()), ("RUSTUP_HOME", &rustup_home())],
        )
    }

    /// From now on `bylaws` is a command.
    fn put_on_path(&self) {
        let bin = self.machine.path("bin");
        fs::create_dir_all(&bin).unwrap();
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_bylaws"), bin.join("bylaws")).unwrap();
    }

    fn tool(&self, words: &[&str]) {
        let tool = self.tool.as_ref().unwrap().to_str().unwrap();
        self.run(&self.repository, tool, words).ok();
    }

    /// A shell command that notes `name`.
    fn note(&self, name: &str) -> String {
        format!("echo {name} >>{}", self.machine.path("ran").display())
    }

    fn ran(&self) -> Vec<String> {
        let ran = self.machine.path("ran");
        let text = fs::read_to_string(&ran).unwrap_or_default();
        fs::remove_file(&ran).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Stages `text` as a file and commits.
    fn commit(&self, folder: &Path, text: &str) -> Run {
        fs::write(folder.join("settings.conf"), text).unwrap();
        self.run(folder, "git", &["add", "settings.conf"]).ok();
        self.run(folder, "git", &["commit", "-m", "Change the settings"])
    }

    /// What must be as before: the folder of hooks and the configuration.
    fn hooks(&self) -> impl PartialEq + std::fmt::Debug {
        let git = self.repository.join(".git");
        (snapshot(&git.join("hooks")), fs::read_to_string(git.join("config")).unwrap())
    }

    fn install(&self) {
        self.run(&self.repository, env!("CARGO_BIN_EXE_bylaws"), &["install"]).ok();
    }

    /// Theirs and ours judge in a folder: theirs run first, ours refuses.
    fn both_judge(&self, folder: &Path, theirs: &[&str]) {
        self.ran();
        let head = self.run(folder, "git", &["rev-parse", "HEAD"]).ok();
        self.commit(folder, &format!("after = \"{}\"\n", head.trim())).ok();
        assert_eq!(self.ran(), theirs);
        let refused = self.commit(folder, &secret()).refused();
        assert!(refused.contains("error[no-keys]"), "{refused}");
        assert!(self.ran().contains(&theirs[0].to_owned()));
        self.run(folder, "git", &["reset", "-q", "--hard"]).ok();
    }

    /// The whole story of a tool whose hooks on a commit are `theirs`.
    fn play(&self, theirs: &[&str]) {
        let before = self.hooks();
        self.install();
        self.both_judge(&self.repository, theirs);
        let tree = self.machine.path("tree");
        self.run(&self.repository, "git", &["worktree", "add", "-q", "-b", "linked", tree.to_str().unwrap()])
            .ok();
        self.both_judge(&tree, theirs);
        let checks = self.run(&self.repository, env!("CARGO_BIN_EXE_bylaws"), &["doctor"]);
        checks.ok();
        self.run(&self.repository, env!("CARGO_BIN_EXE_bylaws"), &["uninstall"]).ok();
        assert_eq!(self.hooks(), before);
        self.commit(&self.repository, &secret()).ok();
        assert_eq!(self.ran(), theirs);
    }
}

/// Where the toolchains are: the home of a sandbox has none.
fn rustup_home() -> String {
    let of = |name: &str| std::env::var(name).ok();
    of("RUSTUP_HOME").or_else(|| of("HOME").map(|home| home + "/.rustup")).unwrap_or_default()
}

/// Where `.ci/tools` put it, or on `PATH`.
fn find(tool: &str) -> Option<PathBuf> {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools");
    let (arch, os) = (std::env::consts::ARCH, std::env::consts::OS);
    let arch = if arch == "x86_64" { "x64" } else { "arm64" };
    let native = tools.join(format!("node_modules/lefthook-{os}-{arch}/bin/lefthook"));
    let mut places = vec![match tool {
        "pre-commit" | "prek" => tools.join("python/bin").join(tool),
        "lefthook" => native,
        _ => tools.join("node_modules/husky/bin.js"),
    }];
    places.extend(sandbox::search_path().map(|folder| folder.join(tool)));
    places.into_iter().find(|place| place.is_file())
}

#[test]
fn pre_commit() {
    let Some(scene) = Scene::with("pre-commit") else { return };
    let mut config = "repos:\n  - repo: local\n    hooks:\n".to_owned();
    for stage in ["pre-commit", "commit-msg", "pre-push"] {
        config.push_str(&format!(
            "      - {{id: {stage}, name: {stage}, language: system, always_run: true, pass_filenames: false, stages: [{stage}], \
             entry: 'sh -c \"{}\"'}}\n",
            scene.note(stage)
        ));
    }
    fs::write(scene.repository.join(".pre-commit-config.yaml"), config).unwrap();
    scene.run(&scene.repository, "git", &["add", "."]).ok();
    scene.run(&scene.repository, "git", &["commit", "-q", "-m", "Add pre-commit"]).ok();
    // A hook from before pre-commit, which it looks for beside its own.
    let legacy = format!("#!/bin/sh\n{}\n", scene.note("legacy"));
    scene.machine.script(&scene.repository.join(".git/hooks/pre-commit"), &legacy);
    scene.tool(&["install", "-t", "pre-commit", "-t", "commit-msg", "-t", "pre-push"]);
    scene.play(&["legacy", "pre-commit", "commit-msg"]);

    let server = scene.machine.path("server.git");
    scene.run(&scene.repository, "git", &["init", "-q", "--bare", server.to_str().unwrap()]).ok();
    scene.run(&scene.repository, "git", &["remote", "add", "origin", server.to_str().unwrap()]).ok();
    scene.install();
    // The last commit holds the secret, and is refused; the one before is not.
    let refused = scene.run(&scene.repository, "git", &["push", "origin", "main"]).refused();
    assert!(refused.contains("error[no-keys]"), "{refused}");
    assert_eq!(scene.ran(), ["pre-push"]);
    scene.run(&scene.repository, "git", &["push", "origin", "main~1:refs/heads/main"]).ok();
    assert_eq!(scene.ran(), ["pre-push"]);
}

#[test]
fn lefthook() {
    let Some(scene) = Scene::with("lefthook") else { return };
    let write = |hooks: &[&str]| {
        let hooks: Vec<String> = hooks
            .iter()
            .map(|hook| format!("{hook}:\n  commands:\n    note:\n      run: {}\n", scene.note(hook)))
            .collect();
        fs::write(scene.repository.join("lefthook.yml"), hooks.concat()).unwrap();
        scene.run(&scene.repository, "git", &["add", "."]).ok();
        scene.run(&scene.repository, "git", &["commit", "-q", "-m", "Change lefthook"]).ok();
        scene.ran();
    };
    write(&["pre-commit", "commit-msg", "post-commit"]);
    scene.tool(&["install"]);
    scene.play(&["pre-commit", "commit-msg", "post-commit"]);

    // It writes its hooks anew when its configuration has changed; ours stay.
    scene.run(&scene.repository, "git", &["reset", "-q", "--hard", "HEAD~1"]).ok();
    scene.install();
    write(&["pre-commit", "commit-msg", "post-commit", "prepare-commit-msg"]);
    scene.both_judge(&scene.repository, &["pre-commit", "commit-msg", "post-commit"]);
    scene.tool(&["install", "--reset-hooks-path"]);
    let complaint = scene.run(&scene.repository, env!("CARGO_BIN_EXE_bylaws"), &["doctor"]).refused();
    assert!(complaint.contains("bylaws install"), "{complaint}");
    scene.install();
    scene.both_judge(&scene.repository, &["pre-commit", "prepare-commit-msg", "commit-msg", "post-commit"]);
}

#[test]
fn husky() {
    let Some(mut scene) = Scene::with("husky") else { return };
    let script = scene.tool.replace(PathBuf::from("/usr/bin/env")).unwrap();
    fs::write(scene.repository.join("package.json"), "{ \"scripts\": { \"prepare\": \"husky\" } }\n")
        .unwrap();
    for hook in ["pre-commit", "commit-msg", "post-commit"] {
        let path = scene.repository.join(".husky").join(hook);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, scene.note(hook)).unwrap();
    }
    let husky = |folder: &Path| {
        scene.run(folder, "node", &[script.to_str().unwrap()]).ok();
    };
    husky(&scene.repository);
    scene.run(&scene.repository, "git", &["add", "."]).ok();
    scene.run(&scene.repository, "git", &["commit", "-q", "-m", "Add husky"]).ok();
    let before = (snapshot(&scene.repository.join(".husky")), scene.hooks());

    let theirs = ["pre-commit", "commit-msg", "post-commit"];
    scene.install();
    scene.both_judge(&scene.repository, &theirs);
    // `npm install` in a linked work tree runs husky there, which takes core.hooksPath for itself.
    let tree = scene.machine.path("tree");
    scene
        .run(&scene.repository, "git", &["worktree", "add", "-q", "-b", "linked", tree.to_str().unwrap()])
        .ok();
    husky(&tree);
    let complaint = scene.run(&tree, env!("CARGO_BIN_EXE_bylaws"), &["doctor"]).refused();
    assert!(complaint.contains(".husky/_"), "{complaint}");
    scene.install();
    scene.both_judge(&tree, &theirs);
    scene.both_judge(&scene.repository, &theirs);
    scene.run(&scene.repository, env!("CARGO_BIN_EXE_bylaws"), &["uninstall"]).ok();
    assert!((snapshot(&scene.repository.join(".husky")), scene.hooks()) == before);
}

#[test]
fn git_lfs() {
    let Some(scene) = Scene::with("git-lfs") else { return };
    scene.run(&scene.repository, "git", &["lfs", "install", "--local"]).ok();
    scene.run(&scene.repository, "git", &["lfs", "track", "*.bin"]).ok();
    fs::write(scene.repository.join("data.bin"), [7; 1000]).unwrap();
    scene.run(&scene.repository, "git", &["add", "."]).ok();
    scene.run(&scene.repository, "git", &["commit", "-q", "-m", "Add data"]).ok();
    let server = scene.machine.path("server.git");
    scene.run(&scene.repository, "git", &["init", "-q", "--bare", server.to_str().unwrap()]).ok();
    scene.run(&scene.repository, "git", &["remote", "add", "origin", server.to_str().unwrap()]).ok();
    let before = scene.hooks();

    scene.install();
    // Its pre-push sends the data, and reads the same input as ours.
    scene.run(&scene.repository, "git", &["push", "origin", "main"]).ok();
    assert!(server.join("lfs/objects").is_dir());
    scene.run(&scene.repository, "git", &["switch", "-q", "-c", "bad"]).ok();
    fs::write(scene.repository.join("settings.conf"), secret()).unwrap();
    scene.run(&scene.repository, "git", &["add", "."]).ok();
    scene.run(&scene.repository, "git", &["commit", "-q", "--no-verify", "-m", "Add the settings"]).ok();
    scene.run(&scene.repository, "git", &["switch", "-q", "main"]).ok();
    let refused = scene.run(&scene.repository, "git", &["push", "origin", "main:good", "bad"]).refused();
    assert!(refused.contains("error[no-keys]"), "{refused}");
    scene.run(&scene.repository, env!("CARGO_BIN_EXE_bylaws"), &["doctor"]).ok();
    scene.run(&scene.repository, env!("CARGO_BIN_EXE_bylaws"), &["uninstall"]).ok();
    assert!(scene.hooks() == before);
}

#[test]
fn a_hook_of_another_tool_that_fails_blocks_with_its_own_status() {
    let machine = Sandbox::new();
    let repository = machine.governed("repository");
    let hook = repository.join(".git/hooks/pre-commit");
    machine.script(&hook, "#!/bin/sh\necho no >&2\nexit 42\n");
    machine.bylaws(&repository, &["install"]).ok();
    let run = machine.bylaws(&repository, &["hook", "pre-commit"]);
    assert_eq!((run.code, run.text.as_str()), (42, "no\n"));
    assert!(machine.commit(&repository).refused().contains("no\n"));
    // One that calls ours again, as a tool does that moved it aside, is not called for ever.
    let again = format!("#!/bin/sh\nexec '{}' hook pre-commit\n", env!("CARGO_BIN_EXE_bylaws"));
    machine.script(&hook, &again);
    machine.commit(&repository).ok();
}

impl Scene {
    /// A repository with our `.pre-commit-hooks.yaml` behind the address that the README names. What these tools build from
    /// it is a program that runs the real one: that is built already.
    fn publish_hooks(&self) {
        let hooks = self.machine.path("hooks");
        let write = |name: &str, text: &str| {
            fs::create_dir_all(hooks.join(name).parent().unwrap()).unwrap();
            fs::write(hooks.join(name), text).unwrap();
        };
        write(".pre-commit-hooks.yaml", include_str!("../.pre-commit-hooks.yaml"));
        write("Cargo.toml", "[package]\nname = \"bylaws\"\nversion = \"1.0.0\"\nedition = \"2021\"\n");
        let real = env!("CARGO_BIN_EXE_bylaws");
        write(
            "src/main.rs",
            &format!(
                "use std::os::unix::process::CommandExt as _;\n\
                 fn main() {{ panic!(\"{{}}\", std::process::Command::new({real:?}).args(std::env::args_os().skip(1)).exec()) }}\n"
            ),
        );
        for words in
            [&["init", "-q"][..], &["add", "."], &["commit", "-q", "-m", "Hooks"], &["tag", "v1.0.0"]]
        {
            self.run(&hooks, "git", words).ok();
        }
        let redirect =
            format!("[url {:?}]\n\tinsteadOf = https://example.org/bylaws.git\n", hooks.to_str().unwrap());
        fs::write(self.machine.path("home/.gitconfig"), redirect).unwrap();
    }

    /// A file is refused by its contents, a message by its words, and what is right goes through.
    fn file_and_message_are_judged(&self) {
        let refused = self.commit(&self.repository, &secret()).refused();
        assert!(refused.contains("error[no-keys]"), "{refused}");
        let head = self.run(&self.repository, "git", &["rev-parse", "HEAD"]).ok();
        fs::write(self.repository.join("settings.conf"), format!("after = {head}")).unwrap();
        self.run(&self.repository, "git", &["add", "."]).ok();
        let refused = self.run(&self.repository, "git", &["commit", "-m", "WIP"]).refused();
        assert!(refused.contains("error[no-wip]"), "{refused}");
        self.run(&self.repository, "git", &["commit", "-m", "Change the settings"]).ok();
    }

    /// Adds a file of a tool, and a rule on messages.
    fn set_up(&self, name: &str, text: &str) {
        fs::write(self.repository.join(name), text).unwrap();
        let rule = r#"rule("no-wip", #{
    title: "No work in progress",
    why: "it is not done",
    commit: |commit| if commit.subject == "WIP" { finding("it is work in progress") },
});
"#;
        fs::write(self.repository.join(".bylaws/rules/no-wip.rhai"), rule).unwrap();
        self.run(&self.repository, "git", &["add", "."]).ok();
        self.run(&self.repository, "git", &["commit", "-q", "-m", "Set up a tool"]).ok();
    }
}

/// Our `.pre-commit-hooks.yaml`, as the README says to use it, and with the program on `PATH`.
fn hooks_of_ours(tool: &str) {
    let Some(scene) = Scene::with(tool) else { return };
    scene.publish_hooks();
    let config = readme::file(".pre-commit-config.yaml");
    scene.set_up(".pre-commit-config.yaml", &config);
    scene.tool(&["install", "-t", "pre-commit", "-t", "commit-msg"]);
    scene.file_and_message_are_judged();

    let system = config.replace("id: bylaws-message", "id: bylaws-message-system");
    let system = system.replace("id: bylaws\n", "id: bylaws-system\n");
    assert!(system.matches("-system").count() == 2);
    fs::write(scene.repository.join(".pre-commit-config.yaml"), system).unwrap();
    scene.run(&scene.repository, "git", &["add", "."]).ok();
    scene.run(&scene.repository, "git", &["commit", "-q", "--no-verify", "-m", "Take ours from PATH"]).ok();
    let without = scene.commit(&scene.repository, "a = 2\n").refused();
    assert!(without.contains("bylaws"), "a missing program blocks: {without}");
    scene.put_on_path();
    scene.file_and_message_are_judged();
}

#[test]
fn our_hooks_in_pre_commit() {
    hooks_of_ours("pre-commit");
}

#[test]
fn our_hooks_in_prek() {
    hooks_of_ours("prek");
}

#[test]
fn our_commands_in_lefthook() {
    let Some(scene) = Scene::with("lefthook") else { return };
    scene.put_on_path();
    scene.set_up("lefthook.yml", &readme::file("lefthook.yml"));
    scene.tool(&["install"]);
    scene.file_and_message_are_judged();
}

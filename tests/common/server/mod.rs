//! Git servers: bare repositories of each kind with the server's hooks, and people who push to them.
//!
//! Most tests push through `bylaws serve LOGIN` with a stand-in for ssh: git's real receive-pack, the real hook, no daemon.
//! The real daemons are in modules of their own.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "this is part of the tests")]
#![allow(clippy::disallowed_methods, reason = "real programs are looked for on the PATH")]

pub mod daemon;
pub mod gitolite;
pub mod http;
pub mod raw;
pub mod sshd;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{Repo, environment};
use crate::sandbox::{executable, quoted};

/// How a repository names objects and stores refs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    pub objects: &'static str,
    pub refs: &'static str,
}

impl Kind {
    pub const ALL: [Self; 4] = [
        Self { objects: "sha1", refs: "files" },
        Self { objects: "sha1", refs: "reftable" },
        Self { objects: "sha256", refs: "files" },
        Self { objects: "sha256", refs: "reftable" },
    ];
    /// What most repositories are.
    pub const USUAL: Self = Self::ALL[0];

    /// Lets `test` run on each kind; the kind is told if it fails.
    pub fn each(test: impl Fn(Self)) {
        for kind in Self::ALL {
            let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| test(kind)));
            assert!(ended.is_ok(), "it failed on {kind}");
        }
    }

    /// The words for `git init`.
    pub fn words(self) -> [String; 2] {
        [format!("--object-format={}", self.objects), format!("--ref-format={}", self.refs)]
    }

    /// The id of nothing.
    pub fn zero(self) -> String {
        "0".repeat(if self.objects == "sha1" { 40 } else { 64 })
    }

    /// An id that no object has.
    pub fn absent(self) -> String {
        "1".repeat(self.zero().len())
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with {}", self.objects, self.refs)
    }
}

/// A public key for those who never sign.
pub const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHq0wVwPjs5tOUZWFSLGdSRDBwe2CLt+UGRDMRbrTgqV";

/// A policy of two rules for one protected environment, so that tests hang on no other. Other refs are free.
pub const POLICY: &[(&str, &str)] = &[
    (CONFIG, CONFIG_TEXT),
    (PEOPLE, PEOPLE_TEXT),
    (
        ".bylaws/rules/no-bad.rhai",
        r#"rule("no-bad", #{
    title: "No commit is bad",
    why: "so that tests have something to refuse",
    level: "hard-mandatory",
    environments: ["production"],
    commit: |commit| if commit.subject.contains("bad") { finding("the commit is bad").fix("make it good") },
});
"#,
    ),
    (
        ".bylaws/rules/no-poison.rhai",
        r#"rule("no-poison", #{
    title: "Nobody sells poison",
    why: "so that tests have something to refuse",
    level: "hard-mandatory",
    environments: ["production"],
    file: |file| for line in file.added_lines { if line.text.contains("poison") { file.finding("poison", line.line) } },
});
"#,
    ),
];

/// Where the policy has its settings, and what they are.
pub const CONFIG: &str = ".bylaws/bylaws.toml";
pub const CONFIG_TEXT: &str = "extends = []\n[environments.production]\nrefs = [\"main\", \"release/*\", \"refs/tags/v*\"]\n\
                               [requirements.production]\nmajor = {}\n";
/// Where the policy has its people, and who they are.
pub const PEOPLE: &str = ".bylaws/people.toml";
pub const PEOPLE_TEXT: &str = "seniority = [\"engineer\", \"senior\"]\n\
    [people.ada]\nname = \"Ada Lovelace\"\nemails = [\"ada@example.org\"]\nlogins = [\"ada\"]\nseniority = \"senior\"\n\
    [people.bob]\nname = \"Bob Babbage\"\nemails = [\"bob@example.org\"]\nlogins = [\"bob\"]\nseniority = \"engineer\"\n";

/// The policy with other files, or another text in some.
pub fn policy_with<'a>(files: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = POLICY.iter().filter(|(path, _)| files.iter().all(|(other, _)| other != path));
    kept.chain(files).copied().collect()
}

/// What `server.toml` says where a test asks for nothing else: `ada` is an operator.
pub fn settings(identity: &str) -> String {
    format!(
        "policy-ref = \"refs/heads/main\"\nidentity = \"{identity}\"\noperators = [{{ login = \"ada\", ssh = \"{KEY}\" }}]\n"
    )
}

/// A machine with one bare repository in `srv/shop.git`.
pub struct Server {
    folder: TempDir,
    root: PathBuf,
    pub kind: Kind,
}

impl Server {
    /// A repository governed by [`POLICY`], whose pushers `bylaws serve` names.
    pub fn new(kind: Kind) -> Self {
        Self::governed(kind, POLICY, &settings("ssh"))
    }

    /// A repository that held these files on `main` before the hooks came.
    pub fn governed(kind: Kind, files: &[(&str, &str)], settings: &str) -> Self {
        let server = Self::without_hooks(kind);
        let work = server.work();
        for (path, text) in files {
            work.write(path, text);
        }
        work.write("README", "a shop\n");
        work.commit("Open the shop");
        work.git(&["push", "-q", server.repository().to_str().unwrap(), "main"]);
        server.install(settings);
        server
    }

    /// A bare repository with nothing of ours.
    pub fn without_hooks(kind: Kind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let server = Self { folder, root, kind };
        fs::create_dir_all(server.path("home")).unwrap();
        init_bare(&server.repository(), kind);
        executable(
            &server.path("ssh"),
            &format!(
                "#!/bin/sh\n# ssh, to a server that knows the key of whoever the user is and takes every variable: HOST COMMAND\n\
                 export HOME={home} SSH_CONNECTION='192.0.2.1 50000 192.0.2.2 22' SSH_ORIGINAL_COMMAND=\"$2\"\n\
                 exec {bylaws} serve \"${{1%@*}}\"\n",
                home = quoted(&server.path("home")),
                bylaws = quoted(bylaws()),
            ),
        );
        server
    }

    /// Something of this machine.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub fn repository(&self) -> PathBuf {
        self.path("srv/shop.git")
    }

    /// Puts the hooks in, with this `server.toml`.
    pub fn install(&self, settings: &str) {
        install(&self.repository(), settings);
    }

    /// Writes the repository's `server.toml` anew.
    pub fn set(&self, settings: &str) {
        fs::write(self.repository().join("bylaws/server.toml"), settings).unwrap();
    }

    /// The url by which `login` comes, past a daemon.
    pub fn url(&self, login: &str) -> String {
        format!("{login}@server:{}", self.repository().display())
    }

    /// A repository to work in, of the same kind, empty; pushes to [`Server::url`] go through `bylaws serve`.
    pub fn work(&self) -> Repo {
        let words = self.kind.words();
        let work = Repo::init(&[words[0].as_str(), words[1].as_str()]);
        work.git(&["config", "core.sshCommand", &quoted(&self.path("ssh"))]);
        work.git(&["config", "ssh.variant", "simple"]);
        work
    }

    /// The same with all that the server has, on `main`.
    pub fn clone(&self) -> Repo {
        let work = self.work();
        work.git(&[
            "fetch",
            "-q",
            self.repository().to_str().unwrap(),
            "+refs/heads/*:refs/remotes/origin/*",
        ]);
        work.git(&["checkout", "-q", "-B", "main", "origin/main"]);
        work
    }

    /// Pushes by `bylaws serve LOGIN`.
    pub fn push(&self, login: &str, work: &Repo, words: &[&str]) -> Pushed {
        push(work, &self.url(login), words)
    }

    /// Pushes what must be let in.
    #[track_caller]
    pub fn takes(&self, login: &str, work: &Repo, words: &[&str]) {
        self.push(login, work, words).ok();
    }

    /// Pushes what must be refused for this rule, with nothing moved; what was said.
    #[track_caller]
    pub fn refuses(&self, login: &str, work: &Repo, words: &[&str], rule: &str) -> String {
        let before = self.refs();
        let said = self.push(login, work, words).refused();
        assert_eq!(self.refs(), before, "refs moved in spite of:\n{said}");
        self.is_recorded(rule, &said);
        said
    }

    /// The same for what a raw client sends.
    #[track_caller]
    pub fn refuses_raw(&self, login: &str, push: &raw::Push, rule: &str) -> raw::Answer {
        let before = self.refs();
        let answer = push.send(self.kind, self.receive_pack(login));
        assert_eq!(self.refs(), before, "refs moved in spite of: {answer:#?}");
        let answer = answer.refused();
        if !rule.is_empty() {
            self.is_recorded(rule, &answer.said);
        }
        answer
    }

    /// The newest push in the spool was refused, and for this rule.
    #[track_caller]
    fn is_recorded(&self, rule: &str, said: &str) {
        let entries = self.entries();
        let last = entries.last().unwrap_or_else(|| panic!("nothing is recorded of this:\n{said}"));
        let of_push = entries.iter().filter(|entry| entry["facts"]["push"] == last["facts"]["push"]);
        let of_push: Vec<&Value> = of_push.collect();
        assert!(of_push.iter().all(|entry| entry["kind"] == "denied"), "{of_push:#?}");
        let findings = of_push.iter().flat_map(|entry| entry["findings"].as_array().unwrap());
        let mut rules: Vec<&str> = findings.map(|finding| finding["rule"].as_str().unwrap()).collect();
        rules.dedup();
        assert!(rules.contains(&rule), "refused by {rules:?}, not by {rule}:\n{said}");
    }

    /// All refs, where they are, and what symbolic ones stand for.
    pub fn refs(&self) -> String {
        self.git(&["for-each-ref", "--format=%(objectname) %(refname) %(symref)"])
    }

    /// What a raw client talks to: the receive-pack that `login` gets.
    pub fn receive_pack(&self, login: &str) -> Command {
        let mut command = Command::new(bylaws());
        command.args(["serve", login]).env_clear().env("HOME", self.path("home"));
        command.env("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22");
        command.env("SSH_ORIGINAL_COMMAND", format!("git-receive-pack {}", quoted(&self.repository())));
        command
    }

    /// git in the bare repository, past all hooks: what the administrator does.
    pub fn git(&self, words: &[&str]) -> String {
        git_in(&self.repository(), words)
    }

    /// Where a ref is; `None` where it is not.
    pub fn tip(&self, reference: &str) -> Option<String> {
        let out = self.git(&["for-each-ref", "--format=%(objectname) %(refname)"]);
        let found = out.lines().find_map(|line| line.strip_suffix(reference)?.strip_suffix(' '))?;
        Some(found.to_owned())
    }

    /// The entries in the spool, oldest first.
    pub fn entries(&self) -> Vec<Value> {
        entries(&self.repository())
    }
}

/// The program under test.
pub fn bylaws() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_bylaws"))
}

/// A new bare repository.
pub fn init_bare(path: &Path, kind: Kind) {
    fs::create_dir_all(path).unwrap();
    let words = kind.words();
    git_in(path, &["init", "-q", "--bare", "--template=", "-b", "main", &words[0], &words[1], "."]);
    fs::create_dir_all(path.join("hooks")).unwrap();
}

/// `git WORDS` in a folder, which must succeed.
pub fn git_in(folder: &Path, words: &[&str]) -> String {
    let mut command = Command::new("git");
    let output = command.args(words).current_dir(folder).env_clear().envs(environment()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {}: {said}", words.join(" "));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

/// Puts the server's hooks into a bare repository. A settings file of the host that is not there stands for the machine's.
pub fn install(repository: &Path, settings: &str) {
    let host = repository.parent().unwrap().join("host.toml");
    let identity = settings.split('"').skip_while(|word| !word.ends_with("identity = ")).nth(1).unwrap();
    let mut command = Command::new(bylaws());
    command.args(["install", "--identity", identity, "--host-settings"]).arg(host);
    command.arg("--server").arg(repository).env_clear().envs(environment()).current_dir("/");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&[output.stdout, output.stderr].concat()));
    fs::write(repository.join("bylaws/server.toml"), settings).unwrap();
}

/// The entries in a repository's spool, oldest first.
pub fn entries(repository: &Path) -> Vec<Value> {
    let spool = repository.join("bylaws/spool");
    let Ok(listed) = fs::read_dir(spool) else { return Vec::new() };
    let mut names: Vec<PathBuf> = listed.map(|entry| entry.unwrap().path()).collect();
    names.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    names.sort();
    names.iter().map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap()).collect()
}

/// How a push ended.
#[derive(Debug)]
pub struct Pushed {
    pub accepted: bool,
    /// What git and the server said.
    pub said: String,
}

impl Pushed {
    fn of(output: &Output) -> Self {
        let said = [output.stdout.as_slice(), &output.stderr].concat();
        Self { accepted: output.status.success(), said: String::from_utf8_lossy(&said).into_owned() }
    }

    #[track_caller]
    pub fn ok(self) -> String {
        assert!(self.accepted, "it was refused:\n{}", self.said);
        self.said
    }

    /// Refused by the server, not by git's own client.
    #[track_caller]
    pub fn refused(self) -> String {
        assert!(!self.accepted, "it went through:\n{}", self.said);
        assert!(self.said.contains("remote rejected"), "the server refused nothing:\n{}", self.said);
        self.said
    }
}

/// `git push URL WORDS`.
pub fn push(work: &Repo, url: &str, words: &[&str]) -> Pushed {
    push_with(work, url, words, &[])
}

/// The same with more variables in the environment.
pub fn push_with(work: &Repo, url: &str, words: &[&str], variables: &[(&str, &str)]) -> Pushed {
    let mut command = work.command(&[&["push", url], words].concat());
    Pushed::of(&command.envs(variables.iter().copied()).output().unwrap())
}

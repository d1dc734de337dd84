//! docs/server.md: its commands are typed on a real sshd, a real web server and a real gitolite, and print what it shows.
//!
//! What differs on the test's machine is said here and nowhere else: places below `/etc` and `/srv` lie in a folder of the
//! test's own ([`Machine::here`]), daemons listen on loopback on ports of their own, and what needs root does nothing
//! ([`STANDING_IN`]).

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "real programs are looked for on the PATH")]

mod common;
#[path = "common/document.rs"]
mod document;
#[path = "common/sandbox.rs"]
mod sandbox;
#[path = "common/server/mod.rs"]
mod server;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use bylaws::config::IdentitySource;
use common::{Repo, environment};
use document::Block;
use sandbox::{executable, quoted};
use server::daemon::{Daemon, program};
use server::gitolite::Gitolite;
use server::sshd::{self, Sshd};
use server::{Kind, bylaws, entries, git_in, init_bare};

const GUIDE: &str = include_str!("../docs/server.md");

/// What the guide asks root for and a test must not do.
const STANDING_IN: [&str; 2] = ["chown", "systemctl"];

/// The way through the guide, between the hooks and their uninstallation.
const COMMON: [&str; 4] = ["The first policy", "Watch", "Enforce", "What is recorded"];

/// The guide's server, and the machines of Ada and Bob.
struct Machine {
    folder: tempfile::TempDir,
    /// What the guide calls a place, and where it is.
    places: Vec<(String, String)>,
    /// In which folder each of them is.
    folders: HashMap<String, PathBuf>,
}

impl Machine {
    /// `repositories` is what the guide calls `/srv/git`. `None`, said aloud, where a program is missing.
    fn new(folder: tempfile::TempDir, repositories: &Path) -> Option<Self> {
        program(&["/usr/bin/jq", "/usr/local/bin/jq"], "jq")?;
        let root = folder.path().canonicalize().unwrap();
        let mut machine = Self { folder, places: Vec::new(), folders: HashMap::new() };
        machine.place("/etc/lighttpd", &root.join("etc/lighttpd"));
        machine.place("/etc/bylaws", &root.join("etc/bylaws"));
        machine.place("/srv/git", repositories);
        machine.place("/usr/local/bin/bylaws", bylaws());
        for name in ["ada", "bob", "server"] {
            fs::create_dir_all(root.join(name).join("bin")).unwrap();
            machine.folders.insert(name.to_owned(), root.join(name));
        }
        let bin = |name: &str, program: &str| root.join(name).join("bin").join(program);
        std::os::unix::fs::symlink(bylaws(), bin("ada", "bylaws")).unwrap();
        // The host's settings are a test's own, and `install` is told so.
        let settings = quoted(&root.join("etc/bylaws/server.toml"));
        let program = quoted(bylaws());
        let text = format!(
            "#!/bin/sh\ncase $1 in install) shift; set -- install --host-settings {settings} \"$@\" ;; esac\nexec {program} \"$@\"\n"
        );
        executable(&bin("server", "bylaws"), &text);
        for name in STANDING_IN {
            executable(&bin("server", name), "#!/bin/sh\n");
        }
        Some(machine)
    }

    fn place(&mut self, there: &str, here: &Path) {
        self.places.push((there.to_owned(), here.display().to_string()));
    }

    fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    /// The guide's words with the places of this machine.
    fn here(&self, text: &str) -> String {
        self.places.iter().fold(text.to_owned(), |text, (there, here)| text.replace(there, here))
    }

    /// The reverse.
    fn there(&self, text: &str) -> String {
        self.places.iter().fold(text.to_owned(), |text, (there, here)| text.replace(here, there))
    }

    /// From now on this person's ssh uses this key, whatever the guide calls the server and its repositories.
    fn ssh(&self, name: &str, sshd: &Sshd, key: &Path) {
        let text = format!(
            "#!/bin/sh\nfor word; do\n    shift\n    \
             set -- \"$@\" \"$(printf %s \"$word\" | sed -e 's/^git@git.example.org$/{account}@127.0.0.1/' -e \"s#'shop.git'#'{srv}/shop.git'#\")\"\n\
             done\nPATH=${{PATH#*:}}\nexec {client} -p {port} \"$@\"\n",
            account = sshd::account(),
            srv = self.here("/srv/git"),
            client = sshd.client(key, ""),
            port = sshd.port(),
        );
        executable(&self.root().join(name).join("bin/ssh"), &text);
    }

    /// What is typed behind a prompt; both streams.
    fn typed(&mut self, who: &str, line: &str) -> String {
        if let Some(folder) = line.strip_prefix("cd ") {
            let now = self.folders.get_mut(who).unwrap();
            *now = now.join(folder);
            return String::new();
        }
        let home = self.root().join(who);
        let path = std::env::join_paths(
            [home.join("bin")].into_iter().chain(std::env::split_paths(&sandbox::daemon_path())),
        );
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{{ {}\n}} 2>&1", self.here(line))]).current_dir(&self.folders[who]);
        command.env_clear().envs(environment()).env("PATH", path.unwrap()).env("HOME", &home);
        command.env("GIT_CONFIG_GLOBAL", home.join(".gitconfig")).env("GIT_TERMINAL_PROMPT", "0");
        self.there(&String::from_utf8(command.output().unwrap().stdout).unwrap())
    }

    /// Types what stands in a box, or writes the file that it shows.
    fn follow(&mut self, block: &Block) {
        match block.language.as_str() {
            "console" => self.type_all(block),
            "toml" | "sh" | "text" => {
                let Some((name, text)) = block.text.strip_prefix("# ").and_then(|text| text.split_once('\n'))
                else {
                    return;
                };
                let path = if name.starts_with('/') {
                    PathBuf::from(self.here(name))
                } else {
                    self.folders["ada"].join(name)
                };
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, self.here(text)).unwrap();
            }
            other => panic!("line {}: what is {other}?", block.line),
        }
    }

    fn type_all(&mut self, block: &Block) {
        let mut told = String::new();
        for line in block.text.lines() {
            let typed = line.split_once("$ ").or_else(|| line.split_once("# "));
            if let Some((who, line)) = typed.filter(|(who, _)| self.folders.contains_key(*who)) {
                let prompt = if who == "server" { "server#" } else { &format!("{who}$") };
                told.push_str(&format!("{prompt} {line}\n{}", self.typed(who, line)));
            }
        }
        assert_eq!(told_alike(&told), told_alike(&block.text), "line {}; really:\n{told}", block.line);
    }

    /// All boxes of a section.
    fn section(&mut self, name: &str) {
        let blocks: Vec<Block> = blocks().into_iter().filter(|block| block.section == name).collect();
        assert!(!blocks.is_empty(), "the guide has no section `{name}`");
        for block in &blocks {
            self.follow(block);
        }
    }

    /// The common way, and what must have come of it.
    fn go_on(&mut self, repository: &Path) {
        for name in COMMON {
            self.section(name);
        }
        let told: Vec<String> = entries(repository)
            .iter()
            .map(|entry| {
                format!("{} {}", entry["pusher"]["login"].as_str().unwrap(), entry["kind"].as_str().unwrap())
            })
            .collect();
        let expected =
            ["ada accepted", "bob accepted", "bob would-deny", "bob accepted", "bob denied", "bob denied"];
        assert_eq!(told, expected);
        let subject = git_in(repository, &["log", "-1", "--format=%s", "main"]);
        assert_eq!(subject, "Sell coffee", "what was refused is not there");
    }
}

/// Without what differs each time: ids, times, names of files in the spool, urls.
fn told_alike(text: &str) -> String {
    let patterns = [
        (r"(?m)[ \t]+$", ""),
        (r"rejected\] +", "rejected] "),
        (r"\(\d+(\.\d+)? m?s\)", "(TIME)"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME"),
        (r"recorded as \S+", "recorded as NAME"),
        (r"\b[0-9a-f]{7,64}\b", "ID"),
        (r"(?m)^To .*", "To URL"),
        (r"refs to '.*'", "refs to URL"),
    ];
    let replaced = |text: String, (pattern, with): (&str, &str)| {
        regex::Regex::new(pattern).unwrap().replace_all(&text, with).into_owned()
    };
    patterns.into_iter().fold(text.to_owned(), replaced)
}

fn blocks() -> Vec<Block> {
    document::blocks(GUIDE)
}

/// A bare repository with a history, as people have it before the hooks come.
fn shop(path: &Path) {
    init_bare(path, Kind::USUAL);
    let work = Repo::new();
    work.write("README", "a shop\n");
    work.commit("Open the shop");
    work.git(&["push", "-q", path.to_str().unwrap(), "main"]);
}

#[test]
fn plain_ssh_by_the_guide() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let repositories = root.join("srv/git");
    let Some(mut machine) = Machine::new(folder, &repositories) else { return };
    let shop_git = repositories.join("shop.git");
    shop(&shop_git);
    let keys = repositories.join(".ssh/authorized_keys");
    fs::create_dir_all(keys.parent().unwrap()).unwrap();
    let Some(sshd) = Sshd::start(&root.join("sshd"), &repositories, &keys) else { return };
    for name in ["ada", "bob"] {
        let public = sshd::keygen(&root.join(name).join("key"));
        fs::write(root.join(format!("server/{name}.pub")), public + "\n").unwrap();
        machine.ssh(name, &sshd, &root.join(name).join("key"));
    }
    let before = sandbox::snapshot(&shop_git);
    machine.section("Name the operators");
    machine.section("Plain ssh");
    machine.go_on(&shop_git);
    machine.section("Uninstall");
    let mut after = sandbox::snapshot(&shop_git);
    after.retain(|path, _| !path.starts_with("bylaws"));
    assert_eq!(after, before, "something is not as it was");
}

#[test]
fn plain_http_by_the_guide() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let repositories = root.join("srv/git");
    let Some(mut machine) = Machine::new(folder, &repositories) else { return };
    let Some(lighttpd) = program(&["/usr/sbin/lighttpd", "/usr/bin/lighttpd"], "lighttpd") else { return };
    if program(&["/usr/bin/openssl", "/usr/local/bin/openssl"], "openssl").is_none() {
        return;
    }
    let shop_git = repositories.join("shop.git");
    shop(&shop_git);
    for name in ["ada", "bob"] {
        fs::write(root.join(format!("server/{name}.password")), "secret\n").unwrap();
    }
    machine.place("/usr/lib/git-core/", Path::new(&format!("{}/", git_in(&root, &["--exec-path"]))));
    // Tests have a git of their own on the PATH, and nothing of the account's.
    machine.place(
        "\"HOME\" => \"/var/www\"",
        Path::new("\"PATH\" => env.PATH, \"GIT_CONFIG_NOSYSTEM\" => \"1\""),
    );
    machine.section("Name the operators");
    let mut daemon = None;
    for block in blocks().into_iter().filter(|block| block.section == "Plain http") {
        if block.text.starts_with("ada$") {
            let started = Daemon::start(&root.join("log"), |port| started(&lighttpd, &root, port));
            for name in ["ada", "bob"] {
                let text = format!(
                    "[url \"http://{name}:secret@127.0.0.1:{}/\"]\n\tinsteadOf = http://{name}@git.example.org/\n",
                    started.port
                );
                fs::write(root.join(name).join(".gitconfig"), text).unwrap();
            }
            daemon = Some(started);
        }
        machine.follow(&block);
    }
    assert!(daemon.is_some());
    machine.go_on(&shop_git);
    let nobody = machine.typed(
        "bob",
        "git -c url.x.insteadOf=y ls-remote \"$(git remote get-url origin | sed 's/secret/guess/')\"",
    );
    assert!(nobody.contains("Authentication failed"), "{nobody}");
}

/// lighttpd with what its package configures, on a port of the test's own, and the guide's file.
fn started(lighttpd: &Path, root: &Path, port: u16) -> Command {
    let config = root.join("lighttpd.conf");
    let text = format!(
        "server.document-root = \"{root}\"\nserver.bind = \"127.0.0.1\"\nserver.port = {port}\nserver.upload-dirs = (\"{root}\")\n\
         server.modules = (\"mod_access\")\ninclude \"{root}/etc/lighttpd/conf-enabled/50-git.conf\"\n",
        root = root.display(),
    );
    fs::write(&config, text).unwrap();
    let mut command = Command::new(lighttpd);
    command.arg("-D").arg("-f").arg(&config);
    command
}

#[test]
fn gitolite_by_the_guide() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let Some(gitolite) = Gitolite::start(&root.join("gitolite"), Kind::USUAL, &["ada", "bob"]) else {
        return;
    };
    let Some(mut machine) = Machine::new(folder, &gitolite.home()) else { return };
    let first = Repo::new();
    first.write("README", "a shop\n");
    first.commit("Open the shop");
    gitolite.sshd.used_by(&first, &gitolite.key("bob"));
    first.git(&["push", "-q", &gitolite.sshd.url("shop"), "main"]);
    for name in ["ada", "bob"] {
        machine.ssh(name, &gitolite.sshd, &gitolite.key(name));
    }
    machine.section("Name the operators");
    machine.section("gitolite");
    machine.go_on(&gitolite.repository());
    // A repository that gitolite makes later is governed from its first push.
    let conf = gitolite.home().join(".gitolite/conf/gitolite.conf");
    let text = fs::read_to_string(&conf).unwrap();
    fs::write(&conf, text + "repo later\n    RW+ = @all\n").unwrap();
    gitolite.run(&["compile"]);
    assert!(gitolite.home().join("repositories/later.git/bylaws/server.toml").is_file());
    let later = machine.typed("bob", "git push git@git.example.org:later HEAD:main");
    assert!(later.contains("this repository has no policy yet, and `bob` is"), "{later}");
}

#[test]
fn every_link_within_leads_somewhere() {
    assert_eq!(document::broken_links(GUIDE), [""; 0]);
}

#[test]
fn every_toml_is_toml() {
    for block in blocks().iter().filter(|block| block.language == "toml") {
        if let Err(error) = toml::from_str::<toml::Table>(&block.text) {
            panic!("line {}: {error}", block.line);
        }
    }
}

/// The first cells of the table below a heading, without backquotes.
fn first_cells(heading: &str) -> Vec<String> {
    let (_, below) = GUIDE.split_once(&format!("\n## {heading}\n")).unwrap();
    let (_, below) = below.split("\n## ").next().unwrap().split_once("\n|---").unwrap();
    let cells = below.lines().filter_map(|line| line.strip_prefix("| `")?.split(" |").next());
    cells.flat_map(|cell| cell.split("`, `")).map(|cell| cell.trim_end_matches('`').to_owned()).collect()
}

#[test]
fn the_tables_are_whole() {
    assert_eq!(sorted(first_cells("Who pushes")), sorted(IdentitySource::WORDS.map(str::to_owned).to_vec()));
    let output = Command::new(bylaws()).args(["schema", "server"]).env_clear().output().unwrap();
    let schema: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let keys: Vec<String> = schema["properties"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(sorted(first_cells("server.toml")), sorted(keys));
}

fn sorted(mut words: Vec<String>) -> Vec<String> {
    words.sort();
    words
}

#[test]
fn every_message_that_is_explained_is_one_that_is_said() {
    let said = [text_below("src"), text_below("hooks")].concat();
    // Long ones are broken over lines.
    let said = regex::Regex::new(r"\\\n\s*").unwrap().replace_all(&said, "").into_owned();
    let messages = first_cells("What pushers see, and what to do");
    assert!(messages.len() > 15, "{messages:?}");
    for message in messages {
        assert!(said.contains(&message), "nothing says `{message}`");
    }
}

#[test]
fn every_trap_that_is_named_has_tests() {
    let tests = text_below("tests");
    let names = regex::Regex::new(r"`(trap_\d\d)`").unwrap();
    let named: Vec<&str> = names.captures_iter(GUIDE).map(|found| found.get(1).unwrap().as_str()).collect();
    assert!(named.len() > 5);
    for name in named {
        assert!(tests.contains(&format!("fn {name}_")), "there is no test of {name}");
    }
}

/// All files below a folder of the sources.
fn text_below(folder: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = walkdir::WalkDir::new(folder)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file());
    files.filter_map(|entry| fs::read_to_string(entry.path()).ok()).collect()
}

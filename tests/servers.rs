//! Pushes to real servers of the tests' own: what is good is taken, what is bad is refused, and the pusher is known by name.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod common;
#[path = "common/sandbox.rs"]
mod sandbox;
#[path = "common/server/mod.rs"]
mod server;

use std::fs;
use std::path::Path;

use common::Repo;
use server::gitolite::Gitolite;
use server::http::Http;
use server::raw::Push;
use server::sshd::{self, Sshd};
use server::{Kind, POLICY, Server, entries, install, push, settings};

/// A good push, then a bad one, to the same place; the pusher must be named in what is recorded of both.
fn good_then_bad(work: &Repo, url: &str, repository: &Path, pusher: &str) {
    let before = entries(repository).len();
    work.write("goods", "tea\n");
    work.commit("Sell tea");
    push(work, url, &["main"]).ok();
    let good = work.head();
    work.write("goods", "poison\n");
    work.commit("Sell something bad");
    let said = push(work, url, &["main"]).refused();
    assert!(said.contains("the commit is bad"), "{said}");
    assert_eq!(server::git_in(repository, &["rev-parse", "refs/heads/main"]), good);
    let told: Vec<(String, String, String)> = entries(repository)[before..]
        .iter()
        .map(|entry| {
            let word = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
            (word("kind"), word("ref"), entry["pusher"]["login"].as_str().unwrap_or_default().to_owned())
        })
        .collect();
    let told: Vec<(&str, &str, &str)> = told
        .iter()
        .map(|(kind, reference, pusher)| (kind.as_str(), reference.as_str(), pusher.as_str()))
        .collect();
    assert_eq!(told, [("accepted", "refs/heads/main", pusher), ("denied", "refs/heads/main", pusher)]);
}

#[test]
fn a_push_through_the_forced_command() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        let work = server.clone();
        good_then_bad(&work, &server.url("bob"), &server.repository(), "bob");
    });
}

#[test]
fn a_push_by_path() {
    Kind::each(|kind| {
        let account = sshd::account();
        let trusted = settings("unix") + "trust-shell = true\n";
        let server = Server::governed(kind, &people_with(&account), &trusted);
        let work = server.clone();
        good_then_bad(&work, server.repository().to_str().unwrap(), &server.repository(), &account);
    });
}

/// The policy, in which `bob` has another login.
fn people_with(login: &str) -> Vec<(&'static str, &'static str)> {
    let people = POLICY[1].1.replace("logins = [\"bob\"]", &format!("logins = [\"bob\", \"{login}\"]"));
    vec![POLICY[0], (POLICY[1].0, people.leak()), POLICY[2]]
}

#[test]
fn a_push_over_ssh() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        let keys = server.path("keys");
        let Some(sshd) = ssh_server(&server) else { return };
        let work = server.clone();
        sshd.used_by(&work, &keys.join("bob"));
        good_then_bad(&work, &sshd.url(server.repository().to_str().unwrap()), &server.repository(), "bob");
    });
}

#[test]
fn what_a_client_sends_through_ssh_steers_nothing() {
    let server = Server::new(Kind::USUAL);
    let Some(sshd) = ssh_server(&server) else { return };
    let work = server.clone();
    sshd.used_by(&work, &server.path("keys/bob"));
    let sent = [
        ("BYLAWS_LOGIN", "ada"),
        ("GIT_CONFIG_COUNT", "1"),
        ("GIT_CONFIG_KEY_0", "core.hooksPath"),
        ("GIT_CONFIG_VALUE_0", "/nonexistent"),
        ("GIT_NAMESPACE", "other"),
        ("GIT_TRACE", "1"),
    ];
    let options: String = sent.iter().map(|(name, _)| format!("-o SendEnv={name} ")).collect();
    work.git(&[
        "config",
        "core.sshCommand",
        &forged(&sent, &sshd.client(&server.path("keys/bob"), &options)),
    ]);
    good_then_bad(&work, &sshd.url(server.repository().to_str().unwrap()), &server.repository(), "bob");
}

/// A command with variables that git would not pass on.
fn forged(variables: &[(&str, &str)], command: &str) -> String {
    let words: String = variables.iter().map(|(name, value)| format!("{name}={value} ")).collect();
    format!("env {words}{command}")
}

#[test]
fn the_forced_command_gives_no_shell() {
    let server = Server::new(Kind::USUAL);
    let Some(sshd) = ssh_server(&server) else { return };
    let client = sshd.client(&server.path("keys/bob"), "");
    let run = |words: &str| {
        let command = format!("{client} -p {} {}@127.0.0.1 {words}", sshd.port(), sshd::account());
        let output = std::process::Command::new("sh").args(["-c", &command]).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8(said).unwrap())
    };
    let (status, said) = run("");
    insta::assert_snapshot!(format!("{status}\n{said}"), @r"
    2
    error: you are `bob` here; this server has git repositories and no shell
      = help: git clone, git fetch and git push work
    ");
    let (status, said) = run("'git-receive-pack /tmp; id'");
    insta::assert_snapshot!(format!("{status}\n{said}"), @r"
    2
    error: `git receive-pack` wants one repository in single quotes
      = help: git's own client writes it so
    ");
    let (status, said) = run("cat /etc/passwd");
    insta::assert_snapshot!(format!("{status}\n{said}"), @r"
    2
    error: `cat /etc/passwd` is not served here
      = help: git clone, git fetch and git push work; there is no shell
    ");
    let (status, said) = run("\"git-upload-pack '/nonexistent'\"");
    assert_eq!(status, 128, "git's own status: {said}");
}

/// An sshd that serves git to `ada` and `bob`.
fn ssh_server(server: &Server) -> Option<Sshd> {
    let keys = server.path("keys");
    fs::create_dir_all(&keys).unwrap();
    let line = |login: &str| {
        let public = sshd::keygen(&keys.join(login));
        format!("command=\"{} serve {login}\",restrict {public}\n", server::bylaws().display())
    };
    fs::write(keys.join("authorized"), ["ada", "bob"].map(line).concat()).unwrap();
    Sshd::start(&server.path("sshd"), &server.path("home"), &keys.join("authorized"))
}

#[test]
fn a_push_over_http() {
    Kind::each(|kind| {
        let server = Server::governed(kind, POLICY, &settings("http"));
        let Some(http) = Http::start(&server.path("http"), &server.path("srv"), &["ada", "bob"]) else {
            return;
        };
        let work = server.clone();
        good_then_bad(&work, &http.url("bob", "shop.git"), &server.repository(), "bob");
        let stranger = http.url("bob", "shop.git").replace("secret", "guess");
        assert!(!push(&work, &stranger, &["main~:refs/heads/other"]).accepted);
    });
}

#[test]
fn a_push_to_gitolite() {
    Kind::each(|kind| {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        let Some(gitolite) = Gitolite::start(&folder, kind, &["ada", "bob"]) else { return };
        let work = Repo::init(&[kind.words()[0].as_str()]);
        for (path, text) in POLICY {
            work.write(path, text);
        }
        work.commit("Open the shop");
        gitolite.sshd.used_by(&work, &gitolite.key("bob"));
        work.git(&["push", "-q", &gitolite.sshd.url("shop"), "main"]);
        install(&gitolite.repository(), &settings("gitolite"));
        good_then_bad(&work, &gitolite.sshd.url("shop"), &gitolite.repository(), "bob");
    });
}

#[test]
fn the_raw_client_is_a_git_client() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        let work = server.clone();
        let old = work.head();
        work.write("goods", "tea\n");
        let new = work.commit("Sell tea");
        let pack = |push: Push| push.pack(&work, &["HEAD"], &["HEAD~"]);
        let taken =
            pack(Push::new().command(&old, &new, "refs/heads/main")).send(kind, server.receive_pack("bob"));
        assert!(taken.advertised.has("push-options") && taken.advertised.has("atomic"));
        assert!(taken.advertised.refs.contains(&(old.clone(), "refs/heads/main".to_owned())));
        taken.ok();
        assert_eq!(server.tip("refs/heads/main"), Some(new.clone()));
        work.write("goods", "poison\n");
        let bad = work.commit("Sell something bad");
        let denied = pack(Push::new().command(&new, &bad, "refs/heads/main").option("a=b"))
            .send(kind, server.receive_pack("bob"))
            .refused();
        assert_eq!(denied.unpack, "ok");
        assert!(denied.said.contains("the commit is bad"), "{denied:?}");
        assert_eq!(
            denied.refs,
            [("refs/heads/main".to_owned(), Some("pre-receive hook declined".to_owned()))]
        );
    });
}

#[test]
fn a_push_that_cannot_be_recorded_is_refused_on_one_screen() {
    let server = Server::new(Kind::USUAL);
    let work = server.clone();
    let before = server.tip("refs/heads/main");
    fs::remove_dir_all(server.repository().join("bylaws/spool")).unwrap();
    work.write("goods", "tea\n");
    work.commit("Sell tea");
    let said = server.push("bob", &work, &["main"]).refused();
    assert_eq!(server.tip("refs/heads/main"), before);
    let told: Vec<&str> =
        said.lines().filter_map(|line| line.strip_prefix("remote: ")).map(str::trim_end).collect();
    assert_eq!(told[0], "error[bylaws/record]: this push cannot be recorded, so it is refused:", "{said}");
    assert!(said.contains("bylaws install --server"), "{said}");
    assert!(told.iter().all(|line| line.chars().count() <= 70), "{said}");
}

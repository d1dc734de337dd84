//! 2: dates in commits are the author's to write; what counts is when the server received them.

use std::path::PathBuf;

use crate::common::Repo;
use crate::server::sshd::keygen;
use crate::server::{CONFIG, CONFIG_TEXT, Kind, PEOPLE, PEOPLE_TEXT, Server, policy_with, settings};

/// A server whose changes must be signed, and `bob`'s key there.
fn signed(kind: Kind, validity: &str) -> (Server, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("bob");
    let public = keygen(&made);
    let config = CONFIG_TEXT.replace("major = {}", "major = { signed-commits = true }");
    let key = format!("keys = [{{ ssh = \"{public}\"{validity} }}]\n");
    let files = [(CONFIG, config.as_str()), (PEOPLE, &format!("{PEOPLE_TEXT}{key}"))];
    let server = Server::governed(kind, &policy_with(&files), &settings("ssh"));
    let key = server.path("bob");
    std::fs::copy(&made, &key).unwrap();
    std::fs::copy(made.with_extension("pub"), key.with_extension("pub")).unwrap();
    (server, key)
}

/// A signed commit with these dates, seconds UTC.
fn signed_at(work: &Repo, key: &std::path::Path, date: i64) -> String {
    work.write("goods", format!("tea of {date}\n"));
    work.git(&["add", "goods"]);
    let key = format!("user.signingKey={}", key.display());
    let mut command =
        work.command(&["-c", "gpg.format=ssh", "-c", &key, "commit", "-q", "-S", "-m", "Sell tea"]);
    let date = format!("@{date} +0000");
    let output = command.env("GIT_AUTHOR_DATE", &date).env("GIT_COMMITTER_DATE", &date).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    work.head()
}

const IN_2019: i64 = 1_560_000_000;
const IN_2099: i64 = 4_080_000_000;

#[test]
fn trap_02_an_expired_key_and_a_date_from_when_it_was_valid() {
    Kind::each(|kind| {
        let (server, key) = signed(kind, ", from = 2019-01-01, until = 2019-12-31");
        let work = server.clone();
        signed_at(&work, &key, IN_2019);
        let said = server.refuses("bob", &work, &["main"], "bylaws/requirements");
        assert!(said.contains("is signed with a key that is not"), "{said}");
    });
}

#[test]
fn trap_02_a_key_of_the_future_and_a_date_from_when_it_will_be_valid() {
    Kind::each(|kind| {
        let (server, key) = signed(kind, ", from = 2099-01-01");
        let work = server.clone();
        signed_at(&work, &key, IN_2099);
        server.refuses("bob", &work, &["main"], "bylaws/requirements");
    });
}

#[test]
fn trap_02_a_valid_key_is_good_whatever_the_dates_say() {
    Kind::each(|kind| {
        let (server, key) = signed(kind, ", from = 2020-01-01");
        let work = server.clone();
        // Before the key was valid, by the author's clock; it arrives now.
        signed_at(&work, &key, IN_2019);
        server.takes("bob", &work, &["main"]);
        work.commit("Say more");
        server.refuses("bob", &work, &["main"], "bylaws/requirements");
    });
}

#[test]
fn trap_02_history_stays_good_when_its_key_is_over() {
    Kind::each(|kind| {
        let (server, key) = signed(kind, "");
        let work = server.clone();
        signed_at(&work, &key, IN_2019);
        server.takes("bob", &work, &["main"]);
        // The key ends, and another one takes its place, in a commit that the old one still signs.
        let next = server.path("next");
        let public = keygen(&next);
        let people = work.git(&["show", "HEAD:.bylaws/people.toml"]);
        let people =
            people.replace("\" }]", &format!("\", until = 2020-01-01 }}, {{ ssh = \"{public}\" }}]"));
        work.write(PEOPLE, people + "\n");
        work.git(&["add", PEOPLE]);
        signed_at(&work, &key, IN_2019);
        server.takes("bob", &work, &["main"]);
        signed_at(&work, &key, IN_2019 + 60);
        server.refuses("bob", &work, &["main"], "bylaws/requirements");
        work.git(&["reset", "-q", "--hard", "HEAD~"]);
        signed_at(&work, &next, IN_2019 + 120);
        server.takes("bob", &work, &["main"]);
        // Also where a new branch brings all of it again.
        server.takes("bob", &work, &["main:release/1"]);
    });
}

#[test]
fn trap_02_a_waiver_is_over_by_the_server_s_clock() {
    Kind::each(|kind| {
        let waiver =
            "[[waiver]]\nrule = \"no-bad\"\npaths = [\"**\"]\nuntil = 2020-01-01\nreason = \"once\"\n";
        let config = format!("{CONFIG_TEXT}{waiver}");
        let server = Server::governed(kind, &policy_with(&[(CONFIG, &config)]), &settings("ssh"));
        let work = server.clone();
        for date in [IN_2019, 0, IN_2099] {
            let date = format!("@{date} +0000");
            let mut command = work.command(&["commit", "-q", "--allow-empty", "-m", "Do a bad thing"]);
            command.env("GIT_AUTHOR_DATE", &date).env("GIT_COMMITTER_DATE", &date);
            assert!(command.output().unwrap().status.success());
            server.refuses("bob", &work, &["main"], "no-bad");
            work.git(&["reset", "-q", "--hard", "HEAD~"]);
        }
    });
}

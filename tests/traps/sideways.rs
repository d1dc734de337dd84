//! 6: commits that come into a protected ref by another way than one after the other.

use crate::common::Repo;
use crate::server::raw::Push;
use crate::server::{Kind, Server};

/// A server, and a repository with a bad commit on `topic` whose good tip is the last.
fn scene(kind: Kind) -> (Server, Repo) {
    let server = Server::new(kind);
    let work = server.clone();
    work.git(&["checkout", "-q", "-b", "topic"]);
    work.write("topic", "one\n");
    work.commit("Do a bad thing");
    work.write("topic", "two\n");
    work.commit("Do it well");
    (server, work)
}

#[test]
fn trap_06_commits_that_another_branch_holds_already() {
    Kind::each(|kind| {
        let (server, work) = scene(kind);
        server.takes("bob", &work, &["topic"]);
        server.refuses("bob", &work, &["topic:main"], "no-bad");
        server.refuses("bob", &work, &["topic:main", "topic:other"], "no-bad");
        // Not a single object need be sent.
        let (old, new) = (server.tip("refs/heads/main").unwrap(), work.head());
        let push = Push::new().command(&old, &new, "refs/heads/main").empty_pack(&work);
        server.refuses_raw("bob", &push, "no-bad");
    });
}

#[test]
fn trap_06_the_second_parent_of_a_merge() {
    Kind::each(|kind| {
        let (server, work) = scene(kind);
        server.takes("bob", &work, &["topic"]);
        work.git(&["checkout", "-q", "main"]);
        work.merge(&["topic"], "Merge the topic");
        server.refuses("bob", &work, &["main"], "no-bad");
        // Turned round, with what was there before as the second parent.
        work.git(&["checkout", "-q", "topic"]);
        work.git(&["reset", "-q", "--hard", "main^2"]);
        work.git(&["checkout", "-q", "--detach", "topic"]);
        let tree = work.git(&["rev-parse", "main^{tree}"]);
        let turned = work.git(&["commit-tree", "-p", "main^2", "-p", "main^1", "-m", "Merge main", &tree]);
        server.refuses("bob", &work, &[&format!("{turned}:main")], "no-bad");
    });
}

#[test]
fn trap_06_what_a_merge_itself_brings() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        let work = server.clone();
        work.git(&["checkout", "-q", "-b", "topic"]);
        work.write("topic", "one\n");
        work.commit("Start a topic");
        work.git(&["checkout", "-q", "main"]);
        work.write("goods", "tea\n");
        work.commit("Sell tea");
        work.git(&["merge", "-q", "--no-ff", "--no-commit", "topic"]);
        work.write("goods", "tea\npoison\n");
        work.commit("Merge the topic");
        assert_eq!(work.git(&["log", "-1", "--format=%p"]).split(' ').count(), 2);
        server.refuses("bob", &work, &["main"], "no-poison");
    });
}

#[test]
fn trap_06_an_unrelated_root() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        let work = server.clone();
        work.git(&["checkout", "-q", "--orphan", "other"]);
        work.write("poison", "poison\n");
        work.commit("Do a bad thing");
        server.takes("bob", &work, &["other"]);
        work.git(&["checkout", "-q", "main"]);
        work.git(&["merge", "-q", "--allow-unrelated-histories", "-m", "Merge the other", "other"]);
        let said = server.refuses("bob", &work, &["main"], "no-bad");
        assert!(said.contains("no-poison"), "{said}");
        server.refuses("bob", &work, &["other:release/1"], "no-bad");
        server.refuses("bob", &work, &["--force", "other:main"], "bylaws/force-push");
    });
}

#[test]
fn trap_06_the_history_of_a_new_branch_and_of_a_tag() {
    Kind::each(|kind| {
        let (server, work) = scene(kind);
        work.git(&["tag", "v1"]);
        work.git(&["tag", "-a", "-m", "Two", "v2"]);
        for refs in ["topic:release/1", "v1", "v2"] {
            server.refuses("bob", &work, &[refs], "no-bad");
        }
        server.takes("bob", &work, &["topic"]);
        for refs in ["topic:release/1", "v1", "v2", "topic:refs/tags/v3"] {
            server.refuses("bob", &work, &[refs], "no-bad");
        }
        // A tag that nobody protects holds it, and helps nothing.
        server.takes("bob", &work, &["v2:refs/tags/mine"]);
        server.refuses("bob", &work, &["v2"], "no-bad");
        server.refuses("bob", &work, &["topic:main"], "no-bad");
    });
}

#[test]
fn trap_06_a_new_branch_beside_the_branch_that_is_refused() {
    Kind::each(|kind| {
        let (server, work) = scene(kind);
        // One protected ref cannot vouch for another within the same push.
        server.refuses("bob", &work, &["topic:release/1", "topic:main"], "no-bad");
        server.refuses("bob", &work, &["topic:main", "topic:release/1"], "no-bad");
        server.refuses("bob", &work, &["topic:release/1", "topic:release/2"], "no-bad");
    });
}

#[test]
fn trap_06_a_commit_that_is_taken_back_in_the_same_push() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        let work = server.clone();
        work.write("goods", "poison\n");
        work.commit("Sell things");
        work.remove("goods");
        work.commit("Sell nothing");
        server.refuses("bob", &work, &["main"], "no-poison");
    });
}

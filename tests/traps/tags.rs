//! 9: tags of an environment are as protected as its branches.

use crate::common::Repo;
use crate::server::{Kind, Server};

/// A server that has the tag `v1`, annotated.
fn scene(kind: Kind) -> (Server, Repo) {
    let server = Server::new(kind);
    let work = server.clone();
    work.git(&["tag", "-a", "-m", "One", "v1"]);
    server.takes("bob", &work, &["v1"]);
    (server, work)
}

#[test]
fn trap_09_a_tag_is_not_moved() {
    Kind::each(|kind| {
        let (server, work) = scene(kind);
        work.commit("Say more");
        server.takes("bob", &work, &["main"]);
        work.git(&["tag", "-f", "-a", "-m", "One", "v1"]);
        server.refuses("bob", &work, &["--force", "v1"], "bylaws/force-push");
        // Another tag on the same commit is another tag.
        work.git(&["tag", "-f", "-a", "-m", "Another text", "v1", "main~"]);
        server.refuses("bob", &work, &["--force", "v1"], "bylaws/force-push");
    });
}

#[test]
fn trap_09_a_tag_is_not_deleted() {
    Kind::each(|kind| {
        let (server, work) = scene(kind);
        server.refuses("bob", &work, &["--delete", "v1"], "bylaws/deletion");
        server.refuses("bob", &work, &["main", ":v1"], "bylaws/deletion");
    });
}

#[test]
fn trap_09_a_tag_is_not_swapped_for_a_lightweight_one() {
    Kind::each(|kind| {
        let (server, work) = scene(kind);
        work.git(&["tag", "-f", "v1", "main"]);
        server.refuses("bob", &work, &["--force", "v1"], "bylaws/force-push");
        work.git(&["tag", "v2"]);
        server.takes("bob", &work, &["v2"]);
        work.git(&["tag", "-f", "-a", "-m", "Two", "v2", "main"]);
        server.refuses("bob", &work, &["--force", "v2"], "bylaws/force-push");
        // Forward is a movement too.
        work.commit("Say more");
        work.git(&["tag", "-f", "v2", "main"]);
        server.refuses("bob", &work, &["--force", "v2"], "bylaws/force-push");
    });
}

#[test]
fn trap_09_nested_tags_are_looked_through() {
    Kind::each(|kind| {
        let (server, work) = scene(kind);
        work.git(&["checkout", "-q", "-b", "topic"]);
        work.commit("Do a bad thing");
        work.git(&["tag", "-a", "-m", "Inner", "inner"]);
        work.git(&["tag", "-a", "-m", "Middle", "middle", "inner"]);
        work.git(&["tag", "-a", "-m", "Outer", "v2", "middle"]);
        server.refuses("bob", &work, &["v2"], "no-bad");
        server.takes("bob", &work, &["v2:refs/tags/free"]);
        server.refuses("bob", &work, &["v2"], "no-bad");
        server.refuses("bob", &work, &["inner:refs/tags/v3"], "no-bad");
    });
}

#[test]
fn trap_09_a_tag_of_what_is_no_commit() {
    Kind::each(|kind| {
        let (server, work) = scene(kind);
        let blob = work.object("blob", b"poison\n");
        let tree = work.git(&["rev-parse", "main^{tree}"]);
        // Nothing can be judged in them, so they are major, and here nothing is asked of major changes.
        for (object, name) in [(&blob, "v-blob"), (&tree, "v-tree")] {
            server.takes("bob", &work, &[&format!("{object}:refs/tags/{name}")]);
            server.refuses(
                "bob",
                &work,
                &["--force", &format!("main:refs/tags/{name}")],
                "bylaws/force-push",
            );
        }
        // But a branch is of commits.
        assert!(!server.push("bob", &work, &[&format!("{blob}:refs/heads/release/1")]).accepted);
        assert!(!server.push("bob", &work, &["v1:refs/heads/release/2"]).accepted);
    });
}

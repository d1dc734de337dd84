//! 5: ids and names of refs that are not what they seem.

use crate::server::raw::Push;
use crate::server::{CONFIG_TEXT, Kind, Server, settings};
use std::fs;

#[test]
fn trap_05_zeros_on_both_sides_delete_nothing() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        server.git(&["config", "receive.denyDeletes", "true"]);
        server.git(&["config", "receive.denyDeleteCurrent", "ignore"]);
        server.git(&["branch", "topic", "main"]);
        for name in ["refs/heads/main", "refs/heads/topic", "refs/heads/absent"] {
            let push = Push::new().command(&kind.zero(), &kind.zero(), name);
            server.refuses_raw("bob", &push, "bylaws/claims");
        }
    });
}

#[test]
fn trap_05_a_false_old_value_deletes_nothing() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        server.git(&["config", "receive.denyDeleteCurrent", "ignore"]);
        for old in [kind.absent(), server.git(&["rev-parse", "main^{tree}"])] {
            let push = Push::new().command(&old, &kind.zero(), "refs/heads/main");
            server.refuses_raw("bob", &push, "bylaws/claims");
        }
        let tip = server.tip("refs/heads/main").unwrap();
        let push = Push::new().command(&tip, &kind.zero(), "refs/heads/main");
        server.refuses_raw("bob", &push, "bylaws/deletion");
    });
}

#[test]
fn trap_05_a_false_old_value_hides_no_rewind() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        let work = server.clone();
        let first = work.head();
        work.commit("Say more");
        server.takes("bob", &work, &["main"]);
        work.git(&["checkout", "-q", "--detach", &first]);
        let other = work.commit("Say something else");
        for old in [kind.zero(), first.clone(), kind.absent()] {
            let push = Push::new().command(&old, &other, "refs/heads/main").pack(&work, &[&other], &[&first]);
            server.refuses_raw("bob", &push, "bylaws/claims");
        }
        let old = server.tip("refs/heads/main").unwrap();
        let push = Push::new().command(&old, &other, "refs/heads/main").pack(&work, &[&other], &[&first]);
        server.refuses_raw("bob", &push, "bylaws/force-push");
    });
}

#[test]
fn trap_05_a_line_feed_in_a_name_is_no_second_line() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        let work = server.clone();
        let old = work.head();
        let new = work.commit("Do a bad thing");
        let zero = kind.zero();
        for name in [
            format!("refs/heads/x\n{zero} {old} refs/heads/y"),
            format!("refs/heads/x\n{old} {old} refs/heads/main"),
            "refs/heads/x\n".to_owned(),
            "refs/heads/x\r".to_owned(),
            "refs/heads/x y".to_owned(),
        ] {
            let push = Push::new().command(&zero, &new, &name).pack(&work, &[&new], &[&old]);
            server.refuses_raw("bob", &push, "");
            // Beside a line that is what it seems.
            let push = push.command(&old, &new, "refs/heads/main");
            server.refuses_raw("bob", &push, "");
        }
    });
}

#[test]
fn trap_05_names_that_git_refuses_are_refused() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        let work = server.clone();
        let old = work.head();
        for name in [
            "HEAD",
            "main",
            "refs/heads/../../config",
            "refs/heads/a..b",
            "refs/heads/x.lock",
            "refs/heads/.x",
            "refs/heads/",
            "refs/heads/x\x7f",
            "refs/heads/a\\b",
            "../x",
            "/refs/heads/x",
            "",
        ] {
            let push = Push::new().command(&kind.zero(), &old, name).empty_pack(&work);
            server.refuses_raw("bob", &push, "");
        }
        let latin = [b"refs/heads/".as_slice(), b"\xe9"].concat();
        let push = Push::new().command(&kind.zero(), &old, latin).empty_pack(&work);
        server.refuses_raw("bob", &push, "bylaws/claims");
    });
}

#[test]
fn trap_05_one_ref_twice_is_refused() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        let work = server.clone();
        let old = work.head();
        let good = work.commit("Say more");
        let bad = work.commit("Do a bad thing");
        let first = Push::new().command(&old, &good, "refs/heads/main");
        let push = first.command(&good, &bad, "refs/heads/main").pack(&work, &[&bad], &[&old]);
        server.refuses_raw("bob", &push, "");
        let first = Push::new().command(&kind.zero(), &good, "refs/heads/x");
        let push = first.command(&kind.zero(), &bad, "refs/heads/x").pack(&work, &[&bad], &[&old]);
        server.refuses_raw("bob", &push, "");
    });
}

#[test]
fn trap_05_a_symbolic_ref_is_judged_as_what_it_stands_for() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        server.git(&["config", "receive.denyDeleteCurrent", "ignore"]);
        server.git(&["symbolic-ref", "refs/heads/alias", "refs/heads/main"]);
        server.git(&["symbolic-ref", "refs/heads/chain", "refs/heads/alias"]);
        let work = server.clone();
        let old = work.head();
        work.commit("Do a bad thing");
        for name in ["alias", "chain"] {
            server.refuses("bob", &work, &[&format!("main:{name}")], "no-bad");
            server.refuses("bob", &work, &["--delete", name], "bylaws/deletion");
        }
        let new = work.head();
        let both = Push::new().command(&old, &new, "refs/heads/alias").command(&old, &new, "refs/heads/main");
        server.refuses_raw("bob", &both.pack(&work, &[&new], &[&old]), "");
        // What is good may come that way, and is recorded as what it is.
        work.git(&["reset", "-q", "--hard", &old]);
        work.commit("Say more");
        server.takes("bob", &work, &["main:alias"]);
        assert_eq!(server.entries().last().unwrap()["ref"], "refs/heads/main");
        assert_eq!(server.tip("refs/heads/main"), Some(work.head()));
    });
}

#[test]
fn trap_05_a_symbolic_ref_to_nothing_is_judged_as_what_it_stands_for() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        server.git(&["symbolic-ref", "refs/heads/alias", "refs/heads/release/1"]);
        let work = server.clone();
        work.commit("Do a bad thing");
        server.refuses("bob", &work, &["main:alias"], "no-bad");
    });
}

#[test]
fn trap_05_a_name_in_other_case_is_no_other_ref() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        let work = server.clone();
        for name in ["Main", "MAIN", "Release/1"] {
            server.refuses("bob", &work, &[&format!("main:refs/heads/{name}")], "bylaws/ref-name");
        }
    });
}

#[test]
fn trap_05_a_name_of_letters_that_look_alike_is_refused() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        let work = server.clone();
        for name in ["m\u{430}in", "ma\u{200d}in", "ｍain", "mа\u{131}n"] {
            server.refuses("bob", &work, &[&format!("main:refs/heads/{name}")], "bylaws/ref-name");
        }
    });
}

#[test]
fn trap_05_a_name_that_repeats_refs_heads_is_refused() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        let work = server.clone();
        server.refuses("bob", &work, &["main:refs/heads/refs/heads/main"], "bylaws/ref-name");
    });
}

#[test]
fn trap_05_a_folder_cannot_take_the_place_of_a_branch() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        server.git(&["config", "receive.denyDeleteCurrent", "ignore"]);
        let work = server.clone();
        server.refuses("bob", &work, &["main:refs/heads/main/x"], "bylaws/ref-name");
        server.refuses("bob", &work, &[":main", "main:refs/heads/main/x"], "bylaws/deletion");
        // Two that exclude each other, in one push: git would take whichever comes first.
        server.refuses("bob", &work, &["main:refs/heads/a", "main:refs/heads/a/b"], "bylaws/ref-name");
    });
}

#[test]
fn trap_05_a_ref_whose_object_is_gone_is_not_new() {
    // Such a ref git calls broken. Were it taken for absent, anything might come in its place.
    for kind in Kind::ALL.into_iter().filter(|kind| kind.refs == "files") {
        let server = Server::new(kind);
        let work = server.clone();
        let base = work.head();
        server.git(&["branch", "release/1", "main"]);
        work.git(&["checkout", "-q", "--orphan", "other"]);
        let other = work.commit("Open another shop");
        fs::write(server.repository().join("refs/heads/release/1"), kind.absent() + "\n").unwrap();
        for old in [kind.zero(), kind.absent(), base.clone()] {
            let push = Push::new().command(&old, &other, "refs/heads/release/1");
            let answer = push.pack(&work, &[&other], &[&base]).send(kind, server.receive_pack("bob"));
            assert!(!answer.accepted(), "{answer:#?}");
        }
    }
}

#[test]
fn trap_05_a_policy_ref_behind_a_symbolic_ref_is_protected() {
    Kind::each(|kind| {
        let alias = settings("ssh").replace("refs/heads/main", "refs/heads/policy");
        let config = CONFIG_TEXT.replace("\"main\", ", "");
        let files = crate::server::policy_with(&[(crate::server::CONFIG, &config)]);
        let server = Server::governed(kind, &files, &alias);
        server.git(&["symbolic-ref", "refs/heads/policy", "refs/heads/main"]);
        let work = server.clone();
        work.commit("Say more");
        server.takes("bob", &work, &["main"]);
        server.refuses("bob", &work, &["--force", "main~:main"], "bylaws/force-push");
        work.commit("Say still more");
        server.refuses("eve", &work, &["main"], "bylaws/identity");
    });
}

//! 8: the refs in which the server keeps its own records.

use std::io::Write as _;

use crate::server::raw::Push;
use crate::server::{Kind, Server};

#[test]
fn trap_08_the_ledger_takes_no_push() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        let work = server.clone();
        // Not even an operator's.
        for login in ["bob", "ada"] {
            for name in ["ledger", "required", "x", "Ledger"] {
                server.refuses(login, &work, &[&format!("main:refs/bylaws/{name}")], "bylaws/own-refs");
            }
        }
        for name in ["refs/Bylaws/ledger", "refs/bylaws"] {
            server.refuses("bob", &work, &[&format!("main:{name}")], "bylaws/own-refs");
        }
    });
}

#[test]
fn trap_08_the_ledger_is_neither_moved_nor_deleted() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        server.git(&["update-ref", "refs/bylaws/ledger", "main"]);
        let work = server.clone();
        work.commit("Say more");
        server.refuses("ada", &work, &["main:refs/bylaws/ledger"], "bylaws/own-refs");
        server.refuses("ada", &work, &["--delete", "refs/bylaws/ledger"], "bylaws/own-refs");
        server.refuses("ada", &work, &["main", ":refs/bylaws/ledger"], "bylaws/own-refs");
        let push = Push::new().command(&kind.zero(), &kind.zero(), "refs/bylaws/ledger");
        server.refuses_raw("ada", &push, "bylaws/own-refs");
        server.git(&["symbolic-ref", "refs/heads/alias", "refs/bylaws/ledger"]);
        server.refuses("ada", &work, &["--force", "main:alias"], "bylaws/own-refs");
    });
}

#[test]
fn trap_08_nothing_enforced_yet_is_no_way_to_the_ledger() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        server.set(&(crate::server::settings("ssh") + "enforce = false\n"));
        let work = server.clone();
        work.commit("Do a bad thing");
        server.takes("bob", &work, &["main"]);
        assert_eq!(server.entries().last().unwrap()["kind"], "would-deny");
        server.refuses("bob", &work, &["main:refs/bylaws/ledger"], "bylaws/own-refs");
    });
}

#[test]
fn trap_08_what_the_ledger_holds_is_not_thereby_let_in() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        let work = server.clone();
        let bad = work.commit("Do a bad thing");
        let name = format!("refs/bylaws/heads/{bad}");
        work.git(&["push", "-q", &server.url("bob"), "main:refs/heads/topic"]);
        server.git(&["update-ref", &name, &bad]);
        server.git(&["update-ref", "-d", "refs/heads/topic"]);
        server.refuses("bob", &work, &["main"], "no-bad");
    });
}

#[test]
fn trap_08_ten_thousand_refs_of_ours_are_refused_in_time() {
    let kind = Kind::USUAL;
    let server = Server::new(kind);
    let work = server.clone();
    let blob = work.object("blob", b"{}");
    let mut push = Push::new().pack(&work, &[&blob], &[]);
    for n in 0..10_000 {
        push = push.command(&kind.zero(), &blob, format!("refs/bylaws/inbox/{n:064x}"));
    }
    server.refuses_raw("bob", &push, "bylaws/own-refs");
}

#[test]
fn trap_08_a_huge_statement_is_refused() {
    let kind = Kind::USUAL;
    let server = Server::new(kind);
    let work = server.clone();
    let path = work.path().join("statement");
    let mut file = std::fs::File::create(&path).unwrap();
    for _ in 0..64 {
        file.write_all(&vec![b'x'; 1 << 20]).unwrap();
    }
    let blob = work.git(&["hash-object", "-w", "statement"]);
    let name = format!("{blob}:refs/bylaws/inbox/{}", "0".repeat(64));
    server.refuses("bob", &work, &[&name], "bylaws/own-refs");
}

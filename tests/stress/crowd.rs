//! Many pushes at once.

use std::collections::HashSet;
use std::thread;

use crate::common::Repo;
use crate::server::{Kind, Server, push};

/// How many push at once.
const CROWD: usize = 50;

#[test]
fn trap_14_fifty_pushes_at_once() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        let work = server.clone();
        let ids: Vec<String> = (0..CROWD).map(|n| commit(&work, n)).collect();
        let url = server.url("bob");
        thread::scope(|scope| {
            let pushes: Vec<_> = ids
                .iter()
                .enumerate()
                .map(|(n, id)| {
                    let (work, url) = (&work, &url);
                    scope.spawn(move || push(work, url, &["-q", &format!("{id}:refs/heads/release/{n}")]))
                })
                .collect();
            for push in pushes {
                push.join().unwrap().ok();
            }
        });
        let recorded: HashSet<(String, String)> = server
            .entries()
            .iter()
            .filter(|entry| entry["kind"] == "accepted")
            .map(|entry| {
                (entry["ref"].as_str().unwrap().to_owned(), entry["new"].as_str().unwrap().to_owned())
            })
            .collect();
        for (n, id) in ids.iter().enumerate() {
            let name = format!("refs/heads/release/{n}");
            assert_eq!(server.tip(&name).as_ref(), Some(id));
            assert!(recorded.contains(&(name, id.clone())));
        }
        assert_eq!(server.entries().len(), CROWD, "each once");
    });
}

/// A commit of its own on `main`, made without the work tree.
fn commit(work: &Repo, n: usize) -> String {
    work.git(&["commit-tree", "-p", "main", "-m", &format!("Sell goods {n}"), "main^{tree}"])
}

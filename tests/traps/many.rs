//! 10: many refs in one push.

use std::time::{Duration, Instant};

use crate::server::raw::Push;
use crate::server::{Kind, Server};

#[test]
fn trap_10_one_bad_ref_among_good_ones() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        let work = server.clone();
        let base = work.head();
        work.git(&["checkout", "-q", "-b", "bad"]);
        work.commit("Do a bad thing");
        let mut refs: Vec<String> = (0..20).map(|n| format!("{base}:refs/heads/good-{n}")).collect();
        for at in [0, 10, 20] {
            refs.insert(at, "bad:main".to_owned());
            let words: Vec<&str> = refs.iter().map(String::as_str).collect();
            server.refuses("bob", &work, &words, "no-bad");
            refs.remove(at);
        }
    });
}

#[test]
fn trap_10_a_part_that_git_refuses_later() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        server.git(&["config", "receive.denyNonFastForwards", "true"]);
        let work = server.clone();
        let base = work.head();
        work.commit("Say more");
        server.takes("bob", &work, &["main", "main:topic"]);
        work.commit("Say still more");
        // git takes the one and refuses the other, after we have let both in; each is recorded for itself.
        let pushed = server.push("bob", &work, &["main", &format!("+{base}:topic")]);
        assert!(!pushed.accepted && pushed.said.contains("denying non-fast-forward"), "{}", pushed.said);
        assert_eq!(server.tip("refs/heads/main"), Some(work.head()));
        let entries = server.entries();
        let told: Vec<(&str, &str)> = entries[entries.len() - 2..]
            .iter()
            .map(|entry| (entry["kind"].as_str().unwrap(), entry["ref"].as_str().unwrap()))
            .collect();
        assert!(told.contains(&("accepted", "refs/heads/main")), "{told:?}");
        assert!(told.contains(&("accepted", "refs/heads/topic")), "{told:?}");
    });
}

#[test]
fn trap_10_ten_thousand_refs_in_one_push() {
    for kind in [Kind::ALL[0], Kind::ALL[3]] {
        let server = Server::new(kind);
        // git writes each ref to the disk for itself, which is not what is tested.
        server.git(&["config", "core.fsync", "none"]);
        let work = server.clone();
        let base = work.head();
        let bad = work.commit("Do a bad thing");
        let all = |mut push: Push| {
            for n in 0..10_000 {
                push = push.command(&kind.zero(), &base, format!("refs/heads/many/{n}"));
            }
            push.pack(&work, &[&bad], &[&base])
        };
        let started = Instant::now();
        server.refuses_raw("bob", &all(Push::new()).command(&base, &bad, "refs/heads/main"), "no-bad");
        all(Push::new()).send(kind, server.receive_pack("bob")).ok();
        assert!(started.elapsed() < Duration::from_secs(120), "it took {:?}", started.elapsed());
        assert_eq!(server.refs().lines().count(), 10_001);
    }
}

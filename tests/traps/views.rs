//! 7: what makes git show another history than the one that is served.

use std::fs;

use crate::server::raw::Push;
use crate::server::{Kind, Server};

#[test]
fn trap_07_a_replacement_hides_nothing() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        let work = server.clone();
        let base = work.head();
        let bad = work.commit("Do a bad thing");
        work.git(&["reset", "-q", "--hard", &base]);
        let good = work.commit("Do a good thing");
        let replace = format!("{good}:refs/replace/{bad}");
        let (bad, replace) = (format!("{bad}:refs/heads/main"), replace.as_str());
        server.refuses("bob", &work, &[replace, &bad], "no-bad");
        // One that is there before.
        if !server.push("bob", &work, &[replace]).accepted {
            work.git(&[
                "push",
                "-q",
                server.repository().to_str().unwrap(),
                &format!("{good}:refs/heads/topic"),
            ]);
        }
        server.refuses("bob", &work, &[&bad], "no-bad");
    });
}

#[test]
fn trap_07_a_replacement_by_the_administrator_hides_nothing() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        let work = server.clone();
        let base = work.head();
        work.write("goods", "tea\n");
        let good = work.commit("Do a good thing");
        work.git(&["reset", "-q", "--hard", &base]);
        work.write("goods", "poison\n");
        let bad = work.commit("Do a bad thing");
        work.git(&[
            "push",
            "-q",
            &server.url("bob"),
            &format!("{bad}:refs/heads/bad"),
            &format!("{good}:refs/heads/good"),
        ]);
        server.git(&["replace", &bad, &good]);
        server.git(&["replace", "-f", &format!("{bad}^{{tree}}"), &format!("{good}^{{tree}}")]);
        let said = server.refuses("bob", &work, &[&format!("{bad}:main")], "no-bad");
        assert!(said.contains("no-poison"), "{said}");
    });
}

#[test]
fn trap_07_a_graft_hides_nothing() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        let work = server.clone();
        let base = work.head();
        work.commit("Do a bad thing");
        let tip = work.commit("Do a good thing");
        fs::create_dir_all(server.repository().join("info")).unwrap();
        fs::write(server.repository().join("info/grafts"), format!("{tip} {base}\n")).unwrap();
        server.refuses("bob", &work, &["main"], "no-bad");
    });
}

#[test]
fn trap_07_a_shallow_push_hides_nothing() {
    Kind::each(|kind| {
        for allowed in ["false", "true"] {
            let server = Server::new(kind);
            server.git(&["config", "receive.shallowUpdate", allowed]);
            let work = server.clone();
            let base = work.head();
            work.commit("Do a bad thing");
            let cut = work.commit("Do a good thing");
            let tip = work.commit("Do a better thing");
            // Cut off behind the bad commit: what is before is neither sent nor known.
            let tree = work.git(&["rev-parse", &format!("{cut}^{{tree}}")]);
            let objects = [tip.as_str(), &cut, &tree];
            let sent = work.git_with_input(
                &["rev-list", "--objects", "--no-walk", "--stdin"],
                objects.join("\n").as_bytes(),
            );
            let names: Vec<&str> = sent.lines().map(|line| line.split(' ').next().unwrap()).collect();
            let pack = pack_of(&work, &names);
            for name in ["refs/heads/main", "refs/heads/release/1"] {
                let old = server.tip(name).unwrap_or_else(|| kind.zero());
                let push =
                    Push { pack: Some(pack.clone()), ..Push::new().shallow(&cut).command(&old, &tip, name) };
                server.refuses_raw("bob", &push, "");
            }
            assert!(!server.repository().join("shallow").exists(), "the repository was made shallow");
            assert_eq!(server.tip("refs/heads/main"), Some(base));
        }
    });
}

/// A pack of just these objects.
fn pack_of(work: &crate::common::Repo, names: &[&str]) -> Vec<u8> {
    use std::io::Write as _;
    use std::process::Stdio;
    let mut command = work.command(&["pack-objects", "--stdout", "-q"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all((names.join("\n") + "\n").as_bytes()).unwrap();
    child.wait_with_output().unwrap().stdout
}

#[test]
fn trap_07_notes_are_no_part_of_a_commit() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        let work = server.clone();
        let bad = work.commit("Do a bad thing");
        work.git(&["notes", "add", "-m", "Reviewed-by: Ada Lovelace <ada@example.org>", &bad]);
        server.takes("bob", &work, &["refs/notes/commits"]);
        server.refuses("bob", &work, &["main"], "no-bad");
    });
}

#[test]
fn trap_07_attributes_and_configuration_of_the_push_hide_no_text() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        let work = server.clone();
        work.write(".gitattributes", "* -diff binary -text export-ignore diff=none\n");
        work.write("goods", "poison\n");
        work.commit("Sell things");
        server.refuses("bob", &work, &["main"], "no-poison");
    });
}

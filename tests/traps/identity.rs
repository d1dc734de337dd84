//! 3: somebody else's name. Who pushes is what the server says; everything in a commit is what its author says.

use crate::common::Repo;
use crate::server::{CONFIG, CONFIG_TEXT, Kind, PEOPLE, PEOPLE_TEXT, Server, policy_with, settings};

/// The rule that everybody pushes what is their own, by identity.
const OWN: &str = r#"rule("own", #{
    title: "Everybody pushes what is their own",
    why: "so that tests have something to refuse",
    level: "hard-mandatory",
    environments: ["production"],
    change: |change| for commit in change.commits {
        if commit.author != change.pusher || !commit.author.known { finding("the author is not the pusher") }
    },
});
"#;

fn governed(kind: Kind) -> Server {
    let people = PEOPLE_TEXT.replace("\"bob@example.org\"", "\"bob@example.org\", \"b@example.net\"");
    let people = people.replace("\"bob\"]", "\"bob\", \"bob2\"]");
    Server::governed(
        kind,
        &policy_with(&[(".bylaws/rules/own.rhai", OWN), (PEOPLE, &people)]),
        &settings("ssh"),
    )
}

/// A commit by somebody.
fn by(work: &Repo, name: &str, email: &str, message: &str) -> String {
    let mut command = work.command(&["commit", "-q", "--allow-empty", "-m", message]);
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), name).env(format!("GIT_{role}_EMAIL"), email);
    }
    assert!(command.output().unwrap().status.success());
    work.head()
}

#[test]
fn trap_03_trailers_approve_nothing() {
    Kind::each(|kind| {
        let config = CONFIG_TEXT.replace("major = {}", "major = { approvals = 1 }");
        let server = Server::governed(kind, &policy_with(&[(CONFIG, &config)]), &settings("ssh"));
        let work = server.clone();
        let ada = "Ada Lovelace <ada@example.org>";
        let trailers = format!(
            "Reviewed-by: {ada}\nAcked-by: {ada}\nApproved-by: {ada}\nSigned-off-by: {ada}\nCo-authored-by: {ada}"
        );
        by(&work, "Bob Babbage", "bob@example.org", &format!("Sell tea\n\n{trailers}\n"));
        server.refuses("bob", &work, &["main"], "bylaws/requirements");
    });
}

#[test]
fn trap_03_an_author_who_is_somebody_else() {
    Kind::each(|kind| {
        let server = governed(kind);
        let work = server.clone();
        for (name, email) in [
            ("Ada Lovelace", "ada@example.org"),
            ("Bob Babbage", "ada@example.org"),
            ("Bob Babbage", "bob@example.org.evil"),
            ("Bob Babbage", "bob@example.org\u{200b}"),
            ("Bob Babbage", "b\u{43e}b@example.org"),
            ("Bob Babbage", "bob@example.org, ada@example.org"),
        ] {
            by(&work, name, email, "Sell tea");
            server.refuses("bob", &work, &["main"], "own");
            assert_eq!(server.entries().last().unwrap()["pusher"]["login"], "bob");
            work.git(&["reset", "-q", "--hard", "HEAD~"]);
        }
        by(&work, "Any Name", "bob@example.org", "Sell tea");
        server.takes("bob", &work, &["main"]);
    });
}

#[test]
fn trap_03_one_person_by_another_login_and_e_mail_is_the_same() {
    Kind::each(|kind| {
        let server = governed(kind);
        let work = server.clone();
        by(&work, "Bob", "B@Example.NET", "Sell tea");
        server.takes("bob2", &work, &["main"]);
        assert_eq!(server.entries().last().unwrap()["pusher"]["person"], "bob");
        // Logins are taken as they are: `Bob` is nobody.
        work.commit("Say more");
        for login in ["Bob", "eve", "ada@example.org"] {
            server.refuses(login, &work, &["main"], "bylaws/identity");
        }
        assert!(!server.push("bob ", &work, &["main"]).accepted);
    });
}

#[test]
fn trap_03_a_mailmap_makes_nobody_another() {
    Kind::each(|kind| {
        let server = governed(kind);
        server.git(&["config", "log.mailmap", "true"]);
        let work = server.clone();
        work.write(".mailmap", "Bob Babbage <bob@example.org> <eve@example.org>\n");
        work.git(&["add", ".mailmap"]);
        by(&work, "Eve", "eve@example.org", "Sell tea");
        server.refuses("bob", &work, &["main"], "own");
        server.git(&["config", "mailmap.blob", "topic:.mailmap"]);
        server.takes("bob", &work, &["main:topic"]);
        server.refuses("bob", &work, &["main"], "own");
    });
}

#[test]
fn trap_03_an_encoding_header_changes_no_word_and_no_address() {
    Kind::each(|kind| {
        let server = governed(kind);
        let work = server.clone();
        let (tree, parent) = (work.git(&["rev-parse", "HEAD^{tree}"]), work.head());
        for encoding in [
            "utf-16le",
            "UTF-16BE",
            "utf-16",
            "utf-7",
            "utf-32",
            "iso-2022-jp",
            "ibm037",
            "replacement",
            "hz-gb-2312",
            "x-user-defined",
            "shift_jis",
            "nonsense",
            "",
        ] {
            for (who, message) in
                [("Bob Babbage <bob@example.org>", "Do a bad thing"), ("Eve <eve@example.org>", "Sell tea")]
            {
                let commit = format!(
                    "tree {tree}\nparent {parent}\nauthor {who} 1767225600 +0000\n\
                     committer {who} 1767225600 +0000\nencoding {encoding}\n\n{message}\n"
                );
                let id = work.object("commit", commit.as_bytes());
                let rule = if who.starts_with("Bob") { "no-bad" } else { "own" };
                server.refuses("bob", &work, &[&format!("{id}:main")], rule);
            }
        }
    });
}

#[test]
fn trap_03_a_commit_with_two_authors_is_nobody_s() {
    Kind::each(|kind| {
        let server = governed(kind);
        let work = server.clone();
        let (tree, parent) = (work.git(&["rev-parse", "HEAD^{tree}"]), work.head());
        let (bob, eve) = ("Bob <bob@example.org> 1 +0000", "Eve <eve@example.org> 1 +0000");
        for people in [
            format!("author {bob}\nauthor {eve}\ncommitter {bob}\n"),
            format!("author {eve}\nauthor {bob}\ncommitter {bob}\n"),
            format!("committer {bob}\nauthor {eve}\n"),
            format!("author Eve <eve@example.org> <bob@example.org> 1 +0000\ncommitter {bob}\n"),
            format!("author Eve eve@example.org 1 +0000\ncommitter {bob}\n"),
        ] {
            let id = work
                .object("commit", format!("tree {tree}\nparent {parent}\n{people}\nSell tea\n").as_bytes());
            let pushed = server.push("bob", &work, &[&format!("{id}:main")]);
            assert!(!pushed.accepted, "{people}: {}", pushed.said);
        }
    });
}

#[test]
fn trap_03_variables_of_the_client_name_nobody() {
    Kind::each(|kind| {
        let server = governed(kind);
        let work = server.clone();
        by(&work, "Ada Lovelace", "ada@example.org", "Sell tea");
        for (name, value) in [
            ("BYLAWS_LOGIN", "ada"),
            ("REMOTE_USER", "ada"),
            ("GL_USER", "ada"),
            ("GITEA_PUSHER_NAME", "ada"),
            ("GIT_PUSH_CERT_SIGNER", "ada"),
            ("USER", "ada"),
            ("GIT_NAMESPACE", "ada"),
            ("GIT_CONFIG_PARAMETERS", "'core.hooksPath'='/nonexistent'"),
        ] {
            let pushed = crate::server::push_with(&work, &server.url("bob"), &["main"], &[(name, value)]);
            pushed.refused();
            assert_eq!(server.entries().last().unwrap()["pusher"]["login"], "bob");
        }
    });
}

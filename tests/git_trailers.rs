//! Trailers are those that real git finds.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice, reason = "tests")]

mod common;

use std::fmt::Write as _;

use bylaws::facts::trailers;
use common::Repo;

/// What git finds in each message: one fast-import and one log for all of them.
fn of_git(messages: &[String]) -> Vec<String> {
    let repo = Repo::new();
    let mut stream = Vec::new();
    for message in messages {
        let head = format!(
            "commit refs/heads/main\ncommitter A <a@b> {} +0000\ndata {}\n",
            common::EPOCH,
            message.len()
        );
        stream.extend_from_slice(head.as_bytes());
        stream.extend_from_slice(message.as_bytes());
        stream.push(b'\n');
    }
    repo.git_with_input(&["fast-import", "--quiet"], &stream);
    let found =
        repo.git(&["log", "--reverse", "--topo-order", "-z", "--format=%(trailers:only,unfold)", "main"]);
    let mut found: Vec<String> = found.split('\0').map(str::to_owned).collect();
    found.truncate(messages.len());
    found
}

fn ours(message: &str) -> String {
    let mut text = String::new();
    for trailer in trailers(message) {
        writeln!(text, "{}: {}", trailer.key, trailer.value).unwrap();
    }
    text
}

fn assert_same(messages: &[String]) {
    let expected = of_git(messages);
    assert_eq!(expected.len(), messages.len());
    let mut with_trailers = 0;
    for (message, expected) in messages.iter().zip(expected) {
        with_trailers += usize::from(!expected.is_empty());
        assert_eq!(ours(message), expected, "{message:?}");
    }
    assert!(with_trailers * 10 > messages.len(), "few of these messages have any: a weak test");
}

#[test]
fn of_messages_that_people_write() {
    let sign = "Signed-off-by: Ada Lovelace <ada@example.org>";
    let messages = [
        format!("subject\n\nbody\n\n{sign}\n"),
        format!("subject\n\n{sign}\nReviewed-by: B <b@x>\nCloses: #1\n"),
        format!("subject\n\nbody\n{sign}\n"),
        format!("subject\n\nsome words\nmore words\nand: more\n{sign}\n"),
        format!("subject\n\none\ntwo\nthree\nfour\n{sign}\n"),
        format!("subject\n\nCo-authored-by: C <c@x>\n  and a folded line\n{sign}\n"),
        format!("subject\n\n(cherry picked from commit 0123)\n{sign}\n"),
        "subject\n\n(cherry picked from commit 0123)\nKey: value\nnone\nnone\n".to_owned(),
        format!("{sign}\n"),
        format!("\n\nsubject\n\n{sign}\n"),
        format!("\n{sign}\n"),
        format!("subject\n\nbody\n---\n\n{sign}\n"),
        format!("subject\n\n{sign}\n---\nnotes\n"),
        format!("subject\n\n{sign}\n# a comment\n"),
        format!("# subject\n\n{sign}"),
        "BREAKING CHANGE: in the subject\n\nBREAKING CHANGE: two words are no key\n".to_owned(),
        "feat: x\n\nRefs: 1\nBREAKING-CHANGE: y\n".to_owned(),
        "subject\n\nKey : spaces before\nOther\t: tab before\nEmpty:\n".to_owned(),
        "subject\n\nhttps://example.org/\n".to_owned(),
        "subject\n\nSee: https://example.org/:8080 and: more\n".to_owned(),
        "subject\r\n\r\nbody\r\n\r\nKey: value\r\n".to_owned(),
        "sübject\n\nÄrger: no key\n".to_owned(),
        "subject\n\nKey: värde\n".to_owned(),
        String::new(),
        "\n".to_owned(),
        "one line without end".to_owned(),
    ];
    assert_same(&messages);
}

#[test]
fn of_lines_thrown_together() {
    const LINES: [&str; 24] = [
        "subject",
        "",
        "",
        "",
        "Signed-off-by: A <a@b>",
        "Signed-off-by: A <a@b>",
        "Signed-off-by:none",
        "Key: value",
        "Other-key: value",
        "key:",
        "Key : value",
        ": nothing",
        " folded",
        "\tfolded: too",
        "no trailer",
        "neither is this: one",
        "(cherry picked from commit 0123456789)",
        "# comment",
        "---",
        "   ",
        "Conflicts:",
        "\tpath",
        "# ------------------------ >8 ------------------------",
        "x\r",
    ];
    let mut seed = 1_u32;
    let mut next = |below: usize| {
        seed = seed.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        usize::try_from(seed >> 16).unwrap() % below
    };
    let messages: Vec<String> = (0..4000)
        .map(|_| {
            let mut message = if next(8) > 0 { "subject\n\n".to_owned() } else { String::new() };
            for _ in 0..next(9) {
                message.push_str(LINES[next(LINES.len())]);
                message.push('\n');
            }
            if next(10) == 0 {
                message.pop();
            }
            message
        })
        .collect();
    assert_same(&messages);
}

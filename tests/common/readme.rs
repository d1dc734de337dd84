//! The files that the README shows: fenced blocks whose first line names the file in a comment.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "this is part of the tests")]

const README: &str = include_str!("../../README.md");

/// A file as the README has it.
pub fn file(name: &str) -> String {
    let opening = format!("\n# {name}\n");
    let block = README.split("\n```").find(|block| {
        block.split_once('\n').is_some_and(|(_, text)| format!("\n{text}").starts_with(&opening))
    });
    let block = block.unwrap_or_else(|| panic!("the README shows no {name}"));
    format!("{}\n", block.split_once('\n').unwrap().1)
}

/// The commands with `bylaws` in a file of a CI server.
pub fn commands(name: &str) -> Vec<String> {
    let text = file(name);
    let lines =
        text.lines().map(|line| line.trim_start().trim_start_matches("- ").trim_start_matches("run: "));
    lines.filter(|line| line.starts_with("bylaws ")).map(str::to_owned).collect()
}

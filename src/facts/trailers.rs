//! Trailers of a commit message, as git-interpret-trailers(1) finds them with `--no-divider`, which is how git-log(1) shows
//! them (`%(trailers:only,unfold)`). The rules are trailer.c's and commit.c's of git 2.47; nothing of the user's configuration is heeded, so separators
//! are `:` and comments begin with `#`.

/// `Key: value` in the last paragraph of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trailer {
    /// As written.
    pub key: String,
    /// Folded lines joined by a space.
    pub value: String,
}

/// The trailers of a message, in order.
pub fn trailers(message: &str) -> Vec<Trailer> {
    // For git a message ends at its first NUL.
    let message = message.split('\0').next().unwrap_or(message);
    let lines: Vec<&str> = message.split_inclusive('\n').skip_while(|line| is_blank(line)).collect();
    let lines = without_what_is_ignored(&lines);
    let mut found: Vec<(&str, String)> = Vec::new();
    let mut open = false;
    for line in lines.get(block_start(lines)..).unwrap_or_default() {
        if open && starts_with_space(line) {
            if let Some((_, value)) = found.last_mut() {
                value.push_str(line);
            }
            continue;
        }
        let split = separator(line).and_then(|at| Some((line.get(..at)?, line.get(at + 1..)?)));
        open = split.is_some();
        if let Some((key, value)) = split {
            found.push((key.trim_matches(is_space), value.to_owned()));
        }
    }
    found.into_iter().map(|(key, value)| Trailer { key: key.to_owned(), value: unfold(&value) }).collect()
}

/// The white space of git's `isspace`.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

fn starts_with_space(line: &str) -> bool {
    line.starts_with(is_space)
}

fn is_blank(line: &str) -> bool {
    line.chars().all(is_space)
}

fn is_comment(line: &str) -> bool {
    line.starts_with('#')
}

/// Where the key ends: behind letters, digits and hyphens, and white space after them. A line that begins with the colon is
/// no trailer.
fn separator(line: &str) -> Option<usize> {
    let mut spaces = false;
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            b':' => return (at > 0).then_some(at),
            b'-' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' if !spaces => {}
            b' ' | b'\t' if at > 0 => spaces = true,
            _ => return None,
        }
    }
    None
}

/// Cuts off what follows a scissors line, comments and blank lines at the end, and the list of conflicts that old gits left
/// there (`ignored_log_message_bytes` in commit.c).
fn without_what_is_ignored<'l, 'm>(lines: &'l [&'m str]) -> &'l [&'m str] {
    const SCISSORS: &str = "# ------------------------ >8 ------------------------\n";
    let end = lines.iter().position(|line| *line == SCISSORS).unwrap_or(lines.len());
    let (mut ignored, mut in_conflicts) = (None, false);
    for (at, line) in lines.iter().enumerate().take(end) {
        if is_comment(line) || *line == "\n" {
            ignored = ignored.or(Some(at));
        } else if *line == "Conflicts:\n" {
            in_conflicts = true;
            ignored = ignored.or(Some(at));
        } else if !(in_conflicts && line.starts_with('\t')) && ignored.is_some() {
            (ignored, in_conflicts) = (None, false);
        }
    }
    lines.get(..ignored.unwrap_or(end)).unwrap_or(lines)
}

/// The index of the first line of the trailers: the last paragraph, if it is not the first one and either every line of it is
/// a trailer, or one was made by git and at least a quarter of them are trailers (`find_trailer_block_start` in trailer.c).
fn block_start(lines: &[&str]) -> usize {
    let title = lines.iter().take_while(|line| is_comment(line) || !is_blank(line)).count();
    let (mut trailers, mut others, mut folded) = (0_usize, 0_usize, 0_usize);
    let (mut by_git, mut blank_so_far) = (false, true);
    for (at, line) in lines.iter().enumerate().skip(title).rev() {
        if is_comment(line) {
            others += std::mem::take(&mut folded);
        } else if is_blank(line) {
            if blank_so_far {
                continue;
            }
            others += folded;
            let enough = if by_git { trailers * 3 >= others } else { trailers > 0 && others == 0 };
            return if enough { at + 1 } else { lines.len() };
        } else {
            blank_so_far = false;
            if line.starts_with("Signed-off-by: ") || line.starts_with("(cherry picked from commit ") {
                by_git = true;
                trailers += 1;
                folded = 0;
            } else if starts_with_space(line) {
                folded += 1;
            } else if separator(line).is_some() {
                trailers += 1;
                folded = 0;
            } else {
                others += 1 + std::mem::take(&mut folded);
            }
        }
    }
    lines.len()
}

/// Folded lines become one, joined by a space.
fn unfold(value: &str) -> String {
    let mut lines = value.trim_matches(is_space).split('\n');
    let mut out = lines.next().unwrap_or("").to_owned();
    for line in lines.map(|line| line.trim_start_matches(is_space)).filter(|line| !line.is_empty()) {
        out.push(' ');
        out.push_str(line);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(message: &str) -> Vec<String> {
        trailers(message).into_iter().map(|t| format!("{}={}", t.key, t.value)).collect()
    }

    #[test]
    fn the_last_paragraph_holds_them() {
        assert_eq!(shown("s\n\nbody\n\nA: 1\nB-c: 2\n"), ["A=1", "B-c=2"]);
        assert_eq!(shown("A: 1\n"), [] as [&str; 0], "the title never does");
        assert_eq!(shown("s\n\nA: 1\nnot one\n"), [] as [&str; 0]);
        assert_eq!(shown("s\n\nA: 1\nnot one\nSigned-off-by: x\n"), ["A=1", "Signed-off-by=x"]);
    }

    #[test]
    fn folded_lines_are_joined() {
        assert_eq!(shown("s\n\nA: one\n  two\n\tthree\nB: x\n"), ["A=one two three", "B=x"]);
    }

    #[test]
    fn a_divider_is_nothing_special_in_a_message() {
        assert_eq!(shown("s\n\nA: 1\n---\n"), [] as [&str; 0]);
        assert_eq!(shown("s\n---\n\nA: 1\n"), ["A=1"]);
    }

    #[test]
    fn what_git_adds_at_the_end_is_left_out() {
        assert_eq!(shown("s\n\nA: 1\n# comment\n\n"), ["A=1"]);
        assert_eq!(shown("s\n\nA: 1\n\nConflicts:\n\tfile\n"), ["A=1"]);
        assert_eq!(
            shown("s\n\nA: 1\n# ------------------------ >8 ------------------------\nB: 2\n"),
            ["A=1"]
        );
    }
}

//! A message as `commit-msg` gets it, cleaned as git will clean it (git-commit(1), `--cleanup`).

/// git's modes of cleaning up a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cleanup {
    /// White space and comments go; the default when an editor was used.
    Strip,
    /// White space goes; the default when none was.
    Whitespace,
    /// As `Whitespace`, and all from the scissors line on goes.
    Scissors,
    /// Nothing is changed.
    Verbatim,
}

impl Cleanup {
    /// By `commit.cleanup` and whether an editor was used. git takes a word it does not know for an error before any hook
    /// runs, so anything else here is the default.
    pub fn of(configured: Option<&str>, with_editor: bool) -> Self {
        match configured {
            Some("verbatim") => Self::Verbatim,
            Some("whitespace") => Self::Whitespace,
            Some("strip") => Self::Strip,
            Some("scissors") if with_editor => Self::Scissors,
            Some("scissors") => Self::Whitespace,
            _ if with_editor => Self::Strip,
            _ => Self::Whitespace,
        }
    }
}

/// The message that git will store.
pub fn clean_message(raw: &str, cleanup: Cleanup, comment: &str, with_editor: bool) -> String {
    if cleanup == Cleanup::Verbatim && !with_editor {
        return raw.to_owned();
    }
    let scissors = format!("{comment} ------------------------ >8 ------------------------");
    // With an editor `commit --verbose` puts the diff below the scissors, whatever the mode.
    let cut = with_editor || cleanup == Cleanup::Scissors;
    let kept = raw.lines().take_while(|line| !(cut && *line == scissors));
    if cleanup == Cleanup::Verbatim {
        return kept.map(|line| format!("{line}\n")).collect();
    }
    let mut cleaned = String::with_capacity(raw.len());
    let mut blank = false;
    for line in kept.filter(|line| cleanup != Cleanup::Strip || !line.starts_with(comment)) {
        let line = line.trim_end();
        if line.is_empty() {
            blank = !cleaned.is_empty();
            continue;
        }
        if std::mem::take(&mut blank) {
            cleaned.push('\n');
        }
        cleaned.push_str(line);
        cleaned.push('\n');
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edited_message_loses_comments_the_diff_and_white_space() {
        let raw = "\n\nSubject  \n\n\n\nBody\n# a comment\n# ------------------------ >8 ------------------------\ndiff --git a b\n";
        assert_eq!(clean_message(raw, Cleanup::of(None, true), "#", true), "Subject\n\nBody\n");
    }

    #[test]
    fn a_message_given_on_the_command_line_keeps_its_number_sign() {
        assert_eq!(clean_message("#12: mend it\n", Cleanup::of(None, false), "#", false), "#12: mend it\n");
    }

    #[test]
    fn verbatim_changes_nothing() {
        let raw = "  x \n\n\n# y";
        assert_eq!(clean_message(raw, Cleanup::of(Some("verbatim"), false), "#", false), raw);
    }

    #[test]
    fn another_comment_character_is_heeded() {
        assert_eq!(clean_message("; gone\n# kept\n", Cleanup::Strip, ";", true), "# kept\n");
    }
}

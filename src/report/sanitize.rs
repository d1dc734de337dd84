//! Text from a repository, made harmless for a terminal.

/// The text without control characters and without the marks that turn the direction of writing: neither an escape
/// sequence nor a reordered line can then dress one message up as another. A tab becomes a space.
pub fn clean(text: &str) -> String {
    text.chars().filter_map(|c| if c == '\t' { Some(' ') } else { (!is_harmful(c)).then_some(c) }).collect()
}

fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn escape_sequences_and_bidirectional_marks_go() {
        assert_eq!(clean("a\u{1b}[31mred\u{202e}\r\nb\u{9b}2J\tc"), "a[31mredb2J c");
    }
}

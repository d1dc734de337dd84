//! The words and signs of a script.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// White space and comments.
    Blank,
    Word,
    Number,
    /// `"..."` or `#"..."#`
    Text,
    /// `` `...` ``: for people, and not looked into.
    Template,
    Sign,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    pub(super) start: usize,
}

impl Token<'_> {
    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Can a value end with it? Then what follows is an operator, and not the beginning of a value.
    pub(super) fn ends_value(&self) -> bool {
        match self.kind {
            Kind::Word => {
                !matches!(self.text, "return" | "in" | "if" | "while" | "else" | "switch" | "throw")
            }
            Kind::Number | Kind::Text | Kind::Template => true,
            Kind::Sign => matches!(self.text, ")" | "]" | "}"),
            Kind::Blank => false,
        }
    }
}

/// Signs of several characters, the longest first.
const SIGNS: [&str; 20] = [
    "..=", "#{", "==", "!=", "<=", ">=", "&&", "||", "=>", "+=", "-=", "*=", "/=", "??", "?.", "?[", "::",
    "..", "->", "**",
];

pub(super) fn all(script: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut start = 0;
    while start < script.len() {
        let rest = &script[start..];
        let (kind, length) = first(rest);
        tokens.push(Token { kind, text: &rest[..length], start });
        start += length;
    }
    tokens
}

fn first(rest: &str) -> (Kind, usize) {
    let run = |is: fn(char) -> bool| rest.find(|c| !is(c)).unwrap_or(rest.len());
    let next = rest.chars().next().expect("more text");
    if next.is_whitespace() {
        return (Kind::Blank, run(char::is_whitespace));
    }
    if rest.starts_with("//") {
        return (Kind::Blank, rest.find('\n').unwrap_or(rest.len()));
    }
    if let Some(raw) = rest.strip_prefix("#\"") {
        return (Kind::Text, raw.find("\"#").expect("the end of a raw string") + 4);
    }
    if next == '"' {
        return (Kind::Text, closed(rest, '"'));
    }
    if next == '\'' {
        return (Kind::Text, closed(rest, '\''));
    }
    if next == '`' {
        return (Kind::Template, template(rest));
    }
    if next.is_ascii_digit() {
        return (Kind::Number, run(|c| c.is_ascii_alphanumeric() || c == '_'));
    }
    if next.is_alphabetic() || next == '_' {
        return (Kind::Word, run(|c| c.is_alphanumeric() || c == '_'));
    }
    let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
    (Kind::Sign, sign.map_or(next.len_utf8(), |sign| sign.len()))
}

/// The length of a text that is closed by the character it is opened with.
fn closed(rest: &str, by: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == by => return at + c.len_utf8(),
            _ => {}
        }
    }
    panic!("a text is not closed: {rest}");
}

/// The length of a template: doubled backquotes are part of it, and `${...}` may hold other texts.
fn template(rest: &str) -> usize {
    let mut at = 1;
    loop {
        let here = &rest[at..];
        if here.starts_with("``") {
            at += 2;
        } else if here.starts_with('`') {
            return at + 1;
        } else if here.starts_with("${") {
            at += 2;
            let mut depth = 1;
            while depth > 0 {
                let (_, length) = first(&rest[at..]);
                match &rest[at..at + length] {
                    "{" | "#{" => depth += 1,
                    "}" => depth -= 1,
                    _ => {}
                }
                at += length;
            }
        } else {
            at += here.chars().next().expect("the end of a template").len_utf8();
        }
    }
}

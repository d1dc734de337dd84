//! Looser, and a few tighter, regular expressions.

use std::ops::Range;

/// What is in `range` of the literal becomes `new`.
pub(super) struct Change {
    pub(super) range: Range<usize>,
    pub(super) new: String,
    pub(super) what: String,
}

/// The changes of one regular expression; `literal` is a text with its quotation marks.
pub(super) fn changes(literal: &str) -> Vec<Change> {
    let is_raw = literal.starts_with('#');
    let start = if is_raw { 2 } else { 1 };
    let mut reader =
        Reader { text: &literal[..literal.len() - start], at: start, changes: Vec::new(), is_raw };
    reader.alternatives();
    reader.changes
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    changes: Vec<Change>,
    is_raw: bool,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn change(&mut self, range: Range<usize>, new: &str) {
        let was = &self.text[range.clone()];
        let what = if new.is_empty() { format!("{was} dropped") } else { format!("{was} -> {new}") };
        self.changes.push(Change { range, new: new.to_owned(), what });
    }

    /// `a|b|c` up to the end or a closing parenthesis.
    fn alternatives(&mut self) {
        let mut parts: Vec<Range<usize>> = std::iter::once(self.at..self.at).collect();
        while !self.rest().is_empty() && !self.rest().starts_with(')') {
            if self.rest().starts_with('|') {
                self.at += 1;
                parts.push(self.at..self.at);
                continue;
            }
            self.piece();
            let last = parts.last_mut().expect("one at least");
            last.end = self.at;
        }
        if parts.len() == 1 {
            return;
        }
        for (index, part) in parts.iter().enumerate() {
            let range = if index == 0 { part.start..part.end + 1 } else { part.start - 1..part.end };
            self.change(range, "");
        }
    }

    /// An atom and its quantifier.
    fn piece(&mut self) {
        let start = self.at;
        self.atom();
        let atom = start..self.at;
        let whole = &self.text[atom.clone()];
        if self.is_anchor(whole) {
            self.change(atom, "");
        } else if whole.starts_with('[') || self.is_class(whole) {
            self.change(atom, "(?s:.)");
        }
        self.quantifier();
    }

    fn atom(&mut self) {
        let rest = self.rest();
        let escape = if self.is_raw { "\\" } else { "\\\\" };
        if rest.starts_with('[') {
            self.at += self.class();
        } else if rest.starts_with("(?") {
            self.group();
        } else if rest.starts_with('(') {
            self.at += 1;
            self.alternatives();
            self.at += 1;
        } else if let Some(escaped) = rest.strip_prefix(escape) {
            let length = escaped.chars().next().map_or(0, char::len_utf8);
            let braces = if escaped[length..].starts_with('{') && escaped.starts_with(['p', 'P', 'x']) {
                escaped.find('}').map_or(0, |end| end + 1 - length)
            } else {
                0
            };
            let digits = if escaped.starts_with('x') && braces == 0 { 2 } else { 0 };
            self.at += escape.len() + length + braces + digits;
        } else if rest.starts_with('\\') {
            self.at += 2;
        } else {
            self.at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }

    /// `(?:...)`, `(?i:...)`, `(?i)`, `(?<name>...)`
    fn group(&mut self) {
        let head = self.at + 2;
        let end = head + self.text[head..].find([':', ')', '>']).expect("a group");
        let flags = head..end;
        if self.text[flags.clone()].chars().all(|c| c.is_ascii_lowercase()) {
            for at in flags {
                // `(?x)` changes how it is written and not what it means.
                if !self.text[at..].starts_with('x') {
                    self.change(at..at + 1, "");
                }
            }
        }
        self.at = end + 1;
        if !self.text[end..].starts_with(')') {
            self.alternatives();
            self.at += 1;
        }
    }

    /// The length of a `[...]`.
    fn class(&self) -> usize {
        let mut depth = 0;
        let mut escaped = false;
        for (at, c) in self.rest().char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '[' => depth += 1,
                ']' if at > 1 => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return at + 1;
            }
        }
        panic!("a class is not closed: {}", self.rest());
    }

    fn is_anchor(&self, atom: &str) -> bool {
        matches!(atom.trim_start_matches('\\'), "^" | "$") && !atom.starts_with('\\')
            || matches!(
                atom.strip_prefix('\\').map(|atom| atom.trim_start_matches('\\')),
                Some("A" | "z" | "b" | "B")
            )
    }

    fn is_class(&self, atom: &str) -> bool {
        let name = atom.strip_prefix('\\').map(|atom| atom.trim_start_matches('\\'));
        name.is_some_and(|name| matches!(name, "s" | "S" | "d" | "D" | "w" | "W") || name.starts_with("p{"))
    }

    fn quantifier(&mut self) {
        let start = self.at;
        let rest = self.rest();
        let (length, new) = match rest.chars().next() {
            Some('+') => (1, "*"),
            Some('*') => (1, "+"),
            Some('?') => (1, ""),
            Some('{') if rest[1..].starts_with(|c: char| c.is_ascii_digit()) => {
                (rest.find('}').expect("a quantifier") + 1, "*")
            }
            _ => return,
        };
        self.at += length;
        self.change(start..self.at, new);
        if self.rest().starts_with('?') {
            self.change(self.at..self.at + 1, "");
            self.at += 1;
        }
    }
}

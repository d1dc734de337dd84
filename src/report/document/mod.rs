//! The policy in force as a document for people who read neither Rhai nor TOML.
//!
//! What it says is made once, as blocks without a form (`policy`); `markdown` and `html` give them theirs. Nothing in it
//! depends on when it was made but what waivers say of themselves, so that it can be kept under version control.

mod html;
mod markdown;
mod policy;

pub use html::html;
pub use markdown::markdown;
pub use policy::document;

use crate::verdict::Level;

/// A whole document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// What it is called.
    pub title: String,
    /// What it is, in a paragraph.
    pub summary: Vec<Inline>,
    /// Its sections, each with a heading of its own.
    pub sections: Vec<Section>,
}

/// A section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// What links lead to it by.
    pub anchor: String,
    /// Its heading.
    pub title: String,
    /// What is in it.
    pub blocks: Vec<Block>,
}

/// A part of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A paragraph.
    Paragraph(Vec<Inline>),
    /// A list.
    List(Vec<Vec<Inline>>),
    /// A table: its head, and its rows.
    Table(Vec<&'static str>, Vec<Vec<Vec<Inline>>>),
    /// One thing with a heading of its own, in the rule set for instance a rule.
    Card(Card),
}

/// One thing with a heading of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// What links lead to it by.
    pub anchor: String,
    /// Its short name.
    pub name: String,
    /// Its heading.
    pub title: Vec<Inline>,
    /// How much it weighs, where it does.
    pub level: Option<Level>,
    /// What is to be said of it.
    pub text: Vec<Inline>,
    /// What is known of it, by name.
    pub facts: Vec<(&'static str, Vec<Inline>)>,
}

/// A piece of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inline {
    /// As it is.
    Text(String),
    /// A word of a file or a program.
    Code(String),
    /// To another place of the document.
    Link(String, String),
    /// A level.
    Level(Level),
}

/// Text in which words between backticks are code.
fn prose(text: &str) -> Vec<Inline> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('`') {
        let Some((code, behind)) = after.split_once('`') else { break };
        if !before.is_empty() {
            pieces.push(Inline::Text(before.to_owned()));
        }
        if !code.is_empty() {
            pieces.push(Inline::Code(code.to_owned()));
        }
        rest = behind;
    }
    if !rest.is_empty() {
        pieces.push(Inline::Text(rest.to_owned()));
    }
    pieces
}

/// Pieces between commas.
fn listed(pieces: impl IntoIterator<Item = Inline>) -> Vec<Inline> {
    let mut all = Vec::new();
    for (n, piece) in pieces.into_iter().enumerate() {
        if n > 0 {
            all.push(Inline::Text(", ".to_owned()));
        }
        all.push(piece);
    }
    all
}

/// Words of a file, between commas.
fn codes<'a>(words: impl IntoIterator<Item = &'a String>) -> Vec<Inline> {
    listed(words.into_iter().map(|word| Inline::Code(word.clone())))
}

fn text(text: impl Into<String>) -> Inline {
    Inline::Text(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_backticks_is_code() {
        let code = |word: &str| Inline::Code(word.to_owned());
        assert_eq!(prose("a `b` c"), [text("a "), code("b"), text(" c")]);
        assert_eq!(prose("`b`"), [code("b")]);
        assert_eq!(prose("a ` b"), [text("a ` b")]);
        assert_eq!(prose("``a``"), [text("a")]);
    }
}

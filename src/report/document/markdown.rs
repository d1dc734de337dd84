//! As GitHub's Markdown (<https://github.github.com/gfm/>). Text that came from a policy is text here too: nothing in it starts a
//! heading, ends a table's cell or becomes a tag.

use super::{Block, Card, Document, Inline};
use crate::report::clean;

/// The document as Markdown.
pub fn markdown(document: &Document) -> String {
    let mut out = format!("# {}\n\n{}\n", escaped(&document.title), line(&document.summary));
    out.push('\n');
    for section in &document.sections {
        out.push_str(&format!("- [{}](#{})\n", escaped(&section.title), section.anchor));
    }
    for section in &document.sections {
        out.push_str(&format!("\n<a id=\"{}\"></a>\n\n## {}\n", section.anchor, escaped(&section.title)));
        for block in &section.blocks {
            out.push('\n');
            self::block(block, &mut out);
        }
    }
    out
}

fn block(block: &Block, out: &mut String) {
    match block {
        Block::Paragraph(pieces) => out.push_str(&format!("{}\n", line(pieces))),
        Block::List(items) => {
            items.iter().for_each(|item| out.push_str(&format!("- {}\n", line(item))));
        }
        Block::Table(head, rows) => table(head, rows, out),
        Block::Card(card) => self::card(card, out),
    }
}

fn table(head: &[&str], rows: &[Vec<Vec<Inline>>], out: &mut String) {
    out.push_str(&format!("| {} |\n|{}\n", head.join(" | "), " --- |".repeat(head.len())));
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| line(cell).replace('\n', " ")).collect();
        out.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
}

fn card(card: &Card, out: &mut String) {
    let title = line(&card.title);
    let name = card.level.map(|_| format!("{}: ", escaped(&card.name))).unwrap_or_default();
    out.push_str(&format!("<a id=\"{}\"></a>\n\n### {name}{title}\n\n", card.anchor));
    let level = card.level.map(|level| vec![Inline::Level(level), Inline::Text(": ".to_owned())]);
    let text = line(&[level.unwrap_or_default(), card.text.clone()].concat());
    if !text.is_empty() {
        out.push_str(&format!("{text}\n\n"));
    }
    for (name, value) in &card.facts {
        out.push_str(&format!("- {name}: {}\n", line(value)));
    }
}

/// Pieces on one line.
fn line(pieces: &[Inline]) -> String {
    let text: String = pieces.iter().map(inline).collect();
    // What would begin something else at the start of a line.
    let begins = text.trim_start_matches(|c: char| c.is_ascii_digit());
    if text.starts_with(['#', '+', '-', '=', ':']) {
        format!("\\{text}")
    } else if begins.len() < text.len() && begins.starts_with(['.', ')']) {
        format!("{}\\{begins}", text.strip_suffix(begins).unwrap_or_default())
    } else {
        text
    }
}

fn inline(piece: &Inline) -> String {
    match piece {
        Inline::Text(text) => escaped(text),
        Inline::Code(code) => self::code(code),
        Inline::Link(text, anchor) => format!("[{}](#{anchor})", escaped(text)),
        Inline::Level(level) => format!("**{level}**"),
    }
}

/// Between as many backticks as it needs. A `|` ends a table's cell even here.
fn code(text: &str) -> String {
    let text = one_line(text).replace('|', "\\|");
    let runs = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(runs + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in one_line(text).chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn one_line(text: &str) -> String {
    clean(&text.replace(['\n', '\r'], " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        for (text, shown) in [
            ("a | b", "a \\| b"),
            ("<script>alert(1)</script> & co", "\\<script\\>alert(1)\\</script\\> \\& co"),
            ("# no heading", "\\# no heading"),
            ("- no item", "\\- no item"),
            ("1. no item", "1\\. no item"),
            ("2026 it is", "2026 it is"),
            ("a\nb\u{1b}[31m", "a b\\[31m"),
            ("[x](http://y) *b* _c_ ~d~", "\\[x\\](http://y) \\*b\\* \\_c\\_ \\~d\\~"),
        ] {
            assert_eq!(line(&[Inline::Text(text.to_owned())]), shown);
        }
    }

    #[test]
    fn code_stays_code() {
        for (text, shown) in
            [("a|b", "`a\\|b`"), ("a`b", "``a`b``"), ("`a", "`` `a ``"), ("a\nb", "`a b`"), ("<b>", "`<b>`")]
        {
            assert_eq!(inline(&Inline::Code(text.to_owned())), shown);
        }
    }
}

//! As one HTML file: no scripts, nothing from elsewhere, every text escaped. It is for the screen, light or dark, large or
//! small, and for paper.

use super::{Block, Card, Document, Inline, Section};
use crate::report::clean;
use crate::verdict::Level;

const STYLE: &str = include_str!("style.css");

/// The document as HTML.
pub fn html(document: &Document) -> String {
    let title = escaped(&document.title);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>{title}</h1>\n<p>{}</p>\n</header>\n",
        line(&document.summary)
    );
    out.push_str("<nav aria-label=\"Contents\">\n<ul>\n");
    for section in &document.sections {
        out.push_str(&format!(
            "<li><a href=\"#{}\">{}</a></li>\n",
            escaped(&section.anchor),
            escaped(&section.title)
        ));
    }
    out.push_str("</ul>\n</nav>\n<main>\n");
    document.sections.iter().for_each(|section| self::section(section, &mut out));
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

fn section(section: &Section, out: &mut String) {
    let anchor = escaped(&section.anchor);
    out.push_str(&format!("<section id=\"{anchor}\">\n<h2>{}</h2>\n", escaped(&section.title)));
    section.blocks.iter().for_each(|block| self::block(block, out));
    out.push_str("</section>\n");
}

fn block(block: &Block, out: &mut String) {
    match block {
        Block::Paragraph(pieces) => out.push_str(&format!("<p>{}</p>\n", line(pieces))),
        Block::List(items) => {
            out.push_str("<ul>\n");
            items.iter().for_each(|item| out.push_str(&format!("<li>{}</li>\n", line(item))));
            out.push_str("</ul>\n");
        }
        Block::Table(head, rows) => table(head, rows, out),
        Block::Card(card) => self::card(card, out),
    }
}

/// On a narrow screen a row is a block and its cells say what they are, by `data-of`.
fn table(head: &[&str], rows: &[Vec<Vec<Inline>>], out: &mut String) {
    out.push_str("<table>\n<thead>\n<tr>");
    head.iter().for_each(|cell| out.push_str(&format!("<th scope=\"col\">{}</th>", escaped(cell))));
    out.push_str("</tr>\n</thead>\n<tbody>\n");
    for row in rows {
        out.push_str("<tr>");
        for (cell, of) in row.iter().zip(head) {
            out.push_str(&format!("<td data-of=\"{}\"><div>{}</div></td>", escaped(of), line(cell)));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n");
}

fn card(card: &Card, out: &mut String) {
    out.push_str(&format!("<article id=\"{}\">\n<h3>{}</h3>\n", escaped(&card.anchor), line(&card.title)));
    if let Some(level) = card.level {
        let name = escaped(&card.name);
        out.push_str(&format!("<p class=\"name\"><code>{name}</code> {}</p>\n", badge(level)));
    }
    if !card.text.is_empty() {
        out.push_str(&format!("<p>{}</p>\n", line(&card.text)));
    }
    if !card.facts.is_empty() {
        out.push_str("<dl>\n");
        for (name, value) in &card.facts {
            out.push_str(&format!("<div><dt>{}</dt><dd>{}</dd></div>\n", escaped(name), line(value)));
        }
        out.push_str("</dl>\n");
    }
    out.push_str("</article>\n");
}

fn line(pieces: &[Inline]) -> String {
    pieces.iter().map(inline).collect()
}

fn inline(piece: &Inline) -> String {
    match piece {
        Inline::Text(text) => escaped(text),
        Inline::Code(code) => format!("<code>{}</code>", escaped(code)),
        Inline::Link(text, anchor) => format!("<a href=\"#{}\">{}</a>", escaped(anchor), escaped(text)),
        Inline::Level(level) => badge(*level),
    }
}

fn badge(level: Level) -> String {
    format!("<span class=\"level {level}\">{level}</span>")
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in clean(&text.replace(['\n', '\r'], " ")).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        let hostile = "<script>alert('1')</script> & \"x\"\n\u{1b}[31m\u{202e}";
        let safe = "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;x&quot; [31m";
        assert_eq!(inline(&Inline::Text(hostile.to_owned())), safe);
        assert_eq!(inline(&Inline::Code(hostile.to_owned())), format!("<code>{safe}</code>"));
        assert_eq!(
            inline(&Inline::Link(hostile.to_owned(), "a\"b".to_owned())),
            format!("<a href=\"#a&quot;b\">{safe}</a>")
        );
    }
}

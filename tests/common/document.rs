//! The boxes of a document in Markdown.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]
#![allow(clippy::unwrap_used, reason = "this is part of the tests")]

/// A box.
pub struct Block {
    /// What stands behind the opening backquotes.
    pub language: String,
    pub text: String,
    /// Of the document, where the text begins.
    pub line: usize,
    /// The nearest heading above.
    pub section: String,
}

pub fn blocks(document: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut section, mut is_open) = (String::new(), false);
    for (index, line) in document.lines().enumerate() {
        if let Some(language) = line.strip_prefix("```") {
            if !is_open {
                let (language, section) = (language.to_owned(), section.clone());
                blocks.push(Block { language, text: String::new(), line: index + 2, section });
            }
            is_open = !is_open;
        } else if is_open {
            let block = blocks.last_mut().unwrap();
            block.text.push_str(line);
            block.text.push('\n');
        } else if line.starts_with('#') {
            section = line.trim_start_matches('#').trim().to_owned();
        }
    }
    assert!(!is_open, "a box is not closed");
    blocks
}

/// The links to headings of the document itself that lead nowhere.
pub fn broken_links(document: &str) -> Vec<&str> {
    let anchors: Vec<String> = document
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|heading| heading.to_lowercase().replace(' ', "-").replace(['\'', ',', '`', ':', '.'], ""))
        .collect();
    let links = document.split("](#").skip(1).map(|rest| rest.split(')').next().unwrap());
    links.filter(|link| !anchors.iter().any(|anchor| anchor == link)).collect()
}

//! The answer to whoever pushes: one screen behind git's `remote:`, whatever was found.
//!
//! Findings of one rule are one block. First every block that finds room says what is wrong, where and how to mend it, those
//! that refuse before advice; then, as far as there are lines left, why, and more places. What finds none is counted.

use std::time::Duration;

use textwrap::core::display_width;
use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};

use super::clean;
use super::human::{counted, summed};
use crate::verdict::{Decision, Finding, State, Verdict};

/// git puts `remote: ` before each line, and terminals have 80 columns.
const COLUMNS: usize = 70;
/// With what git itself says around it, on a terminal of 24 lines.
const LINES: usize = 22;
/// No text takes more lines than this of the screen.
const LINES_A_TEXT: usize = 3;
/// All notes together take no more than this.
const LINES_OF_NOTES: usize = 8;
/// Places of one block, where there is room for all of them.
const PLACES: usize = 6;

/// What became of a push.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// What was decided.
    pub verdict: &'a Verdict,
    /// A push that the verdict refuses is let in all the same, since nothing is enforced yet.
    pub is_let_in: bool,
    /// What the pusher should know beside it, a sentence each.
    pub notes: &'a [String],
    /// The name under which the decision can be found on the server.
    pub record: Option<&'a str>,
    /// How long it took.
    pub took: Duration,
}

impl Answer<'_> {
    /// At most 22 lines of at most 70 columns, each with a line feed; nothing at all where a push is let in and there is
    /// nothing to say.
    pub fn screen(&self) -> String {
        let verdict = self.verdict;
        let blocks = blocks(verdict);
        if verdict.decision == Decision::Allow && blocks.is_empty() && self.notes.is_empty() {
            return String::new();
        }
        let mut last = self.last();
        let mut lines = fill(&blocks, LINES - last.len());
        if !lines.is_empty() && lines.len() + last.len() < LINES {
            lines.push(String::new());
        }
        lines.append(&mut last);
        lines.into_iter().map(|line| line.trim_end().to_owned() + "\n").collect()
    }

    /// The end of the screen: what follows, in words.
    fn last(&self) -> Vec<String> {
        let refuses = self.verdict.decision != Decision::Allow;
        let told = "let in, since this server does not enforce its policy yet; it would have been refused";
        let told = (refuses && self.is_let_in).then_some(told);
        let notes = told.into_iter().chain(self.notes.iter().map(String::as_str));
        let mut lines: Vec<String> = notes.flat_map(|note| wrapped("note: ", "      ", note)).collect();
        // The findings need room, too.
        lines.truncate(LINES_OF_NOTES);
        let word = match self.verdict.decision {
            Decision::Allow => "allowed",
            Decision::Deny if self.is_let_in => "would deny",
            Decision::Error if self.is_let_in => "would deny, could not decide",
            Decision::Deny => "denied",
            Decision::Error => "could not decide",
        };
        lines.extend(wrapped("", "  ", &format!("{word}: {}", summed(self.verdict.summary, self.took))));
        if let (Some(record), true) = (self.record, refuses) {
            lines.extend(wrapped("", "  ", &format!("recorded as {record}")));
        }
        lines
    }
}

/// The findings of one rule that weigh the same.
struct Block<'a> {
    findings: Vec<&'a Finding>,
    names_refs: bool,
}

/// Those that refuse before advice, each in the order in which their first was found. What a waiver lets pass is only counted.
fn blocks(verdict: &Verdict) -> Vec<Block<'_>> {
    let weight = |finding: &Finding| (!finding.level.is_mandatory(), finding.state != State::Error);
    let names_refs = verdict.changes.len() != 1;
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut at = std::collections::HashMap::new();
    for finding in verdict.findings.iter().filter(|finding| finding.state != State::Overridden) {
        let key = (weight(finding), finding.rule.as_str());
        let n = *at.entry(key).or_insert(blocks.len());
        match blocks.get_mut(n) {
            Some(block) => block.findings.push(finding),
            None => blocks.push(Block { findings: vec![finding], names_refs }),
        }
    }
    blocks.sort_by_key(|block| block.findings.first().map(|first| weight(first)));
    blocks
}

/// How much of a block is shown.
#[derive(Debug, Clone, Copy)]
struct Shown {
    why: bool,
    places: usize,
}

/// The lines of as many blocks as find room in `most`, and of how many did not.
fn fill(blocks: &[Block<'_>], most: usize) -> Vec<String> {
    let least = Shown { why: false, places: 1 };
    let mut shown: Vec<Shown> = Vec::new();
    let height = |shown: &[Shown]| -> usize {
        let lines: usize = blocks.iter().zip(shown).map(|(block, shown)| block.lines(*shown).len()).sum();
        lines + rest(blocks.get(shown.len()..).unwrap_or_default()).len()
    };
    // A block that finds no room lets none pass that weighs less.
    while shown.len() < blocks.len() {
        shown.push(least);
        if height(&shown) > most && shown.len() > 1 {
            shown.pop();
            break;
        }
    }
    let more: [fn(Shown) -> Shown; 2] =
        [|shown| Shown { why: true, ..shown }, |shown| Shown { places: shown.places + 1, ..shown }];
    for (step, times) in more.into_iter().zip([1, PLACES - 1]) {
        for _ in 0..times {
            for n in 0..shown.len() {
                let Some(before) = shown.get(n).copied() else { break };
                shown.iter_mut().skip(n).take(1).for_each(|one| *one = step(before));
                if height(&shown) > most {
                    shown.iter_mut().skip(n).take(1).for_each(|one| *one = before);
                }
            }
        }
    }
    let mut lines: Vec<String> =
        blocks.iter().zip(&shown).flat_map(|(block, shown)| block.lines(*shown)).collect();
    lines.extend(rest(blocks.get(shown.len()..).unwrap_or_default()));
    lines.truncate(most);
    lines
}

/// What found no room.
fn rest(blocks: &[Block<'_>]) -> Vec<String> {
    if blocks.is_empty() {
        return Vec::new();
    }
    let findings: usize = blocks.iter().map(|block| block.findings.len()).sum();
    let rules: Vec<String> =
        blocks.iter().filter_map(|block| block.findings.first()).map(|first| clean(&first.rule)).collect();
    let told = format!("and {findings} more in {}", counted(rules.len(), "rule"));
    let named = format!("{told}: {}", rules.join(", "));
    vec![if display_width(&named) <= COLUMNS { named } else { told }]
}

impl Block<'_> {
    fn lines(&self, shown: Shown) -> Vec<String> {
        let Some(first) = self.findings.first() else { return Vec::new() };
        let word = if first.level.is_mandatory() { "error" } else { "warning" };
        let mut lines = wrapped("", "  ", &format!("{word}[{}]: {}", first.rule, first.message));
        let places = self.findings.iter().take(shown.places);
        for (n, finding) in places.enumerate() {
            let mut place = self.place(finding);
            if n > 0 && finding.message != first.message {
                place = format!("{place}: {}", finding.message);
            }
            if !place.is_empty() {
                lines.extend(wrapped("  --> ", "      ", &place));
            }
        }
        let more = self.findings.len().saturating_sub(shown.places);
        if more > 0 {
            lines.push(format!("  --> and {more} more"));
        }
        if let Some(script) = &first.place {
            lines.extend(wrapped("  --> ", "      ", &script.to_string()));
        }
        if let (Some(why), true) = (&first.why, shown.why) {
            lines.extend(wrapped("   = why: ", "     ", why));
        }
        if let Some(fix) = &first.fix {
            lines.extend(wrapped("   = fix: ", "     ", fix));
        }
        lines
    }

    /// Ref, commit, path and line; then whose commit it is, if that fits on the line.
    fn place(&self, finding: &Finding) -> String {
        let mut parts = Vec::new();
        if let Some(reference) = &finding.reference
            && (self.names_refs || finding.commit.is_none())
        {
            parts.push(clean(&reference.to_string()));
        }
        parts.extend(finding.commit.as_ref().map(|commit| commit.short()));
        if let Some(path) = &finding.path {
            let line = finding.line.map(|line| format!(":{line}")).unwrap_or_default();
            parts.push(format!("{}{line}", clean(path)));
        }
        let mut place = parts.join(" ");
        if let Some(about) = &finding.about {
            let about = format!("{place} \"{}\"", clean(&about.subject));
            if display_width(&about) + "  --> ".len() <= COLUMNS {
                place = about;
            }
        }
        place
    }
}

/// Lines of at most 70 columns, broken at spaces, the later ones indented. A text that would take too many is cut.
fn wrapped(first: &str, later: &str, text: &str) -> Vec<String> {
    let options = Options::new(COLUMNS)
        .initial_indent(first)
        .subsequent_indent(later)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
        .wrap_algorithm(WrapAlgorithm::FirstFit)
        .break_words(true);
    let mut lines: Vec<String> =
        textwrap::wrap(&clean(text), options).into_iter().map(|line| line.into_owned()).collect();
    if lines.len() > LINES_A_TEXT {
        lines.truncate(LINES_A_TEXT);
        if let Some(last) = lines.last_mut() {
            while display_width(last) + " ...".len() > COLUMNS || last.ends_with(' ') {
                last.pop();
            }
            last.push_str(" ...");
        }
    }
    lines
}

#[cfg(test)]
mod tests;

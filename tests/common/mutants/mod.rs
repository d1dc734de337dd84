//! Mutants of rules: a script with one small mistake in it, made mechanically. A test of the rule that does not notice the
//! mistake would not have noticed it in the rule either.
//!
//! They are made of the text and not of the syntax tree, so that each can be shown as a person would have written it.

#![allow(
    clippy::string_slice,
    clippy::indexing_slicing,
    reason = "places in a script are those of its own tokens"
)]

mod pattern;
mod token;

use std::ops::Range;

use token::{Kind, Token};

/// A script with a mistake.
#[derive(Debug, Clone)]
pub(crate) struct Mutant {
    /// Which line it is in, from 1.
    pub(crate) line: usize,
    /// That line as it was, without white space at its ends.
    pub(crate) was: String,
    /// What was changed: `==` -> `!=`.
    pub(crate) change: String,
    /// The whole script with the mistake.
    pub(crate) text: String,
}

/// Words that open a filter of a rule.
const FILTERS: [&str; 4] = ["files", "refs", "environments", "impact"];

/// Keys of a rule whose texts are for people.
const FOR_PEOPLE: [&str; 4] = ["title", "why", "controls", "level"];

/// Every mutant of a script.
pub(crate) fn of(script: &str) -> Vec<Mutant> {
    let tokens: Vec<Token<'_>> =
        token::all(script).into_iter().filter(|token| token.kind != Kind::Blank).collect();
    let mut maker = Maker { script, tokens: &tokens, found: Vec::new() };
    for at in 0..tokens.len() {
        maker.conditions(at);
        maker.operators(at);
        maker.literals(at);
        maker.lists(at);
        maker.findings(at);
        maker.filters(at);
    }
    maker.found
}

struct Maker<'a> {
    script: &'a str,
    tokens: &'a [Token<'a>],
    found: Vec<Mutant>,
}

impl Maker<'_> {
    fn text(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| token.text)
    }

    fn before(&self, at: usize) -> &str {
        at.checked_sub(1).map_or("", |at| self.text(at))
    }

    fn start(&self, at: usize) -> usize {
        self.tokens.get(at).map_or(self.script.len(), |token| token.start)
    }

    fn end(&self, at: usize) -> usize {
        self.tokens.get(at).map_or(self.script.len(), Token::end)
    }

    /// Writes down a mutant: what is in `range` is replaced by `new`.
    fn replace(&mut self, range: Range<usize>, new: &str, change: String) {
        let line_start = self.script[..range.start].rfind('\n').map_or(0, |feed| feed + 1);
        let line_end =
            self.script[range.start..].find('\n').map_or(self.script.len(), |feed| range.start + feed);
        self.found.push(Mutant {
            line: self.script[..range.start].matches('\n').count() + 1,
            was: self.script[line_start..line_end].trim().to_owned(),
            change,
            text: format!("{}{new}{}", &self.script[..range.start], &self.script[range.end..]),
        });
    }

    fn swap(&mut self, at: usize, new: &str) {
        let change = format!("{} -> {}", self.text(at), if new.is_empty() { "nothing" } else { new });
        self.replace(self.start(at)..self.end(at), new, change);
    }

    /// The token that closes what the one at `at` opens.
    fn closing(&self, at: usize) -> usize {
        let mut depth = 0_usize;
        for (index, token) in self.tokens.iter().enumerate().skip(at) {
            match token.text {
                "(" | "[" | "{" | "#{" | "?[" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return index;
            }
        }
        self.tokens.len()
    }

    /// `if x {` becomes `if !(x) {`
    fn conditions(&mut self, at: usize) {
        if !matches!(self.text(at), "if" | "while") {
            return;
        }
        let mut end = at + 1;
        while end < self.tokens.len() && !matches!(self.text(end), "{" | "=>") {
            end = match self.text(end) {
                "(" | "[" | "#{" | "?[" => self.closing(end) + 1,
                _ => end + 1,
            };
        }
        let range = self.start(at + 1)..self.end(end - 1);
        let negated = format!("!({})", &self.script[range.clone()]);
        self.replace(range, &negated, "condition inverted".to_owned());
    }

    fn operators(&mut self, at: usize) {
        let after_value = at.checked_sub(1).and_then(|at| self.tokens.get(at)).is_some_and(Token::ends_value);
        let new = match self.text(at) {
            "&&" => "||",
            "||" if after_value => "&&",
            "==" => "!=",
            "!=" => "==",
            "<" => "<=",
            "<=" => "<",
            ">" => ">=",
            ">=" => ">",
            "!" if !after_value => "",
            _ => return,
        };
        self.swap(at, new);
    }

    fn literals(&mut self, at: usize) {
        match self.tokens[at].kind {
            Kind::Number => {
                let Ok(number) = self.text(at).parse::<i64>() else { return };
                self.swap(at, &format!("{}", number + 1));
                self.swap(at, &if number == 0 { "(-1)".to_owned() } else { format!("{}", number - 1) });
            }
            Kind::Word if self.text(at) == "true" => self.swap(at, "false"),
            Kind::Word if self.text(at) == "false" => self.swap(at, "true"),
            Kind::Text if self.before(at) == "(" && at > 1 && self.text(at - 2) == "regex" => {
                self.pattern(at)
            }
            Kind::Text if !self.is_for_people(at) => self.swap_text(at),
            _ => {}
        }
    }

    fn pattern(&mut self, at: usize) {
        let (text, start) = (self.text(at).to_owned(), self.start(at));
        for change in pattern::changes(&text) {
            self.replace(start + change.range.start..start + change.range.end, &change.new, change.what);
        }
    }

    /// A text that is compared, looked for or given to a function is another one.
    fn swap_text(&mut self, at: usize) {
        // Of a list, elements are taken out instead.
        if self.in_list(at) {
            return;
        }
        let end = self.end(at) - if self.text(at).ends_with("\"#") { 2 } else { 1 };
        let change = format!("{} -> another text", self.text(at));
        self.replace(end..end, "~", change);
    }

    fn in_list(&self, at: usize) -> bool {
        let next = self.text(at + 1);
        (self.before(at) == "[" && !self.is_index(at - 1) || self.before(at) == ",")
            && matches!(next, "," | "]")
    }

    /// Is the `[` at `at` behind a value?
    fn is_index(&self, at: usize) -> bool {
        at.checked_sub(1).and_then(|at| self.tokens.get(at)).is_some_and(Token::ends_value)
    }

    /// Titles, messages and what is thrown: wrong words in them are no wrong decisions.
    fn is_for_people(&self, at: usize) -> bool {
        let mut depth = 0_usize;
        for index in (0..at).rev() {
            match self.text(index) {
                ")" | "]" | "}" => depth += 1,
                "(" | "[" | "{" | "#{" | "?[" if depth > 0 => depth -= 1,
                "(" => {
                    return matches!(self.before(index), "finding" | "fix" | "rule");
                }
                "[" => {}
                "{" | "#{" => return false,
                "throw" if depth == 0 => return true,
                ":" if depth == 0 && FOR_PEOPLE.contains(&self.before(index)) => return true,
                ";" if depth == 0 => return false,
                "," if depth == 0 && self.before(index) != "]" && self.text(index + 2) == ":" => {
                    return false;
                }
                _ => {}
            }
        }
        false
    }

    /// Each element of a list is taken out once.
    fn lists(&mut self, at: usize) {
        if self.text(at) != "[" || self.is_index(at) || self.is_for_people(at) {
            return;
        }
        let end = self.closing(at);
        let mut from = at + 1;
        while from < end {
            let mut to = from;
            while to < end && self.text(to) != "," {
                to = match self.text(to) {
                    "(" | "[" | "{" | "#{" => self.closing(to) + 1,
                    _ => to + 1,
                };
            }
            let what = self.script[self.start(from)..self.end(to - 1)].to_owned();
            let range = self.start(from)..if to < end { self.end(to) } else { self.end(to - 1) };
            self.replace(range, "", format!("{what} taken out of the list"));
            from = to + 1;
        }
    }

    /// `x.finding(...).fix(...)` becomes `()`.
    fn findings(&mut self, at: usize) {
        if self.text(at) != "finding" || self.text(at + 1) != "(" {
            return;
        }
        let mut start = at;
        while self.before(start) == "." {
            start -= 2;
        }
        let mut end = self.closing(at + 1);
        while self.text(end + 1) == "." && self.text(end + 3) == "(" {
            end = self.closing(end + 3);
        }
        self.replace(self.start(start)..self.end(end), "()", "finding removed".to_owned());
    }

    /// `files: [...],` is dropped.
    fn filters(&mut self, at: usize) {
        let is_key = matches!(self.before(at), "," | "#{") && self.text(at + 1) == ":";
        if !is_key || !FILTERS.contains(&self.text(at)) || !self.is_key_of_rule(at) {
            return;
        }
        let end = self.closing(at + 2);
        let range = self.start(at)..if self.text(end + 1) == "," { self.end(end + 1) } else { self.end(end) };
        let change = format!("filter `{}` dropped", self.text(at));
        self.replace(range, "", change);
    }

    fn is_key_of_rule(&self, at: usize) -> bool {
        let mut depth = 0_usize;
        for index in (0..at).rev() {
            match self.text(index) {
                ")" | "]" | "}" => depth += 1,
                "(" | "[" | "{" | "#{" if depth > 0 => depth -= 1,
                "#{" => return index > 3 && self.text(index - 4) == "rule",
                "(" | "[" | "{" => return false,
                _ => {}
            }
        }
        false
    }
}

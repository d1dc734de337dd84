//! Classes of an expression that hold every letter beyond ASCII, such as `.` and `[^,]`, written so that they compile quickly.
//!
//! For each class the compiler fills a table of ten thousand places, to find what the encodings of its letters share. Of all
//! letters that is known: one first byte, and as many more as it says. This holds for texts that are UTF-8, as ours are.

use regex_syntax::hir::{
    Capture, Class, ClassBytes, ClassBytesRange, ClassUnicode, Hir, HirKind, Repetition,
};

/// First bytes of letters beyond ASCII, and how many bytes follow (RFC 3629).
const BEYOND_ASCII: [(u8, u8, u32); 3] = [(0xC2, 0xDF, 1), (0xE0, 0xEF, 2), (0xF0, 0xF4, 3)];

/// The same expression, for texts that are UTF-8.
pub(super) fn plain(read: &Hir) -> Hir {
    match read.kind() {
        HirKind::Class(Class::Unicode(class)) if holds_all_beyond_ascii(class) => letters(class),
        HirKind::Repetition(repetition) => {
            let sub = Box::new(plain(&repetition.sub));
            let Repetition { min, max, greedy, .. } = *repetition;
            Hir::repetition(Repetition { min, max, greedy, sub })
        }
        HirKind::Capture(capture) => {
            let Capture { index, name, sub } = capture;
            Hir::capture(Capture { index: *index, name: name.clone(), sub: Box::new(plain(sub)) })
        }
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(plain).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(plain).collect()),
        HirKind::Class(_) | HirKind::Empty | HirKind::Literal(_) | HirKind::Look(_) => read.clone(),
    }
}

fn holds_all_beyond_ascii(class: &ClassUnicode) -> bool {
    class.ranges().last().is_some_and(|last| last.start() <= '\u{80}' && last.end() == char::MAX)
}

fn letters(class: &ClassUnicode) -> Hir {
    let ascii = class.ranges().iter().filter_map(|range| {
        let start = u8::try_from(range.start()).ok().filter(u8::is_ascii)?;
        Some(ClassBytesRange::new(start, u8::try_from(range.end()).unwrap_or(0x7F).min(0x7F)))
    });
    let ascii = bytes(ascii);
    let beyond = BEYOND_ASCII.map(|(from, to, more)| {
        let follows = Box::new(bytes([ClassBytesRange::new(0x80, 0xBF)]));
        let follow = Hir::repetition(Repetition { min: more, max: Some(more), greedy: true, sub: follows });
        Hir::concat(vec![bytes([ClassBytesRange::new(from, to)]), follow])
    });
    Hir::alternation([ascii].into_iter().chain(beyond).collect())
}

fn bytes(ranges: impl IntoIterator<Item = ClassBytesRange>) -> Hir {
    Hir::class(Class::Bytes(ClassBytes::new(ranges)))
}

#[cfg(test)]
mod tests {
    use regex_automata::meta::Regex;
    use regex_automata::util::syntax;

    use super::plain;

    fn texts() -> Vec<String> {
        let letters = [
            "a",
            "x",
            "\n",
            " ",
            "\u{7f}",
            "\u{80}",
            "\u{e9}",
            "\u{7ff}",
            "\u{800}",
            "\u{4fee}",
            "\u{ffff}",
            "\u{1f600}",
            "\u{10ffff}",
        ];
        let mut all = vec![String::new()];
        let mut last = all.clone();
        for _ in 0..3 {
            last = last
                .iter()
                .flat_map(|text| letters.iter().map(move |letter| format!("{text}{letter}")))
                .collect();
            all.extend(last.clone());
        }
        all
    }

    #[test]
    fn it_finds_the_same() {
        let texts = texts();
        for pattern in [
            r"[^x]",
            r"[^x]+$",
            r"^[^x]*?x",
            r"^.{2}$",
            r"(?s).\b",
            r".\B.",
            r"(?s)^..$",
            r"([^a])([^ ])",
            r"[^\n]*[^ \n][^\n]*\n",
            r"[^\x00-\x7f]",
            r"[^é]",
            r"[^\u{80}]",
            r"(?i)[^k].",
            r"\A[^ax]?\z",
            r"[x\x{80}-\x{10ffff}]+",
            r"\W.|[^a]",
            r"a|.x",
        ] {
            let read = syntax::parse(pattern).unwrap();
            let (own, plain) = (Regex::builder(), plain(&read));
            let (own, plain) = (own.build_from_hir(&read).unwrap(), own.build_from_hir(&plain).unwrap());
            for text in &texts {
                let groups = |regex: &Regex| {
                    let mut found = regex.create_captures();
                    regex.captures(text, &mut found);
                    found.iter().collect::<Vec<_>>()
                };
                assert_eq!(groups(&own), groups(&plain), "{pattern} in {text:?}");
            }
        }
    }
}

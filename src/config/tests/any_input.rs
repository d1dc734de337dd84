//! Whatever is in the files: an answer, never a panic.

use super::meaning::{BYLAWS, PEOPLE};
use super::read;

/// A small generator (Knuth's MMIX constants): the same inputs in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n.max(1)
    }

    /// The text with a few pieces cut out, doubled, moved or replaced.
    fn damaged(&mut self, text: &str) -> String {
        const PIECES: [&str; 16] = [
            "[",
            "]",
            "{",
            "}",
            "\"",
            "=",
            "\n",
            ",",
            "é",
            "\0",
            "'''",
            "#",
            "[[",
            "1e9",
            "0x",
            "2027-03-31",
        ];
        let mut chars: Vec<char> = text.chars().collect();
        for _ in 0..=self.below(4) {
            let at = self.below(chars.len());
            let end = (at + self.below(12)).min(chars.len());
            match self.below(4) {
                0 => drop(chars.drain(at..end)),
                1 => {
                    let piece: Vec<char> = PIECES[self.below(PIECES.len())].chars().collect();
                    chars.splice(at..at, piece);
                }
                2 => {
                    let piece: Vec<char> = chars[at..end].to_vec();
                    let to = self.below(chars.len());
                    chars.splice(to..to, piece);
                }
                _ => chars.truncate(at),
            }
        }
        chars.into_iter().collect()
    }
}

#[test]
fn no_input_panics() {
    let mut random = Random(1);
    let mut refused = 0;
    for _ in 0..3_000 {
        let (bylaws, people) = (random.damaged(BYLAWS), random.damaged(PEOPLE));
        if let Err(mistakes) = read(&bylaws, &people) {
            assert!(!mistakes.0.is_empty(), "refused without a reason:\n{bylaws}\n{people}");
            assert!(mistakes.0.iter().all(|one| one.place.is_some()), "{mistakes}");
            refused += 1;
        }
    }
    assert!(refused > 1_000, "the damage is too small to test anything: {refused}");
}

#[test]
fn deep_nesting_is_a_mistake() {
    for open in ["x = ", "[rules]\na = ", "[rules]\na = { b = "] {
        for nest in ["[", "{ a = "] {
            assert!(read(&format!("{open}{}", nest.repeat(100_000)), "").is_err());
        }
    }
    assert!(read(&format!("[{}a]", "a.".repeat(100_000)), "").is_err());
}

#[test]
fn nothing_at_all_is_right() {
    for text in ["", "\n", "# only a comment", "\u{feff}# with a byte order mark\r\n"] {
        assert!(read(text, text).is_ok(), "{text:?}");
    }
}

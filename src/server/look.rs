//! What a name looks like: one form for all names that a person or a disk takes for the same.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization as _;
use unicode_security::confusable_detection::skeleton;

/// The same for names that differ in upper and lower case, or in how their letters are composed: some file systems hold one
/// of them only.
pub(super) fn by_case(name: &str) -> Cow<'_, str> {
    if name.is_ascii() {
        return lower(name);
    }
    let folded = name.nfkc().flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    Cow::Owned(folded.nfkc().collect())
}

/// The same also for names whose letters look alike, in any script (UTS 39, 4). ASCII stands for itself, but for its case.
pub(super) fn by_letters(name: &str) -> Cow<'_, str> {
    if name.is_ascii() {
        return lower(name);
    }
    let mut seen = String::with_capacity(name.len());
    for c in name.nfkc().filter(|c| !is_unseen(*c)) {
        if c.is_ascii() {
            seen.push(c);
            continue;
        }
        let like: String = skeleton(c.encode_utf8(&mut [0; 4])).collect();
        // The tables write an `m` as `rn`, which only a letter from elsewhere may come to here.
        match like.strip_prefix("rn") {
            Some(rest) => seen.extend(['m'].into_iter().chain(rest.chars())),
            None => seen.push_str(&like),
        }
    }
    Cow::Owned(by_case(&seen).into_owned())
}

/// The same also for names of ASCII letters that look alike: `l`, `1` and `I`, `rn` and `m`.
pub(super) fn by_look(name: &str) -> String {
    let seen: String = name.nfkc().filter(|c| !is_unseen(*c)).collect();
    let seen: String = skeleton(&seen).collect();
    // The case decides what a letter looks like, so it goes last.
    by_case(&seen).into_owned()
}

fn lower(ascii: &str) -> Cow<'_, str> {
    if ascii.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(ascii.to_ascii_lowercase())
    } else {
        Cow::Borrowed(ascii)
    }
}

/// The first character of a name that nobody sees, or that turns the direction of writing. The marks that choose how a
/// letter or an emoji before them is drawn are part of it, and not unseen.
pub(super) fn unseen(name: &str) -> Option<char> {
    let mut before = 'a';
    for c in name.chars() {
        let is_part = matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}') && !before.is_ascii();
        if is_unseen(c) && !is_part {
            return Some(c);
        }
        before = c;
    }
    None
}

/// Controls, spaces other than the common one, and what Unicode's `Default_Ignorable_Code_Point` names.
fn is_unseen(c: char) -> bool {
    !c.is_ascii() && (c.is_control() || c.is_whitespace())
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_disk_takes_for_one_has_one_form() {
        for (a, b) in [
            ("refs/heads/Main", "refs/heads/main"),
            ("é", "e\u{301}"),
            ("É", "e\u{301}"),
            ("STRASSE", "straße"),
            ("ΣΑΣ", "σας"),
            ("ｍａｉｎ", "main"),
            ("\u{212a}ey", "key"),
        ] {
            assert_eq!(by_case(a), by_case(b), "{a} {b}");
        }
        for (a, b) in [("main", "mein"), ("é", "e"), ("l", "1"), ("rn", "m")] {
            assert_ne!(by_case(a), by_case(b), "{a} {b}");
        }
    }

    #[test]
    fn what_looks_alike_has_one_form() {
        for (a, b) in [
            ("mаin", "main"),
            ("ⅿain", "main"),
            ("prοd", "prod"),
            ("ma\u{131}n", "main"),
            ("ma\u{200b}in", "main"),
            ("ｍаｉn", "main"),
            ("Вeta", "beta"),
            ("refs∕heads", "refs/heads"),
        ] {
            assert_eq!(by_letters(a), by_letters(b), "{a} {b}");
            assert_eq!(by_look(a), by_look(b), "{a} {b}");
        }
        for (a, b) in [("reIease", "release"), ("rnain", "main"), ("re1ease", "release"), ("d0cs", "docs")] {
            assert_eq!(by_look(a), by_look(b), "{a} {b}");
            assert_ne!(by_letters(a), by_letters(b), "{a} {b}");
        }
        for (a, b) in [("máin", "main"), ("mein", "main"), ("日本", "本日")] {
            assert_ne!(by_look(a), by_look(b), "{a} {b}");
            assert_ne!(by_letters(a), by_letters(b), "{a} {b}");
        }
    }

    #[test]
    fn only_what_nobody_sees_is_unseen() {
        for (name, expected) in [
            ("main\u{200b}", Some('\u{200b}')),
            ("a\u{202e}b", Some('\u{202e}')),
            ("a\u{fe0f}", Some('\u{fe0f}')),
            ("a\u{a0}b", Some('\u{a0}')),
            ("a\u{85}b", Some('\u{85}')),
            ("a\u{e0041}", Some('\u{e0041}')),
            ("♻\u{fe0f}-refactor", None),
            ("👩\u{200d}💻", None),
            ("日本語/é", None),
            ("a-b_c.d", None),
        ] {
            assert_eq!(unseen(name), expected, "{name:?}");
        }
    }
}

//! Passwords that are written out: `password = "..."` where the value looks drawn by chance, and `://name:password@host`.

/// Words for a thing that is kept secret, in lower case without separators.
const SECRET: [&str; 9] =
    ["password", "passwd", "secret", "token", "apikey", "accesskey", "credential", "authkey", "privatekey"];

/// Words that make a name the name of something else: of where the secret is, what it is like, or what all may know.
const NOT_SECRET: [&str; 38] = [
    "hash",
    "digest",
    "checksum",
    "sha",
    "public",
    "name",
    "file",
    "path",
    "url",
    "uri",
    "type",
    "length",
    "size",
    "count",
    "regex",
    "pattern",
    "format",
    "header",
    "field",
    "prefix",
    "suffix",
    "expir",
    "ttl",
    "version",
    "label",
    "placeholder",
    "message",
    "error",
    "hint",
    "help",
    "test",
    "mock",
    "fake",
    "dummy",
    "example",
    "sample",
    "schema",
    "address",
];

/// What people write where a secret would stand.
const PLACEHOLDERS: [&str; 25] = [
    "example",
    "change",
    "placeholder",
    "your",
    "xxxx",
    "dummy",
    "sample",
    "fake",
    "redacted",
    "replace",
    "insert",
    "todo",
    "secret",
    "password",
    "passwd",
    "token",
    "credential",
    "apikey",
    "api_key",
    "api-key",
    "test",
    "....",
    "****",
    "none",
    "null",
];

/// Quoted values shorter than this say nothing.
const SHORTEST: usize = 10;
/// Without quotes most values are code.
const SHORTEST_BARE: usize = 16;
const LONGEST: usize = 200;

/// The value assigned to the name that holds `start..end`.
pub(super) fn of_name(text: &[u8], start: usize, end: usize) -> Option<(usize, usize)> {
    let name_start = start - back(text, start, is_name);
    let name_end = end + forth(text, end, is_name);
    // Most often nothing is assigned, which is sooner told than what the name means.
    let ((from, to), shortest) = value(text, name_end)?;
    (is_name_of_secret(text.get(name_start..name_end)?) && looks_drawn(text.get(from..to)?, shortest))
        .then_some((from, to))
}

fn is_name_of_secret(name: &[u8]) -> bool {
    let name = lower(name);
    let bare: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    name.len() <= 80
        && SECRET.iter().any(|word| bare.contains(word))
        && !NOT_SECRET.iter().any(|word| bare.contains(word))
        && !bare.ends_with("id")
        && !bare.ends_with("ids")
}

/// Where the value begins and ends that is assigned to a name ending at `name_end`, and how long it must be to say anything.
fn value(text: &[u8], name_end: usize) -> Option<((usize, usize), usize)> {
    let mut at = name_end + forth(text, name_end, |byte| matches!(byte, b'"' | b'\'' | b'`' | b']' | b')'));
    at += forth(text, at, is_space);
    at += operator(text, at)?;
    at += forth(text, at, is_space);
    let first = *text.get(at)?;
    if matches!(first, b'"' | b'\'' | b'`') {
        let begin = at + 1;
        let length =
            text.get(begin..)?.iter().take(LONGEST + 1).position(|byte| *byte == first || *byte == b'\n')?;
        let closed = length >= SHORTEST && text.get(begin + length) == Some(&first);
        return closed.then_some(((begin, begin + length), SHORTEST));
    }
    let length = forth(text, at, |byte| byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte));
    let ends = text.get(at + length).is_none_or(|next| matches!(next, b'\n' | b'\r' | b' ' | b'\t'));
    // To the end of its line: what follows would make it code.
    let rest = forth(text, at + length, |byte| is_space(byte) || byte == b'\r');
    let alone = text.get(at + length + rest).is_none_or(|next| matches!(next, b'\n' | b'#'));
    (ends && alone && (SHORTEST_BARE..=LONGEST).contains(&length))
        .then_some(((at, at + length), SHORTEST_BARE))
}

/// The password of `://name:password@host`.
pub(super) fn in_address(text: &[u8], _: usize, end: usize) -> Option<(usize, usize)> {
    let part = |byte: u8| byte.is_ascii_graphic() && !b"/@:\"'`<>?#\\,;()[]{}".contains(&byte);
    let name = forth(text, end, part);
    if text.get(end + name) != Some(&b':') {
        return None;
    }
    let begin = end + name + 1;
    let length = forth(text, begin, part);
    let value = text.get(begin..begin + length)?;
    let host =
        text.get(begin + length) == Some(&b'@') && text.get(begin + length + 1).copied().is_some_and(is_name);
    (host && looks_drawn(value, 8)).then_some((begin, begin + length))
}

/// `=`, `:`, `:=`, `=>`; not a comparison.
fn operator(text: &[u8], at: usize) -> Option<usize> {
    let two = text.get(at..at + 2).unwrap_or_default();
    if two == b":=" || two == b"=>" {
        return Some(2);
    }
    if two == b"==" || two == b"=~" || two == b"::" || two == b":/" {
        return None;
    }
    matches!(text.get(at), Some(b'=' | b':')).then_some(1)
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// How many bytes in front of `at` pass; names are not endless.
fn back(text: &[u8], at: usize, test: impl Fn(u8) -> bool) -> usize {
    text.get(..at).unwrap_or_default().iter().rev().take(100).take_while(|byte| test(**byte)).count()
}

/// How many bytes from `at` on pass.
fn forth(text: &[u8], at: usize, test: impl Fn(u8) -> bool) -> usize {
    text.get(at..).unwrap_or_default().iter().take(LONGEST + 1).take_while(|byte| test(**byte)).count()
}

fn lower(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).to_ascii_lowercase()
}

/// Does a value look as if a machine had drawn it? Words, sentences, paths and templates do not.
fn looks_drawn(value: &[u8], shortest: usize) -> bool {
    let Ok(text) = std::str::from_utf8(value) else { return false };
    if text.len() < shortest || text.len() > LONGEST || !text.is_ascii() {
        return false;
    }
    if text.contains([' ', '\t', '<', '>', '{', '}', '(', ')', '[', ']', '\\', ',', ';', '|'])
        || text.contains("${")
    {
        return false;
    }
    if text.starts_with(['$', '%', '/', '.', '&', '#', '@'])
        || text.contains("://")
        || text.matches('/').count() > 3
    {
        return false;
    }
    let small = text.to_ascii_lowercase();
    if PLACEHOLDERS.iter().any(|word| small.contains(word))
        || is_sequence(text.chars().collect::<Vec<_>>().iter())
    {
        return false;
    }
    entropy(value) >= threshold(text.len()) && changes(value) * 4 >= text.len()
}

/// Bits for each byte, by Shannon; a value drawn from letters and digits comes near to the logarithm of its length.
fn entropy(value: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in value {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let length = f64::from(u32::try_from(value.len()).unwrap_or(u32::MAX));
    let share = |count: &u32| f64::from(*count) / length;
    counts.iter().filter(|count| **count > 0).map(share).map(|share| -share * share.log2()).sum()
}

fn threshold(length: usize) -> f64 {
    match length {
        0..12 => 2.9,
        12..20 => 3.1,
        _ => 3.3,
    }
}

/// How often small letters, capitals and digits follow one another within a word: seldom in names, often by chance.
fn changes(value: &[u8]) -> usize {
    let class = |byte: u8| match byte {
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        b'0'..=b'9' => 3,
        b'_' | b'-' | b'.' | b'/' | b':' => 0,
        _ => 4,
    };
    value
        .iter()
        .zip(value.iter().skip(1))
        .filter(|(a, b)| {
            let (a, b) = (class(**a), class(**b));
            // A capital at the start of a word is no chance.
            a != 0 && b != 0 && a != b && !(a == 1 && b == 2) || a == 1 && b == 3
        })
        .count()
}

/// `abcdef`, `123456`, `aaaa`: neighbours that follow or repeat each other are most of it.
pub(super) fn is_sequence<'a>(text: impl Iterator<Item = &'a char> + Clone) -> bool {
    let pairs = text.clone().zip(text.skip(1));
    let (mut all, mut steps) = (0, 0);
    for (a, b) in pairs {
        all += 1;
        let step = u32::from(*b).wrapping_sub(u32::from(*a));
        steps += usize::from(step <= 1 || step == u32::MAX);
    }
    all > 0 && steps * 2 > all
}

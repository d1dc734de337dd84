//! The policy's name: one digest over every source that judges.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// Sources that came together: the repository's, the operator's, or one shipped set's.
pub(super) struct Part<'a> {
    /// `repository`, `operator` or `set NAME`.
    pub(super) name: String,
    /// Path and contents of each file.
    pub(super) files: Vec<(&'a str, &'a [u8])>,
}

/// SHA-256, in hexadecimal behind `sha256:`, over the parts in the order given: the repository's, the operator's, the
/// shipped sets' by name. A part is hashed as its name and its number of files, then path and contents of each file in the
/// order of the paths' bytes. Every text is preceded by its length, every number is eight bytes, big-endian: so no two
/// different policies have one form. Tests of rules are not part of it, since they judge nothing.
pub(super) fn digest(parts: &[Part<'_>]) -> String {
    let mut hash = Sha256::new();
    number(&mut hash, parts.len());
    for part in parts {
        text(&mut hash, part.name.as_bytes());
        number(&mut hash, part.files.len());
        let mut files = part.files.clone();
        files.sort_unstable();
        for (path, contents) in files {
            text(&mut hash, path.as_bytes());
            text(&mut hash, contents);
        }
    }
    let mut shown = "sha256:".to_owned();
    for byte in hash.finalize() {
        // Writing to a string cannot fail.
        write!(shown, "{byte:02x}").unwrap_or_default();
    }
    shown
}

fn number(hash: &mut Sha256, n: usize) {
    hash.update((n as u64).to_be_bytes());
}

fn text(hash: &mut Sha256, bytes: &[u8]) {
    number(hash, bytes.len());
    hash.update(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[(&str, &str)]) -> String {
        let files = files.iter().map(|(path, text)| (*path, text.as_bytes())).collect();
        digest(&[Part { name: "repository".to_owned(), files }])
    }

    #[test]
    fn the_order_in_which_files_were_found_does_not_matter() {
        assert_eq!(of(&[("a", "1"), ("b", "2")]), of(&[("b", "2"), ("a", "1")]));
    }

    #[test]
    fn no_two_policies_have_one_form() {
        let several = [
            of(&[]),
            of(&[("a", "")]),
            of(&[("a", "1"), ("b", "2")]),
            of(&[("a", "1b2")]),
            of(&[("a1", "b2")]),
            of(&[("a", "2"), ("b", "1")]),
            digest(&[]),
            digest(&[Part { name: "set x".to_owned(), files: Vec::new() }]),
        ];
        for (n, one) in several.iter().enumerate() {
            assert!(!several[n + 1..].contains(one), "{n}");
            assert_eq!(one.len(), "sha256:".len() + 64);
        }
    }

    #[test]
    fn the_form_never_changes() {
        // By `printf` of the bytes described above into `sha256sum`.
        assert_eq!(digest(&[]), "sha256:af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc");
    }
}

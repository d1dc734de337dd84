//! Path patterns as in `.gitignore`, and ref patterns where `*` stops at `/` and `**` does not.

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::facts::{GitPath, RefName};

/// A list of path patterns, gitignore(5); a pattern that matches a folder matches all below it, a later `!pattern` takes
/// back. The default matches nothing.
#[derive(Debug, Clone)]
pub struct PathPatterns {
    matcher: Gitignore,
    patterns: Vec<String>,
}

impl PathPatterns {
    /// Compiles the patterns.
    ///
    /// # Errors
    /// The index of the first bad pattern, and what is wrong with it.
    pub fn new<S: AsRef<str>>(patterns: &[S]) -> Result<Self, (usize, String)> {
        let mut builder = GitignoreBuilder::new("");
        for (index, pattern) in patterns.iter().enumerate() {
            let pattern = pattern.as_ref();
            strict(pattern).map_err(|error| (index, error))?;
            builder.add_line(None, pattern).map_err(|error| (index, error.to_string()))?;
        }
        let matcher = builder.build().map_err(|error| (0, error.to_string()))?;
        Ok(Self { matcher, patterns: patterns.iter().map(|p| p.as_ref().to_owned()).collect() })
    }

    /// Does any pattern match this path or a folder above it?
    pub fn matches(&self, path: &GitPath) -> bool {
        !self.patterns.is_empty()
            && self.matcher.matched_path_or_any_parents(path.as_path(), false).is_ignore()
    }

    /// As written.
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }

    /// No pattern at all?
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }
}

impl Default for PathPatterns {
    fn default() -> Self {
        Self { matcher: Gitignore::empty(), patterns: Vec::new() }
    }
}

/// What `.gitignore` would quietly ignore or take by the letter is an error here: a rule must not lose its paths so.
fn strict(pattern: &str) -> Result<(), String> {
    if pattern.trim().is_empty() {
        return Err("an empty pattern matches nothing".to_owned());
    }
    if pattern.starts_with('#') {
        return Err("a pattern that begins with `#` is a comment; write `\\#`".to_owned());
    }
    let glob = pattern.strip_prefix('!').unwrap_or(pattern);
    GlobBuilder::new(glob).backslash_escape(true).build().map(drop).map_err(|error| error.kind().to_string())
}

/// A list of ref patterns; without `refs/` in front a pattern is a branch's. The default matches nothing.
#[derive(Debug, Clone, Default)]
pub struct RefPatterns {
    set: GlobSet,
    patterns: Vec<String>,
}

impl PartialEq for RefPatterns {
    /// The same patterns in the same order.
    fn eq(&self, other: &Self) -> bool {
        self.patterns == other.patterns
    }
}

impl RefPatterns {
    /// Compiles the patterns.
    ///
    /// # Errors
    /// The index of the first bad pattern, and what is wrong with it.
    pub fn new<S: AsRef<str>>(patterns: &[S]) -> Result<Self, (usize, String)> {
        let mut set = GlobSetBuilder::new();
        for (index, pattern) in patterns.iter().enumerate() {
            let pattern = pattern.as_ref();
            if pattern.trim().is_empty() {
                return Err((index, "an empty pattern matches nothing".to_owned()));
            }
            let glob =
                GlobBuilder::new(&full(pattern)).literal_separator(true).backslash_escape(true).build();
            set.add(glob.map_err(|error| (index, error.kind().to_string()))?);
        }
        let set = set.build().map_err(|error| (0, error.to_string()))?;
        Ok(Self { set, patterns: patterns.iter().map(|p| p.as_ref().to_owned()).collect() })
    }

    /// The one that matches this name alone, whatever letters it has.
    pub fn exactly(name: &RefName) -> Self {
        let pattern = globset::escape(name.as_str());
        // An escaped pattern is never a bad one.
        Self::new(&[pattern]).unwrap_or_default()
    }

    /// The same patterns where names are compared by what `seen` makes of their letters; none for a pattern whose own
    /// wildcards that would change. To be asked by [`first_of`](Self::first_of).
    #[must_use]
    pub fn seen_by(&self, seen: impl Fn(&str) -> String) -> Self {
        let mut patterns = Self::default();
        let mut set = GlobSetBuilder::new();
        for pattern in &self.patterns {
            let as_seen = seen(&full(pattern));
            let is_whole = wildcards(&as_seen).eq(wildcards(pattern));
            if let (true, Ok(glob)) = (is_whole, ref_glob(&as_seen)) {
                set.add(glob);
                patterns.patterns.push(pattern.clone());
            }
        }
        patterns.set = set.build().unwrap_or_default();
        patterns
    }

    /// The first pattern that matches the whole of `name`, which need be no name that git allows.
    pub fn first_of(&self, name: &str) -> Option<&str> {
        let first = self.set.matches(name).into_iter().min()?;
        self.patterns.get(first).map(String::as_str)
    }

    /// Does any pattern match the whole name?
    pub fn matches(&self, name: &RefName) -> bool {
        self.set.is_match(name.as_str())
    }

    /// As written.
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }
}

fn ref_glob(full: &str) -> Result<Glob, globset::Error> {
    GlobBuilder::new(full).literal_separator(true).backslash_escape(true).build()
}

fn wildcards(pattern: &str) -> impl Iterator<Item = char> {
    pattern.chars().filter(|c| "*?[]{},\\!^".contains(*c))
}

fn full(pattern: &str) -> String {
    if pattern.starts_with("refs/") { pattern.to_owned() } else { format!("refs/heads/{pattern}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_match_as_in_gitignore() {
        let cases = [
            ("*.tf", "a/b/main.tf", true),
            ("/docs/", "docs/guide.md", true),
            ("/docs/", "src/docs/guide.md", false),
            ("docs/", "src/docs/guide.md", true),
            ("vendor/**", "vendor/a/b.c", true),
            ("Dockerfile", "deep/Dockerfile", true),
            ("**", "anything/at all", true),
            ("/a/*.c", "a/b/c.c", false),
            ("*.md", "README.MD", false),
        ];
        for (pattern, path, expected) in cases {
            assert_eq!(
                PathPatterns::new(&[pattern]).unwrap().matches(&path.into()),
                expected,
                "{pattern} {path}"
            );
        }
    }

    #[test]
    fn a_later_pattern_takes_back() {
        let patterns = PathPatterns::new(&["*.md", "!README.md"]).unwrap();
        assert!(patterns.matches(&"a.md".into()));
        assert!(!patterns.matches(&"README.md".into()));
    }

    #[test]
    fn a_path_that_is_not_utf8_still_matches() {
        let path = GitPath::new(b"caf\xe9/x.tf".as_slice());
        assert!(PathPatterns::new(&["*.tf"]).unwrap().matches(&path));
    }

    #[test]
    fn in_refs_a_star_stops_at_a_slash() {
        let cases = [
            ("main", "refs/heads/main", true),
            ("main", "refs/heads/x/main", false),
            ("release/*", "refs/heads/release/1", true),
            ("release/*", "refs/heads/release/1/2", false),
            ("release/**", "refs/heads/release/1/2", true),
            ("refs/tags/v*", "refs/tags/v1", true),
            ("v*", "refs/tags/v1", false),
        ];
        for (pattern, name, expected) in cases {
            let patterns = RefPatterns::new(&[pattern]).unwrap();
            assert_eq!(patterns.matches(&RefName::new(name).unwrap()), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn exactly_one_name_is_that_name_alone() {
        for name in ["refs/heads/main", "refs/heads/{a,b}", "refs/heads/!x"] {
            let name = RefName::new(name).unwrap();
            assert!(RefPatterns::exactly(&name).matches(&name), "{name}");
        }
        let patterns = RefPatterns::exactly(&RefName::new("refs/heads/{a,b}").unwrap());
        assert!(!patterns.matches(&RefName::new("refs/heads/a").unwrap()));
    }

    #[test]
    fn a_pattern_may_be_asked_by_other_letters() {
        let patterns = RefPatterns::new(&["Main", "release/[A-Z]*", "ABC{x,y}"]).unwrap();
        let seen = patterns.seen_by(|text| text.to_ascii_lowercase().replace("abc", "*"));
        assert_eq!(seen.first_of("refs/heads/main"), Some("Main"));
        assert_eq!(seen.first_of("refs/heads/release/q 1"), Some("release/[A-Z]*"));
        assert_eq!(seen.first_of("refs/heads/other"), None, "a wildcard more would protect everything");
    }

    #[test]
    fn the_bad_pattern_is_named_by_its_index() {
        assert_eq!(PathPatterns::new(&["ok", "a[b"]).unwrap_err().0, 1);
        assert_eq!(RefPatterns::new(&["ok", "a[b"]).unwrap_err().0, 1);
        assert_eq!(PathPatterns::new(&["ok", ""]).unwrap_err().0, 1);
        assert_eq!(PathPatterns::new(&["ok", "#x"]).unwrap_err().0, 1);
    }
}

//! Names of refs.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A full ref name, `refs/heads/main` or `HEAD`. Checked where it enters the program, by the rules of
/// git-check-ref-format(1).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct RefName(String);

impl RefName {
    /// A full name as git allows it; `None` for anything else.
    pub fn new(name: impl Into<String>) -> Option<Self> {
        let name = name.into();
        is_valid(&name).then_some(Self(name))
    }

    /// The ref that a person means by `word`: `main` is `refs/heads/main`, `refs/...` is itself.
    pub fn from_short(word: &str) -> Option<Self> {
        if word.starts_with("refs/") { Self::new(word) } else { Self::new(format!("refs/heads/{word}")) }
    }

    /// The full name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The branch's name without `refs/heads/`; `None` for other refs.
    pub fn branch(&self) -> Option<&str> {
        self.0.strip_prefix("refs/heads/")
    }
}

impl TryFrom<String> for RefName {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::new(name).ok_or("no name of a ref")
    }
}

impl fmt::Display for RefName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.branch().unwrap_or(&self.0))
    }
}

fn is_valid(name: &str) -> bool {
    if name == "HEAD" {
        return true;
    }
    name.starts_with("refs/")
        && !name.ends_with('.')
        && !name.contains("..")
        && !name.contains("@{")
        && !name.chars().any(|c| c.is_ascii_control() || " ~^:?*[\\".contains(c))
        && name.split('/').all(|part| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_git_allows_are_taken() {
        for good in ["refs/heads/main", "refs/heads/a/b", "refs/tags/v1.0", "HEAD", "refs/heads/é"] {
            assert!(RefName::new(good).is_some(), "{good}");
        }
        for bad in [
            "main",
            "refs/heads/",
            "refs//x",
            "refs/heads/a..b",
            "refs/heads/a b",
            "refs/heads/a\nb",
            "refs/heads/x.lock",
            "refs/heads/.x",
            "refs/heads/x.",
            "refs/heads/@{u}",
            "refs/heads/a~1",
        ] {
            assert!(RefName::new(bad).is_none(), "{bad}");
        }
    }
}

//! The user's and the repository's configuration, git-config(1): all scopes and all includes, read once however many values
//! are asked for.

use std::collections::HashMap;

use super::GitError;
use super::process::Git;

/// Every value, the last of each key.
#[derive(Debug, Default)]
pub(super) struct Configuration(HashMap<Vec<u8>, String>);

impl Configuration {
    /// Adds a value behind those that are there; `key` as git lists it, with section and name in lower case.
    pub(super) fn add(&mut self, key: &[u8], value: Option<&[u8]>) {
        let value = String::from_utf8_lossy(value.unwrap_or_default()).into_owned();
        self.0.insert(key.to_owned(), value);
    }

    /// The last value of a key, empty for a key without `=`; `None` if it is not set, or can be no key.
    pub(super) fn get(&self, key: &str) -> Option<String> {
        let (section, rest) = key.split_once('.')?;
        let section = section.to_lowercase();
        let key = match rest.rsplit_once('.') {
            Some((subsection, name)) => format!("{section}.{subsection}.{}", name.to_lowercase()),
            None => format!("{section}.{}", rest.to_lowercase()),
        };
        self.0.get(key.as_bytes()).cloned()
    }

    /// `KEY`, a line feed and the value, up to a NUL; a key without `=` has no line feed.
    fn parse(list: &[u8]) -> Self {
        let mut all = Self::default();
        for entry in list.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()) {
            match memchr::memchr(b'\n', entry) {
                Some(end) => all.add(entry.get(..end).unwrap_or_default(), entry.get(end + 1..)),
                None => all.add(entry, None),
            }
        }
        all
    }
}

impl Git {
    /// The configuration as git itself reads it.
    pub(super) fn configuration(&self) -> Result<Configuration, GitError> {
        Ok(Configuration::parse(&self.run(&["config", "--list", "--null"], &[0])?.stdout))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_of_a_key_counts() {
        let all = Configuration::parse(b"a.b\none\0a.Sub.Key.c\ntwo\nlines\0a.b\nthree\0core.bare\0");
        assert_eq!(all.get("A.B").as_deref(), Some("three"));
        assert_eq!(all.get("a.Sub.Key.C").as_deref(), Some("two\nlines"));
        assert_eq!(all.get("a.sub.key.c"), None);
        assert_eq!(all.get("core.bare").as_deref(), Some(""));
        assert_eq!(all.get("nonsense"), None);
    }
}

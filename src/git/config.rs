//! The user's and the repository's configuration, git-config(1): all scopes and all includes, read once however many values
//! are asked for.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use git2::{Config, ConfigEntries, ConfigLevel};

use super::GitError;
use super::location::Location;
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

    /// As libgit2 reads it, with the files in place that variables name; `None` where only git knows what they mean.
    ///
    /// # Errors
    /// When a file cannot be read or understood.
    pub(super) fn in_process(
        repository: &git2::Repository,
        location: &Location,
    ) -> Result<Option<Self>, git2::Error> {
        let Some(named) = Named::of(location) else { return Ok(None) };
        let all = repository.config()?.snapshot()?;
        let mut found = Vec::new();
        gather(all.entries(None)?, |level| named.keeps(level).then(|| Scope::of(level)), &mut found)?;
        for (scope, file) in named.files() {
            let Ok(config) = Config::open(file) else { return Ok(None) };
            let before = found.len();
            gather(config.entries(None)?, |_| Some(scope), &mut found)?;
            let conditional = |entry: &Found| entry.key.starts_with(b"includeif.");
            // On what such an include hangs, a file that is read alone does not know.
            if found.iter().skip(before).any(conditional) {
                return Ok(None);
            }
        }
        found.sort_by_key(|entry| entry.scope);
        let mut all = Self::default();
        found.into_iter().for_each(|entry| all.add(&entry.key, entry.value.as_deref()));
        Ok(Some(all))
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

/// What overrides what, the weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Scope {
    System,
    User,
    Repository,
}

impl Scope {
    fn of(level: ConfigLevel) -> Self {
        match level {
            ConfigLevel::ProgramData | ConfigLevel::System => Self::System,
            ConfigLevel::XDG | ConfigLevel::Global => Self::User,
            _ => Self::Repository,
        }
    }
}

/// One value of one file.
struct Found {
    scope: Scope,
    key: Vec<u8>,
    value: Option<Vec<u8>>,
}

fn gather(
    entries: ConfigEntries<'_>,
    scope: impl Fn(ConfigLevel) -> Option<Scope>,
    found: &mut Vec<Found>,
) -> Result<(), git2::Error> {
    entries.for_each(|entry| {
        let value = || entry.has_value().then(|| entry.value_bytes().to_owned());
        let key = || entry.name_bytes().to_owned();
        found.extend(scope(entry.level()).map(|scope| Found { scope, key: key(), value: value() }));
    })
}

/// The files that `GIT_CONFIG_SYSTEM`, `GIT_CONFIG_GLOBAL` and `GIT_CONFIG_NOSYSTEM` name in place of the usual ones; git(1).
/// `Some(None)` is no file at all.
#[derive(Debug, Default, PartialEq, Eq)]
struct Named {
    system: Option<Option<PathBuf>>,
    user: Option<Option<PathBuf>>,
}

impl Named {
    /// `None` where a value is one that git has to make sense of.
    fn of(location: &Location) -> Option<Self> {
        let mut named = Self::default();
        let mut no_system = false;
        for (name, value) in &location.user_config {
            match (name.to_str()?, value.to_str()?) {
                ("GIT_CONFIG_NOSYSTEM", "1" | "true") => no_system = true,
                ("GIT_CONFIG_NOSYSTEM", "0" | "false") => {}
                ("GIT_CONFIG_SYSTEM", path) => named.system = Some(file(path)?),
                ("GIT_CONFIG_GLOBAL", path) => named.user = Some(file(path)?),
                _ => return None,
            }
        }
        if no_system {
            named.system = Some(None);
        }
        Some(named)
    }

    /// Does a usual file of this level count?
    fn keeps(&self, level: ConfigLevel) -> bool {
        match Scope::of(level) {
            Scope::System => self.system.is_none(),
            Scope::User => self.user.is_none(),
            Scope::Repository => true,
        }
    }

    fn files(&self) -> impl Iterator<Item = (Scope, &Path)> {
        let named = [(Scope::System, &self.system), (Scope::User, &self.user)];
        named.into_iter().filter_map(|(scope, file)| Some((scope, file.as_ref()?.as_deref()?)))
    }
}

/// The file that a variable names: none, if there is none, and unknown, if git would look from where it is itself or nobody can
/// tell whether it is there.
fn file(path: &str) -> Option<Option<PathBuf>> {
    match Path::new(path) {
        _ if path.is_empty() || path == "/dev/null" => Some(None),
        path if path.is_relative() => None,
        path => Some(path.try_exists().ok()?.then(|| path.to_owned())),
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

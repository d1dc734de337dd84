//! The one gate through which the environment, the clock and the terminal come in.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use crate::git::Location;

/// What the process was started with.
#[derive(Debug, Clone)]
pub(super) struct Environment {
    variables: HashMap<OsString, OsString>,
    /// The folder that relative paths start from.
    pub(super) folder: PathBuf,
    /// The clock, seconds UTC, read once: a run is judged at one time.
    pub(super) now: i64,
    /// When the process started, for "how long it took".
    pub(super) started: Instant,
}

impl Environment {
    /// Reads it from the process.
    ///
    /// # Errors
    /// When the current folder is gone.
    #[expect(clippy::disallowed_methods, reason = "this is the gate")]
    pub(super) fn of_process(started: Instant) -> std::io::Result<Self> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Ok(Self {
            variables: std::env::vars_os().collect(),
            folder: std::env::current_dir()?,
            now: i64::try_from(now.as_secs()).unwrap_or(i64::MAX),
            started,
        })
    }

    /// A variable that is set and not empty.
    pub(super) fn get(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// The same as text, with U+FFFD for what is not UTF-8.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(|value| value.to_string_lossy().into_owned())
    }

    fn named(&self, wanted: impl Fn(&str) -> bool) -> Vec<(OsString, OsString)> {
        let pairs = self.variables.iter().filter(|(name, _)| wanted(&name.to_string_lossy()));
        pairs.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(|value| self.folder.join(value))
    }

    /// The repository of a server's hook: as git set it for the hook, with no configuration but the repository's own, and
    /// nothing of what a client may have sent into the environment.
    pub(super) fn server_location(&self) -> Location {
        let git_dir = self.path("GIT_DIR").unwrap_or_else(|| self.folder.clone());
        let only = [("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1")];
        let kept = ["PATH", "HOME", "TMPDIR"];
        Location {
            start: self.folder.clone(),
            git_dir: Some(git_dir),
            object_directory: self.path("GIT_OBJECT_DIRECTORY"),
            alternate_object_directories: self.get("GIT_ALTERNATE_OBJECT_DIRECTORIES").map(OsStr::to_owned),
            user_config: only.map(|(name, value)| (name.into(), value.into())).to_vec(),
            environment: self.named(|name| kept.contains(&name)),
            no_lazy_fetch: true,
            ..Location::default()
        }
    }

    /// Where git's work is to be done, by `-C` and by what git set for a hook.
    pub(super) fn location(&self, start: Option<&Path>) -> Location {
        Location {
            start: start.map_or_else(|| self.folder.clone(), |folder| self.folder.join(folder)),
            git_dir: self.path("GIT_DIR"),
            work_tree: self.path("GIT_WORK_TREE"),
            common_dir: self.path("GIT_COMMON_DIR"),
            index_file: self.path("GIT_INDEX_FILE"),
            object_directory: self.path("GIT_OBJECT_DIRECTORY"),
            alternate_object_directories: self.get("GIT_ALTERNATE_OBJECT_DIRECTORIES").map(OsStr::to_owned),
            user_config: self.named(|name| {
                ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"].contains(&name)
            }),
            environment: self.named(|name| !name.starts_with("GIT_")),
            no_lazy_fetch: false,
        }
    }
}

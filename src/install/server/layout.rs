//! How a host calls hooks, seen by the traces that it leaves in a repository.

use std::fmt;
use std::path::{Component, Path};

use serde::{Deserialize, Serialize};

use super::HOOKS;
use super::find::Found;
use super::repository::Repository;
use crate::config::IdentitySource;
use crate::install::error::InstallError;
use crate::install::files;

/// A way of calling hooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// Git itself, from `hooks/`.
    Plain,
    /// gitolite: `hooks/` holds links to common hooks.
    Gitolite,
    /// Gitea or Forgejo: the hooks run what is in `hooks/*.d/`.
    Gitea,
    /// GitLab: Gitaly runs what is in `custom_hooks/`.
    Gitlab,
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "plain git",
            Self::Gitolite => "gitolite",
            Self::Gitea => "Gitea or Forgejo",
            Self::Gitlab => "GitLab",
        })
    }
}

impl Layout {
    /// The layout of a repository. Gitaly leaves no trace in a new one, so an operator's word for GitLab holds.
    pub(crate) fn of(
        repository: &Repository,
        found: &Found,
        identity: Option<IdentitySource>,
    ) -> Result<Self, InstallError> {
        let path = &repository.path;
        if is_gitlab(repository)? {
            return Ok(Self::Gitlab);
        }
        if delegates(path) {
            return Ok(Self::Gitea);
        }
        if found.gitolite_home.is_some() || has_hook_of_gitolite(path) {
            return Ok(Self::Gitolite);
        }
        match identity {
            Some(IdentitySource::Gitlab) => Ok(Self::Gitlab),
            Some(IdentitySource::Gitea) => Err(InstallError::new(
                "its `hooks/pre-receive` is not the one that Gitea and Forgejo put there, so nothing in \
                 `hooks/pre-receive.d` would run",
            )
            .hint("as the forge's account, run `gitea admin regenerate hooks` (or `forgejo ...`), then this again")),
            _ => Ok(Self::Plain),
        }
    }

    /// Who says who pushes, where the layout alone tells.
    pub(crate) fn identity(self) -> Option<IdentitySource> {
        match self {
            Self::Plain => None,
            Self::Gitolite => Some(IdentitySource::Gitolite),
            Self::Gitea => Some(IdentitySource::Gitea),
            Self::Gitlab => Some(IdentitySource::Gitlab),
        }
    }
}

/// Gitaly's repositories have custom hooks, a hashed path, or a name in git's configuration.
fn is_gitlab(repository: &Repository) -> Result<bool, InstallError> {
    let hashed = |part: Component<'_>| matches!(part, Component::Normal(name) if ["@hashed", "@groups", "@snippets"].iter().any(|hashed| name == *hashed));
    Ok(repository.path.join("custom_hooks").is_dir()
        || repository.path.components().any(hashed)
        || repository.value("gitlab.fullpath")?.is_some())
}

/// Whether both hooks run all that is in their `.d` folder, as those of Gitea and Forgejo do.
pub(crate) fn delegates(repository: &Path) -> bool {
    HOOKS.iter().all(|name| delegates_one(repository, name))
}

/// The same for one hook: the script names the folder by the name of the hook that is being run.
pub(crate) fn delegates_one(repository: &Path, name: &str) -> bool {
    let hook = repository.join("hooks").join(name);
    let text = files::read(&hook).ok().flatten().unwrap_or_default();
    let names = |words: &[u8]| text.windows(words.len()).any(|window| window == words);
    repository.join("hooks").join(format!("{name}.d")).is_dir()
        && files::is_executable(&hook)
        && (names(b"hooks/${hookname}.d/") || names(format!("hooks/{name}.d/").as_bytes()))
}

/// gitolite's `update` hook is a link into its common hooks in every repository.
fn has_hook_of_gitolite(repository: &Path) -> bool {
    std::fs::read_link(repository.join("hooks/update"))
        .is_ok_and(|target| target.ends_with("hooks/common/update"))
}

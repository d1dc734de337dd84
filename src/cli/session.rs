//! A repository and the policy in force, opened the same way for every command.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;

use super::arguments::{Backend, Common, Format};
use super::environment::Environment;
use crate::check::{Check, Destination, Progress, RefUpdate};
use crate::config::{self, LoadedPolicy, PolicySource, Purpose};
use crate::facts::{FileStatus, GitPath, Oid, Person, RefName};
use crate::git::{self, Reference, Repository};
use crate::server;
use crate::verdict::Finding;

/// What a check is made with.
pub(super) struct Session<'e> {
    pub(super) environment: &'e Environment,
    pub(super) repository: Repository,
    pub(super) loaded: LoadedPolicy,
    pub(super) pusher: Person,
    tells_impact: bool,
    destination: Option<Destination>,
}

/// Opens the repository that the command is about.
pub(super) fn open(common: &Common, environment: &Environment) -> anyhow::Result<Repository> {
    let backend = match common.backend {
        Backend::Auto => git::Backend::Auto,
        Backend::Git2 => git::Backend::Git2,
        Backend::Git => git::Backend::Plumbing,
    };
    open_with(common, environment, backend)
}

/// The same, saying how git is read.
pub(super) fn open_with(
    common: &Common,
    environment: &Environment,
    backend: git::Backend,
) -> anyhow::Result<Repository> {
    let location = environment.location(common.folder.as_deref());
    Ok(Repository::open(&location, backend)?)
}

impl<'e> Session<'e> {
    /// With the policy of `--policy`; else the work tree's, or in a bare repository `HEAD`'s, under the operator's; else the
    /// built-in one.
    pub(super) fn new(
        common: &Common,
        environment: &'e Environment,
        repository: Repository,
    ) -> anyhow::Result<Self> {
        Self::for_purpose(common, environment, repository, Purpose::All)
    }

    /// The same, for a run that asks rules of one kind only.
    pub(super) fn for_purpose(
        common: &Common,
        environment: &'e Environment,
        repository: Repository,
        purpose: Purpose,
    ) -> anyhow::Result<Self> {
        let loaded = load(common, environment, &repository, purpose)?;
        Self::with_policy(common, environment, repository, loaded)
    }

    /// With a policy that is loaded already.
    pub(super) fn with_policy(
        common: &Common,
        environment: &'e Environment,
        repository: Repository,
        loaded: LoadedPolicy,
    ) -> anyhow::Result<Self> {
        let repository = repository.with_people(Arc::clone(&loaded.people), environment.now);
        let pusher = local_person(&repository, &loaded, environment)?;
        let tells_impact = common.format != Format::Human;
        Ok(Self { environment, repository, loaded, pusher, tells_impact, destination: None })
    }

    /// The same, to judge updates as they would be judged on the other side, as far as that is known here: the remote's
    /// branches as last fetched, and its default branch for the one that holds the policy.
    pub(super) fn pushing_to(self, remote: &str) -> anyhow::Result<Self> {
        let prefix = format!("refs/remotes/{remote}/");
        let there = |reference: Reference| {
            let branch = reference.name.as_str().strip_prefix(&prefix).filter(|branch| *branch != "HEAD")?;
            Some(Reference { name: RefName::from_short(branch)?, id: reference.id, target: None })
        };
        let refs = self.repository.references(&prefix)?.into_iter().filter_map(there).collect();
        let policy_ref = default_branch(&self.repository, remote)?
            .and_then(|name| RefName::from_short(name.as_str().strip_prefix(&prefix)?));
        Ok(Self { destination: Some(Destination { refs, policy_ref, ..Destination::default() }), ..self })
    }

    /// The same, reading the repository in another way.
    pub(super) fn reading(self, repository: Repository) -> Self {
        let repository = repository.with_people(Arc::clone(&self.loaded.people), self.environment.now);
        Self { repository, ..self }
    }

    /// What is found in a push beside what the check finds, where it is judged as on the other side.
    pub(super) fn names_and_policy(&self, updates: &[RefUpdate]) -> anyhow::Result<Vec<Finding>> {
        let Some(destination) = &self.destination else { return Ok(Vec::new()) };
        let (repository, now) = (&self.repository, self.environment.now);
        let required = required(repository)?;
        Ok(server::names_and_policy(repository, updates, destination, &self.loaded, required, now)?)
    }

    /// A check with all this.
    pub(super) fn check<'s>(&'s self, progress: &'s Progress) -> Check<'s> {
        Check {
            repository: &self.repository,
            loaded: &self.loaded,
            now: self.environment.now,
            pusher: &self.pusher,
            progress,
            tells_impact: self.tells_impact,
            destination: self.destination.as_ref(),
        }
    }
}

/// Loads the policy that a command judges by: of `--policy`; else the work tree's, or in a bare repository `HEAD`'s, under
/// the operator's; else the built-in one.
pub(super) fn load(
    common: &Common,
    environment: &Environment,
    repository: &Repository,
    purpose: Purpose,
) -> anyhow::Result<LoadedPolicy> {
    Sources::of(common, environment, repository)?.load(environment, purpose)
}

/// Where that policy is, found out before anything of it is read: a thread that loads it need not wait for the one that
/// reads the repository.
pub(super) struct Sources<'r> {
    repository: &'r Repository,
    own: Option<Own>,
    required: Option<PolicySource<'r>>,
    is_named: bool,
}

/// The repository's own policy, or the one that was named.
enum Own {
    Folder(PathBuf, String),
    Tree { commit: Oid, path: String, shown: String },
}

impl Own {
    fn of_head(head: Oid) -> Self {
        Self::Tree { commit: head, path: ".bylaws".to_owned(), shown: "HEAD:.bylaws".to_owned() }
    }

    fn source<'s>(&'s self, repository: &'s Repository) -> PolicySource<'s> {
        match self {
            Self::Folder(folder, shown) => PolicySource::Folder(folder, shown.clone()),
            Self::Tree { commit, path, shown } => {
                PolicySource::Tree(repository, *commit, path.clone(), shown.clone())
            }
        }
    }
}

impl<'r> Sources<'r> {
    /// Of a command.
    pub(super) fn of(
        common: &Common,
        environment: &Environment,
        repository: &'r Repository,
    ) -> anyhow::Result<Self> {
        if let Some(words) = &common.policy {
            let own = Some(named(words, common, environment, repository)?);
            return Ok(Self { repository, own, required: None, is_named: true });
        }
        let own = match repository.work_tree() {
            Some(top) => Some(Own::Folder(top.join(".bylaws"), ".bylaws".to_owned())),
            None => repository.head()?.id.map(Own::of_head),
        };
        Ok(Self { repository, own, required: required(repository)?, is_named: false })
    }

    /// Loads it.
    pub(super) fn load(self, environment: &Environment, purpose: Purpose) -> anyhow::Result<LoadedPolicy> {
        let Self { repository, own, required, is_named } = self;
        let own = own.as_ref().map(|own| own.source(repository));
        if let (true, Some(own)) = (is_named, &own) {
            return Ok(config::load(own.clone(), environment.now)?);
        }
        if let Some(policy) = config::load_governed(own, required, environment.now, purpose)? {
            return Ok(policy);
        }
        let built_in = config::load_for(PolicySource::BuiltIn, environment.now, purpose)?;
        built_in.context("the built-in rules are missing from this program")
    }

    /// Lets `work` have the source of the repository's own policy, or of the one that was named.
    fn with_own<R>(self, work: impl FnOnce(PolicySource<'_>) -> anyhow::Result<R>) -> anyhow::Result<R> {
        let own = self.own.context("a bare repository without commits has no policy")?;
        work(own.source(self.repository))
    }
}

/// The paths of all tracked files: what `HEAD` holds, and what is staged.
pub(super) fn tracked(repository: &Repository) -> anyhow::Result<Vec<GitPath>> {
    let head = repository.head()?.id;
    let committed = head.map(|head| repository.net_files(None, Some(head))).transpose()?.unwrap_or_default();
    // Unmerged paths are no reason not to look at a policy, and a bare repository has none.
    let staged =
        if repository.work_tree().is_some() { repository.staged().unwrap_or_default() } else { Vec::new() };
    let staged = staged.iter().filter(|file| file.parts().status != FileStatus::Deleted);
    Ok(committed.iter().chain(staged).map(|file| file.path().clone()).collect())
}

/// Lets `work` have the source of the policy in force: of `--policy`, else the work tree's, else that of `HEAD`.
pub(super) fn with_source<R>(
    common: &Common,
    environment: &Environment,
    repository: &Repository,
    work: impl FnOnce(PolicySource<'_>) -> anyhow::Result<R>,
) -> anyhow::Result<R> {
    Sources::of(common, environment, repository)?.with_own(work)
}

/// The policy in `.bylaws` of a commit, under the operator's; `None` where there is neither.
pub(super) fn policy_at(
    repository: &Repository,
    commit: Oid,
    shown: &str,
    environment: &Environment,
) -> anyhow::Result<Option<LoadedPolicy>> {
    let own = Some(tree_source(repository, commit, shown));
    Ok(config::load_governed(own, required(repository)?, environment.now, Purpose::All)?)
}

fn tree_source<'r>(repository: &'r Repository, commit: Oid, shown: &str) -> PolicySource<'r> {
    PolicySource::Tree(repository, commit, ".bylaws".to_owned(), format!("{shown}:.bylaws"))
}

/// The operator's policy, as last fetched from the server that publishes it.
pub(super) fn required(repository: &Repository) -> anyhow::Result<Option<PolicySource<'_>>> {
    let Some(name) = RefName::new(config::REQUIRED_REF) else { return Ok(None) };
    let commit = repository.reference(&name)?;
    Ok(commit.map(|commit| tree_source(repository, commit, name.as_str())))
}

/// The policy of `--policy DIR`, for which no repository is needed; `None` if that names no folder.
pub(super) fn policy_in_folder(
    common: &Common,
    environment: &Environment,
) -> anyhow::Result<Option<LoadedPolicy>> {
    let Some(words) = &common.policy else { return Ok(None) };
    let Some(folder) = folder_named(words, common, environment) else { return Ok(None) };
    Ok(Some(config::load(PolicySource::Folder(&folder, words.clone()), environment.now)?))
}

fn folder_named(words: &str, common: &Common, environment: &Environment) -> Option<PathBuf> {
    let start = common.folder.as_deref().unwrap_or(Path::new(""));
    Some(environment.folder.join(start).join(words)).filter(|folder| folder.is_dir())
}

fn named(
    words: &str,
    common: &Common,
    environment: &Environment,
    repository: &Repository,
) -> anyhow::Result<Own> {
    if let Some(folder) = folder_named(words, common, environment) {
        return Ok(Own::Folder(folder, words.to_owned()));
    }
    let Some((revision, path)) = words.split_once(':') else {
        anyhow::bail!("`--policy {words}` is neither a folder nor REV:PATH");
    };
    let path = if path.is_empty() { ".bylaws" } else { path.trim_end_matches('/') };
    let (commit, path) = (repository.resolve(revision)?, path.to_owned());
    Ok(Own::Tree { commit, path, shown: words.to_owned() })
}

/// Locally the pusher is the person of `user.email`.
fn local_person(
    repository: &Repository,
    loaded: &LoadedPolicy,
    environment: &Environment,
) -> anyhow::Result<Person> {
    let email = repository.config("user.email")?.unwrap_or_default();
    let name = repository.config("user.name")?.unwrap_or_default();
    let identity = loaded.people.by_email(&email).cloned();
    Ok(Person { name, email, time: environment.now, login: None, identity })
}

/// The remote-tracking ref of a branch.
pub(super) fn tracking(remote: &str, branch: &str) -> Option<RefName> {
    RefName::new(format!("refs/remotes/{remote}/{branch}"))
}

/// The tips of all that a remote is known to hold.
pub(super) fn held_by(repository: &Repository, remote: &str) -> anyhow::Result<Vec<Oid>> {
    let references = repository.references(&format!("refs/remotes/{remote}/"))?;
    Ok(references.into_iter().map(|reference| reference.id).collect())
}

/// The remote's policy as last fetched: `.bylaws` on its default branch; `None` where it has none.
pub(super) fn remote_policy(
    repository: &Repository,
    remote: &str,
    environment: &Environment,
) -> anyhow::Result<Option<LoadedPolicy>> {
    let Some(reference) = default_branch(repository, remote)? else { return Ok(None) };
    let Some(commit) = repository.reference(&reference)? else { return Ok(None) };
    // As the server calls it: what is found has the same places on both sides.
    let shown = reference.as_str().trim_start_matches(&format!("refs/remotes/{remote}/")).to_owned();
    policy_at(repository, commit, &shown, environment)
}

fn default_branch(repository: &Repository, remote: &str) -> anyhow::Result<Option<RefName>> {
    if let Some(head) = tracking(remote, "HEAD")
        && let Some(target) = repository.symbolic(&head)?
    {
        return Ok(Some(target));
    }
    for branch in ["main", "master", "trunk"] {
        if let Some(name) = tracking(remote, branch)
            && repository.reference(&name)?.is_some()
        {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

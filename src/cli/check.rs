//! `bylaws check`: run the rules.

use std::io::Read as _;

use anyhow::Context as _;

use super::arguments::{self, Common, Format};
use super::environment::Environment;
use super::hook::draft_of;
use super::output::{self, Stream};
use super::session::{self, Session, Sources, held_by, tracking};
use super::{Exit, progress};
use crate::check::RefUpdate;
use crate::config::{LoadedPolicy, Purpose};
use crate::facts::{Oid, RefName};
use crate::git::{self, Head, Repository, Revisions};
use crate::verdict::Verdict;

/// From this many commits on, git's batch processes are faster than reading in process: where rules look at files, and
/// where they look at commits alone.
const LONG_WITH_FILES: usize = 300;
const LONG_WITHOUT_FILES: usize = 5_000;

/// What there is to check.
enum Target {
    Staged,
    Message(String),
    Commits(Revisions),
    Update(RefUpdate),
    Nothing,
}

pub(super) fn run(
    command: &arguments::Check,
    common: &Common,
    environment: &Environment,
) -> anyhow::Result<Exit> {
    let repository = session::open(common, environment)?;
    let (target, loaded) = while_loading(command, common, environment, &repository);
    let mut target = target?;
    if matches!(target, Target::Nothing) {
        output::note("nothing to check: nothing is staged, and every commit of this branch is on a remote")?;
        if common.format == Format::Human {
            return Ok(Exit::Allowed);
        }
        // Whatever reads the report cannot read an empty file.
        target = Target::Commits(Revisions { include: Vec::new(), exclude: Vec::new(), single: true });
    }
    let session = match (&command.onto, loaded) {
        (Some(_), _) => {
            as_the_server(command, common, environment, repository)?.pushing_to(&command.remote)?
        }
        (None, Some(loaded)) => Session::with_policy(common, environment, repository, loaded?)?,
        (None, None) => Session::new(common, environment, repository)?,
    };
    output::notices(&session.loaded, common)?;
    let session = suited(session, &target, common)?;
    let verdict = judge(&session, target, common)?;
    output::report(&verdict, &session.loaded, Stream::Out, common, environment)
}

/// What there is to check. Where revisions are named, whose commits may all have to be read, the policy is loaded meanwhile.
fn while_loading(
    command: &arguments::Check,
    common: &Common,
    environment: &Environment,
    repository: &Repository,
) -> (anyhow::Result<Target>, Option<anyhow::Result<LoadedPolicy>>) {
    let target = || target(command, common, environment, repository);
    // What is wrong with the sources is told when they are asked for again, after what is wrong with the revisions.
    let is_long = command.onto.is_none() && !command.revisions.is_empty();
    let Some(sources) = is_long.then(|| Sources::of(common, environment, repository).ok()).flatten() else {
        return (target(), None);
    };
    // The policy is loaded on this thread, whose stack is large enough for scripts.
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().spawn_scoped(scope, target);
        let loaded = sources.load(environment, Purpose::All);
        if let (Ok(loaded), Ok(thread)) = (&loaded, &thread) {
            loaded.policy.prepare(|| !thread.is_finished());
        }
        let target = match thread.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(target)) => target,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(_) => target(),
        };
        (target, Some(loaded))
    })
}

fn target(
    command: &arguments::Check,
    common: &Common,
    environment: &Environment,
    repository: &Repository,
) -> anyhow::Result<Target> {
    if let Some(file) = &command.message {
        return Ok(Target::Message(message_in(file, common, environment)?));
    }
    if command.staged {
        return Ok(Target::Staged);
    }
    let head = repository.head()?;
    if command.all {
        return Ok(match head.id {
            Some(id) => Target::Commits(Revisions { include: vec![id], exclude: Vec::new(), single: false }),
            None => Target::Nothing,
        });
    }
    if let Some(onto) = &command.onto {
        return Ok(Target::Update(update_onto(onto, command, repository, &head)?));
    }
    if command.revisions.is_empty() {
        return unpublished(repository, &head);
    }
    named(&command.revisions, repository, &head)
}

fn message_in(file: &std::path::Path, common: &Common, environment: &Environment) -> anyhow::Result<String> {
    let mut raw = Vec::new();
    if file.as_os_str() == "-" {
        std::io::stdin().lock().read_to_end(&mut raw).context("cannot read standard input")?;
    } else {
        let folder =
            common.folder.as_ref().map_or_else(|| environment.folder.clone(), |f| environment.folder.join(f));
        raw =
            std::fs::read(folder.join(file)).with_context(|| format!("cannot read `{}`", file.display()))?;
    }
    Ok(String::from_utf8_lossy(&raw).into_owned())
}

/// `A..B` is also the change that a push of it would make, if it is known of which branch; anything else is commits.
fn named(words: &[String], repository: &Repository, head: &Head) -> anyhow::Result<Target> {
    let revisions = repository.revisions(words)?;
    if let [word] = words
        && !word.contains("...")
        && let Some((_, to)) = word.split_once("..")
        && let (&[new], &[old]) = (revisions.include.as_slice(), revisions.exclude.as_slice())
        && let Some(reference) = branch_of(to, repository, head)?
    {
        return Ok(Target::Update(RefUpdate { reference, old: Some(old), new: Some(new), held: Vec::new() }));
    }
    Ok(Target::Commits(revisions))
}

fn branch_of(word: &str, repository: &Repository, head: &Head) -> anyhow::Result<Option<RefName>> {
    if word.is_empty() || word == "HEAD" || word == "@" {
        return Ok(head.reference.clone());
    }
    match RefName::from_short(word) {
        Some(name) if name.branch().is_some() && repository.reference(&name)?.is_some() => Ok(Some(name)),
        _ => Ok(None),
    }
}

/// Nothing named: what is staged, else the commits that are on no upstream or remote-tracking branch.
fn unpublished(repository: &Repository, head: &Head) -> anyhow::Result<Target> {
    if repository.work_tree().is_some() && !repository.staged()?.is_empty() {
        return Ok(Target::Staged);
    }
    let Some(new) = head.id else { return Ok(Target::Nothing) };
    let mut held: Vec<Oid> =
        repository.references("refs/remotes/")?.into_iter().map(|reference| reference.id).collect();
    let old = match &head.reference {
        Some(reference) => upstream(repository, reference)?,
        None => None,
    };
    held.extend(old);
    if repository.walk(&[new], &held)?.next().transpose()?.is_none() {
        return Ok(Target::Nothing);
    }
    Ok(match &head.reference {
        Some(reference) => {
            Target::Update(RefUpdate { reference: reference.clone(), old, new: Some(new), held })
        }
        None => Target::Commits(Revisions { include: vec![new], exclude: held, single: false }),
    })
}

fn upstream(repository: &Repository, reference: &RefName) -> anyhow::Result<Option<Oid>> {
    let Some(branch) = reference.branch() else { return Ok(None) };
    let remote = repository.config(&format!("branch.{branch}.remote"))?;
    let merge = repository.config(&format!("branch.{branch}.merge"))?.and_then(RefName::new);
    let (Some(remote), Some(merge)) = (remote, merge) else { return Ok(None) };
    let name =
        if remote == "." { Some(merge) } else { merge.branch().and_then(|there| tracking(&remote, there)) };
    Ok(name.map(|name| repository.reference(&name)).transpose()?.flatten())
}

fn update_onto(
    onto: &str,
    command: &arguments::Check,
    repository: &Repository,
    head: &Head,
) -> anyhow::Result<RefUpdate> {
    let reference = RefName::from_short(onto).with_context(|| format!("`{onto}` is no name for a ref"))?;
    let new = match command.revisions.as_slice() {
        [] => head.id.context("there is no commit here yet")?,
        [revision] => repository.resolve(revision)?,
        _ => anyhow::bail!("`--onto` takes one revision"),
    };
    let there = reference.branch().and_then(|branch| tracking(&command.remote, branch));
    let old = there.map(|name| repository.reference(&name)).transpose()?.flatten();
    let held = if old.is_some() { Vec::new() } else { held_by(repository, &command.remote)? };
    Ok(RefUpdate { reference, old, new: Some(new), held })
}

/// By the remote's policy as last fetched, saying so where the work tree's is another.
fn as_the_server<'e>(
    command: &arguments::Check,
    common: &Common,
    environment: &'e Environment,
    repository: Repository,
) -> anyhow::Result<Session<'e>> {
    if common.policy.is_some() {
        return Session::new(common, environment, repository);
    }
    let Some(theirs) = session::remote_policy(&repository, &command.remote, environment)? else {
        output::note(&format!(
            "note: `{}` has no policy as last fetched; judging by the work tree's",
            command.remote
        ))?;
        return Session::new(common, environment, repository);
    };
    // A policy that is being written may not load yet; it judges nothing here.
    let differs = match session::load(common, environment, &repository, Purpose::All) {
        Ok(ours) => (theirs.name.digest != ours.name.digest).then_some("differs from it"),
        Err(_) => Some("does not load"),
    };
    if let Some(how) = differs {
        let (source, remote) = (&theirs.name.source, &command.remote);
        output::note(&format!(
            "note: judging by `{source}` of `{remote}` as last fetched; the work tree's {how}"
        ))?;
    }
    Session::with_policy(common, environment, repository, theirs)
}

fn suited<'e>(session: Session<'e>, target: &Target, common: &Common) -> anyhow::Result<Session<'e>> {
    match target {
        Target::Commits(revisions) => suited_for(session, revisions, revisions.exclude.is_empty(), common),
        Target::Update(update) => {
            let exclude = update.old.into_iter().chain(update.held.iter().copied()).collect();
            let range = Revisions { include: update.new.into_iter().collect(), exclude, single: false };
            suited_for(session, &range, false, common)
        }
        _ => Ok(session),
    }
}

/// A long range is read by git's batch processes, unless told otherwise. The `whole` of a history is long: walking it in
/// process, only to count it, would itself be.
pub(super) fn suited_for<'e>(
    session: Session<'e>,
    range: &Revisions,
    whole: bool,
    common: &Common,
) -> anyhow::Result<Session<'e>> {
    let repository = &session.repository;
    let fixed = common.backend != arguments::Backend::Auto || repository.backend() != git::Backend::Git2;
    if fixed || range.single {
        return Ok(session);
    }
    let uses = session.loaded.needs();
    let long = if uses.files || uses.file_rules { LONG_WITH_FILES } else { LONG_WITHOUT_FILES };
    if !whole && repository.walk(&range.include, &range.exclude)?.take(long).count() < long {
        return Ok(session);
    }
    let repository = session::open_with(common, session.environment, git::Backend::Plumbing)?;
    Ok(session.reading(repository))
}

fn judge(session: &Session<'_>, target: Target, common: &Common) -> anyhow::Result<Verdict> {
    progress::shown(common.quiet, |progress| {
        let check = session.check(progress);
        Ok(match target {
            Target::Staged => check.staged()?,
            Target::Message(raw) => check.draft(draft_of(session, &raw)?)?,
            Target::Commits(revisions) => {
                let reference = session.repository.head()?.reference;
                check.commits(&revisions, reference)?
            }
            Target::Update(update) => {
                let updates = [update];
                let found = session.names_and_policy(&updates)?;
                check.updates(&updates)?.with(found)
            }
            Target::Nothing => check.updates(&[])?,
        })
    })
}

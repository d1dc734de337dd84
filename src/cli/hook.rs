//! `bylaws hook NAME`: what an installed hook calls. Hooks of other tools that were there before run first.
//!
//! `--also pre-commit` comes from a commit-msg shim whose pre-commit did nothing, since git opens no editor in between:
//! `hooks/shim` says when.

use std::io::Read as _;

use anyhow::Context as _;

use super::Exit;
use super::arguments::{self, Common};
use super::environment::Environment;
use super::output::{self, Stream};
use super::receive;
use super::session::{self, Session, held_by};
use crate::check::{Cleanup, Draft, Progress, RefUpdate, clean_message};
use crate::config::{LoadedPolicy, Purpose};
use crate::facts::{Oid, Person, RefName};
use crate::git::Repository;
use crate::install::{Target, hook};
use crate::policy::make_ahead;
use crate::verdict::{Decision, Verdict};

pub(super) fn run(
    command: &arguments::Hook,
    common: &Common,
    environment: &Environment,
) -> anyhow::Result<Exit> {
    match command.name.as_str() {
        "pre-receive" => return receive::pre_receive(command, environment),
        "post-receive" => return receive::post_receive(command, environment),
        _ => {}
    }
    let both = match (command.name.as_str(), command.also.as_deref()) {
        (_, None) => false,
        ("commit-msg", Some("pre-commit")) => true,
        (name, Some(other)) => anyhow::bail!("the hook {name} does not answer for `{other}`"),
    };
    make_ahead();
    let repository = session::open(common, environment)?;
    let input = if command.name == "pre-push" { standard_input()? } else { Vec::new() };
    let nested = environment.get(hook::NESTED);
    if let Some(previous) = hook::previous(&Target::of(&repository), &command.name, nested)? {
        let status = hook::run(&previous, &command.arguments, &input)?;
        if status != 0 {
            return Ok(Exit::Other(status));
        }
    }
    match command.name.as_str() {
        "pre-commit" => {
            let session = Session::for_purpose(common, environment, repository, Purpose::Files)?;
            if !session.loaded.needs().file_rules {
                return Ok(Exit::Allowed);
            }
            let verdict = session.check(&Progress::default()).staged()?;
            let exit = answer(&verdict, &session.loaded, common, environment);
            leave(session);
            exit
        }
        "commit-msg" => commit_msg(command, both, common, environment, repository),
        "pre-push" => pre_push(command, common, environment, repository, &input),
        other => anyhow::bail!("`{other}` is no hook of bylaws; it has pre-commit, commit-msg and pre-push"),
    }
}

/// A passing hook says nothing; whatever was found goes to standard error, where git shows it.
fn answer(
    verdict: &Verdict,
    loaded: &LoadedPolicy,
    common: &Common,
    environment: &Environment,
) -> anyhow::Result<Exit> {
    if verdict.findings.is_empty() && verdict.decision == Decision::Allow {
        return Ok(Exit::Allowed);
    }
    output::report(verdict, loaded, Stream::Error, common, environment)
}

/// `both`: pre-commit ran just before and left what is staged to this hook; git made the tree of the commit in between.
fn commit_msg(
    command: &arguments::Hook,
    both: bool,
    common: &Common,
    environment: &Environment,
    repository: Repository,
) -> anyhow::Result<Exit> {
    let file = command.arguments.first().context("`bylaws hook commit-msg` wants the message's file")?;
    let file = environment.folder.join(file);
    let raw = std::fs::read(&file).with_context(|| format!("cannot read `{}`", file.display()))?;
    let purpose = if both { Purpose::FilesAndCommits } else { Purpose::Commits };
    let session = Session::for_purpose(common, environment, repository, purpose)?;
    let draft = draft_of(&session, &String::from_utf8_lossy(&raw))?;
    let progress = Progress::default();
    let check = session.check(&progress);
    let verdict = if both { check.draft_and_staged(draft)? } else { check.draft(draft)? };
    let exit = answer(&verdict, &session.loaded, common, environment);
    leave(session);
    exit
}

/// The process is over: the system takes all its memory back at once, where dropping would do so piece by piece.
fn leave(session: Session<'_>) {
    std::mem::forget(session);
}

/// The commit that is about to be made: git has exported its author for the hook, and the configuration has the rest.
pub(super) fn draft_of(session: &Session<'_>, raw: &str) -> anyhow::Result<Draft> {
    let Session { environment, repository, .. } = session;
    // git sets GIT_EDITOR to `:` for its hooks when no editor is used (git-commit(1), HOOKS).
    let with_editor = environment.text("GIT_EDITOR").is_none_or(|editor| editor != ":");
    let cleanup = Cleanup::of(repository.config("commit.cleanup")?.as_deref(), with_editor);
    let comment = comment_of(repository, raw)?;
    let person = |role: &str| -> anyhow::Result<Person> {
        let part = |variable: &str, key: &str| -> anyhow::Result<String> {
            let exported = environment.text(&format!("GIT_{role}_{variable}"));
            Ok(match exported {
                Some(text) => text,
                None => repository.config(&format!("{}.{key}", role.to_lowercase()))?.map_or_else(
                    || repository.config(&format!("user.{key}")).map(Option::unwrap_or_default),
                    Ok,
                )?,
            })
        };
        let (name, email) = (part("NAME", "name")?, part("EMAIL", "email")?);
        Ok(Person { name, email, time: environment.now, ..Person::default() })
    };
    Ok(Draft {
        message: clean_message(raw, cleanup, &comment, with_editor),
        author: person("AUTHOR")?,
        committer: person("COMMITTER")?,
    })
}

/// `core.commentString` or `core.commentChar`; for `auto` git picks a character that begins no line, and so the one that
/// begins its own last lines.
fn comment_of(repository: &Repository, raw: &str) -> anyhow::Result<String> {
    let configured = match repository.config("core.commentString")? {
        Some(comment) => Some(comment),
        None => repository.config("core.commentChar")?,
    };
    Ok(match configured.as_deref() {
        None => "#".to_owned(),
        Some("auto") => {
            let last = raw.lines().rev().find(|line| !line.is_empty()).and_then(|line| line.chars().next());
            last.filter(|c| "#;@!$%^&|:".contains(*c)).unwrap_or('#').to_string()
        }
        Some(comment) => comment.to_owned(),
    })
}

fn pre_push(
    command: &arguments::Hook,
    common: &Common,
    environment: &Environment,
    repository: Repository,
    input: &[u8],
) -> anyhow::Result<Exit> {
    let remote = command.arguments.first().map_or_else(|| "origin".into(), |name| name.to_string_lossy());
    let mut updates = Vec::new();
    for line in String::from_utf8_lossy(input).lines() {
        updates.push(update_of(line, &remote, &repository)?);
    }
    if updates.is_empty() {
        return Ok(Exit::Allowed);
    }
    let theirs = match common.policy {
        None => session::remote_policy(&repository, &remote, environment)?,
        Some(_) => None,
    };
    let session = match theirs {
        Some(policy) => Session::with_policy(common, environment, repository, policy)?,
        None => Session::new(common, environment, repository)?,
    };
    let session = session.pushing_to(&remote)?;
    let found = session.names_and_policy(&updates)?;
    let verdict = super::progress::shown(common.quiet, |progress| session.check(progress).updates(&updates))?;
    let verdict = verdict.with(found);
    answer(&verdict, &session.loaded, common, environment)
}

/// `<local ref> SP <local id> SP <remote ref> SP <remote id>`, githooks(5).
fn update_of(line: &str, remote: &str, repository: &Repository) -> anyhow::Result<RefUpdate> {
    let words: Vec<&str> = line.split(' ').collect();
    let &[_, new, reference, old] = words.as_slice() else {
        anyhow::bail!("git gave the hook a line that is no ref update: `{line}`");
    };
    let id = |word: &str| {
        Oid::from_hex(word.as_bytes()).with_context(|| format!("git gave the hook a bad object id: `{word}`"))
    };
    let (new, old) = (id(new)?, id(old)?);
    let reference = RefName::new(reference).with_context(|| format!("`{reference}` is no name for a ref"))?;
    // What was never fetched cannot be subtracted by its id; what the remote is known to hold can.
    let known = !old.is_zero() && repository.exists(old)?;
    let held = if known { Vec::new() } else { held_by(repository, remote)? };
    let (old, new) = (known.then_some(old), (!new.is_zero()).then_some(new));
    Ok(RefUpdate { reference, old, new, held })
}

fn standard_input() -> anyhow::Result<Vec<u8>> {
    let mut input = Vec::new();
    std::io::stdin().lock().read_to_end(&mut input).context("cannot read what git gave the hook")?;
    Ok(input)
}

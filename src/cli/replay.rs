//! `bylaws replay`: what the rules would have decided for past commits.

use std::io::{self, Write as _};

use anyhow::Context as _;

use super::arguments::{self, Common, Format};
use super::environment::Environment;
use super::output::Stream;
use super::session::{self, Session};
use super::{Exit, check, output, progress};
use crate::check::{Progress, Replay};
use crate::config::{self, LoadedPolicy, PolicySource};
use crate::diagnostic::Diagnostic;
use crate::git::{Repository, Revisions};
use crate::report::{Replayed, ReplayedHuman, ReplayedJson, ReplayedReport};

/// How many commits are looked at where none are named: enough to know a rule by, and soon done.
const NEWEST: usize = 10_000;

/// What is replayed.
struct Range {
    revisions: Revisions,
    newest: Option<usize>,
}

pub(super) fn run(
    command: &arguments::Replay,
    common: &Common,
    environment: &Environment,
) -> anyhow::Result<Exit> {
    let repository = session::open(common, environment)?;
    let Some(range) = range(command, &repository)? else {
        output::note("nothing to replay: there is no commit here yet")?;
        return Ok(Exit::Allowed);
    };
    let mut session = Session::new(common, environment, repository)?;
    output::notices(&session.loaded, common)?;
    session.loaded = chosen(session.loaded, command)?;
    let whole = range.revisions.exclude.is_empty();
    let session = check::suited_for(session, &range.revisions, whole, common)?;
    let against = match &command.compare {
        Some(revision) => Some(compared(revision, command, &session, common)?),
        None => None,
    };
    if !matches!(common.format, Format::Human | Format::Json) {
        return whole_verdict(&session, &range, common);
    }
    let replay = replay(&session, against.as_ref(), &range, common)?;
    let replayed = Replayed { replay: &replay, took: environment.started.elapsed() };
    write(replayed, common)?;
    Ok(exit(&replay))
}

/// It is a report, whatever was found; but what could not be judged is not known.
fn exit(replay: &Replay) -> Exit {
    let sides = [Some(&replay.tried), replay.against.as_ref()];
    let unjudged = replay.rules.iter().any(|rule| rule.errors > 0);
    if unjudged || sides.into_iter().flatten().any(|side| side.is_spent) {
        return Exit::Undecided;
    }
    Exit::Allowed
}

fn range(command: &arguments::Replay, repository: &Repository) -> anyhow::Result<Option<Range>> {
    if !command.revisions.is_empty() {
        let revisions = repository.revisions(&command.revisions)?;
        return Ok(Some(Range { revisions, newest: None }));
    }
    let newest = (!command.all).then_some(NEWEST);
    let whole = |id| Revisions { include: vec![id], exclude: Vec::new(), single: false };
    Ok(repository.head()?.id.map(|id| Range { revisions: whole(id), newest }))
}

/// With the rules alone that are named.
fn chosen(mut loaded: LoadedPolicy, command: &arguments::Replay) -> Result<LoadedPolicy, Diagnostic> {
    if command.rules.is_empty() {
        return Ok(loaded);
    }
    let known: Vec<&str> = loaded.rules().iter().map(|one| one.rule.id.as_str()).collect();
    if let Some(unknown) = command.rules.iter().find(|id| !known.contains(&id.as_str())) {
        let mistake = Diagnostic::new(format!("unknown rule `{unknown}`"));
        return Err(mistake.nearest(unknown, known));
    }
    loaded.only(&command.rules);
    Ok(loaded)
}

/// The policy of a revision; where that has none, the one that was in force there: the built-in one.
fn compared<'e>(
    revision: &str,
    command: &arguments::Replay,
    session: &Session<'e>,
    common: &Common,
) -> anyhow::Result<Session<'e>> {
    let environment = session.environment;
    let commit = session.repository.resolve(revision)?;
    let mut loaded = match session::policy_at(&session.repository, commit, revision, environment)? {
        Some(loaded) => loaded,
        None => {
            output::note(&format!(
                "note: `{revision}` has no policy; comparing with the built-in rules, which are in force there"
            ))?;
            config::load(PolicySource::BuiltIn, environment.now)?
        }
    };
    if !command.rules.is_empty() {
        // A rule that is new is not there; that it was not is part of the answer.
        loaded.only(&command.rules);
    }
    let repository = session::open_with(common, environment, session.repository.backend())?;
    Session::with_policy(common, environment, repository, loaded)
}

/// All that is found, in a format of findings.
fn whole_verdict(session: &Session<'_>, range: &Range, common: &Common) -> anyhow::Result<Exit> {
    let reference = session.repository.head()?.reference;
    let verdict = progress::shown(common.quiet, |progress| {
        session.check(progress).replay_whole(&range.revisions, range.newest, reference)
    })?;
    output::report(&verdict, &session.loaded, Stream::Out, common, session.environment)?;
    Ok(if verdict.summary.errors > 0 { Exit::Undecided } else { Exit::Allowed })
}

fn replay(
    session: &Session<'_>,
    against: Option<&Session<'_>>,
    range: &Range,
    common: &Common,
) -> anyhow::Result<Replay> {
    let reference = session.repository.head()?.reference;
    // Only one of the two tells how far it has come.
    let silent = Progress::default();
    progress::shown(common.quiet, |progress| {
        let against = against.map(|session| session.check(&silent));
        let check = session.check(progress);
        Ok(check.replay(against.as_ref(), &range.revisions, range.newest, reference)?)
    })
}

fn write(replayed: Replayed<'_>, common: &Common) -> anyhow::Result<()> {
    let renderer: Box<dyn ReplayedReport> = match common.format {
        Format::Human => Box::new(ReplayedHuman {
            colour: console::colors_enabled(),
            quiet: common.quiet,
            verbose: common.verbose,
        }),
        // Formats of findings have their own way; others were refused.
        _ => Box::new(ReplayedJson),
    };
    let mut out = io::BufWriter::new(io::stdout().lock());
    renderer.write(replayed, &mut out).and_then(|()| out.flush()).context("cannot write the report")
}

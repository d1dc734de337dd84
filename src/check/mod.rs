//! A check: which subjects it looks at, in which order, and the verdict that follows.
//!
//! ```text
//! revisions, index, message or ref updates
//!   -> ids, in chunks, to one worker a core, each with a repository handle of its own   (shards)
//!   -> facts of a chunk, its blobs read ahead                                           (judge)
//!   -> findings, in the order of the chunks -> waivers -> verdict
//! ```
//!
//! A ref update whose impact matters is judged in two steps, since the rules of a commit may ask for that of the whole change:
//! its commits are gathered, the [`Change`](crate::facts::Change) is made of them, then everything is judged.

mod change;
mod draft;
mod entering;
mod judge;
mod message;
mod policies;
mod replay;
mod shards;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

pub use change::RefUpdate;
pub use draft::Draft;
pub use entering::Destination;
pub use message::{Cleanup, clean_message};
pub use replay::{Difference, Replay, ReplayedRule, Side};

use entering::Entering;

use crate::config::LoadedPolicy;
use crate::diagnostic::Diagnostics;
use crate::facts::{Commit, File, Person, RefName, StoreError};
use crate::git::{GitError, Repository, Revisions};
use crate::policy::Context;
use crate::verdict::{Finding, JudgedChange, Summary, Verdict};

/// Why a check could not be made; every one blocks.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The repository could not be read.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A fact could not be read.
    #[error(transparent)]
    Facts(#[from] StoreError),
    /// The policy could not be loaded.
    #[error(transparent)]
    Policy(#[from] Diagnostics),
}

/// How far a long run has come; read by whoever shows it.
#[derive(Debug, Default)]
pub struct Progress {
    commits: AtomicUsize,
}

impl Progress {
    /// Commits judged so far.
    pub fn commits(&self) -> usize {
        self.commits.load(Ordering::Relaxed)
    }

    fn advance(&self, commits: usize) {
        self.commits.fetch_add(commits, Ordering::Relaxed);
    }
}

/// Everything a check is made with.
#[derive(Clone, Copy)]
pub struct Check<'a> {
    /// Where the facts come from.
    pub repository: &'a Repository,
    /// What judges them.
    pub loaded: &'a LoadedPolicy,
    /// The clock, seconds UTC.
    pub now: i64,
    /// Who would push.
    pub pusher: &'a Person,
    /// Told how far it has come.
    pub progress: &'a Progress,
    /// Does the report tell how far a change reaches? Otherwise that is found out only where something hangs on it.
    pub tells_impact: bool,
    /// Where a push would go, to judge it as it would be judged there: by which commits are new there, and by what moves and
    /// who approved. `None`: by the rules alone.
    pub destination: Option<&'a Destination>,
}

/// What was found and how much was looked at.
#[derive(Debug, Default)]
struct Tally {
    commits: usize,
    files: usize,
    findings: Vec<Finding>,
}

/// Takes what is found, commit by commit.
trait Sink {
    /// A commit comes; what is found from here on is about it and its files.
    fn begin(&mut self, commit: &Arc<Commit>);

    /// One of its files was judged.
    fn file(&mut self);

    /// Where findings go.
    fn findings(&mut self) -> &mut Vec<Finding>;

    /// All of the commit was judged.
    fn end(&mut self, commit: &Arc<Commit>);
}

impl Sink for Tally {
    fn begin(&mut self, _: &Arc<Commit>) {
        self.commits += 1;
    }

    fn file(&mut self) {
        self.files += 1;
    }

    fn findings(&mut self) -> &mut Vec<Finding> {
        &mut self.findings
    }

    fn end(&mut self, _: &Arc<Commit>) {}
}

impl Tally {
    fn sum(tallies: Vec<Self>) -> Self {
        let mut all = Self::default();
        tallies.into_iter().for_each(|tally| all.add(tally));
        all
    }

    fn add(&mut self, other: Self) {
        self.commits += other.commits;
        self.files += other.files;
        self.findings.extend(other.findings);
    }
}

impl Check<'_> {
    /// Judges the files that are staged.
    ///
    /// # Errors
    /// When the index or an object cannot be read.
    pub fn staged(&self) -> Result<Verdict, CheckError> {
        let context = self.context(self.repository.head()?.reference);
        let mut tally = Tally::default();
        self.judge_staged(self.repository.staged()?, &context, &mut tally)?;
        Ok(self.verdict(tally, Vec::new()))
    }

    /// Judges a commit that is about to be made.
    ///
    /// # Errors
    /// When the index or an object cannot be read.
    pub fn draft(&self, draft: Draft) -> Result<Verdict, CheckError> {
        let context = self.context(self.repository.head()?.reference);
        let files = if self.loaded.needs().files { self.repository.staged()? } else { Vec::new() };
        let mut tally = Tally::default();
        self.judge_draft(draft, files, &context, &mut tally)?;
        Ok(self.verdict(tally, Vec::new()))
    }

    /// What [`Self::staged`] and [`Self::draft`] find, in this order.
    ///
    /// # Errors
    /// When the index or an object cannot be read.
    pub fn draft_and_staged(&self, draft: Draft) -> Result<Verdict, CheckError> {
        let context = self.context(self.repository.head()?.reference);
        let uses = self.loaded.needs();
        let files = if uses.files || uses.file_rules { self.repository.staged()? } else { Vec::new() };
        let mut tally = Tally::default();
        if uses.file_rules {
            self.judge_staged(files.clone(), &context, &mut tally)?;
        }
        self.judge_draft(draft, files, &context, &mut tally)?;
        Ok(self.verdict(tally, Vec::new()))
    }

    /// The files' commit has no message yet: rules say the same of them whether or not an editor is still to come.
    fn judge_staged(
        &self,
        files: Vec<Arc<File>>,
        context: &Context,
        tally: &mut Tally,
    ) -> Result<(), CheckError> {
        let draft = Draft::default().into_commit(self.repository, &self.loaded.people, files)?;
        self.judge_files(self.repository, &draft, context.into(), &self.meter(1), tally)
    }

    fn judge_draft(
        &self,
        draft: Draft,
        files: Vec<Arc<File>>,
        context: &Context,
        tally: &mut Tally,
    ) -> Result<(), CheckError> {
        let draft = draft.into_commit(self.repository, &self.loaded.people, files)?;
        tally.commits += 1;
        self.judge_commit(&draft, context.into(), &self.meter(1), tally);
        Ok(())
    }

    /// Judges commits, not as a change of a ref: `reference` only tells the rules which branch they are on.
    ///
    /// # Errors
    /// When a commit or an object cannot be read.
    pub fn commits(&self, revisions: &Revisions, reference: Option<RefName>) -> Result<Verdict, CheckError> {
        let context = self.context(reference);
        let tally = if revisions.single {
            let baselines = self.baselines(&revisions.include, &[])?;
            self.judge_all(&mut revisions.include.iter().copied().map(Ok), &context, &baselines)?
        } else {
            let baselines = self.baselines(&revisions.include, &revisions.exclude)?;
            let mut walk = self.repository.walk(&revisions.include, &revisions.exclude)?;
            self.judge_all(&mut walk, &context, &baselines)?
        };
        Ok(self.verdict(tally, Vec::new()))
    }

    /// Judges ref updates, as a push of all of them would be.
    ///
    /// # Errors
    /// When a commit or an object cannot be read.
    pub fn updates(&self, updates: &[RefUpdate]) -> Result<Verdict, CheckError> {
        let mut tally = Tally::default();
        let mut changes = Vec::new();
        for entering in self.entering(updates)? {
            changes.push(self.judge_update(&entering, &mut tally)?);
        }
        self.judge_push(&changes, &mut tally);
        let judged = changes.iter().map(|change| self.as_judged(change)).collect();
        Ok(self.verdict(tally, judged))
    }

    fn entering<'u>(&self, updates: &'u [RefUpdate]) -> Result<Vec<Entering<'u>>, CheckError> {
        match self.destination {
            Some(destination) => destination.enter(self.repository, &self.loaded.config, updates),
            None => updates.iter().map(|update| Entering::alone(self.repository, update)).collect(),
        }
    }

    fn context(&self, reference: Option<RefName>) -> Context {
        let environments = reference.iter().flat_map(|name| self.loaded.config.environments_of(name));
        let mut names = environments.map(|environment| environment.name.clone());
        let (environment, more_environments) = (names.next(), names.collect());
        Context { reference, environment, more_environments, ..Context::default() }
    }

    fn verdict(&self, tally: Tally, changes: Vec<JudgedChange>) -> Verdict {
        let Tally { commits, files, findings } = tally;
        let rules = self.loaded.in_force().len();
        let summary = Summary { commits, files, rules, ..Summary::default() };
        Verdict::new(self.loaded.name.clone(), changes, summary).with(findings)
    }
}

//! `pre-receive`: from the lines of a push to the verdict.

use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Variables;
use super::claims::{self, Refs};
use super::guard;
use super::leftovers;
use super::push::Push;
use super::record::Record;
use crate::check::CheckError;
use crate::config::{Effective, IdentitySource, effective};
use crate::control::finding;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::git::{Backend, GitError, Location, Repository};
use crate::verdict::{Finding, PolicyName, State, Summary, Verdict};

/// Above this many bytes of packs in quarantine git's batch processes are faster than reading in process.
const LONG: u64 = 512 << 10;
/// The folder of ours in a repository.
const OWN_FOLDER: &str = "bylaws";

/// A push as git hands it to the hook; `cli` fills it in.
pub struct Received<'a> {
    /// Standard input.
    pub lines: &'a [u8],
    /// The repository and, if the push brings objects, its quarantine.
    pub location: Location,
    /// The hook's environment.
    pub variables: &'a Variables<'a>,
    /// The host's `server.toml`.
    pub host_settings: &'a Path,
    /// When it was received, seconds UTC.
    pub now: i64,
    /// When its time began to run.
    pub started: Instant,
    /// What is found out of it, for whoever has to record it before it is judged to the end.
    pub record: &'a Mutex<Record>,
}

/// Why a push cannot be judged to the end.
pub(super) struct Undecided(pub(super) Vec<Finding>);

impl Undecided {
    pub(super) fn because(what: &str, error: &Diagnostic) -> Self {
        let place = error.place.as_ref().map(|place| format!(" ({place})")).unwrap_or_default();
        let fix = error.help.clone().unwrap_or_else(|| {
            "the operator looks at it: `bylaws doctor --server` tells all that is wrong".to_owned()
        });
        Self(vec![finding("server", State::Error, None, format!("{what}: {}{place}", error.message), fix)])
    }

    fn all(what: &str, errors: &Diagnostics) -> Self {
        Self(errors.0.iter().take(TOLD).flat_map(|error| Self::because(what, error).0).collect())
    }
}

/// Mistakes that are told of one file.
const TOLD: usize = 5;

impl From<GitError> for Undecided {
    fn from(error: GitError) -> Self {
        let hint = error
            .hint
            .unwrap_or_else(|| "the operator of this server has to run `git fsck` in it".to_owned());
        let message = format!("this repository cannot be read: {}", error.message);
        Self(vec![finding("server", State::Error, None, message, hint)])
    }
}

impl From<CheckError> for Undecided {
    fn from(error: CheckError) -> Self {
        match error {
            CheckError::Git(error) => error.into(),
            CheckError::Facts(error) => GitError::new(error.0).into(),
            CheckError::Policy(errors) => Self::all("the policy cannot be read", &errors),
        }
    }
}

impl Received<'_> {
    /// Judges the push. What cannot be decided is a verdict too: `error`, which blocks.
    pub fn judge(&self) -> Verdict {
        match panic::catch_unwind(AssertUnwindSafe(|| self.judged())) {
            Ok(Ok(verdict)) => verdict,
            Ok(Err(Undecided(findings))) => bare_verdict(None, findings),
            // What a push brings has found a mistake of ours: it is refused and recorded like any other.
            Err(_) => {
                let fix = "the operator reports it, with what stands above";
                let message = "bylaws itself failed while it judged this push";
                bare_verdict(None, vec![finding("server", State::Error, None, message, fix)])
            }
        }
    }

    pub(super) fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn judged(&self) -> Result<Verdict, Undecided> {
        let (claims, mut found) = claims::parse(self.lines);
        {
            let mut record = self.record();
            record.time = self.now;
            // A repository that cannot even be opened has had a push, too.
            record.spool = self.location.git_dir.as_ref().map(|folder| folder.join(OWN_FOLDER).join("spool"));
            record.claims.clone_from(&claims);
            record.endangers =
                !found.is_empty() || claims.iter().any(|claim| guard::is_own(&claim.reference));
        }
        let repository = Repository::open(&self.location, self.backend())?;
        self.record().spool = Some(own_folder(&repository).join("spool"));
        self.refuse_other_views(&repository)?;
        let mut settings = self.settings(&repository)?;
        self.refuse_foreign_objects(&repository, settings.identity)?;
        {
            let mut record = self.record();
            record.deadline = Some(Duration::from_secs(settings.deadline.unsigned_abs()));
            record.identity = Some(settings.identity.as_str().to_owned());
        }
        let present = repository.references("refs/")?;
        let named = claims.iter().map(|claim| &claim.reference).chain([&settings.policy_ref]);
        let refs = Refs::new(&present, named, |unlisted| repository.dangling(unlisted))?;
        let (updates, wrong) = claims::updates(&claims, &refs)?;
        let policy_ref = refs.behind(&settings.policy_ref)?;
        settings.policy_ref = policy_ref;
        {
            let mut record = self.record();
            record.updates.clone_from(&updates);
            record.endangers |=
                !wrong.is_empty() || updates.iter().any(|update| guard::is_own(&update.reference));
            // Only now, when it is known what is refused in any case.
            record.enforce = Some(settings.enforce);
        }
        found.extend(wrong);
        let mut unlocked = leftovers::unlock(&repository, &updates, self.now);
        unlocked.extend(leftovers::unkeep(&repository, self.location.object_directory.as_deref()));
        let note = |lock: String| format!("removed `{lock}`, which a killed process had left");
        self.record().notes.extend(unlocked.into_iter().map(note));
        let options = options(self.variables);
        self.record().options.clone_from(&options);
        let push = Push { received: self, settings: &settings, updates, options };
        push.judge(repository, present, found)
    }

    fn backend(&self) -> Backend {
        let packs = self.location.object_directory.as_ref().map(|folder| folder.join("pack"));
        let size = |folder: PathBuf| -> Option<u64> {
            let files = std::fs::read_dir(folder).ok()?.filter_map(Result::ok);
            Some(files.filter_map(|file| file.metadata().ok()).map(|about| about.len()).sum())
        };
        if packs.and_then(size).is_some_and(|size| size > LONG) { Backend::Plumbing } else { Backend::Auto }
    }

    /// A namespace or a linked work tree shows other refs than those that are judged.
    fn refuse_other_views(&self, repository: &Repository) -> Result<(), Undecided> {
        let refuse = |message: &str, fix: &str| {
            Err(Undecided(vec![finding("server", State::Error, None, message.to_owned(), fix)]))
        };
        if (self.variables)("GIT_NAMESPACE").is_some() {
            return refuse("pushes through GIT_NAMESPACE are not judged", "push without a namespace");
        }
        if repository.common_dir() != repository.git_dir() {
            return refuse(
                "pushes through a linked work tree are not judged",
                "push to the repository itself",
            );
        }
        Ok(())
    }

    /// git keeps what a push brings in a folder inside the repository's own and reads the rest from there. If the environment
    /// names another place, somebody else has put it there: what it holds would be gone after the push. The forges that keep
    /// repositories in a storage of their own have such places.
    fn refuse_foreign_objects(
        &self,
        repository: &Repository,
        identity: IdentitySource,
    ) -> Result<(), Undecided> {
        if matches!(identity, IdentitySource::Gitlab | IdentitySource::Github) {
            return Ok(());
        }
        let real = |path: &Path| self.location.start.join(path).canonicalize().ok();
        let own = repository.common_dir().join("objects");
        let own = real(&own).unwrap_or(own);
        let alternates = self.location.alternate_object_directories.iter().flat_map(|list| {
            list.as_encoded_bytes().split(|byte| *byte == b':').filter(|path| !path.is_empty())
        });
        // What is not UTF-8, and what git has quoted, is never found, and so refused.
        let alternates = alternates.map(|path| PathBuf::from(String::from_utf8_lossy(path).into_owned()));
        let quarantine = self.location.object_directory.iter().cloned();
        let foreign =
            quarantine.chain(alternates).find(|path| !real(path).is_some_and(|path| path.starts_with(&own)));
        let Some(foreign) = foreign else { return Ok(()) };
        let message = format!(
            "the objects of this push are said to be in `{}`, outside the repository",
            foreign.display()
        );
        let fix = "the operator takes `GIT_*` out of `AcceptEnv` in sshd_config, or lets people in by `bylaws serve`";
        Err(Undecided(vec![finding("server", State::Error, None, message, fix)]))
    }

    fn settings(&self, repository: &Repository) -> Result<Effective, Undecided> {
        let own = own_folder(repository).join("server.toml");
        effective(self.host_settings, &own)
            .map_err(|errors| Undecided::all("the settings of this server cannot be used", &errors))
    }
}

pub(super) fn own_folder(repository: &Repository) -> PathBuf {
    repository.common_dir().join(OWN_FOLDER)
}

/// `git push -o`, as receive-pack exports them (githooks(5), pre-receive). One that is not there is an empty one.
fn options(variables: &Variables<'_>) -> Vec<String> {
    let count = variables("GIT_PUSH_OPTION_COUNT").and_then(|count| count.parse::<usize>().ok()).unwrap_or(0);
    let count = count.min(MOST_OPTIONS);
    (0..count).map(|at| variables(&format!("GIT_PUSH_OPTION_{at}")).unwrap_or_default()).collect()
}

/// More push options than this are not looked at.
const MOST_OPTIONS: usize = 1_000;

/// A verdict that no policy was asked for.
pub(super) fn bare_verdict(policy: Option<PolicyName>, findings: Vec<Finding>) -> Verdict {
    let none = || PolicyName { source: "none".to_owned(), digest: "none".to_owned() };
    let verdict = Verdict::new(policy.unwrap_or_else(none), Vec::new(), Summary::default());
    verdict.with(findings)
}

/// The verdict on a push that could not be judged in time.
pub fn too_late(deadline: Duration) -> Verdict {
    let message = format!("this push could not be judged within {} s", deadline.as_secs());
    let fix = "push fewer commits at once; if they are few, the operator looks at what takes so long, or raises `deadline` in server.toml";
    bare_verdict(None, vec![finding("deadline", State::Error, None, message, fix)])
}

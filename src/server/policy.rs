//! By which policy a push is judged, and whether the policy that it brings may come after it.
//!
//! The policy is read at `policy-ref` as it was before the push, never from the pushed commits: a push that breaks a rule and
//! takes it out is judged by the rule. There are three states:
//!
//! | state | what may happen |
//! |---|---|
//! | in force | what the policy says |
//! | never one | every ref is protected; an operator's push brings the first |
//! | cannot be read, or is gone | every ref is protected; an operator's push to the policy-ref repairs it |

use std::sync::Arc;

use crate::check::RefUpdate;
use crate::config::{self, Environment, LoadedPolicy, PolicySource, Purpose};
use crate::control::finding;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::{Oid, People, RefName};
use crate::git::{GitError, Repository};
use crate::policy::{lint, testing};
use crate::verdict::{Finding, State};

/// Where a policy is in a tree.
pub(super) const FOLDER: &str = ".bylaws";
/// Mistakes that are told of one policy.
const TOLD: usize = 3;

/// What the policy of a repository is.
pub(super) enum Standing {
    /// It loads, and judges; together with the operator's, or that alone.
    InForce {
        loaded: Box<LoadedPolicy>,
        /// Does the repository have one of its own? Until then every ref is protected.
        is_own: bool,
    },
    /// There is none and never was.
    Never,
    /// It cannot be read, or it was there and is gone.
    Broken(Diagnostics),
}

impl Standing {
    /// Who is known.
    pub(super) fn people(&self) -> Arc<People> {
        match self {
            Self::InForce { loaded, .. } => Arc::clone(&loaded.people),
            Self::Never | Self::Broken(_) => Arc::default(),
        }
    }

    /// Which refs lead somewhere.
    pub(super) fn environments(&self) -> &[Environment] {
        match self {
            Self::InForce { loaded, .. } => &loaded.config.environments,
            Self::Never | Self::Broken(_) => &[],
        }
    }
}

/// Reads policies of one repository.
pub(super) struct Policies<'a> {
    pub(super) repository: &'a Repository,
    pub(super) policy_ref: &'a RefName,
    /// The operator's policy.
    pub(super) required: Option<PolicySource<'a>>,
    /// Seconds UTC.
    pub(super) now: i64,
}

impl Policies<'_> {
    /// The policy in force, of the commit that the policy-ref holds; `was_governed`: one was in force before.
    pub(super) fn standing(&self, tip: Option<Oid>, was_governed: bool) -> Result<Standing, GitError> {
        let folder = tip.map(|tip| self.repository.id_at(tip, FOLDER)).transpose()?.flatten();
        let own = tip.filter(|_| folder.is_some());
        if own.is_none() && was_governed {
            return Ok(Standing::Broken(self.gone().into()));
        }
        let shown = format!("{}:{FOLDER}", self.policy_ref);
        Ok(match self.load(own, &shown) {
            Ok(Some(loaded)) => Standing::InForce { loaded: Box::new(loaded), is_own: own.is_some() },
            Ok(None) => Standing::Never,
            Err(mistakes) => Standing::Broken(mistakes),
        })
    }

    fn gone(&self) -> Diagnostic {
        let message = format!("`{}` has no {FOLDER}/ any more, and it had one", self.policy_ref);
        Diagnostic::new(message).help("an operator pushes it again")
    }

    fn load(&self, own: Option<Oid>, shown: &str) -> Result<Option<LoadedPolicy>, Diagnostics> {
        let own = own
            .map(|commit| PolicySource::Tree(self.repository, commit, FOLDER.to_owned(), shown.to_owned()));
        config::load_governed(own, self.required.clone(), self.now, Purpose::All)
    }

    /// What is wrong with the policy that a push brings to the policy-ref, if it does. `tip` is the commit with the policy in
    /// force.
    pub(super) fn proposed_by(
        &self,
        updates: &[RefUpdate],
        tip: Option<Oid>,
    ) -> Result<Vec<Finding>, GitError> {
        let update = updates.iter().find(|update| update.reference == *self.policy_ref);
        update.and_then(|update| update.new).map_or_else(|| Ok(Vec::new()), |new| self.proposed(tip, new))
    }

    /// What is wrong with a policy that is to come into force: it does not load (with too few people for its own
    /// requirements it does not), has mistakes that nobody would see before they are met, or fails its own tests. `from` is
    /// the commit with the policy in force: what is the same as there was looked at when it came.
    fn proposed(&self, from: Option<Oid>, to: Oid) -> Result<Vec<Finding>, GitError> {
        let before = from.map(|from| self.repository.id_at(from, FOLDER)).transpose()?.flatten();
        let after = self.repository.id_at(to, FOLDER)?;
        if after.is_some() && after == before {
            return Ok(Vec::new());
        }
        let loaded = match self.load(Some(to).filter(|_| after.is_some()), FOLDER) {
            Ok(Some(loaded)) if after.is_some() => loaded,
            Ok(_) if before.is_none() => return Ok(Vec::new()),
            Ok(_) => {
                let message = format!(
                    "the push takes {FOLDER}/ away from `{}`, which holds the policy",
                    self.policy_ref
                );
                return Ok(vec![
                    self.denied(message, "a repository under a policy keeps one; change its rules instead"),
                ]);
            }
            Err(mistakes) => return Ok(self.mistaken("does not load", mistakes)),
        };
        let scripts = [loaded.scripts.as_slice(), loaded.tests.as_slice()].concat();
        let linted = lint::lint(&scripts).errors;
        if !linted.is_empty() {
            return Ok(self.mistaken("has mistakes", Diagnostics(linted)));
        }
        Ok(self.tested(&loaded))
    }

    fn tested(&self, loaded: &LoadedPolicy) -> Vec<Finding> {
        match testing::run(loaded.policy.book(), &loaded.tests, None) {
            Err(mistakes) => self.mistaken("has tests that do not run", mistakes),
            Ok(outcomes) => {
                let failed = outcomes.iter().filter_map(|outcome| Some((outcome, outcome.failure.as_ref()?)));
                let failed: Vec<Diagnostic> = failed
                    .map(|(outcome, failure)| {
                        let message = format!("its test `{}` fails: {}", outcome.name, failure.message);
                        Diagnostic::at(failure.place.clone(), message)
                    })
                    .collect();
                if failed.is_empty() {
                    Vec::new()
                } else {
                    self.mistaken("fails its own tests", Diagnostics(failed))
                }
            }
        }
    }

    fn mistaken(&self, how: &str, mistakes: Diagnostics) -> Vec<Finding> {
        let more = mistakes.0.len().saturating_sub(TOLD);
        let told = mistakes.0.iter().take(TOLD).map(|mistake| {
            let place = mistake.place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
            let message = format!("the pushed policy {how}: {place}{}", mistake.message);
            let help = mistake.help.clone().map(|help| format!("{help}; ")).unwrap_or_default();
            self.denied(message, &format!("{help}`bylaws lint` and `bylaws test` tell before a push"))
        });
        let rest = (more > 0).then(|| {
            self.denied(
                format!("the pushed policy {how} in {more} more places"),
                "`bylaws lint` lists all of them",
            )
        });
        told.chain(rest).collect()
    }

    fn denied(&self, message: String, fix: &str) -> Finding {
        finding("policy", State::Violated, Some(self.policy_ref), message, fix)
    }
}

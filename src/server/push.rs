//! One push, judged: who may, by which policy, and what it finds.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::alike::names;
use super::certificate::{self, Certificate, Known, Pushed};
use super::identity::{self, Who};
use super::policy::{FOLDER, Policies, Standing};
use super::receive::{Received, Undecided, bare_verdict, own_folder};
use crate::check::{Check, Destination, Progress, RefUpdate};
use crate::config::{Effective, IdentitySource, LoadedPolicy, PolicySource};
use crate::control::finding;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::{People, Person, RefName};
use crate::git::{Reference, Repository};
use crate::ledger::Pusher;
use crate::verdict::{Decision, Finding, Level, State, Verdict};

/// A push whose settings and updates are known.
pub(super) struct Push<'a> {
    pub(super) received: &'a Received<'a>,
    pub(super) settings: &'a Effective,
    pub(super) updates: Vec<RefUpdate>,
    pub(super) options: Vec<String>,
}

/// Who pushes, as far as that is known.
struct Caller {
    /// An error where the identity source does not say.
    who: Result<Who, Diagnostic>,
    person: Person,
    is_operator: bool,
    people: Arc<People>,
}

impl Push<'_> {
    pub(super) fn judge(
        self,
        repository: Repository,
        present: Vec<Reference>,
        mut found: Vec<Finding>,
    ) -> Result<Verdict, Undecided> {
        let policy_ref = &self.settings.policy_ref;
        let tip = present.iter().find(|one| one.name == *policy_ref).map(|one| one.id);
        let marker = own_folder(&repository).join("governed");
        let required = self.settings.required.as_deref();
        let required = required.map(|folder| PolicySource::Folder(folder, folder.display().to_string()));
        let policies = Policies { repository: &repository, policy_ref, required, now: self.received.now };
        let was_governed = marker.try_exists().map_err(|error| unmarked("read", &marker, &error))?;
        let standing = policies.standing(tip, was_governed)?;
        let (refs, options) = (present, self.options.clone());
        // Rules that take too long are named, which the deadline itself cannot do.
        let until =
            self.received.started + Duration::from_secs(self.settings.deadline.unsigned_abs()) / 5 * 4;
        let policy_ref_too = Some(policy_ref.clone());
        let destination =
            Destination { refs, policy_ref: policy_ref_too, options, is_signed: false, until: Some(until) };
        found.extend(names(&self.updates, &destination, standing.environments()));
        let people = standing.people();
        let certificate = self.certificate(&repository, &people);
        let caller = self.caller(&people, &certificate);
        match standing {
            Standing::InForce { loaded, is_own } => {
                self.received.record().policy = Some(loaded.name.digest.clone());
                let destination =
                    Destination { is_signed: matches!(certificate, Ok(Some(_))), ..destination };
                if is_own {
                    if !was_governed {
                        mark(&marker)?;
                    }
                    let is_protected = |name: &RefName| destination.is_protected(name, &loaded.config);
                    found.extend(self.strangers(&caller, is_protected));
                } else {
                    found.extend(self.first_of_its_own(&caller, &policies)?);
                }
                found.extend(policies.proposed_by(&self.updates, tip)?);
                let verdict = self.by_policy(repository, &loaded, &caller.person, &destination)?.with(found);
                Ok(self.with_glass(verdict))
            }
            Standing::Never => {
                found.extend(self.before_the_first(&caller, &policies)?);
                Ok(bare_verdict(None, found))
            }
            Standing::Broken(mistakes) => {
                found.extend(self.repair(&caller, &policies, &mistakes)?);
                Ok(bare_verdict(None, found))
            }
        }
    }

    /// The push certificate, if there is one. One that counts for nothing is an error, which matters only where the pusher is
    /// whoever signed it.
    fn certificate(
        &self,
        repository: &Repository,
        people: &People,
    ) -> Result<Option<Certificate>, Diagnostic> {
        let claims = self.received.record().claims.clone();
        let (variables, options) = (self.received.variables, self.options.as_slice());
        let pushed = Pushed { variables, claims: &claims, options };
        let known = Known { people, operators: &self.settings.operators, now: self.received.now };
        let read = certificate::read(repository, &pushed, &known);
        let mut record = self.received.record();
        match &read {
            Ok(Some(certificate)) => {
                record.certificate = Some(certificate.text.clone());
                record.notes.push(format!("signed by the key {}", certificate.signer.key.fingerprint()));
            }
            Ok(None) => {}
            Err(why) => record.notes.push(format!("not taken as signed: {}", why.message)),
        }
        read
    }

    fn caller(&self, people: &Arc<People>, certificate: &Result<Option<Certificate>, Diagnostic>) -> Caller {
        let who = identity::who(self.settings.identity, self.received.variables, certificate);
        let person = who.as_ref().map(|who| who.person(people, self.received.now)).unwrap_or_default();
        let is_operator = who.as_ref().is_ok_and(|who| who.is_operator(&self.settings.operators));
        let mut record = self.received.record();
        record.pusher = who.as_ref().ok().map(|who| Pusher {
            login: Some(who.shown()),
            person: person.identity.as_ref().map(|identity| identity.id.clone()),
        });
        Caller { who, person, is_operator, people: Arc::clone(people) }
    }

    /// The updates of protected refs by somebody who is not known, or who cannot be told from others.
    fn strangers(&self, caller: &Caller, is_protected: impl Fn(&RefName) -> bool) -> Vec<Finding> {
        let (message, fix) = match &caller.who {
            Err(why) => (why.message.clone(), why.help.clone().unwrap_or_default()),
            Ok(_) if self.settings.identity == IdentitySource::Unix && !self.settings.trust_shell => (
                "pushers have a shell on the server and can go round any hook".to_owned(),
                "the operator lets people in by `bylaws serve` or http instead, or says trust-shell = true in server.toml"
                    .to_owned(),
            ),
            Ok(who) if caller.person.identity.is_none() => who.unknown(&caller.people),
            Ok(_) => return Vec::new(),
        };
        let protected = self.updates.iter().filter(|update| is_protected(&update.reference));
        protected
            .map(|update| {
                let name = &update.reference;
                let message = format!("`{name}` is protected, and {message}");
                finding("identity", State::Violated, Some(name), message, fix.clone())
            })
            .collect()
    }

    fn by_policy(
        &self,
        repository: Repository,
        loaded: &LoadedPolicy,
        pusher: &Person,
        destination: &Destination,
    ) -> Result<Verdict, Undecided> {
        let repository = repository.with_people(Arc::clone(&loaded.people), self.received.now);
        let check = Check {
            repository: &repository,
            loaded,
            now: self.received.now,
            pusher,
            progress: &Progress::default(),
            tells_impact: false,
            destination: Some(destination),
        };
        let mut verdict = check.updates(&self.updates)?;
        if repository.is_shallow() {
            let message = "this repository is shallow: what was before cannot be looked at";
            let fix = "the operator runs `git fetch --unshallow` in it";
            verdict = verdict.with(vec![finding("server", State::Error, None, message, fix)]);
        }
        Ok(verdict)
    }

    /// Under the operator's policy alone every ref is protected, and the first policy of the repository's own comes from an
    /// operator.
    fn first_of_its_own(&self, caller: &Caller, policies: &Policies<'_>) -> Result<Vec<Finding>, Undecided> {
        let policy_ref = &self.settings.policy_ref;
        let pushed =
            self.updates.iter().find(|update| update.reference == *policy_ref).and_then(|one| one.new);
        let first = pushed.map(|new| policies.repository.id_at(new, FOLDER)).transpose()?.flatten().is_some();
        if caller.is_operator {
            self.by_an_operator("by an operator, before there was a policy of the repository's own");
            return Ok(Vec::new());
        }
        let mut found = self.strangers(caller, |_| true);
        if first {
            let message = format!("the push brings the first {FOLDER}/, and {}", not_an_operator(caller));
            found.push(finding(
                "policy",
                State::Violated,
                Some(policy_ref),
                message,
                "an operator pushes it",
            ));
        }
        Ok(found)
    }

    /// Without a policy every ref is protected, and nobody is known but the operators.
    fn before_the_first(&self, caller: &Caller, policies: &Policies<'_>) -> Result<Vec<Finding>, Undecided> {
        let policy_ref = &self.settings.policy_ref;
        if !caller.is_operator {
            let message = format!("this repository has no policy yet, and {}", not_an_operator(caller));
            let fix = format!("an operator pushes the first one: {FOLDER}/ on `{policy_ref}`");
            return Ok(self.of_each(State::Violated, &message, &fix));
        }
        self.by_an_operator("by an operator, before there was a policy");
        let mut found = policies.proposed_by(&self.updates, None)?;
        let deleted =
            self.updates.iter().find(|update| update.reference == *policy_ref && update.new.is_none());
        found.extend(deleted.map(|_| {
            let message = format!("`{policy_ref}` cannot be deleted: the policy is to be there");
            finding("deletion", State::Violated, Some(policy_ref), message, "push a policy to it")
        }));
        Ok(found)
    }

    /// Where the policy cannot be read nothing can be judged, and only the repair may come.
    fn repair(
        &self,
        caller: &Caller,
        policies: &Policies<'_>,
        mistakes: &Diagnostics,
    ) -> Result<Vec<Finding>, Undecided> {
        let policy_ref = &self.settings.policy_ref;
        let why = mistakes.0.first().map(|mistake| {
            let place = mistake.place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
            format!("{place}{}", mistake.message)
        });
        let broken = format!("the policy of this repository cannot be used: {}", why.unwrap_or_default());
        let fix =
            format!("an operator pushes one that can to `{policy_ref}`; until then every ref is protected");
        if !caller.is_operator {
            return Ok(self.of_each(State::Error, &broken, &fix));
        }
        self.by_an_operator("by an operator, to repair the policy");
        let (repairs, others): (Vec<_>, Vec<_>) =
            self.updates.iter().partition(|update| update.reference == *policy_ref);
        let mut found = Vec::new();
        for update in others {
            found.push(finding("policy", State::Error, Some(&update.reference), broken.clone(), fix.clone()));
        }
        for update in repairs {
            let is_there = match update.new {
                Some(new) => policies.repository.id_at(new, FOLDER)?.is_some(),
                None => false,
            };
            if is_there {
                found.extend(policies.proposed_by(&self.updates, None)?);
            } else {
                found.push(finding("policy", State::Error, Some(policy_ref), broken.clone(), fix.clone()));
            }
        }
        Ok(found)
    }

    /// Somebody in need is told at once that this way is not there.
    fn with_glass(&self, verdict: Verdict) -> Verdict {
        let asked = |option: &String| option == "break-glass" || option.starts_with("break-glass=");
        if verdict.decision == Decision::Allow || !self.options.iter().any(asked) {
            return verdict;
        }
        let message = "this version of bylaws cannot break the glass: the push was judged like any other";
        let fix = "an operator can let it in: enforce = false in server.toml, for as long as it takes";
        let told = finding("break-glass", State::Violated, None, message, fix);
        verdict.with(vec![Finding { level: Level::Advisory, ..told }])
    }

    fn by_an_operator(&self, note: &str) {
        let mut record = self.received.record();
        record.operator = true;
        record.notes.push(note.to_owned());
    }

    fn of_each(&self, state: State, message: &str, fix: &str) -> Vec<Finding> {
        let names = self.updates.iter().map(|update| &update.reference);
        names.map(|name| finding("policy", state, Some(name), message, fix)).collect()
    }
}

fn not_an_operator(caller: &Caller) -> String {
    match &caller.who {
        Ok(who) => format!("`{}` is no operator in server.toml", who.shown()),
        Err(why) => why.message.clone(),
    }
}

/// Notes for good that a policy was in force: that it is gone is then an error.
fn mark(marker: &Path) -> Result<(), Undecided> {
    let made = OpenOptions::new().create(true).append(true).open(marker).and_then(|file| file.sync_all());
    made.map_err(|error| unmarked("write", marker, &error))
}

fn unmarked(what: &str, marker: &Path, error: &std::io::Error) -> Undecided {
    let message = format!("cannot {what} `{}`: {error}", marker.display());
    Undecided::because("this repository cannot be governed", &Diagnostic::new(message))
}

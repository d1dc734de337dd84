//! What a server enforces, what it does not, and why.
//!
//! Git asks for a hook at the moment of a push, and one that is not found is no error to it. So each thing that has to be in
//! place is looked at as git, the hook's account and the host would find it.

mod hooks;
mod left;
mod machine;
mod permission;
mod receiving;
mod rules;
mod shared;
mod supplies;

pub use shared::Shared;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::journal::Journal;
use super::repository::Repository;
use super::{Layout, Outcome, each};
use crate::config::{Effective, SettingOrigin, effective};
use crate::diagnostic::Diagnostics;
use crate::git::Location;
use crate::install::Check;
use crate::install::error::InstallError;

/// What to do where an installation is not as it should be.
const INSTALL: &str = "run `bylaws install --server` on it again";

/// Where the machine tells of itself.
#[derive(Debug, Clone)]
pub struct Machine {
    /// Its accounts, passwd(5).
    pub passwd: PathBuf,
    /// The configuration of its ssh server, sshd_config(5).
    pub sshd_config: PathBuf,
    /// Its file systems, proc(5).
    pub mounts: PathBuf,
}

impl Default for Machine {
    fn default() -> Self {
        Self {
            passwd: super::accounts::PASSWD.into(),
            sshd_config: "/etc/ssh/sshd_config".into(),
            mounts: "/proc/self/mounts".into(),
        }
    }
}

/// Who asks, and when.
#[derive(Debug, Clone)]
pub struct Question {
    /// The program that asks.
    pub binary: PathBuf,
    /// Its version.
    pub version: String,
    /// Seconds UTC: people and keys of a policy come and go.
    pub now: i64,
    /// With which environment git runs.
    pub location: Location,
    /// The machine that is looked at.
    pub machine: Machine,
}

/// What was found in one repository.
#[derive(Debug, Clone)]
pub struct Report {
    /// The layout that was found.
    pub layout: Layout,
    /// What was looked at.
    pub checks: Vec<Check>,
    /// The settings that hold, and where each is from.
    pub settings: Vec<SettingOrigin>,
}

impl Report {
    /// Whether nothing is left unenforced.
    pub fn is_enforced(&self) -> bool {
        self.checks.iter().all(|check| check.ok)
    }
}

/// What is known of a repository while it is looked at.
struct Patient<'a> {
    repository: &'a Repository,
    question: &'a Question,
    layout: Layout,
    journal: Journal,
    settings: Result<Effective, Diagnostics>,
}

impl Patient<'_> {
    fn own(&self, name: &str) -> PathBuf {
        self.repository.folder().join(name)
    }
}

/// Looks at every repository at or below the paths.
pub fn doctor(paths: &[PathBuf], question: &Question) -> Vec<Outcome<Report>> {
    let mut outcomes = each(paths, &question.location, |repository, found| {
        let journal = Journal::read(&repository.folder())?;
        let settings = |host: &Path| effective(host, &repository.folder().join(super::supplies::SETTINGS));
        let identity = settings(Path::new(super::HOST_SETTINGS)).ok().map(|settings| settings.identity);
        let layout = match &journal {
            Some(journal) => journal.layout,
            // That nothing is installed is worth more than that a forge's own hook is not as it was.
            None => Layout::of(repository, found, identity).unwrap_or(Layout::Plain),
        };
        let Some(journal) = journal else {
            let missing = Check::bad("installation", "bylaws is not installed here", INSTALL);
            return Ok(Report { layout, checks: vec![missing], settings: Vec::new() });
        };
        let settings = settings(journal.host_settings.as_deref().unwrap_or(super::HOST_SETTINGS).as_ref());
        look(&Patient { repository, question, layout, journal, settings })
    });
    same_ids(&mut outcomes);
    outcomes
}

fn look(patient: &Patient<'_>) -> Result<Report, InstallError> {
    let mut checks = hooks::checks(patient)?;
    checks.extend(receiving::checks(patient)?);
    checks.extend(rules::checks(patient));
    checks.extend(supplies::checks(patient)?);
    checks.extend(left::check(patient));
    checks.extend(machine::checks(patient)?);
    let settings = patient.settings.as_ref().map(|settings| settings.origins.clone()).unwrap_or_default();
    Ok(Report { layout: patient.layout, checks, settings })
}

/// A copy of a repository has its id too, and then a record of the one passes for one of the other.
fn same_ids(outcomes: &mut [Outcome<Report>]) {
    let id = |path: &Path| {
        let bytes = std::fs::read(path.join("bylaws").join(super::supplies::ID)).ok()?;
        (!bytes.is_empty()).then_some(bytes)
    };
    let mut by_id: HashMap<Vec<u8>, Vec<PathBuf>> = HashMap::new();
    for outcome in outcomes.iter() {
        if let Some(id) = id(&outcome.path) {
            by_id.entry(id).or_default().push(outcome.path.clone());
        }
    }
    for outcome in outcomes {
        let others: Vec<String> = id(&outcome.path)
            .and_then(|id| by_id.get(&id))
            .into_iter()
            .flatten()
            .filter(|path| **path != outcome.path)
            .map(|path| format!("`{}`", path.display()))
            .collect();
        if let (Ok(report), false) = (&mut outcome.result, others.is_empty()) {
            report.checks.push(Check::bad(
                "repository id",
                format!("{} has the same: a record of one passes for one of the other", others.join(", ")),
                "in the copy, move the folder `bylaws` away and run `bylaws install --server` again",
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "git is looked for on the PATH of who runs the tests")]

    use std::fs;

    use super::super::{Options, install};
    use super::*;
    use crate::config::IdentitySource;

    /// A server with governed repositories in `srv`.
    struct Host {
        folder: tempfile::TempDir,
        repositories: Vec<PathBuf>,
    }

    impl Host {
        fn new(names: &[&str]) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let mut host = Self { folder, repositories: Vec::new() };
            for name in names {
                let path = host.path("srv").join(name);
                for part in ["objects/pack", "refs/heads"] {
                    fs::create_dir_all(path.join(part)).unwrap();
                }
                fs::write(path.join("HEAD"), "ref: refs/heads/main\n").unwrap();
                let config = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n";
                fs::write(path.join("config"), config).unwrap();
                host.repositories.push(path);
            }
            fs::write(host.path("bylaws"), "").unwrap();
            let options = Options {
                binary: host.path("bylaws"),
                version: "1.0.0".into(),
                identity: Some(IdentitySource::Ssh),
                host_settings: Some(host.path("host.toml")),
                location: host.location(),
            };
            for outcome in install(&[host.path("srv")], &options) {
                outcome.result.unwrap();
            }
            host
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().canonicalize().unwrap().join(name)
        }

        fn location(&self) -> Location {
            let path = std::env::var_os("PATH").unwrap();
            Location {
                environment: vec![("PATH".into(), path), ("HOME".into(), self.path("home").into())],
                user_config: vec![("GIT_CONFIG_NOSYSTEM".into(), "1".into())],
                ..Location::at(self.path("srv"))
            }
        }

        fn outcomes(&self) -> Vec<Outcome<Report>> {
            let question = Question {
                binary: self.path("bylaws"),
                version: "1.0.0".into(),
                now: 1_800_000_000,
                location: self.location(),
                machine: Machine {
                    passwd: self.path("passwd"),
                    sshd_config: self.path("sshd_config"),
                    mounts: self.path("mounts"),
                },
            };
            doctor(&[self.path("srv")], &question)
        }
    }

    /// Without what depends on how full the disk is on which the test runs.
    fn names(shared: &Shared) -> Vec<&str> {
        shared.checks.iter().map(|check| check.name.as_str()).filter(|name| *name != "space").collect()
    }

    #[test]
    fn what_is_of_the_machine_is_told_from_what_is_of_a_repository() {
        let host = Host::new(&["one.git", "two.git"]);
        fs::write(host.path("sshd_config"), "AcceptEnv GIT_*\n").unwrap();
        fs::write(host.path("host.toml"), "enforce = false\nrequired = \"/nowhere\"\noperators = []\n")
            .unwrap();
        let shared = Shared::of(&host.outcomes());
        assert_eq!(names(&shared), ["program", "operators", "required policy", "storage", "ssh"]);
        let settings: Vec<&str> = shared.settings.iter().map(|one| one.key).collect();
        assert!(settings.contains(&"enforce") && !settings.contains(&"policy-ref"), "{settings:?}");

        // What one repository says itself is its own, also where the other says alike.
        fs::write(host.path("host.toml"), "").unwrap();
        for repository in &host.repositories {
            let file = repository.join("bylaws/server.toml");
            let text = fs::read_to_string(&file).unwrap();
            fs::write(&file, format!("required = \"/nowhere\"\n{text}")).unwrap();
        }
        fs::write(host.path("sshd_config"), "").unwrap();
        let shared = Shared::of(&host.outcomes());
        assert_eq!(names(&shared), ["program", "operators", "storage"]);

        // A mistake in the host's file is one for all.
        fs::write(host.path("host.toml"), "enforces = 1\n").unwrap();
        let shared = Shared::of(&host.outcomes());
        assert!(shared.checks.iter().any(|check| check.name == "settings"), "{shared:?}");
        assert!(shared.settings.is_empty());
    }

    #[test]
    fn push_options_are_advertised_or_not_and_nothing_more_is_claimed() {
        let host = Host::new(&["one.git"]);
        let check = || {
            let report = host.outcomes().remove(0).result.unwrap();
            report.checks.into_iter().find(|check| check.name == "push options").unwrap()
        };
        let good = check();
        assert!(good.ok && good.message.starts_with("advertised: "), "{good:?}");
        let file = host.repositories[0].join("config");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, format!("{text}[receive]\n\tadvertisePushOptions = false\n")).unwrap();
        let bad = check();
        assert!(!bad.ok && bad.message.starts_with("receive.advertisePushOptions is not true"), "{bad:?}");
        for check in [good, bad] {
            assert!(!check.message.contains("glass"), "{check:?}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_killed_processes_left_is_counted_and_stays() {
        let host = Host::new(&["one.git"]);
        let top = &host.repositories[0];
        let report = || host.outcomes().remove(0).result.unwrap();
        let check = || report().checks.into_iter().find(|check| check.name == "leftovers");
        assert_eq!(check(), None);
        // By `age` before the doctor looks.
        let touch = |name: &str, age: u64| {
            let path = top.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_800_000_000 - age);
            if name.ends_with('/') {
                fs::create_dir(&path).unwrap();
            } else {
                fs::write(&path, "").unwrap();
            }
            fs::File::open(&path).unwrap().set_modified(time).unwrap();
        };
        const HOUR: u64 = 3_600;
        // Younger than what nobody has use for any more, or what no push takes out.
        touch("objects/tmp_objdir-incoming-new/", 23 * HOUR);
        touch("refs/heads/new.lock", HOUR / 10);
        touch("config.lock", 90 * HOUR);
        assert_eq!(check(), None);
        touch("objects/tmp_objdir-incoming-old/", 25 * HOUR);
        touch("objects/incoming-older/", 50 * HOUR);
        touch("refs/heads/deep/old.lock", HOUR);
        let found = check().unwrap();
        assert_eq!(
            found.message,
            "killed processes left 1 lock, 2 quarantines; the oldest, 2 days old, is `objects/incoming-older`"
        );
        assert!(found.ok && found.help.unwrap().starts_with("the next push that is let in removes them"));
        crate::server::sweep(top, 1_800_000_000);
        assert_eq!(
            check().unwrap().message,
            "killed processes left 1 lock; the oldest, 60 minutes old, is `refs/heads/deep/old.lock`"
        );
        assert!(top.join("objects/tmp_objdir-incoming-new").is_dir() && top.join("config.lock").is_file());
    }
}

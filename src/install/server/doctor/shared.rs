//! What is true of the whole machine is found in each repository, and has to be said once.

use super::{Outcome, Report};
use crate::config::SettingOrigin;
use crate::install::Check;

/// What was found alike in every governed repository, because it is the machine's. Where one repository differs (it is on another
/// disk, or its hooks run another program), each says its own.
#[derive(Debug, Clone, Default)]
pub struct Shared {
    /// What was looked at.
    pub checks: Vec<Check>,
    /// Settings of the host's file, and those that no file says anything of.
    pub settings: Vec<SettingOrigin>,
}

impl Shared {
    /// Nothing is shared by fewer than two.
    pub fn of(outcomes: &[Outcome<Report>]) -> Self {
        let reports = || outcomes.iter().filter_map(|outcome| outcome.result.as_ref().ok());
        // Where nothing is installed the machine was not looked at.
        let checks = |report: &Report| -> Vec<Check> {
            report.checks.iter().filter(|check| check.of_machine).cloned().collect()
        };
        // None where they cannot be used. A repository names its own file, so two never say alike what is said there.
        let settings = |report: &Report| report.settings.clone();
        Self { checks: alike(reports().map(checks)), settings: alike(reports().map(settings)) }
    }

    /// Is there nothing that all share?
    pub fn is_empty(&self) -> bool {
        self.checks.is_empty() && self.settings.is_empty()
    }
}

/// What is in each list, of those that are not empty, if they are several.
fn alike<T: PartialEq>(lists: impl Iterator<Item = Vec<T>>) -> Vec<T> {
    let mut lists = lists.filter(|list| !list.is_empty());
    let (Some(mut shared), Some(second)) = (lists.next(), lists.next()) else { return Vec::new() };
    for list in std::iter::once(second).chain(lists) {
        shared.retain(|one| list.contains(one));
    }
    shared
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::super::Layout;
    use super::*;

    fn report(checks: &[Check], settings: &[(&'static str, &str)]) -> Outcome<Report> {
        let origin = |(key, from): &(&'static str, &str)| SettingOrigin {
            key,
            value: "1".to_owned(),
            from: (*from).to_owned(),
            remark: None,
        };
        let settings = settings.iter().map(origin).collect();
        let report = Report { layout: Layout::Plain, checks: checks.to_vec(), settings };
        Outcome { path: PathBuf::from("/srv/x.git"), result: Ok(report), left_out: false }
    }

    fn names(checks: &[Check]) -> Vec<&str> {
        checks.iter().map(|check| check.name.as_str()).collect()
    }

    #[test]
    fn what_is_of_the_machine_and_alike_is_taken_once() {
        let program = Check::good("program", "runs").of_machine();
        let ssh = Check::bad("ssh", "lets in", "mend it").of_machine();
        let disk = |kind: &str| Check::good("storage", format!("it is on {kind}")).of_machine();
        let objects = Check::good("objects", "git checks");
        let one = report(
            &[program.clone(), objects.clone(), ssh.clone(), disk("ext4")],
            &[("policy-ref", "/srv/one"), ("enforce", "default"), ("identity", "/etc/host")],
        );
        let two = report(
            &[program, objects, ssh, disk("nfs")],
            &[("policy-ref", "/srv/two"), ("enforce", "/srv/two"), ("identity", "/etc/host")],
        );
        assert!(Shared::of(std::slice::from_ref(&one)).is_empty(), "one repository repeats nothing");
        let absent = report(&[Check::bad("installation", "not installed", "install")], &[]);
        let shared = Shared::of(&[absent, one, two]);
        assert_eq!(names(&shared.checks), ["program", "ssh"]);
        assert_eq!(shared.settings.iter().map(|one| one.key).collect::<Vec<_>>(), ["identity"]);
    }
}

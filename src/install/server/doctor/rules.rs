//! By what a push would be judged: the operator's settings, and the policy.

use super::Patient;
use crate::config::{self, Effective, IdentitySource, PolicySource};
use crate::git::{Backend, Location, Repository};
use crate::install::Check;
use crate::install::server::Layout;
use crate::install::server::supplies::SETTINGS;

pub(super) fn checks(patient: &Patient<'_>) -> Vec<Check> {
    let settings = match &patient.settings {
        Ok(settings) => settings,
        Err(mistakes) => {
            let message = format!("the settings cannot be used, so every push is refused\n{mistakes}");
            let help = "mend them; `bylaws schema server` describes the file";
            return vec![Check::bad("settings", message, help).of_machine()];
        }
    };
    let mut checks = vec![identity(patient, settings)];
    if !settings.enforce {
        checks.push(Check::bad(
            "enforcement",
            "`enforce = false`: what the rules deny is recorded as would-deny, and taken",
            "read what would have been denied, mend it, then take that line out",
        ));
    }
    let (policy, is_there) = policy(patient, settings);
    checks.push(policy);
    let own = patient.own(SETTINGS).display().to_string();
    let is_own = |key: &str| settings.origins.iter().any(|one| one.key == key && one.from == own);
    let of_whom = |check: Check, key: &str| if is_own(key) { check } else { check.of_machine() };
    checks.extend(operators(settings, is_there).map(|check| of_whom(check, "operators")));
    checks.extend(required(patient, settings).map(|check| of_whom(check, "required")));
    checks
}

/// Whether the source can know who pushes, in this layout.
fn identity(patient: &Patient<'_>, settings: &Effective) -> Check {
    let name = "identity";
    let source = settings.identity;
    let word = source.as_str();
    let host = match source {
        IdentitySource::Gitolite => Some(Layout::Gitolite),
        IdentitySource::Gitea => Some(Layout::Gitea),
        IdentitySource::Gitlab => Some(Layout::Gitlab),
        _ => None,
    };
    let fits = match host {
        Some(host) => host == patient.layout,
        // A forge knows its pushers, and runs the hooks as one account; certificates work everywhere.
        None => patient.layout == Layout::Plain || source == IdentitySource::PushCert,
    };
    if !fits {
        let message =
            format!("`{word}` cannot tell who pushes here: the layout is that of {}", patient.layout);
        let right = patient.layout.identity().map_or("ssh, http, push-cert or unix", IdentitySource::as_str);
        return Check::bad(name, message, format!("set `identity` to {right}"));
    }
    if source != IdentitySource::Unix {
        return Check::good(name, format!("`{word}` says who pushes"));
    }
    if settings.trust_shell {
        let message = "whoever pushes has a shell here and can move refs without the hook; `trust-shell` says that this is fine";
        return Check::bad(name, message, "let people push through `bylaws serve`, gitolite or a forge");
    }
    Check::good(name, "`unix`: the account that runs the hook pushes; it could go round the hook")
        .advise("protected refs deny every push until `trust-shell = true`, or another identity source")
}

/// Whether there is a policy that loads; and whether there is one at all.
fn policy(patient: &Patient<'_>, settings: &Effective) -> (Check, bool) {
    let name = "policy";
    let reference = settings.policy_ref.as_str();
    let help = "until an operator has mended it, every ref is protected";
    let location = Location {
        git_dir: Some(patient.repository.path.clone()),
        no_lazy_fetch: true,
        ..patient.repository.location.clone()
    };
    let opened = Repository::open(&location, Backend::Auto);
    let repository = match opened {
        Ok(repository) => repository,
        Err(error) => {
            return (Check::bad(name, format!("the repository cannot be read: {error}"), help), true);
        }
    };
    let tip = match repository.resolve(reference) {
        Ok(tip) => tip,
        Err(_) => {
            let message = format!("`{reference}` does not exist yet, so no rule is in force");
            return (Check::bad(name, message, "an operator pushes it, with a `.bylaws/` folder"), false);
        }
    };
    let shown = format!("{reference}:.bylaws");
    let source = PolicySource::Tree(&repository, tip, ".bylaws".to_owned(), shown.clone());
    match config::load_if_present(source, patient.question.now) {
        Ok(Some(loaded)) => {
            let rules = loaded.policy.rules().count();
            (Check::good(name, format!("{rules} rules are in force, from {shown}")), true)
        }
        Ok(None) => {
            let message = format!("`{reference}` has no `.bylaws/`, so no rule is in force");
            (Check::bad(name, message, "an operator pushes one: `bylaws init` writes a starter"), false)
        }
        Err(mistakes) => (Check::bad(name, format!("the policy does not load\n{mistakes}"), help), true),
    }
}

fn operators(settings: &Effective, has_policy: bool) -> Option<Check> {
    let name = "operators";
    let logins: Vec<&str> = settings.operators.iter().map(|one| one.login.as_str()).collect();
    if !logins.is_empty() {
        return Some(Check::good(
            name,
            format!("{} may push the first policy and repair one", logins.join(", ")),
        ));
    }
    let help = "name them in server.toml: operators = [{ login = \"ada\", ssh = \"ssh-ed25519 AAAA...\" }]";
    Some(if has_policy {
        Check::good(name, "there are none: nobody could repair a policy that cannot be read").advise(help)
    } else {
        Check::bad(
            name,
            "there are none, so nobody can push the first policy and every push is refused",
            help,
        )
    })
}

/// Whether the policy that applies to every repository loads.
fn required(patient: &Patient<'_>, settings: &Effective) -> Option<Check> {
    let name = "required policy";
    let folder = settings.required.as_ref()?;
    let shown = folder.display().to_string();
    let help = "mend it: while it cannot be read every push is refused";
    Some(match config::load_if_present(PolicySource::Folder(folder, shown.clone()), patient.question.now) {
        Ok(Some(loaded)) => {
            Check::good(name, format!("{} rules are in force, from `{shown}`", loaded.policy.rules().count()))
        }
        Ok(None) => Check::bad(name, format!("there is no policy in `{shown}`"), help),
        Err(mistakes) => Check::bad(name, format!("`{shown}` does not load\n{mistakes}"), help),
    })
}

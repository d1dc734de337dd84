//! Who pushes, by the one configured source.

use super::Variables;
use crate::config::{IdentitySource, Operator};
use crate::diagnostic::Diagnostic;
use crate::facts::{People, Person};

/// Who pushes, as the identity source says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who(String);

/// Asks the source.
pub fn who(source: IdentitySource, variables: &Variables<'_>) -> Result<Who, Diagnostic> {
    let variable = match source {
        IdentitySource::Gitolite => "GL_USER",
        IdentitySource::Gitea => "GITEA_PUSHER_NAME",
        IdentitySource::Gitlab => "GL_USERNAME",
        IdentitySource::Github => "GITHUB_USER_LOGIN",
        IdentitySource::Http => "REMOTE_USER",
        _ => "BYLAWS_LOGIN",
    };
    variables(variable).map(Who).ok_or_else(|| Diagnostic::new(format!("`{variable}` says nobody")))
}

impl Who {
    /// As it is recorded.
    pub fn shown(&self) -> String {
        self.0.clone()
    }

    /// The person.
    pub fn person(&self, people: &People, now: i64) -> Person {
        let identity = people.by_login(&self.0).cloned();
        Person { time: now, login: Some(self.0.clone()), identity, ..Person::default() }
    }

    /// Is it one of the operators?
    pub fn is_operator(&self, operators: &[Operator]) -> bool {
        operators.iter().any(|operator| operator.login == self.0)
    }
}

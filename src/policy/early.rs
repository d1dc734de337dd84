//! What a handler sends away at once, told without calling it.
//!
//! Many handlers of files begin with `if file.status != "added" { return; }`, and most files of a history are sent away so.
//! Entering a script takes many times as long as such a test. So where the condition asks for nothing but what is known
//! without reading, it is read from the script once and tried first; what is not understood is left to the script.

use rhai::{ASTFlags, Expr, FnCallExpr, Stmt};

use crate::facts::{File, FileStatus};

/// The condition under which a handler of files returns before it does anything.
#[derive(Debug)]
pub(super) enum Early {
    /// A property that is true or false.
    Is(Flag),
    /// `file.status == "..."`
    Status(&'static str),
    /// `file.mode == file.old_mode`
    SameMode,
    /// `!...`
    Not(Box<Self>),
    /// `... && ...`
    All(Vec<Self>),
    /// `... || ...`
    Any(Vec<Self>),
}

/// A property that is true or false.
type Flag = fn(&File) -> bool;

const FLAGS: [(&str, Flag); 3] = [
    ("is_symlink", |file| file.parts().mode.is_symlink()),
    ("is_submodule", |file| file.parts().mode.is_submodule()),
    ("is_executable", |file| file.parts().mode.is_executable()),
];

impl Early {
    /// Of the body of a handler whose first parameter has a name.
    pub(super) fn of(body: &Expr, subject: &str) -> Option<Self> {
        let Expr::Stmt(block) = body else { return None };
        let Some(Stmt::If(first, _)) = block.statements().first() else { return None };
        let returns = matches!(first.body.statements(), [Stmt::Return(None, flags, _)] if !flags.contains(ASTFlags::BREAK));
        if !returns || !first.branch.is_empty() {
            return None;
        }
        Reader { subject }.test(&first.expr)
    }

    /// Does the handler return at once?
    pub(super) fn holds(&self, file: &File) -> bool {
        match self {
            Self::Is(flag) => flag(file),
            Self::Status(word) => file.parts().status.as_str() == *word,
            Self::SameMode => file.parts().old_mode == Some(file.parts().mode),
            Self::Not(test) => !test.holds(file),
            Self::All(tests) => tests.iter().all(|test| test.holds(file)),
            Self::Any(tests) => tests.iter().any(|test| test.holds(file)),
        }
    }
}

struct Reader<'a> {
    subject: &'a str,
}

impl Reader<'_> {
    fn test(&self, condition: &Expr) -> Option<Early> {
        let all = |tests: &[Expr]| tests.iter().map(|test| self.test(test)).collect::<Option<Vec<_>>>();
        match condition {
            Expr::And(tests, _) => all(tests).map(Early::All),
            Expr::Or(tests, _) => all(tests).map(Early::Any),
            Expr::FnCall(call, _) if call.is_operator_call() => self.operator(call),
            Expr::Dot(..) => {
                let name = self.property(condition)?;
                FLAGS.iter().find(|(flag, _)| *flag == name).map(|(_, flag)| Early::Is(*flag))
            }
            _ => None,
        }
    }

    fn operator(&self, call: &FnCallExpr) -> Option<Early> {
        match (call.name.as_str(), call.args.as_slice()) {
            ("!", [test]) => Some(Early::Not(Box::new(self.test(test)?))),
            ("==", [left, right]) => self.equal(left, right),
            ("!=", [left, right]) => Some(Early::Not(Box::new(self.equal(left, right)?))),
            _ => None,
        }
    }

    fn equal(&self, left: &Expr, right: &Expr) -> Option<Early> {
        match (self.property(left)?, right) {
            ("status", Expr::StringConstant(word, _)) => {
                FileStatus::WORDS.into_iter().find(|known| *known == word.as_str()).map(Early::Status)
            }
            ("mode", right) if self.property(right) == Some("old_mode") => Some(Early::SameMode),
            _ => None,
        }
    }

    /// The property of the subject that an expression is.
    fn property<'e>(&self, expression: &'e Expr) -> Option<&'e str> {
        let Expr::Dot(pair, ..) = expression else { return None };
        match (&pair.lhs, &pair.rhs) {
            (Expr::Variable(variable, ..), Expr::Property(property, _)) if variable.1 == self.subject => {
                Some(property.2.as_str())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::Subject;
    use super::super::tests::{commit, judge, policy, script};
    use crate::facts::{EntryMode, FileParts, NoStore};

    use super::*;

    const UNDERSTOOD: [&str; 8] = [
        "file.is_symlink",
        "!file.is_symlink || file.status == \"deleted\"",
        "file.status != \"added\" && file.status != \"renamed\" && file.status != \"copied\"",
        "file.mode == file.old_mode",
        "file.mode != file.old_mode",
        "!(file.is_executable && file.status == \"modified\")",
        "file.is_submodule",
        "!!file.is_executable",
    ];

    fn rule_with(body: &str) -> String {
        format!("rule(\"r\", #{{ title: \"t\", why: \"w\", file: |file| {{ {body} }} }});")
    }

    fn files() -> Vec<Arc<File>> {
        let statuses = [
            FileStatus::Added,
            FileStatus::Modified,
            FileStatus::Deleted,
            FileStatus::Renamed,
            FileStatus::Copied,
        ];
        let modes = [0o100_644, 0o100_755, 0o120_000, 0o160_000].map(EntryMode);
        let olds = || std::iter::once(None).chain(modes.into_iter().map(Some));
        let each = statuses.into_iter().flat_map(|status| {
            modes.into_iter().flat_map(move |mode| olds().map(move |old_mode| (status, mode, old_mode)))
        });
        each.map(|(status, mode, old_mode)| {
            let parts = FileParts {
                path: "a".into(),
                old_path: None,
                status,
                mode,
                old_mode,
                id: None,
                old_id: None,
            };
            Arc::new(File::new(parts, Arc::new(NoStore)))
        })
        .collect()
    }

    #[test]
    fn what_is_told_without_a_call_is_what_the_call_says() {
        for condition in UNDERSTOOD {
            let early = policy(&[script(
                "r",
                &rule_with(&format!("if {condition} {{ return; }} file.finding(\"m\")")),
            )]);
            let called = policy(&[script(
                "r",
                &rule_with(&format!("let n = 0; if {condition} {{ return; }} file.finding(\"m\")")),
            )]);
            for file in files() {
                let commit = commit("subject");
                let subject = Subject::File(&commit, &file);
                assert_eq!(
                    judge(&early, subject).len(),
                    judge(&called, subject).len(),
                    "{condition}: {file:?}"
                );
            }
        }
    }

    fn early(body: &str) -> Option<bool> {
        let policy = policy(&[script("r", &rule_with(body))]);
        let rule = policy.book().rules.first().unwrap();
        rule.handlers.file.as_ref().unwrap().early().map(|early| early.holds(&files()[0]))
    }

    #[test]
    fn a_condition_of_facts_at_hand_is_understood() {
        for condition in UNDERSTOOD {
            assert!(early(&format!("if {condition} {{ return; }} 1")).is_some(), "{condition}");
        }
        assert_eq!(early("if file.status == \"added\" { return; }"), Some(true));
        assert_eq!(early("if file.status != \"added\" { return; }"), Some(false));
    }

    #[test]
    fn what_is_not_understood_is_left_to_the_script() {
        for body in [
            "if file.is_symlink { return 1; }",
            "if file.is_symlink { throw; }",
            "if file.is_symlink { file.finding(\"m\"); return; }",
            "if file.is_symlink { return; } else { 1 }",
            "if file.is_symlink && file.size > 0 { return; }",
            "if file.status == \"moved\" { return; }",
            "if file.is_binary { return; }",
            "if file.old_mode == () { return; }",
            "let file = #{ is_symlink: true }; if file.is_symlink { return; }",
        ] {
            assert_eq!(early(body), None, "{body}");
        }
    }
}

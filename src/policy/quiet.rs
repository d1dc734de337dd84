//! What a handler has nothing to say about, told without calling it.
//!
//! Most subjects break no rule, and entering a script takes many times as long as the tests that it makes of one. So the
//! statements that a handler begins with are read from the script once: as long as they only name texts of the subject, return,
//! or are conditions behind which something would be done, they are gone through here. A handler that comes to its end this way
//! has found nothing. Whatever is not understood, and every condition that holds, is left to the script.

use std::collections::HashMap;

use rhai::{ASTFlags, BinaryExpr, Dynamic, Expr, FnCallExpr, ImmutableString, Module, Shared, Stmt};

use super::Subject;
use super::api::Pattern;
use crate::facts::{Commit, File, FileStatus};

/// The statements that a handler begins with, as far as they are understood.
#[derive(Debug)]
pub(super) struct Quiet {
    steps: Vec<Step>,
    /// Are these all?
    is_whole: bool,
}

#[derive(Debug)]
enum Step {
    /// `if ... { return; }`
    ReturnsIf(Test),
    /// `if ... { }` with anything else in it.
    ActsIf(Test),
}

/// A condition. Of two facts the second is looked at only where the script would.
#[derive(Debug)]
enum Test {
    /// A property of a file that is true or false.
    IsFile(IsFile),
    /// A property of a commit that is true or false.
    IsCommit(IsCommit),
    /// `file.status == "..."`
    Status(&'static str),
    /// `file.mode == file.old_mode`
    SameMode,
    /// `pattern.is_match(...)`
    Matches(Pattern, Text),
    /// `text.starts_with("...")` and its like.
    Has(HasPart, Text, ImmutableString),
    /// `text == text`
    SameText(Text, Text),
    /// `number < number` and its like.
    Compares(Compare, Number, Number),
    /// `!...`
    Not(Box<Self>),
    /// `... && ...`
    All(Vec<Self>),
    /// `... || ...`
    Any(Vec<Self>),
}

/// A text.
#[derive(Debug, Clone)]
enum Text {
    Of(TextOf),
    Constant(ImmutableString),
}

/// A number.
#[derive(Debug)]
enum Number {
    Constant(i64),
    /// `text.len`, in characters.
    Length(Text),
    /// `params.name`, where that is a number.
    Param(ImmutableString),
}

type IsFile = fn(&File) -> bool;
type IsCommit = fn(&Commit) -> bool;
type TextOf = fn(&Commit) -> &str;
type HasPart = fn(&str, &str) -> bool;
type Compare = fn(&i64, &i64) -> bool;

const OF_FILES: [(&str, IsFile); 3] = [
    ("is_symlink", |file| file.parts().mode.is_symlink()),
    ("is_submodule", |file| file.parts().mode.is_submodule()),
    ("is_executable", |file| file.parts().mode.is_executable()),
];

const OF_COMMITS: [(&str, IsCommit); 2] = [("is_merge", Commit::is_merge), ("is_draft", Commit::is_draft)];

const TEXTS: [(&[&str], TextOf); 7] = [
    (&["subject"], Commit::subject),
    (&["body"], Commit::body),
    (&["message"], |commit| &commit.parts().message),
    (&["author", "name"], |commit| &commit.parts().author.name),
    (&["author", "email"], |commit| &commit.parts().author.email),
    (&["committer", "name"], |commit| &commit.parts().committer.name),
    (&["committer", "email"], |commit| &commit.parts().committer.email),
];

const METHODS: [(&str, HasPart); 3] = [
    ("starts_with", |text, part| text.starts_with(part)),
    ("ends_with", |text, part| text.ends_with(part)),
    ("contains", |text, part| text.contains(part)),
];

const COMPARISONS: [(&str, Compare); 6] =
    [("==", i64::eq), ("!=", i64::ne), ("<", i64::lt), ("<=", i64::le), (">", i64::gt), (">=", i64::ge)];

/// What a name stands for.
#[derive(Clone)]
enum Known {
    Subject,
    Params,
    Pattern(Pattern),
    Text(Text),
    Other,
}

impl Quiet {
    /// Of the body of a handler: `names` are those of what it captured, then of the subject and the parameters. `None` where
    /// nothing of it is understood.
    pub(super) fn of(
        body: &Expr,
        names: &[ImmutableString],
        captured: &[Dynamic],
        lib: &[Shared<Module>],
    ) -> Option<Self> {
        let Expr::Stmt(block) = body else { return None };
        let known = captured.iter().map(|value| match value.read_lock::<Pattern>() {
            Some(pattern) => Known::Pattern(pattern.clone()),
            None => Known::Other,
        });
        let known = known.chain([Known::Subject, Known::Params]);
        let names = names.iter().map(ImmutableString::as_str).zip(known).collect();
        let mut reader = Reader { names, lib };
        let (mut steps, mut is_whole) = (Vec::new(), true);
        for statement in block.statements() {
            match reader.step(statement) {
                Some(step) => steps.extend(step),
                None => {
                    is_whole = false;
                    break;
                }
            }
        }
        (!steps.is_empty()).then_some(Self { steps, is_whole })
    }

    /// Is it told by the facts at hand that the handler does nothing?
    pub(super) fn holds(&self, subject: Subject<'_>, params: &Dynamic) -> bool {
        let at = At { subject, params };
        for step in &self.steps {
            match step {
                Step::ReturnsIf(test) => match at.holds(test) {
                    Some(true) => return true,
                    Some(false) => {}
                    None => return false,
                },
                Step::ActsIf(test) if at.holds(test) == Some(false) => {}
                Step::ActsIf(_) => return false,
            }
        }
        self.is_whole
    }
}

/// Where a condition is looked at.
struct At<'a> {
    subject: Subject<'a>,
    params: &'a Dynamic,
}

impl At<'_> {
    /// `None` where only the script can tell.
    fn holds(&self, test: &Test) -> Option<bool> {
        Some(match test {
            Test::IsFile(is) => is(self.file()?),
            Test::IsCommit(is) => is(self.commit()?),
            Test::Status(word) => self.file()?.parts().status.as_str() == *word,
            Test::SameMode => {
                let parts = self.file()?.parts();
                parts.old_mode == Some(parts.mode)
            }
            Test::Matches(pattern, text) => pattern.matches(self.text(text)?)?,
            Test::Has(has, text, part) => has(self.text(text)?, part),
            Test::SameText(left, right) => self.text(left)? == self.text(right)?,
            Test::Compares(compare, left, right) => compare(&self.number(left)?, &self.number(right)?),
            Test::Not(test) => !self.holds(test)?,
            Test::All(tests) => self.first(tests, false)?,
            Test::Any(tests) => self.first(tests, true)?,
        })
    }

    /// `is`, as soon as a test says so.
    fn first(&self, tests: &[Test], is: bool) -> Option<bool> {
        for test in tests {
            if self.holds(test)? == is {
                return Some(is);
            }
        }
        Some(!is)
    }

    fn file(&self) -> Option<&File> {
        if let Subject::File(_, file) = self.subject { Some(file) } else { None }
    }

    fn commit(&self) -> Option<&Commit> {
        if let Subject::Commit(commit) = self.subject { Some(commit) } else { None }
    }

    fn text<'t>(&'t self, text: &'t Text) -> Option<&'t str> {
        match text {
            Text::Of(of) => Some(of(self.commit()?)),
            Text::Constant(text) => Some(text),
        }
    }

    fn number(&self, number: &Number) -> Option<i64> {
        match number {
            Number::Constant(number) => Some(*number),
            Number::Length(text) => i64::try_from(self.text(text)?.chars().count()).ok(),
            Number::Param(name) => self.params.as_map_ref().ok()?.get(name.as_str())?.as_int().ok(),
        }
    }
}

/// A link of `a.b.c(d)`.
#[derive(Clone, Copy)]
enum Link<'e> {
    Property(&'e str),
    Method(&'e FnCallExpr),
}

struct Reader<'a> {
    names: HashMap<&'a str, Known>,
    lib: &'a [Shared<Module>],
}

impl<'e> Reader<'e> {
    /// What a statement does to the subject: nothing in itself, or a step; `None` if it is not understood.
    fn step(&mut self, statement: &'e Stmt) -> Option<Option<Step>> {
        match statement {
            Stmt::Noop(_) => Some(None),
            Stmt::Var(declared, ..) => {
                let (name, value, _) = declared.as_ref();
                let text = self.text(value)?;
                self.names.insert(name.name.as_str(), Known::Text(text));
                Some(None)
            }
            Stmt::If(flow, _) if flow.branch.is_empty() => {
                let test = self.test(&flow.expr)?;
                let returns = matches!(flow.body.statements(), [Stmt::Return(None, flags, _)] if !flags.contains(ASTFlags::BREAK));
                Some(Some(if returns { Step::ReturnsIf(test) } else { Step::ActsIf(test) }))
            }
            _ => None,
        }
    }

    fn test(&self, condition: &Expr) -> Option<Test> {
        let all = |tests: &[Expr]| tests.iter().map(|test| self.test(test)).collect::<Option<Vec<_>>>();
        match condition {
            Expr::And(tests, _) => all(tests).map(Test::All),
            Expr::Or(tests, _) => all(tests).map(Test::Any),
            Expr::FnCall(call, _) if call.is_operator_call() => self.operator(call),
            Expr::Dot(..) => self.asked(condition),
            _ => None,
        }
    }

    /// A property or a method that says yes or no.
    fn asked(&self, condition: &Expr) -> Option<Test> {
        let (root, links) = self.chain(condition)?;
        match (root, links.as_slice()) {
            (Known::Subject, [Link::Property(name)]) => {
                let of_file = named(&OF_FILES, name).map(Test::IsFile);
                of_file.or_else(|| named(&OF_COMMITS, name).map(Test::IsCommit))
            }
            (Known::Pattern(pattern), [Link::Method(call)]) if self.is_native(call, "is_match") => {
                match call.args.as_slice() {
                    [text] => Some(Test::Matches(pattern, self.text(text)?)),
                    _ => None,
                }
            }
            (root, [path @ .., Link::Method(call)]) => {
                let has = named(&METHODS, &call.name).filter(|_| self.is_native(call, &call.name))?;
                match call.args.as_slice() {
                    [Expr::StringConstant(part, _)] => {
                        Some(Test::Has(has, text_of(root, path)?, part.clone()))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Is it a call of our own method, which no function of the script hides?
    fn is_native(&self, call: &FnCallExpr, name: &str) -> bool {
        let hides = |lib: &Shared<Module>| (0..=2).any(|params| lib.get_script_fn(name, params).is_some());
        call.name == name
            && call.namespace.is_empty()
            && !call.capture_parent_scope
            && !self.lib.iter().any(hides)
    }

    fn operator(&self, call: &FnCallExpr) -> Option<Test> {
        match (call.name.as_str(), call.args.as_slice()) {
            ("!", [test]) => Some(Test::Not(Box::new(self.test(test)?))),
            (name, [left, right]) => {
                let compares = || {
                    let compare = named(&COMPARISONS, name)?;
                    Some(Test::Compares(compare, self.number(left)?, self.number(right)?))
                };
                let same = || self.same(left, right);
                match name {
                    "==" => same().or_else(compares),
                    "!=" => same().map(|test| Test::Not(Box::new(test))).or_else(compares),
                    _ => compares(),
                }
            }
            _ => None,
        }
    }

    fn same(&self, left: &Expr, right: &Expr) -> Option<Test> {
        if let (Some(left), Some(right)) = (self.text(left), self.text(right)) {
            return Some(Test::SameText(left, right));
        }
        match (self.property(left)?, right) {
            ("status", Expr::StringConstant(word, _)) => {
                FileStatus::WORDS.into_iter().find(|known| *known == word.as_str()).map(Test::Status)
            }
            ("mode", right) if self.property(right) == Some("old_mode") => Some(Test::SameMode),
            ("conventional", Expr::Unit(_)) => Some(Test::IsCommit(|commit| commit.conventional().is_none())),
            _ => None,
        }
    }

    /// The property of the subject that an expression is.
    fn property<'x>(&self, expression: &'x Expr) -> Option<&'x str> {
        match self.chain(expression)? {
            (Known::Subject, links) => match links.as_slice() {
                [Link::Property(name)] => Some(name),
                _ => None,
            },
            _ => None,
        }
    }

    fn text(&self, expression: &Expr) -> Option<Text> {
        if let Expr::StringConstant(text, _) = expression {
            return Some(Text::Constant(text.clone()));
        }
        let (root, links) = self.chain(expression)?;
        text_of(root, &links)
    }

    fn number(&self, expression: &Expr) -> Option<Number> {
        if let Expr::IntegerConstant(number, _) = expression {
            return Some(Number::Constant(*number));
        }
        let (root, links) = self.chain(expression)?;
        match (root, links.as_slice()) {
            (Known::Params, [Link::Property(name)]) => Some(Number::Param((*name).into())),
            (root, [path @ .., Link::Property("len")]) => Some(Number::Length(text_of(root, path)?)),
            _ => None,
        }
    }

    /// What `a.b.c` begins with, and what follows.
    fn chain<'x>(&self, expression: &'x Expr) -> Option<(Known, Vec<Link<'x>>)> {
        let (first, mut rest) = match expression {
            Expr::Dot(pair, flags, _) if !flags.contains(ASTFlags::NEGATED) => (&pair.lhs, Some(&pair.rhs)),
            _ => (expression, None),
        };
        let Expr::Variable(variable, ..) = first else { return None };
        let known = self.names.get(variable.1.as_str()).filter(|_| variable.2.is_empty())?.clone();
        let mut links = Vec::new();
        while let Some(expression) = rest {
            let (link, behind) = match expression {
                Expr::Dot(pair, flags, _) if !flags.contains(ASTFlags::NEGATED) => {
                    let BinaryExpr { lhs, rhs } = pair.as_ref();
                    (lhs, Some(rhs))
                }
                _ => (expression, None),
            };
            links.push(match link {
                Expr::Property(property, _) => Link::Property(property.2.as_str()),
                Expr::MethodCall(call, _) => Link::Method(call),
                _ => return None,
            });
            rest = behind;
        }
        Some((known, links))
    }
}

/// The text that a chain of properties is.
fn text_of(root: Known, links: &[Link<'_>]) -> Option<Text> {
    match (root, links) {
        (Known::Text(text), []) => Some(text),
        (Known::Subject, links) => {
            let is = |path: &[&str]| {
                path.len() == links.len()
                    && path
                        .iter()
                        .zip(links)
                        .all(|(name, link)| matches!(link, Link::Property(one) if one == name))
            };
            TEXTS.iter().find(|(path, _)| is(path)).map(|(_, of)| Text::Of(*of))
        }
        _ => None,
    }
}

fn named<T: Copy>(all: &[(&str, T)], name: &str) -> Option<T> {
    all.iter().find(|(known, _)| *known == name).map(|(_, what)| *what)
}

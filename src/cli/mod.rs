//! The command line: one file a command. Alone touches arguments, standard streams, the environment and the clock.

mod arguments;
mod check;
mod completions;
mod docs;
mod editors;
mod environment;
mod files;
mod hook;
mod init;
mod install;
mod lint;
mod operator;
mod output;
mod progress;
mod receive;
mod replay;
mod rules;
mod serve;
mod session;
mod test;

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Instant;

use arguments::{Arguments, Command, Format};
use environment::Environment;

use crate::diagnostic::Diagnostic;
use crate::git::GitError;
use crate::install::InstallError;
use crate::report::clean;
use crate::verdict::Decision;

/// How a run ended; the exit status of DESIGN.md section 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: allowed or satisfied.
    Allowed,
    /// 1: denied or violated at a mandatory level.
    Denied,
    /// 2: could not decide, or wrong use.
    Undecided,
    /// Another hook's own status, passed on.
    Other(u8),
}

impl Exit {
    /// The number that the process ends with.
    pub fn status(self) -> u8 {
        match self {
            Self::Allowed => 0,
            Self::Denied => 1,
            Self::Undecided => 2,
            Self::Other(status) => status,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.status().into()
    }
}

impl From<Decision> for Exit {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Allow => Self::Allowed,
            Decision::Deny => Self::Denied,
            Decision::Error => Self::Undecided,
        }
    }
}

/// Parses the arguments and runs the command. `started` is when the process began. Scripts may be run: call it where
/// [`crate::policy::with_stack`] has made room.
///
/// # Errors
/// Whatever could not be done; the caller shows it and exits with 2.
pub fn run(arguments: impl IntoIterator<Item = OsString>, started: Instant) -> anyhow::Result<Exit> {
    let arguments = match Arguments::parse(arguments.into_iter().collect()) {
        Ok(arguments) => arguments,
        Err(error) => {
            let exit = if error.use_stderr() { Exit::Undecided } else { Exit::Allowed };
            error.print()?;
            return Ok(exit);
        }
    };
    let environment = Environment::of_process(started)?;
    dispatch(&arguments, &environment)
}

fn dispatch(arguments: &Arguments, environment: &Environment) -> anyhow::Result<Exit> {
    let common = &arguments.common;
    has_format(&arguments.command, common.format)?;
    match &arguments.command {
        Command::Init(command) => init::run(command, common, environment),
        Command::Install(command) if !command.server.paths.is_empty() => {
            operator::install(command, common, environment)
        }
        Command::Install(command) => install::install(command, common, environment),
        Command::Uninstall(server) if !server.paths.is_empty() => {
            operator::uninstall(server, common, environment)
        }
        Command::Uninstall(_) => install::uninstall(common, environment),
        Command::Doctor(server) if !server.paths.is_empty() => operator::doctor(server, common, environment),
        Command::Doctor(_) => install::doctor(common, environment),
        Command::Check(command) => check::run(command, common, environment),
        Command::Rules(command) => rules::run(command, common, environment),
        Command::Replay(command) => replay::run(command, common, environment),
        Command::Test(command) => test::run(command, common, environment),
        Command::Docs(command) => docs::run(command, common, environment),
        Command::Lint(command) => lint::run(command, common, environment),
        Command::Serve(command) => serve::run(command, environment),
        Command::Hook(command) => hook::run(command, common, environment),
        Command::Schema(command) => editors::schema(command, common, environment),
        Command::Definitions(command) => editors::definitions(command, common, environment),
        Command::Completions(command) => completions::completions(command),
        Command::Man => completions::man(),
    }
}

/// Nobody gets another form of output than the one asked for: a program may be reading it.
fn has_format(command: &Command, format: Format) -> Result<(), Diagnostic> {
    let formats = command.formats();
    if formats.contains(&format) {
        return Ok(());
    }
    let has: Vec<String> = formats.iter().map(|format| format!("`{}`", format.word())).collect();
    let message = format!("this command has no output in the format `{}`", format.word());
    Err(Diagnostic::new(message).help(format!("it has {}", has.join(" and "))))
}

/// An error as people see it: what, where, and what to do.
pub fn shown(error: &anyhow::Error) -> String {
    let located = error.to_string();
    let text = if located.starts_with("error") { located } else { format!("error: {error:#}") };
    let help = error.chain().find_map(|cause| {
        let of_git = cause.downcast_ref::<GitError>().map(|error| &error.hint);
        of_git.or_else(|| cause.downcast_ref::<InstallError>().map(|error| &error.hint))?.as_deref()
    });
    let lines: Vec<String> = text.lines().map(clean).collect();
    help.map_or_else(|| lines.join("\n"), |help| format!("{}\n  = help: {}", lines.join("\n"), clean(help)))
}

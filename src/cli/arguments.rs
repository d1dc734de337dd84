//! What may be typed. What it means is each command's to say.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::{ConfigFile, IdentitySource};

/// Git hooks and policy as code: check commits with sandboxed Rhai rules, in hooks, in CI and on the server.
#[derive(Debug, Parser)]
#[command(name = "bylaws", version, max_term_width = 100, propagate_version = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
    #[command(flatten)]
    pub(super) common: Common,
}

impl Arguments {
    /// Parses what was typed.
    ///
    /// # Errors
    /// For wrong use, and to show help or the version.
    pub(super) fn parse(words: Vec<OsString>) -> Result<Self, clap::Error> {
        Self::of_shim(&words).map_or_else(|| Self::try_parse_from(words), Ok)
    }

    /// `bylaws hook NAME ARGUMENT...`, as the shims call it, is known without the grammar of all commands: to build that takes
    /// a tenth of what a hook may.
    fn of_shim(words: &[OsString]) -> Option<Self> {
        let is_option = |word: &OsString| word.as_encoded_bytes().starts_with(b"-");
        let (words, option) = match words {
            [program, command, option, value, rest @ ..] if is_option(option) => {
                ([&[program.clone(), command.clone()], rest].concat(), Some((option.to_str()?, value)))
            }
            _ => (words.to_vec(), None),
        };
        let (also, host_settings) = match option {
            None => (None, None),
            Some(("--also", hook)) => (Some(hook.to_str()?.to_owned()), None),
            Some(("--host-settings", file)) => (None, Some(PathBuf::from(file))),
            Some(_) => return None,
        };
        let [_, command, name, arguments @ ..] = words.as_slice() else { return None };
        if command != "hook" || is_option(name) || arguments.iter().any(is_option) {
            return None;
        }
        let hook =
            Hook { host_settings, also, name: name.to_str()?.to_owned(), arguments: arguments.to_vec() };
        Some(Self { command: Command::Hook(hook), common: Common::default() })
    }
}

/// Options of every command.
#[derive(Debug, Args, Default)]
pub(super) struct Common {
    /// Work as if started in DIR
    #[arg(short = 'C', value_name = "DIR", global = true)]
    pub(super) folder: Option<PathBuf>,
    /// Judge by this policy: a .bylaws folder, or REV:PATH
    #[arg(long, value_name = "DIR|REV:PATH", global = true)]
    pub(super) policy: Option<String>,
    /// The form of the report
    #[arg(long, value_enum, default_value_t, global = true)]
    pub(super) format: Format,
    /// Say only what denies
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Say more
    #[arg(short, long, global = true)]
    pub(super) verbose: bool,
    /// Read git in this way (for comparing the two)
    #[arg(long, value_enum, hide = true, default_value_t, global = true)]
    pub(super) backend: Backend,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Default)]
pub(super) enum Format {
    /// For people
    #[default]
    Human,
    /// One JSON object
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// JUnit's XML, for CI servers
    Junit,
    /// Annotations of GitHub Actions
    Github,
    /// GitLab's Code Quality report
    Gitlab,
}

impl Format {
    /// Those of a report on findings.
    const OF_FINDINGS: &[Self] =
        &[Self::Human, Self::Json, Self::Sarif, Self::Junit, Self::Github, Self::Gitlab];
    /// Those of tests that ran.
    const OF_TESTS: &[Self] = &[Self::Human, Self::Json, Self::Junit];
    /// Those of a list.
    const OF_LISTS: &[Self] = &[Self::Human, Self::Json];

    /// The word that is typed for it.
    pub(super) fn word(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Default)]
pub(super) enum Backend {
    #[default]
    Auto,
    Git2,
    Git,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Write a commented starter policy into .bylaws/
    Init(Init),
    /// Install the hooks in this repository, or on a server; hooks that are there already go on running
    Install(Install),
    /// Take the hooks out again, byte for byte
    Uninstall(OnServer),
    /// Say what is enforced here, or on a server, what is not, and why
    Doctor(OnServer),
    /// Run the rules on commits, staged files or a message
    Check(Check),
    /// List the rules in force, or show one whole
    Rules(Rules),
    /// Run the tests of the rules
    Test(Test),
    /// Say what the rules would have decided for past commits
    Replay(Replay),
    /// Write the policy in force as a document for people
    Docs(Docs),
    /// Find mistakes in rules, tests and configuration without running anything
    Lint(Lint),
    /// Serve git alone to LOGIN: the forced command of a key in authorized_keys
    Serve(Serve),
    /// What an installed hook calls
    Hook(Hook),
    /// Write the JSON Schema of bylaws.toml, people.toml or server.toml, for editors
    Schema(Schema),
    /// Write a Rhai definition file of everything that rules can name, for editors
    Definitions(Definitions),
    /// Write a completion script for a shell
    Completions(Completions),
    /// Write the manual page
    Man,
}

impl Command {
    /// The forms that its output can have; any other is refused.
    pub(super) fn formats(&self) -> &'static [Format] {
        match self {
            Self::Replay(replay) if replay.compare.is_some() => Format::OF_LISTS,
            Self::Check(_) | Self::Hook(_) | Self::Replay(_) => Format::OF_FINDINGS,
            Self::Test(_) => Format::OF_TESTS,
            Self::Rules(_) | Self::Doctor(_) | Self::Lint(_) => Format::OF_LISTS,
            Self::Init(_)
            | Self::Install(_)
            | Self::Uninstall(_)
            | Self::Docs(_)
            | Self::Serve(_)
            | Self::Schema(_)
            | Self::Definitions(_)
            | Self::Completions(_)
            | Self::Man => &[Format::Human],
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct Init {
    /// A shipped rule set to extend (may be given again)
    #[arg(long = "set", value_name = "NAME")]
    pub(super) sets: Vec<String>,
    /// Replace files that are there
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Debug, Args)]
pub(super) struct Install {
    /// Only this hook (may be given again)
    #[arg(long = "hook", value_name = "NAME", conflicts_with = "paths")]
    pub(super) hooks: Vec<String>,
    #[command(flatten)]
    pub(super) server: OnServer,
    /// Who says who pushes, where that cannot be seen
    #[arg(long, value_name = "SOURCE", requires = "paths", value_parser = IdentitySource::WORDS)]
    pub(super) identity: Option<String>,
    /// The settings of the whole host, if they are not in /etc/bylaws/server.toml
    #[arg(long, value_name = "FILE", requires = "paths")]
    pub(super) host_settings: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct OnServer {
    /// On a server: these bare repositories, and all in these folders
    #[arg(long = "server", value_name = "PATH", num_args = 1..)]
    pub(super) paths: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Check {
    /// Commits: A..B, or a revision alone for that commit; default: what is staged, else what no remote has
    #[arg(value_name = "RANGE|REV", conflicts_with_all = ["staged", "message", "all"])]
    pub(super) revisions: Vec<String>,
    /// What is staged
    #[arg(long, conflicts_with_all = ["message", "all"])]
    pub(super) staged: bool,
    /// A commit message in FILE (- for standard input), for the commit about to be made
    #[arg(long, value_name = "FILE", conflicts_with = "all")]
    pub(super) message: Option<PathBuf>,
    /// The whole history of HEAD
    #[arg(long)]
    pub(super) all: bool,
    /// Judge as the server would judge a push to this ref, by its policy as last fetched
    #[arg(long, value_name = "REF", conflicts_with_all = ["staged", "message", "all"])]
    pub(super) onto: Option<String>,
    /// The remote whose branches and policy --onto goes by
    #[arg(long, value_name = "NAME", default_value = "origin")]
    pub(super) remote: String,
}

#[derive(Debug, Args)]
pub(super) struct Rules {
    /// Show this rule whole
    pub(super) rule: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Test {
    /// Only tests that have this in their name
    pub(super) filter: Option<String>,
    /// Name the statements that no test enters, and rules that no test shows satisfied or violated
    #[arg(long)]
    pub(super) coverage: bool,
    /// Fail if fewer statements of a hundred are entered
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(super) coverage_min: Option<u8>,
    /// The tests of this shipped rule set, instead of the policy's own (may be given again)
    #[arg(long = "set", value_name = "NAME", conflicts_with_all = ["policy", "extended"])]
    pub(super) sets: Vec<String>,
    /// The tests of the shipped sets that the policy extends, too
    #[arg(long = "sets")]
    pub(super) extended: bool,
}

#[derive(Debug, Args)]
pub(super) struct Replay {
    /// Commits: A..B, or a revision alone for that commit; default: the newest 10,000 of HEAD
    #[arg(value_name = "RANGE|REV", conflicts_with = "all")]
    pub(super) revisions: Vec<String>,
    /// Only this rule, even if it is off (may be given again)
    #[arg(long = "rule", value_name = "ID")]
    pub(super) rules: Vec<String>,
    /// Judge by the policy of this revision too, and say what differs
    #[arg(long, value_name = "REV")]
    pub(super) compare: Option<String>,
    /// The whole history of HEAD
    #[arg(long)]
    pub(super) all: bool,
}

#[derive(Debug, Args)]
pub(super) struct Docs {
    /// Write into FILE: HTML if its name ends with .html, else Markdown
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// HTML in any case
    #[arg(long)]
    pub(super) html: bool,
}

#[derive(Debug, Args)]
pub(super) struct Lint {
    /// A .bylaws folder, a file of one, or a folder of rule sets; default: the policy in force here
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Who pushes with this key, as people.toml names them in `logins`
    pub(super) login: String,
}

#[derive(Debug, Args)]
pub(super) struct Hook {
    /// The host's server.toml; default: /etc/bylaws/server.toml
    #[arg(long, value_name = "FILE", hide = true)]
    pub(super) host_settings: Option<PathBuf>,
    /// Answer for this hook too, which left its work to commit-msg: pre-commit
    #[arg(long, value_name = "NAME", hide = true)]
    pub(super) also: Option<String>,
    /// pre-commit, commit-msg, pre-push, pre-receive or post-receive
    pub(super) name: String,
    /// What git gave the hook
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(super) arguments: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(super) struct Schema {
    /// The file it is of; default: bylaws, and with -o all
    #[arg(value_enum, value_name = "FILE")]
    pub(super) file: Option<SchemaOf>,
    /// Write FILE.schema.json into DIR
    #[arg(short, long, value_name = "DIR")]
    pub(super) output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaOf {
    Bylaws,
    People,
    Server,
}

impl From<SchemaOf> for ConfigFile {
    fn from(file: SchemaOf) -> Self {
        match file {
            SchemaOf::Bylaws => Self::Bylaws,
            SchemaOf::People => Self::People,
            SchemaOf::Server => Self::Server,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct Definitions {
    /// Write bylaws.d.rhai into DIR
    #[arg(short, long, value_name = "DIR")]
    pub(super) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell
    pub(super) shell: clap_complete::Shell,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn a_shim_is_understood_as_by_the_whole_grammar() {
        for line in [
            "bylaws hook pre-commit",
            "bylaws hook commit-msg .git/COMMIT_EDITMSG",
            "bylaws hook pre-push origin ssh://x",
            "bylaws hook pre-receive",
            "bylaws hook --host-settings /etc/x pre-receive",
            "bylaws hook --also pre-commit commit-msg .git/COMMIT_EDITMSG",
        ] {
            let short = Arguments::of_shim(&words(line)).expect(line);
            let whole = Arguments::try_parse_from(words(line)).expect(line);
            assert_eq!(format!("{short:?}"), format!("{whole:?}"), "{line}");
        }
    }

    #[test]
    fn what_is_no_shim_is_left_to_the_grammar() {
        for line in
            ["bylaws", "bylaws hook", "bylaws hook -q", "bylaws hook pre-push -q", "bylaws check HEAD x"]
        {
            assert!(Arguments::of_shim(&words(line)).is_none(), "{line}");
        }
    }
}

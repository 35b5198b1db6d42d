//! The arguments, as `--help` shows them.

mod commands;
mod format;
mod help;
mod history;
mod init;
mod name;
mod no_config;
mod numbers;
mod pause;
mod status;

pub(crate) use commands::{Check, Explain, Hold, Reconcile, Release, Replay, Retire};
pub(crate) use format::Format;
pub(crate) use help::rules_help;
pub(crate) use history::History;
pub(crate) use init::{Init, Register};
pub(crate) use pause::{Pause, PauseScope, Resume};
pub(crate) use status::{Colour, Status, StatusFormat};

use crate::view::exit::Exit;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, CommandFactory, Parser, Subcommand};
use clap_complete::{ArgValueCompleter, CompletionCandidate, Shell};
use help::{
    COMPLETIONS_HELP, LOOKS, MAN_HELP, PAUSES, REPLAY_HELP, SCHEMA_HELP, exit_help, explain_help, init_help,
    reconcile_help, status_help, top_help,
};
use no_config::NoConfig;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// The options that all commands have come after their own in the help.
const LAST: usize = 500;

/// Starts OpenStack servers for waiting Jenkins jobs, and retires idle nodes.
#[derive(Clone, Debug, Parser)]
#[command(version, propagate_version = true, after_long_help = top_help(), max_term_width = 100)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,

    /// The configuration file [env: MITA_CONFIG] [default: the first of ./mita.toml,
    /// ~/.config/mita/mita.toml, /etc/mita/mita.toml]
    #[arg(long, value_name = "FILE", global = true, display_order = LAST)]
    pub(crate) config: Option<PathBuf>,

    /// Log what is done; -vv: also why; -vvv: also each request
    #[arg(short, long, action = clap::ArgAction::Count, global = true, display_order = LAST)]
    pub(crate) verbose: u8,

    /// Print errors only, no warnings
    #[arg(short, long, global = true, conflicts_with = "verbose", display_order = LAST)]
    pub(crate) quiet: bool,

    /// The format of warnings, errors and the log on standard error
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text, global = true, display_order = LAST)]
    pub(crate) log_format: Format,
}

/// The commands.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Command {
    /// Look at Jenkins and the clouds once, order and retire servers, and exit
    #[command(after_long_help = reconcile_help())]
    Reconcile(Reconcile),
    /// Show every node type, server, node and queue item, and what mita thinks of it
    #[command(after_long_help = status_help())]
    Status(Status),
    /// Show everything about one job, node, server, node type, provider or label expression, with the evidence
    #[command(after_long_help = explain_help())]
    Explain(Explain),
    /// Set a node offline in your name: mita leaves it alone until you release it
    #[command(after_long_help = exit_help(Exit::ALL))]
    Hold(Hold),
    /// End a person's hold on a node, or cancel `mita retire --when-idle`
    #[command(after_long_help = exit_help(Exit::ALL))]
    Release(Release),
    /// Retire a node and its server now, with the same checks as every retirement
    #[command(after_long_help = exit_help(Exit::ALL))]
    Retire(Retire),
    /// Order and remove nothing for a while: everywhere, of one node type or at one provider
    #[command(after_long_help = exit_help(PAUSES))]
    Pause(Pause),
    /// End all pauses, or that of one node type or provider
    #[command(after_long_help = exit_help(PAUSES))]
    Resume(Resume),
    /// Show what was done: orders, builds, removals, holds and pauses, and for which job and why
    #[command(after_long_help = exit_help(LOOKS))]
    History(History),
    /// Check the configuration and list everything that is wrong with it
    #[command(after_long_help = exit_help(LOOKS))]
    Check(Check),
    /// Plan a recorded run again, offline, and show where the plan differs
    #[command(after_long_help = REPLAY_HELP)]
    Replay(Replay),
    /// Ask for Jenkins, a cloud and a node type, try the answers, and write a first configuration
    #[command(after_long_help = init_help())]
    Init(Box<Init>),
    /// Print a JSON Schema of the configuration, for editors
    #[command(after_long_help = SCHEMA_HELP)]
    Schema(NoConfig),
    /// Print the completion script for a shell
    #[command(after_long_help = COMPLETIONS_HELP)]
    Completions {
        /// The shell
        #[arg(value_enum, value_name = "SHELL")]
        shell: Shell,

        #[command(flatten)]
        no_config: NoConfig,
    },
    /// Print a manual page, in the format that the program man reads
    #[command(after_long_help = MAN_HELP)]
    Man {
        /// The command that the page describes, or mita.toml for the configuration [default: mita itself]
        #[arg(value_name = "PAGE", add = ArgValueCompleter::new(pages))]
        page: Option<String>,

        #[command(flatten)]
        no_config: NoConfig,
    },
    /// Print the version
    Version(NoConfig),
}

impl Arguments {
    /// Parses the words of a command line, the program's name first.
    ///
    /// # Errors
    /// What is wrong with them; or the text that `--help` or `--version` asks for.
    pub fn parse_words(words: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> Result<Self, clap::Error> {
        let words: Vec<OsString> = words.into_iter().map(Into::into).collect();
        let arguments = Self::try_parse_from(&words).map_err(|error| with_tip(error, &words))?;
        match (&arguments.config, arguments.command.without_configuration()) {
            (Some(_), Some(advice)) => Err(Self::command().error(ErrorKind::UnknownArgument, advice)),
            (Some(_) | None, _) => Ok(arguments),
        }
    }
}

impl Arguments {
    /// Whether it is `mita reconcile`, which cron starts again soon.
    pub fn is_run(&self) -> bool {
        matches!(self.command, Command::Reconcile(_))
    }
}

impl Command {
    /// What to do in place of `--config`, for a command that reads no configuration.
    fn without_configuration(&self) -> Option<&'static str> {
        match self {
            Command::Init(_) => Some(
                "mita init writes a configuration and reads none; name the file to write with --file in place of --config",
            ),
            Command::Replay(_) => Some("mita replay needs only the record; omit --config"),
            Command::Schema(_) | Command::Completions { .. } | Command::Man { .. } | Command::Version(_) => {
                Some("this command reads no configuration; omit --config")
            }
            _ => None,
        }
    }
}

/// The configuration that a command line names, of which these are words: of one that is not whole yet, or that stands in a file.
pub(crate) fn config_in<'a>(words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut words = words.skip_while(|word| *word != "--config" && !word.starts_with("--config="));
    match words.next()?.strip_prefix("--config=") {
        Some(named) => Some(named),
        None => words.next(),
    }
}

/// Adds what the parser of options does not know: what somebody meant who typed this.
fn with_tip(mut error: clap::Error, words: &[OsString]) -> clap::Error {
    if let Some(tip) = misread_option(words).or_else(|| spare_word(&error, words)) {
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    error
}

/// A long option with one dash only, whose letters are read as short options and their values; or with a dash of a web page.
fn misread_option(words: &[OsString]) -> Option<String> {
    const DASHES: [char; 6] = ['-', '\u{2010}', '\u{2011}', '\u{2013}', '\u{2014}', '\u{2212}'];
    let mut program = Arguments::command();
    program.build();
    let commands = std::iter::once(&program).chain(program.get_subcommands());
    let options: Vec<&str> = commands.flat_map(clap::Command::get_arguments).filter_map(Arg::get_long).collect();
    words.iter().filter_map(|word| word.to_str()).filter(|word| !word.starts_with("--")).find_map(|word| {
        let option = word.strip_prefix(DASHES)?.trim_start_matches(DASHES).split('=').next()?;
        let dashes = if word.is_ascii() { "two dashes" } else { "two plain dashes, as the keyboard has them" };
        options.contains(&option).then(|| format!("the option --{option} begins with {dashes}"))
    })
}

/// A word too many, where it is plain what it was meant for.
fn spare_word(error: &clap::Error, words: &[OsString]) -> Option<String> {
    let Some(ContextValue::String(spare)) = error.get(ContextKind::InvalidArg) else { return None };
    if error.kind() != ErrorKind::UnknownArgument || spare.starts_with('-') {
        return None;
    }
    let is = |name: &str| words.iter().any(|word| word == name);
    if is("explain") {
        Some("put several words in quotes: mita explain 'amd64 && trusty'".to_owned())
    } else if is("pause") || is("resume") {
        Some(format!("name it with --type {spare} or --provider {spare}"))
    } else {
        (is("hold") || is("release") || is("retire")).then(|| "name one node at a time".to_owned())
    }
}

/// The pages of the manual that begin with this.
fn pages(begin: &OsStr) -> Vec<CompletionCandidate> {
    let program = Arguments::command();
    let commands = program.get_subcommands().map(|command| command.get_name().to_owned());
    let pages = commands.chain(["mita".to_owned(), "mita.toml".to_owned()]);
    pages
        .filter(|page| begin.to_str().is_some_and(|begin| page.starts_with(begin)))
        .map(CompletionCandidate::new)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parsed(line: &str) -> Result<Arguments, String> {
        Arguments::parse_words(line.split(' ')).map_err(|error| error.to_string())
    }

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_command_that_reads_no_configuration_refuses_one_and_says_what_to_do() {
        let refused = |line: &str| parsed(line).expect_err(line);
        for line in ["mita init --config x", "mita --config x init"] {
            assert!(refused(line).contains("name the file to write with --file"), "{line}");
        }
        for line in ["replay r", "schema", "completions bash", "man", "version"] {
            assert!(refused(&format!("mita --config x {line}")).contains("omit --config"), "{line}");
        }
        for line in ["mita --config x status", "mita status --config x"] {
            assert_eq!(parsed(line).expect(line).config, Some("x".into()));
        }
    }

    #[test]
    fn only_commands_that_read_the_configuration_show_its_option() {
        let mut program = Arguments::command();
        program.build();
        let shows = |command: &clap::Command| {
            command.get_arguments().any(|argument| argument.get_id() == "config" && !argument.is_hide_set())
        };
        let without = program.get_subcommands().filter(|command| !shows(command)).map(clap::Command::get_name);
        let without: Vec<&str> = without.filter(|name| *name != "help").collect();
        assert_eq!(without, ["replay", "init", "schema", "completions", "man", "version"]);
    }

    #[test]
    fn a_name_is_not_empty() {
        for line in ["hold", "release", "retire", "explain", "history"] {
            for empty in ["", " "] {
                let error = Arguments::parse_words(["mita", line, empty]).expect_err(line).to_string();
                assert!(error.contains("write a name"), "{error}");
            }
        }
    }

    #[test]
    fn the_format_has_one_short_option_and_init_keeps_its_old_spelling() {
        for line in ["mita status -o json", "mita check --output json", "mita reconcile -ojson"] {
            assert!(parsed(line).is_ok(), "{line}");
        }
        for line in ["mita init --file a.toml", "mita init --output a.toml"] {
            let Command::Init(init) = parsed(line).expect(line).command else { panic!("{line}") };
            assert_eq!(init.file, PathBuf::from("a.toml"));
        }
    }

    #[test]
    fn a_number_that_is_none_is_described_in_plain_words() {
        for line in
            ["mita reconcile --allow-removals abc", "mita init --max many", "mita init --max 0", "mita init --max -1"]
        {
            let error = parsed(line).expect_err(line);
            assert!(error.contains("write a whole number") && !error.contains("digit"), "{error}");
        }
    }

    #[test]
    fn a_word_that_watch_takes_for_a_number_is_told_where_it_belongs() {
        let error = parsed("mita status --watch nodes").expect_err("not a number");
        assert!(error.contains("mita status servers --watch"), "{error}");
    }

    #[test]
    fn the_exit_statuses_fit_the_usual_width() {
        for line in help::exit_help(Exit::ALL).lines() {
            assert!(line.len() < 80, "{line}");
        }
    }

    #[test]
    fn a_long_option_with_one_dash_is_named_with_two() {
        let refused = |line: &str| parsed(line).expect_err(line);
        for (line, option) in [
            ("mita check -online", "--online"),
            ("mita -config=mita.toml status", "--config"),
            ("mita reconcile -dry-run", "--dry-run"),
            ("mita check \u{2013}online", "--online"),
            ("mita reconcile \u{2013}-dry-run", "--dry-run"),
            ("mita reconcile \u{2014}dry-run", "--dry-run"),
        ] {
            let error = refused(line);
            assert!(error.contains(&format!("tip: the option {option} begins with two ")), "{error}");
        }
        for line in ["mita check --onlin", "mita check -x", "mita check -o nline"] {
            assert!(!refused(line).contains("two dashes"), "{line}");
        }
    }

    #[test]
    fn a_word_too_many_is_told_with_what_it_was_meant_for() {
        for (line, tip) in [
            ("mita explain amd64 trusty", "tip: put several words in quotes"),
            ("mita pause ubuntu", "tip: name it with --type ubuntu or --provider ubuntu"),
            ("mita retire a b", "tip: name one node at a time"),
        ] {
            let error = parsed(line).expect_err(line);
            assert!(error.contains(tip), "{error}");
        }
        let error = parsed("mita version now").expect_err("a word too many");
        assert!(!error.contains("tip:"), "{error}");
    }

    #[test]
    fn the_pages_of_the_manual_are_completed() {
        let names = |begin: &str| -> Vec<String> {
            pages(OsStr::new(begin)).iter().map(|page| page.get_value().to_string_lossy().into_owned()).collect()
        };
        assert_eq!(names("rec"), ["reconcile"]);
        assert_eq!(names("mita"), ["mita", "mita.toml"]);
    }
}

//! The arguments, as `--help` shows them.

mod commands;
mod format;
mod help;
mod history;
mod init;
mod pause;
mod status;

pub(crate) use commands::{Check, Explain, Hold, Reconcile, Release, Replay, Retire};
pub(crate) use format::Format;
pub(crate) use help::rules_help;
pub(crate) use history::History;
pub(crate) use init::{Init, Register};
pub(crate) use pause::{Pause, PauseScope, Resume};
pub(crate) use status::{Colour, Status, StatusFormat};

use clap::{Parser, Subcommand};
use clap_complete::Shell;
use help::{
    COMPLETIONS_HELP, MAN_HELP, REPLAY_HELP, SCHEMA_HELP, exit_help, explain_help, init_help, reconcile_help, top_help,
};
use std::path::PathBuf;

/// Starts OpenStack servers for waiting Jenkins jobs, and retires idle nodes.
#[derive(Clone, Debug, Parser)]
#[command(version, propagate_version = true, after_long_help = top_help(), max_term_width = 100)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,

    /// The configuration file [env: MITA_CONFIG] [default: the first of ./mita.toml,
    /// ~/.config/mita/mita.toml, /etc/mita/mita.toml]
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,

    /// Log what is done; -vv: also why; -vvv: also each request
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub(crate) verbose: u8,

    /// Print errors only, no warnings
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,

    /// The format of warnings, errors and the log on standard error
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text, global = true)]
    pub(crate) log_format: Format,
}

/// The commands.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Command {
    /// Look at Jenkins and the clouds once, order and retire servers, and exit
    #[command(after_long_help = reconcile_help())]
    Reconcile(Reconcile),
    /// Show every node type, server, node and queue item, and what mita thinks of it
    #[command(after_long_help = exit_help())]
    Status(Status),
    /// Show everything about one job, node, server or label expression, with the evidence
    #[command(after_long_help = explain_help())]
    Explain(Explain),
    /// Set a node offline in your name: mita leaves it alone until you release it
    #[command(after_long_help = exit_help())]
    Hold(Hold),
    /// End a person's hold on a node, or cancel `mita retire --when-idle`
    #[command(after_long_help = exit_help())]
    Release(Release),
    /// Retire a node and its server now, with the same checks as every retirement
    #[command(after_long_help = exit_help())]
    Retire(Retire),
    /// Order and remove nothing for a while: everywhere, of one node type or at one provider
    #[command(after_long_help = exit_help())]
    Pause(Pause),
    /// End a pause
    #[command(after_long_help = exit_help())]
    Resume(Resume),
    /// Show what was done: orders, builds, removals, holds and pauses, and for which job and why
    #[command(after_long_help = exit_help())]
    History(History),
    /// Check the configuration and list everything that is wrong with it
    #[command(after_long_help = exit_help())]
    Check(Check),
    /// Plan a recorded run again, offline, and show where the plan differs
    #[command(after_long_help = REPLAY_HELP)]
    Replay(Replay),
    /// Ask the clouds what they have, and write a first configuration
    #[command(after_long_help = init_help())]
    Init(Box<Init>),
    /// Print a JSON Schema of the configuration, for editors
    #[command(after_long_help = SCHEMA_HELP)]
    Schema,
    /// Print the completion script for a shell
    #[command(after_long_help = COMPLETIONS_HELP)]
    Completions {
        /// The shell
        #[arg(value_enum, value_name = "SHELL")]
        shell: Shell,
    },
    /// Print a manual page, in the format that the program man reads
    #[command(after_long_help = MAN_HELP)]
    Man {
        /// The command that the page describes, or mita.toml for the configuration [default: mita itself]
        #[arg(value_name = "PAGE")]
        page: Option<String>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }
}

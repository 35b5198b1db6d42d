//! The arguments, as `--help` shows them.

use crate::cli::exit::Exit;
use crate::domain::rule::Rule;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

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

/// `mita reconcile`
#[derive(Args, Clone, Debug)]
pub(crate) struct Reconcile {
    /// Show the plan (with -v: all verdicts) and change nothing: send only reads, take no lock, write no file except the
    /// one of --record
    #[arg(long)]
    pub(crate) dry_run: bool,

    #[command(flatten)]
    pub(crate) shape: Shape,

    /// Allow N removals that the brake would hold back
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) allow_removals: usize,

    /// Write what the run saw, its state and its plan to FILE, without secrets, for `mita replay`; also with --dry-run
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,

    /// Write metrics to FILE, for the textfile collector of Prometheus' node_exporter; overrides metrics_file of the
    /// configuration
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub(crate) metrics_file: Option<PathBuf>,

    /// Write a status page to FILE, for any browser; overrides html_file of the configuration
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub(crate) html: Option<PathBuf>,
}

/// `mita status`
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Status {
    /// Repeat every SECONDS (10 if you give no number) until Ctrl-C; redraws a terminal; with --output json, writes one
    /// document each time
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "10", value_parser = pause)]
    pub(crate) watch: Option<Duration>,

    #[command(flatten)]
    pub(crate) shape: Shape,
}

/// Parses the pause of `--watch`, in seconds.
fn pause(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(seconds @ 1..=86_400) => Ok(Duration::from_secs(seconds)),
        Ok(_) | Err(_) => Err("a number of seconds from 1 to 86400 is wanted".to_owned()),
    }
}

/// `mita explain`
#[derive(Args, Clone, Debug)]
pub(crate) struct Explain {
    /// A job's name, a queue item's id, a node's name, a server's name, id or order, or a label expression in quotes
    #[arg(value_name = "JOB|QUEUE-ID|NODE|SERVER|LABEL")]
    pub(crate) subject: String,

    #[command(flatten)]
    pub(crate) shape: Shape,
}

/// `mita hold`
#[derive(Args, Clone, Debug)]
pub(crate) struct Hold {
    /// The name in Jenkins of a node of this installation
    #[arg(value_name = "NODE")]
    pub(crate) node: String,

    /// The reason to show on the node, next to your name
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,

    #[command(flatten)]
    pub(crate) shape: Shape,
}

/// `mita release`
#[derive(Args, Clone, Debug)]
pub(crate) struct Release {
    /// The name in Jenkins of a node of this installation
    #[arg(value_name = "NODE")]
    pub(crate) node: String,

    #[command(flatten)]
    pub(crate) shape: Shape,
}

/// `mita retire`
#[derive(Args, Clone, Debug)]
pub(crate) struct Retire {
    /// The name in Jenkins of a node of this installation
    #[arg(value_name = "NODE")]
    pub(crate) node: String,

    /// If the node is busy: let its build finish, accept no further build, and leave the rest to the next runs
    #[arg(long)]
    pub(crate) when_idle: bool,

    #[command(flatten)]
    pub(crate) shape: Shape,
}

/// `mita check`
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Check {
    /// Also ask Jenkins and the clouds about rights, names, networks, quota, script sizes, clocks and other users of the
    /// owner; only reads
    #[arg(long)]
    pub(crate) online: bool,

    #[command(flatten)]
    pub(crate) shape: Shape,
}

/// `mita init`
#[derive(Args, Clone, Debug)]
pub(crate) struct Init {
    /// Do not ask the clouds; leave a placeholder for each value that no option gives
    #[arg(long)]
    pub(crate) offline: bool,

    /// Where to write the configuration
    #[arg(long, value_name = "FILE", default_value = "mita.toml")]
    pub(crate) output: PathBuf,

    /// Overwrite an existing file
    #[arg(long)]
    pub(crate) force: bool,

    /// The root URL of Jenkins, with its path if it has one
    #[arg(long, value_name = "URL")]
    pub(crate) jenkins_url: Option<String>,

    /// The Jenkins user to log in as [default: mita]
    #[arg(long, value_name = "USER")]
    pub(crate) jenkins_user: Option<String>,

    /// The file with the API token of that user, relative to the configuration [default: jenkins.token]
    #[arg(long, value_name = "FILE")]
    pub(crate) jenkins_token_file: Option<String>,

    /// The environment variable with that token, in place of a file
    #[arg(long, value_name = "VARIABLE", conflicts_with = "jenkins_token_file")]
    pub(crate) jenkins_token_env: Option<String>,

    /// A cloud in clouds.yaml, or envvars for the OS_* variables [default: the only cloud in clouds.yaml]
    #[arg(long, value_name = "NAME")]
    pub(crate) cloud: Option<String>,

    /// The URL of Keystone, to use an application credential in place of a cloud in clouds.yaml
    #[arg(long, value_name = "URL", conflicts_with = "cloud", requires = "application_credential_id")]
    pub(crate) auth_url: Option<String>,

    /// The id of the application credential
    #[arg(long, value_name = "ID", requires = "auth_url")]
    pub(crate) application_credential_id: Option<String>,

    /// The file with the secret of that credential, relative to the configuration [default: openstack.secret]
    #[arg(long, value_name = "FILE", requires = "auth_url")]
    pub(crate) application_credential_secret_file: Option<String>,

    /// The region, if the cloud has several
    #[arg(long, value_name = "NAME")]
    pub(crate) region: Option<String>,

    /// The image of the servers, by name or id
    #[arg(long, value_name = "NAME")]
    pub(crate) image: Option<String>,

    /// The flavor of the servers, by name or id
    #[arg(long, value_name = "NAME")]
    pub(crate) flavor: Option<String>,

    /// The key pair that may log in to the servers
    #[arg(long, value_name = "NAME")]
    pub(crate) key: Option<String>,

    /// The network of the servers, if the project has several
    #[arg(long, value_name = "NAME")]
    pub(crate) network: Option<String>,

    /// The name of the node type [default: derived from the image]
    #[arg(long, value_name = "NAME")]
    pub(crate) node: Option<String>,

    /// The labels of the nodes in Jenkins, separated by blanks [default: linux]
    #[arg(long, value_name = "LABELS")]
    pub(crate) labels: Option<String>,

    /// The maximum number of servers of this type at a time
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub(crate) max: u32,

    /// The mark of this installation [default: host and path of the Jenkins URL]
    #[arg(long, value_name = "OWNER")]
    pub(crate) owner: Option<String>,

    /// Who creates the nodes in Jenkins: mita, for agents that connect to Jenkins (inbound) or that Jenkins connects to
    /// (ssh), or the boot script (none)
    #[arg(long, value_enum, value_name = "WHO", default_value_t = Register::Inbound, requires_if("ssh", "credentials_id"))]
    pub(crate) register: Register,

    /// The id of the credentials in Jenkins that log in to the servers, for --register ssh
    #[arg(long, value_name = "ID")]
    pub(crate) credentials_id: Option<String>,

    /// The boot script, relative to the configuration [default: a script that mita writes beside it]
    #[arg(long, value_name = "FILE")]
    pub(crate) script_file: Option<String>,
}

/// Who creates the nodes in Jenkins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Register {
    Inbound,
    Ssh,
    None,
}

/// `mita replay`
#[derive(Args, Clone, Debug)]
pub(crate) struct Replay {
    /// A record that `mita reconcile --record FILE` wrote
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    #[command(flatten)]
    pub(crate) shape: Shape,

    /// Write the record to NEW, with the plan of this version of mita in place of the recorded plan; NEW may be FILE
    #[arg(long, value_name = "NEW")]
    pub(crate) record: Option<PathBuf>,
}

/// The format of the result on standard output.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// The format of the result; json: one document on one line
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    pub(crate) output: Format,
}

/// For people or for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
}

impl Format {
    pub(crate) fn is_json(self) -> bool {
        self == Self::Json
    }
}

const REPLAY_HELP: &str = "\
mita plans the run again from what the run saw and from its state, for the time of that run. It needs only the record: no \
configuration, no state file, no environment and no service.

A record contains the names of jobs, nodes and servers, their addresses, and what Jenkins and the clouds answered. It \
contains no secrets, no credentials and no scripts. Read it all the same before you share it.

Exit status:
  0  the plan is the same
  1  the plan differs, or the record could not be written
  2  the file is not a record, or a newer version of mita wrote it
";

const SCHEMA_HELP: &str = "\
Examples:
  mita schema > mita.schema.json    write it beside the configuration

An editor that supports JSON Schema for TOML (Taplo, Even Better TOML) checks and completes a file whose first line is \
#:schema ./mita.schema.json
";

const COMPLETIONS_HELP: &str = "\
Examples:
  mita completions bash > /etc/bash_completion.d/mita
  mita completions zsh > /usr/local/share/zsh/site-functions/_mita
  mita completions fish > ~/.config/fish/completions/mita.fish
";

const MAN_HELP: &str = "\
Examples:
  mita man | man -l -              read the page of the program
  mita man reconcile | man -l -    read the page of a command
  mita man mita.toml | man -l -    read the page of the configuration
";

fn init_help() -> String {
    format!(
        "Examples:\n  \
         mita init                                               ask for each value\n  \
         mita init --jenkins-url https://ci.example.com/         use the only cloud in clouds.yaml\n  \
         mita init --offline --output /etc/mita/mita.toml        write a configuration to fill in\n\n\
         At a terminal, mita asks for each value that no option gives; elsewhere, it chooses. It writes no secret into the \
         configuration.\n\n{}",
        exit_help()
    )
}

fn top_help() -> String {
    format!(
        "Examples:\n  \
         mita check                               is the configuration right?\n  \
         mita check --online                      and do Jenkins and the clouds agree?\n  \
         mita reconcile --dry-run                 what would a run do?\n  \
         mita status                              what is there?\n  \
         mita explain ceph-build                  why does this job wait?\n  \
         mita hold ubuntu+192.168.1.188           leave this node alone: somebody debugs it\n  \
         * * * * *  mita reconcile                for cron: one run each minute\n\n{}",
        exit_help()
    )
}

fn reconcile_help() -> String {
    format!("{}\n{}", exit_help(), rules_help())
}

fn explain_help() -> String {
    format!(
        "Examples:\n  \
         mita explain ceph-build                why does this job wait?\n  \
         mita explain ubuntu+192.168.1.188      what happens to this node next, and when?\n  \
         mita explain 'amd64 && trusty'         what satisfies this?\n\n\
         If nothing has this name, mita reads it as a label expression. If it knows none of the labels, it suggests similar \
         names, and the exit status is 1.\n\n{}\n{}",
        exit_help(),
        rules_help()
    )
}

fn exit_help() -> String {
    let mut text = String::from("Exit status:\n");
    for exit in Exit::ALL {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {}  {}", exit.number(), exit.meaning());
    }
    text
}

/// Every rule with its meaning.
pub(crate) fn rules_help() -> String {
    let mut text = String::from("Rules, as shown in plans and verdicts:\n");
    for rule in Rule::ALL {
        let _ = writeln!(text, "  {:<15} {}", rule.name(), rule.meaning().trim());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn help_names_every_rule_and_every_exit_status() {
        let help = reconcile_help();
        for rule in Rule::ALL {
            assert!(help.contains(&format!("  {} ", rule.name())), "{rule}");
        }
        for exit in Exit::ALL {
            assert!(help.contains(exit.meaning()), "{exit:?}");
        }
    }
}

//! The arguments, as `--help` tells them.

use crate::cli::exit::Exit;
use crate::domain::rule::Rule;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

/// Starts the OpenStack servers that waiting Jenkins jobs need, and retires the nodes that stand idle.
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

    /// Tell what is done; twice, also why; three times, also each request
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub(crate) verbose: u8,

    /// Tell errors only, no warnings
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,

    /// How warnings, errors and the log are written to standard error
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text, global = true)]
    pub(crate) log_format: Format,
}

/// The commands.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Command {
    /// Look once at Jenkins and the clouds, order and retire servers, and exit
    #[command(after_long_help = reconcile_help())]
    Reconcile(Reconcile),
    /// Show every node type, server, node and queue item, and what mita thinks of it
    #[command(after_long_help = exit_help())]
    Status(Status),
    /// Tell everything about one job, node, server or label expression, with the evidence
    #[command(after_long_help = explain_help())]
    Explain(Explain),
    /// Set a node offline in your name: it is neither retired nor brought back until it is released
    #[command(after_long_help = exit_help())]
    Hold(Hold),
    /// End a person's hold of a node, or take a `mita retire --when-idle` back
    #[command(after_long_help = exit_help())]
    Release(Release),
    /// Retire a node and its server now, with all checks of every retirement
    #[command(after_long_help = exit_help())]
    Retire(Retire),
    /// Check the configuration and tell everything that is wrong with it
    #[command(after_long_help = exit_help())]
    Check(Check),
    /// Plan a recorded run again, offline, and say where the plan differs
    #[command(after_long_help = REPLAY_HELP)]
    Replay(Replay),
    /// Write a first configuration, after asking the clouds what they have
    #[command(after_long_help = init_help())]
    Init(Box<Init>),
    /// Print a JSON Schema of the configuration, for editors
    #[command(after_long_help = SCHEMA_HELP)]
    Schema,
    /// Print what a shell needs to complete commands and options
    #[command(after_long_help = COMPLETIONS_HELP)]
    Completions {
        /// The shell
        #[arg(value_enum, value_name = "SHELL")]
        shell: Shell,
    },
    /// Print the manual, in the form that the program man reads
    #[command(after_long_help = MAN_HELP)]
    Man {
        /// The page of this command, or mita.toml for the configuration [default: the program's own]
        #[arg(value_name = "PAGE")]
        page: Option<String>,
    },
}

/// `mita reconcile`
#[derive(Args, Clone, Debug)]
pub(crate) struct Reconcile {
    /// Show the plan (with -v all verdicts) and change nothing: only reads are sent, no lock is taken, no file written
    #[arg(long)]
    pub(crate) dry_run: bool,

    #[command(flatten)]
    pub(crate) shape: Shape,

    /// Let through N removals that the brake would hold back
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) allow_removals: usize,

    /// Write what was observed, remembered and decided to FILE, without secrets, for `mita replay`; with --dry-run, too
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,

    /// Write what the run did and what there is to FILE for Prometheus: the textfile collector of node_exporter reads it.
    /// In place of metrics_file of the configuration
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub(crate) metrics_file: Option<PathBuf>,

    /// Write a status page to FILE, for any browser. In place of html_file of the configuration
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub(crate) html: Option<PathBuf>,
}

/// `mita status`
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Status {
    /// Look again every SECONDS (10 where no number is given) until Ctrl-C: a terminal is redrawn; with --output json one
    /// document after the other is written
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "10", value_parser = pause)]
    pub(crate) watch: Option<Duration>,

    #[command(flatten)]
    pub(crate) shape: Shape,
}

/// A pause that no service minds.
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
    /// The node's name in Jenkins: one of this installation's own
    #[arg(value_name = "NODE")]
    pub(crate) node: String,

    /// Why, for whoever looks at the node; your name is shown as well
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,

    #[command(flatten)]
    pub(crate) shape: Shape,
}

/// `mita release`
#[derive(Args, Clone, Debug)]
pub(crate) struct Release {
    /// The node's name in Jenkins: one of this installation's own
    #[arg(value_name = "NODE")]
    pub(crate) node: String,

    #[command(flatten)]
    pub(crate) shape: Shape,
}

/// `mita retire`
#[derive(Args, Clone, Debug)]
pub(crate) struct Retire {
    /// The node's name in Jenkins: one of this installation's own
    #[arg(value_name = "NODE")]
    pub(crate) node: String,

    /// Where a build runs there: let it end, take no further one, and have the next runs retire the node then
    #[arg(long)]
    pub(crate) when_idle: bool,

    #[command(flatten)]
    pub(crate) shape: Shape,
}

/// `mita check`
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Check {
    /// Also ask Jenkins and the clouds: rights, names, networks, quota, script sizes, clocks, other users of the owner; reads
    /// only
    #[arg(long)]
    pub(crate) online: bool,

    #[command(flatten)]
    pub(crate) shape: Shape,
}

/// `mita init`
#[derive(Args, Clone, Debug)]
pub(crate) struct Init {
    /// Ask no cloud; what is not given by options is left to be filled in
    #[arg(long)]
    pub(crate) offline: bool,

    /// Where the configuration is written
    #[arg(long, value_name = "FILE", default_value = "mita.toml")]
    pub(crate) output: PathBuf,

    /// Write it also where a file is there already
    #[arg(long)]
    pub(crate) force: bool,

    /// The root of Jenkins, with its path where it has one
    #[arg(long, value_name = "URL")]
    pub(crate) jenkins_url: Option<String>,

    /// Who logs in to Jenkins [default: mita]
    #[arg(long, value_name = "USER")]
    pub(crate) jenkins_user: Option<String>,

    /// The file that holds that user's API token, relative to the configuration [default: jenkins.token]
    #[arg(long, value_name = "FILE")]
    pub(crate) jenkins_token_file: Option<String>,

    /// The environment variable that holds it, in place of a file
    #[arg(long, value_name = "VARIABLE", conflicts_with = "jenkins_token_file")]
    pub(crate) jenkins_token_env: Option<String>,

    /// A cloud of clouds.yaml, or envvars for the OS_* variables [default: the only one there is]
    #[arg(long, value_name = "NAME")]
    pub(crate) cloud: Option<String>,

    /// Keystone, for an application credential in place of a cloud of clouds.yaml
    #[arg(long, value_name = "URL", conflicts_with = "cloud", requires = "application_credential_id")]
    pub(crate) auth_url: Option<String>,

    /// The id of the application credential
    #[arg(long, value_name = "ID", requires = "auth_url")]
    pub(crate) application_credential_id: Option<String>,

    /// The file that holds its secret, relative to the configuration [default: openstack.secret]
    #[arg(long, value_name = "FILE", requires = "auth_url")]
    pub(crate) application_credential_secret_file: Option<String>,

    /// The region, where the cloud has several
    #[arg(long, value_name = "NAME")]
    pub(crate) region: Option<String>,

    /// The image of the servers, by name or id
    #[arg(long, value_name = "NAME")]
    pub(crate) image: Option<String>,

    /// Their size, by name or id
    #[arg(long, value_name = "NAME")]
    pub(crate) flavor: Option<String>,

    /// The key pair that may log in to them
    #[arg(long, value_name = "NAME")]
    pub(crate) key: Option<String>,

    /// Their network, where there are several
    #[arg(long, value_name = "NAME")]
    pub(crate) network: Option<String>,

    /// The name of the node type [default: after the image]
    #[arg(long, value_name = "NAME")]
    pub(crate) node: Option<String>,

    /// The labels of its nodes in Jenkins, with blanks between them [default: linux]
    #[arg(long, value_name = "LABELS")]
    pub(crate) labels: Option<String>,

    /// The most servers of it at a time
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub(crate) max: u32,

    /// The mark of this installation [default: host and path of the URL of Jenkins]
    #[arg(long, value_name = "OWNER")]
    pub(crate) owner: Option<String>,

    /// Who makes the nodes in Jenkins: mita, for agents that call in (inbound) or that Jenkins connects to (ssh), or the
    /// boot script (none)
    #[arg(long, value_enum, value_name = "WHO", default_value_t = Register::Inbound, requires_if("ssh", "credentials_id"))]
    pub(crate) register: Register,

    /// The id of the credentials in Jenkins that log in to the servers, for --register ssh
    #[arg(long, value_name = "ID")]
    pub(crate) credentials_id: Option<String>,

    /// The boot script, relative to the configuration [default: one that is written beside it]
    #[arg(long, value_name = "FILE")]
    pub(crate) script_file: Option<String>,
}

/// Who makes the nodes in Jenkins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Register {
    Inbound,
    Ssh,
    None,
}

/// `mita replay`
#[derive(Args, Clone, Debug)]
pub(crate) struct Replay {
    /// A record, as `mita reconcile --record FILE` writes it
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    #[command(flatten)]
    pub(crate) shape: Shape,

    /// Write the record to NEW, with the plan of this program in place of the recorded one; NEW may be FILE
    #[arg(long, value_name = "NEW")]
    pub(crate) record: Option<PathBuf>,
}

/// How a result is written to standard output.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// How the result is written; json is one document on one line
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
A run is planned once more from what it saw and remembered, for the time that it saw it. No configuration, no state file,
no environment and no service is needed: only the record.

A record holds the names of jobs, nodes and servers, their addresses, and what Jenkins and the clouds said. It holds no
secrets, no log-ins and no scripts. Look at it before you give it away all the same.

Exit status:
  0  the plan is the same
  1  the plan differs, or the record could not be written
  2  the file is no record, or a newer program wrote it
";

const SCHEMA_HELP: &str = "\
Examples:
  mita schema > mita.schema.json    write it beside the configuration

An editor that knows TOML and JSON Schema (Taplo, Even Better TOML) checks and completes a file that begins with
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
         mita init                                               ask for everything\n  \
         mita init --jenkins-url https://ci.example.com/         take what is usual of the only cloud of clouds.yaml\n  \
         mita init --offline --output /etc/mita/mita.toml        a configuration to be filled in\n\n\
         At a terminal what no option says is asked, elsewhere it is chosen. No secret is written into the configuration.\n\n{}",
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
         mita hold ubuntu+192.168.1.188           leave this node alone: somebody looks into it\n  \
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
         mita explain ubuntu+192.168.1.188      what becomes of this node, and when?\n  \
         mita explain 'amd64 && trusty'         who satisfies this?\n\n\
         A text that nothing is called is read as a label expression. Where not one of its labels is known,\n\
         that is said with names like it, and the exit status is 1.\n\n{}\n{}",
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
    let mut text = String::from("Rules, as in plans and verdicts:\n");
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

//! The arguments of each command, except `mita init`.

use crate::cli::args::format::ResultFormat;
use crate::cli::args::name::name;
use crate::cli::args::no_config::NoConfig;
use crate::cli::args::numbers;
use crate::cli::candidates;
use clap::Args;
use clap_complete::ArgValueCompleter;
use std::path::PathBuf;

/// `mita reconcile`
#[derive(Args, Clone, Debug)]
pub(crate) struct Reconcile {
    /// Show the plan (with -v: all verdicts) and change nothing: send only reads, take no lock, write no file except the
    /// one of --record
    #[arg(long)]
    pub(crate) dry_run: bool,

    #[command(flatten)]
    pub(crate) format: ResultFormat,

    /// Allow N removals that the brake would hold back
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, value_parser = numbers::any, allow_negative_numbers = true)]
    pub(crate) allow_removals: usize,

    /// Write what the run saw, its state and its plan to FILE (- for standard output), without secrets, for `mita replay`;
    /// also with --dry-run
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,

    /// Write metrics to FILE (- for standard output), for the textfile collector of Prometheus' node_exporter; overrides metrics_file of the
    /// configuration
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub(crate) metrics_file: Option<PathBuf>,

    /// Write a status page to FILE (- for standard output), for any browser; overrides html_file of the configuration
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub(crate) html: Option<PathBuf>,
}

/// `mita explain`
#[derive(Args, Clone, Debug)]
pub(crate) struct Explain {
    /// A job's name, a queue item's id, a node's name, a server's name, id or order, a node type, a provider, or a label
    /// expression in quotes; the address of a page in Jenkins and the address of a node will do, too
    #[arg(value_name = "JOB|QUEUE-ID|NODE|SERVER|TYPE|PROVIDER|LABEL", value_parser = name, add = ArgValueCompleter::new(candidates::subjects))]
    pub(crate) subject: String,

    #[command(flatten)]
    pub(crate) format: ResultFormat,
}

/// `mita hold`
#[derive(Args, Clone, Debug)]
pub(crate) struct Hold {
    /// A node of this installation: its name, address or page in Jenkins, or the id of its server or order
    #[arg(value_name = "NODE", value_parser = name, add = ArgValueCompleter::new(candidates::nodes))]
    pub(crate) node: String,

    /// The reason to show on the node, next to your name
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,

    #[command(flatten)]
    pub(crate) format: ResultFormat,
}

/// `mita release`
#[derive(Args, Clone, Debug)]
pub(crate) struct Release {
    /// A node of this installation: its name, address or page in Jenkins, or the id of its server or order
    #[arg(value_name = "NODE", value_parser = name, add = ArgValueCompleter::new(candidates::nodes))]
    pub(crate) node: String,

    #[command(flatten)]
    pub(crate) format: ResultFormat,
}

/// `mita retire`
#[derive(Args, Clone, Debug)]
pub(crate) struct Retire {
    /// A node of this installation: its name, address or page in Jenkins, or the id of its server or order; or the id of a
    /// server or order in another place that has no node, which mita then forgets
    #[arg(value_name = "NODE", value_parser = name, add = ArgValueCompleter::new(candidates::nodes))]
    pub(crate) node: String,

    /// If the node is busy: let its build finish, accept no further build, and leave the rest to the next runs;
    /// the same if a pipeline waits for it by name
    #[arg(long)]
    pub(crate) when_idle: bool,

    /// If the node is busy: end its build. Shows the build and asks first; the node is deleted in Jenkins, and a later run
    /// deletes the server
    #[arg(long, conflicts_with = "when_idle")]
    pub(crate) force: bool,

    /// Do not ask before --force
    #[arg(long, requires = "force")]
    pub(crate) yes: bool,

    #[command(flatten)]
    pub(crate) format: ResultFormat,
}

/// `mita check`
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Check {
    /// Also ask Jenkins and the clouds about rights, names, networks, quota, script sizes, clocks and other users of the
    /// owner; only reads
    #[arg(long)]
    pub(crate) online: bool,

    #[command(flatten)]
    pub(crate) format: ResultFormat,
}

/// `mita replay`
#[derive(Args, Clone, Debug)]
pub(crate) struct Replay {
    /// A record that `mita reconcile --record FILE` wrote (- for standard input)
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    #[command(flatten)]
    pub(crate) no_config: NoConfig,

    #[command(flatten)]
    pub(crate) format: ResultFormat,

    /// Write the record to NEW (- for standard output), with the plan of this version of mita in place of the recorded plan; NEW may be FILE
    #[arg(long, value_name = "NEW")]
    pub(crate) record: Option<PathBuf>,
}

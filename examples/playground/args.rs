//! The arguments of the playground.

use clap::{Parser, Subcommand};
use jiff::SignedDuration;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// Simulates a Jenkins and an OpenStack in real time, to try mita on.
#[derive(Parser)]
pub(crate) struct Args {
    /// The port of Jenkins on 127.0.0.1; 0: any free one
    #[arg(long, value_name = "PORT", default_value_t = 18080)]
    pub(crate) jenkins_port: u16,
    /// The port of OpenStack on 127.0.0.1; 0: any free one
    #[arg(long, value_name = "PORT", default_value_t = 15000)]
    pub(crate) openstack_port: u16,
    /// Where mita.toml is written [default: target/playground with cargo, else playground]
    #[arg(long)]
    pub(crate) folder: Option<PathBuf>,
    /// How many times faster servers boot, builds end and people act
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=60))]
    pub(crate) speed: u32,
    /// End after this time, as in 5m [default: at Ctrl-C]
    #[arg(long = "for", value_name = "TIME", value_parser = parse_time)]
    pub(crate) duration: Option<Duration>,
    /// Run `mita reconcile` at this interval, as in 30s, as cron does [default: never]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) cron: Option<Duration>,
    #[command(subcommand)]
    pub(crate) part: Option<Part>,
}

/// What the playground starts itself for.
#[derive(Subcommand)]
pub(crate) enum Part {
    /// The program mita, with these arguments.
    #[command(hide = true)]
    Mita {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

fn parse_time(text: &str) -> Result<Duration, String> {
    let time = text.parse::<SignedDuration>().ok().and_then(|time| Duration::try_from(time).ok());
    time.filter(|time| !time.is_zero()).ok_or_else(|| "expected a time such as 30s or 5m".to_owned())
}

//! The arguments of `mita pause` and `mita resume`.

use crate::cli::args::format::ResultFormat;
use crate::cli::candidates;
use crate::domain::time;
use clap::Args;
use clap_complete::ArgValueCompleter;
use jiff::SignedDuration;

/// The bounds of a pause that ends by itself.
const SHORTEST: SignedDuration = SignedDuration::from_secs(1);
const LONGEST: SignedDuration = SignedDuration::from_hours(100 * 365 * 24);

/// What is paused.
#[derive(Args, Clone, Debug)]
pub(crate) struct PauseScope {
    /// Only this node type
    #[arg(long = "type", value_name = "NODE-TYPE", add = ArgValueCompleter::new(candidates::types))]
    pub(crate) node_type: Option<String>,

    /// Only this provider
    #[arg(long, value_name = "PROVIDER", add = ArgValueCompleter::new(candidates::providers))]
    pub(crate) provider: Option<String>,
}

/// `mita pause`
#[derive(Args, Clone, Debug)]
pub(crate) struct Pause {
    #[command(flatten)]
    pub(crate) scope: PauseScope,

    /// End the pause by itself after this time, as in 2h or 1d; without it, `mita resume` ends it
    #[arg(long = "for", value_name = "TIME", value_parser = lasts, allow_hyphen_values = true)]
    pub(crate) lasts: Option<SignedDuration>,

    /// The reason to show with the pause, next to your name
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,

    #[command(flatten)]
    pub(crate) format: ResultFormat,
}

/// `mita resume`
#[derive(Args, Clone, Debug)]
pub(crate) struct Resume {
    #[command(flatten)]
    pub(crate) scope: PauseScope,

    #[command(flatten)]
    pub(crate) format: ResultFormat,
}

fn lasts(text: &str) -> Result<SignedDuration, String> {
    time::read(text, &(SHORTEST..=LONGEST))
}

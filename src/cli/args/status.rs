//! The arguments of `mita status`.

use crate::cli::candidates;
use clap::{Args, ValueEnum};
use clap_complete::ArgValueCompleter;
use std::time::Duration;

/// `mita status`
#[derive(Args, Clone, Debug)]
pub(crate) struct Status {
    /// Show only a part (types, servers or jobs; nodes means servers, too), or only what contains these words: `mita status
    /// servers ubuntu`
    #[arg(value_name = "WORD", add = ArgValueCompleter::new(candidates::filters))]
    pub(crate) filter: Vec<String>,

    /// Repeat every SECONDS (10 if you give no number) until Ctrl-C; redraws a terminal; with --output json, writes one
    /// document each time
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "10", value_parser = pause, allow_negative_numbers = true)]
    pub(crate) watch: Option<Duration>,

    /// The format of the result; text: a line each; wide: everything, on more lines; json: one document on one line
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t = StatusFormat::Text)]
    pub(crate) output: StatusFormat,

    /// Whether to use colours; auto: on a terminal, unless NO_COLOR is set, CLICOLOR is 0, or TERM is dumb
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Colour::Auto)]
    pub(crate) color: Colour,
}

/// For people, with or without everything, or for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatusFormat {
    Text,
    Wide,
    Json,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    Auto,
    Always,
    Never,
}

/// Parses the pause of `--watch`, in seconds.
fn pause(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(seconds @ 1..=86_400) => Ok(Duration::from_secs(seconds)),
        Ok(_) | Err(_) => {
            Err("write a number of seconds from 1 to 86400, as in --watch 5; words to show come first, as in mita \
                           status servers --watch"
                .to_owned())
        }
    }
}

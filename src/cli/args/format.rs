//! The format of results and of the log.

use clap::{Args, ValueEnum};

/// The format of the result on standard output.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct ResultFormat {
    /// The format of the result; json: one document on one line
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
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

//! `--config` for the commands that read no configuration.

use clap::Args;
use std::path::PathBuf;

/// Hides the global option `--config` from the help of a command. Its value still arrives in
/// [`Arguments`](super::Arguments), which refuses it.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct NoConfig {
    #[arg(id = "config", long = "config", value_name = "FILE", hide = true)]
    _refused: Option<PathBuf>,
}

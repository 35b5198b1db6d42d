//! `mita schema`: the JSON Schema of the configuration, for editors.

use crate::cli::process::failure::Failure;
use crate::cli::process::output;
use crate::config;
use std::io;

pub(crate) fn run() -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(&config::schema()).map_err(io::Error::from)?;
    Ok(output::print_own(&(text + "\n"))?)
}

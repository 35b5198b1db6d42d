//! Finds and reads the configuration.

use crate::cli::process::failure::Failure;
use crate::cli::process::user;
use crate::config;
use crate::config::{Config, Loaded};
use crate::domain::subject::Subject;
use std::path::PathBuf;

/// Reads the configuration as the user whose file it is, and becomes the user whose folder holds the state. Root could
/// otherwise be led to files that neither of them can read.
pub(crate) fn load(named: Option<PathBuf>) -> Result<Loaded, Failure> {
    let path = config::locate(named)?;
    user::become_owner_of(&path)?;
    let loaded = Config::load(&path)?;
    user::become_owner_of(&loaded.config.state_file)?;
    Ok(loaded)
}

/// As [`load`], for a command about what a person names: not the page of another Jenkins, where nodes and jobs have the same
/// names.
pub(crate) fn load_for(named: Option<PathBuf>, subject: &str) -> Result<Loaded, Failure> {
    let loaded = load(named)?;
    match Subject::elsewhere(subject, &loaded.config.installation()) {
        Some(why) => Err(Failure::Refused(why)),
        None => Ok(loaded),
    }
}

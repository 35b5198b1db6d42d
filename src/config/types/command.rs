//! `[provider.NAME]` of type "command": which program does what mita asks.

use crate::secret::Secret;
use jiff::SignedDuration;
use std::path::PathBuf;

/// A program that manages servers.
#[derive(Clone, Debug)]
pub struct CommandConfig {
    /// The program: a path, or the name of a file in `PATH`.
    pub program: PathBuf,
    /// Its arguments; mita adds one more.
    pub arguments: Vec<String>,
    /// The folder in which it is started: that of the configuration file.
    pub folder: PathBuf,
    /// All variables of its environment.
    pub environment: Vec<(String, Variable)>,
    /// How long one call may take.
    pub timeout: SignedDuration,
}

/// The value of an environment variable.
#[derive(Clone, Debug)]
pub enum Variable {
    /// One that every program gets, such as `PATH`.
    Common(String),
    /// One that the configuration names: it may be a password.
    Named(Secret),
}

impl Variable {
    /// The value, only for the program that gets it.
    pub fn expose(&self) -> &str {
        match self {
            Variable::Common(text) => text,
            Variable::Named(secret) => secret.expose(),
        }
    }
}

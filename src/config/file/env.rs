//! The environment, read in this one place of the program.
//!
//! Everything else takes a [`Lookup`], so that a test brings variables of its own and a run depends on nothing unseen.

use std::ffi::OsString;

/// Gives the value of a variable, where it is set.
pub(crate) type Lookup<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The variable of this process.
#[expect(clippy::disallowed_methods, reason = "the one place of the configuration that reads the environment")]
pub(crate) fn of_process(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// Who runs this process, as the environment says: who became root with sudo is that person still.
pub fn person() -> Option<String> {
    let name = |variable| of_process(variable)?.into_string().ok().filter(|name| !name.trim().is_empty());
    ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(name)
}

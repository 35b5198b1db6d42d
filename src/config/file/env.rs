//! The environment, which the configuration reads only here.
//!
//! Everything else takes an [`Environment`], so that tests bring variables of their own.

use crate::permission::user_name;
use nix::unistd::getuid;
use std::ffi::OsString;
use std::sync::OnceLock;

/// Gives the value of a variable; `None` if it is not set.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// A variable of this process.
#[expect(clippy::disallowed_methods, reason = "the one place of the configuration that reads the environment")]
pub(crate) fn of_process(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// Who runs this process: with sudo, the person who called it; else the user of the process, by the user database. Root is
/// asked before it becomes another user, and is root then.
pub fn person() -> String {
    PERSON.get_or_init(caller).clone()
}

/// The first answer stays.
static PERSON: OnceLock<String> = OnceLock::new();

fn caller() -> String {
    let name = |variable| of_process(variable)?.into_string().ok().filter(|name| !name.trim().is_empty());
    let user = || user_name(getuid());
    let uid = || format!("user {}", getuid());
    name("SUDO_USER").or_else(user).or_else(|| ["USER", "LOGNAME"].into_iter().find_map(name)).unwrap_or_else(uid)
}

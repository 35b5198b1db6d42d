//! The names of the files beside the state file.

use std::path::{Path, PathBuf};

/// What the name of the lock file has behind that of the state file.
pub const LOCK: &str = ".lock";

/// What the name of the history has behind that of the state file.
pub const HISTORY: &str = ".history";

/// What the name of the journal has behind that of the state file.
pub const JOURNAL: &str = ".journal";

/// The files beside this state file, each with what it is.
pub fn files_beside(state_file: &Path) -> [(&'static str, PathBuf); 3] {
    [("the lock file", LOCK), ("the history", HISTORY), ("the journal", JOURNAL)]
        .map(|(what, suffix)| (what, beside(state_file, suffix)))
}

/// The file beside this state file whose name has this behind its own.
pub fn beside(state_file: &Path, suffix: &str) -> PathBuf {
    let mut name = state_file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

//! The state file, as the next run will find it.

use crate::config::Config;
use crate::store::{Loaded, load_only};

/// That the state file cannot be read, and what the next run does about it.
pub(super) fn warning(config: &Config) -> Option<String> {
    match load_only(&config.state_file, &config.installation()) {
        Ok(Loaded::Unreadable { why }) => Some(format!(
            "{}: the state file cannot be read: {why}; the next run keeps it under another name and begins with an empty \
             one: it orders and deletes nothing for two minutes, and knows no pauses, holds or idle times from before",
            config.state_file.display()
        )),
        // A run says of the other errors what to do, and does nothing.
        Ok(_) | Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    #[test]
    fn a_state_file_that_cannot_be_parsed_is_a_warning_and_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::load(Path::new("examples/mita.toml")).unwrap().config;
        config.state_file = folder.path().join("state.json");
        assert_eq!(warning(&config), None);
        fs::write(&config.state_file, "{\"version\": 1, \"own").unwrap();
        let told = warning(&config).unwrap();
        assert!(told.contains("state.json: the state file cannot be read: "), "{told}");
        assert!(told.contains("the next run keeps it under another name"), "{told}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

//! The state file, as the next run will find it.

use crate::config::Config;
use crate::plan::text::waiting::unconfigured_pauses;
use crate::store::{Loaded, StoreError, load_only};

/// What is wrong with the state file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// A run would end with this error and do nothing.
    ForARun(String),
    /// The next run goes on without it.
    SetAside(String),
}

/// That the state file cannot be used, and what the next run does about it.
pub(super) fn unusable(config: &Config) -> Option<Unusable> {
    match load_only(&config.state_file, &config.installation()) {
        Ok(Loaded::Unreadable { why }) => Some(Unusable::SetAside(format!(
            "{}: the state file cannot be read: {why}; the next run keeps it under another name and begins with an empty \
             one: it orders and deletes nothing for two minutes, and knows no pauses, holds or idle times from before",
            config.state_file.display()
        ))),
        // What this user may not do is found without reading.
        Ok(_) | Err(StoreError::Io { .. } | StoreError::NoFolder(_)) => None,
        Err(error) => Some(Unusable::ForARun(error.to_string())),
    }
}

/// Pauses that somebody meant for what has another name by now.
pub(super) fn pauses(config: &Config) -> Vec<String> {
    let Ok(Loaded::Known(state)) = load_only(&config.state_file, &config.installation()) else { return Vec::new() };
    unconfigured_pauses(config, &state).map(|(scope, error)| format!("{scope} {error}")).collect()
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
        assert_eq!(unusable(&config), None);
        fs::write(&config.state_file, "{\"version\": 1, \"own").unwrap();
        let Some(Unusable::SetAside(told)) = unusable(&config) else { panic!("no warning") };
        assert!(told.contains("state.json: the state file cannot be read: "), "{told}");
        assert!(told.contains("the next run keeps it under another name"), "{told}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_state_file_that_ends_each_run_is_an_error() {
        const OTHER: &str =
            r#"{"version":1,"owner":"other","nodes":{"ubuntu+10.0.0.5":{"first_seen":1,"server":"s1"}}}"#;
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::load(Path::new("examples/mita.toml")).unwrap().config;
        config.state_file = folder.path().join("state.json");
        for (text, error) in [
            ("{\"version\": 99}", "has version 99, this program knows versions up to 1"),
            (OTHER, "belongs to the owner \"other\""),
        ] {
            fs::write(&config.state_file, text).unwrap();
            let Some(Unusable::ForARun(told)) = unusable(&config) else { panic!("{text}: no error") };
            assert!(told.contains(error), "{told}");
        }
        config.state_file = "/dev/null".into();
        assert!(matches!(unusable(&config), Some(Unusable::ForARun(told)) if told.contains("not a regular file")));
    }
}

//! The state that a run starts from.

use crate::config::Config;
use crate::domain::state::State;
use crate::store::{Loaded, Older};
use jiff::Timestamp;

/// The state that a run starts from.
#[derive(Debug)]
pub struct StartingState {
    /// What is remembered.
    pub state: State,
    /// What a person should know, if the state is not that of the last run.
    pub warning: Option<String>,
}

/// The state that a run starts from: one that is lost or unreadable starts anew.
pub fn starting_state(loaded: Loaded, config: &Config, now: Timestamp) -> StartingState {
    let owner = config.owner.clone();
    let (since, warning) = match loaded {
        Loaded::Known(state) => return StartingState { state: *state, warning: None },
        Loaded::Fresh => return StartingState { state: State::new(owner), warning: None },
        Loaded::SetAside { to, why, since, older } => {
            (since, format!("the state file could not be read and is kept as {}: {why}{}", to.display(), told(&older)))
        }
        Loaded::Unreadable { why } => {
            (now, format!("the state file {} cannot be read: {why}", config.state_file.display()))
        }
    };
    StartingState { state: State::after_loss(owner, since, now), warning: Some(warning) }
}

/// What became of older files that were set aside, for the end of a sentence.
fn told(Older { removed, left }: &Older) -> String {
    let removed = match removed {
        0 => String::new(),
        1 => "; an older one was removed".to_owned(),
        number => format!("; {number} older ones were removed"),
    };
    let left = left.first().map(|(file, error)| match left.len() {
        1 => format!("; {} could not be removed ({error}): remove it", file.display()),
        number => {
            format!("; {number} older ones could not be removed, {} for one ({error}): remove them", file.display())
        }
    });
    removed + &left.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Error, ErrorKind};

    #[test]
    fn l6_older_files_that_cannot_be_removed_are_told_with_the_reason() {
        let left = |number: u32| {
            (0..number).map(|at| (format!("/var/old-{at}").into(), Error::from(ErrorKind::PermissionDenied))).collect()
        };
        for (removed, number, expected) in [
            (0, 0, ""),
            (1, 0, "; an older one was removed"),
            (2, 1, "; 2 older ones were removed; /var/old-0 could not be removed (permission denied): remove it"),
            (0, 2, "; 2 older ones could not be removed, /var/old-0 for one (permission denied): remove them"),
        ] {
            assert_eq!(told(&Older { removed, left: left(number) }), expected);
        }
    }
}

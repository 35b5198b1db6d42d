//! The state that a run starts from.

use crate::config::Config;
use crate::domain::state::State;
use crate::store::Loaded;
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
        Loaded::SetAside { to, why, since, removed } => {
            let older = match removed {
                0 => String::new(),
                1 => "; an older one was removed".to_owned(),
                number => format!("; {number} older ones were removed"),
            };
            (since, format!("the state file could not be read and is kept as {}: {why}{older}", to.display()))
        }
        Loaded::Unreadable { why } => {
            (now, format!("the state file {} cannot be read: {why}", config.state_file.display()))
        }
    };
    StartingState { state: State::after_loss(owner, since, now), warning: Some(warning) }
}

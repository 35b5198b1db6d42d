//! The state that a run starts from.

use crate::config::Config;
use crate::domain::state::State;
use crate::store::Loaded;
use jiff::Timestamp;

/// The state that a run starts from, and what a person should know about it.
pub fn starting_state(loaded: Loaded, config: &Config, now: Timestamp) -> (State, Option<String>) {
    let owner = config.owner.clone();
    let warning = match loaded {
        Loaded::Known(state) => return (*state, None),
        Loaded::Fresh => return (State::new(owner), None),
        Loaded::SetAside { to, why } => {
            format!("the state file could not be read and is kept as {}: {why}", to.display())
        }
        Loaded::Unreadable { why } => format!("the state file {} cannot be read: {why}", config.state_file.display()),
    };
    (State::after_loss(owner, now), Some(warning))
}

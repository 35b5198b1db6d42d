//! Servers that have had their last build.

use crate::config::Config;
use crate::domain::format::span;
use crate::domain::rule::Rule;
use crate::domain::state::State;
use crate::plan::identity::fleet::Machine;
use jiff::Timestamp;

/// Why no further build is to come to a server that has joined, if so.
pub(crate) fn last_build(
    config: &Config,
    state: &State,
    machine: &Machine<'_>,
    now: Timestamp,
) -> Option<(Rule, String)> {
    let used = state.servers.get(&machine.id).is_some_and(|server| server.used_at.is_some());
    let kind = config.node_type(&machine.node_type);
    if used && kind.is_some_and(|kind| kind.single_use) {
        return Some((Rule::SingleUse, "its node has had a build, and is for one only".to_owned()));
    }
    let age = now.duration_since(machine.ordered_at);
    // The first run after a jump of the clock cannot tell it from a silence: the next one can.
    let most = config.times(&machine.node_type).max_age.filter(|most| age >= *most && !state.learned.jumped)?;
    Some((Rule::MaxAge, format!("{} old, max_age {}", span(age), span(most))))
}

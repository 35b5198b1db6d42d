//! Servers that somebody locked in their cloud. A lock is a hold: mita sets no node of such a server offline, and
//! deletes and restores nothing.

use crate::domain::format::span;
use crate::domain::rule::Rule;
use crate::domain::state::State;
use crate::domain::world::Lock;
use crate::plan::identity::fleet::Machine;
use crate::plan::lifecycle::phase::{Classified, Phase};
use jiff::{SignedDuration, Timestamp};

/// Where a cloud does not show locks, it is asked again for the deletion of a server without nodes after this time.
const ASKED_AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// Why the cloud would not delete a server, where somebody locked it: in words, with what to do.
pub(crate) fn locked(state: &State, machine: &Machine<'_>, now: Timestamp) -> Option<String> {
    match machine.server().map_or(Lock::Unknown, |server| server.lock) {
        Lock::Open => None,
        Lock::Locked => Some("somebody locked it in its cloud: mita leaves it alone until it is unlocked".to_owned()),
        Lock::Unknown => {
            let server = state.servers.get(&machine.id)?;
            if server.locked {
                let text = "somebody locked it in its cloud, which does not show now whether that has ended: mita leaves it \
                            alone until its cloud shows it unlocked, or somebody asks mita to retire its node";
                return Some(text.to_owned());
            }
            let since = now.duration_since(server.lock_met?);
            let has_node = !machine.nodes.is_empty() || !machine.doubts.is_empty();
            if !has_node && since >= ASKED_AGAIN_AFTER {
                return None;
            }
            let retry = if has_node { "unlock it, then mita retire its node" } else { "mita asks again every hour" };
            Some(format!("its cloud refused to delete it {} ago, because somebody locked it: {retry}", span(since)))
        }
    }
}

/// Makes a hold of the removal of a server that is locked.
pub(super) fn hold(state: &State, machine: &Machine<'_>, now: Timestamp, classified: &mut Classified) {
    if matches!(classified.phase, Phase::ToRemove(_) | Phase::Draining)
        && let Some(lock) = locked(state, machine, now)
    {
        let reason = format!("{}; {lock}", classified.reason);
        *classified = Classified { phase: Phase::LeftAlone(Rule::Held), reason };
    }
}

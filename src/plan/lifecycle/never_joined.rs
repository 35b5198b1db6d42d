//! Servers that were on their way, and leave it by another way than their nodes' joining: each is a failure of its node type
//! at its provider, whatever that way is called. What mita or a person does through mita is none.

use super::evidence::held;
use super::phase::{Classified, Phase};
use crate::domain::names::MitaId;
use crate::domain::rule::Rule;
use crate::domain::state::{Origin, ServerMemory, State};
use crate::domain::world::ServerState;
use crate::plan::identity::fleet::{Fleet, Machine, Sighting};
use crate::plan::sightings::servers::GONE_CONFIRMED;

/// How this run sees a server leave. `known` is what the run before knew.
pub(super) fn loss(
    state: &State,
    machine: &Machine<'_>,
    classified: &Classified,
    known: &ServerMemory,
) -> Option<(Rule, String)> {
    let is_used = machine.is_online() || machine.busy_node().is_some();
    if is_used || !was_on_its_way(known) {
        return None;
    }
    let (rule, how) = match classified.phase {
        Phase::LeftAlone(Rule::Gone) if matches!(machine.sighting, Sighting::Gone) => {
            let is_confirmed = known.gone_sightings + 1 == GONE_CONFIRMED;
            return is_confirmed.then(|| (Rule::Gone, format!("{}, and its node never joined", classified.reason)));
        }
        // The order of one that no list ever showed, or that is not looked for any more.
        Phase::LeftAlone(Rule::Gone) if matches!(machine.sighting, Sighting::Unlisted | Sighting::Elsewhere) => {
            return None;
        }
        // What was there before the state may have joined then.
        _ if known.origin == Origin::Found => return None,
        Phase::LeftAlone(rule @ (Rule::Gone | Rule::Deleting)) => (rule, "was deleted".to_owned()),
        Phase::LeftAlone(rule @ (Rule::Stopping | Rule::UnknownState)) | Phase::ToRemove(rule @ Rule::Stopped) => {
            (rule, format!("was {}", word(machine)))
        }
        Phase::LeftAlone(Rule::NotSeen) if matches!(machine.sighting, Sighting::WithoutMetadata) => {
            (Rule::NotSeen, "lost its metadata".to_owned())
        }
        // Its removal was due.
        Phase::LeftAlone(Rule::Held) if held(state, machine).is_none() => {
            return Some((Rule::Held, classified.reason.clone()));
        }
        _ => return None,
    };
    Some((rule, format!("it {how} before its node joined")))
}

/// Servers that lost their marks before their nodes joined: they are forgotten in this run.
pub(super) fn unmarked<'a>(
    before: &'a State,
    fleet: &Fleet<'_>,
) -> impl Iterator<Item = (&'a MitaId, &'a ServerMemory, String)> {
    let is_unmarked = |known: &ServerMemory| known.server_id.as_ref().is_some_and(|id| fleet.disowned.contains_key(id));
    let lost = before
        .servers
        .iter()
        .filter(move |(_, known)| known.origin != Origin::Found && was_on_its_way(known) && is_unmarked(known));
    lost.map(|(id, known)| (id, known, "it lost its mark before its node joined".to_owned()))
}

/// Whether its node had not joined, and neither mita nor a person who asked mita removes it.
fn was_on_its_way(known: &ServerMemory) -> bool {
    known.joined_at.is_none() && known.retirement.is_none() && known.asked.is_none() && !known.failure_counted
}

fn word<'m>(machine: &'m Machine<'_>) -> &'m str {
    match machine.server().map(|server| &server.state) {
        Some(ServerState::Stopped(word) | ServerState::Other(word)) => word,
        _ => "stopped",
    }
}

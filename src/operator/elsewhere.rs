//! Servers that are in another place than the one that mita logs in to, or at a provider that is no longer configured: mita leaves
//! them alone there, and can only forget those that have no node in Jenkins.

use crate::config::Config;
use crate::domain::journal::Entry;
use crate::domain::state::State;
use crate::domain::world::World;
use crate::journal;
use crate::operator::context::report_unwritten;
use crate::operator::request::{Answer, Ended, Request};
use crate::plan::identity::fleet::{Machine, Sighting};
use crate::plan::identity::places::{forgetting, there};
use crate::store::{Store, StoreError};
use jiff::Timestamp;

/// Where a server is that is elsewhere, and why mita does nothing with it.
pub(super) fn out_of_reach(world: &World, machine: &Machine<'_>, state: &State) -> Option<String> {
    let memory = state.servers.get(&machine.id).filter(|_| matches!(machine.sighting, Sighting::Elsewhere))?;
    let provider = &machine.provider;
    let is = match world.clouds.get(provider) {
        Some(cloud) => format!("in the {}, and provider {provider} logs in to another place", there(cloud, memory)),
        None => format!("at provider {provider}, which is no longer configured"),
    };
    Some(format!("{is}, so mita cannot delete it there"))
}

/// Forgets a server that is elsewhere and has no node, if a person wants to be rid of it. None of any other server.
pub(super) fn forget(
    config: &Config,
    world: &World,
    machine: &Machine<'_>,
    request: &Request,
    mut state: State,
    store: &mut Store,
    (person, now): (&str, Timestamp),
) -> Result<Option<Answer>, StoreError> {
    let Some((why, command)) = out_of_reach(world, machine, &state).zip(forgetting(machine)) else { return Ok(None) };
    let answer = |ended, reason| Answer { server_id: machine.server_id.clone(), ..Answer::new(ended, reason) };
    if matches!(request, Request::Hold { .. } | Request::Release) {
        let reason = format!("it has no node in Jenkins, and is {why}: `{command}` makes mita forget it");
        return Ok(Some(answer(Ended::Refused, reason)));
    }
    let Some(known) = state.servers.remove(&machine.id) else { return Ok(None) };
    store.save(&state)?;
    let entry =
        Entry { run: None, by: Some(person.to_owned()), ..journal::forgotten(&state, &machine.id, &known, now) };
    report_unwritten(store.append_to_journal(&[entry], config.journal_days, now));
    let reason = format!(
        "is forgotten, and not deleted: it is {why}. If it is still there, delete it there; mita knows it again if it logs in there \
         and finds it"
    );
    Ok(Some(answer(Ended::Done, reason)))
}

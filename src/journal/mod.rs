//! What a run adds to the journal: what it saw happen, what it orders, and what came of its actions.
//!
//! Pure functions from the state before and after, the plan and its results, to [`Entry`]s. [`crate::reconcile`] and
//! [`crate::operator`] append them to the file that [`crate::store`] keeps.

mod done;
mod seen;

pub use done::done;
pub use seen::seen;

use crate::domain::journal::{Entry, Event, JobEntry, Life};
use crate::domain::names::MitaId;
use crate::domain::state::{Pause, ServerMemory, State};
use crate::domain::world::World;
use crate::plan::model::{Action, Change, Order};
use jiff::{SignedDuration, Timestamp};

/// The orders among these actions. They are written down before they are sent, so that none is ever without a trace.
pub fn ordered(state: &State, world: &World, actions: &[Action], now: Timestamp) -> Vec<Entry> {
    let items = || world.jenkins.queue.complete().into_iter().flat_map(|queue| &queue.items);
    let waited = |id: u64| {
        let since = items().find(|item| item.id == id)?.in_queue_since?;
        Some(now.duration_since(since))
    };
    let entry = |action: &Action| {
        let Change::CreateServer(Order { node_type, provider, id, jobs, .. }) = &action.change else { return None };
        let jobs = jobs
            .iter()
            .map(|job| JobEntry::new(job.queue_id, &job.job, Some(&job.needs), waited(job.queue_id)))
            .collect();
        let entry = Entry {
            run: Some(state.run),
            node_type: Some(node_type.clone()),
            provider: Some(provider.clone()),
            order: Some(id.clone()),
            jobs,
            ..Entry::new(now, Event::Ordered)
        };
        Some(entry.because(action.rule, &action.reason))
    };
    actions.iter().filter_map(entry).collect()
}

/// A pause that begins or ends.
pub fn of_pause(event: Event, pause: &Pause, now: Timestamp) -> Entry {
    let entry = Entry {
        node_type: pause.node_type.clone(),
        provider: pause.provider.clone(),
        until: pause.until,
        ..Entry::new(now, event)
    };
    entry.saying(pause.reason.as_deref().unwrap_or_default())
}

/// An entry about a server of ours.
fn of_server(state: &State, id: &MitaId, server: &ServerMemory, event: Event, now: Timestamp) -> Entry {
    Entry {
        run: Some(state.run),
        node_type: Some(server.node_type.clone()),
        provider: Some(server.provider.clone()),
        order: Some(id.clone()),
        server_id: server.server_id.clone(),
        node: server.node.clone(),
        ..Entry::new(now, event)
    }
}

/// A server in another place that is forgotten.
pub fn forgotten(state: &State, id: &MitaId, server: &ServerMemory, now: Timestamp) -> Entry {
    let entry = Entry { life: Some(life(server, now)), ..of_server(state, id, server, Event::Vanished, now) };
    entry.saying("forgotten: it is where mita does not log in, and has no node")
}

/// What a server did until now.
fn life(server: &ServerMemory, now: Timestamp) -> Life {
    let since = |time: Timestamp| now.duration_since(time).max(SignedDuration::ZERO).as_secs();
    let busy_seconds = server.work.time.as_secs();
    Life {
        age_seconds: since(server.ordered_at),
        // A build that began before a run saw the server online shows that it was.
        online_seconds: server.joined_at.map_or(0, since).max(busy_seconds),
        busy_seconds,
        builds: server.work.builds,
    }
}

//! What Jenkins shows.

use crate::concurrency::join;
use crate::config::Config;
use crate::domain::state::{LEFT_OUT_UNKNOWN, State};
use crate::domain::world::{Jenkins, Listing, Queue, QueueItem};
use crate::jenkins;
use crate::jenkins::{JenkinsError, Reading};
use crate::observe::run_pages;
use crate::observe::services::Services;
use std::collections::{BTreeMap, BTreeSet};
use std::thread;

/// Jenkins leaves out items of which it cannot export the label or the reason: one run in so many asks without these, and each
/// one while there are such items or no answer.
const ASKS_TWICE_IN: u64 = 10;

/// Reads the mode, the queue and the nodes. They are used only if one and the same start of Jenkins gave them all.
pub(super) fn read(config: &Config, services: &Services, state: &State) -> Jenkins {
    let jenkins = match &services.jenkins {
        Ok(jenkins) => jenkins,
        Err(reason) => return unavailable(reason),
    };
    let asks_twice =
        state.items_left_out || state.lasting.contains_key(LEFT_OUT_UNKNOWN) || state.run.is_multiple_of(ASKS_TWICE_IN);
    let (mode, queue, whole, nodes) = thread::scope(|scope| {
        let mode = scope.spawn(|| jenkins.mode());
        let queue = scope.spawn(|| jenkins.queue());
        let whole = asks_twice.then(|| scope.spawn(|| jenkins.whole_queue()));
        let nodes = jenkins.nodes();
        (join(mode), join(queue), whole.map(join), nodes)
    });
    let mut sessions: BTreeSet<String> = BTreeSet::new();
    let mut errors: BTreeMap<String, String> = BTreeMap::new();
    let mode = listing(mode, &mut sessions, &mut errors);
    let queue = listing(queue, &mut sessions, &mut errors);
    let shows_marks = nodes.as_ref().is_ok_and(|nodes| jenkins::shows_marks(&nodes.version));
    let nodes = listing(nodes, &mut sessions, &mut errors);
    if sessions.len() > 1 {
        return unavailable("Jenkins was restarted while it was read: its answers do not belong together");
    }
    let session = sessions.pop_first();
    let session = session.or_else(|| if jenkins.lacks_session() { jenkins.session_of_page() } else { None });
    let mut queue = readable(queue);
    if let (Listing::Complete(queue), Some(whole)) = (&mut queue, whole) {
        let added = whole.and_then(|whole| add_left_out(jenkins, queue, whole.value));
        queue.left_out_unknown = added.err().map(|error| error.to_string());
    }
    if let (Listing::Complete(queue), Listing::Complete(nodes)) = (&mut queue, &nodes) {
        run_pages::read_labels(jenkins, queue, nodes, config, state);
    }
    Jenkins { session, shows_marks, mode, queue, nodes }
}

/// Adds the items that Jenkins left out, and says why each waits where it tells. One that came between the requests is added as
/// well.
fn add_left_out(jenkins: &jenkins::Jenkins, queue: &mut Queue, mut whole: Queue) -> Result<(), JenkinsError> {
    let listed: BTreeSet<u64> = queue.items.iter().map(|item| item.id).collect();
    whole.items.retain(|item| !listed.contains(&item.id));
    let told = if whole.items.is_empty() { None } else { Some(jenkins.queue_without_labels()) };
    let (with_reasons, failed) = match told {
        Some(Ok(told)) => (told.value.items, None),
        Some(Err(error)) => (Vec::new(), Some(error)),
        None => (Vec::new(), None),
    };
    let mut with_reasons: BTreeMap<u64, QueueItem> = with_reasons.into_iter().map(|item| (item.id, item)).collect();
    for item in &mut whole.items {
        if let Some(with_reason) = with_reasons.remove(&item.id) {
            *item = with_reason;
        }
    }
    queue.left_out = Some(whole.items.iter().map(|item| item.id).collect());
    queue.items.append(&mut whole.items);
    failed.map_or(Ok(()), Err)
}

fn unavailable(reason: &str) -> Jenkins {
    Jenkins {
        session: None,
        shows_marks: false,
        mode: Listing::Unavailable(reason.to_owned()),
        queue: Listing::Unavailable(reason.to_owned()),
        nodes: Listing::Unavailable(reason.to_owned()),
    }
}

/// What was read. The same error of several requests, such as that of a wrong token, is one problem: it names the first.
fn listing<T>(
    reading: Result<Reading<T>, JenkinsError>,
    sessions: &mut BTreeSet<String>,
    errors: &mut BTreeMap<String, String>,
) -> Listing<T> {
    match reading {
        Ok(reading) => {
            sessions.extend(reading.session);
            Listing::Complete(reading.value)
        }
        Err(error) => {
            let whole = error.to_string();
            Listing::Unavailable(errors.entry(error.text).or_insert(whole).clone())
        }
    }
}

/// The queue, unless it is one whose items this user may not read.
fn readable(queue: Listing<Queue>) -> Listing<Queue> {
    match queue {
        Listing::Complete(seen) if seen.items.is_empty() && seen.discoverable > 0 => Listing::Unavailable(format!(
            "the queue looks empty, but holds {} items that this user may discover and not read: grant it Job/Read",
            seen.discoverable
        )),
        queue => queue,
    }
}

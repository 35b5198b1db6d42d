//! What Jenkins shows.

use crate::concurrency::join;
use crate::config::Config;
use crate::domain::state::{LEFT_OUT_UNKNOWN, State};
use crate::domain::world::{Jenkins, Listing, Queue};
use crate::jenkins;
use crate::jenkins::{JenkinsError, Reading};
use crate::observe::run_pages;
use crate::observe::services::Services;
use std::collections::{BTreeMap, BTreeSet};
use std::thread;

/// Jenkins leaves out items that it cannot export with the labels of their jobs: one run in so many asks without, and each
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
    let (mode, queue, without_labels, nodes) = thread::scope(|scope| {
        let mode = scope.spawn(|| jenkins.mode());
        let queue = scope.spawn(|| jenkins.queue());
        let without_labels = asks_twice.then(|| scope.spawn(|| jenkins.queue_without_labels()));
        let nodes = jenkins.nodes();
        (join(mode), join(queue), without_labels.map(join), nodes)
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
    if let (Listing::Complete(queue), Some(without_labels)) = (&mut queue, without_labels) {
        match without_labels {
            Ok(all) => add_left_out(queue, all.value),
            Err(error) => queue.left_out_unknown = Some(error.to_string()),
        }
    }
    if let (Listing::Complete(queue), Listing::Complete(nodes)) = (&mut queue, &nodes) {
        run_pages::read_labels(jenkins, queue, nodes, config, state);
    }
    Jenkins { session, shows_marks, mode, queue, nodes }
}

/// Adds the items that Jenkins left out. One that came between the two requests is added as well.
fn add_left_out(queue: &mut Queue, mut all: Queue) {
    let listed: BTreeSet<u64> = queue.items.iter().map(|item| item.id).collect();
    all.items.retain(|item| !listed.contains(&item.id));
    queue.left_out = Some(all.items.iter().map(|item| item.id).collect());
    queue.items.append(&mut all.items);
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

//! What Jenkins shows.

use crate::concurrency::join;
use crate::domain::world::{Jenkins, Listing, Queue};
use crate::jenkins::{JenkinsError, Reading};
use crate::observe::services::Services;
use std::collections::{BTreeMap, BTreeSet};
use std::thread;

/// Reads the mode, the queue and the nodes. They are used only if one and the same start of Jenkins gave them all.
pub(super) fn read(services: &Services) -> Jenkins {
    let jenkins = match &services.jenkins {
        Ok(jenkins) => jenkins,
        Err(reason) => return unavailable(reason),
    };
    let (mode, queue, nodes) = thread::scope(|scope| {
        let mode = scope.spawn(|| jenkins.mode());
        let queue = scope.spawn(|| jenkins.queue());
        let nodes = jenkins.nodes();
        (join(mode), join(queue), nodes)
    });
    let mut sessions: BTreeSet<String> = BTreeSet::new();
    let mut errors: BTreeMap<String, String> = BTreeMap::new();
    let mode = listing(mode, &mut sessions, &mut errors);
    let queue = listing(queue, &mut sessions, &mut errors);
    let nodes = listing(nodes, &mut sessions, &mut errors);
    if sessions.len() > 1 {
        return unavailable("Jenkins was restarted while it was read: its answers do not belong together");
    }
    let session = sessions.pop_first();
    let session = session.or_else(|| if jenkins.lacks_headers() { jenkins.session_of_page() } else { None });
    Jenkins { session, mode, queue: readable(queue), nodes }
}

fn unavailable(reason: &str) -> Jenkins {
    Jenkins {
        session: None,
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

//! Gives servers their floating IPs, and releases those whose servers are gone.

use crate::apply::{ActionResult, News, Outcome, Site, actions, orders, tell};
use crate::domain::names::FloatingIpId;
use crate::domain::world::{AddressMark, Lookup};
use crate::plan::model::{Action, Change, FloatingIpToAssign, FormerServer};
use crate::provider::{AddressOrder, Deletion, Failure};
use crate::workers::at_once;
use std::sync::mpsc::Sender;

enum Step<'a> {
    Assign(&'a FloatingIpToAssign),
    Release(&'a FloatingIpId, &'a FormerServer),
}

fn step((action, planned): (usize, &Action)) -> Option<(usize, Step<'_>)> {
    match &planned.change {
        Change::AssignFloatingIp(wanted) => Some((action, Step::Assign(wanted))),
        Change::ReleaseFloatingIp { floating_ip_id, left_by } => Some((action, Step::Release(floating_ip_id, left_by))),
        _ => None,
    }
}

pub(super) fn carry_out(site: &Site<'_>, news: Sender<News>) {
    at_once(site.config.concurrency, actions(site.plan).filter_map(step).collect(), |(action, step)| {
        let (server_id, (outcome, error)) = match step {
            Step::Assign(wanted) => (&wanted.target.server_id, assign(site, wanted)),
            Step::Release(id, left_by) => (&left_by.server_id, release(site, id, left_by)),
        };
        tell(&news, News::Result(ActionResult { action, outcome, server_id: Some(server_id.clone()), error }));
    });
}

fn assign(site: &Site<'_>, wanted: &FloatingIpToAssign) -> (Outcome, Option<String>) {
    let FloatingIpToAssign { target, pool, known } = wanted;
    let mark = AddressMark::new(&site.config.installation(), target.order.clone(), target.server_id.clone());
    let networks = site.config.node_type(&target.node_type).map(|kind| kind.networks.as_slice());
    let networks = networks.unwrap_or_default();
    let order = AddressOrder { pool, mark: &mark, networks, known: known.as_ref() };
    let answer = match site.services.provider(&target.provider) {
        Ok(provider) => provider.assign_floating_ip(&order),
        Err(reason) => return (Outcome::Failed, Some(reason.to_owned())),
    };
    match answer {
        Ok(()) => (Outcome::Done, None),
        Err(failure) => failed(failure),
    }
}

/// The proof, read afresh: it is the one that was made for this server, it leads nowhere, and the server is gone.
fn release(site: &Site<'_>, id: &FloatingIpId, left_by: &FormerServer) -> (Outcome, Option<String>) {
    let FormerServer { provider, server_id: server } = left_by;
    let provider = match site.services.provider(provider) {
        Ok(provider) => provider,
        Err(reason) => return (Outcome::Failed, Some(reason.to_owned())),
    };
    match provider.floating_ip(id) {
        Lookup::Gone => return (Outcome::AlreadyDone, None),
        Lookup::Unavailable(reason) => return (Outcome::Failed, Some(reason)),
        Lookup::Found(found) => {
            let mark = found.as_ref().map(|address| &address.mark);
            let installation = site.config.installation();
            if mark.is_none_or(|mark| !mark.is_of(&installation) || mark.server != *server) {
                let reason = format!("floating IP {id} is not the one of server {server} any more: it is left alone");
                return (Outcome::Skipped, Some(reason));
            }
            if found.is_some_and(|address| address.attached) {
                return (Outcome::Skipped, Some(format!("floating IP {id} is in use")));
            }
        }
    }
    match provider.server(server) {
        Lookup::Gone => {}
        Lookup::Found(_) => return (Outcome::Skipped, Some(format!("server {server} is there all the same"))),
        Lookup::Unavailable(reason) => return (Outcome::Failed, Some(reason)),
    }
    match provider.release_floating_ip(id) {
        Ok(Deletion::Accepted) => (Outcome::Done, None),
        Ok(Deletion::AlreadyGone) => (Outcome::AlreadyDone, None),
        Err(failure) => failed(failure),
    }
}

fn failed(failure: Failure) -> (Outcome, Option<String>) {
    (orders::outcome(failure.kind), Some(failure.message))
}

//! Gives servers their floating IPs, and releases those whose servers are gone.

use super::{ActionResult, News, Outcome, Site, actions, orders, tell};
use crate::concurrency::parallel_map;
use crate::naming::{FloatingIpId, ProviderName, ServerId};
use crate::plan::Action;
use crate::provider::{AddressOrder, Deletion, Failure};
use crate::world::{AddressMark, Lookup};
use std::sync::mpsc::Sender;

pub(super) fn carry_out(site: &Site<'_>, news: Sender<News>) {
    let wanted = actions(site.plan)
        .filter(|(_, planned)| matches!(planned, Action::AssignFloatingIp { .. } | Action::ReleaseFloatingIp { .. }));
    parallel_map(site.config.concurrency, wanted.collect(), |(action, planned)| {
        let (server_id, (outcome, error)) = match planned {
            Action::AssignFloatingIp { node_type, provider, server_id, id, pool, floating_ip_id, .. } => {
                let mark = AddressMark { owner: site.config.owner.clone(), id: id.clone(), server: server_id.clone() };
                let networks = site.config.node_type(node_type).map(|kind| kind.networks.as_slice());
                let order = AddressOrder {
                    pool,
                    mark: &mark,
                    networks: networks.unwrap_or_default(),
                    known: floating_ip_id.as_ref(),
                };
                (server_id, assign(site, provider, &order))
            }
            Action::ReleaseFloatingIp { floating_ip_id, provider, server_id, .. } => {
                (server_id, release(site, provider, floating_ip_id, server_id))
            }
            Action::CreateServer { .. }
            | Action::RetireNode { .. }
            | Action::DeleteServer { .. }
            | Action::RestoreNode { .. }
            | Action::DeleteNode { .. }
            | Action::DeleteVolume { .. }
            | Action::CreateNode { .. }
            | Action::DrainNode { .. } => return,
        };
        tell(&news, News::Result(ActionResult { action, outcome, server_id: Some(server_id.clone()), error }));
    });
}

fn assign(site: &Site<'_>, provider: &ProviderName, order: &AddressOrder<'_>) -> (Outcome, Option<String>) {
    let answer = match site.services.provider(provider) {
        Ok(provider) => provider.assign_floating_ip(order),
        Err(reason) => return (Outcome::Failed, Some(reason.to_owned())),
    };
    match answer {
        Ok(()) => (Outcome::Done, None),
        Err(failure) => failed(failure),
    }
}

/// The proof, read afresh: it is the one that was made for this server, it leads nowhere, and the server is gone.
fn release(
    site: &Site<'_>,
    provider: &ProviderName,
    id: &FloatingIpId,
    server: &ServerId,
) -> (Outcome, Option<String>) {
    let provider = match site.services.provider(provider) {
        Ok(provider) => provider,
        Err(reason) => return (Outcome::Failed, Some(reason.to_owned())),
    };
    match provider.floating_ip(id) {
        Lookup::Gone => return (Outcome::AlreadyDone, None),
        Lookup::Unavailable(reason) => return (Outcome::Failed, Some(reason)),
        Lookup::Found(found) => {
            let mark = found.as_ref().map(|address| &address.mark);
            if mark.is_none_or(|mark| mark.owner != site.config.owner || mark.server != *server) {
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

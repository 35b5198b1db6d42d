//! Assigns floating IPs to servers, and releases those whose servers are gone.

use crate::apply::context::Context;
use crate::apply::events::Event;
use crate::apply::outcome::{NotDone, Outcome, Result, deleted, found};
use crate::domain::names::FloatingIpId;
use crate::domain::world::{AddressMark, ServerState};
use crate::plan::model::{Change, FloatingIpToAssign, FormerServer};
use crate::provider::AddressOrder;

type Task<'a> = Box<dyn FnOnce() -> Result<Outcome> + Send + 'a>;

pub(super) fn assign_and_release(context: &Context<'_>) {
    context.carry_out(|action| -> Option<Task<'_>> {
        match &action.change {
            Change::AssignFloatingIp(wanted) => Some(Box::new(|| assign(context, wanted))),
            Change::ReleaseFloatingIp { floating_ip_id, left_by } => {
                Some(Box::new(|| release(context, floating_ip_id, left_by)))
            }
            _ => None,
        }
    });
}

fn assign(context: &Context<'_>, wanted: &FloatingIpToAssign) -> Result<Outcome> {
    let FloatingIpToAssign { target, pool, known } = wanted;
    let mark = AddressMark::new(&context.config.installation(), target.order.clone(), target.server_id.clone());
    let networks = context.config.node_type(&target.node_type).map_or(&[][..], |kind| &kind.networks);
    let order = AddressOrder { pool, mark: &mark, networks, known: known.as_ref() };
    let Some(provider) = context.provider(&target.provider)?.attachments() else {
        return Err(NotDone::skipped(format!("provider {} has no floating IPs", target.provider)));
    };
    let assigned = provider.assign_floating_ip(&order).map(|()| Outcome::Done);
    let kind = assigned.as_ref().err().map(|failure| failure.kind);
    let assigned = assigned.map_err(NotDone::from);
    let refused = kind.filter(|_| assigned.as_ref().is_err_and(|not_done| not_done.outcome == Outcome::Refused));
    context.report(Event::FloatingIpAnswered { order: target.order.clone(), refused });
    assigned
}

/// The floating IP is read first: it is released only if it was made for this server, the server is gone, and it leads
/// nowhere, or to that server if its cloud keeps it after its deletion.
fn release(context: &Context<'_>, id: &FloatingIpId, left_by: &FormerServer) -> Result<Outcome> {
    let FormerServer { provider, server_id: server } = left_by;
    let provider = context.provider(provider)?;
    let Some(attachments) = provider.attachments() else { return Ok(Outcome::AlreadyDone) };
    let Some(address) = found(attachments.floating_ip(id))? else { return Ok(Outcome::AlreadyDone) };
    let installation = context.config.installation();
    let ours = address.filter(|address| address.mark.is_of(&installation) && address.mark.server == *server);
    let Some(address) = ours else {
        let reason = format!("floating IP {id} no longer belongs to server {server}: it is left alone");
        return Err(NotDone::skipped(reason));
    };
    let left = found(provider.server(server))?;
    let is_kept = left.as_ref().is_some_and(|left| left.state == ServerState::Deleted);
    if address.attached && !(is_kept && attachments.floating_ip_leads_to(id, server)?) {
        return Err(NotDone::skipped(format!("floating IP {id} is in use")));
    }
    if left.is_some() && !is_kept {
        return Err(NotDone::skipped(format!("server {server} still exists")));
    }
    deleted(attachments.release_floating_ip(id))
}

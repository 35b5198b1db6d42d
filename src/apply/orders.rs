//! Creates the servers of a plan.

use crate::apply::context::Context;
use crate::apply::events::Event;
use crate::apply::outcome::{ActionResult, NotDone, Outcome, Result};
use crate::apply::registration;
use crate::apply::script;
use crate::apply::script::Agent;
use crate::domain::names::{MitaId, ServerId};
use crate::plan::model::{Change, Order};
use crate::provider;
use crate::provider::{Failure, FailureKind};

pub(super) fn create_servers(context: &Context<'_>) {
    let orders = context.actions(|action| match &action.change {
        Change::CreateServer(order) => Some(order),
        _ => None,
    });
    context.parallel(orders, |(action, order)| {
        let created = create_server(context, order);
        let server_id = created.as_ref().ok().cloned();
        let result = ActionResult::new(action, server_id, created.map(|_| Outcome::Done));
        context.report(Event::ActionEnded(result));
    });
}

fn create_server(context: &Context<'_>, order: &Order) -> Result<ServerId> {
    let Order { id, provider, .. } = order;
    if context.is_throttled(provider) {
        registration::leave_out_node(context, id, NOT_SENT);
        return Err(not_sent(context, id));
    }
    let agent = registration::create_node_for_order(context, id)?;
    if context.is_throttled(provider) {
        let left = registration::withdraw_node(context, id);
        return Err(not_sent(context, id).and(left));
    }
    match send(context, order, agent.as_ref()) {
        Ok(server_id) => {
            context.report(Event::ServerCreated { order: id.clone(), server_id: server_id.clone() });
            Ok(server_id)
        }
        Err(failure) => {
            if failure.asks_for_pause() {
                context.throttle(provider);
            }
            // The order stays in the state where the server may exist, and so does its node. A service that is not available
            // for hours would leave one in each run.
            let uncertain = failure.kind == FailureKind::UnknownOutcome;
            let left = if uncertain { None } else { registration::withdraw_node(context, id) };
            let (order, provider) = (id.clone(), provider.clone());
            context.report(Event::OrderFailed { order, provider, failure: failure.clone() });
            Err(NotDone::from(failure).and(left))
        }
    }
}

const NOT_SENT: &str = "not sent, since the provider asks for fewer requests";

fn not_sent(context: &Context<'_>, order: &MitaId) -> NotDone {
    context.report(Event::OrderNotSent(order.clone()));
    NotDone::skipped(NOT_SENT)
}

fn send(context: &Context<'_>, order: &Order, agent: Option<&Agent>) -> Result<ServerId, Failure> {
    let Order { node_type, provider, name, id, .. } = order;
    let unavailable = |reason: &str| Failure::new(FailureKind::Unavailable, reason);
    let unknown_type = || Failure::new(FailureKind::Wrong, format!("there is no node type {node_type}"));
    let provider = context.services.provider(provider).map_err(unavailable)?;
    let node_type = context.config.node_type(node_type).ok_or_else(unknown_type)?;
    let user_data = script::fill(context.config, node_type, id, name, agent);
    let installation = &context.config.installation();
    provider.create(&provider::Order { node_type, installation, id, name, user_data })
}

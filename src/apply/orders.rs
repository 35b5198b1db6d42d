//! Sends the orders of a plan.

use super::{ActionResult, Lesson, News, Outcome, Site, actions, registration, tell};
use crate::concurrency::parallel_map;
use crate::naming::{MitaId, NodeTypeName, ProviderName};
use crate::plan::Action;
use crate::provider::{Failure, FailureKind, Order};
use crate::script;
use std::sync::mpsc::Sender;

struct Sending<'a> {
    action: usize,
    node_type: &'a NodeTypeName,
    provider: &'a ProviderName,
    name: &'a str,
    id: &'a MitaId,
}

pub(super) fn send(site: &Site<'_>, news: Sender<News>) {
    let orders = actions(site.plan).filter_map(|(action, planned)| match planned {
        Action::CreateServer { node_type, provider, name, id, .. } => {
            Some(Sending { action, node_type, provider, name, id })
        }
        Action::RetireNode { .. }
        | Action::DrainNode { .. }
        | Action::CreateNode { .. }
        | Action::DeleteServer { .. }
        | Action::RestoreNode { .. }
        | Action::DeleteNode { .. }
        | Action::DeleteVolume { .. }
        | Action::AssignFloatingIp { .. }
        | Action::ReleaseFloatingIp { .. } => None,
    });
    parallel_map(site.config.concurrency, orders.collect(), |order| send_one(site, &order, &news));
}

fn send_one(site: &Site<'_>, order: &Sending<'_>, news: &Sender<News>) {
    let agent = match registration::before_its_server(site, order.id, news) {
        Ok(agent) => agent,
        Err(error) => {
            let (action, error) = (order.action, Some(error));
            let result = ActionResult { action, outcome: Outcome::Failed, server_id: None, error };
            return tell(news, News::Result(result));
        }
    };
    let answer = match (site.services.provider(order.provider), site.config.node_type(order.node_type)) {
        (Ok(provider), Some(node_type)) => provider.create(&Order {
            node_type,
            owner: &site.config.owner,
            id: order.id,
            name: order.name,
            user_data: script::fill(site.config, node_type, order.id, order.name, agent.as_ref()),
        }),
        (Err(reason), _) => Err(Failure { kind: FailureKind::Unavailable, message: reason.to_owned() }),
        (_, None) => {
            Err(Failure { kind: FailureKind::Wrong, message: format!("there is no node type {}", order.node_type) })
        }
    };
    let mut result = ActionResult { action: order.action, outcome: Outcome::Done, server_id: None, error: None };
    match answer {
        Ok(server_id) => {
            result.server_id = Some(server_id.clone());
            tell(news, News::Ordered { id: order.id.clone(), server_id });
        }
        Err(Failure { kind, message }) => {
            let lesson = match kind {
                FailureKind::UnknownOutcome => None,
                FailureKind::Quota => Some(Lesson::Quota),
                FailureKind::Wrong | FailureKind::Denied | FailureKind::Conflict => {
                    Some(Lesson::Wrong(message.clone()))
                }
                FailureKind::RateLimited | FailureKind::Unavailable => Some(Lesson::Passing),
            };
            result.outcome = outcome(kind);
            // A service that is not available has been known to do what was asked all the same.
            let withdrawn = match lesson {
                Some(_) if kind != FailureKind::Unavailable => registration::withdraw(site, order.id),
                Some(_) | None => None,
            };
            result.error = Some(match withdrawn {
                Some(left) => format!("{message}; {left}"),
                None => message,
            });
            if let Some(lesson) = lesson {
                tell(news, News::NotOrdered { id: order.id.clone(), provider: order.provider.clone(), lesson });
            }
        }
    }
    tell(news, News::Result(result));
}

pub(super) fn outcome(kind: FailureKind) -> Outcome {
    match kind {
        FailureKind::Quota | FailureKind::Wrong | FailureKind::Denied | FailureKind::Conflict => Outcome::Refused,
        FailureKind::RateLimited | FailureKind::Unavailable => Outcome::Failed,
        FailureKind::UnknownOutcome => Outcome::Unknown,
    }
}

//! Sends the orders of a plan.

use crate::apply::script;
use crate::apply::{ActionResult, Lesson, News, Outcome, Site, actions, registration, tell};
use crate::plan::model::{Change, Order};
use crate::provider::{self, Failure, FailureKind};
use crate::workers::at_once;
use std::sync::mpsc::Sender;

pub(super) fn send(site: &Site<'_>, news: Sender<News>) {
    let orders = actions(site.plan).filter_map(|(action, planned)| match &planned.change {
        Change::CreateServer(order) => Some((action, order)),
        _ => None,
    });
    at_once(site.config.concurrency, orders.collect(), |(action, order)| send_one(site, action, order, &news));
}

fn send_one(site: &Site<'_>, action: usize, order: &Order, news: &Sender<News>) {
    let Order { node_type: type_name, provider, name, id, .. } = order;
    let agent = match registration::before_its_server(site, id, news) {
        Ok(agent) => agent,
        Err(error) => {
            let result = ActionResult { action, outcome: Outcome::Failed, server_id: None, error: Some(error) };
            return tell(news, News::Result(result));
        }
    };
    let installation = site.config.installation();
    let answer = match (site.services.provider(provider), site.config.node_type(type_name)) {
        (Ok(provider), Some(node_type)) => provider.create(&provider::Order {
            node_type,
            installation: &installation,
            id,
            name,
            user_data: script::fill(site.config, node_type, id, name, agent.as_ref()),
        }),
        (Err(reason), _) => Err(Failure { kind: FailureKind::Unavailable, message: reason.to_owned() }),
        (_, None) => Err(Failure { kind: FailureKind::Wrong, message: format!("there is no node type {type_name}") }),
    };
    let mut result = ActionResult { action, outcome: Outcome::Done, server_id: None, error: None };
    match answer {
        Ok(server_id) => {
            result.server_id = Some(server_id.clone());
            tell(news, News::Ordered { id: id.clone(), server_id });
        }
        Err(Failure { kind, message }) => {
            let lesson = match kind {
                FailureKind::UnknownOutcome => None,
                FailureKind::Quota => Some(Lesson::Quota),
                FailureKind::Wrong | FailureKind::Denied | FailureKind::Conflict | FailureKind::Locked => {
                    Some(Lesson::Wrong(message.clone()))
                }
                FailureKind::RateLimited | FailureKind::Unavailable => Some(Lesson::Passing),
            };
            result.outcome = outcome(kind);
            // A service that is not available has been known to do what was asked all the same.
            let withdrawn = match lesson {
                Some(_) if kind != FailureKind::Unavailable => registration::withdraw(site, id),
                Some(_) | None => None,
            };
            result.error = Some(match withdrawn {
                Some(left) => format!("{message}; {left}"),
                None => message,
            });
            if let Some(lesson) = lesson {
                tell(news, News::NotOrdered { id: id.clone(), provider: provider.clone(), lesson });
            }
        }
    }
    tell(news, News::Result(result));
}

pub(super) fn outcome(kind: FailureKind) -> Outcome {
    match kind {
        FailureKind::Quota | FailureKind::Wrong | FailureKind::Denied | FailureKind::Conflict | FailureKind::Locked => {
            Outcome::Refused
        }
        FailureKind::RateLimited | FailureKind::Unavailable => Outcome::Failed,
        FailureKind::UnknownOutcome => Outcome::Unknown,
    }
}

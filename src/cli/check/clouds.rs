//! Checks a cloud: whether it can be read, whether it has what the node types name, and what its quota allows.

use crate::apply::script;
use crate::apply::script::Agent;
use crate::cli::check::quota::scarce;
use crate::config::{Config, NodeType, ProviderConfig, Registration};
use crate::domain::names::MitaId;
use crate::domain::world::{Listing, Server, World};
use crate::observe::Services;
use crate::provider::{FailureKind, Inspection, Order, Provider, QuotaUsage};
use crate::reconcile::Moment;
use crate::secret::Secret;
use crate::view::document::check::Online;
use crate::view::text::plural;
use std::collections::BTreeMap;

pub(super) fn check(
    online: &mut Online,
    config: &Config,
    services: &Services,
    world: &World,
    provider: &ProviderConfig,
    moment: Moment,
) {
    let place = format!("provider {}", provider.name);
    let servers = match world.clouds.get(&provider.name).map(|cloud| &cloud.servers) {
        Some(Listing::Complete(servers)) => servers,
        Some(Listing::Unavailable(error)) => return online.fault(&place, error),
        None => return,
    };
    let types: Vec<&NodeType> =
        config.node_types.iter().filter(|kind| kind.providers.contains(&provider.name)).collect();
    let backend = match services.provider(&provider.name) {
        Ok(backend) => backend,
        Err(error) => return online.fault(&place, error),
    };
    let survey = backend.survey(&types);
    survey.problems.iter().for_each(|problem| online.fault(&place, problem));
    for (kind, failure) in &survey.unfit {
        // Any other failure is among the problems.
        if failure.kind == FailureKind::Wrong {
            online.fault(&format!("nodes.{kind} at {place}"), &failure.message);
        }
    }
    let inspection = inspect(config, backend, &types, moment);
    for (kind, faults) in &inspection.unfit {
        faults.iter().for_each(|fault| online.fault(&format!("nodes.{kind} at {place}"), fault));
    }
    inspection.hints.iter().for_each(|hint| online.hint(&place, hint));
    let new = inspection.unread.iter().filter(|unread| !survey.problems.contains(*unread));
    online.not_checked.extend(new.cloned());
    if let Some(quota) = &survey.quota {
        let mut scarcities: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for kind in types {
            if let Some(text) = scarce(config, provider, kind, quota, servers) {
                scarcities.entry(text).or_default().push(format!("nodes.{}", kind.name));
            }
        }
        for (text, kinds) in scarcities {
            online.hint(&format!("{} at {place}", kinds.join(", ")), text);
        }
    }
    let installation = config.installation();
    let is_ours = |server: &&Server| server.mark.as_ref().is_some_and(|mark| mark.is_of(&installation));
    let ours = servers.iter().filter(is_ours).count();
    online.seen(&place, format!("answers; {}, {ours} of this installation", plural(servers.len(), "server")));
    let used: Vec<String> = inspection.quota.iter().map(used).collect();
    if !used.is_empty() {
        online.seen(&place, format!("in use: {}", used.join(", ")));
    }
}

/// Inspects one order of each node type, as a run would send it.
fn inspect(config: &Config, backend: &dyn Provider, types: &[&NodeType], moment: Moment) -> Inspection {
    // The form and the length of an order's id.
    let id = MitaId::from("20260101T000000Z-1000");
    let names: Vec<String> = types.iter().map(|kind| kind.server_name_for(&id)).collect();
    let filled =
        |(kind, name): (&&'_ NodeType, &String)| script::fill(config, kind, &id, name, agent(kind, name).as_ref());
    let scripts: Vec<String> = types.iter().zip(&names).map(filled).collect();
    let installation = &config.installation();
    let orders: Vec<Order<'_>> = types
        .iter()
        .zip(&names)
        .zip(scripts)
        .map(|((kind, name), user_data)| Order { node_type: kind, installation, id: &id, name, user_data })
        .collect();
    backend.inspect(&orders, moment.now)
}

/// An agent whose values are as long as those of an order of this node type.
fn agent(kind: &NodeType, name: &str) -> Option<Agent> {
    let Registration::Inbound(_, transport) = &kind.registration else { return None };
    // An HMAC of 32 bytes in hexadecimal digits (jenkins/slaves/JnlpAgentReceiver.java, `SLAVE_SECRET`).
    Some(Agent { node: name.into(), secret: Secret::new("0".repeat(64)), transport: *transport })
}

fn used(quota: &QuotaUsage) -> String {
    let QuotaUsage { what, used, limit } = quota;
    match limit {
        Some(limit) => format!("{used} of {limit} {what}"),
        None => format!("{used} {what}"),
    }
}

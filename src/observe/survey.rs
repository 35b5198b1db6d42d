//! What only orders depend on: quotas, and what the names in the configuration mean in a cloud.

use crate::concurrency::parallel_map;
use crate::config::{Config, NodeType};
use crate::domain::names::{NodeName, NodeTypeName, ProviderName};
use crate::domain::world::{Quotas, World};
use crate::observe::services::{ReadBy, Services};
use crate::plan::model::{Action, Change, Problem};
use std::collections::BTreeSet;
use std::thread;

/// What follows the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It is carried out.
    Run,
    /// It is only shown.
    Show,
}

/// Reads the quotas of the providers that `actions` may order from, and says what could not be read. Before a plan is
/// carried out, the nodes that it retires are read at the same time.
pub fn survey(
    config: &Config,
    services: &Services,
    world: &World,
    actions: &[Action],
    purpose: Purpose,
) -> (Quotas, Vec<Problem>) {
    let providers = ordered_from(config, world, actions);
    let read = || {
        thread::scope(|scope| {
            scope.spawn(|| match (purpose, &services.jenkins) {
                (Purpose::Run, Ok(jenkins)) => {
                    let nodes = actions.iter().filter_map(Action::removed).flat_map(|target| &target.nodes);
                    parallel_map(config.concurrency, nodes.collect(), |node: &NodeName| jenkins.look_ahead(node));
                }
                (Purpose::Run, Err(_)) | (Purpose::Show, _) => {}
            });
            parallel_map(u32::MAX, providers.into_iter().collect(), |name| {
                let types: Vec<&NodeType> =
                    config.node_types.iter().filter(|kind| kind.providers.contains(name)).collect();
                Some((name, services.provider(name).ok()?.survey(&types)))
            })
        })
    };
    let surveys = services.reading(ReadBy::Survey, read);
    let (mut quotas, mut problems) = (Quotas::new(), Vec::new());
    for (name, survey) in surveys.into_iter().flatten() {
        let problem = |error| Problem { place: format!("provider {name}"), error };
        problems.extend(survey.problems.into_iter().map(problem));
        quotas.extend(survey.quota.map(|quota| (name.clone(), quota)));
    }
    (quotas, problems)
}

/// Providers of the orders, and of their node types: what one provider refuses is ordered from the next. Without those
/// whose servers could not be read.
fn ordered_from<'a>(config: &'a Config, world: &World, actions: &'a [Action]) -> BTreeSet<&'a ProviderName> {
    let mut providers: BTreeSet<&ProviderName> = BTreeSet::new();
    let mut ordered: BTreeSet<&NodeTypeName> = BTreeSet::new();
    for action in actions {
        if let Change::CreateServer(order) = &action.change {
            providers.insert(&order.provider);
            ordered.insert(&order.node_type);
        }
    }
    for kind in config.node_types.iter().filter(|kind| ordered.contains(&kind.name)) {
        providers.extend(&kind.providers);
    }
    providers.retain(|name| world.lists_servers_of(name));
    providers
}

//! Step 1: which server is ours, and which Jenkins node is which server.
//!
//! A server is ours by its mark alone. A node is ours if it clearly belongs to a server of ours: by its name, by the
//! address in its name, or by the state. A node that could belong to a server, but not clearly, is kept beside that
//! server: the server then counts as busy while the node is busy, and neither is touched while the doubt lasts.

pub(crate) mod bearers;
mod bystanders;
pub(crate) mod closed;
pub mod fleet;
pub(crate) mod former;
pub(crate) mod index;
mod losses;
mod machines;
pub(crate) mod misleading;
mod namesakes;
mod node_identity;
pub mod ownership;
pub mod places;
pub(crate) mod unconventional;

use crate::config::Config;
use crate::domain::names::NodeName;
use crate::domain::state::State;
use crate::domain::world::{Node, Shown, World};
use fleet::{Fleet, NodeIdentity};
use index::Index;
use machines::machines;
use node_identity::Candidates;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Combines what the run saw with the state.
pub fn identify<'a>(config: &'a Config, world: &'a World, state: &State) -> Fleet<'a> {
    let disowned = ownership::disowned(config, world, state);
    let mut machines = machines(config, world, state, &disowned);
    let index = Index::over(&machines, config);
    let listed = world.jenkins.nodes.complete().into_iter().flatten();
    let related: Vec<(&Node, Candidates)> = listed.map(|node| (node, index.identify(node, state, &machines))).collect();
    let mut nodes = Vec::new();
    for (node, Candidates { identity, doubts, namesakes }) in related {
        let identity = match identity {
            NodeIdentity::Former(id) if disowned.contains_key(&id) => {
                NodeIdentity::Foreign("its server no longer carries our mark")
            }
            NodeIdentity::MadeFor(order) if ownership::is_anothers_order(config, world, state, &order) => {
                NodeIdentity::Foreign("made for a server of another installation")
            }
            identity => identity,
        };
        if let Some(machine) = identity.machine() {
            machines[machine].nodes.push(node);
        }
        doubts.into_iter().for_each(|machine| machines[machine].doubts.push(node));
        namesakes.into_iter().for_each(|machine| machines[machine].namesakes.push(node));
        nodes.push((node, identity));
    }
    bystanders::set_aside(&index, state, &mut machines, &mut nodes);
    let strangers = strangers(config, world, state, &nodes);
    Fleet { machines, nodes, disowned, strangers }
}

/// Nodes that are nobody's of ours, and by the convention those of servers that carry another mark than ours, or none.
fn strangers<'a>(
    config: &Config,
    world: &'a World,
    state: &State,
    nodes: &[(&'a Node, NodeIdentity)],
) -> BTreeSet<&'a NodeName> {
    let installation = config.installation();
    let (mut ours, mut others): (BTreeSet<IpAddr>, BTreeSet<IpAddr>) = Default::default();
    for (_, server) in ownership::listed(config, world) {
        // What is shown without its metadata may be ours.
        if server.shown == Shown::Whole {
            let of_ours = ownership::is_ours(&installation, state, server);
            (if of_ours { &mut ours } else { &mut others }).extend(&server.addresses);
        }
    }
    let foreign = nodes.iter().filter(|(_, identity)| matches!(identity, NodeIdentity::Foreign(_)));
    let is_stranger = |node: &&Node| {
        let ip = node.name.convention().ip;
        ip.is_some_and(|ip| others.contains(&ip) && !ours.contains(&ip))
    };
    foreign.map(|(node, _)| *node).filter(is_stranger).map(|node| &node.name).collect()
}

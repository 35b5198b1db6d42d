//! Checks the names of agents that are not ours, and what starts those that are.

use crate::config::{Config, NodeType, Registration};
use crate::domain::world::NodeKind;
use crate::plan::demand::serving::further_labels;
use crate::plan::identity::fleet::{Fleet, NodeIdentity};
use crate::view::document::check::Online;

pub(super) fn check(online: &mut Online, config: &Config, fleet: &Fleet<'_>) {
    for (node, identity) in &fleet.nodes {
        let (NodeKind::Agent, NodeIdentity::Foreign(_)) = (&node.kind, identity) else { continue };
        let name = node.name.as_str();
        let place = format!("node {name}");
        if config.node_types.iter().any(|kind| kind.name.as_str() == name) {
            online.hint(
                &place,
                "has the name of a node type, which Jenkins counts as a label of it: jobs for that type can wait for this \
                 node, or run there; rename it",
            );
        } else if let Some(kind) = config.node_types.iter().find(|kind| kind.carries(name)) {
            online.hint(
                &place,
                format!(
                    "has the name of a label of nodes.{}, and Jenkins counts the name as a label of it: jobs for {name} can \
                     wait for this node, or run there; rename it",
                    kind.name
                ),
            );
        } else if let Some(kind) = config.node_types.iter().find(|kind| kind.name.as_str() == node.name.before_plus())
            && further_labels(node).any(|label| !kind.carries(label))
            && !fleet.strangers.contains(&node.name)
        {
            online.hint(
                &place,
                format!(
                    "has the name of a node of nodes.{}, is no node of a server of mita, and has labels which that type has \
                     not: jobs for these can wait for this node; rename it, or delete it if nobody needs it",
                    kind.name
                ),
            );
        }
    }
    let of_image = |kind: &&NodeType| kind.script.is_empty() && kind.registration == Registration::Elsewhere;
    let alone: Vec<&str> = config.node_types.iter().filter(of_image).map(|kind| kind.name.as_str()).collect();
    if !alone.is_empty() {
        let names = alone.join(", ");
        online
            .not_checked
            .push(format!("whether the image starts an agent where there is neither `script` nor `register`: {names}"));
    }
    if config.node_types.iter().any(|kind| !kind.script.is_empty()) {
        online.not_checked.push("what the scripts do on the servers".to_owned());
    }
}

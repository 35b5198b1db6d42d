//! The node that a person names.

use crate::domain::names::NodeName;
use crate::domain::subject::Subject;
use crate::domain::world::Node;
use crate::operator::request::{Answer, Ended, command};
use crate::plan::identity::fleet::{Fleet, Machine, NodeIdentity, Sighting};
use std::collections::BTreeSet;

/// That no node is meant.
pub(super) struct Missing<'a> {
    /// The server that has none.
    pub(super) machine: Option<&'a Machine<'a>>,
    pub(super) answer: Answer,
}

impl From<Answer> for Missing<'_> {
    fn from(answer: Answer) -> Self {
        Self { machine: None, answer }
    }
}

/// The node of this name; else the only node that has this address, or whose server or order has this address or id. What a
/// person has confirmed counts for the node of exactly this name.
pub(super) fn find<'a>(
    fleet: &'a Fleet<'_>,
    text: &str,
    is_exact: bool,
) -> Result<&'a (&'a Node, NodeIdentity), Missing<'a>> {
    let subject = Subject::read(text);
    let of_name = |name: &str| fleet.nodes.iter().find(|(node, _)| node.name.as_str() == name);
    let unknown = || {
        let known = fleet.nodes.iter().map(|(node, _)| node.name.clone()).collect();
        Answer::new(Ended::NoSuchNode(known), "Jenkins has no node of this name")
    };
    match of_name(text).or_else(|| of_name(&subject.name).filter(|_| !is_exact)) {
        Some(node) => return Ok(node),
        None if is_exact => return Err(unknown().into()),
        None => {}
    }
    let by_address = fleet.nodes.iter().map(|(node, _)| &node.name).filter(|name| subject.is_node(name));
    let machines: Vec<&Machine<'_>> = fleet.machines.iter().filter(|machine| is_machine(&subject, machine)).collect();
    let without_address = |machine: &&&Machine<'_>| !machine.nodes.iter().any(|node| subject.is_node(&node.name));
    let of_machines = machines.iter().filter(without_address).flat_map(|machine| machine.nodes.first());
    let names: BTreeSet<&NodeName> = by_address.chain(of_machines.map(|node| &node.name)).collect();
    match (names.len(), names.first().and_then(|name| of_name(name.as_str())), machines.first()) {
        (1, Some(node), _) => Ok(node),
        (_, Some(_), _) => {
            let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
            Err(Answer::new(Ended::Refused, format!("this can be {}: name one of them", names.join(" or "))).into())
        }
        (_, None, Some(machine)) => {
            Err(Missing { machine: Some(machine), answer: Answer::new(Ended::Failed, without_node(machine)) })
        }
        (_, None, None) => Err(unknown().into()),
    }
}

fn is_machine(subject: &Subject, machine: &Machine<'_>) -> bool {
    machine.id.as_str() == subject.name
        || machine.server_id.as_ref().is_some_and(|id| subject.is_server(id))
        || machine.server().is_some_and(|server| subject.is_among(&server.addresses))
}

/// That a machine has no node, and what to do.
fn without_node(machine: &Machine<'_>) -> String {
    let kind = &machine.node_type;
    let pause = command("pause --type", kind.as_str());
    if let Sighting::NoAnswer = machine.sighting {
        let provider = &machine.provider;
        return format!(
            "it has no node in Jenkins, and provider {provider} gave no answer about its server: ask again once it answers, or \
             {pause} leaves everything of this type alone"
        );
    }
    format!(
        "its server has no node in Jenkins: if it is still to join, do it once the node is there (`mita status --watch`); if its node \
         was deleted, mita removes the server after join_timeout; {pause} leaves everything of this type alone"
    )
}

//! Nodes that mita closed to new builds, with the labels that they have otherwise: a run that was killed before it set such a
//! node offline leaves it closed, and the next one counts on it as before and opens it, under another name as well.

use crate::domain::label::node_labels;
use crate::domain::names::NodeName;
use crate::domain::state::{ClosedNode, NodeMemory, ServerMemory, State};
use crate::domain::world::{Listing, Node, World};
use std::borrow::Cow;

/// What a plan is made from: what was seen, with the labels of closed nodes put back, and the state, in which no node is
/// closed that somebody else has opened, and closed nodes have the names that people gave them since.
pub struct Inputs<'a> {
    pub(crate) world: Cow<'a, World>,
    pub(crate) state: Cow<'a, State>,
}

impl<'a> Inputs<'a> {
    /// Copies what has to be changed, and nothing else.
    pub fn of(world: &'a World, state: &'a State) -> Self {
        let mut inputs = Self { world: Cow::Borrowed(world), state: Cow::Borrowed(state) };
        let Listing::Complete(nodes) = &world.jenkins.nodes else { return inputs };
        let mut lost: Vec<(&NodeName, &NodeMemory, &ClosedNode)> = Vec::new();
        for (name, known) in &state.nodes {
            let Some(closed) = &known.closed else { continue };
            match nodes.iter().position(|node| node.name == *name) {
                Some(place) if is_closed(&nodes[place]) => inputs.put_back(place, closed),
                _ => lost.push((name, known, closed)),
            }
        }
        for (name, ..) in &lost {
            if let Some(known) = inputs.state.to_mut().nodes.get_mut(name) {
                known.closed = None;
            }
        }
        inputs.follow_renamed(nodes, state, &lost);
        inputs
    }

    /// Closed nodes that the list has no longer may be there under another name. Where they had different labels, nothing
    /// tells which of them it is.
    fn follow_renamed(&mut self, nodes: &[Node], state: &State, lost: &[(&NodeName, &NodeMemory, &ClosedNode)]) {
        let Some((_, known, closed)) = lost.first() else { return };
        if lost.iter().any(|(_, _, other)| other != closed) {
            return;
        }
        let is_renamed = |node: &Node| is_closed(node) && may_be_renamed(state.nodes.get(&node.name));
        let renamed: Vec<usize> = (0..nodes.len()).filter(|place| is_renamed(&nodes[*place])).collect();
        // If it is the only one, it is known whose it was.
        let server = if renamed.len() == 1 && lost.len() == 1 { known.server.as_ref() } else { None };
        for place in renamed {
            let name = &nodes[place].name;
            let is_new = !state.nodes.contains_key(name);
            let server = server.filter(|_| is_new);
            if is_new && server.is_none() {
                // Nothing tells whose node it is, so nothing would open it.
                continue;
            }
            self.put_back(place, closed);
            let known = self.state.to_mut();
            let new = NodeMemory { first_seen: state.run + 1, server: server.cloned(), ..NodeMemory::default() };
            known.nodes.get_or_insert(name.clone(), new).closed = Some((*closed).clone());
            let its = |known: &&mut ServerMemory| server.is_some() && known.server_id.as_ref() == server;
            known.servers.values_mut().filter(its).for_each(|known| known.node = Some(name.clone()));
        }
    }

    fn put_back(&mut self, place: usize, closed: &ClosedNode) {
        if let Listing::Complete(nodes) = &mut self.world.to_mut().jenkins.nodes {
            let own = nodes[place].name.as_str().to_owned();
            nodes[place].labels = node_labels(&closed.plain_label()).into_iter().chain([own]).collect();
        }
    }
}

/// Whether the node has the label of closed ones. Where the state knows what it had before, a plan sees that ([`Inputs`]).
pub(crate) fn is_closed(node: &Node) -> bool {
    node.labels.contains(ClosedNode::LABEL)
}

/// Whether a closed node can be one of ours under a name that a person gave it: the name is new, or was that of another node
/// of ours. What was there before and is not ours, another installation closed.
fn may_be_renamed(known: Option<&NodeMemory>) -> bool {
    known.is_none_or(|known| known.closed.is_none() && known.server.is_some())
}

//! Nodes that mita closed to new builds, with the labels that they have otherwise: a run that was killed before it set such a
//! node offline leaves it closed, and the next one counts on it as before and opens it.

use crate::domain::label::node_labels;
use crate::domain::state::{ClosedNode, State};
use crate::domain::world::{Listing, World};
use std::borrow::Cow;

/// What a plan is made from: what was seen, with the labels of closed nodes put back, and the state, in which no node is
/// closed that somebody else has opened.
pub struct Inputs<'a> {
    pub(crate) world: Cow<'a, World>,
    pub(crate) state: Cow<'a, State>,
}

impl<'a> Inputs<'a> {
    /// Copies what has to be changed, and nothing else.
    pub fn of(world: &'a World, state: &'a State) -> Self {
        let (mut seen, mut known) = (Cow::Borrowed(world), Cow::Borrowed(state));
        let closed = state.nodes.iter().filter_map(|(name, node)| Some((name, node.closed.as_ref()?)));
        for (name, closed) in closed {
            let Listing::Complete(nodes) = &world.jenkins.nodes else { continue };
            let Some(place) = nodes.iter().position(|node| node.name == *name) else { continue };
            if nodes[place].labels.contains(ClosedNode::LABEL) {
                if let Listing::Complete(nodes) = &mut seen.to_mut().jenkins.nodes {
                    let own = name.as_str().to_owned();
                    nodes[place].labels = node_labels(&closed.plain_label()).into_iter().chain([own]).collect();
                }
            } else if let Some(node) = known.to_mut().nodes.get_mut(name) {
                node.closed = None;
            }
        }
        Self { world: seen, state: known }
    }
}

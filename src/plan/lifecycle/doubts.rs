//! Servers that only nodes keep which are not clearly theirs, and holds that nobody may know of any more: neither may last in
//! silence.

use super::classifier::Classifier;
use super::evidence::held;
use super::phase::{Classified, Phase};
use crate::domain::names::NodeName;
use crate::domain::rule::Rule;
use crate::domain::state::{SetOfflineBy, State};
use crate::domain::world::{Node, Presence};
use crate::plan::identity::fleet::Machine;

/// What keeps a server.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Doubts {
    /// Whether no node that keeps it is clearly its own.
    pub(super) in_doubt: bool,
    /// The hold that keeps it, where it is not an ordinary one.
    pub(crate) hold: Option<OddHold>,
}

/// A hold that may have been forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OddHold {
    /// Jenkins does not show it, or not whose it is.
    Hidden,
    /// The node is not clearly the server's own.
    OfAnother,
}

impl Doubts {
    /// `shield` is the node that keeps the machine without being clearly its own.
    pub(super) fn of(
        classifier: &Classifier<'_>,
        machine: &Machine<'_>,
        Classified { phase, .. }: &Classified,
        shield: Option<&NodeName>,
    ) -> Self {
        let state = classifier.state;
        let never_joined = state.servers.get(&machine.id).is_none_or(|known| known.joined_at.is_none());
        let kind = classifier.config.node_type(&machine.node_type);
        // Anybody may make an entry with the name of a type.
        let is_own = |node: &Node| {
            let is_named = node.name.as_str() == machine.node_type.as_str();
            let is_of_type = || !never_joined && kind.is_none_or(|kind| kind.labels_are_on(node));
            machine.nodes.iter().any(|own| own.name == node.name) && (!is_named || is_of_type())
        };
        let has_own = || machine.nodes.iter().any(|node| is_own(node));
        let shown = held(state, machine).map(|node| &node.presence);
        let (in_doubt, hold) = match phase {
            Phase::LeftAlone(Rule::Held) => (!has_own(), held(state, machine).map(|node| (&node.name, is_own(node)))),
            Phase::LeftAlone(Rule::Busy) => {
                let has_any = !machine.nodes.is_empty();
                (!has_own() && (has_any || never_joined && !machine.shares_doubts), None)
            }
            Phase::LeftAlone(Rule::OtherName) => (shield.is_some(), shield.map(|node| (node, false))),
            _ => (false, None),
        };
        Self { in_doubt, hold: hold.and_then(|(node, is_own)| odd_hold(state, node, shown, is_own)) }
    }
}

/// Whether the hold of a node, which is a server's own or was, may have been forgotten.
pub(crate) fn odd_hold(state: &State, node: &NodeName, shown: Option<&Presence>, is_own: bool) -> Option<OddHold> {
    let known = state.nodes.get(node).filter(|known| known.set_offline_by == Some(SetOfflineBy::Person))?;
    match (known.mark_forgotten || shown.is_some_and(names_nobody), is_own) {
        (true, _) => Some(OddHold::Hidden),
        (false, false) => Some(OddHold::OfAnother),
        (false, true) => None,
    }
}

/// Whether Jenkins shows a mark, and no user who set it: those of some plugins and scripts, and one whose cause it forgot.
fn names_nobody(presence: &Presence) -> bool {
    matches!(presence, Presence::SetOffline(cause) if !cause.is_user() && cause.by.is_none())
}

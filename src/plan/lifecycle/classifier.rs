//! The phase of a server and its node: the first row that fits decides.
//!
//! `Classifier::classify` has the rows in their order. It only classifies: an idle node, for example, is retired only
//! if no waiting job is placed on it, and a later step decides that.

use super::evidence::{Evidence, counted, held, quoted};
use super::phase::{Classified, Phase, alone, to_remove};
use crate::config::Config;
use crate::domain::offline::{because, held_with_mita};
use crate::domain::rule::Rule;
use crate::domain::state::{RetirementStep, State};
use crate::domain::world::{Presence, ServerState, World};
use crate::plan::identity::fleet::{Machine, Sighting};
use jiff::{SignedDuration, Timestamp};

/// What every row is judged by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Classifier<'a> {
    pub(crate) config: &'a Config,
    pub(crate) world: &'a World,
    pub(crate) state: &'a State,
    pub(crate) now: Timestamp,
}

impl Classifier<'_> {
    /// The first row that fits.
    pub(crate) fn classify(&self, machine: &Machine<'_>) -> Classified {
        let evidence = self.evidence(machine);
        if matches!(machine.sighting, Sighting::NoAnswer) {
            return evidence.counted_on(format!("provider {} gave no answer about it", machine.provider));
        }
        if matches!(machine.sighting, Sighting::Elsewhere) {
            return evidence.elsewhere();
        }
        if matches!(machine.sighting, Sighting::WithoutMetadata) {
            let provider = &machine.provider;
            let reason = format!("provider {provider} shows it without metadata, so nothing says whose it is now");
            return evidence.counted_on(reason);
        }
        if matches!(machine.sighting, Sighting::Hidden) && evidence.is_given_up() {
            let provider = &machine.provider;
            let reason = format!("the list of provider {provider} lacks servers that are there, and perhaps this one");
            return evidence.counted_on(reason);
        }
        if self.world.jenkins.nodes.complete().is_none() {
            return evidence.counted_on("the list of Jenkins' nodes is not there, or not believed".to_owned());
        }
        if let Some(node) = machine.busy_node() {
            let asked = evidence.asked().map(|asked| format!("; retired as soon as it is idle: {asked}"));
            let asked = asked.unwrap_or_default();
            if node.unclear {
                let reason = format!("Jenkins does not say whether node {} works: it counts as busy{asked}", node.name);
                return alone(Rule::Busy, reason);
            }
            if let Some(own) = evidence.own_node_beside(node) {
                let reason = format!("node {} runs a build, and may be it beside its own node {own}", node.name);
                return alone(Rule::Ambiguous, format!("{reason}{asked}"));
            }
            let lost = evidence.lost(node).unwrap_or_default();
            return alone(Rule::Busy, format!("node {} runs a build{lost}{asked}", node.name));
        }
        if let Some(classified) = evidence.gone_or_going() {
            return classified;
        }
        if !machine.doubts.is_empty() && !evidence.shared_nodes_are_free() {
            let names: Vec<&str> = machine.doubts.iter().map(|node| node.name.as_str()).collect();
            return alone(Rule::Ambiguous, format!("could be node {}: nothing is touched", names.join(" or node ")));
        }
        if let Some(node) = held(self.state, machine) {
            let (name, said) = (&node.name, quoted(node));
            return alone(
                Rule::Held,
                match &node.presence {
                    Presence::DisconnectedBy(_) => format!("a person disconnected node {name}{said}"),
                    Presence::SetOffline(cause) if cause.is_user() => match held_with_mita(cause) {
                        Some((by, why)) => format!("node {name} is held by {by}{}", because(why)),
                        None => format!("a person set node {name} offline{said}"),
                    },
                    Presence::SetOffline(_) => format!("node {name} is set offline, and Jenkins names nobody{said}"),
                    Presence::Disconnected if evidence.is_cut(node) => {
                        format!("a person disconnected node {name}, and Jenkins shows that no more")
                    }
                    Presence::Disconnected if self.world.jenkins.session.is_none() => {
                        format!(
                            "a person set node {name} offline; Jenkins shows that no more, and may have been restarted"
                        )
                    }
                    Presence::Disconnected | Presence::Online => {
                        format!("a person set node {name} offline before Jenkins was restarted or the node was renamed")
                    }
                },
            );
        }
        // Somebody works on it: not even a retirement that has begun goes on.
        if let Some(server) = machine.server().filter(|server| matches!(server.state, ServerState::Other(_))) {
            return evidence.by_state(server);
        }
        if let Some(classified) = evidence.spent() {
            return classified;
        }
        if let Some(asked) = evidence.asked().filter(|_| !machine.nodes.is_empty() && machine.server().is_some()) {
            return to_remove(Rule::Asked, asked);
        }
        if let Some(classified) = evidence.deletion_failed() {
            return classified;
        }
        if let Some(reason) = evidence.draining() {
            return Classified { phase: Phase::Draining, reason };
        }
        match machine.sighting {
            Sighting::Seen(server) => evidence.by_state(server),
            Sighting::Unlisted
            | Sighting::Hidden
            | Sighting::Gone
            | Sighting::Deleted
            | Sighting::WithoutMetadata
            | Sighting::Elsewhere
            | Sighting::NoAnswer => evidence.not_listed_yet(),
        }
    }
}

impl<'a> Classifier<'a> {
    /// For how long a server has been without a node, where it is removed for that.
    pub(crate) fn without_node(&self, machine: &'a Machine<'a>, phase: &Phase) -> Option<SignedDuration> {
        let evidence = self.evidence(machine);
        let rule = match phase {
            Phase::ToRemove(rule) => *rule,
            Phase::Draining => {
                let known = evidence.remembered?;
                let retirement = known.retirement.as_ref()?;
                let is_active = machine.server().is_some_and(|server| server.state == ServerState::Active);
                // A node that mita did not delete may have been renamed meanwhile.
                let may_be_renamed =
                    is_active && known.joined_at.is_some() && retirement.step < RetirementStep::NodesDeleted;
                if may_be_renamed { Rule::NodeMissing } else { retirement.rule }
            }
            Phase::LeftAlone(_) | Phase::OnItsWay(_) | Phase::Idle { .. } => return None,
        };
        match rule {
            Rule::NeverJoined => Some(evidence.waited()),
            Rule::NodeMissing => Some(counted(*evidence.remembered?.missing)),
            _ => None,
        }
    }

    /// How far a server that the cloud shows has come, if none of the nodes that could be it is.
    pub(crate) fn as_if_not_joined(&self, machine: &'a Machine<'a>) -> Option<Classified> {
        let server = machine.server()?;
        let evidence = self.evidence(machine);
        Some(if server.state == ServerState::Active { evidence.not_joined() } else { evidence.by_state(server) })
    }

    fn evidence(&self, machine: &'a Machine<'a>) -> Evidence<'a> {
        let times = self.config.times(&machine.node_type);
        let remembered = self.state.servers.get(&machine.id);
        Evidence { config: self.config, state: self.state, now: self.now, machine, remembered, times }
    }
}

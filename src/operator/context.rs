//! What a request works with.

use crate::config::Config;
use crate::domain::journal::{Entry, Event};
use crate::domain::state::{NodeMemory, ServerMemory, SetOfflineBy, State};
use crate::domain::world::{Node, World};
use crate::jenkins::Jenkins;
use crate::observe::Services;
use crate::plan::identity::fleet::{Machine, NodeIdentity};
use crate::plan::model::Plan;
use crate::store::Store;
use std::io;

/// What a request works with.
pub(super) struct Context<'a> {
    pub(super) config: &'a Config,
    pub(super) services: &'a Services,
    pub(super) jenkins: &'a Jenkins,
    pub(super) world: &'a World,
    /// The node that the request is about.
    pub(super) node: &'a Node,
    pub(super) identity: &'a NodeIdentity,
    /// The server of ours that the node is.
    pub(super) machine: Option<&'a Machine<'a>>,
    /// What a run would do now. Only what concerns the node is kept of its state.
    pub(super) plan: Plan,
    pub(super) state: State,
    pub(super) store: Store,
    /// Who requests it.
    pub(super) person: &'a str,
}

/// No answer depends on the journal.
pub(super) fn report_unwritten(appended: io::Result<()>) {
    if let Err(error) = appended {
        log::warn!("what was done is not written into the journal: {error}");
    }
}

impl Context<'_> {
    /// Writes into the journal what the person did with the node.
    pub(super) fn journal(&mut self, event: Event, reason: &str) {
        let entry = Entry {
            node_type: self.machine.map(|machine| machine.node_type.clone()),
            provider: self.machine.map(|machine| machine.provider.clone()),
            order: self.machine.map(|machine| machine.id.clone()),
            server_id: self.machine.and_then(|machine| machine.server_id.clone()),
            node: Some(self.node.name.clone()),
            by: Some(self.person.to_owned()),
            ..Entry::new(self.plan.now, event)
        };
        let entries = [entry.saying(reason)];
        report_unwritten(self.store.append_to_journal(&entries, self.config.journal_days, self.plan.now));
    }

    /// What the state has on the server.
    pub(super) fn server(&mut self) -> Option<&mut ServerMemory> {
        self.state.servers.get_mut(&self.machine?.id)
    }

    /// Who set the node offline, as far as is known.
    pub(super) fn set_offline_by(&self, node: &Node) -> Option<SetOfflineBy> {
        self.plan.state.set_offline_by(&node.name)
    }

    /// Forgets who set the node offline.
    pub(super) fn forget_set_offline(&mut self) {
        if let Some(known) = self.state.nodes.get_mut(&self.node.name) {
            known.set_offline_by = None;
        }
    }

    /// Records who sets the node offline, before it is done: a Jenkins before 2.482 forgets it when the agent
    /// disconnects, and then the state counts.
    pub(super) fn record_set_offline_by(&mut self, node: &Node, by: SetOfflineBy) {
        let known = self.state.nodes.get(&node.name).or_else(|| self.plan.state.nodes.get(&node.name));
        if let Some(known) = known.cloned() {
            self.state.nodes.insert(node.name.clone(), NodeMemory { set_offline_by: Some(by), ..known });
        }
    }
}

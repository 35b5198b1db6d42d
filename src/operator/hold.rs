//! Holding a node, and letting it go.

use crate::domain::names::MitaId;
use crate::domain::offline::hold_message;
use crate::domain::state::SetOfflineBy;
use crate::domain::world::{Node, OfflineCause, Presence};
use crate::jenkins::{Change, Restoration};
use crate::operator::{Answer, Ended, Scene, answer, failed};
use crate::plan::identity::fleet::NodeIdentity;
use crate::store::StoreError;

impl Scene<'_> {
    /// Sets the node offline in a person's name. A retirement that is under way ends with it: what a person says last
    /// counts.
    pub(super) fn hold(
        &mut self,
        node: &Node,
        identity: &NodeIdentity,
        person: &str,
        why: Option<&str>,
    ) -> Result<Answer, StoreError> {
        if let (Presence::SetOffline(cause), Some(SetOfflineBy::Person)) = (&node.presence, self.set_offline_by(node)) {
            return Ok(answer(Ended::AlreadySo, format!("a person holds it already{}", quoted(cause))));
        }
        self.remember_set_offline_by(node, SetOfflineBy::Person);
        if let Some(id) = self.order_of(identity)
            && let Some(server) = self.state.servers.get_mut(&id)
        {
            (server.asked, server.retirement) = (None, None);
        }
        self.store.save(&self.state)?;
        let message = hold_message(person, why);
        Ok(match self.jenkins.set_offline(&node.name, &message) {
            Ok(Change::Done) => {
                let build = if node.idle { "" } else { "; the build that runs there goes on" };
                let end = format!("until mita release {}", node.name);
                answer(Ended::Done, format!("takes no build and is left alone {end}{build}"))
            }
            Ok(Change::NoSuchNode) => answer(Ended::Failed, "it has gone from Jenkins in the meantime"),
            Err(error) => failed(&error),
        })
    }

    /// Ends a person's hold, or what a person asked for with `retire`.
    pub(super) fn release(&mut self, node: &Node, identity: &NodeIdentity) -> Result<Answer, StoreError> {
        let asked = self.forget_what_was_asked(identity)?;
        let done = if asked { Ended::Done } else { Ended::AlreadySo };
        let held = self.set_offline_by(node) == Some(SetOfflineBy::Person);
        let cause = match &node.presence {
            Presence::SetOffline(cause) => cause,
            Presence::DisconnectedBy(cause) => {
                let words = "a person disconnected its agent, and mita connects none: launch the agent in Jenkins";
                return Ok(answer(Ended::Refused, format!("{words}{}", quoted(cause))));
            }
            Presence::Disconnected if held => {
                if let Some(known) = self.state.nodes.get_mut(&node.name) {
                    known.set_offline_by = None;
                }
                self.store.save(&self.state)?;
                let words = "is held no more; it has no connection, and is retired if that lasts for join_timeout";
                return Ok(answer(Ended::Done, words));
            }
            Presence::Online if asked => return Ok(answer(done, "stays: it is retired no more")),
            Presence::Disconnected if asked => {
                return Ok(answer(done, "is retired no more for the asking; it has no connection"));
            }
            Presence::Online => return Ok(answer(done, "nobody holds it: it is online")),
            Presence::Disconnected => {
                return Ok(answer(done, "nobody holds it: it is offline since it has no connection"));
            }
        };
        let released = match self.set_offline_by(node) {
            Some(SetOfflineBy::Person) | None => self.jenkins.release(&node.name, cause),
            Some(SetOfflineBy::Us) if asked => self.jenkins.release(&node.name, cause),
            Some(SetOfflineBy::Us) => {
                let words = "no person holds it: mita set it offline to retire it; mita hold keeps it";
                return Ok(answer(Ended::Refused, words));
            }
            Some(SetOfflineBy::Monitor) => {
                let words = "no person holds it: a node monitor of Jenkins set it offline, and brings it back once that is mended";
                return Ok(answer(Ended::Refused, format!("{words}{}", quoted(cause))));
            }
        };
        Ok(match released {
            Ok(Restoration::Done) => answer(Ended::Done, "takes builds again"),
            Ok(Restoration::NotSetOffline) => answer(Ended::AlreadySo, "somebody has brought it back in the meantime"),
            Ok(Restoration::Held(reason)) => answer(
                Ended::Refused,
                format!("somebody has set it offline anew in the meantime: \"{}\"", reason.trim()),
            ),
            Ok(Restoration::NoSuchNode) => answer(Ended::Failed, "it has gone from Jenkins in the meantime"),
            Err(error) => failed(&error),
        })
    }

    /// Whether its retirement was asked for. It is no more.
    fn forget_what_was_asked(&mut self, identity: &NodeIdentity) -> Result<bool, StoreError> {
        let Some(id) = self.order_of(identity) else { return Ok(false) };
        let Some(server) = self.state.servers.get_mut(&id).filter(|server| server.asked.is_some()) else {
            return Ok(false);
        };
        (server.asked, server.retirement) = (None, None);
        self.store.save(&self.state)?;
        Ok(true)
    }

    fn order_of(&self, identity: &NodeIdentity) -> Option<MitaId> {
        match identity {
            NodeIdentity::Of(machine) => Some(self.fleet.machines[*machine].id.clone()),
            NodeIdentity::MadeFor(_)
            | NodeIdentity::Doubtful(_)
            | NodeIdentity::Former(_)
            | NodeIdentity::Foreign(_) => None,
        }
    }
}

fn quoted(cause: &OfflineCause) -> String {
    let reason = cause.reason.lines().next().unwrap_or_default().trim();
    if reason.is_empty() { String::new() } else { format!(": \"{reason}\"") }
}

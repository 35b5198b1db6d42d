//! Holding a node, and letting it go.

use super::{Answer, Ended, Scene, answer, failed};
use crate::jenkins::{NodeChange, Restoration};
use crate::naming::MitaId;
use crate::offline::hold_message;
use crate::plan::fleet::Kinship;
use crate::state::SetOfflineBy;
use crate::store::StoreError;
use crate::world::{Node, OfflineCause, Presence};

impl Scene<'_> {
    /// Sets the node offline in a person's name. A retirement that is under way ends with it: what a person says last
    /// counts.
    pub(super) fn hold(
        &mut self,
        node: &Node,
        kinship: &Kinship,
        person: &str,
        why: Option<&str>,
    ) -> Result<Answer, StoreError> {
        if let (Presence::SetOffline(cause), Some(SetOfflineBy::Person)) = (&node.presence, self.set_offline_by(node)) {
            return Ok(answer(Ended::AlreadySo, format!("a person holds it already{}", quoted(cause))));
        }
        self.remember_set_offline_by(node, SetOfflineBy::Person);
        if let Some(id) = self.order_of(kinship)
            && let Some(server) = self.state.servers.get_mut(&id)
        {
            (server.asked, server.retirement) = (None, None);
        }
        self.store.save(&self.state)?;
        let message = hold_message(person, why);
        Ok(match self.jenkins.set_offline(&node.name, &message) {
            Ok(NodeChange::Done) => {
                let build = if node.idle { "" } else { "; the build that runs there goes on" };
                let end = format!("until mita release {}", node.name);
                answer(Ended::Done, format!("takes no build and is left alone {end}{build}"))
            }
            Ok(NodeChange::NoSuchNode) => answer(Ended::Failed, "it has gone from Jenkins in the meantime"),
            Err(error) => failed(&error),
        })
    }

    /// Ends a person's hold, or what a person asked for with `retire`.
    pub(super) fn release(&mut self, node: &Node, kinship: &Kinship) -> Result<Answer, StoreError> {
        let asked = self.forget_what_was_asked(kinship)?;
        let done = if asked { Ended::Done } else { Ended::AlreadySo };
        let cause = match &node.presence {
            Presence::SetOffline(cause) => cause,
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
    fn forget_what_was_asked(&mut self, kinship: &Kinship) -> Result<bool, StoreError> {
        let Some(id) = self.order_of(kinship) else { return Ok(false) };
        let Some(server) = self.state.servers.get_mut(&id).filter(|server| server.asked.is_some()) else {
            return Ok(false);
        };
        (server.asked, server.retirement) = (None, None);
        self.store.save(&self.state)?;
        Ok(true)
    }

    fn order_of(&self, kinship: &Kinship) -> Option<MitaId> {
        match kinship {
            Kinship::Of(machine) => Some(self.fleet.machines[*machine].id.clone()),
            Kinship::MadeFor(_) | Kinship::Doubtful(_) | Kinship::Former(_) | Kinship::Foreign(_) => None,
        }
    }
}

fn quoted(cause: &OfflineCause) -> String {
    let reason = cause.reason.lines().next().unwrap_or_default().trim();
    if reason.is_empty() { String::new() } else { format!(": \"{reason}\"") }
}

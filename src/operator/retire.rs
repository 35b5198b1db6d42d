//! Retiring a node because a person asks for it.

use crate::apply::{Outcome, apply};
use crate::domain::offline::offline_message;
use crate::domain::rule::Rule;
use crate::domain::state::SetOfflineBy;
use crate::domain::world::{Node, Presence};
use crate::jenkins::Change;
use crate::operator::{Answer, Ended, Scene, answer};
use crate::plan::identity::fleet::{Machine, NodeIdentity};
use crate::plan::lifecycle::lock;
use crate::plan::model::{Action, Plan, Subject};
use crate::plan::plan;
use crate::store::StoreError;

impl Scene<'_> {
    /// Retires the node and its server now; a busy one, if wished for, as soon as it is idle.
    pub(super) fn retire(
        &mut self,
        node: &Node,
        identity: &NodeIdentity,
        when_idle: bool,
    ) -> Result<Answer, StoreError> {
        let machine = match identity {
            NodeIdentity::Of(machine) => &self.fleet.machines[*machine],
            NodeIdentity::Former(server) => {
                let words = format!("its server {server} is gone: the node goes by itself once that is certain");
                return Ok(answer(Ended::Refused, words));
            }
            NodeIdentity::MadeFor(order) => {
                let words = format!("order {order}, for which it was made, has no server: the node goes by itself");
                return Ok(answer(Ended::Refused, words));
            }
            NodeIdentity::Foreign(_) | NodeIdentity::Doubtful(_) => {
                return Ok(answer(Ended::Refused, "it is not ours"));
            }
        };
        let Some(known) = self.plan.memory.servers.get(&machine.id).cloned() else {
            return Ok(answer(Ended::Refused, "its server is gone"));
        };
        let now = self.plan.now;
        let asked = self.state.servers.entry(machine.id.clone()).or_insert(known);
        asked.asked.get_or_insert(now);
        // Where the cloud does not show locks, a person knows better.
        asked.lock_met = None;
        let decided = plan(self.config, self.world, &self.state, now);
        let removes = |action: &&Action| action.removed().is_some_and(|target| target.order == machine.id);
        match decided.actions.iter().find(removes).cloned() {
            Some(action) => self.carry_out(machine, action, decided, when_idle),
            None => self.not_now(node, machine, &decided, when_idle),
        }
    }

    /// The one action, by the procedure of every retirement. Nothing else of the plan is done or written down.
    fn carry_out(
        &mut self,
        machine: &Machine<'_>,
        action: Action,
        decided: Plan,
        when_idle: bool,
    ) -> Result<Answer, StoreError> {
        let mut memory = self.state.clone();
        if let Some(decided) = decided.memory.servers.get(&machine.id) {
            memory.servers.insert(machine.id.clone(), decided.clone());
        }
        self.store.save(&memory)?;
        let alone = Plan { actions: vec![action], ..decided };
        let mut saved = Ok(());
        let applied = apply(self.config, self.services, self.world, &alone, &mut memory, |memory| {
            saved = self.store.save(memory);
        });
        saved?;
        let Some(result) = applied.results.into_iter().next() else {
            return Ok(answer(Ended::Failed, "nothing is known of what became of it: the next run goes on"));
        };
        let reason = result.error;
        Ok(match result.outcome {
            Outcome::Done | Outcome::AlreadyDone => {
                answer(Ended::Done, "is gone from Jenkins, and its server is being deleted")
            }
            Outcome::Skipped => {
                if !when_idle && let Some(server) = memory.servers.get_mut(&machine.id) {
                    server.asked = None;
                    self.store.save(&memory)?;
                }
                answer(Ended::Refused, reason.unwrap_or_else(|| "the world has changed meanwhile".to_owned()))
            }
            Outcome::Refused | Outcome::Unknown | Outcome::Failed => {
                let reason = reason.unwrap_or_else(|| "it did not work".to_owned());
                answer(Ended::Failed, format!("{reason}; the next run goes on with it"))
            }
        })
    }

    /// The plan says no. A build that runs there ends some day; everything else is a reason to leave it alone.
    fn not_now(
        &mut self,
        node: &Node,
        machine: &Machine<'_>,
        decided: &Plan,
        when_idle: bool,
    ) -> Result<Answer, StoreError> {
        let id = machine.server_id.as_ref().map_or(machine.id.as_str(), |id| id.as_str());
        let verdict = decided.verdicts.iter().find(|verdict| verdict.subject == Subject::Server && verdict.id == id);
        let Some(verdict) = verdict else { return Ok(answer(Ended::Refused, "there is no verdict on its server")) };
        let held = machine.nodes.iter().any(|node| self.set_offline_by(node) == Some(SetOfflineBy::Person));
        if let Some(lock) = lock::locked(&decided.memory, machine, decided.now) {
            return Ok(answer(Ended::Refused, lock));
        }
        match verdict.rule {
            Rule::Busy if held => Ok(answer(Ended::Refused, "it runs a build, and a person holds it")),
            Rule::Busy if when_idle => self.drain(machine),
            Rule::Busy => Ok(answer(
                Ended::Refused,
                format!("it runs a build: mita retire --when-idle {} retires it once that has ended", node.name),
            )),
            Rule::NotSeen => Ok(answer(Ended::Failed, verdict.reason.clone())),
            Rule::Held => Ok(answer(Ended::Refused, format!("{}: mita release {} first", verdict.reason, node.name))),
            rule => Ok(answer(Ended::Refused, format!("{rule}: {}", verdict.reason))),
        }
    }

    /// Has it take no further build, and remembers that it is to go.
    fn drain(&mut self, machine: &Machine<'_>) -> Result<Answer, StoreError> {
        let Some(server) = &machine.server_id else {
            return Ok(answer(Ended::Refused, "its cloud's id is not known yet"));
        };
        let message = offline_message(&self.config.owner, server, Rule::Asked);
        for node in &machine.nodes {
            self.remember_set_offline_by(node, SetOfflineBy::Us);
        }
        self.store.save(&self.state)?;
        for node in machine.nodes.iter().filter(|node| !matches!(node.presence, Presence::SetOffline(_))) {
            match self.jenkins.set_offline(&node.name, &message) {
                Ok(Change::Done | Change::NoSuchNode) => {}
                Err(error) => {
                    let words = "remembered: it is retired once it is seen idle, and takes builds until then";
                    return Ok(answer(Ended::Failed, format!("{words}: {error}")));
                }
            }
        }
        Ok(answer(Ended::Remembered, "takes no further build; the first run that sees it idle retires it"))
    }
}

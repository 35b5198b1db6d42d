//! What is done with each server, and with the nodes that are it.

use super::decide::{Findings, settling_reason};
use super::demand::Waiting;
use super::fleet::{Kinship, Machine};
use super::market::{Place, Stalls};
use super::phase::{Phase, last_build};
use super::registration::{self, Making};
use super::{Action, Problem, Proof, Rule, Subject, Verdict};
use crate::naming::ServerId;
use crate::state::{NodeMemory, SetOfflineBy, State};
use crate::world::{Node, Presence};
use std::collections::BTreeMap;

/// A plan in the making.
pub(super) struct Draft {
    pub(super) actions: Vec<Action>,
    pub(super) verdicts: Vec<Verdict>,
    pub(super) problems: Vec<Problem>,
}

impl Draft {
    /// What becomes of each server, and of the nodes that are it.
    pub(super) fn servers(&mut self, findings: &Findings<'_>) {
        let Findings { world, stalls, demand, placement, .. } = findings;
        let Stalls { config, memory, fleet, phases, .. } = **stalls;
        let mut matched: BTreeMap<usize, &Waiting<'_>> = BTreeMap::new();
        for (job, place) in demand.waiting.iter().zip(&placement.places) {
            if let Some(Place::Node { machine: Some(machine), .. }) = place {
                matched.entry(*machine).or_insert(job);
            }
        }
        let queue_seen = world.jenkins.queue.complete().is_some();
        for (index, (machine, judgement)) in fleet.machines.iter().zip(phases).enumerate() {
            let grace = config.times(&machine.node_type).idle_grace;
            let reason = judgement.reason.clone();
            let job = matched.get(&index);
            let named = machine.nodes.iter().find(|node| demand.resuming.contains(&node.name));
            let settling = memory.settling.as_ref().map(|settling| settling_reason(settling.cause));
            // What a person asked for is not to be undone: the node takes no further build, and goes when this one ends.
            let asked = memory.servers.get(&machine.id).is_some_and(|server| server.asked.is_some());
            let (rule, reason) = match &judgement.phase {
                // A build that came first stops a retirement, also one of a run that ended before it could see to it.
                Phase::LeftAlone(Rule::Busy) if asked => (Rule::Busy, reason),
                Phase::LeftAlone(Rule::Busy) => {
                    self.restore(memory, machine, &format!("{reason} that came while it was being retired"));
                    (Rule::Busy, self.drain(findings, machine, reason))
                }
                Phase::OnItsWay(Rule::Connecting) => (Rule::Connecting, self.register(findings, machine, reason)),
                Phase::LeftAlone(rule) | Phase::OnItsWay(rule) => (*rule, reason),
                Phase::Draining if job.is_some() || named.is_some() => {
                    let wish = match job {
                        Some(job) => format!("{} (queue item {}) needs {}", job.item.job, job.item.id, job.need),
                        None => "a pipeline waits for this very node".to_owned(),
                    };
                    self.restore(memory, machine, &wish);
                    (Rule::WantedAgain, wish)
                }
                Phase::Idle { .. } if job.is_some() => {
                    let job =
                        job.map_or_else(String::new, |job| format!("{} (queue item {})", job.item.job, job.item.id));
                    (Rule::KeptForJobs, format!("{reason}; kept for {job}"))
                }
                Phase::Idle { idle, confirmed } if !confirmed || *idle < grace => (Rule::Kept, reason),
                Phase::Idle { .. } if placement.at_hand.contains(&index) => {
                    (Rule::MinIdle, format!("{reason}; kept at hand by min_idle"))
                }
                Phase::Idle { .. } if !queue_seen => {
                    (Rule::NotSeen, format!("{reason}; kept, since the queue could not be read"))
                }
                Phase::Draining if !queue_seen && !machine.nodes.is_empty() => {
                    (Rule::NotSeen, format!("{reason}; left as it is, since the queue could not be read"))
                }
                // As with idle ones: what waits for the node is not seen, or is the build that it had.
                Phase::Condemned(rule) if rule.is_last() && !queue_seen => {
                    (Rule::NotSeen, format!("{reason}; kept, since the queue could not be read"))
                }
                // The build that it had goes on there, and nowhere else.
                Phase::Condemned(rule) if rule.is_last() && named.is_some() => {
                    let wish = "a pipeline waits for this very node".to_owned();
                    self.bring_back(memory, machine, &wish, |_| true);
                    (Rule::WantedAgain, wish)
                }
                Phase::Idle { .. } | Phase::Draining | Phase::Condemned(_) if settling.is_some() => {
                    (Rule::Settling, format!("{reason}; {}", settling.unwrap_or_default()))
                }
                Phase::Idle { .. } => self.remove(machine, Rule::Idle, reason),
                Phase::Draining => self.remove(machine, Rule::DrainResumed, reason),
                Phase::Condemned(rule) => self.remove(machine, *rule, reason),
            };
            self.verdicts.push(Verdict {
                subject: Subject::Server,
                id: machine.server_id.as_ref().map_or_else(|| machine.id.to_string(), ServerId::to_string),
                name: machine.name.clone(),
                rule,
                reason: reason.clone(),
            });
            for node in &machine.nodes {
                if let Some(verdict) = former(node, machine.server_id.as_ref(), memory) {
                    self.former_node(node, verdict);
                } else {
                    self.node(node, rule, reason.clone());
                }
            }
        }
    }

    /// Verdicts on all nodes that are no machine's.
    pub(super) fn nodes(&mut self, findings: &Findings<'_>) {
        let Stalls { memory, fleet, .. } = *findings.stalls;
        for (node, kinship) in &fleet.nodes {
            match kinship {
                Kinship::Of(_) => {}
                Kinship::Doubtful(reason) => self.node(node, Rule::Ambiguous, reason.clone()),
                Kinship::Foreign(reason) => self.node(node, Rule::NotOurs, (*reason).to_owned()),
                Kinship::MadeFor(order) => {
                    let (rule, reason) = registration::in_vain(findings, node, order);
                    if rule == Rule::NoServer {
                        let (name, proof) = (node.name.clone(), Proof::Order(order.clone()));
                        self.actions.push(Action::DeleteNode { node: name, proof, rule, reason: reason.clone() });
                    }
                    self.node(node, rule, reason);
                }
                Kinship::Former(server) => match former(node, Some(server), memory) {
                    Some(verdict) => self.former_node(node, verdict),
                    None => self.node(node, Rule::NotSeen, format!("its server {server} is in no listing")),
                },
            }
        }
    }

    /// Makes the node of a server that has none, where that is ours to do. Returns what is to be said of the server.
    fn register(&mut self, findings: &Findings<'_>, machine: &Machine<'_>, reason: String) -> String {
        match registration::of_server(findings, machine, &self.actions) {
            Making::NotOurs => reason,
            Making::Waits(why) => format!("{reason}; {why}"),
            Making::Now(action) => {
                self.actions.push(action);
                format!("{reason}; its node is made now")
            }
            Making::NameTaken(error) => {
                let reason = format!("{reason}; {error}");
                self.problems.push(Problem { place: "jenkins".to_owned(), error });
                reason
            }
        }
    }

    fn node(&mut self, node: &Node, rule: Rule, reason: String) {
        let id = node.name.to_string();
        self.verdicts.push(Verdict { subject: Subject::Node, name: id.clone(), id, rule, reason });
    }

    fn former_node(&mut self, node: &Node, (server, rule, reason): (ServerId, Rule, String)) {
        if rule == Rule::ServerGone {
            let (name, proof) = (node.name.clone(), Proof::Server(server));
            self.actions.push(Action::DeleteNode { node: name, proof, rule, reason: reason.clone() });
        }
        self.node(node, rule, reason);
    }

    /// Brings back what mita itself set offline to retire it.
    fn restore(&mut self, memory: &State, machine: &Machine<'_>, wish: &str) {
        self.bring_back(memory, machine, wish, |node| node.spent.is_none());
    }

    /// Brings back what mita itself set offline, and nothing else.
    fn bring_back(&mut self, memory: &State, machine: &Machine<'_>, wish: &str, wanted: fn(&NodeMemory) -> bool) {
        let Some(server_id) = &machine.server_id else { return };
        let by_us = |node: &&&Node| {
            let known = memory.nodes.get(&node.name);
            known.is_some_and(|node| node.set_offline_by == Some(SetOfflineBy::Us) && wanted(node))
        };
        for node in machine.nodes.iter().filter(by_us) {
            self.actions.push(Action::RestoreNode {
                node: node.name.clone(),
                node_type: machine.node_type.clone(),
                provider: machine.provider.clone(),
                server_id: server_id.clone(),
                id: machine.id.clone(),
                rule: Rule::WantedAgain,
                reason: wish.to_owned(),
            });
        }
    }

    /// Keeps further builds from a node that runs its last one. Returns what is to be said of the server.
    fn drain(&mut self, findings: &Findings<'_>, machine: &Machine<'_>, reason: String) -> String {
        let Stalls { config, memory, now, .. } = *findings.stalls;
        let online: Vec<&Node> =
            machine.nodes.iter().copied().filter(|node| node.presence == Presence::Online).collect();
        let certain = machine.doubts.is_empty() && memory.settling.is_none();
        let (Some(first), Some(server_id), true) = (online.first(), &machine.server_id, certain) else { return reason };
        let Some((rule, why)) = last_build(config, memory, machine, now) else { return reason };
        self.actions.push(Action::DrainNode {
            node: first.name.clone(),
            nodes: online.iter().map(|node| node.name.clone()).collect(),
            node_type: machine.node_type.clone(),
            provider: machine.provider.clone(),
            server_id: server_id.clone(),
            id: machine.id.clone(),
            rule,
            reason: why,
        });
        format!("{reason}; no further one comes ({rule})")
    }

    /// Adds the removal of a server, with its nodes where it has any.
    fn remove(&mut self, machine: &Machine<'_>, rule: Rule, reason: String) -> (Rule, String) {
        let Some(server_id) = machine.server_id.clone() else {
            return (Rule::Ordered, format!("{reason}; its cloud's id is not known yet"));
        };
        let (id, node_type, provider) = (machine.id.clone(), machine.node_type.clone(), machine.provider.clone());
        self.actions.push(match machine.nodes.first() {
            Some(first) => Action::RetireNode {
                node: first.name.clone(),
                nodes: machine.nodes.iter().map(|node| node.name.clone()).collect(),
                node_type,
                provider,
                server_id,
                id,
                rule,
                reason: reason.clone(),
            },
            None => {
                let name = machine.name.clone();
                Action::DeleteServer { server_id, name, node_type, provider, id, rule, reason: reason.clone() }
            }
        });
        (rule, reason)
    }
}

/// What becomes of a node whose server is known to be gone.
fn former(node: &Node, server: Option<&ServerId>, memory: &State) -> Option<(ServerId, Rule, String)> {
    let server = server?;
    memory.departed.get(server)?;
    let held = memory.nodes.get(&node.name).and_then(|node| node.set_offline_by) == Some(SetOfflineBy::Person);
    let gone = format!("its server {server} is gone (404 in two runs)");
    let (rule, reason) = if !node.idle {
        (Rule::Busy, format!("{gone}, and it still runs a build"))
    } else if node.presence == Presence::Online {
        (Rule::Ambiguous, format!("{gone}, and it is online all the same: nothing is touched"))
    } else if held {
        (Rule::Held, format!("{gone}; a person set the node offline"))
    } else if let Some(settling) = &memory.settling {
        (Rule::Settling, format!("{gone}; {}", settling_reason(settling.cause)))
    } else {
        (Rule::ServerGone, gone)
    };
    Some((server.clone(), rule, reason))
}

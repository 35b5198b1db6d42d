//! Places jobs on executors, and the tasks that take none: matrix projects need a node, and run beside its executors.

use crate::domain::rule::Rule;
use crate::domain::world::{Node, Presence};
use crate::plan::capacity::acceptance::Acceptance;
use crate::plan::capacity::assignment::input::JobClass;
use crate::plan::capacity::blocker::Blocker;
use crate::plan::capacity::placement::{Place, Placement, PlannedOrder};
use crate::plan::capacity::supply::Supply;
use crate::plan::demand::queue::Demand;
use crate::plan::demand::waiting::Waiting;
use crate::plan::lifecycle::phase::Phase;

/// How often jobs are placed so that each flyweight without any node gets one; the next run goes on.
const FLYWEIGHTS_TRIED: usize = 5;

impl Supply<'_> {
    /// Places the waiting jobs, oldest first, then the idle nodes that should be ready. Nothing is ordered if `blocker` forbids it.
    pub(crate) fn assign(&self, demand: &Demand<'_>, blocker: Option<&Blocker>) -> Placement {
        let placement = self.place(&demand.waiting, blocker, None);
        if self.needs_scout(demand, &placement) {
            self.place(&demand.waiting, blocker, Some(&self.scout()))
        } else {
            placement
        }
    }

    /// Whether one server is to be tried so that Jenkins names labels: nothing is there or on its way that would do it.
    fn needs_scout(&self, demand: &Demand<'_>, placement: &Placement) -> bool {
        !demand.hidden.is_empty()
            && placement.orders.is_empty()
            && !self.fleet.classified().any(|(_, classified)| matches!(classified.phase, Phase::OnItsWay(_)))
    }

    /// Places everybody who needs an executor, then the flyweights: where a node is, or is coming, they take no server.
    fn place(&self, waiting: &[Waiting<'_>], blocker: Option<&Blocker>, scout: Option<&JobClass>) -> Placement {
        let hosts = self.hosts(waiting);
        let mut needs_executor: Vec<bool> = waiting.iter().map(|job| !job.is_flyweight()).collect();
        let mut tries = 0;
        loop {
            let mut placement = self.place_those(waiting, &needs_executor, blocker, scout);
            let mut lacks_node = None;
            for (index, job) in waiting.iter().enumerate().filter(|(_, job)| job.is_flyweight()) {
                if placement.places[index].is_none() {
                    placement.places[index] = hosts[index].clone().or_else(|| share_order(&mut placement.orders, job));
                }
                if placement.places[index].is_none() && !needs_executor[index] {
                    lacks_node.get_or_insert(index);
                }
            }
            tries += 1;
            match lacks_node {
                Some(index) if tries < FLYWEIGHTS_TRIED && blocker.is_none() => needs_executor[index] = true,
                Some(_) | None => return placement,
            }
        }
    }

    /// Where each flyweight can run: on a node that is online, busy or not, or on one that comes.
    fn hosts(&self, waiting: &[Waiting<'_>]) -> Vec<Option<Place>> {
        if !waiting.iter().any(Waiting::is_flyweight) {
            return vec![None; waiting.len()];
        }
        let online = self.fleet.nodes.iter().filter(|(node, _)| node.presence == Presence::Online);
        let hosts: Vec<(&Node, Option<usize>)> = online.map(|(node, identity)| (*node, identity.machine())).collect();
        let type_of = |machine: usize| self.config.node_type(&self.fleet.machines[machine].node_type);
        let acceptance =
            Acceptance::new(self.config, hosts.iter().map(|&(node, machine)| Some((node, machine.and_then(type_of)))));
        // The first of each type, by its index in the configuration.
        let mut coming: Vec<Option<usize>> = vec![None; self.config.node_types.len()];
        for (machine, (it, phase)) in self.fleet.classified().enumerate() {
            if let (Phase::OnItsWay(_), Some(index)) = (&phase.phase, acceptance.index_of(&it.node_type)) {
                coming[index].get_or_insert(machine);
            }
        }
        let host_of = |job: &Waiting<'_>| {
            let mut accepting = acceptance.fulfilling(job);
            accepting.subtract(&acceptance.refusing(job));
            if let Some((node, machine)) = accepting.iter().next().map(|first| hosts[first]) {
                return Some(Place::Node { name: node.name.clone(), machine });
            }
            let serving = coming.iter().zip(&job.served_by).filter(|(_, served)| **served);
            serving.filter_map(|(machine, _)| *machine).min().map(|machine| Place::Coming { machine })
        };
        waiting.iter().map(|job| if job.is_flyweight() { host_of(job) } else { None }).collect()
    }
}

/// The first order of a type that would do for a flyweight. One that was only to be at hand is for the job then.
fn share_order(orders: &mut [PlannedOrder], job: &Waiting<'_>) -> Option<Place> {
    let fits = |order: &PlannedOrder| order.rule != Rule::Scout && job.served_by[order.node_type];
    let index = orders.iter().position(fits)?;
    orders[index].rule = Rule::Demand;
    Some(Place::Order(index))
}

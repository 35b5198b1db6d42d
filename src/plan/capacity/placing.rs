//! Places jobs on executors, and the tasks that take none: matrix projects need a node, and run beside its executors.

use crate::domain::rule::Rule;
use crate::domain::world::Presence;
use crate::plan::capacity::blocker::Blocker;
use crate::plan::capacity::placement::{Place, Placement, PlannedOrder};
use crate::plan::capacity::supply::Supply;
use crate::plan::demand::queue::Demand;
use crate::plan::demand::waiting::Waiting;
use crate::plan::identity::fleet::{Machine, NodeIdentity};
use crate::plan::lifecycle::phase::Phase;

/// How often jobs are placed so that each flyweight without any node gets one; the next run goes on.
const FLYWEIGHTS_TRIED: usize = 5;

impl Supply<'_> {
    /// Places the waiting jobs, oldest first, then the idle nodes that should be ready. Nothing is ordered if `blocker` forbids it.
    pub(crate) fn assign(&self, demand: &Demand<'_>, blocker: Option<&Blocker>) -> Placement {
        let placement = self.place(&demand.waiting, blocker, false);
        if self.needs_scout(demand, &placement) { self.place(&demand.waiting, blocker, true) } else { placement }
    }

    /// Whether one server is to be tried so that Jenkins names labels: nothing is there or on its way that would do it.
    fn needs_scout(&self, demand: &Demand<'_>, placement: &Placement) -> bool {
        !demand.hidden.is_empty()
            && placement.orders.is_empty()
            && !self.phases.iter().any(|classified| matches!(classified.phase, Phase::OnItsWay(_)))
    }

    /// Places everybody who needs an executor, then the flyweights: where a node is, or is coming, they take no server.
    fn place(&self, waiting: &[Waiting<'_>], blocker: Option<&Blocker>, scout: bool) -> Placement {
        let hosts: Vec<Option<Place>> = waiting.iter().map(|job| self.host_of(job)).collect();
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

    /// Where a flyweight can run: on a node that is online, busy or not, or on one that comes.
    fn host_of(&self, job: &Waiting<'_>) -> Option<Place> {
        if !job.is_flyweight() {
            return None;
        }
        let all = &self.config.node_types;
        let machine_of = |identity: &NodeIdentity| match identity {
            NodeIdentity::Of(machine) => Some(*machine),
            _ => None,
        };
        let mut online = self.fleet.nodes.iter().filter(|(node, _)| node.presence == Presence::Online);
        let host = online.find(|(node, identity)| {
            let kind =
                machine_of(identity).and_then(|machine| self.config.node_type(&self.fleet.machines[machine].node_type));
            !job.refusing.contains(&node.name) && job.need.accepts_node(node, kind, all)
        });
        if let Some((node, identity)) = host {
            return Some(Place::Node { name: node.name.clone(), machine: machine_of(identity) });
        }
        let serves = |machine: &Machine<'_>| {
            all.iter().zip(&job.served_by).any(|(kind, served)| *served && kind.name == machine.node_type)
        };
        let mut machines = self.fleet.machines.iter().zip(self.phases).enumerate();
        let coming =
            machines.find(|(_, (machine, phase))| matches!(phase.phase, Phase::OnItsWay(_)) && serves(machine));
        coming.map(|(machine, _)| Place::Coming { machine })
    }
}

/// The first order of a type that would do for a flyweight. One that was only to be at hand is for the job then.
fn share_order(orders: &mut [PlannedOrder], job: &Waiting<'_>) -> Option<Place> {
    let fits = |order: &PlannedOrder| order.rule != Rule::Scout && job.served_by[order.node_type];
    let index = orders.iter().position(fits)?;
    orders[index].rule = Rule::Demand;
    Some(Place::Order(index))
}

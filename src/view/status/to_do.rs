//! A plan in numbers: what a run does, or did.

use crate::plan::model::{Action, Change};
use crate::view::text::plural;
use schemars::JsonSchema;
use serde::Serialize;

/// The number of actions, by what they do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct ToDo {
    /// Servers to order.
    pub(crate) order: usize,
    /// Nodes to create in Jenkins.
    pub(crate) make: usize,
    /// Floating IPs to assign to servers.
    pub(crate) assign: usize,
    /// Nodes to set offline while a build runs there, so that no further build starts.
    pub(crate) drain: usize,
    /// Nodes, servers, volumes and floating IPs to remove.
    pub(crate) remove: usize,
    /// Nodes to bring back online.
    pub(crate) bring_back: usize,
    /// Removals that the brake holds back.
    pub(crate) held_back: usize,
}

/// One of the numbers, and how a sentence says it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    pub(crate) number: usize,
    pub(crate) noun: &'static str,
    present: &'static str,
    past: &'static str,
}

impl ToDo {
    /// Counts these actions.
    pub(crate) fn of<'a>(actions: impl IntoIterator<Item = &'a Action>, held_back: usize) -> Self {
        let mut to_do = ToDo { held_back, ..ToDo::default() };
        for action in actions {
            *match action.change {
                Change::CreateServer(_) => &mut to_do.order,
                Change::CreateNode(_) => &mut to_do.make,
                Change::AssignFloatingIp(_) => &mut to_do.assign,
                Change::DrainNode(_) => &mut to_do.drain,
                Change::RestoreNode(_) => &mut to_do.bring_back,
                Change::RetireNode(_)
                | Change::DeleteServer(_)
                | Change::DeleteNode { .. }
                | Change::DeleteVolume { .. }
                | Change::ReleaseFloatingIp { .. } => &mut to_do.remove,
            } += 1;
        }
        to_do
    }

    /// All numbers, in the order of a sentence.
    pub(crate) fn parts(self) -> [Part; 7] {
        let ToDo { order, make, assign, drain, remove, bring_back, held_back } = self;
        let part = |number, noun, present, past| Part { number, noun, present, past };
        [
            part(order, "server", "orders", "ordered"),
            part(make, "node", "makes", "made"),
            part(assign, "floating IP", "assigns", "assigned"),
            part(drain, "node", "drains", "drained"),
            part(remove, "removal", "makes", "made"),
            part(bring_back, "node", "brings back", "brought back"),
            part(held_back, "removal", "holds back", "held back"),
        ]
    }

    /// What the next run does, in a sentence.
    pub(crate) fn sentence(self) -> String {
        let parts: Vec<String> = self.parts().iter().filter(|part| part.number > 0).map(Part::present).collect();
        match parts.split_last() {
            None => "the next run has nothing to do".to_owned(),
            Some((last, [])) => format!("the next run {last}"),
            Some((last, first)) => format!("the next run {} and {last}", first.join(", ")),
        }
    }
}

impl Part {
    /// A number of things to which something happened.
    pub(crate) fn new(number: usize, noun: &'static str, past: &'static str) -> Self {
        Part { number, noun, present: "", past }
    }

    fn present(&self) -> String {
        format!("{} {}", self.present, plural(self.number, self.noun))
    }

    /// As `2 servers ordered`.
    pub(crate) fn past(&self) -> String {
        format!("{} {}", plural(self.number, self.noun), self.past).trim_end().to_owned()
    }
}

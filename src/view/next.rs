//! What comes next for a server that stays as it is, and how long it is until then.

use crate::domain::rule::Rule;
use crate::domain::state::{Credit, ServerMemory};
use crate::plan::identity::fleet::Machine;
use crate::view::picture::Picture;
use crate::view::table::age;
use jiff::SignedDuration;
use serde::Serialize;

/// The next row of the rules, if nothing changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Next {
    /// How long it is until then.
    #[serde(rename = "in_seconds", serialize_with = "seconds")]
    pub(crate) left: SignedDuration,
    /// What happens.
    pub(crate) then: &'static str,
    /// What would keep it from happening.
    pub(crate) unless: &'static str,
}

fn seconds<S: serde::Serializer>(time: &SignedDuration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(time.as_secs())
}

impl Next {
    /// In a sentence.
    pub(crate) fn sentence(&self) -> String {
        format!("{} in {} unless {}", self.then, age(self.left), self.unless)
    }

    /// What comes after this rule, for a server that it decides on.
    pub(crate) fn of(
        picture: &Picture<'_>,
        rule: Rule,
        machine: &Machine<'_>,
        memory: Option<&ServerMemory>,
    ) -> Option<Self> {
        let times = picture.config.times(&machine.node_type);
        let ordered = picture.since(machine.ordered_at);
        let next = |all: SignedDuration, passed: SignedDuration, then, unless| {
            Some(Next { left: (all - passed).max(SignedDuration::ZERO), then, unless })
        };
        match rule {
            Rule::Ordered => next(times.order_timeout, ordered, "given up", "a list shows it by then"),
            Rule::Booting => next(times.boot_timeout, ordered, "removed", "it is active by then"),
            Rule::Connecting => {
                let active = memory?.active_since.map_or(SignedDuration::ZERO, |since| picture.since(since));
                next(times.join_timeout, active, "removed", "its node is online by then")
            }
            Rule::Kept => {
                let idle = credit(picture, machine, true)?;
                next(times.idle_grace, idle, "retired", "a build comes")
            }
            Rule::KeptForJobs => {
                let idle = credit(picture, machine, true)?;
                next(times.idle_grace * 2, idle, "retired", "its jobs start there")
            }
            Rule::Away => {
                let missing = memory?.missing.map(|missing| missing.credit);
                let away = missing.or_else(|| credit(picture, machine, false))?;
                next(times.join_timeout, away, "removed", "its node comes back")
            }
            Rule::Stopping => {
                let stopped = memory?.stopped?.credit;
                next(times.join_timeout, stopped, "removed", "it runs again")
            }
            _ => None,
        }
    }
}

/// The shortest time that its nodes are counted idle, or offline.
fn credit(picture: &Picture<'_>, machine: &Machine<'_>, idle: bool) -> Option<SignedDuration> {
    let nodes = machine.nodes.iter().filter_map(|node| picture.memory().nodes.get(&node.name));
    nodes.filter_map(|node| if idle { node.idle } else { node.offline }).map(|credit: Credit| credit.credit).min()
}

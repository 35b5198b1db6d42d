//! What happens next to a server if nothing changes, and when.

use crate::domain::rule::Rule;
use crate::domain::state::{Credit, ServerMemory};
use crate::plan::identity::fleet::Machine;
use crate::plan::lifecycle::grace;
use crate::plan::lifecycle::lock;
use crate::view::overview::{Overview, ServerView};
use crate::view::text::duration;
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::Serialize;

/// What happens next to a server if nothing changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Next {
    /// The time until then.
    #[serde(rename = "in_seconds", serialize_with = "seconds")]
    #[schemars(with = "u64")]
    pub(crate) left: SignedDuration,
    /// What happens.
    pub(crate) then: &'static str,
    /// What would prevent it.
    pub(crate) unless: &'static str,
}

fn seconds<S: serde::Serializer>(time: &SignedDuration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(time.as_secs())
}

impl Next {
    /// In a sentence, with the time until then.
    pub(crate) fn sentence(&self) -> String {
        format!("{} in {} unless {}", self.then, duration(self.left), self.unless)
    }

    /// For a table that has the time until then in a column.
    pub(crate) fn note(&self) -> String {
        format!("{} then, unless {}", self.then, self.unless)
    }

    /// What comes after this rule, for a server whose verdict has it.
    pub(crate) fn of(
        overview: &Overview<'_>,
        rule: Rule,
        machine: &Machine<'_>,
        memory: Option<&ServerMemory>,
    ) -> Option<Self> {
        if lock::locked(overview.memory(), machine, overview.now()).is_some() {
            return None;
        }
        if overview.memory().pause(&machine.node_type, &machine.provider).is_some() || overview.silence().is_some() {
            return None;
        }
        let times = grace::times(overview.config, overview.memory(), &machine.node_type);
        let ordered = overview.since(machine.ordered_at);
        let next = |all: SignedDuration, passed: SignedDuration, then, unless| {
            Some(Next { left: (all - passed).max(SignedDuration::ZERO), then, unless })
        };
        match rule {
            Rule::Ordered => next(times.order_timeout, ordered, "given up", "a list shows it by then"),
            Rule::Booting => next(times.boot_timeout, ordered, "removed", "it is active by then"),
            Rule::Connecting => {
                let active = memory?.active_since.map_or(SignedDuration::ZERO, |since| overview.since(since));
                next(times.join_timeout, active, "removed", "its node is online by then")
            }
            Rule::Kept | Rule::MinIdle => {
                let idle = shortest(overview, machine, Clock::Idle)?;
                let stays = rule == Rule::MinIdle || is_kept_at_hand(overview, machine);
                let by_idleness = (!stays).then_some(times.idle_grace - idle);
                let by_age = times.max_age.map(|most| most - ordered);
                match (by_idleness, by_age) {
                    (Some(idle), Some(age)) if age < idle => next(age, SignedDuration::ZERO, "retired", OLD),
                    (Some(idle), _) => next(idle, SignedDuration::ZERO, "retired", unless_idle(overview, machine)),
                    (None, Some(age)) => next(age, SignedDuration::ZERO, "retired", OLD),
                    (None, None) => None,
                }
            }
            Rule::KeptForJobs => {
                let idle = shortest(overview, machine, Clock::Idle)?;
                next(times.idle_grace * 2, idle, "retired", "its jobs start there")
            }
            Rule::Away => {
                let missing = memory?.missing.map(|missing| missing.credit);
                let away = missing.or_else(|| shortest(overview, machine, Clock::Offline))?;
                next(times.join_timeout, away, "removed", "its node comes back")
            }
            Rule::Stopping => {
                let stopped = (*memory?.stopped)?.credit;
                next(times.join_timeout, stopped, "removed", "it runs again")
            }
            _ => None,
        }
    }
}

/// What prevents the end of a server that is as old as it may be.
const OLD: &str = "a build runs there then";

/// How many idle servers of the type `min_idle` wants now.
fn min_idle(overview: &Overview<'_>, machine: &Machine<'_>) -> usize {
    let kind = overview.config.node_type(&machine.node_type);
    kind.map_or(0, |kind| kind.min_idle.at(overview.now()) as usize)
}

/// What keeps an idle server.
fn unless_idle(overview: &Overview<'_>, machine: &Machine<'_>) -> &'static str {
    let at_hand = overview.plan().at_hand.get(&machine.node_type).map_or(0, |at_hand| at_hand.keep);
    if at_hand > 0 || min_idle(overview, machine) > 0 { "a build comes or it is kept at hand" } else { "a build comes" }
}

/// Whether all idle servers of the type are kept at hand.
fn is_kept_at_hand(overview: &Overview<'_>, machine: &Machine<'_>) -> bool {
    let is_idle = |server: &&ServerView<'_>| {
        let idle = matches!(server.verdict.rule, Rule::Kept | Rule::KeptForJobs | Rule::MinIdle);
        idle && server.node_type() == Some(&machine.node_type)
    };
    let wanted = min_idle(overview, machine);
    wanted > 0 && overview.servers().iter().filter(is_idle).count() <= wanted
}

/// A clock that the state has for each node.
#[derive(Clone, Copy)]
enum Clock {
    Idle,
    Offline,
}

/// The shortest time on this clock among the nodes of a server.
fn shortest(overview: &Overview<'_>, machine: &Machine<'_>, clock: Clock) -> Option<SignedDuration> {
    let nodes = machine.nodes.iter().filter_map(|node| overview.memory().nodes.get(&node.name));
    let times = nodes.filter_map(|node| match clock {
        Clock::Idle => *node.idle,
        Clock::Offline => *node.offline,
    });
    times.map(|time: Credit| time.credit).min()
}

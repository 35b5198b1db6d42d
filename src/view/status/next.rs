//! What happens next to a server if nothing changes, and when.

use crate::domain::names::{MitaId, NodeTypeName};
use crate::domain::rule::Rule;
use crate::domain::state::{Credit, ServerMemory};
use crate::plan::identity::fleet::Machine;
use crate::plan::lifecycle::lock;
use crate::view::overview::Overview;
use crate::view::text::duration;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What happens next to a server if nothing changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Next {
    /// The time until then.
    #[serde(rename = "in_seconds", serialize_with = "seconds")]
    #[schemars(with = "u64")]
    pub(crate) left: SignedDuration,
    #[serde(skip)]
    #[schemars(skip)]
    at: Timestamp,
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
        let today = self.left < SignedDuration::from_hours(24);
        let at = self.at.strftime(if today { "%H:%MZ" } else { "%F %H:%MZ" });
        format!("{} at {at} unless {}", self.then, self.unless)
    }

    /// What comes after this rule, for a server whose verdict has it, beside those that are [`kept_at_hand`].
    pub(crate) fn of(
        overview: &Overview<'_>,
        rule: Rule,
        machine: &Machine<'_>,
        memory: Option<&ServerMemory>,
        at_hand: &BTreeSet<MitaId>,
    ) -> Option<Self> {
        if lock::locked(overview.state(), machine, overview.now()).is_some() {
            return None;
        }
        if overview.state().pause(&machine.node_type, &machine.provider).is_some() || overview.silence().is_some() {
            return None;
        }
        let times = overview.config.times(&machine.node_type);
        let ordered = overview.since(machine.ordered_at);
        let next = |all: SignedDuration, passed: SignedDuration, then, unless| {
            let left = (all - passed).max(SignedDuration::ZERO);
            Some(Next { left, at: overview.now() + left, then, unless })
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
                let stays = rule == Rule::MinIdle || at_hand.contains(&machine.id);
                // After its grace time, it stays for a while that is not known: until others may go with it, for example.
                let by_idleness = (!stays && idle < times.idle_grace).then_some(times.idle_grace - idle);
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

/// What prevents the end of an idle server that is not kept at hand now.
fn unless_idle(overview: &Overview<'_>, machine: &Machine<'_>) -> &'static str {
    // The other rules want another number later.
    let changes = at_hand(overview, machine) > min_idle(overview, machine);
    if changes { "a build comes or it is kept at hand" } else { "a build comes" }
}

/// How many idle servers of the type are kept at hand now.
fn at_hand(overview: &Overview<'_>, machine: &Machine<'_>) -> usize {
    let at_hand = overview.plan().at_hand.get(&machine.node_type).map_or(0, |at_hand| at_hand.keep as usize);
    at_hand.max(min_idle(overview, machine))
}

/// That an idle server stays, as one of those that are kept at hand.
pub(crate) fn stays_at_hand(overview: &Overview<'_>, machine: &Machine<'_>) -> String {
    match at_hand(overview, machine) {
        1 => "kept at hand: up to 1 is".to_owned(),
        most => format!("kept at hand: up to {most} are"),
    }
}

/// The idle servers that are kept at hand: those that are idle for the longest time go.
pub(crate) fn kept_at_hand(overview: &Overview<'_>) -> BTreeSet<MitaId> {
    let mut idle: BTreeMap<&NodeTypeName, Vec<&Machine<'_>>> = BTreeMap::new();
    let servers = overview.servers();
    let of_type = servers.iter().filter(|server| matches!(server.verdict.rule, Rule::Kept | Rule::MinIdle));
    for machine in of_type.filter_map(|server| server.machine) {
        idle.entry(&machine.node_type).or_default().push(machine);
    }
    let mut kept = BTreeSet::new();
    for machines in idle.values_mut() {
        let wanted = machines.first().map_or(0, |machine| at_hand(overview, machine));
        machines.sort_by_cached_key(|machine| {
            let node = machine.nodes.iter().map(|node| &node.name).min().cloned();
            (shortest(overview, machine, Clock::Idle), node)
        });
        kept.extend(machines.iter().take(wanted).map(|machine| machine.id.clone()));
    }
    kept
}

/// A clock that the state has for each node.
#[derive(Clone, Copy)]
enum Clock {
    Idle,
    Offline,
}

/// The shortest time on this clock among the nodes of a server.
fn shortest(overview: &Overview<'_>, machine: &Machine<'_>, clock: Clock) -> Option<SignedDuration> {
    let nodes = machine.nodes.iter().filter_map(|node| overview.state().nodes.get(&node.name));
    let times = nodes.filter_map(|node| match clock {
        Clock::Idle => *node.idle,
        Clock::Offline => *node.offline,
    });
    times.map(|time: Credit| time.credit).min()
}

//! The rules that decide about a server, in their order: why those before the rule of its verdict did not apply.
//!
//! Only the planner decides ([`crate::plan::lifecycle::phase`]); this shows the evidence that it had. A verdict with a rule
//! that is none of these is about all servers, and is its own explanation.

use crate::domain::names::NodeName;
use crate::domain::rule::Rule;
use crate::domain::state::{ServerMemory, SetOfflineBy};
use crate::domain::world::{Node, Presence, ServerState};
use crate::plan::identity::fleet::{Machine, Sighting};
use crate::view::explain::finding::{Candidate, Finding, What, listed};
use crate::view::overview::Overview;
use crate::view::status::next::{Next, kept_at_hand};
use crate::view::text::duration;

/// Each row of the planner with the rules that it can result in, in the order in which it asks them. The last rule is the
/// name of the row.
const ROWS: [&[Rule]; 19] = [
    &[Rule::NotSeen],
    &[Rule::Busy],
    &[Rule::Deleting, Rule::Gone],
    &[Rule::Ambiguous],
    &[Rule::Held],
    &[Rule::OtherName],
    &[Rule::Asked],
    &[Rule::WantedAgain, Rule::DrainResumed],
    &[Rule::Ordered],
    &[Rule::Error],
    &[Rule::Booting, Rule::BootTimeout],
    &[Rule::Stopping, Rule::Stopped],
    &[Rule::UnknownState],
    &[Rule::Connecting, Rule::NeverJoined],
    &[Rule::Away, Rule::NodeMissing, Rule::Offline],
    &[Rule::SingleUse],
    &[Rule::MaxAge],
    &[Rule::KeptForJobs],
    &[Rule::Kept, Rule::MinIdle, Rule::Idle],
];

/// Adds what happens next, and the rows up to the one that decided.
pub(super) fn add(
    overview: &Overview<'_>,
    finding: &mut Finding,
    machine: &Machine<'_>,
    memory: Option<&ServerMemory>,
) {
    let Some(rule) = finding.rule else { return };
    if let Some(next) = Next::of(overview, rule, machine, memory, &kept_at_hand(overview)) {
        finding.fact(What::Next, next.sentence());
    }
    let Some(last) = ROWS.iter().position(|rules| rules.contains(&rule)) else { return };
    let evidence = Evidence { overview, machine, memory };
    for rules in &ROWS[..last] {
        if let [first, .., name] | [first @ name] = rules {
            finding.answer(Candidate::Rule, name, false, evidence.against(*first));
        }
    }
    let reason = finding.reason.clone().unwrap_or_default();
    finding.answer(Candidate::Rule, rule, true, reason);
}

struct Evidence<'a> {
    overview: &'a Overview<'a>,
    machine: &'a Machine<'a>,
    memory: Option<&'a ServerMemory>,
}

impl Evidence<'_> {
    /// Why the row that begins with this rule does not apply.
    fn against(&self, first: Rule) -> String {
        let machine = self.machine;
        match first {
            Rule::NotSeen => format!("provider {} and Jenkins answered in full", machine.provider),
            Rule::Busy => match self.names(|_| true) {
                None => "no node of Jenkins could be it".to_owned(),
                Some(names) => format!("{names} runs no build"),
            },
            Rule::Deleting => match machine.sighting {
                Sighting::Seen(server) => format!("its cloud says {}", state_words(&server.state)),
                Sighting::Unlisted
                | Sighting::Hidden
                | Sighting::Gone
                | Sighting::Deleted
                | Sighting::WithoutMetadata
                | Sighting::Elsewhere
                | Sighting::NoAnswer => "it may still turn up".to_owned(),
            },
            Rule::Ambiguous => "no other node could be it".to_owned(),
            Rule::Held => match self.names(|node| node.presence.cause().is_some()) {
                None => "no node of it is set offline".to_owned(),
                Some(names) => format!("{names} is set offline by {}", self.set_offline_by()),
            },
            Rule::OtherName => "no node under another name keeps it".to_owned(),
            Rule::Asked => "nobody asked for it with mita retire".to_owned(),
            Rule::WantedAgain if self.memory.is_some_and(|memory| memory.retirement.is_some()) => {
                "its deletion was accepted and failed".to_owned()
            }
            Rule::WantedAgain => "no retirement of it is under way".to_owned(),
            Rule::Ordered => "its cloud shows it".to_owned(),
            Rule::Error | Rule::Booting | Rule::Stopping | Rule::UnknownState => {
                let since = self.memory.and_then(|memory| memory.active_since);
                let since =
                    since.map_or(String::new(), |since| format!(" for {}", duration(self.overview.since(since))));
                match machine.server().map(|server| &server.state) {
                    Some(ServerState::Active) => format!("it is active{since}"),
                    Some(state) => format!("its cloud says {}", state_words(state)),
                    None => "its cloud does not show it".to_owned(),
                }
            }
            Rule::Connecting => match self.memory.and_then(|memory| memory.joined_at) {
                Some(at) => format!("it came online in Jenkins {} ago", duration(self.overview.since(at))),
                None => "it came online in Jenkins".to_owned(),
            },
            Rule::Away => match self.names(|node| node.presence == Presence::Online) {
                Some(names) => format!("{names} is online"),
                None => "its node is there".to_owned(),
            },
            Rule::SingleUse => match self.overview.config.node_type(&machine.node_type) {
                Some(kind) if kind.single_use => "its node has had no build yet".to_owned(),
                Some(_) | None => "its type is not single_use".to_owned(),
            },
            Rule::MaxAge => match self.overview.config.times(&machine.node_type).max_age {
                Some(most) => {
                    format!("{} old, max_age {}", duration(self.overview.since(machine.ordered_at)), duration(most))
                }
                None => "its type has no max_age".to_owned(),
            },
            Rule::KeptForJobs => "no waiting job is matched to it".to_owned(),
            _ => "it does not apply".to_owned(),
        }
    }

    /// The nodes of the server for which this is true.
    fn names(&self, so: impl Fn(&Node) -> bool) -> Option<String> {
        let names: Vec<&NodeName> = self.machine.nodes.iter().filter(|node| so(node)).map(|node| &node.name).collect();
        (!names.is_empty()).then(|| format!("node {}", listed(names)))
    }

    fn set_offline_by(&self) -> &'static str {
        let known = self.machine.nodes.iter().filter_map(|node| self.overview.state().nodes.get(&node.name));
        match known.filter_map(|known| known.set_offline_by).next() {
            Some(SetOfflineBy::Us) => "mita",
            Some(SetOfflineBy::Monitor) => "a node monitor",
            Some(SetOfflineBy::Person) | None => "a person",
        }
    }
}

fn state_words(state: &ServerState) -> String {
    match state {
        ServerState::Building => "that it is being built".to_owned(),
        ServerState::Active => "that it is active".to_owned(),
        ServerState::Error => "ERROR".to_owned(),
        ServerState::Deleting => "that it is being deleted".to_owned(),
        ServerState::Deleted => "that it is deleted".to_owned(),
        ServerState::Stopped(word) | ServerState::Other(word) => word.clone(),
    }
}

//! A server: what was seen, what the state has, and what happens next.

use crate::config::Config;
use crate::domain::state::{Origin, RetirementStep, ServerMemory};
use crate::domain::world::Server;
use crate::plan::identity::fleet::{Machine, Sighting};
use crate::plan::identity::places::somewhere;
use crate::view::explain::finding::{Finding, Kind, What, listed};
use crate::view::explain::{failure, rules};
use crate::view::overview::{Overview, ServerView};
use crate::view::status::activity::{BuildStatus, Hold};
use crate::view::status::next::{kept_at_hand, stays_at_hand};
use crate::view::text::{duration, plural};
use std::net::IpAddr;

pub(super) fn explain(overview: &Overview<'_>, view: &ServerView<'_>) -> Finding {
    let mut finding = Finding::of(Kind::Server, overview, view.verdict);
    let Some(machine) = view.machine else {
        finding.fact(What::Seen, "gone for good: this run forgets it");
        return finding;
    };
    finding.fact(What::Seen, seen(overview.config, view, machine));
    let of_config = match overview.config.node_type(&machine.node_type) {
        Some(_) => "",
        None => ", which is no longer configured: nothing new is ordered",
    };
    finding.fact(What::NodeType, format!("{} at provider {}{of_config}", machine.node_type, machine.provider));
    let by = match machine.origin {
        Origin::Ordered(run) => format!("by run {run}"),
        Origin::Found => "as its mark says; the state file does not know the order".to_owned(),
    };
    let ordered_at = machine.ordered_at;
    finding.fact(
        What::Order,
        format!("{}, {ordered_at:.0} ({} ago), {by}", machine.id, duration(overview.since(ordered_at))),
    );
    if !machine.nodes.is_empty() {
        finding.fact(What::Nodes, listed(machine.nodes.iter().map(|node| &node.name)));
    }
    for build in BuildStatus::all(overview, machine.nodes.iter().copied()) {
        let url = build.url.as_ref().map_or_else(String::new, |url| format!(", {url}"));
        finding.fact(What::Runs, format!("{}{url}", build.words()));
    }
    if let Some(hold) = Hold::of(overview, machine.nodes.iter().copied()) {
        finding.fact(What::Held, hold.words());
    }
    if !machine.doubts.is_empty() {
        let names = listed(machine.doubts.iter().map(|node| &node.name));
        let why = if machine.shares_doubts { "another server has its address, too" } else { "so nothing is touched" };
        finding.fact(What::CouldBe, format!("node {names}: {why}"));
    }
    if kept_at_hand(overview).contains(&machine.id) {
        finding.fact(What::AtHand, stays_at_hand(overview, machine));
    }
    if let Some(memory) = view.memory {
        remembered(overview, &mut finding, memory);
    }
    failure::add_of_server(overview, &mut finding, &machine.id);
    rules::add(overview, &mut finding, machine, view.memory);
    finding
}

fn seen(config: &Config, view: &ServerView<'_>, machine: &Machine<'_>) -> String {
    match machine.sighting {
        Sighting::Seen(Server { addresses, created, .. }) => {
            let addresses: Vec<String> = addresses.iter().map(IpAddr::to_string).collect();
            let at = if addresses.is_empty() { "no address yet".to_owned() } else { addresses.join(", ") };
            let created = created.map_or_else(String::new, |created| format!(", made by its cloud {created:.0}"));
            format!("{}, {at}{created}", view.state())
        }
        Sighting::Unlisted => "its cloud's list is whole and lacks it; its id is not known".to_owned(),
        Sighting::Hidden => "its cloud's list lacks servers that are there; its id is not known".to_owned(),
        Sighting::Gone => "its cloud does not know it any more (404)".to_owned(),
        Sighting::Deleted => "deleted, and its cloud keeps it for a while".to_owned(),
        Sighting::WithoutMetadata => {
            format!("provider {} shows it without metadata, so nothing says whose it is now", machine.provider)
        }
        Sighting::Elsewhere => somewhere(config, &machine.provider),
        Sighting::NoAnswer => format!("provider {} gave no answer about it", machine.provider),
    }
}

fn remembered(overview: &Overview<'_>, finding: &mut Finding, memory: &ServerMemory) {
    let mut times = Vec::new();
    if let Some(at) = memory.active_since {
        times.push(format!("active since {at:.0}"));
    }
    match memory.joined_at {
        Some(at) => times.push(format!("first seen online in Jenkins {at:.0}")),
        None => times.push("never online in Jenkins".to_owned()),
    }
    if let Some(at) = memory.deleting_since {
        times.push(format!("being deleted since {at:.0}"));
    }
    if memory.gone_sightings > 0 {
        let runs = plural(usize::try_from(memory.gone_sightings).unwrap_or(usize::MAX), "run");
        times.push(format!("answered 404 in {runs}"));
    }
    finding.fact(What::Remembered, times.join("; "));
    if let Some(retirement) = &memory.retirement {
        let step = match retirement.step {
            RetirementStep::Decided => "decided, no step known to be done",
            RetirementStep::NodesOffline => "its nodes are set offline",
            RetirementStep::NodesDeleted if memory.deletion_sent => "its deletion was sent, and no answer came",
            RetirementStep::NodesDeleted => "its nodes are deleted",
            RetirementStep::ServerDeleted => "its deletion was accepted",
        };
        let lasts = duration(overview.since(retirement.since));
        finding.fact(What::Retirement, format!("begun {lasts} ago ({}): {step}", retirement.rule));
    }
    if let Some(at) = memory.asked {
        finding.fact(
            What::Asked,
            format!("{} ago by a person: retired as soon as it is idle", duration(overview.since(at))),
        );
    }
    if let Some(fault) = &memory.fault {
        finding.fact(What::Fault, fault.trim());
    }
}

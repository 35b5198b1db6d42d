//! A Jenkins node: what was seen, what the state has, and what happens next.

use crate::domain::state::{NodeMemory, SetOfflineBy};
use crate::domain::world::{Node, NodeKind};
use crate::plan::identity::fleet::{Machine, NodeIdentity};
use crate::view::explain::finding::{Finding, Kind, What};
use crate::view::explain::rules;
use crate::view::overview::{NodeView, Overview};
use crate::view::status::activity::{BuildStatus, Hold};
use crate::view::status::next::{kept_at_hand, stays_at_hand};
use crate::view::text::duration;

pub(super) fn explain(overview: &Overview<'_>, view: &NodeView<'_>) -> Finding {
    let mut finding = Finding::of(Kind::Node, overview, view.verdict);
    let node = view.node;
    finding.fact(What::Seen, format!("{}{}", view.state(), kind(node)));
    if let Some(cause) = node.presence.cause() {
        let class = cause.class.as_deref().map_or_else(String::new, |class| format!(" ({class})"));
        let since = cause.since.map_or_else(String::new, |since| format!(", since {since:.0}"));
        finding.fact(What::OfflineCause, format!("\"{}\"{class}{since}", cause.reason.trim()));
    }
    for build in BuildStatus::all(overview, [node]) {
        let url = build.url.as_ref().map_or_else(String::new, |url| format!(", {url}"));
        finding.fact(What::Runs, format!("{}{url}", build.words()));
    }
    let hold = Hold::of(overview, [node]);
    if let Some(hold) = &hold {
        finding.fact(What::Held, hold.words());
    }
    let labels: Vec<&str> = node.labels.iter().map(String::as_str).collect();
    finding.fact(What::Labels, labels.join(", "));
    finding.fact(What::Is, is(overview, view.identity));
    if let Some(memory) = view.memory {
        finding.fact(What::Remembered, remembered(overview, memory));
        if let Some(by) = memory.set_offline_by {
            finding.fact(
                What::SetOfflineBy,
                match by {
                    SetOfflineBy::Us => "this installation",
                    SetOfflineBy::Monitor => "a node monitor of Jenkins",
                    SetOfflineBy::Person if hold.is_some_and(|hold| hold.by.is_some()) => "a person",
                    SetOfflineBy::Person => "a person, or somebody that Jenkins does not name",
                },
            );
        }
        if let Some(idle) = *memory.idle {
            finding.fact(What::Idle, format!("for {}, first seen idle at {:.0}", duration(idle.credit), idle.first));
        }
        if let Some(offline) = *memory.offline {
            let lasted = duration(offline.credit);
            finding.fact(What::Offline, format!("for {lasted}, first seen offline at {:.0}", offline.first));
        }
    }
    if let NodeIdentity::Of(machine) = view.identity {
        let machine = &overview.fleet.machines[*machine];
        lacking(overview, &mut finding, node, machine);
        if kept_at_hand(overview).contains(&machine.id) {
            finding.fact(What::AtHand, stays_at_hand(overview, machine));
        }
        let memory = overview.state().servers.get(&machine.id);
        rules::add(overview, &mut finding, machine, memory);
    }
    finding
}

/// Which runs saw it. What is seen here first was seen by no run.
fn remembered(overview: &Overview<'_>, memory: &NodeMemory) -> String {
    let was_run = |run: &u64| !overview.predicts() || *run < overview.state().run;
    let online = match memory.first_online {
        None => "never online".to_owned(),
        Some(run) if was_run(&run) => format!("first online by run {run}"),
        Some(_) => "online now, and not yet in a run".to_owned(),
    };
    match Some(memory.first_seen).filter(was_run) {
        Some(run) => format!("first seen by run {run}, {online}"),
        None => "seen by no run yet".to_owned(),
    }
}

fn kind(node: &Node) -> String {
    match &node.kind {
        NodeKind::BuiltIn => "; the built-in node".to_owned(),
        NodeKind::Agent => String::new(),
        NodeKind::CloudPlugin(class) => format!("; made by a cloud plugin ({class})"),
    }
}

fn is(overview: &Overview<'_>, identity: &NodeIdentity) -> String {
    match identity {
        NodeIdentity::Of(machine) => {
            let machine = &overview.fleet.machines[*machine];
            let server = machine.server_id.as_ref().map_or_else(String::new, |id| format!(", {id}"));
            format!("server {} of node type {}{server}", machine.id, machine.node_type)
        }
        NodeIdentity::Doubtful(reason) => format!("not clear: {reason}"),
        NodeIdentity::Former(server) => format!("the node of server {server}, which is not there"),
        NodeIdentity::MadeFor(order) => format!("made for order {order}, of which there is no server"),
        NodeIdentity::Foreign(reason) => format!("not ours: {reason}"),
    }
}

/// Adds the labels of its node type that it lacks.
fn lacking(overview: &Overview<'_>, finding: &mut Finding, node: &Node, machine: &Machine<'_>) {
    let Some(kind) = overview.config.node_type(&machine.node_type) else { return };
    let missing: Vec<&str> = node.labels.missing(&kind.labels).map(String::as_str).collect();
    if !missing.is_empty() {
        finding.fact(What::Lacks, format!("{}, promised by nodes.{}", missing.join(", "), kind.name));
    }
}

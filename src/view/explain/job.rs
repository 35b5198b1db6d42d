//! What a queue item waits for: what Jenkins says, what mita makes of it, and what each node type and node answers.

use crate::config::NodeType;
use crate::domain::need::Need;
use crate::domain::rule::Rule;
use crate::domain::why::Why;
use crate::domain::world::{QueueItem, Quota, Stage, Task};
use crate::plan::demand::need;
use crate::plan::demand::need::{NodeIndex, OurNames, Reading};
use crate::view::explain::label::{atoms, state};
use crate::view::explain::near::closest;
use crate::view::explain::{Finding, Kind, Of, Picture, listed};
use crate::view::picture::{ItemView, ServerView};
use crate::view::status::pauses;
use crate::view::table::{age, many};
use jiff::SignedDuration;
use std::collections::BTreeSet;

pub(crate) fn tell(picture: &Picture<'_>, view: &ItemView<'_>) -> Finding {
    let item = view.item;
    let why = Why::read(item.why.as_deref());
    let mut finding = Finding::of(Kind::QueueItem, view.verdict);
    let waited = item.in_queue_since.map(|since| format!(", in the queue for {}", age(picture.since(since))));
    finding.fact("seen", format!("{}{}; {}", stage(item.stage), waited.unwrap_or_default(), task(&item.task)));
    let words = item.why.as_deref().map_or("nothing".to_owned(), |words| format!("\"{}\"", words.trim()));
    finding.fact("jenkins_says", words);
    if let Some(memory) = view.memory {
        if let Some(since) = memory.waiting_since {
            finding.fact("waits_since", format!("{since:.0}, as far as mita has seen it"));
        }
        if let Some(since) = memory.pending_since {
            finding.fact(
                "pending_since",
                format!("{since:.0}: it counts after five minutes, as a left-over of a restart"),
            );
        }
    }
    let refusing = need::refusing(&why);
    if !refusing.is_empty() {
        finding.fact("refused_by", listed(&refusing));
    }
    // What is blocked or in its quiet period is not asked by a run, and often tells it all the same.
    let Some(need) = view.need().cloned().or_else(|| read(picture, item, &why)) else {
        finding.fact("needs", "not known");
        return finding;
    };
    let need = &need;
    finding.fact("needs", need.to_string());
    finding.fact("known_from", source(picture, item, &why, need));
    let servers = picture.servers();
    let all = &picture.config.node_types;
    for kind in all {
        if need.accepts_type(kind, all) {
            let (fits, reason) = would_do(picture, view, kind, need, &servers);
            finding.answer(Of::NodeType, &kind.name, fits, reason);
        } else {
            finding.answer(Of::NodeType, &kind.name, false, unfit(need, kind));
        }
    }
    for server in &servers {
        let kind = server.node_type().and_then(|name| picture.config.node_type(name));
        let coming = matches!(server.verdict.rule, Rule::Ordered | Rule::Booting | Rule::Connecting);
        if let (true, Some(kind), Some(order)) = (coming, kind, server.order())
            && need.accepts_type(kind, all)
        {
            finding.answer(Of::Server, order, true, format!("{}: {}", server.verdict.rule, server.verdict.reason));
        }
    }
    for node in picture.nodes() {
        if need.accepts_node(node.node, picture.type_of(node.identity), all) {
            let refused = refusing.contains(&node.node.name);
            let words = if refused { "; Jenkins says that it refuses the job" } else { "" };
            let state = state(node.presence(), node.node);
            finding.answer(Of::Node, &node.node.name, !refused, format!("{state}{words}"));
        }
    }
    finding
}

fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Waiting => "in its quiet period",
        Stage::Blocked => "blocked",
        Stage::Buildable => "waits for an executor",
        Stage::Pending => "has an executor that has not started it yet",
    }
}

fn task(task: &Task) -> String {
    match task {
        Task::Pipeline => "a step of a pipeline".to_owned(),
        Task::Matrix { axis_values } => format!("a matrix configuration of {}", axis_values.join(", ")),
        Task::Project { label: Some(label) } => format!("a project with the label expression {label}"),
        Task::Project { label: None } => "a project without a label expression".to_owned(),
        Task::Unknown => "a task whose label Jenkins does not export".to_owned(),
    }
}

/// Where the need was read. Found by reading once more with less to read from.
fn source(picture: &Picture<'_>, item: &QueueItem, why: &Why, need: &Need) -> &'static str {
    let from_why = read(picture, &QueueItem { task: Task::Unknown, ..item.clone() }, why);
    if read(picture, item, why).as_ref() != Some(need) {
        return "an earlier run: Jenkins does not tell it any more";
    }
    match (from_why, need) {
        (Some(Need::Label(_)), Need::Label(_)) => "the label in Jenkins' words",
        (_, Need::Label(_)) if matches!(item.task, Task::Matrix { .. }) => "its axis values that are labels",
        (_, Need::Label(_)) => "the label expression of the project",
        (_, Need::Node { .. }) => "the node in Jenkins' words",
        (_, Need::Anywhere) => "Jenkins' words, which name neither label nor node",
    }
}

/// What the item says now, whatever an earlier run read.
fn read(picture: &Picture<'_>, item: &QueueItem, why: &Why) -> Option<Need> {
    let nodes = picture.report.world.jenkins.nodes.complete().map_or(&[][..], Vec::as_slice);
    let waited = item.in_queue_since.map_or(SignedDuration::ZERO, |since| picture.now().duration_since(since));
    let ours = OurNames::of(picture.config, picture.memory());
    match need::read(&ours, &NodeIndex::new(nodes), item, why, None, waited) {
        Reading::Known(need) => Some(need),
        Reading::Hidden | Reading::Resuming(_) | Reading::Unknown => None,
    }
}

/// What stands for or against a server of a type that has all it takes.
fn would_do(
    picture: &Picture<'_>,
    view: &ItemView<'_>,
    kind: &NodeType,
    need: &Need,
    servers: &[ServerView<'_>],
) -> (bool, String) {
    let config = picture.config;
    let mut words: Vec<String> = Vec::new();
    let vain = picture
        .memory()
        .mismatches
        .iter()
        .find(|vain| vain.job == view.item.job && vain.need == *need && vain.node_type == kind.name);
    if let Some(vain) = vain {
        let left = age(picture.until(vain.until));
        let why = vain.why.trim();
        words.push(format!(
            "stood idle beside it and was not taken (in_vain), tried again in {left}; Jenkins said: {why}"
        ));
    }
    let waited = view.item.in_queue_since.map_or(jiff::SignedDuration::ZERO, |since| picture.since(since));
    if waited < kind.times.stuck_after {
        words.push(format!("counts in {}, by stuck_after", age(kind.times.stuck_after - waited)));
    }
    let there = picture.counted(servers, Some(&kind.name));
    words.push(match kind.max {
        Some(max) if reached(there, max) => format!("has its max of {max}"),
        Some(max) => format!("{} of {max} at most", many(there, "server")),
        None => many(there, "server"),
    });
    let total = picture.counted(servers, None);
    if reached(total, config.max_servers) {
        words.push(format!("max_servers {} is reached", config.max_servers));
    }
    for provider in &kind.providers {
        let max = config.providers.iter().find(|known| known.name == *provider).and_then(|known| known.max);
        let there = servers.iter().filter(|server| server.provider() == Some(provider) && server.counts()).count();
        if let Some(max) = max.filter(|max| reached(there, *max)) {
            words.push(format!("provider {provider} has its max of {max}"));
        }
        let quota = picture.report.world.clouds.get(provider).and_then(|cloud| cloud.quota.as_ref());
        words.extend(quota.and_then(|quota| room(quota, kind)).map(|room| format!("the quota of {provider} {room}")));
        for pause in pauses(picture, provider, &kind.name) {
            let lasts = age(pause.lasts);
            words.push(format!("not ordered at {provider} for {lasts} ({}): {}", pause.rule, pause.reason));
        }
    }
    (vain.is_none(), words.join("; "))
}

/// How many more servers of a type a quota has room for, where it bounds them at all.
fn room(quota: &Quota, kind: &NodeType) -> Option<String> {
    let size = quota.sizes.get(&kind.name).copied().unwrap_or_default();
    let storage = kind.storage.map_or(0, u64::from);
    let parts = [
        ("instances", quota.instances, 1),
        ("cores", quota.cores, size.cores),
        ("RAM", quota.ram_mib, size.ram_mib),
        ("volumes", quota.volumes, u64::from(storage > 0)),
        ("volume space", quota.gigabytes, storage),
    ];
    let room = parts.into_iter().filter_map(|(what, left, each)| Some((left?.checked_div(each)?, what)));
    room.min().map(|(more, what)| format!("has room for {more} more ({what})"))
}

fn reached(there: usize, max: u32) -> bool {
    u32::try_from(there).is_ok_and(|there| there >= max)
}

/// What a type lacks.
fn unfit(need: &Need, kind: &NodeType) -> String {
    match need {
        Need::Label(label) => {
            let own: BTreeSet<&str> = kind.labels.iter().map(String::as_str).chain([kind.name.as_str()]).collect();
            let missing = label.atoms().into_iter().filter(|atom| !own.contains(atom));
            let near: BTreeSet<String> = missing.flat_map(|atom| closest(&own, atom)).collect();
            let words = atoms(need, |atom| own.contains(atom));
            let near: Vec<String> = near.into_iter().collect();
            if near.is_empty() { words } else { format!("{words}; similar: {}", near.join(", ")) }
        }
        Need::Anywhere => "serves no jobs without a label (unlabelled = false)".to_owned(),
        Need::Node { name, labels } => {
            let missing: Vec<&str> = labels.difference(&kind.labels).map(String::as_str).collect();
            if missing.is_empty() {
                format!("is not the type of node {name}")
            } else {
                format!("lacks {}, which node {name} has", missing.join(", "))
            }
        }
    }
}

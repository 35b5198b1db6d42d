//! A queue item: what Jenkins says about it, how mita reads that, and whether each node type and node fits.

use crate::config::NodeType;
use crate::domain::need::Need;
use crate::domain::rule::Rule;
use crate::domain::subject::Subject;
use crate::domain::why::Why;
use crate::domain::world::{QueueItem, Stage, Task};
use crate::plan::capacity::failing::failing;
use crate::plan::demand::need;
use crate::plan::demand::need::{NodeIndex, OurNames, Reading};
use crate::plan::text::waiting::what_helps;
use crate::view::explain::finding::{Candidate, Finding, Kind, What, listed};
use crate::view::explain::label::atoms;
use crate::view::overview::{ItemView, Overview, ServerView, reached};
use crate::view::quota;
use crate::view::status::activity::{BuildStatus, sentence};
use crate::view::status::node_types::pauses;
use crate::view::text::{closest, duration, plural, similar};
use std::collections::{BTreeMap, BTreeSet};

/// The jobs of this name of which builds run now, each with its builds and their nodes.
pub(super) fn running(overview: &Overview<'_>, named: &Subject) -> Vec<Finding> {
    let mut jobs: BTreeMap<String, Finding> = BTreeMap::new();
    for (node, _) in &overview.fleet.nodes {
        for build in BuildStatus::all(overview, [*node]) {
            let Some(job) = build.job.clone().filter(|job| named.is_job(job)) else { continue };
            let url = build.url.as_ref().map_or_else(String::new, |url| format!(", {url}"));
            let finding = jobs.entry(job.clone()).or_insert_with(|| Finding::new(Kind::Job, &job, &job));
            finding.fact(What::Runs, format!("{} on {}{url}", build.words(), node.name));
        }
    }
    jobs.into_values().collect()
}

pub(super) fn explain(overview: &Overview<'_>, view: &ItemView<'_>) -> Finding {
    let item = view.item;
    let why = Why::read(item.why.as_deref());
    let mut finding = Finding::of(Kind::QueueItem, overview, view.verdict);
    let waited = overview.in_queue_for(item).map(|waited| format!(", in the queue for {}", duration(waited)));
    finding.fact(What::Seen, format!("{}{}; {}", stage(item.stage), waited.unwrap_or_default(), task(&item.task)));
    let says = item.why.as_deref().map_or("nothing".to_owned(), |why| format!("\"{}\"", why.trim()));
    finding.fact(What::JenkinsSays, says);
    if let Some(help) = what_helps(overview.plan(), view.verdict.rule) {
        finding.fact(What::Next, help);
    }
    if let Some(since) = view.memory.and_then(|memory| memory.waiting_since) {
        let is_seen = !overview.predicts() || since < overview.now();
        let seen = format!("{since:.0}, when a run first saw it wait");
        finding.fact(What::WaitsSince, if is_seen { &seen } else { "no run has seen it wait yet" });
    }
    if let Some(since) = view.memory.and_then(|memory| memory.pending_since) {
        let counts = "it counts after five minutes, as a left-over of a restart";
        finding.fact(What::PendingSince, format!("{since:.0}: {counts}"));
    }
    let refusing = need::refusing(&why);
    if !refusing.is_empty() {
        finding.fact(What::RefusedBy, listed(&refusing));
    }
    // A run does not read the need of an item that is blocked or in its quiet period, though it is often known.
    let Some(need) = &view.need().cloned().or_else(|| read(overview, item, &why)) else {
        finding.fact(What::Needs, "not known");
        return finding;
    };
    finding.fact(What::Needs, need.to_string());
    finding.fact(What::KnownFrom, source(overview, item, &why, need));
    let servers = overview.servers();
    let all = &overview.config.node_types;
    for kind in all {
        if need.accepts_type(kind, all) {
            let (fits, reason) = fit(overview, view, kind, need, &servers);
            finding.answer(Candidate::NodeType, &kind.name, fits, reason);
        } else {
            finding.answer(Candidate::NodeType, &kind.name, false, unfit(need, kind));
        }
    }
    for server in &servers {
        let kind = server.node_type().and_then(|name| overview.config.node_type(name));
        let coming = matches!(server.verdict.rule, Rule::Ordered | Rule::Booting | Rule::Connecting);
        if let (true, Some(kind), Some(order)) = (coming, kind, server.order())
            && need.accepts_type(kind, all)
        {
            finding.answer(Candidate::Server, order, true, server.verdict.rule.because(&server.verdict.reason));
        }
    }
    for node in overview.nodes() {
        if need.accepts_node(node.node, overview.type_of(node.identity), all) {
            let refused = refusing.contains(&node.node.name);
            let refusal = if refused { "; Jenkins says that it refuses the job" } else { "" };
            let free = node.node.idle_executors > 0;
            let runs = sentence(&BuildStatus::all(overview, [node.node])).filter(|_| !free);
            let runs = runs.map_or_else(String::new, |runs| format!("; {runs}"));
            let state = format!("{}{runs}{refusal}", node.state());
            finding.answer(Candidate::Node, &node.node.name, free && !refused, state);
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
        Task::Flyweight { label } => {
            let label = label.as_ref().map_or_else(String::new, |label| format!(" with the label expression {label}"));
            format!("a task{label} that takes no executor of its node")
        }
        Task::Project { label: None } => "a project without a label expression".to_owned(),
        Task::Unknown => "a task whose label Jenkins does not export".to_owned(),
    }
}

/// Where the need was read from. Found by reading it once more from less.
fn source(overview: &Overview<'_>, item: &QueueItem, why: &Why, need: &Need) -> &'static str {
    let from_why = read(overview, &QueueItem { task: Task::Unknown, ..item.clone() }, why);
    if read(overview, item, why).as_ref() != Some(need) {
        return "an earlier run: Jenkins does not say it any more";
    }
    match (from_why, need) {
        (_, Need::Label(_)) if shown(overview, item).is_some() => "the page of its run in Jenkins",
        (Some(Need::Label(_)), Need::Label(_)) => "the label in the reason that Jenkins gives",
        (_, Need::Label(_)) if matches!(item.task, Task::Matrix { .. }) => "its axis values that are labels",
        (_, Need::Label(_)) => "the label expression of the project",
        (_, Need::Node { .. }) => "the node in the reason that Jenkins gives",
        (_, Need::Anywhere) => "the reason that Jenkins gives, which names neither label nor node",
    }
}

/// The label that the page of its run showed to the last run.
fn shown<'a>(overview: &'a Overview<'_>, item: &QueueItem) -> Option<&'a str> {
    let queue = overview.report.world.jenkins.queue.complete();
    queue.and_then(|queue| queue.shown_labels.get(&item.id)).map(String::as_str)
}

/// The need that the item itself says now, whatever an earlier run read.
fn read(overview: &Overview<'_>, item: &QueueItem, why: &Why) -> Option<Need> {
    let nodes = overview.report.world.jenkins.nodes.complete().map_or(&[][..], Vec::as_slice);
    let ours = OurNames::of(overview.config, overview.state(), &overview.fleet);
    let queue = overview.report.world.jenkins.queue.complete();
    let known = overview.state().queue.get(&item.id);
    let seen_since = known.and_then(|memory| memory.waiting_since);
    let seen_for = seen_since.map(|since| overview.since(since)).unwrap_or_default();
    let waited = queue.and_then(|queue| queue.age(item)).unwrap_or(seen_for);
    let waited = known.map_or(waited, |known| known.at_most(waited));
    match need::read(&ours, &NodeIndex::new(nodes), item, why, None, shown(overview, item), waited) {
        Reading::Known(need) => Some(need),
        Reading::Hidden | Reading::Resuming(_) | Reading::TooLong | Reading::Unknown => None,
    }
}

/// Whether a node type that has everything needed is right for the item, and what else matters to an order of it.
fn fit(
    overview: &Overview<'_>,
    view: &ItemView<'_>,
    kind: &NodeType,
    need: &Need,
    servers: &[ServerView<'_>],
) -> (bool, String) {
    let config = overview.config;
    let mut parts: Vec<String> = Vec::new();
    let mut mismatches = overview.state().mismatches.iter();
    let mismatch =
        mismatches.find(|known| known.job == view.item.job && known.need == *need && known.node_type == kind.name);
    if let Some(mismatch) = mismatch {
        let left = duration(overview.until(mismatch.until));
        let why = mismatch.why.trim();
        parts.push(format!(
            "stood idle beside it and was not taken (in_vain), tried again in {left}; Jenkins said: {why}"
        ));
    }
    let waited = overview.in_queue_for(view.item).unwrap_or_default();
    if waited < kind.times.stuck_after {
        parts.push(format!("counts in {}, by stuck_after", duration(kind.times.stuck_after - waited)));
    }
    let there = overview.counted(servers, Some(&kind.name));
    parts.push(match kind.max {
        Some(max) if reached(there, max) => format!("has its max of {max}"),
        Some(max) => format!("{} of {max} at most", plural(there, "server")),
        None => plural(there, "server"),
    });
    if reached(overview.counted(servers, None), config.max_servers) {
        parts.push(format!("max_servers {} is reached", config.max_servers));
    }
    let mut open_somewhere = false;
    for provider in &kind.providers {
        let paused = overview.state().pause(&kind.name, provider);
        parts.extend(paused.map(|pause| format!("at {provider} {pause}")));
        let max = config.providers.iter().find(|known| known.name == *provider).and_then(|known| known.max);
        let there = servers.iter().filter(|server| server.provider() == Some(provider) && server.counts()).count();
        if let Some(max) = max.filter(|max| reached(there, *max)) {
            parts.push(format!("provider {provider} has its max of {max}"));
        }
        let quota = overview.report.world.clouds.get(provider).and_then(|cloud| cloud.quota.as_ref());
        let pauses = pauses(overview, provider, &kind.name);
        let failing = failing(overview.state(), &kind.name, provider);
        if let Some(failing) = &failing {
            parts.extend(pauses.is_empty().then(|| failing.what.clone()));
        } else if let Some((more, part)) = quota.and_then(|quota| quota::room(quota, kind)) {
            parts.push(format!("the quota of {provider} has room for {more} more ({part})"));
        }
        open_somewhere |= paused.is_none() && pauses.is_empty();
        for pause in pauses {
            let lasts = duration(pause.lasts);
            parts.push(format!("not ordered at {provider} for {lasts} ({}): {}", pause.rule, pause.reason));
        }
    }
    (mismatch.is_none() && open_somewhere, parts.join("; "))
}

/// What a node type lacks.
fn unfit(need: &Need, kind: &NodeType) -> String {
    match need {
        Need::Label(label) => {
            let own: BTreeSet<&str> = kind.labels.iter().map(String::as_str).chain([kind.name.as_str()]).collect();
            let missing = label.wanted().into_iter().filter(|atom| !own.contains(atom));
            let near: BTreeSet<String> = missing.flat_map(|atom| closest(&own, atom)).collect();
            let near: Vec<String> = near.into_iter().collect();
            atoms(need, |atom| own.contains(atom)) + &similar(&near)
        }
        Need::Anywhere => "serves no jobs without a label (unlabelled = false)".to_owned(),
        Need::Node { name, node_type, labels } => {
            let missing: Vec<&str> = labels.difference(&kind.labels).map(String::as_str).collect();
            if missing.is_empty() || node_type.is_some() {
                format!("is not the type of node {name}")
            } else {
                format!("lacks {}, which node {name} has", missing.join(", "))
            }
        }
    }
}

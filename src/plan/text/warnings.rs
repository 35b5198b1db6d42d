//! What an operator reads once for each event.

use crate::config::{Budget, BudgetUse, Config};
use crate::domain::label::Carriers;
use crate::domain::names::NodeName;
use crate::domain::need::Need;
use crate::domain::rule::Rule;
use crate::domain::state::{Breaker, ClosedNode, ForeignLabels, NodeMemory, State};
use crate::domain::why::Why;
use crate::domain::world::{Node, Presence, QueueItem, Server, Stage, World};
use crate::plan::capacity::budgets::{BudgetScope, budgets};
use crate::plan::decisions::draft::Warning;
use crate::plan::decisions::lasting::TOO_LONG;
use crate::plan::identity::fleet::Fleet;
use crate::plan::model::{Plan, Subject};
use crate::plan::sightings::breaker::warning_key;
use foldhash::HashSet;
use jiff::Timestamp;
use std::cell::OnceCell;
use std::collections::BTreeMap;

/// Of new warnings of one kind, so many are told one by one.
const MOST_ALIKE: usize = 20;

/// Why Jenkins' reasons are in another language than the one that was asked for.
const ANOTHER_LANGUAGE: &str = "; no reason in the queue is in English: if the Locale plugin of Jenkins forces a language, \
                                let it follow the browser's";

/// Adds a warning for each event that was not reported before, and notes reported events for as long as they last.
pub(crate) fn warn(config: &Config, world: &World, fleet: &Fleet<'_>, mut events: Vec<Warning>, plan: &mut Plan) {
    let foreign_labels = std::mem::take(&mut plan.state.foreign_labels);
    let online = OnceCell::new();
    let online = || online.get_or_init(|| OnlineNodes::of(fleet, &foreign_labels));
    let items = world.jenkins.queue.complete().map_or(&[][..], |queue| &queue.items);
    let language = OnceCell::new();
    let not_english = || *language.get_or_init(|| speaks_another_language(items));
    for verdict in &plan.verdicts {
        let (id, name, reason) = (&verdict.id, &verdict.name, &verdict.reason);
        let event = match (verdict.subject, verdict.rule) {
            (Subject::QueueItem, Rule::NoNodeType) if !online().fit(plan, id) => Some(Warning::new(
                format!("no_node_type {name} {reason}"),
                format!("job {name} (queue item {id}) {reason}"),
            )),
            (Subject::QueueItem, Rule::UnknownNeed) if not_english() || waits_long(plan, id) => {
                let cause = if not_english() { ANOTHER_LANGUAGE } else { "" };
                let text = format!("what job {name} (queue item {id}) needs cannot be read: {reason}{cause}");
                Some(Warning::new(format!("unknown_need {name}"), text))
            }
            (Subject::QueueItem, Rule::InVain) => {
                Some(Warning::new(format!("in_vain {name}"), format!("job {name} (queue item {id}) {reason}")))
            }
            (Subject::Server, Rule::Error | Rule::BootTimeout | Rule::NeverJoined) => {
                Some(Warning::new(format!("failed {id}"), format!("server {name} ({id}) is removed: {reason}")))
            }
            (Subject::Server, Rule::OtherName | Rule::UnknownState | Rule::Ambiguous) => {
                Some(Warning::new(format!("{} {id}", verdict.rule), format!("server {name} ({id}): {reason}")))
            }
            (Subject::Node, Rule::Ambiguous) => {
                Some(Warning::new(format!("ambiguous {id}"), format!("node {id}: {reason}")))
            }
            _ => None,
        };
        events.extend(event);
    }
    plan.state.foreign_labels = foreign_labels;
    events.extend(several_sessions(&plan.state));
    events.extend(disowned(config, fleet));
    events.extend(failing_types(&plan.state, plan.now));
    events.extend(vanished(&plan.state));
    events.extend(missing_labels(config, fleet));
    events.extend(forgotten_holds(world, &plan.state));
    events.extend(nearly_over_budget(config, &plan.state, plan.now));
    let is_seen = world.jenkins.queue.complete().is_some() && world.jenkins.nodes.complete().is_some();
    let new = not_told_before(&mut plan.state.notified, events, is_seen, plan.now);
    plan.warnings.extend(new);
}

/// The texts of events that were not told before, kind by kind, of each no more than a person reads. What is told is
/// noted for as long as the event lasts; where nothing was seen, nothing is over.
fn not_told_before(
    notified: &mut BTreeMap<String, Timestamp>,
    events: Vec<Warning>,
    is_seen: bool,
    now: Timestamp,
) -> Vec<String> {
    let events: BTreeMap<String, String> = events.into_iter().map(|event| (event.key, event.text)).collect();
    if is_seen {
        notified.retain(|key, _| events.contains_key(key));
    } else {
        notified.retain(|_, last| now.duration_since(*last).as_hours() < 24);
    }
    let mut new: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (key, text) in events {
        let kind = key.split(' ').next().unwrap_or_default().to_owned();
        if notified.insert(key, now).is_none() {
            new.entry(kind).or_default().push(text);
        }
    }
    let mut warnings = Vec::new();
    for (kind, texts) in new {
        let more = texts.len().saturating_sub(MOST_ALIKE);
        warnings.extend(texts.into_iter().take(MOST_ALIKE));
        if more > 0 {
            warnings.push(format!("{more} more warnings of this kind ({kind}): mita status shows all"));
        }
    }
    warnings
}

/// Whether a queue item has waited for longer than a reason of the moment lasts, such as a node that is being marked.
fn waits_long(plan: &Plan, id: &str) -> bool {
    let known = id.parse().ok().and_then(|id: u64| plan.state.queue.get(&id));
    let since = known.and_then(|item| item.waiting_since);
    since.is_some_and(|since| plan.now.duration_since(since) >= TOO_LONG)
}

/// Whether no reason in the queue is one of Jenkins' English ones.
fn speaks_another_language(items: &[QueueItem]) -> bool {
    let buildable = items.iter().filter(|item| item.stage == Stage::Buildable);
    let mut reasons = buildable.map(|item| Why::read(item.why.as_deref())).filter(|why| *why != Why::Absent).peekable();
    reasons.peek().is_some() && reasons.all(|why| matches!(why, Why::Other(_)))
}

/// The online nodes, and the labels that nodes of others have or had lately.
struct OnlineNodes<'a> {
    names: HashSet<&'a NodeName>,
    carriers: Carriers<'a>,
}

impl<'a> OnlineNodes<'a> {
    fn of(fleet: &Fleet<'a>, foreign: &'a [ForeignLabels]) -> Self {
        let online = fleet.nodes.iter().filter(|(node, _)| node.presence == Presence::Online);
        let nodes: Vec<&Node> = online.map(|(node, _)| *node).collect();
        let labels = nodes.iter().map(|node| &node.labels).chain(foreign.iter().map(|known| &known.labels));
        let carriers = Carriers::new(labels.map(|labels| labels.iter().map(String::as_str)));
        Self { names: nodes.iter().map(|node| &node.name).collect(), carriers }
    }

    /// Whether one of them would do for a queue item: then it waits for that, and no node type is missing.
    fn fit(&self, plan: &Plan, id: &str) -> bool {
        let need = id.parse().ok().and_then(|id: u64| plan.state.queue.get(&id)).and_then(|item| item.need.as_ref());
        match need {
            None => false,
            Some(Need::Label(label)) => !self.carriers.select(label).is_empty(),
            Some(Need::Node { name, .. }) => self.names.contains(name),
            Some(Need::Anywhere) => !self.names.is_empty(),
        }
    }
}

/// Budgets that are used up, or nearly.
fn nearly_over_budget(config: &Config, state: &State, now: Timestamp) -> Vec<Warning> {
    let nearly = budgets(config, &state.spent, now).filter(|(_, _, used)| used.is_nearly_over());
    let event = |(scope, budget, used): (BudgetScope<'_>, &Budget, BudgetUse)| {
        let what = if used.is_over() { "is used up: nothing is ordered" } else { "is nearly used up" };
        let key = format!("budget {scope} {what} {}", used.until());
        Warning::new(key, format!("the budget of {scope}, {budget}, {what} ({used})"))
    };
    nearly.map(event).collect()
}

/// Controllers that answer by turns behind one address.
fn several_sessions(state: &State) -> Option<Warning> {
    let session = state.session.as_ref().filter(|session| session.earlier.contains(&session.id))?;
    let text = format!(
        "jenkins answers with session {} and others by turns: if several controllers stand behind jenkins.url, let mita \
         reach one of them only, since each has a queue and nodes of its own",
        session.id
    );
    Some(Warning::new("several_sessions", text))
}

/// Servers that were ours until somebody took the mark away.
fn disowned(config: &Config, fleet: &Fleet<'_>) -> Vec<Warning> {
    // A server that names another controller is reported as another installation's.
    let unmarked =
        fleet.disowned.values().filter(|server| server.mark.as_ref().is_none_or(|mark| mark.owner != config.owner));
    let event = |server: &&Server| {
        let Server { id, name, .. } = server;
        let owner = &config.owner;
        let text =
            format!("server {name} ({id}) no longer carries the mark of {owner}: it is left alone and forgotten");
        Warning::new(format!("unmarked {id}"), text)
    };
    unmarked.map(event).collect()
}

fn failing_types(state: &State, now: Timestamp) -> Vec<Warning> {
    let mut events = Vec::new();
    for (provider, types) in &state.breakers {
        for (kind, breaker) in types {
            let Breaker { until, reason, failures, .. } = breaker;
            let (event, text) = if *until > now {
                let until = crate::domain::format::span(until.duration_since(now));
                ("", format!("is not ordered for {until}, after a failure: {reason}"))
            } else if *failures < Breaker::OPENS_AT {
                (" tried", format!("is tried with one server at a time, after a failure: {reason}"))
            } else {
                continue;
            };
            let text = format!("{kind} at provider {provider} {text}");
            events.push(Warning::new(warning_key(provider, kind) + event, text));
        }
    }
    events
}

/// Servers that were gone before their nodes joined. Each node type is told of once until one joins.
fn vanished(state: &State) -> Vec<Warning> {
    let mut events = Vec::new();
    for (provider, kind, failure) in state
        .failures
        .iter()
        .flat_map(|(provider, types)| types.iter().map(move |(kind, failed)| (provider, kind, failed)))
    {
        let fails = state.breakers.get(provider).is_some_and(|types| types.contains_key(kind));
        // Of an order that no server came of, its provider told why.
        let Some(id) = failure.server_id.as_ref().filter(|_| failure.rule == Rule::Gone && fails) else { continue };
        let text = format!(
            "server {} ({id}) of provider {provider} vanished before its node joined, and mita did not delete it: find out \
             what deletes servers of mita there (a clean-up job?), or whether the answers of this cloud lag",
            failure.name
        );
        events.push(Warning::new(format!("vanished {provider} {kind}"), text));
    }
    events
}

/// Holds that only mita remembers: Jenkins forgot them when it was restarted or launched the agent again, or when the node got
/// another name.
fn forgotten_holds(world: &World, state: &State) -> Vec<Warning> {
    let forgotten = state.nodes.iter().filter(|(name, _)| state.alone_knows_hold(name));
    let event = |(name, known): (&NodeName, &NodeMemory)| {
        let what = if known.is_cut {
            "disconnected its agent"
        } else if world.jenkins.session.is_none() {
            "set it offline before Jenkins may have been restarted"
        } else {
            "set it offline before Jenkins was restarted or the node was renamed"
        };
        let text = format!(
            "node {name} is held, since a person {what}, and Jenkins shows that no more: if nobody holds it, run mita release {name}"
        );
        Warning::new(format!("forgotten_hold {name}"), text)
    };
    forgotten.map(event).collect()
}

/// Nodes of ours that came without a label which their type promises.
fn missing_labels(config: &Config, fleet: &Fleet<'_>) -> Vec<Warning> {
    let mut events = Vec::new();
    for (node, identity) in &fleet.nodes {
        let Some(machine) = identity.machine() else { continue };
        let Some(kind) = config.node_type(&fleet.machines[machine].node_type) else { continue };
        // A node that is being removed has no labels at all, and one that mita closed has not its own.
        let has_its_labels = !node.labels.is_empty() && !node.labels.contains(ClosedNode::LABEL);
        if node.presence != Presence::Online || !has_its_labels {
            continue;
        }
        let missing: Vec<&str> = node.labels.missing(&kind.labels).map(String::as_str).collect();
        if !missing.is_empty() {
            let is_all_in_one =
                |label: &&String| missing.iter().all(|part| label.split_whitespace().any(|one| one == *part));
            let all_in_one = node.labels.iter().filter(|label| label.contains(' ')).find(is_all_in_one);
            let cause = all_in_one.map_or_else(String::new, |label| {
                format!(
                    "; Jenkins takes {label:?} for one label, since some job has just that as its label: write two spaces \
                     between the labels of the node, or change the job"
                )
            });
            let text = format!(
                "node {} lacks the label {} that nodes.{} promises: jobs that need it will not run there{cause}",
                node.name,
                missing.join(", "),
                kind.name
            );
            events.push(Warning::new(format!("labels {}", node.name), text));
        }
    }
    events
}

//! What an operator reads once for each event.

use crate::config::{Budget, BudgetUse, Config};
use crate::domain::format::span;
use crate::domain::label::Carriers;
use crate::domain::names::NodeName;
use crate::domain::need::Need;
use crate::domain::rule::Rule;
use crate::domain::state::{Breaker, ClosedNode, ForeignLabels, NodeMemory, State};
use crate::domain::why::Why;
use crate::domain::world::{Node, NodeKind, Presence, QueueItem, Server, Stage, World};
use crate::plan::capacity::budgets::{BudgetScope, budgets};
use crate::plan::decisions::draft::Warning;
use crate::plan::decisions::lasting::TOO_LONG;
use crate::plan::identity::fleet::Fleet;
use crate::plan::model::{Plan, Subject};
use crate::plan::sightings::breaker::warning_key;
use foldhash::{HashMap, HashSet};
use jiff::{SignedDuration, Timestamp};
use std::cell::OnceCell;
use std::collections::BTreeMap;

/// Of new warnings of one kind, so many are told one by one.
const MOST_ALIKE: usize = 20;

/// A job may wait for as long for the agents of a cloud plugin of Jenkins.
const CLOUD_IS_SLOW: SignedDuration = SignedDuration::from_hours(1);

/// What is usual somewhere comes and goes with each job: it is told once until it was not seen for this time.
const USUAL: &str = "elsewhere ";
const USUAL_LASTS: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Why Jenkins' reasons are in another language than the one that was asked for.
const ANOTHER_LANGUAGE: &str = "; no reason in the queue is in English: if the Locale plugin of Jenkins forces a language, \
                                let it follow the browser's";

/// Adds a warning for each event that was not reported before, and notes reported events for as long as they last.
pub(crate) fn warn(config: &Config, world: &World, fleet: &Fleet<'_>, mut events: Vec<Warning>, plan: &mut Plan) {
    let foreign_labels = std::mem::take(&mut plan.state.foreign_labels);
    let others = OnceCell::new();
    let items = world.jenkins.queue.complete().map_or(&[][..], |queue| &queue.items);
    let language = OnceCell::new();
    let not_english = || *language.get_or_init(|| speaks_another_language(items));
    let held = held_and_missing(&plan.state);
    for verdict in &plan.verdicts {
        let (id, name, reason) = (&verdict.id, &verdict.name, &verdict.reason);
        let event = match (verdict.subject, verdict.rule) {
            (Subject::QueueItem, Rule::NoNodeType) => {
                others.get_or_init(|| Others::of(fleet, &foreign_labels, items)).served(plan, id, name, reason)
            }
            (Subject::QueueItem, Rule::UnknownNeed) if not_english() || waits(plan, id) >= TOO_LONG => {
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
            // Who deletes a held node means it; a Jenkins that was restored from a backup lost it.
            (Subject::Server, Rule::Away | Rule::NodeMissing) if held.contains(id) => {
                let text = format!("server {name} ({id}): {reason}; mita removes it then, if nothing else keeps it");
                Some(Warning::new(format!("held_missing {id}"), text))
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
    events.extend(relabelled(fleet));
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
    let is_usual = |key: &str, last: Timestamp| key.starts_with(USUAL) && now.duration_since(last) < USUAL_LASTS;
    if is_seen {
        notified.retain(|key, last| events.contains_key(key) || is_usual(key, *last));
    } else {
        notified.retain(|key, last| is_usual(key, *last) || now.duration_since(*last).as_hours() < 24);
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

/// For how long runs have seen a queue item wait. A reason of the moment, such as a node that is being marked, does not last.
fn waits(plan: &Plan, id: &str) -> SignedDuration {
    let known = id.parse().ok().and_then(|id: u64| plan.state.queue.get(&id));
    known.and_then(|item| item.waiting_since).map_or(SignedDuration::ZERO, |since| plan.now.duration_since(since))
}

/// Whether no reason in the queue is one of Jenkins' English ones.
fn speaks_another_language(items: &[QueueItem]) -> bool {
    let buildable = items.iter().filter(|item| item.stage == Stage::Buildable);
    let mut reasons = buildable.map(|item| Why::read(item.why.as_deref())).filter(|why| *why != Why::Absent).peekable();
    reasons.peek().is_some() && reasons.all(|why| matches!(why, Why::Other(_)))
}

/// Who else may serve a job that no node type serves: online nodes, those of others that were there lately, and the cloud
/// plugins of Jenkins.
struct Others<'a> {
    nodes: HashMap<&'a NodeName, &'a Node>,
    /// By all labels of the listed nodes.
    listed: Carriers<'a>,
    online: HashSet<&'a NodeName>,
    /// By the labels of those that are online and may build, and of such as were there lately.
    carriers: Carriers<'a>,
    items: HashMap<u64, &'a QueueItem>,
}

impl<'a> Others<'a> {
    fn of(fleet: &Fleet<'a>, foreign: &'a [ForeignLabels], items: &'a [QueueItem]) -> Self {
        let nodes: Vec<&Node> = fleet.nodes.iter().map(|(node, _)| *node).collect();
        let online: Vec<&Node> = nodes.iter().copied().filter(|node| node.presence == Presence::Online).collect();
        let may_build = online.iter().filter(|node| node.executors > 0).map(|node| &node.labels);
        let labels = may_build.chain(foreign.iter().map(|known| &known.labels));
        Self {
            listed: Carriers::new(nodes.iter().map(|node| node.labels.iter().map(String::as_str))),
            nodes: nodes.into_iter().map(|node| (&node.name, node)).collect(),
            online: online.iter().map(|node| &node.name).collect(),
            carriers: Carriers::new(labels.map(|labels| labels.iter().map(String::as_str))),
            items: items.iter().map(|item| (item.id, item)).collect(),
        }
    }

    /// What is to be said of a job that no node type serves: nothing, where somebody else's node or cloud does.
    fn served(&self, plan: &Plan, id: &str, name: &str, reason: &str) -> Option<Warning> {
        let number: Option<u64> = id.parse().ok();
        let need = number.and_then(|id| plan.state.queue.get(&id)).and_then(|item| item.need.as_ref());
        let why = number.and_then(|id| self.items.get(&id)).map(|item| Why::read(item.why.as_deref()));
        let waited = waits(plan, id);
        let told = format!("job {name} (queue item {id}) {reason}");
        match need {
            Some(Need::Label(label)) if !self.carriers.select(label).is_empty() => None,
            Some(Need::Anywhere) if !self.online.is_empty() => None,
            Some(Need::Node { name: node, .. }) if self.is_online_and_builds(node) => (waited >= TOO_LONG).then(|| {
                let text = format!(
                    "{told}: it has waited for {} for that node, and mita cannot read what it asks for. If a node type should \
                     serve such jobs, let mita read their runs (Job/Read), or give the node no labels that no node type has; \
                     told again only after a week without it",
                    span(waited)
                );
                Warning::new(format!("{USUAL}{node}"), text)
            }),
            _ if why.as_ref().is_some_and(|why| self.is_of_a_cloud(need, why)) => (waited >= CLOUD_IS_SLOW).then(|| {
                let text = format!(
                    "{told}: by Jenkins' words, a cloud plugin of Jenkins should serve it, and has not for {}; told for one \
                     such job, and again only after a week without any",
                    span(waited)
                );
                Warning::new(format!("{USUAL}cloud"), text)
            }),
            _ => Some(Warning::new(format!("no_node_type {name} {reason}"), told)),
        }
    }

    fn is_online_and_builds(&self, node: &NodeName) -> bool {
        self.online.contains(node) && self.nodes.get(node).is_some_and(|node| node.executors > 0)
    }

    /// Whether a cloud plugin serves the job: no listed node has the label whose nodes are all said to be offline (since Jenkins
    /// 1.567 that means a cloud; hudson/model/Label.java, isEmpty), or the named node is the plugin's or gone already.
    fn is_of_a_cloud(&self, need: Option<&Need>, why: &Why) -> bool {
        let node = |name: &str| self.nodes.get(&NodeName::from(name));
        match why {
            Why::AllOffline(_) => matches!(need, Some(Need::Label(label)) if self.listed.select(label).is_empty()),
            Why::NodeOffline(name) => node(name).is_none_or(|node| matches!(node.kind, NodeKind::CloudPlugin(_))),
            Why::WaitingOn(name) => node(name).is_some_and(|node| matches!(node.kind, NodeKind::CloudPlugin(_))),
            _ => false,
        }
    }
}

/// The servers whose nodes are missing that a person held when they were last seen.
fn held_and_missing(state: &State) -> HashSet<String> {
    let known = state.servers.values().filter(|memory| memory.held && memory.missing.is_some());
    known.filter_map(|memory| memory.server_id.as_ref()).map(ToString::to_string).collect()
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
        let text = format!(
            "server {name} ({id}) no longer carries the whole mark of {owner} (mita_owner, mita_node, mita_id): it is left \
             alone and forgotten; delete it in its cloud if nobody needs it"
        );
        Warning::new(format!("unmarked {id}"), text)
    };
    unmarked.map(event).collect()
}

/// Servers whose marks name another node type than the one that they were ordered as.
fn relabelled<'f>(fleet: &'f Fleet<'_>) -> impl Iterator<Item = Warning> + 'f {
    fleet.machines.iter().filter_map(|machine| {
        let Server { id, name, mark, .. } = machine.server()?;
        let other = mark.as_ref().map(|mark| &mark.node_type).filter(|other| **other != machine.node_type)?;
        let text = format!(
            "server {name} ({id}) was ordered as {}, and its mita_node says {other} now: it stays one of {}",
            machine.node_type, machine.node_type
        );
        Some(Warning::new(format!("relabelled {id}"), text))
    })
}

fn failing_types(state: &State, now: Timestamp) -> Vec<Warning> {
    let mut events = Vec::new();
    for (provider, types) in &state.breakers {
        for (kind, breaker) in types {
            let Breaker { until, reason, failures, .. } = breaker;
            let (event, text) = if *until > now {
                let until = span(until.duration_since(now));
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
        let is_deleted = matches!(failure.rule, Rule::Gone | Rule::Deleting);
        // Of an order that no server came of, its provider told why.
        let Some(id) = failure.server_id.as_ref().filter(|_| is_deleted && fails) else { continue };
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

//! What must hold of every plan, whatever was seen. Worked out anew from the design, with none of the planner's code.

mod other_names;
mod readiness;
mod seen;
mod waited_for;

use crate::config::Config;
use crate::domain::names::{MitaId, NodeName, NodeTypeName, ProviderName, ServerId};
use crate::domain::rule::Rule;
use crate::domain::state::{ClosedNode, RetirementStep, ServerMemory, State};
use crate::domain::world::*;
use crate::plan::model::{
    Action, Change, FloatingIpToAssign, FormerServer, Job, NodeToRegister, Order, Plan, Proof, Subject, Target,
};
use crate::plan::plan;
use crate::plan::sightings::floating_ips;
use jiff::{SignedDuration, Timestamp};
use seen::{Seen, held, keyed};
use std::collections::BTreeSet;

/// Fails if the plan breaks a promise.
pub(crate) fn check(config: &Config, world: &World, state: &State, now: Timestamp, made: &Plan) {
    let seen = Seen::new(config, world, state, now);
    again(&seen, made);
    one_verdict_each(&seen, made);
    one_action_each(made);
    for action in &made.actions {
        removals(&seen, made, action);
    }
    other_names::check(&seen, made);
    waited_for::check(&seen, made);
    orders(&seen, made);
    limits(&seen, made);
    readiness::check(&seen, made);
    assert!(made.verdicts.is_sorted(), "verdicts are sorted");
}

fn again(seen: &Seen<'_>, made: &Plan) {
    let second = plan(seen.config, seen.world, seen.state, seen.now);
    assert_eq!(format!("{second:?}"), format!("{made:?}"), "the same input gives the same plan");
}

fn one_verdict_each(seen: &Seen<'_>, made: &Plan) {
    let mut subjects: BTreeSet<(Subject, String)> = BTreeSet::new();
    for verdict in &made.verdicts {
        assert!(subjects.insert((verdict.subject, verdict.id.clone())), "two verdicts: {verdict}");
        assert!(!verdict.reason.is_empty(), "no evidence: {verdict}");
    }
    let items = seen.world.jenkins.queue.complete().map_or(&[][..], |queue| &queue.items);
    let mut expected: BTreeSet<(Subject, String)> =
        items.iter().map(|item| (Subject::QueueItem, item.id.to_string())).collect();
    expected.extend(seen.nodes().iter().map(|node| (Subject::Node, node.name.to_string())));
    let ours = seen.ours();
    expected.extend(ours.keys().map(|id| (Subject::Server, id.to_string())));
    let marks: BTreeSet<_> = ours.values().filter_map(|(_, server)| Some(&server.mark.as_ref()?.id)).collect();
    for (order, memory) in &seen.state.servers {
        match &memory.server_id {
            Some(id) if seen.is_disowned(id) => {}
            Some(id) => {
                expected.insert((Subject::Server, id.to_string()));
            }
            None if marks.contains(order) => {}
            None => {
                expected.insert((Subject::Server, order.to_string()));
            }
        }
    }
    for cloud in seen.world.clouds.values() {
        let own = floating_ips::ours(seen.config, cloud);
        expected.extend(own.map(|address| (Subject::FloatingIp, address.id.to_string())));
        // A volume has a verdict if it belonged to a server of ours that is gone.
        let volumes = cloud.volumes.iter().filter_map(Listing::complete).flatten();
        let volumes = volumes.map(|volume| (Subject::Volume, volume.id.to_string()));
        expected.extend(volumes.filter(|volume| subjects.contains(volume)));
    }
    assert_eq!(subjects, expected, "exactly one verdict for every item, node, server and floating IP");
}

fn one_action_each(made: &Plan) {
    let mut servers = BTreeSet::new();
    let mut nodes: BTreeSet<&NodeName> = BTreeSet::new();
    for action in &made.actions {
        match &action.change {
            Change::CreateServer(order) => assert!(servers.insert(order.id.as_str()), "one action: {action}"),
            Change::DrainNode(target) | Change::RetireNode(target) | Change::DeleteServer(target) => {
                assert!(servers.insert(target.server_id.as_str()), "one action: {action}");
                let with_nodes = !matches!(action.change, Change::DeleteServer(_));
                assert_eq!(!target.nodes.is_empty(), with_nodes, "{action}");
                target.nodes.iter().for_each(|node| assert!(nodes.insert(node), "one action: {action}"));
            }
            Change::DeleteVolume { volume_id, .. } => {
                assert!(servers.insert(volume_id.as_str()), "one action: {action}");
            }
            Change::ReleaseFloatingIp { floating_ip_id, .. } => {
                assert!(servers.insert(floating_ip_id.as_str()), "one action: {action}");
            }
            Change::AssignFloatingIp(_) => {}
            Change::CreateNode(NodeToRegister { node, .. }) | Change::DeleteNode { node, .. } => {
                assert!(nodes.insert(node), "one action: {action}");
            }
            Change::RestoreNode(target) => assert!(nodes.insert(&target.nodes[0]), "one action: {action}"),
        }
    }
    let restored = made.actions.iter().filter_map(|action| match &action.change {
        Change::RestoreNode(target) => Some(target.server_id.as_str()),
        _ => None,
    });
    restored.for_each(|server| assert!(!servers.contains(server), "restored and removed: {server}"));
}

/// S1, S2: no node of the server that left something behind gives a sign of life.
fn is_lifeless(seen: &Seen<'_>, made: &Plan, action: &Action, left_by: &FormerServer) {
    let nodes = seen.world.jenkins.nodes.complete().expect("S3: the list of nodes");
    for node in nodes {
        let is_its_own =
            made.state.nodes.get(&node.name).is_some_and(|known| known.server.as_ref() == Some(&left_by.server_id));
        let lives = node.presence == Presence::Online || node.connected || !node.idle;
        assert!(!(is_its_own && lives), "S1: {} lives: {action}", node.name);
    }
}

/// S1, S2, S3, S7: what may be removed or brought back.
fn removals(seen: &Seen<'_>, made: &Plan, action: &Action) {
    let rule = action.rule;
    let (server, nodes): (Option<&ServerId>, Vec<&NodeName>) = match &action.change {
        Change::CreateServer(_) => return,
        Change::AssignFloatingIp(FloatingIpToAssign { target, .. }) => {
            let cloud = seen.world.clouds.get(&target.provider).unwrap();
            let has = floating_ips::ours(seen.config, cloud).any(|a| a.attached && a.mark.server == target.server_id);
            assert!(!has, "S4: it has one: {action}");
            return;
        }
        Change::ReleaseFloatingIp { floating_ip_id, left_by } => {
            let cloud = seen.world.clouds.get(&left_by.provider).unwrap();
            let mut own = floating_ips::ours(seen.config, cloud);
            assert!(own.any(|a| a.id == *floating_ip_id && !a.attached), "S2: ours, and leads nowhere: {action}");
            assert_eq!(cloud.by_id.get(&left_by.server_id), Some(&Lookup::Gone), "S3: {action}");
            is_lifeless(seen, made, action, left_by);
            return;
        }
        Change::DrainNode(Target { nodes, server_id, .. }) => {
            assert!(matches!(rule, Rule::SingleUse | Rule::MaxAge | Rule::Asked), "{action}");
            assert!(seen.ours().contains_key(server_id), "S2: {action}");
            unlocked(seen, action, server_id);
            for node in nodes {
                let node = seen.node(node).expect("a node that is there");
                assert!(node.presence == Presence::Online, "S7: only what is online: {action}");
            }
            return;
        }
        Change::CreateNode(NodeToRegister { node, server_id, id, .. }) => {
            made_nodes(seen, made, action, (node, server_id.as_ref(), id));
            return;
        }
        Change::DeleteVolume { left_by, .. } => {
            let gone = made.state.gone_servers.contains_key(&left_by.server_id);
            assert!(gone, "S2, S3: of a server that is gone: {action}");
            is_lifeless(seen, made, action, left_by);
            return;
        }
        Change::RestoreNode(target) => {
            let node = seen.node(&target.nodes[0]).expect("a node that is there");
            let closed = node.presence == Presence::Online && node.labels.contains(ClosedNode::LABEL);
            let set_offline = matches!(node.presence, Presence::SetOffline(_));
            assert!(set_offline || closed, "only what is set offline or closed: {action}");
            assert!(!held(seen, node), "S7: {action}");
            unlocked(seen, action, &target.server_id);
            return;
        }
        Change::RetireNode(target) | Change::DeleteServer(target) => {
            unlocked(seen, action, &target.server_id);
            permitted(seen, action, target);
            let shown = seen.shown().get(&target.server_id);
            assert!(shown.is_some_and(|(at, _)| at.contains(&&target.provider)), "by who shows it: {action}");
            (Some(&target.server_id), target.nodes.iter().collect())
        }
        Change::DeleteNode { node, proof } => {
            match proof {
                Proof::Server(server_id) => {
                    let remembered = made.state.nodes.get(node).and_then(|node| node.server.as_ref());
                    assert_eq!(remembered, Some(server_id), "S2: only a node that is remembered as ours: {action}");
                    assert!(made.state.gone_servers.contains_key(server_id), "S3: gone for certain: {action}");
                }
                Proof::Order(id) => made_in_vain(seen, made, action, (node, id)),
            }
            let node = seen.node(node).expect("a node that is there");
            assert!(node.presence != Presence::Online, "a node that works belongs to something: {action}");
            (None, vec![&node.name])
        }
    };
    assert!(seen.world.jenkins.nodes.complete().is_some(), "S3: {action}");
    assert!(rule != Rule::Idle || seen.world.jenkins.queue.complete().is_some(), "S3: {action}");
    assert!(made.state.settling.is_none(), "nothing is deleted while things settle: {action}");
    for name in &nodes {
        let node = seen.node(name).expect("a node that is there");
        assert!(node.idle, "S1: {action}");
        assert!(node.kind == NodeKind::Agent, "S2: {action}");
        assert!(!held(seen, node), "S7: {action}");
    }
    let Some(server) = server else { return };
    let ours = seen.ours();
    let (_, server) = ours.get(server).unwrap_or_else(|| panic!("S2: {action}"));
    assert!(!matches!(server.state, ServerState::Other(_)), "S2: somebody works on it: {action}");
    for name in nodes {
        assert!(seen.maps_to(seen.node(name).unwrap(), server), "S2: a node of another server: {action}");
    }
    let copied = |node: &&Node| {
        node.copied_mark
            .as_deref()
            .is_some_and(|mark| server.mark.as_ref().is_some_and(|own| own.id == mark.id && own.owner == mark.owner))
    };
    for node in seen.nodes().iter().filter(copied) {
        assert!(node.idle, "S1: {} has its description and runs a build: {action}", node.name);
    }
    let could_be = |node: &&Node| seen.could_be(node, server) && !seen.is_beside_its_own(node, server);
    for node in seen.nodes().iter().filter(could_be) {
        assert!(node.idle, "S1: {} could be it and runs a build: {action}", node.name);
        let remembered = seen.state.nodes.get(&node.name).and_then(|memory| memory.server.as_ref());
        let convention = node.name.convention();
        let named = ours.values().map(|(_, other)| other).filter(|other| {
            let of_type = seen.kind_of(other).is_some_and(|kind| kind.as_str() == convention.base);
            of_type || other.name == convention.base
        });
        let mut named = named.filter(|other| convention.ip.is_some_and(|ip| other.addresses.contains(&ip)));
        let of_another = remembered.is_some_and(|id| *id != server.id) || named.any(|other| other.id != server.id);
        assert!(of_another || !held(seen, node), "S7: {} could be it: {action}", node.name);
    }
}

/// S7: nobody locked the server, as far as its cloud shows, or said when it was to delete it.
fn unlocked(seen: &Seen<'_>, action: &Action, server: &ServerId) {
    let lock = seen.shown().get(server).map_or(Lock::Unknown, |(_, server)| server.lock);
    let met = seen.remembered(server).and_then(|memory| memory.lock_met);
    let lately = met.is_some_and(|met| seen.now.duration_since(met) < SignedDuration::from_hours(1));
    let seen_locked = seen.remembered(server).is_some_and(|memory| memory.locked);
    assert!(lock == Lock::Open || lock == Lock::Unknown && !lately && !seen_locked, "S7: locked: {action}");
}

/// No node goes where its cloud is known to refuse the removal, or refused the last one.
fn permitted(seen: &Seen<'_>, action: &Action, Target { provider, server_id, nodes, .. }: &Target) {
    let cloud = seen.world.clouds.get(provider).unwrap();
    assert_eq!(cloud.removal_forbidden, None, "forbidden: {action}");
    let is_refused = |memory: &ServerMemory| {
        memory
            .deletion_refused
            .as_ref()
            .is_some_and(|refused| !refused.alone && refused.since > seen.now - SignedDuration::from_hours(1))
    };
    let is_tried = nodes.is_empty() || seen.remembered(server_id).is_some_and(is_refused);
    let mut of_provider = seen.state.servers.values().filter(|memory| seen.place(&memory.provider) == provider);
    // A server that is gone, or is another provider's by now, says nothing any more.
    let stands = of_provider.any(|memory| {
        let id = memory.server_id.as_ref();
        let at = id.and_then(|id| seen.ours().get(id)).map(|(at, _)| at);
        is_refused(memory) && at.is_some_and(|at| **at == [provider])
    });
    assert!(is_tried || !stands, "refused: {action}");
}

/// S2 and S4: a node is made for a server of ours that runs and has none, or for an order of this very plan.
fn made_nodes(
    seen: &Seen<'_>,
    made: &Plan,
    action: &Action,
    (node, server, id): (&NodeName, Option<&ServerId>, &MitaId),
) {
    assert!(seen.node(node).is_none(), "S2: a node of this name is there: {action}");
    let Some(server) = server else {
        let ordered = |action: &Action| matches!(&action.change, Change::CreateServer(order) if order.id == *id);
        assert!(made.actions.iter().any(ordered), "S5: a node without an order: {action}");
        return;
    };
    let ours = seen.ours();
    let (_, server) = ours.get(server).unwrap_or_else(|| panic!("S2: {action}"));
    assert_eq!(server.state, ServerState::Active, "{action}");
    let mut agents = seen.nodes().iter().filter(|node| node.kind == NodeKind::Agent);
    // A name that says one server, and by its address another one, is that of neither for certain.
    let is_elsewhere = |node: &Node| {
        let ip = node.name.convention().ip.filter(|ip| !server.addresses.contains(ip));
        let of_another = |other: &Server| other.id != server.id && keyed(node, other);
        ours.values().any(|(_, other)| ip.is_some_and(|ip| other.addresses.contains(&ip)) || of_another(other))
    };
    let is_of_another = |mark: &Mark| server.mark.as_ref().is_none_or(|own| own.id != mark.id);
    let made_for_another = |node: &Node| node.mark.iter().chain(node.copied_mark.as_deref()).any(is_of_another);
    let is_it = |node: &Node| seen.could_be(node, server) && seen.maps_to(node, server);
    // One without executors is being removed, or takes no builds.
    let is_in_use = |node: &Node| node.executors > 0;
    let has_node = agents.any(|node| is_in_use(node) && is_it(node) && !is_elsewhere(node) && !made_for_another(node));
    assert!(!has_node, "it has a node: {action}");
}

/// S2, S3: our mark for an order that nobody knows any more, and every cloud has said that there is no server of it.
fn made_in_vain(seen: &Seen<'_>, made: &Plan, action: &Action, (node, id): (&NodeName, &MitaId)) {
    let known = seen.state.nodes.get(node).and_then(|known| known.made_for.as_ref());
    assert!(seen.makes_nodes() || known == Some(id), "S2: a description proves nothing here: {action}");
    let mark = seen.node(node).and_then(|node| node.mark.as_ref());
    assert!(mark.is_some_and(|mark| mark.owner == seen.config.owner && mark.id == *id), "S2: {action}");
    assert!(!made.state.servers.contains_key(id), "S3: the order is remembered: {action}");
    let mut servers = seen.ours().values();
    assert!(servers.all(|(_, server)| server.mark.as_ref().is_some_and(|mark| mark.id != *id)), "S3: {action}");
    for provider in &seen.config.providers {
        assert!(seen.world.clouds.get(&provider.name).unwrap().servers.complete().is_some(), "S3: {action}");
    }
}

/// S4 and S3: what may be ordered.
fn orders(seen: &Seen<'_>, made: &Plan) {
    let jenkins = &seen.world.jenkins;
    let mut served = BTreeSet::new();
    for action in &made.actions {
        let Change::CreateServer(Order { node_type, provider, jobs, id, .. }) = &action.change else { continue };
        let rule = &action.rule;
        assert!(made.state.settling.is_none(), "settling: {action}");
        assert_eq!(jenkins.mode.complete(), Some(&Mode::Running), "{action}");
        assert!(jenkins.queue.complete().is_some() && jenkins.nodes.complete().is_some(), "S3: {action}");
        assert!(seen.world.clouds.get(provider).unwrap().servers.complete().is_some(), "S3: {action}");
        assert!(
            made.state
                .breakers
                .get(provider)
                .and_then(|types| types.get(node_type))
                .is_none_or(|breaker| breaker.until <= seen.now),
            "an open breaker: {action}"
        );
        let kind = seen.config.node_type(node_type).unwrap_or_else(|| panic!("no such type: {action}"));
        assert!(kind.providers.contains(provider), "{action}");
        assert_eq!(jobs.is_empty(), *rule == Rule::MinIdle, "an order is for somebody: {action}");
        let takes_executor = |job: &&Job| {
            let mut queue = seen.world.jenkins.queue.complete().into_iter().flat_map(|queue| &queue.items);
            !queue.any(|item| item.id == job.queue_id && matches!(item.task, Task::Flyweight { .. }))
        };
        let taken = jobs.iter().filter(takes_executor).count();
        assert!(taken <= kind.executors as usize, "too many jobs: {action}");
        assert!(*rule != Rule::Scout || jobs.len() == 1, "{action}");
        for job in jobs {
            assert!(served.insert(job.queue_id), "S4: two orders for one job: {action}");
        }
        let memory = made.state.servers.get(id).expect("an order is written down before it is sent");
        assert_eq!((&memory.node_type, &memory.provider), (node_type, provider));
        assert!(!seen.state.servers.contains_key(id), "a new id: {action}");
    }
    for verdict in &made.verdicts {
        let ordered = verdict.subject == Subject::QueueItem && matches!(verdict.rule, Rule::Demand | Rule::Scout);
        assert!(!ordered || verdict.id.parse().is_ok_and(|id| served.contains(&id)), "nothing is ordered: {verdict}");
    }
}

/// S4: limits and quota.
fn limits(seen: &Seen<'_>, made: &Plan) {
    let mut there: Vec<(NodeTypeName, ProviderName)> = Vec::new();
    let ours = seen.ours();
    for (id, (providers, server)) in ours {
        let retirement = seen.remembered(id).and_then(|memory| memory.retirement.as_ref());
        let accepted = retirement.is_some_and(|retirement| retirement.step == RetirementStep::ServerDeleted);
        let is_stuck = accepted && server.state == ServerState::Error;
        if !is_stuck && !matches!(server.state, ServerState::Deleting | ServerState::Deleted) {
            let kind = seen.kind_of(server).cloned().unwrap();
            let before = seen.remembered(id).map(|memory| &memory.provider).filter(|name| providers.contains(name));
            there.push((kind, before.unwrap_or(providers[0]).clone()));
        }
    }
    let marks: BTreeSet<_> = ours.values().filter_map(|(_, server)| Some(&server.mark.as_ref()?.id)).collect();
    for (order, memory) in &seen.state.servers {
        let provider = seen.place(&memory.provider);
        let cloud = seen.world.clouds.get(provider);
        let answered = cloud.is_some_and(|cloud| cloud.servers.complete().is_some());
        let given_up = match &memory.server_id {
            Some(id) if ours.contains_key(id) || seen.is_disowned(id) => continue,
            None if marks.contains(order) => continue,
            Some(id) => {
                let gone = answered && cloud.is_some_and(|cloud| cloud.by_id.get(id) == Some(&Lookup::Gone));
                gone && (memory.listed || memory.gone_sightings > 0)
            }
            None => {
                let patience = seen.config.times(&memory.node_type).order_timeout;
                answered && seen.now.duration_since(memory.ordered_at) >= patience
            }
        };
        let is_configured = seen.config.providers.iter().any(|known| known.name == *provider);
        if !given_up && (is_configured || seen.has_agent(memory)) {
            there.push((memory.node_type.clone(), provider.clone()));
        }
    }
    let mut ordered: Vec<(NodeTypeName, ProviderName)> = Vec::new();
    for action in &made.actions {
        if let Change::CreateServer(Order { node_type, provider, .. }) = &action.change {
            ordered.push((node_type.clone(), provider.clone()));
        }
    }
    let within = |what: &str, max: Option<u32>, counts: &dyn Fn(&(NodeTypeName, ProviderName)) -> bool| {
        let (old, new) = (there.iter().filter(|x| counts(x)).count(), ordered.iter().filter(|x| counts(x)).count());
        assert!(new == 0 || max.is_none_or(|max| old + new <= max as usize), "S4: {what}: {old} and {new} more");
    };
    within("max_servers", Some(seen.config.max_servers), &|_| true);
    for kind in &seen.config.node_types {
        within(kind.name.as_str(), kind.max, &|(node_type, _)| *node_type == kind.name);
    }
    for provider in &seen.config.providers {
        within(provider.name.as_str(), provider.max, &|(_, place)| *place == provider.name);
        let quota = seen.world.clouds.get(&provider.name).and_then(|cloud| cloud.quota.as_ref());
        let new: Vec<_> = ordered.iter().filter(|(_, place)| *place == provider.name).collect();
        let Some(quota) = quota.filter(|_| !new.is_empty()) else { continue };
        let size = |kind: &NodeTypeName| quota.sizes.get(kind).copied().unwrap_or_default();
        let volumes = |kind: &NodeTypeName| seen.config.node_type(kind).into_iter().flat_map(|kind| kind.volumes());
        let has_pool =
            |kind: &NodeTypeName| seen.config.node_type(kind).is_some_and(|kind| kind.boot.floating_ip_pool.is_some());
        let sums = [
            (quota.instances, new.len() as u64),
            (quota.cores, new.iter().map(|(kind, _)| size(kind).cores).sum()),
            (quota.ram_mib, new.iter().map(|(kind, _)| size(kind).ram_mib).sum()),
            (quota.volumes, new.iter().flat_map(|(kind, _)| volumes(kind)).count() as u64),
            (quota.gigabytes, new.iter().flat_map(|(kind, _)| volumes(kind)).map(u64::from).sum()),
            (quota.floating_ips, new.iter().filter(|(kind, _)| has_pool(kind)).count() as u64),
        ];
        for (left, used) in sums {
            assert!(left.is_none_or(|left| used <= left), "S4: the quota of {}: {quota:?}", provider.name);
        }
    }
}

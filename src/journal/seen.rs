//! What a run saw happen since the run before.

use super::{forgotten, life, of_pause, of_server};
use crate::domain::journal::{Entry, Event, JobEntry};
use crate::domain::names::{MitaId, NodeName, ServerId};
use crate::domain::offline::holder;
use crate::domain::state::{NodeMemory, Pause, RetirementStep, ServerMemory, SetOfflineBy, State};
use crate::domain::world::{Build, Node, World};
use crate::plan::identity::places::is_elsewhere;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What happened to servers, nodes, jobs and pauses between two states.
pub fn seen(before: &State, after: &State, world: &World, now: Timestamp) -> Vec<Entry> {
    let nodes = world.jenkins.nodes.complete().map_or(&[][..], Vec::as_slice);
    let diff = Diff { before, after, world, now, nodes: nodes.iter().map(|node| (&node.name, node)).collect() };
    let mut entries = Vec::new();
    let left = if world.jenkins.queue.complete().is_some() { diff.left_queue() } else { Vec::new() };
    for (id, server) in &after.servers {
        entries.extend(diff.online(id, server));
        entries.extend(diff.first_build(id, server, &left));
    }
    entries.extend(diff.failed());
    entries.extend(before.servers.iter().filter_map(|(id, server)| diff.gone(id, server)));
    entries.extend(after.nodes.iter().filter_map(|(name, node)| diff.hold(name, node)));
    entries.extend(left);
    // A clock that was set right moves the times of a pause.
    let is_same = |one: &Pause, other: &Pause| (&one.node_type, &one.provider) == (&other.node_type, &other.provider);
    let ended = before.pauses.iter().filter(|pause| !after.pauses.iter().any(|other| is_same(pause, other)));
    entries.extend(ended.map(|pause| {
        let entry = Entry { run: Some(after.run), ..of_pause(Event::Resumed, pause, now) };
        entry.saying("the time of the pause is over")
    }));
    entries
}

struct Diff<'a> {
    before: &'a State,
    after: &'a State,
    world: &'a World,
    now: Timestamp,
    nodes: BTreeMap<&'a NodeName, &'a Node>,
}

impl Diff<'_> {
    fn online(&self, id: &MitaId, server: &ServerMemory) -> Option<Entry> {
        let known = self.before.servers.get(id).and_then(|before| before.joined_at);
        server.joined_at.filter(|_| known.is_none())?;
        let at = self.began(server).unwrap_or(self.now);
        let after_seconds = at.duration_since(server.ordered_at).as_secs().max(0);
        Some(Entry { after_seconds: Some(after_seconds), ..of_server(self.after, id, server, Event::Online, at) })
    }

    /// When the first of the builds on a server began that began since the run before.
    fn began(&self, server: &ServerMemory) -> Option<Timestamp> {
        let node = self.nodes.get(server.node.as_ref()?)?;
        let began = node.builds.iter().filter_map(|build| build.since);
        began.filter(|at| self.is_new(*at) && *at >= server.ordered_at).min()
    }

    /// Whether a time is between the run before and this one.
    fn is_new(&self, at: Timestamp) -> bool {
        at <= self.now && self.before.last_run.is_none_or(|last| at > last)
    }

    /// The first build on a server: the one that runs there, or else the only job that can have run there since the run
    /// before, of those that left the queue.
    fn first_build(&self, id: &MitaId, server: &ServerMemory, left: &[Entry]) -> Option<Entry> {
        let known = self.before.servers.get(id).and_then(|before| before.used_at);
        server.used_at.filter(|_| known.is_none())?;
        let at = self.began(server).unwrap_or(self.now);
        let node = server.node.as_ref().and_then(|name| self.nodes.get(name));
        let build = node.and_then(|node| node.builds.first()).cloned();
        let unseen = left.iter().filter(|entry| entry.event == Event::LeftQueue).flat_map(|entry| &entry.jobs);
        let can_run = |job: &&JobEntry| {
            let need = self.before.queue.get(&job.queue_id).and_then(|item| item.need.as_ref());
            need.zip(node.copied()).is_some_and(|(need, node)| need.accepts_node(node, None, &[]))
        };
        let candidates: Vec<&JobEntry> = unseen.filter(can_run).collect();
        let jobs = match &candidates[..] {
            [only] if build.is_none() => vec![(*only).clone()],
            _ => Vec::new(),
        };
        let joined = server.joined_at.filter(|joined| *joined < self.now);
        Some(Entry {
            // Nobody knows for how long it was online if this very run saw it first.
            after_seconds: joined.map(|joined| at.duration_since(joined).as_secs().max(0)),
            build,
            jobs,
            ..of_server(self.after, id, server, Event::FirstBuild, at)
        })
    }

    /// Servers that failed to be built or to join, as this run was the first to see.
    fn failed(&self) -> impl Iterator<Item = Entry> {
        let failures = self.after.failures.iter().flat_map(|(provider, types)| {
            let known = self.before.failures.get(provider);
            types.iter().filter(move |(node_type, failure)| {
                // That an order is given up is an event of its own.
                failure.server_id.is_some()
                    && known.and_then(|types| types.get(*node_type)).is_none_or(|known| known.id != failure.id)
            })
        });
        failures.map(|(_, failure)| {
            let entry = match self.after.servers.get(&failure.id) {
                Some(server) => of_server(self.after, &failure.id, server, Event::Failed, self.now),
                None => Entry { order: Some(failure.id.clone()), ..Entry::new(self.now, Event::Failed) },
            };
            entry.because(failure.rule, &failure.reason)
        })
    }

    /// A server that is not remembered any more. Its removal was written down when it was done, unless the run that did it
    /// was killed.
    fn gone(&self, id: &MitaId, server: &ServerMemory) -> Option<Entry> {
        if self.after.servers.contains_key(id) {
            return None;
        }
        let entry = |event| {
            let entry = of_server(self.after, id, server, event, self.now);
            Entry { life: Some(life(server, self.now)), ..entry }
        };
        let is_gone = |server: &ServerId| self.after.gone_servers.contains_key(server);
        match (&server.retirement, &server.server_id) {
            (Some(retirement), _) if retirement.step == RetirementStep::ServerDeleted => None,
            (Some(retirement), _) => {
                let reason = "seen gone; an earlier run decided to remove it and did not see the end";
                Some(entry(Event::Removed).because(retirement.rule, reason))
            }
            (None, Some(server)) if is_gone(server) => {
                Some(entry(Event::Vanished).saying("its cloud does not know it any more, and mita did not delete it"))
            }
            (None, Some(_)) if self.is_elsewhere(server) => Some(forgotten(self.after, id, server, self.now)),
            (None, Some(_)) => {
                Some(entry(Event::Vanished).saying("it does not carry the whole mark of this installation"))
            }
            (None, None) => {
                let answer = server.fault.as_ref().map_or_else(String::new, |answer| format!(" ({answer})"));
                let text = format!("given up: no list showed it{answer}");
                Some(Entry { life: None, ..entry(Event::OrderFailed) }.saying(&text))
            }
        }
    }

    fn is_elsewhere(&self, server: &ServerMemory) -> bool {
        self.world.clouds.get(&server.provider).is_none_or(|cloud| is_elsewhere(cloud, server))
    }

    /// A person's hold that begins or ends on a node of ours.
    fn hold(&self, name: &NodeName, node: &NodeMemory) -> Option<Entry> {
        let server_id = node.server.as_ref()?;
        let is_held = |node: &NodeMemory| node.set_offline_by == Some(SetOfflineBy::Person);
        let event = match (self.before.nodes.get(name).is_some_and(is_held), is_held(node)) {
            (false, true) => Event::Held,
            (true, false) => Event::Released,
            (true, true) | (false, false) => return None,
        };
        let of_node = |(_, server): &(&MitaId, &ServerMemory)| server.server_id.as_ref() == Some(server_id);
        let cause = self.nodes.get(name).and_then(|node| node.presence.cause()).filter(|_| event == Event::Held);
        let since = cause.and_then(|cause| cause.since).filter(|at| self.is_new(*at));
        let at = since.unwrap_or(self.now);
        let entry = match self.after.servers.iter().find(of_node) {
            Some((id, server)) => of_server(self.after, id, server, event, at),
            None => Entry { run: Some(self.after.run), ..Entry::new(at, event) },
        };
        let (by, why) = cause.map(holder).unwrap_or_default();
        let entry = entry.saying(&why);
        Some(Entry { node: Some(name.clone()), server_id: Some(server_id.clone()), by, ..entry })
    }

    /// Jobs that waited for an executor when they were last seen, and are not queued any more.
    fn left_queue(&self) -> Vec<Entry> {
        let mut taken: BTreeSet<(&NodeName, usize)> = BTreeSet::new();
        let left = self.before.queue.iter().filter(|(id, _)| !self.after.queue.contains_key(id));
        let waited = left.filter(|(_, item)| item.waiting_since.is_some());
        let waited = waited.filter_map(|(id, item)| Some((id, item, item.job.as_deref()?)));
        let mut entries = Vec::new();
        for (id, item, job) in waited {
            let since = item.queued_at.or(item.waiting_since);
            let needs = item.need.as_ref().map(|need| format!("{need:#}"));
            let found = self.build_of(*id, job, &taken);
            let started = found.and_then(|(_, _, build)| build.since).filter(|_| found.is_some());
            let end = started.filter(|at| *at <= self.now && since.is_some_and(|since| *at >= since));
            let waited = since.map(|since| end.unwrap_or(self.now).duration_since(since));
            let jobs = vec![JobEntry::new(*id, job, needs.as_deref(), waited)];
            let entry = match found {
                Some((node, index, build)) => {
                    taken.insert((node, index));
                    let at = end.unwrap_or(self.now);
                    let entry = match self.server_of(node) {
                        Some((id, server)) => of_server(self.after, id, server, Event::Started, at),
                        None => Entry { run: Some(self.after.run), ..Entry::new(at, Event::Started) },
                    };
                    Entry { node: Some(node.clone()), build: Some(build.clone()), ..entry }
                }
                None => Entry { run: Some(self.after.run), ..Entry::new(self.now, Event::LeftQueue) },
            };
            entries.push(Entry { jobs, ..entry });
        }
        entries
    }

    /// The build that the item became; where Jenkins does not say which that is, one of the job that was not there in the run
    /// before, and is no other item's.
    fn build_of(
        &self,
        item: u64,
        job: &str,
        taken: &BTreeSet<(&NodeName, usize)>,
    ) -> Option<(&NodeName, usize, &Build)> {
        let builds = self
            .nodes
            .iter()
            .flat_map(|(name, node)| node.builds.iter().enumerate().map(move |(index, build)| (*name, index, build)));
        let is_new = |(node, index, build): &(&NodeName, usize, &Build)| {
            let running = self.server_of(node).and_then(|(id, _)| self.before.servers.get(id));
            let known =
                running.is_some_and(|server| server.work.running.contains(build.url.as_ref().unwrap_or(&build.name)));
            build.job.as_deref() == Some(job) && !known && !taken.contains(&(*node, *index))
        };
        let of_item = builds.clone().find(|(_, _, build)| build.queue_id == Some(item));
        of_item.or_else(|| builds.clone().find(|found| found.2.queue_id.is_none() && is_new(found)))
    }

    fn server_of(&self, node: &NodeName) -> Option<(&MitaId, &ServerMemory)> {
        self.after.servers.iter().find(|(_, server)| server.node.as_ref() == Some(node))
    }
}

//! What other policies would have made of a trace, worked out without any service: the bounds of the figures.
//!
//! `rb` orders in the very second in which a job finds no executor, knows which orders fail, and pays for a server only
//! through gaps of 40 minutes that end in a build: no policy that orders for waiting jobs alone can wait less. `ceph` is
//! the policy of the original service: each 30 seconds three quarters of the queue, and 40 minutes of grace.

use super::generate::mix;
use super::summary::{JobOutcome, Outcome, ServerOutcome};
use super::trace::Trace;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// How long an idle server stays.
const GRACE: u64 = 2400;

/// A policy to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    Rb,
    Ceph,
}

impl Bound {
    /// The outcome of the trace. What comes before the second `from` is not measured.
    pub(crate) fn play(self, trace: &Trace, from: u64) -> Outcome {
        let labels = trace.labels();
        let mut farm = Farm {
            bound: self,
            trace,
            now: 0,
            from,
            queues: vec![VecDeque::new(); labels.len()],
            labels,
            servers: Vec::new(),
            next_order: 0,
            events: BinaryHeap::new(),
            started: vec![None; trace.builds.len()],
        };
        farm.play();
        farm.outcome()
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Joins(usize),
    Ends(usize),
    Queued(usize),
    Tick,
}

struct Server {
    label: usize,
    ordered: u64,
    online: Option<u64>,
    error_at: Option<u64>,
    deleted: Option<u64>,
    build: Option<usize>,
    /// When its last build ended, or it came online.
    free_since: u64,
    /// When a run of the policy first saw it idle.
    seen_idle: Option<u64>,
    busy: u64,
}

impl Server {
    fn is_idle(&self) -> bool {
        self.deleted.is_none() && self.online.is_some() && self.build.is_none()
    }
}

struct Farm<'a> {
    bound: Bound,
    trace: &'a Trace,
    now: u64,
    from: u64,
    labels: Vec<String>,
    queues: Vec<VecDeque<usize>>,
    servers: Vec<Server>,
    next_order: usize,
    events: BinaryHeap<Reverse<(u64, Event)>>,
    started: Vec<Option<u64>>,
}

impl Farm<'_> {
    fn play(&mut self) {
        let end = self.trace.end();
        self.events.push(Reverse((0, Event::Tick)));
        self.events
            .extend(self.trace.builds.iter().enumerate().map(|(n, build)| Reverse((build.at, Event::Queued(n)))));
        while let Some(Reverse((now, event))) = self.events.pop() {
            if now > end {
                return;
            }
            self.now = now;
            match event {
                Event::Joins(server) => {
                    let server = &mut self.servers[server];
                    if server.deleted.is_none() {
                        (server.online, server.free_since) = (Some(now), now);
                    }
                }
                Event::Ends(server) => {
                    let server = &mut self.servers[server];
                    (server.build, server.free_since) = (None, now);
                }
                Event::Queued(build) => {
                    let label = &self.trace.builds[build].label;
                    let label = self.labels.iter().position(|other| other == label).unwrap_or(0);
                    self.queues[label].push_back(build);
                }
                Event::Tick => self.events.push(Reverse((now + self.period(), Event::Tick))),
            }
            if self.events.peek().is_some_and(|Reverse((next, other))| *next == now && *other != Event::Tick) {
                continue;
            }
            self.dispatch();
            if event == Event::Tick || self.bound == Bound::Rb {
                (0..self.labels.len()).for_each(|label| self.decide(label));
            }
        }
    }

    fn period(&self) -> u64 {
        if self.bound == Bound::Rb { 10 } else { 30 }
    }

    /// Builds go to idle servers: spread by a hash as in Jenkins, or the first for the one that could not do better.
    fn dispatch(&mut self) {
        for label in 0..self.labels.len() {
            while let Some(&build) = self.queues[label].front() {
                let idle =
                    (0..self.servers.len()).filter(|&n| self.servers[n].label == label && self.servers[n].is_idle());
                let job = self.trace.builds[build].job.bytes().fold(0, |sum, byte| mix(sum ^ u64::from(byte)));
                let chosen = match self.bound {
                    Bound::Rb => idle.min(),
                    Bound::Ceph => idle.min_by_key(|&server| mix(job ^ mix(server as u64 + 1))),
                };
                let Some(chosen) = chosen else { break };
                self.queues[label].pop_front();
                self.started[build] = Some(self.now);
                let lasts = self.trace.builds[build].lasts;
                let server = &mut self.servers[chosen];
                server.build = Some(build);
                if self.now >= self.from {
                    server.busy += lasts;
                }
                self.events.push(Reverse((self.now + lasts, Event::Ends(chosen))));
            }
        }
    }

    fn decide(&mut self, label: usize) {
        let now = self.now;
        let mut coming = 0;
        let mut young = 0;
        for server in self.servers.iter_mut().filter(|server| server.label == label && server.deleted.is_none()) {
            young += usize::from(now - server.ordered < 360);
            if server.online.is_some() {
                if server.build.is_some() {
                    server.seen_idle = None;
                    continue;
                }
                let since = match self.bound {
                    Bound::Rb => server.free_since,
                    Bound::Ceph => *server.seen_idle.get_or_insert(now),
                };
                if now - since > GRACE || self.bound == Bound::Rb && now - since == GRACE {
                    server.deleted = Some(now);
                }
            } else if server.error_at.is_some_and(|at| at <= now) || now - server.ordered > 900 {
                if now.is_multiple_of(120) {
                    server.deleted = Some(now);
                }
            } else {
                coming += 1;
            }
        }
        let waiting = self.queues[label].len();
        let orders = match self.bound {
            Bound::Rb => waiting.saturating_sub(coming),
            // Python rounds halves to the even number.
            Bound::Ceph if young < waiting => (waiting as f64 * 0.75).round_ties_even() as usize,
            Bound::Ceph => 0,
        };
        (0..orders).for_each(|_| self.order(label));
    }

    fn order(&mut self, label: usize) {
        let mut fate = self.trace.order(self.next_order);
        self.next_order += 1;
        while self.bound == Bound::Rb && (fate.error || fate.joins.is_none()) {
            fate = self.trace.order(self.next_order);
            self.next_order += 1;
        }
        let active = self.now + fate.boots;
        if let Some(joins) = fate.joins.filter(|_| !fate.error) {
            self.events.push(Reverse((active + joins, Event::Joins(self.servers.len()))));
        }
        self.servers.push(Server {
            label,
            ordered: self.now,
            online: None,
            error_at: fate.error.then_some(active),
            deleted: None,
            build: None,
            free_since: self.now,
            seen_idle: None,
            busy: 0,
        });
    }

    fn outcome(self) -> Outcome {
        let jobs = self.trace.builds.iter().zip(&self.started).map(|(build, started)| JobOutcome {
            job: build.job.clone(),
            label: build.label.clone(),
            queued: build.at,
            started: *started,
            node: String::new(),
        });
        // What the bound pays for ends with the last build of a server.
        let deleted = |server: &Server| match self.bound {
            Bound::Rb => Some(if server.build.is_some() { self.trace.end() } else { server.free_since }),
            Bound::Ceph => server.deleted,
        };
        let servers = self.servers.iter().enumerate().map(|(number, server)| ServerOutcome {
            id: number.to_string(),
            node_type: self.labels[server.label].clone(),
            ordered: server.ordered,
            online: server.online,
            deleted: deleted(server),
            busy: server.busy,
            failed: server.error_at.is_some(),
        });
        Outcome { jobs: jobs.collect(), servers: servers.collect(), from: self.from, end: self.trace.end() }
    }
}

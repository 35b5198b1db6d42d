//! The state: what a run passes on to the next one.
//!
//! If it is lost, damaged or old, mita decides later, never wrongly. It is plain data with the small rules of counting
//! time; [`crate::plan`] decides what goes in it, and [`crate::store`] keeps it on disk.

mod credit;
mod files;
mod learned;
mod lessons;
mod nodes;
mod peaks;
mod servers;
mod spending;

pub use credit::{Credit, begun};
pub use files::{HISTORY, JOURNAL, LOCK, beside, files_beside};
pub use learned::{GAPS_KEPT, LEVELS_KEPT, LONGEST_GAP, Learned, Level, Usage};
pub use lessons::{
    Breaker, ForeignLabels, ItemMemory, Mismatch, Pause, Restart, ServerFailure, Session, Settling, SettlingCause,
    Throttle,
};
pub use nodes::{ClosedNode, NodeMemory, SetOfflineBy, Standstill, Unchanged};
pub use peaks::{BIN, Peaks};
pub use servers::{
    AddressMemory, DeletionRefused, GoneServer, Origin, Refused, Retirement, RetirementStep, ServerMemory, Shield, Work,
};
pub use spending::{Spending, Spent};

use crate::domain::installation::Controller;
use crate::domain::names::{FloatingIpId, MitaId, NodeName, NodeTypeName, Owner, ProviderName, ServerId};
use crate::domain::rare::Rare;
use crate::domain::shared::{Shared, SharedMap};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the state file that this program writes.
pub const VERSION: u32 = 1;

/// The whole state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// [`VERSION`] of the program that wrote it.
    pub version: u32,
    /// The installation that it belongs to.
    pub owner: Owner,
    /// The controller whose nodes it has; none in a file of an early version of mita.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controller: Option<Controller>,
    /// Number of the run that wrote it. These numbers say what came first, since a clock can jump.
    #[serde(default)]
    pub run: u64,
    /// Labels of nodes that are not ours, each set with the time at which it was last seen: jobs with these labels wait for
    /// such a node, and not for a node type that is missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign_labels: Vec<ForeignLabels>,
    /// When it was last written by a run.
    #[serde(default)]
    pub last_run: Option<Timestamp>,
    /// The configuration of that run.
    #[serde(default)]
    pub fingerprint: String,
    /// The first run with that configuration.
    #[serde(default)]
    pub configured_in: u64,
    /// The controller's session.
    #[serde(default)]
    pub session: Option<Session>,
    /// Nothing is ordered or deleted before this time: the state file was unreadable, or Jenkins was restarted.
    #[serde(default)]
    pub settling: Option<Settling>,
    /// Servers of ours, from the order on.
    #[serde(default)]
    pub servers: SharedMap<MitaId, ServerMemory>,
    /// Servers of ours that are gone, kept for 30 days, and for as long after a volume of theirs was last listed.
    #[serde(default, rename = "departed")]
    pub gone_servers: BTreeMap<ServerId, GoneServer>,
    /// Floating IPs of ours, as long as they are listed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub floating_ips: BTreeMap<FloatingIpId, AddressMemory>,
    /// Every node of Jenkins, others' included, as long as it is listed.
    #[serde(default)]
    pub nodes: SharedMap<NodeName, NodeMemory>,
    /// Queue items, as long as they are queued.
    #[serde(default)]
    pub queue: Shared<SharedMap<u64, ItemMemory>>,
    /// The time since the last queue that was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_queue: Option<Credit>,
    /// Whether Jenkins left items out of the queue when it was last asked with and without the labels of jobs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub items_left_out: bool,
    /// Circuit breakers that are not closed.
    #[serde(default)]
    pub breakers: BTreeMap<ProviderName, BTreeMap<NodeTypeName, Breaker>>,
    /// The server of each node type that failed last, where it was.
    #[serde(default)]
    pub failures: BTreeMap<ProviderName, BTreeMap<NodeTypeName, ServerFailure>>,
    /// Sizes that a provider had no quota for, and until when it is not asked again.
    #[serde(default)]
    pub quota_refused: BTreeMap<ProviderName, BTreeMap<NodeTypeName, Timestamp>>,
    /// How a provider refused the last order of a size for quota, until it accepts one or the configuration changes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub quota_answers: BTreeMap<ProviderName, BTreeMap<NodeTypeName, String>>,
    /// Providers that asked for fewer orders.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub throttles: BTreeMap<ProviderName, Throttle>,
    /// Jobs that a node type turned out not to serve.
    #[serde(default, rename = "vain")]
    pub mismatches: Vec<Mismatch>,
    /// What a person paused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pauses: Vec<Pause>,
    /// For how long what should be over soon has lasted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lasting: BTreeMap<String, Credit>,
    /// Events that were reported: their key, and when each was last the case.
    #[serde(default, rename = "told")]
    pub notified: BTreeMap<String, Timestamp>,
    /// Machine time used against budgets.
    #[serde(default, skip_serializing_if = "Spent::is_none")]
    pub spent: Spent,
    /// What runs have learned.
    #[serde(default, deserialize_with = "Learned::read")]
    pub learned: Learned,
}

impl State {
    /// The state of an installation that remembers nothing.
    pub fn new(owner: Owner) -> Self {
        Self {
            version: VERSION,
            owner,
            controller: None,
            run: 0,
            foreign_labels: Vec::new(),
            last_run: None,
            fingerprint: String::new(),
            configured_in: 0,
            session: None,
            settling: None,
            servers: SharedMap::default(),
            gone_servers: BTreeMap::new(),
            floating_ips: BTreeMap::new(),
            nodes: SharedMap::default(),
            queue: Shared::default(),
            since_queue: None,
            items_left_out: false,
            breakers: BTreeMap::new(),
            failures: BTreeMap::new(),
            quota_refused: BTreeMap::new(),
            quota_answers: BTreeMap::new(),
            throttles: BTreeMap::new(),
            mismatches: Vec::new(),
            pauses: Vec::new(),
            lasting: BTreeMap::new(),
            notified: BTreeMap::new(),
            spent: Spent::default(),
            learned: Learned::default(),
        }
    }

    /// Whether it has nothing of ours: no server, gone or not, nor what runs learned from one, nor a pause.
    pub fn has_nothing_of_ours(&self) -> bool {
        self.servers.is_empty()
            && self.gone_servers.is_empty()
            && self.floating_ips.is_empty()
            && self.nodes.values().all(|node| node.server.is_none() && node.closed.is_none())
            && self.breakers.is_empty()
            && self.failures.is_empty()
            && self.quota_refused.is_empty()
            && self.throttles.is_empty()
            && self.mismatches.is_empty()
            && self.pauses.is_empty()
            && self.settling.is_none()
            && self.spent.is_none()
    }

    /// The pause of servers of this type at this provider, where there is one.
    pub fn pause(&self, node_type: &NodeTypeName, provider: &ProviderName) -> Option<&Pause> {
        self.pauses.iter().find(|pause| pause.covers(node_type, provider))
    }

    /// Until when nothing is ordered at a provider that asks for fewer orders.
    pub fn throttled_until(&self, provider: &ProviderName, now: Timestamp) -> Option<Timestamp> {
        self.throttles.get(provider).map(|throttle| throttle.until).filter(|until| *until > now)
    }

    /// Who set a node offline, where somebody did.
    pub fn set_offline_by(&self, node: &NodeName) -> Option<SetOfflineBy> {
        self.nodes.get(node)?.set_offline_by
    }

    /// Whether only mita knows that a person holds the node, which is one of ours or keeps a server of ours.
    pub fn alone_knows_hold(&self, node: &NodeName) -> bool {
        let keeps_one = |server: &ServerMemory| server.shield.as_ref().is_some_and(|shield| shield.node == *node);
        self.nodes.get(node).is_some_and(|known| {
            let is_forgotten = known.mark_forgotten && known.set_offline_by == Some(SetOfflineBy::Person);
            is_forgotten && (known.server.is_some() || self.servers.values().any(keeps_one))
        })
    }

    /// Whether what the node worked on when Jenkins was last seen before a restart may go on there: until Jenkins has queued that
    /// again, which can take minutes, the node reads idle, also if Jenkins is restarted once more meanwhile.
    pub fn may_resume(&self, node: &NodeName) -> bool {
        let restart = self.session.as_ref().and_then(|session| session.restart.as_ref());
        let worked_at = self.nodes.get(node).and_then(|known| known.worked_at);
        restart
            .zip(worked_at)
            .is_some_and(|(restart, worked_at)| worked_at == restart.listed || restart.before.contains(&worked_at))
    }

    /// The state of an installation whose state file could not be read: it waits before it orders or deletes anything. `since`
    /// is from when on that was so in run after run.
    pub fn after_loss(owner: Owner, since: Timestamp, now: Timestamp) -> Self {
        let settling = Some(Settling { since: now, cause: SettlingCause::StateUnreadable });
        let lasts = Credit { first: since, last: now, credit: now.duration_since(since) };
        let lasting = if since < now { [(SETTLING.to_owned(), lasts)].into() } else { BTreeMap::new() };
        Self { settling, lasting, ..Self::new(owner) }
    }

    /// Keeps the JSON of all that a run can have thousands of, each until it changes.
    pub fn keep_json(&mut self) {
        self.servers.keep_json();
        self.nodes.keep_json();
        self.queue.keep_json();
    }
}

/// What lasts while nothing is ordered or deleted.
pub const SETTLING: &str = "settling";

/// The condition that the queue is not read without the labels of jobs.
pub const LEFT_OUT_UNKNOWN: &str = "queue items left out";

/// Longer than anything is counted.
pub const LONGEST_SPAN: SignedDuration = SignedDuration::from_hours(100 * 366 * 24);

impl State {
    /// What no run can have written, in words, where there is such a thing: numbers and spans at the end of what their
    /// types hold, with which no run could count on. A damaged file must not end every run from now on.
    pub fn validate(&self) -> Option<String> {
        let lasts = |span: &SignedDuration| !span.is_negative() && *span <= LONGEST_SPAN;
        let counts = |credit: &&Rare<Credit>| credit.is_none_or(|credit| lasts(&credit.credit));
        let wrong = |what: &str| Some(format!("{what} is none that a run can have written"));
        if self.run > u64::MAX / 2 {
            return wrong("the number of the run");
        }
        for (id, server) in &self.servers {
            let times = [Some(&server.work.time), server.waited.as_ref(), server.under_way.as_ref()];
            if !times.into_iter().flatten().all(lasts) {
                return wrong(&format!("a time of server {id}"));
            }
            if server.gone_sightings > u32::MAX / 2
                || ![&server.missing, &server.stopped, &server.unused].iter().all(counts)
                || !server.shield.as_ref().is_none_or(|shield| lasts(&shield.ended.credit))
            {
                return wrong(&format!("a number of server {id}"));
            }
        }
        for (name, node) in &self.nodes {
            if ![&node.idle, &node.offline].iter().all(counts) {
                return wrong(&format!("a time of node {name}"));
            }
        }
        let items = self.queue.values().map(|item| item.since_absent).chain([self.since_queue]);
        if !items.flatten().all(|since| lasts(&since.credit)) {
            return wrong("a time of the queue");
        }
        if !self.session.iter().filter_map(|session| session.restart.as_ref()).all(|restart| lasts(&restart.ago.credit))
        {
            return wrong("the time since a restart of Jenkins");
        }
        if self.floating_ips.values().any(|address| address.gone_sightings > u32::MAX / 2) {
            return wrong("a number of a floating IP");
        }
        if self.gone_servers.values().any(|gone| gone.watch.is_some_and(|watch| watch > u32::MAX / 2)) {
            return wrong("the number of listings without a volume");
        }
        if !self.spent.times().all(lasts) {
            return wrong("the time used of a budget");
        }
        let mut breakers = self.breakers.values().flat_map(|types| types.values());
        if !breakers.all(|breaker| lasts(&breaker.pause)) {
            return wrong("the pause of a breaker");
        }
        if !self.throttles.values().all(|throttle| lasts(&throttle.pause)) {
            return wrong("the pause of a provider");
        }
        None
    }
}

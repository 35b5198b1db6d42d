//! What is remembered from run to run.
//!
//! Memory, not truth: lost, truncated or stale it makes mita late, never wrong. Plain data with the small rules of
//! counting time; [`crate::plan`] decides what to remember, [`crate::store`] keeps it on disk.

use crate::domain::names::{FloatingIpId, MitaId, NodeName, NodeTypeName, Owner, ProviderName, ServerId, VolumeId};
use crate::domain::need::Need;
use crate::domain::rule::Rule;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The version of the state file that this program writes.
pub const VERSION: u32 = 1;

/// Everything that is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// [`VERSION`] of the program that wrote it.
    pub version: u32,
    /// The installation that it belongs to.
    pub owner: Owner,
    /// Number of the run that wrote it. What came first is told by these numbers, since a clock can jump.
    #[serde(default)]
    pub run: u64,
    /// When it was last written by a run.
    #[serde(default)]
    pub last_run: Option<Timestamp>,
    /// The configuration of that run.
    #[serde(default)]
    pub fingerprint: String,
    /// The controller's session.
    #[serde(default)]
    pub session: Option<Session>,
    /// Nothing is ordered or deleted before this time: the state file was unreadable, or Jenkins was restarted.
    #[serde(default)]
    pub settling: Option<Settling>,
    /// Servers of ours, from the order on.
    #[serde(default)]
    pub servers: BTreeMap<MitaId, ServerMemory>,
    /// Servers of ours that are gone, kept for 30 days.
    #[serde(default, rename = "departed")]
    pub gone_servers: BTreeMap<ServerId, GoneServer>,
    /// Floating IPs of ours, as long as they are listed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub floating_ips: BTreeMap<FloatingIpId, AddressMemory>,
    /// Every node of Jenkins, others' included, as long as it is listed.
    #[serde(default)]
    pub nodes: BTreeMap<NodeName, NodeMemory>,
    /// Queue items, as long as they are queued.
    #[serde(default)]
    pub queue: BTreeMap<u64, ItemMemory>,
    /// Circuit breakers that are not closed.
    #[serde(default)]
    pub breakers: BTreeMap<ProviderName, BTreeMap<NodeTypeName, Breaker>>,
    /// The server of each node type that failed last, where it was.
    #[serde(default)]
    pub failures: BTreeMap<ProviderName, BTreeMap<NodeTypeName, ServerFailure>>,
    /// Sizes that a provider had no quota for, and until when it is not asked again.
    #[serde(default)]
    pub quota_refused: BTreeMap<ProviderName, BTreeMap<NodeTypeName, Timestamp>>,
    /// Jobs that a node type turned out not to serve.
    #[serde(default, rename = "vain")]
    pub mismatches: Vec<Mismatch>,
    /// Events that were told already: their key, and when they were last the case.
    #[serde(default, rename = "told")]
    pub notified: BTreeMap<String, Timestamp>,
}

impl State {
    /// The state of an installation that remembers nothing.
    pub fn new(owner: Owner) -> Self {
        Self {
            version: VERSION,
            owner,
            run: 0,
            last_run: None,
            fingerprint: String::new(),
            session: None,
            settling: None,
            servers: BTreeMap::new(),
            gone_servers: BTreeMap::new(),
            floating_ips: BTreeMap::new(),
            nodes: BTreeMap::new(),
            queue: BTreeMap::new(),
            breakers: BTreeMap::new(),
            failures: BTreeMap::new(),
            quota_refused: BTreeMap::new(),
            mismatches: Vec::new(),
            notified: BTreeMap::new(),
        }
    }

    /// The state of an installation whose memory could not be read: it waits before it orders or deletes anything.
    pub fn after_loss(owner: Owner, now: Timestamp) -> Self {
        Self { settling: Some(Settling { since: now, cause: SettlingCause::StateUnreadable }), ..Self::new(owner) }
    }
}

/// Longer than anything is counted.
const LONGEST_SPAN: SignedDuration = SignedDuration::from_hours(100 * 366 * 24);

impl State {
    /// What no run can have written, in words, where there is such a thing: numbers and spans at the end of what their
    /// types hold, with which no run could count on. A damaged file must not end every run from now on.
    pub fn validate(&self) -> Option<String> {
        let lasts = |span: &SignedDuration| !span.is_negative() && *span <= LONGEST_SPAN;
        let counts = |credit: &Option<Credit>| credit.is_none_or(|credit| lasts(&credit.credit));
        let wrong = |what: &str| Some(format!("{what} is none that a run can have written"));
        if self.run > u64::MAX / 2 {
            return wrong("the number of the run");
        }
        for (id, server) in &self.servers {
            if server.gone_sightings > u32::MAX / 2 || !counts(&server.missing) || !counts(&server.stopped) {
                return wrong(&format!("a number of server {id}"));
            }
        }
        for (name, node) in &self.nodes {
            if !counts(&node.idle) || !counts(&node.offline) {
                return wrong(&format!("a time of node {name}"));
            }
        }
        if self.floating_ips.values().any(|address| address.gone_sightings > u32::MAX / 2) {
            return wrong("a number of a floating IP");
        }
        if self.gone_servers.values().any(|gone| gone.watch.is_some_and(|watch| watch > u32::MAX / 2)) {
            return wrong("the number of listings without a volume");
        }
        let mut breakers = self.breakers.values().flat_map(|types| types.values());
        if !breakers.all(|breaker| lasts(&breaker.pause)) {
            return wrong("the pause of a breaker");
        }
        None
    }
}

/// The controller's session, as last seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// `X-Jenkins-Session`.
    pub id: String,
}

/// Why nothing is ordered or deleted for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settling {
    /// When it began.
    pub since: Timestamp,
    /// What happened.
    pub cause: SettlingCause,
}

/// What makes mita wait and see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettlingCause {
    /// Another `X-Jenkins-Session`: agents are still coming back.
    JenkinsRestarted,
    /// The state file was there but could not be read.
    StateUnreadable,
}

impl SettlingCause {
    /// What happened and what follows, in words.
    pub fn reason(self) -> &'static str {
        match self {
            SettlingCause::JenkinsRestarted => "Jenkins was restarted: for two minutes nothing is ordered or deleted",
            SettlingCause::StateUnreadable => {
                "the state file was unreadable: for two minutes nothing is ordered or deleted"
            }
        }
    }
}

/// Time in one condition, counted over sightings: it grows by the gap between two of them, at most by half of the
/// time that it is measured against, and never by a clock that went back. So a silent cron or a clock jump
/// brings nothing to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credit {
    /// The first sighting in this condition.
    pub first: Timestamp,
    /// The last sighting.
    pub last: Timestamp,
    /// Time counted so far.
    pub credit: SignedDuration,
}

impl Credit {
    /// The condition is seen for the first time.
    pub fn begin(now: Timestamp) -> Self {
        Self { first: now, last: now, credit: SignedDuration::ZERO }
    }

    /// The condition is seen once more, `grace` being the time that it is measured against.
    pub fn seen_again(self, now: Timestamp, grace: SignedDuration) -> Self {
        let gap = now.duration_since(self.last).max(SignedDuration::ZERO);
        // Rounded up, so that two gaps of half a time always make a whole one.
        let half = grace - grace / 2;
        Self { first: self.first, last: now, credit: self.credit + gap.min(half) }
    }

    /// Continues `before`, or begins.
    pub fn sighted(before: Option<Self>, now: Timestamp, grace: SignedDuration) -> Self {
        before.map_or_else(|| Self::begin(now), |credit| credit.seen_again(now, grace))
    }
}

/// A server of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerMemory {
    /// Its node type.
    pub node_type: NodeTypeName,
    /// Where it was ordered, or found.
    pub provider: ProviderName,
    /// Its name.
    pub name: String,
    /// When it was ordered; for one that was found, what its mark says.
    pub ordered_at: Timestamp,
    /// How mita came to know of it.
    pub origin: Origin,
    /// The cloud's id, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_id: Option<ServerId>,
    /// Whether it has a volume of its own, which could outlive it.
    #[serde(default)]
    pub storage: bool,
    /// Whether a floating IP was asked for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub floating_ip: bool,
    /// Whether any listing ever showed it.
    #[serde(default)]
    pub listed: bool,
    /// When it was first seen ACTIVE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_since: Option<Timestamp>,
    /// When a node of it was first seen online.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined_at: Option<Timestamp>,
    /// Its node in Jenkins, as last mapped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeName>,
    /// Since when its node is missing from Jenkins, having joined once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Credit>,
    /// When a build was first seen to have run there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_at: Option<Timestamp>,
    /// Since when it does not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Credit>,
    /// When its deletion was first seen under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleting_since: Option<Timestamp>,
    /// Reads by id that answered 404, one a run.
    #[serde(default)]
    pub gone_sightings: u32,
    /// The retirement or removal that was decided, from before its first step on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retirement: Option<Retirement>,
    /// When a person asked for its retirement, to be done as soon as it is idle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Timestamp>,
    /// Whether its failure was already counted by the breaker.
    #[serde(default)]
    pub failure_counted: bool,
    /// The cloud's text on what went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

impl ServerMemory {
    /// A server of which nothing but its order, or its mark, is known.
    pub fn new(
        node_type: NodeTypeName,
        provider: ProviderName,
        name: String,
        ordered_at: Timestamp,
        origin: Origin,
    ) -> Self {
        Self {
            node_type,
            provider,
            name,
            ordered_at,
            origin,
            server_id: None,
            storage: false,
            floating_ip: false,
            listed: false,
            active_since: None,
            joined_at: None,
            node: None,
            missing: None,
            used_at: None,
            stopped: None,
            deleting_since: None,
            gone_sightings: 0,
            retirement: None,
            asked: None,
            failure_counted: false,
            fault: None,
        }
    }
}

/// How mita came to know of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Ordered in the run of this number.
    Ordered(u64),
    /// Found in a listing by its mark, the order forgotten.
    Found,
}

/// A retirement under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retirement {
    /// Why it was decided.
    pub rule: Rule,
    /// When.
    pub since: Timestamp,
    /// How far it is known to have come.
    pub step: RetirementStep,
}

/// The steps of a retirement, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetirementStep {
    /// Written down; nothing is known to have been sent.
    Decided,
    /// Its nodes are set offline.
    NodesOffline,
    /// Its nodes are deleted.
    NodesDeleted,
    /// The server's deletion was accepted.
    ServerDeleted,
}

/// A server of ours that is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoneServer {
    /// Its order.
    pub id: MitaId,
    /// Its node type.
    pub node_type: NodeTypeName,
    /// Where it was.
    pub provider: ProviderName,
    /// When it was first known to be gone.
    pub since: Timestamp,
    /// Listings of volumes that lacked its own, while one could still turn up; none once nothing is to be expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch: Option<u32>,
    /// The node it had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeName>,
    /// Volumes that its fault named: each was made for it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub volumes: BTreeSet<VolumeId>,
}

/// A floating IP of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressMemory {
    /// Where it is.
    pub provider: ProviderName,
    /// Reads of its server by id that answered 404, one a run.
    pub gone_sightings: u32,
}

/// A node of Jenkins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeMemory {
    /// The run that first saw it listed.
    pub first_seen: u64,
    /// The run that first saw it online.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_online: Option<u64>,
    /// The last run that saw it away, once it had been online.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_away: Option<u64>,
    /// Wholly idle and online, counted against the idle grace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle: Option<Credit>,
    /// Online with an idle executor since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_since: Option<Timestamp>,
    /// Offline, counted against the join timeout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offline: Option<Credit>,
    /// Who set it offline, as last known: Jenkins before 2.482 forgets it when the agent disconnects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_offline_by: Option<SetOfflineBy>,
    /// The server of ours that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<ServerId>,
    /// Why it takes no further build, where mita set it offline for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent: Option<Rule>,
    /// How busy it was lately, as last seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busy_average: Option<u32>,
}

/// Who set a node offline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetOfflineBy {
    /// This installation.
    Us,
    /// A node monitor of Jenkins.
    Monitor,
    /// A person, or who knows who.
    Person,
}

/// A queue item.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemMemory {
    /// What it needs, once it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub need: Option<Need>,
    /// Waiting for an executor, as seen in every run since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_since: Option<Timestamp>,
    /// Pending, as seen in every run since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_since: Option<Timestamp>,
}

/// A breaker that opened: the pair of provider and node type is left alone until a time, then one server is tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breaker {
    /// Nothing is ordered before this time.
    pub until: Timestamp,
    /// How long it was opened for the last time.
    pub pause: SignedDuration,
    /// What went wrong last.
    pub reason: String,
}

/// A server that failed to be built or to join: what a person needs to know once it is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerFailure {
    /// When it was seen to have failed.
    pub at: Timestamp,
    /// Its order.
    pub id: MitaId,
    /// Its name.
    pub name: String,
    /// The cloud's id, where it was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_id: Option<ServerId>,
    /// How it failed.
    pub rule: Rule,
    /// The same in words, with the cloud's own where there were any.
    pub reason: String,
    /// The last lines of its console, where they could be read before it was deleted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub console: Vec<String>,
}

/// A job that a node type turned out not to serve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mismatch {
    /// The job's name.
    pub job: String,
    /// What it needs.
    pub need: Need,
    /// The type that stood idle beside it.
    pub node_type: NodeTypeName,
    /// Until when this holds.
    pub until: Timestamp,
    /// Jenkins' own words.
    pub why: String,
}

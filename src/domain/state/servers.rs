//! What the state has about our servers, and about those that are gone.

use super::credit::Credit;
use crate::domain::journal;
use crate::domain::names::{MitaId, NodeName, NodeTypeName, ProviderName, ServerId, VolumeId};
use crate::domain::rare::Rare;
use crate::domain::rule::Rule;
use crate::domain::small_set::SmallSet;
use crate::domain::world::{Build, Site};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

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
    /// The id of the project that it is in, where its provider has projects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// The compute service that it is in, where its kind of cloud has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<Site>,
    /// Whether it has a volume of its own, which could outlive it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub storage: bool,
    /// The volumes that came with it: those that it had until it was first seen ACTIVE. They go with it, but for those that are a
    /// person's by now (`taken_volumes`).
    #[serde(default, skip_serializing_if = "<[VolumeId]>::is_empty")]
    pub volumes: SmallSet<VolumeId>,
    /// Volumes that it has or had and that are a person's: they attached one, detached it, named it, or asked the cloud to keep
    /// it.
    #[serde(default, skip_serializing_if = "<[VolumeId]>::is_empty")]
    pub taken_volumes: SmallSet<VolumeId>,
    /// Whether a floating IP was asked for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub floating_ip: bool,
    /// How its cloud refused it one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floating_ip_refused: Option<Refused>,
    /// Whether any listing ever showed it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub listed: bool,
    /// How long its present wait (to be listed, to be built, to join) has lasted: the time between two runs that could both
    /// see its end counts, at most half of what the wait may last, and no more than the clock shows since it began. So no
    /// silent cron, no jump of the clock and no outage of a service gives a server up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waited: Option<SignedDuration>,
    /// Whether the last run could not have seen the end of that wait: its cloud gave no answer, or Jenkins none or was just
    /// restarted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unread: bool,
    /// How long it has been on its way since its order, counted like `waited`; none once its node was online.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub under_way: Option<SignedDuration>,
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
    #[serde(default, skip_serializing_if = "Rare::is_none")]
    pub missing: Rare<Credit>,
    /// The run that first missed it; none once a node of the server is seen again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_since: Option<u64>,
    /// The last run that saw a node of it connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_connected: Option<u64>,
    /// When its node was last seen to come back, having been offline or missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub came_back_at: Option<Timestamp>,
    /// Without a build since its node first went away, whether it was there since or not; none once the node was idle for a
    /// whole grace time without going away.
    #[serde(default, skip_serializing_if = "Rare::is_none")]
    pub unused: Rare<Credit>,
    /// When a build was first seen to have run there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_at: Option<Timestamp>,
    /// The builds that were seen there.
    #[serde(default, skip_serializing_if = "Work::is_none")]
    pub work: Work,
    /// The node that kept it though it is not clearly its own; none once its own is online.
    #[serde(default, skip_serializing_if = "Rare::is_none")]
    pub shield: Rare<Shield>,
    /// Since when it does not run.
    #[serde(default, skip_serializing_if = "Rare::is_none")]
    pub stopped: Rare<Credit>,
    /// Whether a person held its node when that was last seen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub held: bool,
    /// When its deletion was first seen under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleting_since: Option<Timestamp>,
    /// Whether its cloud last showed it as deleted: it may keep it for days (`SOFT_DELETED`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub soft_deleted: bool,
    /// Reads by id that answered 404, one a run.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub gone_sightings: u32,
    /// Whether its cloud showed it as locked when it last showed that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub locked: bool,
    /// When its cloud last refused to delete it because somebody locked it, where the cloud does not show locks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock_met: Option<Timestamp>,
    /// How its cloud refused to delete it for want of a right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_refused: Option<DeletionRefused>,
    /// Whether its deletion was sent, and no answer to that says that it was not done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deletion_sent: bool,
    /// The retirement or removal that was decided, from before its first step on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retirement: Option<Retirement>,
    /// When a person asked for its retirement, to be done as soon as it is idle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Timestamp>,
    /// Who asked for it. No decision depends on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<String>,
    /// Whether its failure was already counted by the breaker.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub failure_counted: bool,
    /// The cloud's text on what went wrong: with the server, or with its order as long as no list has shown the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// A floating IP that a cloud refused to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// When it was refused last.
    pub last: Timestamp,
    /// Whether that lasts: no more are left, or it was refused before.
    pub lasts: bool,
}

/// A deletion that a cloud refused for want of a right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletionRefused {
    /// When it first did.
    pub since: Timestamp,
    /// Its last answer.
    pub reason: String,
    /// Whether it has deleted another server since: the refusal is for this one alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub alone: bool,
}

impl ServerMemory {
    /// A person asks for its retirement; the first one who did counts.
    pub fn ask(&mut self, person: &str, now: Timestamp) {
        if self.asked.is_none() {
            (self.asked, self.asked_by) = (Some(now), Some(person.to_owned()));
        }
    }

    /// Nobody asks for its retirement any more.
    pub fn withdraw(&mut self) {
        (self.asked, self.asked_by) = (None, None);
    }

    /// The runs that missed its own node, or one that may have been that under another name.
    pub fn losses(&self) -> impl Iterator<Item = u64> {
        self.missing_since.into_iter().chain(self.shield.as_ref().and_then(|shield| shield.missed_in))
    }

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
            project: None,
            site: None,
            storage: false,
            volumes: SmallSet::default(),
            taken_volumes: SmallSet::default(),
            floating_ip: false,
            floating_ip_refused: None,
            listed: false,
            waited: None,
            unread: false,
            under_way: None,
            active_since: None,
            joined_at: None,
            node: None,
            missing: Rare::default(),
            missing_since: None,
            last_connected: None,
            came_back_at: None,
            unused: Rare::default(),
            used_at: None,
            work: Work::default(),
            shield: Rare::default(),
            stopped: Rare::default(),
            deleting_since: None,
            held: false,
            soft_deleted: false,
            gone_sightings: 0,
            locked: false,
            lock_met: None,
            deletion_refused: None,
            deletion_sent: false,
            retirement: None,
            asked: None,
            asked_by: None,
            failure_counted: false,
            fault: None,
        }
    }
}

/// The builds that were seen on a server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Work {
    /// Builds that were seen to begin there.
    pub builds: u32,
    /// For how long it was seen at work.
    pub time: SignedDuration,
    /// The pages, or else the names, of the builds that ran there when it was last seen.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub running: SmallSet<String>,
    /// Those of them that ran on other nodes as well, as the branches of a pipeline do.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub shared: SmallSet<String>,
}

/// A node that kept a server while it worked or a person held it, or went before it did so, and is not clearly the server's
/// own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shield {
    /// The node.
    pub node: NodeName,
    /// How long ago it kept the server for the last time, or could have.
    pub ended: Credit,
    /// The last run that missed such a node: it may be there under another name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed_in: Option<u64>,
}

impl Work {
    /// Whether one of these builds ran on the server when it was last seen: then they run there still, whatever the name
    /// of the node says by now.
    pub fn goes_on_in(&self, builds: &[Build]) -> bool {
        builds.iter().any(|build| self.running.contains(&*journal::page_or_name(build)))
    }

    /// The same for builds that ran nowhere else then.
    pub fn goes_on_only_in(&self, builds: &[Build]) -> bool {
        let mut pages = builds.iter().map(journal::page_or_name);
        pages.any(|page| self.running.contains(&*page) && !self.shared.contains(&*page))
    }

    fn is_none(&self) -> bool {
        *self == Self::default()
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
    /// Its nodes are deleted. A state of an earlier version says by a step of its own that the server's deletion was sent, too.
    #[serde(alias = "deletion_sent")]
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
    /// Names under which that node may be there since: a person may have renamed it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub other_names: BTreeSet<NodeName>,
    /// Volumes that came with it, or that its fault named: each was made for it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub volumes: BTreeSet<VolumeId>,
    /// Volumes that turned out to be a person's, whatever else is known of them: mita leaves them alone for good.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub taken_volumes: BTreeSet<VolumeId>,
    /// Whether somebody else deleted it while it ran, and no list of volumes was read since: they may have detached a volume
    /// before, which no run saw.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted_by_others: bool,
    /// When a volume of it was last listed, other than one that is a person's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume_seen: Option<Timestamp>,
}

/// A floating IP of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressMemory {
    /// Where it is.
    pub provider: ProviderName,
    /// Reads of its server by id that answered 404, one a run.
    pub gone_sightings: u32,
    /// Whether a run saw it lead to anything else than its server: it is a person's from then on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub taken: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_takes_no_more_of_the_state_file_than_is_known_of_it() {
        let at = Timestamp::UNIX_EPOCH;
        let new = ServerMemory::new("ubuntu".into(), "cloud".into(), "name".to_owned(), at, Origin::Found);
        let known =
            ServerMemory { storage: true, listed: true, gone_sightings: 1, failure_counted: true, ..new.clone() };
        for (server, more) in
            [(new, ""), (known, r#","storage":true,"listed":true,"gone_sightings":1,"failure_counted":true"#)]
        {
            let always = r#""node_type":"ubuntu","provider":"cloud","name":"name","ordered_at":"1970-01-01T00:00:00Z","origin":"found""#;
            let text = serde_json::to_string(&server).unwrap();
            assert_eq!(text, format!("{{{always}{more}}}"));
            assert_eq!(serde_json::from_str::<ServerMemory>(&text).unwrap(), server);
        }
    }
}

//! What a run saw of Jenkins and of the clouds, in words of neither's wire format.
//!
//! Plain data, made by [`crate::observe`] and read by [`crate::plan`]. A listing that failed is not an
//! empty listing: [`Listing::Unavailable`] has no elements to conclude anything from.

use crate::domain::names::{FloatingIpId, MitaId, NodeName, NodeTypeName, Owner, ProviderName, ServerId, VolumeId};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Everything that one run saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct World {
    /// The controller: its queue and its nodes.
    pub jenkins: Jenkins,
    /// The clouds, one for each configured provider.
    pub clouds: BTreeMap<ProviderName, Cloud>,
}

/// A listing is whole, or it is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Listing<T> {
    /// The service gave everything it has.
    Complete(T),
    /// It did not, and this is why, in words for an operator.
    Unavailable(String),
}

impl<T> Listing<T> {
    /// The contents, where the listing is whole.
    pub fn complete(&self) -> Option<&T> {
        match self {
            Listing::Complete(contents) => Some(contents),
            Listing::Unavailable(_) => None,
        }
    }
}

/// The Jenkins controller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jenkins {
    /// `X-Jenkins-Session`: another one at each start of the controller. None where no answer carried it.
    pub session: Option<String>,
    /// Whether it takes work at all.
    pub mode: Listing<Mode>,
    /// The build queue.
    pub queue: Listing<Queue>,
    /// Every node. Complete only where it holds what each such list holds, the built-in node.
    pub nodes: Listing<Vec<Node>>,
}

/// Whether the controller starts builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The usual state.
    Running,
    /// About to shut down: nothing leaves the queue.
    QuietingDown,
}

/// The build queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// The items whose jobs this user may read.
    pub items: Vec<QueueItem>,
    /// Items that the user may discover but not read: a permission is missing.
    pub discoverable: u32,
}

/// One queue item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueItem {
    /// Jenkins' number of the item, stable through all stages.
    pub id: u64,
    /// The job's full name (`folder/job`), or what comes nearest to it.
    pub job: String,
    /// What kind of task waits.
    pub task: Task,
    /// How far it has come.
    pub stage: Stage,
    /// When it entered the queue.
    pub in_queue_since: Option<Timestamp>,
    /// Why it waits, in Jenkins' words.
    pub why: Option<String>,
}

/// The kinds of task, as far as they differ in what they tell of their label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// A `node` block of a pipeline run: exports no label.
    Pipeline,
    /// One combination of a matrix project, with the axis values of its name; exports no label.
    Matrix {
        /// The values, in the name's order.
        axis_values: Vec<String>,
    },
    /// A project whose `labelExpression` Jenkins exported (since 2.94): its text, or null.
    Project {
        /// The label expression as entered; `None` for a job that is not tied to a label.
        label: Option<String>,
    },
    /// Any other task, or a project of a Jenkins that does not export the label.
    Unknown,
}

/// The stages of a queue item (hudson/model/Queue.java).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// In its quiet period.
    Waiting,
    /// Something other than an executor is missing.
    Blocked,
    /// Waits for an executor.
    Buildable,
    /// Has an executor that has not yet started it.
    Pending,
}

/// One node of Jenkins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Its name (`displayName`; for the built-in node a translated word).
    pub name: NodeName,
    /// What sort of node it is.
    pub kind: NodeKind,
    /// Its labels, its own name among them; empty once the node is removed and only its builds are left.
    pub labels: BTreeSet<String>,
    /// Configured executors; 0 once the node is removed.
    pub executors: u32,
    /// Executors without work.
    pub idle_executors: u32,
    /// What Jenkins says of it: no work at all, one-off executors included. True for offline nodes, too.
    pub idle: bool,
    /// Whether it takes builds.
    pub presence: Presence,
    /// How many of its executors were busy lately, in millionths: a moving average of looks each ten seconds, a tenth
    /// of which is new each time (hudson/model/LoadStatistics.java). It rises while a build runs, and only then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busy_average: Option<u32>,
    /// The mark in its description, where mita made it (this installation or another one).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<Mark>,
}

/// Sorts of nodes, told apart by `_class`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeKind {
    /// The controller's own.
    BuiltIn,
    /// `hudson.slaves.SlaveComputer`: made by hand or over the API.
    Agent,
    /// Any other class: a cloud plugin made it and looks after it.
    CloudPlugin(String),
}

/// Whether a node takes builds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Connected and accepting.
    Online,
    /// No connection: never launched, launching, or lost.
    Disconnected,
    /// Marked temporarily offline, connected or not.
    SetOffline(OfflineCause),
}

/// Why a node is temporarily offline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfflineCause {
    /// `_class` of the cause, where Jenkins gave one.
    pub class: Option<String>,
    /// The reason's text; empty where Jenkins forgot it.
    pub reason: String,
}

/// One cloud behind a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cloud {
    /// Every server of the project, others' included.
    pub servers: Listing<Vec<Server>>,
    /// Answers to reads by id of remembered servers that the listing does not show.
    pub by_id: BTreeMap<ServerId, Lookup<Server>>,
    /// Every volume of the project; asked for only while servers may have left some behind.
    pub volumes: Option<Listing<Vec<Volume>>>,
    /// The floating IPs of the project that carry a mark; asked for only where servers get some.
    #[serde(default)]
    pub floating_ips: Option<Listing<Vec<FloatingIp>>>,
    /// What the project may still have; read only when there is something to order.
    pub quota: Option<Quota>,
}

/// The answer to a read of one thing by its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lookup<T> {
    /// It is there, whatever the listing says.
    Found(T),
    /// 404: there is no such thing.
    Gone,
    /// No answer to conclude from.
    Unavailable(String),
}

/// One server of a cloud.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// The cloud's id.
    pub id: ServerId,
    /// The server's name.
    pub name: String,
    /// The mark in its metadata, where it carries a whole one (of this or of another installation).
    pub mark: Option<Mark>,
    /// How far it has come.
    pub state: ServerState,
    /// When the cloud made it.
    pub created: Option<Timestamp>,
    /// Whether it ever ran.
    #[serde(default)]
    pub launch: Launch,
    /// All its addresses, fixed and floating.
    pub addresses: BTreeSet<IpAddr>,
    /// The cloud's text on what went wrong, where it gave one.
    pub fault: Option<String>,
}

impl Server {
    /// The address that Jenkins connects to: IPv4 before IPv6.
    pub fn address(&self) -> Option<IpAddr> {
        self.addresses.first().copied()
    }
}

/// Whether a server ever ran: before that, no agent of it can have registered itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Launch {
    /// The cloud does not tell.
    #[default]
    Unknown,
    /// It never did.
    Never,
    /// It did, or does.
    Launched,
}

/// `mita_owner`, `mita_node` and `mita_id` of a server's metadata; the same in the description of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The installation.
    pub owner: Owner,
    /// The node type.
    pub node_type: NodeTypeName,
    /// The order.
    pub id: MitaId,
}

/// What a server can be, in words that fit any cloud.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerState {
    /// Being built.
    Building,
    /// Runs.
    Active,
    /// The cloud gave it up.
    Error,
    /// Does not run and will not by itself: the cloud's word for it (`SHUTOFF`, `PAUSED`, ...).
    Stopped(String),
    /// A deletion is under way.
    Deleting,
    /// Deleted, and listed all the same (`DELETED`, `SOFT_DELETED`).
    Deleted,
    /// Any other state, known or unheard of: the cloud's word for it.
    Other(String),
}

/// What a project may have, and has. `None` is unlimited or unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    /// Servers that may still be made.
    pub instances: Option<u64>,
    /// Virtual CPUs that may still be used.
    pub cores: Option<u64>,
    /// Memory that may still be used, in MiB.
    pub ram_mib: Option<u64>,
    /// Volumes that may still be made.
    pub volumes: Option<u64>,
    /// Volume space that may still be used, in GiB.
    pub gigabytes: Option<u64>,
    /// What one server of a node type takes, where its size is known.
    pub sizes: BTreeMap<NodeTypeName, Size>,
}

/// What one server takes of a quota.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// Virtual CPUs.
    pub cores: u64,
    /// Memory in MiB.
    pub ram_mib: u64,
}

/// One volume of a cloud.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// The cloud's id.
    pub id: VolumeId,
    /// Its name: `<server id>-blank-vol` for one that Nova made with a server (nova/virt/block_device.py).
    pub name: String,
    /// The mark in its metadata, where it carries a whole one.
    pub mark: Option<Mark>,
    /// Whether anything uses it.
    pub state: VolumeState,
}

/// What a volume can be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VolumeState {
    /// Attached to nothing, and nothing is under way.
    Free,
    /// A deletion is under way.
    Deleting,
    /// A deletion was tried, and failed within the cloud.
    DeletionFailed,
    /// Attached, or on its way from or to a server, or unheard of: the cloud's word for it.
    InUse(String),
}

/// One floating IP of a cloud, with the mark of an installation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FloatingIp {
    /// The cloud's id.
    pub id: FloatingIpId,
    /// The address.
    pub address: Option<IpAddr>,
    /// Whose it is.
    pub mark: AddressMark,
    /// Whether it leads to anything.
    pub attached: bool,
}

/// The mark of a floating IP, which has no metadata: its description, `mita owner=OWNER id=ID server=SERVER`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressMark {
    /// The installation.
    pub owner: Owner,
    /// The order of the server.
    pub id: MitaId,
    /// The server that it was made for.
    pub server: ServerId,
}

impl std::fmt::Display for AddressMark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let AddressMark { owner, id, server } = self;
        write!(f, "mita owner={owner} id={id} server={server}")
    }
}

impl AddressMark {
    /// The mark that a description holds, where it is one to the letter.
    pub fn read(description: &str) -> Option<Self> {
        let (owner, rest) = description.strip_prefix("mita owner=")?.split_once(" id=")?;
        let (id, server) = rest.split_once(" server=")?;
        let plain = |text: &str| !text.is_empty() && !text.contains(char::is_whitespace);
        let mark = Self { owner: Owner::new(owner).ok()?, id: MitaId::from(id), server: ServerId::from(server) };
        (plain(id) && plain(server)).then_some(mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s2_the_mark_of_an_address_is_read_as_it_was_written_and_nothing_else_is_one() {
        let text =
            "mita owner=jenkins.example.com/ci id=20261121T233012Z-1 server=5c0d4a2e-8f5e-4a44-9a53-b1c1c1f0aa01";
        assert_eq!(AddressMark::read(text).map(|mark| mark.to_string()).as_deref(), Some(text));
        for other in [
            "",
            "mita",
            "mita owner=ci",
            "mita owner=ci id=1 server=",
            "mita owner= id=1 server=2",
            "mita owner=ci id=1 server=2 3",
            "a mita owner=ci id=1 server=2",
            "mita owner=c i id=1 server=2",
        ] {
            assert_eq!(AddressMark::read(other), None, "{other}");
        }
    }
}

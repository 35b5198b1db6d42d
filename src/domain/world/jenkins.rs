//! What was seen of the controller: its queue and its nodes.

use super::listing::Listing;
use super::mark::Mark;
use crate::domain::format::shortened;
use crate::domain::names::NodeName;
use crate::domain::small_set::SmallSet;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// How much of a name or of Jenkins' words people are shown, in characters.
const SHOWN: usize = 300;

/// The Jenkins controller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jenkins {
    /// `X-Jenkins-Session`: another one at each start of the controller. None where no answer carried it.
    pub session: Option<String>,
    /// Whether it shows the mark of a node without an agent, also where the node was renamed; an unknown version does not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shows_marks: bool,
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
    /// Items that Jenkins leaves out where it is asked for the labels of jobs, or why they wait, so that they were read without;
    /// none if this run did not ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out: Option<Vec<u64>>,
    /// Why that is not known, where this run asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out_unknown: Option<String>,
    /// Labels of blocks that only the page of their run showed; empty for a block without a label.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub shown_labels: BTreeMap<u64, String>,
    /// Items for which that page was read, whether it could be or not.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub pages_read: BTreeSet<u64>,
    /// What Jenkins' own clock showed as it gave the queue; none if it did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_at: Option<Timestamp>,
}

impl Queue {
    /// How long the item is in the queue by Jenkins' own clock, which also tells when it entered: whatever ours shows.
    pub fn age(&self, item: &QueueItem) -> Option<SignedDuration> {
        Some(self.read_at?.duration_since(item.in_queue_since?).max(SignedDuration::ZERO))
    }
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
    /// For a block of a pipeline, the path of its run.
    #[serde(skip)]
    pub run: Option<String>,
}

impl QueueItem {
    /// The job's name for people. Most jobs have names of files, and some tasks make up theirs.
    pub fn name(&self) -> Cow<'_, str> {
        shortened(&self.job, SHOWN)
    }

    /// What Jenkins says of why it waits, for people.
    pub fn said(&self) -> Cow<'_, str> {
        shortened(self.why.as_deref().unwrap_or("no reason given"), SHOWN)
    }
}

/// The kinds of task, as far as they differ in what they say about their label.
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
    /// A matrix project itself, which starts its combinations, a pipeline itself, or another task that needs a node and none of
    /// its executors.
    Flyweight {
        /// As of a project.
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
    pub labels: SmallSet<String>,
    /// Configured executors; 0 once the node is removed.
    pub executors: u32,
    /// Executors without work.
    pub idle_executors: u32,
    /// What Jenkins says of it: no work at all, one-off executors included. True for offline nodes, too.
    pub idle: bool,
    /// Whether it takes builds.
    pub presence: Presence,
    /// Whether an agent is connected, also to a node that is set offline. False where Jenkins does not tell: before 2.125,
    /// and without Agent/Connect.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub connected: bool,
    /// How many of its executors were busy lately, in millionths: a moving average of looks each ten seconds, a tenth
    /// of which is new each time (hudson/model/LoadStatistics.java). It rises while a build runs, and only then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busy_average: Option<u32>,
    /// The mark in its description, where mita made it (this installation or another one).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<Mark>,
    /// The mark in its description, where mita wrote that for a node of another name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copied_mark: Option<Box<Mark>>,
    /// Whether Jenkins does not say if it works, or if it is online: then it counts as one that works.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unclear: bool,
    /// The builds that run there, as far as this user may see them. Empty says nothing: `idle` does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub builds: Vec<Build>,
}

impl Node {
    /// Whether it was deleted in Jenkins, and only its builds are left.
    pub fn is_removed(&self) -> bool {
        self.executors == 0 && self.labels.is_empty()
    }
}

/// A build, or a part of one, that runs on a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Build {
    /// Its name as Jenkins shows it: `ceph-build #12`, `part of ceph-dev #3`.
    pub name: String,
    /// The full name of its job (`folder/job`), if its address shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// Its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// The queue item that it was; Jenkins does not say it of a part of a pipeline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_id: Option<u64>,
    /// Its page in Jenkins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// When it began; for a part of a pipeline, when the pipeline began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub since: Option<Timestamp>,
}

/// Sorts of nodes, distinguished by `_class`.
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

impl Node {
    /// Whether an agent is connected to it, as far as Jenkins tells.
    pub fn has_agent(&self) -> bool {
        match self.presence {
            Presence::Online => true,
            Presence::SetOffline(_) => self.connected,
            Presence::Disconnected | Presence::DisconnectedBy(_) => false,
        }
    }
}

/// Whether a node takes builds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Connected and accepting.
    Online,
    /// No connection: never launched, launching, or lost.
    Disconnected,
    /// No connection, since a user cut it.
    DisconnectedBy(OfflineCause),
    /// Marked temporarily offline, connected or not.
    SetOffline(OfflineCause),
}

/// Why a node is offline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfflineCause {
    /// `_class` of the cause, where Jenkins gave one.
    pub class: Option<String>,
    /// The reason's text; empty where Jenkins forgot it.
    pub reason: String,
    /// The user who did it, where Jenkins says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Since when, where Jenkins says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

impl OfflineCause {
    /// Whether a user is the cause: hudson.slaves.OfflineCause$UserCause, and $ByCLI of older releases.
    pub fn is_user(&self) -> bool {
        let class = self.class.as_deref().unwrap_or_default();
        class.ends_with("OfflineCause$UserCause") || class.ends_with("OfflineCause$ByCLI")
    }
}

impl Presence {
    /// Why the node is offline, where somebody or something marked or disconnected it.
    pub fn cause(&self) -> Option<&OfflineCause> {
        match self {
            Presence::SetOffline(cause) | Presence::DisconnectedBy(cause) => Some(cause),
            Presence::Online | Presence::Disconnected => None,
        }
    }
}

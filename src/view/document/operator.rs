//! What came of `mita hold`, `mita release` or `mita retire`: its JSON document and its text.

use crate::domain::names::{NodeName, Owner, ServerId};
use crate::domain::subject::Subject;
use crate::operator::{Answer, Ended, Request};
use crate::record::clean;
use crate::view::document::{Time, VERSION};
use crate::view::text::{closest, similar};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// What came of a person's command for one node.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "mita hold, release and retire --output json")]
pub(crate) struct OperatorDocument<'a> {
    #[schemars(extend("const" = VERSION))]
    version: u32,
    owner: &'a Owner,
    now: Time,
    command: Command,
    node: NodeName,
    /// The server that the node is.
    server_id: Option<&'a ServerId>,
    outcome: Outcome,
    reason: String,
    /// Similar names, if Jenkins has no node of this name.
    near: Vec<String>,
}

/// The command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Command {
    Hold,
    Release,
    Retire,
}

/// How the command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Done,
    /// There was nothing to do.
    AlreadyDone,
    /// The next runs do it.
    Remembered,
    /// It would not be right, or not safe.
    Refused,
    /// A service did not do it.
    Failed,
    NoSuchNode,
}

impl<'a> OperatorDocument<'a> {
    pub(crate) fn of(owner: &'a Owner, now: Timestamp, named: &str, request: &Request, answer: &'a Answer) -> Self {
        let Answer { ended, node, server_id, reason } = answer;
        let node = node.clone().unwrap_or_else(|| Subject::read(named).name.into());
        let command = match request {
            Request::Hold { .. } => Command::Hold,
            Request::Release => Command::Release,
            Request::Retire { .. } | Request::EndBuild(_) => Command::Retire,
        };
        let (outcome, near) = match ended {
            Ended::Done => (Outcome::Done, Vec::new()),
            Ended::AlreadySo => (Outcome::AlreadyDone, Vec::new()),
            Ended::Remembered => (Outcome::Remembered, Vec::new()),
            Ended::Refused | Ended::Asks(_) => (Outcome::Refused, Vec::new()),
            Ended::Failed => (Outcome::Failed, Vec::new()),
            Ended::NoSuchNode(known) => {
                (Outcome::NoSuchNode, closest(&known.iter().map(NodeName::as_str).collect(), node.as_str()))
            }
        };
        OperatorDocument {
            version: VERSION,
            owner,
            now: Time(now),
            command,
            node,
            server_id: server_id.as_ref(),
            outcome,
            reason: clean::text(reason),
            near,
        }
    }

    /// The outcome in a sentence.
    pub(crate) fn sentence(&self) -> String {
        let command = match self.command {
            Command::Hold => "hold",
            Command::Release => "release",
            Command::Retire => "retire",
        };
        let near = match self.outcome {
            Outcome::NoSuchNode if self.near.is_empty() => "; `mita status servers` lists the nodes".to_owned(),
            _ => similar(&self.near),
        };
        format!("{command} {}: {}{near}", self.node, self.reason)
    }
}

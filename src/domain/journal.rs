//! The entries of the journal: what was done, and what happened to servers, nodes and jobs.
//!
//! For people alone: no decision is made by it. [`crate::journal`] says what a run adds, [`crate::store`] keeps the file.
//! Each entry is one line of JSON. Keys are never renamed; new ones are optional.

use crate::domain::format::{is_control, shortened};
use crate::domain::names::{MitaId, NodeName, NodeTypeName, ProviderName, ServerId};
use crate::domain::rule::Rule;
use crate::domain::world::Build;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A longer text from outside is cut.
const LONGEST_TEXT: usize = 600;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    /// When it happened, as far as Jenkins shows it; else when a run did or saw it. In whole seconds.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
    /// The number of the run; absent for a person's command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<u64>,
    /// The node type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_type: Option<NodeTypeName>,
    /// The provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<ProviderName>,
    /// The order of the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<MitaId>,
    /// The cloud's id of the server, a volume or a floating IP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_id: Option<ServerId>,
    /// The node in Jenkins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeName>,
    /// The volume or floating IP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The rule that decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Rule>,
    /// Why, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The person who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The jobs that the server was ordered for, or the job that was started. For `first_build` without a build: the job
    /// that probably ran there, and was over when the run looked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jobs: Vec<JobEntry>,
    /// The build that was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<Build>,
    /// For `online`: seconds since the order. For `first_build`: seconds since the node was online, if an earlier run saw it
    /// online.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_seconds: Option<i64>,
    /// What the server did in its life; with `removed` and `vanished`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub life: Option<Life>,
    /// Until when; with `paused`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub until: Option<Timestamp>,
}

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A server is ordered. Written before the order is sent.
    Ordered,
    /// The cloud created the server.
    Created,
    /// The order was refused, failed, was given up, or has no known outcome.
    OrderFailed,
    /// The node of the server was online for the first time.
    Online,
    /// A build was seen on the server for the first time.
    FirstBuild,
    /// The server failed to be built or to join.
    Failed,
    /// A node was set offline so that no further build starts there.
    Drained,
    /// A node was brought back online.
    Restored,
    /// The server was deleted, with its node if it had one.
    Removed,
    /// The server is gone, and mita did not delete it.
    Vanished,
    /// The node of a server that is gone was deleted.
    NodeRemoved,
    /// A volume of a server that is gone was deleted.
    VolumeRemoved,
    /// A floating IP of a server that is gone was released.
    FloatingIpReleased,
    /// An action was refused, failed, or was stopped because something changed.
    NotDone,
    /// A person holds the node.
    Held,
    /// The person's hold is over.
    Released,
    /// A person asked for the retirement of the node.
    Asked,
    /// A person paused orders and removals.
    Paused,
    /// Orders and removals go on.
    Resumed,
    /// A job that had waited for an executor was seen running.
    Started,
    /// A job that had waited left the queue, and was not seen running.
    LeftQueue,
}

impl Event {
    /// Its name in documents and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Event::Ordered => "ordered",
            Event::Created => "created",
            Event::OrderFailed => "order_failed",
            Event::Online => "online",
            Event::FirstBuild => "first_build",
            Event::Failed => "failed",
            Event::Drained => "drained",
            Event::Restored => "restored",
            Event::Removed => "removed",
            Event::Vanished => "vanished",
            Event::NodeRemoved => "node_removed",
            Event::VolumeRemoved => "volume_removed",
            Event::FloatingIpReleased => "floating_ip_released",
            Event::NotDone => "not_done",
            Event::Held => "held",
            Event::Released => "released",
            Event::Asked => "asked",
            Event::Paused => "paused",
            Event::Resumed => "resumed",
            Event::Started => "started",
            Event::LeftQueue => "left_queue",
        }
    }
}

/// A job in an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JobEntry {
    /// Its queue item.
    pub queue_id: u64,
    /// Its full name.
    pub job: String,
    /// What it needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<String>,
    /// How long it has waited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waited_seconds: Option<i64>,
}

/// What a server did in its life, as far as runs saw it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Life {
    /// From the order on.
    pub age_seconds: i64,
    /// From the first time online on.
    pub online_seconds: i64,
    /// While a build was seen to run there; zero with builds if that is not known.
    pub busy_seconds: i64,
    /// Builds that were seen to begin there.
    pub builds: u32,
}

impl Entry {
    /// An entry about nothing yet.
    pub fn new(at: Timestamp, event: Event) -> Self {
        Self {
            at: whole_seconds(at),
            event,
            run: None,
            node_type: None,
            provider: None,
            order: None,
            server_id: None,
            node: None,
            resource: None,
            rule: None,
            reason: None,
            by: None,
            jobs: Vec::new(),
            build: None,
            after_seconds: None,
            life: None,
            until: None,
        }
    }

    /// With the rule and the reason.
    #[must_use]
    pub fn because(self, rule: Rule, reason: &str) -> Self {
        Self { rule: Some(rule), ..self.saying(reason) }
    }

    /// With a reason alone.
    #[must_use]
    pub fn saying(self, reason: &str) -> Self {
        // A person's words may hold anything.
        let reason: String = reason.split_whitespace().collect::<Vec<_>>().join(" ");
        let reason = reason.replace(is_control, "");
        Self { reason: (!reason.is_empty()).then(|| short(&reason)), ..self }
    }
}

impl JobEntry {
    /// A job in an entry; long names are cut.
    pub fn new(queue_id: u64, job: &str, needs: Option<&str>, waited: Option<SignedDuration>) -> Self {
        let waited_seconds = waited.map(|waited| waited.as_secs().max(0));
        Self { queue_id, job: short(job), needs: needs.map(short), waited_seconds }
    }
}

/// The time without the fraction of its second.
fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

/// The text, cut if it is too long for the journal.
pub fn short(text: &str) -> String {
    shortened(text, LONGEST_TEXT).into_owned()
}

/// What tells a build from others: its page, or else its name, cut if it is too long.
pub fn page_or_name(build: &Build) -> Cow<'_, str> {
    shortened(build.url.as_ref().unwrap_or(&build.name), LONGEST_TEXT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_one_short_line_that_reads_back_as_it_was() {
        let at = "2026-11-28T03:12:10.987Z".parse().unwrap();
        let entry = Entry { node: Some("ubuntu+10.0.0.5".into()), run: Some(7), ..Entry::new(at, Event::Removed) };
        let entry = entry.because(Rule::Idle, "idle 42m, grace 40m");
        let line = serde_json::to_string(&entry).unwrap();
        assert_eq!(
            line,
            r#"{"at":"2026-11-28T03:12:10Z","event":"removed","run":7,"node":"ubuntu+10.0.0.5","rule":"idle","reason":"idle 42m, grace 40m"}"#
        );
        assert_eq!(serde_json::from_str::<Entry>(&line).unwrap(), entry);
    }

    #[test]
    fn a_reason_is_one_line_without_characters_that_control_a_terminal() {
        let said = |reason| Entry::new(Timestamp::UNIX_EPOCH, Event::Held).saying(reason).reason;
        assert_eq!(said(" a\tb\n\u{1b}[31mred\u{202e} "), Some("a b [31mred".to_owned()));
        assert_eq!(said("\u{7}"), None);
    }

    #[test]
    fn keys_of_a_newer_version_are_ignored() {
        let line = r#"{"at":"2026-11-28T03:12:10Z","event":"held","mood":"bad"}"#;
        assert_eq!(serde_json::from_str::<Entry>(line).unwrap().event, Event::Held);
    }

    #[test]
    fn long_texts_from_outside_are_cut_between_characters() {
        let cut = short(&"é".repeat(10_000));
        assert_eq!(cut, format!("{}... (10000 characters)", "é".repeat(LONGEST_TEXT)));
        assert_eq!(short("short"), "short");
    }
}

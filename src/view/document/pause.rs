//! What came of `mita pause` or `mita resume`: its JSON document and its text.

use crate::domain::names::{NodeTypeName, Owner, ProviderName};
use crate::domain::state::Pause;
use crate::operator::{PauseAnswer, PauseRequest};
use crate::record::clean;
use crate::view::document::{Time, VERSION};
use crate::view::text::one_line;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// What came of a person's pause.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "mita pause and resume --output json")]
pub(crate) struct PauseDocument {
    #[schemars(extend("const" = VERSION))]
    version: u32,
    owner: Owner,
    now: Time,
    command: Command,
    /// The pauses that began or ended.
    changed: Vec<PauseStatus>,
    /// All pauses that there are now.
    pauses: Vec<PauseStatus>,
    /// What the pause replaces.
    #[serde(skip)]
    #[schemars(skip)]
    replaced: Option<PauseStatus>,
}

/// The command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Command {
    Pause,
    Resume,
}

/// A person's pause of orders and removals.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OperatorPause")]
pub(crate) struct PauseStatus {
    /// Of this node type only; null for all.
    pub(crate) node_type: Option<NodeTypeName>,
    /// At this provider only; null for all.
    pub(crate) provider: Option<ProviderName>,
    pub(crate) since: Time,
    /// Null if it lasts until `mita resume`.
    pub(crate) until: Option<Time>,
    pub(crate) by: String,
    pub(crate) reason: Option<String>,
    /// What is paused, in words.
    #[serde(skip)]
    pub(crate) scope: String,
    /// By whom, until when and why, in words.
    #[serde(skip)]
    pub(crate) words: String,
    /// The command that ends it.
    #[serde(skip)]
    resuming: String,
}

impl PauseStatus {
    fn is_of_everything(&self) -> bool {
        self.node_type.is_none() && self.provider.is_none()
    }

    pub(crate) fn of(pause: &Pause) -> Self {
        let Pause { node_type, provider, since, until, by, reason } = pause;
        PauseStatus {
            node_type: node_type.clone(),
            provider: provider.clone(),
            since: Time(*since),
            until: until.map(Time),
            by: clean::text(by),
            reason: reason.as_deref().map(clean::text),
            scope: pause.scope(),
            words: clean::text(&one_line(&pause.to_string())),
            resuming: pause.resuming(),
        }
    }
}

impl PauseDocument {
    pub(crate) fn of(owner: &Owner, now: Timestamp, request: &PauseRequest, answer: &PauseAnswer) -> Self {
        let command = match request {
            PauseRequest::Pause { .. } => Command::Pause,
            PauseRequest::Resume => Command::Resume,
        };
        let all = |pauses: &[Pause]| pauses.iter().map(PauseStatus::of).collect();
        let (changed, pauses) = (all(&answer.changed), all(&answer.pauses));
        let replaced = answer.replaced.as_ref().map(PauseStatus::of);
        PauseDocument { version: VERSION, owner: owner.clone(), now: Time(now), command, changed, pauses, replaced }
    }

    /// The outcome, a line for each pause.
    pub(crate) fn render(&self) -> String {
        let mut text = String::new();
        let is_resumed = self.command == Command::Resume;
        let is_all_paused = self.pauses.iter().any(PauseStatus::is_of_everything);
        for PauseStatus { scope, words, by, reason, .. } in &self.changed {
            let why = reason.as_deref().map_or_else(String::new, |reason| format!(": {}", one_line(reason)));
            text.push_str(&match self.command {
                Command::Pause => {
                    format!(
                        "{scope} is {words}; nothing is ordered or removed there, and what is half done is finished\n"
                    )
                }
                Command::Resume if is_all_paused => format!("the pause of {scope} is ended\n"),
                Command::Resume => format!("{scope} goes on; that ends the pause of {by}{why}\n"),
            });
        }
        if let Some(PauseStatus { scope, words, .. }) = &self.replaced {
            text.push_str(&format!("that replaces an earlier pause: {scope} was {words}\n"));
        }
        if self.pauses.is_empty() && self.changed.is_empty() {
            text.push_str("nothing is paused\n");
        } else if self.changed.is_empty() {
            text.push_str("nothing has changed: that is not paused by itself\n");
        }
        let others = self.pauses.iter().filter(|pause| self.changed.iter().all(|changed| changed.scope != pause.scope));
        text.extend(others.map(|pause| {
            let PauseStatus { scope, words, until, resuming, .. } = pause;
            let end = if is_resumed && until.is_some() { format!("; {resuming} ends that") } else { String::new() };
            format!("{scope} is {words}{end}\n")
        }));
        text
    }
}

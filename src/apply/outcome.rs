//! How an action ended.

use crate::domain::names::{ProviderName, ServerId};
use crate::domain::world::Lookup;
use crate::jenkins::{ErrorKind, JenkinsError};
use crate::provider::{Deletion, Failure, FailureKind};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::mpsc::SyncSender;

/// How an action ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Done.
    Done,
    /// There was nothing left to do.
    AlreadyDone,
    /// What the plan was based on has changed.
    Skipped,
    /// The service said no.
    Refused,
    /// The request was sent, and no answer shows whether it was carried out.
    Unknown,
    /// Not done.
    Failed,
}

impl Outcome {
    /// Its name in documents.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::AlreadyDone => "already_done",
            Outcome::Skipped => "skipped",
            Outcome::Refused => "refused",
            Outcome::Unknown => "unknown",
            Outcome::Failed => "failed",
        }
    }

    /// Whether the run ends with exit status 1 because of it.
    pub fn is_failure(self) -> bool {
        match self {
            Outcome::Done | Outcome::AlreadyDone | Outcome::Skipped => false,
            Outcome::Refused | Outcome::Unknown | Outcome::Failed => true,
        }
    }
}

/// The result of one action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ActionResult {
    /// The action's index in the plan.
    pub action: usize,
    /// How it ended.
    pub outcome: Outcome,
    /// The server that it created or was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_id: Option<ServerId>,
    /// What happened and what to do, where it did not go as planned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl ActionResult {
    pub(super) fn new(action: usize, server_id: Option<ServerId>, result: Result<Outcome>) -> Self {
        let (outcome, error) = match result {
            Ok(outcome) => (outcome, None),
            Err(NotDone { outcome, reason }) => (outcome, Some(reason)),
        };
        Self { action, outcome, server_id, error }
    }
}

/// The results of a plan.
#[derive(Clone, Debug, Default)]
pub struct Results {
    /// One for each action, in the plan's order.
    pub actions: Vec<ActionResult>,
    /// Providers that accept no further orders in this run.
    pub closed_providers: BTreeSet<ProviderName>,
    /// Whether an order was refused, so that another provider or type may get its jobs.
    pub orders_refused: bool,
    /// Who waits for the next save.
    pub(super) to_acknowledge: Vec<SyncSender<bool>>,
}

/// Of an action: [`Outcome::Done`] or [`Outcome::AlreadyDone`], or why neither.
pub(super) type Result<T, E = NotDone> = std::result::Result<T, E>;

/// Why an action was not done, or is not known to be done.
#[derive(Debug)]
pub(super) struct NotDone {
    pub(super) outcome: Outcome,
    /// What happened and what to do.
    pub(super) reason: String,
}

impl NotDone {
    pub(super) fn new(outcome: Outcome, reason: impl Into<String>) -> Self {
        Self { outcome, reason: reason.into() }
    }

    pub(super) fn failed(reason: impl Into<String>) -> Self {
        Self::new(Outcome::Failed, reason)
    }

    pub(super) fn skipped(reason: impl Into<String>) -> Self {
        Self::new(Outcome::Skipped, reason)
    }

    /// The same, with what else went wrong.
    pub(super) fn and(self, more: Option<String>) -> Self {
        match more {
            Some(more) => Self { reason: format!("{}; {more}", self.reason), ..self },
            None => self,
        }
    }
}

impl From<Failure> for NotDone {
    fn from(Failure { kind, message, .. }: Failure) -> Self {
        let outcome = match kind {
            FailureKind::Quota
            | FailureKind::Wrong
            | FailureKind::Denied
            | FailureKind::Conflict
            | FailureKind::Locked => Outcome::Refused,
            FailureKind::RateLimited | FailureKind::Unavailable => Outcome::Failed,
            FailureKind::UnknownOutcome => Outcome::Unknown,
        };
        Self::new(outcome, message)
    }
}

impl From<JenkinsError> for NotDone {
    fn from(error: JenkinsError) -> Self {
        let outcome = match error.kind {
            _ if error.outcome_is_unknown() => Outcome::Unknown,
            ErrorKind::Unauthorized | ErrorKind::Forbidden { .. } | ErrorKind::Refused { .. } => Outcome::Refused,
            _ => Outcome::Failed,
        };
        Self::new(outcome, error.to_string())
    }
}

/// What a deletion in a cloud means for its action.
pub(super) fn deleted(deletion: Result<Deletion, Failure>) -> Result<Outcome> {
    match deletion? {
        Deletion::Accepted => Ok(Outcome::Done),
        Deletion::AlreadyGone => Ok(Outcome::AlreadyDone),
    }
}

/// What a cloud showed of one thing; none where that is gone.
pub(super) fn found<T>(lookup: Lookup<T>) -> Result<Option<T>> {
    match lookup {
        Lookup::Found(found) => Ok(Some(found)),
        Lookup::Gone => Ok(None),
        Lookup::Unavailable(reason) => Err(NotDone::failed(reason)),
    }
}

//! Queue items, and what each waits for.

use crate::domain::rule::Rule;
use crate::domain::world::Stage;
use crate::record::clean;
use crate::view::overview::{ItemView, Overview};
use schemars::JsonSchema;
use serde::Serialize;

/// A queue item.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "QueueItem")]
pub(crate) struct JobStatus {
    pub(crate) queue_id: u64,
    pub(crate) job: String,
    pub(crate) stage: Stage,
    /// Whether it waits for an executor.
    pub(crate) waits: bool,
    pub(crate) waited_seconds: Option<i64>,
    /// What it needs, in words; null if that is not known.
    pub(crate) needs: Option<String>,
    pub(crate) rule: Rule,
    pub(crate) reason: String,
    /// Whether the rule says what the next run would do.
    #[serde(skip)]
    #[schemars(skip)]
    is_predicted: bool,
}

impl JobStatus {
    /// What it waits for, in a few words.
    pub(super) fn cause(&self) -> &'static str {
        match self.rule {
            Rule::Limit => "max or max_servers is reached",
            Rule::Quota => "the quota of a cloud is used up",
            Rule::Budget => "a budget is used up",
            Rule::TooManyNeeds => "too many different needs wait at once",
            Rule::BreakerOpen => "orders pause after failures or too many requests",
            Rule::Paused => "a person paused orders",
            Rule::NoNodeType => "no node type has the labels",
            Rule::UnknownNeed => "Jenkins does not say what is needed",
            Rule::InVain => "idle nodes are refused",
            Rule::OnItsWay | Rule::WantedAgain => "a server is on its way",
            Rule::Demand | Rule::Scout if self.is_predicted => "the next run would order a server",
            Rule::Demand | Rule::Scout => "a server is ordered",
            Rule::IdleExecutor => "an executor is free",
            Rule::TooYoung => "waits for less than stuck_after",
            Rule::QuietingDown => "Jenkins is about to shut down",
            Rule::Settling => "Jenkins was restarted, or the state was lost",
            _ => "something could not be read",
        }
    }

    /// The reason without what is needed, which has a place of its own.
    pub(crate) fn short_reason(&self) -> &str {
        let needs = self.needs.as_ref().map(|needs| format!("needs {needs}: "));
        needs.and_then(|needs| self.reason.strip_prefix(&needs)).unwrap_or(&self.reason)
    }

    /// Whether it waits for something that mita does not give it now.
    pub(crate) fn is_stuck(&self) -> bool {
        matches!(
            self.rule,
            Rule::Limit
                | Rule::Quota
                | Rule::Budget
                | Rule::TooManyNeeds
                | Rule::BreakerOpen
                | Rule::Paused
                | Rule::InVain
                | Rule::NoNodeType
                | Rule::UnknownNeed
        )
    }

    pub(super) fn of(overview: &Overview<'_>, view: &ItemView<'_>) -> Self {
        JobStatus {
            queue_id: view.item.id,
            job: view.item.job.clone(),
            stage: view.item.stage,
            waits: view.waits(),
            waited_seconds: overview.in_queue_for(view.item).map(|waited| waited.as_secs()),
            needs: view.need().map(|need| format!("{need:#}")),
            is_predicted: overview.predicts(),
            rule: view.verdict.rule,
            reason: clean::text(&overview.reason(view.verdict)),
        }
    }
}

//! What runs did: totals that only grow, and one sample for each minute of the last day.
//!
//! Only the metrics and the status page read it. No decision depends on it, so it may be lost at any time. It knows no
//! file and no clock: [`crate::store`] keeps it in a file beside the state, for installations that want metrics or a
//! page.

use crate::domain::names::{NodeTypeName, Owner};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the file that this program writes.
pub const VERSION: u32 = 1;

/// How far back samples reach.
pub const SPAN: SignedDuration = SignedDuration::from_hours(24);

/// One for each minute of [`SPAN`], and the one of this minute.
const MOST_SAMPLES: usize = 24 * 60 + 1;

/// Everything that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// [`VERSION`] of the program that wrote it.
    pub version: u32,
    /// The installation that it belongs to.
    pub owner: Owner,
    /// When the last run ended in which all was as wanted, or was done.
    #[serde(default)]
    pub last_success: Option<Timestamp>,
    /// Sums over all runs.
    #[serde(default)]
    pub totals: Totals,
    /// The last day, the oldest first.
    #[serde(default)]
    pub samples: Vec<Sample>,
}

/// Sums over all runs since the history began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Totals {
    /// Runs by their exit status.
    pub runs: BTreeMap<u8, u64>,
    /// Actions by kind, rule and outcome.
    pub actions: BTreeMap<String, BTreeMap<String, BTreeMap<String, u64>>>,
    /// What was sent, by service.
    pub sent: BTreeMap<String, Sent>,
    /// Servers that came online in Jenkins, by node type.
    pub joined: BTreeMap<NodeTypeName, Joined>,
}

/// What was sent to one service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// Requests.
    pub requests: u64,
    /// Those without a whole answer, or with one that says no.
    pub errors: u64,
}

/// Servers of a node type that came online in Jenkins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {
    /// How many.
    pub servers: u64,
    /// How long it took from their orders, together.
    pub seconds: u64,
}

/// One minute.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sample {
    /// When its last run was.
    pub at: Timestamp,
    /// Exit status of that run.
    pub exit: u8,
    /// Jobs that waited for an executor; none where the queue could not be read.
    pub waiting: Option<u32>,
    /// How long the oldest of them had waited, in seconds.
    pub oldest: u32,
    /// Servers by node type.
    pub servers: BTreeMap<NodeTypeName, Servers>,
    /// Servers that were ordered.
    pub ordered: u32,
    /// Servers, nodes and volumes that were removed.
    pub removed: u32,
    /// Actions that failed.
    pub failed: u32,
    /// Requests without a whole answer, or with one that says no.
    pub errors: u32,
    /// How long the run took, in milliseconds.
    pub took: u32,
}

/// Servers of one node type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Servers {
    /// Ordered, being built, or not yet online.
    pub coming: u32,
    /// Online and idle.
    pub idle: u32,
    /// At work.
    pub busy: u32,
    /// Anything else: held, away, on their way out.
    pub other: u32,
}

impl Servers {
    /// All of them.
    pub fn total(self) -> u32 {
        self.coming.saturating_add(self.idle).saturating_add(self.busy).saturating_add(self.other)
    }
}

/// What one run adds.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// Its minute.
    pub sample: Sample,
    /// Each action that it tried: kind, rule, outcome.
    pub actions: Vec<(&'static str, &'static str, &'static str)>,
    /// What it sent, by service.
    pub sent: BTreeMap<String, Sent>,
    /// Servers that it was the first to see online: their type, and how long that took.
    pub joined: Vec<(NodeTypeName, SignedDuration)>,
}

impl History {
    /// The history of an installation of which nothing is known.
    pub fn new(owner: Owner) -> Self {
        Self { version: VERSION, owner, last_success: None, totals: Totals::default(), samples: Vec::new() }
    }

    /// Adds a run. Runs of the same minute share a sample; after a clock that was ahead, what it dated is forgotten.
    pub fn add(&mut self, run: Run) {
        let Run { mut sample, actions, sent, joined } = run;
        let now = sample.at;
        let totals = &mut self.totals;
        count(totals.runs.entry(sample.exit).or_default(), 1);
        for (kind, rule, outcome) in actions {
            let outcomes = totals.actions.entry(kind.to_owned()).or_default().entry(rule.to_owned()).or_default();
            count(outcomes.entry(outcome.to_owned()).or_default(), 1);
        }
        for (service, Sent { requests, errors }) in sent {
            let total = totals.sent.entry(service).or_default();
            count(&mut total.requests, requests);
            count(&mut total.errors, errors);
        }
        for (node_type, took) in joined {
            let total = totals.joined.entry(node_type).or_default();
            count(&mut total.servers, 1);
            count(&mut total.seconds, u64::try_from(took.as_secs()).unwrap_or(0));
        }
        if sample.exit == 0 {
            self.last_success = Some(now);
        }
        self.samples.retain(|known| known.at <= now && now.duration_since(known.at) < SPAN);
        if let Some(last) = self.samples.pop_if(|last| minute(last.at) == minute(now)) {
            sample.ordered = sample.ordered.saturating_add(last.ordered);
            sample.removed = sample.removed.saturating_add(last.removed);
            sample.failed = sample.failed.saturating_add(last.failed);
            sample.errors = sample.errors.saturating_add(last.errors);
        }
        self.samples.push(sample);
        let too_many = self.samples.len().saturating_sub(MOST_SAMPLES);
        self.samples.drain(..too_many);
    }
}

fn minute(time: Timestamp) -> i64 {
    time.as_second().div_euclid(60)
}

/// A damaged file may hold any number, and must not end a run.
fn count(total: &mut u64, more: u64) {
    *total = total.saturating_add(more);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn run(second: i64, ordered: u32) -> Run {
        Run { sample: Sample { at: at(second), ordered, ..Sample::default() }, ..Run::default() }
    }

    fn history() -> History {
        History::new(Owner::new("ceph-ci").unwrap())
    }

    #[test]
    fn a_day_of_samples_is_kept_and_no_more_however_often_mita_runs() {
        let mut history = history();
        for second in (0..3 * 24 * 3600).step_by(20) {
            history.add(run(second, 1));
        }
        assert!((1440..=1441).contains(&history.samples.len()), "{}", history.samples.len());
        assert!(history.samples.iter().skip(1).all(|sample| sample.ordered == 3), "three runs share a minute");
        assert_eq!(history.totals.runs, BTreeMap::from([(0, 3 * 24 * 180)]));
    }

    #[test]
    fn what_a_clock_that_was_ahead_dated_is_forgotten() {
        let mut history = history();
        history.add(run(1_000_000, 1));
        history.add(run(2_000, 0));
        assert_eq!(history.samples.iter().map(|sample| sample.at).collect::<Vec<_>>(), [at(2_000)]);
    }

    #[test]
    fn totals_grow_by_each_action_and_never_beyond_what_a_number_holds() {
        let mut history = history();
        history.totals.runs.insert(1, u64::MAX);
        let mut failed = run(60, 0);
        failed.sample.exit = 1;
        failed.actions = vec![("create_server", "demand", "done"), ("create_server", "demand", "done")];
        failed.sent.insert("jenkins".to_owned(), Sent { requests: 3, errors: 1 });
        failed.joined.push(("ubuntu".into(), SignedDuration::from_secs(90)));
        history.add(failed.clone());
        history.add(failed);
        let totals = &history.totals;
        assert_eq!(totals.runs[&1], u64::MAX);
        assert_eq!(totals.actions["create_server"]["demand"]["done"], 4);
        assert_eq!(totals.sent["jenkins"], Sent { requests: 6, errors: 2 });
        assert_eq!(totals.joined[&NodeTypeName::from("ubuntu")], Joined { servers: 2, seconds: 180 });
        assert_eq!(history.last_success, None, "no run has succeeded");
    }
}

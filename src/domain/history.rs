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

/// At most this much of the time between two runs counts as time of servers.
const LONGEST_GAP: SignedDuration = SignedDuration::from_mins(10);

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
    /// How long servers took from their order until they were online in Jenkins, by node type.
    pub joined: BTreeMap<NodeTypeName, Durations>,
    /// How long jobs waited that a run had seen waiting, until they left the queue.
    pub waited: Durations,
    /// Entries of the journal, by event.
    pub events: BTreeMap<String, u64>,
    /// Time of servers, by node type and what they did, in seconds.
    pub server_seconds: BTreeMap<NodeTypeName, BTreeMap<String, u64>>,
}

/// What was sent to one service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// Requests.
    pub requests: u64,
    /// Those without a whole answer, or with one that says no.
    pub errors: u64,
}

/// The upper bounds of the buckets of [`Durations`], in seconds.
pub const BOUNDS: [u64; 10] = [10, 30, 60, 120, 180, 300, 600, 1200, 1800, 3600];

/// Durations that were observed: how many, how long together, and how many up to each bound.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Durations {
    /// How many.
    #[serde(rename = "servers")]
    pub number: u64,
    /// How long they took together.
    pub seconds: u64,
    /// How many took no longer than each of [`BOUNDS`]; none in a file of a version of mita that did not count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub up_to: Vec<u64>,
}

impl Durations {
    fn add(&mut self, took: SignedDuration) {
        let took = u64::try_from(took.as_secs()).unwrap_or(0);
        count(&mut self.number, 1);
        count(&mut self.seconds, took);
        self.up_to.resize(BOUNDS.len(), 0);
        let reached = self.up_to.iter_mut().zip(BOUNDS).filter(|(_, bound)| took <= *bound);
        reached.for_each(|(number, _)| count(number, 1));
    }
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
    /// How many should have been busy or ready: those at work, and the idle ones wanted at hand. None in a file of a version
    /// of mita that did not note it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted: Option<u32>,
}

impl Servers {
    /// Their numbers by what they do.
    pub fn parts(self) -> [(&'static str, u32); 4] {
        [("on_its_way", self.coming), ("idle", self.idle), ("busy", self.busy), ("other", self.other)]
    }

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
    /// How long jobs waited that left the queue.
    pub waited: Vec<SignedDuration>,
    /// New entries of the journal.
    pub events: Vec<&'static str>,
}

impl History {
    /// The history of an installation of which nothing is known.
    pub fn new(owner: Owner) -> Self {
        Self { version: VERSION, owner, last_success: None, totals: Totals::default(), samples: Vec::new() }
    }

    /// Adds a run. Runs of the same minute share a sample; after a clock that was ahead, what it dated is forgotten.
    pub fn add(&mut self, run: Run) {
        let Run { mut sample, actions, sent, joined, waited, events } = run;
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
            totals.joined.entry(node_type).or_default().add(took);
        }
        waited.into_iter().for_each(|waited| totals.waited.add(waited));
        for event in events {
            count(totals.events.entry(event.to_owned()).or_default(), 1);
        }
        if let Some(last) = self.samples.last() {
            let gap = now.duration_since(last.at).clamp(SignedDuration::ZERO, LONGEST_GAP);
            let gap = u64::try_from(gap.as_secs()).unwrap_or(0);
            for (node_type, servers) in &sample.servers {
                let seconds = totals.server_seconds.entry(node_type.clone()).or_default();
                for (phase, number) in servers.parts() {
                    count(seconds.entry(phase.to_owned()).or_default(), gap.saturating_mul(number.into()));
                }
            }
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
    fn time_of_servers_is_counted_from_run_to_run_and_not_over_a_long_silence() {
        let mut history = history();
        for second in [0, 60, 120, 100_000] {
            let mut run = run(second, 0);
            run.sample.servers.insert("ubuntu".into(), Servers { busy: 2, idle: 1, ..Servers::default() });
            history.add(run);
        }
        let seconds = &history.totals.server_seconds[&NodeTypeName::from("ubuntu")];
        assert_eq!((seconds["busy"], seconds["idle"], seconds["other"]), (2 * 720, 720, 0));
    }

    #[test]
    fn durations_of_an_earlier_version_are_read() {
        let known: Durations = serde_json::from_str(r#"{"servers":3,"seconds":90}"#).unwrap();
        assert_eq!(known, Durations { number: 3, seconds: 90, up_to: Vec::new() });
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
        let joined = &totals.joined[&NodeTypeName::from("ubuntu")];
        assert_eq!((joined.number, joined.seconds), (2, 180));
        assert_eq!(joined.up_to, [0, 0, 0, 2, 2, 2, 2, 2, 2, 2]);
        assert_eq!(history.last_success, None, "no run has succeeded");
    }
}

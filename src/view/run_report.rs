//! A run that came to its end, with everything that the metrics and the page show of it.

use crate::config::Config;
use crate::domain::history::{History, Run, Sample, Sent, Servers};
use crate::domain::journal::{Entry, Event, JobEntry};
use crate::reconcile::Report;
use crate::view::exit::Exit;
use crate::view::status::Status;
use crate::view::status::standing::Counts;
use crate::view::status::to_do::ToDo;
use jiff::{SignedDuration, Timestamp};

/// A run that came to its end.
pub(crate) struct RunReport<'a> {
    pub(crate) config: &'a Config,
    pub(crate) report: &'a Report,
    pub(crate) status: Status,
    /// The earlier runs, and this one.
    pub(crate) history: &'a History,
    pub(crate) exit: Exit,
    /// The latest entries of the journal, the oldest first.
    pub(crate) journal: Vec<Entry>,
}

/// What a run adds to the history.
pub(crate) fn history_entry(
    report: &Report,
    status: &Status,
    exit: Exit,
    journal: &[Entry],
    since: Option<Timestamp>,
) -> Run {
    let plan = &report.plan;
    let results = report.results.iter().flatten();
    let actions: Vec<_> =
        results.filter_map(|result| Some((plan.actions.get(result.action)?, result.outcome))).collect();
    let (failed, done): (Vec<_>, Vec<_>) = actions.iter().copied().partition(|(_, outcome)| outcome.is_failure());
    let done = ToDo::of(done.into_iter().map(|(action, _)| action), 0);
    let sent = report
        .traffic
        .iter()
        .map(|(service, traffic)| (service.clone(), Sent { requests: traffic.requests, errors: traffic.errors }));
    let joined = plan.state.servers.values().filter(|server| server.joined_at == Some(plan.now)).map(|server| {
        let took = plan.now.duration_since(server.ordered_at).max(SignedDuration::ZERO);
        (server.node_type.clone(), took)
    });
    // Those of this run, and those of persons' commands since the run before.
    let is_new = |entry: &&Entry| match entry.run {
        Some(run) => run == plan.state.run,
        None => since.is_some_and(|since| since.as_second() < entry.at.as_second()),
    };
    let new = || journal.iter().filter(is_new);
    // Nobody knows how long a job waited that was not seen running: the sums of `mita history` have none of these, either.
    let started = new().filter(|entry| entry.event == Event::Started);
    Run {
        sample: Sample {
            ordered: bounded(done.order),
            removed: bounded(done.remove),
            failed: bounded(failed.len()),
            ..sample(report, status, exit)
        },
        actions: actions
            .iter()
            .map(|(action, outcome)| (action.change.kind(), action.rule.name(), outcome.name()))
            .collect(),
        sent: sent.collect(),
        joined: joined.collect(),
        waited: started.flat_map(|entry| &entry.jobs).filter_map(waited).collect(),
        events: new().map(|entry| entry.event.name()).collect(),
    }
}

/// How long a job of an entry has waited until it left the queue.
fn waited(job: &JobEntry) -> Option<SignedDuration> {
    job.waited_seconds.map(SignedDuration::from_secs)
}

/// What the run saw, and how it ended.
fn sample(report: &Report, status: &Status, exit: Exit) -> Sample {
    let servers = |counts: &Counts, at_hand: u32| Servers {
        coming: bounded(counts.on_its_way),
        idle: bounded(counts.idle),
        busy: bounded(counts.busy),
        other: bounded(counts.rest()),
        wanted: Some(bounded(counts.busy).saturating_add(at_hand)),
    };
    let jobs = || status.waiting();
    let types = status.node_types.iter().filter(|kind| kind.servers.total > 0 || kind.at_hand > 0);
    Sample {
        at: report.plan.now,
        exit: exit.number(),
        waiting: status.jobs.as_ref().map(|_| bounded(jobs().count())),
        oldest: bounded(jobs().filter_map(|job| job.waited_seconds).max().unwrap_or_default()),
        servers: types.map(|kind| (kind.name.clone(), servers(&kind.servers, kind.at_hand))).collect(),
        errors: bounded(report.traffic.values().map(|traffic| traffic.errors).sum::<u64>()),
        took: bounded(report.whole.as_millis()),
        ..Sample::default()
    }
}

/// The number, or the largest that a sample can have.
fn bounded(number: impl TryInto<u32>) -> u32 {
    number.try_into().unwrap_or(u32::MAX)
}

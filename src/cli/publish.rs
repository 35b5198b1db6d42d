//! What a run leaves behind for people and monitors: metrics, a page, and the history that both need.
//!
//! Written when the run is over and before its lock is let go; after a run that ended early as far as that is sensible.
//! Nothing of it is for the next run, and where it cannot be written everything else was done all the same.

use crate::cli::args::Reconcile;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::config::Config;
use crate::domain::history::{History, Run, Sample, Sent, Servers};
use crate::domain::rule::Rule;
use crate::plan::model::Change;
use crate::reconcile::{Moment, Report, RunError};
use crate::store;
use crate::store::{LockError, Store};
use crate::view::document::clean;
use crate::view::picture::Picture;
use crate::view::status::{Counts, Status};
use crate::view::{metrics, page};
use jiff::{SignedDuration, Timestamp};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Everything that is told of a run that came to its end.
pub(crate) struct Account<'a> {
    pub(crate) config: &'a Config,
    pub(crate) report: &'a Report,
    pub(crate) status: Status,
    pub(crate) history: &'a History,
    pub(crate) exit: Exit,
    pub(crate) now: Timestamp,
    pub(crate) whole: Duration,
}

/// Where it is to be written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Destinations {
    metrics: Option<PathBuf>,
    page: Option<PathBuf>,
}

impl Destinations {
    /// What the command line says, else what the configuration says. A dry run writes nothing.
    pub(crate) fn of(wish: &Reconcile, config: Option<&Config>) -> Self {
        if wish.dry_run {
            return Self::default();
        }
        let metrics = config.and_then(|config| config.metrics_file.clone());
        let page = config.and_then(|config| config.html_file.clone());
        Destinations { metrics: wish.metrics_file.clone().or(metrics), page: wish.html.clone().or(page) }
    }

    /// After a run that came to its end. The exit status is that of everything before.
    pub(crate) fn give(&self, config: &Config, report: &Report, exit: Exit, mut store: Store) -> Result<(), Failure> {
        if self.metrics.is_none() && self.page.is_none() {
            return Ok(());
        }
        let status = Status::of(&Picture::of(config, report));
        let mut history = store.history(&config.owner);
        history.add(run(report, &status, exit));
        let kept = store.save_history(&history).map_err(Failure::History);
        let (now, whole) = (report.plan.now, report.whole);
        let account = Account { config, report, status, history: &history, exit, now, whole };
        let mut publish = |path: &PathBuf, text: String| {
            store.publish(path, text.as_bytes()).map_err(|source| unwritten(path, source))
        };
        let metrics = self.metrics.as_ref().map_or(Ok(()), |path| publish(path, metrics::of_run(&account)));
        let page = self.page.as_ref().map_or(Ok(()), |path| publish(path, page::of_run(&account)));
        kept.and(metrics).and(page)
    }

    /// After a run that ended before it saw anything, so that whoever watches the metrics comes to know. Not while another
    /// run is active, which sees to it itself. The history belongs to who has the lock, and is only read.
    pub(crate) fn give_failure(
        &self,
        config: Option<&Config>,
        failure: &Failure,
        moment: Moment,
    ) -> Result<(), Failure> {
        if matches!(failure, Failure::Run(RunError::Lock(LockError::Busy { .. }))) {
            return Ok(());
        }
        let history = config.map(|config| store::history_of(&config.state_file, &config.owner));
        let publish = |path: &PathBuf, text: String| {
            store::publish(path, text.as_bytes()).map_err(|source| unwritten(path, source))
        };
        let exit = failure.exit();
        let metrics = self.metrics.as_ref().map_or(Ok(()), |path| {
            publish(path, metrics::of_failure(exit, moment.now, moment.started.elapsed(), history.as_ref()))
        });
        let lines: Vec<String> = failure.lines().iter().map(|line| clean(line)).collect();
        let page = self
            .page
            .as_ref()
            .map_or(Ok(()), |path| publish(path, page::of_failure(exit, moment.now, &lines, history.as_ref())));
        metrics.and(page)
    }
}

fn unwritten(path: &PathBuf, source: io::Error) -> Failure {
    Failure::Published { path: path.to_owned(), source }
}

/// What a run adds to the history.
fn run(report: &Report, status: &Status, exit: Exit) -> Run {
    let plan = &report.plan;
    let mut run = Run { sample: sample(report, status, exit), ..Run::default() };
    for result in report.results.iter().flatten() {
        let Some(action) = plan.actions.get(result.action) else { continue };
        run.actions.push((action.change.kind(), action.rule.name(), result.outcome.name()));
        if result.outcome.is_failure() {
            run.sample.failed += 1;
        } else {
            match &action.change {
                Change::CreateServer(_) => run.sample.ordered += 1,
                Change::CreateNode(_) | Change::AssignFloatingIp(_) | Change::RestoreNode(_) | Change::DrainNode(_) => {
                }
                Change::RetireNode(_)
                | Change::DeleteServer(_)
                | Change::DeleteNode { .. }
                | Change::DeleteVolume { .. }
                | Change::ReleaseFloatingIp { .. } => run.sample.removed += 1,
            }
        }
    }
    for (service, traffic) in &report.traffic {
        run.sent.insert(service.clone(), Sent { requests: traffic.requests, errors: traffic.errors });
    }
    for server in plan.memory.servers.values().filter(|server| server.joined_at == Some(plan.now)) {
        let took = plan.now.duration_since(server.ordered_at).max(SignedDuration::ZERO);
        run.joined.push((server.node_type.clone(), took));
    }
    run
}

fn sample(report: &Report, status: &Status, exit: Exit) -> Sample {
    let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let servers = |counts: &Counts| Servers {
        coming: small(counts.on_its_way),
        idle: small(counts.idle),
        busy: small(counts.busy),
        other: small(counts.total - counts.on_its_way - counts.idle - counts.busy),
    };
    let waits = |rule: Rule| !matches!(rule, Rule::NoNodeType | Rule::UnknownNeed);
    let jobs = || status.jobs.iter().flatten().filter(|job| job.waits && waits(job.rule));
    let oldest = jobs().filter_map(|job| job.waited_seconds).max().unwrap_or_default();
    let errors: u64 = report.traffic.values().map(|traffic| traffic.errors).sum();
    Sample {
        at: report.plan.now,
        exit: exit.number(),
        waiting: status.jobs.as_ref().map(|_| small(jobs().count())),
        oldest: u32::try_from(oldest).unwrap_or(u32::MAX),
        servers: status
            .node_types
            .iter()
            .filter(|kind| kind.servers.total > 0)
            .map(|kind| (kind.name.clone(), servers(&kind.servers)))
            .collect(),
        ordered: 0,
        removed: 0,
        failed: 0,
        errors: u32::try_from(errors).unwrap_or(u32::MAX),
        took: u32::try_from(report.whole.as_millis()).unwrap_or(u32::MAX),
    }
}

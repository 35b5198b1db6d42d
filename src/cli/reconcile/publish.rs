//! Writes what a run leaves for people and monitors: the metrics, the page, and the history that both need.
//!
//! Written at the end of the run, before its lock is released; after a run that ended early, as far as it makes sense. No
//! later run needs these files, and if one cannot be written, everything else was still done.

use crate::cli::args::Reconcile;
use crate::cli::process::failure::Failure;
use crate::config::Config;
use crate::reconcile::{Moment, Report, RunError};
use crate::record::clean;
use crate::store;
use crate::store::{LockError, Store};
use crate::view::exit::Exit;
use crate::view::overview::Overview;
use crate::view::run_report::{RunReport, history_entry};
use crate::view::status::Status;
use crate::view::{metrics, page};
use std::io;
use std::path::{Path, PathBuf};

/// The files to write.
#[derive(Clone, Debug, Default)]
pub(super) struct Outputs {
    metrics: Option<PathBuf>,
    page: Option<PathBuf>,
}

impl Outputs {
    /// The files of the command line, else those of the configuration. A dry run writes none.
    pub(super) fn of(args: &Reconcile, config: Option<&Config>) -> Self {
        if args.dry_run {
            return Self::default();
        }
        let metrics = config.and_then(|config| config.metrics_file.clone());
        let page = config.and_then(|config| config.html_file.clone());
        Outputs { metrics: args.metrics_file.clone().or(metrics), page: args.html.clone().or(page) }
    }

    /// Writes the files of a run that came to its end. The exit status is that of everything before.
    pub(super) fn publish(
        &self,
        config: &Config,
        report: &Report,
        exit: Exit,
        mut store: Store,
    ) -> Result<(), Failure> {
        if self.metrics.is_none() && self.page.is_none() {
            return Ok(());
        }
        let status = Status::of(&Overview::of(config, report));
        let mut history = store.history(&config.owner);
        let journal = store::latest_of_journal(&config.state_file);
        let since = history.samples.last().map(|sample| sample.at);
        history.add(history_entry(report, &status, exit, &journal, since));
        let kept = store.save_history(&history).map_err(Failure::History);
        let run = RunReport { config, report, status, history: &history, exit, journal };
        let mut write = |path: &Path, text: String| store.publish(path, text.as_bytes());
        let metrics = publish(self.metrics.as_deref(), &mut write, || metrics::of_run(&run));
        let page = publish(self.page.as_deref(), &mut write, || page::of_run(&run));
        kept.and(metrics).and(page)
    }

    /// Writes the files of a run that ended before it read anything, so that whoever watches the metrics sees it. Not while
    /// another run is active, which writes them itself. Only the run with the lock writes the history.
    pub(super) fn publish_failure(
        &self,
        config: Option<&Config>,
        failure: &Failure,
        moment: Moment,
    ) -> Result<(), Failure> {
        if matches!(failure, Failure::Run(RunError::Lock(LockError::Busy { .. }))) {
            return Ok(());
        }
        let history = config.map(|config| store::history_of(&config.state_file, &config.owner));
        let (exit, history) = (failure.exit(), history.as_ref());
        let lines: Vec<String> = failure.lines().iter().map(|line| clean::text(line)).collect();
        let write = |path: &Path, text: String| store::publish(path, text.as_bytes());
        let metrics = publish(self.metrics.as_deref(), write, || {
            metrics::of_failure(exit, moment.now, moment.started.elapsed(), history)
        });
        let page = publish(self.page.as_deref(), write, || page::of_failure(exit, moment.now, &lines, history));
        metrics.and(page)
    }
}

/// Writes this text to the file, if there is one.
fn publish(
    path: Option<&Path>,
    write: impl FnOnce(&Path, String) -> io::Result<()>,
    text: impl FnOnce() -> String,
) -> Result<(), Failure> {
    let Some(path) = path else { return Ok(()) };
    write(path, text()).map_err(|source| Failure::Published { path: path.to_owned(), source })
}

//! Writes what a run leaves for people and monitors: the metrics, the page, and the history that both need.
//!
//! Written at the end of the run, before its lock is released; after a run that ended early, as far as it makes sense. No
//! later run needs these files, and if one cannot be written, everything else was still done.

use crate::cli::process::failure::Failure;
use crate::cli::process::output;
use crate::cli::reconcile::targets::{Target, Targets};
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
use std::path::Path;

impl Targets {
    /// Writes the files of a run that came to its end. The exit status is that of everything before. Gives what was not
    /// written.
    pub(super) fn publish(&self, config: &Config, report: &Report, exit: Exit, mut store: Store) -> Vec<Failure> {
        if self.metrics.is_none() && self.page.is_none() {
            return Vec::new();
        }
        let status = Status::of(&Overview::of(config, report));
        let mut history = store.history(&config.owner);
        let journal = store::latest_of_journal(&config.state_file);
        let since = history.samples.last().map(|sample| sample.at);
        history.add(history_entry(report, &status, exit, &journal, since));
        let kept = store.save_history(&history).map_err(Failure::History);
        let run = RunReport { config, report, status, history: &history, exit, journal };
        let mut write = |path: &Path, text: String| store.publish(path, text.as_bytes());
        let metrics = publish(self.metrics.as_ref(), &mut write, || metrics::of_run(&run));
        let page = publish(self.page.as_ref(), &mut write, || page::of_run(&run));
        [kept, metrics, page].into_iter().filter_map(Result::err).collect()
    }

    /// Writes the files of a run that ended before it read anything, so that whoever watches the metrics sees it. Not while
    /// another run is active, which writes them itself. Only the run with the lock writes the history.
    pub(super) fn publish_failure(&self, config: Option<&Config>, failure: &Failure, moment: Moment) -> Vec<Failure> {
        if matches!(failure, Failure::Run(RunError::Lock(LockError::Busy { .. }))) {
            return Vec::new();
        }
        let history = config.map(|config| store::history_of(&config.state_file, &config.owner));
        let (exit, history) = (failure.exit(), history.as_ref());
        let lines: Vec<String> = failure.lines().iter().map(|line| clean::text(line)).collect();
        let write = |path: &Path, text: String| store::publish(path, text.as_bytes());
        let metrics = publish(self.metrics.as_ref(), write, || {
            metrics::of_failure(exit, moment.now, moment.started.elapsed(), history)
        });
        let page = publish(self.page.as_ref(), write, || page::of_failure(exit, moment.now, &lines, history));
        [metrics, page].into_iter().filter_map(Result::err).collect()
    }
}

/// Writes this text to the target, if there is one.
fn publish(
    target: Option<&Target>,
    write: impl FnOnce(&Path, String) -> io::Result<()>,
    text: impl FnOnce() -> String,
) -> Result<(), Failure> {
    match target {
        None => Ok(()),
        Some(Target::StandardOutput) => Ok(output::print_own(&text())?),
        Some(Target::File(path)) => {
            write(path, text()).map_err(|source| Failure::Published { path: path.to_owned(), source })
        }
    }
}

//! `mita reconcile --record FILE`: writes a record of the run.

use crate::cli::process::failure::Failure;
use crate::cli::process::output;
use crate::cli::reconcile::targets::Target;
use crate::reconcile::{Decision, Report};
use crate::record::Record;

/// Writes a record of the run if one is asked for. A record that cannot be written stops nothing.
pub(crate) struct Recorder<'a> {
    target: Option<&'a Target>,
    record: Option<Record>,
    failure: Option<Failure>,
}

impl<'a> Recorder<'a> {
    /// A recorder for this target; without one, it writes nothing.
    pub(super) fn new(target: Option<&'a Target>) -> Self {
        Recorder { target, record: None, failure: None }
    }

    /// Writes the record before anything is done, so that there is a file of a run that does not come to its end.
    pub(crate) fn begin(&mut self, decision: Decision<'_>) {
        let Some(target) = self.target else { return };
        let record = Record::of(decision);
        if let Target::File(file) = target
            && let Err(error) = record.write(file)
        {
            self.failure = Some(error.into());
        }
        self.record = Some(record);
    }

    /// Writes the record again, with the results of the actions.
    pub(crate) fn end(self, report: Option<&Report>) -> Result<(), Failure> {
        let (target, mut record) = match (self.failure, self.target, self.record) {
            (Some(failure), _, _) => return Err(failure),
            (None, Some(target), Some(record)) => (target, record),
            (None, _, _) => return Ok(()),
        };
        if let Some(report) = report.filter(|report| report.results.is_some()) {
            record.conclude(report);
        } else if matches!(target, Target::File(_)) {
            return Ok(());
        }
        match target {
            Target::File(file) => Ok(record.write(file)?),
            Target::StandardOutput => output::print_json(&record.printed()?).map_err(Failure::Output),
        }
    }
}

//! `mita reconcile --record FILE`: writes a record of the run.

use crate::reconcile::{Decision, Report};
use crate::record::{Record, RecordError};
use std::path::Path;

/// Writes a record of the run if one is asked for. A record that cannot be written stops nothing.
pub(crate) struct Recorder<'a> {
    file: Option<&'a Path>,
    record: Option<Record>,
    failure: Option<RecordError>,
}

impl<'a> Recorder<'a> {
    /// A recorder for this file; without a file, it writes nothing.
    pub(crate) fn new(file: Option<&'a Path>) -> Self {
        Recorder { file, record: None, failure: None }
    }

    /// Writes the record before anything is done, so that there is one of a run that does not come to its end.
    pub(crate) fn begin(&mut self, decision: Decision<'_>) {
        let Some(file) = self.file else { return };
        let record = Record::of(decision);
        match record.write(file) {
            Ok(()) => self.record = Some(record),
            Err(error) => self.failure = Some(error),
        }
    }

    /// Writes the record again, with the results of the actions.
    pub(crate) fn end(self, report: Option<&Report>) -> Result<(), RecordError> {
        if let Some(error) = self.failure {
            return Err(error);
        }
        match (self.file, self.record, report.filter(|report| report.results.is_some())) {
            (Some(file), Some(mut record), Some(report)) => {
                record.conclude(report);
                record.write(file)
            }
            (_, _, _) => Ok(()),
        }
    }
}

//! What every step of `mita init` needs: the options, the place of the file, the time, and a progress line while it waits.

use super::files::Place;
use crate::cli::args::Init;
use crate::progress::Progress;
use crate::reconcile::Moment;
use std::time::{Duration, Instant};

/// How long a service may take to answer.
const LONGEST: Duration = Duration::from_secs(50);

/// What every step needs.
pub(super) struct Session<'a> {
    pub(super) args: &'a Init,
    pub(super) place: &'a Place,
    pub(super) moment: Moment,
    pub(super) progress: &'a dyn Fn() -> Progress,
}

impl Session<'_> {
    /// Shows what takes so long while `work` waits for a service. There is no progress line while a question stands.
    pub(super) fn waiting<T>(&self, stage: &'static str, work: impl FnOnce() -> T) -> T {
        let progress = (self.progress)();
        progress.now(stage);
        let done = work();
        drop(progress);
        done
    }

    /// When the next request has to be answered: a person may have thought for hours.
    pub(super) fn deadline(&self) -> Instant {
        self.moment.again().started + LONGEST
    }
}

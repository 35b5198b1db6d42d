//! The lock, for a person's command: a run from cron is usually over soon, so it is worth waiting for.

use crate::progress::Progress;
use crate::reconcile::Moment;
use crate::store::{LockError, Store};
use std::path::Path;
use std::time::Duration;

/// How long to wait for the run that holds the lock.
const LONGEST: Duration = Duration::from_secs(10);

/// The time between two attempts.
const PAUSE: Duration = Duration::from_millis(200);

/// Takes the lock, and gives the time at which it was taken.
pub(super) fn wait(state_file: &Path, moment: Moment, progress: &Progress) -> Result<(Store, Moment), LockError> {
    let mut waited = Duration::ZERO;
    loop {
        match Store::lock(state_file) {
            Err(busy @ LockError::Busy { .. }) if waited < LONGEST => {
                if waited.is_zero() {
                    log::info!("{busy}: waiting for it");
                    progress.at_once("waiting for the active run to end");
                }
                sleep(PAUSE);
                waited += PAUSE;
            }
            // The state may now be younger than the start of this command.
            Ok(store) => return Ok((store, if waited.is_zero() { moment } else { moment.again() })),
            Err(error) => return Err(error),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a person waits for another process, which tells nobody when it ends")]
fn sleep(time: Duration) {
    std::thread::sleep(time);
}

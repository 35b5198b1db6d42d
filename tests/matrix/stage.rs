//! A farm that is set once and set back for each case: the minutes that lead up to a scene are played once.

use crate::harness::{Earlier, Installation};
use std::ops::Deref;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A farm, and how it was when the scene began.
pub(super) struct Stage(Mutex<(Installation, Earlier)>);

/// The farm at the beginning of its scene, for one case.
pub(super) struct Set<'a>(MutexGuard<'a, (Installation, Earlier)>);

impl Stage {
    pub(super) fn new(farm: Installation) -> Self {
        let beginning = farm.copy();
        Self(Mutex::new((farm, beginning)))
    }

    /// Waits for the case that has the farm, and sets it back.
    pub(super) fn set(&self) -> Set<'_> {
        // A case that failed leaves nothing behind that is not set back.
        let stage = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stage.0.set_back(&stage.1);
        Set(stage)
    }
}

impl Deref for Set<'_> {
    type Target = Installation;
    fn deref(&self) -> &Installation {
        &self.0.0
    }
}

impl Drop for Set<'_> {
    /// A case that failed shows what was sent last.
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.show_requests();
        }
    }
}

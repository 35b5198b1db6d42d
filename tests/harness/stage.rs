//! An installation that is set back to an earlier moment, so that many cases start from it without playing it each time.

use super::Installation;
use mita_sim::World;
use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The world and the files of an installation as they were.
struct Earlier {
    world: World,
    files: BTreeMap<PathBuf, (Vec<u8>, Permissions)>,
}

impl Installation {
    /// A copy of everything as it is now.
    fn copy(&self) -> Earlier {
        let permissions = |path: &PathBuf| fs::metadata(path).expect("a file").permissions();
        let file = |(path, (bytes, _))| {
            let permissions = permissions(&path);
            (path, (bytes, permissions))
        };
        Earlier { world: self.sim.world().clone(), files: self.files().into_iter().map(file).collect() }
    }

    /// Everything is as it was when the copy was made.
    fn set_back(&self, to: &Earlier) {
        self.sim.set_back(&to.world);
        for path in self.files().into_keys() {
            fs::remove_file(path).expect("its own folder");
        }
        for (path, (bytes, permissions)) in &to.files {
            fs::write(path, bytes).expect("a writable folder");
            fs::set_permissions(path, permissions.clone()).expect("its own file");
        }
    }
}

/// An installation, and how it was when its scene began: the minutes that lead up to it are played once.
pub(crate) struct Stage(Mutex<(Installation, Earlier)>);

/// The installation at the beginning of its scene, for one case.
pub(crate) struct Set<'a>(MutexGuard<'a, (Installation, Earlier)>);

impl Stage {
    pub(crate) fn new(farm: Installation) -> Self {
        let beginning = farm.copy();
        Self(Mutex::new((farm, beginning)))
    }

    /// Waits for the case that has it, and sets it back.
    pub(crate) fn set(&self) -> Set<'_> {
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

//! An installation that is set back to an earlier moment, so that many cases start from it without playing it each time.

use super::Installation;
use mita_sim::World;
use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::path::PathBuf;

/// The world and the files of an installation as they were.
pub(crate) struct Earlier {
    world: World,
    files: BTreeMap<PathBuf, (Vec<u8>, Permissions)>,
}

impl Installation {
    /// A copy of everything as it is now.
    pub(crate) fn copy(&self) -> Earlier {
        let permissions = |path: &PathBuf| fs::metadata(path).expect("a file").permissions();
        let file = |(path, (bytes, _))| {
            let permissions = permissions(&path);
            (path, (bytes, permissions))
        };
        Earlier { world: self.sim.world().clone(), files: self.files().into_iter().map(file).collect() }
    }

    /// Everything is as it was when the copy was made.
    pub(crate) fn set_back(&self, to: &Earlier) {
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

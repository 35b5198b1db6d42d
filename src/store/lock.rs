//! One run at a time: a lock file next to the state file.
//!
//! The kernel releases an `flock` when its process ends in any way, so a crashed run does not block the next one. The file
//! is never deleted: otherwise one run could lock the deleted file, and another one a new file.

use super::error::{Attempt, StoreError};
use super::place::{LastLink, Place};
use crate::domain::state::{LOCK, beside};
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The lock, held until it is dropped. No child process inherits it: files are opened with `O_CLOEXEC`.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Drop for Lock {
    /// Closing the file is not enough: a process that is being started at this moment has a copy of it until it runs
    /// its own program.
    fn drop(&mut self) {
        if let Err(error) = self.file.unlock() {
            log::debug!("cannot give the lock back before its file is closed: {error}");
        }
    }
}

/// Why the lock was not taken.
#[derive(Debug, Error)]
pub enum LockError {
    /// Another run holds it: exit status 4.
    #[error("another run is active{}, it holds {}", holder(*pid), lock_file.display())]
    Busy {
        /// The lock file.
        lock_file: PathBuf,
        /// The process that holds it, if it is known.
        pid: Option<u32>,
    },
    /// The lock file cannot be created or locked.
    #[error(transparent)]
    Failed(#[from] StoreError),
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (process {pid})"))
}

impl Lock {
    /// Takes the lock of this state file, `<state file>.lock`, without waiting for it.
    ///
    /// A missing folder is created if its parent exists, so that the first run of an installation needs no preparation. If
    /// the parent is missing, too, the path is probably wrong or a disk is not mounted: an error.
    pub fn acquire(state_file: &Path) -> Result<Lock, LockError> {
        Ok(Self::acquire_at(state_file)?.0)
    }

    /// The lock, and where the state file is.
    pub(super) fn acquire_at(state_file: &Path) -> Result<(Lock, Place), LockError> {
        make_folder(state_file)?;
        let place = Place::of(state_file, LastLink::Follow);
        let place = place.map_err(|source| StoreError::at(Attempt::Read, state_file, source))?;
        let lock_file = beside(&fs::canonicalize(state_file).unwrap_or_else(|_| state_file.to_owned()), LOCK);
        let failed = |source| StoreError::at(Attempt::Lock, &lock_file, source);
        let mut file = place.beside(LOCK).and_then(|place| place.open_or_make()).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let pid = file.read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok());
                return Err(LockError::Busy { lock_file, pid });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source).into()),
        }
        // Only for the message of another run, so a full disk does not stop this one.
        if let Err(error) = write_pid(&mut file) {
            log::debug!("cannot write the process number to {}: {error}", lock_file.display());
        }
        Ok((Lock { file }, place))
    }
}

/// Makes the last folder of the path if it is missing.
fn make_folder(state_file: &Path) -> Result<(), StoreError> {
    let Some(folder) = state_file.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    match Place::of(folder, LastLink::Follow).and_then(|place| place.make_folder()) {
        Ok(()) => Ok(()),
        // The path ends with "/", "." or "..".
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(StoreError::NoFolder(folder.to_owned())),
        Err(error) => Err(StoreError::at(Attempt::Folder, folder, error)),
    }
}

fn write_pid(file: &mut File) -> io::Result<()> {
    file.rewind()?;
    file.set_len(0)?;
    writeln!(file, "{}", std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_second_run_reports_who_holds_the_lock() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state.json");
        let _first = Lock::acquire(&state).unwrap();
        let error = Lock::acquire(&state).unwrap_err();
        assert!(matches!(&error, LockError::Busy { pid: Some(pid), .. } if *pid == std::process::id()), "{error:?}");
        let text = error.to_string();
        assert!(text.starts_with("another run is active (process "), "{text}");
        assert!(text.ends_with("/state.json.lock"), "{text}");
    }

    #[test]
    fn a_dropped_lock_is_free_again_while_a_child_process_lives_on_and_its_file_stays_private_and_in_place() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state.json");
        let lock = Lock::acquire(&state).unwrap();
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        drop(lock);
        let lock_file = dir.path().join("state.json.lock");
        let mode = lock_file.metadata().map(|metadata| metadata.permissions().mode() & 0o777);
        let again = Lock::acquire(&state);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(mode.unwrap(), 0o600);
        assert!(again.is_ok(), "{again:?}");
    }

    #[test]
    fn a_dropped_lock_is_free_again_while_a_process_that_is_being_started_has_a_copy_of_its_file() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state.json");
        let lock = Lock::acquire(&state).unwrap();
        let copy = lock.file.try_clone().unwrap();
        drop(lock);
        assert!(Lock::acquire(&state).is_ok());
        drop(copy);
    }

    #[test]
    fn two_ways_to_the_same_state_file_share_one_lock() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state.json");
        let other = dir.path().join("other.json");
        std::os::unix::fs::symlink("state.json", &other).unwrap();
        let _first = Lock::acquire(&state).unwrap();
        assert!(matches!(Lock::acquire(&other), Err(LockError::Busy { .. })));
    }

    #[test]
    fn the_last_folder_is_made_and_a_longer_missing_path_is_an_error_that_says_what_to_make() {
        let dir = tempfile::tempdir().unwrap();
        let near = dir.path().join("mita");
        Lock::acquire(&near.join("state.json")).unwrap();
        assert_eq!(near.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        let far = dir.path().join("missing/mita");
        let error = Lock::acquire(&far.join("state.json")).unwrap_err().to_string();
        assert_eq!(error, format!("there is no folder {0}, make it with: mkdir -p {0}", far.display()));
        assert!(!far.exists());
    }

    #[test]
    fn a_file_where_a_folder_should_be_is_an_error_and_not_a_busy_lock() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        let error = Lock::acquire(&file.join("state.json")).unwrap_err();
        assert!(matches!(error, LockError::Failed(_)), "{error:?}");
    }
}

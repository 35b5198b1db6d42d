//! The history, in a file next to the state file.
//!
//! Replaced as a whole like the state, under its lock. No decision depends on it, so one that cannot be read starts again and
//! never stops a run.

use super::place::{LastLink, Place, publish, published};
use super::state::{Store, write_document};
use crate::domain::history::{History, VERSION};
use crate::domain::names::Owner;
use crate::domain::state::{HISTORY, beside};
use crate::permission::{Wanted, explained};
use std::io::{self, Read};
use std::path::Path;

/// A day of a hundred node types takes about 10 MB.
const LARGEST: u64 = 64 * 1024 * 1024;

impl Store {
    /// What earlier runs did; a new history if there is none that can be read.
    pub fn history(&self, owner: &Owner) -> History {
        history_beside(&self.place, owner)
    }

    /// Replaces the history.
    pub fn save_history(&mut self, history: &History) -> io::Result<()> {
        let place = self.place.beside(HISTORY)?;
        place.remove_leftovers();
        let written = write_document(&place, |to| serde_json::to_writer(to, history));
        written.map_err(|error| explained(error, &beside(&self.path, HISTORY), Wanted::Replace))
    }

    /// As [`publish`], and removes incomplete files of interrupted runs.
    pub fn publish(&mut self, path: &Path, contents: &[u8]) -> io::Result<()> {
        published(path)?.remove_leftovers();
        publish(path, contents)
    }
}

/// As [`Store::history`], without the lock.
pub fn history_of(state_file: &Path, owner: &Owner) -> History {
    Place::of(state_file, LastLink::Follow)
        .map_or_else(|_| History::new(owner.clone()), |place| history_beside(&place, owner))
}

fn history_beside(state: &Place, owner: &Owner) -> History {
    read(state, owner).unwrap_or_else(|why| {
        log::debug!("the history of runs starts again: {why}");
        History::new(owner.clone())
    })
}

fn read(state: &Place, owner: &Owner) -> Result<History, String> {
    let mut text = Vec::new();
    let file = state.beside(HISTORY).and_then(|place| place.read()).map_err(|error| error.to_string())?;
    let file = file.ok_or("there is none")?;
    let length = file.metadata().map_err(|error| error.to_string())?.len();
    if length > LARGEST {
        return Err(format!("it is larger than {} MiB", LARGEST >> 20));
    }
    file.take(LARGEST).read_to_end(&mut text).map_err(|error| error.to_string())?;
    let history: History = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
    if history.version != VERSION || history.owner != *owner {
        return Err(format!("it is of version {} and of the owner {}", history.version, history.owner));
    }
    Ok(history)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::history::{Run, Sample};
    use jiff::Timestamp;
    use std::os::unix::fs::PermissionsExt;

    fn owner() -> Owner {
        Owner::new("ceph-ci").unwrap()
    }

    #[test]
    fn a_history_is_read_as_it_was_saved_and_a_broken_one_starts_again() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state.json");
        let mut store = Store::lock(&state).unwrap();
        let mut history = store.history(&owner());
        assert_eq!(history, History::new(owner()));
        history.add(Run { sample: Sample { at: Timestamp::UNIX_EPOCH, ..Sample::default() }, ..Run::default() });
        store.save_history(&history).unwrap();
        assert_eq!(store.history(&owner()), history);
        assert_eq!(history_of(&state, &owner()), history);
        let file = folder.path().join("state.json.history");
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let other = Owner::new("another").unwrap();
        assert_eq!(store.history(&other), History::new(other));
        for broken in ["", "{\"version\":1", "[]", "{\"version\":2,\"owner\":\"ceph-ci\"}"] {
            std::fs::write(&file, broken).unwrap();
            assert_eq!(store.history(&owner()), History::new(owner()), "{broken}");
        }
    }

    #[test]
    fn a_published_file_can_be_read_by_all_and_incomplete_files_of_interrupted_runs_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::lock(&folder.path().join("state.json")).unwrap();
        let path = folder.path().join("mita.prom");
        std::fs::write(folder.path().join(".mita.prom.x1.tmp"), "half").unwrap();
        store.publish(&path, b"mita_up 1\n").unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o644);
        assert!(!folder.path().join(".mita.prom.x1.tmp").exists());
        let error = publish(&folder.path().join("missing/mita.prom"), b"").unwrap_err().to_string();
        assert!(error.contains("make it with: mkdir -p"), "{error}");
    }
}

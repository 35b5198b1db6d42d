//! The state file itself: read with distrust, saved under the lock.

use super::clean::without_secrets;
use super::error::{Attempt, StoreError};
use super::files::{hand_over, regular, remove_leftovers, replace, resolve, sync_folder};
use super::lock::{Lock, LockError};
use crate::naming::Owner;
use crate::secret::redact_document;
use crate::state::{State, VERSION};
use jiff::Timestamp;
use serde::Deserialize;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// A state of 10,000 servers and as many queue items takes about 10 MB; a larger file than this is not one of mita's.
pub(super) const LARGEST: u64 = 256 * 1024 * 1024;

/// A state file whose lock is held.
#[derive(Debug)]
pub struct Store {
    pub(super) path: PathBuf,
    _lock: Lock,
}

/// What a state file held.
#[derive(Debug)]
pub enum Loaded {
    /// There is none yet.
    Fresh,
    /// What the last run remembered.
    Known(Box<State>),
    /// It could not be read, was kept under another name, and is replaced by one that says so: from [`Store::load`].
    SetAside {
        /// Where it is now.
        to: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// It cannot be read, and was left where it is: from [`load_only`].
    Unreadable {
        /// What is wrong with it.
        why: String,
    },
}

impl Store {
    /// Takes the lock, and removes what crashed runs left half written.
    pub fn lock(state_file: &Path) -> Result<Store, LockError> {
        let lock = Lock::acquire(state_file)?;
        let path = resolve(state_file)?;
        remove_leftovers(&path);
        Ok(Store { path, _lock: lock })
    }

    /// Reads the state of this owner. A file that cannot be read is kept under another name, which `now` dates, and
    /// replaced at once by [`State::forgotten`]: should the run be killed before its end, the next one waits as well.
    pub fn load(&mut self, owner: &Owner, now: Timestamp) -> Result<Loaded, StoreError> {
        Ok(match read(&self.path, owner)? {
            Content::Absent => Loaded::Fresh,
            Content::State(state) => Loaded::Known(state),
            Content::Unreadable(why) => {
                let to = set_aside(&self.path, now)?;
                self.save(&State::forgotten(owner.clone(), now))?;
                Loaded::SetAside { to, why }
            }
        })
    }

    /// Replaces the state, durably: once this returns, the state outlives a power cut.
    ///
    /// Saving before the first action is what proves that the file can be written at all. Exclusive, since of two
    /// saves at once the older state could win.
    pub fn save(&mut self, state: &State) -> Result<(), StoreError> {
        let failed = |source| StoreError::at(Attempt::Write, &self.path, source);
        let text = serde_json::to_string_pretty(&without_secrets(state)).map_err(|e| failed(e.into()))?;
        let text = redact_document(&text) + "\n";
        let write = |file: &mut File| {
            file.write_all(text.as_bytes())?;
            hand_over(file, &self.path);
            Ok(())
        };
        replace(&self.path, write).map_err(failed)
    }
}

/// Reads the state of this owner, and touches nothing: no lock, no renaming.
pub fn load_only(state_file: &Path, owner: &Owner) -> Result<Loaded, StoreError> {
    Ok(match read(&resolve(state_file)?, owner)? {
        Content::Absent => Loaded::Fresh,
        Content::State(state) => Loaded::Known(state),
        Content::Unreadable(why) => Loaded::Unreadable { why },
    })
}

enum Content {
    Absent,
    State(Box<State>),
    Unreadable(String),
}

/// What every version of the file says first. A newer one may write everything else in another shape.
#[derive(Deserialize)]
struct Header {
    version: u64,
    #[serde(default)]
    owner: serde_json::Value,
}

fn read(path: &Path, owner: &Owner) -> Result<Content, StoreError> {
    let failed = |source| StoreError::at(Attempt::Read, path, source);
    if regular(path).map_err(failed)?.is_some_and(|is_regular| !is_regular) {
        return Err(StoreError::NotAFile(path.to_owned()));
    }
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Content::Absent),
        Err(error) => return Err(failed(error)),
    };
    if file.metadata().map_err(failed)?.len() > LARGEST {
        return Ok(Content::Unreadable(format!("it is larger than {} MiB", LARGEST >> 20)));
    }
    let mut text = Vec::new();
    file.take(LARGEST).read_to_end(&mut text).map_err(failed)?;
    if text.is_empty() {
        return Ok(Content::Unreadable("it is empty".to_owned()));
    }
    let header: Header = match serde_json::from_slice(&text) {
        Ok(header) => header,
        Err(error) => return Ok(Content::Unreadable(error.to_string())),
    };
    if header.version > u64::from(VERSION) {
        return Err(StoreError::Newer { path: path.to_owned(), version: header.version });
    }
    if let Some(found) = header.owner.as_str().filter(|found| *found != owner.as_str()) {
        return Err(StoreError::OtherOwner { path: path.to_owned(), found: found.to_owned(), expected: owner.clone() });
    }
    if header.version != u64::from(VERSION) {
        return Ok(Content::Unreadable(format!("there never was a version {}", header.version)));
    }
    Ok(match serde_json::from_slice::<State>(&text) {
        Ok(state) => match state.implausible() {
            None => Content::State(Box::new(state)),
            Some(why) => Content::Unreadable(why),
        },
        Err(error) => Content::Unreadable(error.to_string()),
    })
}

/// Gives the file a dated name that nothing has yet. It has its own until it is replaced, so that there is no moment
/// without a state file; where a file cannot have two names, it is renamed.
fn set_aside(path: &Path, now: Timestamp) -> Result<PathBuf, StoreError> {
    let failed = |source| StoreError::at(Attempt::SetAside, path, source);
    let date = now.strftime("%Y%m%dT%H%M%SZ");
    let mut ordinal = 0_u32;
    loop {
        let mut name = path.as_os_str().to_owned();
        name.push(if ordinal == 0 { format!(".unreadable-{date}") } else { format!(".unreadable-{date}-{ordinal}") });
        let to = PathBuf::from(name);
        match to.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let named = fs::hard_link(path, &to).or_else(|_| fs::rename(path, &to));
                named.and_then(|()| sync_folder(path)).map_err(failed)?;
                return Ok(to);
            }
            Ok(_) => ordinal += 1,
            Err(error) => return Err(failed(error)),
        }
    }
}

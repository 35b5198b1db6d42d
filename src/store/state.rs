//! The state file: checked when it is read, and saved under the lock.

use super::clean::without_secrets;
use super::error::{Attempt, StoreError};
use super::lines;
use super::lock::{Lock, LockError};
use super::place::{LastLink, Place};
use super::redacted::Redacted;
use crate::domain::installation::{Controller, Installation};
use crate::domain::state::{State, VERSION, beside};
use crate::json;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// A state of 10,000 servers and as many queue items takes about 10 MB; a larger file is not a state file of mita.
pub(super) const LARGEST: u64 = 256 * 1024 * 1024;

/// What stands behind the name of a file that was set aside, before a date of so many characters.
const UNREADABLE: &str = ".unreadable-";
const DATE: usize = "20261121T233012Z".len();

/// So many of them are kept.
const KEPT: usize = 3;

/// Two files that are set aside within this time are one story, however seldom mita runs.
const AGAIN_WITHIN: SignedDuration = SignedDuration::from_hours(2);

/// A state file with its lock.
#[derive(Debug)]
pub struct Store {
    pub(super) path: PathBuf,
    pub(super) place: Place,
    /// Whether it was written: a command writes it before it does anything.
    is_saved: bool,
    _lock: Lock,
}

/// What was read from a state file.
#[derive(Debug)]
pub enum Loaded {
    /// There is none yet.
    Fresh,
    /// The state that the last run saved.
    Known(Box<State>),
    /// The result of [`Store::load`] for a file that cannot be read: it is kept under another name, and replaced by one that
    /// says so.
    SetAside {
        /// Its new name.
        to: PathBuf,
        /// What is wrong with it.
        why: String,
        /// Since when files were set aside in run after run.
        since: Timestamp,
        /// What became of older ones.
        older: Older,
    },
    /// The result of [`load_only`] for a file that cannot be read: it stays where it is.
    Unreadable {
        /// What is wrong with it.
        why: String,
    },
}

/// What became of older files that were set aside.
#[derive(Debug, Default)]
pub struct Older {
    /// How many were removed.
    pub removed: usize,
    /// Those that could not be removed, each with the reason.
    pub left: Vec<(PathBuf, io::Error)>,
}

impl Store {
    /// Takes the lock, and removes incomplete files of interrupted runs.
    pub fn lock(state_file: &Path) -> Result<Store, LockError> {
        let (lock, place) = Lock::acquire_at(state_file)?;
        place.remove_leftovers();
        Ok(Store { path: state_file.to_owned(), place, is_saved: false, _lock: lock })
    }

    /// Reads the state of this installation. A file that cannot be read is kept under another name with the date of `now`, and
    /// replaced at once by [`State::after_loss`]: if the run is killed before its end, the next one waits as well.
    pub fn load(&mut self, installation: &Installation, now: Timestamp) -> Result<Loaded, StoreError> {
        let why = match read(&self.place, &self.path, installation)? {
            Loaded::Unreadable { why } => why,
            read => return Ok(read),
        };
        let since = set_aside_since(&self.place, now);
        let to = set_aside(&self.place, &self.path, now)?;
        let older = remove_older(&self.place, &self.path, since);
        self.save(&State::after_loss(installation.owner.clone(), since, now))?;
        Ok(Loaded::SetAside { to, why, since, older })
    }

    /// Replaces the state durably: once this returns, the state survives a power failure.
    ///
    /// A run saves before its first action, which proves that the file can be written. Exclusive, since of two saves at the
    /// same time the older state could win.
    pub fn save(&mut self, state: &State) -> Result<(), StoreError> {
        let state = without_secrets(state);
        let attempt = if self.is_saved { Attempt::Write } else { Attempt::FirstWrite };
        let saved = write_document(&self.place, |to| lines::write(to, &*state));
        self.is_saved |= saved.is_ok();
        saved.map_err(|source| StoreError::at(attempt, &self.path, source))
    }
}

/// Reads the state of this installation without the lock, and changes nothing.
pub fn load_only(state_file: &Path, installation: &Installation) -> Result<Loaded, StoreError> {
    match Place::of(state_file, LastLink::Follow) {
        Ok(place) => read(&place, state_file, installation),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Loaded::Fresh),
        Err(error) => Err(StoreError::at(Attempt::Read, state_file, error)),
    }
}

/// Replaces a file of the state, with a document whose long secrets are removed.
pub(super) fn write_document(
    place: &Place,
    write: impl FnOnce(&mut Redacted<&mut File>) -> serde_json::Result<()>,
) -> io::Result<()> {
    place.replace(|file| {
        let mut redacted = Redacted::new(file);
        write(&mut redacted)?;
        redacted.finish()
    })
}

/// What every version of the file begins with. Newer versions may write everything else in another way.
#[derive(Deserialize)]
struct Header {
    version: u64,
    #[serde(default)]
    owner: serde_json::Value,
    #[serde(default)]
    controller: serde_json::Value,
}

impl Header {
    fn of(state: &State) -> Self {
        let controller = state.controller.as_ref().map(ToString::to_string);
        Self { version: state.version.into(), owner: state.owner.as_str().into(), controller: controller.into() }
    }
}

fn read(place: &Place, path: &Path, installation: &Installation) -> Result<Loaded, StoreError> {
    let failed = |source| StoreError::at(Attempt::Read, path, source);
    let unreadable = |why: String| Ok(Loaded::Unreadable { why });
    let file = match place.read() {
        Ok(Some(file)) => file,
        Ok(None) => return Ok(Loaded::Fresh),
        Err(error) if error.kind() == ErrorKind::InvalidInput => return Err(StoreError::NotAFile(path.to_owned())),
        Err(error) => return Err(failed(error)),
    };
    let length = file.metadata().map_err(failed)?.len();
    if length > LARGEST {
        return unreadable(format!("it is larger than {} MiB", LARGEST >> 20));
    }
    let mut text = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    file.take(LARGEST).read_to_end(&mut text).map_err(failed)?;
    if text.is_empty() {
        return unreadable("it is empty".to_owned());
    }
    let state = json::parse::<State>(&text);
    let header = match &state {
        Ok(state) => Header::of(state),
        Err(_) => match serde_json::from_slice(&text) {
            Ok(header) => header,
            Err(error) => return unreadable(format!("it is not what mita writes: {error}")),
        },
    };
    if header.version > u64::from(VERSION) {
        return Err(StoreError::Newer { path: path.to_owned(), version: header.version });
    }
    let Installation { owner, controller, .. } = installation;
    let other_controller = header.controller.as_str().map(Controller::at).filter(|found| !installation.is_at(found));
    let other_owner = header.owner.as_str().filter(|found| *found != owner.as_str());
    // A first run with a wrong URL or owner binds nobody. If a Jenkins answered, its nodes are remembered.
    let is_empty =
        |state: &State| state.has_nothing_of_ours() && (other_controller.is_none() || state.nodes.is_empty());
    if (other_controller.is_some() || other_owner.is_some()) && state.as_ref().is_ok_and(is_empty) {
        return Ok(Loaded::Fresh);
    }
    // If no owner is configured, the advice for another controller also solves the problem of another owner.
    if let Some(found) = other_controller {
        return Err(StoreError::OtherController { path: path.to_owned(), found, expected: controller.clone() });
    }
    if let Some(found) = other_owner {
        return Err(StoreError::OtherOwner { path: path.to_owned(), found: found.to_owned(), expected: owner.clone() });
    }
    if header.version != u64::from(VERSION) {
        return unreadable(format!("there never was a version {}", header.version));
    }
    let state = match state {
        Ok(state) => state,
        Err(error) => return unreadable(error.to_string()),
    };
    match state.validate() {
        None => Ok(Loaded::Known(Box::new(state))),
        Some(why) => unreadable(why),
    }
}

/// Since when there was no long time between two files that were set aside: something makes the state unreadable again and
/// again.
fn set_aside_since(place: &Place, now: Timestamp) -> Timestamp {
    let mut since = now;
    for (date, _) in files_set_aside(place).into_iter().rev() {
        if date <= since && since.duration_since(date) < AGAIN_WITHIN {
            since = date;
        }
    }
    since
}

/// The files that were set aside, the oldest one first: their dates and what stands behind the name of the state file.
fn files_set_aside(place: &Place) -> Vec<(Timestamp, String)> {
    let dated = |suffix: String| {
        let date = suffix.strip_prefix(UNREADABLE)?.get(..DATE)?.parse().ok()?;
        Some((date, suffix))
    };
    place.suffixes().unwrap_or_default().into_iter().filter_map(dated).collect()
}

/// Removes all files that were set aside but the newest ones, and the first one of the story that goes on since this time:
/// it tells when that began, and may show why.
fn remove_older(place: &Place, path: &Path, since: Timestamp) -> Older {
    let mut files = files_set_aside(place);
    files.truncate(files.len().saturating_sub(KEPT));
    if let Some(first) = files.iter().position(|(date, _)| *date == since) {
        files.remove(first);
    }
    let mut older = Older::default();
    for (_, suffix) in &files {
        match place.beside(suffix).and_then(|file| file.remove()) {
            Ok(()) => older.removed += 1,
            Err(error) => older.left.push((beside(path, suffix), error)),
        }
    }
    older
}

/// Gives the file a new name with the date. It keeps its own name until it is replaced, so that there always is a state
/// file; if a file cannot have two names, it is renamed.
fn set_aside(place: &Place, path: &Path, now: Timestamp) -> Result<PathBuf, StoreError> {
    let date = now.strftime("%Y%m%dT%H%M%SZ");
    let mut ordinal = 0_u32;
    loop {
        let suffix = format!("{UNREADABLE}{date}");
        let suffix = if ordinal == 0 { suffix } else { format!("{suffix}-{ordinal}") };
        match place.beside(&suffix).and_then(|to| place.set_aside(&to)) {
            Ok(()) => {
                return Ok(beside(path, &suffix));
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => ordinal += 1,
            Err(error) => return Err(StoreError::at(Attempt::SetAside, path, error)),
        }
    }
}

//! The state file: read with distrust, replaced whole.
//!
//! Knows files and nothing of what the state means. What cannot be read is set aside and never overwritten; what a
//! newer program or another installation wrote is left untouched. A save is a new file that takes the old one's
//! place, so that a crash at any moment leaves either the old state or the new one.

mod history;
mod lock;
#[cfg(test)]
mod tests;

pub use history::{history_of, publish};
pub use lock::{Lock, LockError};

use crate::domain::installation::{Controller, Installation};
use crate::domain::names::Owner;
use crate::domain::state::{Breaker, Mismatch, ServerFailure, ServerMemory, State, VERSION};
use crate::secret::{redact, redact_document};
use jiff::Timestamp;
use serde::Deserialize;
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A state of 10,000 servers and as many queue items takes about 10 MB; a larger file than this is not one of mita's.
const LARGEST: u64 = 256 * 1024 * 1024;

const TEMPORARY: &str = ".tmp";

/// A state file whose lock is held.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
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

/// Why a state file was not read or written.
#[derive(Debug, Error)]
pub enum StoreError {
    /// A newer program wrote it: exit status 2, the file untouched.
    #[error(
        "the state file {} has version {version}, this program knows versions up to {VERSION}: run the newer one that \
         wrote it",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u64,
    },
    /// It belongs to another installation: exit status 2, the file untouched.
    #[error(
        "the state file {} belongs to the owner {found:?}, the configuration says \"{expected}\": give this \
         installation a state_file of its own, or set `owner` back",
        path.display()
    )]
    OtherOwner {
        /// The file.
        path: PathBuf,
        /// Who wrote it.
        found: String,
        /// Who reads it.
        expected: Owner,
    },
    /// It belongs to another controller: exit status 2, the file untouched.
    #[error(
        "the state file {} belongs to the Jenkins at {found}, and jenkins.url is the one at {expected}: if this is a copy \
         of that installation, set a state_file and an `owner` of its own; if that Jenkins has a new URL, add the old one \
         to jenkins.former_urls",
        path.display()
    )]
    OtherController {
        /// The file.
        path: PathBuf,
        /// The controller of who wrote it.
        found: Controller,
        /// The controller of who reads it.
        expected: Controller,
    },
    /// Something other than a file has its name.
    #[error("the state file {} is not a plain file: set state_file to another path", .0.display())]
    NotAFile(PathBuf),
    /// Its folder is missing, and the folder's parent, too.
    #[error("there is no folder {folder}, make it with: mkdir -p {folder}", folder = .0.display())]
    NoFolder(PathBuf),
    /// The system refused.
    #[error("cannot {attempt} {}: {source}", path.display())]
    Io {
        /// What was tried.
        attempt: Attempt,
        /// With what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// What was tried with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// Reading the state.
    Read,
    /// Writing it.
    Write,
    /// Keeping an unreadable one under another name.
    SetAside,
    /// Taking the lock.
    Lock,
    /// Making the folder.
    Folder,
}

impl std::fmt::Display for Attempt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Attempt::Read => "read the state file",
            Attempt::Write => "write the state file",
            Attempt::SetAside => "set aside the unreadable state file",
            Attempt::Lock => "lock",
            Attempt::Folder => "make the folder of the state file",
        })
    }
}

impl StoreError {
    fn at(attempt: Attempt, path: &Path, source: io::Error) -> Self {
        StoreError::Io { attempt, path: path.to_owned(), source }
    }
}

impl Store {
    /// Takes the lock, and removes what crashed runs left half written.
    pub fn lock(state_file: &Path) -> Result<Store, LockError> {
        let lock = Lock::acquire(state_file)?;
        let path = resolve(state_file)?;
        remove_leftovers(&path);
        Ok(Store { path, _lock: lock })
    }

    /// Reads the state of this installation. A file that cannot be read is kept under another name, which `now` dates, and
    /// replaced at once by [`State::forgotten`]: should the run be killed before its end, the next one waits as well.
    pub fn load(&mut self, installation: &Installation, now: Timestamp) -> Result<Loaded, StoreError> {
        Ok(match read(&self.path, installation)? {
            Content::Absent => Loaded::Fresh,
            Content::State(state) => Loaded::Known(state),
            Content::Unreadable(why) => {
                let to = set_aside(&self.path, now)?;
                self.save(&State::after_loss(installation.owner.clone(), now))?;
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

/// Puts a file that is not the state in the place of what has this name, as durably. It belongs to who runs the program, and
/// nobody else can read it.
pub fn replace_file(path: &Path, contents: &[u8]) -> io::Result<()> {
    // A link to a file stays a link.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    existing_folder(&path)?;
    replace(&path, |file| file.write_all(contents))
}

/// Fails, with what to do, where the folder of a file is not there.
fn existing_folder(path: &Path) -> io::Result<()> {
    let folder = folder_of(path);
    if folder.exists() {
        return Ok(());
    }
    let words = format!("there is no folder {folder}, make it with: mkdir -p {folder}", folder = folder.display());
    Err(io::Error::new(io::ErrorKind::NotFound, words))
}

/// Reads the state of this installation, and touches nothing: no lock, no renaming.
pub fn load_only(state_file: &Path, installation: &Installation) -> Result<Loaded, StoreError> {
    Ok(match read(&resolve(state_file)?, installation)? {
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
    #[serde(default)]
    controller: serde_json::Value,
}

fn read(path: &Path, installation: &Installation) -> Result<Content, StoreError> {
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
    let Installation { owner, controller, .. } = installation;
    // The cure of the one cures the other as well where no owner is configured.
    if let Some(found) = header.controller.as_str().map(Controller::at).filter(|found| !installation.is_at(found)) {
        return Err(StoreError::OtherController { path: path.to_owned(), found, expected: controller.clone() });
    }
    if let Some(found) = header.owner.as_str().filter(|found| *found != owner.as_str()) {
        return Err(StoreError::OtherOwner { path: path.to_owned(), found: found.to_owned(), expected: owner.clone() });
    }
    if header.version != u64::from(VERSION) {
        return Ok(Content::Unreadable(format!("there never was a version {}", header.version)));
    }
    Ok(match serde_json::from_slice::<State>(&text) {
        Ok(state) => match state.validate() {
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

/// Puts a new file in the old one's place: the old content or the new one, whole and synced, at any moment.
fn replace(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    if regular(path)? == Some(false) {
        return Err(io::Error::other("it is not a plain file"));
    }
    let mut file =
        tempfile::Builder::new().prefix(&temporary_prefix(path)).suffix(TEMPORARY).tempfile_in(folder_of(path))?;
    write(file.as_file_mut())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(path)
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

/// Follows symbolic links by hand, since the last one may lead to a file that is not there yet.
fn resolve(path: &Path) -> Result<PathBuf, StoreError> {
    /// As many as Linux follows (path_resolution(7)).
    const LINKS: u32 = 40;
    let mut at = path.to_owned();
    for _ in 0..LINKS {
        match fs::read_link(&at) {
            Ok(target) => at = folder_of(&at).join(target),
            // Not a link, or nothing at all.
            Err(_) => return Ok(at),
        }
    }
    Err(StoreError::at(Attempt::Read, path, io::Error::other("too many symbolic links")))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Whether what is there is a plain file; none where nothing is.
fn regular(path: &Path) -> io::Result<Option<bool>> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some(metadata.is_file())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Gives the file to the owner of the one in its place, else of the folder: a run that an administrator starts by
/// hand must not leave files that the next run under cron cannot open. Anybody but root keeps the file.
fn hand_over(file: &File, path: &Path) {
    let ids = |metadata: Metadata| (metadata.uid(), metadata.gid());
    let Ok(own) = file.metadata().map(ids) else { return };
    let Ok(wanted) = fs::metadata(path).or_else(|_| fs::metadata(folder_of(path))).map(ids) else { return };
    if own != wanted
        && let Err(error) = std::os::unix::fs::fchown(file, Some(wanted.0), Some(wanted.1))
    {
        log::debug!("cannot give {} to user {}: {error}", path.display(), wanted.0);
    }
}

fn temporary_prefix(path: &Path) -> std::ffi::OsString {
    let mut prefix = std::ffi::OsString::from(".");
    prefix.push(path.file_name().unwrap_or_default());
    prefix.push(".");
    prefix
}

/// Removes temporary files of runs that ended in the middle of a save. Only while the lock is held.
fn remove_leftovers(path: &Path) {
    let prefix = temporary_prefix(path);
    let Ok(entries) = fs::read_dir(folder_of(path)) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        if name.starts_with(prefix.as_encoded_bytes())
            && name.ends_with(TEMPORARY.as_bytes())
            && entry.file_type().is_ok_and(|kind| kind.is_file())
            && let Err(error) = fs::remove_file(entry.path())
        {
            log::debug!("cannot remove {}: {error}", entry.path().display());
        }
    }
}

/// The state with its free text redacted. Names and ids stay as they are, but for secrets too long to be part of one by
/// chance: a password that is (`openstack`) would turn it into the name of something else, and the file into one that
/// nobody can use.
pub fn without_secrets(state: &State) -> State {
    let clean = |text: &str| redact(text).into_owned();
    // Named one by one, so that whoever adds a field decides whether it is free text.
    let State {
        version,
        owner,
        controller,
        run,
        last_run,
        fingerprint,
        session,
        settling,
        mut servers,
        gone_servers,
        floating_ips,
        nodes,
        queue,
        mut breakers,
        mut failures,
        quota_refused,
        mut mismatches,
        notified,
    } = state.clone();
    for ServerMemory { fault, .. } in servers.values_mut() {
        *fault = fault.as_deref().map(clean);
    }
    for Breaker { reason, .. } in breakers.values_mut().flat_map(|types| types.values_mut()) {
        *reason = clean(reason);
    }
    for ServerFailure { reason, console, .. } in failures.values_mut().flat_map(|types| types.values_mut()) {
        *reason = clean(reason);
        console.iter_mut().for_each(|line| *line = clean(line));
    }
    for Mismatch { why, .. } in &mut mismatches {
        *why = clean(why);
    }
    let notified = notified.into_iter().map(|(event, at)| (clean(&event), at)).collect();
    State {
        version,
        owner,
        controller,
        run,
        last_run,
        fingerprint,
        session,
        settling,
        servers,
        gone_servers,
        floating_ips,
        nodes,
        queue,
        breakers,
        failures,
        quota_refused,
        mismatches,
        notified,
    }
}

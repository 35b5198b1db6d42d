//! Files that are replaced whole, durably, and without following what others could have put in their place.

use super::error::{Attempt, StoreError};
use std::fs::{self, File, Metadata};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

const TEMPORARY: &str = ".tmp";

/// Puts a file that is not the state in the place of what has this name, as durably. It belongs to who runs the program, and
/// nobody else can read it.
pub fn replace_file(path: &Path, contents: &[u8]) -> io::Result<()> {
    // A link to a file stays a link.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    existing_folder(&path)?;
    replace(&path, |file| file.write_all(contents))
}

/// Fails, with what to do, where the folder of a file is not there.
pub(super) fn existing_folder(path: &Path) -> io::Result<()> {
    let folder = folder_of(path);
    if folder.exists() {
        return Ok(());
    }
    let words = format!("there is no folder {folder}, make it with: mkdir -p {folder}", folder = folder.display());
    Err(io::Error::new(io::ErrorKind::NotFound, words))
}

/// Puts a new file in the old one's place: the old content or the new one, whole and synced, at any moment.
pub(super) fn replace(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
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

pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

/// Follows symbolic links by hand, since the last one may lead to a file that is not there yet.
pub(super) fn resolve(path: &Path) -> Result<PathBuf, StoreError> {
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

pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Whether what is there is a plain file; none where nothing is.
pub(super) fn regular(path: &Path) -> io::Result<Option<bool>> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some(metadata.is_file())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Gives the file to the owner of the one in its place, else of the folder: a run that an administrator starts by
/// hand must not leave files that the next run under cron cannot open. Anybody but root keeps the file.
pub(super) fn hand_over(file: &File, path: &Path) {
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
pub(super) fn remove_leftovers(path: &Path) {
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

//! Replacing files as a whole and durably.

use super::error::{Attempt, StoreError};
use crate::secret::redact_document;
use std::fs::{self, File, Metadata, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

const TEMPORARY: &str = ".tmp";

/// Replaces a file other than the state, as durably as that. It belongs to the user of the program, and nobody else can read
/// it.
pub fn replace_file(path: &Path, contents: &[u8]) -> io::Result<()> {
    replace_linked(path, |file| file.write_all(contents))
}

/// Replaces a file that everybody can read (mode 0644).
pub fn publish(path: &Path, contents: &[u8]) -> io::Result<()> {
    replace_linked(path, |file| {
        file.write_all(contents)?;
        file.set_permissions(Permissions::from_mode(0o644))
    })
}

/// Replaces a file, or the target of a link. Fails with what to do if its folder is missing.
fn replace_linked(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = folder_of(&path);
    if !folder.exists() {
        let text = format!("there is no folder {folder}, make it with: mkdir -p {folder}", folder = folder.display());
        return Err(io::Error::new(io::ErrorKind::NotFound, text));
    }
    replace(&path, write)
}

/// Replaces a file of the state, with a text whose long secrets are removed. The file keeps its owner.
pub(super) fn replace_document(path: &Path, state_file: &Path, json: &str) -> io::Result<()> {
    replace(path, |file| {
        writeln!(file, "{}", redact_document(json))?;
        keep_owner(file, state_file);
        Ok(())
    })
}

/// Replaces a file by a new one: at any moment there is the complete old or the complete new content, synced.
pub(super) fn replace(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    if is_regular(path)? == Some(false) {
        return Err(io::Error::other("it is not a regular file"));
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

/// Follows symbolic links itself, since the last one may lead to a file that does not exist yet.
pub(super) fn resolve(path: &Path) -> Result<PathBuf, StoreError> {
    /// As many as Linux follows (path_resolution(7)).
    const LINKS: u32 = 40;
    let mut at = path.to_owned();
    for _ in 0..LINKS {
        match fs::read_link(&at) {
            Ok(target) => at = folder_of(&at).join(target),
            // Not a link, or no file.
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

/// Whether there is a regular file; `None` if there is nothing.
pub(super) fn is_regular(path: &Path) -> io::Result<Option<bool>> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some(metadata.is_file())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Gives a new file the owner of the file at `path`, else of its folder. So a run that root starts does not leave files
/// that the next run under cron cannot open. Only root can do that; for others nothing changes.
pub(super) fn keep_owner(file: &File, path: &Path) {
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

/// Removes the temporary files of runs that were interrupted while they saved. Requires the lock.
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

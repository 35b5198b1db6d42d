//! Files that the configuration names.

use super::reading::{Place, Reading};
use crate::permission::{Wanted, cure};
use nix::fcntl::OFlag;
use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

/// What [`text`] says about a file that is not there.
pub(crate) const MISSING: &str = "does not exist";

/// The text of a file of at most `limit` bytes.
///
/// # Errors
/// A text that continues the file's name.
pub(crate) fn text(path: &Path, limit: u64) -> Result<String, String> {
    let mut bytes = Vec::new();
    // A pipe that nobody writes to must not keep a run waiting.
    let file = OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path);
    let reason = |error| reason(&error, path);
    let file = file.map_err(reason)?;
    let kind = file.metadata().map_err(reason)?.file_type();
    if !kind.is_file() && !kind.is_dir() {
        return Err("is not a regular file".to_owned());
    }
    file.take(limit + 1).read_to_end(&mut bytes).map_err(reason)?;
    if bytes.len() as u64 > limit {
        return Err(format!("is larger than {} KiB", limit / 1024));
    }
    // Editors of Windows begin a text with a mark (U+FEFF). Nobody else expects one: a script with it does not run.
    if bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.drain(..3);
    }
    let is_utf16 = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    if is_utf16 && bytes.contains(&0) {
        return Err(format!("is UTF-16 text, as some programs of Windows write it; {SAVE_AS_UTF8}"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
        format!("is not UTF-8 text from line {} on; {SAVE_AS_UTF8}", line + 1)
    })
}

/// What to do about another encoding.
const SAVE_AS_UTF8: &str = "save it as UTF-8";

/// An error of [`text`] with what to do, unless it says so itself.
pub(crate) fn with_advice(error: &str, advice: &str) -> String {
    if error.ends_with(SAVE_AS_UTF8) { error.to_owned() } else { format!("{error}; {advice}") }
}

/// Warns if other users can read a file with a secret. `what` names the file's content in the message, if that is needed.
pub(crate) fn warn_of_readers(reading: &Reading<'_>, at: &Place, path: &Path, what: &str) {
    if let Some(mode) = too_open(path) {
        let path = path.display();
        reading.warn(at, format!("{path} {what}can be read by others (mode {mode:04o}): chmod 600 {path}"));
    }
}

/// The permissions of a file that other users can read. mita reads a file of another user, such as root, through its
/// group: then only users outside of the group are others.
fn too_open(path: &Path) -> Option<u32> {
    let file = path.metadata().ok()?;
    let mode = file.mode() & 0o7777;
    // The owner of the process' own folder is its user (proc_pid(5)).
    let is_ours = Path::new("/proc/self").metadata().is_ok_and(|process| process.uid() == file.uid());
    let others = if is_ours { 0o044 } else { 0o004 };
    (mode & others != 0).then_some(mode)
}

fn reason(error: &io::Error, path: &Path) -> String {
    match error.kind() {
        ErrorKind::NotFound => MISSING.to_owned(),
        ErrorKind::PermissionDenied => {
            let cure = cure(path, Wanted::Read).map_or_else(String::new, |cure| format!(" ({cure})"));
            format!("cannot be read by this user{cure}")
        }
        ErrorKind::IsADirectory => "is a folder".to_owned(),
        ErrorKind::NotADirectory => "leads through something that is not a folder".to_owned(),
        _ => format!("cannot be read ({error})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, chown};

    #[test]
    fn a_file_of_ours_is_for_us_alone_and_one_of_somebody_elses_may_be_for_our_group() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, "x").unwrap();
        let too_open_with = |mode| {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            too_open(&path)
        };
        assert_eq!(
            (too_open_with(0o600), too_open_with(0o640), too_open_with(0o644)),
            (None, Some(0o640), Some(0o644))
        );
        // Only root can change the owner of a file.
        if chown(&path, Some(12_345), None).is_ok() {
            assert_eq!((too_open_with(0o640), too_open_with(0o644)), (None, Some(0o644)));
        }
    }
}

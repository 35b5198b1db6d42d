//! Files that the configuration names: read whole, up to a limit, and never with a guess.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The text of a file of at most `limit` bytes.
///
/// # Errors
/// In words that follow the file's name.
pub(super) fn text(path: &Path, limit: u64) -> Result<String, String> {
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes)).map_err(|error| words(&error))?;
    if bytes.len() as u64 > limit {
        return Err(format!("is larger than {} KiB", limit / 1024));
    }
    String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
        format!("is not UTF-8 text from line {} on", line + 1)
    })
}

/// The file's permissions, where others than its owner can read it.
pub(super) fn too_open(path: &Path) -> Option<u32> {
    let mode = path.metadata().ok()?.mode() & 0o7777;
    (mode & 0o044 != 0).then_some(mode)
}

fn words(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "does not exist".to_owned(),
        ErrorKind::PermissionDenied => "may not be read by this user".to_owned(),
        ErrorKind::IsADirectory => "is a folder".to_owned(),
        ErrorKind::NotADirectory => "leads through something that is no folder".to_owned(),
        _ => format!("cannot be read ({error})"),
    }
}

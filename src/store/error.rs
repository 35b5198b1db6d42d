//! Why a state file was not read or written.

use crate::domain::installation::Controller;
use crate::domain::names::Owner;
use crate::domain::state::VERSION;
use crate::permission::{Wanted, explained};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use thiserror::Error;

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
    #[error("the state file {} is not a regular file: set state_file to another path", .0.display())]
    NotAFile(PathBuf),
    /// Its folder and the parent of the folder are missing.
    #[error("there is no folder {folder}, make it with: mkdir -p {folder}", folder = .0.display())]
    NoFolder(PathBuf),
    /// The system refused.
    #[error("cannot {attempt} {}: {source}{}", path.display(), advice(source))]
    Io {
        /// What was tried.
        attempt: Attempt,
        /// The file or folder.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
}

/// What was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// Reading the state.
    Read,
    /// Writing it, before anything is done.
    FirstWrite,
    /// Writing it once more.
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
            Attempt::FirstWrite | Attempt::Write => "write the state file",
            Attempt::SetAside => "set aside the unreadable state file",
            Attempt::Lock => "lock",
            Attempt::Folder => "make the folder of the state file",
        })
    }
}

/// What to do, unless the error says so itself.
fn advice(error: &io::Error) -> &'static str {
    match (error.raw_os_error(), error.kind()) {
        (None, _) => "",
        (_, ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge) => {
            "; make room on its file system"
        }
        (_, _) => "; set state_file to a path where files can be written",
    }
}

impl StoreError {
    /// Whether the command had done something before.
    pub fn is_late(&self) -> bool {
        matches!(self, StoreError::Io { attempt: Attempt::Write, .. })
    }

    pub(super) fn at(attempt: Attempt, path: &Path, source: io::Error) -> Self {
        let wanted = match attempt {
            Attempt::Read => Wanted::Read,
            Attempt::Lock if path.exists() => Wanted::Write,
            Attempt::Lock | Attempt::FirstWrite | Attempt::Write | Attempt::SetAside => Wanted::Replace,
            Attempt::Folder => Wanted::Make,
        };
        StoreError::Io { attempt, path: path.to_owned(), source: explained(source, path, wanted) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_with_the_next_step() {
        let full = io::Error::from(ErrorKind::StorageFull);
        assert_eq!(advice(&full), "", "what explains itself needs none");
        let error = StoreError::at(Attempt::FirstWrite, Path::new("state.json"), io::Error::from_raw_os_error(28));
        let told = "cannot write the state file state.json: No space left on device (os error 28); make room on its file system";
        assert_eq!((error.to_string().as_str(), error.is_late()), (told, false));
    }
}

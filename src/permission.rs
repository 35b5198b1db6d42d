//! What to do where the system does not let this user read or write a file: whose it is, who asks, and the command that
//! changes it.

use nix::unistd::{AccessFlags, Uid, User, access, geteuid};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What was wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Reading the file.
    Read,
    /// Reading and writing the file itself.
    Write,
    /// Replacing or making the file, which its folder allows.
    Replace,
}

impl Wanted {
    /// What the system is asked for.
    pub(crate) fn flags(self) -> AccessFlags {
        match self {
            Wanted::Read => AccessFlags::R_OK,
            Wanted::Write => AccessFlags::R_OK | AccessFlags::W_OK,
            Wanted::Replace => AccessFlags::W_OK | AccessFlags::X_OK,
        }
    }
}

/// The error with whose file it is and what to do, if the system denied it. Any other stays as it is.
pub(crate) fn explained(error: io::Error, path: &Path, wanted: Wanted) -> io::Error {
    if error.kind() != ErrorKind::PermissionDenied || error.raw_os_error().is_none() {
        return error;
    }
    match cure(path, wanted) {
        Some(cure) => io::Error::new(ErrorKind::PermissionDenied, cure),
        None => error,
    }
}

/// Whose the file or folder is that stands in the way, and what to do; none if nothing seems to.
pub(crate) fn cure(path: &Path, wanted: Wanted) -> Option<String> {
    let path = path.canonicalize().or_else(|_| std::path::absolute(path)).ok()?;
    let closed = in_the_way(&path, wanted)?;
    let found = closed.metadata().ok()?;
    let (owner, user) = (name_of(Uid::from_raw(found.uid())), name_of(geteuid()));
    let shown = closed.display();
    Some(if owner == user {
        let bits = if found.is_dir() { "u+rwx" } else { "u+rw" };
        let mode = found.mode() & 0o7777;
        format!("{shown} belongs to {user}, and its mode {mode:04o} does not allow it: chmod {bits} {shown}")
    } else {
        let chown = format!("{shown} belongs to {owner}, and mita runs as {user}: sudo chown {user} {shown}");
        // mita needs no root, and does not ask for it.
        if owner == "root" { chown } else { format!("{chown}, or run mita as {owner} (sudo -u {owner} mita ...)") }
    })
}

/// The first folder on the way that this user cannot enter, else what is wanted itself.
fn in_the_way(path: &Path, wanted: Wanted) -> Option<PathBuf> {
    let folder = path.parent()?;
    let mut folders: Vec<&Path> = folder.ancestors().collect();
    folders.reverse();
    if let Some(closed) = folders.into_iter().find(|folder| access(*folder, AccessFlags::X_OK).is_err()) {
        return Some(closed.to_owned());
    }
    let target = if wanted == Wanted::Replace { folder } else { path };
    access(target, wanted.flags()).is_err().then(|| target.to_owned())
}

fn name_of(uid: Uid) -> String {
    User::from_uid(uid).ok().flatten().map_or_else(|| uid.to_string(), |user| user.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_system_denied_is_explained() {
        let path = Path::new("/nowhere/at/all");
        for error in [io::Error::other("full"), io::Error::new(ErrorKind::PermissionDenied, "a link on the way")] {
            let before = error.to_string();
            assert_eq!(explained(error, path, Wanted::Read).to_string(), before);
        }
    }

    #[test]
    fn nothing_stands_in_the_way_of_what_is_allowed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state.json");
        std::fs::write(&file, "").unwrap();
        for wanted in [Wanted::Read, Wanted::Write, Wanted::Replace] {
            assert_eq!(cure(&file, wanted), None);
        }
    }
}

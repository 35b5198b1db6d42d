//! What to do where the system does not let this user read or write a file: whose it is, who asks, and the command that
//! changes it.

use nix::unistd::{AccessFlags, Uid, User, access, geteuid};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

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
    let folder = path.parent()?;
    if let Some(closed) = closed_folder(folder) {
        let (owner, user, shown) = (owner_of(closed)?, name_of(geteuid()), closed.display());
        // Such a folder may be a person's home: it does not become mita's.
        return Some(if owner == user {
            format!("{shown} belongs to {user}, and its mode does not allow it: chmod u+rwx {shown}")
        } else {
            format!("{shown} belongs to {owner} and lets no {user} in: use a folder that {user} may enter")
        });
    }
    let target = if wanted == Wanted::Replace { folder } else { &path };
    access(target, wanted.flags()).err()?;
    let found = target.metadata().ok()?;
    let (owner, user, shown) = (owner_of(target)?, name_of(geteuid()), target.display());
    if owner == user {
        let bits = if found.is_dir() { "u+rwx" } else { "u+rw" };
        let mode = found.mode() & 0o7777;
        return Some(format!(
            "{shown} belongs to {user}, and its mode {mode:04o} does not allow it: chmod {bits} {shown}"
        ));
    }
    let chown = format!("{shown} belongs to {owner}, and mita runs as {user}: sudo chown {user} {shown}");
    let others = if found.is_dir() { " if it is for mita alone, else use another folder" } else { "" };
    // mita needs no root, and does not ask for it.
    let run_as =
        if owner == "root" { String::new() } else { format!(", or run mita as {owner} (sudo -u {owner} mita ...)") };
    Some(format!("{chown}{others}{run_as}"))
}

/// The first folder on the way that this user cannot enter.
fn closed_folder(folder: &Path) -> Option<&Path> {
    let mut folders: Vec<&Path> = folder.ancestors().collect();
    folders.reverse();
    folders.into_iter().find(|folder| access(*folder, AccessFlags::X_OK).is_err())
}

fn owner_of(path: &Path) -> Option<String> {
    path.metadata().ok().map(|found| name_of(Uid::from_raw(found.uid())))
}

fn name_of(uid: Uid) -> String {
    user_name(uid).unwrap_or_else(|| uid.to_string())
}

/// The name that the user database has for this user.
pub(crate) fn user_name(uid: Uid) -> Option<String> {
    User::from_uid(uid).ok().flatten().map(|user| user.name)
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

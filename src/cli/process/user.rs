//! Which user works: root does not work with the files of another user, it becomes that user first.
//!
//! Whoever owns a folder can put links in it. Followed by root, they would make mita read, replace or give away files that
//! their owner could not touch.

use crate::cli::process::failure::Failure;
use crate::config;
use crate::store;
use nix::unistd::{Gid, Uid, User, geteuid, initgroups, setgid, setgroups, setuid};
use std::ffi::CString;
use std::io::{IsTerminal, stderr};
use std::path::Path;

/// The group of a user without an entry in the user database. A user can own files of any group, root's included.
const NO_GROUP: Gid = Gid::from_raw(65534);

/// Becomes the owner of this file or of the folders on the way to it, if the process is root's and they are not.
///
/// # Errors
/// If they belong to several users, each of whom could lead root to the files of another one.
pub(crate) fn become_owner_of(path: &Path) -> Result<(), Failure> {
    if !geteuid().is_root() {
        return Ok(());
    }
    // What is wrong with the path is told when it is used.
    let Ok(owners) = store::owners(path) else { return Ok(()) };
    match Vec::from_iter(owners)[..] {
        [] => Ok(()),
        [owner] => become_user(Uid::from_raw(owner), path),
        [first, second, ..] => Err(Failure::Refused(format!(
            "{} leads through what the users {first} and {second} own, so root does not go there: run mita as the user \
             whose file it is",
            path.display()
        ))),
    }
}

fn become_user(uid: Uid, path: &Path) -> Result<(), Failure> {
    // Who it was, for the journal and for others.
    config::person();
    let known = User::from_uid(uid).ok().flatten();
    let name = known.as_ref().map_or_else(|| uid.to_string(), |user| user.name.clone());
    let groups = match known.as_ref().map(|user| (CString::new(user.name.clone()), user.gid)) {
        Some((Ok(name), gid)) => initgroups(&name, gid).and_then(|()| setgid(gid)),
        Some((Err(_), _)) | None => setgroups(&[]).and_then(|()| setgid(NO_GROUP)),
    };
    groups.and_then(|()| setuid(uid)).map_err(|error| {
        let path = path.display();
        Failure::Refused(format!("root cannot become user {name}, who owns {path}: {error}; run mita as that user"))
    })?;
    let message = format!("works as user {name}, who owns {}", path.display());
    if stderr().is_terminal() {
        log::warn!("{message}");
    } else {
        log::info!("{message}");
    }
    Ok(())
}

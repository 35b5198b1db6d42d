//! What to do where the system does not let this user read or write a file: whose it is, who asks, and the command that
//! changes it.

use crate::domain::format::in_shell;
use nix::errno::Errno;
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
    /// As [`Wanted::Replace`], a file for others, whose folder may be theirs.
    Publish,
    /// Making the folder, which the one above it allows.
    Make,
}

impl Wanted {
    /// What the system is asked for.
    pub(crate) fn flags(self) -> AccessFlags {
        match self {
            Wanted::Read => AccessFlags::R_OK,
            Wanted::Write => AccessFlags::R_OK | AccessFlags::W_OK,
            Wanted::Replace | Wanted::Publish | Wanted::Make => AccessFlags::W_OK | AccessFlags::X_OK,
        }
    }

    /// Whether the folder allows it, and not the file.
    fn is_of_folder(self) -> bool {
        matches!(self, Wanted::Replace | Wanted::Publish | Wanted::Make)
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
    obstacle(path, wanted).map(|obstacle| obstacle.cure(path, wanted))
}

/// As [`cure`], where a user other than root and this one owns what stands in the way: then nothing is wrong with the file, and
/// the wrong user reads it.
pub(crate) fn of_another_user(path: &Path) -> Option<String> {
    let obstacle = obstacle(path, Wanted::Read).filter(|it| !it.owner.is_root() && it.owner != geteuid())?;
    Some(obstacle.cure(path, Wanted::Read))
}

/// A file or folder that this user may not use.
struct Obstacle {
    path: PathBuf,
    owner: Uid,
    mode: u32,
    is_folder: bool,
    /// It cannot even be entered.
    is_closed: bool,
}

fn obstacle(path: &Path, wanted: Wanted) -> Option<Obstacle> {
    let path = path.canonicalize().or_else(|_| std::path::absolute(path)).ok()?;
    let folder = path.parent()?;
    let closed = closed_folder(folder);
    let target = closed.unwrap_or(if wanted.is_of_folder() { folder } else { &path });
    if closed.is_none() {
        // Nobody's rights change a file system that is read-only.
        access(target, wanted.flags()).err().filter(|error| *error != Errno::EROFS)?;
    }
    let found = target.metadata().ok()?;
    Some(Obstacle {
        path: target.to_owned(),
        owner: Uid::from_raw(found.uid()),
        mode: found.mode() & 0o7777,
        is_folder: found.is_dir(),
        is_closed: closed.is_some(),
    })
}

impl Obstacle {
    /// Nobody is told to take a file away from another user, whose runs need it; and none but root's, which is nobody's home,
    /// is given to this user.
    fn cure(&self, path: &Path, wanted: Wanted) -> String {
        let (shown, owner, user) = (self.path.display(), name_of(self.owner), name_of(geteuid()));
        if self.owner == geteuid() {
            let bits = if self.is_folder { "u+rwx" } else { "u+rw" };
            let mode = self.mode;
            return format!(
                "{shown} belongs to {user}, and its mode {mode:04o} does not allow it: chmod {bits} {shown}"
            );
        }
        let advice = if self.owner.is_root() {
            self.advice(path, wanted, &user)
        } else if wanted == Wanted::Publish {
            let shown = in_shell(&self.path.to_string_lossy()).into_owned();
            format!("use another folder, or let {user} write there: sudo setfacl -m u:{user}:rwx {shown}")
        } else {
            format!("run it as {owner}: {}", command_as(self.owner))
        };
        format!("{shown} belongs to {owner}, and mita runs as {user}: {advice}")
    }

    /// What this user does about what root owns.
    fn advice(&self, path: &Path, wanted: Wanted, user: &str) -> String {
        let shown = self.path.display();
        if self.is_closed {
            format!("use a folder that {user} may enter")
        } else if wanted == Wanted::Make {
            format!("sudo install -d -m 700 -o {user} {}", path.display())
        } else if self.is_folder && is_of_system(&self.path) {
            "use another folder".to_owned()
        } else if self.is_folder {
            format!("use another folder, or sudo chown {user} {shown} if it is for mita alone")
        } else {
            format!("if cron runs mita as {user}, sudo chown {user} {shown}, else run it as cron does")
        }
    }
}

/// Whether other programs have files in the folder, which nobody gives to one user.
fn is_of_system(folder: &Path) -> bool {
    let above = folder.parent().unwrap_or(folder);
    [Path::new("/"), Path::new("/var")].contains(&above)
        || folder.starts_with("/usr")
        || folder == Path::new("/etc/cron.d")
}

/// This command line, as somebody else runs it.
fn command_as(user: Uid) -> String {
    let words = std::env::args_os().skip(1).map(|word| in_shell(&word.to_string_lossy()).into_owned());
    let user = user_name(user).unwrap_or_else(|| format!("'#{user}'"));
    format!("sudo -u {user} mita {}", words.collect::<Vec<_>>().join(" "))
}

/// The first folder on the way that this user cannot enter.
fn closed_folder(folder: &Path) -> Option<&Path> {
    let mut folders: Vec<&Path> = folder.ancestors().collect();
    folders.reverse();
    folders.into_iter().find(|folder| access(*folder, AccessFlags::X_OK).is_err())
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
    fn nobody_is_told_to_take_a_folder_of_the_system() {
        let advice = |path: &str| {
            let (path, owner) = (path.into(), Uid::from_raw(0));
            // Root is never denied, so that this is about another owner than the one that runs the test.
            Obstacle { path, owner, mode: 0o755, is_folder: true, is_closed: false }.advice(
                Path::new("f"),
                Wanted::Replace,
                "jo",
            )
        };
        for folder in ["/", "/etc", "/var/lib", "/usr/local/share", "/etc/cron.d"] {
            assert_eq!(advice(folder), "use another folder");
        }
        assert_eq!(advice("/etc/mita"), "use another folder, or sudo chown jo /etc/mita if it is for mita alone");
    }

    #[test]
    fn nobody_is_told_to_run_as_the_user_whose_folder_a_report_goes_to() {
        let owner = Uid::from_raw(4711);
        let folder = Obstacle { path: "/srv/www".into(), owner, mode: 0o755, is_folder: true, is_closed: false };
        let user = name_of(geteuid());
        let expected = format!(
            "/srv/www belongs to 4711, and mita runs as {user}: use another folder, or let {user} write there: sudo setfacl -m \
             u:{user}:rwx /srv/www"
        );
        assert_eq!(folder.cure(Path::new("/srv/www/mita.html"), Wanted::Publish), expected);
        let state = folder.cure(Path::new("/srv/www/state.json"), Wanted::Replace);
        assert!(state.contains(": run it as 4711: sudo -u '#4711' mita"), "{state}");
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

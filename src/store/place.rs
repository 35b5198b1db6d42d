//! Where a file is: its folder, which stays open, and its name there.
//!
//! Everything that is done with the file is done relative to the open folder and follows no further link, so that nobody who
//! may write in one of the folders of the path can lead it to another file in between. That matters when root runs mita: a
//! link of another user could lead to a file that only root may touch.

use crate::permission::{Wanted, explained};
use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, openat, readlinkat, renameat};
use nix::sys::stat::{FileStat, Mode, SFlag, fchmod, fstat, fstatat, mkdirat};
use nix::unistd::{LinkatFlags, UnlinkatFlags, linkat, unlinkat};
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, ErrorKind, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path};

/// As many as Linux follows (path_resolution(7)).
const LINKS: usize = 40;

/// How a temporary file ends.
const TEMPORARY: &str = ".tmp";

/// What the last part of a path does if it is a link.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum LastLink {
    /// It leads on.
    Follow,
    /// It is the file that is meant.
    Keep,
}

/// Where a file is, whether it exists or not.
#[derive(Debug)]
pub(super) struct Place {
    folder: OwnedFd,
    name: OsString,
}

/// What has this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Nothing,
    File,
    Other,
}

impl Place {
    /// Finds the folder. For root, a link of another user leads nowhere.
    pub(super) fn of(path: &Path, last: LastLink) -> io::Result<Self> {
        let is_root = nix::unistd::geteuid().is_root();
        walk(path, last, &mut |stat| {
            if is_root && is(stat, SFlag::S_IFLNK) && stat.st_uid != 0 {
                let text = format!("a link of user {} is on the way, which root does not follow", stat.st_uid);
                return Err(io::Error::new(ErrorKind::PermissionDenied, text));
            }
            Ok(())
        })
    }

    /// The file in the same folder with this behind its name.
    pub(super) fn beside(&self, suffix: &str) -> io::Result<Self> {
        let mut name = self.name.clone();
        name.push(suffix);
        Ok(Self { folder: self.folder.try_clone()?, name })
    }

    /// Makes the folder that has this name, for its owner only, unless something has it.
    pub(super) fn make_folder(&self) -> io::Result<()> {
        match mkdirat(&self.folder, self.name(), Mode::S_IRWXU) {
            Ok(()) | Err(Errno::EEXIST) => Ok(()),
            // Some systems answer "read-only" or "denied" for a folder that exists.
            Err(_) if fstatat(&self.folder, self.name(), AtFlags::empty()).is_ok() => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens the file to read it; `None` if there is none. What is not a regular file is not opened, so that a pipe does not
    /// keep the run waiting.
    pub(super) fn read(&self) -> io::Result<Option<File>> {
        match self.open(OFlag::O_RDONLY) {
            Ok((file, _)) => Ok(Some(file)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Opens the file to write it, and makes it if there is none, for its owner only. A second name of a file is refused: it
    /// could be that of a file elsewhere.
    pub(super) fn open_or_make(&self) -> io::Result<File> {
        let (file, stat) = self.open(OFlag::O_RDWR | OFlag::O_CREAT)?;
        if stat.st_nlink > 1 {
            return Err(io::Error::other("the file has a second name, so it may be another file; remove this one"));
        }
        Ok(file)
    }

    fn open(&self, flags: OFlag) -> io::Result<(File, FileStat)> {
        let flags = flags | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
        let file = match openat(&self.folder, self.name(), flags, Mode::S_IRUSR | Mode::S_IWUSR) {
            Ok(file) => File::from(file),
            // A link, a socket, and a pipe to write to that nobody reads.
            Err(Errno::ELOOP | Errno::ENXIO | Errno::EISDIR) => return Err(not_regular()),
            Err(error) => return Err(error.into()),
        };
        let stat = fstat(&file)?;
        if is(&stat, SFlag::S_IFREG) { Ok((file, stat)) } else { Err(not_regular()) }
    }

    /// Replaces the file by a new one, which only its owner can read: at any moment there is the complete old or the complete
    /// new content, synced. A link is replaced itself, and its target stays as it is.
    pub(super) fn replace(&self, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
        if self.kind(AtFlags::empty()).unwrap_or(Kind::Nothing) == Kind::Other {
            return Err(not_regular());
        }
        let mut temporary = Temporary::make(self)?;
        write(&mut temporary.file)?;
        temporary.file.sync_all()?;
        renameat(&self.folder, temporary.name.as_os_str(), &self.folder, self.name())?;
        temporary.kept = true;
        self.sync_folder()
    }

    fn kind(&self, flags: AtFlags) -> io::Result<Kind> {
        match fstatat(&self.folder, self.name(), flags) {
            Ok(stat) if is(&stat, SFlag::S_IFREG) => Ok(Kind::File),
            Ok(_) => Ok(Kind::Other),
            Err(Errno::ENOENT) => Ok(Kind::Nothing),
            Err(error) => Err(error.into()),
        }
    }

    /// Gives the file another name in its folder, which nothing has yet. It keeps its own name if it can have two.
    pub(super) fn set_aside(&self, to: &Place) -> io::Result<()> {
        if to.kind(AtFlags::AT_SYMLINK_NOFOLLOW)? != Kind::Nothing {
            return Err(ErrorKind::AlreadyExists.into());
        }
        match linkat(&self.folder, self.name(), &to.folder, to.name(), LinkatFlags::empty()) {
            Ok(()) => {}
            Err(_) => renameat(&self.folder, self.name(), &to.folder, to.name())?,
        }
        self.sync_folder()
    }

    /// Gives the file another name in its folder.
    pub(super) fn rename(&self, to: &Place) -> io::Result<()> {
        renameat(&self.folder, self.name(), &to.folder, to.name())?;
        self.sync_folder()
    }

    /// Deletes the file.
    pub(super) fn remove(&self) -> io::Result<()> {
        Ok(unlinkat(&self.folder, self.name(), UnlinkatFlags::NoRemoveDir)?)
    }

    /// What the names of regular files in this folder have behind the name of this one, in order.
    pub(super) fn suffixes(&self) -> io::Result<Vec<String>> {
        let mut found = Vec::new();
        let mut folder = Dir::from_fd(self.open_folder()?)?;
        for entry in folder.iter() {
            let entry = entry?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            let suffix = name.as_bytes().strip_prefix(self.name.as_bytes()).and_then(|rest| str::from_utf8(rest).ok());
            let is_file = || {
                fstatat(&self.folder, name, AtFlags::AT_SYMLINK_NOFOLLOW).is_ok_and(|stat| is(&stat, SFlag::S_IFREG))
            };
            found.extend(suffix.filter(|suffix| !suffix.is_empty() && is_file()).map(str::to_owned));
        }
        found.sort();
        Ok(found)
    }

    /// Removes the temporary files of runs that were interrupted while they saved this file. Requires the lock.
    pub(super) fn remove_leftovers(&self) {
        let Ok(mut folder) = self.open_folder().and_then(|folder| Ok(Dir::from_fd(folder)?)) else { return };
        let prefix = self.temporary_prefix();
        for entry in folder.iter().flatten() {
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name.as_bytes().starts_with(prefix.as_bytes())
                && name.as_bytes().ends_with(TEMPORARY.as_bytes())
                && fstatat(&self.folder, name, AtFlags::AT_SYMLINK_NOFOLLOW).is_ok_and(|it| is(&it, SFlag::S_IFREG))
                && let Err(error) = unlinkat(&self.folder, name, UnlinkatFlags::NoRemoveDir)
            {
                log::debug!("cannot remove {}: {error}", name.display());
            }
        }
    }

    pub(super) fn sync_folder(&self) -> io::Result<()> {
        File::from(self.open_folder()?).sync_all()
    }

    fn open_folder(&self) -> io::Result<OwnedFd> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        Ok(openat(&self.folder, ".", flags, Mode::empty())?)
    }

    fn name(&self) -> &OsStr {
        &self.name
    }

    fn temporary_prefix(&self) -> OsString {
        let mut prefix = OsString::from(".");
        prefix.push(&self.name);
        prefix.push(".");
        prefix
    }
}

/// A new file with a name that nobody can know beforehand, which is removed unless it gets the name of the file.
struct Temporary<'a> {
    place: &'a Place,
    name: OsString,
    file: File,
    kept: bool,
}

impl<'a> Temporary<'a> {
    fn make(place: &'a Place) -> io::Result<Self> {
        let flags = OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        loop {
            let mut name = place.temporary_prefix();
            name.push(format!("{:016x}{TEMPORARY}", RandomState::new().build_hasher().finish()));
            match openat(&place.folder, name.as_os_str(), flags, Mode::S_IRUSR | Mode::S_IWUSR) {
                Ok(file) => return Ok(Self { place, name, file: file.into(), kept: false }),
                Err(Errno::EEXIST) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        if !self.kept
            && let Err(error) = unlinkat(&self.place.folder, self.name.as_os_str(), UnlinkatFlags::NoRemoveDir)
        {
            log::debug!("cannot remove {}: {error}", self.name.display());
        }
    }
}

/// Everybody except root who owns a folder or a link on the way to this file, or the file itself: what root does there, they
/// could lead elsewhere. What does not exist belongs to nobody.
pub fn owners(path: &Path) -> io::Result<BTreeSet<u32>> {
    let mut owners = BTreeSet::new();
    let walked = walk(path, LastLink::Follow, &mut |stat| {
        owners.extend((stat.st_uid != 0).then_some(stat.st_uid));
        Ok(())
    });
    match walked {
        Ok(_) => Ok(owners),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(owners),
        Err(error) => Err(error),
    }
}

/// Goes from folder to folder, and shows each of them, each link, and what has the last name.
fn walk(path: &Path, last: LastLink, see: &mut dyn FnMut(&FileStat) -> io::Result<()>) -> io::Result<Place> {
    // This user need not be able to enter the current folder.
    let mut at = folder(None, Path::new(if path.is_absolute() { "/" } else { "." }))?;
    let mut left: Vec<OsString> = Vec::new();
    push(&mut left, path);
    let mut links = 0;
    while let Some(name) = left.pop() {
        if name == "/" || name == ".." {
            at = folder(Some(&at), Path::new(&name))?;
            continue;
        }
        let stat = match fstatat(&at, name.as_os_str(), AtFlags::AT_SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::ENOENT) if left.is_empty() => return Ok(Place { folder: at, name }),
            Err(error) => return Err(error.into()),
        };
        if left.is_empty() && (last == LastLink::Keep || !is(&stat, SFlag::S_IFLNK)) {
            if last == LastLink::Follow {
                see(&stat)?;
            }
            return Ok(Place { folder: at, name });
        }
        see(&stat)?;
        if is(&stat, SFlag::S_IFLNK) {
            links += 1;
            if links > LINKS {
                return Err(io::Error::other("too many symbolic links"));
            }
            push(&mut left, Path::new(&readlinkat(&at, name.as_os_str())?));
        } else {
            at = folder(Some(&at), Path::new(&name))?;
        }
    }
    Err(io::Error::new(ErrorKind::IsADirectory, "it is a folder"))
}

fn folder(from: Option<&OwnedFd>, path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    Ok(match from {
        Some(from) => openat(from, path, flags, Mode::empty())?,
        None => openat(AT_FDCWD, path, flags, Mode::empty())?,
    })
}

/// Puts the parts of a path in front of what is left; the next one is the last of the list.
fn push(left: &mut Vec<OsString>, path: &Path) {
    let parts = path.components().filter(|part| *part != Component::CurDir);
    left.extend(parts.rev().map(|part| part.as_os_str().to_owned()));
}

fn is(stat: &FileStat, kind: SFlag) -> bool {
    SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT == kind
}

fn not_regular() -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, "it is not a regular file")
}

/// Replaces a file other than the state, as durably as that. It belongs to the user of the program, and nobody else can read
/// it.
pub fn replace_file(path: &Path, contents: &[u8]) -> io::Result<()> {
    published(path)?.replace(|file| file.write_all(contents))
}

/// Replaces a file that everybody can read (mode 0644).
pub fn publish(path: &Path, contents: &[u8]) -> io::Result<()> {
    let written = published(path)?.replace(|file| {
        file.write_all(contents)?;
        Ok(fchmod(&*file, Mode::from_bits_truncate(0o644))?)
    });
    written.map_err(|error| explained(error, path, Wanted::Publish))
}

/// The place of a file that is written for others. Fails with what to do if its folder is missing.
pub(super) fn published(path: &Path) -> io::Result<Place> {
    Place::of(path, LastLink::Keep).map_err(|error| match (error.kind(), path.parent()) {
        (ErrorKind::NotFound, Some(folder)) => {
            let text =
                format!("there is no folder {folder}, make it with: mkdir -p {folder}", folder = folder.display());
            io::Error::new(ErrorKind::NotFound, text)
        }
        _ => explained(error, path, Wanted::Publish),
    })
}

//! Where the configuration file is if nobody names it: a fixed list of places, tried in order.

use super::env::{self, Environment};
use crate::permission::user_name;
use nix::unistd::Uid;
use std::ffi::OsString;
use std::fmt;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The name of the file in each place.
const FILE_NAME: &str = "mita.toml";

/// There is no configuration file that can be taken unnamed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotFound {
    /// There is none in any of the places.
    Nowhere {
        /// The places, in order.
        tried: Vec<PathBuf>,
    },
    /// The one in the current folder, or the folder, is another user's. It could name any file of the user of the program, and
    /// any host to send it to.
    Foreign {
        /// The file.
        path: PathBuf,
        /// The number of the other user.
        user: u32,
    },
}

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotFound::Nowhere { tried } => {
                let tried: Vec<_> = tried.iter().map(|path| path.display().to_string()).collect();
                write!(
                    f,
                    "no configuration file found; looked for {}; name one with --config FILE or MITA_CONFIG, or write \
                     one with mita init",
                    tried.join(", ")
                )
            }
            NotFound::Foreign { path, user } => write!(
                f,
                "{} or its folder belongs to {}, so it is not taken unnamed; if it is the right one, name it with \
                 --config",
                path.display(),
                user_name(Uid::from_raw(*user)).unwrap_or_else(|| format!("user {user}"))
            ),
        }
    }
}

impl std::error::Error for NotFound {}

/// The configuration file: the one that is named (`--config`), else the one that `MITA_CONFIG` names, else the first
/// that exists of `./mita.toml`, `mita/mita.toml` in the user's configuration folder, and `/etc/mita/mita.toml`.
///
/// A named file is not searched elsewhere. A file that exists but cannot be read is not skipped: reading it gives the error. See
/// [`exists`] for folders that cannot be entered.
///
/// # Errors
/// If none exists; the error lists the places.
pub fn locate(explicit: Option<PathBuf>) -> Result<PathBuf, NotFound> {
    locate_among(explicit, &env::of_process, &exists, &foreign_owner)
}

fn locate_among(
    explicit: Option<PathBuf>,
    variable: Environment<'_>,
    exists: &dyn Fn(&Path) -> bool,
    foreign_owner: &dyn Fn(&Path) -> Option<u32>,
) -> Result<PathBuf, NotFound> {
    if let Some(named) = explicit.or_else(|| path_in(variable, "MITA_CONFIG")) {
        return Ok(named);
    }
    let here = PathBuf::from(".").join(FILE_NAME);
    if exists(&here)
        && let Some(user) = foreign_owner(&here)
    {
        return Err(NotFound::Foreign { path: here, user });
    }
    let mut tried = vec![here];
    tried.extend(user_folder(variable).map(|folder| folder.join("mita").join(FILE_NAME)));
    tried.push(Path::new("/etc/mita").join(FILE_NAME));
    match tried.iter().find(|path| exists(path)) {
        Some(found) => Ok(found.clone()),
        None => Err(NotFound::Nowhere { tried }),
    }
}

/// `$XDG_CONFIG_HOME`, which counts only if it is absolute (XDG Base Directory Specification), else `~/.config`.
pub(crate) fn user_folder(variable: Environment<'_>) -> Option<PathBuf> {
    path_in(variable, "XDG_CONFIG_HOME")
        .filter(|folder| folder.is_absolute())
        .or_else(|| path_in(variable, "HOME").map(|home| home.join(".config")))
}

fn path_in(variable: Environment<'_>, name: &str) -> Option<PathBuf> {
    variable(name).filter(|value: &OsString| !value.is_empty()).map(PathBuf::from)
}

/// Who owns this file, the link that leads to it, or its folder, if it is neither root nor the user of the program.
pub(crate) fn foreign_owner(path: &Path) -> Option<u32> {
    let own = nix::unistd::geteuid().as_raw();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let owners = [path.symlink_metadata(), path.metadata(), folder.metadata()].map(|file| file.map(|file| file.uid()));
    owners.into_iter().flatten().find(|owner| ![0, own].contains(owner))
}

/// Whether something exists, readable or not. A folder that this user may not enter, such as the current one or the home under
/// `sudo -u`, counts as empty; but not below `/etc`, where the files of a service are closed to other users.
pub(crate) fn exists(path: &Path) -> bool {
    match path.metadata() {
        Ok(_) => true,
        Err(error) => match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => false,
            ErrorKind::PermissionDenied => path.starts_with("/etc") || path.symlink_metadata().is_ok(),
            _ => true,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables<'a>(set: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<OsString> + 'a {
        |name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into())
    }

    fn nothing(_: &Path) -> bool {
        false
    }

    /// As [`super::locate_among`], where everything belongs to the user of the program.
    fn locate_among(
        explicit: Option<PathBuf>,
        variable: Environment<'_>,
        exists: &dyn Fn(&Path) -> bool,
    ) -> Result<PathBuf, NotFound> {
        super::locate_among(explicit, variable, exists, &|_| None)
    }

    #[test]
    fn s10_a_file_of_another_user_in_the_current_folder_is_taken_only_by_name() {
        let set = variables(&[("HOME", "/home/jo")]);
        let foreign = |path: &Path| path.starts_with(".").then_some(4711);
        let found = super::locate_among(None, &set, &|_| true, &foreign);
        let text = found.as_ref().unwrap_err().to_string();
        assert!(text.starts_with("./mita.toml or its folder belongs to user 4711"), "{text}");
        assert_eq!(
            super::locate_among(Some("./mita.toml".into()), &set, &|_| true, &foreign),
            Ok("./mita.toml".into())
        );
        let absolute: &dyn Fn(&Path) -> bool = &|path| path.is_absolute();
        assert!(super::locate_among(None, &set, absolute, &foreign).is_ok(), "it need not exist");
    }

    #[test]
    fn s10_a_file_a_link_and_a_folder_have_owners() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::write(&file, "").unwrap();
        std::os::unix::fs::symlink("file", &link).unwrap();
        assert_eq!((foreign_owner(&file), foreign_owner(&link)), (None, None));
        if std::os::unix::fs::lchown(&link, Some(4711), None).is_err() {
            return println!("skipped: only root can give a file to another user");
        }
        assert_eq!((foreign_owner(&file), foreign_owner(&link)), (None, Some(4711)));
        std::os::unix::fs::chown(&file, Some(4712), None).unwrap();
        assert_eq!(foreign_owner(&file), Some(4712));
        std::os::unix::fs::chown(&file, Some(0), None).unwrap();
        std::os::unix::fs::chown(folder.path(), Some(4713), None).unwrap();
        assert_eq!(foreign_owner(&file), Some(4713));
    }

    #[test]
    fn a_named_file_is_taken_without_a_look_and_before_the_environment() {
        let set = variables(&[("MITA_CONFIG", "/b.toml")]);
        assert_eq!(locate_among(Some("/a.toml".into()), &set, &nothing), Ok("/a.toml".into()));
        assert_eq!(locate_among(None, &set, &|_| true), Ok("/b.toml".into()));
    }

    #[test]
    fn the_first_file_that_exists_is_taken() {
        let set = variables(&[("HOME", "/home/jo"), ("MITA_CONFIG", "")]);
        assert_eq!(locate_among(None, &set, &|_| true), Ok("./mita.toml".into()));
        assert_eq!(locate_among(None, &set, &|path| path.is_absolute()), Ok("/home/jo/.config/mita/mita.toml".into()));
        assert_eq!(locate_among(None, &set, &|path| path.starts_with("/etc")), Ok("/etc/mita/mita.toml".into()));
    }

    #[test]
    fn without_any_file_the_error_lists_what_was_tried() {
        let set = variables(&[("HOME", "/home/jo"), ("XDG_CONFIG_HOME", "/cfg")]);
        let error = locate_among(None, &set, &nothing).unwrap_err();
        assert_eq!(
            error.to_string(),
            "no configuration file found; looked for ./mita.toml, /cfg/mita/mita.toml, /etc/mita/mita.toml; \
             name one with --config FILE or MITA_CONFIG, or write one with mita init"
        );
    }

    #[test]
    fn a_relative_xdg_folder_does_not_count_and_a_missing_home_is_no_fault() {
        let relative = variables(&[("HOME", "/home/jo"), ("XDG_CONFIG_HOME", "cfg")]);
        assert_eq!(user_folder(&relative), Some("/home/jo/.config".into()));
        assert_eq!(user_folder(&|_| None), None);
    }

    #[test]
    fn a_file_that_is_missing_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        assert!(exists(folder.path()));
        assert!(!exists(&folder.path().join("mita.toml")));
    }
}

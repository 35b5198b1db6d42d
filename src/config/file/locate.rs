//! Where the configuration file is if nobody names it: a fixed list of places, tried in order.

use super::env::{self, Environment};
use std::ffi::OsString;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The name of the file in each place.
const FILE_NAME: &str = "mita.toml";

/// There is no configuration file in any of the places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotFound {
    /// The places, in order.
    pub tried: Vec<PathBuf>,
}

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tried: Vec<_> = self.tried.iter().map(|path| path.display().to_string()).collect();
        write!(
            f,
            "no configuration file found; looked for {}; name one with --config FILE or MITA_CONFIG, or write one with mita init",
            tried.join(", ")
        )
    }
}

impl std::error::Error for NotFound {}

/// The configuration file: the one that is named (`--config`), else the one that `MITA_CONFIG` names, else the first
/// that exists of `./mita.toml`, `mita/mita.toml` in the user's configuration folder, and `/etc/mita/mita.toml`.
///
/// A named file is not searched elsewhere. A file that exists but cannot be read is not skipped: reading it gives the error.
///
/// # Errors
/// If none exists; the error lists the places.
pub fn locate(explicit: Option<PathBuf>) -> Result<PathBuf, NotFound> {
    locate_among(explicit, &env::of_process, &exists)
}

fn locate_among(
    explicit: Option<PathBuf>,
    variable: Environment<'_>,
    exists: &dyn Fn(&Path) -> bool,
) -> Result<PathBuf, NotFound> {
    if let Some(named) = explicit.or_else(|| path_in(variable, "MITA_CONFIG")) {
        return Ok(named);
    }
    let mut tried = vec![PathBuf::from(".").join(FILE_NAME)];
    tried.extend(user_folder(variable).map(|folder| folder.join("mita").join(FILE_NAME)));
    tried.push(Path::new("/etc/mita").join(FILE_NAME));
    match tried.iter().find(|path| exists(path)) {
        Some(found) => Ok(found.clone()),
        None => Err(NotFound { tried }),
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

/// Whether something exists, readable or not.
pub(crate) fn exists(path: &Path) -> bool {
    match path.metadata() {
        Ok(_) => true,
        Err(error) => !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
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

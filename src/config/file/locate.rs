//! Where the configuration file is when nobody names it: a fixed list of places, tried in order.

use super::env::{self, Lookup};
use std::ffi::OsString;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The name of the file in the current folder and in the configuration folders.
const FILE_NAME: &str = "mita.toml";

/// No configuration file is where one could be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotFound {
    /// Where was looked, in order.
    pub tried: Vec<PathBuf>,
}

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tried: Vec<_> = self.tried.iter().map(|path| path.display().to_string()).collect();
        write!(
            f,
            "no configuration file found; looked for {}; name one with --config FILE or MITA_CONFIG",
            tried.join(", ")
        )
    }
}

impl std::error::Error for NotFound {}

/// The configuration file: the one that is named (`--config`), else the one that `MITA_CONFIG` names, else the first
/// that is there of `./mita.toml`, `mita/mita.toml` in the user's configuration folder, and `/etc/mita/mita.toml`.
///
/// A named file is not looked for elsewhere, and a file that is there but may not be read is not passed over: reading
/// it says what is wrong with it.
///
/// # Errors
/// When none is there; the error lists what was tried.
pub fn locate(explicit: Option<PathBuf>) -> Result<PathBuf, NotFound> {
    locate_among(explicit, &env::of_process, &is_there)
}

fn locate_among(
    explicit: Option<PathBuf>,
    variable: Lookup<'_>,
    is_there: &dyn Fn(&Path) -> bool,
) -> Result<PathBuf, NotFound> {
    if let Some(named) = explicit.or_else(|| path_in(variable, "MITA_CONFIG")) {
        return Ok(named);
    }
    let mut tried = vec![PathBuf::from(".").join(FILE_NAME)];
    tried.extend(user_folder(variable).map(|folder| folder.join("mita").join(FILE_NAME)));
    tried.push(Path::new("/etc/mita").join(FILE_NAME));
    match tried.iter().find(|path| is_there(path)) {
        Some(found) => Ok(found.clone()),
        None => Err(NotFound { tried }),
    }
}

/// `$XDG_CONFIG_HOME`, which counts only when it is absolute (XDG Base Directory Specification), else `~/.config`.
pub(crate) fn user_folder(variable: Lookup<'_>) -> Option<PathBuf> {
    path_in(variable, "XDG_CONFIG_HOME")
        .filter(|folder| folder.is_absolute())
        .or_else(|| path_in(variable, "HOME").map(|home| home.join(".config")))
}

fn path_in(variable: Lookup<'_>, name: &str) -> Option<PathBuf> {
    variable(name).filter(|value: &OsString| !value.is_empty()).map(PathBuf::from)
}

/// Whether something is there, readable or not.
pub(crate) fn is_there(path: &Path) -> bool {
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
    fn a_named_file_is_taken_unseen_and_before_the_environment() {
        let set = variables(&[("MITA_CONFIG", "/b.toml")]);
        assert_eq!(locate_among(Some("/a.toml".into()), &set, &nothing), Ok("/a.toml".into()));
        assert_eq!(locate_among(None, &set, &|_| true), Ok("/b.toml".into()));
    }

    #[test]
    fn the_first_file_that_is_there_is_taken() {
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
             name one with --config FILE or MITA_CONFIG"
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
        assert!(is_there(folder.path()));
        assert!(!is_there(&folder.path().join("mita.toml")));
    }
}

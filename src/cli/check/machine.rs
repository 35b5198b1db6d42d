//! Checks whether a run of this user could keep its state and write its files here. Nothing is written to find out.

use crate::config::Config;
use crate::domain::state::{JOURNAL, LOCK, beside};
use crate::permission;
use crate::permission::Wanted;
use nix::errno::Errno;
use nix::sys::statvfs::{FsFlags, statvfs};
use nix::unistd::{AccessFlags, access};
use std::path::{Path, PathBuf};

/// A run writes its state beside the last one, and appends to the journal.
const ROOM: u64 = 1 << 20;

/// What a run would fail with, each with its cure.
pub(super) fn errors(config: &Config) -> Vec<String> {
    let mut errors = Vec::new();
    let mut report = |key: &str, error: Option<String>| {
        errors.extend(error.map(|error| format!("{}: {key}: {error}", config.path.display())));
    };
    let state = resolved(&config.state_file);
    let folder = existing_folder_of(&state);
    let missing = folder_of(&state);
    let wanted = if missing == folder { (state.as_path(), Wanted::Replace) } else { (missing.as_path(), Wanted::Make) };
    report("state_file", unwritable(&folder, wanted));
    report("state_file", free(&folder).and_then(|free| full(&folder, free, size(&state))));
    report("state_file", unreadable(&state, Wanted::Read));
    report("state_file", unreadable(&beside(&state, LOCK), Wanted::Write));
    report("state_file", unreadable(&beside(&state, JOURNAL), Wanted::Write));
    for (key, file) in [("metrics_file", &config.metrics_file), ("html_file", &config.html_file)] {
        report(key, file.as_ref().and_then(|file| unwritable(&folder_of(&resolved(file)), (file, Wanted::Publish))));
    }
    errors
}

/// The target of a link.
fn resolved(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

fn folder_of(path: &Path) -> PathBuf {
    path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new(".")).to_owned()
}

/// A run makes the folder of the state, if the folder above it is there.
fn existing_folder_of(state: &Path) -> PathBuf {
    let folder = folder_of(state);
    let above = folder_of(&folder);
    if folder.exists() || !above.exists() { folder } else { above }
}

fn size(file: &Path) -> u64 {
    file.metadata().map_or(0, |metadata| metadata.len())
}

/// The bytes that this user can still write on the file system of a folder. None if the system does not tell.
fn free(folder: &Path) -> Option<u64> {
    let system = statvfs(folder).ok().filter(|system| !system.flags().contains(FsFlags::ST_RDONLY))?;
    let no_more_files = system.files() > 0 && system.files_available() == 0;
    Some(if no_more_files { 0 } else { system.blocks_available().saturating_mul(system.fragment_size()) })
}

/// The error where a state of this size could not be written again.
fn full(folder: &Path, free: u64, state: u64) -> Option<String> {
    (free < ROOM + 2 * state).then(|| {
        let shown = folder.display();
        format!(
            "the file system of {shown} is full or nearly so ({} kB are free), and a run that cannot keep its state does \
             nothing; remove something there, or write another path",
            free / 1000
        )
    })
}

/// Why the file or folder that is wanted in this folder cannot be made.
fn unwritable(folder: &Path, (path, wanted): (&Path, Wanted)) -> Option<String> {
    let shown = folder.display();
    match access(folder, AccessFlags::W_OK | AccessFlags::X_OK) {
        Ok(()) if folder.is_dir() => None,
        Ok(()) => Some(format!("{shown} is not a folder; write another path")),
        Err(Errno::ENOENT) => Some(format!("there is no folder {shown}, make it with: mkdir -p {shown}")),
        Err(Errno::EROFS) => Some(format!("the file system of {shown} is read-only; write another path")),
        Err(error) => {
            let cure = permission::cure(path, wanted).unwrap_or_else(|| error.to_string());
            Some(format!("this user cannot write in the folder {shown}: {cure}"))
        }
    }
}

/// Why a file that is there cannot be used.
fn unreadable(file: &Path, wanted: Wanted) -> Option<String> {
    match access(file, wanted.flags()) {
        // The folder is reported where the path itself leads nowhere, and its file system where nothing can be written there.
        Ok(()) | Err(Errno::ENOENT | Errno::ENOTDIR | Errno::EROFS) => None,
        Err(error) => {
            let cure = permission::cure(file, wanted).unwrap_or_else(|| error.to_string());
            Some(format!("this user cannot read or write {}: {cure}", file.display()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    fn config(folder: &Path) -> Config {
        let mut config = Config::load(Path::new("examples/mita.toml")).unwrap().config;
        config.path = "mita.toml".into();
        config.state_file = folder.join("state/state.json");
        (config.metrics_file, config.html_file) = (None, None);
        config
    }

    #[test]
    fn a_folder_that_a_run_would_make_is_no_error_and_one_that_it_would_not_make_is() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(folder.path());
        assert_eq!(errors(&config), [""; 0]);
        config.state_file = folder.path().join("off/mita/state.json");
        config.html_file = Some(folder.path().join("www/index.html"));
        let shown = folder.path().display();
        assert_eq!(
            errors(&config),
            [
                format!(
                    "mita.toml: state_file: there is no folder {shown}/off/mita, make it with: mkdir -p {shown}/off/mita"
                ),
                format!("mita.toml: html_file: there is no folder {shown}/www, make it with: mkdir -p {shown}/www"),
            ]
        );
    }

    #[test]
    fn a_file_system_without_room_for_the_state_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(free(folder.path()).is_some_and(|free| free > 0));
        assert_eq!(free(Path::new("/nowhere")), None);
        let full = |free, state| full(Path::new("/var/lib/mita"), free, state);
        assert_eq!((full(ROOM, 0), full(3 * ROOM, ROOM)), (None, None));
        for (free, state) in [(0, 0), (ROOM - 1, 0), (2 * ROOM, ROOM)] {
            let error = full(free, state).unwrap();
            let shown = format!("the file system of /var/lib/mita is full or nearly so ({} kB are free)", free / 1000);
            assert!(error.starts_with(&shown), "{error}");
        }
    }

    #[test]
    fn a_file_in_place_of_a_folder_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(folder.path());
        fs::write(folder.path().join("file"), "").unwrap();
        fs::set_permissions(folder.path().join("file"), Permissions::from_mode(0o700)).unwrap();
        config.metrics_file = Some(folder.path().join("file/mita.prom"));
        let errors = errors(&config);
        assert!(matches!(&errors[..], [one] if one.contains("is not a folder")), "{errors:?}");
    }

    #[test]
    fn what_this_user_cannot_write_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        fs::create_dir(folder.path().join("state")).unwrap();
        let lock = folder.path().join("state/state.json.lock");
        fs::write(&lock, "").unwrap();
        fs::set_permissions(&lock, Permissions::from_mode(0o000)).unwrap();
        let mode = |mode| fs::set_permissions(folder.path().join("state"), Permissions::from_mode(mode)).unwrap();
        let of_lock = errors(&config);
        mode(0o500);
        let of_both = errors(&config);
        mode(0o700);
        // Nothing is forbidden to root.
        if !nix::unistd::geteuid().is_root() {
            assert!(
                matches!(&of_lock[..], [one] if one.contains("state.json.lock belongs to") && one.contains("chmod u+rw ")),
                "{of_lock:?}"
            );
            assert!(of_both.len() == 2 && of_both[0].contains("cannot write in the folder"), "{of_both:?}");
        }
    }
}

//! The files that a run writes: none of them may be one that it reads or keeps, by whatever path.

use super::file::{FileIdentity, Named, Place, Reading, UsedFile};
use crate::domain::state::files_beside;
use std::path::{Path, PathBuf};

/// The state file where the configuration names none.
pub(super) const STATE_FILE: &str = "/var/lib/mita/state.json";

/// The keys of files that are written, the most important one first.
const WRITTEN: [&str; 3] = ["state_file", "metrics_file", "html_file"];

/// Reports each file that is written and is also something else.
pub(super) fn refuse_shared(reading: &Reading<'_>, config: &Path) {
    let named = reading.named_files();
    let mut taken: Vec<(UsedFile, FileIdentity)> = read_files(&named, config).into_iter().map(identified).collect();
    for key in WRITTEN {
        let Some(written) = file_of(&named, key) else { continue };
        let new = if key == WRITTEN[0] { kept(&written.path) } else { vec![used(key, &written.path)] };
        for (file, identity) in new.into_iter().map(identified) {
            if let Some((other, _)) = taken.iter().find(|(_, other)| other.is(&identity)) {
                let own = if file.what == key { String::new() } else { format!("would put {} there: it ", file.what) };
                reading.error(&written.at, format!("{own}is the same file as {}; write another path", other.what));
            }
            taken.push((file, identity));
        }
    }
}

/// The files that a run reads or keeps.
pub(super) fn used_files(reading: &Reading<'_>, config: &Path) -> Vec<UsedFile> {
    let named = reading.named_files();
    let state = file_of(&named, WRITTEN[0]).map_or_else(|| PathBuf::from(STATE_FILE), |file| file.path);
    read_files(&named, config).into_iter().chain(kept(&state)).collect()
}

/// The files that a run reads.
pub(super) fn read_files(named: &[Named], config: &Path) -> Vec<UsedFile> {
    let others = named.iter().filter(|file| !WRITTEN.contains(&file.at.key.as_str()));
    let others = others.map(|Named { path, at: Place { key, .. } }| used(key, path));
    std::iter::once(used("the configuration", config)).chain(others).collect()
}

fn kept(state_file: &Path) -> Vec<UsedFile> {
    let beside = files_beside(state_file).into_iter().map(|(what, path)| used(what, &path));
    std::iter::once(used(WRITTEN[0], state_file)).chain(beside).collect()
}

fn file_of(named: &[Named], key: &str) -> Option<Named> {
    named.iter().find(|file| file.at.key == key).cloned()
}

fn used(what: &str, path: &Path) -> UsedFile {
    UsedFile { what: what.to_owned(), path: path.to_owned() }
}

fn identified(file: UsedFile) -> (UsedFile, FileIdentity) {
    let identity = FileIdentity::of(&file.path);
    (file, identity)
}

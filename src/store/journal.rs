//! The journal, in a file next to the state file: entries are appended under its lock, and files that grow too large or too
//! old are set aside under a dated name.
//!
//! No decision depends on it. A line that cannot be read, such as one that was cut short by a full disk, is skipped.

use super::place::{LastLink, Place};
use super::state::Store;
use crate::domain::format::escaped;
use crate::domain::journal::{Entry, Event, JobEntry};
use crate::domain::state::{JOURNAL, beside};
use crate::permission::{Wanted, explained};
use crate::secret::{redact, redact_document};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// A larger file is set aside: about twenty thousand entries.
const LARGEST: u64 = 8 * 1024 * 1024;

/// A file whose first entry is older is set aside, so that old entries go with their file.
const LONGEST: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What did not work is not written again while it is the same, as far as this much of the end of the file shows.
const TAIL: u64 = 64 * 1024;

/// A longer line is not one of mita's.
const LONGEST_LINE: u64 = 1024 * 1024;

/// What was read from the journal.
#[derive(Debug, Default)]
pub struct JournalRead {
    /// The oldest first.
    pub entries: Vec<Entry>,
    /// Lines that are no entries that this program knows.
    pub skipped: usize,
}

impl Store {
    /// Appends entries, and syncs them. `days` is for how long files are kept that were set aside.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn append_to_journal(&mut self, entries: &[Entry], days: u32, now: Timestamp) -> io::Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let name = beside(&self.path, JOURNAL);
        self.append(entries, days, now).map_err(|error| explained(error, &name, Wanted::Write))
    }

    fn append(&mut self, entries: &[Entry], days: u32, now: Timestamp) -> io::Result<()> {
        let place = self.place.beside(JOURNAL)?;
        set_aside_if_due(&place, days, now)?;
        let mut file = place.open_or_make()?;
        let entries: Vec<Entry> = entries.iter().map(without_secrets).collect();
        let tail = tail(&mut file)?;
        let fails = entries.iter().any(|entry| entry.event == Event::NotDone);
        let known = if fails { failures(&tail) } else { BTreeSet::new() };
        // What a full disk cut off stays a line of its own.
        let mut text = if tail.is_empty() || tail.ends_with('\n') { String::new() } else { "\n".to_owned() };
        for entry in entries.iter().filter(|entry| !failure(entry).is_some_and(|key| known.contains(&key))) {
            text.push_str(&serde_json::to_string(entry)?);
            text.push('\n');
        }
        file.seek(SeekFrom::End(0))?;
        file.write_all(escaped(&redact_document(&text)).as_bytes())?;
        file.sync_data()?;
        if tail.is_empty() { place.sync_folder() } else { Ok(()) }
    }
}

/// The entry with its free texts redacted, as in the state: names only lose secrets that are too long to be part of one.
fn without_secrets(entry: &Entry) -> Entry {
    let clean = |text: &String| redact(text).into_owned();
    let jobs = entry.jobs.iter().map(|job| JobEntry { needs: job.needs.as_ref().map(clean), ..job.clone() });
    Entry { reason: entry.reason.as_ref().map(clean), jobs: jobs.collect(), ..entry.clone() }
}

/// The latest entries, the oldest first: as many as the end of the file holds.
pub fn latest_of_journal(state_file: &Path) -> Vec<Entry> {
    let read = || match journal_place(state_file)?.read()? {
        Some(mut file) => tail(&mut file),
        None => Ok(String::new()),
    };
    // Nothing but the page shows them, and a run that cannot append says so.
    let text = read().unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// The entries from a time on, without the lock.
///
/// # Errors
/// A file of the journal cannot be read. That there is none is no error.
pub fn journal_of(state_file: &Path, since: Timestamp) -> io::Result<JournalRead> {
    let mut read = JournalRead::default();
    let name = beside(state_file, JOURNAL);
    let failed = |name: &Path, error: io::Error| {
        let error = explained(error, name, Wanted::Read);
        io::Error::new(error.kind(), format!("cannot read the journal {}: {error}", name.display()))
    };
    let place = match journal_place(state_file) {
        Ok(place) => place,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(read),
        Err(error) => return Err(failed(&name, error)),
    };
    for suffix in set_aside(&place).map_err(|error| failed(&name, error))? {
        let older = place.beside(&suffix).and_then(|place| read_file(&place, since, &mut read));
        older.map_err(|error| failed(&beside(&name, &suffix), error))?;
    }
    read_file(&place, since, &mut read).map_err(|error| failed(&name, error))?;
    // A clock that was set back may have mixed them.
    read.entries.sort_by_key(|entry| entry.at);
    Ok(read)
}

fn journal_place(state_file: &Path) -> io::Result<Place> {
    Place::of(state_file, LastLink::Follow)?.beside(JOURNAL)
}

fn read_file(place: &Place, since: Timestamp, read: &mut JournalRead) -> io::Result<()> {
    let Some(file) = place.read()? else { return Ok(()) };
    let mut lines = BufReader::new(file);
    let mut line = Vec::new();
    loop {
        line.clear();
        if (&mut lines).take(LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        match serde_json::from_slice::<Entry>(&line) {
            Ok(entry) if entry.at >= since => read.entries.push(entry),
            Ok(_) => {}
            Err(_) if line.trim_ascii().is_empty() => {}
            Err(_) => read.skipped += 1,
        }
    }
}

/// Gives the file a dated name if it is too large or too old, and deletes those that are older than `days`.
fn set_aside_if_due(place: &Place, days: u32, now: Timestamp) -> io::Result<()> {
    let Some(file) = place.read()? else { return Ok(()) };
    let due = file.metadata()?.len() > LARGEST
        || first_entry(file).is_some_and(|entry| now.duration_since(entry.at) > LONGEST);
    if !due {
        return Ok(());
    }
    let suffix = format!(".{}", now.strftime("%Y%m%dT%H%M%SZ"));
    let known = set_aside(place)?;
    if !known.contains(&suffix) {
        place.rename(&place.beside(&suffix)?)?;
    }
    let kept = SignedDuration::from_hours(24 * i64::from(days));
    for suffix in known {
        let old = place.beside(&suffix)?;
        let last = old.read()?.and_then(|mut file| last_entry(&mut file));
        if last.is_some_and(|last| now.duration_since(last.at) > kept) {
            old.remove()?;
        }
    }
    Ok(())
}

/// What the files that were set aside have behind the journal's name, the oldest first: a time.
fn set_aside(place: &Place) -> io::Result<Vec<String>> {
    let is_time = |suffix: &String| suffix.len() == 17 && suffix.starts_with('.') && suffix.ends_with('Z');
    Ok(place.suffixes()?.into_iter().filter(is_time).collect())
}

fn first_entry(file: File) -> Option<Entry> {
    let mut line = Vec::new();
    BufReader::new(file).take(LONGEST_LINE).read_until(b'\n', &mut line).ok()?;
    serde_json::from_slice(&line).ok()
}

fn last_entry(file: &mut File) -> Option<Entry> {
    let tail = tail(file).ok()?;
    tail.lines().rev().find_map(|line| serde_json::from_str(line).ok())
}

/// The end of the file.
fn tail(file: &mut File) -> io::Result<String> {
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The failures in the end of the file, each by what it is about and why.
fn failures(tail: &str) -> BTreeSet<String> {
    tail.lines().filter_map(|line| failure(&serde_json::from_str(line).ok()?)).collect()
}

fn failure(entry: &Entry) -> Option<String> {
    let Entry { event: Event::NotDone, order, node, resource, reason, .. } = entry else { return None };
    Some(format!("{order:?} {node:?} {resource:?} {reason:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    const DAY: SignedDuration = SignedDuration::from_hours(24);

    fn now() -> Timestamp {
        "2026-11-28T03:12:10Z".parse().unwrap()
    }

    fn entry(at: Timestamp, event: Event, reason: &str) -> Entry {
        Entry::new(at, event).saying(reason)
    }

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::lock(&folder.path().join("state.json")).unwrap();
        (folder, store)
    }

    fn reasons(folder: &tempfile::TempDir, since: Timestamp) -> Vec<String> {
        let read = journal_of(&folder.path().join("state.json"), since).unwrap();
        read.entries.into_iter().filter_map(|entry| entry.reason).collect()
    }

    #[test]
    fn s9_entries_are_appended_privately_without_secrets_and_read_back_from_a_time_on() {
        let _secret = Secret::new("a-long-s3cret-of-a-journal");
        let (folder, mut store) = store();
        let first = entry(now() - DAY, Event::Held, "a-long-s3cret-of-a-journal");
        store.append_to_journal(&[first], 90, now()).unwrap();
        store.append_to_journal(&[entry(now(), Event::Released, "two")], 90, now()).unwrap();
        assert_eq!(reasons(&folder, Timestamp::UNIX_EPOCH), ["[secret]", "two"]);
        assert_eq!(reasons(&folder, now()), ["two"]);
        let file = folder.path().join("state.json.journal");
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn s9_a_short_secret_in_a_reason_is_not_written() {
        let _secret = Secret::new("jrnl-pw");
        let (folder, mut store) = store();
        store.append_to_journal(&[entry(now(), Event::Held, "log in with jrnl-pw")], 90, now()).unwrap();
        assert_eq!(reasons(&folder, now()), ["log in with [secret]"]);
    }

    #[test]
    fn a_line_that_was_cut_short_spoils_no_other() {
        let (folder, mut store) = store();
        let file = folder.path().join("state.json.journal");
        fs::write(&file, "{\"at\":\"2026-11-28T0").unwrap();
        store.append_to_journal(&[entry(now(), Event::Held, "one")], 90, now()).unwrap();
        let read = journal_of(&folder.path().join("state.json"), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!((read.entries.len(), read.skipped), (1, 1));
    }

    #[test]
    fn what_fails_again_and_again_is_written_once() {
        let (folder, mut store) = store();
        for _ in 0..3 {
            store.append_to_journal(&[entry(now(), Event::NotDone, "locked")], 90, now()).unwrap();
            store.append_to_journal(&[entry(now(), Event::Held, "again")], 90, now()).unwrap();
        }
        assert_eq!(reasons(&folder, now()), ["locked", "again", "again", "again"]);
    }

    #[test]
    fn a_file_with_old_entries_is_set_aside_and_deleted_when_its_last_entry_is_too_old() {
        let (folder, mut store) = store();
        let write = |store: &mut Store, at: Timestamp, reason: &str| {
            store.append_to_journal(&[entry(at, Event::Held, reason)], 90, at).unwrap();
        };
        write(&mut store, now(), "first");
        write(&mut store, now() + DAY * 31, "second");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "the lock, the journal and the one set aside");
        assert_eq!(reasons(&folder, Timestamp::UNIX_EPOCH), ["first", "second"]);
        write(&mut store, now() + DAY * 100, "third");
        assert_eq!(reasons(&folder, Timestamp::UNIX_EPOCH), ["second", "third"]);
    }

    #[test]
    fn without_a_journal_there_is_nothing_to_read() {
        let folder = tempfile::tempdir().unwrap();
        assert!(reasons(&folder, Timestamp::UNIX_EPOCH).is_empty());
    }
}

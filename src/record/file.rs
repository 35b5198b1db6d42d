//! Reading and writing a record.

use crate::domain::format::escaped;
use crate::permission::{Wanted, explained};
use crate::record::document::{Record, VERSION};
use crate::secret::redact_document;
use crate::store;
use serde::Deserialize;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A record of 10,000 servers and as many queue items takes about 30 MB; a larger file is not one of mita's.
const LARGEST: u64 = 256 * 1024 * 1024;

/// The end of the year 2999, in seconds: a later time could overflow when something is added to it.
const LATEST: i64 = 32_503_680_000;

/// Why a record was not read or written.
#[derive(Debug, Error)]
pub enum RecordError {
    /// A newer program wrote it.
    #[error(
        "the record {} has version {version}, this program knows versions up to {VERSION}: replay it with a newer one",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u64,
    },
    /// It is something else, or damaged.
    #[error(
        "{} is not a record of a run: {why}; mita reconcile --record FILE, also with --dry-run, writes one",
        path.display()
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The system refused to read it.
    #[error("cannot read the record {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system refused to write it.
    #[error("cannot write the record {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// What every version of a record starts with.
#[derive(Deserialize)]
struct Header {
    version: u64,
}

impl Record {
    /// Reads a record; that of `-` from standard input.
    ///
    /// # Errors
    /// Fails if the file cannot be read, is not a record, or was written by a newer program.
    pub fn read(path: &Path) -> Result<Self, RecordError> {
        let failed = |source: io::Error| {
            let source = match source.kind() {
                io::ErrorKind::NotFound => io::Error::new(source.kind(), "it does not exist"),
                io::ErrorKind::IsADirectory => io::Error::new(source.kind(), "it is a folder"),
                _ => explained(source, path, Wanted::Read),
            };
            RecordError::Read { path: path.to_owned(), source }
        };
        let unreadable = |why: String| RecordError::Unreadable { path: path.to_owned(), why };
        let mut text = Vec::new();
        let read = match path == Path::new("-") {
            true => io::stdin().lock().take(LARGEST + 1).read_to_end(&mut text),
            false => File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut text)),
        };
        read.map_err(failed)?;
        if text.len() as u64 > LARGEST {
            return Err(unreadable(format!("it is larger than {} MiB", LARGEST >> 20)));
        }
        if text.is_empty() {
            return Err(unreadable("it is empty".to_owned()));
        }
        let damaged = |error: serde_json::Error| {
            unreadable(match () {
                () if !error.is_data() => format!("it is not JSON, or not all of it: {error}"),
                () if Self::is_one(&text) => format!("it is damaged: {error}"),
                () => "it is another document, such as a state file".to_owned(),
            })
        };
        let Header { version } = serde_json::from_slice(&text).map_err(damaged)?;
        if version > u64::from(VERSION) {
            return Err(RecordError::Newer { path: path.to_owned(), version });
        }
        if version != u64::from(VERSION) {
            return Err(unreadable(format!("there never was a version {version}")));
        }
        let record: Record = serde_json::from_slice(&text).map_err(damaged)?;
        if !(0..LATEST).contains(&record.now.as_second()) {
            return Err(unreadable("its time is before 1970 or after 2999".to_owned()));
        }
        if !record.configuration.is_valid() {
            return Err(unreadable("a number in its configuration is one that no configuration can have".to_owned()));
        }
        record.state.validate().map_or(Ok(record), |why| Err(unreadable(why)))
    }

    /// Writes the record. It replaces an older one as a whole, and only its owner can read it.
    ///
    /// # Errors
    /// Fails if the system refuses to write it.
    pub fn write(&self, path: &Path) -> Result<(), RecordError> {
        let written = self.printed().and_then(|text| store::replace_file(path, text.as_bytes()));
        let explained = |source| explained(source, path, Wanted::Replace);
        written.map_err(|source| RecordError::Write { path: path.to_owned(), source: explained(source) })
    }

    /// The record as it is written.
    ///
    /// # Errors
    /// None that is known.
    pub fn printed(&self) -> io::Result<String> {
        Ok(format!("{}\n", escaped(&redact_document(&self.text()?))))
    }

    /// Whether this is the beginning of a record of any version.
    pub fn is_one(text: &[u8]) -> bool {
        const FIRST_KEYS: usize = 200;
        let beginning = String::from_utf8_lossy(&text[..text.len().min(FIRST_KEYS)]);
        beginning.starts_with('{') && beginning.contains("\"version\":") && beginning.contains("\"mita\":")
    }
}

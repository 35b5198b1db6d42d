//! One reading of a configuration file: its lines, and everything that is wrong in it.
//!
//! Nothing stops at the first error: the code that reads a key reports here and continues, so that an operator sees all
//! problems of the file at once, each with its line and what to do. No message shows a value that could be a secret.

use super::env::Environment;
use std::cell::RefCell;
use std::fmt;
use std::path::{Path, PathBuf};

/// Everything that is wrong with a configuration; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors {
    lines: Vec<String>,
    /// The same without the file and its lines.
    texts: Vec<String>,
    warnings: Vec<String>,
    files: Vec<UsedFile>,
}

/// A file that a run reads or keeps, so that nothing else may be written there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedFile {
    /// What it is, for messages.
    pub what: String,
    /// Where it is.
    pub path: PathBuf,
}

/// What an operator should know of a configuration that can be used.
pub(crate) struct Warnings {
    pub(crate) all: Vec<String>,
    /// Those that mean that a node type cannot work.
    pub(crate) unworkable: Vec<String>,
}

impl ConfigErrors {
    /// One line for each problem, `FILE:LINE: TABLE.KEY: what is wrong; what to do`, in the order of the file.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// The same lines without the file and its lines, for a text that is in no file yet.
    pub(crate) fn texts(&self) -> &[String] {
        &self.texts
    }

    /// What an operator should know besides, in the same form.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The files that the configuration reads or keeps, as far as they are known.
    pub fn files(&self) -> &[UsedFile] {
        &self.files
    }

    pub(crate) fn of_lines(lines: Vec<String>) -> Self {
        Self { texts: lines.clone(), lines, warnings: Vec::new(), files: Vec::new() }
    }

    pub(crate) fn with_files(self, files: Vec<UsedFile>) -> Self {
        Self { files, ..self }
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines.join("\n"))
    }
}

impl std::error::Error for ConfigErrors {}

/// Where something is written in the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Counted from 1; 0 if it is not in the file.
    pub(crate) line: usize,
    /// Table and key, as `nodes.ubuntu.size`.
    pub(crate) key: String,
}

/// A value and where it is written.
#[derive(Clone, Debug)]
pub(crate) struct Found<T> {
    pub(crate) value: T,
    pub(crate) at: Place,
}

/// A file that the configuration names.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) path: PathBuf,
    pub(crate) at: Place,
}

/// One reading of one file.
pub(crate) struct Reading<'a> {
    path: &'a Path,
    /// Where the lines after the first one begin, in bytes.
    line_starts: Vec<usize>,
    pub(crate) environment: Environment<'a>,
    errors: RefCell<Vec<(Place, String)>>,
    warnings: RefCell<Vec<(Place, String)>>,
    /// Those of the warnings that mean that a node type cannot work.
    unworkable: RefCell<Vec<(Place, String)>>,
    first_secret: RefCell<Option<Place>>,
    files: RefCell<Vec<Named>>,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(path: &'a Path, text: &str, environment: Environment<'a>) -> Self {
        Self {
            path,
            line_starts: text.match_indices('\n').map(|(end, _)| end + 1).collect(),
            environment,
            errors: RefCell::default(),
            warnings: RefCell::default(),
            unworkable: RefCell::default(),
            first_secret: RefCell::default(),
            files: RefCell::default(),
        }
    }

    /// The line, counted from 1, that contains this byte of the text.
    pub(crate) fn line_at(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset) + 1
    }

    /// A path in the file, which is relative to the file's folder.
    pub(crate) fn resolve(&self, written: &str) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(written)
    }

    /// Reports an error: what is wrong, and what to do. With an error the file cannot be used.
    pub(crate) fn error(&self, at: &Place, text: impl Into<String>) {
        let error = (at.clone(), text.into());
        // Two readers can report the same key.
        if !self.errors.borrow().contains(&error) {
            self.errors.borrow_mut().push(error);
        }
    }

    /// Reports something that an operator should know.
    pub(crate) fn warn(&self, at: &Place, text: impl Into<String>) {
        self.warnings.borrow_mut().push((at.clone(), text.into()));
    }

    /// Reports that a node type cannot work as configured. The file can be used all the same: a run serves the other node
    /// types, and what an earlier version accepted goes on loading.
    pub(crate) fn unworkable(&self, at: &Place, text: impl Into<String>) {
        let text = text.into();
        self.warn(at, text.clone());
        self.unworkable.borrow_mut().push((at.clone(), text));
    }

    /// The texts of a list without repetitions, and a warning for each repetition.
    pub(crate) fn once(&self, written: Vec<Found<String>>) -> Vec<String> {
        let mut seen = Vec::new();
        for Found { value, at } in written {
            if seen.contains(&value) {
                self.warn(&at, format!("{value:?} is in the list twice"));
            } else {
                seen.push(value);
            }
        }
        seen
    }

    /// Notes that the file itself contains a secret.
    pub(crate) fn holds_secret(&self, at: &Place) {
        self.first_secret.borrow_mut().get_or_insert_with(|| at.clone());
    }

    /// Where the file itself contains its first secret.
    pub(crate) fn first_secret(&self) -> Option<Place> {
        self.first_secret.borrow().clone()
    }

    /// Notes that this file is named there.
    pub(crate) fn names_file(&self, at: &Place, path: &Path) {
        self.files.borrow_mut().push(Named { path: path.to_owned(), at: at.clone() });
    }

    /// The files that are named.
    pub(crate) fn named_files(&self) -> Vec<Named> {
        self.files.borrow().clone()
    }

    /// What was read, with the warnings; or the errors if there are any. Both are in the order of the file.
    pub(crate) fn finish<T>(self, read: Option<T>) -> Result<(T, Warnings), ConfigErrors> {
        let errors = self.errors.into_inner();
        match read.filter(|_| errors.is_empty()) {
            Some(read) => {
                let all = render(self.path, self.warnings.into_inner());
                Ok((read, Warnings { all, unworkable: render(self.path, self.unworkable.into_inner()) }))
            }
            None => {
                let texts = errors.iter().map(|(at, text)| format!("{}: {text}", at.key)).collect();
                let warnings = render(self.path, self.warnings.into_inner());
                Err(ConfigErrors { lines: render(self.path, errors), texts, warnings, files: Vec::new() })
            }
        }
    }
}

fn render(path: &Path, mut entries: Vec<(Place, String)>) -> Vec<String> {
    entries.sort_by_key(|(at, _)| at.line);
    let file = path.display();
    let line = |(at, text): (Place, String)| match at.line {
        0 => format!("{file}: {}: {text}", at.key),
        line => format!("{file}:{line}: {}: {text}", at.key),
    };
    entries.into_iter().map(line).collect()
}

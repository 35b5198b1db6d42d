//! One reading of a configuration file: its place, its lines, and all that is found wrong in it.
//!
//! Nothing stops at the first fault. Whoever reads a key reports here and goes on, so that an operator sees every
//! problem of the file at once, each with its line and what to do. No value that could be a secret gets into a message.

use super::env::Lookup;
use std::cell::RefCell;
use std::path::{Path, PathBuf};

/// Everything that is wrong with a configuration: never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors {
    lines: Vec<String>,
}

impl ConfigErrors {
    /// One line for each problem, `FILE:LINE: TABLE.KEY: what is wrong; what to do`, in the file's order.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }
}

impl std::fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.lines.join("\n"))
    }
}

impl std::error::Error for ConfigErrors {}

/// Where in the file something is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Counted from 1; 0 where no line can be named.
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

/// One reading of one file.
pub(crate) struct Reading<'a> {
    path: &'a Path,
    /// Where the lines after the first begin, in bytes.
    line_starts: Vec<usize>,
    variable: Lookup<'a>,
    faults: RefCell<Vec<(Place, String)>>,
    warnings: RefCell<Vec<(Place, String)>>,
    first_secret: RefCell<Option<Place>>,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(path: &'a Path, text: &str, variable: Lookup<'a>) -> Self {
        Self {
            path,
            line_starts: text.match_indices('\n').map(|(end, _)| end + 1).collect(),
            variable,
            faults: RefCell::default(),
            warnings: RefCell::default(),
            first_secret: RefCell::default(),
        }
    }

    /// The line, counted from 1, that holds this byte of the text.
    pub(crate) fn line_at(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset) + 1
    }

    /// A path of the file, which is relative to the file's folder.
    pub(crate) fn resolve(&self, written: &str) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(written)
    }

    /// An environment variable.
    pub(crate) fn variable(&self, name: &str) -> Option<std::ffi::OsString> {
        (self.variable)(name)
    }

    /// The environment, for what looks into several variables.
    pub(crate) fn variables(&self) -> Lookup<'a> {
        self.variable
    }

    /// Something that makes the file unusable: what is wrong, and what to do.
    pub(crate) fn fault(&self, at: &Place, text: impl Into<String>) {
        let fault = (at.clone(), text.into());
        // A key that two readers look at is told once.
        if !self.faults.borrow().contains(&fault) {
            self.faults.borrow_mut().push(fault);
        }
    }

    /// Something that an operator should know of.
    pub(crate) fn warn(&self, at: &Place, text: impl Into<String>) {
        self.warnings.borrow_mut().push((at.clone(), text.into()));
    }

    /// The texts of a list, and a warning for each that stands in it twice.
    pub(crate) fn once(&self, written: Vec<Found<String>>) -> Vec<String> {
        let mut seen = Vec::new();
        for Found { value, at } in written {
            if seen.contains(&value) {
                self.warn(&at, format!("{value:?} stands in the list twice"));
            } else {
                seen.push(value);
            }
        }
        seen
    }

    /// Remembers that the file itself holds a secret.
    pub(crate) fn holds_secret(&self, at: &Place) {
        self.first_secret.borrow_mut().get_or_insert_with(|| at.clone());
    }

    /// Where the first secret stands in the file itself.
    pub(crate) fn first_secret(&self) -> Option<Place> {
        self.first_secret.borrow().clone()
    }

    pub(crate) fn has_failed(&self) -> bool {
        !self.faults.borrow().is_empty()
    }

    /// The warnings, in the file's order.
    pub(crate) fn into_warnings(self) -> Vec<String> {
        render(self.path, self.warnings.into_inner())
    }

    /// The faults, in the file's order.
    pub(crate) fn into_errors(self) -> ConfigErrors {
        ConfigErrors { lines: render(self.path, self.faults.into_inner()) }
    }
}

impl ConfigErrors {
    /// A problem of the file as a whole.
    pub(crate) fn whole_file(path: &Path, text: &str) -> Self {
        Self { lines: vec![format!("{}: {text}", path.display())] }
    }

    pub(crate) fn of_lines(lines: Vec<String>) -> Self {
        Self { lines }
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

//! Where a run writes what the command line and the configuration ask for: `-` is standard output, and no target is a file
//! that mita reads or keeps.

use crate::cli::args::Reconcile;
use crate::cli::process::failure::Failure;
use crate::config::{FileIdentity, Loaded, UsedFile};
use crate::record::Record;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Where something is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    StandardOutput,
    File(PathBuf),
}

impl Target {
    pub(crate) fn named(path: &Path) -> Self {
        if path == Path::new("-") { Target::StandardOutput } else { Target::File(path.to_owned()) }
    }
}

/// The targets of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Targets {
    pub(super) record: Option<Target>,
    pub(super) metrics: Option<Target>,
    pub(super) page: Option<Target>,
}

impl Targets {
    /// Those of the command line, else those of the configuration. A dry run writes a record at most.
    ///
    /// # Errors
    /// If one of the command line is another file of mita's, or if two would mix on standard output.
    pub(super) fn of(args: &Reconcile, loaded: &Result<Loaded, Failure>) -> Result<Self, Failure> {
        let named = |path: &Option<PathBuf>| path.as_deref().map(Target::named);
        let config = loaded.as_ref().ok().map(|loaded| &loaded.config).filter(|_| !args.dry_run);
        let configured = |path: Option<&PathBuf>| path.cloned().map(Target::File);
        let metrics_file = configured(config.and_then(|config| config.metrics_file.as_ref()));
        let html_file = configured(config.and_then(|config| config.html_file.as_ref()));
        let targets = Targets {
            record: named(&args.record),
            metrics: named(&args.metrics_file).or(metrics_file),
            page: named(&args.html).or(html_file),
        };
        let all = [("--record", &targets.record), ("--metrics-file", &targets.metrics), ("--html", &targets.page)];
        let mut taken: Vec<UsedFile> = match loaded {
            Ok(loaded) => loaded.config.files.clone(),
            Err(Failure::Config(errors)) => errors.files().to_vec(),
            Err(_) => Vec::new(),
        };
        let mut printed = args.format.output.is_json().then_some("--output json");
        for (option, target) in all.into_iter().filter_map(|(option, target)| Some((option, target.as_ref()?))) {
            match target {
                Target::StandardOutput => {
                    if let Some(other) = printed.replace(option) {
                        let text = format!("{option} - and {other} both write to standard output; name a file for one");
                        return Err(Failure::Refused(text));
                    }
                }
                Target::File(path) => {
                    refuse_used(option, path, &taken)?;
                    refuse_other(option, path)?;
                    taken.push(UsedFile { what: format!("the file of {option}"), path: path.clone() });
                }
            }
        }
        Ok(targets)
    }

    /// Whether standard output is for one of them, and not for the plan.
    pub(super) fn print(&self) -> bool {
        [&self.record, &self.metrics, &self.page].into_iter().any(|target| *target == Some(Target::StandardOutput))
    }
}

/// Refuses a file of the command line that is neither empty nor of the kind that the option writes: with a configuration
/// that cannot be read, nobody knows which files are mita's.
pub(crate) fn refuse_other(option: &str, path: &Path) -> Result<(), Failure> {
    const BEGINNING: u64 = 1024;
    let mut begins = Vec::new();
    if !path.is_file() {
        return Ok(());
    }
    // What cannot be read is told when it is written.
    let _ = File::open(path).and_then(|file| file.take(BEGINNING).read_to_end(&mut begins));
    let is_ours = match option {
        "--html" => begins.to_ascii_lowercase().starts_with(b"<!doctype html>"),
        "--metrics-file" => begins.starts_with(b"# HELP "),
        _ => Record::is_one(&begins),
    };
    if is_ours || begins.is_empty() {
        return Ok(());
    }
    Err(Failure::Refused(format!(
        "{option} would replace {}, which is something else; remove it or name another file",
        path.display()
    )))
}

fn refuse_used(option: &str, path: &Path, used: &[UsedFile]) -> Result<(), Failure> {
    let identity = FileIdentity::of(path);
    match used.iter().find(|other| FileIdentity::of(&other.path).is(&identity)) {
        None => Ok(()),
        Some(other) => Err(Failure::Refused(format!(
            "{option} would replace {}, which is {}; name another file",
            path.display(),
            other.what
        ))),
    }
}

//! `mita check`: is the configuration right? With `--online` also: do Jenkins and the clouds agree with it?

mod clocks;
mod clouds;
mod controller;
mod machine;
pub(crate) mod online;
mod quota;
mod schedule;
mod strangers;

use crate::cli::args::Check;
use crate::cli::process::failure::Failure;
use crate::cli::process::output;
use crate::config;
use crate::config::Config;
use crate::progress::Progress;
use crate::reconcile::Moment;
use crate::view::document::check::{CheckDocument, Remark};
use crate::view::exit::Exit;
use std::path::{Path, PathBuf};

pub(crate) fn run(args: Check, named: Option<PathBuf>, moment: Moment, progress: Progress) -> Result<Exit, Failure> {
    let path = config::locate(named)?;
    progress.now(if args.online { "asking Jenkins and the clouds" } else { "reading the configuration" });
    let checked = examine(&path, args.online, moment);
    drop(progress);
    if args.format.output.is_json() {
        report(&checked);
        output::print_document(&checked)?;
        return Ok(exit(&checked));
    }
    let exit = show(&checked)?;
    output::print(&format!("next: {}\n", checked.next()))?;
    Ok(exit)
}

/// Checks a configuration file, and `online` also what Jenkins and the clouds say about it.
pub(crate) fn examine(path: &Path, online: bool, moment: Moment) -> CheckDocument {
    let loaded = Config::load(path);
    let asked = match &loaded {
        Ok(loaded) if online => Some(online::check(&loaded.config, moment)),
        Ok(_) | Err(_) => None,
    };
    let mut checked = CheckDocument::of(path, &loaded, asked);
    if let Ok(loaded) = &loaded {
        checked.add_errors(machine::errors(&loaded.config));
        checked.add_warnings(schedule::warnings(&loaded.config, Path::new("/")));
    }
    checked
}

/// Logs what is wrong and prints the rest, the summary last. Gives the exit status.
pub(crate) fn show(checked: &CheckDocument) -> Result<Exit, Failure> {
    report(checked);
    output::print(&checked.render())?;
    Ok(exit(checked))
}

/// Logs what is wrong.
fn report(checked: &CheckDocument) {
    checked.errors.iter().for_each(|error| log::error!("{error}"));
    if let Some(online) = &checked.online {
        online.faults.iter().for_each(|Remark { place, text }| log::error!("{place}: {text}"));
        online.hints.iter().for_each(|Remark { place, text }| log::warn!("{place}: {text}"));
    }
    checked.warnings.iter().for_each(|warning| log::warn!("{warning}"));
}

fn exit(checked: &CheckDocument) -> Exit {
    match (checked.errors.is_empty(), checked.ok) {
        (false, _) => Exit::Unusable,
        (true, false) => Exit::Failed,
        (true, true) => Exit::Done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::document::check::Online;
    use std::path::Path;

    fn checked(errors: &[&str], faults: &[&str]) -> CheckDocument {
        let faults = faults.iter().map(|text| Remark::new("jenkins", text)).collect();
        let online = Online { faults, ..Online::default() };
        let path = Path::new("mita.toml");
        let mut checked = CheckDocument::of(path, &Config::load(Path::new("examples/mita.toml")), Some(online));
        checked.errors = errors.iter().map(|&error| error.to_owned()).collect();
        checked
    }

    #[test]
    fn an_error_of_the_file_comes_before_a_service_that_disagrees() {
        assert_eq!(exit(&checked(&[], &[])), Exit::Done);
        assert_eq!(exit(&checked(&[], &["no"])), Exit::Failed);
        assert_eq!(exit(&checked(&["wrong"], &["no"])), Exit::Unusable);
    }
}

//! `mita check`: is the configuration right? With `--online` also: do Jenkins and the clouds agree with it?

mod clocks;
mod clouds;
mod controller;
pub(crate) mod online;
mod quota;
mod strangers;

use crate::cli::args::Check;
use crate::cli::process::failure::Failure;
use crate::cli::process::output;
use crate::cli::process::user;
use crate::config;
use crate::config::{Config, Loaded};
use crate::progress::Progress;
use crate::reconcile::Moment;
use crate::view::document::check::{CheckDocument, Remark};
use crate::view::exit::Exit;
use std::path::PathBuf;

pub(crate) fn run(args: Check, named: Option<PathBuf>, moment: Moment, progress: Progress) -> Result<Exit, Failure> {
    let path = config::locate(named)?;
    user::become_owner_of(&path)?;
    let loaded = Config::load(&path);
    if let Ok(Loaded { config, .. }) = &loaded {
        user::become_owner_of(&config.state_file)?;
    }
    let online = match &loaded {
        Ok(loaded) if args.online => {
            progress.now("asking Jenkins and the clouds");
            Some(online::check(&loaded.config, moment))
        }
        Ok(_) | Err(_) => None,
    };
    drop(progress);
    let checked = CheckDocument::of(&path, &loaded, online);
    if args.format.output.is_json() {
        output::print_document(&checked)?;
    } else {
        output::print(&checked.render())?;
    }
    report(&checked);
    Ok(exit(&checked))
}

/// Logs what is wrong.
fn report(checked: &CheckDocument) {
    checked.warnings.iter().for_each(|warning| log::warn!("{warning}"));
    checked.errors.iter().for_each(|error| log::error!("{error}"));
    let Some(online) = &checked.online else { return };
    online.hints.iter().for_each(|Remark { place, text }| log::warn!("{place}: {text}"));
    online.faults.iter().for_each(|Remark { place, text }| log::error!("{place}: {text}"));
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

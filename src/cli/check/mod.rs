//! `mita check`: is the configuration right? With `--online` also: do Jenkins and the clouds agree with it?

mod agents;
mod clocks;
mod clouds;
mod controller;
mod machine;
pub(crate) mod online;
mod quota;
mod schedule;
mod state;
mod strangers;
pub(crate) mod unfinished;
mod writers;

use crate::cli::args::Check;
use crate::cli::process::failure::Failure;
use crate::cli::process::output;
use crate::cli::process::user;
use crate::config;
use crate::config::{Config, Loaded};
use crate::domain::format::in_shell;
use crate::observe::Services;
use crate::progress::Progress;
use crate::reconcile::Moment;
use crate::view::document::check::{CheckDocument, Remark};
use crate::view::exit::Exit;
use std::path::{Path, PathBuf};

pub(crate) fn run(args: Check, named: Option<PathBuf>, moment: Moment, progress: Progress) -> Result<Exit, Failure> {
    let option = named.as_ref().map(|path| format!(" --config {}", in_shell(&path.to_string_lossy())));
    let path = config::locate(named)?;
    user::become_owner_of(&path)?;
    if let Ok(Loaded { config, .. }) = Config::load(&path) {
        user::become_owner_of(&config.state_file)?;
    }
    progress.now(if args.online { "asking Jenkins and the clouds" } else { "reading the configuration" });
    let checked = examine(&path, args.online, moment);
    drop(progress);
    if args.format.output.is_json() {
        report(&checked);
        output::print_document(&checked)?;
        return Ok(exit(&checked));
    }
    let exit = show(&checked)?;
    output::print(&format!("next: {}\n", checked.next(&option.unwrap_or_default())))?;
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
        // With `online`, they are faults of the services.
        if !online {
            checked.add_errors(unusable(&loaded.config, moment));
        }
        checked.add_warnings(writers::warnings(&loaded.config));
        match state::unusable(&loaded.config) {
            Some(state::Unusable::ForARun(error)) => checked.add_errors(vec![error]),
            Some(state::Unusable::SetAside(warning)) => checked.add_warnings(vec![warning]),
            None => {}
        }
        checked.add_warnings(state::pauses(&loaded.config));
        checked.add_warnings(unused(&loaded.config));
        checked.add_warnings(crowded(&loaded.config));
        checked.add_warnings(unfinished::warnings(&loaded.config));
        if !online {
            checked.add_errors(unfinished::errors(&loaded.config));
        }
        checked.add_warnings(schedule::warnings(&loaded.config, Path::new("/")));
    }
    checked
}

/// The services that cannot be used: with a certificate, key or proxy that is none. Nothing is sent.
fn unusable(config: &Config, moment: Moment) -> Vec<String> {
    let services = Services::open(config, moment.started);
    let jenkins = services.jenkins.err().into_iter();
    let providers = services.providers.into_iter();
    let providers = providers.filter_map(|(name, opened)| Some(format!("provider.{name}: {}", opened.err()?)));
    let file = config.path.display();
    jenkins.chain(providers).map(|error| format!("{file}: {error}")).collect()
}

/// Node types and providers that order nothing. That may be meant, so no run warns of it.
fn unused(config: &Config) -> Vec<String> {
    let types = config.node_types.iter().filter(|kind| kind.max == Some(0)).map(|kind| format!("nodes.{}", kind.name));
    let providers = config.providers.iter().filter(|provider| provider.max == Some(0));
    let all = types.chain(providers.map(|provider| format!("provider.{}", provider.name)));
    let file = config.path.display();
    all.map(|table| format!("{file}: {table}.max: is 0, so mita orders no server there; write 1 or more to use it"))
        .collect()
}

/// Idle servers at hand that leave no server for a job of another node type.
fn crowded(config: &Config) -> Vec<String> {
    let at_hand: u32 = config.node_types.iter().map(|kind| kind.min_idle.largest()).fold(0, u32::saturating_add);
    let (file, most) = (config.path.display(), config.max_servers);
    let told = format!(
        "{file}: max_servers: is {most}, and min_idle of all node types together {at_hand}: a job that needs another type can \
         wait for ever; write a higher max_servers or a lower min_idle"
    );
    (at_hand > 0 && at_hand >= most && config.node_types.len() > 1).then_some(told).into_iter().collect()
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
        // Everybody can read the example.
        checked.warnings.clear();
        checked.errors = errors.iter().map(|&error| error.to_owned()).collect();
        checked
    }

    #[test]
    fn a_maximum_of_none_is_a_warning() {
        let mut config = Config::load(Path::new("examples/mita.toml")).unwrap().config;
        assert_eq!(unused(&config), [""; 0]);
        config.node_types[0].max = Some(0);
        config.providers[1].max = Some(0);
        let warnings = unused(&config);
        assert!(
            warnings[0].contains("nodes.precise-slave.max: is 0")
                && warnings[1].contains("provider.overflow.max: is 0")
        );
    }

    #[test]
    fn idle_servers_that_fill_max_servers_are_a_warning() {
        let mut config = Config::load(Path::new("examples/mita.toml")).unwrap().config;
        config.node_types[0].min_idle = crate::config::MinIdle::Always(2);
        assert_eq!(crowded(&config), [""; 0]);
        config.max_servers = 2;
        let warnings = crowded(&config);
        assert!(warnings[0].contains("max_servers: is 2, and min_idle of all node types together 2"), "{warnings:?}");
        config.node_types.truncate(1);
        assert_eq!(crowded(&config), [""; 0]);
    }

    #[test]
    fn the_summary_says_ok_only_without_errors_and_what_to_do_next() {
        let good = checked(&[], &[]);
        assert!(good.render().ends_with("mita.toml: ok, 4 node types, 2 providers\n"), "{}", good.render());
        assert_eq!(good.next(" --config x"), "mita reconcile --dry-run --config x shows what a run would do");
        let bad = checked(&["wrong"], &["no"]);
        assert!(bad.render().ends_with("mita.toml: 2 errors\n") && !bad.render().contains("ok"), "{}", bad.render());
    }

    #[test]
    fn an_error_of_the_file_comes_before_a_service_that_disagrees() {
        assert_eq!(exit(&checked(&[], &[])), Exit::Done);
        assert_eq!(exit(&checked(&[], &["no"])), Exit::Failed);
        assert_eq!(exit(&checked(&["wrong"], &["no"])), Exit::Unusable);
    }
}

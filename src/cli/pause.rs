//! `mita pause` and `mita resume`: no orders and no removals, and on again.

use crate::cli::args;
use crate::cli::args::{Format, PauseScope};
use crate::cli::process::failure::Failure;
use crate::cli::process::output;
use crate::config;
use crate::config::{Config, Loaded};
use crate::domain::names::{NodeTypeName, ProviderName};
use crate::domain::state::Pause;
use crate::operator::{PauseRequest, Scope, pause};
use crate::progress::Progress;
use crate::reconcile::Moment;
use crate::store;
use crate::view::document::pause::PauseDocument;
use crate::view::exit::Exit;
use crate::view::text::{closest, similar};
use std::collections::BTreeSet;

/// One of the two commands.
pub(crate) struct Command {
    scope: PauseScope,
    request: PauseRequest,
    output: Format,
}

impl From<args::Pause> for Command {
    fn from(args::Pause { scope, lasts, reason, format }: args::Pause) -> Self {
        let reason = reason.filter(|reason| !reason.trim().is_empty());
        Command { scope, request: PauseRequest::Pause { lasts, reason }, output: format.output }
    }
}

impl From<args::Resume> for Command {
    fn from(args::Resume { scope, format }: args::Resume) -> Self {
        Command { scope, request: PauseRequest::Resume, output: format.output }
    }
}

pub(crate) fn run(command: &Command, loaded: &Loaded, moment: Moment, progress: Progress) -> Result<Exit, Failure> {
    let Command { scope, request, output } = command;
    let config = &loaded.config;
    // What is no longer configured can still be resumed.
    let paused = match request {
        PauseRequest::Pause { .. } => Vec::new(),
        PauseRequest::Resume => pauses(config),
    };
    let scope = check(scope, config, &paused)?;
    let person = config::person();
    let answer = pause(config, &scope, request, &person, moment, &progress)?;
    drop(progress);
    let document = PauseDocument::of(&config.owner, moment.now, request, &answer);
    if output.is_json() {
        output::print_document(&document)?;
    } else {
        output::print(&document.render())?;
    }
    Ok(Exit::Done)
}

fn named(PauseScope { node_type, provider }: &PauseScope) -> Scope {
    Scope { node_type: node_type.as_deref().map(Into::into), provider: provider.as_deref().map(Into::into) }
}

/// The pauses that the state has; none if it cannot be read, which the command then says.
fn pauses(config: &Config) -> Vec<Pause> {
    match store::load_only(&config.state_file, &config.installation()) {
        Ok(store::Loaded::Known(state)) => state.pauses,
        Ok(_) | Err(_) => Vec::new(),
    }
}

/// A typing error must not pause or resume nothing.
fn check(scope: &PauseScope, config: &Config, paused: &[Pause]) -> Result<Scope, Failure> {
    let mut types: BTreeSet<&str> = config.node_types.iter().map(|kind| kind.name.as_str()).collect();
    types.extend(paused.iter().flat_map(|pause| &pause.node_type).map(NodeTypeName::as_str));
    let mut providers: BTreeSet<&str> = config.providers.iter().map(|provider| provider.name.as_str()).collect();
    providers.extend(paused.iter().flat_map(|pause| &pause.provider).map(ProviderName::as_str));
    for (name, known, what) in [(&scope.node_type, &types, "node type"), (&scope.provider, &providers, "provider")] {
        if let Some(name) = name.as_deref().filter(|name| !known.contains(name)) {
            let hint = match &closest(known, name)[..] {
                [] => format!("; it has {}", Vec::from_iter(known.iter().copied()).join(", ")),
                close => similar(close),
            };
            return Err(Failure::Refused(format!("the configuration has no {what} {name:?}{hint}")));
        }
    }
    Ok(named(scope))
}

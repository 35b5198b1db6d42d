//! `mita pause` and `mita resume`: no orders and no removals, and on again.

use crate::cli::args;
use crate::cli::args::{Format, PauseScope};
use crate::cli::process::failure::Failure;
use crate::cli::process::output;
use crate::config;
use crate::config::{Config, Loaded};
use crate::operator::{PauseRequest, Scope, pause};
use crate::reconcile::Moment;
use crate::view::document::pause::PauseDocument;
use crate::view::exit::Exit;
use crate::view::explain::similar::closest;
use crate::view::text::similar;
use std::collections::BTreeSet;

/// One of the two commands.
pub(crate) struct Command {
    scope: PauseScope,
    request: PauseRequest,
    output: Format,
}

impl From<args::Pause> for Command {
    fn from(args::Pause { scope, lasts, reason, format }: args::Pause) -> Self {
        Command { scope, request: PauseRequest::Pause { lasts, reason }, output: format.output }
    }
}

impl From<args::Resume> for Command {
    fn from(args::Resume { scope, format }: args::Resume) -> Self {
        Command { scope, request: PauseRequest::Resume, output: format.output }
    }
}

pub(crate) fn run(command: &Command, loaded: &Loaded, moment: Moment) -> Result<Exit, Failure> {
    let Command { scope, request, output } = command;
    let config = &loaded.config;
    // What is no longer configured can still be resumed.
    let scope = match request {
        PauseRequest::Pause { .. } => check(scope, config)?,
        PauseRequest::Resume => named(scope),
    };
    let person = config::person();
    let answer = pause(config, &scope, request, &person, moment)?;
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

/// A typing error must not pause nothing.
fn check(scope: &PauseScope, config: &Config) -> Result<Scope, Failure> {
    let types: BTreeSet<&str> = config.node_types.iter().map(|kind| kind.name.as_str()).collect();
    let providers: BTreeSet<&str> = config.providers.iter().map(|provider| provider.name.as_str()).collect();
    for (name, known, what) in [(&scope.node_type, &types, "node type"), (&scope.provider, &providers, "provider")] {
        if let Some(name) = name.as_deref().filter(|name| !known.contains(name)) {
            let hint = similar(&closest(known, name));
            return Err(Failure::Refused(format!("the configuration has no {what} {name:?}{hint}")));
        }
    }
    Ok(named(scope))
}

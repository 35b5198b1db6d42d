//! What a shell offers as the value of an argument: names in the configuration, in the state and in clouds.yaml.
//!
//! It reads files only, never a service, because a person waits for it. The configuration is that of `--config` in the line,
//! else that of `MITA_CONFIG`, else the first in the usual places. What cannot be read gives no candidates: a completion has
//! no place for an error.

use crate::cli::args::config_in;
use crate::cli::load::load;
use crate::config;
use crate::config::Config;
use crate::domain::format::is_control;
use crate::domain::state::State;
use crate::store;
use crate::store::Loaded;
use clap_complete::CompletionCandidate;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// Nodes of this installation in Jenkins, as of the last run.
pub(crate) fn nodes(begin: &OsStr) -> Vec<CompletionCandidate> {
    matching(begin, configured().iter().flat_map(names_of_nodes))
}

/// What `mita explain` knows by name without asking Jenkins: node types, providers, and nodes as of the last run.
pub(crate) fn subjects(begin: &OsStr) -> Vec<CompletionCandidate> {
    matching(begin, configured().iter().flat_map(names_of_subjects))
}

/// What `mita status` shows alone: a part of it, or what carries one of these names.
pub(crate) fn filters(begin: &OsStr) -> Vec<CompletionCandidate> {
    let parts = ["types", "servers", "jobs"].map(str::to_owned).into_iter();
    matching(begin, parts.chain(configured().iter().flat_map(names_of_subjects)))
}

/// Node types of the configuration.
pub(crate) fn types(begin: &OsStr) -> Vec<CompletionCandidate> {
    matching(begin, configured().iter().flat_map(names_of_types))
}

/// Providers of the configuration.
pub(crate) fn providers(begin: &OsStr) -> Vec<CompletionCandidate> {
    matching(begin, configured().iter().flat_map(names_of_providers))
}

/// Clouds in clouds.yaml, and `envvars` if the OS_* variables describe one.
pub(crate) fn clouds(begin: &OsStr) -> Vec<CompletionCandidate> {
    matching(begin, config::available_clouds().unwrap_or_default().into_iter())
}

fn matching(begin: &OsStr, names: impl Iterator<Item = String>) -> Vec<CompletionCandidate> {
    let Some(begin) = begin.to_str() else { return Vec::new() };
    // The shell writes them to the terminal as they are, and a name out of Jenkins may hold anything.
    let names: BTreeSet<String> = names.filter(|name| name.starts_with(begin) && !name.contains(is_control)).collect();
    names.into_iter().map(CompletionCandidate::new).collect()
}

fn configured() -> Option<Config> {
    let words: Vec<OsString> = std::env::args_os().collect();
    let named = config_in(words.iter().filter_map(|word| word.to_str()));
    Some(load(named.map(PathBuf::from)).ok()?.config)
}

fn names_of_types(config: &Config) -> impl Iterator<Item = String> {
    config.node_types.iter().map(|kind| kind.name.to_string())
}

fn names_of_providers(config: &Config) -> impl Iterator<Item = String> {
    config.providers.iter().map(|provider| provider.name.to_string())
}

fn names_of_subjects(config: &Config) -> impl Iterator<Item = String> {
    names_of_types(config).chain(names_of_providers(config)).chain(names_of_nodes(config))
}

fn names_of_nodes(config: &Config) -> Vec<String> {
    let state: Option<State> = match store::load_only(&config.state_file, &config.installation()) {
        Ok(Loaded::Known(state)) => Some(*state),
        Ok(Loaded::Fresh | Loaded::Unreadable { .. } | Loaded::SetAside { .. }) | Err(_) => None,
    };
    let ours = |name: &String| config.node_types.iter().any(|kind| name.starts_with(kind.name.as_str()));
    state.iter().flat_map(|state| state.nodes.keys()).map(ToString::to_string).filter(ours).collect()
}

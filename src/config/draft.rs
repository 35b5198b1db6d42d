//! Parts of a configuration that is not written yet: `mita init` checks each answer as the parser checks the file.

use super::file::{self, Reading, Table};
use super::nodes::names;
use super::types::{JenkinsConfig, ProviderConfig, ZoneName};
use super::{jenkins, keys, provider, secrets, url};
use crate::secret::Secret;
use std::path::Path;
use toml::de::DeTable;

/// Reads a `[jenkins]` table that will be in the file at this path.
///
/// # Errors
/// Everything that is wrong with it, in one line.
pub fn jenkins_of(path: &Path, text: &str) -> Result<JenkinsConfig, String> {
    read(path, text, |top| jenkins::read(&Table::open(top.reading, &top.entry(&["jenkins"])?, keys::JENKINS)?))
}

/// Reads the only `[provider.NAME]` table that will be in the file at this path.
///
/// # Errors
/// Everything that is wrong with it, in one line.
pub fn provider_of(path: &Path, text: &str) -> Result<ProviderConfig, String> {
    read(path, text, |top| provider::read_all(top, &ZoneName::utc()).into_iter().next())
}

fn read<T>(path: &Path, text: &str, part: impl FnOnce(&Table<'_>) -> Option<T>) -> Result<T, String> {
    let reading = Reading::new(path, text, &file::of_process);
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err("the answers cannot be written as TOML".to_owned());
    }
    let part = part(&Table::top(&reading, document.get_ref()));
    reading.finish(part).map(|(part, _)| part).map_err(|errors| errors.texts().join("; "))
}

/// The root URL of a service, as the parser reads it.
///
/// # Errors
/// What is wrong with it and what to do.
pub fn root_url(text: &str) -> Result<String, String> {
    url::root(text.trim(), "https://HOST/")
}

/// What looks wrong with a secret that a service refused.
pub fn oddity(secret: &Secret) -> Option<&'static str> {
    let text = secret.expose();
    match () {
        () if secrets::is_quoted(text) => Some(secrets::QUOTED),
        () if text.contains(char::is_whitespace) => Some("holds a blank: is it all of it, and nothing else?"),
        () => secrets::of_shell(text),
    }
}

/// Checks the name of a node type.
///
/// # Errors
/// What is wrong with it and what to do.
pub fn check_node_type_name(name: &str) -> Result<(), String> {
    names::node_name_error(name).map_or(Ok(()), Err)
}

/// Checks the labels of a node type.
///
/// # Errors
/// What is wrong with the first wrong one and what to do.
pub fn check_labels(labels: &[String]) -> Result<(), String> {
    let error = |label: &String| Some(format!("the label {label:?} {}", names::label_error(label)?));
    labels.iter().find_map(error).map_or(Ok(()), Err)
}

/// The name that was probably meant, as a question; else the names that there are.
pub fn nearest_name(wanted: &str, names: &[String]) -> String {
    /// More names than these do not help.
    const MOST: usize = 12;
    file::did_you_mean(wanted, names.iter().map(String::as_str)).unwrap_or_else(|| {
        let more = if names.len() > MOST { ", ..." } else { "" };
        format!("there are {}{more}", names.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", "))
    })
}

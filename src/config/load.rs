//! Loading a [`Config`] from a file: every table is read and checked, and all errors are reported at once.

use super::file::{self, ConfigErrors, Environment, Found, Place, Reading, Table, UsedFile, Warnings};
use super::types::{Config, JenkinsConfig, NodeType, Times, fingerprint_of};
use super::{jenkins, keys, nodes, provider, targets, times};
use crate::domain::names::Owner;
use crate::permission::of_another_user;
use crate::secret;
use jiff::SignedDuration;
use std::path::{Path, PathBuf};
use toml::de::DeTable;

/// A configuration of a thousand node types has some hundred KiB.
const LARGEST: u64 = 16 * 1024 * 1024;

/// The longest owner whose mark fits in the description of a floating IP, in bytes.
const LONGEST_OWNER_OF_ADDRESSES: usize = 160;

/// A configuration that can be used.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What an operator should know, each `FILE:LINE: TABLE.KEY: ...`, in the order of the file.
    pub warnings: Vec<String>,
    /// Those of the warnings that mean that a node type cannot work as configured: errors for `mita check`.
    pub unworkable: Vec<String>,
}

impl Config {
    /// Reads and checks a configuration file, and the files and environment variables that it names.
    ///
    /// # Errors
    /// Everything that is wrong with it, at once.
    pub fn load(path: &Path) -> Result<Loaded, ConfigErrors> {
        load(path, &file::of_process)
    }
}

/// As [`Config::load`], with these environment variables.
pub(super) fn load(path: &Path, environment: Environment<'_>) -> Result<Loaded, ConfigErrors> {
    let text = file::text(path, LARGEST).map_err(|error| {
        let file = path.display();
        // Cron starts a program in another folder than the one where its command was tried.
        let is_missing = error == file::MISSING;
        let from = std::env::current_dir().ok().filter(|_| is_missing && path.is_relative());
        let from = from.map_or_else(String::new, |from| format!(" (looked for from the folder {})", from.display()));
        let named = environment("MITA_CONFIG").is_some_and(|named| Path::new(&named) == path);
        let named = if named { " (named by the variable MITA_CONFIG)" } else { "" };
        let error = format!("{error}{from}");
        let init = if is_missing { ", or write one with mita init" } else { "" };
        let error = file::with_advice(&error, &format!("name another file with --config FILE or MITA_CONFIG{init}"));
        ConfigErrors::of_lines(vec![format!("{file}{named}: {error}")])
    })?;
    let reading = Reading::new(path, &text, environment);
    let (document, errors) = DeTable::parse_recoverable(&text);
    if !errors.is_empty() {
        return Err(file::errors(&reading, path, &text, &errors));
    }
    let config = config(&Table::top(&reading, document.get_ref()), path);
    let (files, named) = (targets::used_files(&reading, path), reading.named_files());
    match reading.finish(config) {
        Ok((config, Warnings { all, unworkable })) => {
            Ok(Loaded { config: Config { files, ..config }, warnings: all, unworkable })
        }
        Err(errors) => {
            // Read as the right user, nothing of it may be wrong.
            let closed = |file: &UsedFile| Some((file.what.clone(), of_another_user(&file.path)?));
            let errors = match targets::read_files(&named, path).iter().find_map(closed) {
                Some((what, why)) => ConfigErrors::of_lines(vec![format!("{}: {what}: {why}", path.display())]),
                None => errors,
            };
            Err(errors.with_files(files))
        }
    }
}

fn config(top: &Table<'_>, path: &Path) -> Option<Config> {
    let reading = top.reading;
    secret::publish(words_of(path));
    let seconds = SignedDuration::from_secs;
    let deadline = top.time("deadline", seconds(1)).unwrap_or(seconds(50));
    let max_servers = top.number("max_servers", 0..=u32::MAX).map_or(50, |found| found.value);
    let concurrency = top.number("concurrency", 1..=64).map_or(24, |found| found.value);
    let journal_days = top.number("journal_days", 1..=3650).map_or(90, |found| found.value);
    let times = times::read(top, Times::DEFAULTS);
    let state_file = state_file(top);
    let (metrics_file, html_file) = published_files(top);
    let jenkins = jenkins_table(top);
    let owner = owner(top, jenkins.as_ref());
    let time_zone = nodes::min_idle::time_zone(top);
    let providers = provider::read_all(top, &time_zone);
    let node_types = nodes::read_all(top, times, time_zone);
    check_length_of_owner(top, owner.as_ref(), &node_types);
    if top.named_tables("nodes", keys::NODES).is_empty() && !top.lacks_name("nodes", keys::NODES) {
        let at = Place { line: 0, key: "nodes".to_owned() };
        reading.warn(&at, "there is no node type, so nothing will be ordered; write a [nodes.NAME]");
    }
    targets::refuse_shared(reading, path);
    if let Some(at) = reading.first_secret() {
        file::warn_of_readers(reading, &at, path, "holds a secret and ");
    }
    let mut config = Config {
        path: path.to_owned(),
        files: Vec::new(),
        fingerprint: String::new(),
        state_file,
        metrics_file,
        html_file,
        owner: owner?,
        deadline,
        max_servers,
        concurrency,
        journal_days,
        jenkins: jenkins?,
        providers,
        node_types,
        times,
    };
    config.fingerprint = fingerprint_of(&config);
    secret::publish(names_in(&config));
    Some(config)
}

/// What the tables and messages of mita are full of.
fn names_in(config: &Config) -> impl Iterator<Item = &str> {
    let types = config.node_types.iter();
    let names = types.flat_map(|kind| kind.labels.iter().map(String::as_str).chain([kind.name.as_str()]));
    let providers = config.providers.iter().map(|provider| provider.name.as_str());
    let files = [Some(&config.state_file), config.metrics_file.as_ref(), config.html_file.as_ref()];
    let files = files.into_iter().flatten().flat_map(|file| words_of(file));
    names.chain(providers).chain(files).chain([
        config.owner.as_str(),
        config.jenkins.user.as_str(),
        "jenkins",
        "openstack",
        "mita",
    ])
}

/// The words in the path of a file that messages name.
fn words_of(path: &Path) -> impl Iterator<Item = &str> {
    let parts = path.iter().filter_map(|part| part.to_str());
    parts.flat_map(|part| part.split(|c: char| !c.is_alphanumeric() && c != '_').chain([part]))
}

fn jenkins_table(top: &Table<'_>) -> Option<JenkinsConfig> {
    if !top.misspells("jenkins") {
        top.require(&["jenkins"], "write a table [jenkins] with url, user and token");
    }
    let entry = top.entry(&["jenkins"])?;
    jenkins::read(&Table::open(top.reading, &entry, keys::JENKINS)?)
}

fn state_file(top: &Table<'_>) -> PathBuf {
    let Some(Found { value, at }) = top.path("state_file") else {
        return PathBuf::from(targets::STATE_FILE);
    };
    refuse_folder(top, &value, &at);
    value
}

fn refuse_folder(top: &Table<'_>, path: &Path, at: &Place) {
    if path.is_dir() || path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        top.error(at, "is a folder; write the file's name as well, as in \"/var/lib/mita/state.json\"");
    }
}

/// The files that a run writes for others.
fn published_files(top: &Table<'_>) -> (Option<PathBuf>, Option<PathBuf>) {
    let read = |key: &'static str| {
        let found = top.path(key)?;
        refuse_folder(top, &found.value, &found.at);
        Some(found)
    };
    let (metrics, html) = (read("metrics_file"), read("html_file"));
    if let Some(Found { value, at }) = &metrics
        && value.extension().is_none_or(|extension| extension != "prom")
    {
        top.reading.warn(at, "does not end in .prom, and node_exporter reads no other file of its folder");
    }
    (metrics.map(|found| found.value), html.map(|found| found.value))
}

/// The owner that is written, else host and path of the controller by its first URL.
fn owner(top: &Table<'_>, jenkins: Option<&JenkinsConfig>) -> Option<Owner> {
    let (owner, at) = match top.entry(&["owner"]) {
        Some(_) => {
            let found = top.text(&["owner"])?;
            (Owner::new(found.value), found.at)
        }
        None => {
            let JenkinsConfig { url, former_urls, .. } = jenkins?;
            (Owner::from_jenkins_url(former_urls.first().unwrap_or(url)), top.place_of_missing("owner"))
        }
    };
    // The place of a message names the key already.
    owner.map_err(|error| top.error(&at, error.to_string().trim_start_matches("owner "))).ok()
}

/// A floating IP has no metadata. Its description contains the mark, in at most 255 characters with two ids.
fn check_length_of_owner(top: &Table<'_>, owner: Option<&Owner>, node_types: &[NodeType]) {
    let length = owner.map_or(0, |owner| owner.as_str().len());
    if length > LONGEST_OWNER_OF_ADDRESSES && node_types.iter().any(|kind| kind.boot.floating_ip_pool.is_some()) {
        let text = format!(
            "has {length} characters, and the mark of a floating IP has room for {LONGEST_OWNER_OF_ADDRESSES}; write a \
             shorter owner, or no floating_ip_pool"
        );
        top.error(&top.has("owner").unwrap_or_else(|| top.place_of_missing("owner")), text);
    }
}

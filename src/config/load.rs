//! From a file to a [`Config`]: read, take apart, check every table, and give all or all that is wrong.

use crate::config::env;
use crate::config::env::Lookup;
use crate::config::reading::{ConfigErrors, Found, Place, Reading};
use crate::config::table::Table;
use crate::config::{
    Config, JenkinsConfig, LONGEST_OWNER_OF_ADDRESSES, NodeType, files, fingerprint, jenkins, keys, nodes, provider,
    syntax, times,
};
use crate::domain::names::{Owner, OwnerError};
use jiff::SignedDuration;
use std::path::{Path, PathBuf};
use toml::de::DeTable;

/// A configuration of a thousand node types has some hundred KiB.
const LARGEST: u64 = 16 * 1024 * 1024;

/// A configuration that can be used.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What an operator should know of, each `FILE:LINE: TABLE.KEY: ...`, in the file's order.
    pub warnings: Vec<String>,
}

impl Config {
    /// Reads and checks a configuration file, and the files and environment variables that it names.
    ///
    /// # Errors
    /// Everything that is wrong with it, at once.
    pub fn load(path: &Path) -> Result<Loaded, ConfigErrors> {
        load(path, &env::of_process)
    }
}

/// As [`Config::load`], with these environment variables.
pub(super) fn load(path: &Path, variable: Lookup<'_>) -> Result<Loaded, ConfigErrors> {
    let text = files::text(path, LARGEST).map_err(|error| {
        ConfigErrors::whole_file(path, &format!("{error}; name another file with --config FILE or MITA_CONFIG"))
    })?;
    let reading = Reading::new(path, &text, variable);
    let (document, errors) = DeTable::parse_recoverable(&text);
    if !errors.is_empty() {
        return Err(syntax::errors(&reading, path, &text, &errors));
    }
    let config = config(&Table::top(&reading, document.get_ref()), path);
    match config {
        Some(config) if !reading.has_failed() => Ok(Loaded { config, warnings: reading.into_warnings() }),
        _ => Err(reading.into_errors()),
    }
}

fn config(top: &Table<'_>, path: &Path) -> Option<Config> {
    let reading = top.reading;
    let seconds = SignedDuration::from_secs;
    let deadline = top.time("deadline", seconds(1)).unwrap_or(seconds(50));
    let max_servers = top.number("max_servers", 0..=u32::MAX).map_or(50, |found| found.value);
    let concurrency = top.number("concurrency", 1..=64).map_or(24, |found| found.value);
    let times = times::read(top, times::DEFAULTS);
    let state_file = state_file(top);
    let (metrics_file, html_file) = files_for_readers(top, &state_file);
    let jenkins = jenkins_table(top);
    let owner = owner(top, jenkins.as_ref());
    let providers = provider::read_all(top);
    let node_types = nodes::read_all(top, times);
    check_mark_of_addresses(top, owner.as_ref(), &node_types);
    if top.children("nodes").is_empty() {
        let at = Place { line: 0, key: "nodes".to_owned() };
        reading.warn(&at, "there is no node type, so nothing will be ordered; write a [nodes.NAME]");
    }
    warn_of_readers(reading, path);
    let mut config = Config {
        path: path.to_owned(),
        fingerprint: String::new(),
        state_file,
        metrics_file,
        html_file,
        owner: owner?,
        deadline,
        max_servers,
        concurrency,
        jenkins: jenkins?,
        providers,
        node_types,
        times,
    };
    config.fingerprint = fingerprint::of(&config);
    Some(config)
}

fn jenkins_table(top: &Table<'_>) -> Option<JenkinsConfig> {
    top.require(&["jenkins"], "write a table [jenkins] with url, user and token");
    let entry = top.entry(&["jenkins"])?;
    jenkins::read(&Table::open(top.reading, &entry, keys::JENKINS)?)
}

fn state_file(top: &Table<'_>) -> PathBuf {
    let Some(Found { value, at }) = top.path("state_file") else {
        return PathBuf::from("/var/lib/mita/state.json");
    };
    if value.is_dir() || value.as_os_str().as_encoded_bytes().ends_with(b"/") {
        top.reading.fault(&at, "names a folder; write the file's name as well, as in \"/var/lib/mita/state.json\"");
    }
    value
}

/// The files that a run leaves for others to read. Each is replaced whole, and so must not be another one of mita's.
fn files_for_readers(top: &Table<'_>, state_file: &Path) -> (Option<PathBuf>, Option<PathBuf>) {
    let mut taken = vec![(state_file.to_owned(), "state_file")];
    let mut read = |key: &'static str| {
        let Found { value, at } = top.path(key)?;
        if let Some((_, other)) = taken.iter().find(|(path, _)| *path == value) {
            top.reading.fault(&at, format!("is the same file as {other}; write another path"));
        } else if value.is_dir() || value.as_os_str().as_encoded_bytes().ends_with(b"/") {
            top.reading.fault(&at, "names a folder; write the file's name as well");
        }
        taken.push((value.clone(), key));
        Some(Found { value, at })
    };
    let (metrics, html) = (read("metrics_file"), read("html_file"));
    if let Some(Found { value, at }) = &metrics
        && value.extension().is_none_or(|extension| extension != "prom")
    {
        top.reading.warn(at, "does not end in .prom, and node_exporter reads no other file of its folder");
    }
    (metrics.map(|found| found.value), html.map(|found| found.value))
}

/// The owner: the one that is written, else host and path of the controller, under the first name that it had.
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
    // The key stands before the message, which begins with it as well.
    let fault = |error: OwnerError| top.reading.fault(&at, error.to_string().trim_start_matches("owner "));
    owner.map_err(fault).ok()
}

/// A floating IP has no metadata: its description holds the mark, in at most 255 characters with two ids beside it.
fn check_mark_of_addresses(top: &Table<'_>, owner: Option<&Owner>, node_types: &[NodeType]) {
    let length = owner.map_or(0, |owner| owner.as_str().len());
    if length > LONGEST_OWNER_OF_ADDRESSES && node_types.iter().any(|kind| kind.boot.floating_ip_pool.is_some()) {
        let text = format!(
            "has {length} characters, and the mark of a floating IP has room for {LONGEST_OWNER_OF_ADDRESSES}; write a \
             shorter owner, or no floating_ip_pool"
        );
        top.reading.fault(&top.has("owner").unwrap_or_else(|| top.place_of_missing("owner")), text);
    }
}

/// Warns when others than its owner can read a file that holds a secret.
fn warn_of_readers(reading: &Reading<'_>, path: &Path) {
    if let (Some(at), Some(mode)) = (reading.first_secret(), files::too_open(path)) {
        let name = path.display();
        reading.warn(
            &at,
            format!("{name} holds a secret and can be read by others (mode {mode:04o}); run chmod 600 {name}"),
        );
    }
}

//! A number for the meaning of a configuration.
//!
//! The state records which node types turned out not to serve a job; this is valid until the fingerprint changes. Comments,
//! the order of labels and secrets do not change it.

use super::config::{Config, JenkinsConfig};
use std::hash::{DefaultHasher, Hash, Hasher};

/// The fingerprint, in hexadecimal. The limits of a run and the paths of files are not part of it.
pub(crate) fn of(config: &Config) -> String {
    let Config {
        path: _,
        fingerprint: _,
        state_file: _,
        metrics_file: _,
        html_file: _,
        owner,
        deadline: _,
        max_servers,
        concurrency: _,
        journal_days: _,
        jenkins: JenkinsConfig { url, former_urls: _, user, token: _, cacert: _, proxy: _ },
        providers,
        node_types,
        times,
    } = config;
    // Debug output shows no secrets.
    let meaning = format!("{:?}", (owner, max_servers, url, user, providers, node_types, times));
    let mut hasher = DefaultHasher::new();
    meaning.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

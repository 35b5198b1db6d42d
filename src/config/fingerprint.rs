//! A number for what a configuration means.
//!
//! The state remembers with it which node types turned out not to serve a job: that holds until the meaning changes.
//! Comments, the order of labels and secrets change nothing.

use crate::config::{Config, JenkinsConfig};
use std::hash::{DefaultHasher, Hash, Hasher};

/// The fingerprint, in hexadecimal. What bounds a run, and where things are kept, is not part of the meaning.
pub(super) fn of(config: &Config) -> String {
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
        jenkins: JenkinsConfig { url, former_urls: _, user, token: _, cacert: _ },
        providers,
        node_types,
        times,
    } = config;
    // Secrets are blank in debug output.
    let meaning = format!("{:?}", (owner, max_servers, url, user, providers, node_types, times));
    let mut hasher = DefaultHasher::new();
    meaning.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

//! `[jenkins]`: which controller, and who logs in.

use crate::config::reading::Found;
use crate::config::table::Table;
use crate::config::{JenkinsConfig, files, secrets, url};
use std::path::{Path, PathBuf};

/// A bundle of all certificate authorities of a system has some hundred KiB.
const LARGEST_BUNDLE: u64 = 4 * 1024 * 1024;

const EXAMPLE: &str = "https://jenkins.example.com/";

/// Reads the table; `None` when something in it was reported.
pub(super) fn read(table: &Table<'_>) -> Option<JenkinsConfig> {
    let url = root_url(table, "url", EXAMPLE);
    let former_urls = former_urls(table);
    let user = table.required_text(&["user"], "write the Jenkins user whose API token is used");
    let token = secrets::required(table, &["token", "password"]);
    let cacert = cacert(table);
    refuse_insecure(table);
    let user = user?;
    if user.value.contains(':') {
        // HTTP Basic authentication ends the user's name at the first colon (RFC 7617).
        table.reading.fault(&user.at, "holds a colon, which no user of HTTP Basic authentication can have");
        return None;
    }
    Some(JenkinsConfig { url: url?, former_urls, user: user.value, token: token?.value, cacert })
}

/// Root URLs that the controller had before.
fn former_urls(table: &Table<'_>) -> Vec<String> {
    let found = table.texts(&["former_urls"]).map(|found| found.value).unwrap_or_default();
    let root = |Found { value, at }: Found<String>| {
        url::root(&value, EXAMPLE).map_err(|fault| table.reading.fault(&at, fault)).ok()
    };
    found.into_iter().filter_map(root).collect()
}

/// A required root URL, with one `/` at its end.
pub(super) fn root_url(table: &Table<'_>, key: &str, example: &str) -> Option<String> {
    let found = table.required_text(&[key], &format!("write it as in \"{example}\""))?;
    url::root(&found.value, example).map_err(|fault| table.reading.fault(&found.at, fault)).ok()
}

/// The certificate authorities to trust instead of the system's.
pub(super) fn cacert(table: &Table<'_>) -> Option<PathBuf> {
    let found = table.path("cacert")?;
    check_certificate(&found.value).map_err(|fault| table.reading.fault(&found.at, fault)).ok()?;
    Some(found.value)
}

/// Whether this file can hold a certificate authority.
pub(super) fn check_certificate(path: &Path) -> Result<(), String> {
    let name = path.display();
    match files::text(path, LARGEST_BUNDLE) {
        Ok(text) if text.contains("-----BEGIN CERTIFICATE-----") => Ok(()),
        Ok(_) => {
            Err(format!("{name} holds no certificate in PEM form; name a file with a line -----BEGIN CERTIFICATE-----"))
        }
        Err(error) => Err(format!("{name} {error}; name a file in PEM form that this user can read")),
    }
}

/// TLS is always verified.
pub(super) fn refuse_insecure(table: &Table<'_>) {
    if let Some(at) = table.has("insecure") {
        table.reading.fault(
            &at,
            "certificates are always verified; remove the key and name the service's certificate authority with cacert",
        );
    }
}

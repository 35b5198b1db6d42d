//! `[jenkins]`: which controller, and who logs in.

use super::file::{Found, Table};
use super::types::JenkinsConfig;
use super::{proxy, secrets, tls, url};

const EXAMPLE: &str = "https://jenkins.example.com/";

/// Reads the table; `None` if something was reported.
pub(super) fn read(table: &Table<'_>) -> Option<JenkinsConfig> {
    let url = url::required(table, "url", EXAMPLE);
    let former_urls = former_urls(table);
    let user = table.required_text(&["user"], "write the Jenkins user whose API token is used");
    let token = secrets::required(table, &["token", "password"]);
    let cacert = tls::cacert(table);
    let proxy = proxy::read(table);
    tls::refuse_insecure(table);
    let user = user?;
    if user.value.contains(':') {
        // HTTP Basic authentication ends the user's name at the first colon (RFC 7617).
        table.error(&user.at, "holds a colon, which no user of HTTP Basic authentication can have");
        return None;
    }
    Some(JenkinsConfig { url: url?, former_urls, user: user.value, token: token?.value, cacert, proxy })
}

/// Root URLs that the controller had before.
fn former_urls(table: &Table<'_>) -> Vec<String> {
    let found = table.texts(&["former_urls"]).map(|found| found.value).unwrap_or_default();
    let root =
        |Found { value, at }: Found<String>| url::root(&value, EXAMPLE).map_err(|error| table.error(&at, error)).ok();
    found.into_iter().filter_map(root).collect()
}

//! `[jenkins]`: which controller, and who logs in.

use super::file::Table;
use super::types::JenkinsConfig;
use super::{secrets, tls, url};

/// Reads the table; `None` if something was reported.
pub(super) fn read(table: &Table<'_>) -> Option<JenkinsConfig> {
    let url = url::required(table, "url", "https://jenkins.example.com/");
    let user = table.required_text(&["user"], "write the Jenkins user whose API token is used");
    let token = secrets::required(table, &["token", "password"]);
    let cacert = tls::cacert(table);
    tls::refuse_insecure(table);
    let user = user?;
    if user.value.contains(':') {
        // HTTP Basic authentication ends the user's name at the first colon (RFC 7617).
        table.error(&user.at, "holds a colon, which no user of HTTP Basic authentication can have");
        return None;
    }
    Some(JenkinsConfig { url: url?, user: user.value, token: token?.value, cacert })
}

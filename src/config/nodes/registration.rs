//! Reading `register` and the keys that depend on it.
//!
//! A key that has no effect with this `register` is an error: somebody believes that it has one.

use crate::config::file::{Found, Place, Table};
use crate::config::types::{HostKeyVerification, NodeSettings, Registration, SshLauncher, Transport, Usage};
use std::collections::BTreeMap;
use toml::de::DeValue;

/// The remote root directory by default.
const REMOTE_FS: &str = "/home/jenkins";

const FOR_ANY: [&str; 3] = ["remote_fs", "mode", "environment"];
const FOR_SSH: [&str; 6] =
    ["credentials_id", "host_key_verification", "host_key", "ssh_port", "java_path", "jvm_options"];
const FOR_INBOUND: [&str; 1] = ["web_socket"];

/// Reads `register` and the keys that depend on it.
pub(crate) fn read(table: &Table<'_>) -> Registration {
    let choices = [
        ("none", Registration::Elsewhere),
        ("ssh", Registration::Ssh(NodeSettings::default(), SshLauncher::default())),
        ("inbound", Registration::Inbound(NodeSettings::default(), Transport::default())),
    ];
    let choice = table.choice("register", &choices).unwrap_or(Registration::Elsewhere);
    let groups: [(&[&str], bool, &str); 3] = [
        (&FOR_ANY, choice != Registration::Elsewhere, "\"ssh\" or \"inbound\""),
        (&FOR_SSH, choice.is_ssh(), "\"ssh\""),
        (&FOR_INBOUND, choice.is_inbound(), "\"inbound\""),
    ];
    for (keys, _, needed) in groups.into_iter().filter(|(_, have_effect, _)| !have_effect) {
        table.refuse(keys, &format!("has no effect without register = {needed}; write that, or remove it"));
    }
    match choice {
        Registration::Elsewhere => Registration::Elsewhere,
        Registration::Ssh(..) => Registration::Ssh(settings(table), ssh(table)),
        Registration::Inbound(..) => Registration::Inbound(settings(table), transport(table)),
    }
}

fn settings(table: &Table<'_>) -> NodeSettings {
    NodeSettings {
        remote_fs: table.value("remote_fs").unwrap_or_else(|| REMOTE_FS.to_owned()),
        usage: table.choice("mode", &[("normal", Usage::Normal), ("exclusive", Usage::Exclusive)]).unwrap_or_default(),
        environment: environment(table),
    }
}

fn environment(table: &Table<'_>) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    for Found { value: (name, value), at } in table.children("environment") {
        if name.is_empty() || name.contains('=') || name.chars().any(|c| c.is_whitespace() || c.is_control()) {
            table.error(&at, "is not the name of a variable; write it without spaces and without =");
        }
        variables.extend(line_or_nothing(table, value, &at).map(|value| (name.to_owned(), value)));
    }
    variables
}

/// The value of a variable, which may be empty.
fn line_or_nothing(table: &Table<'_>, value: &DeValue<'_>, at: &Place) -> Option<String> {
    match value.as_str() {
        Some("") => Some(String::new()),
        _ => table.line_of_text(value, at).map(|found| found.value),
    }
}

fn ssh(table: &Table<'_>) -> SshLauncher {
    let advice = "write the id of the credentials in Jenkins that log in to the servers";
    SshLauncher {
        // A missing key was reported, so no configuration results from this default.
        credentials_id: table.required_text(&["credentials_id"], advice).map(|found| found.value).unwrap_or_default(),
        port: table.number("ssh_port", 1..=u32::from(u16::MAX)).and_then(|n| u16::try_from(n.value).ok()).unwrap_or(22),
        host_key: host_key(table),
        java_path: table.value("java_path"),
        jvm_options: table.value("jvm_options"),
    }
}

fn host_key(table: &Table<'_>) -> HostKeyVerification {
    let choices = [
        ("known-hosts", HostKeyVerification::KnownHosts),
        ("manually-provided", HostKeyVerification::ManuallyProvided(String::new())),
        ("manually-trusted", HostKeyVerification::ManuallyTrusted),
        ("non-verifying", HostKeyVerification::NonVerifying),
    ];
    let choice = table.choice("host_key_verification", &choices).unwrap_or_default();
    let key = table.text(&["host_key"]);
    if !matches!(choice, HostKeyVerification::ManuallyProvided(_)) {
        let without = "has no effect without host_key_verification = \"manually-provided\"";
        table.refuse(&["host_key"], &format!("{without}; write that, or remove it"));
        return choice;
    }
    let advice = "write the public key that the image or the boot script gives to its servers";
    table.require(&["host_key"], advice);
    if let Some(Found { value, at }) = &key
        && !is_public_key(value)
    {
        table.error(at, "is not a public key; write the host's public key, as in \"ssh-ed25519 AAAA...\"");
    }
    HostKeyVerification::ManuallyProvided(key.map(|found| found.value).unwrap_or_default())
}

/// As Jenkins takes it: an algorithm and a key in Base64 (hudson/plugins/sshslaves/verifiers/
/// ManuallyProvidedKeyVerificationStrategy.java, parseKey).
fn is_public_key(text: &str) -> bool {
    let (algorithm, key) = text.split_once(' ').unwrap_or_default();
    ["ssh-", "ecdsa-"].iter().any(|known| algorithm.starts_with(known)) && key.starts_with("AAAA")
}

fn transport(table: &Table<'_>) -> Transport {
    if table.boolean("web_socket").unwrap_or(true) { Transport::WebSocket } else { Transport::Tcp }
}

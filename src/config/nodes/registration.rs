//! `register` of a node type: who makes the node of a server in Jenkins, and what that node is like.
//!
//! One choice decides which other keys mean something, so all of them are read here, and a key that the choice leaves
//! without effect is a fault: somebody believes that it has one.

use crate::config::file::{Found, Place, Table};
use crate::config::types::{HostKeyCheck, NodeForm, Registration, SshLauncher, Transport, Usage};
use std::collections::BTreeMap;
use toml::de::DeValue;

/// Where agents work unless something else is written.
const REMOTE_FS: &str = "/home/jenkins";

const FOR_ANY: [&str; 3] = ["remote_fs", "mode", "environment"];
const FOR_SSH: [&str; 6] =
    ["credentials_id", "host_key_verification", "host_key", "ssh_port", "java_path", "jvm_options"];
const FOR_INBOUND: [&str; 1] = ["web_socket"];

#[derive(Clone, Copy)]
enum Choice {
    Elsewhere,
    Ssh,
    Inbound,
}

/// Reads `register` and the keys that belong to it.
pub(crate) fn read(table: &Table<'_>) -> Registration {
    let choices = [("none", Choice::Elsewhere), ("ssh", Choice::Ssh), ("inbound", Choice::Inbound)];
    let written = table.text(&["register"]);
    let choice = written.and_then(|found| table.one_of(&found, &choices)).unwrap_or(Choice::Elsewhere);
    let groups: [(&[&str], bool, &str); 3] = [
        (&FOR_ANY, !matches!(choice, Choice::Elsewhere), "\"ssh\" or \"inbound\""),
        (&FOR_SSH, matches!(choice, Choice::Ssh), "\"ssh\""),
        (&FOR_INBOUND, matches!(choice, Choice::Inbound), "\"inbound\""),
    ];
    for (keys, _, needed) in groups.into_iter().filter(|(_, counts, _)| !counts) {
        for at in keys.iter().filter_map(|key| table.has(key)) {
            table.reading.fault(&at, format!("has no effect without register = {needed}; write that, or remove it"));
        }
    }
    match choice {
        Choice::Elsewhere => Registration::Elsewhere,
        Choice::Ssh => Registration::Ssh(form(table), ssh(table)),
        Choice::Inbound => Registration::Inbound(form(table), transport(table)),
    }
}

fn form(table: &Table<'_>) -> NodeForm {
    let usages = [("normal", Usage::Normal), ("exclusive", Usage::Exclusive)];
    NodeForm {
        remote_fs: table.text(&["remote_fs"]).map_or_else(|| REMOTE_FS.to_owned(), |found| found.value),
        usage: table.text(&["mode"]).and_then(|found| table.one_of(&found, &usages)).unwrap_or_default(),
        environment: environment(table),
    }
}

fn environment(table: &Table<'_>) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    for Found { value: (name, value), at } in table.children("environment") {
        if name.is_empty() || name.contains('=') || name.chars().any(|c| c.is_whitespace() || c.is_control()) {
            table.reading.fault(&at, "is no name of a variable; write it without blanks and without =");
        }
        if let Some(Found { value, .. }) = line_or_nothing(table, value, &at) {
            variables.insert(name.to_owned(), value);
        }
    }
    variables
}

/// A variable may well be empty.
fn line_or_nothing(table: &Table<'_>, value: &DeValue<'_>, at: &Place) -> Option<Found<String>> {
    match value.as_str() {
        Some("") => Some(Found { value: String::new(), at: at.clone() }),
        _ => table.line_of_text(value, at),
    }
}

fn ssh(table: &Table<'_>) -> SshLauncher {
    let advice = "write the id of the credentials in Jenkins that log in to the servers";
    let credentials = table.required_text(&["credentials_id"], advice);
    let text = |key| table.text(&[key]).map(|found| found.value);
    SshLauncher {
        // What is missing was reported, so that no configuration comes of its default here.
        credentials_id: credentials.map(|found| found.value).unwrap_or_default(),
        port: table.number("ssh_port", 1..=u32::from(u16::MAX)).and_then(|n| u16::try_from(n.value).ok()).unwrap_or(22),
        host_key: host_key(table),
        java_path: text("java_path"),
        jvm_options: text("jvm_options"),
    }
}

fn host_key(table: &Table<'_>) -> HostKeyCheck {
    #[derive(Clone, Copy, PartialEq)]
    enum Check {
        KnownHosts,
        Provided,
        TrustedOnce,
        NotChecked,
    }
    let checks = [
        ("known-hosts", Check::KnownHosts),
        ("manually-provided", Check::Provided),
        ("manually-trusted", Check::TrustedOnce),
        ("non-verifying", Check::NotChecked),
    ];
    let check = table.text(&["host_key_verification"]).and_then(|found| table.one_of(&found, &checks));
    let key = table.text(&["host_key"]);
    match (check.unwrap_or(Check::TrustedOnce), key) {
        (Check::Provided, Some(Found { value, at })) => {
            if !is_public_key(&value) {
                let advice = "write the host's public key, as in \"ssh-ed25519 AAAA...\"";
                table.reading.fault(&at, format!("is no public key; {advice}"));
            }
            HostKeyCheck::Provided(value)
        }
        (Check::Provided, None) => {
            let advice = "write the public key that the image or the boot script gives to its servers";
            table.reading.fault(&table.place_of_missing("host_key"), format!("is missing; {advice}"));
            HostKeyCheck::Provided(String::new())
        }
        (check, key) => {
            if let Some(Found { at, .. }) = key {
                let advice = "write that, or remove it";
                let text = format!("has no effect without host_key_verification = \"manually-provided\"; {advice}");
                table.reading.fault(&at, text);
            }
            match check {
                Check::KnownHosts => HostKeyCheck::KnownHosts,
                Check::NotChecked => HostKeyCheck::NotChecked,
                Check::Provided | Check::TrustedOnce => HostKeyCheck::TrustedOnce,
            }
        }
    }
}

/// As Jenkins takes it: an algorithm and a key in Base64 (hudson/plugins/sshslaves/verifiers/
/// ManuallyProvidedKeyVerificationStrategy.java, parseKey).
fn is_public_key(text: &str) -> bool {
    let mut words = text.split(' ');
    let algorithm = words.next().unwrap_or_default();
    let key = words.next().unwrap_or_default();
    ["ssh-", "ecdsa-"].iter().any(|known| algorithm.starts_with(known)) && key.starts_with("AAAA")
}

fn transport(table: &Table<'_>) -> Transport {
    if table.boolean("web_socket").unwrap_or(true) { Transport::WebSocket } else { Transport::Tcp }
}

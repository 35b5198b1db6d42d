//! The key names of each table. One list serves to refuse unknown keys and to suggest what was meant.

/// At the top of the file, above the first table.
pub(super) const TOP: &[&str] = &[
    "state_file",
    "owner",
    "deadline",
    "max_servers",
    "concurrency",
    "stuck_after",
    "idle_grace",
    "boot_timeout",
    "join_timeout",
    "order_timeout",
    "time_zone",
    "jenkins",
    "provider",
    "nodes",
];

/// `[jenkins]`
pub(super) const JENKINS: &[&str] = &[
    "url",
    "user",
    "token",
    "token_file",
    "token_env",
    "password",
    "password_file",
    "password_env",
    "cacert",
    "insecure",
];

/// `[provider.NAME]`
pub(super) const PROVIDER: &[&str] = &[
    "type",
    "max",
    "cloud",
    "auth_url",
    "auth_version",
    "username",
    "user_id",
    "password",
    "password_file",
    "password_env",
    "tenant_name",
    "project_name",
    "tenant_id",
    "project_id",
    "user_domain_name",
    "user_domain_id",
    "project_domain_name",
    "project_domain_id",
    "domain_name",
    "application_credential_id",
    "application_credential_name",
    "application_credential_secret",
    "application_credential_secret_file",
    "application_credential_secret_env",
    "token",
    "token_file",
    "token_env",
    "service_region",
    "region",
    "region_name",
    "interface",
    "compute_endpoint_override",
    "image_endpoint_override",
    "network_endpoint_override",
    "volume_endpoint_override",
    "proxy",
    "cacert",
    "cert",
    "key",
    "insecure",
];

/// `[nodes.NAME]`
pub(super) const NODES: &[&str] = &[
    "provider",
    "image_name",
    "image",
    "size",
    "flavor",
    "min_cores",
    "min_ram",
    "keyname",
    "labels",
    "storage",
    "boot_volume",
    "script",
    "script_file",
    "executors",
    "max",
    "min_idle",
    "unlabelled",
    "networks",
    "ports",
    "floating_ip_pool",
    "security_groups",
    "availability_zone",
    "config_drive",
    "server_group",
    "scheduler_hints",
    "tags",
    "description",
    "metadata",
    "server_name",
    "register",
    "remote_fs",
    "mode",
    "environment",
    "credentials_id",
    "host_key_verification",
    "host_key",
    "ssh_port",
    "java_path",
    "jvm_options",
    "web_socket",
    "stuck_after",
    "idle_grace",
    "boot_timeout",
    "join_timeout",
    "order_timeout",
];

/// `boot_volume`
pub(super) const BOOT_VOLUME: &[&str] = &["size", "type"];

/// An entry of `min_idle`
pub(super) const MIN_IDLE: &[&str] = &["days", "hours", "count"];

/// Every table with the words that tell where it is.
const TABLES: [(&[&str], &str); 4] = [
    (TOP, "at the top of the file, above the first table"),
    (JENKINS, "in [jenkins]"),
    (PROVIDER, "in [provider.NAME]"),
    (NODES, "in [nodes.NAME]"),
];

/// What to do about a key that this table does not have.
pub(super) fn advice(unknown: &str, known: &[&str]) -> String {
    if let Some(meant) = nearest(unknown, known.iter().copied()) {
        return format!("did you mean {meant}?");
    }
    let elsewhere: Vec<_> =
        TABLES.iter().filter(|(keys, _)| *keys != known && keys.contains(&unknown)).map(|(_, place)| *place).collect();
    if elsewhere.is_empty() {
        format!("the keys here are {}", known.join(", "))
    } else {
        format!("it belongs {}", elsewhere.join(" or "))
    }
}

/// Below this likeness a name is another name and not a slip of the pen.
const ALIKE: f64 = 0.7;

/// The candidate that was probably meant: by a slip of the pen, or as the part of a longer name.
pub(super) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace('-', "_");
    let word = plain(word);
    let likeness = |candidate: &str| strsim::normalized_damerau_levenshtein(&word, &plain(candidate));
    // Of candidates that are equally like the word, the first is the usual one.
    let mut slip: Option<(f64, &str)> = None;
    for candidate in candidates.clone() {
        let likeness = likeness(candidate);
        if slip.map_or(likeness >= ALIKE, |(best, _)| likeness > best) {
            slip = Some((likeness, candidate));
        }
    }
    let part =
        || candidates.filter(|candidate| plain(candidate).split('_').any(|part| part == word)).min_by_key(|c| c.len());
    slip.map(|(_, candidate)| candidate).or_else(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_a_case_or_a_dash_still_finds_the_key() {
        for (written, meant) in
            [("lables", "labels"), ("Image-Name", "image_name"), ("executor", "executors"), ("key_name", "keyname")]
        {
            assert_eq!(nearest(written, NODES.iter().copied()), Some(meant));
        }
        assert_eq!(nearest("url", PROVIDER.iter().copied()), Some("auth_url"));
        assert_eq!(nearest("max", TOP.iter().copied()), Some("max_servers"));
        assert_eq!(nearest("colour", NODES.iter().copied()), None);
    }

    #[test]
    fn a_key_of_another_table_is_told_where_it_belongs() {
        assert_eq!(advice("deadline", NODES), "it belongs at the top of the file, above the first table");
        assert_eq!(advice("cacert", NODES), "it belongs in [jenkins] or in [provider.NAME]");
    }

    #[test]
    fn a_key_like_no_other_is_shown_the_keys_there_are() {
        assert!(advice("colour", JENKINS).starts_with("the keys here are url, user, token, "));
    }
}

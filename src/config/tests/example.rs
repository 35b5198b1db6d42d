//! The example that operators start from loads, and leaves nothing out.

use super::*;
use crate::config::keys;

const EXAMPLE: &str = include_str!("../../../examples/mita.toml");

fn folder(text: &str) -> Folder {
    let folder = Folder::with(text);
    for name in ["jenkins.token", "openstack.password", "openstack.token", "overflow.secret"] {
        folder.write(name, "SECRET-IN-A-FILE\n", 0o600);
    }
    folder.write("ca.pem", "-----BEGIN CERTIFICATE-----\n", 0o644);
    folder.write("mita.pem", "-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n", 0o600);
    folder.write("mita.key", "-----BEGIN PRIVATE KEY-----\n", 0o600);
    folder.write("precise.sh", "#!/bin/sh\n", 0o644);
    folder
}

const VARIABLES: [(&str, &str); 5] = [
    ("OS_TOKEN", "SECRET-4"),
    ("JENKINS_TOKEN", "SECRET-1"),
    ("OS_PASSWORD", "SECRET-2"),
    ("OVERFLOW_SECRET", "SECRET-3"),
    ("OS_CLIENT_CONFIG_FILE", "/nonexistent/clouds.yaml"),
];

#[test]
fn the_example_loads_without_a_warning() {
    let Loaded { config, warnings, .. } = folder(EXAMPLE).load().unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(warnings, [""; 0]);
    assert_eq!(config.owner.as_str(), "ceph-ci");
    let node_types: Vec<_> = config.node_types.iter().map(|node_type| node_type.name.as_str()).collect();
    assert_eq!(node_types, ["precise-slave", "centos9-huge", "noble", "noble-behind-nat"]);
    assert!(config.node_types[0].script.starts_with("#!/bin/bash\n"));
}

#[test]
fn every_optional_line_of_the_example_is_valid_where_it_stands() {
    let optional: Vec<_> =
        EXAMPLE.lines().filter(|line| line.starts_with('#') && !line.starts_with("# ") && *line != "#").collect();
    assert!(optional.len() > 40, "{optional:?}");
    for (number, line) in EXAMPLE.lines().enumerate().filter(|(_, line)| optional.contains(line)) {
        let mut lines: Vec<_> = EXAMPLE.lines().collect();
        lines[number] = &line[1..];
        if let Err(errors) = folder(&lines.join("\n")).load_with(&VARIABLES) {
            // Two ways to say one thing stand one below the other; ports need another value of max.
            let clash = |error: &String| {
                [
                    "keep one of the two",
                    "has no effect beside",
                    "has no effect with",
                    "has no effect without host_key_verif",
                    "no clouds.yaml found",
                    "; write max = 1",
                ]
                .iter()
                .any(|clash| error.contains(clash))
            };
            assert!(errors.lines().iter().all(clash), "{line}: {errors}");
        }
    }
}

#[test]
fn every_key_stands_in_the_example() {
    let aliases = ["password", "password_file", "password_env"];
    for key in [keys::TOP, keys::PROVIDER, keys::NODES]
        .into_iter()
        .flat_map(keys::names)
        .chain(keys::names(keys::JENKINS).filter(|key| !aliases.contains(key)))
    {
        let written = EXAMPLE.lines().any(|line| {
            line.trim_start_matches('#').starts_with(&format!("{key} = ")) || line.starts_with(&format!("[{key}"))
        });
        let reported = EXAMPLE
            .lines()
            .filter(|line| line.starts_with("# "))
            .any(|line| line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == key));
        assert!(written || reported || key == "insecure", "{key}");
    }
}

#[test]
fn the_defaults_that_the_example_shows_are_the_defaults() {
    let shown = |key: &str| {
        let line =
            EXAMPLE.lines().find(|line| line.starts_with(&format!("#{key} = "))).unwrap_or_else(|| panic!("{key}"));
        line.split_once(" = ").map(|(_, value)| value.trim_matches('"').to_owned()).unwrap()
    };
    let config = config(&format!("{JENKINS}{PROVIDER}{NODE}"));
    let node = &config.node_types[0];
    for (key, value) in [
        ("deadline", format!("{:#}", config.deadline)),
        ("max_servers", config.max_servers.to_string()),
        ("concurrency", config.concurrency.to_string()),
        ("journal_days", config.journal_days.to_string()),
        ("stuck_after", format!("{:#}", config.times.stuck_after)),
        ("idle_grace", format!("{:#}", config.times.idle_grace)),
        ("boot_timeout", format!("{:#}", config.times.boot_timeout)),
        ("join_timeout", format!("{:#}", config.times.join_timeout)),
        ("order_timeout", format!("{:#}", config.times.order_timeout)),
        ("executors", node.executors.to_string()),
        ("min_idle", node.min_idle.largest().to_string()),
        ("unlabelled", node.unlabelled.to_string()),
        ("config_drive", node.config_drive.to_string()),
        ("server_name", node.server_name.clone()),
    ] {
        assert_eq!(shown(key), value, "{key}");
    }
}

//! The errors of a configuration that cannot be used.
//!
//! The table under test is the first one in the file, so that its header is in line 1.

use super::*;

/// Each text, as lines of the file's top or of one table, and its errors.
pub(super) type Cases<'a> = &'a [(&'a str, &'a [&'a str])];

pub(super) fn check(before: &str, after: &str, cases: Cases<'_>) {
    for (lines, reported) in cases {
        let text = format!("{before}{lines}\n{after}");
        assert_eq!(Folder::with(&text).errors(), *reported, "{text}");
    }
}

#[test]
fn the_top_of_the_file() {
    check(
        "",
        &format!("{JENKINS}{PROVIDER}{NODE}"),
        &[
            ("deadlin = \"50s\"", &["mita.toml:1: deadlin: unknown key; did you mean deadline?"]),
            (
                "\"a key\" = 1",
                &[
                    "mita.toml:1: \"a key\": unknown key; the keys here are state_file, metrics_file, html_file, owner, deadline, max_servers, \
                   concurrency, journal_days, stuck_after, idle_grace, boot_timeout, join_timeout, order_timeout, max_age, time_zone, jenkins, provider, defaults, nodes",
                ],
            ),
            (
                "metrics_file = \"m.prom\"\nhtml_file = \"m.prom\"",
                &["mita.toml:2: html_file: is the same file as metrics_file; write another path"],
            ),
            (
                "html_file = \"pages/\"",
                &[
                    "mita.toml:1: html_file: is a folder; write the file's name as well, as in \"/var/lib/mita/state.json\"",
                ],
            ),
            ("url = \"x\"", &["mita.toml:1: url: unknown key; it goes in [jenkins]"]),
            ("keyname = \"x\"", &["mita.toml:1: keyname: unknown key; it goes in [nodes.NAME]"]),
            ("deadline = 50", &["mita.toml:1: deadline: a time needs its unit; write \"50s\" or \"50m\""]),
            ("deadline = -50", &["mita.toml:1: deadline: a time needs its unit; write \"50s\" or \"50m\""]),
            ("deadline = \"50\"", &["mita.toml:1: deadline: a time needs its unit; write \"50s\" or \"50m\""]),
            ("deadline = \"0s\"", &["mita.toml:1: deadline: \"0s\" is too short; write at least \"1s\""]),
            ("deadline = \"-5s\"", &["mita.toml:1: deadline: \"-5s\" is a negative time; write it without the sign"]),
            (
                "deadline = \"1 month\"",
                &[
                    "mita.toml:1: deadline: \"1 month\" is not a time; write it as in \"50s\", \"40m\", \"1h 30m\" or \"7d\"",
                ],
            ),
            (
                "deadline = \"\"",
                &["mita.toml:1: deadline: \"\" is not a time; write it as in \"50s\", \"40m\", \"1h 30m\" or \"7d\""],
            ),
            ("deadline = \"9000h\"", &["mita.toml:1: deadline: \"9000h\" is longer than a year; write a shorter time"]),
            (
                "deadline = 1.5",
                &["mita.toml:1: deadline: must be a time in quotes, as in \"40m\", and is a decimal number"],
            ),
            ("boot_timeout = \"0s\"", &["mita.toml:1: boot_timeout: \"0s\" is too short; write at least \"1s\""]),
            ("concurrency = 0", &["mita.toml:1: concurrency: 0 is out of bounds; write a number from 1 to 64"]),
            ("concurrency = 65", &["mita.toml:1: concurrency: 65 is out of bounds; write a number from 1 to 64"]),
            (
                "max_servers = 99999999999",
                &["mita.toml:1: max_servers: 99999999999 is out of bounds; write a number from 0 to 4294967295"],
            ),
            ("max_servers = -1", &["mita.toml:1: max_servers: -1 is out of bounds; write 0 or more"]),
            (
                "max_servers = 99999999999999999999999999999999999999999",
                &["mita.toml:1: max_servers: 99999999999999999999999999999999999999999 is out of bounds; \
                   write a number from 0 to 4294967295"],
            ),
            (
                "max_servers = \"5\"",
                &["mita.toml:1: max_servers: must be a whole number without quotes, and is a text"],
            ),
            (
                "max_servers = 5.0",
                &["mita.toml:1: max_servers: must be a whole number without quotes, and is a decimal number"],
            ),
            (
                "owner = \"ceph ci\"",
                &["mita.toml:1: owner: contains ' ': use only letters without accents, digits and `._:/-`"],
            ),
            ("owner = \"\"", &["mita.toml:1: owner: must not be empty"]),
            (
                "state_file = \"/var/lib/\"",
                &[
                    "mita.toml:1: state_file: is a folder; write the file's name as well, as in \"/var/lib/mita/state.json\"",
                ],
            ),
            ("state_file = \" s.json\"", &["mita.toml:1: state_file: has spaces at its ends; remove them"]),
            (
                "state_file = \"\"\"s\n.json\"\"\"",
                &["mita.toml:1: state_file: holds a line break or another control character; write it in one line"],
            ),
        ],
    );
}

#[test]
fn the_controller() {
    let url = "url = \"https://ci/\"\n";
    let rest = format!("{PROVIDER}{NODE}");
    check(
        "[jenkins]\nuser = \"jo\"\ntoken = \"TOKEN\"\n",
        &rest,
        &[
            ("", &["mita.toml:1: jenkins.url: is missing; write it as in \"https://jenkins.example.com/\""]),
            (
                "url = \"ci.example.com\"",
                &[
                    "mita.toml:4: jenkins.url: must begin with https:// or http://; write it as in \"https://jenkins.example.com/\"",
                ],
            ),
            (
                "url = \"https://jo:pw@ci.example.com\"",
                &[
                    "mita.toml:4: jenkins.url: holds user information before the host; write user and secret under keys \
                   of their own; write it as in \"https://jenkins.example.com/\"",
                ],
            ),
            ("url = [\"https://ci\"]", &["mita.toml:4: jenkins.url: must be a text in quotes, and is a list"]),
        ],
    );
    check(
        "[jenkins]\n",
        &rest,
        &[
            (
                &format!("{url}token = \"TOKEN\""),
                &["mita.toml:1: jenkins.user: is missing; write the Jenkins user whose API token is used"],
            ),
            (
                &format!("{url}user = \"a:b\"\ntoken = \"TOKEN\""),
                &["mita.toml:3: jenkins.user: holds a colon, which no user of HTTP Basic authentication can have"],
            ),
            (
                &format!("{url}user = \"jo\"\ntoken = \"TOKEN\"\ninsecure = true\nusr = \"x\"\nmax_servers = 1"),
                &[
                    "mita.toml:5: jenkins.insecure: certificates are always verified; remove the key and name the \
                     service's certificate authority with cacert",
                    "mita.toml:6: jenkins.usr: unknown key; did you mean user?",
                    "mita.toml:7: jenkins.max_servers: unknown key; it goes at the top of the file, above the first table",
                ],
            ),
            (
                &format!("{url}user = \"jo\"\ntoken = \"TOKEN\"\ncacert = \"mita.toml\""),
                &[
                    "mita.toml:5: jenkins.cacert: mita.toml holds no certificate in PEM form; name a file with a line that \
                   contains -----BEGIN CERTIFICATE-----",
                ],
            ),
            (
                &format!("{url}user = \"jo\"\ntoken = \"TOKEN\"\ncacert = \"ca.pem\""),
                &[
                    "mita.toml:5: jenkins.cacert: ca.pem does not exist; name a file in PEM form that this user can read",
                ],
            ),
        ],
    );
    check("", &rest, &[("", &["mita.toml: jenkins: is missing; write a table [jenkins] with url, user and token"])]);
    check(
        "",
        &rest,
        &[("[[jenkins]]", &["mita.toml:1: jenkins: must be one table; write [jenkins] and not [[jenkins]]"])],
    );
    check("", &rest, &[("jenkins = 1", &["mita.toml:1: jenkins: must be a table, [jenkins], and is a whole number"])]);
}

#[test]
fn the_file_itself() {
    let folder = Folder::with("");
    folder.write("mita.toml", b"a = 1\n\xff", 0o600);
    let advice = "name another file with --config FILE or MITA_CONFIG";
    assert_eq!(folder.errors(), ["mita.toml: is not UTF-8 text from line 2 on; save it as UTF-8"]);
    fs::remove_file(folder.0.path().join("mita.toml")).unwrap();
    assert_eq!(folder.errors(), [format!("mita.toml: does not exist; {advice}, or write one with mita init")]);
    let relative = Config::load(std::path::Path::new("gone/mita.toml")).unwrap_err().to_string();
    let from = std::env::current_dir().unwrap();
    let from = format!(
        "gone/mita.toml: does not exist (looked for from the folder {}); {advice}, or write one with mita init",
        from.display()
    );
    assert_eq!(relative, from);
    fs::create_dir(folder.0.path().join("mita.toml")).unwrap();
    assert_eq!(folder.errors(), [format!("mita.toml: is a folder; {advice}")]);
}

#[test]
fn a_misspelled_table_and_a_name_with_a_dot_are_one_error_each() {
    let whole = format!("{JENKINS}{PROVIDER}{NODE}");
    for (written, by, told) in [
        ("[jenkins]", "[Jenkins]", "mita.toml:1: Jenkins: unknown key; did you mean jenkins?"),
        (
            "[provider.openstack]",
            "[providers.openstack]",
            "mita.toml:5: providers: unknown key; did you mean provider?",
        ),
        (
            "[nodes.ubuntu]",
            "[nodes.ubuntu-24.04]",
            "mita.toml:9: nodes.ubuntu-24: a name with a dot needs quotes: write [nodes.\"ubuntu-24.04\"]",
        ),
        (
            "[nodes.ubuntu]",
            "[nodes.ubuntu.24.4]",
            "mita.toml:9: nodes.ubuntu: a name with a dot needs quotes: write [nodes.\"ubuntu.24.4\"]",
        ),
        (
            "[provider.openstack]",
            "[provider.cloud.example]",
            "mita.toml:5: provider.cloud: a name with a dot needs quotes: write [provider.\"cloud.example\"]",
        ),
        (
            "[nodes.ubuntu]",
            "[[nodes]]",
            "mita.toml:9: nodes: must be a table for each name; write [nodes.NAME] and not [[nodes]]",
        ),
    ] {
        assert_eq!(Folder::with(&whole.replace(written, by)).errors(), [told], "{by}");
    }
}

#[test]
fn a_variable_in_a_path_is_a_warning() {
    let text = format!("state_file = \"$HOME/state.json\"\n{JENKINS}{PROVIDER}{NODE}");
    assert_eq!(
        warnings(&text),
        ["mita.toml:1: state_file: variables such as $HOME are not filled in here; write the whole path"]
    );
}

#[test]
fn a_text_that_is_no_toml_is_reported_without_the_faults_of_its_meaning() {
    assert_eq!(
        Folder::with("[jenkins]\nurl = 1\nuser = jo\n").errors(),
        ["mita.toml:3:8: a text or a time must be in quotes, as in \"text\": user = ..."]
    );
}

#[test]
fn all_faults_of_a_file_are_reported_at_once_in_the_order_of_its_lines() {
    let text = format!("deadline = 1\n{NODE}storage = -1\nx = 1\n[jenkins]\nurl = \"ci\"\n[provider.openstack]\n");
    let lines: Vec<_> = Folder::with(&text)
        .errors()
        .iter()
        .map(|line| line.split(": ").take(2).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        lines,
        [
            "mita.toml:1 deadline",
            "mita.toml:6 nodes.ubuntu.storage",
            "mita.toml:7 nodes.ubuntu.x",
            "mita.toml:8 jenkins.user",
            "mita.toml:8 jenkins.token",
            "mita.toml:9 jenkins.url",
            "mita.toml:10 provider.openstack.auth_url",
            "mita.toml:10 provider.openstack.username",
            "mita.toml:10 provider.openstack.password",
        ]
    );
}

#[test]
fn every_known_key_is_read() {
    use crate::config::keys;
    let tables = [
        ("", keys::TOP, format!("{JENKINS}{PROVIDER}{NODE}")),
        ("[jenkins]", keys::JENKINS, format!("{PROVIDER}{NODE}")),
        ("[provider.openstack]", keys::PROVIDER, format!("{JENKINS}{NODE}")),
        ("[nodes.ubuntu]", keys::NODES, format!("{JENKINS}{PROVIDER}")),
    ];
    for (header, keys, rest) in tables {
        for key in keys::names(keys).filter(|key| !header.is_empty() || !["jenkins", "provider", "nodes"].contains(key))
        {
            let errors = Folder::with(&format!("{header}\n{key} = 1979-05-27\n{rest}")).errors();
            let reported = errors.iter().any(|line| line.starts_with("mita.toml:2:") && !line.contains("unknown key"));
            assert!(reported, "{header} {key}: {errors:?}");
        }
    }
}

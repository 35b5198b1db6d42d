//! The JSON Schema of the configuration against the parser: each takes and refuses what the other does.

use crate::config::{Config, schema};
use crate::view::tests::schema::faults_of;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// A configuration without problems, with every kind of table.
const WHOLE: &str = r#"
[jenkins]
url = "https://jenkins.example.com/"
user = "mita"
token = "a-token"
[provider.cloud]
auth_url = "https://openstack.example.com:5000/"
username = "mita"
password = "a-password"
[nodes.ubuntu]
provider = "cloud"
image_name = "Ubuntu 24.04"
size = "m1.small"
"#;

fn faults(text: &str) -> Vec<String> {
    let document: Value = toml::from_str(text).unwrap();
    faults_of(&schema(), &document)
}

fn example() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/mita.toml")).unwrap()
}

/// The example with every optional key set free, but for those that exclude others.
fn example_with_every_key() -> String {
    let free = |line: &str| {
        let bare = line.strip_prefix('#').filter(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()));
        let other = ["token_file", "token_env", "cloud ", "script_file", "min_cores", "min_ram", "min_idle = 0"];
        match bare {
            Some(key) if key.contains(" = ") && !other.iter().any(|other| key.starts_with(other)) => key.to_owned(),
            _ => line.to_owned(),
        }
    };
    example().lines().map(free).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_example_conforms_to_the_schema_with_and_without_its_optional_keys() {
    assert_eq!(faults(&example()), [""; 0]);
    assert_eq!(faults(WHOLE), [""; 0]);
    let every = example_with_every_key();
    assert!(every.contains("\nstuck_after = ") && every.contains("\nmetadata = "), "keys were set free");
    assert_eq!(faults(&every), [""; 0]);
}

#[test]
fn what_a_configuration_must_have_the_schema_asks_for() {
    for line in ["url = \"https://j", "user = ", "token = ", "auth_url = ", "provider = "] {
        let text: Vec<&str> = WHOLE.lines().filter(|other| !other.starts_with(line)).collect();
        let text = text.join("\n");
        assert!(!faults(&text).is_empty(), "without {line}");
        assert!(load(&text).is_err(), "without {line}");
    }
    assert!(!faults("").is_empty());
}

#[test]
fn what_the_parser_refuses_of_a_table_the_schema_refuses() {
    for (after, line) in [
        ("[jenkins]", "colour = 1"),
        ("[jenkins]", "insecure = true"),
        ("[provider.cloud]", "cacert = true"),
        ("[nodes.ubuntu]", "image = \"twice\""),
        ("[nodes.ubuntu]", "flavor = \"twice\""),
        ("[jenkins]", "token_file = \"twice\""),
        ("[nodes.ubuntu]", "lables = []"),
        ("[nodes.ubuntu]", "metadata = { team = 1 }"),
        ("[nodes.ubuntu]", "min_ram = \"8G\""),
        ("[nodes.ubuntu]", "boot_volume = { type = \"ssd\" }"),
        ("[nodes.ubuntu]", "min_idle = [{ days = \"mon-fri\" }]"),
        ("[nodes.ubuntu]", "scheduler_hints = { group = 1 }"),
    ] {
        let text = WHOLE.replace(after, &format!("{after}\n{line}"));
        assert!(load(&text).is_err(), "the parser takes {line}");
        assert!(!faults(&text).is_empty(), "the schema takes {line}");
    }
}

/// Values of every kind, as they are written.
const PROBES: [&str; 13] = [
    "\"\"",
    "\"a text\"",
    "\"5m\"",
    "\"40\"",
    "\"-5m\"",
    "\"https://h.example.com/\"",
    "\"public\"",
    "0",
    "7",
    "-1",
    "1.5",
    "true",
    "[\"a\", \"b\"]",
];

#[test]
fn for_every_key_and_every_kind_of_value_the_schema_says_what_the_parser_says() {
    let schema = schema();
    let properties = &schema["properties"];
    let tables = [
        ("", &schema),
        ("[jenkins]", &properties["jenkins"]),
        ("[provider.cloud]", &properties["provider"]["additionalProperties"]),
        ("[nodes.ubuntu]", &properties["nodes"]["additionalProperties"]),
    ];
    let mut asked = 0;
    for (header, table) in tables {
        for (key, property) in table["properties"].as_object().unwrap() {
            if property["type"] == "object" {
                continue;
            }
            for probe in PROBES {
                // What is read as a secret is taken out of everything that this process prints from then on.
                let secret = ["token", "password", "application_credential_secret"].contains(&key.as_str());
                let probe =
                    if secret && probe.len() > 2 && probe.starts_with('"') { "\"probe-of-a-secret\"" } else { probe };
                let value: Value = toml::from_str::<Value>(&format!("x = {probe}")).unwrap()["x"].take();
                let taken = faults_of(property, &value).is_empty();
                let told = told_of(header, key, probe);
                assert_eq!(taken, told.is_empty(), "{header} {key} = {probe}: the parser says {told:?}");
                asked += 1;
            }
        }
    }
    assert!(asked > 700, "only {asked} values were tried");
}

/// What the parser says to the value of this key, and not to its meaning beside others.
fn told_of(header: &str, key: &str, probe: &str) -> Vec<String> {
    let kept: Vec<&str> = WHOLE.lines().filter(|line| !line.starts_with(&format!("{key} = "))).collect();
    // Keys of the registration are read where there is one only.
    let beside = match key {
        "credentials_id" => "register = \"ssh\"\n",
        "remote_fs" | "mode" | "host_key_verification" | "host_key" | "ssh_port" | "java_path" | "jvm_options" => {
            "register = \"ssh\"\ncredentials_id = \"x\"\n"
        }
        "web_socket" => "register = \"inbound\"\nscript = \"#!/bin/sh\\n${MITA_AGENT_SECRET}\"\n",
        _ => "",
    };
    // Those of a program stand beside no key of OpenStack.
    let of_command = ["command", "environment", "timeout"].contains(&key);
    let beside = if of_command { "type = \"command\"\n" } else { beside };
    let of_openstack = ["auth_url", "username", "password"];
    let kept: Vec<&str> =
        kept.into_iter().filter(|line| !of_command || !of_openstack.iter().any(|key| line.starts_with(key))).collect();
    let line = format!("{beside}{key} = {probe}");
    let text = match header {
        "" => format!("{line}\n{}", kept.join("\n")),
        header => kept.join("\n").replace(header, &format!("{header}\n{line}")),
    };
    let of_value = |told: &String| {
        let at = told.split_once(": ").is_some_and(|(_, rest)| {
            rest.split_once(": ").is_some_and(|(place, _)| place.rsplit('.').next() == Some(key))
        });
        let words = [
            "must be",
            "must not",
            "is empty",
            "out of bounds",
            "not a time",
            "not an amount",
            "needs its unit",
            "a negative time",
            "is too short",
            "is unknown",
            "must begin",
            "must name",
        ];
        at && words.iter().any(|word| told.contains(word)) && !told.contains("is an empty list")
    };
    load(&text).err().unwrap_or_default().into_iter().filter(of_value).collect()
}

fn load(text: &str) -> Result<(), Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mita.toml");
    fs::write(&path, text).unwrap();
    Config::load(&path).map(drop).map_err(|errors| errors.lines().to_vec())
}

#[test]
fn every_key_of_the_schema_has_a_description() {
    fn described(at: &str, schema: &Value) {
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            assert!(property["description"].as_str().is_some_and(|text| text.len() > 5), "{at}.{key}");
            described(key, property);
            described(key, &property["additionalProperties"]);
        }
    }
    let schema = schema();
    described("top", &schema);
    assert_eq!(schema["properties"]["max_servers"]["minimum"], json!(0));
}

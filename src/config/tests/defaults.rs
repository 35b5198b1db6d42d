//! `[defaults]`: keys for all node types.

use super::{Folder, JENKINS, NODE, PROVIDER, config, warnings};
use crate::config::{Config, FlavorChoice};
use jiff::SignedDuration;

/// Two node types, one with nothing but its image, below these defaults.
fn with(defaults: &str, own: &str) -> String {
    format!(
        "idle_grace = \"30m\"\n{JENKINS}{PROVIDER}[defaults]\nprovider = \"openstack\"\n{defaults}\n[nodes.bare]\nimage_name = \
         \"Debian 12\"\n[nodes.own]\nimage_name = \"Ubuntu\"\n{own}\n"
    )
}

fn of(config: &Config, name: &str) -> crate::config::NodeType {
    config.node_types.iter().find(|kind| kind.name.as_str() == name).unwrap().clone()
}

#[test]
fn the_keys_of_a_node_type_come_before_the_defaults_and_these_before_the_top() {
    let config = config(&with(
        "size = \"m1\"\nkeyname = \"ci\"\nlabels = [\"linux\"]\nmax = 4\nidle_grace = \"20m\"\nmetadata = { team = \"a\" }",
        "size = \"m2\"\nlabels = [\"own\"]\nidle_grace = \"10m\"\nmetadata = { floor = \"2\" }",
    ));
    let (bare, own) = (of(&config, "bare"), of(&config, "own"));
    assert_eq!(bare.size, FlavorChoice::Named("m1".into()));
    assert_eq!(own.size, FlavorChoice::Named("m2".into()));
    assert_eq!((bare.keyname.as_deref(), own.keyname.as_deref()), (Some("ci"), Some("ci")));
    assert_eq!((bare.max, own.max), (Some(4), Some(4)));
    assert!(bare.labels.contains("linux") && own.labels.iter().eq(["own"]), "a list is replaced as a whole");
    assert!(own.metadata.keys().eq(["floor"]), "a table, too");
    let minutes = SignedDuration::from_mins;
    assert_eq!((bare.times.idle_grace, own.times.idle_grace), (minutes(20), minutes(10)));
    assert_eq!(config.times.idle_grace, minutes(30), "the defaults are those of node types");
    assert_eq!(bare.providers.len(), 1);
}

#[test]
fn a_key_under_another_name_is_a_key_of_its_own() {
    let config = config(&with(
        "size = \"m1\"\nscript = \"#!/bin/sh\\n# ${MITA_AGENT_SECRET}\"\nregister = \"inbound\"\nweb_socket = false",
        "min_cores = 2\nscript = \"#!/bin/sh\\ntrue\"\nregister = \"none\"",
    ));
    let (bare, own) = (of(&config, "bare"), of(&config, "own"));
    assert!(bare.registration.is_inbound() && !own.registration.is_inbound(), "{own:?}");
    assert_eq!(own.size, FlavorChoice::AtLeast { cores: 2, ram_mib: 0 });
    assert!(own.script.ends_with("true"));
    let config = super::config(&with("image = \"X\"\nflavor = \"m1\"", "size = \"m2\""));
    assert_eq!(of(&config, "bare").image_name, "Debian 12");
    assert_eq!(of(&config, "own").size, FlavorChoice::Named("m2".into()));
}

#[test]
fn a_type_that_adds_a_key_of_its_registration_keeps_the_rest() {
    let defaults = "size = \"m1\"\nscript = \"#!/bin/sh\\n# ${MITA_AGENT_SECRET}\"\nregister = \"inbound\"";
    let config = config(&with(defaults, "remote_fs = \"/srv\""));
    assert!(of(&config, "own").registration.is_inbound());
}

#[test]
fn what_is_wrong_with_the_defaults_is_reported_once_and_where_it_is() {
    let folder = Folder::with(&with("size = \"m1\"\nlables = \"x\"\nmax = \"many\"", ""));
    assert_eq!(
        folder.errors(),
        [
            "mita.toml:13: defaults.lables: unknown key; did you mean labels?",
            "mita.toml:14: defaults.max: must be a whole number without quotes, and is a text",
        ]
    );
    let none = Folder::with(&format!(
        "{JENKINS}{PROVIDER}{NODE}[defaults]\nprovider = \"opnstack\"\n[nodes.b]\nsize = \"m\"\n"
    ));
    let errors = none.errors();
    assert!(
        errors.iter().any(|error| error.contains("defaults.provider: there is no provider \"opnstack\"")),
        "{errors:?}"
    );
    assert!(errors.iter().any(|error| error.contains("nodes.b.image_name: is missing")), "{errors:?}");
}

#[test]
fn what_a_run_could_not_use_is_a_warning() {
    for (line, part) in [
        ("labels = [\"a,b\"]", "did you mean [\"a\", \"b\"]?"),
        ("script = \"\\uFEFF#!/bin/sh\"", "begins with a byte order mark"),
        ("script = \"apt-get update\"", "which cloud-init does not know"),
    ] {
        let found = warnings(&format!("{JENKINS}{PROVIDER}{NODE}{line}\n"));
        assert!(found.iter().any(|warning| warning.contains(part)), "{line}: {found:?}");
    }
    for script in
        ["#cloud-config\\nusers: []", "{\\\"ignition\\\": {}}", "Content-Type: multipart/mixed", "#ps1_sysnative"]
    {
        assert_eq!(warnings(&format!("{JENKINS}{PROVIDER}{NODE}script = \"{script}\"\n")), [""; 0], "{script}");
    }
}

//! Providers of type "command", and node types of theirs.

use super::bad_input::check;
use super::*;
use crate::config::{Backend, FlavorChoice};
use jiff::SignedDuration;

const LOCAL: &str = "[provider.local]\ntype = \"command\"\n";

#[test]
fn a_program_with_its_arguments_its_environment_and_a_node_type_of_a_name_only() {
    let text = format!(
        "{JENKINS}{LOCAL}command = [\"backend\", \"--root\", \"/srv\"]\nenvironment = [\"INCUS_SOCKET\"]\n\
         timeout = \"5s\"\nmax = 3\n[nodes.box]\nprovider = \"local\"\n"
    );
    let variables = [("INCUS_SOCKET", "/run/incus.socket"), ("HOME", "/root"), ("OTHER", "x")];
    let config = Folder::with(&text).load_with(&variables).unwrap().config;
    let Backend::Command(command) = &config.providers[0].backend else { panic!("not a command") };
    assert_eq!(
        (command.program.to_str(), &command.arguments[..]),
        (Some("backend"), &["--root", "/srv"].map(String::from)[..])
    );
    assert_eq!((command.timeout, config.providers[0].max), (SignedDuration::from_secs(5), Some(3)));
    let environment: Vec<_> = command.environment.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
    let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    assert_eq!(environment, [("PATH", path), ("HOME", "/root"), ("INCUS_SOCKET", "/run/incus.socket")]);
    let node = &config.node_types[0];
    assert_eq!((node.image_name.as_str(), &node.size), ("", &FlavorChoice::Named(String::new())));
    assert!(!format!("{config:?}").contains("incus.socket"), "it may be a secret");
}

#[test]
fn a_path_begins_in_the_folder_of_the_configuration_where_the_program_is_started() {
    let folder = Folder::with(&format!("{JENKINS}{LOCAL}command = \"./backend\"\n[nodes.box]\nprovider = \"local\"\n"));
    let missing = folder.load().unwrap_err().to_string();
    assert!(missing.contains("there is no program") && missing.contains("backend;"), "{missing}");
    folder.write("backend", "#!/bin/sh\n", 0o600);
    let closed = folder.load().unwrap_err().to_string();
    assert!(closed.contains("nobody may execute"), "{closed}");
    folder.write("backend", "#!/bin/sh\n", 0o700);
    let config = folder.load().unwrap().config;
    let Backend::Command(command) = &config.providers[0].backend else { panic!("not a command") };
    assert_eq!(command.program.to_str(), Some("./backend"), "the configuration may be named by a relative path");
    assert!(command.folder.is_absolute());
}

#[test]
fn what_a_program_does_not_have_is_an_error_with_the_reason() {
    let rest = format!("{JENKINS}[nodes.box]\nprovider = \"local\"\nstorage = 5\n");
    check(
        LOCAL,
        &rest,
        &[
            (
                "auth_url = \"https://h\"\ncommand = []",
                &[
                    "mita.toml:3: provider.local.auth_url: is a key of type openstack; remove it, or configure the \
                     program itself",
                    "mita.toml:4: provider.local.command: is an empty list; write the program, with its arguments, as \
                     in [\"/usr/lib/mita/backend\", \"--verbose\"]",
                    "mita.toml:11: nodes.box.storage: is a key of OpenStack, and provider local is of type command; \
                     remove it, or write a node type of its own for local",
                ],
            ),
            (
                "command = \"/nonexistent\"\nenvironment = [\"A=b\", \"NOT_SET\"]",
                &[
                    "mita.toml:3: provider.local.command: there is no program /nonexistent; write the path of one that \
                     is there",
                    "mita.toml:4: provider.local.environment: is not the name of a variable; write names and no values",
                    "mita.toml:4: provider.local.environment: the environment variable NOT_SET is not set; set it where \
                     mita is started",
                    "mita.toml:11: nodes.box.storage: is a key of OpenStack, and provider local is of type command; \
                     remove it, or write a node type of its own for local",
                ],
            ),
        ],
    );
}

#[test]
fn a_cloud_has_no_command() {
    let rest = format!("{JENKINS}{NODE}");
    check(
        "[provider.openstack]\n",
        &rest,
        &[(
            "auth_url = \"http://os:5000\"\nusername = \"a\"\npassword = \"PASSWORD\"\ncommand = \"x\"",
            &[
                "mita.toml:5: provider.openstack.command: is a key of type command; remove it, or write type = \"command\"",
            ],
        )],
    );
}

#[test]
fn keys_of_openstack_among_the_defaults_do_not_concern_a_program() {
    let text = format!(
        "{JENKINS}{PROVIDER}{LOCAL}command = \"backend\"\n[defaults]\nkeyname = \"jenkins\"\nstorage = 5\nmax = 3\n\
         [nodes.box]\nprovider = \"local\"\n{NODE}"
    );
    let config = Folder::with(&text).load().unwrap().config;
    let [of_program, of_cloud] = &config.node_types[..] else { panic!("two node types") };
    assert_eq!((of_program.keyname.as_deref(), of_program.storage, of_program.max), (None, None, Some(3)));
    assert_eq!((of_cloud.keyname.as_deref(), of_cloud.storage, of_cloud.max), (Some("jenkins"), Some(5), Some(3)));
}

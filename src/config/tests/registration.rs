//! `register` of a node type: what it means, and its errors.

use super::bad_input::check;
use super::*;
use crate::config::{HostKeyVerification, NodeSettings, NodeType, Registration, SshLauncher, Transport, Usage};

fn registration(lines: &str) -> Registration {
    config(&format!("{JENKINS}{PROVIDER}{NODE}{lines}\n")).node_types.remove(0).registration
}

const STARTS: &str = "script = \"#!/bin/sh\\nagent ${MITA_AGENT_SECRET}\"";

#[test]
fn nobody_but_the_boot_script_makes_nodes_unless_asked_to() {
    assert_eq!(registration(""), Registration::Elsewhere);
    assert_eq!(registration("register = \"none\""), Registration::Elsewhere);
}

#[test]
fn ssh_needs_credentials_and_has_a_default_for_all_else() {
    let form = NodeSettings { remote_fs: "/home/jenkins".to_owned(), usage: Usage::Normal, environment: [].into() };
    let launcher = SshLauncher {
        credentials_id: "agents".to_owned(),
        port: 22,
        host_key: HostKeyVerification::ManuallyTrusted,
        java_path: None,
        jvm_options: None,
    };
    let read = registration("register = \"ssh\"\ncredentials_id = \"agents\"");
    assert_eq!(read, Registration::Ssh(form, launcher));
}

#[test]
fn every_key_of_ssh_is_read() {
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE";
    let lines = format!(
        "register = \"ssh\"\ncredentials_id = \"a\"\nremote_fs = \"/srv\"\nmode = \"exclusive\"\n\
         environment = {{ A = \"1\", B = \"\" }}\nhost_key_verification = \"manually-provided\"\nhost_key = \"{key}\"\n\
         ssh_port = 2222\njava_path = \"/opt/java\"\njvm_options = \"-Xmx1g\""
    );
    let Registration::Ssh(form, launcher) = registration(&lines) else { panic!("it is ssh") };
    assert_eq!((form.remote_fs.as_str(), form.usage), ("/srv", Usage::Exclusive));
    assert_eq!(form.environment, [("A", "1"), ("B", "")].map(|(key, value)| (key.to_owned(), value.to_owned())).into());
    assert_eq!((launcher.port, launcher.host_key), (2222, HostKeyVerification::ManuallyProvided(key.to_owned())));
    assert_eq!((launcher.java_path.as_deref(), launcher.jvm_options.as_deref()), (Some("/opt/java"), Some("-Xmx1g")));
    for (word, check) in
        [("known-hosts", HostKeyVerification::KnownHosts), ("non-verifying", HostKeyVerification::NonVerifying)]
    {
        let lines = format!("register = \"ssh\"\ncredentials_id = \"a\"\nhost_key_verification = \"{word}\"");
        let Registration::Ssh(_, launcher) = registration(&lines) else { panic!("it is ssh") };
        assert_eq!(launcher.host_key, check);
    }
}

#[test]
fn inbound_gives_each_server_a_name_of_its_own() {
    let text = format!("{JENKINS}{PROVIDER}{NODE}register = \"inbound\"\n{STARTS}\n");
    let kind = config(&text).node_types.remove(0);
    assert_eq!(kind.server_name, NodeType::OWN_SERVER_NAME);
    let Registration::Inbound(_, transport) = kind.registration else { panic!("it is inbound") };
    assert_eq!(transport, Transport::WebSocket);
    let tcp = registration(&format!("register = \"inbound\"\nweb_socket = false\n{STARTS}"));
    assert!(matches!(tcp, Registration::Inbound(_, Transport::Tcp)));
}

#[test]
fn a_script_for_an_agent_that_nobody_registers_is_reported() {
    let text = format!("{JENKINS}{PROVIDER}{NODE}{STARTS}\n");
    let expected =
        "mita.toml:13: nodes.ubuntu.script: ${MITA_AGENT_SECRET} is filled in only with register = \"inbound\"";
    assert_eq!(warnings(&text), [expected]);
}

#[test]
fn what_cannot_be_used_is_reported_with_what_to_do() {
    let rest = format!("{JENKINS}{PROVIDER}");
    check(
        "[nodes.ubuntu]\nprovider = \"openstack\"\nimage_name = \"U\"\nsize = \"m1\"\n",
        &rest,
        &[
            (
                "register = \"shh\"",
                &[
                    "mita.toml:5: nodes.ubuntu.register: \"shh\" is unknown; write one of \"none\", \"ssh\", \"inbound\"",
                ],
            ),
            (
                "register = \"ssh\"",
                &[
                    "mita.toml:1: nodes.ubuntu.credentials_id: is missing; write the id of the credentials in Jenkins that \
                   log in to the servers",
                ],
            ),
            (
                "remote_fs = \"/srv\"\ncredentials_id = \"a\"\nweb_socket = true",
                &[
                    "mita.toml:5: nodes.ubuntu.remote_fs: has no effect without register = \"ssh\" or \"inbound\"; write \
                     that, or remove it",
                    "mita.toml:6: nodes.ubuntu.credentials_id: has no effect without register = \"ssh\"; write that, or \
                     remove it",
                    "mita.toml:7: nodes.ubuntu.web_socket: has no effect without register = \"inbound\"; write that, or \
                     remove it",
                ],
            ),
            (
                "register = \"ssh\"\ncredentials_id = \"a\"\nweb_socket = true\nhost_key = \"x\"",
                &[
                    "mita.toml:7: nodes.ubuntu.web_socket: has no effect without register = \"inbound\"; write that, or \
                     remove it",
                    "mita.toml:8: nodes.ubuntu.host_key: has no effect without host_key_verification = \
                     \"manually-provided\"; write that, or remove it",
                ],
            ),
            (
                "register = \"ssh\"\ncredentials_id = \"a\"\nhost_key_verification = \"manually-provided\"",
                &[
                    "mita.toml:1: nodes.ubuntu.host_key: is missing; write the public key that the image or the boot script \
                   gives to its servers",
                ],
            ),
            (
                "register = \"ssh\"\ncredentials_id = \"a\"\nhost_key_verification = \"manually-provided\"\nhost_key = \"x\"",
                &[
                    "mita.toml:8: nodes.ubuntu.host_key: is not a public key; write the host's public key, as in \"ssh-ed25519 \
                   AAAA...\"",
                ],
            ),
            (
                "register = \"ssh\"\ncredentials_id = \"a\"\nenvironment = { \"A B\" = \"1\" }",
                &[
                    "mita.toml:7: nodes.ubuntu.environment.\"A B\": is not the name of a variable; write it without spaces and \
                   without =",
                ],
            ),
            (
                "register = \"inbound\"",
                &[
                    "mita.toml:1: nodes.ubuntu.script: is missing; with register = \"inbound\" it has to start the agent",
                ],
            ),
            (
                "register = \"inbound\"\nscript = \"#!/bin/sh\"\nserver_name = \"{node}\"",
                &[
                    "mita.toml:6: nodes.ubuntu.script: lacks ${MITA_AGENT_SECRET}, without which no agent can connect; \
                     start the agent with it",
                    "mita.toml:7: nodes.ubuntu.server_name: has no {id}, and with register = \"inbound\" mita creates each node \
                     before its server, under a name of its own; write {node}-{id}",
                ],
            ),
        ],
    );
}

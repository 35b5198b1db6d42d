//! Making nodes: the form that is sent, and the secret that is read.

use super::*;
use crate::config::{HostKeyVerification, NodeSettings, SshLauncher, Transport, Usage};
use crate::http::encode_segment;
use serde_json::{Value, json};

const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn form() -> NodeSettings {
    NodeSettings { remote_fs: "/home/jenkins".to_owned(), usage: Usage::Normal, environment: [].into() }
}

fn launcher() -> SshLauncher {
    SshLauncher {
        credentials_id: "agents".to_owned(),
        port: 22,
        host_key: HostKeyVerification::ManuallyTrusted,
        java_path: None,
        jvm_options: None,
    }
}

/// The form that is sent for a node, decoded.
fn sent(form: &NodeSettings, launcher: Launcher<'_>) -> Value {
    let server = Loopback::new(|_| redirect(302, "."));
    let name = NodeName::from("ubuntu+192.168.1.188");
    let node =
        NewNode { name: &name, description: "made", labels: "amd64 ubuntu", executors: 2, settings: form, launcher };
    controller(&server, "jenkins/").create_node(&node).unwrap();
    let seen = &server.seen()[0];
    assert_eq!(seen.line(), "POST /jenkins/computer/doCreateItem");
    assert_eq!(seen.header("content-type"), Some("application/x-www-form-urlencoded"));
    let json = seen.body.strip_prefix("name=ubuntu%2B192.168.1.188&type=hudson.slaves.DumbSlave&json=").unwrap();
    serde_json::from_str(&decoded(json)).unwrap()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next().unwrap(), rest.next().unwrap()];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    assert_eq!(encode_segment(std::str::from_utf8(&bytes).unwrap()), text, "everything is encoded");
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_node_for_ssh_is_made_by_the_form_of_jenkins_own_page() {
    let address = "192.168.1.188".parse().unwrap();
    let verifier = "hudson.plugins.sshslaves.verifiers.ManuallyTrustedKeyVerificationStrategy";
    assert_eq!(
        sent(&form(), Launcher::Ssh(address, &launcher())),
        json!({
            "name": "ubuntu+192.168.1.188", "nodeDescription": "made", "numExecutors": "2", "remoteFS": "/home/jenkins",
            "labelString": "amd64 ubuntu", "mode": "NORMAL", "type": "hudson.slaves.DumbSlave",
            "nodeProperties": {"stapler-class-bag": "true"},
            "retentionStrategy": {"stapler-class": "hudson.slaves.RetentionStrategy$Always",
                                  "$class": "hudson.slaves.RetentionStrategy$Always"},
            "launcher": {"stapler-class": "hudson.plugins.sshslaves.SSHLauncher",
                         "$class": "hudson.plugins.sshslaves.SSHLauncher", "host": "192.168.1.188", "port": 22,
                         "credentialsId": "agents",
                         "sshHostKeyVerificationStrategy":
                             {"stapler-class": verifier, "$class": verifier, "requireInitialManualTrust": false}}
        })
    );
}

#[test]
fn everything_that_is_configured_stands_in_the_form() {
    let environment = [("PATH+X".to_owned(), "a b+c&d=\"é\"".to_owned())].into();
    let form = NodeSettings { usage: Usage::Exclusive, environment, ..form() };
    let host_key = HostKeyVerification::ManuallyProvided("ssh-ed25519 AAAA".to_owned());
    let (java_path, jvm_options) = (Some("/opt/java".to_owned()), Some("-Xmx1g -Dx=y".to_owned()));
    let launcher = SshLauncher { port: 2222, host_key, java_path, jvm_options, ..launcher() };
    let sent = sent(&form, Launcher::Ssh("2001:db8::1".parse().unwrap(), &launcher));
    assert_eq!(sent["mode"], "EXCLUSIVE");
    assert_eq!(
        sent["nodeProperties"],
        json!({"stapler-class-bag": "true", "hudson-slaves-EnvironmentVariablesNodeProperty":
            {"env": [{"key": "PATH+X", "value": "a b+c&d=\"é\""}]}})
    );
    let launcher = &sent["launcher"];
    assert_eq!((&launcher["host"], &launcher["port"]), (&json!("2001:db8::1"), &json!(2222)));
    assert_eq!((&launcher["javaPath"], &launcher["jvmOptions"]), (&json!("/opt/java"), &json!("-Xmx1g -Dx=y")));
    assert_eq!(launcher["sshHostKeyVerificationStrategy"]["key"], "ssh-ed25519 AAAA");
}

#[test]
fn each_way_to_check_a_host_key_has_its_class() {
    for (check, class) in [
        (HostKeyVerification::KnownHosts, "KnownHostsFileKeyVerificationStrategy"),
        (HostKeyVerification::NonVerifying, "NonVerifyingKeyVerificationStrategy"),
        (HostKeyVerification::ManuallyProvided(String::new()), "ManuallyProvidedKeyVerificationStrategy"),
    ] {
        let launcher = SshLauncher { host_key: check, ..launcher() };
        let sent = sent(&form(), Launcher::Ssh("10.0.0.1".parse().unwrap(), &launcher));
        let used = sent["launcher"]["sshHostKeyVerificationStrategy"]["$class"].as_str().unwrap().to_owned();
        assert_eq!(used, format!("hudson.plugins.sshslaves.verifiers.{class}"));
    }
}

#[test]
fn a_node_whose_agent_calls_in_names_the_inbound_launcher() {
    for (transport, web_socket) in [(Transport::WebSocket, true), (Transport::Tcp, false)] {
        let sent = sent(&form(), Launcher::Inbound(transport));
        assert_eq!(sent["launcher"]["$class"], "hudson.slaves.JNLPLauncher");
        assert_eq!(sent["launcher"]["webSocket"], web_socket);
        assert_eq!(sent["launcher"]["workDirSettings"]["disabled"], false);
    }
}

#[test]
fn a_node_that_was_refused_is_reported_in_the_words_of_jenkins() {
    let refused = |answer: Answer| {
        let server = Loopback::new(move |_| answer.clone());
        let (name, form) = (NodeName::from("n"), form());
        let launcher = Launcher::Inbound(Transport::WebSocket);
        let node = NewNode { name: &name, description: "", labels: "", executors: 1, settings: &form, launcher };
        controller(&server, "").create_node(&node).unwrap_err()
    };
    let there = refused(html(400, "Error").with("X-Error", "Agent called n already exists"));
    assert_eq!(there.kind, ErrorKind::Refused { status: 400 });
    assert!(there.text.contains("Agent called n already exists"), "{there}");
    let forbidden = refused(
        html(403, "Error")
            .with("X-You-Are-Authenticated-As", "mita")
            .with("X-Required-Permission", "hudson.model.Computer.Create"),
    );
    assert!(forbidden.text.contains("lacks the permission Agent/Create"), "{forbidden}");
    assert_eq!(refused(redirect(302, "https://sso.example.com/login")).kind, ErrorKind::Redirected);
    assert_eq!(refused(html(200, "Sign in")).kind, ErrorKind::NotJenkins);
    assert!(refused(html(500, "Oops!")).outcome_is_unknown());
}

fn start_file(argument: &str) -> String {
    format!("<jnlp><application-desc><argument>{argument}</argument><argument>n</argument></application-desc></jnlp>")
}

#[test]
fn the_secret_is_the_first_argument_of_the_start_file_under_either_name() {
    for known in ["/computer/n%2B1/jenkins-agent.jnlp", "/computer/n%2B1/slave-agent.jnlp"] {
        let server = Loopback::new(move |seen| match seen.target == known {
            true => jenkins_answer(&start_file(SECRET)),
            false => html(404, "Not Found"),
        });
        let secret = controller(&server, "").agent_secret(&NodeName::from("n+1")).unwrap();
        assert_eq!(secret.expose(), SECRET);
    }
}

#[test]
fn s9_what_is_no_start_file_is_reported_without_its_contents() {
    let text = start_file(&format!("{SECRET}0"));
    let server = Loopback::new(move |_| jenkins_answer(&text));
    let error = controller(&server, "").agent_secret(&NodeName::from("n")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unexpected);
    assert!(!error.to_string().contains(SECRET), "{error}");
    let server = Loopback::new(|_| html(403, "Error").with("X-Required-Permission", "hudson.model.Computer.Connect"));
    let error = controller(&server, "").agent_secret(&NodeName::from("n")).unwrap_err();
    assert!(error.text.contains("Agent/Connect"), "{error}");
}

#[test]
fn whether_nodes_may_be_made_is_asked_without_making_one() {
    let server = Loopback::new(|_| html(200, "ok"));
    controller(&server, "").may_create_nodes().unwrap();
    assert_eq!(server.seen()[0].line(), "GET /computer/checkName?value=");
    let server = Loopback::new(|_| html(403, "Error").with("X-Required-Permission", "hudson.model.Computer.Create"));
    let error = controller(&server, "").may_create_nodes().unwrap_err();
    assert_eq!(error.kind, ErrorKind::Forbidden { permission: Some("Agent/Create".to_owned()) });
}

#[test]
fn the_mark_of_a_node_is_read_from_its_description() {
    let described = |description: Value| {
        let node = json!({"_class": "hudson.slaves.SlaveComputer", "displayName": "n", "idle": true, "offline": false,
            "temporarilyOffline": false, "numExecutors": 1, "executors": [], "description": description});
        let server = Loopback::new(move |_| jenkins_answer(&node.to_string()));
        controller(&server, "").node(&NodeName::from("n")).unwrap().value.unwrap().mark
    };
    let mark = described(json!("made by mita: owner=ci type=ubuntu order=20261121T233012Z-1 node=n")).unwrap();
    assert_eq!((mark.owner.as_str(), mark.id.as_str()), ("ci", "20261121T233012Z-1"));
    for other in [json!(null), json!(""), json!("a build machine"), json!({}), json!("made by mita: owner=ci")] {
        assert_eq!(described(other.clone()), None, "{other}");
    }
}

//! Creating nodes, and reading the secrets of inbound agents.
//!
//! mita sends the form of Jenkins' own page (hudson/model/ComputerSet.java, doDoCreateItem): one field with JSON, which
//! Stapler binds to the constructors and setters of the classes that it names: as `$class`, and as `stapler-class` for old
//! releases.

use super::client::Jenkins;
use super::error::{ErrorKind, JenkinsError};
use crate::config::{HostKeyVerification, NodeSettings, SshLauncher, Transport, Usage};
use crate::domain::names::NodeName;
use crate::http::Request;
use crate::secret::Secret;
use serde_json::{Map, Value, json};
use std::net::IpAddr;

const PATH: &str = "computer/doCreateItem";
/// A configured node, not one of a cloud plugin (hudson/slaves/DumbSlave.java).
const KIND: &str = "hudson.slaves.DumbSlave";
const ALWAYS: &str = "hudson.slaves.RetentionStrategy$Always";
const SSH: &str = "hudson.plugins.sshslaves.SSHLauncher";
const VERIFIERS: &str = "hudson.plugins.sshslaves.verifiers";
const INBOUND: &str = "hudson.slaves.JNLPLauncher";
/// hudson/slaves/EnvironmentVariablesNodeProperty.java, as a name in a bag.
const ENVIRONMENT: &str = "hudson-slaves-EnvironmentVariablesNodeProperty";

/// The start file of an agent since 2.264 (hudson/slaves/SlaveComputer.java).
const START_FILE: &str = "jenkins-agent.jnlp";
/// Its older name, which newer releases know, too.
const OLDER_START_FILE: &str = "slave-agent.jnlp";

/// HMAC-SHA256 in hexadecimal digits (jenkins/slaves/JnlpAgentReceiver.java).
const SECRET_DIGITS: usize = 64;

/// A node to create.
#[derive(Clone, Copy, Debug)]
pub struct NewNode<'a> {
    /// Its name.
    pub name: &'a NodeName,
    /// Its description.
    pub description: &'a str,
    /// Its labels, separated by spaces.
    pub labels: &'a str,
    /// Its executors.
    pub executors: u32,
    /// Its other settings.
    pub settings: &'a NodeSettings,
    /// How its agent is started.
    pub launcher: Launcher<'a>,
}

/// How the agent of a node is started.
#[derive(Clone, Copy, Debug)]
pub enum Launcher<'a> {
    /// Jenkins connects to this address by SSH.
    Ssh(IpAddr, &'a SshLauncher),
    /// The agent connects to Jenkins.
    Inbound(Transport),
}

impl Jenkins {
    /// Creates a node. Fails with status 400 if there is one with that name, or if Jenkins refuses the name; with status 500
    /// if it does not know the class of the launcher.
    pub fn create_node(&self, node: &NewNode<'_>) -> Result<(), JenkinsError> {
        let form = form(node).to_string();
        let fields = [("name", node.name.as_str()), ("type", KIND), ("json", form.as_str())];
        self.write(PATH, Request::post(self.url(PATH)).form(&fields))
    }

    /// The secret with which the agent of a node connects: the first argument in its start file. It depends on the node's
    /// name only, so a node that is created again has the same one. Needs Agent/Connect
    /// (jenkins/slaves/EncryptedSlaveAgentJnlpFile.java).
    pub fn agent_secret(&self, node: &NodeName) -> Result<Secret, JenkinsError> {
        match self.start_file(node, START_FILE) {
            Err(JenkinsError { kind: ErrorKind::NotFound, .. }) => self.start_file(node, OLDER_START_FILE),
            answered => answered,
        }
    }

    fn start_file(&self, node: &NodeName, file: &str) -> Result<Secret, JenkinsError> {
        let path = format!("{}{file}", self.node_path(node)?);
        let response = self.fetch(&path)?;
        let text = String::from_utf8_lossy(&response.body);
        first_argument(&text).map(Secret::new).ok_or_else(|| {
            // Never quoted: a start file may hold the secret in another form.
            let what = match text.contains("<argument") {
                true => "one without a secret".to_owned(),
                false => response.description(),
            };
            self.unexpected(&path, format!("wanted the start file of {node}, and got {what}"))
        })
    }

    /// Fails unless this user may create nodes. Sends the check that Jenkins' own page sends while a name is typed, which
    /// changes nothing (hudson/model/ComputerSet.java, doCheckName).
    pub(super) fn may_create_nodes(&self) -> Result<(), JenkinsError> {
        self.fetch("computer/checkName?value=").map(drop)
    }
}

fn first_argument(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("<argument>")?;
    let (argument, _) = rest.split_once("</argument>")?;
    let digits = argument.len() == SECRET_DIGITS && argument.bytes().all(|byte| byte.is_ascii_hexdigit());
    digits.then_some(argument)
}

fn form(node: &NewNode<'_>) -> Value {
    let NodeSettings { remote_fs, usage, environment } = node.settings;
    let mut properties = Map::from_iter([("stapler-class-bag".to_owned(), "true".into())]);
    if !environment.is_empty() {
        let variables: Vec<Value> =
            environment.iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
        properties.insert(ENVIRONMENT.to_owned(), json!({"env": variables}));
    }
    json!({
        "name": node.name.as_str(),
        "nodeDescription": node.description,
        "numExecutors": node.executors.to_string(),
        "remoteFS": remote_fs,
        "labelString": node.labels,
        "mode": match usage {
            Usage::Normal => "NORMAL",
            Usage::Exclusive => "EXCLUSIVE",
        },
        "type": KIND,
        "nodeProperties": properties,
        "retentionStrategy": of_class(ALWAYS, []),
        "launcher": match node.launcher {
            Launcher::Ssh(host, settings) => ssh(host, settings),
            Launcher::Inbound(transport) => inbound(transport),
        },
    })
}

fn ssh(host: IpAddr, settings: &SshLauncher) -> Value {
    let SshLauncher { credentials_id, port, host_key, java_path, jvm_options } = settings;
    let mut fields = vec![
        ("host", host.to_string().into()),
        ("port", (*port).into()),
        ("credentialsId", credentials_id.as_str().into()),
        ("sshHostKeyVerificationStrategy", verification(host_key)),
    ];
    fields.extend(java_path.as_ref().map(|path| ("javaPath", path.as_str().into())));
    fields.extend(jvm_options.as_ref().map(|options| ("jvmOptions", options.as_str().into())));
    of_class(SSH, fields)
}

fn verification(check: &HostKeyVerification) -> Value {
    let of = |name: &str, fields: Vec<(&str, Value)>| {
        of_class(&format!("{VERIFIERS}.{name}KeyVerificationStrategy"), fields)
    };
    match check {
        HostKeyVerification::KnownHosts => of("KnownHostsFile", vec![]),
        HostKeyVerification::ManuallyProvided(key) => of("ManuallyProvided", vec![("key", key.as_str().into())]),
        HostKeyVerification::ManuallyTrusted => {
            of("ManuallyTrusted", vec![("requireInitialManualTrust", false.into())])
        }
        HostKeyVerification::NonVerifying => of("NonVerifying", vec![]),
    }
}

fn inbound(transport: Transport) -> Value {
    let settings =
        json!({"disabled": false, "workDirPath": "", "internalDir": "remoting", "failIfWorkDirIsMissing": false});
    let web_socket = transport == Transport::WebSocket;
    of_class(INBOUND, [("workDirSettings", settings), ("webSocket", web_socket.into())])
}

fn of_class<'a>(class: &str, fields: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    let class = [("stapler-class", class.into()), ("$class", class.into())];
    let all = class.into_iter().chain(fields);
    Value::Object(all.map(|(key, value): (&str, Value)| (key.to_owned(), value)).collect())
}

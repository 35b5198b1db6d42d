//! Making nodes, and reading what an inbound agent shows when it connects.
//!
//! A node is made by the form that Jenkins' own page sends (hudson/model/ComputerSet.java, doDoCreateItem): one field
//! with JSON, which Stapler binds to the constructors and setters of the classes that it names: as `$class`, and as
//! `stapler-class` for old releases.

use super::{ErrorKind, Jenkins, JenkinsError};
use crate::config::{HostKeyCheck, NodeForm, SshLauncher, Transport, Usage};
use crate::http::Request;
use crate::naming::NodeName;
use crate::secret::Secret;
use serde_json::{Map, Value, json};
use std::net::IpAddr;

const PATH: &str = "computer/doCreateItem";
/// A node that is configured, and not made by a cloud plugin (hudson/slaves/DumbSlave.java).
const KIND: &str = "hudson.slaves.DumbSlave";
const ALWAYS: &str = "hudson.slaves.RetentionStrategy$Always";
const SSH: &str = "hudson.plugins.sshslaves.SSHLauncher";
const VERIFIERS: &str = "hudson.plugins.sshslaves.verifiers";
const INBOUND: &str = "hudson.slaves.JNLPLauncher";
/// hudson/slaves/EnvironmentVariablesNodeProperty.java, written as a name within a bag.
const ENVIRONMENT: &str = "hudson-slaves-EnvironmentVariablesNodeProperty";

/// The start file of an agent since 2.264 (hudson/slaves/SlaveComputer.java).
const START_FILE: &str = "jenkins-agent.jnlp";
/// Under its older name, which newer releases know as well.
const OLDER_START_FILE: &str = "slave-agent.jnlp";

/// HMAC-SHA256 in hexadecimal digits (jenkins/slaves/JnlpAgentReceiver.java).
const SECRET_DIGITS: usize = 64;

/// A node to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewNode<'a> {
    /// Its name.
    pub name: &'a NodeName,
    /// Its description.
    pub description: &'a str,
    /// Its labels, with blanks between.
    pub labels: &'a str,
    /// Its executors.
    pub executors: u32,
    /// What it is like beside that.
    pub form: &'a NodeForm,
    /// How its agent is started.
    pub launcher: Launcher<'a>,
}

/// How the agent of a node is started.
#[derive(Clone, Copy, Debug)]
pub enum Launcher<'a> {
    /// Jenkins connects to this address.
    Ssh(IpAddr, &'a SshLauncher),
    /// The agent calls in.
    Inbound(Transport),
}

impl Jenkins {
    /// Makes a node. Fails with status 400 where there is one of that name, or where Jenkins does not take the name; with
    /// status 500 where it does not know the class of the launcher.
    pub fn create_node(&self, node: &NewNode<'_>) -> Result<(), JenkinsError> {
        let form = form(node).to_string();
        let fields = [("name", node.name.as_str()), ("type", KIND), ("json", form.as_str())];
        self.write(PATH, Request::post(self.url(PATH)).form(&fields))
    }

    /// What the agent of a node shows when it calls in: the first argument in its start file. It is made of the node's
    /// name alone, so a node that is made again has the same. Needs Agent/Connect
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
            // A start file is never shown: it may hold the secret in another form.
            let what = match text.contains("<argument") {
                true => "one without a secret".to_owned(),
                false => response.description(),
            };
            self.garbled(&path, format!("wanted the start file of {node}, and got {what}"))
        })
    }

    /// Whether this user may make nodes: the check that Jenkins' own page makes while a name is typed, which changes
    /// nothing (hudson/model/ComputerSet.java, doCheckName). Fails with the permission that is missing.
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
    let NodeForm { remote_fs, usage, environment } = node.form;
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

fn verification(check: &HostKeyCheck) -> Value {
    let of = |name: &str, fields: Vec<(&str, Value)>| {
        of_class(&format!("{VERIFIERS}.{name}KeyVerificationStrategy"), fields)
    };
    match check {
        HostKeyCheck::KnownHosts => of("KnownHostsFile", vec![]),
        HostKeyCheck::Provided(key) => of("ManuallyProvided", vec![("key", key.as_str().into())]),
        HostKeyCheck::TrustedOnce => of("ManuallyTrusted", vec![("requireInitialManualTrust", false.into())]),
        HostKeyCheck::NotChecked => of("NonVerifying", vec![]),
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

//! How a node is made over the API, and what is refused (hudson/model/ComputerSet.java, hudson/slaves/DumbSlave.java).

use serde_json::Value;

use crate::http::{Request, Response};
use crate::jenkins::names::{bad_name, trim};
use crate::jenkins::nodes::{Mode, Node, SshTarget};
use crate::jenkins::web::auth::{Caller, Permission};
use crate::jenkins::web::pages::{error_page, failure, oops};
use crate::jenkins::{Jenkins, Version};

const SSH: &str = "hudson.plugins.sshslaves.SSHLauncher";
const INBOUND: &str = "hudson.slaves.JNLPLauncher";
const VERIFIERS: &str = "hudson.plugins.sshslaves.verifiers.";
const STRATEGIES: [&str; 2] = ["hudson.slaves.RetentionStrategy$Always", "hudson.slaves.RetentionStrategy$Demand"];

impl Jenkins {
    /// `POST computer/doCreateItem`, form-encoded.
    pub(crate) fn create_item(&mut self, request: &Request, caller: &Caller) -> Response {
        if !caller.may(Permission::AgentCreate) {
            return self.forbidden(caller, Permission::AgentCreate, request);
        }
        let params = request.params();
        let name = params.get("name").map_or("", |n| trim(n)).to_string();
        if let Some(problem) = self.refused_name(&name) {
            return failure(&problem);
        }
        let Some(form) = params.get("json") else {
            return error_page(400, "This page expects a form submission", request);
        };
        // A text that is no JSON, no descriptor of that name, or a name too long for a directory: a page for what
        // went wrong.
        let form: Option<Value> = serde_json::from_str(form).ok().filter(Value::is_object);
        let kind = params.get("type").is_some_and(|kind| kind == "hudson.slaves.DumbSlave");
        let Some(form) = form.filter(|_| kind && name.len() <= LONGEST_NAME) else { return oops() };
        let Some(node) = self.bind(&name, &form) else { return oops() };
        self.add_node(Node { made_by: caller.name.clone(), ..node });
        self.redirect("/computer/")
    }

    /// `POST computer/createItem?name=NAME` with a node's XML, which Jenkins knows since 2.539.
    pub(crate) fn create_from_xml(&mut self, request: &Request, caller: &Caller) -> Response {
        if !caller.may(Permission::AgentCreate) {
            return self.forbidden(caller, Permission::AgentCreate, request);
        }
        let xml = request.header("content-type").is_some_and(|kind| kind.contains("xml"));
        if self.options.version < Version::new(2, 539) || !xml {
            return failure("No mode given");
        }
        let name = request.query_param("name").map_or(String::new(), |n| trim(&n).to_string());
        if let Some(problem) = self.refused_name(&name) {
            return failure(&problem);
        }
        match Node::new(&name, "", 1).reconfigured(&String::from_utf8_lossy(&request.body)) {
            Ok(node) => {
                self.add_node(Node { name, made_by: caller.name.clone(), ..node });
                Response::empty(200)
            }
            Err(_) => oops(),
        }
    }

    fn refused_name(&self, name: &str) -> Option<String> {
        if name.is_empty() {
            return Some("Query parameter 'name' is required".into());
        }
        let taken = self.node(name).is_some();
        bad_name(name).or_else(|| taken.then(|| format!("Agent called ‘{name}’ already exists")))
    }

    /// What Stapler makes of the form; none where it cannot instantiate something.
    fn bind(&self, name: &str, form: &Value) -> Option<Node> {
        let executors = match &form["numExecutors"] {
            Value::Null => Some(1),
            Value::Number(n) => n.as_u64(),
            Value::String(s) => s.trim().parse().ok(),
            _ => None,
        };
        let mut node =
            Node::new(name, form["labelString"].as_str().unwrap_or_default(), usize::try_from(executors?).ok()?);
        node.mode = match form["mode"].as_str() {
            Some("NORMAL") | None => Mode::Normal,
            Some("EXCLUSIVE") => Mode::Exclusive,
            Some(_) => return None,
        };
        node.description = form["nodeDescription"].as_str().map(str::to_string);
        node.remote_fs = form["remoteFS"].as_str().unwrap_or_default().to_string();
        if let Some(strategy) = class(&form["retentionStrategy"])
            && !STRATEGIES.contains(&strategy)
        {
            return None;
        }
        let launcher = &form["launcher"];
        match class(launcher) {
            // An agent without a launcher is an inbound one (hudson/model/Slave.java, getLauncher).
            None | Some(INBOUND) => node.launch_supported = false,
            Some(SSH) if self.options.ssh_build_agents => {
                node.launch_supported = true;
                node.ssh = Some(ssh(launcher)?);
            }
            Some(_) => return None,
        }
        node.environment = environment(&form["nodeProperties"])?;
        Some(node)
    }

    /// `GET computer/checkName`: what the page asks while a name is typed.
    pub(crate) fn check_name(&self, request: &Request, caller: &Caller) -> Response {
        if !caller.may(Permission::AgentCreate) {
            return self.forbidden(caller, Permission::AgentCreate, request);
        }
        Response::html(200, "<div/>")
    }
}

/// The longest name of a directory on common file systems.
const LONGEST_NAME: usize = 255;

fn class(described: &Value) -> Option<&str> {
    described["$class"].as_str().or(described["stapler-class"].as_str())
}

fn ssh(launcher: &Value) -> Option<SshTarget> {
    let verifier = class(&launcher["sshHostKeyVerificationStrategy"])?.strip_prefix(VERIFIERS)?;
    let known = match verifier {
        "KnownHostsFileKeyVerificationStrategy" | "NonVerifyingKeyVerificationStrategy" => true,
        "ManuallyTrustedKeyVerificationStrategy" => {
            launcher["sshHostKeyVerificationStrategy"]["requireInitialManualTrust"].is_boolean()
        }
        "ManuallyProvidedKeyVerificationStrategy" => {
            let key = launcher["sshHostKeyVerificationStrategy"]["key"].as_str()?;
            key.split_once(' ').is_some_and(|(_, key)| key.starts_with("AAAA"))
        }
        _ => false,
    };
    known.then_some(SshTarget {
        host: launcher["host"].as_str()?.to_string(),
        port: u16::try_from(launcher["port"].as_u64()?).ok()?,
        credentials: launcher["credentialsId"].as_str()?.to_string(),
        verifier: verifier.to_string(),
    })
}

/// The variables of a bag of node properties; Stapler passes over classes that it does not know.
fn environment(properties: &Value) -> Option<Vec<(String, String)>> {
    let entries = match &properties["hudson-slaves-EnvironmentVariablesNodeProperty"]["env"] {
        Value::Null => return Some(Vec::new()),
        Value::Array(entries) => entries,
        _ => return None,
    };
    let text = |value: &Value| value.as_str().map(str::to_string);
    entries.iter().map(|entry| Some((text(&entry["key"])?, text(&entry["value"])?))).collect()
}

//! HTTP as Jenkins speaks it: routes, and what is refused before a route is looked for.

mod actions;
pub(crate) mod auth;
mod config_xml;
mod create;
mod flow_graph;
mod inbound;
mod pages;
mod projects;

use crate::http::{Request, Response};
use crate::jenkins::api::tree::Tree;
use crate::jenkins::nodes::Node;
use crate::jenkins::web::auth::{Caller, Permission};
use crate::jenkins::{Jenkins, Version};
use pages::{error_page, method_not_allowed, oops, page};

/// The longest path with query that the container reads.
const LONGEST_TARGET: usize = 8000;

impl Jenkins {
    /// Answers one request.
    pub(crate) fn handle(&mut self, request: &Request) -> Response {
        self.settle();
        if request.method == "HEAD" {
            let get = Request { method: "GET".into(), ..request.clone() };
            let answer = self.handle(&get);
            return Response { head_only: true, ..answer };
        }
        if let Some(refused) = unread(request) {
            return refused;
        }
        if request.path.contains(';') {
            return error_page(400, "Semicolons are not allowed in the request URI", request);
        }
        if self.starting_until.is_some() {
            let answer = match request.method.as_str() {
                // The filter that wants crumbs is up before those who know users are.
                "POST" if self.options.crumbs => error_page(403, NO_CRUMB, request),
                _ => Response::html(503, STARTING).with("Expires", "0").with("Cache-Control", "no-cache,no-store"),
            };
            return self.finish(answer, request);
        }
        let answer = match self.caller(request) {
            Ok(caller) => self.route(request, &caller),
            Err(refused) => *refused,
        };
        self.finish(answer, request)
    }

    fn route(&mut self, request: &Request, caller: &Caller) -> Response {
        let Some(segments) = self.segments(&request.path) else {
            return self.not_found();
        };
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        let post = request.method == "POST";
        if post && !self.crumb_ok(caller, request) {
            return error_page(403, NO_CRUMB, request);
        }
        if path == ["whoAmI", "api", "json"] {
            return self.who_am_i(caller);
        }
        if path == ["login"] && !post {
            return self.login_page();
        }
        if path == ["whoAmI"] && !post {
            return page(200, "Who Am I [Jenkins]", &self.resources());
        }
        if path == ["wsagents"] && !post {
            return self.agent_connects(request);
        }
        if path == ["jnlpJars", "agent.jar"] {
            return self.agent_program();
        }
        if let ["computer", name, file @ ("jenkins-agent.jnlp" | "slave-agent.jnlp")] = path[..]
            && request.query_param("encrypt").is_some_and(|on| on == "true")
            && self.node(name).is_some()
            && self.knows_start_file(file)
        {
            return self.packed_start_file();
        }
        if !caller.may(Permission::OverallRead) {
            return self.forbidden(caller, Permission::OverallRead, request);
        }
        if path == ["crumbIssuer", "api", "json"] {
            return self.issue_crumb(request);
        }
        if path.contains(&"..") {
            return oops();
        }
        if let [.., "api", "json"] = path[..] {
            if !post && request.method != "GET" {
                return method_not_allowed();
            }
            let tree = match request.query_param("tree") {
                None => Tree::Default,
                Some(text) => match Tree::parse(&text) {
                    Some(tree) => tree,
                    None => return oops(),
                },
            };
            return self.read(&path[..path.len() - 2], &tree, caller);
        }
        match path[..] {
            ["computer", "doCreateItem"] if !post => self.not_found(),
            ["computer", "doCreateItem"] => self.create_item(request, caller),
            ["computer", "createItem"] if post => self.create_from_xml(request, caller),
            ["computer", "checkName"] => self.check_name(request, caller),
            ["job", .., run, "flowGraphTable"] => self.flow_graph(&path[..path.len() - 2], run, caller),
            ["createItem"] | ["job", _, "build" | "doDelete"] if !post => method_not_allowed(),
            ["createItem"] => self.create_project(request, caller),
            ["job", name, action @ ("build" | "doDelete")] => match self.project(name, caller).cloned() {
                Some(job) if action == "build" => self.build_project(job, request, caller),
                Some(job) => self.delete_project(&job.name, request, caller),
                None => self.not_found(),
            },
            ["queue", "cancelItem"] if post => self.cancel_item(request, caller),
            ["computer", name, file @ ("jenkins-agent.jnlp" | "slave-agent.jnlp")]
                if self.node(name).is_some() && self.knows_start_file(file) =>
            {
                self.start_file(name, request, caller)
            }
            ["computer", name, "setOfflineCause"] => match self.computer(name) {
                Some(node) => self.offline_page(node, caller),
                None => self.not_found(),
            },
            ["computer", name, "config.xml"] => match self.computer(name).map(|n| n.name.clone()) {
                Some(node) => self.config_xml(&node, request, caller),
                None => self.not_found(),
            },
            ["computer", name, action] => match self.computer(name).map(|n| n.name.clone()) {
                Some(node) => self.act(&node, action, request, caller),
                None => self.not_found(),
            },
            ["computer", name] if self.computer(name).is_none() => self.not_found(),
            [] | ["computer"] | ["computer", _] | ["queue"] => page(200, "Jenkins", ""),
            _ => self.not_found(),
        }
    }

    /// `computer/NAME/setOfflineCause`: the page of a form, whose parts are there for those who may use them
    /// (hudson/model/Computer/setOfflineCause.jelly and sidepanel.jelly). Nobody may delete the built-in node.
    fn offline_page(&self, node: &Node, caller: &Caller) -> Response {
        let form = match caller.may(Permission::AgentDisconnect) {
            true => "<form method=\"post\" action=\"changeOfflineCause\"></form>",
            false => "",
        };
        page(200, "Set Offline Reason [Jenkins]", &format!("{}{form}", self.side_panel(node, caller)))
    }

    /// The links beside every page of a node (hudson/model/Computer/sidepanel.jelly).
    pub(crate) fn side_panel(&self, node: &Node, caller: &Caller) -> &'static str {
        if caller.may(Permission::AgentDelete) && !node.is_built_in() {
            return if self.options.version >= Version::new(2, 405) {
                "<a data-post=\"true\" href=\"#\" class=\"task-link confirmation-link\" data-url=\"doDelete\">Delete Agent</a>"
            } else {
                "<a href=\"/computer/it/delete\" class=\"task-link\">Delete Agent</a>"
            };
        }
        ""
    }

    /// `POST queue/cancelItem?id=ID`.
    fn cancel_item(&mut self, request: &Request, caller: &Caller) -> Response {
        if !caller.may(Permission::JobRead) {
            return self.forbidden(caller, Permission::JobRead, request);
        }
        let id = request.params().get("id").and_then(|id| id.parse().ok());
        self.cancel(id.unwrap_or_default());
        Response::empty(204)
    }
}

/// What the container refuses before Jenkins sees it.
fn unread(request: &Request) -> Option<Response> {
    let broken = |status: u16, reason: &str| {
        let text = format!("<h1>Bad Message {status}</h1><pre>reason: {reason}</pre>");
        Response::empty(status).with("Content-Type", "text/html;charset=iso-8859-1").body(text.into_bytes())
    };
    if request.path.len() + request.query.len() > LONGEST_TARGET {
        return Some(broken(414, "URI Too Long"));
    }
    let mut escapes = request.path.split('%').skip(1);
    let whole = |hex: &str| hex.as_bytes().get(..2).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
    (!escapes.all(whole)).then(|| broken(400, "Bad Request"))
}

const NO_CRUMB: &str = "No valid crumb was included in the request";

const STARTING: &str = "<!DOCTYPE html><html><head><title>Starting Jenkins</title></head><body>\
    <h1>Please wait while Jenkins is getting ready to work ...</h1>\
    <p>Your browser will reload automatically when Jenkins is ready.</p></body></html>";

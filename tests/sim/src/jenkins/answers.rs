//! Which request goes where, and the answers that are the same everywhere:
//! starting, not found, method not allowed, redirects.

use crate::http::{Request, Response};
use crate::jenkins::auth::{Caller, Permission};
use crate::jenkins::nodes::Node;
use crate::jenkins::tree::Tree;
use crate::jenkins::{Jenkins, Version};

impl Jenkins {
    /// Answers one request.
    pub(crate) fn handle(&mut self, request: &Request) -> Response {
        self.settle();
        if self.starting_until.is_some() {
            return Response::html(503, STARTING).with("Expires", "0").with("Cache-Control", "no-cache,no-store");
        }
        if request.path.contains(';') || request.path.to_ascii_lowercase().contains("%3b") {
            return error_page(400, "Semicolons are not allowed in the request URI");
        }
        let answer = match self.caller(request) {
            Ok(caller) => self.route(request, &caller),
            Err(refused) => *refused,
        };
        if answer.status == 403 || request.path.ends_with("/api/json") {
            return answer
                .with("X-Content-Type-Options", "nosniff")
                .with("X-Jenkins", self.options.version.to_string())
                .with("X-Jenkins-Session", format!("{:08x}", self.session));
        }
        answer
    }

    fn route(&mut self, request: &Request, caller: &Caller) -> Response {
        let Some(segments) = self.segments(&request.path) else {
            return self.not_found();
        };
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        let post = request.method == "POST";
        if post && !self.crumb_ok(caller, request) {
            return error_page(403, "No valid crumb was included in the request");
        }
        if path == ["crumbIssuer", "api", "json"] {
            return self.issue_crumb(request);
        }
        if path == ["whoAmI", "api", "json"] {
            return self.who_am_i(caller);
        }
        if path == ["jnlpJars", "agent.jar"] {
            return self.agent_program();
        }
        if !caller.may(Permission::OverallRead) {
            return self.forbidden(caller, Permission::OverallRead);
        }
        if let [.., "api", "json"] = path[..] {
            if !post && request.method != "GET" {
                return method_not_allowed("GET, POST");
            }
            let tree = match request.query_param("tree") {
                None => Tree::Default,
                Some(text) => match Tree::parse(&text) {
                    Some(tree) => tree,
                    None => return error_page(500, "A problem occurred while processing the request."),
                },
            };
            return self.read(&path[..path.len() - 2], &tree, caller);
        }
        match path[..] {
            ["computer", "doCreateItem"] if !post => self.not_found(),
            ["computer", "doCreateItem"] => self.create_item(request, caller),
            ["computer", "checkName"] => self.check_name(caller),
            ["computer", name, file @ ("jenkins-agent.jnlp" | "slave-agent.jnlp")]
                if self.node(name).is_some() && self.knows_start_file(file) =>
            {
                self.start_file(name, request, caller)
            }
            ["computer", "new"] if !caller.may(Permission::AgentCreate) => {
                self.forbidden(caller, Permission::AgentCreate)
            }
            ["computer", "new"] => {
                Response::html(200, "<!DOCTYPE html><html><head><title>New node</title></head></html>")
            }
            ["computer", name, "setOfflineCause"] => match self.computer(name) {
                Some(node) => self.offline_page(node, caller),
                None => self.not_found(),
            },
            ["computer", name, action] => match self.computer(name).map(|n| n.name.clone()) {
                Some(node) => self.act(&node, action, request, caller),
                None => self.not_found(),
            },
            ["computer", name] if self.computer(name).is_none() => self.not_found(),
            [] | ["computer"] | ["computer", _] | ["queue"] => {
                Response::html(200, "<!DOCTYPE html><html><head><title>Jenkins</title></head><body></body></html>")
            }
            _ => self.not_found(),
        }
    }

    /// `computer/NAME/setOfflineCause`: the page of a form, whose parts are there for those who may use them
    /// (hudson/model/Computer/setOfflineCause.jelly and sidepanel.jelly). Nobody may delete the built-in node.
    fn offline_page(&self, node: &Node, caller: &Caller) -> Response {
        let mut page = String::from("<!DOCTYPE html><html><head><title>Node</title></head><body>");
        if caller.may(Permission::AgentDelete) && !node.is_built_in() {
            page.push_str(if self.options.version >= Version::new(2, 405) {
                "<a data-post=\"true\" href=\"doDelete\" class=\"task-link\">Delete Agent</a>"
            } else {
                "<a href=\"/computer/it/delete\" class=\"task-link\">Delete Agent</a>"
            });
        }
        if caller.may(Permission::AgentDisconnect) {
            page.push_str("<form method=\"post\" action=\"changeOfflineCause\"></form>");
        }
        Response::html(200, page + "</body></html>")
    }

    /// The 404 that Jenkins gives for whatever it does not know.
    pub(crate) fn not_found(&self) -> Response {
        error_page(404, "Not Found")
    }

    /// The 302 that follows a successful write.
    pub(crate) fn redirect(&self, to: &str) -> Response {
        Response::empty(302).with("Location", format!("{}{to}", self.url))
    }
}

/// An error raised as `Failure`: 400 with the message in `X-Error`.
pub(crate) fn failure(message: &str) -> Response {
    let page = format!(
        "<!DOCTYPE html><html><head><title>Error</title></head><body><h1>Error</h1><p>{message}</p></body></html>"
    );
    Response::html(400, page).with("X-Error", message.to_string())
}

pub(crate) fn method_not_allowed(allow: &str) -> Response {
    error_page(405, "Method Not Allowed").with("Allow", allow)
}

pub(crate) fn error_page(status: u16, message: &str) -> Response {
    let page = format!(
        "<html>\n<head>\n<meta http-equiv=\"Content-Type\" content=\"text/html;charset=ISO-8859-1\"/>\n\
         <title>Error {status} {message}</title>\n</head>\n<body>\n<h2>HTTP ERROR {status} {message}</h2>\n</body>\n</html>\n"
    );
    Response::html(status, page)
}

const STARTING: &str = "<!DOCTYPE html><html><head><title>Starting Jenkins</title></head><body>\
    <h1>Please wait while Jenkins is getting ready to work ...</h1>\
    <p>Your browser will reload automatically when Jenkins is ready.</p></body></html>";

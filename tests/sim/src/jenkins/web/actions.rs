//! What a POST does to a node, and what it must not (hudson/model/Computer.java).

use crate::http::{Request, Response};
use crate::jenkins::Jenkins;
use crate::jenkins::nodes::{Cause, CauseKind};
use crate::jenkins::web::auth::{Caller, Permission};
use crate::jenkins::web::pages::{error_page, method_not_allowed, page};

impl Jenkins {
    /// `POST computer/NAME/ACTION`.
    pub(crate) fn act(&mut self, name: &str, action: &str, request: &Request, caller: &Caller) -> Response {
        const KNOWN: [&str; 5] =
            ["changeOfflineCause", "toggleOffline", "doDelete", "doDisconnect", "launchSlaveAgent"];
        if !KNOWN.contains(&action) {
            return self.not_found();
        }
        if request.method != "POST" {
            return method_not_allowed();
        }
        let marked = self.node(name).is_some_and(|n| n.temporarily_offline);
        let needed = match action {
            "doDelete" => Permission::AgentDelete,
            "launchSlaveAgent" => Permission::AgentConnect,
            "toggleOffline" if marked => Permission::AgentConnect,
            _ => Permission::AgentDisconnect,
        };
        if !caller.may(needed) {
            return self.forbidden(caller, needed, request);
        }
        let message = request.params().get("offlineMessage").cloned().unwrap_or_default();
        let by = caller.name.as_deref().unwrap_or("anonymous");
        let cause = Cause::new(CauseKind::User, &message, self.now).by(by);
        let now = self.now;
        let back = format!("/computer/{}/", crate::http::percent_encode(name));
        match action {
            "doDelete" => return self.do_delete(name, request),
            "doDisconnect" => {
                let connected = self.node(name).is_some_and(|n| n.connected);
                if connected {
                    self.tear_builds(name);
                }
                if let Some(node) = self.node_mut(name).filter(|_| connected) {
                    node.disconnect_with(cause);
                }
            }
            "launchSlaveAgent" => {
                if let Some(node) = self.node(name).filter(|n| n.connected) {
                    return page(200, "Already launched [Jenkins]", self.side_panel(node, caller));
                }
                if let Some(node) = self.node_mut(name).filter(|n| n.launch_supported) {
                    node.launch(now + 5_000);
                }
                return self.redirect(&format!("{back}log"));
            }
            "toggleOffline" if marked => {
                if let Some(node) = self.node_mut(name) {
                    node.clear_mark();
                }
            }
            // `Computer.setTemporaryOfflineCause` throws where the node is gone, since 2.482.
            _ if self.options.version.keeps_offline_cause() && self.node(name).is_some_and(|n| n.removed) => {
                return error_page(500, "Oops!", request);
            }
            _ => {
                if let Some(node) = self.node_mut(name) {
                    node.mark_with(cause);
                }
            }
        }
        self.redirect(&back)
    }

    /// A computer whose node is gone already is dropped.
    fn do_delete(&mut self, name: &str, request: &Request) -> Response {
        if name.is_empty() {
            return error_page(400, "Bad Request", request);
        }
        if !self.delete_node(name) {
            self.nodes.retain(|node| node.name != name);
        }
        self.redirect("/computer/")
    }
}

//! What a POST does to a node, and what it must not (hudson/model/Computer.java).

use crate::http::{Request, Response};
use crate::jenkins::Jenkins;
use crate::jenkins::answers::{error_page, method_not_allowed};
use crate::jenkins::auth::{Caller, Permission};
use crate::jenkins::nodes::CauseKind;

impl Jenkins {
    /// `POST computer/NAME/ACTION`.
    pub(crate) fn act(&mut self, name: &str, action: &str, request: &Request, caller: &Caller) -> Response {
        const KNOWN: [&str; 5] =
            ["changeOfflineCause", "toggleOffline", "doDelete", "doDisconnect", "launchSlaveAgent"];
        if !KNOWN.contains(&action) {
            return self.not_found();
        }
        if request.method != "POST" {
            return method_not_allowed("POST");
        }
        let marked = self.node(name).is_some_and(|n| n.temporarily_offline);
        let needed = match action {
            "doDelete" => Permission::AgentDelete,
            "launchSlaveAgent" => Permission::AgentConnect,
            "toggleOffline" if marked => Permission::AgentConnect,
            _ => Permission::AgentDisconnect,
        };
        if !caller.may(needed) {
            return self.forbidden(caller, needed);
        }
        let message = request.params().get("offlineMessage").cloned().unwrap_or_default();
        let now = self.now;
        let forget = self.options.forget_cause_on_disconnect;
        let back = format!("/computer/{}/", crate::http::percent_encode(name));
        match action {
            "doDelete" => return self.do_delete(name),
            "doDisconnect" => {
                let connected = self.node(name).is_some_and(|n| n.connected);
                if connected {
                    self.kill_builds(name);
                }
                if let Some(node) = self.node_mut(name).filter(|_| connected) {
                    node.disconnect(CauseKind::User, &message, now, forget);
                }
            }
            "launchSlaveAgent" => {
                if self.node(name).is_some_and(|n| n.connected) {
                    return Response::html(200, "<html><body>This node is already connected.</body></html>");
                }
                if let Some(node) = self.node_mut(name).filter(|n| n.launch_supported) {
                    node.channel_cause = None;
                    node.connects_at = Some(now + 5_000);
                }
                return self.redirect(&format!("{back}log"));
            }
            "toggleOffline" if marked => {
                if let Some(node) = self.node_mut(name) {
                    node.clear_mark();
                }
            }
            _ => {
                if let Some(node) = self.node_mut(name) {
                    node.mark_offline(CauseKind::User, &message, now);
                }
            }
        }
        self.redirect(&back)
    }

    fn do_delete(&mut self, name: &str) -> Response {
        if name.is_empty() {
            return error_page(400, "Cannot delete the built-in node");
        }
        self.delete_node(name);
        self.redirect("/computer/")
    }
}

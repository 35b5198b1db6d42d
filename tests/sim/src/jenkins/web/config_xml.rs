//! `computer/NAME/config.xml`: a node's configuration, to read and to replace (hudson/model/Computer.java,
//! doConfigDotXml and updateByXml).

use crate::http::{Request, Response};
use crate::jenkins::Jenkins;
use crate::jenkins::names::bad_name;
use crate::jenkins::nodes::config::Wrong;
use crate::jenkins::web::auth::{Caller, Permission};
use crate::jenkins::web::pages::{error_page, failure, oops};

impl Jenkins {
    /// Reads or replaces the configuration of the node of this name.
    pub(crate) fn config_xml(&mut self, name: &str, request: &Request, caller: &Caller) -> Response {
        if name.is_empty() {
            return error_page(400, "Bad Request", request);
        }
        let Some(node) = self.node(name).filter(|n| !n.removed) else { return self.not_found() };
        match request.method.as_str() {
            "GET" if !caller.may(Permission::AgentExtendedRead) && !caller.may(Permission::AgentConfigure) => {
                self.forbidden(caller, Permission::AgentExtendedRead, request)
            }
            "GET" => Response::empty(200).with("Content-Type", "application/xml").body(node.document().into_bytes()),
            "POST" if !caller.may(Permission::AgentConfigure) => {
                self.forbidden(caller, Permission::AgentConfigure, request)
            }
            "POST" => match node.reconfigured(&String::from_utf8_lossy(&request.body)) {
                Ok(replaced) => match bad_name(&replaced.name) {
                    Some(problem) => failure(&problem),
                    None => {
                        self.replace_node(name, replaced);
                        Response::empty(200)
                    }
                },
                Err(Wrong::OtherType) => error_page(400, "Node types do not match", request),
                Err(Wrong::Unreadable) => oops(),
            },
            _ => error_page(400, "Bad Request", request),
        }
    }
}

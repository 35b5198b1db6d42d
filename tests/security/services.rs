//! A small Jenkins and a small OpenStack that answer as they should: what a hostile one departs from.

use super::host::{Asked, Reply, json, whole};

/// The version that the controller says it is.
pub(super) const JENKINS: (&str, &str) = ("X-Jenkins", "2.578");

const QUEUE: &str = r#"{"items":[{"_class":"hudson.model.Queue$BuildableItem","id":7,"buildable":true,"pending":false,
    "why":"There are no nodes with the label ‘trusty’","inQueueSince":1785600000000,
    "task":{"_class":"hudson.model.FreeStyleProject","fullName":"ceph-build","labelExpression":"trusty"}}]}"#;
const NODES: &str = r#"{"computer":[{"_class":"hudson.model.Hudson$MasterComputer","displayName":"Built-In Node","idle":true,
    "offline":false,"temporarilyOffline":false,"numExecutors":0,"executors":[],"assignedLabels":[]}]}"#;

/// A controller with one job that waits for a server, and no node but its own.
pub(super) fn jenkins(asked: &Asked) -> Reply {
    let body = match asked.path.as_str() {
        path if path.ends_with("/queue/api/json") => QUEUE,
        path if path.ends_with("/computer/api/json") => NODES,
        path if path.ends_with("/api/json") => r#"{"quietingDown":false}"#,
        _ => return whole(404, &[JENKINS], b"<html><head><title>Not Found</title></head></html>"),
    };
    whole(200, &[JENKINS, ("Content-Type", "application/json")], body.as_bytes())
}

/// A cloud without servers, with all that an order needs.
pub(super) fn openstack(asked: &Asked) -> Reply {
    openstack_with(asked, "0123456789abcdef-the-token", "2kPxZ0adminpass")
}

/// The same with this token, and this password for the new server.
pub(super) fn openstack_with(asked: &Asked, token: &str, admin_password: &str) -> Reply {
    let root = &asked.root;
    let body = match (asked.method.as_str(), asked.path.as_str()) {
        ("POST", "/v3/auth/tokens") => {
            let endpoint = |kind: &str, path: &str| {
                format!(
                    r#"{{"type":"{kind}","endpoints":[{{"interface":"public","region":"one","url":"{root}/{path}"}}]}}"#
                )
            };
            let services =
                [("compute", "compute/v2.1"), ("image", "image"), ("network", "network"), ("volumev3", "volume/v3")];
            let catalogue = services.map(|(kind, path)| endpoint(kind, path)).join(",");
            let body = format!(r#"{{"token":{{"catalog":[{catalogue}]}}}}"#);
            return whole(201, &[("X-Subject-Token", token)], body.as_bytes());
        }
        ("GET", "/compute/v2.1/servers/detail") => r#"{"servers":[]}"#,
        ("GET", "/volume/v3/volumes/detail") => r#"{"volumes":[]}"#,
        ("GET", "/compute/v2.1/flavors/detail") => r#"{"flavors":[{"id":"1","name":"small","vcpus":1,"ram":512}]}"#,
        ("GET", "/compute/v2.1/limits") => r#"{"limits":{"absolute":{"maxTotalInstances":10,"totalInstancesUsed":0}}}"#,
        ("GET", "/image/v2/images") => r#"{"images":[{"id":"image-1","name":"trusty-image","status":"active"}]}"#,
        ("POST", "/compute/v2.1/servers") => {
            return json(202, &format!(r#"{{"server":{{"id":"server-1","adminPass":"{admin_password}"}}}}"#));
        }
        _ => return json(404, r#"{"itemNotFound":{"code":404,"message":"not here"}}"#),
    };
    json(200, body)
}

//! Volumes whose service was down, and those that people take.

use serde_json::json;

use super::client::{Client, send};
use crate::Promise;
use std::time::Duration;

/// A server with a blank volume, which is deleted; the cloud is set before that. Gives the id of the volume.
fn left(c: &Client, set: impl Fn(&mut crate::openstack::Cloud)) -> String {
    let mut order = c.plain_order("ubuntu");
    order["metadata"] = json!({"mita_owner": "ceph-ci", "mita_node": "ubuntu", "mita_id": "1"});
    order["block_device_mapping_v2"] = json!([
        {"source_type": "image", "uuid": order["imageRef"], "destination_type": "local", "boot_index": 0},
        {"source_type": "blank", "destination_type": "volume", "volume_size": 10, "boot_index": -1,
         "delete_on_termination": true}]);
    let id = c.order(&order).json()["server"]["id"].as_str().unwrap().to_string();
    c.sim.advance(Duration::from_secs(61));
    set(&mut c.sim.cloud("openstack"));
    c.cloud("DELETE", &format!("/compute/v2.1/servers/{id}"));
    c.sim.advance(Duration::from_secs(10));
    c.sim.cloud("openstack").volumes[0].id.clone()
}

#[test]
fn a_volume_whose_service_was_down_stays_attached_to_its_server_that_is_gone() {
    let c = Client::new();
    let volume = left(&c, |cloud| cloud.options.volumes_down = true);
    let path = format!("/volume/v3/{}", c.sim.cloud("openstack").project);
    assert_eq!(c.cloud("GET", &format!("{path}/volumes/{volume}")).status, 503);
    c.sim.cloud("openstack").options.volumes_down = false;
    let shown = &c.cloud("GET", &format!("{path}/volumes/{volume}")).json()["volume"];
    assert_eq!(shown["status"], "in-use");
    let attachment = shown["attachments"][0]["attachment_id"].as_str().unwrap();
    assert_eq!(c.cloud("DELETE", &format!("{path}/volumes/{volume}")).status, 400);
    let path = format!("{path}/attachments/{attachment}");
    assert_eq!(c.cloud("DELETE", &path).status, 404, "not before 3.27");
    let url = format!("{}/volume{}", c.sim.cloud("openstack").url, path.trim_start_matches("/volume"));
    let headers = [("X-Auth-Token", c.token.as_str()), ("OpenStack-API-Version", "volume 3.27")];
    let statuses = [(); 2].map(|()| send("DELETE", &url, &headers, "").unwrap().status);
    assert_eq!(statuses, [200, 404]);
    assert_eq!(c.sim.cloud("openstack").volumes[0].status, "available");
    c.sim.assert_promises();
}

#[test]
fn a_volume_whose_service_was_down_while_it_was_made_becomes_free() {
    let c = Client::new();
    left(&c, |cloud| {
        cloud.volumes[0].status = "creating".to_string();
        cloud.options.volumes_down = true;
    });
    c.sim.advance(Duration::from_secs(1));
    let cloud = c.sim.cloud("openstack");
    assert_eq!((cloud.volumes[0].status.as_str(), &cloud.volumes[0].server), ("available", &None));
}

#[test]
fn the_deletion_of_a_volume_that_was_attached_to_another_server_is_noticed() {
    let c = Client::new();
    let volume = left(&c, |cloud| cloud.volumes[0].has_snapshot = true);
    for server in [Some("theirs".to_string()), None] {
        c.sim.cloud("openstack").volumes[0].server = server;
        c.sim.advance(Duration::from_secs(1));
    }
    c.sim.cloud("openstack").volumes[0].has_snapshot = false;
    let project = c.sim.cloud("openstack").project.clone();
    c.cloud("DELETE", &format!("/volume/v3/{project}/volumes/{volume}"));
    let broken: Vec<_> = c.sim.violations().iter().map(|violation| violation.promise).collect();
    assert_eq!(broken, [Promise::NotOurs]);
}

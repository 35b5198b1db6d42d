//! From the job that waits to the server that is gone.

use super::nova::Cloud;
use super::site::Site;
use super::{cloud, eventually, skipped};
use mita::domain::rule::Rule;
use mita::plan::model::Subject;
use std::fs;
use std::time::Duration;

#[test]
fn live_l1_a_waiting_job_gets_one_marked_server_which_goes_with_its_node_when_it_stands_idle() {
    let Some(cloud) = cloud() else { return };
    let site = Site::at(&cloud, "life");
    site.queue("ceph-build");
    let first = site.run();
    let id = site.ordered(&first);
    let second = site.run();
    second.did(&[]);
    assert_eq!(second.rule(Subject::QueueItem, "ceph-build"), Rule::OnItsWay);

    let server = site.becomes(&id, "ACTIVE");
    assert_eq!(server["name"], "live");
    assert_eq!(server["metadata"]["mita_owner"], site.owner);
    assert_eq!(server["metadata"]["mita_node"], "live");
    assert_eq!(server["metadata"]["mita_id"], Site::order_id(&first));
    assert_eq!(site.cloud.servers_of(&site.owner).len(), 1);

    let node = site.joins(&server);
    let busy = site.run();
    busy.did(&[]);
    assert_eq!(busy.rule(Subject::Node, &node), Rule::Busy);
    assert_eq!(busy.rule(Subject::Server, &id), Rule::Busy);

    site.sim.advance(Duration::from_secs(700));
    let last = site.run_until_something_is_done();
    last.did(&[&format!("retire_node {node} idle done")]);
    assert!(!site.sim.jenkins().node_names().contains(&node), "node {node} is still there");
    site.vanishes(&id);
    site.run().did(&[]);
}

/// An administrator sets servers to ERROR by hand (`openstack server set --state error`), also those that work.
#[test]
fn live_s1_a_server_that_is_set_to_error_stays_while_its_node_builds_and_goes_afterwards() {
    let Some(cloud) = cloud() else { return };
    let Some(admin) = Cloud::named("admin") else { return skipped("clouds.yaml has no cloud admin") };
    let site = Site::at(&cloud, "reset");
    site.queue("ceph-build");
    let id = site.ordered(&site.run());
    let node = site.joins(&site.becomes(&id, "ACTIVE"));
    site.run().did(&[]);
    let error = serde_json::json!({"os-resetState": {"state": "error"}});
    admin.ask("POST", "compute", &format!("/servers/{id}/action"), Some(&error));
    site.becomes(&id, "ERROR");
    let busy = site.run();
    busy.did(&[]);
    assert_eq!(busy.rule(Subject::Server, &id), Rule::Busy);
    site.sim.advance(Duration::from_secs(700));
    site.run().did(&[&format!("retire_node {node} error done")]);
    site.vanishes(&id);
}

#[test]
fn live_a_volume_comes_and_goes_with_its_server() {
    let Some(cloud) = cloud() else { return };
    let lines = format!("image_name = \"{}\"\nsize = \"{}\"\nstorage = 1", super::site::image(), super::site::size());
    let site = Site::with(&cloud, "volume", &lines);
    site.queue("rpm-build");
    let id = site.ordered(&site.run());
    let server = site.becomes(&id, "ACTIVE");
    let volumes = site.cloud.volumes_of(&id);
    assert_eq!(volumes.len(), 1, "{volumes:?}");
    assert_eq!((&volumes[0]["size"], &volumes[0]["status"]), (&1.into(), &"in-use".into()));
    let node = site.joins(&server);
    site.sim.advance(Duration::from_secs(700));
    site.run_until_something_is_done().did(&[&format!("retire_node {node} idle done")]);
    site.vanishes(&id);
    eventually("the volume gone", || site.cloud.volumes_of(&id).is_empty().then_some(()));
    site.run().did(&[]);
}

#[test]
fn live_an_application_credential_orders_and_removes() {
    let Some(cloud) = cloud() else { return };
    let with_credential = format!("{cloud}-appcred");
    if Cloud::named(&with_credential).is_none() {
        return skipped(&format!("clouds.yaml has no cloud {with_credential}"));
    }
    let site = Site::at(&with_credential, "appcred");
    site.queue("ceph-build");
    let id = site.ordered(&site.run());
    let node = site.joins(&site.becomes(&id, "ACTIVE"));
    site.sim.advance(Duration::from_secs(700));
    site.run_until_something_is_done().did(&[&format!("retire_node {node} idle done")]);
    site.vanishes(&id);
}

#[test]
fn live_s8_a_dry_run_plans_the_order_and_leaves_the_cloud_and_the_folder_as_they_were() {
    let Some(cloud) = cloud() else { return };
    let site = Site::at(&cloud, "dry");
    site.queue("ceph-build");
    site.dry_run().did(&["create_server live demand planned"]);
    assert!(site.cloud.servers_of(&site.owner).is_empty());
    let files: Vec<_> = fs::read_dir(site.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(files, ["mita.toml"]);
    assert!(site.sim.writes().is_empty());
}

#[test]
fn live_a_token_orders_and_removes() {
    let Some(cloud) = cloud() else { return };
    let client = Cloud::named(&cloud).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("openstack.token");
    fs::write(&file, client.token()).unwrap();
    fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let auth_url = client.service("identity");
    let compute = client.service("compute");
    let lines = format!(
        "auth_url = \"{auth_url}\"\nauth_version = \"3.x_token\"\ntoken_file = \"{}\"\n\
         compute_endpoint_override = \"{compute}\"",
        file.display()
    );
    let types = format!("image_name = \"{}\"\nsize = \"{}\"", super::site::image(), super::site::size());
    let site = Site::of(client, &lines, "token", &types);
    site.queue("ceph-build");
    let id = site.ordered(&site.run());
    let node = site.joins(&site.becomes(&id, "ACTIVE"));
    site.sim.advance(Duration::from_secs(700));
    site.run_until_something_is_done().did(&[&format!("retire_node {node} idle done")]);
    site.vanishes(&id);
}

//! What else a node type can ask of a cloud, each in a real boot.

use super::site::{Site, image, size};
use super::{cloud, within_a_minute};
use mita::domain::rule::Rule;
use mita::plan::model::Subject;
use serde_json::{Value, json};
use std::time::Duration;

/// An installation whose node type has these lines beside its image, and the id of the server that it ordered.
fn ordered(cloud: &str, test: &str, lines: &str) -> (Site, String) {
    let site = Site::with(cloud, test, lines);
    site.queue("ceph-build");
    let id = site.ordered(&site.run());
    (site, id)
}

fn plain() -> String {
    format!("image_name = \"{}\"\nsize = \"{}\"", image(), size())
}

fn retires(site: &Site, id: &str, node: &str) {
    site.sim.advance(Duration::from_secs(700));
    site.run_until_something_is_done().did(&[&format!("retire_node {node} idle done")]);
    site.vanishes(id);
}

#[test]
fn live_a_server_boots_from_a_volume_of_the_type_that_is_asked_for_which_goes_with_it() {
    let Some(cloud) = cloud() else { return };
    let lines = format!("{}\nboot_volume = {{ size = 2, type = \"standard\" }}", plain());
    let (site, id) = ordered(&cloud, "boot-volume", &lines);
    let server = site.becomes(&id, "ACTIVE");
    assert_eq!(server["image"], "", "it has no image of its own");
    let attached = server["os-extended-volumes:volumes_attached"].as_array().unwrap();
    assert_eq!(attached.len(), 1, "{server}");
    let path = format!("/volumes/{}", attached[0]["id"].as_str().unwrap());
    let volume = &site.cloud.ask("GET", "volumev3", &path, None)["volume"];
    assert_eq!((&volume["size"], &volume["volume_type"], &volume["name"]), (&2.into(), &"standard".into(), &"".into()));
    let node = site.joins(&server);
    retires(&site, &id, &node);
    within_a_minute("the volume gone", || (site.cloud.send("GET", "volumev3", &path, None).0 == 404).then_some(()));
}

#[test]
fn live_an_unknown_type_of_volume_is_refused_and_told() {
    let Some(cloud) = cloud() else { return };
    let lines = format!("{}\nboot_volume = {{ size = 2, type = \"no-such-type\" }}", plain());
    let site = Site::with(&cloud, "volume-type", &lines);
    site.queue("ceph-build");
    let run = site.run();
    run.did(&["create_server live demand refused"]);
    assert!(run.errors()[0].contains("no-such-type"), "{}", run.story());
}

#[test]
fn live_tags_description_group_and_hints_are_in_the_order() {
    let Some(cloud) = cloud() else { return };
    let admin = super::nova::Cloud::named(&cloud).unwrap();
    let name = format!("live-group-{}", std::process::id());
    let body = json!({"server_group": {"name": name, "policies": ["affinity"]}});
    let group = admin.ask("POST", "compute", "/os-server-groups", Some(&body))["server_group"]["id"].clone();
    let path = format!("/os-server-groups/{}", group.as_str().unwrap());
    let lines = format!(
        "{}\nserver_group = \"{name}\"\nscheduler_hints = {{ mita_live = [\"a\", \"b\"] }}\ntags = [\"live\", \"ci\"]\n\
         description = \"a test of mita\"",
        plain()
    );
    let (site, id) = ordered(&cloud, "tags", &lines);
    site.becomes(&id, "ACTIVE");
    let members = site.cloud.ask("GET", "compute", &path, None);
    assert_eq!(members["server_group"]["members"], json!([id]));
    let tags = site.cloud.tags_of(&id);
    assert_eq!(tags, ["ci", "live"]);
    drop(site);
    admin.ask("DELETE", "compute", &path, None);
}

#[test]
fn live_a_port_that_was_made_beforehand_gives_its_address() {
    let Some(cloud) = cloud() else { return };
    let client = super::nova::Cloud::named(&cloud).unwrap();
    let networks = client.ask("GET", "network", "/v2.0/networks?router:external=false", None);
    let name = format!("live-port-{}", std::process::id());
    let body = json!({"port": {"name": name, "network_id": networks["networks"][0]["id"]}});
    let port = client.ask("POST", "network", "/v2.0/ports", Some(&body))["port"].clone();
    let (site, id) = ordered(&cloud, "port", &format!("{}\nmax = 1\nports = [\"{name}\"]", plain()));
    let server = site.becomes(&id, "ACTIVE");
    let node = site.joins(&server);
    let address = port["fixed_ips"][0]["ip_address"].as_str().unwrap();
    assert_eq!(node, format!("live+{address}"));
    retires(&site, &id, &node);
    client.ask("DELETE", "network", &format!("/v2.0/ports/{}", port["id"].as_str().unwrap()), None);
}

#[test]
fn live_a_size_by_what_it_has_and_an_image_by_a_pattern_are_found() {
    let Some(cloud) = cloud() else { return };
    let lines = "image_name = \"Debian*\"\nmin_cores = 1\nmin_ram = \"512M\"";
    let (site, id) = ordered(&cloud, "pattern", lines);
    let server = site.becomes(&id, "ACTIVE");
    let flavors = site.cloud.ask("GET", "compute", "/flavors/detail", None);
    let flavor = flavors["flavors"].as_array().unwrap().iter().find(|f| f["id"] == server["flavor"]["id"]).unwrap();
    assert_eq!(flavor["name"], size());
    let image = server["image"]["id"].as_str().unwrap();
    assert!(
        site.cloud.ask("GET", "image", &format!("/v2/images/{image}"), None)["name"]
            .as_str()
            .is_some_and(|name| name.starts_with("Debian"))
    );
}

#[test]
fn live_s5_a_floating_ip_comes_with_its_server_and_goes_with_it() {
    let Some(cloud) = cloud() else { return };
    let (site, id) = ordered(&cloud, "floating", &format!("{}\nfloating_ip_pool = \"public\"", plain()));
    site.becomes(&id, "ACTIVE");
    site.run_until_something_is_done().did(&["assign_floating_ip live floating_ip done"]);
    let addresses = site.cloud.floating_ips_of(&id);
    assert_eq!(addresses.len(), 1, "{addresses:?}");
    let address = addresses[0]["floating_ip_address"].as_str().unwrap();
    within_a_minute("the address shown", || {
        site.cloud.server(&id).filter(|server| server["addresses"].to_string().contains(address))
    });
    let again = site.run();
    again.did(&[]);
    assert_eq!(again.rule(Subject::FloatingIp, address), Rule::InUse);
    let node = site.joins_as(address);
    assert_eq!(site.run().rule(Subject::Node, &node), Rule::Busy);
    retires(&site, &id, &node);
    site.run_until_something_is_done().did(&["release_floating_ip server_gone done"]);
    assert_eq!(site.cloud.floating_ips_of(&id), [Value::Null; 0]);
}

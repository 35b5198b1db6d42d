//! What else a node type can ask of a cloud, each in a real boot.

use super::site::{Site, image, size};
use super::{cloud, eventually};
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
    eventually("the volume gone", || (site.cloud.send("GET", "volumev3", &path, None).0 == 404).then_some(()));
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
    eventually("the address shown", || {
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

/// An image as `openstack server image create` makes it of a server that booted from a volume.
#[test]
fn live_s5_the_volume_that_an_image_makes_goes_with_its_server() {
    let Some(name) = cloud() else { return };
    let cloud = super::nova::Cloud::named(&name).unwrap();
    let title = format!("live-image-{}", std::process::id());
    let own = ImageOfServer::make(&cloud, &title);
    let lines = format!("image_name = \"{title}\"\nsize = \"{}\"\nstorage = 1", size());
    let (site, id) = ordered(&name, "image", &lines);
    let server = site.becomes(&id, "ACTIVE");
    let attached = server["os-extended-volumes:volumes_attached"].as_array().unwrap().clone();
    assert_eq!(attached.len(), 2, "{server}");
    let node = site.joins(&server);
    retires(&site, &id, &node);
    for volume in attached {
        let path = format!("/volumes/{}", volume["id"].as_str().unwrap());
        eventually("the volume gone", || (site.cloud.send("GET", "volumev3", &path, None).0 == 404).then_some(()));
    }
    drop(site);
    drop(own);
}

/// The image, and what it was made of.
struct ImageOfServer<'c> {
    cloud: &'c super::nova::Cloud,
    paths: Vec<(&'static str, String)>,
}

impl<'c> ImageOfServer<'c> {
    fn make(cloud: &'c super::nova::Cloud, title: &str) -> Self {
        let mut made = Self { cloud, paths: Vec::new() };
        let of = |list: &str, service: &str, path: &str, name: &str| {
            let all = cloud.ask("GET", service, path, None);
            let found = all[list].as_array().unwrap().iter().find(|one| one["name"] == *name).unwrap();
            found["id"].as_str().unwrap().to_owned()
        };
        let (image, flavor) =
            (of("images", "image", "/v2/images", &super::site::image()), of("flavors", "compute", "/flavors", &size()));
        let disk = json!({"source_type": "image", "uuid": image, "destination_type": "volume", "volume_size": 1,
            "boot_index": 0, "delete_on_termination": true});
        let body =
            json!({"server": {"name": title, "flavorRef": flavor, "imageRef": "", "block_device_mapping_v2": [disk]}});
        let server = cloud.ask("POST", "compute", "/servers", Some(&body))["server"]["id"].as_str().unwrap().to_owned();
        let path = format!("/servers/{server}");
        eventually("a server with a volume", || {
            (cloud.ask("GET", "compute", &path, None)["server"]["status"] == "ACTIVE").then_some(())
        });
        let action = json!({"createImage": {"name": title}});
        cloud.ask("POST", "compute", &format!("{path}/action"), Some(&action));
        let snapshot = eventually("its snapshot", || {
            let all = cloud.ask("GET", "volumev3", "/snapshots/detail", None);
            let mut all = all["snapshots"].as_array().unwrap().iter();
            let own = all.find(|one| one["name"] == format!("snapshot for {title}") && one["status"] == "available")?;
            Some(own["id"].as_str().unwrap().to_owned())
        });
        made.paths.push(("image", format!("/v2/images/{}", of("images", "image", "/v2/images", title))));
        made.paths.push(("volumev3", format!("/snapshots/{snapshot}")));
        made.paths.push(("compute", path));
        made
    }
}

impl Drop for ImageOfServer<'_> {
    /// In this order: a volume with snapshots is not deleted with its server.
    fn drop(&mut self) {
        for (service, path) in &self.paths {
            let _ = self.cloud.try_to_send("DELETE", service, path, None);
            for _ in 0..50 {
                let gone = |(status, _)| status == 404;
                if self.cloud.try_to_send("GET", service, path, None).is_ok_and(gone) {
                    break;
                }
                super::pause(Duration::from_millis(200));
            }
        }
    }
}

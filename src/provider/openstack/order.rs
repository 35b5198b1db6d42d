//! One order: the request that makes a server, with its mark and its volume, in one call.

use crate::config::{BootVolume, NodeType, Sizing};
use crate::domain::names::ServerId;
use crate::http::Method;
use crate::provider::openstack::catalogue::Service;
use crate::provider::openstack::compute::Flavor;
use crate::provider::openstack::errors::{Task, Verb};
use crate::provider::openstack::microversion::Microversion;
use crate::provider::openstack::network::Sort;
use crate::provider::openstack::session::Call;
use crate::provider::openstack::{OpenStack, compute, flavor, image, network, server_group, wire};
use crate::provider::{Failure, FailureKind, Order};
use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The most that Nova takes of encoded user data, in bytes (nova/api/openstack/compute/schemas/servers.py).
const MOST_USER_DATA: usize = 65_535;

/// Sends one order, once.
pub(super) fn create(cloud: &OpenStack, order: &Order<'_>) -> Result<ServerId, Failure> {
    let doing = format!("order {} ({})", order.node_type.name, order.id);
    let task = cloud.session.task(&doing, Verb::Create);
    let user_data = encoded_user_data(&order.user_data, &task)?;
    let node_type = order.node_type;
    let named = |sort, names: &[String]| {
        names.iter().map(|name| cloud.of_network(sort, name)).collect::<Result<Vec<String>, Failure>>()
    };
    let means = Means {
        image: cloud.image(&node_type.image_name)?,
        flavor: cloud.flavor(node_type)?.id,
        networks: named(Sort::Network, &node_type.networks)?,
        ports: named(Sort::Port, &node_type.boot.ports)?,
        server_group: node_type.boot.server_group.as_ref().map(|name| cloud.server_group(name)).transpose()?,
    };
    let since = Microversion::needed(node_type);
    let body = request_body(order, &means, user_data, since);
    let path = "/servers".to_owned();
    let call = Call { method: Method::POST, service: Service::Compute, path, body: Some(body), limit: None, since };
    let response = cloud.session.send(&call, &task)?;
    if !response.is_success() {
        return Err(task.refused(Service::Compute, &response));
    }
    let created: wire::Created = response.json("the id of a new server").map_err(|error| task.broken(&error))?;
    // Known from now on, so that no message can show it; it is of no use to anybody here.
    created.server.admin_pass.map(Secret::new);
    Ok(ServerId::from(created.server.id))
}

impl OpenStack {
    /// The image that a name means. Asked for once.
    pub(super) fn image(&self, name: &str) -> Result<String, Failure> {
        if let Some(id) = self.known().images.get(name) {
            return Ok(id.clone());
        }
        let id = image::resolve(&self.session, name)?;
        self.known().images.insert(name.to_owned(), id.clone());
        Ok(id)
    }

    /// What a name of the network service means. Asked for once.
    pub(super) fn of_network(&self, sort: Sort, name: &str) -> Result<String, Failure> {
        let key = (sort, name.to_owned());
        if let Some(id) = self.known().networks.get(&key) {
            return Ok(id.clone());
        }
        let id = network::resolve(&self.session, sort, name)?;
        self.known().networks.insert(key, id.clone());
        Ok(id)
    }

    /// The server group that a name means. Asked for once.
    pub(super) fn server_group(&self, name: &str) -> Result<String, Failure> {
        if let Some(id) = self.known().server_groups.get(name) {
            return Ok(id.clone());
        }
        let id = server_group::resolve(&self.session, name)?;
        self.known().server_groups.insert(name.to_owned(), id.clone());
        Ok(id)
    }

    /// All sizes. Asked for once.
    pub(super) fn flavors(&self) -> Result<Arc<Vec<Flavor>>, Failure> {
        if let Some(flavors) = &self.known().flavors {
            return Ok(Arc::clone(flavors));
        }
        let flavors = Arc::new(compute::flavors(&self.session)?);
        self.known().flavors = Some(Arc::clone(&flavors));
        Ok(flavors)
    }

    /// The size of this id, or the only one of this name, or the smallest that has enough.
    pub(super) fn flavor(&self, node_type: &NodeType) -> Result<Flavor, Failure> {
        let flavors = self.flavors()?;
        let (doing, chosen) = match &node_type.size {
            Sizing::Named(wanted) => {
                (format!("find the size \"{}\"", wanted.escape_debug()), flavor::named(&flavors, wanted))
            }
            Sizing::AtLeast { cores, ram_mib } => (
                format!("find a size with {cores} cores and {ram_mib} MiB of memory"),
                flavor::smallest(&flavors, (*cores).into(), *ram_mib, node_type.boot.volume.is_some()),
            ),
        };
        let task = self.session.task(&doing, Verb::Read);
        chosen.map_err(|why| task.failure(FailureKind::Wrong, &why))
    }
}

pub(super) fn encoded_user_data(user_data: &str, task: &Task<'_>) -> Result<Option<String>, Failure> {
    if user_data.is_empty() {
        return Ok(None);
    }
    let encoded = STANDARD.encode(user_data);
    if encoded.len() > MOST_USER_DATA {
        let text = format!(
            "its script has {} bytes ({} encoded), and {MOST_USER_DATA} encoded bytes are the most that the compute \
             service takes: let a short script fetch the rest",
            user_data.len(),
            encoded.len()
        );
        return Err(task.failure(FailureKind::Wrong, &text));
    }
    Ok(Some(encoded))
}

/// What the names of a node type mean in this cloud.
struct Means {
    image: String,
    flavor: String,
    networks: Vec<String>,
    ports: Vec<String>,
    server_group: Option<String>,
}

fn request_body(order: &Order<'_>, means: &Means, user_data: Option<String>, since: Option<Microversion>) -> Value {
    let node_type = order.node_type;
    let mut server = Map::new();
    server.insert("name".into(), order.name.into());
    // A server that boots from a volume has no image of its own, as Nova sees it.
    let image = if node_type.boot.volume.is_some() { "" } else { &means.image };
    server.insert("imageRef".into(), image.into());
    server.insert("flavorRef".into(), means.flavor.as_str().into());
    server.insert("metadata".into(), metadata(order));
    if let Some(user_data) = user_data {
        server.insert("user_data".into(), user_data.into());
    }
    if let Some(key) = &node_type.keyname {
        server.insert("key_name".into(), key.as_str().into());
    }
    let networks = means.networks.iter().map(|id| json!({"uuid": id}));
    let networks: Vec<_> = networks.chain(means.ports.iter().map(|id| json!({"port": id}))).collect();
    if !networks.is_empty() {
        server.insert("networks".into(), networks.into());
    } else if since.is_some_and(Microversion::requires_networks) {
        server.insert("networks".into(), "auto".into());
    }
    if !node_type.security_groups.is_empty() {
        let groups: Vec<_> = node_type.security_groups.iter().map(|name| json!({"name": name})).collect();
        server.insert("security_groups".into(), groups.into());
    }
    if let Some(zone) = &node_type.availability_zone {
        server.insert("availability_zone".into(), zone.as_str().into());
    }
    if node_type.config_drive {
        server.insert("config_drive".into(), true.into());
    }
    if !node_type.boot.tags.is_empty() {
        server.insert("tags".into(), json!(node_type.boot.tags));
    }
    if let Some(description) = &node_type.boot.description {
        server.insert("description".into(), description.as_str().into());
    }
    if let Some(devices) = block_devices(node_type, &means.image) {
        server.insert("block_device_mapping_v2".into(), devices);
    }
    let mut body = json!({"server": server});
    let mut hints = json!(node_type.boot.scheduler_hints);
    if let Some(group) = &means.server_group {
        hints["group"] = group.as_str().into();
    }
    if hints.as_object().is_some_and(|hints| !hints.is_empty()) {
        // Beside the server, not in it (nova/api/openstack/compute/schemas/servers.py).
        body["os:scheduler_hints"] = hints;
    }
    body
}

/// The mark stands in the request itself, and nothing that is configured replaces it.
fn metadata(order: &Order<'_>) -> Value {
    let mut metadata = order.node_type.metadata.clone();
    metadata.insert("mita_owner".into(), order.installation.owner.to_string());
    metadata.insert("mita_controller".into(), order.installation.controller.to_string());
    metadata.insert("mita_node".into(), order.node_type.name.to_string());
    metadata.insert("mita_id".into(), order.id.to_string());
    json!(metadata)
}

/// The image, on the host's disk or on a volume of its own, and a blank volume. Both go with the server. With any volume
/// the image must be named here, too: a mapping without a boot device is refused ("Boot sequence ... is not valid").
fn block_devices(node_type: &NodeType, image: &str) -> Option<Value> {
    let boot = match &node_type.boot.volume {
        Some(BootVolume { size, volume_type }) => {
            let mut boot = json!({"source_type": "image", "uuid": image, "destination_type": "volume",
                "volume_size": size, "boot_index": 0, "delete_on_termination": true});
            if let Some(volume_type) = volume_type {
                boot["volume_type"] = volume_type.as_str().into();
            }
            boot
        }
        None => json!({"source_type": "image", "uuid": image, "destination_type": "local", "boot_index": 0,
            "delete_on_termination": true}),
    };
    let blank = node_type.storage.map(|size| {
        json!({"source_type": "blank", "destination_type": "volume", "volume_size": size, "boot_index": -1,
            "delete_on_termination": true})
    });
    (node_type.boot.volume.is_some() || blank.is_some()).then(|| std::iter::once(boot).chain(blank).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Hint;
    use crate::domain::installation::{Controller, Installation};
    use crate::provider::openstack::tests::node_type;

    fn means() -> Means {
        let (image, flavor) = ("image-1".into(), "flavor-1".into());
        Means { image, flavor, networks: Vec::new(), ports: Vec::new(), server_group: None }
    }

    fn body_of(node_type: &NodeType, means: &Means) -> Value {
        let id = "20261121T233012Z-1".into();
        let installation = Installation {
            owner: crate::domain::names::Owner::new("ceph-ci").unwrap(),
            controller: Controller::at("https://ci.example.com/"),
            former: Vec::new(),
        };
        let order = Order { node_type, installation: &installation, id: &id, name: "ubuntu", user_data: String::new() };
        request_body(&order, means, None, Microversion::needed(node_type))
    }

    fn order(node_type: &NodeType) -> Value {
        body_of(node_type, &means())["server"].take()
    }

    #[test]
    fn a_plain_order_says_only_what_is_configured_and_carries_its_mark() {
        assert_eq!(
            order(&node_type("ubuntu")),
            json!({"name": "ubuntu", "imageRef": "image-1", "flavorRef": "flavor-1",
                "metadata": {"mita_owner": "ceph-ci", "mita_controller": "ci.example.com", "mita_node": "ubuntu", "mita_id": "20261121T233012Z-1"}})
        );
    }

    #[test]
    fn storage_is_a_blank_volume_beside_the_image_and_goes_with_the_server() {
        let mut ubuntu = node_type("ubuntu");
        ubuntu.storage = Some(10);
        assert_eq!(
            order(&ubuntu)["block_device_mapping_v2"],
            json!([{"source_type": "image", "uuid": "image-1", "destination_type": "local", "boot_index": 0,
                    "delete_on_termination": true},
                   {"source_type": "blank", "destination_type": "volume", "volume_size": 10, "boot_index": -1,
                    "delete_on_termination": true}])
        );
    }

    #[test]
    fn s2_configured_metadata_never_replaces_the_mark() {
        let mut ubuntu = node_type("ubuntu");
        ubuntu.metadata =
            [("mita_owner", "somebody-else"), ("team", "ci")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        assert_eq!(
            order(&ubuntu)["metadata"],
            json!({"mita_owner": "ceph-ci", "mita_controller": "ci.example.com", "mita_node": "ubuntu", "mita_id": "20261121T233012Z-1", "team": "ci"})
        );
    }

    #[test]
    fn user_data_up_to_the_limit_is_encoded_and_beyond_it_refused_before_it_is_sent() {
        let name = crate::domain::names::ProviderName::from("cloud");
        let task = Task::new(&name, "order ubuntu", Verb::Create);
        assert_eq!(encoded_user_data("", &task), Ok(None));
        assert_eq!(encoded_user_data("#!/bin/sh\n", &task), Ok(Some("IyEvYmluL3NoCg==".into())));
        // 49,151 bytes make 65,536 encoded ones.
        assert!(encoded_user_data(&"x".repeat(49_149), &task).is_ok());
        let failure = encoded_user_data(&"x".repeat(49_152), &task).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Wrong);
        assert!(failure.message.contains("49152 bytes (65536 encoded)"), "{failure}");
    }

    #[test]
    fn a_volume_to_boot_from_is_made_of_the_image_and_goes_with_the_server() {
        let mut ubuntu = node_type("ubuntu");
        ubuntu.boot.volume = Some(BootVolume { size: 20, volume_type: None });
        let boot = json!({"source_type": "image", "uuid": "image-1", "destination_type": "volume", "volume_size": 20,
            "boot_index": 0, "delete_on_termination": true});
        let body = order(&ubuntu);
        assert_eq!(body["block_device_mapping_v2"], json!([boot]));
        assert_eq!((&body["imageRef"], body.get("networks")), (&json!(""), None));
        ubuntu.storage = Some(10);
        let blank = json!({"source_type": "blank", "destination_type": "volume", "volume_size": 10, "boot_index": -1,
            "delete_on_termination": true});
        assert_eq!(order(&ubuntu)["block_device_mapping_v2"], json!([boot, blank]));
    }

    #[test]
    fn the_type_of_a_volume_needs_a_microversion_with_which_networks_must_be_said() {
        let mut ubuntu = node_type("ubuntu");
        ubuntu.boot.volume = Some(BootVolume { size: 20, volume_type: Some("ssd".into()) });
        assert_eq!(Microversion::needed(&ubuntu).unwrap().to_string(), "2.67");
        let body = order(&ubuntu);
        assert_eq!(body["block_device_mapping_v2"][0]["volume_type"], "ssd");
        assert_eq!(body["networks"], "auto");
    }

    #[test]
    fn tags_and_description_ask_for_no_newer_microversion_than_they_need() {
        let mut ubuntu = node_type("ubuntu");
        assert_eq!(Microversion::needed(&ubuntu), None);
        ubuntu.boot.description = Some("for ceph".into());
        assert_eq!(Microversion::needed(&ubuntu).unwrap().to_string(), "2.19");
        assert_eq!((&order(&ubuntu)["description"], order(&ubuntu).get("networks")), (&json!("for ceph"), None));
        ubuntu.boot.tags = vec!["ci".into(), "ceph".into()];
        assert_eq!(Microversion::needed(&ubuntu).unwrap().to_string(), "2.52");
        assert_eq!((&order(&ubuntu)["tags"], &order(&ubuntu)["networks"]), (&json!(["ci", "ceph"]), &json!("auto")));
    }

    #[test]
    fn networks_come_first_and_then_ports_each_in_the_order_of_the_configuration() {
        let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        let means = Means { networks: ids(&["net-b", "net-a"]), ports: ids(&["port-1"]), ..means() };
        let body = body_of(&node_type("ubuntu"), &means);
        assert_eq!(body["server"]["networks"], json!([{"uuid": "net-b"}, {"uuid": "net-a"}, {"port": "port-1"}]));
    }

    #[test]
    fn the_schedulers_hints_stand_beside_the_server_with_its_group_among_them() {
        let mut ubuntu = node_type("ubuntu");
        assert_eq!(body_of(&ubuntu, &means()).get("os:scheduler_hints"), None);
        ubuntu.boot.scheduler_hints = [
            ("different_host".to_owned(), Hint::Many(vec!["a".into(), "b".into()])),
            ("query".to_owned(), Hint::One("[\">=\",\"$free_ram_mb\",1024]".into())),
        ]
        .into();
        let means = Means { server_group: Some("group-1".into()), ..means() };
        assert_eq!(
            body_of(&ubuntu, &means)["os:scheduler_hints"],
            json!({"different_host": ["a", "b"], "query": "[\">=\",\"$free_ram_mb\",1024]", "group": "group-1"})
        );
    }
}

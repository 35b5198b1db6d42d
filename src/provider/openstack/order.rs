//! One order: the request that makes a server, with its mark and its volume, in one call.

use super::catalogue::Service;
use super::compute::Flavor;
use super::errors::{Task, Verb};
use super::names::hint;
use super::session::Call;
use super::{OpenStack, compute, image, network, wire};
use crate::config::NodeType;
use crate::http::Method;
use crate::naming::ServerId;
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
    let means = Means {
        image: cloud.image(&node_type.image_name)?,
        flavor: cloud.flavor(&node_type.size)?.id,
        networks: node_type.networks.iter().map(|name| cloud.network(name)).collect::<Result<_, _>>()?,
    };
    let body = request_body(order, &means, user_data);
    let call = Call {
        method: Method::POST,
        service: Service::Compute,
        path: "/servers".to_owned(),
        body: Some(body),
        limit: None,
    };
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

    /// The network that a name means. Asked for once.
    pub(super) fn network(&self, name: &str) -> Result<String, Failure> {
        if let Some(id) = self.known().networks.get(name) {
            return Ok(id.clone());
        }
        let id = network::resolve(&self.session, name)?;
        self.known().networks.insert(name.to_owned(), id.clone());
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

    /// The size of this id, or the only one of this name.
    pub(super) fn flavor(&self, wanted: &str) -> Result<Flavor, Failure> {
        let flavors = self.flavors()?;
        let doing = format!("find the size \"{}\"", wanted.escape_debug());
        let task = self.session.task(&doing, Verb::Read);
        choose(&flavors, wanted).map_err(|why| task.failure(FailureKind::Wrong, &why))
    }
}

fn choose(flavors: &[Flavor], wanted: &str) -> Result<Flavor, String> {
    if let Some(flavor) = flavors.iter().find(|flavor| flavor.id == wanted) {
        return Ok(flavor.clone());
    }
    let named: Vec<_> = flavors.iter().filter(|flavor| flavor.name == wanted).collect();
    match named.as_slice() {
        [flavor] => Ok((*flavor).clone()),
        [] => {
            let hint = hint(wanted, flavors.iter().map(|flavor| flavor.name.as_str()));
            Err(format!("no size has this name; {hint}: correct size"))
        }
        several => {
            let ids: Vec<_> = several.iter().map(|flavor| flavor.id.as_str()).collect();
            Err(format!("{} sizes have this name: put the id of one in its place: {}", ids.len(), ids.join(", ")))
        }
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
}

fn request_body(order: &Order<'_>, means: &Means, user_data: Option<String>) -> Value {
    let node_type = order.node_type;
    let mut server = Map::new();
    server.insert("name".into(), order.name.into());
    server.insert("imageRef".into(), means.image.as_str().into());
    server.insert("flavorRef".into(), means.flavor.as_str().into());
    server.insert("metadata".into(), metadata(order));
    if let Some(user_data) = user_data {
        server.insert("user_data".into(), user_data.into());
    }
    if let Some(key) = &node_type.keyname {
        server.insert("key_name".into(), key.as_str().into());
    }
    if !means.networks.is_empty() {
        let networks: Vec<_> = means.networks.iter().map(|id| json!({"uuid": id})).collect();
        server.insert("networks".into(), networks.into());
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
    if let Some(devices) = block_devices(node_type, &means.image) {
        server.insert("block_device_mapping_v2".into(), devices);
    }
    json!({"server": server})
}

/// The mark stands in the request itself, and nothing that is configured replaces it.
fn metadata(order: &Order<'_>) -> Value {
    let mut metadata = order.node_type.metadata.clone();
    metadata.insert("mita_owner".into(), order.owner.to_string());
    metadata.insert("mita_node".into(), order.node_type.name.to_string());
    metadata.insert("mita_id".into(), order.id.to_string());
    json!(metadata)
}

/// The image and a blank volume that goes with the server. The image must be named here, too: a mapping without a boot
/// device is refused ("Boot sequence ... is not valid").
fn block_devices(node_type: &NodeType, image: &str) -> Option<Value> {
    let size = node_type.storage?;
    Some(json!([
        {"source_type": "image", "uuid": image, "destination_type": "local", "boot_index": 0,
         "delete_on_termination": true},
        {"source_type": "blank", "destination_type": "volume", "volume_size": size, "boot_index": -1,
         "delete_on_termination": true}
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::openstack::tests::node_type;
    use crate::world::Size;

    fn means() -> Means {
        Means { image: "image-1".into(), flavor: "flavor-1".into(), networks: Vec::new() }
    }

    fn order(node_type: &NodeType) -> Value {
        let (owner, id) = (crate::naming::Owner::new("ceph-ci").unwrap(), "20261121T233012Z-1".into());
        let order = Order { node_type, owner: &owner, id: &id, name: "ubuntu", user_data: String::new() };
        request_body(&order, &means(), None)["server"].take()
    }

    #[test]
    fn a_plain_order_says_only_what_is_configured_and_carries_its_mark() {
        assert_eq!(
            order(&node_type("ubuntu")),
            json!({"name": "ubuntu", "imageRef": "image-1", "flavorRef": "flavor-1",
                "metadata": {"mita_owner": "ceph-ci", "mita_node": "ubuntu", "mita_id": "20261121T233012Z-1"}})
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
            json!({"mita_owner": "ceph-ci", "mita_node": "ubuntu", "mita_id": "20261121T233012Z-1", "team": "ci"})
        );
    }

    #[test]
    fn user_data_up_to_the_limit_is_encoded_and_beyond_it_refused_before_it_is_sent() {
        let name = crate::naming::ProviderName::from("cloud");
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
    fn a_size_is_found_by_id_or_by_a_name_that_only_one_has() {
        let flavor = |id: &str, name: &str| Flavor { id: id.into(), name: name.into(), size: Size::default(), disk: 0 };
        let flavors = [flavor("1", "m1.tiny"), flavor("2", "1"), flavor("3", "twin"), flavor("4", "twin")];
        assert_eq!(choose(&flavors, "1").unwrap().name, "m1.tiny");
        assert_eq!(choose(&flavors, "m1.tiny").unwrap().id, "1");
        assert_eq!(
            choose(&flavors, "twin").unwrap_err(),
            "2 sizes have this name: put the id of one in its place: 3, 4"
        );
        assert_eq!(
            choose(&flavors, "m1.tini").unwrap_err(),
            "no size has this name; nearest: \"m1.tiny\": correct size"
        );
    }
}

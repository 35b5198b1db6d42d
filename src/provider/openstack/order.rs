//! One order: the request that creates a server with its mark.

use super::api::{Call, Effect, Microversion, NO_MICROVERSION, Operation, Service};
use super::cloud::{OpenStack, Resource};
use super::compute::wire::CreatedServer;
use super::disks::{self, Disks};
use super::network::Kind;
use crate::domain::names::ServerId;
use crate::http::Method;
use crate::provider::failure::{Failure, FailureKind};
use crate::provider::mark;
use crate::provider::order::Order;
use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// The most that Nova takes of encoded user data, in bytes (nova/api/openstack/compute/schemas/servers.py).
const MOST_USER_DATA: usize = 65_535;

/// Sends one order, once.
pub(super) fn create(cloud: &OpenStack, order: &Order<'_>) -> Result<ServerId, Failure> {
    let node_type = order.node_type;
    let description = format!("order {} ({})", node_type.name, order.id);
    let operation = cloud.session.operation(&description, Effect::Create);
    let user_data = encoded_user_data(&order.user_data, &operation)?;
    let group = node_type.boot.server_group.as_deref();
    let ids = Ids {
        disks: disks::of(node_type, &*cloud.image(&node_type.image_name)?)
            .map_err(|why| operation.failure(FailureKind::Wrong, &why))?,
        flavor: cloud.flavor(node_type)?.id,
        networks: cloud.resolve_all(Resource::Network(Kind::Network), &node_type.networks)?,
        ports: cloud.resolve_all(Resource::Network(Kind::Port), &node_type.boot.ports)?,
        server_group: group.map(|name| cloud.resolve(Resource::ServerGroup, name)).transpose()?,
    };
    if let Some(pool) = &node_type.boot.floating_ip_pool {
        // Without it the server would never be reached.
        cloud.resolve(Resource::Network(Kind::ExternalNetwork), pool)?;
    }
    let microversion = Microversion::needed(node_type);
    let body = Some(request_body(order, &ids, user_data, microversion));
    let call = Call { body, microversion, ..Call::new(Method::POST, Service::Compute, "/servers") };
    let response = cloud.session.send(&call, &operation)?;
    if let (406, Some(version)) = (response.status, microversion) {
        let newest = Microversion::newest_in(&response).filter(|newest| *newest < version).unwrap_or(Microversion(1));
        let keys = Microversion::keys_beyond(node_type, newest).join(" and ");
        let advice = format!("it is too old for {keys} (microversion {version}): leave that out of the node type");
        return Err(operation.refused_as(FailureKind::Wrong, &Service::Compute.to_string(), &response, &advice));
    }
    if response.status == 400 && microversion.is_some() && cloud.session.ignores_microversions() {
        let keys = Microversion::keys(node_type).join(" and ");
        let advice = format!("it {NO_MICROVERSION}: have that corrected, or leave {keys} out of the node type");
        return Err(operation.refused_as(FailureKind::Wrong, &Service::Compute.to_string(), &response, &advice));
    }
    if !response.is_success() {
        return Err(operation.refused(Service::Compute, &response));
    }
    let body = response.json_body("the id of a new server");
    let created: CreatedServer =
        body.and_then(|body| body.take("/server")).map_err(|error| operation.unusable(&error))?;
    // Registered for redaction, so that no message can show it. Nobody needs it here.
    created.admin_pass.map(Secret::new);
    Ok(ServerId::from(created.id))
}

/// The user data as Nova takes it; `None` if it is empty.
pub(super) fn encoded_user_data(user_data: &str, operation: &Operation<'_>) -> Result<Option<String>, Failure> {
    if user_data.is_empty() {
        return Ok(None);
    }
    let encoded = STANDARD.encode(user_data);
    if encoded.len() > MOST_USER_DATA {
        let text = format!(
            "its script has {} bytes ({} encoded), and the compute service takes at most {MOST_USER_DATA} encoded bytes: let \
             a short script fetch the rest",
            user_data.len(),
            encoded.len()
        );
        return Err(operation.failure(FailureKind::Wrong, &text));
    }
    Ok(Some(encoded))
}

/// The ids of what a node type names.
struct Ids {
    disks: Disks,
    flavor: String,
    networks: Vec<String>,
    ports: Vec<String>,
    server_group: Option<String>,
}

fn request_body(order: &Order<'_>, ids: &Ids, user_data: Option<String>, microversion: Option<Microversion>) -> Value {
    let node_type = order.node_type;
    let boot = &node_type.boot;
    let networks = ids.networks.iter().map(|id| json!({"uuid": id}));
    let networks: Vec<Value> = networks.chain(ids.ports.iter().map(|id| json!({"port": id}))).collect();
    let networks = match networks.is_empty() {
        false => Some(networks.into()),
        true => microversion.filter(|version| version.requires_networks()).map(|_| "auto".into()),
    };
    let groups: Vec<_> = node_type.security_groups.iter().map(|name| json!({"name": name})).collect();
    let mut server = json!({
        "name": order.name,
        "imageRef": ids.disks.image,
        "flavorRef": ids.flavor,
        "metadata": mark::metadata(order),
    });
    let optional = [
        ("user_data", user_data.map(Value::from)),
        ("key_name", node_type.keyname.as_deref().map(Value::from)),
        ("networks", networks),
        ("security_groups", (!groups.is_empty()).then(|| groups.into())),
        ("availability_zone", node_type.availability_zone.as_deref().map(Value::from)),
        ("config_drive", node_type.config_drive.then(|| true.into())),
        ("tags", (!boot.tags.is_empty()).then(|| json!(boot.tags))),
        ("description", boot.description.as_deref().map(Value::from)),
        ("block_device_mapping_v2", (!ids.disks.mapping.is_empty()).then(|| json!(ids.disks.mapping))),
    ];
    for (key, value) in optional {
        if let Some(value) = value {
            server[key] = value;
        }
    }
    let mut body = json!({"server": server});
    let mut hints = json!(boot.scheduler_hints);
    if let Some(group) = &ids.server_group {
        hints["group"] = group.as_str().into();
    }
    if hints.as_object().is_some_and(|hints| !hints.is_empty()) {
        // Next to the server, not in it (nova/api/openstack/compute/schemas/servers.py).
        body["os:scheduler_hints"] = hints;
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{BootVolume, Hint, NodeType};
    use crate::domain::installation::{Controller, Installation};
    use crate::provider::openstack::tests::node_type;

    fn ids() -> Ids {
        let disks = Disks { image: "image-1".into(), mapping: Vec::new() };
        Ids { disks, flavor: "flavor-1".into(), networks: Vec::new(), ports: Vec::new(), server_group: None }
    }

    fn body_of(node_type: &NodeType, ids: &Ids) -> Value {
        let id = "20261121T233012Z-1".into();
        let installation = Installation {
            owner: crate::domain::names::Owner::new("ceph-ci").unwrap(),
            controller: Controller::at("https://ci.example.com/"),
            former: Vec::new(),
        };
        let order = Order { node_type, installation: &installation, id: &id, name: "ubuntu", user_data: String::new() };
        request_body(&order, ids, None, Microversion::needed(node_type))
    }

    fn order(node_type: &NodeType) -> Value {
        body_of(node_type, &ids())["server"].take()
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
        let operation = Operation::new("order ubuntu", Effect::Create);
        assert_eq!(encoded_user_data("", &operation), Ok(None));
        assert_eq!(encoded_user_data("#!/bin/sh\n", &operation), Ok(Some("IyEvYmluL3NoCg==".into())));
        // 49,151 bytes make 65,536 encoded ones.
        assert!(encoded_user_data(&"x".repeat(49_149), &operation).is_ok());
        let failure = encoded_user_data(&"x".repeat(49_152), &operation).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Wrong);
        assert!(failure.message.contains("49152 bytes (65536 encoded)"), "{failure}");
    }

    #[test]
    fn the_type_of_a_volume_needs_a_microversion_with_which_networks_must_be_said() {
        let mut ubuntu = node_type("ubuntu");
        ubuntu.boot.volume = Some(BootVolume { size: 20, volume_type: Some("ssd".into()) });
        assert_eq!(Microversion::needed(&ubuntu).unwrap().to_string(), "2.67");
        let body = order(&ubuntu);
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
        let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        let ids = Ids { networks: owned(&["net-b", "net-a"]), ports: owned(&["port-1"]), ..ids() };
        let body = body_of(&node_type("ubuntu"), &ids);
        assert_eq!(body["server"]["networks"], json!([{"uuid": "net-b"}, {"uuid": "net-a"}, {"port": "port-1"}]));
    }

    #[test]
    fn the_schedulers_hints_stand_beside_the_server_with_its_group_among_them() {
        let mut ubuntu = node_type("ubuntu");
        assert_eq!(body_of(&ubuntu, &ids()).get("os:scheduler_hints"), None);
        ubuntu.boot.scheduler_hints = [
            ("different_host".to_owned(), Hint::Many(vec!["a".into(), "b".into()])),
            ("query".to_owned(), Hint::One("[\">=\",\"$free_ram_mb\",1024]".into())),
        ]
        .into();
        let ids = Ids { server_group: Some("group-1".into()), ..ids() };
        assert_eq!(
            body_of(&ubuntu, &ids)["os:scheduler_hints"],
            json!({"different_host": ["a", "b"], "query": "[\">=\",\"$free_ram_mb\",1024]", "group": "group-1"})
        );
    }
}

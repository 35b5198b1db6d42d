//! How Nova shows servers and sizes.

use serde_json::{Map, Value, json};

use crate::clock::{iso, iso_micros};
use crate::openstack::{Cloud, Flavor, Server, Status};

impl Cloud {
    pub(super) fn links(&self, kind: &str, id: &str) -> Value {
        json!([
            {"rel": "self", "href": format!("{}/{kind}/{id}", self.endpoint("compute"))},
            {"rel": "bookmark", "href": format!("{}/compute/{kind}/{id}", self.url)},
        ])
    }

    fn bookmark(&self, kind: &str, id: &str) -> Value {
        json!([{"rel": "bookmark", "href": format!("{}/compute/{kind}/{id}", self.url)}])
    }

    /// A server as `GET /servers/detail` shows it; `fault` only when it is asked for alone.
    pub(crate) fn server_json(&self, server: &Server, minor: u32, alone: bool) -> Value {
        let (vm_state, power_state) = server.status.vm_state();
        let building = server.status == Status::Build;
        let flavor = self.flavors.iter().find(|f| f.id == server.flavor);
        let flavor_json = match flavor.filter(|_| minor >= 47) {
            Some(f) => json!({"vcpus": f.vcpus, "ram": f.ram, "disk": f.disk, "ephemeral": 0, "swap": 0,
                              "original_name": f.name, "extra_specs": {}}),
            None => json!({"id": server.flavor, "links": self.bookmark("flavors", &server.flavor)}),
        };
        let image = match server.image.as_str() {
            "" => "".into(),
            id => json!({"id": id, "links": self.bookmark("images", id)}),
        };
        let volumes: Vec<Value> = self
            .volumes
            .iter()
            .filter(|v| v.server.as_ref() == Some(&server.id))
            .map(|v| match minor >= 3 {
                true => json!({"id": v.id, "delete_on_termination": v.delete_on_termination}),
                false => json!({"id": v.id}),
            })
            .collect();
        let host = server.launched.is_some();
        let mut body = json!({
            "id": server.id,
            "name": server.name,
            "status": server.status.name(),
            "tenant_id": server.project,
            "user_id": server.user,
            "metadata": server.metadata,
            "hostId": if host { "90786ffc77086929623cdfac9f89053a27b1f023160de9bfa8ffceab" } else { "" },
            "image": image,
            "flavor": flavor_json,
            "created": iso(server.created),
            "updated": iso(server.updated),
            "addresses": self.addresses_json(server),
            "accessIPv4": "",
            "accessIPv6": "",
            "links": self.links("servers", &server.id),
            "OS-DCF:diskConfig": "MANUAL",
            "OS-EXT-AZ:availability_zone": if host { server.zone.as_deref().unwrap_or("nova") } else { "" },
            "config_drive": if server.config_drive { "True" } else { "" },
            "key_name": server.key_name,
            "OS-SRV-USG:launched_at": server.launched.map(iso_micros),
            "OS-SRV-USG:terminated_at": null,
            "OS-EXT-STS:task_state": server.task_state(self.now, self.options.boot_time),
            "OS-EXT-STS:vm_state": vm_state,
            "OS-EXT-STS:power_state": power_state,
            "os-extended-volumes:volumes_attached": volumes,
        });
        if building || server.status == Status::Active {
            body["progress"] = 0.into();
        }
        if !server.addresses.is_empty() {
            let groups = server.security_groups.iter().map(|g| json!({"name": g}));
            body["security_groups"] = groups.collect();
        }
        if let Some(message) = server.fault.as_ref().filter(|_| alone) {
            body["fault"] = json!({"code": 500, "created": iso(server.updated), "message": message});
        }
        if minor >= 26 {
            body["tags"] = json!(server.tags);
            body["locked"] = false.into();
            body["description"] = server.name.clone().into();
        }
        body
    }

    fn addresses_json(&self, server: &Server) -> Value {
        let building = server.status == Status::Build;
        if building && !self.options.addresses_while_spawning {
            return json!({});
        }
        let mut map = Map::new();
        for address in &server.addresses {
            let network = self.networks.iter().find(|n| n.id == address.network);
            let name = network.map_or("?", |n| n.name.as_str());
            let entry = |addr: &str, version: u8, kind: &str| {
                json!({"version": version, "addr": addr, "OS-EXT-IPS:type": kind,
                       "OS-EXT-IPS-MAC:mac_addr": address.mac})
            };
            let list = map.entry(name).or_insert_with(|| json!([]));
            let Some(list) = list.as_array_mut() else { continue };
            list.push(entry(&address.addr, address.version, "fixed"));
            if address.version == 4 {
                let floating = self.floating_ips.iter().filter(|f| f.port.as_ref() == Some(&address.port));
                list.extend(floating.map(|f| entry(&f.address, 4, "floating")));
            }
        }
        Value::Object(map)
    }

    pub(super) fn flavor_json(&self, flavor: &Flavor, minor: u32, detail: bool) -> Value {
        let links = self.links("flavors", &flavor.id);
        if !detail {
            return json!({"id": flavor.id, "name": flavor.name, "links": links});
        }
        let swap: Value = if minor >= 75 { 0.into() } else { "".into() };
        json!({
            "id": flavor.id, "name": flavor.name, "ram": flavor.ram, "disk": flavor.disk, "swap": swap,
            "OS-FLV-EXT-DATA:ephemeral": 0, "OS-FLV-DISABLED:disabled": false, "vcpus": flavor.vcpus,
            "os-flavor-access:is_public": true, "rxtx_factor": 1.0, "links": links,
        })
    }
}

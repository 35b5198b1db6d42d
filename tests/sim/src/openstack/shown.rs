//! How Nova shows servers and sizes. Servers are written through borrowing
//! structs instead of JSON values: a list of hundreds is asked for in every run.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::clock::{iso, iso_micros};
use crate::openstack::{Cloud, Flavor, Server, Status};

/// A server as `GET /servers/detail` shows it.
#[derive(Serialize)]
pub(super) struct ShownServer<'a> {
    id: &'a str,
    name: &'a str,
    status: &'static str,
    tenant_id: &'a str,
    user_id: &'a str,
    metadata: &'a BTreeMap<String, String>,
    #[serde(rename = "hostId")]
    host_id: &'static str,
    image: ShownImage<'a>,
    flavor: ShownFlavor<'a>,
    created: String,
    updated: String,
    addresses: BTreeMap<&'a str, Vec<ShownAddress<'a>>>,
    #[serde(rename = "accessIPv4")]
    access_ipv4: &'static str,
    #[serde(rename = "accessIPv6")]
    access_ipv6: &'static str,
    links: [Link; 2],
    #[serde(rename = "OS-DCF:diskConfig")]
    disk_config: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<ShownFault<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<u8>,
    #[serde(rename = "OS-EXT-AZ:availability_zone")]
    zone: &'a str,
    config_drive: &'static str,
    key_name: Option<&'a str>,
    #[serde(rename = "OS-SRV-USG:launched_at")]
    launched_at: Option<String>,
    #[serde(rename = "OS-SRV-USG:terminated_at")]
    terminated_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    security_groups: Option<Vec<Named<'a>>>,
    #[serde(rename = "OS-EXT-STS:task_state")]
    task_state: Option<&'static str>,
    #[serde(rename = "OS-EXT-STS:vm_state")]
    vm_state: &'static str,
    #[serde(rename = "OS-EXT-STS:power_state")]
    power_state: u8,
    #[serde(rename = "os-extended-volumes:volumes_attached")]
    volumes: Vec<ShownVolume<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locked: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
}

#[derive(Serialize)]
struct Link {
    rel: &'static str,
    href: String,
}

#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ShownImage<'a> {
    /// Booted from a volume: an empty text.
    None(&'static str),
    Image {
        id: &'a str,
        links: [Link; 1],
    },
}

#[derive(Serialize)]
#[serde(untagged)]
enum ShownFlavor<'a> {
    /// Below microversion 2.47.
    ById { id: &'a str, links: [Link; 1] },
    Embedded {
        vcpus: u64,
        ram: u64,
        disk: u64,
        ephemeral: u64,
        swap: u64,
        original_name: &'a str,
        extra_specs: BTreeMap<String, String>,
    },
}

#[derive(Serialize)]
struct ShownAddress<'a> {
    version: u8,
    addr: &'a str,
    #[serde(rename = "OS-EXT-IPS:type")]
    kind: &'static str,
    #[serde(rename = "OS-EXT-IPS-MAC:mac_addr")]
    mac: &'a str,
}

#[derive(Serialize)]
struct ShownFault<'a> {
    code: u16,
    created: String,
    message: &'a str,
}

#[derive(Serialize)]
struct ShownVolume<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    delete_on_termination: Option<bool>,
}

impl Cloud {
    fn both_links(&self, kind: &str, id: &str) -> [Link; 2] {
        let [bookmark] = self.bookmark(kind, id);
        [Link { rel: "self", href: format!("{}/compute/v2.1/{kind}/{id}", self.url) }, bookmark]
    }

    fn bookmark(&self, kind: &str, id: &str) -> [Link; 1] {
        [Link { rel: "bookmark", href: format!("{}/compute/{kind}/{id}", self.url) }]
    }

    pub(super) fn links(&self, kind: &str, id: &str) -> Value {
        json!(self.both_links(kind, id))
    }

    /// A server as the list shows it, or, asked for alone, with its `fault`.
    pub(super) fn shown<'a>(&'a self, server: &'a Server, minor: u32, alone: bool) -> ShownServer<'a> {
        let (vm_state, power_state) = server.status.vm_state();
        let host = server.launched.is_some();
        let flavor = self.flavors.iter().find(|f| f.id == server.flavor);
        let volumes = self.volumes.iter().filter(|v| v.server.as_ref() == Some(&server.id));
        let progress = [Status::Build, Status::Active].contains(&server.status).then_some(0);
        let groups = || server.security_groups.iter().map(|name| Named { name }).collect();
        ShownServer {
            id: &server.id,
            name: &server.name,
            status: server.status.name(),
            tenant_id: &server.project,
            user_id: &server.user,
            metadata: &server.metadata,
            host_id: if host { "90786ffc77086929623cdfac9f89053a27b1f023160de9bfa8ffceab" } else { "" },
            image: match server.image.as_str() {
                "" => ShownImage::None(""),
                id => ShownImage::Image { id, links: self.bookmark("images", id) },
            },
            flavor: match flavor.filter(|_| minor >= 47) {
                Some(f) => ShownFlavor::Embedded {
                    vcpus: f.vcpus,
                    ram: f.ram,
                    disk: f.disk,
                    ephemeral: 0,
                    swap: 0,
                    original_name: &f.name,
                    extra_specs: BTreeMap::new(),
                },
                None => ShownFlavor::ById { id: &server.flavor, links: self.bookmark("flavors", &server.flavor) },
            },
            created: iso(server.created),
            updated: iso(server.updated),
            addresses: self.shown_addresses(server),
            access_ipv4: "",
            access_ipv6: "",
            links: self.both_links("servers", &server.id),
            disk_config: "MANUAL",
            fault: server.fault.as_ref().filter(|_| alone).map(|message| ShownFault {
                code: 500,
                created: iso(server.updated),
                message,
            }),
            progress,
            zone: if host { server.zone.as_deref().unwrap_or("nova") } else { "" },
            config_drive: if server.config_drive { "True" } else { "" },
            key_name: server.key_name.as_deref(),
            launched_at: server.launched.map(iso_micros),
            terminated_at: None,
            security_groups: (!server.addresses.is_empty()).then(groups),
            task_state: server.task_state(self.now, self.options.boot_time),
            vm_state,
            power_state,
            volumes: volumes
                .map(|v| ShownVolume {
                    id: &v.id,
                    delete_on_termination: (minor >= 3).then_some(v.delete_on_termination),
                })
                .collect(),
            tags: (minor >= 26).then_some(server.tags.as_slice()),
            locked: (minor >= 9).then_some(server.locked),
            description: (minor >= 19).then_some(server.description.as_deref().unwrap_or(&server.name)),
        }
    }

    fn shown_addresses<'a>(&'a self, server: &'a Server) -> BTreeMap<&'a str, Vec<ShownAddress<'a>>> {
        let mut networks: BTreeMap<&str, Vec<ShownAddress<'_>>> = BTreeMap::new();
        if server.status == Status::Build && !self.options.addresses_while_spawning {
            return networks;
        }
        for address in &server.addresses {
            let network = self.networks.iter().find(|n| n.id == address.network);
            let list = networks.entry(network.map_or("?", |n| n.name.as_str())).or_default();
            let shown = |addr, kind| ShownAddress { version: address.version, addr, kind, mac: &address.mac };
            list.push(shown(address.addr.as_str(), "fixed"));
            if address.version == 4 {
                let floating = self.floating_ips.iter().filter(|f| f.port.as_ref() == Some(&address.port));
                list.extend(floating.map(|f| shown(f.address.as_str(), "floating")));
            }
        }
        networks
    }

    pub(super) fn flavor_json(&self, flavor: &Flavor, minor: u32, detail: bool) -> Value {
        let links = self.links("flavors", &flavor.id);
        if !detail {
            return json!({"id": flavor.id, "name": flavor.name, "links": links});
        }
        let swap: Value = if minor >= 75 { 0.into() } else { "".into() };
        let mut body = json!({
            "id": flavor.id, "name": flavor.name, "ram": flavor.ram, "disk": flavor.disk, "swap": swap,
            "OS-FLV-EXT-DATA:ephemeral": 0, "OS-FLV-DISABLED:disabled": false, "vcpus": flavor.vcpus,
            "os-flavor-access:is_public": true, "rxtx_factor": 1.0, "links": links,
        });
        if minor >= 55 {
            body["description"] = Value::Null;
        }
        body
    }
}

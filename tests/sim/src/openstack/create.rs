//! `POST /servers`: everything that Nova refuses, and the order that it takes.

use serde_json::{Map, Value, json};

use crate::codec::is_uuid;
use crate::http::{Request, Response};
use crate::openstack::answers::{fault, python};
use crate::openstack::order::{
    Refused, check_keys, checked_bool, checked_count, checked_metadata, checked_tags, checked_text, checked_user_data,
    number, optional_text, refuse,
};
use crate::openstack::{Cloud, Fate, Flavor, NewVolume, Server, Status, Token};

impl Cloud {
    pub(crate) fn create_servers(&mut self, request: &Request, token: &Token, minor: u32) -> Response {
        let body: Option<Value> = request.json();
        let answer = match &body {
            None => Err(refuse("Malformed request body")),
            Some(body) => match body["server"].as_object() {
                None => Err(refuse("'server' is a required property")),
                Some(order) => self.hints(body).and_then(|hints| self.order(order, hints, token, minor)),
            },
        };
        answer.unwrap_or_else(|refused| *refused)
    }

    /// What stands beside the server: hints for the scheduler, and nothing else.
    fn hints(&self, body: &Value) -> Result<Value, Refused> {
        const HINTS: [&str; 2] = ["os:scheduler_hints", "OS-SCH-HNT:scheduler_hints"];
        let other = body.as_object().into_iter().flatten().map(|(key, _)| key.as_str());
        if let Some(key) = other.clone().find(|key| *key != "server" && !HINTS.contains(key)) {
            return Err(refuse(&format!("Additional properties are not allowed ('{key}' was unexpected)")));
        }
        let hints = HINTS.iter().find_map(|key| body.get(*key)).cloned().unwrap_or_default();
        if let Some(group) = hints.get("group") {
            let group = group.as_str().unwrap_or_default();
            if !is_uuid(group) {
                let text = "Invalid input for field/attribute group.";
                return Err(refuse(&format!("{text} Value: {group}. '{group}' is not a 'uuid'")));
            }
            if !self.server_groups.iter().any(|g| g.id == group) {
                return Err(refuse(&format!("Instance group {group} could not be found.")));
            }
        }
        Ok(hints)
    }

    fn order(
        &mut self,
        order: &Map<String, Value>,
        hints: Value,
        token: &Token,
        minor: u32,
    ) -> Result<Response, Refused> {
        check_keys(order, minor)?;
        let name = checked_text(order, "name", 255)?;
        let metadata = checked_metadata(order.get("metadata"))?;
        let user_data = checked_user_data(order.get("user_data"))?;
        let key_name = optional_text(order, "key_name")?;
        let zone = optional_text(order, "availability_zone")?;
        let config_drive = checked_bool(order.get("config_drive"))?;
        let flavor = self.checked_flavor(order)?;
        let (image, new_volumes) = self.checked_image(order, minor)?;
        if let Some(found) = self.images.iter().find(|i| i.id == image) {
            if flavor.ram < found.min_ram {
                return Err(refuse("Flavor's memory is too small for requested image."));
            }
            let gib = |size: u64| size << 30;
            if flavor.disk > 0 && flavor.disk < found.min_disk {
                return Err(refuse(&format!(
                    "Flavor's disk is smaller than the minimum size specified in image metadata. Flavor disk is {} \
                     bytes, minimum size is {} bytes.",
                    gib(flavor.disk),
                    gib(found.min_disk)
                )));
            }
        }
        let tags = checked_tags(order.get("tags"))?;
        let description = optional_text(order, "description")?;
        if flavor.disk == 0 && !new_volumes.iter().any(|v| v.boots) {
            let text = "Only volume-backed servers are allowed for flavors with zero disk.";
            return Err(Box::new(fault(403, "forbidden", text)));
        }
        if key_name.as_ref().is_some_and(|k| !self.user_has_key(token, k)) {
            return Err(refuse("Invalid key_name provided."));
        }
        if zone.as_ref().is_some_and(|z| !self.zones.contains(z)) {
            return Err(refuse("The requested availability zone is not available"));
        }
        let project = token.project.clone().unwrap_or_default();
        let (networks, ports) = self.checked_networks(order.get("networks"), &project)?;
        if let Some(bare) = self.networks.iter().find(|n| networks.contains(&n.id) && !n.has_subnets) {
            let text = format!("Network {} requires a subnet in order to boot instances on.", bare.id);
            return Err(refuse(&text));
        }
        let security_groups = self.checked_groups(order.get("security_groups"), &project)?;
        let count = checked_count(order)?;
        self.check_quota(&flavor, &project, count)?;

        let mut first = String::new();
        for n in 1..=count {
            let id = self.ids.uuid();
            if n == 1 {
                first.clone_from(&id);
            }
            self.history.insert(id.clone(), metadata.clone());
            let fate = match self.next_fates.pop_front() {
                Some(fate) => fate,
                None if flavor.too_large => Fate::no_valid_host(),
                None => self.default_fate.clone(),
            };
            self.servers.push(Server {
                id,
                name: if count > 1 { format!("{name}-{n}") } else { name.clone() },
                project: project.clone(),
                user: token.user.clone(),
                flavor: flavor.id.clone(),
                image: image.clone(),
                key_name: key_name.clone(),
                metadata: metadata.clone(),
                user_data: user_data.clone(),
                networks: networks.clone(),
                security_groups: security_groups.clone(),
                zone: zone.clone(),
                config_drive,
                tags: tags.clone(),
                status: Status::Build,
                created: self.now,
                updated: self.now,
                launched: None,
                fault: None,
                addresses: Vec::new(),
                new_volumes: new_volumes.clone(),
                ports: ports.clone(),
                description: description.clone(),
                hints: hints.clone(),
                gone_at: None,
                locked: false,
                stuck_deleting: false,
                task: None,
                fate,
            });
        }
        let location = format!("{}/servers/{first}", self.endpoint("compute"));
        let groups: Vec<Value> = security_groups.iter().map(|g| json!({"name": g})).collect();
        let body = json!({"server": {
            "id": first,
            "links": [
                {"rel": "self", "href": location},
                {"rel": "bookmark", "href": format!("{}/compute/servers/{first}", self.url)},
            ],
            "OS-DCF:diskConfig": "MANUAL",
            "security_groups": groups,
            "adminPass": &self.ids.hex()[..12],
        }});
        Ok(Response::json(202, &body).with("Location", location))
    }

    fn checked_flavor(&self, order: &Map<String, Value>) -> Result<Flavor, Refused> {
        let wanted = match &order["flavorRef"] {
            Value::String(s) => s.clone(),
            Value::Number(n) => n.to_string(),
            _ => return Err(refuse("Invalid input for field/attribute flavorRef.")),
        };
        let id = wanted.rsplit('/').next().unwrap_or_default();
        let found = self.flavors.iter().find(|f| f.id == id);
        found.cloned().ok_or_else(|| refuse(&format!("Flavor {id} could not be found.")))
    }

    /// The image, and the new volumes of `block_device_mapping_v2`.
    fn checked_image(&self, order: &Map<String, Value>, minor: u32) -> Result<(String, Vec<NewVolume>), Refused> {
        let image = order.get("imageRef").and_then(Value::as_str).unwrap_or_default().to_string();
        if !image.is_empty() && !is_uuid(&image) {
            return Err(refuse(&format!(
                "Invalid input for field/attribute imageRef. Value: {image}. '{image}' is not valid under any of the given schemas"
            )));
        }
        let mapping = order.get("block_device_mapping_v2");
        if image.is_empty() && mapping.is_none() {
            return Err(refuse("Missing imageRef attribute"));
        }
        if !image.is_empty() && !self.images.iter().any(|i| i.id == image && i.status != "deleted") {
            return Err(refuse("Can not find requested image"));
        }
        if let Some(i) = self.images.iter().find(|i| i.id == image).filter(|i| i.status != "active") {
            return Err(refuse(&format!("Image {} is not active.", i.id)));
        }
        let Some(mapping) = mapping else { return Ok((image.clone(), self.volumes_of_image(&image))) };
        let Some(entries) = mapping.as_array() else {
            return Err(refuse("Invalid input for field/attribute block_device_mapping_v2."));
        };
        let mut volumes = Vec::new();
        let mut boots = 0;
        let mut boot_volume = false;
        for (n, entry) in entries.iter().enumerate() {
            let text = |key: &str| entry[key].as_str().unwrap_or_default();
            if minor < 67 && entry.get("volume_type").is_some() {
                return Err(refuse(&format!(
                    "Invalid input for field/attribute {n}. Value: {}. Additional properties are not allowed ('volume_type' was unexpected)",
                    python(entry)
                )));
            }
            let volume_type = entry["volume_type"].as_str().map(str::to_string);
            if let Some(unknown) = volume_type.as_ref().filter(|t| !self.volume_kinds.contains(t)) {
                return Err(refuse(&format!("Volume type {unknown} could not be found.")));
            }
            boots += usize::from(entry["boot_index"] == 0);
            let goes_with_it = entry["delete_on_termination"] == true;
            let size = match entry.get("volume_size") {
                Some(Value::Null) => {
                    return Err(refuse(
                        "Invalid input for field/attribute volume_size. Value: None. None is not of type 'integer', 'string'",
                    ));
                }
                size => size.and_then(number).unwrap_or(0),
            };
            match (text("source_type"), text("destination_type")) {
                ("image", "local") if text("uuid") == image => {}
                ("image", "volume") if size == 0 => {
                    return Err(refuse("Images with destination_type 'volume' need to have a non-zero size specified"));
                }
                ("image", "volume") if self.images.iter().any(|i| i.id == text("uuid")) => {
                    boot_volume = true;
                    volumes.push(NewVolume { size, goes_with_it, boots: true, volume_type });
                }
                ("blank", "volume") if size == 0 => {
                    return Err(refuse("Blank volumes (source: 'blank', dest: 'volume') need to have non-zero size"));
                }
                ("blank", "volume") => volumes.push(NewVolume { size, goes_with_it, boots: false, volume_type }),
                ("snapshot", "volume")
                    if self.images.iter().any(|i| i.snapshot.as_ref().is_some_and(|s| s.id == text("uuid"))) =>
                {
                    boot_volume = true;
                    volumes.push(NewVolume { size, goes_with_it, boots: true, volume_type });
                }
                ("volume", "volume") if self.volumes.iter().any(|v| v.id == text("uuid")) => {}
                ("image", _) => {
                    let text = format!("Block Device Mapping is Invalid: failed to get image {}.", text("uuid"));
                    return Err(refuse(&text));
                }
                _ => return Err(refuse("Block Device Mapping is Invalid.")),
            }
        }
        if boots != 1 {
            return Err(refuse(
                "Block Device Mapping is Invalid: Boot sequence for the instance and image/block device mapping combination is not valid.",
            ));
        }
        // An image of a server with volumes brings its own, unless the order names the same devices.
        if !entries.iter().any(|entry| entry["device_name"] == "/dev/sda" || entry["source_type"] == "snapshot") {
            let source = entries.iter().find(|entry| entry["boot_index"] == 0).and_then(|entry| entry["uuid"].as_str());
            let own = self.volumes_of_image(source.unwrap_or_default());
            if !own.is_empty() {
                volumes.retain(|volume| !volume.boots);
                volumes.extend(own);
            }
        }
        Ok((if boot_volume { String::new() } else { image }, volumes))
    }

    /// The volumes that Nova makes for each server of an image of a server with volumes. They outlive it.
    fn volumes_of_image(&self, image: &str) -> Vec<NewVolume> {
        let snapshot = self.images.iter().find(|i| i.id == image).and_then(|i| i.snapshot.as_ref());
        let volume = |size| NewVolume { size, goes_with_it: false, boots: true, volume_type: None };
        snapshot.map(|snapshot| volume(snapshot.size)).into_iter().collect()
    }

    fn user_has_key(&self, token: &Token, name: &str) -> bool {
        let user = self.users.iter().find(|u| u.id == token.user);
        user.is_some_and(|u| u.keypairs.iter().any(|k| k == name))
    }

    /// The ids of the networks, and of the ports.
    fn checked_networks(&self, given: Option<&Value>, project: &str) -> Result<(Vec<String>, Vec<String>), Refused> {
        let visible = |n: &&super::Network| n.external || n.project.as_deref().is_none_or(|p| p == project);
        let list = match given {
            Some(Value::String(s)) if s == "none" => return Ok((Vec::new(), Vec::new())),
            Some(Value::Array(list)) if !list.is_empty() => list,
            _ => {
                let own = |n: &&super::Network| n.project.as_deref().is_none_or(|p| p == project);
                let usable: Vec<&super::Network> = self.networks.iter().filter(own).collect();
                return match usable[..] {
                    [] => Ok((Vec::new(), Vec::new())),
                    [only] if !only.takes_servers() => {
                        let text = format!("It is not allowed to create an interface on external network {}", only.id);
                        Err(Box::new(fault(403, "forbidden", &text)))
                    }
                    [only] => Ok((vec![only.id.clone()], Vec::new())),
                    _ => Err(Box::new(fault(
                        409,
                        "conflictingRequest",
                        "Multiple possible networks found, use a Network ID to be more specific.",
                    ))),
                };
            }
        };
        let (mut networks, mut ports) = (Vec::new(), Vec::new());
        for entry in list {
            if let Some(id) = entry["port"].as_str() {
                if !self.ports.iter().any(|p| p.address.port == id && p.project == project) {
                    return Err(refuse(&format!("Port {id} could not be found.")));
                }
                if self.servers.iter().any(|s| s.ports.iter().any(|p| p == id)) {
                    return Err(Box::new(fault(409, "conflictingRequest", &format!("Port {id} is still in use."))));
                }
                ports.push(id.to_string());
                continue;
            }
            let Some(id) = entry["uuid"].as_str() else {
                return Err(refuse("Bad network format: missing 'uuid'"));
            };
            if !is_uuid(id) {
                return Err(refuse(&format!("Bad networks format: network uuid is not in proper format ({id})")));
            }
            if !self.networks.iter().filter(visible).any(|n| n.id == id) {
                return Err(refuse(&format!("Network {id} could not be found.")));
            }
            networks.push(id.to_string());
        }
        Ok((networks, ports))
    }

    fn checked_groups(&self, given: Option<&Value>, project: &str) -> Result<Vec<String>, Refused> {
        let Some(list) = given.and_then(Value::as_array).filter(|l| !l.is_empty()) else {
            return Ok(vec!["default".into()]);
        };
        let mut groups = Vec::new();
        for entry in list {
            let name = entry["name"].as_str().unwrap_or_default();
            let known = |g: &&super::SecurityGroup| g.project == project && (g.name == name || g.id == name);
            match self.security_groups.iter().find(known) {
                Some(group) => groups.push(group.name.clone()),
                None => {
                    let text = format!("Unable to find security_group with name or id '{name}'");
                    return Err(refuse(&text));
                }
            }
        }
        Ok(groups)
    }

    fn check_quota(&self, flavor: &Flavor, project: &str, count: u64) -> Result<(), Refused> {
        let quota = self.quota(project);
        let (instances, cores, ram) = self.usage(project);
        let asked = [
            ("cores", count * flavor.vcpus, cores, quota.cores),
            ("instances", count, instances, quota.instances),
            ("ram", count * flavor.ram, ram, quota.ram),
        ];
        let over: Vec<[String; 4]> = asked
            .into_iter()
            .filter_map(|(what, wanted, used, limit)| {
                let limit = limit.filter(|l| used + wanted > *l)?;
                Some([what.to_string(), wanted.to_string(), used.to_string(), limit.to_string()])
            })
            .collect();
        if over.is_empty() {
            return Ok(());
        }
        let join = |n: usize| over.iter().map(|o| o[n].as_str()).collect::<Vec<_>>().join(", ");
        let text = format!(
            "Quota exceeded for {}: Requested {}, but already used {} of {} {}",
            join(0),
            join(1),
            join(2),
            join(3),
            join(0)
        );
        Err(Box::new(fault(403, "forbidden", &text)))
    }
}

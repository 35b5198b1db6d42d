//! What a cloud has from the start, and how a test adds to it. The first things
//! are those of a small CI cloud: project `ceph-ci`, user `mita` with password
//! `mita-secret`, three sizes, three images, one network and one key pair.

use std::collections::BTreeMap;

use crate::openstack::{
    Address, AppCredential, Cloud, Event, Fate, Flavor, FloatingIp, Image, Network, Port, Project, Quota,
    SecurityGroup, Server, ServerGroup, Status, User, Volume,
};

impl Cloud {
    pub(crate) fn fill(&mut self) {
        let project = self.add_project("ceph-ci");
        self.project = project.clone();
        self.add_user("mita", "mita-secret", &["ceph-ci"]);
        self.add_project("other-team");
        self.add_user("other", "other-secret", &["other-team"]);
        let id = self.ids.hex();
        let user = self.users[0].id.clone();
        let (name, secret) = ("ceph-ci-app".into(), "ceph-ci-app-secret".into());
        self.app_credentials.push(AppCredential {
            id,
            name,
            secret,
            user,
            project,
            expires: None,
            access_rules: Vec::new(),
        });
        self.users[0].keypairs.push("jenkins-slave".into());
        for (id, name, vcpus, ram, disk) in
            [("1", "m1.tiny", 1, 512, 1), ("2", "m1.small", 1, 2048, 20), ("7", "m3.xlarge", 4, 15_360, 80)]
        {
            let (id, name) = (id.to_string(), name.to_string());
            self.flavors.push(Flavor { id, name, vcpus, ram, disk, too_large: false });
        }
        let (id, name) = ("99".to_string(), "too.large".to_string());
        self.flavors.push(Flavor { id, name, vcpus: 1, ram: 512, disk: 5_000_000, too_large: true });
        for name in ["Ubuntu Trusty (2014.04) cloudimg", "Debian 12", "dup-image", "dup-image"] {
            self.add_image(name);
        }
        self.add_network("ci-net", "192.168.1", None);
        self.add_network("public", "203.0.113", None);
        if let Some(network) = self.networks.last_mut() {
            network.external = true;
            network.project = Some(String::new());
        }
    }

    /// Adds a project and gives its id.
    pub fn add_project(&mut self, name: &str) -> String {
        let id = self.ids.hex();
        let project = Project { id: id.clone(), name: name.to_string(), quota: Quota::default() };
        self.projects.push(project);
        let group = SecurityGroup { id: self.ids.uuid(), name: "default".into(), project: id.clone() };
        self.security_groups.push(group);
        id
    }

    /// Adds a user with a role in these projects, and gives its id.
    pub fn add_user(&mut self, name: &str, password: &str, projects: &[&str]) -> String {
        let id = self.ids.hex();
        let ids = self.projects.iter().filter(|p| projects.contains(&p.name.as_str()));
        let user = User {
            id: id.clone(),
            name: name.to_string(),
            password: password.to_string(),
            projects: ids.map(|p| p.id.clone()).collect(),
            keypairs: Vec::new(),
            roles: vec!["member".into()],
            password_expires: None,
        };
        self.users.push(user);
        id
    }

    /// Adds a size; its id is its name.
    pub fn add_flavor(&mut self, name: &str, vcpus: u64, ram: u64, disk: u64) {
        let (id, name) = (name.to_string(), name.to_string());
        self.flavors.push(Flavor { id, name, vcpus, ram, disk, too_large: false });
    }

    /// Adds an active image, a second younger than the last one, and gives its id.
    pub fn add_image(&mut self, name: &str) -> String {
        let id = self.ids.uuid();
        let created = crate::clock::START - 86_400_000 + 1000 * self.images.len() as u64;
        let image = Image {
            id: id.clone(),
            name: name.to_string(),
            status: "active".into(),
            created,
            min_ram: 0,
            min_disk: 0,
            visibility: "public",
            hidden: false,
            snapshot: None,
        };
        self.images.push(image);
        id
    }

    /// Adds a network of the default project and gives its id. `prefix` is
    /// like `192.168.1`, `prefix6` like `2001:db8::`.
    pub fn add_network(&mut self, name: &str, prefix: &str, prefix6: Option<&str>) -> String {
        let id = self.ids.uuid();
        self.networks.push(Network {
            id: id.clone(),
            name: name.to_string(),
            project: Some(self.project.clone()),
            external: false,
            prefix: prefix.to_string(),
            prefix6: prefix6.map(str::to_string),
            has_subnets: true,
            has_router: true,
        });
        id
    }

    /// Adds a server group of the default project and gives its id.
    pub fn add_server_group(&mut self, name: &str) -> String {
        let (id, project) = (self.ids.uuid(), self.project.clone());
        self.server_groups.push(ServerGroup { id: id.clone(), name: name.to_string(), project });
        id
    }

    /// Adds a port of the default project on a network (by its id) and gives its id.
    pub fn add_port(&mut self, name: &str, network: &str, address: &str) -> String {
        let (id, mac) = (self.ids.uuid(), self.mac());
        let (network, addr) = (network.to_string(), address.to_string());
        let address = Address { network, addr, version: 4, port: id.clone(), mac };
        self.ports.push(Port { name: name.to_string(), project: self.project.clone(), address });
        id
    }

    /// Adds a security group of the default project.
    pub fn add_security_group(&mut self, name: &str) {
        let (id, project) = (self.ids.uuid(), self.project.clone());
        self.security_groups.push(SecurityGroup { id, name: name.to_string(), project });
    }

    /// The limits of a project, to be changed.
    pub fn quota_mut(&mut self, project: &str) -> &mut Quota {
        let at = self.projects.iter().position(|p| p.name == project).unwrap_or(0);
        &mut self.projects[at].quota
    }

    /// The id of a project of this name.
    pub fn project_id(&self, name: &str) -> Option<String> {
        self.projects.iter().find(|p| p.name == name).map(|p| p.id.clone())
    }

    /// Puts a server there that is ACTIVE already and has addresses on the first
    /// network. Nobody asked for it over the API; without metadata it is somebody else's.
    pub fn place_server(&mut self, name: &str, metadata: &[(&str, &str)]) -> String {
        let id = self.ids.uuid();
        let metadata: BTreeMap<String, String> = metadata.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        self.history.insert(id.clone(), metadata.clone());
        let network = self.networks.first().map(|n| n.id.clone());
        self.servers.push(Server {
            id: id.clone(),
            name: name.to_string(),
            project: self.project.clone(),
            user: self.users.first().map_or_else(String::new, |u| u.id.clone()),
            flavor: self.flavors.first().map_or_else(String::new, |f| f.id.clone()),
            image: self.images.first().map_or_else(String::new, |i| i.id.clone()),
            key_name: None,
            metadata,
            user_data: None,
            networks: network.into_iter().collect(),
            security_groups: vec!["default".into()],
            zone: None,
            config_drive: false,
            tags: Vec::new(),
            status: Status::Active,
            created: self.now,
            updated: self.now,
            launched: Some(self.now),
            fault: None,
            addresses: Vec::new(),
            new_volumes: Vec::new(),
            ports: Vec::new(),
            description: None,
            hints: serde_json::Value::Null,
            gone_at: None,
            locked: false,
            stuck_deleting: false,
            task: None,
            fate: Fate::Boots,
        });
        self.connect_networks(self.servers.len() - 1);
        id
    }

    /// The same in another project: the client must not see it.
    pub fn place_server_of(&mut self, project: &str, name: &str) -> String {
        let id = self.place_server(name, &[]);
        let project = self.project_id(project).unwrap_or_default();
        if let Some(server) = self.server_mut(&id) {
            server.project = project;
        }
        id
    }

    /// Puts an unattached volume there.
    pub fn place_volume(&mut self, name: &str, size: u64, metadata: &[(&str, &str)]) -> String {
        let id = self.ids.uuid();
        self.volumes.push(Volume {
            id: id.clone(),
            name: name.to_string(),
            status: "available".into(),
            size,
            metadata: metadata.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect(),
            server: None,
            made_for: None,
            taken: false,
            volume_type: "standard".into(),
            delete_on_termination: false,
            has_snapshot: false,
            project: self.project.clone(),
            created: self.now,
            gone_at: None,
        });
        id
    }

    /// Puts a floating address there that leads nowhere, with this description.
    pub fn place_floating_ip(&mut self, description: &str) -> String {
        let pool = self.networks.iter().find(|n| n.external).cloned();
        let (network, prefix) = pool.map_or_else(Default::default, |n| (n.id, n.prefix));
        let host = self.free_host(&prefix).unwrap_or_default();
        let id = self.ids.uuid();
        self.floating_ips.push(FloatingIp {
            id: id.clone(),
            address: super::life::address(&prefix, host),
            network,
            port: None,
            description: description.to_string(),
            tags: Vec::new(),
            project: self.project.clone(),
            created: self.now,
        });
        id
    }

    /// The server of this id.
    pub fn server(&self, id: &str) -> Option<&Server> {
        self.servers.iter().find(|s| s.id == id)
    }

    /// The server of this id, to be changed (its status, its metadata, `stuck_deleting`).
    pub fn server_mut(&mut self, id: &str) -> Option<&mut Server> {
        self.servers.iter_mut().find(|s| s.id == id)
    }

    /// The fixed addresses of a server.
    pub fn addresses(&self, id: &str) -> Vec<String> {
        let server = self.server(id);
        server.into_iter().flat_map(|s| &s.addresses).map(|a| a.addr.clone()).collect()
    }

    /// Whether a server can be reached at this address, fixed or floating.
    pub(crate) fn has_address(&self, server: &Server, address: &str) -> bool {
        let floating = self.floating_ips.iter().filter(|f| f.address == address).filter_map(|f| f.port.as_ref());
        let mut ports = floating.filter(|port| server.addresses.iter().any(|a| a.port == **port));
        ports.next().is_some() || server.addresses.iter().any(|a| a.addr == address)
    }

    /// Changes a server's state without a request, as a person or a failed host would.
    pub fn set_status(&mut self, id: &str, status: Status) {
        let now = self.now;
        if status != Status::Active {
            self.events.push(Event::Stopped(id.to_string()));
        }
        if let Some(server) = self.server_mut(id) {
            server.status = status;
            server.updated = now;
        }
    }

    /// Makes all tokens invalid at once.
    pub fn revoke_tokens(&mut self) {
        self.tokens.clear();
    }
}

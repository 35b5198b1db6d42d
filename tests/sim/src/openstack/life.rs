//! The life of a server: scheduling, networking, volumes, spawning, ACTIVE;
//! or ERROR, or BUILD for ever; then deletion. Driven by the simulated clock.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::clock::{Ms, millis};
use crate::openstack::{Cloud, Volume};

/// The `status` of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// On its way.
    Build,
    /// Running.
    Active,
    /// Failed.
    Error,
    /// Stopped.
    Shutoff,
    /// Suspended.
    Suspended,
    /// Paused.
    Paused,
    /// Shelved and taken off its host.
    ShelvedOffloaded,
    /// Deleted, kept for a while so that it can be restored.
    SoftDeleted,
    /// On its way out of the database.
    Deleted,
    /// Any other state that Nova knows, or that the client has never heard of.
    Other(&'static str),
}

impl Status {
    /// The word in `status`.
    pub fn name(self) -> &'static str {
        match self {
            Status::Build => "BUILD",
            Status::Active => "ACTIVE",
            Status::Error => "ERROR",
            Status::Shutoff => "SHUTOFF",
            Status::Suspended => "SUSPENDED",
            Status::Paused => "PAUSED",
            Status::ShelvedOffloaded => "SHELVED_OFFLOADED",
            Status::SoftDeleted => "SOFT_DELETED",
            Status::Deleted => "DELETED",
            Status::Other(name) => name,
        }
    }

    /// The words in `OS-EXT-STS:vm_state` and the number in `OS-EXT-STS:power_state`.
    pub(crate) fn vm_state(self) -> (&'static str, u8) {
        match self {
            Status::Build => ("building", 0),
            Status::Active => ("active", 1),
            Status::Error => ("error", 0),
            Status::Shutoff => ("stopped", 4),
            Status::Suspended => ("suspended", 4),
            Status::Paused => ("paused", 3),
            Status::ShelvedOffloaded => ("shelved_offloaded", 4),
            Status::SoftDeleted => ("soft-delete", 4),
            Status::Deleted => ("deleted", 0),
            Status::Other(_) => ("active", 1),
        }
    }
}

/// What becomes of a server that is ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// ACTIVE after the cloud's boot time.
    Boots,
    /// ACTIVE after this time.
    BootsIn(Duration),
    /// ERROR after this time, with this `fault.message`.
    Error(Duration, String),
    /// BUILD for ever.
    BuildForever,
    /// Its new volume never becomes available: ERROR after a minute, and the
    /// volume outlives the server.
    VolumeNeverReady,
}

impl Fate {
    /// ERROR at once: no host can take it.
    pub fn no_valid_host() -> Self {
        Fate::Error(Duration::from_secs(1), "No valid host was found. ".into())
    }
}

/// One address of a server.
#[derive(Debug, Clone)]
pub struct Address {
    /// The id of the network.
    pub network: String,
    /// The address.
    pub addr: String,
    /// 4 or 6.
    pub version: u8,
    /// The id of the port.
    pub port: String,
    /// The port's hardware address.
    pub mac: String,
}

/// One server.
#[derive(Debug, Clone)]
pub struct Server {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The id of its project.
    pub project: String,
    /// The id of its user.
    pub user: String,
    /// The id of its size.
    pub flavor: String,
    /// The id of its image; empty when booted from a volume.
    pub image: String,
    /// Its key pair.
    pub key_name: Option<String>,
    /// Its metadata.
    pub metadata: BTreeMap<String, String>,
    /// Its user data, decoded.
    pub user_data: Option<Vec<u8>>,
    /// The ids of its networks.
    pub networks: Vec<String>,
    /// The names of its security groups.
    pub security_groups: Vec<String>,
    /// Its availability zone, as asked for.
    pub zone: Option<String>,
    /// Whether it has a configuration drive.
    pub config_drive: bool,
    /// Its tags.
    pub tags: Vec<String>,
    /// What `status` says.
    pub status: Status,
    /// When it was ordered.
    pub created: Ms,
    /// When anything last changed.
    pub updated: Ms,
    /// When it became ACTIVE.
    pub launched: Option<Ms>,
    /// Why it failed.
    pub fault: Option<String>,
    /// Its fixed addresses.
    pub addresses: Vec<Address>,
    /// New volumes that it asked for, in GB, and whether each goes with it.
    pub new_volumes: Vec<(u64, bool)>,
    /// When it is gone; set while it is being deleted.
    pub gone_at: Option<Ms>,
    /// It stays in deletion for ever.
    pub stuck_deleting: bool,
    pub(crate) fate: Fate,
}

/// What the rest of the world must learn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The server of this id became ACTIVE.
    Active(String),
    /// The server of this id is gone.
    Gone(String),
    /// The server of this id runs no more (stopped, suspended, ...).
    Stopped(String),
}

impl Server {
    /// Whether its deletion was asked for.
    pub fn deleting(&self) -> bool {
        self.gone_at.is_some() || self.stuck_deleting
    }

    /// The time from the order to ACTIVE or ERROR.
    pub(crate) fn boot_ms(&self, default: Duration) -> Ms {
        match &self.fate {
            Fate::Boots => millis(default),
            Fate::BootsIn(d) | Fate::Error(d, _) => millis(*d),
            Fate::BuildForever => Ms::MAX / 2,
            Fate::VolumeNeverReady => 60_000,
        }
    }

    /// `OS-EXT-STS:task_state`.
    pub(crate) fn task_state(&self, now: Ms, default: Duration) -> Option<&'static str> {
        if self.status == Status::Deleted {
            return None;
        }
        if self.deleting() {
            return Some("deleting");
        }
        (self.status == Status::Build).then(|| {
            let boot = self.boot_ms(default).clamp(1, 600_000);
            match (now - self.created).min(boot) * 10 / boot {
                0 => "scheduling",
                1..=2 => "networking",
                3..=4 if !self.new_volumes.is_empty() => "block_device_mapping",
                _ if self.fate == Fate::VolumeNeverReady => "block_device_mapping",
                _ => "spawning",
            }
        })
    }
}

impl Cloud {
    /// One step of the simulated clock.
    pub(crate) fn step(&mut self, now: Ms) {
        self.now = now;
        for index in 0..self.servers.len() {
            if self.servers[index].status == Status::Build && !self.servers[index].deleting() {
                self.boot(index);
            }
        }
        self.finish_deletions();
        for volume in &mut self.volumes {
            if volume.status == "creating" && volume.server.is_none() {
                volume.status = "available".into();
            }
        }
        self.volumes.retain(|v| v.gone_at.is_none_or(|t| t > now));
    }

    fn boot(&mut self, index: usize) {
        let now = self.now;
        let server = &self.servers[index];
        let task = server.task_state(now, self.options.boot_time);
        let age = now - server.created;
        let over = age >= server.boot_ms(self.options.boot_time);
        if (over || task != Some("scheduling"))
            && server.addresses.is_empty()
            && !matches!(server.fate, Fate::Error(..))
            && !self.connect_networks(index)
        {
            return self.fail(index, "Failed to allocate the network(s), not rescheduling.");
        }
        let server = &self.servers[index];
        let wants_volumes =
            !server.new_volumes.is_empty() && !self.volumes.iter().any(|v| v.server.as_ref() == Some(&server.id));
        let networked = !server.addresses.is_empty() || server.networks.is_empty();
        if wants_volumes
            && networked
            && (over || !matches!(task, Some("scheduling" | "networking")))
            && let Err(message) = self.make_volumes(index)
        {
            return self.fail(index, &message);
        }
        if !over {
            return;
        }
        let server = &mut self.servers[index];
        match server.fate.clone() {
            Fate::Boots | Fate::BootsIn(_) | Fate::BuildForever => {
                server.status = Status::Active;
                server.launched = Some(now);
                server.updated = now;
                let id = server.id.clone();
                for volume in self.volumes.iter_mut().filter(|v| v.server.as_ref() == Some(&id)) {
                    volume.status = "in-use".into();
                }
                self.events.push(Event::Active(id));
            }
            Fate::Error(_, message) => self.fail(index, &message),
            Fate::VolumeNeverReady => {
                let id = server.id.clone();
                // Nothing ties the volume to the server any more, but its name.
                for volume in self.volumes.iter_mut().filter(|v| v.server.as_ref() == Some(&id)) {
                    volume.server = None;
                }
                let text = format!(
                    "Build of instance {id} aborted: Volume did not finish being created even after we waited \
                     60 seconds or 61 attempts. And its status is creating."
                );
                self.servers[index].new_volumes.clear();
                self.fail(index, &text);
            }
        }
    }

    fn fail(&mut self, index: usize, message: &str) {
        let now = self.now;
        let server = &mut self.servers[index];
        server.status = Status::Error;
        server.updated = now;
        server.fault = Some(message.to_string());
        server.addresses.clear();
    }

    /// Gives a server its addresses; false when a network has none left.
    pub(crate) fn connect_networks(&mut self, index: usize) -> bool {
        for id in self.servers[index].networks.clone() {
            let Some(network) = self.networks.iter().find(|n| n.id == id) else { return false };
            let (prefix, prefix6) = (network.prefix.clone(), network.prefix6.clone());
            if network.external {
                return false;
            }
            let Some(host) = self.free_host(&prefix) else { return false };
            let (port, mac) = (self.ids.uuid(), self.mac());
            let mut add = |addr: String, version: u8| {
                let (network, port, mac) = (id.clone(), port.clone(), mac.clone());
                self.servers[index].addresses.push(Address { network, addr, version, port, mac });
            };
            add(address(&prefix, host), 4);
            if let Some(prefix6) = prefix6 {
                add(format!("{prefix6}{host:x}"), 6);
            }
        }
        true
    }

    /// The number of the lowest free address: addresses are used again soon. A
    /// prefix of three numbers has room for 245 hosts, one of two for 64,000.
    pub(crate) fn free_host(&self, prefix: &str) -> Option<u32> {
        let of_servers = self.servers.iter().flat_map(|s| &s.addresses).map(|a| &a.addr);
        let taken: BTreeSet<&String> = of_servers.chain(self.floating_ips.iter().map(|f| &f.address)).collect();
        let end = if prefix.matches('.').count() == 1 { 64_000 } else { 255 };
        (10..end).find(|host| !taken.contains(&address(prefix, *host)))
    }

    fn mac(&mut self) -> String {
        let n = self.ids.number().to_be_bytes();
        format!("fa:16:3e:{:02x}:{:02x}:{:02x}", n[0], n[1], n[2])
    }

    fn make_volumes(&mut self, index: usize) -> Result<(), String> {
        let server = self.servers[index].clone();
        let quota = self.quota(&server.project);
        for (size, delete_on_termination) in server.new_volumes {
            let own = self.volumes.iter().filter(|v| v.project == server.project);
            let (count, used) = own.fold((0, 0), |(n, g), v| (n + 1, g + v.size));
            let prefix = format!("Build of instance {} aborted:", server.id);
            if let Some(limit) = quota.gigabytes.filter(|q| used + size > *q) {
                self.volumes.retain(|v| v.server.as_ref() != Some(&server.id));
                return Err(format!(
                    "{prefix} VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes \
                     quota. Requested {size}G, quota is {limit}G and {used}G has been consumed."
                ));
            }
            if let Some(limit) = quota.volumes.filter(|q| count + 1 > *q) {
                self.volumes.retain(|v| v.server.as_ref() != Some(&server.id));
                return Err(format!(
                    "{prefix} VolumeLimitExceeded: Maximum number of volumes allowed ({limit}) exceeded for quota 'volumes'."
                ));
            }
            let volume = Volume {
                id: self.ids.uuid(),
                name: format!("{}-blank-vol", server.id),
                status: "creating".into(),
                size,
                metadata: BTreeMap::new(),
                server: Some(server.id.clone()),
                delete_on_termination,
                project: server.project.clone(),
                created: self.now,
                gone_at: None,
            };
            self.volumes.push(volume);
        }
        Ok(())
    }

    /// Begins the deletion of a server. False when it is not there.
    pub fn delete_server(&mut self, id: &str) -> bool {
        let gone_at = self.now + millis(self.options.delete_time);
        let now = self.now;
        let Some(server) = self.servers.iter_mut().find(|s| s.id == id) else { return false };
        if !server.deleting() {
            server.gone_at = Some(gone_at);
            server.updated = now;
        }
        if self.options.delete_time.is_zero() {
            self.finish_deletions();
        }
        true
    }

    fn finish_deletions(&mut self) {
        let now = self.now;
        let at_once = self.options.delete_time.is_zero();
        let mut gone = Vec::new();
        let mut volumes_of = Vec::new();
        for server in &mut self.servers {
            let Some(due) = server.gone_at.filter(|_| !server.stuck_deleting) else { continue };
            if due <= now {
                volumes_of.push(server.id.clone());
                if server.status == Status::Deleted || at_once {
                    gone.push(server.id.clone());
                }
                server.status = Status::Deleted;
            }
        }
        if volumes_of.is_empty() {
            return;
        }
        self.volumes
            .retain(|v| !(v.delete_on_termination && v.server.as_ref().is_some_and(|s| volumes_of.contains(s))));
        for volume in &mut self.volumes {
            if volume.server.as_ref().is_some_and(|s| volumes_of.contains(s)) {
                volume.server = None;
                volume.status = "available".into();
            }
        }
        let ports: Vec<String> = self
            .servers
            .iter()
            .filter(|s| gone.contains(&s.id))
            .flat_map(|s| s.addresses.iter().map(|a| a.port.clone()))
            .collect();
        for ip in &mut self.floating_ips {
            ip.port.take_if(|p| ports.contains(p));
        }
        self.servers.retain(|s| !gone.contains(&s.id));
        self.events.extend(gone.into_iter().map(Event::Gone));
    }
}

/// The IPv4 address of a host number below a prefix of two or three numbers.
pub(crate) fn address(prefix: &str, host: u32) -> String {
    if prefix.matches('.').count() == 1 {
        format!("{prefix}.{}.{}", host / 256, host % 256)
    } else {
        format!("{prefix}.{host}")
    }
}

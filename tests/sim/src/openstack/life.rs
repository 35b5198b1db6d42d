//! The life of a server: scheduling, networking, volumes, spawning, ACTIVE;
//! or ERROR, or BUILD for ever; then deletion. Driven by the simulated clock.

use std::collections::{BTreeMap, BTreeSet};

use crate::clock::{Ms, millis};
use crate::openstack::{Address, Cloud, Event, Fate, NewVolume, Status, Volume};

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
            volume.taken |= volume.made_for.is_some() && volume.server.is_some() && volume.server != volume.made_for;
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
            Fate::Boots | Fate::BootsIn(_) | Fate::JoinsIn(..) | Fate::BuildForever => {
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
                let made = self.volumes.iter().find(|v| v.made_for.as_ref() == Some(&id));
                let volume = made.map_or_else(String::new, |v| v.id.clone());
                let text = format!(
                    "Build of instance {id} aborted: Volume {volume} did not finish being created even after we waited \
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
            if !network.takes_servers() {
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
        let ports = self.servers[index].ports.clone();
        let taken = self.ports.iter().filter(|p| ports.contains(&p.address.port)).map(|p| p.address.clone());
        self.servers[index].addresses.extend(taken.collect::<Vec<_>>());
        true
    }

    /// The number of the lowest free address: addresses are used again soon. A
    /// prefix of three numbers has room for 245 hosts, one of two for 64,000.
    pub(crate) fn free_host(&self, prefix: &str) -> Option<u32> {
        let of_servers = self.servers.iter().flat_map(|s| &s.addresses).map(|a| &a.addr);
        let taken = of_servers.chain(self.floating_ips.iter().map(|f| &f.address));
        let taken: BTreeSet<&String> = taken.chain(self.ports.iter().map(|p| &p.address.addr)).collect();
        let end = if prefix.matches('.').count() == 1 { 64_000 } else { 255 };
        (10..end).find(|host| !taken.contains(&address(prefix, *host)))
    }

    pub(super) fn mac(&mut self) -> String {
        let n = self.ids.number().to_be_bytes();
        format!("fa:16:3e:{:02x}:{:02x}:{:02x}", n[0], n[1], n[2])
    }

    fn make_volumes(&mut self, index: usize) -> Result<(), String> {
        let server = self.servers[index].clone();
        let quota = self.quota(&server.project);
        if self.options.volumes_down {
            return Err(format!("Build of instance {} aborted: Connection to cinder host failed", server.id));
        }
        for NewVolume { size, goes_with_it, boots, volume_type } in server.new_volumes {
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
                name: if boots { String::new() } else { format!("{}-blank-vol", server.id) },
                status: "creating".into(),
                size,
                metadata: BTreeMap::new(),
                server: Some(server.id.clone()),
                made_for: Some(server.id.clone()),
                taken: false,
                volume_type: volume_type.unwrap_or_else(|| "standard".into()),
                delete_on_termination: goes_with_it,
                has_snapshot: false,
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
        let kept = millis(self.options.reclaim_time);
        for server in &mut self.servers {
            let Some(due) = server.gone_at.filter(|_| !server.stuck_deleting) else { continue };
            let soft_deleted = server.status == Status::SoftDeleted;
            if due <= now && kept > 0 && !soft_deleted && server.status != Status::Deleted {
                server.status = Status::SoftDeleted;
                server.gone_at = Some(due + kept);
            } else if due <= now || kept == 0 && soft_deleted {
                volumes_of.push(server.id.clone());
                if server.status == Status::Deleted || at_once {
                    gone.push(server.id.clone());
                }
                server.status = Status::Deleted;
                server.gone_at = Some(due.min(now));
            }
        }
        if volumes_of.is_empty() {
            return;
        }
        if self.options.volumes_down {
            self.lose_unfinished_volumes(&volumes_of);
        } else {
            self.release_volumes(&volumes_of);
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

impl Cloud {
    /// A volume is attached only once it is made: one that is being made becomes free though its server is gone.
    fn lose_unfinished_volumes(&mut self, servers: &[String]) {
        let is_unfinished =
            |v: &&mut Volume| v.status == "creating" && v.server.as_ref().is_some_and(|s| servers.contains(s));
        self.volumes.iter_mut().filter(is_unfinished).for_each(|volume| volume.server = None);
    }

    /// What Nova does with the volumes of servers that it deletes. If it cannot reach Cinder, it goes on without: they stay
    /// attached to servers that are gone.
    fn release_volumes(&mut self, servers: &[String]) {
        let goes = |v: &Volume| v.delete_on_termination && !v.has_snapshot;
        self.volumes.retain(|v| !(goes(v) && v.server.as_ref().is_some_and(|s| servers.contains(s))));
        for volume in &mut self.volumes {
            if volume.server.as_ref().is_some_and(|s| servers.contains(s)) {
                volume.server = None;
                volume.status = "available".into();
            }
        }
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

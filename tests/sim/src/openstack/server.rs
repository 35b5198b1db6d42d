//! What a server is: its status, its fate, its addresses.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::{Ms, millis};

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
    /// ACTIVE after the first time. Its agent registers after the second, whatever its join rule says; never without one.
    JoinsIn(Duration, Option<Duration>),
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

/// A volume that is made with a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewVolume {
    /// Gigabytes.
    pub size: u64,
    /// Whether it goes with its server.
    pub goes_with_it: bool,
    /// Whether the server boots from it: then it has no name.
    pub boots: bool,
    /// Its type, as asked for.
    pub volume_type: Option<String>,
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
    /// New volumes that it asked for.
    pub new_volumes: Vec<NewVolume>,
    /// The ids of the ports that were made beforehand.
    pub ports: Vec<String>,
    /// Its description.
    pub description: Option<String>,
    /// The hints for the scheduler.
    pub hints: serde_json::Value,
    /// When it is gone; set while it is being deleted.
    pub gone_at: Option<Ms>,
    /// Somebody locked it: only an administrator could delete, stop or start it.
    pub locked: bool,
    /// It stays in deletion for ever.
    pub stuck_deleting: bool,
    /// What its cloud does with it for a person, as long as nothing else is under way.
    pub task: Option<&'static str>,
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
            Fate::BootsIn(d) | Fate::JoinsIn(d, _) | Fate::Error(d, _) => millis(*d),
            Fate::BuildForever => Ms::MAX / 2,
            Fate::VolumeNeverReady => 60_000,
        }
    }

    /// When its agent registers, from ACTIVE on; never for none.
    pub(crate) fn registers_after(&self, rule: Duration) -> Option<Duration> {
        if let Fate::JoinsIn(_, after) = self.fate { after } else { Some(rule) }
    }

    /// `OS-EXT-STS:task_state`.
    pub(crate) fn task_state(&self, now: Ms, default: Duration) -> Option<&'static str> {
        if matches!(self.status, Status::Deleted | Status::SoftDeleted) {
            return None;
        }
        if self.deleting() {
            return Some("deleting");
        }
        let building = (self.status == Status::Build).then(|| {
            let boot = self.boot_ms(default).clamp(1, 600_000);
            match (now - self.created).min(boot) * 10 / boot {
                0 => "scheduling",
                1..=2 => "networking",
                3..=4 if !self.new_volumes.is_empty() => "block_device_mapping",
                _ if self.fate == Fate::VolumeNeverReady => "block_device_mapping",
                _ => "spawning",
            }
        });
        building.or(self.task)
    }
}

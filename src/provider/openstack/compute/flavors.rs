//! Nova: the flavors, and which one an order takes.

use crate::domain::world::Size;
use crate::provider::failure::Failure;
use crate::provider::openstack::api::{Effect, Service, Session, loose};
use crate::provider::openstack::names::{ambiguous, unknown};
use serde::Deserialize;

/// A flavor (Compute API, `GET /flavors/detail`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Flavor {
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(default, deserialize_with = "loose")]
    pub(crate) vcpus: u64,
    /// In MiB.
    #[serde(default, deserialize_with = "loose")]
    pub(crate) ram: u64,
    /// The host's own disk, in GiB.
    #[serde(default, deserialize_with = "loose")]
    pub(crate) disk: u64,
    /// Whether an administrator took it out of use.
    #[serde(rename = "OS-FLV-DISABLED:disabled", default, deserialize_with = "loose")]
    pub(crate) disabled: bool,
}

impl Flavor {
    /// What a server of this flavor uses of the quota.
    pub(crate) fn size(&self) -> Size {
        Size { cores: self.vcpus, ram_mib: self.ram }
    }
}

/// All flavors that the project may use.
pub(crate) fn flavors(session: &Session) -> Result<Vec<Flavor>, Failure> {
    let operation = session.operation("list the flavors", Effect::Read);
    session.choices(Service::Compute, "/flavors/detail?limit=1000", "flavors", |flavor: &Flavor| &flavor.id, &operation)
}

/// The flavor with this id, or the only one with this name.
pub(crate) fn named(flavors: &[Flavor], wanted: &str) -> Result<Flavor, String> {
    if let Some(flavor) = flavors.iter().find(|flavor| flavor.id == wanted) {
        return Ok(flavor.clone());
    }
    let named: Vec<_> = flavors.iter().filter(|flavor| flavor.name == wanted).collect();
    match named.as_slice() {
        [flavor] => Ok((*flavor).clone()),
        [] => Err(unknown("flavor", wanted, flavors.iter().map(|flavor| flavor.name.as_str()), "size")),
        several => Err(ambiguous("flavor", &several.iter().map(|flavor| flavor.id.as_str()).collect::<Vec<_>>())),
    }
}

/// The flavor with the least memory that has enough memory and cores; of several the one with the fewest cores, then
/// the smallest disk, then the first by name. Disabled flavors do not count, nor do flavors without a disk unless the
/// server boots from a volume: only administrators may order those without one (policy `zero_disk_flavor`).
pub(crate) fn smallest(
    flavors: &[Flavor],
    cores: u64,
    ram_mib: u64,
    boots_from_volume: bool,
) -> Result<Flavor, String> {
    let usable = |flavor: &&Flavor| !flavor.disabled && (boots_from_volume || flavor.disk > 0);
    let enough = |flavor: &&Flavor| flavor.vcpus >= cores && flavor.ram >= ram_mib;
    let key = |flavor: &&Flavor| (flavor.ram, flavor.vcpus, flavor.disk, flavor.name.clone());
    flavors.iter().filter(usable).filter(enough).min_by_key(key).cloned().ok_or_else(|| {
        match flavors.iter().filter(usable).max_by_key(key) {
            Some(Flavor { name, vcpus, ram, .. }) => format!(
                "no flavor is large enough; the one with the most memory is \"{}\" with {vcpus} cores and {ram} MiB: lower \
                 min_cores or min_ram",
                name.escape_debug(),
            ),
            None => "no flavor can be used: name one with size, or boot from a volume".to_owned(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flavor(id: &str, name: &str, (vcpus, ram, disk): (u64, u64, u64)) -> Flavor {
        Flavor { id: id.into(), name: name.into(), vcpus, ram, disk, disabled: false }
    }

    #[test]
    fn a_flavor_is_found_by_id_or_by_a_name_that_only_one_has() {
        let flavor = |id: &str, name: &str| flavor(id, name, (1, 512, 1));
        let flavors = [flavor("1", "m1.tiny"), flavor("2", "1"), flavor("3", "twin"), flavor("4", "twin")];
        assert_eq!(named(&flavors, "1").unwrap().name, "m1.tiny");
        assert_eq!(named(&flavors, "m1.tiny").unwrap().id, "1");
        assert_eq!(named(&flavors, "twin").unwrap_err(), "2 flavors have this name: use the id of one instead: 3, 4");
        assert_eq!(
            named(&flavors, "m1.tini").unwrap_err(),
            "no flavor has this name; nearest: \"m1.tiny\": correct size"
        );
    }

    #[test]
    fn the_smallest_flavor_that_has_enough_is_taken_by_memory_then_cores_then_disk_then_name() {
        let mut flavors = vec![
            flavor("1", "b", (4, 8192, 40)),
            flavor("2", "a", (4, 8192, 40)),
            flavor("3", "more disk", (4, 8192, 80)),
            flavor("4", "more cores", (8, 8192, 20)),
            flavor("5", "more memory", (4, 16384, 20)),
            flavor("6", "too few cores", (2, 8192, 20)),
            flavor("7", "too little memory", (4, 8191, 20)),
            flavor("8", "no disk", (4, 8192, 0)),
            flavor("9", "out of use", (4, 8192, 10)),
        ];
        flavors[8].disabled = true;
        let mut taken = Vec::new();
        while let Ok(flavor) = smallest(&flavors, 4, 8192, false) {
            flavors.retain(|other| other.id != flavor.id);
            taken.push(flavor.name);
        }
        assert_eq!(taken, ["a", "b", "more disk", "more cores", "more memory"]);
        assert_eq!(smallest(&flavors, 4, 8192, true).unwrap().name, "no disk");
        assert_eq!(
            smallest(&flavors, 4, 8192, false).unwrap_err(),
            "no flavor is large enough; the one with the most memory is \"too few cores\" with 2 cores and 8192 MiB: lower \
             min_cores or min_ram"
        );
        assert!(smallest(&flavors[..0], 1, 1, false).unwrap_err().starts_with("no flavor can be used"));
    }
}

//! Nova: the sizes of servers, and which one an order takes: the one that is named, or the smallest that has enough.

use super::wire;
use crate::provider::openstack::api::{Pages, Service, Session, Verb};
use crate::provider::openstack::names::hint;
use crate::provider::{Failure, FailureKind};
use crate::world::Size;
use std::collections::BTreeMap;

/// A size that servers can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flavor {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) size: Size,
    /// The host's own disk, in GiB.
    pub(crate) disk: u64,
    /// Whether an administrator took it out of use.
    pub(crate) disabled: bool,
}

/// All sizes that the project may use.
pub(crate) fn flavors(session: &Session) -> Result<Vec<Flavor>, Failure> {
    let task = session.task("list the sizes", Verb::Read);
    let mut all: BTreeMap<String, Flavor> = BTreeMap::new();
    let mut pages = Pages::new("/flavors/detail?limit=1000");
    while let Some(path) = pages.path() {
        let response = session.read(Service::Compute, path, &task)?;
        let page: wire::Flavors = response.json("a page of flavors").map_err(|error| task.broken(&error))?;
        let seen_before = all.len();
        let on_page = page.flavors.len();
        for flavor in page.flavors {
            let size = Size { cores: flavor.vcpus, ram_mib: flavor.ram };
            let wire::Flavor { id, name, disk, disabled, .. } = flavor;
            all.insert(id.clone(), Flavor { id, name, size, disk, disabled });
        }
        let links = page.flavors_links.unwrap_or_default();
        pages
            .advance(&links, on_page == 0 || all.len() > seen_before, all.len())
            .map_err(|why| task.failure(FailureKind::Unavailable, why))?;
    }
    Ok(all.into_values().collect())
}

/// The size of this id, or the only one of this name.
pub(crate) fn named(flavors: &[Flavor], wanted: &str) -> Result<Flavor, String> {
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

/// The size with the least memory that has enough of it and enough cores; of several the one with the fewest cores, then
/// the smallest disk, then the first by name. Sizes that are out of use do not count, nor, without a volume to boot from,
/// those without a disk: Nova lets administrators alone order such a server (policy `zero_disk_flavor`).
pub(crate) fn smallest(
    flavors: &[Flavor],
    cores: u64,
    ram_mib: u64,
    boots_from_volume: bool,
) -> Result<Flavor, String> {
    let usable = |flavor: &&Flavor| !flavor.disabled && (boots_from_volume || flavor.disk > 0);
    let enough = |flavor: &&Flavor| flavor.size.cores >= cores && flavor.size.ram_mib >= ram_mib;
    let key = |flavor: &&Flavor| (flavor.size.ram_mib, flavor.size.cores, flavor.disk, flavor.name.clone());
    flavors.iter().filter(usable).filter(enough).min_by_key(key).cloned().ok_or_else(|| {
        match flavors.iter().filter(usable).max_by_key(key) {
            Some(Flavor { name, size, .. }) => format!(
                "no size has so much; the one with the most memory is \"{}\" with {} cores and {} MiB: lower min_cores \
                 or min_ram",
                name.escape_debug(),
                size.cores,
                size.ram_mib
            ),
            None => "no size can be used at all: name one with size, or boot from a volume".to_owned(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flavor(id: &str, name: &str, (cores, ram_mib, disk): (u64, u64, u64)) -> Flavor {
        Flavor { id: id.into(), name: name.into(), size: Size { cores, ram_mib }, disk, disabled: false }
    }

    #[test]
    fn a_size_is_found_by_id_or_by_a_name_that_only_one_has() {
        let flavor = |id: &str, name: &str| flavor(id, name, (1, 512, 1));
        let flavors = [flavor("1", "m1.tiny"), flavor("2", "1"), flavor("3", "twin"), flavor("4", "twin")];
        assert_eq!(named(&flavors, "1").unwrap().name, "m1.tiny");
        assert_eq!(named(&flavors, "m1.tiny").unwrap().id, "1");
        assert_eq!(
            named(&flavors, "twin").unwrap_err(),
            "2 sizes have this name: put the id of one in its place: 3, 4"
        );
        assert_eq!(
            named(&flavors, "m1.tini").unwrap_err(),
            "no size has this name; nearest: \"m1.tiny\": correct size"
        );
    }

    #[test]
    fn the_smallest_size_that_has_enough_is_taken_by_memory_then_cores_then_disk_then_name() {
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
            "no size has so much; the one with the most memory is \"too few cores\" with 2 cores and 8192 MiB: lower \
             min_cores or min_ram"
        );
        assert!(smallest(&flavors[..0], 1, 1, false).unwrap_err().starts_with("no size can be used at all"));
    }
}

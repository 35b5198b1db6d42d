//! What a node type can name in the cloud, for a person who writes a configuration.

use crate::http::{Client, ClientOptions};
use crate::provider::failure::Failure;
use crate::provider::findings::{Image, Inventory, NamedNetwork, Size};
use crate::provider::interface::Access;
use crate::provider::openstack::cloud::OpenStack;
use crate::provider::openstack::{compute, identity, image, network};
use std::collections::BTreeSet;

/// Whether Keystone answers at this URL, before anybody logs in there.
///
/// # Errors
/// Why there is no answer, or that it is not Keystone's.
pub fn probe(auth_url: &str, access: Access<'_>) -> Result<(), String> {
    let options = ClientOptions {
        service: "keystone",
        cacert: None,
        client_cert: None,
        proxy: None,
        deadline: access.deadline,
        network: access.network,
    };
    let http = Client::new(options).map_err(|error| error.to_string())?;
    match identity::describes_itself(&http, auth_url) {
        Ok(true) => Ok(()),
        Ok(false) => Err(identity::NOT_KEYSTONE.to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

pub(crate) fn inventory(cloud: &OpenStack) -> Inventory {
    let session = &cloud.session;
    let mut problems = BTreeSet::new();
    if !session.is_keystone() {
        // Before the secret is sent there: a person may have mistyped the URL.
        return Inventory { problems: vec![identity::NOT_KEYSTONE.to_owned()], ..Inventory::default() };
    }
    let regions = or_report(session.regions_to_choose(), &mut problems);
    if !regions.is_empty() {
        return Inventory { regions, ..Inventory::default() };
    }
    let identity = or_report(session.identity(), &mut problems);
    if !problems.is_empty() {
        // Without a log-in nothing else can be read.
        return Inventory { problems: problems.into_iter().collect(), ..Inventory::default() };
    }
    let images = or_report(image::active(session), &mut problems);
    let flavors = cloud.flavors().map(|flavors| flavors.as_ref().clone());
    let mut sizes: Vec<Size> = or_report(flavors, &mut problems)
        .into_iter()
        .map(|flavor| Size {
            id: flavor.id,
            name: flavor.name,
            cores: flavor.vcpus,
            ram_mib: flavor.ram,
            disk_gb: flavor.disk,
        })
        .collect();
    sizes.sort_by(|a, b| (a.cores, a.ram_mib, a.disk_gb, &a.name).cmp(&(b.cores, b.ram_mib, b.disk_gb, &b.name)));
    let networks = network::usable(&or_report(network::all(session), &mut problems), &identity)
        .into_iter()
        .filter(|network| network.takes_servers())
        .filter_map(|network| Some(NamedNetwork { id: network.id.clone(), name: network.name.clone()? }))
        .collect();
    Inventory {
        images: images
            .into_iter()
            .filter_map(|image| {
                let (min_ram_mib, min_disk_gb) = (image.min_ram.unwrap_or(0), image.min_disk.unwrap_or(0));
                Some(Image { id: image.id, name: image.name?, min_ram_mib, min_disk_gb })
            })
            .collect(),
        sizes,
        key_pairs: or_report(compute::key_pairs(session), &mut problems),
        networks,
        regions,
        problems: problems.into_iter().collect(),
    }
}

fn or_report<T: Default>(read: Result<T, Failure>, problems: &mut BTreeSet<String>) -> T {
    read.unwrap_or_else(|failure| {
        problems.insert(failure.message);
        T::default()
    })
}

//! What reading shows about an order before it is sent: key pair, security groups, zone, networks, whether the image fits
//! the flavor, the length of the user data, the user's roles. A run reads none of this, since the answer to the order shows
//! it; a person who sets mita up wants to know it before.

use crate::config::NodeType;
use crate::http::Method;
use crate::provider::failure::Failure;
use crate::provider::findings::{Inspection, QuotaUsage};
use crate::provider::mark;
use crate::provider::openstack::api::{Effect, Microversion, NO_DISK, NO_MICROVERSION, Named, Service};
use crate::provider::openstack::cloud::OpenStack;
use crate::provider::openstack::compute::wire::ComputeLimits;
use crate::provider::openstack::identity::Identity;
use crate::provider::openstack::names::{ambiguous, hint};
use crate::provider::openstack::network::Network;
use crate::provider::openstack::{compute, image, network, order, volume};
use crate::provider::order::Order;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// A password or a credential that expires within this time is reported.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Roles that do not allow to create servers with `enforce_new_defaults`, Nova's default since 2023.1 ("Consistent and
/// secure default RBAC"). Before, any role in the project is enough.
const READ_ONLY_ROLES: [&str; 1] = ["reader"];

pub(crate) fn inspect(cloud: &OpenStack, orders: &[Order<'_>], now: Timestamp) -> Inspection {
    let mut seen = Inspection::default();
    let identity = match cloud.session.identity() {
        Ok(identity) => identity,
        Err(failure) => {
            // Without a log-in nothing else can be read.
            seen.unread.push(failure.message);
            return seen;
        }
    };
    who(&identity, now, &mut seen);
    match cloud.session.credential_expires() {
        Ok(end) => seen.hints.extend(
            end.filter(|end| end.duration_since(now) < SOON)
                .map(|end| format!("the application credential expires at {}: make another one before", minute(end))),
        ),
        Err(failure) => seen.unread.push(failure.message),
    }
    seen.hints.extend(microversions(cloud, orders));
    let available = Available::read(cloud, orders, &mut seen.unread);
    let limits = compute::limits(&cloud.session);
    seen.hints.extend(orders.iter().filter_map(|order| forced_host(order.node_type, &identity)));
    for order in orders {
        let mut problems = available.problems(order.node_type, &identity);
        let operation = cloud.session.operation("use the script", Effect::Create);
        problems.extend(order::encoded_user_data(&order.user_data, &operation).err().map(|failure| failure.message));
        problems.extend(limits.as_ref().ok().and_then(|limits| too_much_metadata(order, limits)));
        match access(cloud, order.node_type) {
            Ok(missing) => problems.extend(missing),
            Err(failure) => seen.unread.push(failure.message),
        }
        match ambiguous_image(cloud, &order.node_type.image_name) {
            Ok(Some(hint)) if !seen.hints.contains(&hint) => seen.hints.push(hint),
            Ok(_) => {}
            Err(failure) => seen.unread.push(failure.message),
        }
        problems.extend(image_faults(cloud, order.node_type, &identity));
        if !problems.is_empty() {
            seen.unfit.insert(order.node_type.name.clone(), problems);
        }
    }
    match floating_ips(cloud, orders) {
        Ok(Some((quota, hint))) => {
            seen.quota.push(quota);
            seen.hints.extend(hint);
        }
        Ok(None) => {}
        Err(failure) => seen.unread.push(failure.message),
    }
    let storage = orders.iter().any(|order| order.node_type.has_volumes());
    match limits.and_then(|limits| quota(cloud, &limits, storage)) {
        Ok(quota) => drop(seen.quota.splice(0..0, quota)),
        Err(failure) => seen.unread.push(failure.message),
    }
    seen.unread.sort();
    seen.unread.dedup();
    seen
}

fn who(identity: &Identity, now: Timestamp, seen: &mut Inspection) {
    let reads_only = |role: &String| READ_ONLY_ROLES.contains(&role.to_lowercase().as_str());
    if !identity.roles.is_empty() && identity.roles.iter().all(reads_only) {
        let roles = identity.roles.join(", ");
        seen.hints.push(format!(
            "the user has only the role {roles}, which does not allow to create servers in a cloud with the newer policies: \
             grant it the role member"
        ));
    }
    if let Some(end) = identity.password_expires.filter(|end| end.duration_since(now) < SOON) {
        let end = minute(end);
        seen.hints
            .push(format!("the user's password expires at {end}: change it before, or use an application credential"));
    }
}

/// What it costs that the compute service ignores microversions.
fn microversions(cloud: &OpenStack, orders: &[Order<'_>]) -> Option<String> {
    if !cloud.session.ignores_microversions() {
        return None;
    }
    let keys: BTreeSet<&str> = orders.iter().flat_map(|order| Microversion::keys(order.node_type)).collect();
    let keys: Vec<&str> = keys.into_iter().collect();
    let refused = if keys.is_empty() { String::new() } else { format!(", and refuses {}", keys.join(" and ")) };
    Some(format!(
        "{} {NO_MICROVERSION}: it does not show which servers are locked{refused}; have that corrected",
        Service::Compute
    ))
}

/// By Nova's default policy (`os_compute_api:servers:create:forced_host`) only an administrator chooses the host.
fn forced_host(kind: &NodeType, identity: &Identity) -> Option<String> {
    let zone = kind.availability_zone.as_ref().filter(|zone| zone.contains(':') && !identity.is_admin())?;
    let (name, alone) = (&kind.name, zone.split(':').next().unwrap_or_default());
    Some(format!(
        "the availability_zone {zone:?} of {name} names a host, which most clouds allow to administrators only: write {alone:?}, \
         unless this user may choose the host"
    ))
}

fn minute(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// What the cloud has; `None` if no node type names any, or if it cannot be read.
struct Available {
    keys: Option<Vec<String>>,
    groups: Option<Vec<Named>>,
    zones: Option<Vec<compute::wire::Zone>>,
    volume_types: Option<Vec<Named>>,
    networks: Option<Vec<Network>>,
}

impl Available {
    fn read(cloud: &OpenStack, orders: &[Order<'_>], unread: &mut Vec<String>) -> Self {
        let session = &cloud.session;
        let any = |wants: fn(&NodeType) -> bool| orders.iter().any(|order| wants(order.node_type));
        let keys = any(|kind| kind.keyname.is_some()).then(|| compute::key_pairs(session));
        let groups = any(|kind| !kind.security_groups.is_empty()).then(|| network::security_groups(session));
        let zones = any(|kind| kind.availability_zone.is_some()).then(|| compute::zones(session));
        let volume_types = any(|kind| volume_type(kind).is_some()).then(|| volume::types(session));
        let networks = (!orders.is_empty()).then(|| network::all(session));
        Available {
            keys: known(keys, unread),
            groups: known(groups, unread),
            zones: known(zones, unread),
            volume_types: known(volume_types, unread),
            networks: known(networks, unread),
        }
    }

    /// Why an order of this node type would be refused.
    fn problems(&self, kind: &NodeType, identity: &Identity) -> Vec<String> {
        let mut problems = Vec::new();
        if let (Some(wanted), Some(keys)) = (&kind.keyname, &self.keys)
            && !keys.contains(wanted)
        {
            let hint = hint(wanted, keys.iter().map(String::as_str));
            problems.push(format!(
                "no key pair of this user has the name {wanted:?}; {hint}: correct keyname, or create the key pair as this \
                 user (key pairs belong to users, not to projects)"
            ));
        }
        if let Some(groups) = &self.groups {
            for wanted in &kind.security_groups {
                let name = |group: &Named| group.name.clone().unwrap_or_default();
                let found = groups.iter().filter(|group| group.id == *wanted || name(group) == *wanted);
                let ids: Vec<&str> = found.map(|group| group.id.as_str()).collect();
                let names: BTreeSet<String> = groups.iter().map(name).collect();
                match ids.len() {
                    1 => {}
                    0 => {
                        let hint = hint(wanted, names.iter().map(String::as_str));
                        problems.push(format!(
                            "no security group has the name {wanted:?}; {hint}: correct security_groups"
                        ));
                    }
                    _ => {
                        let several = ambiguous("security group", &ids);
                        problems.push(format!("of security_groups, {wanted:?}: {several}"));
                    }
                }
            }
        }
        if let (Some(wanted), Some(zones)) = (&kind.availability_zone, &self.zones) {
            // ZONE:HOST:NODE also names a host.
            let name = wanted.split(':').next().unwrap_or(wanted);
            match zones.iter().find(|zone| zone.name == name) {
                None => {
                    let hint = hint(name, zones.iter().map(|zone| zone.name.as_str()));
                    problems.push(format!("there is no availability zone {name:?}; {hint}: correct availability_zone"));
                }
                Some(zone) if zone.state.as_ref().is_some_and(|state| state.available == Some(false)) => {
                    problems.push(format!("the availability zone {name:?} is not available now"));
                }
                Some(_) => {}
            }
        }
        if let (Some(wanted), Some(types)) = (volume_type(kind), &self.volume_types)
            && !types.iter().any(|known| known.id == wanted || known.name.as_deref() == Some(wanted))
        {
            let hint = hint(wanted, types.iter().filter_map(|known| known.name.as_deref()));
            problems.push(format!("no volume type has the name {wanted:?}; {hint}: correct the type of boot_volume"));
        }
        problems.extend(self.networks.iter().flat_map(|networks| network_faults(kind, networks, identity)));
        problems
    }
}

fn volume_type(kind: &NodeType) -> Option<&str> {
    kind.boot.volume.as_ref()?.volume_type.as_deref()
}

fn known<T>(read: Option<Result<T, Failure>>, unread: &mut Vec<String>) -> Option<T> {
    read?.map_err(|failure| unread.push(failure.message)).ok()
}

/// Ordinary users cannot attach servers to an external network that is not shared, nor to one without a subnet. If the
/// node type names no network, Nova must have exactly one to choose.
fn network_faults(kind: &NodeType, networks: &[Network], identity: &Identity) -> Vec<String> {
    let takes_servers = |network: &Network| network.takes_servers() || identity.is_admin();
    if kind.networks.is_empty() && !kind.boot.ports.is_empty() {
        // A port is on a network already.
        return Vec::new();
    }
    if kind.networks.is_empty() {
        let usable = network::usable(networks, identity);
        return match usable.as_slice() {
            [only] if takes_servers(only) => without_subnet(only).into_iter().collect(),
            [only] => vec![format!(
                "the only network is {:?}, which is external, and servers cannot be attached to it: create one",
                only.title()
            )],
            [] => vec!["the project has no network, so its servers would have no address: create one".to_owned()],
            _ => {
                let mut several = usable;
                several.sort_by(|one, other| one.title().cmp(other.title()));
                let names: Vec<_> = several.iter().map(|network| format!("{:?}", network.title())).collect();
                let can_serve = |network: &&&Network| takes_servers(network) && without_subnet(network).is_none();
                let inner = several.iter().filter(can_serve).min_by_key(|network| network.external == Some(true));
                let choice = inner.or_else(|| several.iter().find(|network| takes_servers(network)));
                vec![format!(
                    "the cloud cannot choose between the networks {}: write networks = [{:?}]",
                    names.join(", "),
                    choice.unwrap_or(&several[0]).title()
                )]
            }
        };
    }
    let mut problems = Vec::new();
    for wanted in &kind.networks {
        // The survey reports a name that no network has, or several.
        let Some(found) =
            networks.iter().find(|network| network.id == *wanted || network.name.as_ref() == Some(wanted))
        else {
            continue;
        };
        if !takes_servers(found) {
            problems.push(format!(
                "the network {wanted:?} is external, and servers cannot be attached to it: name the network behind its \
                 router"
            ));
        } else {
            problems.extend(without_subnet(found));
        }
    }
    problems
}

fn without_subnet(network: &Network) -> Option<String> {
    let name = network.title();
    let none = network.subnets.as_ref().is_some_and(Vec::is_empty);
    none.then(|| format!("the network {name:?} has no subnet, so servers get no address there: create one"))
}

/// What an application credential with access rules may not do, although a run has to; reading shows the rest.
fn access(cloud: &OpenStack, kind: &NodeType) -> Result<Vec<String>, Failure> {
    let mut needed = vec![(Service::Compute, Method::POST, "/servers")];
    if kind.has_volumes() {
        needed.push((Service::Volume, Method::DELETE, "/volumes/00000000-0000-0000-0000-000000000000"));
    }
    if kind.boot.floating_ip_pool.is_some() {
        needed.push((Service::Network, Method::POST, "/floatingips"));
        needed.push((Service::Network, Method::DELETE, "/floatingips/00000000-0000-0000-0000-000000000000"));
    }
    let mut missing = compute::missing_for_removal(&cloud.session)?;
    for (service, method, path) in needed {
        missing.extend(cloud.session.forbidden(service, &method, path)?);
    }
    Ok(missing)
}

/// Somebody who uploads an image of the same name changes what the next server boots.
fn ambiguous_image(cloud: &OpenStack, name: &str) -> Result<Option<String>, Failure> {
    let number = image::active_named(&cloud.session, name)?;
    Ok((number > 1).then(|| {
        format!(
            "{number} active images have the name {name:?}, and mita takes the newest: write the id of one to keep it"
        )
    }))
}

/// Nova refuses an order whose flavor is smaller than the image needs (nova/compute/api.py), and, by its default policy
/// `servers:create:zero_disk_flavor`, one of a flavor without a disk unless the server boots from a volume.
fn image_faults(cloud: &OpenStack, kind: &NodeType, identity: &Identity) -> Vec<String> {
    // The survey reports an unknown image or flavor.
    let (Ok(image), Ok(flavor)) = (cloud.image(&kind.image_name), cloud.flavor(kind)) else { return Vec::new() };
    let mut problems = Vec::new();
    let (ram, disk) = (image.min_ram.unwrap_or(0), image.min_disk.unwrap_or(0));
    let (flavor_name, name) = (&flavor.name, &kind.image_name);
    if flavor.ram < ram {
        let has = flavor.ram;
        problems.push(format!(
            "the flavor {flavor_name:?} has {has} MiB of RAM, and the image {name:?} needs {ram}: choose a larger flavor"
        ));
    }
    if let Some(volume) = &kind.boot.volume {
        let has = u64::from(volume.size);
        if has < disk {
            problems.push(format!("the boot_volume has {has} GB, and the image {name:?} needs {disk}: make it larger"));
        }
    } else if flavor.disk > 0 && flavor.disk < disk {
        let has = flavor.disk;
        problems.push(format!(
            "the flavor {flavor_name:?} has a disk of {has} GB, and the image {name:?} needs {disk}: choose a larger flavor"
        ));
    }
    let on_volume = kind.boot.volume.is_some() || image.boots_from_volume();
    if flavor.disk == 0 && !on_volume && !identity.is_admin() {
        problems.push(format!("the flavor {flavor_name:?} has no disk: {NO_DISK}"));
    }
    problems
}

/// The quota of floating IPs, where a node type needs some, and what to say of it: a run orders a server first, and a server
/// without its floating IP cannot be reached.
fn floating_ips(cloud: &OpenStack, orders: &[Order<'_>]) -> Result<Option<(QuotaUsage, Option<String>)>, Failure> {
    let kinds: Vec<&NodeType> = orders.iter().map(|order| order.node_type).collect();
    let Some(kind) = kinds.iter().find(|kind| kind.boot.floating_ip_pool.is_some()) else { return Ok(None) };
    let Some(quota) = network::floating_ip::quota(&cloud.session)? else { return Ok(None) };
    let used = number(quota.used).unwrap_or(0);
    let limit = number(quota.limit);
    let hint = limit.filter(|limit| *limit <= used).map(|limit| {
        format!(
            "{used} of {limit} floating IPs of the project are in use, and each server of {} needs one: release some, or \
             have the quota raised",
            kind.name
        )
    });
    Ok(Some((QuotaUsage { what: "floating IPs", used, limit }, hint)))
}

/// More metadata than a server may have, with what mita itself writes.
fn too_much_metadata(order: &Order<'_>, limits: &ComputeLimits) -> Option<String> {
    let (own, all) = (order.node_type.metadata.len(), mark::metadata(order).len());
    let limit = number(limits.max_server_meta).filter(|limit| *limit < all as u64)?;
    Some(format!(
        "a server may have {limit} metadata items here, and the order has {all}, {own} of them from metadata: write fewer, \
         or have the limit metadata_items raised"
    ))
}

fn quota(cloud: &OpenStack, limits: &ComputeLimits, storage: bool) -> Result<Vec<QuotaUsage>, Failure> {
    let mut all = vec![
        ("instances", limits.total_instances_used, limits.max_total_instances),
        ("cores", limits.total_cores_used, limits.max_total_cores),
        ("MiB of RAM", limits.total_ram_used, limits.max_total_ram_size),
    ];
    let operation = cloud.session.operation("create volumes", Effect::Read);
    if storage && cloud.session.has(Service::Volume, &operation).is_ok() {
        let limits = volume::limits(&cloud.session)?;
        all.push(("volumes", limits.total_volumes_used, limits.max_total_volumes));
        all.push(("GB of volumes", limits.total_gigabytes_used, limits.max_total_volume_gigabytes));
    }
    let usage = |(what, used, limit)| QuotaUsage { what, used: number(used).unwrap_or(0), limit: number(limit) };
    Ok(all.into_iter().map(usage).collect())
}

/// A number of a quota; below zero it is no limit.
fn number(number: Option<i64>) -> Option<u64> {
    u64::try_from(number?).ok()
}

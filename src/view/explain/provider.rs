//! A provider: what could be read of it, its servers, its quota, and what is not ordered there.

use crate::config::{NodeType, ProviderConfig};
use crate::domain::world::{Listing, Quota};
use crate::plan::capacity::blocker::ordering_blocker;
use crate::plan::capacity::failing::failing;
use crate::view::explain::finding::{Candidate, Finding, Kind, What};
use crate::view::overview::{Overview, ServerView, reached};
use crate::view::quota;
use crate::view::status::node_types::pauses;
use crate::view::text::{duration, plural};

pub(super) fn explain(overview: &Overview<'_>, config: &ProviderConfig, servers: &[ServerView<'_>]) -> Finding {
    let name = &config.name;
    let mut finding = Finding::new(Kind::Provider, name, name.as_str());
    let cloud = overview.report.world.clouds.get(name);
    finding.fact(
        What::Reachable,
        match cloud.map(|cloud| &cloud.servers) {
            Some(Listing::Complete(all)) => format!("yes; {} of all users", plural(all.len(), "server")),
            Some(Listing::Unavailable(why)) => format!("no: {why}"),
            None => "it was not asked".to_owned(),
        },
    );
    let ours = servers.iter().filter(|server| server.provider() == Some(name) && server.counts()).count();
    let max = config.max.map_or_else(String::new, |max| format!(" of {max} at most"));
    finding.fact(What::Servers, format!("{ours}{max}, of this installation"));
    finding.fact(
        What::Quota,
        cloud
            .and_then(|cloud| cloud.quota.as_ref())
            .map_or("not read: mita reads it before it orders a server".to_owned(), remaining),
    );
    for kind in overview.config.node_types.iter().filter(|kind| kind.providers.contains(name)) {
        let (fits, reason) = orders(overview, config, kind, servers);
        finding.answer(Candidate::NodeType, &kind.name, fits, reason);
    }
    finding
}

/// Why no server of the type is ordered there now, for whatever job: what was not seen, and the limits.
fn closed(
    overview: &Overview<'_>,
    config: &ProviderConfig,
    kind: &NodeType,
    servers: &[ServerView<'_>],
) -> Option<String> {
    let world = &overview.report.world;
    if let Some(blocker) = ordering_blocker(world, overview.state()) {
        return Some(blocker.rule.because(&blocker.reason));
    }
    if !world.lists_servers_of(&config.name) {
        return Some("its list of servers could not be read".to_owned());
    }
    let all = &overview.config.max_servers;
    let at_provider = servers.iter().filter(|server| server.provider() == Some(&config.name) && server.counts());
    let limits = [
        (overview.counted(servers, Some(&kind.name)), kind.max, format!("max of {}", kind.name)),
        (at_provider.count(), config.max, format!("max of provider {}", config.name)),
        (overview.counted(servers, None), Some(*all), "max_servers".to_owned()),
    ];
    limits.into_iter().find_map(|(there, max, limit)| {
        let max = max.filter(|max| reached(there, *max))?;
        Some(if max == 0 { format!("{limit} is 0") } else { format!("{limit}, {max}, is reached") })
    })
}

/// What is left of the quota, in a sentence.
fn remaining(quota: &Quota) -> String {
    let parts = [
        (quota.instances, "instances"),
        (quota.cores, "cores"),
        (quota.ram_mib, "MiB of RAM"),
        (quota.volumes, "volumes"),
        (quota.gigabytes, "GB of volumes"),
        (quota.floating_ips, "floating IPs"),
    ];
    let parts: Vec<String> =
        parts.iter().filter_map(|(left, what)| left.map(|left| format!("{left} {what}"))).collect();
    if parts.is_empty() { "no limits".to_owned() } else { format!("left: {}", parts.join(", ")) }
}

/// Whether a node type is ordered there now, and what matters to it.
pub(super) fn orders(
    overview: &Overview<'_>,
    config: &ProviderConfig,
    kind: &NodeType,
    servers: &[ServerView<'_>],
) -> (bool, String) {
    let name = &config.name;
    let here = |server: &&ServerView<'_>| {
        server.provider() == Some(name) && server.node_type() == Some(&kind.name) && server.counts()
    };
    let mut parts = vec![plural(servers.iter().filter(here).count(), "server")];
    let closed = closed(overview, config, kind, servers);
    let is_limited = closed.is_some();
    parts.extend(closed);
    let quota = overview.report.world.clouds.get(name).and_then(|cloud| cloud.quota.as_ref());
    let room = quota.and_then(|quota| quota::room(quota, kind));
    let pauses = pauses(overview, name, &kind.name);
    if let Some(failing) = failing(overview.state(), &kind.name, name) {
        parts.extend(pauses.is_empty().then_some(failing.what));
    } else {
        parts.extend(room.map(|(more, part)| format!("the quota has room for {more} more ({part})")));
    }
    let paused = overview.state().pause(&kind.name, name);
    parts.extend(paused.map(ToString::to_string));
    let is_open = !is_limited && paused.is_none() && pauses.is_empty() && room.is_none_or(|(more, _)| more > 0);
    for pause in pauses {
        parts.push(format!("not ordered for {} ({}): {}", duration(pause.lasts), pause.rule, pause.reason));
    }
    (is_open, parts.join("; "))
}

//! Checks Jenkins: whether it can be read, what the user may do there, and how it is set up.

use crate::config::{Config, Registration};
use crate::domain::names::NodeName;
use crate::domain::world::{Jenkins, Listing, Mode, Node, NodeKind};
use crate::jenkins as controller;
use crate::jenkins::{NodeConfig, Permission, Permissions, loses_assigned_items};
use crate::observe::Services;
use crate::view::document::check::Online;
use crate::view::text::plural;
use std::collections::BTreeSet;
use std::time::Instant;

const PLACE: &str = "jenkins";

/// Jobs of the queue whose labels Jenkins cannot export.
fn hint_items_left_out(online: &mut Online, jenkins: &Jenkins) {
    const SHOWN: usize = 5;
    let Some(queue) = jenkins.queue.complete() else { return };
    let left_out = queue.left_out.iter().flatten();
    let jobs: BTreeSet<&str> = left_out
        .filter_map(|id| queue.items.iter().find(|item| item.id == *id))
        .map(|item| item.job.as_str())
        .collect();
    if jobs.is_empty() {
        return;
    }
    let more = jobs.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let names: Vec<&str> = jobs.into_iter().take(SHOWN).collect();
    online.hint(
        PLACE,
        format!(
            "leaves queue items out of its list if it is asked for the labels of their jobs: {}{more}. Their whole label \
             expression is in double quotes; mita sees such a job some runs later than others. Remove the \
             quotes in the job, if the label has no blank",
            names.join(", ")
        ),
    );
}

pub(super) fn check(online: &mut Online, config: &Config, services: &Services, jenkins: &Jenkins, deadline: Instant) {
    let reads = [unavailable(&jenkins.mode), unavailable(&jenkins.queue), unavailable(&jenkins.nodes)];
    let faults: BTreeSet<&str> = reads.into_iter().flatten().collect();
    let answers = faults.is_empty();
    let url = &config.jenkins.url;
    let page = (!answers).then(|| controller::page_of_jenkins(url, deadline)).flatten();
    match page {
        Some(told) => online.fault(PLACE, format!("the url {url} {told}")),
        None => faults.into_iter().for_each(|error| online.fault(PLACE, error)),
    }
    if jenkins.mode.complete() == Some(&Mode::QuietingDown) {
        online.hint(PLACE, "is about to shut down: nothing is ordered until that is cancelled");
    }
    let agents = |nodes: &Vec<Node>| nodes.iter().any(|node| node.kind != NodeKind::BuiltIn);
    if jenkins.nodes.complete().is_some_and(|nodes| !agents(nodes)) {
        online.hint(
            PLACE,
            "has no agent at all, and then does not name the labels that jobs wait for: mita has to order one server to \
             learn them. Add one permanent agent; it may always be offline",
        );
    }
    if !answers {
        return;
    }
    if services.jenkins.as_ref().is_ok_and(|jenkins| jenkins.lacks_session()) {
        let restarts = match &jenkins.session {
            Some(_) => "mita reads one or two pages more in each run to notice restarts",
            None => "mita does not notice restarts, after which it would wait for the agents to come back",
        };
        online.hint(
            PLACE,
            format!(
                "answers without the header X-Jenkins-Session, so that {restarts}: let the proxy in front of Jenkins pass \
                 it on"
            ),
        );
    }
    hint_items_left_out(online, jenkins);
    let asked = jenkins.nodes.complete().and_then(|nodes| node_to_ask(config, nodes));
    let rights = match &services.jenkins {
        Ok(controller) => controller.permissions(&wanted(config), asked).map_err(|error| error.to_string()),
        Err(reason) => Err(reason.clone()),
    };
    if config.node_types.iter().any(|kind| kind.registration.is_ssh()) {
        online.not_checked.push("whether Jenkins has SSH Build Agents, and credentials of these ids".to_owned());
    }
    match rights {
        Ok(rights) => {
            if rights.version.is_empty() {
                online.hint(
                    PLACE,
                    "answers without the header X-Jenkins, so that mita takes it for an old version, whose nodes it closes \
                     before it sets them offline: let the proxy in front of Jenkins pass it on",
                );
            }
            check_rights(online, config, jenkins, &rights, asked);
            if let (Ok(controller), Some(node)) = (&services.jenkins, asked) {
                check_closing(online, controller, &rights.version, node);
            }
        }
        Err(error) => online.fault(PLACE, error),
    }
}

/// Before 2.517 Jenkins loses items unless mita may close nodes.
fn check_closing(online: &mut Online, controller: &controller::Jenkins, version: &str, node: &NodeName) {
    let closes = || !matches!(controller.node_config(node), Ok(NodeConfig::Unusable));
    if !loses_assigned_items(version) || closes() {
        return;
    }
    let (age, cure) = match version {
        "" => ("may be older than 2.517, in which case it", "grant it"),
        _ => ("is older than 2.517 and", "grant it, or update Jenkins"),
    };
    online.hint(
        PLACE,
        format!(
            "{age} can lose a queue item that it assigns in the moment in which a node goes offline. With \
             Agent/Configure mita closes a node first, and nothing is lost: {cure}"
        ),
    );
}

fn check_rights(
    online: &mut Online,
    config: &Config,
    jenkins: &Jenkins,
    rights: &Permissions,
    asked: Option<&NodeName>,
) {
    let user = &config.jenkins.user;
    if let (Listing::Complete(queue), Listing::Complete(nodes)) = (&jenkins.queue, &jenkins.nodes) {
        let (items, nodes) = (plural(queue.items.len(), "queue item"), plural(nodes.len(), "node"));
        let version = if rights.version.is_empty() { "unknown" } else { &rights.version };
        online.seen(PLACE, format!("version {version} answers {user}; {items}, {nodes}"));
    }
    let Some(known_as) = &rights.user else {
        online.fault(
            PLACE,
            "treats mita as anonymous, which may read and change nothing: does a proxy in front of Jenkins remove the \
             Authorization header?",
        );
        return;
    };
    let on = asked.map_or_else(|| "the built-in node".to_owned(), |node| format!("node {node}"));
    for right in &rights.missing {
        let purpose = right.purpose();
        let of = if *right == Permission::Create { String::new() } else { format!(" (asked of {on})") };
        let text = format!("{known_as} lacks the permission {right}{of}, so that mita cannot {purpose}: grant it");
        online.fault(PLACE, text);
    }
    if !rights.sees_jobs {
        online.hint(
            PLACE,
            format!(
                "{known_as} sees no job at all: if there are any, grant Job/Read; without it, the queue looks empty"
            ),
        );
    }
    online.not_checked.extend(rights.unknown.iter().map(|right| unknown(*right, asked)));
}

fn unknown(right: Permission, asked: Option<&NodeName>) -> String {
    let why = if asked.is_none() { ", which Jenkins does not show while it has no agent" } else { "" };
    format!("the permission {right}{why}")
}

/// The permissions that this configuration needs.
fn wanted(config: &Config) -> Vec<Permission> {
    let makes_nodes = config.node_types.iter().any(|kind| kind.registration != Registration::Elsewhere);
    Permission::ALL.into_iter().filter(|right| *right != Permission::Create || makes_nodes).collect()
}

/// The node to ask for permissions: one named after a node type, because permissions can depend on the names of nodes;
/// else any agent.
fn node_to_ask<'a>(config: &Config, nodes: &'a [Node]) -> Option<&'a NodeName> {
    let agents = || nodes.iter().filter(|node| node.kind == NodeKind::Agent).map(|node| &node.name);
    let of_a_type = |name: &&NodeName| {
        let base = name.convention().base;
        config.node_types.iter().any(|kind| kind.name.as_str() == base)
    };
    agents().find(of_a_type).or_else(|| agents().next())
}

fn unavailable<T>(listing: &Listing<T>) -> Option<&str> {
    match listing {
        Listing::Complete(_) => None,
        Listing::Unavailable(error) => Some(error),
    }
}

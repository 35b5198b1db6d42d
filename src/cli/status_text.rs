//! `mita status` for people: a table for each sort of thing.

use super::failures;
use super::status::{JobStatus, NodeStatus, ServerStatus, Status, TypeStatus};
use super::table::{Table, age, many, width};
use crate::naming::NodeName;
use crate::plan::Subject;
use jiff::SignedDuration;

/// The tables, as wide as the reader's terminal.
pub(super) fn render(status: &Status) -> String {
    render_within(status, width())
}

pub(super) fn render_within(status: &Status, width: usize) -> String {
    let Status { owner, now, max_servers, node_types, servers, nodes, jobs, failures, leftovers, problems, .. } =
        status;
    let mut text = format!(
        "{owner} at {now}\n{} of {max_servers} at most; in Jenkins {}, {}\n\n",
        many(servers.len(), "server"),
        nodes.as_ref().map_or("unknown nodes".to_owned(), |nodes| many(nodes.len(), "node")),
        jobs.as_ref().map_or("an unknown queue".to_owned(), |jobs| many(jobs.len(), "queue item"))
    );
    text.push_str(&types_table(node_types).render(width));
    text.push_str(&servers_table(servers).render(width));
    text.push_str(&nodes_table(nodes.as_deref().unwrap_or_default()).render(width));
    text.push_str(&jobs_table(jobs.as_deref().unwrap_or_default()).render(width));
    text.push_str(&failures::table(failures).render(width));
    let mut table = Table::new("Volumes and addresses", &["WHAT", "NAME", "RULE"]);
    for verdict in leftovers {
        let what = match verdict.subject {
            Subject::Volume => "volume",
            Subject::FloatingIp => "floating IP",
            Subject::QueueItem | Subject::Node | Subject::Server => continue,
        };
        table.row(vec![what.to_owned(), verdict.name.clone(), verdict.rule.to_string()], verdict.reason.clone());
    }
    text.push_str(&table.render(width));
    let mut table = Table::new("Problems", &["WHERE"]);
    for problem in problems {
        table.row(vec![problem.place.clone()], problem.error.clone());
    }
    text.push_str(&table.render(width));
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn types_table(types: &[TypeStatus]) -> Table {
    let heads = ["NAME", " MAX", " SERVERS", " COMING", " IDLE", " BUSY", " LEAVING", " OTHER", " JOBS"];
    let mut table = Table::new("Node types", &heads);
    for kind in types {
        let TypeStatus { name, configured, max, servers, jobs_waiting, pauses } = kind;
        let numbers = [
            servers.total,
            servers.on_its_way,
            servers.idle,
            servers.busy,
            servers.leaving,
            servers.other,
            *jobs_waiting,
        ];
        let mut cells = vec![name.to_string(), max.map_or("-".to_owned(), |max| max.to_string())];
        cells.extend(numbers.iter().map(ToString::to_string));
        let mut notes: Vec<String> = pauses
            .iter()
            .map(|pause| {
                let lasts = age(pause.lasts);
                format!("not ordered at {} for {lasts} ({}): {}", pause.provider, pause.rule, pause.reason)
            })
            .collect();
        if !configured {
            notes.push("no longer configured: nothing new is ordered".to_owned());
        }
        table.row(cells, notes.join("; "));
    }
    table
}

fn servers_table(servers: &[ServerStatus]) -> Table {
    let mut table = Table::new("Servers", &["ORDER", "NAME", "PROVIDER", " AGE", "STATE", "RULE"]);
    for server in servers {
        let ServerStatus { id, name, order, provider, state, age_seconds, nodes, rule, reason, .. } = server;
        let untold = |name: &&str| !reason.contains(*name);
        let nodes: Vec<&str> = nodes.iter().map(NodeName::as_str).filter(untold).collect();
        let nodes = if nodes.is_empty() { String::new() } else { format!(", node {}", nodes.join(", ")) };
        let cells = vec![
            order.as_ref().map_or("-".to_owned(), ToString::to_string),
            name.clone(),
            provider.as_ref().map_or("-".to_owned(), ToString::to_string),
            seconds(*age_seconds),
            state.clone(),
            rule.to_string(),
        ];
        table.row(cells, format!("{id}{nodes}: {reason}"));
    }
    table
}

fn nodes_table(nodes: &[NodeStatus]) -> Table {
    let mut table = Table::new("Nodes", &["NAME", "STATE", " IDLE", "RULE"]);
    for node in nodes {
        let NodeStatus { name, presence, executors, idle_executors, rule, reason, .. } = node;
        let idle = format!("{idle_executors}/{executors}");
        table.row(vec![name.to_string(), presence.replace('_', " "), idle, rule.to_string()], reason.clone());
    }
    table
}

fn jobs_table(jobs: &[JobStatus]) -> Table {
    let mut table = Table::new("Queue", &["ITEM", "JOB", " WAITS", "RULE"]);
    for job in jobs {
        let JobStatus { queue_id, job, waited_seconds, rule, reason, .. } = job;
        table.row(vec![queue_id.to_string(), job.clone(), seconds(*waited_seconds), rule.to_string()], reason.clone());
    }
    table
}

fn seconds(number: Option<i64>) -> String {
    number.map_or("-".to_owned(), |seconds| age(SignedDuration::from_secs(seconds)))
}

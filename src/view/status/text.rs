//! `mita status` for people: a table for each sort of thing.

use crate::domain::names::{NodeName, NodeTypeName};
use crate::plan::model::Subject;
use crate::view::failures;
use crate::view::status::{JobStatus, NodeStatus, Pause, ServerStatus, Standing, Status, ToDo, TypeStatus};
use crate::view::table::{Table, age, many, width};
use jiff::SignedDuration;
use std::collections::BTreeSet;

/// The tables, as wide as the reader's terminal.
pub(crate) fn render(status: &Status) -> String {
    render_within(status, width())
}

pub(crate) fn render_within(status: &Status, width: usize) -> String {
    let Status { node_types, servers, nodes, jobs, failures, leftovers, problems, .. } = status;
    let mut text = head(status);
    text.push_str(&types_table(node_types).render(width));
    text.push_str(&machines_table(servers).render(width));
    text.push_str(&jobs_table(jobs.as_deref().unwrap_or_default()).render(width));
    text.push_str(&other_nodes_table(nodes.as_deref().unwrap_or_default(), servers).render(width));
    text.push_str(&pauses_table(node_types).render(width));
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

fn head(status: &Status) -> String {
    let Status { owner, now, max_servers, to_do, servers, nodes, jobs, .. } = status;
    let counted = servers.iter().filter(|server| server.counts()).count();
    format!(
        "{owner} at {now}\n{counted} of {max_servers} servers; Jenkins has {} and {}\n{}\n\n",
        nodes.as_ref().map_or("nodes that cannot be seen".to_owned(), |nodes| many(nodes.len(), "node")),
        jobs.as_ref().map_or("a queue that cannot be seen".to_owned(), |jobs| many(jobs.len(), "queue item")),
        told(*to_do),
    )
}

/// What a run does now.
fn told(to_do: ToDo) -> String {
    let ToDo { order, make, assign, drain, remove, bring_back, held_back } = to_do;
    let parts = [
        ("orders", order, "server"),
        ("makes", make, "node"),
        ("assigns", assign, "floating IP"),
        ("drains", drain, "node"),
        ("removes", remove, "machine"),
        ("brings back", bring_back, "node"),
        ("holds back", held_back, "removal"),
    ];
    let parts = parts.iter().filter(|(_, number, _)| *number > 0);
    let parts: Vec<String> = parts
        .map(|(verb, number, what)| match *number {
            1 => format!("{verb} 1 {what}"),
            number => format!("{verb} {number} {what}s"),
        })
        .collect();
    match parts.split_last() {
        None => "a run now has nothing to do".to_owned(),
        Some((last, [])) => format!("a run now {last}"),
        Some((last, first)) => format!("a run now {} and {last}", first.join(", ")),
    }
}

/// Columns that are seldom anything but zero are shown where they are not.
fn types_table(types: &[TypeStatus]) -> Table {
    let always = [" MAX", " JOBS", " WANTED", " ORDERED", " BOOTING", " IDLE", " BUSY", " HELD"];
    let seldom = [(Standing::Leaving, " LEAVING"), (Standing::Other, " OTHER")];
    let seldom: Vec<_> =
        seldom.into_iter().filter(|(standing, _)| types.iter().any(|kind| kind.servers.of(*standing) > 0)).collect();
    let heads: Vec<&'static str> =
        ["NAME"].into_iter().chain(always).chain(seldom.iter().map(|(_, head)| *head)).collect();
    let mut table = Table::new("Node types", &heads);
    for kind in types {
        let TypeStatus { name, configured, max, min_idle, servers, wanted, jobs_waiting, pauses: _ } = kind;
        let booting = servers.booting + servers.connecting;
        let numbers = [*jobs_waiting, *wanted, servers.ordered, booting, servers.idle, servers.busy, servers.held];
        let mut cells = vec![name.to_string(), max.map_or("-".to_owned(), |max| max.to_string())];
        cells.extend(numbers.iter().map(ToString::to_string));
        cells.extend(seldom.iter().map(|(standing, _)| servers.of(*standing).to_string()));
        let note = match (configured, min_idle) {
            (false, _) => "no longer configured: nothing new is ordered".to_owned(),
            (true, 0) => String::new(),
            (true, min_idle) => format!("{min_idle} idle are kept at hand"),
        };
        table.row(cells, note);
    }
    table
}

impl ServerStatus {
    /// Whether it counts against the limits.
    fn counts(&self) -> bool {
        !matches!(self.rule, crate::domain::rule::Rule::Gone | crate::domain::rule::Rule::Deleting)
    }

    /// The reason, without its own name where it begins with that.
    pub(crate) fn told(&self) -> &str {
        self.reason.strip_prefix(&format!("node {} ", self.called())).unwrap_or(&self.reason)
    }

    /// What people call it: its node's name, else the order's, which is its own as well.
    pub(crate) fn called(&self) -> String {
        match (&self.nodes[..], &self.order) {
            ([node, ..], _) => node.to_string(),
            ([], Some(order)) => order.to_string(),
            ([], None) => self.name.clone(),
        }
    }
}

fn machines_table(servers: &[ServerStatus]) -> Table {
    let mut table = Table::new("Machines", &["NAME", "TYPE", "PROVIDER", " AGE", "STATE", " LEFT"]);
    for server in servers {
        let ServerStatus { id, node_type, provider, standing, age_seconds, rule, next, .. } = server;
        let dash = || "-".to_owned();
        let left = next.map_or_else(dash, |next| age(next.left));
        let reason = server.told();
        let next = next.map_or_else(String::new, |next| format!("; {} then, unless {}", next.then, next.unless));
        // The word for its state is often the rule's own.
        let rule = if rule.name() == standing.name() { String::new() } else { format!("{rule}: ") };
        let id = if server.nodes.is_empty() { format!("{id}: ") } else { String::new() };
        let cells = vec![
            server.called(),
            node_type.as_ref().map_or_else(dash, NodeTypeName::to_string),
            provider.as_ref().map_or_else(dash, ToString::to_string),
            seconds(*age_seconds),
            standing.name().to_owned(),
            left,
        ];
        table.row(cells, format!("{id}{rule}{reason}{next}"));
    }
    table
}

/// Nodes that are none of the machines above.
fn other_nodes_table(nodes: &[NodeStatus], servers: &[ServerStatus]) -> Table {
    let told: BTreeSet<&NodeName> = servers.iter().flat_map(|server| &server.nodes).collect();
    let mut table = Table::new("Other nodes", &["NAME", "STATE", " IDLE", "RULE"]);
    for node in nodes.iter().filter(|node| !told.contains(&node.name)) {
        let NodeStatus { name, presence, executors, idle_executors, rule, reason, .. } = node;
        let idle = format!("{idle_executors}/{executors}");
        table.row(vec![name.to_string(), presence.replace('_', " "), idle, rule.to_string()], reason.clone());
    }
    table
}

fn jobs_table(jobs: &[JobStatus]) -> Table {
    let mut table = Table::new("Jobs", &["ITEM", "JOB", " WAITS", "RULE"]);
    for job in jobs {
        let JobStatus { queue_id, job, waited_seconds, rule, reason, .. } = job;
        table.row(vec![queue_id.to_string(), job.clone(), seconds(*waited_seconds), rule.to_string()], reason.clone());
    }
    table
}

fn pauses_table(types: &[TypeStatus]) -> Table {
    let mut table = Table::new("Not ordered for now", &["TYPE", "PROVIDER", " FOR", "RULE"]);
    for kind in types {
        for Pause { provider, rule, lasts, reason, until: _ } in &kind.pauses {
            let cells = vec![kind.name.to_string(), provider.to_string(), age(*lasts), rule.to_string()];
            table.row(cells, reason.clone());
        }
    }
    table
}

fn seconds(number: Option<i64>) -> String {
    number.map_or("-".to_owned(), |seconds| age(SignedDuration::from_secs(seconds)))
}

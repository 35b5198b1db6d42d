//! `mita status` for people: a table for each sort of thing.

use crate::plan::model::Subject;
use crate::view::status::standing::Standing;
use crate::view::status::{JobStatus, NodeStatus, ServerStatus, Status};
use crate::view::table::{Table, problems};
use crate::view::text::{duration, plural, seconds};

/// The end of a console has at most this many lines in a table; `explain` and the JSON have all.
const SHOWN_LINES: usize = 5;

/// The tables, for lines of this width.
pub(crate) fn render(status: &Status, width: usize) -> String {
    let mut text = head(status);
    let tables = [
        node_types(status),
        machines(&status.servers),
        jobs(status.jobs.as_deref().unwrap_or_default()),
        other_nodes(status),
        pauses(status),
        failures(status),
        leftovers(status),
        problems(&status.problems),
    ];
    text.extend(tables.iter().map(|table| table.render(width)));
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn head(status: &Status) -> String {
    let Status { owner, now, max_servers, to_do, servers, nodes, jobs, .. } = status;
    let counted = servers.iter().filter(|server| server.counts()).count();
    format!(
        "{owner} at {now}\n{counted} of {max_servers} servers; Jenkins has {} and {}\n{}\n\n",
        nodes.as_ref().map_or("nodes that cannot be seen".to_owned(), |nodes| plural(nodes.len(), "node")),
        jobs.as_ref().map_or("a queue that cannot be seen".to_owned(), |jobs| plural(jobs.len(), "queue item")),
        to_do.sentence(),
    )
}

/// A column that is seldom anything but zero is shown only if one of its numbers is not.
fn node_types(status: &Status) -> Table {
    let types = &status.node_types;
    let mut heads = vec!["NAME", " MAX", " JOBS", " WANTED", " ORDERED", " BOOTING", " IDLE", " BUSY", " HELD"];
    let mut seldom = vec![(Standing::Leaving, " LEAVING"), (Standing::Other, " OTHER")];
    seldom.retain(|(standing, _)| types.iter().any(|kind| kind.servers.of(*standing) > 0));
    heads.extend(seldom.iter().map(|(_, head)| head));
    let mut table = Table::new("Node types", &heads);
    for kind in types {
        let servers = kind.servers;
        let booting = servers.booting + servers.connecting;
        let mut cells = vec![kind.name.to_string(), kind.max.map_or("-".to_owned(), |max| max.to_string())];
        let numbers =
            [kind.jobs_waiting, kind.wanted, servers.ordered, booting, servers.idle, servers.busy, servers.held];
        cells.extend(numbers.iter().map(ToString::to_string));
        cells.extend(seldom.iter().map(|(standing, _)| servers.of(*standing).to_string()));
        let mut notes = Vec::new();
        match (kind.configured, kind.at_hand.max(kind.min_idle)) {
            (false, _) => notes.push("no longer configured: nothing new is ordered".to_owned()),
            (true, 0) => {}
            (true, at_hand) => notes.push(format!("{at_hand} idle are kept at hand")),
        }
        if kind.late > 0 {
            notes.push(format!("{} late, and ordered once more", kind.late));
        }
        let note = notes.join("; ");
        table.row(cells, note);
    }
    table
}

fn machines(servers: &[ServerStatus]) -> Table {
    let mut table = Table::new("Machines", &["NAME", "TYPE", "PROVIDER", " AGE", "STATE", " LEFT"]);
    for server in servers {
        let ServerStatus { id, node_type, provider, standing, age_seconds, rule, next, .. } = server;
        let cells = vec![
            server.display_name(),
            or_dash(node_type.as_ref()),
            or_dash(provider.as_ref()),
            seconds(*age_seconds, "-"),
            standing.name().to_owned(),
            next.map_or("-".to_owned(), |next| duration(next.left)),
        ];
        let id = if server.nodes.is_empty() { format!("{id}: ") } else { String::new() };
        // The word for its standing is often the name of the rule.
        let rule = if rule.name() == standing.name() { String::new() } else { format!("{rule}: ") };
        let next = next.map_or_else(String::new, |next| format!("; {}", next.note()));
        table.row(cells, format!("{id}{rule}{}{next}", server.short_reason()));
    }
    table
}

fn or_dash(name: Option<&impl ToString>) -> String {
    name.map_or("-".to_owned(), ToString::to_string)
}

fn other_nodes(status: &Status) -> Table {
    let mut table = Table::new("Other nodes", &["NAME", "STATE", " IDLE", "RULE"]);
    for node in status.other_nodes() {
        let NodeStatus { name, presence, executors, idle_executors, rule, reason, .. } = node;
        let idle = format!("{idle_executors}/{executors}");
        table.row(vec![name.to_string(), presence.words(), idle, rule.to_string()], reason.clone());
    }
    table
}

fn jobs(jobs: &[JobStatus]) -> Table {
    let mut table = Table::new("Jobs", &["ITEM", "JOB", " WAITS", "RULE"]);
    for job in jobs {
        let waits = seconds(job.waited_seconds, "-");
        table.row(vec![job.queue_id.to_string(), job.job.clone(), waits, job.rule.to_string()], job.reason.clone());
    }
    table
}

fn pauses(status: &Status) -> Table {
    let mut table = Table::new("Not ordered for now", &["TYPE", "PROVIDER", " FOR", "RULE"]);
    for (kind, pause) in status.pauses() {
        let cells = vec![kind.to_string(), pause.provider.to_string(), duration(pause.lasts), pause.rule.to_string()];
        table.row(cells, pause.reason.clone());
    }
    table
}

fn failures(status: &Status) -> Table {
    let mut table = Table::new("Last failures", &["TYPE", "PROVIDER", " AGO", "RULE"]);
    for failure in &status.failures {
        let ago = duration(failure.ago);
        let cells = vec![failure.node_type.to_string(), failure.provider.to_string(), ago, failure.rule.to_string()];
        table.row(cells, format!("{}: {}", failure.id(), failure.reason));
        table.quote(&failure.console[failure.console.len().saturating_sub(SHOWN_LINES)..]);
    }
    table
}

fn leftovers(status: &Status) -> Table {
    let mut table = Table::new("Volumes and addresses", &["WHAT", "NAME", "RULE"]);
    for verdict in &status.leftovers {
        let what = match verdict.subject {
            Subject::Volume => "volume",
            Subject::FloatingIp => "floating IP",
            Subject::QueueItem | Subject::Node | Subject::Server => continue,
        };
        table.row(vec![what.to_owned(), verdict.name.clone(), verdict.rule.to_string()], verdict.reason.clone());
    }
    table
}

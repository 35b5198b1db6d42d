//! `mita status` for people: a table for each sort of thing.

use crate::plan::model::Subject;
use crate::view::compact::{ELLIPSIS, UNCUT, cut};
use crate::view::natural;
use crate::view::status::budgets::Level;
use crate::view::status::job::JobStatus;
use crate::view::status::screen::fitting;
use crate::view::status::standing::Standing;
use crate::view::status::{NodeStatus, ServerStatus, Status};
use crate::view::style::Tone;
use crate::view::table::{Table, problems, wrap};
use crate::view::text::{duration, seconds};

/// The end of a console has at most this many lines in a table; `explain` and the JSON have all.
const SHOWN_LINES: usize = 5;

/// How much of each thing is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// A line each, cut to the width.
    Compact,
    /// As compact, and no more lines than these: what matters most comes first.
    Screen(usize),
    /// Everything, on as many lines as it takes.
    Wide,
}

/// The tables, for lines of this width, with marks for colours.
pub(crate) fn render(status: &Status, width: usize, layout: Layout) -> String {
    let lines =
        status.head.lines().flat_map(|line| if line.is_empty() { vec![String::new()] } else { wrap(line, width) });
    let mut text: String = lines.map(|line| line + "\n").collect();
    match layout {
        Layout::Wide => text.extend(tables(status, layout).iter().map(|table| table.marked(width))),
        Layout::Compact => {
            // What went wrong is never cut.
            text.push_str(&problems(&status.problems).marked(width));
            let tables = tables(status, layout);
            let all = |width| tables.iter().skip(1).map(|table| table.compact(width, usize::MAX)).collect::<String>();
            let shown = all(width);
            text.push_str(&shown);
            if shown.matches(ELLIPSIS).count() > all(UNCUT).matches(ELLIPSIS).count() {
                text.push_str(&cut("mita status -o wide shows the reasons whole", width));
            }
        }
        Layout::Screen(lines) => {
            let problems = problems(&status.problems).marked(width);
            let lines = lines.saturating_sub(text.lines().count());
            let in_words = problems.lines().count();
            // What went wrong is cut only where it would fill the screen.
            if in_words <= lines / 2 {
                text.push_str(&problems);
                text.push_str(&fitting(&tables(status, layout)[1..], width, lines - in_words));
            } else {
                text.push_str(&fitting(&tables(status, layout), width, lines));
            }
        }
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// All tables, the most important first.
fn tables(status: &Status, layout: Layout) -> Vec<Table> {
    let jobs_table = jobs(status.jobs.as_deref().unwrap_or_default());
    vec![
        problems(&status.problems),
        paused(status),
        node_types(status),
        machines(status, layout),
        jobs_table,
        pauses(status),
        budgets(status),
        failures(status),
        other_nodes(status),
        leftovers(status),
    ]
}

fn paused(status: &Status) -> Table {
    let mut table = Table::new("Paused", &["WHAT"]);
    for pause in &status.paused {
        table.row(vec![pause.scope.clone()], pause.words.clone());
        table.tone(0, Some(Tone::Held));
    }
    table
}

/// Each server is in one column, as in the metrics. Columns of zeros are not shown.
fn node_types(status: &Status) -> Table {
    let heads = [
        "NAME",
        " MAX",
        " JOBS",
        " TO ORDER",
        " ORDERED",
        " BOOTING",
        " CONNECTING",
        " IDLE",
        " BUSY",
        " HELD",
        " LEAVING",
        " OTHER",
    ];
    let mut table = Table::new("Node types", &heads).droppable(&["MAX", "LEAVING"]);
    for kind in &status.node_types {
        let servers = kind.servers;
        let mut cells = vec![kind.name.to_string(), kind.max.map_or("-".to_owned(), |max| max.to_string())];
        let numbers = [
            kind.jobs_waiting,
            kind.wanted,
            servers.ordered,
            servers.booting,
            servers.connecting,
            servers.idle,
            servers.busy,
            servers.held,
            servers.leaving,
            servers.other,
        ];
        cells.extend(numbers.iter().map(ToString::to_string));
        let mut notes = Vec::new();
        match (kind.configured, kind.at_hand.max(kind.min_idle)) {
            (false, _) => notes.push("no longer configured: nothing new is ordered".to_owned()),
            (true, 0) => {}
            (true, at_hand) => {
                notes.push(format!("{at_hand} idle {} kept at hand", if at_hand == 1 { "is" } else { "are" }));
            }
        }
        if kind.late > 0 {
            notes.push(format!("{} late, and ordered once more", kind.late));
        }
        let note = notes.join("; ");
        table.row(cells, note);
    }
    table
}

fn machines(status: &Status, layout: Layout) -> Table {
    let mut table = Table::new("Servers", &["NAME", "TYPE", "PROVIDER", " AGE", "STATE", " LEFT"]);
    table = table.droppable(&["PROVIDER", "TYPE", "AGE"]);
    for server in status.machines_in_order() {
        let ServerStatus { id, node_type, provider, standing, age_seconds, rule, next, .. } = server;
        let cells = vec![
            server.display_name(),
            or_dash(node_type.as_ref()),
            or_dash(provider.as_ref()),
            seconds(*age_seconds, "-"),
            server.state_words(),
            next.map_or("-".to_owned(), |next| duration(next.left)),
        ];
        // A line has no room for it, and the name says as much.
        let id = if layout == Layout::Wide && server.nodes.is_empty() { format!("{id}: ") } else { String::new() };
        // The word for its standing is often the name of the rule.
        let rule = if rule.name() == standing.name() { String::new() } else { format!("{rule}: ") };
        let next = next.map_or_else(String::new, |next| format!("; {}", next.note()));
        table.row(cells, format!("{id}{rule}{}{next}", server.why()));
        table.tone(4, tone(server));
    }
    table
}

fn tone(server: &ServerStatus) -> Option<Tone> {
    match server.standing {
        _ if server.held.is_some() => Some(Tone::Held),
        Standing::Busy => Some(Tone::Busy),
        Standing::Idle => Some(Tone::Idle),
        Standing::Ordered | Standing::Booting | Standing::Connecting => Some(Tone::Coming),
        Standing::Held => Some(Tone::Held),
        Standing::Leaving => Some(Tone::Dim),
        Standing::Other => Some(Tone::Bad),
    }
}

fn or_dash(name: Option<&impl ToString>) -> String {
    name.map_or("-".to_owned(), ToString::to_string)
}

fn other_nodes(status: &Status) -> Table {
    let mut table = Table::new("Other nodes", &["NAME", "STATE", " IDLE", "RULE"]);
    let mut nodes: Vec<&NodeStatus> = status.other_nodes().collect();
    nodes.sort_by(|a, b| natural::compare(a.name.as_str(), b.name.as_str()));
    for node in nodes {
        let NodeStatus { name, presence, executors, idle_executors, rule, .. } = node;
        let idle = format!("{idle_executors}/{executors}");
        table.row(vec![name.to_string(), presence.words(), idle, rule.to_string()], node.why());
    }
    table
}

fn jobs(jobs: &[JobStatus]) -> Table {
    let mut table = Table::new("Jobs", &["ITEM", "JOB", " WAITS", "RULE"]);
    for job in jobs {
        let waits = seconds(job.waited_seconds, "-");
        table.row(
            vec![job.queue_id.to_string(), job.job.clone(), waits, job.rule.to_string()],
            job.short_reason().to_owned(),
        );
        table.tone(3, job.is_stuck().then_some(Tone::Coming));
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

fn budgets(status: &Status) -> Table {
    let mut table = Table::new("Budgets", &["OF", " HOURS", "PER"]);
    for budget in &status.budgets {
        let cells = vec![budget.scope.clone(), budget.hours.to_string(), budget.per.to_owned()];
        table.row(cells, budget.words.clone());
        let tone = match budget.level {
            Level::Fine => None,
            Level::Low => Some(Tone::Coming),
            Level::UsedUp => Some(Tone::Bad),
        };
        table.tone(0, tone);
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

//! The tables of the page. On a narrow screen each row is a card, and its cells have the heads of their columns.

use crate::apply::{ActionResult, Outcome};
use crate::domain::names::NodeName;
use crate::domain::rule::Rule;
use crate::plan::model::{Action, Change, NodeToRegister, Order};
use crate::view::document::run::outcome_words;
use crate::view::page::html::text;
use crate::view::run_report::RunReport;
use crate::view::status::node_types::TypeStatus;
use crate::view::status::standing::Standing;
use crate::view::status::{JobStatus, ServerStatus, Status};
use crate::view::text::{duration, seconds};
use maud::{Markup, html};

/// A table has at most this many rows; the JSON of `mita status` has all.
const MOST_ROWS: usize = 200;

const NOTHING: &str = "–";

/// What a person should look at first; empty if there is no trouble.
pub(crate) fn troubles(status: &Status) -> Markup {
    let is_quiet = status.problems.is_empty() && status.failures.is_empty() && status.pauses().next().is_none();
    html! {
        @if !is_quiet {
            h2 { "Troubles" }
        }
        @for problem in &status.problems {
            .note.bad { p { b { (text(&problem.place)) } } p { (text(&problem.error)) } }
        }
        @for (kind, pause) in status.pauses() {
            .note.warn {
                p {
                    b { (text(kind.as_str())) } " is not ordered at " (text(pause.provider.as_str()))
                    " for " (duration(pause.lasts)) " " (chip("warn", pause.rule.name()))
                }
                p.dim { (text(&pause.reason)) }
            }
        }
        @for failure in &status.failures {
            .note {
                p {
                    b { (text(failure.node_type.as_str())) } ": the last server that failed, " (duration(failure.ago))
                    " ago at " (text(failure.provider.as_str())) " " (chip("bad", failure.rule.name()))
                }
                p.dim { (text(&failure.reason)) }
                @if !failure.console.is_empty() {
                    details {
                        summary { "The end of its console" }
                        pre { @for line in &failure.console { (text(line)) "\n" } }
                    }
                }
            }
        }
    }
}

pub(crate) fn node_types(status: &Status) -> Markup {
    let numbers = ["Jobs", "Wanted", "Ordered", "Booting", "Idle", "Busy", "Held", "Leaving", "Other", "Limit"];
    let heads: Vec<_> = [("Type", "")].into_iter().chain(numbers.map(|head| (head, "n"))).collect();
    html! {
        h2 { "Node types" }
        (table(&heads, status.node_types.iter().map(|kind| node_type(status, kind))))
    }
}

fn node_type(status: &Status, kind: &TypeStatus) -> Markup {
    let servers = kind.servers;
    let numbers = [
        ("Jobs", kind.jobs_waiting),
        ("Wanted", kind.wanted),
        ("Ordered", servers.ordered),
        ("Booting", servers.booting + servers.connecting),
        ("Idle", servers.idle),
        ("Busy", servers.busy),
        ("Held", servers.held),
        ("Leaving", servers.leaving),
        ("Other", servers.other),
    ];
    html! {
        td.name {
            (text(kind.name.as_str()))
            @if !kind.configured { " " (chip("warn", "no longer configured")) }
            (bar(status, kind))
        }
        @for (head, number) in numbers {
            (cell(if number == 0 { "n z" } else { "n" }, head, &number.to_string()))
        }
        (cell("n", "Limit", &kind.max.map_or(NOTHING.to_owned(), |max| max.to_string())))
    }
}

/// The servers of a node type as parts of its limit.
fn bar(status: &Status, kind: &TypeStatus) -> Markup {
    let servers = kind.servers;
    let most = usize::try_from(kind.max.unwrap_or(status.max_servers)).unwrap_or(usize::MAX);
    let whole = servers.total.max(most).max(1);
    let parts =
        [("busy", servers.busy), ("idle", servers.idle), ("coming", servers.on_its_way), ("other", servers.rest())];
    html! {
        .bar aria-hidden="true" {
            @for (class, number) in parts.into_iter().filter(|(_, number)| *number > 0) {
                @let permille = number.saturating_mul(1000) / whole;
                i class=(class) style={"width:" (permille / 10) "." (permille % 10) "%"} {}
            }
        }
    }
}

/// The actions of the run, why, and their outcomes.
pub(crate) fn decisions(run: &RunReport<'_>) -> Markup {
    let plan = &run.report.plan;
    let results = run.report.results.as_deref().unwrap_or_default();
    let of_plan = plan.actions.iter().enumerate().take(MOST_ROWS).map(|(index, action)| {
        let result = results.iter().find(|result| result.action == index);
        let (class, outcome) = result.map_or(("", "not tried"), outcome);
        decision(action, class, outcome, result.and_then(|result| result.error.as_deref()))
    });
    let held_back = plan.held_back.iter().take(MOST_ROWS).map(|action| decision(action, "warn", "held back", None));
    let heads = [("What", ""), ("Of", ""), ("Rule", ""), ("Outcome", ""), ("Why", "")];
    html! {
        h2 { "What this run did" }
        @if plan.actions.is_empty() && plan.held_back.is_empty() {
            p.dim {
                "There was nothing to do"
                @if run.status.waiting().next().is_some() { ": below stands what each job waits for" }
                "."
            }
        } @else {
            (table(&heads, of_plan.chain(held_back)))
            (more(plan.actions.len().max(plan.held_back.len())))
        }
    }
}

fn decision(action: &Action, class: &str, outcome: &str, error: Option<&str>) -> Markup {
    html! {
        td.name.fit { (verb(action)) }
        (cell("fit", "Of", &object(action)))
        td.fit data-head="Rule" { (chip("", action.rule.name())) }
        td.fit data-head="Outcome" { (chip(class, outcome)) }
        td.why {
            (text(&action.reason))
            @if let Some(error) = error { br; (text(error)) }
        }
    }
}

fn verb(action: &Action) -> &'static str {
    match action.change {
        Change::CreateServer(_) => "order a server",
        Change::CreateNode(_) => "make a node",
        Change::AssignFloatingIp(_) => "give a floating IP",
        Change::RestoreNode(_) => "bring a node back",
        Change::DrainNode(_) => "keep further builds from a node",
        Change::RetireNode(_) => "retire a node",
        Change::DeleteServer(_) => "remove a server",
        Change::DeleteNode { .. } => "remove a node",
        Change::DeleteVolume { .. } => "remove a volume",
        Change::ReleaseFloatingIp { .. } => "release a floating IP",
    }
}

fn object(action: &Action) -> String {
    match &action.change {
        Change::CreateServer(Order { node_type, provider, .. }) => format!("{node_type} at {provider}"),
        Change::CreateNode(NodeToRegister { node, .. }) | Change::DeleteNode { node, .. } => node.to_string(),
        Change::RestoreNode(target) | Change::DrainNode(target) | Change::RetireNode(target) => {
            target.nodes.first().map(NodeName::to_string).unwrap_or_default()
        }
        Change::DeleteServer(target) => format!("{} {}", target.name, target.server_id),
        Change::AssignFloatingIp(wanted) => format!("{} {}", wanted.target.node_type, wanted.target.server_id),
        Change::DeleteVolume { volume_id, .. } => volume_id.to_string(),
        Change::ReleaseFloatingIp { floating_ip_id, .. } => floating_ip_id.to_string(),
    }
}

fn outcome(result: &ActionResult) -> (&'static str, &'static str) {
    let class = match result.outcome {
        Outcome::Done | Outcome::AlreadyDone => "good",
        Outcome::Skipped => "",
        Outcome::Unknown => "warn",
        Outcome::Refused | Outcome::Failed => "bad",
    };
    (class, outcome_words(result.outcome))
}

pub(crate) fn machines(status: &Status) -> Markup {
    let heads = [("Name", ""), ("Type", ""), ("Provider", ""), ("Age", "n"), ("State", ""), ("Left", "n"), ("Why", "")];
    html! {
        h2 { "Machines" }
        @if status.servers.is_empty() {
            p.dim { "No server of this installation is there." }
        } @else {
            (table(&heads, status.servers.iter().take(MOST_ROWS).map(machine)))
            (more(status.servers.len()))
        }
    }
}

fn machine(server: &ServerStatus) -> Markup {
    let class = match server.standing {
        Standing::Idle | Standing::Busy => "good",
        Standing::Ordered | Standing::Booting | Standing::Connecting | Standing::Held => "warn",
        Standing::Leaving | Standing::Other => "",
    };
    html! {
        td.name title=(text(&server.id)) { (text(&server.display_name())) }
        (cell("fit", "Type", server.node_type.as_ref().map_or(NOTHING, |kind| kind.as_str())))
        (cell("fit", "Provider", server.provider.as_ref().map_or(NOTHING, |provider| provider.as_str())))
        (cell("n", "Age", &seconds(server.age_seconds, NOTHING)))
        td.fit data-head="State" { (chip(class, server.standing.name())) }
        (cell("n", "Left", &server.next.map_or(NOTHING.to_owned(), |next| duration(next.left))))
        td.why {
            (text(server.short_reason()))
            @if let Some(next) = server.next { "; " (next.note()) }
        }
    }
}

pub(crate) fn jobs(status: &Status) -> Markup {
    html! {
        h2 { "Queue" }
        @match status.jobs.as_deref() {
            None => p.dim { "The queue could not be read." },
            Some([]) => p.dim { "No job is queued." },
            Some(jobs) => {
                @let heads = [("Job", ""), ("Waits", "n"), ("Needs", ""), ("Verdict", ""), ("Why", "")];
                (table(&heads, jobs.iter().take(MOST_ROWS).map(job)))
                (more(jobs.len()))
            }
        }
    }
}

fn job(job: &JobStatus) -> Markup {
    let class = match job.rule {
        Rule::Demand | Rule::OnItsWay | Rule::IdleExecutor | Rule::Pending => "good",
        Rule::Limit | Rule::Quota | Rule::BreakerOpen | Rule::InVain | Rule::NoNodeType | Rule::UnknownNeed => "warn",
        _ => "",
    };
    html! {
        td.name title={"queue item " (job.queue_id)} { (text(&job.job)) }
        (cell("n", "Waits", &seconds(job.waited_seconds, NOTHING)))
        (cell("", "Needs", job.needs.as_deref().unwrap_or(NOTHING)))
        (verdict(class, job.rule, &job.reason))
    }
}

/// Nodes that are no server of this installation, volumes and floating IPs.
pub(crate) fn others(status: &Status) -> Markup {
    let nodes = status.other_nodes().map(|node| (node.name.as_str(), node.rule, node.reason.as_str()));
    let leftovers = status.leftovers.iter().map(|it| (it.name.as_str(), it.rule, it.reason.as_str()));
    let all: Vec<_> = leftovers.chain(nodes).collect();
    let rows = all.iter().take(MOST_ROWS).map(|(name, rule, reason)| {
        html! { td.name { (text(name)) } (verdict("", *rule, reason)) }
    });
    html! {
        @if !all.is_empty() {
            details {
                summary { "Other nodes and volumes (" (all.len()) ")" }
                (table(&[("Name", ""), ("Verdict", ""), ("Why", "")], rows))
                (more(all.len()))
            }
        }
    }
}

/// A table with these heads, each with the class of its column.
fn table(heads: &[(&str, &str)], rows: impl Iterator<Item = Markup>) -> Markup {
    html! {
        .wrap {
            table {
                thead { tr { @for (head, class) in heads { th class=[Some(class).filter(|class| !class.is_empty())] { (head) } } } }
                tbody { @for row in rows { tr { (row) } } }
            }
        }
    }
}

fn verdict(class: &str, rule: Rule, reason: &str) -> Markup {
    html! {
        td.fit data-head="Verdict" { (chip(class, rule.name())) }
        td.why { (text(reason)) }
    }
}

fn cell(class: &str, head: &str, value: &str) -> Markup {
    html! { td class={(class) @if value == NOTHING { " z" }} data-head=(head) { (text(value)) } }
}

fn chip(class: &str, name: &str) -> Markup {
    html! { span class={"chip " (class)} { (name) } }
}

fn more(all: usize) -> Markup {
    html! {
        @if let Some(rest) = all.checked_sub(MOST_ROWS).filter(|rest| *rest > 0) {
            p.dim { "and " (rest) " more: " code { "mita status" } " shows all." }
        }
    }
}

//! The tables of the page. On a narrow screen each row is a card, and its cells have the heads of their columns.

use crate::apply::{ActionResult, Outcome};
use crate::domain::names::NodeName;
use crate::domain::rule::Rule;
use crate::plan::model::{Action, Change, NodeToRegister, Order};
use crate::view::document::Time;
use crate::view::document::run::outcome_words;
use crate::view::page::html::text;
use crate::view::page::links::Links;
use crate::view::run_report::RunReport;
use crate::view::status::activity::BuildStatus;
use crate::view::status::budgets::{BudgetStatus, Level};
use crate::view::status::job::JobStatus;
use crate::view::status::node_types::TypeStatus;
use crate::view::status::standing::Standing;
use crate::view::status::{ServerStatus, Status};
use crate::view::text::{duration, seconds};
use jiff::Timestamp;
use maud::{Markup, html};

/// A table has at most this many rows; the JSON of `mita status` has all.
const MOST_ROWS: usize = 200;

const NOTHING: &str = "–";

pub(crate) fn node_types(status: &Status) -> Markup {
    let numbers =
        ["Max", "Jobs", "To order", "Ordered", "Booting", "Connecting", "Idle", "Busy", "Held", "Leaving", "Other"];
    let heads: Vec<_> = [("Type", "")].into_iter().chain(numbers.map(|head| (head, "n"))).collect();
    html! {
        h2 { "Node types" }
        (table(&heads, status.node_types.iter().map(|kind| node_type(status, kind))))
    }
}

pub(crate) fn budgets(status: &Status) -> Markup {
    let heads = [("Budget of", ""), ("Hours", "n"), ("Per", ""), ("Used", "n"), ("Expected", "n"), ("", "")];
    let row = |budget: &BudgetStatus| {
        html! {
            td.name { (text(&budget.scope)) }
            (cell("n", "Hours", &budget.hours.to_string()))
            (cell("", "Per", budget.per))
            (cell("n", "Used", &format!("{:.0}", budget.used_hours)))
            (cell("n", "Expected", &format!("{:.0}", budget.expected_hours)))
            td {
                @match budget.level {
                    Level::Fine => {}
                    Level::Low => { (chip("warn", "low")) }
                    Level::UsedUp => { (chip("bad", "used up")) }
                }
            }
        }
    };
    html! {
        @if !status.budgets.is_empty() {
            h2 { "Budgets" }
            (table(&heads, status.budgets.iter().map(row)))
        }
    }
}

fn node_type(status: &Status, kind: &TypeStatus) -> Markup {
    let servers = kind.servers;
    let numbers = [
        ("Jobs", kind.jobs_waiting),
        ("To order", kind.wanted),
        ("Ordered", servers.ordered),
        ("Booting", servers.booting),
        ("Connecting", servers.connecting),
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
        (cell("n", "Max", &kind.max.map_or(NOTHING.to_owned(), |max| max.to_string())))
        @for (head, number) in numbers {
            (cell(if number == 0 { "n z" } else { "n" }, head, &number.to_string()))
        }
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
                @if let Some(unseen) = run.report.world.unseen() { "It " (unseen) } @else { "There was nothing to do" }
                @if run.status.waiting().next().is_some() { "; the table of jobs below shows what each one waits for" }
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
        Outcome::Done | Outcome::AlreadyDone | Outcome::Skipped => "",
        Outcome::Unknown => "warn",
        Outcome::Refused | Outcome::Failed => "bad",
    };
    (class, outcome_words(result.outcome))
}

pub(crate) fn machines(status: &Status, links: Links<'_>) -> Markup {
    let heads = [("Name", ""), ("Type", ""), ("Provider", ""), ("Age", "n"), ("State", ""), ("Left", "n"), ("Why", "")];
    html! {
        h2 { "Servers" }
        @if status.machines().next().is_none() {
            p.dim { "No server of this installation is there." }
        } @else {
            (table(&heads, status.machines_in_order().into_iter().take(MOST_ROWS).map(|server| machine(server, links))))
            (more(status.machines().count()))
        }
    }
}

/// The colour of a standing: the same as in the charts.
fn colour(standing: Standing) -> &'static str {
    match standing {
        Standing::Idle => "idle",
        Standing::Busy => "busy",
        Standing::Ordered | Standing::Booting | Standing::Connecting => "coming",
        Standing::Held | Standing::Leaving | Standing::Other => "other",
    }
}

fn machine(server: &ServerStatus, links: Links<'_>) -> Markup {
    let name = server.display_name();
    html! {
        td.name title=(text(&server.id)) {
            @match &server.nodes[..] {
                [] => (links.server(server.provider.as_ref(), &server.id, &name)),
                [node, ..] => {
                    (links.node(node.as_str()))
                    @if let Some(link) = links.dashboard(server.provider.as_ref(), &server.id) { " " (link) }
                }
            }
        }
        (cell("fit", "Type", server.node_type.as_ref().map_or(NOTHING, |kind| kind.as_str())))
        (cell("fit", "Provider", server.provider.as_ref().map_or(NOTHING, |provider| provider.as_str())))
        (cell("n", "Age", &seconds(server.age_seconds, NOTHING)))
        td.fit data-head="State" {
            span.chip { i class=(colour(server.standing)) {} (server.state_words()) }
        }
        (cell("n", "Left", &server.next.map_or(NOTHING.to_owned(), |next| duration(next.left))))
        td.why {
            @for build in &server.builds { (running(build, links)) }
            @if server.builds.is_empty() || server.held.is_some() || server.rule != Rule::Busy { (text(&server.why_beside_builds())) }
            @if let Some(next) = server.next { "; " (next.note()) }
        }
    }
}

/// A build with its job's page and for how long it runs.
fn running(build: &BuildStatus, links: Links<'_>) -> Markup {
    html! {
        p {
            (links.build(build))
            @if let (Some(since), Some(lasts)) = (build.since, build.lasts) {
                " for " (duration(lasts)) ", since " time.today datetime=(since) { (utc(since.0)) }
            }
        }
    }
}

/// A time that the script shows in the reader's time zone.
pub(crate) fn when(at: Timestamp) -> Markup {
    html! { time datetime=(Time(at)) { (utc(at)) } }
}

fn utc(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

pub(crate) fn jobs(status: &Status, links: Links<'_>) -> Markup {
    html! {
        h2 { "Jobs" }
        @match status.jobs.as_deref() {
            None => p.dim { "The queue could not be read." },
            Some([]) => p.dim { "No job is queued." },
            Some(jobs) => {
                @let heads = [("Job", ""), ("Waits", "n"), ("Needs", ""), ("Rule", ""), ("Why", "")];
                (table(&heads, jobs.iter().take(MOST_ROWS).map(|item| job(item, links))))
                (more(jobs.len()))
            }
        }
    }
}

fn job(job: &JobStatus, links: Links<'_>) -> Markup {
    let class = if job.is_stuck() { "warn" } else { "" };
    html! {
        td.name title={"queue item " (job.queue_id)} { (links.job(&job.job)) }
        (cell("n", "Waits", &seconds(job.waited_seconds, NOTHING)))
        (cell("words", "Needs", job.needs.as_deref().unwrap_or(NOTHING)))
        (ruled(class, job.rule, job.short_reason()))
    }
}

/// Nodes that are no server of this installation, volumes and floating IPs.
pub(crate) fn others(status: &Status, links: Links<'_>) -> Markup {
    let nodes = status.other_nodes().map(|node| (links.node(node.name.as_str()), node.rule, node.why()));
    let leftovers = status.leftovers.iter().map(|it| (html! { (text(&it.name)) }, it.rule, it.reason.clone()));
    let all: Vec<_> = leftovers.chain(nodes).collect();
    let rows = all.iter().take(MOST_ROWS).map(|(name, rule, reason)| {
        html! { td.name { (name) } (ruled("", *rule, reason)) }
    });
    html! {
        @if !all.is_empty() {
            details {
                summary { "Other nodes and volumes (" (all.len()) ")" }
                (table(&[("Name", ""), ("Rule", ""), ("Why", "")], rows))
                (more(all.len()))
            }
        }
    }
}

/// A table with these heads, each with the class of its column.
pub(crate) fn table(heads: &[(&str, &str)], rows: impl Iterator<Item = Markup>) -> Markup {
    html! {
        .wrap {
            table {
                thead { tr { @for (head, class) in heads { th class=[Some(class).filter(|class| !class.is_empty())] { (head) } } } }
                tbody { @for row in rows { tr { (row) } } }
            }
        }
    }
}

fn ruled(class: &str, rule: Rule, reason: &str) -> Markup {
    html! {
        td.fit data-head="Rule" { (chip(class, rule.name())) }
        td.why { (text(reason)) }
    }
}

pub(crate) fn cell(class: &str, head: &str, value: &str) -> Markup {
    html! { td class={(class) @if value == NOTHING { " z" }} data-head=(head) { (text(value)) } }
}

pub(crate) fn chip(class: &str, name: &str) -> Markup {
    html! { span class={"chip " (class)} { (name) } }
}

fn more(all: usize) -> Markup {
    html! {
        @if let Some(rest) = all.checked_sub(MOST_ROWS).filter(|rest| *rest > 0) {
            p.dim { "and " (rest) " more: " code { "mita status" } " shows all." }
        }
    }
}

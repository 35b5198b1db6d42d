//! The tables of the page. On a narrow screen each row is a card, and its cells carry the heads of their columns.

use crate::apply::Outcome;
use crate::cli::publish::Account;
use crate::domain::names::NodeName;
use crate::domain::rule::Rule;
use crate::plan::model::{Action, Change, NodeToRegister, Order};
use crate::view::page::html::Html;
use crate::view::status::{Pause, Standing, Status};
use crate::view::table::age;
use jiff::SignedDuration;
use std::collections::BTreeSet;

/// A page of ten thousand rows is of no use to anybody; the JSON of `mita status` has all.
const MOST_ROWS: usize = 200;

const NOTHING: &str = "–";

/// What a person should look at first; nothing where there is no trouble.
pub(crate) fn troubles(status: &Status) -> Html {
    let mut html = Html::default();
    for problem in &status.problems {
        html.raw("<div class=\"note bad\"><p><b>").text(&problem.place).raw("</b></p><p>");
        html.text(&problem.error).raw("</p></div>");
    }
    for kind in &status.node_types {
        for Pause { provider, rule, lasts, reason, until: _ } in &kind.pauses {
            html.raw("<div class=\"note warn\"><p><b>").text(kind.name.as_str()).raw("</b> is not ordered at ");
            html.text(provider.as_str()).raw(" for ").text(&age(*lasts)).raw(" ");
            html.part(chip("warn", rule.name())).raw("</p><p class=dim>").text(reason).raw("</p></div>");
        }
    }
    for failure in &status.failures {
        html.raw("<div class=note><p><b>").text(failure.node_type.as_str()).raw("</b>: the last server that failed, ");
        html.text(&age(failure.ago)).raw(" ago at ").text(failure.provider.as_str()).raw(" ");
        html.part(chip("bad", failure.rule.name())).raw("</p><p class=dim>").text(&failure.reason).raw("</p>");
        if !failure.console.is_empty() {
            html.raw("<details><summary>The end of its console</summary><pre>");
            for line in &failure.console {
                html.text(line).raw("\n");
            }
            html.raw("</pre></details>");
        }
        html.raw("</div>");
    }
    if html.is_empty() {
        return html;
    }
    let mut headed = Html::default();
    headed.raw("<h2>Troubles</h2>").part(html);
    headed
}

pub(crate) fn node_types(status: &Status) -> Html {
    let mut html = Html::default();
    html.raw("<h2>Node types</h2><div class=wrap><table><thead><tr><th>Type<th class=n>Jobs<th class=n>Wanted");
    html.raw(
        "<th class=n>Ordered<th class=n>Booting<th class=n>Idle<th class=n>Busy<th class=n>Held<th class=n>Leaving",
    );
    html.raw("<th class=n>Other<th class=n>Limit</tr></thead><tbody>");
    for kind in &status.node_types {
        let servers = &kind.servers;
        html.raw("<tr><td class=name>").text(kind.name.as_str());
        if !kind.configured {
            html.raw(" ").part(chip("warn", "no longer configured"));
        }
        html.part(bar(status, kind)).raw("</td>");
        let booting = servers.booting + servers.connecting;
        let numbers = [
            ("Jobs", kind.jobs_waiting),
            ("Wanted", kind.wanted),
            ("Ordered", servers.ordered),
            ("Booting", booting),
            ("Idle", servers.idle),
            ("Busy", servers.busy),
            ("Held", servers.held),
            ("Leaving", servers.leaving),
            ("Other", servers.other),
        ];
        for (head, number) in numbers {
            cell(&mut html, if number == 0 { "n z" } else { "n" }, head, &number.to_string());
        }
        cell(&mut html, "n", "Limit", &kind.max.map_or(NOTHING.to_owned(), |max| max.to_string()));
        html.raw("</tr>");
    }
    html.raw("</tbody></table></div>\n");
    html
}

/// How the servers of a type stand, against its limit.
fn bar(status: &Status, kind: &crate::view::status::TypeStatus) -> Html {
    let mut html = Html::default();
    let servers = &kind.servers;
    let most = kind.max.unwrap_or(status.max_servers);
    let whole = servers.total.max(usize::try_from(most).unwrap_or(usize::MAX)).max(1);
    html.raw("<div class=bar aria-hidden=true>");
    let rest = servers.total - servers.busy - servers.idle - servers.on_its_way;
    for (class, number) in
        [("busy", servers.busy), ("idle", servers.idle), ("coming", servers.on_its_way), ("other", rest)]
    {
        if number > 0 {
            let percent = number.saturating_mul(1000) / whole;
            html.raw("<i class=").text(class).raw(" style=\"width:");
            html.text(&format!("{}.{}", percent / 10, percent % 10)).raw("%\"></i>");
        }
    }
    html.raw("</div>");
    html
}

/// What was decided and why, and what became of it.
pub(crate) fn decisions(account: &Account<'_>) -> Html {
    let plan = &account.report.plan;
    let mut html = Html::default();
    html.raw("<h2>What this run did</h2>");
    if plan.actions.is_empty() && plan.held_back.is_empty() {
        let waits = account.status.jobs.iter().flatten().any(|job| job.waits);
        let more = if waits { ": below stands what each job waits for" } else { "" };
        html.raw("<p class=dim>There was nothing to do").raw(more).raw(".</p>");
        return html;
    }
    html.raw("<div class=wrap><table><thead><tr><th>What<th>Of<th>Rule<th>Outcome<th>Why</tr></thead><tbody>");
    let results = account.report.results.as_deref().unwrap_or_default();
    for (index, action) in plan.actions.iter().enumerate().take(MOST_ROWS) {
        let result = results.iter().find(|result| result.action == index);
        let (class, outcome) = result.map_or(("", "not tried"), |result| outcome(result.outcome));
        let error = result.and_then(|result| result.error.as_deref());
        decision(&mut html, action, class, outcome, error);
    }
    for action in plan.held_back.iter().take(MOST_ROWS) {
        decision(&mut html, action, "warn", "held back", None);
    }
    html.raw("</tbody></table></div>");
    more(&mut html, plan.actions.len().max(plan.held_back.len()));
    html
}

fn decision(html: &mut Html, action: &Action, class: &'static str, outcome: &str, error: Option<&str>) {
    html.raw("<tr><td class=\"name fit\">").raw(verb(action)).raw("</td>");
    cell(html, "fit", "Of", &object(action));
    html.raw("<td class=fit data-head=Rule>").part(chip("", action.rule.name()));
    html.raw("</td><td class=fit data-head=Outcome>").part(chip(class, outcome));
    html.raw("</td><td class=why>").text(&action.reason);
    if let Some(error) = error {
        html.raw("<br>").text(error);
    }
    html.raw("</td></tr>");
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

fn outcome(outcome: Outcome) -> (&'static str, &'static str) {
    match outcome {
        Outcome::Done => ("good", "done"),
        Outcome::AlreadyDone => ("good", "already done"),
        Outcome::Skipped => ("", "skipped"),
        Outcome::Refused => ("bad", "refused"),
        Outcome::Unknown => ("warn", "outcome unknown"),
        Outcome::Failed => ("bad", "failed"),
    }
}

pub(crate) fn machines(status: &Status) -> Html {
    let mut html = Html::default();
    html.raw("<h2>Machines</h2>");
    if status.servers.is_empty() {
        html.raw("<p class=dim>No server of this installation is there.</p>");
        return html;
    }
    html.raw("<div class=wrap><table><thead><tr><th>Name<th>Type<th>Provider<th class=n>Age<th>State<th class=n>Left");
    html.raw("<th>Why</tr></thead><tbody>");
    for server in status.servers.iter().take(MOST_ROWS) {
        html.raw("<tr><td class=name title=\"").text(&server.id).raw("\">").text(&server.called()).raw("</td>");
        cell(&mut html, "fit", "Type", server.node_type.as_ref().map_or(NOTHING, |kind| kind.as_str()));
        cell(&mut html, "fit", "Provider", server.provider.as_ref().map_or(NOTHING, |provider| provider.as_str()));
        cell(&mut html, "n", "Age", &span(server.age_seconds));
        html.raw("<td class=fit data-head=State>").part(chip(tone(server.standing), server.standing.name()));
        html.raw("</td>");
        let left = server.next.map_or(NOTHING.to_owned(), |next| age(next.left));
        cell(&mut html, "n", "Left", &left);
        html.raw("<td class=why>").text(server.told());
        if let Some(next) = server.next {
            html.raw("; ").text(next.then).raw(" then, unless ").text(next.unless);
        }
        html.raw("</td></tr>");
    }
    html.raw("</tbody></table></div>");
    more(&mut html, status.servers.len());
    html
}

fn tone(standing: Standing) -> &'static str {
    match standing {
        Standing::Idle | Standing::Busy => "good",
        Standing::Ordered | Standing::Booting | Standing::Connecting | Standing::Held => "warn",
        Standing::Leaving | Standing::Other => "",
    }
}

pub(crate) fn jobs(status: &Status) -> Html {
    let mut html = Html::default();
    html.raw("<h2>Queue</h2>");
    let jobs = match &status.jobs {
        None => {
            html.raw("<p class=dim>The queue could not be read.</p>");
            return html;
        }
        Some(jobs) if jobs.is_empty() => {
            html.raw("<p class=dim>No job is queued.</p>");
            return html;
        }
        Some(jobs) => jobs,
    };
    html.raw(
        "<div class=wrap><table><thead><tr><th>Job<th class=n>Waits<th>Needs<th>Verdict<th>Why</tr></thead><tbody>",
    );
    for job in jobs.iter().take(MOST_ROWS) {
        html.raw("<tr><td class=name title=\"queue item ").number(job.queue_id).raw("\">").text(&job.job).raw("</td>");
        cell(&mut html, "n", "Waits", &span(job.waited_seconds));
        cell(&mut html, "", "Needs", job.needs.as_deref().unwrap_or(NOTHING));
        let class = match job.rule {
            Rule::Demand | Rule::OnItsWay | Rule::IdleExecutor | Rule::Pending => "good",
            Rule::Limit | Rule::Quota | Rule::BreakerOpen | Rule::InVain | Rule::NoNodeType | Rule::UnknownNeed => {
                "warn"
            }
            _ => "",
        };
        html.raw("<td class=fit data-head=Verdict>").part(chip(class, job.rule.name()));
        html.raw("</td><td class=why>").text(&job.reason).raw("</td></tr>");
    }
    html.raw("</tbody></table></div>");
    more(&mut html, jobs.len());
    html
}

/// Nodes that are no machine of ours, volumes and addresses: there to be looked up.
pub(crate) fn others(status: &Status) -> Html {
    let ours: BTreeSet<&NodeName> = status.servers.iter().flat_map(|server| &server.nodes).collect();
    let nodes = status.nodes.iter().flatten().filter(|node| !ours.contains(&node.name));
    let nodes = nodes.map(|node| (node.name.as_str(), node.rule, node.reason.as_str()));
    let leftovers = status.leftovers.iter().map(|it| (it.name.as_str(), it.rule, it.reason.as_str()));
    let all: Vec<_> = leftovers.chain(nodes).collect();
    let mut html = Html::default();
    if all.is_empty() {
        return html;
    }
    html.raw("<details><summary>Other nodes and volumes (").text(&all.len().to_string());
    html.raw(")</summary><div class=wrap><table><thead><tr><th>Name<th>Verdict<th>Why</tr></thead><tbody>");
    for (name, rule, reason) in all.iter().take(MOST_ROWS) {
        html.raw("<tr><td class=name>").text(name).raw("</td><td class=fit data-head=Verdict>");
        html.part(chip("", rule.name())).raw("</td><td class=why>").text(reason).raw("</td></tr>");
    }
    html.raw("</tbody></table></div>");
    more(&mut html, all.len());
    html.raw("</details>");
    html
}

fn more(html: &mut Html, all: usize) {
    if let Some(rest) = all.checked_sub(MOST_ROWS).filter(|rest| *rest > 0) {
        html.raw("<p class=dim>and ").text(&rest.to_string()).raw(" more: <code>mita status</code> shows all.</p>");
    }
}

fn cell(html: &mut Html, class: &'static str, head: &'static str, text: &str) {
    html.raw("<td class=\"")
        .raw(class)
        .raw(if text == NOTHING { " z" } else { "" })
        .raw("\" data-head=\"")
        .raw(head)
        .raw("\">")
        .text(text)
        .raw("</td>");
}

fn chip(class: &'static str, text: &str) -> Html {
    let mut html = Html::default();
    html.raw("<span class=\"chip ").raw(class).raw("\">").text(text).raw("</span>");
    html
}

fn span(seconds: Option<i64>) -> String {
    seconds.map_or(NOTHING.to_owned(), |seconds| age(SignedDuration::from_secs(seconds)))
}

//! The metrics for Prometheus: a file for node_exporter's textfile collector (`--collector.textfile.directory`).
//!
//! Names and units follow the conventions of Prometheus: base units, `_total` for counters. Every run writes every metric
//! that a node type, a provider or a verdict can have, also if it is zero, so that no series comes and goes.

mod exposition;

use crate::apply::Outcome;
use crate::domain::history::{Durations, History, Sent};
use crate::domain::journal::Event;
use crate::domain::names::NodeTypeName;
use crate::domain::rule::Rule;
use crate::domain::world::{Jenkins, Mode, QuotaUse};
use crate::reconcile::Report;
use crate::view::exit::Exit;
use crate::view::overview::NodePresence;
use crate::view::run_report::RunReport;
use crate::view::status::Status;
use crate::view::status::budgets::BudgetStatus;
use crate::view::status::standing::Standing;
use exposition::Exposition;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The rules of queue items: written even if no item has them.
const QUEUE_RULES: [Rule; 22] = [
    Rule::Demand,
    Rule::Scout,
    Rule::IdleExecutor,
    Rule::OnItsWay,
    Rule::WantedAgain,
    Rule::Limit,
    Rule::Quota,
    Rule::Budget,
    Rule::TooManyNeeds,
    Rule::BreakerOpen,
    Rule::Paused,
    Rule::InVain,
    Rule::TooYoung,
    Rule::NoNodeType,
    Rule::UnknownNeed,
    Rule::Resuming,
    Rule::QuietPeriod,
    Rule::Blocked,
    Rule::Pending,
    Rule::Settling,
    Rule::NotSeen,
    Rule::QuietingDown,
];

/// Actions that every farm has sooner or later. Prometheus does not count the first value of a series, so these are written
/// from the beginning.
const USUAL_ACTIONS: [(&str, &[Rule], &[Outcome]); 3] = [
    (
        "create_server",
        &[Rule::Demand, Rule::MinIdle],
        &[Outcome::Done, Outcome::Refused, Outcome::Unknown, Outcome::Failed],
    ),
    (
        "retire_node",
        &[Rule::Idle, Rule::Offline, Rule::NeverJoined],
        &[Outcome::Done, Outcome::Skipped, Outcome::Failed],
    ),
    (
        "delete_server",
        &[Rule::Error, Rule::BootTimeout, Rule::NeverJoined],
        &[Outcome::Done, Outcome::Skipped, Outcome::Failed],
    ),
];

/// Events that every farm has sooner or later, and what persons do.
const USUAL_EVENTS: [Event; 12] = [
    Event::Ordered,
    Event::OrderFailed,
    Event::Online,
    Event::Failed,
    Event::Removed,
    Event::Vanished,
    Event::NotDone,
    Event::Held,
    Event::Released,
    Event::Asked,
    Event::Paused,
    Event::Resumed,
];

/// The metrics of a run that came to its end.
pub(crate) fn of_run(run: &RunReport<'_>) -> String {
    let RunReport { config, report, status, history, exit, journal: _ } = run;
    let mut metrics = Exposition::default();
    last_run(&mut metrics, *exit, report.plan.now, report.whole);
    let problems = "What could not be seen or done in the last run.";
    metrics.gauge("mita_last_run_problems", problems).value(report.plan.problems.len());
    let held_back = "Removals that the brake held back in the last run.";
    metrics.gauge("mita_last_run_held_back_removals", held_back).value(report.plan.held_back.len());
    let stages = "How long the last run took to see and decide, and to act.";
    let (decide, act) = (report.deciding, report.whole.saturating_sub(report.deciding));
    let mut stages = metrics.gauge("mita_last_run_stage_duration_seconds", stages);
    stages.each("stage", [("decide", seconds(decide)), ("act", seconds(act))]);
    totals(&mut metrics, history, config.node_types.iter().map(|kind| kind.name.clone()).collect());
    services(&mut metrics, report);
    node_types(&mut metrics, status);
    providers(&mut metrics, run);
    quotas(&mut metrics, report);
    queue(&mut metrics, status);
    jenkins(&mut metrics, report, status);
    metrics.into_text()
}

/// The metrics of a run that ended before it read anything, with what earlier runs did if that is known.
pub(crate) fn of_failure(exit: Exit, now: Timestamp, whole: Duration, history: Option<&History>) -> String {
    let mut metrics = Exposition::default();
    last_run(&mut metrics, exit, now, whole);
    if let Some(history) = history {
        totals(&mut metrics, history, BTreeSet::new());
    }
    metrics.into_text()
}

fn last_run(metrics: &mut Exposition, exit: Exit, now: Timestamp, whole: Duration) {
    let version = [(env!("CARGO_PKG_VERSION"), 1)];
    metrics.gauge("mita_build_info", "The version of mita; always 1.").each("version", version);
    metrics.gauge("mita_last_run_timestamp_seconds", "When the last run began, in Unix time.").value(now.as_second());
    metrics.gauge("mita_last_run_exit_status", "Exit status of the last run; 0 is success.").value(exit.number());
    metrics.gauge("mita_last_run_duration_seconds", "How long the last run took.").value(seconds(whole));
}

/// Sums over all runs; `types` are the configured node types.
fn totals(metrics: &mut Exposition, history: &History, types: BTreeSet<NodeTypeName>) {
    let History { last_success, totals, .. } = history;
    if let Some(at) = last_success {
        let help = "When the last run began that ended with exit status 0, in Unix time.";
        metrics.gauge("mita_last_success_timestamp_seconds", help).value(at.as_second());
    }
    let runs = |exit: &Exit| totals.runs.get(&exit.number()).copied().unwrap_or_default();
    let runs = Exit::ALL.iter().map(|exit| (exit.number().to_string(), runs(exit)));
    metrics
        .counter("mita_runs_total", "Runs by their exit status, without those that found another run active (4).")
        .each("exit_status", runs);
    let mut actions = totals.actions.clone();
    for (action, rules, outcomes) in USUAL_ACTIONS {
        let known = actions.entry(action.to_owned()).or_default();
        for rule in rules {
            let known = known.entry(rule.name().to_owned()).or_default();
            outcomes.iter().for_each(|outcome| _ = known.entry(outcome.name().to_owned()).or_default());
        }
    }
    let mut family = metrics.counter("mita_actions_total", "Actions by kind, rule and outcome.");
    for (action, rules) in &actions {
        for (rule, outcomes) in rules {
            for (outcome, number) in outcomes {
                family.labelled(&[("action", action), ("rule", rule), ("outcome", outcome)], number);
            }
        }
    }
    let mut sent = |name, help, number: fn(&Sent) -> u64| {
        let mut family = metrics.counter(name, help);
        for (service, sent) in &totals.sent {
            family.labelled(&service_labels(service), number(sent));
        }
    };
    sent("mita_api_requests_total", "Requests that were sent to Jenkins and the clouds.", |sent| sent.requests);
    sent("mita_api_errors_total", "Requests that got no whole answer, or one that says no.", |sent| sent.errors);
    let help = "How long servers took from their order until their node was online in Jenkins.";
    let mut family = metrics.histogram("mita_server_join_seconds", help);
    let none = Durations::default();
    for node_type in types.iter().chain(totals.joined.keys().filter(|known| !types.contains(*known))) {
        let joined = totals.joined.get(node_type).unwrap_or(&none);
        family.observed(&[("node_type", node_type.as_str())], joined);
    }
    let help = "How long jobs waited that a run had seen waiting and a later one saw running.";
    metrics.histogram("mita_job_wait_seconds", help).observed(&[], &totals.waited);
    let events = USUAL_EVENTS.map(|event| (event.name().to_owned(), 0)).into_iter().chain(totals.events.clone());
    let help = "Entries of the journal by event: what happened to servers, nodes and jobs, and what persons did.";
    metrics.counter("mita_events_total", help).each("event", events.collect::<BTreeMap<String, u64>>());
    let help = "Time of servers by node type and what they did.";
    let mut family = metrics.counter("mita_server_seconds_total", help);
    for (node_type, phases) in &totals.server_seconds {
        for (phase, seconds) in phases {
            family.labelled(&[("node_type", node_type.as_str()), ("phase", phase)], seconds);
        }
    }
}

/// The labels of a service: `jenkins` or `cloud`, and the provider of a cloud.
fn service_labels(service: &str) -> [(&'static str, &str); 2] {
    match service.strip_prefix("provider ") {
        Some(provider) => [("service", "cloud"), ("provider", provider)],
        None => [("service", "jenkins"), ("provider", "")],
    }
}

fn services(metrics: &mut Exposition, report: &Report) {
    let Jenkins { mode, queue, nodes, .. } = &report.world.jenkins;
    let jenkins = mode.complete().is_some() && queue.complete().is_some() && nodes.complete().is_some();
    let clouds = report.world.clouds.iter();
    let clouds = clouds.map(|(provider, cloud)| (format!("provider {provider}"), cloud.servers.complete().is_some()));
    let up = [("jenkins".to_owned(), jenkins)].into_iter().chain(clouds);
    let help = "Whether the last run could read the service: 1 if so.";
    let mut family = metrics.gauge("mita_service_up", help);
    for (service, up) in up {
        family.labelled(&service_labels(&service), u8::from(up));
    }
}

fn node_types(metrics: &mut Exposition, status: &Status) {
    let types = &status.node_types;
    let mut family = metrics.gauge("mita_servers", "Servers of this installation by node type and phase.");
    for kind in types {
        for phase in Standing::ALL {
            let labels = [("node_type", kind.name.as_str()), ("phase", phase.name())];
            family.labelled(&labels, kind.servers.of(*phase));
        }
    }
    metrics.gauge("mita_servers_limit", "The most servers over all: max_servers.").value(status.max_servers);
    let limits = types.iter().filter_map(|kind| Some((&kind.name, kind.max?)));
    let help = "The most servers of a node type: max, where it is set.";
    metrics.gauge("mita_node_type_servers_limit", help).each("node_type", limits);
    let min_idle = types.iter().map(|kind| (&kind.name, kind.min_idle));
    let help = "Idle nodes to keep at hand: min_idle.";
    metrics.gauge("mita_node_type_min_idle", help).each("node_type", min_idle);
    let at_hand = types.iter().map(|kind| (&kind.name, kind.at_hand));
    let help = "Idle servers that should be ready now: min_idle, and what spare, idle_grace = auto and ahead add.";
    metrics.gauge("mita_node_type_at_hand", help).each("node_type", at_hand);
    let late = types.iter().map(|kind| (&kind.name, kind.late));
    let help = "Servers on their way that are late: another one is ordered for their jobs.";
    metrics.gauge("mita_node_type_late_servers", help).each("node_type", late);
    let waiting = types.iter().map(|kind| (&kind.name, kind.jobs_waiting));
    let help = "Jobs that wait for an executor and that a server of the node type would do for.";
    metrics.gauge("mita_node_type_jobs_waiting", help).each("node_type", waiting);
    let help = "When a server of the node type was last seen to have failed, in Unix time.";
    let mut family = metrics.gauge("mita_node_type_last_failure_timestamp_seconds", help);
    for failure in &status.failures {
        let labels = [("node_type", failure.node_type.as_str()), ("provider", failure.provider.as_str())];
        family.labelled(&labels, failure.at.0.as_second());
    }
}

fn providers(metrics: &mut Exposition, run: &RunReport<'_>) {
    let RunReport { config, status, .. } = run;
    let servers_at = |provider| status.machines().filter(|server| server.provider.as_ref() == Some(provider)).count();
    let servers = config.providers.iter().map(|provider| (&provider.name, servers_at(&provider.name)));
    let help = "Servers of this installation that were seen at a provider.";
    metrics.gauge("mita_provider_servers", help).each("provider", servers);
    let limits = config.providers.iter().filter_map(|provider| Some((&provider.name, provider.max?)));
    let help = "The most servers at a provider: max, where it is set.";
    metrics.gauge("mita_provider_servers_limit", help).each("provider", limits);
    budgets(metrics, status);
    let help = "Whether a person paused orders and removals of the node type at the provider: 1 if so.";
    let mut family = metrics.gauge("mita_paused", help);
    for kind in &config.node_types {
        for provider in &kind.providers {
            let paused = run.report.plan.state.pause(&kind.name, provider).is_some();
            let labels = [("node_type", kind.name.as_str()), ("provider", provider.as_str())];
            family.labelled(&labels, u8::from(paused));
        }
    }
    let paused = [
        (
            "mita_breaker_open",
            "Whether the node type is not ordered at the provider for a while, since it failed there: 1 if so.",
            Rule::BreakerOpen,
        ),
        (
            "mita_quota_refused",
            "Whether the quota of the provider lately had no room for the node type: 1 if so.",
            Rule::Quota,
        ),
    ];
    for (name, help, rule) in paused {
        let mut family = metrics.gauge(name, help);
        for kind in &config.node_types {
            for provider in &kind.providers {
                let mut pauses = status.pauses().filter(|(node_type, _)| **node_type == kind.name);
                let paused = pauses.any(|(_, pause)| pause.provider == *provider && pause.rule == rule);
                let labels = [("node_type", kind.name.as_str()), ("provider", provider.as_str())];
                family.labelled(&labels, u8::from(paused));
            }
        }
    }
}

/// Each budget has the label of what it is for.
fn budgets(metrics: &mut Exposition, status: &Status) {
    type Hours = fn(&BudgetStatus) -> f64;
    let limit: Hours = |budget| budget.hours.into();
    let used: Hours = |budget| budget.used_hours;
    let expected: Hours = |budget| budget.expected_hours;
    let families = [
        ("mita_budget_hours", "The budget, in machine-hours for its period.", limit),
        ("mita_budget_used_hours", "Machine-hours used in the present period of the budget.", used),
        (
            "mita_budget_expected_hours",
            "Machine-hours that the present period of the budget will have used at this rate.",
            expected,
        ),
    ];
    for (name, help, value) in families {
        let mut family = metrics.gauge(name, help);
        for budget in &status.budgets {
            let label = match (&budget.provider, &budget.node_type) {
                (Some(provider), _) => ("provider", provider.as_str()),
                (None, Some(node_type)) => ("node_type", node_type.as_str()),
                (None, None) => continue,
            };
            family.labelled(&[label, ("per", budget.per)], value(budget));
        }
    }
}

/// The quota of each provider, as far as this run read it: that is done when something is to be ordered.
fn quotas(metrics: &mut Exposition, report: &Report) {
    let mut used = Vec::new();
    let mut limits = Vec::new();
    for (provider, cloud) in &report.world.clouds {
        for (part, QuotaUse { used: number, limit }) in cloud.quota.iter().flat_map(|quota| &quota.usage) {
            let (resource, unit) = match part.as_str() {
                "ram_mib" => ("ram_bytes", 1 << 20),
                "gigabytes" => ("volume_bytes", 1 << 30),
                other => (other, 1),
            };
            used.push((provider, resource, number.saturating_mul(unit)));
            limits.extend(limit.map(|limit| (provider, resource, limit.saturating_mul(unit))));
        }
    }
    let used_help = "How much of the quota of the provider everybody in its project uses, where the last run read it.";
    let limit_help = "The quota of the provider, where it has a limit and the last run read it.";
    for (name, help, numbers) in
        [("mita_provider_quota_used", used_help, used), ("mita_provider_quota_limit", limit_help, limits)]
    {
        let mut family = metrics.gauge(name, help);
        for (provider, resource, number) in numbers {
            family.labelled(&[("provider", provider.as_str()), ("resource", resource)], number);
        }
    }
}

/// Nothing about a queue that could not be read: that is not an empty queue.
fn queue(metrics: &mut Exposition, status: &Status) {
    let Some(jobs) = &status.jobs else { return };
    let mut by_rule: BTreeMap<Rule, (usize, i64)> = QUEUE_RULES.map(|rule| (rule, (0, 0))).into();
    for job in jobs {
        let (number, oldest) = by_rule.entry(job.rule).or_default();
        *number += 1;
        *oldest = (*oldest).max(job.waited_seconds.unwrap_or_default());
    }
    let numbers = by_rule.iter().map(|(rule, (number, _))| (rule.name(), number));
    let help = "Items of the queue of Jenkins, by the rule of their verdict.";
    metrics.gauge("mita_queue_items", help).each("rule", numbers);
    let oldest = by_rule.iter().map(|(rule, (_, oldest))| (rule.name(), oldest));
    let help = "How long the oldest item of the queue has been there, by the rule of its verdict.";
    metrics.gauge("mita_queue_oldest_wait_seconds", help).each("rule", oldest);
}

fn jenkins(metrics: &mut Exposition, report: &Report, status: &Status) {
    if let Some(nodes) = &status.nodes {
        let number = |presence| nodes.iter().filter(|node| node.presence == presence).count();
        let numbers = NodePresence::ALL.iter().map(|presence| (presence.name(), number(*presence)));
        let help = "Nodes of Jenkins, those of others included.";
        metrics.gauge("mita_jenkins_nodes", help).each("presence", numbers);
    }
    if let Some(mode) = report.world.jenkins.mode.complete() {
        let help = "Whether Jenkins is about to shut down: 1 if so.";
        metrics.gauge("mita_jenkins_quieting_down", help).value(u8::from(*mode == Mode::QuietingDown));
    }
    let help =
        "Whether nothing is ordered or deleted for a while, after a restart of Jenkins or a lost state: 1 if so.";
    metrics.gauge("mita_settling", help).value(u8::from(report.plan.state.settling.is_some()));
}

fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}

//! What a run leaves for Prometheus: a file for node_exporter's textfile collector (`--collector.textfile.directory`).
//!
//! Names and units follow Prometheus' conventions: base units, `_total` for what only grows. Every metric that a node type,
//! a provider or a verdict can have is written in each run, zero included, so that no series comes and goes.

mod exposition;

use crate::apply::Outcome;
use crate::cli::exit::Exit;
use crate::cli::publish::Account;
use crate::domain::history::{History, Joined, Sent};
use crate::domain::names::NodeTypeName;
use crate::domain::rule::Rule;
use crate::domain::world::{Jenkins, Listing, Mode};
use crate::reconcile::Report;
use crate::view::status::{Standing, Status};
use exposition::Exposition;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The rules that say what becomes of a queue item: those that are written when there is no such item, too.
const QUEUE_RULES: [Rule; 19] = [
    Rule::Demand,
    Rule::Scout,
    Rule::IdleExecutor,
    Rule::OnItsWay,
    Rule::WantedAgain,
    Rule::Limit,
    Rule::Quota,
    Rule::BreakerOpen,
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

/// Actions that every farm sees sooner or later. Prometheus does not count what a series is born with, so these are there
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

/// The metrics of a run that came to its end.
pub(crate) fn of_run(account: &Account<'_>) -> String {
    let Account { report, status, history, exit, now, whole, .. } = account;
    let mut metrics = Exposition::default();
    run(&mut metrics, *exit, *now, *whole);
    let problems = "What could not be seen or done in the last run.";
    metrics.gauge("mita_last_run_problems", problems).is(report.plan.problems.len());
    let held_back = "Removals that the brake held back in the last run.";
    metrics.gauge("mita_last_run_held_back_removals", held_back).is(report.plan.held_back.len());
    let stages = "How long the last run took to see and decide, and to act.";
    let mut family = metrics.gauge("mita_last_run_stage_duration_seconds", stages);
    family.of(&[("stage", "decide")], seconds(report.deciding));
    family.of(&[("stage", "act")], seconds(report.whole.saturating_sub(report.deciding)));
    let types = account.config.node_types.iter().map(|kind| kind.name.clone());
    totals(&mut metrics, history, types.collect());
    services(&mut metrics, report);
    node_types(&mut metrics, status);
    providers(&mut metrics, account);
    queue(&mut metrics, status);
    jenkins(&mut metrics, report, status);
    metrics.into_text()
}

/// The metrics of a run that ended before it saw anything. What earlier runs did is told where it is known.
pub(crate) fn of_failure(exit: Exit, now: Timestamp, whole: Duration, history: Option<&History>) -> String {
    let mut metrics = Exposition::default();
    run(&mut metrics, exit, now, whole);
    if let Some(history) = history {
        totals(&mut metrics, history, BTreeSet::new());
    }
    metrics.into_text()
}

fn run(metrics: &mut Exposition, exit: Exit, now: Timestamp, whole: Duration) {
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    metrics.gauge("mita_build_info", "The version of mita; always 1.").of(&version, 1);
    metrics.gauge("mita_last_run_timestamp_seconds", "When the last run began, in Unix time.").is(now.as_second());
    metrics.gauge("mita_last_run_exit_status", "Exit status of the last run; 0 is success.").is(exit.number());
    metrics.gauge("mita_last_run_duration_seconds", "How long the last run took.").is(seconds(whole));
}

/// Sums over all runs; `types` are those that are configured.
fn totals(metrics: &mut Exposition, history: &History, types: BTreeSet<NodeTypeName>) {
    let History { last_success, totals, .. } = history;
    if let Some(at) = last_success {
        let help = "When the last run began that ended with exit status 0, in Unix time.";
        metrics.gauge("mita_last_success_timestamp_seconds", help).is(at.as_second());
    }
    let mut family = metrics.counter("mita_runs_total", "Runs by their exit status.");
    for exit in Exit::ALL {
        let runs = totals.runs.get(&exit.number()).copied().unwrap_or_default();
        family.of(&[("exit_status", &exit.number().to_string())], runs);
    }
    let mut all_actions = totals.actions.clone();
    for (action, rules, outcomes) in USUAL_ACTIONS {
        let known = all_actions.entry(action.to_owned()).or_default();
        for rule in rules {
            let known = known.entry(rule.name().to_owned()).or_default();
            outcomes.iter().for_each(|outcome| _ = known.entry(outcome.name().to_owned()).or_default());
        }
    }
    let mut family = metrics.counter("mita_actions_total", "Actions by kind, rule and outcome.");
    for (action, rules) in &all_actions {
        for (rule, outcomes) in rules {
            for (outcome, number) in outcomes {
                family.of(&[("action", action), ("rule", rule), ("outcome", outcome)], number);
            }
        }
    }
    let mut family = metrics.counter("mita_api_requests_total", "Requests that were sent to Jenkins and the clouds.");
    for (service, Sent { requests, .. }) in &totals.sent {
        family.of(&[("service", service)], requests);
    }
    let help = "Requests that got no whole answer, or one that says no.";
    let mut family = metrics.counter("mita_api_errors_total", help);
    for (service, Sent { errors, .. }) in &totals.sent {
        family.of(&[("service", service)], errors);
    }
    let help = "How long servers took from their order until their node was online in Jenkins.";
    let mut family = metrics.summary("mita_server_join_seconds", help);
    for node_type in types.iter().chain(totals.joined.keys().filter(|known| !types.contains(*known))) {
        let Joined { servers, seconds } = totals.joined.get(node_type).copied().unwrap_or_default();
        family.observed(&[("node_type", node_type.as_str())], servers, seconds);
    }
}

fn services(metrics: &mut Exposition, report: &Report) {
    let help = "Whether the last run could read the service: 1 if so.";
    let mut family = metrics.gauge("mita_service_up", help);
    let Jenkins { mode, queue, nodes, .. } = &report.world.jenkins;
    let up = mode.complete().is_some() && queue.complete().is_some() && nodes.complete().is_some();
    family.of(&[("service", "jenkins")], u8::from(up));
    for (provider, cloud) in &report.world.clouds {
        let up = matches!(cloud.servers, Listing::Complete(_));
        family.of(&[("service", &format!("provider {provider}"))], u8::from(up));
    }
}

fn node_types(metrics: &mut Exposition, status: &Status) {
    let types = &status.node_types;
    let mut family = metrics.gauge("mita_servers", "Servers of this installation by node type and phase.");
    for kind in types {
        for phase in Standing::ALL {
            family.of(&[("node_type", kind.name.as_str()), ("phase", phase.name())], kind.servers.of(phase));
        }
    }
    metrics.gauge("mita_servers_limit", "The most servers over all: max_servers.").is(status.max_servers);
    let mut family =
        metrics.gauge("mita_node_type_servers_limit", "The most servers of a node type: max, where it is set.");
    for kind in types {
        if let Some(max) = kind.max {
            family.of(&[("node_type", kind.name.as_str())], max);
        }
    }
    let mut family = metrics.gauge("mita_node_type_min_idle", "Idle nodes to keep at hand: min_idle.");
    for kind in types {
        family.of(&[("node_type", kind.name.as_str())], kind.min_idle);
    }
    let help = "Jobs that wait for an executor and that a server of the node type would do for.";
    let mut family = metrics.gauge("mita_node_type_jobs_waiting", help);
    for kind in types {
        family.of(&[("node_type", kind.name.as_str())], kind.jobs_waiting);
    }
    let help = "When a server of the node type was last seen to have failed, in Unix time.";
    let mut family = metrics.gauge("mita_node_type_last_failure_timestamp_seconds", help);
    for failure in &status.failures {
        let labels = [("node_type", failure.node_type.as_str()), ("provider", failure.provider.as_str())];
        family.of(&labels, failure.moment.as_second());
    }
}

fn providers(metrics: &mut Exposition, account: &Account<'_>) {
    let Account { config, status, .. } = account;
    let mut there: BTreeMap<&str, usize> = BTreeMap::new();
    for server in &status.servers {
        if let Some(provider) = &server.provider {
            *there.entry(provider.as_str()).or_default() += 1;
        }
    }
    let mut family =
        metrics.gauge("mita_provider_servers", "Servers of this installation that were seen at a provider.");
    for provider in &config.providers {
        let name = provider.name.as_str();
        family.of(&[("provider", name)], there.get(name).copied().unwrap_or_default());
    }
    let mut family =
        metrics.gauge("mita_provider_servers_limit", "The most servers at a provider: max, where it is set.");
    for provider in &config.providers {
        if let Some(max) = provider.max {
            family.of(&[("provider", provider.name.as_str())], max);
        }
    }
    let paused = |family: &mut exposition::Family<'_>, rule: Rule| {
        for kind in &config.node_types {
            let pauses = status.node_types.iter().find(|known| known.name == kind.name).map(|known| &known.pauses);
            for provider in &kind.providers {
                let mut pauses = pauses.into_iter().flatten();
                let is = pauses.any(|pause| pause.provider == *provider && pause.rule == rule);
                let labels = [("node_type", kind.name.as_str()), ("provider", provider.as_str())];
                family.of(&labels, u8::from(is));
            }
        }
    };
    let help = "Whether the node type is not ordered at the provider for a while, since it failed there: 1 if so.";
    paused(&mut metrics.gauge("mita_breaker_open", help), Rule::BreakerOpen);
    let help = "Whether the quota of the provider lately had no room for the node type: 1 if so.";
    paused(&mut metrics.gauge("mita_quota_refused", help), Rule::Quota);
}

/// Nothing of a queue that could not be read: no item is not the same as no answer.
fn queue(metrics: &mut Exposition, status: &Status) {
    let Some(jobs) = &status.jobs else { return };
    let mut by_rule: BTreeMap<Rule, (usize, i64)> = QUEUE_RULES.map(|rule| (rule, (0, 0))).into();
    for job in jobs {
        let (number, oldest) = by_rule.entry(job.rule).or_default();
        *number += 1;
        *oldest = (*oldest).max(job.waited_seconds.unwrap_or_default());
    }
    let mut family = metrics.gauge("mita_queue_items", "Items of the queue of Jenkins, by the rule of their verdict.");
    for (rule, (number, _)) in &by_rule {
        family.of(&[("rule", rule.name())], number);
    }
    let help = "How long the oldest item of the queue has been there, by the rule of its verdict.";
    let mut family = metrics.gauge("mita_queue_oldest_wait_seconds", help);
    for (rule, (_, oldest)) in &by_rule {
        family.of(&[("rule", rule.name())], oldest);
    }
}

fn jenkins(metrics: &mut Exposition, report: &Report, status: &Status) {
    if let Some(nodes) = &status.nodes {
        let mut family = metrics.gauge("mita_jenkins_nodes", "Nodes of Jenkins, those of others included.");
        for presence in ["online", "offline", "set_offline"] {
            let number = nodes.iter().filter(|node| node.presence == presence).count();
            family.of(&[("presence", presence)], number);
        }
    }
    if let Some(mode) = report.world.jenkins.mode.complete() {
        let help = "Whether Jenkins is about to shut down: 1 if so.";
        metrics.gauge("mita_jenkins_quieting_down", help).is(u8::from(*mode == Mode::QuietingDown));
    }
    let help =
        "Whether nothing is ordered or deleted for a while, after a restart of Jenkins or a lost state: 1 if so.";
    metrics.gauge("mita_settling", help).is(u8::from(report.plan.memory.settling.is_some()));
}

fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}

//! What a person reads of jobs that wait for something which is full or shut, and of pauses.

use crate::config::Config;
use crate::domain::rule::Rule;
use crate::domain::state::{Pause, State};
use crate::plan::model::{Plan, Subject, Verdict};
use std::cmp::Reverse;

/// Of causes, so many are told.
const MOST_CAUSES: usize = 3;

/// What a person can do for a job that waits by this rule, where something is full or shut.
pub fn what_helps(plan: &Plan, rule: Rule) -> Option<&'static str> {
    match rule {
        Rule::Limit if !plan.held_back.is_empty() => {
            Some("raise the limit, or allow the removals that are held back (`mita reconcile --allow-removals`)")
        }
        Rule::Limit => Some("raise the limit, unless a server gets free in time"),
        Rule::Quota => Some("free some of the quota, or have it raised"),
        Rule::Budget => Some("raise the budget, or wait"),
        Rule::BreakerOpen => Some("mita status shows what failed"),
        Rule::Paused => Some("mita resume ends the pause"),
        _ => None,
    }
}

/// How many jobs wait for something that is full or shut, for what, and what helps.
pub(super) fn waiting(plan: &Plan) -> Vec<String> {
    let mut causes: Vec<(usize, String)> = Vec::new();
    for verdict in plan.verdicts.iter().filter(|verdict| verdict.subject == Subject::QueueItem) {
        let Some(help) = what_helps(plan, verdict.rule) else { continue };
        // Each pause has words of its own, and says how it ends.
        let cause = match verdict.rule {
            Rule::Paused => "paused".to_owned(),
            _ => format!("{}: {help}", without_need(plan, verdict)),
        };
        match causes.iter_mut().find(|(_, known)| *known == cause) {
            Some((number, _)) => *number += 1,
            None => causes.push((1, cause)),
        }
    }
    causes.sort_by_key(|(number, _)| Reverse(*number));
    let more: usize = causes.iter().skip(MOST_CAUSES).map(|(number, _)| number).sum();
    causes.truncate(MOST_CAUSES);
    causes.extend((more > 0).then(|| (more, "mita status shows why".to_owned())));
    let jobs = |number| if number == 1 { "1 job waits".to_owned() } else { format!("{number} jobs wait") };
    causes.into_iter().map(|(number, cause)| format!("{}: {cause}", jobs(number))).collect()
}

/// What is paused, by whom and since when.
pub(super) fn pauses(plan: &Plan) -> impl Iterator<Item = String> {
    plan.state.pauses.iter().map(|pause| format!("{} is {pause}", pause.scope()))
}

/// The reason without what the job needs, so that jobs which wait for one thing count together.
fn without_need<'a>(plan: &Plan, verdict: &'a Verdict) -> &'a str {
    let item = verdict.id.parse().ok().and_then(|id: u64| plan.state.queue.get(&id));
    let needs = item.and_then(|item| item.need.as_ref()).map(|need| format!("needs {need}: "));
    needs.and_then(|needs| verdict.reason.strip_prefix(&needs)).unwrap_or(&verdict.reason)
}

/// The pauses of a node type or a provider that is not configured, each with what is wrong: somebody gave it another name, and
/// what has that is not paused.
pub fn unconfigured_pauses<'a>(config: &'a Config, state: &'a State) -> impl Iterator<Item = (String, String)> + 'a {
    let is_unknown = |pause: &&Pause| {
        pause.node_type.as_ref().is_some_and(|name| config.node_type(name).is_none())
            || pause.provider.as_ref().is_some_and(|name| !config.has_provider(name))
    };
    state.pauses.iter().filter(is_unknown).map(|pause| {
        let new_names = [("type", pause.node_type.is_some()), ("provider", pause.provider.is_some())];
        let new_names = new_names.into_iter().filter(|(_, named)| *named);
        let pausing: String = new_names.map(|(option, _)| format!(" --{option} NAME")).collect();
        let error = format!(
            "is {pause}; it is not configured, and nothing with another name is paused: `mita pause{pausing}` pauses the new name, \
             then {} ends this pause",
            pause.resuming()
        );
        (pause.scope(), error)
    })
}
